"""Describe the two passes over a tape as steps, which all views use.

A forward step computes a node. A backward step is a node whose gradient is complete: its rules
contribute to the gradients of its active arguments. A trace changes nothing. It runs the engine's
own backward pass, hidden from all observers, so it shows nan and inf even inside ``ag.debug()``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core.arrays import Array, Cotangent
from ..core.backward import unbroadcast
from ..core.context import Contribution, unobserved
from ..core.messages import describe
from ..core.tape import Tape, contributions
from ..core.tensor import Tensor
from ..notation.plain import Plain
from ..notation.symbolic import SymbolicRule, symbolic_rules
from ..notation.templates import Templates
from ..text.format import Names, names_of


@dataclass(frozen=True)
class Term:
    """One term of the sum that is a tensor's gradient: a `Contribution` with a description."""

    target: Tensor
    source: Tensor  #: the node that used the target, and whose rule ran
    argument: int  #: the position of the target among the source's arguments
    rule: SymbolicRule  #: the rule, run on symbols
    value: Array
    spread: Array  #: the result of the rule, before a broadcast was undone
    axes: tuple[int, ...]  #: the axes that were summed because the target had been broadcast
    summed: str  #: the same in words
    total: Array  #: the running sum, with this term
    open: int  #: the number of terms that follow

    @property
    def is_first(self) -> bool:
        """Whether this is the first term of the sum."""
        return self.value is self.total


@dataclass(frozen=True)
class Step:
    """One operation, in one of the two passes."""

    phase: str  #: "forward" or "backward"
    tensor: Tensor
    value: Array  #: the value that was computed; backward, the complete gradient
    contributions: tuple[Term, ...] = ()

    @cached_property
    def slopes(self) -> Mapping[int, Array]:
        """The local derivatives of a node as numbers, by argument, for rules that multiply.

        Such a rule returns its local derivative for a cotangent of ones.
        """
        t = self.tensor
        multiply = {c.argument for c in self.contributions if c.rule.multiplies()}
        if not multiply or not isinstance(t.data, np.ndarray):
            return {}
        ones = np.ones(t.shape, t.dtype)
        slopes = {c.argument: np.asarray(c.value) for c in quiet_contributions(t, ones)}
        return {i: slopes[i] for i in multiply if slopes[i].dtype.kind == "f"}


@dataclass(frozen=True)
class Trace:
    """The steps of a tape, and the names of its tensors.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> trace = Trace.of(x * x, names={})
    >>> [trace.forward_formula(step.tensor) for step in trace.forward]
    ['x · x']
    >>> contributions = trace.backward[0].contributions
    >>> [(trace.backward_formula(c), c.total.item(), c.open) for c in contributions]
    [('∂v1/∂v1 · x', 3.0, 1), ('∂v1/∂v1 · x', 6.0, 0)]
    """

    tape: Tape
    names: Names  #: the unique name of each tensor, and of each array that is in a variable
    adjoints: Mapping[Tensor, Array] = field(repr=False)  #: the gradient of each active tensor
    _rules: dict[int, Mapping[int, SymbolicRule]] = field(default_factory=dict, repr=False)
    _templates: Templates = field(default_factory=Templates, repr=False)

    @classmethod
    def of(
        cls,
        result: Tensor,
        names: Mapping[str, Any] | None = None,
        gradient: ArrayLike | None = None,
    ) -> Trace:
        """Return the trace of the tape behind `result`, with the names of variables."""
        tape = Tape(result)
        return cls.of_named(tape, names_of(tape, names), gradient)

    @classmethod
    def of_named(cls, tape: Tape, names: Names, gradient: ArrayLike | None = None) -> Trace:
        """Return the trace of a tape with the given names."""
        result = tape.result
        if gradient is None and result.requires_grad and result.size != 1:
            raise ValueError(
                f"{describe(result)} has {result.size} entries, but gradients are only shown for a "
                "result with one entry. Reduce it with .sum() or .mean()."
            )
        with unobserved(), np.errstate(all="ignore"):  # a view shows nan and inf, without a warning
            return cls(tape, names, tape.adjoints(gradient))

    @property
    def result(self) -> Tensor:
        """The last tensor of the tape."""
        return self.tape.result

    @cached_property
    def forward(self) -> tuple[Step, ...]:
        """A step for each node, in the order of computation."""
        return tuple(Step("forward", t, t.data) for t in self.tape if t.op)

    @cached_property
    def backward(self) -> tuple[Step, ...]:
        """A step for each node that a gradient reaches, from the last to the first."""
        return tuple(_backward(self))

    @cached_property
    def cotangent(self) -> str:
        """The letter of the incoming gradient in rules. It is not g if a tensor has that name."""
        return "ḡ" if "g" in self.names.values() else "g"

    def forward_formula(self, t: Tensor) -> str:
        """Return the formula of a node, with the names of its arguments."""
        return Plain().format_node(t, self.names).text

    def backward_formula(self, c: Term) -> str:
        """Return the formula of a contribution, with the gradient of the node that it is from."""
        return self._templates.rule(c.rule, self.names, self.derivative(c.source))

    def local_formula(self, t: Tensor, i: int) -> str:
        """Return the local derivative of the i-th rule of a node."""
        return self._templates.local(self.rule(t, i), self.names, self.cotangent)

    def rule(self, t: Tensor, i: int) -> SymbolicRule:
        """Return the i-th rule of a node, run on symbols once."""
        if t.order not in self._rules:
            self._rules[t.order] = symbolic_rules(t)
        return self._rules[t.order][i]

    def derivative(self, t: Tensor) -> str:
        """Return the symbol of the gradient of `t`: ``∂L/∂x``."""
        return f"∂{self.names[self.result.order]}/∂{self.names[t.order]}"


