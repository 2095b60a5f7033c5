"""Trace: the two passes over a tape as steps, which every view writes out.

A forward step is a node. A backward step is a node too: its gradient is complete, and its rules
contribute to the gradients of its active arguments, where contributions are added up. A trace
touches no ``.grad`` and changes nothing. It runs the engine's own backward pass, hidden from all
observers: inside ``ag.debug()`` too it shows nan and inf like other numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core.arrays import Array, Cotangent
from ..core.backward import unbroadcast
from ..core.context import Contribution, unobserved
from ..core.tape import Tape, contributions
from ..core.tensor import Tensor
from ..notation.plain import Plain
from ..notation.symbolic import SymbolicRule, symbolic_rules
from ..text.format import Names, Place, labels, one_line, variable


@dataclass(frozen=True)
class Term:
    """One term of the sum that is a tensor's gradient: a `Contribution`, described."""

    target: Tensor
    source: Tensor  #: the node that used the target, and whose rule ran
    argument: int  #: as which of its arguments it used it
    rule: SymbolicRule  #: the rule, run on symbols
    formula: str
    value: Array
    spread: Array  #: what the rule returned, before a broadcast was undone
    summed: str  #: if the target had been broadcast: the axes that were summed, in words
    total: Array  #: the running sum, with this term
    open: int  #: the number of terms still to come

    @property
    def is_first(self) -> bool:
        """Whether no other term had arrived before."""
        return self.value is self.total


@dataclass(frozen=True)
class Step:
    """One operation, in one of the two passes."""

    phase: str  #: "forward" or "backward"
    tensor: Tensor
    formula: str
    value: Array  #: the value that was computed; backward, the complete gradient
    contributions: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Trace:
    """The steps of a tape, and the names of its tensors.

    Attributes
    ----------
    tape : Tape
    names : mapping of int or Place to str
        The name of each tensor, by its creation number, and of each array that is in a variable, by
        its place. No two are alike.
    adjoints : mapping of Tensor to array
        The gradient of the result with respect to each active tensor.
    forward, backward : sequence of Step
        The two passes, computed when they are first asked for.

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
    names: Names
    adjoints: Mapping[Tensor, Array] = field(repr=False)
    _ruled: dict[int, Mapping[int, SymbolicRule]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        result: Tensor,
        names: Mapping[str, Any] | None = None,
        gradient: ArrayLike | None = None,
    ) -> Trace:
        """Return the trace of the tape behind `result`.

        Parameters
        ----------
        names : mapping of str to anything, optional
            Variables, as ``locals()`` gives them: they name arrays, and tensors without a name.
        gradient : array_like, optional
            The cotangent to start from; one for a result of one entry.
        """
        tape = Tape(result)
        return cls.of_named(tape, names_of(tape, names or {}), gradient)

    @classmethod
    def of_named(cls, tape: Tape, names: Names, gradient: ArrayLike | None = None) -> Trace:
        """Return the trace of a tape whose tensors have names already."""
        with unobserved(), np.errstate(all="ignore"):  # a view shows nan and inf, without a warning
            return cls(tape, names, tape.adjoints(gradient))

    def like(self, tape: Tape) -> Trace:
        """Return the trace of another tape of the same operations, with the names of this one."""
        orders = {t.order: other.order for t, other in zip(self.tape, tape, strict=True)}
        names = {orders.get(key, key): name for key, name in self.names.items()}
        return Trace.of_named(tape, names)

    @property
    def result(self) -> Tensor:
        """The tensor that the tape ends in."""
        return self.tape.result

    @cached_property
    def forward(self) -> tuple[Step, ...]:
        """A step for each node, in the order of computation."""
        return tuple(Step("forward", t, self.forward_formula(t), t.data) for t in self.tape if t.op)

    @cached_property
    def backward(self) -> tuple[Step, ...]:
        """A step for each node that a gradient reaches, from the last to the first."""
        return tuple(_backward(self))

    def forward_formula(self, t: Tensor) -> str:
        """Return how a node was computed, in the names of its arguments."""
        return Plain().format_node(t, self.names).text

    def rule(self, t: Tensor, i: int) -> SymbolicRule:
        """Return the i-th rule of a node, run on symbols. It runs once."""
        if t.order not in self._ruled:
            self._ruled[t.order] = symbolic_rules(t)
        return self._ruled[t.order][i]

    def derivative(self, t: Tensor) -> str:
        """Return how the gradient of the result with respect to `t` is written: ``∂L/∂x``."""
        return f"∂{self.names[self.result.order]}/∂{self.names[t.order]}"


def names_of(tensors: Sequence[Tensor], names: Mapping[str, Any]) -> dict[Any, str]:
    """Return the names of tensors, by creation number, and of arrays in variables, by place.

    A tensor without a name has that of the variable it is in, or else its number. A variable that
    begins with an underscore names nothing.
    """
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


def quiet_contributions(node: Tensor, g: Cotangent) -> list[Contribution]:
    """Return what the rules of a node contribute, without a warning about nan and inf."""
    with np.errstate(all="ignore"):
        return contributions(node, g)


def undone_broadcast(shape: tuple[int, ...], onto: tuple[int, ...]) -> list[str]:
    """Return how a broadcast is undone, in words: ``(4, 3) → (3,)`` and ``summed over axis 0``."""
    lead = len(shape) - len(onto)
    axes = [i for i, n in enumerate(shape) if i < lead or n != onto[i - lead]]
    if not axes:
        return []
    word = "axis" if len(axes) == 1 else "axes"
    return [f"{shape} → {onto}", f"summed over {word} {', '.join(map(str, axes))}"]


def count_uses(tape: Iterable[Tensor], adjoints: Mapping[Tensor, Any]) -> dict[Tensor, int]:
    """Return the number of contributions to the gradient of each tensor."""
    counts = dict.fromkeys(adjoints, 0)
    for t in tape:
        if t.op is not None and t in adjoints:
            for rule, a in zip(t.op.vjps, t.inputs):
                if rule is not None and isinstance(a, Tensor) and a in counts:
                    counts[a] += 1
    return counts


def _backward(trace: Trace) -> Iterator[Step]:
    """Yield the steps of the backward pass, from its end."""
    still_open = count_uses(trace.tape, trace.adjoints)
    totals: dict[Tensor, Array] = {}
    for t in reversed(trace.tape):
        if t.op is not None and t in trace.adjoints:
            g = trace.adjoints[t]
            terms = [_term(trace, c, totals, still_open) for c in quiet_contributions(t, g)]
            yield Step("backward", t, trace.derivative(t), g, tuple(terms))


def _term(
    trace: Trace,
    c: Contribution,
    totals: dict[Tensor, Array],
    still_open: dict[Tensor, int],
) -> Term:
    """Add a contribution to the sum of its tensor, and return it with all that is said of it."""
    node, target = c.node, c.node.inputs[c.argument]
    spread = np.asarray(c.value)
    value = np.asarray(unbroadcast(spread, node, target))
    totals[target] = np.asarray(totals[target] + value) if target in totals else value
    still_open[target] -= 1
    rule = trace.rule(node, c.argument)
    return Term(
        target=target,
        source=node,
        argument=c.argument,
        rule=rule,
        formula=Plain().format_rule(rule, trace.names, trace.derivative(node)).text,
        value=value,
        spread=spread,
        summed=", ".join(undone_broadcast(spread.shape, target.shape)),
        total=totals[target],
        open=still_open[target],
    )
