"""Describe a card: one operation and its output, as every picture and page shows it.

The header has the operation, the name and the shape; below it is how the value was computed. Then
follow a block for the value and one for the gradient. Up to 8 entries, or 8 x 8, are numbers on
tinted cells; a larger array is a heat map with a few statistics. Sizes and colours are not decided
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.arrays import Array
from ...text.format import dtype_and_shape, format_number
from .palette import STEPS

_MAX_NUMBERS = 8  # entries of a column, rows and columns of a matrix, that are shown as numbers
_MAP = 16  # rows and columns of a heat map
_MAX_BESIDE = 2  # columns of a block, up to which value and gradient are side by side


class Cell(NamedTuple):
    """A number and its tint.

    Attributes
    ----------
    text : str
        Empty in a heat map.
    level : int
        The distance from zero, up to `palette.STEPS`, with the sign of the number.
    odd : bool
        Whether it is NaN or infinite, or one of the entries that it represents is.
    """

    text: str
    level: int = 0
    odd: bool = False


class Block(NamedTuple):
    """An array on a card: its head, its entries, and notes.

    Attributes
    ----------
    head : str
        "value", or the gradient: "∂L/∂e".
    role : str
        The colour of the head, as a field of the palette: "forward" or "backward".
    rows : sequence of sequence of Cell
    notes : sequence of str
        Lines of text below.
    meets : bool
        Whether several contributions were added up here.
    """

    head: str
    role: str
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    meets: bool = False

    @property
    def is_map(self) -> bool:
        return bool(self.rows) and not self.rows[0][0].text


class Card(NamedTuple):
    """The content of a card, for one tensor or for several that share the card.

    Attributes
    ----------
    operation, name, shape : str
    notes : sequence of str
        Lines under the header: how it was computed.
    blocks : sequence of Block
        Value and gradient, if they are shown.
    role : str
        The colour of the frame, as a field of the palette: "forward" where gradients flow, else
        "line".
    stacked : bool
        Whether it represents several operations.
    """

    operation: str
    name: str
    shape: str
    notes: Sequence[str]
    blocks: Sequence[Block]
    role: str
    stacked: bool = False

    @property
    def side_by_side(self) -> bool:
        """Whether the blocks are side by side, rather than one below the other."""
        return all(len(block.rows[0]) <= _MAX_BESIDE for block in self.blocks if block.rows)


def block(head: str, role: str, array: Any, meets: bool = False) -> Block:
    """Return the block of an array: numbers, or a heat map with statistics."""
    if not isinstance(array, np.ndarray):  # a lazy array is named, not computed
        return Block(head, role, [[Cell(dtype_and_shape(array))]], meets=meets)
    if not array.size:
        return Block(head, role, [[Cell("empty")]], meets=meets)
    column = array.ndim < 2
    table = array.reshape(-1, 1 if column else array.shape[-1])
    if max(table.shape) <= _MAX_NUMBERS:
        return Block(head, role, _numbers(table), meets=meets)
    if array.dtype.kind == "O":
        return Block(head, role, [[Cell(dtype_and_shape(array))]], meets=meets)
    with np.errstate(all="ignore"):
        heat = _heat_map((table.T if column else table).astype(float))
        return Block(head, role, heat, _statistics(array), meets)


def _numbers(table: Array) -> list[list[Cell]]:
    if table.dtype.kind == "O":
        return [[Cell(format_number(x)) for x in row] for row in table]
    levels, odd = _levels(table.astype(float))
    return [
        [Cell(format_number(x), int(n), bool(o)) for x, n, o in zip(*of_row)]
        for of_row in zip(table, levels, odd)
    ]


def _heat_map(table: Array) -> list[list[Cell]]:
    levels, odd = _levels(_pool(table))
    return [[Cell("", int(n), bool(o)) for n, o in zip(*of_row)] for of_row in zip(levels, odd)]


def _levels(table: Array) -> tuple[Array, Array]:
    """Return the tint of each entry, and which entries are not finite.

    Every entry that is not zero gets a tint, however small it is compared with the largest.
    """
    finite = np.isfinite(table)
    magnitude = np.abs(np.where(finite, table, 0))
    share = magnitude / (magnitude.max() or 1.0)
    return np.sign(np.where(finite, table, 0)) * np.ceil(STEPS * share), ~finite


def _pool(table: Array) -> Array:
    """Pool a table to at most `_MAP` rows and columns, by the entry of largest magnitude.

    So a single spike survives. A cell is NaN if one of its entries is not finite.
    """
    finite = np.isfinite(table)
    known = np.where(finite, table, 0)
    starts = [
        np.unique(np.linspace(0, n, min(n, most), endpoint=False).astype(int))
        for n, most in zip(table.shape, (_MAP, 2 * _MAP if len(table) == 1 else _MAP))
    ]

    def over(reduce: Any, of: Array) -> Array:
        pooled: Array = reduce(reduce(of, starts[0], axis=0), starts[1], axis=1)
        return pooled

    high, low = over(np.maximum.reduceat, known), over(np.minimum.reduceat, known)
    pooled = np.where(-low > high, low, high)
    return np.where(over(np.logical_and.reduceat, finite), pooled, np.nan)


def _statistics(array: Array) -> list[str]:
    """Return lines with the range, mean and norm of finite entries, and counts of the others."""
    array = array.astype(float)
    known = array[np.isfinite(array)]
    lines = []
    if known.size:
        low, mean, high = (format_number(f(known), 4) for f in (np.min, np.mean, np.max))
        norm = format_number(
            np.sqrt(np.square(known).sum()), 4
        )  # a dot product would start threads
        lines += [f"min {low} · max {high}", f"mean {mean} · norm {norm}"]
    zeros, nans, infs = (
        int(np.count_nonzero(which)) for which in (array == 0, np.isnan(array), np.isinf(array))
    )
    counts = [f"{format_number(100 * zeros / array.size, 2)}% zeros"] if zeros else []
    counts += [f"{n} {name}" for n, name in ((nans, "NaN"), (infs, "inf")) if n]
    return [*lines, " · ".join(counts)] if counts else lines
