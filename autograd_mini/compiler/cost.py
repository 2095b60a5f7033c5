"""``ag.cost``: what each step of a program computes, moves and keeps, and how long it should take.

The steps are those that `compile` runs. `work` counts what they do, and `roofline` turns it into
time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.messages import describe
from ..core.registry import name_of
from ..text.format import format_number, width
from ..text.terminal import transliterate
from . import work
from .compiled import Compiled, CompiledStep
from .executable import traced
from .ir import Program, Step, Value, memory_of
from .jit import compile
from .roofline import Machine, machine
from .state import undone_on_error

_MOST_ROWS = 50  #: of a table; a longer program shows its slowest steps
_WIDEST = 30  #: characters of a step in the table

#: The time of a call in calls of `np.add`: for each function, and for each array. A training step
#: also looks for the arrays of its model and its optimiser, and for changes of them.
_CALL: dict[type, tuple[float, float]] = {Compiled: (5, 0.6), CompiledStep: (48, 3.0)}


@dataclass(frozen=True)
class StepCost:
    """What one step costs; see `cost`."""

    part: str
    step: str
    shape: tuple[int, ...]
    flops: int
    read: int
    written: int
    kept: int
    seconds: float


@dataclass(frozen=True)
class Cost:
    """The cost of a program, which `cost` returns. Print it to see a table."""

    steps: tuple[StepCost, ...]
    call: float  #: seconds to check the arguments, and to return the results
    machine: Machine

    @property
    def total(self) -> StepCost:
        """The sums over all steps, and the time of the call.

        Examples
        --------
        >>> import numpy as np
        >>> import autograd_mini as ag
        >>> ag.cost(lambda x: x @ x, np.ones((10, 10))).total.flops
        2000
        """
        flops, read, written, kept = (
            sum(getattr(step, name) for step in self.steps)
            for name in ("flops", "read", "written", "kept")
        )
        seconds = self.call + sum(step.seconds for step in self.steps)
        return StepCost("", "total", (), flops, read, written, kept, seconds)

    def __str__(self) -> str:
        shown = set(sorted(self.steps, key=lambda step: -step.seconds)[:_MOST_ROWS])
        rows, part = [list(_HEADER)], ""
        for step in self.steps:
            if step in shown:
                rows += [[step.part, *[""] * 6]] * (step.part != part) + [_cells(step)]
                part = step.part
        hidden = len(self.steps) - len(shown)
        rows += [[f"and {hidden:,} faster steps", *[""] * 6]] * bool(hidden)
        rows += [["call", *[""] * 5, _microseconds(self.call)], _cells(self.total)]
        lines = [*_aligned(rows), "", f"machine: {self.machine}"]
        return transliterate("\n".join(lines), sys.stdout)

    def __repr__(self) -> str:
        return str(self)


def cost(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Cost:
    """Predict how long each step of a compiled function takes, and return a table.

    `f` is turned into a NumPy program, as `compile` does, but the program does not run. A step is a
    line of this program, such as ``v1 = matmul(x, w)``. Its time follows from the number of its
    arithmetic operations, and from the number of bytes that it reads and writes.

    Parameters
    ----------
    f : callable
        A function that `compile` accepts, or a compiled function. To include the backward pass,
        pass a function that computes it, such as ``ag.value_and_grad(loss)``.
    *args, **kwargs
        The arguments of `f`. Only their shapes and dtypes matter.

    Returns
    -------
    Cost
        ``print`` shows it as a table. ``.steps`` has a row for each step, and ``.total`` is the row
        of sums. In a row, ``.flops`` is the number of arithmetic operations. ``.read``,
        ``.written`` and ``.kept`` are numbers of bytes, where ``.kept`` are the bytes stored for
        the backward pass. ``.seconds`` is the predicted time. The ``.machine`` of the
        result has the ``bandwidth``, ``peak`` and ``overhead`` that are explained in the notes.

    Raises
    ------
    TypeError, RuntimeError
        If `compile` cannot compile `f`.

    Notes
    -----
    A product of an (m, k) matrix and a (k, n) matrix counts as 2 m n k operations. An elementwise
    step counts as one operation for each entry. Quotients, roots and functions such as ``exp``
    count as 8 to 100 operations for each entry. Each array counts as read or written once. A step
    that moves no data, such as a transpose, costs nothing and has no row.

    Let ``peak`` be the number of operations that this machine performs in a second, and
    ``bandwidth`` the number of bytes that it reads or writes in a second. A step with F operations
    and B bytes takes the longer of the times F / peak and B / bandwidth. This is the roofline
    model. The time to call NumPy, ``overhead``, is added. The first call of `cost` measures the
    machine, which takes less than a second. If other programs run during this measurement, the
    predicted times are too long.

    References
    ----------
    Williams, Waterman, Patterson: Roofline: an insightful visual performance model for multicore
    architectures, Communications of the ACM 52(4), 2009.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> def loss(w, x):
    ...     return np.sum(np.tanh(x @ w))
    >>> cost = ag.cost(ag.value_and_grad(loss), np.ones((16, 8)), np.ones((100, 16)))
    >>> [step.step for step in cost.steps][:2]
    ['v1 = matmul(x, w)', 'v2 = tanh(v1)']
    >>> cost.steps[0].flops == 2 * 100 * 16 * 8
    True
    >>> cost.total.kept == 100 * 8 * 8      # the result of tanh, in float64
    True
    """
    if not callable(f):
        raise TypeError(f"cost needs a function, got {describe(f)}. Write ag.cost(f, x).")
    f = f if isinstance(f, Compiled) else compile(f)
    if isinstance(f, CompiledStep):
        args = (*f._state.read(), *args)
    with undone_on_error(f._f):
        program = traced(f._f, args, kwargs, f._fuse)
    names, kept, speed = _names(program), _kept(program), machine()
    steps = [step for step in program.steps if not work.is_free(step)]
    first, each = _CALL[type(f)]
    call = speed.overhead * (first + each * len(program.arguments))
    return Cost(tuple(_cost(step, names, kept, speed) for step in steps), call, speed)


def _cost(step: Step, names: dict[Value, str], kept: set[int], machine: Machine) -> StepCost:
    flops, read, written = work.flops(step), work.bytes_read(step), work.bytes_written(step)
    seconds = machine.seconds(flops, read + written, str(_dtype(step)), work.calls(step))
    memory = {id(memory_of(v.example)): v for v in step.outs}
    size = sum(v.example.nbytes for key, v in memory.items() if key in kept)
    shape = step.outs[0].shape if step.outs else ()
    return StepCost(step.part, _text(step, names), shape, flops, read, written, size, seconds)


def _dtype(step: Step) -> Any:
    """Return the widest dtype of floats in a step."""
    dtypes = {np.asarray(v.example).dtype for v in (*step.inputs, *step.outs)}
    return max((d for d in dtypes if d.kind == "f"), key=lambda d: d.itemsize, default="float64")


def _kept(program: Program) -> set[int]:
    """Return the ids of the memory that the forward pass writes and the backward pass reads."""
    made = {id(memory_of(v.example)) for s in program.steps if s.part == "forward" for v in s.outs}
    given = {id(memory_of(v.example)) for v in program.arguments}
    used = {
        id(memory_of(v.example)) for s in program.steps if s.part == "backward" for v in s.inputs
    }
    return (made & used) - given


# ---- the table -----------------------------------------------------------------------------------

_HEADER = "step", "shape", "flops", "read", "written", "kept", "µs"


def _names(program: Program) -> dict[Value, str]:
    """Return a name for each value: the user's, that of what it views, or a number."""
    names = {v: v.name or f"x{i}" for i, v in enumerate(program.arguments, 1)}
    number = 0
    for step in program.steps:
        if work.is_free(step):
            names |= dict.fromkeys(step.outs, names[step.inputs[0]] if step.inputs else "view")
            continue
        for value in step.outs:
            number += 1
            names[value] = value.name or f"v{number}"
    return names


