"""The formula sheet: the rules of the elementwise functions, as the tape writes them."""

import re

import numpy as np

import autograd_mini as ag
from autograd_mini.core.registry import UFUNCS

#: Derivatives at a kink or at a tie are chosen, not derived; there a formula shows the choice.
INTRO = """The derivatives of NumPy's elementwise functions, one a line.

Nobody has written this page: each formula is what the rule of that function computes, run on
symbols, as `autograd_mini.latex` does it for a tape. `y` is the result.
"""


def page() -> str:
    """The page, as Markdown with LaTeX between dollars."""
    rows = [f"| `np.{f.__name__}` | {' | '.join(_formulas(f))} |" for f in elementwise()]
    return f"{INTRO}\n| function | value | derivatives |\n| --- | --- | --- |\n" + "\n".join(rows)


def elementwise() -> list[np.ufunc]:
    """Those of NumPy's functions that a primitive runs entry by entry, by name."""
    return sorted((f for f in UFUNCS if f.signature is None), key=lambda f: f.__name__)


def _formulas(f: np.ufunc) -> tuple[str, str]:
    """The value of a function and its derivatives, read off its tape."""
    names = "x" if f.nin == 1 else "ab"
    inputs = [ag.tensor(0.5, requires_grad=True, name=name) for name in names]
    with np.errstate(all="ignore"):
        y = f(*inputs)
        text = str(ag.latex(y, names={"y": y}))
    body = text.removeprefix("\\begin{aligned}").removesuffix("\\end{aligned}")
    lines = [line.replace("&", "").strip() for line in re.split(r"\\\\(?:\[[^]]*\])?", body)]
    value, *derivatives = lines
    return f"${value}$", "<br>".join(f"${d}$" for d in reversed(derivatives))
