"""Arrays as the page shows them: texts and tints instead of numbers.

The page refers to each array by its position in a pool. The same tape with other numbers (another
training step) is the same page with another pool. `live` maps the positions of a pool to results of
the tape's program.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ...core.arrays import Array
from ...text.format import format_number
from ..graph.card import MAX_NUMBERS, Block, Cell, entries, plain_texts
from ..graph.metrics import NUMBER, text_width
from ..graph.palette import STEPS

#: an array as it is written into the page: see `Pool.write`
ArrayData: TypeAlias = dict[str, Any]

EXAMPLES = 24  # examples of a batch that the page can show one by one
_DECIMALS = 4
_MINUS = re.compile(r"(?<!\w)-|(?<=\d[eE])-|-(?!\w)")  # not a hyphen, as in one-hot
_USUAL = "-0.0000"  # a number of the usual width
_LONG = "−0.0000"  # as wide as a number that the page shortens, because it has more characters
_NUMBER = re.compile(r"−?[\d.]+(e[+−]\d+)?$")
#: the longest statistics of a heat map, because its numbers may change
_STATISTICS = ("mean -1.2e-05 · norm 1.2e-05",) * 3
_LARGEST_EXAMPLE = 512  # entries


def minus(text: str) -> str:
    """Return the text with minus signs that are as wide as a digit. Hyphens in words stay.

    Examples
    --------
    >>> minus("cross-entropy: -1.5e-05 - x")
    'cross-entropy: −1.5e−05 − x'
    """
    return _MINUS.sub("−", text) if "-" in text else text


class Entry(NamedTuple):
    """An entry of an array as a part of a line of text."""

    array: Any
    at: int  #: the position among all entries, row by row
    signed: bool = False  #: whether a negative number needs parentheses

    @classmethod
    def of(cls, x: Any, at: Sequence[int], signed: bool = False) -> Entry:
        """Return the entry at an index of an array that `x` broadcasts to."""
        shape, position = np.shape(x), 0
        for i, n in zip(at[len(at) - len(shape) :], shape):
            position = position * n + (i if n > 1 else 0)
        return cls(x, position, signed)

    @property
    def number(self) -> Any:
        return np.asarray(self.array).flat[self.at]

    def __str__(self) -> str:
        text = format_number(self.number)
        return f"({text})" if self.signed and text.startswith("-") else text


class Line(NamedTuple):
    """A line of text with numbers."""

    parts: Sequence[str | Entry] = ()
    #: the line is left out unless the first entry times the second is the third
    product: tuple[Entry, ...] = ()

    def __str__(self) -> str:
        return "".join(map(str, self.parts)) if self.holds else ""

    @property
    def holds(self) -> bool:
        if not self.product:
            return True
        a, b, product = (float(x.number) for x in self.product)
        x = a * b
        if x == product or (x != x and product != product):
            return True
        return abs(x - product) <= 1e-8 + 1e-5 * abs(product) < math.inf


class Computed(NamedTuple):
    """An array that is not on the tape, as a function of arrays that are."""

    array: Any
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Pool:
    """The arrays and lines of text of a tape.

    Attributes
    ----------
    items : list
        The arrays and lines as data.
    sources : list
        For each item the array, the `Computed` array or the `Line` that it was written from, or
        None for one that never changes.
    """

    def __init__(self) -> None:
        self.items: list[ArrayData | str] = []
        self.has_examples = False  # whether some arrays have a row for each example of a batch
        self.sources: list[Any] = []  # this also keeps arrays alive, whose ids are used below
        self._positions: dict[int, int] = {}

    def array(self, x: Any, rows: int = 0) -> int:
        """Add an array, unless it was added before, and return its position.

        If it has a row for each example of a batch, `rows` is the number of examples.
        """
        if id(x) not in self._positions:
            self._positions[id(x)] = self._add(self.write(x, rows), x)
        return self._positions[id(x)]

    def constant(self, x: Any) -> int:
        """Add an array that does not depend on leaves, and return its position."""
        return self._add(self.write(x), None)

    def compute(self, function: Callable[..., Any], *arguments: Any, rows: int = 0) -> int:
        """Add ``function(*arguments)``, computed with NumPy from arrays of the tape."""
        with np.errstate(all="ignore"):
            x = np.asarray(function(*arguments))
        return self._add(self.write(x, rows), Computed(x, function, arguments))

    def text(self, line: Line | str) -> int:
        """Add a line of text, and return its position."""
        return self._add(minus(str(line)), None if line in ("", Line()) else line)

    def position(self, x: Any) -> int:
        """Return the position of an array, or -1 if the page does not show it."""
        return self._positions.get(id(x), -1)

    def _add(self, item: ArrayData | str, source: Any) -> int:
        self.items.append(item)
        self.sources.append(source)
        return len(self.items) - 1

    def write(self, x: Any, rows: int = 0) -> ArrayData:
        """Return an array as data: its shape, its cells and its notes.

        ``tint`` has a string for each row, and a letter for each cell: "i" is zero, "a" the most
        negative, "q" the most positive, "!" nan or inf. ``text`` has the numbers, unless the array
        is shown as a heat map. ``each`` has the examples of a batch, and ``first`` the position of
        the first entry of an example.
        """
        data = _array_data(x)
        if rows and isinstance(x, np.ndarray) and x.size // rows <= _LARGEST_EXAMPLE:
            self.has_examples = True
            examples = [np.asarray(row) for row in x[:EXAMPLES]]
            data["each"] = [{**_array_data(a), "first": i * a.size} for i, a in enumerate(examples)]
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
        self,
        numbers: Iterable[int],
        head: str,
        meets: bool = False,
        most: int = MAX_NUMBERS,
        example: bool = False,
    ) -> Block:
        """Return a block of a card that is large enough for each of some arrays of the same shape.

        Or for each `example` of them. A matrix with more than `most` rows or columns is shown as a
        heat map.
        """
        items = [item for number in numbers if isinstance(item := self.items[number], dict)]
        if example:
            items = [each for item in items for each in item.get("each", [item])]
        return _outline(items, head, meets, most)


def _outline(items: Sequence[ArrayData], head: str, meets: bool, most: int) -> Block:
    """Return a block that is large enough for each of some arrays of the same shape."""
    item = items[0]
    columns = len(item["tint"][0]) if item["tint"] else 0
    is_whole = "int" in item["shape"]  # such numbers do not change
    if "text" not in item or (columns > 1 and max(columns, len(item["text"])) > most):
        rows = [[Cell("")] * len(row) for row in item["tint"]]
        notes = item.get("notes", ())  # there are none if only this card shows a heat map
        return Block(head, "", rows, _STATISTICS if notes and not is_whole else notes, meets)
    texts = {text for each in items for row in each["text"] for text in row}
    texts = {_LONG if len(text) > len(_LONG) and _NUMBER.match(text) else text for text in texts}
    texts |= set() if is_whole else {_USUAL}
    widest = max(texts, key=partial(text_width, font_size=NUMBER))
    rows = [[Cell(widest)] * columns] * len(item["text"])  # all cells of a block are as wide
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


def _array_data(x: Any) -> ArrayData:
    shown = entries(x, write=_aligned)
    tint = ["".join(map(_letter, row)) for row in shown.levels]
    shape = str(x.shape) if x.dtype == float else f"{x.dtype}{x.shape}"
    data: ArrayData = {"shape": shape, "tint": tint}
    if shown.texts[0][0]:  # not a heat map
        # numbers: all their hyphens are minus signs
        data["text"] = [[text.replace("-", "−") for text in row] for row in shown.texts]
    if shown.notes:
        data["notes"] = [minus(note) for note in shown.notes]
    return data


def letter_of(level: int) -> str:
    """Return the letter of a tint: "i" is zero, "a" the most negative, "q" the most positive."""
    return chr(ord("a") + STEPS + level)


def _letter(level: int | None) -> str:
    return "!" if level is None else letter_of(level)


def _aligned(table: Array) -> list[list[str]]:
    """Return numbers with the same number of decimals, so that they align in a column."""
    if table.dtype.kind != "f":
        return plain_texts(table)
    values = table.astype(float).tolist()
    known = [abs(v) for row in values for v in row if math.isfinite(v)]
    largest = max(known, default=0.0)
    if largest >= 1e6 or all(v.is_integer() for v in known):
        return plain_texts(table)
    decimals = max(1, _DECIMALS - max(0, math.floor(math.log10(largest or 1))))
    least = 10.0 ** (1 - decimals) if decimals < _DECIMALS else 0.01
    return [
        [
            f"{v + 0.0:.{decimals}f}" if v == 0 or least <= abs(v) < math.inf else format_number(v)
            for v in row
        ]
        for row in values
    ]