def _text(step: Step, names: dict[Value, str]) -> str:
    """Return a step as a line without its options, such as ``v2 = tanh(v1)``."""
    function = (step.name or name_of(step.function)).rpartition(".")[2]
    words = [names[a] if isinstance(a, Value) else _number(a) for a in step.args]
    results = ", ".join(names[v] for v in step.outs)
    return f"{results} = {function}({', '.join(filter(None, words))})"


def _number(x: Any) -> str:
    """Return the text of a number, a place for an array, and nothing for another constant."""
    if isinstance(x, np.ndarray) and x.ndim:
        return "[…]"
    return format_number(x) if isinstance(x, (int, float, np.generic, np.ndarray)) else ""


def _cells(step: StepCost) -> list[str]:
    numbers = (step.flops, step.read, step.written, step.kept)
    text = f"  {step.step}" if step.part else step.step
    if len(text) > _WIDEST:
        text = f"{text[: _WIDEST - 1]}…"
    shape = str(step.shape) if step.part else ""
    return [text, shape, *(f"{n:,}" if n else "" for n in numbers), _microseconds(step.seconds)]


def _microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:.1f}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table: names to the left, numbers to the right."""
    widths = [max(map(width, column)) for column in zip(*rows)]

    def cell(i: int, text: str) -> str:
        blanks = " " * (widths[i] - width(text))
        return text + blanks if i < 2 else blanks + text

    return ["  ".join(cell(i, text) for i, text in enumerate(row)).rstrip() for row in rows]
