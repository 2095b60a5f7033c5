"""Read the content of a page from its elements."""

import re
from pathlib import Path

import numpy as np


def script(name):
    """Return the source of a JavaScript function in this folder."""
    return (Path(__file__).parent / f"{name}.js").read_text(encoding="utf-8")


def state(page):
    """Return everything that is compared with the trace."""
    return page.evaluate(script("state"))


def overlaps(page, steps=(), view=1):
    """Return a sentence for each element that overlaps another, is cut off or is too small to read.

    With `steps` the page is checked at each of them, and each sentence ends with the first one.
    """
    found = page.evaluate(script("overlaps"), {"steps": list(steps), "view": view})
    return [f"{what}, at {where}" if steps else what for what, where in found]


def low_contrast(page):
    """Return texts with too little contrast to their background."""
    return page.evaluate(script("contrast"))


def numbers(texts):
    """Return cells as floats, or None if they have no numbers yet."""
    if texts is None or set(texts) == {"·"}:
        return None
    return np.array([float(t.replace("−", "-")) for t in texts])


def shows(texts, array):
    """Return whether cells are the entries of an array, to the digits that they show."""
    found = numbers(texts)
    expected = np.ravel(np.asarray(array, float))
    if found is None or found.shape != expected.shape:
        return False
    decimals = [len(t.partition(".")[2]) for t in texts]
    last = [0.51 * 10.0**-n if n and "e" not in t else 0 for n, t in zip(decimals, texts)]
    return np.allclose(found, expected, rtol=1e-4, atol=np.maximum(last, 6e-5), equal_nan=True)


_WORDS = {
    "exp": np.exp,
    "sin": np.sin,
    "log": np.log,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "inf": np.inf,
    "nan": np.nan,
}


def sides(entry):
    """Evaluate both sides of a line such as ``entry 2: 0.5 × (−2) = −1``."""
    text = re.sub(r"^entry [\d, ]+: ", "", entry)
    for sign, word in (("−", "-"), ("×", "*"), ("÷", "/"), ("^", "**"), ("·", "*")):
        text = text.replace(sign, word)
    left, right = text.split(" = ")
    with np.errstate(all="ignore"):
        return float(eval(left, {"__builtins__": {}}, _WORDS)), float(right)
