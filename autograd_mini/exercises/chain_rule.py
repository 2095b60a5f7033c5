"""Numbers: the chain rule by hand.

L is the result of the computation, and g = ∂L/∂y is the gradient of an intermediate result y.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..ops.elementwise import stop_gradient
from ..transforms.grad import grad
from .case import Case, rule_case
from .exercise import exercise


@exercise(
    "Treat b as a constant. Then v is the product of a and a constant, and the derivative is this "
    "constant.",
    "Treat a as a constant. Then v is the product of a and a power of b. Which power? To "
    "differentiate a power, multiply by the exponent, and lower the exponent by one.",
    "Think about the sign: if a and b are positive and b increases, does v increase or decrease?",
)
def quotient() -> Iterator[Case]:
    """The local derivatives of v = a / b

    The local derivatives of an operation are the derivatives of its result with respect to its
    arguments. For numbers a and b ≠ 0, write

        def quotient(a, b):
            return ..., ...          # ∂v/∂a, ∂v/∂b
    """
    for a, b in [(3.0, 2.0), (-1.5, 4.0), (0.7, -0.3)]:
        by_a, by_b = map(unwrap, grad(np.divide, (0, 1))(a, b))
        divisor, dividend = map(unwrap, grad(np.divide, (0, 1))(b, a))
        of_log = unwrap(grad(lambda a, b: np.log(np.abs(b)) * a, 1)(a, b))
        swapped = "This is right for b / a. Which of the two is the divisor?"
        product = "This is right for a product, but v is a quotient."
        value = "This is v itself, not a derivative."
        case = Case({"a": a, "b": b}, {"∂v/∂a": by_a, "∂v/∂b": by_b})
        case = case.with_misconceptions(
            "∂v/∂a",
            {
                swapped: dividend,
                product: b,
                value: a / b,
                "The divisor is missing: v is the product of a and a constant, but this constant "
                "is not 1.": 1.0,
                "This is 1/a. Treat b as a constant, and differentiate with respect to a.": 1 / a,
            },
        )
        yield case.with_misconceptions(
            "∂v/∂b",
            {
                swapped: divisor,
                product: a,
                "You doubled b. The square of b is b**2.": -a / (2 * b),
                "This has too many factors of b.": by_b / b,
                "The divisor is missing.": -a,
                "The factor a is missing. A constant factor stays in the derivative.": by_b / a,
                "The factor a is missing, and the sign is wrong.": -by_b / a,
                "This has too few factors of b: lower the exponent of b by one when you "
                "differentiate.": -of_log,
                "This has too few factors of b, and the sign is wrong.": of_log,
            },
        )


def _two_paths(x: Any, w: Any) -> Any:
    return x * w + np.sin(x)


@exercise(
    "Draw the graph: arrows from x and w to the product, an arrow from x to the sine, and arrows "
    "from the product and the sine to their sum L.",
    "Each arrow has a local derivative. Multiply the derivatives along a path.",
    "Two paths lead from x to L. Their contributions to ∂L/∂x are added: this is the += in every "
    "implementation of backpropagation.",
)
def two_paths() -> Iterator[Case]:
    """The gradient of L = x·w + sin(x), where x is used twice

    For numbers x and w, write

        def two_paths(x, w):
            return ..., ...          # ∂L/∂x, ∂L/∂w
    """
    for x, w in [(2.0, 5.0), (0.5, -3.0), (-1.2, 0.0)]:
        by_x, by_w = map(unwrap, grad(_two_paths, (0, 1))(x, w))
        product = unwrap(grad(lambda x, w: x * w + stop_gradient(np.sin(x)))(x, w))
        sine = unwrap(grad(lambda x, w: stop_gradient(x * w) + np.sin(x))(x, w))
        added = "contributed: x is used twice, and the contributions of its paths are added."
        case = Case({"x": x, "w": w}, {"∂L/∂x": by_x, "∂L/∂w": by_w})
        yield case.with_misconceptions(
            "∂L/∂x",
            {
                f"Only the path through the product {added}": product,
                f"Only the path through the sine {added}": sine,
                "The path through the sine has the wrong sign.": product - sine,
                "You did not differentiate the sine.": product + np.sin(x),
                "You did not differentiate the product.": x * w + sine,
                "You differentiated the product with respect to w, not x.": x + sine,
                "You computed the derivative of the sine at w, but the argument of the sine is "
                "x.": w + np.cos(w),
                "You multiplied the two paths. Multiply the factors along a path, but add the "
                "paths.": product * sine,
            },
        ).with_misconceptions(
            "∂L/∂w",
            {
                "This is w itself. Keep x constant, and differentiate with respect to w.": w,
                "This is the product itself, not its derivative.": x * w,
                "The sine does not depend on w.": x + sine,
            },
        )


@exercise(
    "∂L/∂x is g = ∂L/∂y times the local derivative ∂y/∂x.",
    "y is a power of x, with a negative exponent.",
    "The rule may use y, which the forward pass has already computed. So you can write the local "
    "derivative with y alone, without a division.",
)
def reciprocal_rule() -> Iterator[Case]:
    """The rule of y = 1/x

    Now the operation is in the middle of a longer computation. The backward pass has reached y, so
    g = ∂L/∂y is known. The rule gets g, y and x, and returns ∂L/∂x:

        def reciprocal_rule(g, y, x):
            return ...               # ∂L/∂x

    x is a number. All rules of the library are written like this.
    """
    for seed, x in enumerate([3.0, -0.4, 2.0]):
        case = rule_case(_reciprocal, "x", seed, inverse=_reciprocal, x=x)
        g, y = case.given["g"], case.given["y"]
        yield case.with_misconceptions(
            "∂L/∂x",
            {
                "One factor of y is missing: lower the exponent of x by one when you "
                "differentiate.": -g * y,
                "You doubled y. The square of y is y**2.": -2 * g * y,
                "This has too many factors of y.": case.expected["∂L/∂x"] * y,
                "The sign is right, but the rest of the local derivative is missing.": -g,
                "This is the antiderivative, ln x, times g.": g * np.log(abs(x)),
                "The sign and one power of x are wrong: differentiate x to the power of -1.": g
                * np.square(x),
            },
        )


def _reciprocal(x: Any) -> Any:
    return 1 / x
