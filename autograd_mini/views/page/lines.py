"""Write a step with the numbers of one entry: ``entry 1: 0.5 × (-2) = -1``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from ...core.arrays import Array, unwrap
from ...core.tensor import Tensor
from ...notation.expression import Call, Name
from ...notation.plain import Plain
from ..trace import Term, Trace
from .arrays import Entry, Line

#: operators, written between two operands
SIGNS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "matmul": "@", "pow": "^"}
_MOST_TERMS = 4  # terms of a sum that is written out


def operation_line(t: Tensor) -> Line:
    """Return the operation of a node with the numbers of one entry."""
    assert t.op is not None
    arrays = [*map(unwrap, t.inputs)]
    if not isinstance(t.data, np.ndarray) or t.data.dtype.kind != "f" or not t.size:
        return Line()
    if t.op.name == "sum" and not t.ndim and 1 < np.size(arrays[0]) <= _MOST_TERMS:
        terms = [Entry(arrays[0], i, signed=True) for i in range(np.size(arrays[0]))]
        return Line([*_between(terms, " + "), " = ", Entry(unwrap(t), 0)])
    if t.kwargs or not isinstance(t.op.forward, np.ufunc) or t.op.forward.signature:
        return Line()
    at = _chosen(t.data)
    parts = _with_numbers(t.op.name, arrays, at)
    return Line([_where(at), *parts, " = ", Entry.of(unwrap(t), at)])


def _chosen(x: Any) -> tuple[int, ...]:
    """Return the entry whose numbers are shown: of few the second, of many the largest."""
    position = min(1, x.size - 1) if x.size < 4 else _largest(x)
    at = []
    for n in reversed(x.shape):
        position, i = divmod(int(position), n)
        at.append(i)
    return tuple(reversed(at))


def _largest(x: Array) -> Any:
    """Return the position of the finite entry of largest magnitude."""
    high, low = np.argmax(x), np.argmin(x)  # makes no copy of a large array
    above, below = float(x.flat[high]), float(x.flat[low])
    if not (math.isfinite(above) and math.isfinite(below)):
        return np.argmax(np.abs(np.where(np.isfinite(x), x, 0)))
    return high if above >= -below else low


def _where(at: tuple[int, ...]) -> str:
    return f"entry {', '.join(map(str, at))}: " if at else ""


def _between(parts: Iterable[Any], sign: str) -> list[Any]:
    """Return the parts with a sign between them."""
    return [x for part in parts for x in (sign, part)][1:]


def _with_numbers(op: str, arrays: Sequence[Any], at: tuple[int, ...]) -> list[str | Entry]:
    """Return an operation as text, with an entry of each array as its arguments."""
    if op in SIGNS and len(arrays) == 2:
        return _between([Entry.of(x, at, signed=True) for x in arrays], f" {SIGNS[op]} ")
    return [
        piece if isinstance(piece, str) else Entry.of(arrays[piece[0]], at, piece[1])
        for piece in _template(op, len(arrays))
    ]


@cache
def _template(op: str, count: int) -> list[str | tuple[int, bool]]:
    """Return an operation as pieces of text, and its arguments by position.

    The second part of an argument is whether a negative number needs parentheses there.
    """
    names = [chr(0xE000 + i) for i in range(count)]  # letters that no formula uses

    def write(of: Sequence[str]) -> str:
        return Plain().write(Call(op, [*map(Name, of)])).text

    whole = write(names)
    pieces: list[str | tuple[int, bool]] = []
    for piece in re.split("([\ue000-\uf8ff])", whole):
        if piece not in names:
            pieces.append(piece)
            continue
        negative = f"-{piece}"
        signed = write([negative if n == piece else n for n in names])
        pieces.append((names.index(piece), signed != whole.replace(piece, negative)))
    return pieces


def product_line(trace: Trace, c: Term, slope: Array, sums: Sequence[Array]) -> Line:
    """Return upstream times local for one entry, added to the sum so far if there is one.

    `sums` are the last two sums of contributions, or the only one.
    """
    upstream, value = trace.adjoints[c.source], c.value
    if c.summed or np.shape(slope) != np.shape(value) or not value.size:
        return Line()
    if np.shape(upstream) != value.shape:
        try:
            np.broadcast_to(upstream, value.shape)
        except ValueError:  # the rule rearranges entries
            return Line()
    at = _chosen(c.total)
    local, incoming, product, *totals = (Entry.of(x, at) for x in (slope, upstream, value, *sums))
    parts: list[str | Entry] = [local._replace(signed=True), " × ", incoming._replace(signed=True)]
    if len(totals) > 1:
        parts = [totals[0], " + ", *parts]
    return Line([_where(at), *parts, " = ", totals[-1]], (local, incoming, product))