def quiet_contributions(node: Tensor, g: Cotangent) -> list[Contribution]:
    """Return the contributions of a node, without a warning about nan and inf."""
    with np.errstate(all="ignore"):
        return contributions(node, g)


def repeated_axes(shape: tuple[int, ...], onto: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axes of `shape` along which broadcasting has repeated an array of shape `onto`."""
    lead = len(shape) - len(onto)
    return tuple(i for i, n in enumerate(shape) if i < lead or n != onto[i - lead])


def undone_broadcast(shape: tuple[int, ...], onto: tuple[int, ...]) -> list[str]:
    """Describe how a broadcast is undone: ``(4, 3) → (3,)`` and ``summed over axis 0``."""
    axes = repeated_axes(shape, onto)
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
    """Yield the steps of the backward pass, in its order."""
    missing = count_uses(trace.tape, trace.adjoints)
    totals: dict[Tensor, Array] = {}
    for t in reversed(trace.tape):
        if t.op is not None and t in trace.adjoints:
            g = trace.adjoints[t]
            terms = [_term(trace, c, totals, missing) for c in quiet_contributions(t, g)]
            yield Step("backward", t, g, tuple(terms))


def _term(
    trace: Trace, c: Contribution, totals: dict[Tensor, Array], missing: dict[Tensor, int]
) -> Term:
    """Add a contribution to the sum of its tensor, and describe it."""
    node, target = c.node, c.node.inputs[c.argument]
    spread = np.asarray(c.value)
    value = np.asarray(unbroadcast(spread, node, target))
    totals[target] = np.asarray(totals[target] + value) if target in totals else value
    missing[target] -= 1
    return Term(
        target=target,
        source=node,
        argument=c.argument,
        rule=trace.rule(node, c.argument),
        value=value,
        spread=spread,
        axes=repeated_axes(spread.shape, target.shape),
        summed=", ".join(undone_broadcast(spread.shape, target.shape)),
        total=totals[target],
        open=missing[target],
    )


def require_node(view: str, result: Tensor) -> None:
    """Raise if `result` is not the result of a recorded operation, so there is nothing to show."""
    if result.op is None:
        raise ValueError(
            f"{view}: nothing was recorded for {describe(result)}. It is an input, or only "
            "constants were used to compute it, or it was computed under no_grad(). Pass the "
            "result of a computation with a tensor that requires a gradient."
        )
