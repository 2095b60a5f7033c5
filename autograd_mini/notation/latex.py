r"""Formulas in LaTeX: a record as one writes it, and a rule as what it computes.

As everywhere, no derivative is typed here: a rule runs on Tensors that stand for symbols, and the
tape that it leaves is written down. Only the notation of an operation is given by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain, repeat
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.tensor import Tensor
from ..text.format import Called, argument, listed, number, shortened, values, variable
from .names import Formula, Names, escaped, name_of, taken, text_of
from .symbolic import SILENT, Ruled, defined, is_outer, keeps_all, options, parameters

#: operation -> how it is written, how tightly that binds, and how tightly its operands must
_NOTATION: dict[str, tuple[str, float, tuple[int, ...]]] = {
    "add": ("{} + {}", 1, (1, 1)),
    "sub": ("{} - {}", 1, (1, 2)),
    "matmul": (r"{} \, {}", 2, (2, 3)),
    "maximum": (r"\max\left({}, {}\right)", 4, (0, 0)),
    "minimum": (r"\min\left({}, {}\right)", 4, (0, 0)),
    "norm": (r"\left\|{}\right\|", 4, (0,)),
    "neg": ("-{}", 1.5, (2,)),
    "pow": ("{}^{{{}}}", 3, (4, 0)),
    "square": ("{}^2", 3, (4,)),
    "reciprocal": (r"\frac{{1}}{{{}}}", 3, (0,)),
    "sqrt": (r"\sqrt{{{}}}", 4, (0,)),
    "abs": (r"\left|{}\right|", 4, (0,)),
    "exp": (r"\exp({})", 4, (0,)),
    "log": (r"\ln {}", 2, (3,)),
    "sigmoid": (r"\sigma({})", 4, (0,)),
    "less": ("{} < {}", 0, (1, 1)),
    "less_equal": ("{} ≤ {}", 0, (1, 1)),
    "greater": ("{} > {}", 0, (1, 1)),
    "greater_equal": ("{} ≥ {}", 0, (1, 1)),
    "equal": ("{} = {}", 0, (1, 1)),
    "not_equal": ("{} ≠ {}", 0, (1, 1)),
}
_NAMED = {"sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min"}
_ENTRY_BY_ENTRY = {"add", "sub", "mul", "div", "pow", "neg", "broadcast_to", "reshape"}
_ATOM = 4
_LONGEST = 900  # characters of a formula
_MINUS = 1.5  # binds more tightly than a sum, and less than a product

Written = tuple[str, float]


def derivative(t: Tensor, of: Tensor, called: Called) -> str:
    return rf"\frac{{\partial {called[of.order]}}}{{\partial {called[t.order]}}}"


def of_rule(rule: Ruled, called: Called, cotangent: str, names: Names | None = None) -> Formula:
    """What a rule computes of symbols; and what it calls a part of that, if it names any."""
    found = rule.found
    if not isinstance(found, Tensor):
        unknown = rf"\operatorname{{{escaped(found[:-1])}}}'(g)"
        return Formula(unknown if rule.is_unknown else found, _ATOM)
    names = names or Names(taken(called))
    written: dict[int, Written] = {rule.cotangent.order: (cotangent, _ATOM)}
    for v in rule.tape:
        if v.order in rule.of:
            written[v.order] = called[rule.of[v.order].order], _ATOM
            continue
        if v.op is not None:
            text, binds = _written(v, called, lambda a: written.get(a.order), names)
            long = len(text) > _LONGEST  # what is used twice is written twice, and that adds up
            short = rf"\operatorname{{{escaped(v.op.name)}}}(\ldots)"
            written[v.order] = (short, _ATOM) if long else (text, binds)
        known = _variable(v._array, called) if v.op is None else None
        if known:
            written[v.order] = known
        elif v.name:
            thing = v.data if v.op is None else written[v.order][0]
            written[v.order] = _given(names, v.name, thing), _ATOM
    text, binds = written.get(found.order) or (_constant(found.data, names), _ATOM)
    return Formula(text, binds, names.said())


def local(rule: Ruled, called: Called, names: Names | None = None) -> Formula:
    """What a rule multiplies the cotangent by; or what it makes of it, `g`."""
    return of_rule(rule, called, "1" if rule.multiplies() else "g", names)


def of_definition(t: Tensor, called: Called, names: Names | None = None) -> Formula:
    """A record as a textbook defines it; as `of_record` where it is no fused node."""
    rule = defined(t)
    names = names or Names(taken(called))
    return of_rule(rule, called, "", names) if rule else of_record(t, called, names)


def _given(names: Names, name: str, thing: Any) -> str:
    """What to call a formula, or an array."""
    text = thing if isinstance(thing, str) else text_of(values(thing))
    return names.give(name_of(name), thing, text, lambda _, n: name_of(f"{name}_{n}"))


# ---- one operation -------------------------------------------------------------------------------


def of_record(t: Tensor, called: Called, names: Names | None = None) -> Formula:
    """A record as a formula in LaTeX, in the names of its arguments."""
    names = names or Names(taken(called))
    text, binds = _written(t, called, lambda a: (called[a.order], _ATOM), names)
    return Formula(text, binds, names.said())


def _written(
    t: Tensor, called: Called, of: Callable[[Tensor], Written | None], names: Names
) -> Written:
    """A record in the texts of its arguments, and how tightly the text binds."""
    assert t.op is not None
    name = t.op.name

    def part(a: Any, parameter: str) -> Written:
        written = of(a) if isinstance(a, Tensor) else _variable(a, called)
        if written:
            return written
        if parameter and isinstance(a, np.ndarray) and a.ndim:
            return _given(names, parameter, a), _ATOM
        text = _constant(unwrap(a), names, name in _ENTRY_BY_ENTRY)
        return text, _MINUS if text.startswith("-") else 2 if r"\cdot" in text else _ATOM

    parts = [part(a, said) for a, said in zip(t.inputs, chain(parameters(t.op), repeat("")))]
    if name in SILENT or (name in ("pow", "div") and parts[1][0] == "1"):
        return parts[0]
    if name == "getitem":
        return parts[0] if keeps_all(t) else _entries(t.inputs[1], parts[0])
    if is_outer(t):
        return rf"{bound(parts[0], 2)} \, {bound(parts[1], _ATOM)}^\top", 2
    if name == "matmul" and np.ndim(unwrap(t.inputs[0])) == 1:
        parts[0] = f"{bound(parts[0], _ATOM)}^\\top", 3
    if name == "mul":
        return _product(t, parts)
    if name == "div":
        return _quotient(t, *parts)
    if name == "transpose":
        return f"{bound(parts[0], _ATOM)}^\\top", 3
    if name in ("sum", "mean"):
        axis = t.kwargs.get("axis")
        whole = axis is None or np.ndim(unwrap(t.inputs[0])) == 1
        index = "" if whole else rf"_{{\text{{axis {_axis(axis)}}}}}"
        if name == "sum":
            return rf"\sum{index} {bound(parts[0], 2)}", 2
        return rf"\operatorname{{mean}}{index} {bound(parts[0], 3)}", 2
    if name in _NOTATION and len(parts) == len(_NOTATION[name][2]):
        template, binds, least = _NOTATION[name]
        return template.format(*map(bound, parts, least)).replace("+ -", "- "), binds
    if name in _NAMED and len(parts) == 1:
        return rf"\{name} {bound(parts[0], 3)}", 2
    arguments = [listed([text for text, _ in parts], r"\ldots"), *map(text_of, options(t))]
    return rf"\operatorname{{{escaped(name)}}}{_fenced(', '.join(arguments))}", _ATOM


def _entries(index: Any, x: Written) -> Written:
    """Some of the entries."""
    return rf"{{{bound(x, _ATOM)}}}_{{{text_of(argument(index))}}}", _ATOM


def _product(t: Tensor, parts: list[Written]) -> Written:
    """A product; by one it is not written, and entry by entry it has a sign of its own."""
    for i in (0, 1):
        if parts[i][0] == "1":
            return parts[1 - i]
        if parts[i][0] == "-1":
            return f"-{bound(parts[1 - i], 2)}", _MINUS
    return _times(t, *parts)


def _quotient(t: Tensor, a: Written, b: Written) -> Written:
    """A fraction; a sum, or a numerator with a fraction in it, stands beside one instead."""
    fraction = r"\frac{{{}}}{{{}}}".format
    if a[0].lstrip("-").startswith(r"\sum"):
        sign, total = ("-", a[0][1:]) if a[0][0] == "-" else ("", a[0])
        return rf"{sign}{fraction(1, b[0])} {total}", _MINUS if sign else 2
    if r"\frac" in a[0]:
        return _times(t, a, (fraction(1, b[0]), 3))
    return fraction(a[0], b[0]), 3


def _times(t: Tensor, a: Written, b: Written) -> Written:
    """Two factors; a minus sign before the first is one before the product."""
    sign = r"\odot" if all(np.size(unwrap(x)) > 1 for x in t.inputs) else r"\cdot"
    first = a if a[1] == _MINUS else (bound(a, 2), 2.0)
    return f"{first[0]} {sign} {bound(b, 2)}", first[1]


def bound(part: Written, least: int) -> str:
    text, binds = part
    return text if binds >= least else _fenced(text)


def _fenced(text: str) -> str:
    """In parentheses, which are as high as what is in them."""
    return rf"\left({text}\right)" if r"\frac" in text else f"({text})"


def _variable(x: Any, called: Called) -> Written | None:
    """An array that is in a variable, or is one of those transposed."""
    if name := variable(x, called):
        return name, _ATOM
    if isinstance(x, np.ndarray) and x.ndim > 1 and (name := variable(x.swapaxes(-1, -2), called)):
        return rf"{name}^\top", 3
    return None


def _constant(x: Any, names: Names, as_number: bool = True) -> str:
    """A number by its digits; so an array of one repeated number, where that is all it is for."""
    if isinstance(x, (bool, int, float, np.generic)) or (
        isinstance(x, np.ndarray) and x.ndim == 0 and x.dtype.kind in "iuf"
    ):
        return _power_of_ten(number(np.asarray(x)[()]))
    if isinstance(x, np.ndarray):
        same = x.size and (x == x.reshape(-1)[:1]).all()
        if same and as_number:
            return _power_of_ten(number(x.reshape(-1)[0] + 0))  # a truth value as 0 or 1
        if same and x.flat[0] == 1:
            return rf"\mathbf{{1}}_{{{_size(x)}}}"
        size = _size(x)
        return names.give(f"c_{{{size}}}", x, another=lambda _, n: f"c^{{({n})}}_{{{size}}}")
    return text_of(shortened(str(x), 40))


def _power_of_ten(text: str) -> str:
    """A number as it is printed by hand: without an e for the power of ten."""
    return re.sub(r"^(-?)1 .cdot ", r"\1", re.sub(r"e([+-]?\d+)$", _times_ten, text))


def _times_ten(match: re.Match[str]) -> str:
    return rf" \cdot 10^{{{int(match[1])}}}"


def _size(x: Any) -> str:
    return r" \times ".join(map(str, x.shape))


def _axis(axis: Any) -> str:
    return ", ".join(map(str, axis)) if isinstance(axis, tuple) else str(axis)
