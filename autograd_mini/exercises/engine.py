"""The engine: the backward pass as a loop over a tape and over a graph, and your own operation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.primitive import Primitive
from ..core.tensor import Tensor
from ..transforms.grad import grad, gradients
from .case import Array, Case, InvalidAnswer, Misconception
from .exercise import exercise

#: The arguments of an operation, with the local derivatives; empty for a leaf.
Uses = list[tuple[str, float]]
Node = tuple[str, Uses]


@exercise(
    "Call ∂(result)/∂(name) the adjoint of the name. The adjoint of the result is 1. What do you "
    "know after looking at the last node only?",
    "Walk from the end. When you arrive at a node, you have visited all nodes that use it, so its "
    "adjoint is complete. Now add the contributions of this node to its arguments.",
    "Each use adds a product to the adjoint of the argument: the adjoint of the node times the "
    "local derivative. Start each adjoint at 0, except the adjoint of the result.",
)
def sweep() -> Iterator[Case]:
    """Backpropagation as a loop over a tape

    A tape is a list of nodes and leaves in the order of computation. Each entry is a pair (name,
    uses), where uses is a list with a pair (argument, local derivative) for each argument. A leaf
    has no arguments. The last node is the result:

        [("x", []), ("w", []), ("v", [("x", 5.0), ("w", 2.0)]), ("L", [("v", 0.1)])]

    An argument may be used several times, in one node (x·x) or in several nodes.

        def sweep(tape):
            return ...               # a dict: for every name, ∂(result)/∂(name)
    """
    for tape in _TAPES:
        yield _sweep_case(tape, tape[-1][0], {"tape": tape})


@exercise(
    "The order matters: ∂(result)/∂(name) is complete only after you have visited all nodes "
    "that use the name.",
    "Sort the names so that each name comes after its arguments. To do this, go depth first, and "
    "append a name when you have appended all its arguments. The sorted names are a tape, as in "
    "exercises.sweep.",
    "Or count the uses that you have not visited yet, for every name that the result depends on. "
    "Visit a name when its count is 0.",
    "Python stops recursion at a depth of 1000. Keep your own stack in a list.",
)
def sweep_of_a_graph() -> Iterator[Case]:
    """Backpropagation over a graph whose nodes are in no particular order

    graph is a dict from each name to its uses: a list of pairs (argument, local derivative). The
    list of a leaf is empty. The names are in no particular order. Differentiate the node with the
    name `result` with respect to every name. If the result does not depend on a name, the
    derivative is 0. A path through the graph may have thousands of nodes.

        def sweep_of_a_graph(graph, result):
            return ...               # a dict: for every name, ∂(result)/∂(name)
    """
    rng = np.random.default_rng(0)
    deep: list[Node] = [("v0", [])]
    deep += [(f"v{i}", [(f"v{i - 1}", 1.001)]) for i in range(1, 3000)]
    used_result: list[Node] = [("x", []), ("v", [("x", 3.0)]), ("later", [("v", 7.0)])]
    tapes = [*((tape, tape[-1][0]) for tape in (*_TAPES, deep)), (used_result, "v")]
    for tape, result in tapes:
        shuffled = [tape[i] for i in rng.permutation(len(tape))]
        yield _sweep_case(tape, result, {"graph": dict(shuffled), "result": result})


_TAPES: tuple[list[Node], ...] = (
    [("x", []), ("v", [("x", 3.0)]), ("L", [("v", -0.25)])],
    [("x", []), ("w", []), ("v", [("x", 5.0), ("w", 2.0)]), ("s", [("x", 0.4)]),
     ("L", [("v", 1.5), ("s", -1.0)])],
    [("x", []), ("v", [("x", 1.7), ("x", 0.6)]), ("L", [("v", 2.0)])],
    [("x", []), ("a", [("x", 2.0)]), ("b", [("a", 3.0), ("x", 0.3)]), ("c", [("b", 0.5)]),
     ("d", [("c", 1.5), ("a", 0.7)]), ("L", [("d", 1.1), ("b", -2.0), ("x", 0.2)])],
    [("x", []), ("v", [("x", 1.5), ("x", 1.5)]), ("L", [("v", 2.0)])],
    [("x", []), ("v", [("x", 3.0)]), ("unused", [("v", 7.0)]), ("L", [("v", 2.5)])],
)  # fmt: skip


_NO_PATH = (
    "The result does not depend on this name, so its derivative is 0. Only the result starts at 1."
)
_NO_KNOWN_MISTAKE = (
    "Everything that uses this node has the correct adjoint. Either you processed the node before "
    "you had processed all its uses, or you skipped a use, or you counted a use twice."
)


def _sweep_case(tape: list[Node], result: str, given: dict[str, Any]) -> Case:
    """Return a case with the adjoints that the library's own tape gives, the last node first.

    So all uses of the first wrong adjoint have the right adjoints.
    """
    tensors: dict[str, Any] = {}
    for name, uses in tape:
        leaf = Tensor(1.0, requires_grad=True)
        tensors[name] = sum(d * tensors[used] for used, d in uses) if uses else leaf
    by_tensor = tensors[result].tape().adjoints()
    adjoints = {name: float(by_tensor.get(tensors[name], 0.0)) for name, _ in reversed(tape)}
    start = (
        "The derivative of the result with respect to itself is 1. Start with this number.",
        {result: 0.0},
    )
    return Case(
        given,
        adjoints,
        named=True,
        misconceptions=[start, *_mistaken_adjoints(tape, result, adjoints, "tape" in given)],
        fallback_hints={
            **{name: _NO_KNOWN_MISTAKE if d else _NO_PATH for name, d in adjoints.items()},
            result: start[0],
        },
    )


def _mistaken_adjoints(
    tape: Sequence[Node], result: str, adjoints: dict[str, float], is_sorted: bool
) -> list[Misconception]:
    """Return the adjoints that common mistakes lead to, if the adjoints of all uses are right."""
    too_early = (
        "Only the last node has contributed: you walked from the start of the tape, where all "
        "adjoints are still 0. Walk from its end."
        if is_sorted
        else "You visited a node that uses this name too early, or never. Visit a name after all "
        "nodes that use it. Leave out the nodes that the result does not depend on."
    )
    users: dict[str, list[tuple[str, float]]] = {name: [] for name, _ in tape}
    for name, uses in tape:
        for used, d in uses:
            users[used].append((name, d))
    mistakes: list[Misconception] = []
    for name, uses in users.items():
        parts = [adjoints[user] * d for user, d in uses]
        of_result = sum(d for user, d in uses if user == result)
        wrong = {
            "You did not multiply by the upstream adjoint: each use contributes the adjoint of "
            "the user times the local derivative.": sum(d for _, d in uses),
            "You added the upstream adjoint alone. Multiply it by the local derivative.": sum(
                adjoints[user] for user, _ in uses
            ),
            too_early: of_result,
            "This adjoint started at 1, or you added the local derivative to the upstream adjoint. "
            "Start only the result at 1, and multiply along a path.": 1.0 + sum(parts),
            "You added the local derivative to the upstream adjoint. Multiply the two "
            "instead.": sum(adjoints[user] + d for user, d in uses),
            "You multiplied the contributions of several uses. Add them instead.": math.prod(parts),
        }
        if len(parts) > 1:
            single = (
                f"Only one of the {len(parts)} uses of {name} contributed. Did you write `=` "
                "instead of `+=`?"
            )
            mistakes += [(single, {name: part}) for part in parts]
        mistakes += [(text, {name: value}) for text, value in wrong.items() if uses]
    return mistakes


def _value_and_derivatives(op: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return the value of your primitive at x, and two derivatives of Σ sin(y)."""
    if not isinstance(op, Primitive):
        raise InvalidAnswer(
            f"Expected a primitive, got a {type(op).__name__}. Create one with "
            "ag.primitive(function, rule), and pass the primitive to check."
        )
    t = Tensor(x, requires_grad=True)
    y = op(t)
    if not y.requires_grad:
        raise InvalidAnswer(
            "The rule of your primitive is None. Pass a function rule(g, y, x) instead."
        )
    first = gradients(np.sum(np.sin(y)), t)
    second = gradients(np.sum(first), t) if isinstance(first, Tensor) else np.zeros_like(x)
    return y, first, second


