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

from ..graph.card import Block, Cell, block
from ..graph.palette import STEPS
from ..trace import Trace

#: an array, as it is written into the page; see `Pool.write`
Written = dict[str, Any]

_DECIMALS = 4
_USUAL = "-0.0000"
EXAMPLES = 24  # of a batch, that can be looked at one by one
_LARGEST_EXAMPLE = 512  # entries
_MOST_BY_EXAMPLE = 200  # tensors on a tape that is looked at example by example


def minus(text: str) -> str:
    """The text with the sign that is as wide as a digit."""
    return text.replace("-", "−")


class Pool:
    """The arrays of a page, in the order in which they were first asked for.

    Parameters
    ----------
    batch : int
        The length of the first axis of what holds one row per example; 0 for no batch.
    """

    def __init__(self, batch: int = 0) -> None:
        self.batch = batch
        self.items: list[Written | str] = []
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []  # an id is an array's own only as long as the array lives

    def array(self, x: Any) -> int:
        """The number of an array."""
        if id(x) not in self._numbers:
            self._numbers[id(x)] = self.once(x)
            self._alive.append(x)
        return self._numbers[id(x)]

    def once(self, x: Any) -> int:
        """The number of an array that nobody asks for again, so that it need not be kept."""
        self.items.append(self.write(x))
        return len(self.items) - 1

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
        written = _of_block(block("", "", x), x)
        if self.batch and isinstance(x, np.ndarray) and _is_batch(x, self.batch):
            written["each"] = [
                _of_block(block("", "", row), row) for row in map(np.asarray, x[:EXAMPLES])
            ]
        return written

    def shorten(self, most: int, notes: bool = True) -> None:
        """Show no entries of what has more than `most` cells: for pages that would be too large."""
        for i, item in enumerate(self.items):
            if isinstance(item, dict) and sum(map(len, item["tint"])) > most:
                self.items[i] = _shortened(item, notes)
            elif isinstance(item, dict) and not notes and "notes" in item:
                self.items[i] = {key: value for key, value in item.items() if key != "notes"}

    def outline(self, number: int, head: str, meets: bool = False) -> Block:
        """How much room an array takes, as a block of a card.

        No number is narrower than a usual one, so that those of another variant fit too.
        """
        item = self.items[number]
        assert isinstance(item, dict)
        texts = item.get("text") or [[""] * len(row) for row in item["tint"]]
        least = _USUAL if "text" in item and "int" not in item["shape"] else ""
        rows = [[Cell(max(text, least, key=len)) for text in row] for row in texts]
        return Block(head, "", rows, item.get("notes", ()), meets)


def _shortened(item: Written, notes: bool) -> Written:
    """An array of which no entries are shown: its smallest and largest, or what is said of it."""
    tint = "!" if "!" in "".join(item["tint"]) else "i"
    written: Written = {"shape": item["shape"], "tint": [tint], "text": [["…"]]}
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
    """The length of the first axis that most matrices share; 0 where there is none in common.

    And 0 on a long tape, where there is no room for each example of each array.
    """
    arrays = [t.data for trace in traces for t in trace.tape]
    lengths = [len(x) for x in arrays if isinstance(x, np.ndarray) and x.ndim > 1 and len(x) > 1]
    common = max(set(lengths), key=lengths.count, default=0)
    return common if lengths.count(common) > 1 and len(arrays) <= _MOST_BY_EXAMPLE else 0


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
