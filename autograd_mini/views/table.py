"""The tape as a table of text: a Wengert list, as the textbooks print it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..text.columns import _LEAST, _Section, _written
from ..text.format import arguments, made_by, values
from ..text.terminal import BACKWARD, FORWARD, is_colored
from .trace import Trace
from .trace import called as names_of

if TYPE_CHECKING:
    from ..core.tape import Tape


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
