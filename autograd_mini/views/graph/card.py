"""Describe a card: one operation and its output, as every picture and page shows it.

The header shows the operation, the name and the shape. The notes below it show how the value was
computed. Then follow a block for the value and one for the gradient. Up to 8 entries, or 8 x 8, are
numbers on tinted cells. A larger array is a heat map with a few statistics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ...core.arrays import Array
from ...text.format import dtype_and_shape, format_number
from .palette import STEPS

MAX_NUMBERS = 8  # rows and columns of an array that is shown as numbers
FEW_NUMBERS = 5  # the same in a picture that would be too large otherwise
_MAP = 16  # rows and columns of a heat map
_BRIEF = 7  # characters of a number in statistics
_PIECE = 1 << 16  # entries that are read at a time
_MAX_COLUMNS = 2  # columns of blocks that are drawn side by side


class Cell(NamedTuple):
    """A number and its tint."""

    text: str  #: empty in a heat map
    level: int = 0  #: the distance from zero, up to `palette.STEPS`, with the number's sign
    odd: bool = False  #: whether it represents an entry that is NaN or infinite


class Block(NamedTuple):
    """An array on a card."""

    head: str  #: "value", or the gradient: "∂L/∂e"
    role: str  #: the colour of the head, as a field of the palette: "forward" or "backward"
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()  #: lines of text below the entries
    meets: bool = False  #: whether several contributions were added up here
    earlier: Sequence[Block] = ()  #: the sums before the last contribution was added

    @property
    def is_map(self) -> bool:
        return bool(self.rows) and not self.rows[0][0].text


class Card(NamedTuple):
    """The content of a card, for one tensor or for several that share the card."""

    operation: str
    name: str
    shape: str
    notes: Sequence[str]  #: lines under the header: how the value was computed
    blocks: Sequence[Block]  #: value and gradient, if they are shown
    role: str  #: the colour of the frame: "forward" where gradients flow, else "line"
    stacked: bool = False  #: whether it represents several operations
    least: tuple[float, float] = (0, 0)  #: the smallest width and height

    @property
    def side_by_side(self) -> bool:
        """Whether the blocks are side by side, rather than one below the other."""
        return all(len(block.rows[0]) <= _MAX_COLUMNS for block in self.blocks if block.rows)


#: a function that writes the entries of an array, row by row
Write: TypeAlias = Callable[[Array], list[list[str]]]


def plain_texts(table: Array) -> list[list[str]]:
    """Return the numbers of a table as text, each with the decimals that it needs."""
    rows = table if table.dtype.kind == "c" else table.tolist()
    return [[*map(format_number, row)] for row in rows]


def block(
    head: str,
    role: str,
    array: Any,
    meets: bool = False,
    most: int = MAX_NUMBERS,
    write: Write = plain_texts,
) -> Block:
    """Return the block of an array: numbers, or a heat map with statistics.

    A matrix is shown as numbers if it has at most `most` rows and columns.
    """
    shown = entries(array, most, write)
    rows = [
        [Cell(text, level or 0, level is None) for text, level in zip(*row)]
        for row in zip(shown.texts, shown.levels)
    ]
    return Block(head, role, rows, shown.notes, meets)


class Entries(NamedTuple):
    """The entries of an array as a card shows them, row by row."""

    texts: Sequence[Sequence[str]]  #: empty texts in a heat map
    levels: Sequence[Sequence[int | None]]  #: the tints, see `Cell`; None if not finite
    notes: Sequence[str] = ()


def entries(array: Any, most: int = MAX_NUMBERS, write: Write = plain_texts) -> Entries:
    """Return the texts and tints of an array, and the notes below them."""
    if not isinstance(array, np.ndarray):  # a lazy array is named, not computed
        return Entries([[dtype_and_shape(array)]], [[0]])
    if not array.size:
        return Entries([["empty"]], [[0]])
    column = array.ndim < 2
    table = array.reshape(-1, 1 if column else array.shape[-1])
    small = max(table.shape) <= (MAX_NUMBERS if column else most)
    if array.dtype.kind == "O":
        texts = plain_texts(table) if small else [[dtype_and_shape(array)]]
        return Entries(texts, [[0] * len(row) for row in texts])
    with np.errstate(all="ignore"):
        if small:
            return Entries(write(table), _levels(table.astype(float)))
        if array.dtype.kind not in "fiu":  # complex and bool entries
            array, table = array.astype(float), table.astype(float)
        heat = _pool(table.T if column else table)
        return Entries([[""] * heat.shape[1]] * len(heat), _levels(heat), _statistics(array))


def _levels(table: Array) -> list[list[int | None]]:
    """Return a tint for each entry, or None if it is not finite.

    Every entry that is not zero gets a tint, even if it is tiny compared with the largest.
    """
    values = table.tolist()
    largest = max((abs(x) for row in values for x in row if math.isfinite(x)), default=0) or 1.0

    def level(x: float) -> int | None:
        if not math.isfinite(x):
            return None
        size = math.ceil(STEPS * (abs(x) / largest))
        return -size if x < 0 else size

    return [[*map(level, row)] for row in values]


def _pool(table: Array) -> Array:
    """Pool a table to at most `_MAP` rows and columns, by the entry of largest magnitude.

    A single spike survives that way. A cell is NaN if one of its entries is not finite.
    """
    starts = [
        np.unique(np.linspace(0, n, min(n, most), endpoint=False).astype(int))
        for n, most in zip(table.shape, (_MAP, 2 * _MAP if len(table) == 1 else _MAP))
    ]

    def over(reduce: Any) -> Array:  # the longer axis first: the rest is small then
        pooled = table
        for axis in sorted((0, 1), key=lambda axis: -table.shape[axis]):
            pooled = reduce(pooled, starts[axis], axis=axis)
        return pooled.astype(float)

    high, low = over(np.maximum.reduceat), over(np.minimum.reduceat)
    pooled = np.where(-low > high, low, high)
    return np.where(np.isfinite(high) & np.isfinite(low), pooled, np.nan)


def _statistics(array: Array) -> list[str]:
    """Return lines with the range, mean and norm of finite entries, and counts of the others.

    The entries are read in pieces, because copies of a large array need much memory.
    """
    entries = array.reshape(-1)
    sums = np.array([_sums(entries[i : i + _PIECE]) for i in range(0, array.size, _PIECE)])
    total, square, known, zeros, nans = sums[:, 2:].sum(axis=0)
    lines = []
    if known:
        low, high = sums[:, 0].min(), sums[:, 1].max()
        low, mean, high, norm = map(_brief, (low, total / known, high, np.sqrt(square)))
        lines += [f"min {low} · max {high}", f"mean {mean} · norm {norm}"]
    infs = array.size - known - nans
    counts = [f"{format_number(100 * zeros / array.size, 2)}% zeros"] if zeros else []
    counts += [f"{int(n)} {name}" for n, name in ((nans, "NaN"), (infs, "inf")) if n]
    return [*lines, " · ".join(counts)] if counts else lines


def _brief(x: float, digits: int = 4) -> str:
    """Return a number as text, with fewer than `digits` digits if it is too long."""
    text = format_number(x, digits)
    return _brief(x, digits - 1) if len(text) > _BRIEF and digits > 1 else text


def _sums(piece: Array) -> tuple[float, ...]:
    """Return least, largest, sum, sum of squares and number of finite entries; zeros; NaN."""
    entries = piece.astype(float, copy=False)
    finite = np.isfinite(entries)
    known = entries if finite.all() else entries[finite]
    zeros = int(np.count_nonzero(entries == 0))
    nans = int(np.count_nonzero(np.isnan(entries))) if len(known) < len(entries) else 0
    low, high = known.min(initial=np.inf), known.max(initial=-np.inf)
    # no dot product, which would start threads
    return low, high, known.sum(), np.square(known).sum(), len(known), zeros, nans
