"""Trace: a tape's two passes as steps, which every view writes out.

Forward, a step is a record. Backward, a step is a record too: the derivative that has arrived at
it is complete, and its rules pass one contribution on to each active argument, where contributions
are added up. A trace touches no ``.grad`` and changes nothing; it is computed by the same rules,
and the same undoing of broadcasts, as the sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core.arrays import unwrap
from ..core.backward import unbroadcast
from ..core.context import unobserved
from ..core.tape import Tape
from ..core.tensor import Tensor
from ..notation.plain import Plain
from ..notation.symbolic import SymbolicRule, symbolic_rules
from ..text.format import Called, Place, labels, one_line, variable


@dataclass(frozen=True)
class Contribution:
    """What one use of a tensor adds to its derivative."""

    target: Tensor
    source: Tensor  #: the record that the rule belongs to
    argument: int  #: which argument of it the target is
    rule: SymbolicRule  #: what the rule makes of symbols
    formula: str
    value: Any
    spread: Any  #: what the rule gave, before a broadcast was undone
    summed: str  #: where the target had been broadcast: over which axes that was summed
    total: Any  #: the running sum, this one included
    open: int  #: how many more are still to come


@dataclass(frozen=True)
class Step:
    """One operation, in one of the two passes."""

    phase: str  #: "forward" or "backward"
    tensor: Tensor
    formula: str
    value: Any  #: what it computed; backward, the derivative that arrived
    contributions: tuple[Contribution, ...] = ()


@dataclass(frozen=True)
class Trace:
    """The steps of a tape, and what its tensors are called.

    Attributes
    ----------
    tape : Tape
    called : mapping of int or Place to str
        What to call each tensor, by its creation number; and an array that is in a variable, by its
        place. No two alike.
    adjoints : mapping of Tensor to array
        The derivative of the result by each active tensor.
    forward, backward : sequence of Step
        The two passes, worked out when they are first asked for.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> trace = Trace.of(x * x, names={})
    >>> [step.formula for step in trace.forward]
    ['x · x']
    >>> [(c.formula, c.total.item(), c.open) for c in trace.backward[0].contributions]
    [('∂v1/∂v1 · x', 3.0, 1), ('∂v1/∂v1 · x', 6.0, 0)]
    """

    tape: Tape
    called: Called
    adjoints: Mapping[Tensor, Any] = field(repr=False)
    _ruled: dict[int, Mapping[int, SymbolicRule]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        result: Tensor,
        names: Mapping[str, Any] | None = None,
        gradient: ArrayLike | None = None,
    ) -> Trace:
        """The trace of the tape behind `result`.

        Parameters
        ----------
        names : mapping of str to anything, optional
            Variables, as ``locals()`` gives them: what to call arrays, and tensors without a name.
        gradient : array_like, optional
            The cotangent to start from; one for a result of one entry.
        """
        tape = Tape(result)
        with unobserved(), np.errstate(all="ignore"):  # a view shows nan and inf, without a warning
            adjoints = tape.adjoints(gradient)
        return cls(tape, called(tape, names or {}), adjoints)

    @property
    def result(self) -> Tensor:
        """Where the tape ends."""
        return self.tape.result

    @cached_property
    def forward(self) -> tuple[Step, ...]:
        """A step for each record, in the order of computation."""
        return tuple(Step("forward", t, self.forward_formula(t), t.data) for t in self.tape if t.op)

    @cached_property
    def backward(self) -> tuple[Step, ...]:
        """A step for each record that a derivative reaches, from the last to the first."""
        return tuple(_backward(self))

    def forward_formula(self, t: Tensor) -> str:
        """How a record was computed, in the names of its arguments."""
        return Plain().format_node(t, self.called).text

    def rule(self, t: Tensor, i: int) -> SymbolicRule:
        """What the i-th rule of a record makes of symbols: worked out once."""
        if t.order not in self._ruled:
            self._ruled[t.order] = symbolic_rules(t)
        return self._ruled[t.order][i]

    def derivative(self, t: Tensor) -> str:
        """How the derivative of the result by `t` is written: ``∂L/∂x``."""
        return f"∂{self.called[self.result.order]}/∂{self.called[t.order]}"


def called(tensors: Sequence[Tensor], names: Mapping[str, Any]) -> dict[Any, str]:
    """What to call each tensor: its name; if it has none, that of the variable it is in; if it is
    in none, its number. An array that an operation was given has the name of its variable.
    A variable that begins with an underscore is nobody's name."""
    found = labels(tensors)
    taken = set(found.values())
    variables = {
        value.order if isinstance(value, Tensor) else Place.of(value): one_line(str(name))
        for name, value in names.items()
        if isinstance(value, (Tensor, np.ndarray))
        if not str(name).startswith("_") and name not in taken
    }
    free = {t.order: variables[t.order] for t in tensors if not t.name and t.order in variables}
    arrays = {
        Place.of(a): name
        for t in tensors
        for a in t.inputs
        if not isinstance(a, Tensor) and (name := variable(a, variables))
    }
    return {**found, **free, **arrays}


def _backward(trace: Trace) -> Iterator[Step]:
    """The steps of the sweep, from its end."""
    open_paths = uses(trace.tape, trace.adjoints)
    totals: dict[Tensor, Any] = {}
    for t in reversed(trace.tape):
        if t.op is None or t not in trace.adjoints:
            continue
        g, arrived = trace.adjoints[t], trace.derivative(t)
        passed_on = []
        for i, spread, c, summed in _contributions(t, g):
            a = t.inputs[i]
            totals[a] = np.asarray(totals[a] + c) if a in totals else c
            open_paths[a] -= 1
            rule = trace.rule(t, i)
            text = Plain().format_rule(rule, trace.called, arrived).text
            total, left = totals[a], open_paths[a]
            passed_on.append(Contribution(a, t, i, rule, text, c, spread, summed, total, left))
        yield Step("backward", t, arrived, g, tuple(passed_on))


def _contributions(t: Tensor, g: Any) -> list[tuple[int, Any, Any, str]]:
    """What each rule of a record gives; that fitted to its argument; over what it was summed."""
    assert t.op is not None
    kwargs = t.kwargs if t.residuals is None else {**t.kwargs, "residuals": t.residuals}
    args = [unwrap(a) for a in t.inputs]
    found = []
    for i, (rule, a) in enumerate(zip(t.op.vjps, t.inputs)):
        if rule is not None and isinstance(a, Tensor) and a.requires_grad:
            with np.errstate(all="ignore"):
                c = np.asarray(rule(g, t._array, *args, **kwargs))
            found.append((i, c, np.asarray(unbroadcast(c, t, a)), _summed(c.shape, a.shape)))
    return found


def _summed(shape: tuple[int, ...], of: tuple[int, ...]) -> str:
    """The undoing of a broadcast in words: ``(4, 3) → (3,), summed over axis 0``."""
    lead = len(shape) - len(of)
    axes = [i for i, n in enumerate(shape) if i < lead or n != of[i - lead]]
    if not axes:
        return ""
    which = "axis" if len(axes) == 1 else "axes"
    return f"{shape} → {of}, summed over {which} {', '.join(map(str, axes))}"


def uses(tape: Iterable[Tensor], adjoints: Mapping[Tensor, Any]) -> dict[Tensor, int]:
    """How many contributions each tensor gets."""
    counts = dict.fromkeys(adjoints, 0)
    for t in tape:
        if t.op is not None and t in adjoints:
            for rule, a in zip(t.op.vjps, t.inputs):
                if rule is not None and isinstance(a, Tensor) and a in counts:
                    counts[a] += 1
    return counts
