"""Arrays as the page shows them: written once each, as texts and tints, never as bare numbers.

The page computes nothing: it gets each array as the cells of a `card`, and refers to it by number.
The same tape with other numbers in it (another training step, another input) is the same page with
another pool.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .card import Block, block
from .palette import STEPS
from .writing import number

#: an array, as it is written into the page; see `Pool.write`
Written = dict[str, Any]

_DECIMALS = 4
_USUAL = "-0.0000"
_EXAMPLES = 24  # of a batch, that can be looked at one by one
_LARGEST_EXAMPLE = 512  # entries


def minus(text: str) -> str:
    """The text with the sign that is as wide as a digit."""
    return text.replace("-", "−")


class Pool:
    """The arrays of a page, in the order in which they were first asked for.

    Parameters
    ----------
    batch : int
        The length of the first axis of what holds one row per example; 0 for no batch.
    most : int, optional
        Of larger arrays only the statistics are written: for pages that would be too large.
    """

    def __init__(self, batch: int = 0, most: int | None = None) -> None:
        self.batch, self.most = batch, most
        self.items: list[Written | str] = []
        self._numbers: dict[Any, int] = {}
        self._alive: list[Any] = []  # an id is an array's own only as long as the array lives

    def array(self, x: Any) -> int:
        """The number of an array."""
        if id(x) not in self._numbers:
            self._numbers[id(x)] = len(self.items)
            self._alive.append(x)
            self.items.append(self.write(x))
        return self._numbers[id(x)]

    def text(self, text: str) -> int:
        """The number of a line of text that has numbers in it."""
        self.items.append(minus(text))
        return len(self.items) - 1

    def write(self, x: Any) -> Written:
        """An array: its shape, its cells, and what is said of it.

        ``tint`` has a string for each row, a letter for each cell: "i" is zero, "a" the most
        negative, "q" the most positive, "!" what is not finite. ``text`` has the numbers, and is
        absent where the cells are a heat map. ``each`` holds the examples of a batch.
        """
        if self.most is not None and np.size(x) > self.most:
            return _described(x)
        written = _of_block(block("", "", x), x)
        if self.batch and isinstance(x, np.ndarray) and _is_batch(x, self.batch):
            written["each"] = [
                _of_block(block("", "", row), row) for row in map(np.asarray, x[:_EXAMPLES])
            ]
        return written


def _described(x: Any) -> Written:
    """An array of which no entries are shown: its smallest and largest."""
    written: Written = {"shape": str(x.shape), "tint": ["i"], "text": [["…"]]}
    if isinstance(x, np.ndarray) and x.dtype.kind == "f" and np.isfinite(x).all():
        written["notes"] = [minus(f"{number(x.min(), 3)} to {number(x.max(), 3)}")]
    elif isinstance(x, np.ndarray) and x.dtype.kind == "f":
        written["tint"] = ["!"]
    return written


def sized(found: Block, x: Any) -> Block:
    """A block with the texts of the page, none narrower than a usual number.

    So the card has room for them, and for the numbers of another variant too.
    """
    if found.is_map or not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        return found
    texts = _aligned([[cell.text for cell in row] for row in found.rows], x)
    rows = [
        [cell._replace(text=max(text, _USUAL, key=len)) for cell, text in zip(row, of_row)]
        for row, of_row in zip(found.rows, texts)
    ]
    return found._replace(rows=rows)


def _is_batch(x: Any, batch: int) -> bool:
    return x.ndim > 0 and len(x) == batch and x.size // batch <= _LARGEST_EXAMPLE


def batch_of(arrays: Sequence[Any]) -> int:
    """The length of the first axis that most matrices share; 0 where there is none in common."""
    lengths = [len(x) for x in arrays if isinstance(x, np.ndarray) and x.ndim > 1 and len(x) > 1]
    common = max(set(lengths), key=lengths.count, default=0)
    return common if lengths.count(common) > 1 else 0


def _of_block(found: Block, x: Any) -> Written:
    tint = ["".join(_letter(c.level, c.odd) for c in row) for row in found.rows]
    shape = str(x.shape) if x.dtype == float else f"{x.dtype}{x.shape}"
    written: Written = {"shape": shape, "tint": tint}
    if not found.is_map:
        texts = [[cell.text for cell in row] for row in found.rows]
        written["text"] = [[minus(text) for text in row] for row in _aligned(texts, x)]
    notes = [minus(note) for note in found.notes]
    return {**written, "notes": notes} if notes else written


def _letter(level: int, odd: bool) -> str:
    return "!" if odd else chr(ord("a") + STEPS + level)


def _aligned(texts: list[list[str]], x: Any) -> list[list[str]]:
    """The numbers with as many decimals each, so that they stand below one another."""
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or not x.size:
        return texts
    values = x.astype(float).reshape(len(texts), -1)
    known = np.abs(values[np.isfinite(values)])
    largest = float(known.max(initial=0))
    if largest >= 1e6 or (known == np.rint(known)).all():
        return texts
    decimals = max(1, _DECIMALS - max(0, math.floor(math.log10(largest or 1))))
    least = 10.0 ** (1 - decimals) if decimals < _DECIMALS else 0.01
    return [
        [
            f"{v + 0.0:.{decimals}f}" if v == 0 or least <= abs(v) < math.inf else text
            for text, v in zip(row, of_row)
        ]
        for row, of_row in zip(texts, values)
    ]
