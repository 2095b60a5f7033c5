"""Find the bug: rules that look right, and pass a first test.

One change corrects each of these rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import getitem
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..ops.elementwise import sigmoid
from ..transforms.grad import vjp
from .case import Case, derivative_at_value, rule_case
from .exercise import exercise


@exercise(
    "The sigmoid increases everywhere. Which sign must its slope have?",
    "y is between 0 and 1. Look at the sign of each factor.",
)
def bug_in_sigmoid() -> Iterator[Case]:
    """Find the bug: the rule of the sigmoid, y = 1 / (1 + exp(-x))

    During training, a network with this rule moves away from the solution. Repair the rule, and
    pass your version to `check`.

        def bug_in_sigmoid(g, y, x):
            return g * y * (y - 1)
    """
    for seed, shape in enumerate([(3,), (2, 2)]):
        x = np.random.default_rng(seed).normal(size=shape)
        case = rule_case(sigmoid, "x", seed, inverse=_logit, x=x)
        g, y = case.given["g"], case.given["y"]
        yield case.with_misconceptions(
            "∂L/∂x",
            {
                "This is the rule of tanh.": g * derivative_at_value(np.arctanh, y),
                "The factor y is missing.": g - g * y,
                "Your second factor is y again. It must fall from 1 to 0 as y rises from 0 to 1.": g
                * np.square(y),
                "The sign in the second factor is wrong.": g * y + g * np.square(y),
                "You used x where the formula needs y, the result of the operation. Both factors "
                "contain only y.": g * x - g * x * y,
                "You used x in the second factor. Both factors contain only y, the result of the "
                "operation.": g * y - g * x * y,
                "Parentheses are missing: Python multiplies before it subtracts.": g * y - y,
            },
        )


def _logit(y: Any) -> Any:
    return np.log(y) - np.log1p(-y)


@exercise(
    "The rule is right if tanh is the last operation. If more operations follow, what else does "
    "the derivative of L depend on?",
    "The rule has three arguments: g, y and x. Which one does it need, but not use?",
)
def bug_in_tanh() -> Iterator[Case]:
    """Find the bug: the rule of y = tanh(x)

    A test that calls np.tanh(x).sum().backward() finds nothing wrong. Repair the rule, and pass
    your version to `check`.

        def bug_in_tanh(g, y, x):
            return 1 - y**2
    """
    for seed, shape in enumerate([(3,), (2, 2)]):
        x = np.random.default_rng(seed).normal(size=shape)
        case = rule_case(np.tanh, "x", seed, inverse=np.arctanh, x=x)
        g, y = case.given["g"], case.given["y"]
        yield case.with_misconceptions(
            "∂L/∂x",
            {
                "This is the rule of the sigmoid.": g * derivative_at_value(_logit, y),
                "The square of y is missing.": g - g * y,
                "You doubled y. The square of y is y**2.": g - 2 * g * y,
                "This is only the term with y². From which number is it subtracted?": g
                * np.square(y),
                "The sign of the square is wrong.": g + g * np.square(y),
                "Parentheses are missing: Python multiplies before it subtracts.": g - np.square(y),
            },
        )


@exercise(
    "Print the shapes of the results. Which shape must each have?",
    "b was added to each row. So each entry of b was used once in each row.",
    "The gradient of an entry that was used several times is the sum over all its uses. See "
    "exercises.unbroadcast.",
)
def bug_in_bias() -> Iterator[Case]:
    """Find the bug: the rule of y = x + b, a bias on each row

    x, y and g = ∂L/∂y have shape (..., m), and b has shape (m,). In the library, one function
    undoes broadcasting for all rules. Here your rule has to do it. Repair the rule, and pass your
    version to `check`.

        def bug_in_bias(g, y, x, b):
            return g, g              # ∂L/∂x, ∂L/∂b
    """
    for seed, shape in enumerate([(4, 3), (3, 3), (2, 4, 3)]):
        rng = np.random.default_rng(seed)
        x, b = rng.normal(size=shape), rng.normal(size=shape[-1:])
        case = rule_case(np.add, "x b", seed, x=x, b=b)
        g = case.given["g"]
        product = "This is the rule of a product. In a sum, each local derivative is 1."
        yield case.with_misconceptions("∂L/∂x", {product: g * b}).with_misconceptions(
            "∂L/∂b",
            {
                product: (g * x).reshape(-1, len(b)).sum(axis=0),
                "You took the mean over the rows. Add the gradients of all uses.": (
                    case.expected["∂L/∂b"] * (b.size / g.size)
                ),
                "You summed over the wrong axis. b has the last axis, so sum over all other "
                "axes.": g.sum(axis=-1),
                "You picked one row. All rows contribute.": g[(0,) * (g.ndim - 1)],
            },
        )


@exercise(
    "Try index = [0, 0] by hand. How often is x[0] used, and what does each use contribute?",
    "If you write to one entry twice, the last value stays. But contributions must be added up.",
    "`dx[index] += g` looks like the solution. But NumPy reads dx[index] once, adds g, and writes "
    "the result back. So a repeated index still counts only once. Read the documentation of "
    "np.ufunc.at.",
)
def bug_in_indexing() -> Iterator[Case]:
    """Find the bug: the rule of y = x[index], a lookup in a table

    x has shape (n, ...), and y and g = ∂L/∂y have shape (m, ...). index has shape (m,) and contains
    ints. Repair the rule, and pass your version to `check`.

        def bug_in_indexing(g, y, x, index):
            dx = np.zeros_like(x)
            dx[index] = g
            return dx
    """
    tables: list[tuple[tuple[int, ...], list[int]]] = [
        ((3,), [2, 0]),
        ((4,), [1, 3, 1, 1]),
        ((3, 2), [2, 2, 0]),
        ((2,), [-1, 1]),
    ]
    for seed, (shape, index) in enumerate(tables):
        x = np.random.default_rng(seed).normal(size=shape)
        case = rule_case(getitem, "x", seed, x=x, index=np.array(index))
        last = np.zeros_like(x)
        last[index] = case.given["g"]
        expected = case.expected["∂L/∂x"]
        yield case.with_misconceptions(
            "∂L/∂x",
            {
                "An index that occurs several times got only its last contribution, not the "
                "sum.": last,
                "Nothing was added to dx. Did you write to a copy?": np.zeros_like(x),
                "You started from x. Start from zeros: dx is a gradient, not a value.": x
                + expected,
                "You started from ones. Start from zeros.": 1 + expected,
                "This is g itself. Add each of its entries to the entry of dx that `index` "
                "names.": case.given["g"],
            },
        )


@exercise(
    "Take one entry at a time. Move x[i] by a small step to both sides, and divide the difference "
    "of the two results by the distance between the two points.",
    "The rule returns the gradient of a number L, but f(x) is an array. So choose an array g, and "
    "define L = Σ g · f(x). Then ∂L/∂f = g.",
    "A g of ones proves little. It does not show whether the rule uses g, and two mistakes may "
    "cancel in the sum. Draw g at random.",
    "Use a step near 1e-6. If x is large, multiply the step by the size of x. Use a tolerance "
    "relative to the derivative: numerical errors are about 1e-10, and the mistakes here are at "
    "least 1e-3.",
)
def gradient_check() -> Iterator[Case]:
    """Write a gradient check: is a rule right?

    f takes an array and returns an array, perhaps of another shape. Let y = f(x) and g = ∂L/∂y.
    rule(g, x) should return ∂L/∂x. Compare its results with numerical differences.

        def gradient_check(f, rule, x):
            return ...               # True if the rule is right, False if not
    """
    x = np.random.default_rng(0).normal(size=(2, 3))
    sin, sums, square, exp = map(_pullback, (np.sin, _column_sums, np.square, np.exp))
    claims: list[tuple[Any, Any, Any, str]] = [  # f, rule, x, and what is wrong with the rule
        (np.sin, sin, x, ""),
        (
            np.sin,
            lambda g, x: sin(np.ones_like(g), x),
            x,
            "the rule does not multiply by g. If all entries of g are 1, you cannot see this",
        ),
        (_column_sums, sums, x, ""),
        (
            _normalized,
            lambda g, x: np.zeros_like(x),
            x,
            "the rule returns 0. If all entries of g are 1, you only test the derivative of the "
            "sum of f(x), and this sum is always 1",
        ),
        (
            np.square,
            lambda g, x: 1.002 * square(g, x),
            x,
            "the result of the rule is 0.2 % too large, which is more than a rounding error",
        ),
        (
            np.square,
            lambda g, x: square(g, x)[::-1],
            x,
            "the rule is wrong, although the sum of its entries is right. Compare every entry",
        ),
        (np.square, square, np.array([3e4, -2e-3, 0.5]), ""),
        (np.exp, exp, np.array([12.0, -12.0]), ""),
        (
            np.square,
            lambda g, x: square(g * np.where(x == x.flat[-1], -1, 1), x),
            x,
            "the rule is wrong in the last entry only",
        ),
    ]
    notes = {
        "column_sums": "Here the shapes of f(x) and x differ, so move one entry of x at a time",
        "square": "Here x has entries of 30000 and of -0.002. Choose a step relative to the size "
        "of x, and a tolerance relative to the derivative",
        "exp": "Here the derivatives are 160000 and 6e-6. Choose a tolerance relative to each "
        "derivative",
        "sin": "Use central differences, a step near 1e-6, and a tolerance near 1e-6",
    }
    for f, rule, x, fault in claims:
        yield _claim(f, rule, x, fault, notes.get(f.__name__.strip("_"), ""))


def _column_sums(x: Any) -> Any:
    return np.sum(x, axis=0)


def _normalized(x: Any) -> Any:
    return x / np.sum(x)


def _pullback(f: Any) -> Any:
    return lambda g, x: unwrap(vjp(f, x)[1](g)[0])


def _claim(f: Any, rule: Any, x: Any, fault: str, note: str) -> Case:
    """Return a case for a rule that is right if it has no `fault`; `note` is then the hint."""
    name = f.__name__.strip("_")

    def on_arrays(x: Any) -> Any:
        return unwrap(f(x))

    def claimed(g: Any, x: Any) -> Any:
        return rule(g, x)

    on_arrays.__name__, claimed.__name__ = name, f"a rule for {name}"
    on_arrays.__qualname__, claimed.__qualname__ = "f", "rule"  # the names in errors of Python
    accepted = f"Your check accepted this rule, but {fault}."
    rejected = f"Your check rejected this rule, but the rule is right. {note}."
    return Case(
        {"f": on_arrays, "rule": claimed, "x": x},
        {"verdict": np.array(not fault)},
        fallback_hints={"verdict": accepted if fault else rejected},
    )
