"""Lay out rows of text in columns that fit the terminal.

Rows that are too wide have cells shortened, and then columns left out.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .format import truncate, width, wrap
from .terminal import colorize, transliterate

LONGEST_NUMBER = 12  # columns of -1.2346e-300; words up to this width are not cut
_NARROWEST = 20  # columns; rows that are narrower look all the same
_GAP = "  "


class Section(NamedTuple):
    """Rows under a header.

    Attributes
    ----------
    rows : sequence of sequence of str
        The header first.
    shrink : sequence of (columns, least width)
        Which columns are shortened, in this order, if the rows are too wide.
    colors : mapping of column to colour
    drop : sequence of int
        Which columns are left out, in this order, if shortening is not enough.
    """

    rows: Sequence[Sequence[str]]
    shrink: Sequence[tuple[Sequence[int], int]]
    colors: Mapping[int, str]
    drop: Sequence[int] = ()


def format_sections(sections: Iterable[Section], columns: int | None, colored: bool) -> str:
    """Return the sections one below the other, in letters that standard output can write.

    They are `columns` wide, or as wide as the terminal. Cells are transliterated before they are
    measured, since a replacement may be wider than its letter.
    """
    available = max(_NARROWEST, shutil.get_terminal_size().columns if columns is None else columns)
    texts = []
    for section in sections:
        rows = [[transliterate(cell, sys.stdout) for cell in row] for row in section.rows]
        colors = section.colors if colored else {}
        texts.append("\n".join(_lines(section._replace(rows=rows, colors=colors), available)))
    return transliterate("\n\n".join(texts), sys.stdout)  # again, for the ellipses of cut cells


def _lines(section: Section, available: int) -> Iterator[str]:
    """Yield the rows, and a line for what did not fit."""
    flexible = {i for columns, _ in section.shrink for i in columns}
    widths = _fit(section, flexible, available)
    for row in section.rows:
        yield _line(row, widths, flexible, section.colors)
    if gone := [name for name, w in zip(section.rows[0], widths) if not w]:
        yield wrap(f"no room for {', '.join(gone)}", 2, available)
    if _total(widths) > available:
        yield wrap(f"{_total(widths)} columns: names and numbers are not cut", 2, available)


def _fit(section: Section, flexible: set[int], available: int) -> list[int]:
    """Return the widths of the columns, made to fit; 0 for a column that is left out."""
    columns = list(zip(*section.rows))
    whole = [max(map(width, column)) for column in columns]
    whole = [min(w, available) if i in flexible else w for i, w in enumerate(whole)]
    words = [min(LONGEST_NUMBER, max(map(_width_of_word, column))) for column in columns]
    for dropped in range(len(section.drop) + 1):
        widths = [0 if i in section.drop[:dropped] else w for i, w in enumerate(whole)]
        for chosen, least in section.shrink:
            for _ in range(_total(widths) - available):
                if wide := [i for i in chosen if widths[i] > max(least, words[i])]:
                    widths[max(wide, key=widths.__getitem__)] -= 1
        if _total(widths) <= available:
            break
    return widths


def _width_of_word(cell: str) -> int:
    """Return the width of a number or a name; 0 for an array or a formula, which can be cut."""
    return 0 if cell.startswith("[") or " " in cell else width(cell)


def _total(widths: Sequence[int]) -> int:
    """Return the width of a row; the first gap is one blank narrower than the others."""
    return sum(widths) + len(_GAP) * (sum(w > 0 for w in widths) - 1) - 1


def _line(
    row: Sequence[str], widths: Sequence[int], flexible: set[int], colors: Mapping[int, str]
) -> str:
    """Return cells next to each other: the first aligned to the right, the others to the left."""
    cells = [
        truncate(cell, w) if i in flexible and w else cell
        for i, (cell, w) in enumerate(zip(row, widths))
    ]
    blanks = [" " * (w - width(cell)) for cell, w in zip(cells, widths)]
    cells = [colorize(c, colors[i]) if c and i in colors else c for i, c in enumerate(cells)]
    line = _GAP.join(c + b for c, b, w in zip(cells[1:], blanks[1:], widths[1:]) if w)
    return f"{blanks[0]}{cells[0]} {line}".rstrip()
