// A sentence for each misplaced element: it overlaps another, is cut off, leaves its frame or is too
// small to read. The page is checked at each of the steps, if there are any.
async ({steps = [], view = 1} = {}) => {
  const SLACK = 1.5,
    SMALLEST = 11; // CSS pixels of the smallest text
  let say = () => {};
  const seen = e => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length > 0;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)].filter(seen);
  const named = e =>
    `${e.tagName.toLowerCase()}${e.id ? `#${e.id}` : ""}` +
    `${e.className && typeof e.className === "string" ? `.${e.className.trim().replace(/ +/g, ".")}` : ""}` +
    ` "${(e.textContent ?? "").trim().slice(0, 24)}"`;
  const box = e => e.getBoundingClientRect();
  const overlap = (a, b, slack = SLACK) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack;
  const inside = (a, b, slack = SLACK) =>
    a.left >= b.left - slack &&
    a.right <= b.right + slack &&
    a.top >= b.top - slack &&
    a.bottom <= b.bottom + slack;
  /** The words themselves: an element may be wider, or narrower, than its text. */
  const words = e => {
    const range = document.createRange();
    range.selectNodeContents(e);
    return range.getBoundingClientRect();
  };
  const apart = (things, what, slack) => {
    const boxes = things.map(box);
    things.forEach((a, i) => {
      for (let j = i + 1; j < things.length; j++) {
        const b = things[j];
        if (overlap(boxes[i], boxes[j], slack) && !a.contains(b) && !b.contains(a))
          say(`${what}: ${named(a)} overlaps ${named(b)}`);
      }
    });
  };
  /** The size of text on the screen: the scale of its graph changes what the style says. */
  const textSize = e => {
    const scene = e.closest(".scene");
    const scale = scene ? box(scene).width / scene.offsetWidth : 1;
    return parseFloat(getComputedStyle(e).fontSize) * scale;
  };
  /** Whether a reader can scroll to what is cut. */
  const scrolls = (e, root) => {
    for (let at = e; at && at !== root; at = at.parentElement)
      if (/auto|scroll/.test(getComputedStyle(at).overflow)) return true;
    return false;
  };

  const check = () => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width)
      say(`the page is ${document.documentElement.scrollWidth} wide`);
    const panels = all("#top, #graph, #controls, #timeline, #inspector > article");
    apart(panels, "panels");
    for (const panel of panels) {
      const frame = box(panel);
      if (frame.left < 0 || frame.right > width + SLACK)
        say(`panel: ${named(panel)} leaves the page`);
      for (const e of all("*", panel)) {
        if (e.closest(".scene, svg, #found, .unseen") || e.matches(".stage")) continue;
        if (scrolls(e.parentElement, panel)) continue;
        const at = box(e);
        if (at.width && (at.right > frame.right + SLACK || at.left < frame.left - SLACK))
          say(`panel: ${named(e)} leaves ${named(panel)} by ${Math.round(at.right - frame.right)}`);
        if (at.height && at.bottom > frame.bottom + SLACK)
          say(
            `panel: ${named(e)} leaves ${named(panel)} below by ${Math.round(at.bottom - frame.bottom)}`
          );
      }
    }
    for (const row of all("#top, .bar-above, #timeline, #timeline .buttons, #views, #controls"))
      apart([...row.children].filter(seen), "row");
    for (const button of all("button"))
      if (!button.closest("#steps") && button.scrollWidth > button.clientWidth + SLACK)
        say(`button: ${named(button)} is cut`);
    for (const button of all("#steps button"))
      if (words(button).width > box(button).width) say(`button: ${named(button)} is cut`);
    for (const article of all("#inspector > article"))
      for (const e of all(".cell", article))
        if (words(e).width > box(e).width + SLACK) say(`cell: ${named(e)} is wider than its cell`);
    for (const p of all("#inspector p, #inspector h2, #inspector figcaption"))
      if (p.scrollWidth > p.clientWidth + SLACK && getComputedStyle(p).display !== "inline")
        say(`text: ${named(p)} is cut in ${named(p.parentElement)}`);
    for (const row of all("#numbers .row, #numbers .gift, #ledger tr"))
      apart([...row.children].filter(seen), "row");

    for (const e of all(".scene *, #inspector *, #timeline *, #bar *, #top *")) {
      const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
      const size = own && e instanceof HTMLElement ? textSize(e) : 0; // 0 for what only copies show
      if (size && size < SMALLEST - 0.05) say(`text: ${named(e)} has ${size.toFixed(1)} pixels`);
    }
    const cards = all(".card");
    for (const scene of all(".scene")) {
      apart(all(".card", scene), "cards");
      apart(all(".card, .box-title", scene), "title of a box");
      apart(all(".pill", scene), "pills", 2);
    }
    for (const card of cards) {
      const frame = box(card);
      for (const e of all(".op, .name, small, .title, .cell, .note, .map", card)) {
        if (!inside(box(e), frame)) say(`card: ${named(e)} leaves ${named(card)}`);
        if (e.textContent.trim() && e.matches(":not(.map)") && !inside(words(e), frame, 2))
          say(`card: the words of ${named(e)} leave ${named(card)}`);
        if (e.matches(".cell") && words(e).width > box(e).width + SLACK)
          say(`card: ${named(e)} is wider than its cell`);
      }
      for (const e of all(".head, .title, .grid", card))
        if (e.scrollWidth > e.clientWidth + SLACK) say(`card: ${named(e)} is cut`);
      apart(all(".op, .name, small", card), "head of a card");
      apart(all(".title", card), "titles of a card");
      apart(all(".grid, .map", card), "arrays of a card");
    }
    for (const pill of all(".pill")) {
      if (words(pill).width > box(pill).width + SLACK) say(`pill: ${named(pill)} is cut`);
      for (const card of cards)
        if (pill.parentElement === card.parentElement && overlap(box(pill), box(card), 2))
          say(`pill: ${named(pill)} on ${named(card)}`);
    }
  };

  const found = new Map();
  say = what => found.set(what, found.get(what) ?? location.hash);
  if (!steps.length) check();
  for (const step of steps) {
    const hash = `#step=${step}&view=${view}`;
    if (location.hash !== hash) {
      const changed = new Promise(done => addEventListener("hashchange", done, {once: true}));
      location.hash = hash;
      await changed;
    }
    check();
  }
  return [...found];
};
