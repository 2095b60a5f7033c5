// Texts whose contrast with a plain background is too low (below 4.5).
() => {
  const seen = e => e.checkVisibility({visibilityProperty: true});
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const over = colours => {
    canvas.clearRect(0, 0, 1, 1);
    for (const c of colours) {
      canvas.fillStyle = c;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = rgb => {
    const [r, g, b] = rgb
      .map(c => c / 255)
      .map(c => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const grounds = e => {
    const found = [];
    for (let at = e; at; at = at.parentElement) found.unshift(getComputedStyle(at).backgroundColor);
    return found;
  };
  const found = new Set();
  for (const e of document.querySelectorAll("main *, header *")) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !seen(e) || e.closest("svg, .unseen, :disabled") || e.matches(".odd")) continue;
    const under = grounds(e),
      style = getComputedStyle(e);
    const a = light(over(under)),
      b = light(over([...under, style.color]));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5)
      found.add(
        `${e.tagName}.${e.className} "${e.textContent.trim().slice(0, 16)}" ${ratio.toFixed(2)}`
      );
  }
  return [...found];
};