@exercise(
    "ag.primitive takes a function of arrays, and one rule for each argument.",
    "The rule is rule(g, y, x), as in earlier exercises. The function is a composition of "
    "two functions, so use the chain rule.",
    "If the second derivative is wrong: apply NumPy's functions to the arguments g, y and x "
    "themselves. Then the engine can run the rule on Tensors, and record it.",
)
def own_primitive() -> Iterator[Case]:
    """Your own operation: y = ln(1 + x²), as one node

    Create a primitive, and check it. The check compares the value, and the first and second
    derivatives of L = Σ sin(y).

        op = ag.primitive(lambda x: ..., lambda g, y, x: ..., name="log1p_square")
        own_primitive.check(op)
    """
    for x in (np.array([0.5, -2.0, 3.0]), np.array([[1.5], [0.1]])):
        t = Tensor(x, requires_grad=True)
        y = np.log1p(np.square(t))
        first = gradients(np.sum(np.sin(y)), t)
        alone = gradients(np.sum(y), t)
        second = gradients(np.sum(first), t)
        labels = ("y", "∂L/∂x", "∂²L/∂x²")
        case = Case(
            {"x": x},
            dict(zip(labels, map(unwrap, (y, first, second)))),
            fallback_hints={
                "y": "The function is wrong. Compare it with np.log(1 + x**2) at one number.",
                "∂L/∂x": "The value is right, so the mistake is in the rule.",
                "∂²L/∂x²": "The rule returns the right numbers, but it converts an argument to "
                "plain numbers. The engine cannot differentiate these numbers.",
            },
            call=_value_and_derivatives,
        )
        for label, mistakes in _mistaken_primitive(x, *map(unwrap, (y, first, alone))).items():
            case = case.with_misconceptions(label, mistakes)
        yield case


