// The content of a page that is compared with the trace.
() => {
  const place = cell => Number(cell.dataset.entry ?? 0);
  const texts = root =>
    [...root.querySelectorAll(".cell")]
      .sort((a, b) => place(a) - place(b)) // a transposed array is not in the order of its entries
      .map(c => c.textContent);
  const cells = root => root && texts(root);
  const all = (selector, f, root = document) => [...root.querySelectorAll(selector)].map(f);
  return {
    cards: Object.fromEntries(
      all(".card", c => [
        c.dataset.node,
        {
          value: cells(c.querySelector(".block.value")),
          gradient: cells(c.querySelector(".block.gradient")),
          plus: Boolean(c.querySelector(".plus")),
          label: c.querySelector(".cover").getAttribute("aria-label"),
          classes: [...c.classList].sort()
        }
      ])
    ),
    current: all('[aria-current="step"]', b => b.dataset.step),
    position: document.querySelector("#position").textContent,
    live: document.querySelector("#live").textContent,
    doing: document.querySelector("#what .doing strong")?.textContent,
    badge: document.querySelector("#what .badge")?.textContent,
    lead: document.querySelector("#what .lead")?.textContent,
    formulas: all("#what math", m => m.textContent),
    entries: all("#what .entry:not(.odd)", e => e.textContent),
    figures: all("#numbers :is(.row, .product)", s => all("figure", f => texts(f), s)),
    ledgers: all("#ledger .ledger", l => ({
      rows: all(
        "tr:not(.total)",
        r => ({from: r.querySelector("b").textContent, cells: texts(r)}),
        l
      ),
      total: cells(l.querySelector("tr.total")),
      open: l.querySelector("p.open")?.textContent ?? ""
    })),
    products: all("#numbers :is(.row, .product)", s => s.matches(".product")),
    hash: location.hash
  };
};
