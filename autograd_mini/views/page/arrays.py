"""Arrays as the page shows them: texts and tints instead of numbers.

The page computes nothing, and refers to each array by its position in a pool. The same tape with
other numbers (another training step, another input) is the same page with another pool.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from ..graph.card import MAX_NUMBERS, Block, Cell, block
from ..graph.palette import STEPS
from ..trace import Trace

#: an array as it is written into the page: see `Pool.write`
ArrayData: TypeAlias = dict[str, Any]

EXAMPLES = 24  # examples of a batch that the page can show one by one
_DECIMALS = 4
_MINUS = re.compile(r"(?<!\w)-|(?<=\d[eE])-|-(?!\w)")  # not a hyphen, as in one-hot
_USUAL = "-0.0000"  # a number of the usual width
_LARGEST_EXAMPLE = 512  # entries
_MOST_BY_EXAMPLE = 200  # tensors on a tape that is shown example by example


def minus(text: str) -> str:
    """Return the text with minus signs that are as wide as a digit. Hyphens in words stay.

    Examples
    --------
    >>> minus("cross-entropy: -1.5e-05 - x")
    'cross-entropy: −1.5e−05 − x'
    """
    return _MINUS.sub("−", text)


class Pool:
    """The arrays of a page. A `batch` of examples is shown one by one, if it is not 0."""

    def __init__(self, batch: int = 0) -> None:
        self.batch = batch
        self.items: list[ArrayData | str] = []
        self._positions: dict[int, int] = {}
        self._alive: list[Any] = []  # an id is unique only as long as its array is alive

    def array(self, x: Any) -> int:
        """Add an array, unless it was added before, and return its position."""
        if id(x) not in self._positions:
            self._positions[id(x)] = self.once(x)
            self._alive.append(x)
        return self._positions[id(x)]

    def once(self, x: Any) -> int:
        """Add an array that is used once, and return its position."""
        self.items.append(self.write(x))
        return len(self.items) - 1

    def text(self, text: str) -> int:
        """Add a line of text with numbers, and return its position."""
        self.items.append(minus(text))
        return len(self.items) - 1

    def write(self, x: Any) -> ArrayData:
        """Return an array as data: its shape, its cells and its notes.

        ``tint`` has a string for each row, and a letter for each cell: "i" is zero, "a" the most
        negative, "q" the most positive, "!" nan or inf. ``text`` has the numbers, unless the array
        is shown as a heat map. ``each`` has the examples of a batch.
        """
        data = _array_data(x)
        is_batch = self.batch and isinstance(x, np.ndarray) and x.ndim and len(x) == self.batch
        if is_batch and x.size // self.batch <= _LARGEST_EXAMPLE:
            data["each"] = [_array_data(np.asarray(row)) for row in x[:EXAMPLES]]
        return data

    def shorten(self, most: int, notes: bool = True) -> None:
        """Leave out the entries of arrays with more than `most` cells, to make a page smaller."""
        for i, item in enumerate(self.items):
            if isinstance(item, dict):
                if sum(map(len, item["tint"])) > most:
                    self.items[i] = item = _shortened(item)
                if not notes:
                    item.pop("notes", None)

    def outline(
        self, number: int, head: str, meets: bool = False, most: int = MAX_NUMBERS
    ) -> Block:
        """Return a block of a card that is large enough for an array and its other variants.

        A matrix with more than `most` rows or columns is shown as a heat map.
        """
        item = self.items[number]
        assert isinstance(item, dict)
        texts = item.get("text")
        columns = len(item["tint"][0]) if item["tint"] else 0
        if texts is None or (columns > 1 and max(columns, len(texts)) > most):
            rows = [[Cell("")] * len(row) for row in item["tint"]]
            return Block(head, "", rows, item.get("notes", ()), meets)
        least = _USUAL if "text" in item and "int" not in item["shape"] else ""
        rows = [[Cell(max(text, least, key=len)) for text in row] for row in texts]
        return Block(head, "", rows, item.get("notes", ()), meets)


def _shortened(item: ArrayData) -> ArrayData:
    """Return an array without its entries, and with a note about them."""
    tint = "!" if "!" in "".join(item["tint"]) else "i"
    data: ArrayData = {"shape": item["shape"], "tint": [tint], "text": [["…"]]}
    if "text" not in item:
        data["notes"] = item.get("notes", [])[:1]
    elif tint == "i":
        texts = sorted((t for row in item["text"] for t in row), key=_value)
        data["notes"] = [f"{texts[0]} to {texts[-1]}"]
    return data


def _value(text: str) -> float:
    return float(text.replace("−", "-"))


def batch_of(traces: Sequence[Trace]) -> int:
    """Return the length of the first axis that most matrices share, or else 0.

    Return 0 for a long tape, because each example of each array would make the page too large.
    """
    arrays = [t.data for trace in traces for t in trace.tape]
    lengths = [len(x) for x in arrays if isinstance(x, np.ndarray) and x.ndim > 1 and len(x) > 1]
    common = max(set(lengths), key=lengths.count, default=0)
    return common if lengths.count(common) > 1 and len(arrays) <= _MOST_BY_EXAMPLE else 0


def _array_data(x: Any) -> ArrayData:
    shown = block("", "", x)
    tint = ["".join(_letter(c) for c in row) for row in shown.rows]
    shape = str(x.shape) if x.dtype == float else f"{x.dtype}{x.shape}"
    data: ArrayData = {"shape": shape, "tint": tint}
    if not shown.is_map:
        texts = [[cell.text for cell in row] for row in shown.rows]
        data["text"] = [[minus(text) for text in row] for row in _aligned(texts, x)]
    if shown.notes:
        data["notes"] = [minus(note) for note in shown.notes]
    return data


def _letter(cell: Cell) -> str:
    return "!" if cell.odd else chr(ord("a") + STEPS + cell.level)


def _aligned(texts: list[list[str]], x: Any) -> list[list[str]]:
    """Return numbers with the same number of decimals, so that they align in a column."""
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
