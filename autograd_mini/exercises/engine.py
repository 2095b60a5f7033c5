"""The engine: backward as a loop over a tape, over a graph, and an operation of your own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.primitive import Primitive
from ..core.tensor import Tensor
from ..transforms.grad import gradients
from .case import Case, Suspect
from .exercise import exercise

#: What an operation used, with the local derivative with respect to it; nothing for a leaf.
Uses = list[tuple[str, float]]
Record = tuple[str, Uses]


@exercise(
    "The adjoint of the result is 1. What do you know after looking at the last record only?",
    "Walk from the end. When you arrive at a record, all that use it stand behind it, so its "
    "own adjoint is complete: hand it on.",
    "Each use brings adjoint times local derivative to the argument's adjoint. Begin each at 0, "
    "and accumulate.",
)
def sweep() -> Iterator[Case]:
    """Backpropagation as a loop over a tape

    A tape is a list of records in the order of computation. Each is a pair of its name and its
    uses, a list of pairs (argument, local derivative); a leaf has none. The last is the result:

        [("x", []), ("w", []), ("v", [("x", 5.0), ("w", 2.0)]), ("L", [("v", 0.1)])]

    An argument may be used several times, in one record (x·x) or in many.

        def sweep(tape):
            return ...               # a dict: for every name, ∂(result)/∂(name)
    """
    for tape in _TAPES:
        yield _sweep_case(tape, {"tape": tape})


@exercise(
    "An adjoint may be handed on only when it is complete: when all that use this name have "
    "been visited. So the question is one of order.",
    "Put the names into an order in which each stands after its arguments: depth first, and a "
    "name is appended when all its arguments have been. Then it is the tape of the exercise "
    "before.",
    "Or count, for every name that the result depends on, how many uses have not arrived yet, "
    "and visit a name when its count is 0.",
    "Python stops recursion at a depth of 1000. Keep a stack of your own, in a list.",
)
def sweep_of_a_graph() -> Iterator[Case]:
    """Backpropagation over a graph whose order nobody kept

    graph is a dict, from each name to its uses: a list of pairs (argument, local derivative), none
    for a leaf. Its order means nothing. result is the name to differentiate; a name that it does
    not depend on has the derivative 0. Graphs of recurrent networks are thousands of records deep.

        def sweep_of_a_graph(graph, result):
            return ...               # a dict: for every name, ∂(result)/∂(name)
    """
    rng = np.random.default_rng(0)
    deep: list[Record] = [("v0", [])]
    deep += [(f"v{i}", [(f"v{i - 1}", 1.001)]) for i in range(1, 3000)]
    for tape in (*_TAPES, deep):
        shuffled = [tape[i] for i in rng.permutation(len(tape))]
        yield _sweep_case(tape, {"graph": dict(shuffled), "result": tape[-1][0]})


_TAPES: tuple[list[Record], ...] = (
    [("x", []), ("v", [("x", 3.0)]), ("L", [("v", -0.5)])],
    [("x", []), ("w", []), ("v", [("x", 5.0), ("w", 2.0)]), ("s", [("x", 0.4)]),
     ("L", [("v", 1.5), ("s", -1.0)])],
    [("x", []), ("v", [("x", 1.7), ("x", 0.6)]), ("L", [("v", 2.0)])],
    [("x", []), ("a", [("x", 2.0)]), ("b", [("a", 3.0), ("x", 0.3)]), ("c", [("b", 0.5)]),
     ("d", [("c", 1.5), ("a", 0.7)]), ("L", [("d", 1.1), ("b", -2.0), ("x", 0.2)])],
    [("x", []), ("unused", [("x", 7.0)]), ("L", [("x", 2.5)])],
)  # fmt: skip


def _sweep_case(tape: list[Record], given: dict[str, Any]) -> Case:
    """The adjoints, as the library's own tape finds them; compared from the result on.

    So the first that is wrong is one whose uses all have the right adjoints.
    """
    tensors: dict[str, Any] = {}
    for name, uses in tape:
        leaf = Tensor(1.0, requires_grad=True)
        tensors[name] = sum(d * tensors[used] for used, d in uses) if uses else leaf
    found = tensors[tape[-1][0]].tape().adjoints()
    adjoints = {name: float(found.get(tensors[name], 0.0)) for name, _ in reversed(tape)}
    start = ("The derivative of the result by itself is 1: begin with that.", {tape[-1][0]: 0.0})
    return Case(
        given,
        adjoints,
        named=True,
        suspects=[start, *_single_contributions(tape, adjoints)],
        otherwise="All that use it have the right adjoints. So these were handed on at the wrong "
        "time, before all that belongs to them had arrived, or not once each.",
    )


def _single_contributions(tape: Sequence[Record], adjoints: dict[str, float]) -> list[Suspect]:
    """What each name would get if one of its several uses were the only one."""
    arrived: dict[str, list[float]] = {}
    for name, uses in tape:
        for used, d in uses:
            arrived.setdefault(used, []).append(adjoints[name] * d)
    return [
        (
            f"Only one of the {len(parts)} uses of {name} contributed, as when `=` stands where "
            "`+=` is needed: contributions add up.",
            {name: part},
        )
        for name, parts in arrived.items()
        if len(parts) > 1
        for part in parts
    ]


def _value_and_derivatives(op: Any, x: Any) -> tuple[Any, Any, Any]:
    """What the learner's primitive gives at x: its value, and two derivatives of its sum."""
    if not isinstance(op, Primitive):
        raise TypeError(
            "what was handed in is no primitive. Make one, with ag.primitive(function, rule), and "
            "hand that in"
        )
    t = Tensor(x, requires_grad=True)
    y = op(t)
    first = gradients(np.sum(np.sin(y)), t)
    second = gradients(np.sum(first), t)
    return y, first, second


@exercise(
    "ag.primitive takes a function of arrays, and one rule for each argument.",
    "The rule is rule(g, y, x), as in all exercises before. The function is a composition of "
    "two: use the chain rule.",
    "If the second derivative is wrong: the rule must compute with what it was given, g, y and "
    "x, by NumPy's functions; the engine then runs it on Tensors, and records.",
)
def own_primitive() -> Iterator[Case]:
    """An operation of your own: y = ln(1 + x²), as one node

    Register it with the library, and hand in the primitive. Its value is checked, and with it
    inside of L = Σ sin(y), the first derivative and the second.

        op = ag.primitive(..., ..., name="log1p_square")
        own_primitive.check(op)
    """
    for x in (np.array([0.5, -2.0, 3.0]), np.array([[1.5], [0.1]])):
        t = Tensor(x, requires_grad=True)
        y = np.log1p(np.square(t))
        first = gradients(np.sum(np.sin(y)), t)
        alone = gradients(np.sum(y), t)
        second = gradients(np.sum(first), t)
        labels = ("y", "∂L/∂x", "∂²L/∂x²")
        yield Case(
            {"x": x},
            dict(zip(labels, map(unwrap, (y, first, second)))),
            suspects=[
                (
                    "The upstream gradient g was not multiplied in: this is the derivative of y.",
                    {"∂L/∂x": unwrap(alone)},
                ),
                (
                    "The rule hands on g alone; the local derivative is not in it.",
                    {"∂L/∂x": unwrap(np.cos(y))},
                ),
            ],
            otherwise="Look at the function where y is wrong, at the rule where ∂L/∂x is. Where "
            "only ∂²L/∂x² is, the rule took a number out of what it was given.",
            call=_value_and_derivatives,
        )
