"""Rules on arrays: elementwise functions, broadcasting, sums and matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..transforms.grad import vjp
from .case import Array, Case, cotangent, rule_case
from .exercise import exercise


def _entries(shape: tuple[int, ...], seed: int, low: float = -2.0, high: float = 2.0) -> Array:
    return np.random.default_rng(100 + seed).uniform(low, high, shape)


@exercise(
    "Change one entry of x a little. Which entries of y change, and how much compared with x?",
    "exp is its own derivative, and the rule already gets the result as y.",
    "Multiply g, the gradient of the result, by the local derivative, entry by entry.",
)
def exp_rule() -> Iterator[Case]:
    """The rule of y = exp(x), entry by entry

    g is ∂L/∂y. g, y, x and the result have the same shape.

        def exp_rule(g, y, x):
            return ...               # ∂L/∂x
    """
    for seed, shape in enumerate([(3,), (2, 3), ()]):
        case = rule_case(np.exp, "x", seed, inverse=np.log, x=_entries(shape, seed))
        g, y, x = case.given.values()
        yield case.with_misconceptions(
            "∂L/∂x",
            {
                "This is the rule of a power of x. Here x is the exponent, and the base is e.": g
                * x
                * np.exp(x - 1),
                "The factor x is wrong. It belongs to the rule of a power of x.": g * x * y,
            },
        )


@exercise(
    "Think of the slope of the logarithm at x: it is steep near 0, and flat for large x.",
    "Use x, not y: the slope depends on the position, not on the value of the logarithm.",
)
def log_rule() -> Iterator[Case]:
    """The rule of y = ln(x), entry by entry, for x > 0

    g is ∂L/∂y. g, y, x and the result have the same shape.

        def log_rule(g, y, x):
            return ...               # ∂L/∂x
    """
    for seed, shape in enumerate([(4,), (3, 2)]):
        case = rule_case(np.log, "x", seed, inverse=np.exp, x=_entries(shape, seed, 0.2, 4.0))
        expected = case.expected["∂L/∂x"]
        yield case.with_misconceptions(
            "∂L/∂x",
            {
                "This is the rule of the logarithm to the base 10; ln has the base e.": expected
                / np.log(10),
                "You divided by x twice.": expected / case.given["x"],
            },
        )


@exercise(
    "Treat b as a constant. Then y is the product of a and this constant, so the constant is the "
    "local derivative with respect to a.",
    "The local derivative with respect to one factor is the other factor.",
    "Both gradients have the factor g.",
)
def mul_rule() -> Iterator[Case]:
    """The rule of y = a · b, entry by entry

    The rule of an operation with two arguments returns two gradients. All shapes are the same.

        def mul_rule(g, y, a, b):
            return ..., ...          # ∂L/∂a, ∂L/∂b
    """
    for seed, shape in enumerate([(3,), (2, 4)]):
        a, b = _entries(shape, seed), _entries(shape, seed + 10)
        case = rule_case(np.multiply, "a b", seed, a=a, b=b)
        text = "Differentiate with respect to one factor at a time, and keep the other constant."
        both = sum(case.expected.values())
        yield case.with_misconceptions("∂L/∂a", {text: both})


@exercise(
    "Write out a small example: x of shape (2, 3), axis 1. To which entry of y is x[1, 2] added, "
    "and with which factor?",
    "The gradient of each entry of x is the entry of g that belongs to the sum of this entry. So "
    "repeat g along the axis that was summed over.",
    "g lacks an axis. Before you broadcast g to the shape of x, insert this axis with length 1. "
    "Otherwise, NumPy aligns g with the wrong axis. Use np.expand_dims and np.broadcast_to.",
)
def sum_rule() -> Iterator[Case]:
    """The rule of y = np.sum(x, axis)

    np.sum removes the axis `axis`, so y and g = ∂L/∂y have the shape of x without this axis. axis
    is an int, or None for all axes.

        def sum_rule(g, y, x, axis):
            return ...               # ∂L/∂x, of x's shape
    """
    shapes: list[tuple[tuple[int, ...], int | None]] = [
        ((4,), 0),
        ((2, 3), 0),
        ((3, 3), 1),
        ((2, 3, 4), -2),
        ((2, 3), None),
    ]
    for seed, (shape, axis) in enumerate(shapes):
        case = rule_case(np.sum, "x", seed, x=_entries(shape, seed), axis=axis)
        g, x = case.given["g"], case.given["x"]
        misconceptions = {
            "The derivative of a sum does not depend on x, but you multiplied by x.": x
            * case.expected["∂L/∂x"],
            "Your result is all ones. Every entry of x gets an entry of g, the gradient of the "
            "result.": np.ones(shape),
            "This is g itself. Every entry of x needs a gradient, so repeat g along the axis that "
            "was summed over.": g,
            "You added up g as well. An entry of x affects only the entry of y that it was "
            "added to.": np.full(shape, g.sum()),
            "You multiplied by the number of entries of the sum. That number is not a factor of "
            "the derivative.": case.expected["∂L/∂x"] * (x.size / g.size),
        }
        if axis is not None:
            text = "The new axis is in the right place. Now repeat g along it."
            misconceptions[text] = np.expand_dims(g, axis)
        if shape == (3, 3):
            text = "You repeated g along the wrong axis. NumPy aligns shapes from the right."
            misconceptions[text] = np.broadcast_to(g, shape)
        yield case.with_misconceptions("∂L/∂x", misconceptions)


@exercise(
    "Where was each entry of the small array copied to? Each copy has its own gradient. The "
    "gradient of the original entry is the sum of these.",
    "Broadcasting repeats along two kinds of axes: new axes in front, which the small array does "
    "not have, and axes where the small array has length 1.",
    "Sum over both kinds. Then restore the small shape: use keepdims, and a reshape.",
)
def unbroadcast() -> Iterator[Case]:
    """Undo a broadcast

    An array x of shape `shape` was broadcast, and g has the larger shape. Return ∂L/∂x, which has
    the shape of x. NumPy aligns shapes from the right, and repeats along axes of length 1.

        def unbroadcast(g, shape):
            return ...               # ∂L/∂x, of that shape
    """
    shapes: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((4, 3), (4, 1)),
        ((4, 3), (3,)),
        ((4, 3), (1, 3)),
        ((4, 3), ()),
        ((1, 3), (1, 3)),
        ((2, 4, 3), (4, 1)),
        ((3, 3), (3,)),
        ((2, 1, 3), (1, 1)),
        ((2, 4, 3), (2, 1, 3)),
    ]
    for seed, (large, small) in enumerate(shapes):
        g = cotangent(large, seed)
        pullback = vjp(lambda x, large=large: np.broadcast_to(x, large), np.zeros(small))[1]
        lead = (0,) * (len(large) - len(small))
        first = tuple(slice(None) if n != 1 else slice(0, 1) for n in small)
        expected = unwrap(pullback(g)[0])
        misconceptions = {
            "You picked one of the copies. Add up all of them.": g[lead + first],
            "You took the mean of the copies. Their gradients are added up.": expected
            * (expected.size / g.size),
            "You summed over too many axes. Sum only over the axes that were broadcast.": np.full(
                small, g.sum()
            ),
        }
        if large == small * 2:
            text = "You summed over the other axis. NumPy aligns from the right: axis 0 is new."
            misconceptions[text] = unwrap(pullback(g.T)[0])
        misconceptions |= {
            f"You summed over axis {axis} alone. Which axes of g are new, or have length 1 in "
            "`shape`?": [g.sum(axis=axis), g.sum(axis=axis, keepdims=True)]
            for axis in range(g.ndim)
        }
        case = Case({"g": g, "shape": small}, {"∂L/∂x": expected}, linear_in="g")
        yield case.with_misconceptions("∂L/∂x", misconceptions)


@exercise(
    "Look at the shapes first: g is (n, m), a is (n, k), b is (k, m). Which product of g with a or "
    "b has the shape of a, (n, k)? Only one product fits.",
    "y[i, j] = Σ_k a[i, k] b[k, j]. So a[i, k] affects the whole row i of y. Its gradient "
    "is the sum of g[i, j] b[k, j] over j. Write this sum as a matrix product.",
    "In this sum, j is the last index of both g and b, so transpose b. In the sum for ∂L/∂b, "
    "the summation index is the first index of both arrays, a and g.",
)
def matmul_rule() -> Iterator[Case]:
    """The rule of y = a @ b for two matrices

    a has shape (n, k), b has shape (k, m), and y and g = ∂L/∂y have shape (n, m).

        def matmul_rule(g, y, a, b):
            return ..., ...          # ∂L/∂a of shape (n, k), ∂L/∂b of shape (k, m)
    """
    for seed, (n, k, m) in enumerate([(2, 3, 4), (3, 3, 3), (1, 2, 5)]):
        a, b = _entries((n, k), seed), _entries((k, m), seed + 10)
        case = rule_case(np.matmul, "a b", seed, a=a, b=b)
        alone = "This is the other factor alone. Multiply this factor by g."
        for label, factor in zip(case.expected, (b, a)):
            case = case.with_misconceptions(label, {alone: [factor, np.transpose(factor)]})
        if n == k == m:
            g = case.given["g"]
            transposed = [unwrap(d) for d in vjp(np.matmul, a.T, b.T)[1](g)]
            swapped = [unwrap(d) for d in vjp(np.matmul, b, a)[1](g)][::-1]
            entrywise = [_entrywise(g, b), _entrywise(g, a)]
            square_mistakes = {
                "A transpose is missing. With square matrices, the shapes fit anyway: check the "
                "indices.": transposed,
                "The factors are in the wrong order. With square matrices, the shapes fit "
                "anyway.": swapped,
                "You multiplied entry by entry with `*`. Use the matrix product.": entrywise,
            }
            for i, label in enumerate(case.expected):
                results = {text: pair[i] for text, pair in square_mistakes.items()}
                case = case.with_misconceptions(label, results)
        yield case


def _entrywise(g: Array, other: Array) -> Any:
    return unwrap(vjp(np.multiply, np.zeros_like(other), other)[1](g)[0])
