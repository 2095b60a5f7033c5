"""Arrays as the page shows them: each is written once, as texts and tints, not as bare numbers.

The page computes nothing. It gets each array as the cells of a `card`, and refers to it by its
position in a pool. The same tape with other numbers (another training step, another input) is the
same page with another pool.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from ..graph.card import Block, Cell, block
from ..graph.palette import STEPS
from ..trace import Trace

#: An array as it is written into the page: see `Pool.write`.
ArrayData: TypeAlias = dict[str, Any]

EXAMPLES = 24  # examples of a batch that the page can show one by one
_DECIMALS = 4
_USUAL = "-0.0000"  # a number of the usual width
_LARGEST_EXAMPLE = 512  # entries
_MOST_BY_EXAMPLE = 200  # tensors on a tape that is shown example by example


def minus(text: str) -> str:
    """Return the text with a minus sign that is as wide as a digit."""
    return text.replace("-", "−")


class Pool:
    """The arrays of a page, in the order in which they were added.

    Parameters
    ----------
    batch : int
        The length of the first axis of arrays with one row per example; 0 for no batch.
    """

    def __init__(self, batch: int = 0) -> None:
        self.batch = batch
        self.items: list[ArrayData | str] = []
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []  # an id is unique only as long as its array is alive

    def array(self, x: Any) -> int:
        """Return the position of an array, which is added once."""
        if id(x) not in self._numbers:
            self._numbers[id(x)] = self.once(x)
            self._alive.append(x)
        return self._numbers[id(x)]

    def once(self, x: Any) -> int:
        """Add an array that will not be looked up again, and return its position."""
        self.items.append(self.write(x))
        return len(self.items) - 1

    def text(self, text: str) -> int:
        """Add a line of text that has numbers in it, and return its position."""
        self.items.append(minus(text))
        return len(self.items) - 1

    def write(self, x: Any) -> ArrayData:
        """Return an array as data: its shape, its cells and its notes.

        ``tint`` has a string for each row, and a letter for each cell: "i" is zero, "a" the most
        negative, "q" the most positive, "!" nan or inf. ``text`` has the numbers; a heat map has
        none. ``each`` has the examples of a batch.
        """
        written = _of_block(block("", "", x), x)
        if self.batch and isinstance(x, np.ndarray) and _is_batch(x, self.batch):
            written["each"] = [
                _of_block(block("", "", row), row) for row in map(np.asarray, x[:EXAMPLES])
            ]
        return written

    def shorten(self, most: int, notes: bool = True) -> None:
        """Remove the entries of arrays with more than `most` cells, to make a page smaller."""
        for i, item in enumerate(self.items):
            if isinstance(item, dict) and sum(map(len, item["tint"])) > most:
                self.items[i] = _shortened(item, notes)
            elif isinstance(item, dict) and not notes and "notes" in item:
                self.items[i] = {key: value for key, value in item.items() if key != "notes"}

    def outline(self, number: int, head: str, meets: bool = False) -> Block:
        """Return a block of a card that is as large as an array.

        No number is narrower than a usual one, so that the numbers of other variants fit too.
        """
        item = self.items[number]
        assert isinstance(item, dict)
        texts = item.get("text") or [[""] * len(row) for row in item["tint"]]
        least = _USUAL if "text" in item and "int" not in item["shape"] else ""
        rows = [[Cell(max(text, least, key=len)) for text in row] for row in texts]
        return Block(head, "", rows, item.get("notes", ()), meets)


def _shortened(item: ArrayData, notes: bool) -> ArrayData:
    """Return an array without its entries: with its smallest and largest, or with its notes."""
    tint = "!" if "!" in "".join(item["tint"]) else "i"
    written: ArrayData = {"shape": item["shape"], "tint": [tint], "text": [["…"]]}
    if not notes:
        return written
    if "text" not in item:
        return written | {"notes": item.get("notes", [])[:1]}
    if tint == "i":
        texts = sorted((t for row in item["text"] for t in row), key=_value)
        written["notes"] = [f"{texts[0]} to {texts[-1]}"]
    return written


def _value(text: str) -> float:
    return float(text.replace("−", "-"))


def _is_batch(x: Any, batch: int) -> bool:
    return x.ndim > 0 and len(x) == batch and x.size // batch <= _LARGEST_EXAMPLE


def batch_of(traces: Sequence[Trace]) -> int:
    """Return the length of the first axis that most matrices share; 0 if there is none in common.

    Return 0 for a long tape, since the page would be too large with each example of each array.
    """
    arrays = [t.data for trace in traces for t in trace.tape]
    lengths = [len(x) for x in arrays if isinstance(x, np.ndarray) and x.ndim > 1 and len(x) > 1]
    common = max(set(lengths), key=lengths.count, default=0)
    return common if lengths.count(common) > 1 and len(arrays) <= _MOST_BY_EXAMPLE else 0


def _of_block(found: Block, x: Any) -> ArrayData:
    tint = ["".join(_letter(c.level, c.odd) for c in row) for row in found.rows]
    shape = str(x.shape) if x.dtype == float else f"{x.dtype}{x.shape}"
    written: ArrayData = {"shape": shape, "tint": tint}
    if not found.is_map:
        texts = [[cell.text for cell in row] for row in found.rows]
        written["text"] = [[minus(text) for text in row] for row in _aligned(texts, x)]
    notes = [minus(note) for note in found.notes]
    return {**written, "notes": notes} if notes else written


def _letter(level: int, odd: bool) -> str:
    return "!" if odd else chr(ord("a") + STEPS + level)


def _aligned(texts: list[list[str]], x: Any) -> list[list[str]]:
    """Return numbers with the same count of decimals, so that they are aligned in a column."""
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
