"""Show a tape as a table of text: a Wengert list, as in textbooks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..text.columns import LONGEST_NUMBER, Section, format_sections
from ..text.format import (
    MOST_ENTRIES,
    Names,
    arguments,
    describe_range,
    format_array,
    made_by,
    names_of,
)
from ..text.terminal import BACKWARD, FORWARD, is_colored
from .trace import Trace

if TYPE_CHECKING:
    from ..core.tape import Tape


def table(
    tape: Tape,
    names: Mapping[str, Any] | None = None,
    *,
    adjoints: bool = False,
    width: int | None = None,
) -> str:
    """Return the Wengert list, as `Tape.table` does.

    A large array has its first entries and its range. Arguments, rules, arrays and operations are
    shortened to fit into `width`, but an array keeps its first number. If that is not enough,
    shapes, arguments, rules and operations are left out, and at last names are cut in the middle.
    The last lines report what is missing, or that the table is too wide. The text has no trailing
    blanks or colours, and only letters that standard output can write.

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
    return format_sections(_sections(tape, names, adjoints), width, colored=False)


def printed(tape: Tape, *, adjoints: bool = False, width: int | None = None) -> str:
    """Return the table for `print`: in colour if standard output is a terminal."""
    return format_sections(_sections(tape, {}, adjoints), width, is_colored(sys.stdout))


def _sections(tape: Tape, names: Mapping[str, Any] | None, adjoints: bool) -> Iterator[Section]:
    """Yield the table of the tensors, and with `adjoints` that of the backward pass."""
    if not adjoints:
        yield _tensors(tape, names_of(tape, names), None)
        return
    trace = Trace.of(tape.result, names)
    yield _tensors(tape, trace.names, trace)
    yield _contributions(tape, trace)


def _tensors(tape: Tape, names: Names, trace: Trace | None) -> Section:
    """Return a row for each tensor, with its gradient if there is a trace."""
    head = ["#", "name", "op", "arguments", "shape"]
    facts = [
        [str(i), names[t.order], made_by(t), ", ".join(arguments(t, names)), str(t.shape)]
        for i, t in enumerate(tape)
    ]
    arrays: list[list[Any]] = [[t.data for t in tape]]
    headers = ["value"]
    if trace:
        arrays.append([trace.adjoints.get(t) for t in tape])
        headers.append(f"∂{names[tape.result.order]}/∂")
    ranges = [[_range(x) for x in column] for column in arrays]
    numbers = range(5, 5 + len(headers))
    shrink = [
        ([3], 24),
        (numbers, LONGEST_NUMBER),
        ([2, 3], LONGEST_NUMBER),
        (numbers, 0),
        ([3], 0),
    ]
    section = None
    for most, ranged in _CELLS if any(map(any, ranges)) else _CELLS[:1]:
        cells = zip(*(map(partial(_cell, most, ranged), *both) for both in zip(arrays, ranges)))
        rows = [[*head, *headers], *([*row, *cell] for row, cell in zip(facts, cells))]
        section = Section(
            rows,
            shrink,
            {5: FORWARD, 6: BACKWARD},
            drop=[4, 3, 2],
            values=numbers,
            instead=section,
        )
    assert section is not None
    return section


#: entries of an array, and whether its range follows. Each is used if the next one does not fit.
_CELLS = ((MOST_ENTRIES, False), (1, True), (3, True), (MOST_ENTRIES, True))


def _range(array: Any) -> str:
    """Return the range of a large array, else ""."""
    return describe_range(array) if getattr(array, "size", 0) > MOST_ENTRIES else ""


def _cell(most: int, ranged: bool, array: Any, range_of_large: str) -> str:
    """Return the first entries of an array, and the range of a large one if asked to."""
    if array is None:
        return ""
    if not (ranged and range_of_large):
        return format_array(array)
    return f"{format_array(array, most)} {range_of_large}"


def _contributions(tape: Tape, trace: Trace) -> Section:
    """Return a row for each contribution, in the order of the backward pass."""
    number = {t.order: i for i, t in enumerate(tape)}
    rows = [["#", "op", "adds to", "", "rule", "contribution"]]
    rows += [
        [
            str(number[step.tensor.order]),
            made_by(step.tensor),
            trace.derivative(c.target),
            "=" if c.is_first else "+=",
            trace.backward_formula(c),
            format_array(c.value),
        ]
        for step in trace.backward
        for c in step.contributions
    ]
    # Operations are dropped first, because the first table has them. Half a rule means nothing.
    shrink = [([1], 12), ([4], 26), ([5], 16), ([4], 16), ([5], 0), ([4], 0)]
    return Section(rows, shrink, {5: BACKWARD}, drop=[1, 4], values=[5], names=2)
