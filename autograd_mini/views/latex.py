r"""The derivation as formulas: each record, then the chain rule backward; in LaTeX or plain text.

As everywhere, no derivative is typed here: a rule runs on Tensors that stand for symbols, and the
tape that it leaves is written down. Only the notation of an operation is given by hand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..tape import Tape
from ..tensor import Tensor, raw
from . import formula
from .trace import Contribution, Trace
from .writing import argument, number, shortened

#: operation -> how it is written, how tightly that binds, and how tightly its operands must
_NOTATION: dict[str, tuple[str, float, tuple[int, ...]]] = {
    "add": ("{} + {}", 1, (1, 1)),
    "sub": ("{} - {}", 1, (1, 2)),
    "matmul": (r"{} \, {}", 2, (2, 3)),
    "maximum": (r"\max\left({}, {}\right)", 4, (0, 0)),
    "minimum": (r"\min\left({}, {}\right)", 4, (0, 0)),
    "norm": (r"\left\|{}\right\|", 4, (0,)),
    "linear": (r"{} \, {} + {}", 1, (2, 3, 1)),
    "neg": ("-{}", 1.5, (2,)),
    "pow": ("{}^{{{}}}", 3, (4, 0)),
    "square": ("{}^2", 3, (4,)),
    "reciprocal": (r"\frac{{1}}{{{}}}", 3, (0,)),
    "sqrt": (r"\sqrt{{{}}}", 4, (0,)),
    "abs": (r"\left|{}\right|", 4, (0,)),
    "exp": (r"\exp({})", 4, (0,)),
    "log": (r"\ln {}", 2, (3,)),
    "sigmoid": (r"\sigma({})", 4, (0,)),
}
_NAMED = {"sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min"}
#: what only arranges entries, and is not written: what it does shows in the shapes
_SILENT = {"reshape", "broadcast_to", "expand_dims", "squeeze", "alias", "astype", "copy"}
_ENTRY_BY_ENTRY = {"add", "sub", "mul", "div", "pow", "neg", "broadcast_to", "reshape"}
_ATOM = 4
_LONGEST = 900  # characters of a formula
_MINUS = 1.5  # binds more tightly than a sum, and less than a product
_GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|"
    "chi|psi|omega"
)
#: combining character -> the accent of mathematics
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u0308": "ddot"}
#: what LaTeX reads as its own, as mathematics: in \\text, not all of its readers know the escape
_SPECIAL = {c: f"\\{c}" for c in "#$%&_{}"} | {
    "\\": r"\backslash ",
    "^": r"{\wedge}",
    "~": r"{\sim}",
}

Written = tuple[str, float]


class Derivation(str):
    """A derivation in LaTeX, which a notebook shows as formulas; ``.text`` is the same in Unicode.

    Attributes
    ----------
    text : str
        For terminals.
    """

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$${self}$$"


def latex(result: Tensor, names: Mapping[str, Any] | None = None) -> Derivation:
    r"""How `result` is computed and differentiated, as formulas in LaTeX.

    Parameters
    ----------
    result : Tensor
        With one entry.
    names : mapping, optional
        Variables, as ``locals()`` gives them: what to call tensors that have no name.

    Returns
    -------
    Derivation
        An ``aligned`` block: a line for each record, then one for each derivative, in the order of
        the sweep. A notebook shows it typeset, a terminal its ``.text``.

    Raises
    ------
    RuntimeError, ValueError
        For a result that was not recorded, or has more than one entry.

    Notes
    -----
    ``a \odot b`` is the product entry by entry. A sum without an index is over all entries.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> L = np.sum(np.log(x))
    >>> print(ag.latex(L, {"L": L}))
    \begin{aligned}
    v_{1} &= \ln x \\
    L &= \sum v_{1} \\[3ex]
    \frac{\partial L}{\partial v_{1}} &= 1 \\[1.5ex]
    \frac{\partial L}{\partial x} &= \frac{\partial L}{\partial v_{1}} \odot \frac{1}{x}
    \end{aligned}
    >>> ag.latex(L, {"L": L})
    v1 = log(x)
    L = sum(v1)
    ∂L/∂v1 = ∂L/∂L
    ∂L/∂x = ∂L/∂v1 / x
    """
    trace = Trace.of(result, names)
    called = {order: name_of(name) for order, name in trace.called.items()}
    records = [t for t in Tape(result) if t.op is not None]
    forward = [f"{called[t.order]} &= {of_record(t, called)}" for t in records]
    backward = [
        f"{derivative(t, result, called)} &= {_total(given, called, result)}"
        for t, given in _by_target(trace).items()
    ]
    found = Derivation(
        "\\begin{aligned}\n"
        + " \\\\\n".join(forward)
        + (" \\\\[3ex]\n" if backward else "")
        + " \\\\[1.5ex]\n".join(backward)
        + "\n\\end{aligned}"
    )
    found.text = _text(trace)
    return found


def _text(trace: Trace) -> str:
    """The derivation in Unicode."""
    forward = [f"{trace.called[step.tensor.order]} = {step.formula}" for step in trace.forward]
    backward = [
        f"{trace.derivative(t)} = {' + '.join(_in_words(c) for c in given)}"
        for t, given in _by_target(trace).items()
    ]
    return "\n".join(forward + backward)


def _in_words(c: Contribution) -> str:
    return f"Σ {c.formula}" if c.summed else c.formula


def _by_target(trace: Trace) -> dict[Tensor, list[Contribution]]:
    """All that flows into each derivative, in the order in which these are complete."""
    found: dict[Tensor, list[Contribution]] = {}
    for step in trace.backward:
        for c in step.contributions:
            found.setdefault(c.target, []).append(c)
    return dict(sorted(found.items(), key=lambda item: -item[0].order))


def derivative(t: Tensor, of: Tensor, called: Mapping[int, str]) -> str:
    return rf"\frac{{\partial {called[of.order]}}}{{\partial {called[t.order]}}}"


def _total(given: list[Contribution], called: Mapping[int, str], result: Tensor) -> str:
    """The sum of all contributions to a derivative."""
    text = ""
    for c in given:
        arrived = "1" if c.source is result else derivative(c.source, result, called)
        term, binds = of_rule(c.source, c.argument, called, arrived)
        if c.summed:
            term = rf"\sum {_bound((term, binds), 2)}"
        text += term if not text or term.startswith("-") else f" + {term}"
        text = text.replace("+ -", "- ")
    return text


def of_rule(t: Tensor, i: int, called: Mapping[int, str], cotangent: str) -> Written:
    """What the i-th rule of a record computes, run on symbols."""
    return _of_tape(formula.ruled(t, i, called, cotangent)[0], t)


def local(t: Tensor, i: int, called: Mapping[int, str]) -> str:
    """What the i-th rule multiplies the cotangent by; or what it makes of it, `g`."""
    found, g = formula.ruled(t, i, called, "g")
    if formula.multiplies(found, g):
        g.name = "1"
    return _of_tape(found, t)[0]


def _of_tape(found: Tensor | str, t: Tensor) -> Written:
    """The tape of what a rule found as one formula in its leaves."""
    if not isinstance(found, Tensor):
        assert t.op is not None
        if "′" in found:  # a rule that cannot run on symbols
            found = rf"\operatorname{{{escaped(t.op.name)}}}'(g)"
        return found, _ATOM
    written: dict[int, Written] = {}
    for v in Tape(found):
        if v.op is not None:
            text, binds = _written(v, lambda a: written.get(a.order))
            long = len(text) > _LONGEST  # what is used twice is written twice, and that adds up
            short = rf"\operatorname{{{escaped(v.op.name)}}}(\ldots)"
            written[v.order] = (short, _ATOM) if long else (text, binds)
        elif v.name:
            written[v.order] = v.name, _ATOM
    return written.get(found.order) or (_constant(found.data), _ATOM)


# ---- one operation -------------------------------------------------------------------------------


def of_record(t: Tensor, called: Mapping[int, str]) -> str:
    """A record as a formula in LaTeX, in the names of its arguments."""
    return _written(t, lambda a: (called[a.order], _ATOM))[0]


def _written(t: Tensor, of: Callable[[Tensor], Written | None]) -> Written:
    """A record in the texts of its arguments, and how tightly the text binds."""
    assert t.op is not None
    name = t.op.name

    def part(a: Any) -> Written:
        written = of(a) if isinstance(a, Tensor) else None
        if written:
            return written
        text = _constant(raw(a), name in _ENTRY_BY_ENTRY)
        return text, _MINUS if text.startswith("-") else _ATOM

    parts = [part(a) for a in t.inputs]
    if name in _SILENT or (name in ("pow", "div") and parts[1][0] == "1"):
        return parts[0]
    if name == "getitem":
        return _entries(t.inputs[1], parts[0])
    if name == "matmul" and np.ndim(raw(t.inputs[0])) == 1:
        parts[0] = f"{_bound(parts[0], _ATOM)}^\\top", 3
    if name == "mul":
        return _product(t, parts)
    if name == "div":
        return _quotient(t, *parts)
    if name == "transpose":
        return f"{_bound(parts[0], _ATOM)}^\\top", 3
    if name in ("sum", "mean"):
        axis = t.kwargs.get("axis")
        index = "" if axis is None else rf"_{{\text{{axis {_axis(axis)}}}}}"
        sign = r"\sum" if name == "sum" else r"\operatorname{mean}"
        return f"{sign}{index} {_bound(parts[0], 2)}", 2
    if name in _NOTATION and len(parts) == len(_NOTATION[name][2]):
        template, binds, least = _NOTATION[name]
        return template.format(*map(_bound, parts, least)).replace("+ -", "- "), binds
    if name in _NAMED and len(parts) == 1:
        return rf"\{name} {_bound(parts[0], 3)}", 2
    arguments = ", ".join(text for text, _ in parts)
    return rf"\operatorname{{{escaped(name)}}}\left({arguments}\right)", _ATOM


def _entries(index: Any, x: Written) -> Written:
    """Some of the entries; an index that only makes room for an axis is not written."""
    parts = index if isinstance(index, tuple) else (index,)
    if all(i is None or i is Ellipsis or (type(i) is slice and i == slice(None)) for i in parts):
        return x
    return rf"{{{_bound(x, _ATOM)}}}_{{{_text_of(argument(index))}}}", _ATOM


def _product(t: Tensor, parts: list[Written]) -> Written:
    """A product; by one it is not written, and entry by entry it has a sign of its own."""
    for i in (0, 1):
        if parts[i][0] == "1":
            return parts[1 - i]
        if parts[i][0] == "-1":
            return f"-{_bound(parts[1 - i], 2)}", _MINUS
    return _times(t, *parts)


def _quotient(t: Tensor, a: Written, b: Written) -> Written:
    """A fraction; a numerator with a fraction in it stands before one instead."""
    fraction = r"\frac{{{}}}{{{}}}".format
    if r"\frac" in a[0]:
        return _times(t, a, (fraction(1, b[0]), 3))
    return fraction(a[0], b[0]), 3


def _times(t: Tensor, a: Written, b: Written) -> Written:
    """Two factors; a minus sign before the first is one before the product."""
    sign = r"\odot" if all(np.ndim(raw(x)) for x in t.inputs) else r"\cdot"
    first = a if a[1] == _MINUS else (_bound(a, 2), 2.0)
    return f"{first[0]} {sign} {_bound(b, 2)}", first[1]


def _bound(part: Written, least: int) -> str:
    text, binds = part
    return text if binds >= least else rf"\left({text}\right)"


def _constant(x: Any, as_number: bool = True) -> str:
    """A number by its digits; so an array of one repeated number, where that is all it is for."""
    if isinstance(x, (bool, int, float, np.generic)) or (
        isinstance(x, np.ndarray) and x.ndim == 0 and x.dtype.kind in "iuf"
    ):
        return number(np.asarray(x)[()])
    if isinstance(x, np.ndarray):
        same = x.size and (x == x.reshape(-1)[:1]).all()
        if same and as_number:
            return number(x.reshape(-1)[0] + 0)  # a truth value as 0 or 1
        letter = r"\mathbf{1}" if same and x.flat[0] == 1 else "c"
        return f"{letter}_{{{_size(x)}}}"
    return _text_of(shortened(str(x), 40))


def _size(x: Any) -> str:
    return r" \times ".join(map(str, x.shape))


def _axis(axis: Any) -> str:
    return ", ".join(map(str, axis)) if isinstance(axis, tuple) else str(axis)


# ---- names ---------------------------------------------------------------------------------------


def name_of(name: str) -> str:
    r"""A name as mathematics: ``v3`` is v with an index, ``log_p`` a word, ``theta`` a letter."""
    match = re.fullmatch(r"([^\W\d_]+)_?(\d*)", name)
    if not match:
        return _text_of(name)
    stem, index = match.groups()
    letter, *accents = list(unicodedata.normalize("NFD", stem))
    if _GREEK.fullmatch(stem):
        stem = f"\\{stem}"
    elif len(accents) == 1 and letter.isascii() and accents[0] in _ACCENTS:
        stem = rf"\{_ACCENTS[accents[0]]}{{{letter}}}"
    elif len(stem) > 1 or not (stem.isascii() or "α" <= stem <= "ω"):
        stem = rf"\text{{{stem}}}"
    return f"{stem}_{{{index}}}" if index else stem


def _text_of(text: str) -> str:
    """Words that stand in a formula."""
    if not _SPECIAL.keys() & set(text):
        return rf"\text{{{text}}}"
    runs = re.split(f"([{re.escape(''.join(_SPECIAL))}])", text)
    parts = (_SPECIAL.get(run) or rf"\text{{{run}}}" for run in runs if run)
    return f"{{{''.join(parts)}}}"


def escaped(name: str) -> str:
    return "".join(_SPECIAL.get(c, c) for c in name)
