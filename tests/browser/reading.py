"""What a page shows, read from its elements, as Python values."""

import re

import numpy as np

#: all that is compared with the trace, in one call
_STATE = r"""() => {
  const texts = (root) => [...root.querySelectorAll(".cell")].map((c) => c.textContent);
  const cells = (root) => root && texts(root);
  const all = (selector, f, root = document) => [...root.querySelectorAll(selector)].map(f);
  return {
    cards: Object.fromEntries(all(".card", (c) => [c.dataset.node, {
      value: cells(c.querySelector(".block.value")),
      gradient: cells(c.querySelector(".block.gradient")),
      plus: Boolean(c.querySelector(".plus")),
      label: c.getAttribute("aria-label"),
      classes: [...c.classList].sort(),
    }])),
    current: all('[aria-current="step"]', (b) => b.dataset.step),
    position: document.querySelector("#position").textContent,
    live: document.querySelector("#live").textContent,
    doing: document.querySelector("#what .doing strong").textContent,
    badge: document.querySelector("#what .badge").textContent,
    formulas: all("#what math", (m) => m.textContent),
    entries: all("#what .entry", (e) => e.textContent),
    figures: all("#numbers .sum", (s) => all("figure", (f) => texts(f), s)),
    ledgers: all("#ledger .ledger", (l) => ({
      rows: all("tr:not(.total)", (r) => ({ from: r.querySelector("b").textContent, cells: texts(r) }), l),
      total: cells(l.querySelector("tr.total")),
      open: l.querySelector("p.open")?.textContent ?? "",
    })),
    hash: location.hash,
  };
}"""


def state(page):
    return page.evaluate(_STATE)


def numbers(texts):
    """Cells as floats; what is not reached yet is None."""
    if texts is None or set(texts) == {"·"}:
        return None
    return np.array([float(t.replace("−", "-")) for t in texts])


def shows(texts, array):
    """Whether cells are the entries of an array, to the digits that are shown."""
    found = numbers(texts)
    expected = np.ravel(np.asarray(array, float))
    return (
        found is not None
        and found.shape == expected.shape
        and np.allclose(found, expected, rtol=1e-4, atol=6e-5, equal_nan=True)
    )


_WORDS = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "inf": np.inf,
    "nan": np.nan,
}


def sides(entry):
    """Both sides of a line such as ``entry 2: 0.5 × (−2) = −1``, each worked out."""
    text = re.sub(r"^entry [\d, ]+: ", "", entry)
    for sign, word in (("−", "-"), ("×", "*"), ("÷", "/"), ("^", "**"), ("·", "*")):
        text = text.replace(sign, word)
    left, right = text.split(" = ")
    with np.errstate(all="ignore"):
        return float(eval(left, {"__builtins__": {}}, _WORDS)), float(right)
