"""Rewrite an expression as a textbook has it: masks in brackets, transposes, traces, squares.

The value stays the same. A rule of the engine is written for speed and for special values, such as
nan, which a formula leaves out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .expression import COMPARISONS, ELIDED, Call, Constant, Expression, Labelled

_LOGIC = {*COMPARISONS, "bitwise_or", "bitwise_and", "invert", "isfinite"}
_TAKES_MASKS = _LOGIC | {"where", "indicator"}
_NEGATED = {
    "less": "greater_equal", "greater_equal": "less", "equal": "not_equal",
    "greater": "less_equal", "less_equal": "greater", "not_equal": "equal",
}  # fmt: skip


def textbook(x: Expression) -> Expression:
    """Return an expression that a reader knows. The outermost operation of a node is kept."""
    if isinstance(x, Labelled):
        return x._replace(value=textbook(x.value))
    if not isinstance(x, Call) or (x.args and x.args[0] is ELIDED):
        return x
    args = [_square(part) for part in map(textbook, x.args)]
    if x.op not in _TAKES_MASKS:
        args = [_indicator(part) if _is_logic(part) else part for part in args]
    x = Call(x.op, args, x.kwargs, x.shape)
    rewrite = _REWRITES.get(x.op)
    return rewrite(x) if rewrite else x


def number(x: Expression) -> Any:
    """Return the number that a constant consists of, or None."""
    if not isinstance(x, Constant) or not isinstance(
        x.value, (bool, int, float, np.generic, np.ndarray)
    ):
        return None
    if isinstance(x.value, (int, float)):
        return x.value if x.value == x.value else None  # a nan differs from itself
    entries = np.asarray(x.value)
    if not entries.size or entries.dtype.kind not in "biuf":
        return None
    first = entries.flat[0]
    return first if (entries == first).all() else None


def _is_logic(x: Expression) -> bool:
    return isinstance(x, Call) and x.op in _LOGIC


def _indicator(mask: Expression) -> Expression:
    """Return 1 where a mask is true, and 0 elsewhere."""
    return Call("indicator", [mask], shape=mask.shape)


def _not(mask: Expression) -> Expression:
    if isinstance(mask, Call) and mask.op in _NEGATED:
        return mask._replace(op=_NEGATED[mask.op])
    return Call("invert", [mask], shape=mask.shape)


def _square(x: Expression) -> Expression:
    """x · x → x², and a · x · x → a · x²."""
    if not isinstance(x, Call) or x.op != "mul" or len(x.args) != 2:
        return x
    a, b = x.args
    if _same(a, b):
        return Call("square", [a], shape=x.shape)
    if isinstance(a, Call) and a.op == "mul" and _same(a.args[-1], b):
        return x._replace(args=[a.args[0], Call("square", [b], shape=b.shape)])
    return x


def _same(a: Expression, b: Expression) -> bool:
    """Return whether two expressions are equal; their constants must be the same objects."""
    if isinstance(a, Call) and isinstance(b, Call):
        alike = a.op == b.op and len(a.args) == len(b.args) and not (a.kwargs or b.kwargs)
        return alike and all(map(_same, a.args, b.args))
    if isinstance(a, Constant) and isinstance(b, Constant):
        return a.value is b.value
    return type(a) is type(b) and a[0] == b[0]


def _where(x: Call) -> Expression:
    """where(c, a, 0) → a [c], and where(c, 0, b) → b [not c]."""
    mask, a, b = x.args
    known = number(mask)
    if known is not None:
        return a if known else b
    if number(b) == 0:
        return x._replace(op="mul", args=[a, _indicator(mask)])
    if number(a) == 0:
        return x._replace(op="mul", args=[b, _indicator(_not(mask))])
    return x


def _or(x: Call) -> Expression:
    """c | (x != x) → c: only a nan differs from itself."""
    mask, other = x.args
    is_nan = isinstance(other, Call) and other.op == "not_equal" and _same(*other.args)
    return mask if is_nan else x


def _sum(x: Call) -> Expression:
    """sum(diagonal(A)) → trace(A)."""
    part = x.args[0]
    if isinstance(part, Call) and part.op == "diagonal" and not x.kwargs and not part.kwargs:
        a, *where = part.args
        if len(a.shape) == 2 and where and number(where[0]) == 0:
            return Call("trace", [a])
    return x


def _transpose(x: Call) -> Expression:
    """Keep the name for the transpose of the last two axes; a vector is its own."""
    a = x.args[0]
    if len(a.shape) == 1 and len(x.shape) == 2:  # a vector as a row
        return x
    axes = x.kwargs.get("axes") or (x.args[1] if len(x.args) > 1 else None)
    n = len(a.shape)
    order = [*range(n)][::-1]
    if isinstance(axes, Constant) and axes.value is not None:
        order = [int(i) % n for i in axes.value]
    return _permuted(x, order)


def _swapaxes(x: Call) -> Expression:
    n, order = len(x.args[0].shape), [*range(len(x.args[0].shape))]
    i, j = (number(i) for i in x.args[1:3])
    if i is None or j is None:
        return x
    order[i % n], order[j % n] = order[j % n], order[i % n]
    return _permuted(x, order)


def _moveaxis(x: Call) -> Expression:
    n = len(x.args[0].shape)
    ends = [number(i) for i in x.args[1:3]]
    if n != 2 or len(ends) != 2 or None in ends:
        return x
    return _permuted(x, [0, 1] if ends[0] % 2 == ends[1] % 2 else [1, 0])


def _permuted(x: Call, order: list[int]) -> Expression:
    """Return the transpose of the last two axes, the argument itself, or the call as it is."""
    a, n = x.args[0], len(order)
    if order == [*range(n)]:
        return a
    if order != [*range(n - 2), n - 1, n - 2]:
        return (
            x
            if x.op != "transpose" or len(x.args) > 1 or x.kwargs
            else x._replace(op="reverse_axes")
        )
    if isinstance(a, Call) and a.op == "transpose" and len(a.args) == 1 and not a.kwargs:
        return a.args[0]
    return Call("transpose", [a], shape=x.shape)


def _div(x: Call) -> Expression:
    """x / 1 → x, also if the ones are an array that an extremum without ties divides by."""
    is_one = isinstance(x.args[1], Constant) and x.args[1].shape and number(x.args[1]) == 1
    return x.args[0] if is_one else x


def _without_windows(x: Call) -> Expression:
    """conv_input(g, w, lengths, ...) → conv_input(g, w): the node itself shows its windows."""
    return x._replace(args=[a for a in x.args[:2] if not _is_none(a)])


def _is_none(x: Expression) -> bool:
    return isinstance(x, Constant) and x.value is None


def _mean(x: Call) -> Expression:
    return x.args[0] if len(x.args[0].shape) == 0 else x


_REWRITES: dict[str, Callable[[Call], Expression]] = {
    "where": _where, "bitwise_or": _or, "sum": _sum, "transpose": _transpose,
    **dict.fromkeys(
        ("conv", "conv_input", "conv_weight", "gather_windows", "spread_windows"), _without_windows
    ),
    "swapaxes": _swapaxes, "moveaxis": _moveaxis, "mean": _mean, "div": _div,
}  # fmt: skip
