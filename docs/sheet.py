"""The formula sheet: the rules of the elementwise functions, printed by running them on symbols."""

import re

import numpy as np

import autograd_mini as ag
from autograd_mini.core.registry import UFUNCS

INTRO = """# Formula sheet

This page lists the derivatives of NumPy's elementwise functions. `y` is the result.

To print a formula, the derivative rule of the library is run on symbols, as `ag.latex` does. So
these are the formulas that the library computes. At kinks and poles, a formula shows the convention
that the library follows: see [Conventions at kinks](kinks.rst).

{.stacked}
| function | value | derivatives |
| --- | --- | --- |
"""


def page() -> str:
    """Return the page, as Markdown with LaTeX between dollars."""
    rows = [f"| `np.{f.__name__}` | {' | '.join(_formulas(f))} |" for f in elementwise()]
    return INTRO + "\n".join(rows)


def elementwise() -> list[np.ufunc]:
    """Return NumPy's functions that a primitive computes entry by entry, by name."""
    return sorted((f for f in UFUNCS if f.signature is None), key=lambda f: f.__name__)


def _formulas(f: np.ufunc) -> tuple[str, str]:
    """Return the value of a function and its derivatives, read off its tape."""
    names = "x" if f.nin == 1 else "ab"
    inputs = [ag.tensor(0.5, requires_grad=True, name=name) for name in names]
    with np.errstate(all="ignore"):
        y = f(*inputs)
        text = str(ag.latex(y, names={"y": y}))
    body = text.removeprefix("\\begin{aligned}").removesuffix("\\end{aligned}")
    lines = [line.replace("&", "").strip() for line in re.split(r"\\\\(?:\[[^]]*\])?", body)]
    value, *derivatives = (line.replace("|", "\\|") for line in lines)  # a cell ends at a bar
    return f"${value}$", "<br>".join(f"${d}$" for d in reversed(derivatives))
