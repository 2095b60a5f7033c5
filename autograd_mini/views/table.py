"""The tape as a table of text: a Wengert list, as the textbooks print it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from .writing import arguments, labels, made_by, shortened, values, width

if TYPE_CHECKING:
    from ..tape import Tape

_HEADER = ["#", "name", "op", "arguments", "shape", "value"]
_ARGUMENTS, _VALUE, _DERIVATIVE = 3, 5, 6  # the columns that may be shortened
_FLEXIBLE = (_ARGUMENTS, _VALUE, _DERIVATIVE)
_LEAST = 12  # the longest number, -1.2346e-300, still fits
_NARROWEST = 20  # columns; narrower than that no row can be told from another
_GAP = "  "


def table(tape: Tape, *, adjoints: bool = False, width: int | None = None) -> str:
    """The Wengert list: a row for each tensor of the tape, in the order of computation.

    Parameters
    ----------
    tape : Tape
        What to show.
    adjoints : bool
        Also show the derivative of the result with respect to each active tensor.
    width : int, optional
        Columns to fit into; the terminal's when not given. Arguments, values and derivatives are
        shortened to fit, numbers, names and operations never.

    Returns
    -------
    str
        Lines without trailing blanks. ``tape[3]`` is row 3; a tensor without a name is called
        ``v3`` by that number.

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
    """
    called = labels(tape)
    rows = []
    for i, t in enumerate(tape):
        call = ", ".join(arguments(t, called))
        rows.append([str(i), called[t.order], made_by(t), call, str(t.shape), values(t.data)])
    header = list(_HEADER)
    if adjoints:
        found = tape.adjoints()
        header.append(f"∂{called[tape.result.order]}/∂")
        for row, t in zip(rows, tape):
            row.append(values(found[t]) if t in found else "")
    room = max(_NARROWEST, shutil.get_terminal_size().columns if width is None else width)
    return _laid_out([header, *rows], room)


def _laid_out(rows: list[list[str]], room: int) -> str:
    widths = _fitted([max(map(width, column)) for column in zip(*rows)], room)
    return "\n".join(_line(row, widths) for row in rows)


def _fitted(widths: list[int], room: int) -> list[int]:
    """The widths of the columns when they fit the room: long arguments give way, then numbers."""
    widths = [min(w, room) if i in _FLEXIBLE else w for i, w in enumerate(widths)]
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - 1 - room
    numbers = tuple(range(_VALUE, len(widths)))
    for columns, least in [((_ARGUMENTS,), 16), (numbers, _LEAST), ((_ARGUMENTS,), _LEAST)]:
        while excess > 0:
            widest = max(columns, key=widths.__getitem__)
            if widths[widest] <= least:
                break
            widths[widest] -= 1
            excess -= 1
    return widths


def _line(row: list[str], widths: list[int]) -> str:
    cells = [
        shortened(cell, w) if i in _FLEXIBLE else cell
        for i, (cell, w) in enumerate(zip(row, widths))
    ]
    blanks = [" " * (w - width(cell)) for cell, w in zip(cells, widths)]
    line = _GAP.join(map(str.__add__, cells[1:], blanks[1:]))
    return f"{blanks[0]}{cells[0]} {line}".rstrip()