def _mistaken_primitive(x: Array, y: Array, first: Array, alone: Array) -> dict[str, Any]:
    """Return the common mistakes by result; `alone` is the derivative of y, without g."""
    g = np.cos(y)
    inner = "The derivative of the inner function 1 + x² is missing."
    stopped = "The rule took plain numbers out of"
    record = "Use NumPy's functions on the argument itself, so that the engine can record the rule."
    return {
        "y": {
            "The 1 in ln(1 + x²) is missing.": 2 * np.log(np.abs(x)),
            "The square in ln(1 + x²) is missing.": np.log1p(np.abs(x)),
            "This is 1 + x². The logarithm is missing.": 1 + np.square(x),
            "This is the logarithm to the base 2, but ln has the base e.": y / np.log(2),
            "This is the logarithm to the base 10, but ln has the base e.": y / np.log(10),
            "You took the square of the logarithm.": np.square(np.log1p(np.abs(x))),
        },
        "∂L/∂x": {
            "You did not multiply by g, the gradient of the result.": alone,
            "The rule returns g alone. The local derivative is missing.": g,
            inner: first / (2 * x),
            "This is only the derivative of 1 + x². The derivative of the logarithm is missing.": g
            * 2
            * x,
            "You divided by y. The derivative of ln u is 1/u, so divide by 1 + x².": g * 2 * x / y,
            "A factor of 2 is missing.": first / 2,
        },
        "∂²L/∂x²": {
            f"{stopped} g, y and x, for example with .data or float(). {record}": np.zeros_like(x),
            f"{stopped} x, for example with .data or float(). {record}": -np.sin(y) * alone * alone,
            f"{stopped} g, for example with .data or float(). {record}": g
            * unwrap(grad(lambda t: np.sum(grad(_sum_of_logs)(t)))(x)),
        },
    }


def _sum_of_logs(x: Any) -> Any:
    return np.sum(np.log1p(np.square(x)))
