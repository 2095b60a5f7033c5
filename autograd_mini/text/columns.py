"""Lay out rows of text in columns that fit the terminal.

If rows are too wide, cells are shortened first, then columns are left out, then names are cut.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .format import cut_in_the_middle, first_number, truncate, width, wrap
from .terminal import colorize, transliterate

LONGEST_NUMBER = 12  # the width of -1.2346e-300; words up to this width are not cut
_NARROWEST = 20  # the least width of a row
_SHORTEST_NAME = 7  # columns of a name that is cut
_GAP = "  "


class Section(NamedTuple):
    """Rows under a header."""

    rows: Sequence[Sequence[str]]  #: the header first
    shrink: Sequence[tuple[Sequence[int], int]]  #: columns to shorten in turn, and least widths
    colors: Mapping[int, str]
    drop: Sequence[int] = ()  #: columns to leave out in turn, if shortening is not enough
    values: Sequence[int] = ()  #: columns of arrays, which keep at least their first number
    names: int = 1  #: the column of names, which are cut if nothing else is enough
    instead: Section | None = None  #: the same rows with shorter cells, if these would be cut


def format_sections(sections: Iterable[Section], columns: int | None, colored: bool) -> str:
    """Return the sections in letters that standard output can write.

    They are `columns` wide, or as wide as the terminal. Cells are transliterated before they are
    measured, because a replacement may be wider than its letter.
    """
    available = max(_NARROWEST, shutil.get_terminal_size().columns if columns is None else columns)
    texts = []
    for section in sections:
        while section.instead and _total(_whole(section)) > available:
            section = section.instead
        rows = [[transliterate(cell, sys.stdout) for cell in row] for row in section.rows]
        colors = section.colors if colored else {}
        texts.append("\n".join(_lines(section._replace(rows=rows, colors=colors), available)))
    return transliterate("\n\n".join(texts), sys.stdout)  # again, for the ellipses of cut cells


def _lines(section: Section, available: int) -> Iterator[str]:
    """Yield the rows, and a line for columns that do not fit."""
    flexible = {i for columns, _ in section.shrink for i in columns}
    widths = _fit(section, flexible, available)
    for row in section.rows:
        yield _line(row, widths, flexible, section)
    if dropped := [name.strip() for name, w in zip(section.rows[0], widths) if not w]:
        yield wrap(f"left out: {', '.join(dropped)}", 2, available)
    if _total(widths) > available:
        yield wrap(f"{_total(widths)} columns: names and numbers are not cut", 2, available)


def _fit(section: Section, flexible: set[int], available: int) -> list[int]:
    """Return widths of the columns that fit, with 0 for a column that is left out."""
    columns = list(zip(*section.rows))
    whole = [min(w, available) if i in flexible else w for i, w in enumerate(_whole(section))]
    words = [min(LONGEST_NUMBER, max(map(_width_of_word, column))) for column in columns]
    for i in section.values:
        words[i] = max(
            words[i], *(width(first_number(x, 0)) for x in columns[i] if x[:1] == "["), 0
        )
    for dropped in range(len(section.drop) + 1):
        widths = [0 if i in section.drop[:dropped] else w for i, w in enumerate(whole)]
        for chosen, least in section.shrink:
            for _ in range(_total(widths) - available):
                if wide := [i for i in chosen if widths[i] > max(least, words[i])]:
                    widths[max(wide, key=widths.__getitem__)] -= 1
        if _total(widths) <= available:
            break
    cut = min(
        widths[section.names],
        max(_SHORTEST_NAME, available - _total(widths) + widths[section.names]),
    )
    widths[section.names] = cut
    return widths


def _whole(section: Section) -> list[int]:
    """Return the widths of the columns with nothing cut."""
    return [max(map(width, column)) for column in zip(*section.rows)]


def _width_of_word(cell: str) -> int:
    """Return the width of a number or a name; 0 for an array or a formula, which can be cut."""
    return 0 if cell.startswith("[") or " " in cell else width(cell)


def _total(widths: Sequence[int]) -> int:
    """Return the width of a row, whose first gap is one blank narrower than the others."""
    return sum(widths) + len(_GAP) * (sum(w > 0 for w in widths) - 1) - 1


def _line(row: Sequence[str], widths: Sequence[int], flexible: set[int], section: Section) -> str:
    """Return cells next to each other: the first aligned to the right, the others to the left."""
    cells = [
        first_number(cell, w) if i in section.values and w
        else truncate(cell, w) if i in flexible and w
        else cut_in_the_middle(cell, w) if i == section.names and w
        else cell
        for i, (cell, w) in enumerate(zip(row, widths))
    ]  # fmt: skip
    colors = section.colors
    blanks = [" " * (w - width(cell)) for cell, w in zip(cells, widths)]
    cells = [colorize(c, colors[i]) if c and i in colors else c for i, c in enumerate(cells)]
    line = _GAP.join(c + b for c, b, w in zip(cells[1:], blanks[1:], widths[1:]) if w)
    return f"{blanks[0]}{cells[0]} {line}".rstrip()
