"""TODO: autograd_mini.text.columns."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .format import shortened, width, wrapped
from .terminal import painted, spelled

_LEAST = 12  # the longest number, -1.2346e-300, still fits: a word of so many columns is not cut


_NARROWEST = 20  # columns; narrower than that no row can be told from another


_GAP = "  "


class _Section(NamedTuple):
    """Rows under a header.

    Attributes
    ----------
    rows : sequence of sequence of str
        The header first.
    yields : sequence of (columns, least width)
        Which columns give way, in this order, when there is no room.
    colors : mapping of column to colour
    goes : sequence of int
        Which columns go as a whole, in this order, when giving way is not enough.
    """

    rows: Sequence[Sequence[str]]
    yields: Sequence[tuple[Sequence[int], int]]
    colors: Mapping[int, str]
    goes: Sequence[int] = ()


def _written(sections: Iterable[_Section], columns: int | None, colored: bool) -> str:
    """The sections below each other, in so many columns, or in those that the terminal has.

    Cells are spelled before they are put in columns, since a spelling may be wider than its letter.
    """
    room = max(_NARROWEST, shutil.get_terminal_size().columns if columns is None else columns)
    texts = []
    for section in sections:
        rows = [[spelled(cell, sys.stdout) for cell in row] for row in section.rows]
        colors = section.colors if colored else {}
        texts.append("\n".join(_lines(section._replace(rows=rows, colors=colors), room)))
    return spelled("\n\n".join(texts), sys.stdout)  # again, for the ellipses of what was cut


def _lines(section: _Section, room: int) -> Iterator[str]:
    flexible = {i for columns, _ in section.yields for i in columns}
    widths = _fitted(section, flexible, room)
    for row in section.rows:
        yield _line(row, widths, flexible, section.colors)
    if gone := [name for name, w in zip(section.rows[0], widths) if not w]:
        yield wrapped(f"no room for {', '.join(gone)}", 2, room)
    if _total(widths) > room:
        yield wrapped(f"{_total(widths)} columns: names and numbers are not cut", 2, room)


def _fitted(section: _Section, flexible: set[int], room: int) -> list[int]:
    """The widths of the columns when they fit the room: one after the other gives way, and then
    goes, which is a width of 0."""
    columns = list(zip(*section.rows))
    whole = [max(map(width, column)) for column in columns]
    whole = [min(w, room) if i in flexible else w for i, w in enumerate(whole)]
    words = [min(_LEAST, max(map(_word, column))) for column in columns]
    for gone in range(len(section.goes) + 1):
        widths = [0 if i in section.goes[:gone] else w for i, w in enumerate(whole)]
        for chosen, least in section.yields:
            for _ in range(_total(widths) - room):
                if wide := [i for i in chosen if widths[i] > max(least, words[i])]:
                    widths[max(wide, key=widths.__getitem__)] -= 1
        if _total(widths) <= room:
            break
    return widths


def _word(cell: str) -> int:
    """The columns of a number or a name: neither an array nor a formula, which can be cut."""
    return 0 if cell.startswith("[") or " " in cell else width(cell)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (sum(w > 0 for w in widths) - 1) - 1


def _line(
    row: Sequence[str], widths: Sequence[int], flexible: set[int], colors: Mapping[int, str]
) -> str:
    """Cells beside each other, the first to the right, the others to the left of their columns."""
    cells = [
        shortened(cell, w) if i in flexible and w else cell
        for i, (cell, w) in enumerate(zip(row, widths))
    ]
    blanks = [" " * (w - width(cell)) for cell, w in zip(cells, widths)]
    cells = [painted(c, colors[i]) if c and i in colors else c for i, c in enumerate(cells)]
    line = _GAP.join(c + b for c, b, w in zip(cells[1:], blanks[1:], widths[1:]) if w)
    return f"{blanks[0]}{cells[0]} {line}".rstrip()
