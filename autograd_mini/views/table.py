"""The tape as a table of text: a Wengert list, as the textbooks print it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .terminal import BACKWARD, FORWARD, is_colored, painted, spelled
from .trace import Trace
from .trace import called as names_of
from .writing import arguments, made_by, shortened, values, width, wrapped

if TYPE_CHECKING:
    from ..tape import Tape

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


def table(
    tape: Tape,
    names: Mapping[str, Any] | None = None,
    *,
    adjoints: bool = False,
    width: int | None = None,
) -> str:
    """The Wengert list: a row for each tensor of the tape, in the order of computation.

    Parameters
    ----------
    tape : Tape
        What to show.
    names : mapping, optional
        Variables, as ``locals()`` gives them: what to call arrays, and tensors that have no name.
    adjoints : bool
        Also show the derivative of the result with respect to each active tensor; and below, a row
        for each step of the backward pass: whose rule adds what to which derivative.
    width : int, optional
        Columns to fit into; the terminal's when not given. Arguments, rules, arrays and operations
        are shortened to fit, and where that is not enough shapes, arguments and rules are left out.
        Numbers and names are never cut: what is still too wide for them says so in its last line.

    Returns
    -------
    str
        Lines without trailing blanks or colours, in letters that standard output can write.
        ``tape[3]`` is row 3; a tensor without a name is called ``v3`` by that number.

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
    return _written(_sections(tape, names, adjoints), width, colored=False)


def printed(tape: Tape, *, adjoints: bool = False, width: int | None = None) -> str:
    """The table as `print` writes it: in colour, where standard output is a terminal."""
    return _written(_sections(tape, {}, adjoints), width, is_colored(sys.stdout))


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


def _sections(tape: Tape, names: Mapping[str, Any] | None, adjoints: bool) -> Iterator[_Section]:
    """The forward rows; with `adjoints` the backward rows too."""
    trace = Trace.of(tape.result, names) if adjoints else None
    called = trace.called if trace else names_of(tape, names or {})
    rows = [["#", "name", "op", "arguments", "shape", "value"]]
    for i, t in enumerate(tape):
        call = ", ".join(arguments(t, called))
        rows.append([str(i), called[t.order], made_by(t), call, str(t.shape), values(t.data)])
    if trace:
        rows[0].append(f"∂{called[tape.result.order]}/∂")
        for row, t in zip(rows[1:], tape):
            row.append(values(trace.adjoints[t]) if t in trace.adjoints else "")
    numbers = range(5, len(rows[0]))
    colors = {5: FORWARD, 6: BACKWARD}
    yields = [([3], 24), (numbers, _LEAST), ([2, 3], _LEAST), (numbers, 0), ([3], 0)]
    yield _Section(rows, yields, colors, goes=[4, 3])
    if trace:
        # The operation stands above, by its number; a rule says something only as a whole.
        yields = [([1], 12), ([4], 26), ([5], 16), ([4], 16), ([5], 0), ([4], 0)]
        yield _Section(list(_steps(tape, trace)), yields, {5: BACKWARD}, goes=[1, 4])


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
