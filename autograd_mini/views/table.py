"""The tape as a table of text: a Wengert list, as the textbooks print it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .trace import Trace
from .writing import ELLIPSIS, arguments, labels, made_by, shortened, spelled, values, width

if TYPE_CHECKING:
    from ..tape import Tape

_LEAST = 12  # the longest number, -1.2346e-300, still fits
_NARROWEST = 20  # columns; narrower than that no row can be told from another
_GAP = "  "
_BLUE, _ORANGE = "34", "33"  # of the 16 colours that a terminal's theme chooses


class _Section(NamedTuple):
    """Rows under a header.

    Attributes
    ----------
    rows : sequence of sequence of str
        The header first.
    yields : sequence of (columns, least width)
        Which columns give way, in this order, when there is no room.
    colors : sequence of (column, colour)
    """

    rows: Sequence[Sequence[str]]
    yields: Sequence[tuple[Sequence[int], int]]
    colors: Sequence[tuple[int, str]]


def table(tape: Tape, *, adjoints: bool = False, width: int | None = None) -> str:
    """The Wengert list: a row for each tensor of the tape, in the order of computation.

    Parameters
    ----------
    tape : Tape
        What to show.
    adjoints : bool
        Also show the derivative of the result with respect to each active tensor; and below, a row
        for each step of the backward pass: whose rule adds what to which derivative.
    width : int, optional
        Columns to fit into; the terminal's when not given. Arguments, values and derivatives are
        shortened to fit, numbers, names and operations never.

    Returns
    -------
    str
        Lines without trailing blanks, in plain text. ``tape[3]`` is row 3; a tensor without a name
        is called ``v3`` by that number.

    Raises
    ------
    RuntimeError, ValueError
        With `adjoints`, as `Tape.adjoints`: for a result that was not recorded, or has more than
        one entry.

    References
    ----------
    Baydin, Pearlmutter, Radul, Siskind: Automatic differentiation in machine learning: a survey,
    JMLR 18, 2018, tables 2 and 3. Griewank, Walther: Evaluating Derivatives, 2008, example 1.1.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.views.table import table
    >>> x = ag.tensor(2.0, requires_grad=True, name="x")
    >>> print(table((x * x + 1.0).tape(), adjoints=True, width=80))
    # name  op    arguments  shape  value  ∂v2/∂
    0 x     leaf             ()     2      4
    1 v1    mul   x, x       ()     4      1
    2 v2    add   v1, 1.0    ()     5      1
    <BLANKLINE>
    # op   adds to      rule         contribution
    2 add  ∂v2/∂v1  =   ∂v2/∂v2      1
    1 mul  ∂v2/∂x   =   ∂v2/∂v1 · x  2
    1 mul  ∂v2/∂x   +=  ∂v2/∂v1 · x  2
    """
    lines = (_lines(section, _room(width), color=False) for section in _sections(tape, adjoints))
    return "\n\n".join(map("\n".join, lines))


def printed(tape: Tape) -> str:
    """The table as `print` writes it to this terminal.

    In colour where that is a terminal and ``NO_COLOR`` is not set (https://no-color.org), and with
    other letters where its encoding lacks ours.
    """
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    (section,) = _sections(tape, adjoints=False)
    rows = [[spelled(cell, encoding) for cell in row] for row in section.rows]
    lines = _lines(section._replace(rows=rows), _room(None), color)
    return "\n".join(line.replace(ELLIPSIS, spelled(ELLIPSIS, encoding)) for line in lines)


def _room(columns: int | None) -> int:
    return max(_NARROWEST, shutil.get_terminal_size().columns if columns is None else columns)


def _sections(tape: Tape, adjoints: bool) -> Iterator[_Section]:
    """The forward rows; with `adjoints` the backward rows too."""
    trace = Trace.of(tape.result) if adjoints else None
    called = trace.called if trace else labels(tape)
    rows = [["#", "name", "op", "arguments", "shape", "value"]]
    for i, t in enumerate(tape):
        call = ", ".join(arguments(t, called))
        rows.append([str(i), called[t.order], made_by(t), call, str(t.shape), values(t.data)])
    if trace:
        rows[0].append(f"∂{called[tape.result.order]}/∂")
        for row, t in zip(rows[1:], tape):
            row.append(values(trace.adjoints[t]) if t in trace.adjoints else "")
    numbers = range(5, len(rows[0]))
    yield _Section(rows, [([3], 16), (numbers, _LEAST), ([3], _LEAST)], [(5, _BLUE), (6, _ORANGE)])
    if trace:
        yield _Section(list(_steps(tape, trace)), [([4], 16), ([5], _LEAST), ([4], _LEAST)], [])


def _steps(tape: Tape, trace: Trace) -> Iterator[list[str]]:
    """The backward pass: a row for each contribution, ``+=`` where there is one already."""
    yield ["#", "op", "adds to", "", "rule", "contribution"]
    number = {t.order: i for i, t in enumerate(tape)}
    for step in trace.backward:
        for c in step.contributions:
            sign = "=" if c.value is c.total else "+="
            target = trace.derivative(c.target)
            yield [
                str(number[step.tensor.order]),
                made_by(step.tensor),
                target,
                sign,
                c.formula,
                values(c.value),
            ]


def _lines(section: _Section, room: int, color: bool) -> list[str]:
    flexible = {i for columns, _ in section.yields for i in columns}
    widths = _fitted(section, flexible, room)
    colors = dict(section.colors) if color else {}
    return [_line(row, widths, flexible, colors) for row in section.rows]


def _fitted(section: _Section, flexible: set[int], room: int) -> list[int]:
    """The widths of the columns when they fit the room: one after the other gives way."""
    widths = [max(map(width, column)) for column in zip(*section.rows)]
    widths = [min(w, room) if i in flexible else w for i, w in enumerate(widths)]
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - 1 - room
    for columns, least in section.yields:
        while excess > 0:
            widest = max(columns, key=widths.__getitem__)
            if widths[widest] <= least:
                break
            widths[widest] -= 1
            excess -= 1
    return widths


def _line(
    row: Sequence[str], widths: Sequence[int], flexible: set[int], colors: dict[int, str]
) -> str:
    """Cells beside each other, the first to the right, the others to the left of their columns."""
    cells = [
        shortened(cell, w) if i in flexible else cell
        for i, (cell, w) in enumerate(zip(row, widths))
    ]
    blanks = [" " * (w - width(cell)) for cell, w in zip(cells, widths)]
    painted = [
        f"\x1b[{colors[i]}m{cell}\x1b[m" if cell and i in colors else cell
        for i, cell in enumerate(cells)
    ]
    line = _GAP.join(map(str.__add__, painted[1:], blanks[1:]))
    return f"{blanks[0]}{painted[0]} {line}".rstrip()
