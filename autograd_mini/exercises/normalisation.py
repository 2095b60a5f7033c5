"""Normalisation: the rules of batch normalisation and RMSNorm.

N is the number of examples in a batch, and D the number of features of an example.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ..functional.batch_normalisation import batch_norm
from ..functional.normalisation import rms_norm
from ..ops.elementwise import stop_gradient
from .case import Array, Case, pull_back, rule_case
from .exercise import exercise


def _normal(seed: int, *shape: int) -> Array:
    return np.random.default_rng(300 + seed).normal(size=shape)


# ---- batch normalisation ------------------------------------------------------------------------


def _in_batch(x: Any, weight: Any, bias: Any, eps: float) -> Any:
    return batch_norm(x, weight=weight, bias=bias, training=True, eps=eps)


def _mistaken_norm(g: Array, x: Array, weight: Any, eps: float, right: Array) -> dict[str, Any]:
    """Return the common mistakes in the gradient of x, by functions that differ a little."""

    def of(mean: Any, deviation: Any, weight: Any = weight) -> Array:
        return pull_back(lambda x: weight * (x - mean(x)) / deviation(x), g, x)[0]

    def mean(x: Any) -> Any:
        return np.mean(x, axis=0)

    def deviation(x: Any, **options: Any) -> Any:
        return np.sqrt(np.var(x, **{"axis": 0, **options}) + eps)

    def held(f: Any) -> Any:
        return lambda x: stop_gradient(f(x))

    constant = of(held(mean), held(deviation))
    constant_deviation = of(mean, held(deviation))
    through_deviation = right - constant_deviation
    return {
        "You treated the mean and the variance as constants. But every x of a column affects "
        "both.": constant,
        "You treated the mean as a constant. It grows with every x of the column.": of(
            held(mean), deviation
        ),
        "You treated the variance as a constant. It changes with every x of the column.": (
            constant_deviation
        ),
        "The contribution of the variance has the wrong sign.": constant_deviation
        - through_deviation,
        "The term of the variance has a wrong factor. The factor 2 of a square and the factor 1/2 "
        "of a root cancel.": [constant_deviation + n * through_deviation for n in (2, 0.5)],
        "The term of the variance has the wrong power of the root.": [
            constant_deviation + through_deviation * deviation(x) ** n for n in (1, 2, -1)
        ],
        "The contribution of the mean has the wrong sign.": 2 * constant
        - constant_deviation
        + through_deviation,
        "You subtracted sums over the batch. Mean and variance are means, so divide both sums by "
        "N.": constant + len(x) * (right - constant),
        "The factor `weight` is missing.": of(mean, deviation, 1.0),
        "You normalised each example over its features. Batch normalisation takes mean and "
        "variance over the batch, axis 0.": of(
            lambda x: np.mean(x, axis=1, keepdims=True),
            lambda x: deviation(x, axis=1, keepdims=True),
        ),
        "You took the mean and the variance of all entries. Each column has its own.": of(
            np.mean, lambda x: deviation(x, axis=None)
        ),
        "You divided by N - 1 in the variance. Batch normalisation divides by N.": of(
            mean, lambda x: deviation(x, ddof=1)
        ),
        "eps is missing in the square root.": of(mean, lambda x: np.std(x, axis=0)),
        "eps is added to the variance, inside of the square root.": of(
            mean, lambda x: np.std(x, axis=0) + eps
        ),
        "You did not divide by √(var + eps).": right * deviation(x),
        "You divided by √(var + eps) twice.": right / deviation(x),
        "You multiplied by √(var + eps). Divide by it.": right * deviation(x) ** 2,
    }


@exercise(
    "Start with weight and bias. Each of their entries is used once in every row, so their "
    "gradients are sums over the batch. By which numbers is an entry of weight multiplied?",
    "Write x̂ for the normalised x, and h = weight·g for its gradient. x reaches x̂ on three paths: "
    "directly, through the mean, and through the variance.",
    "The path through the mean subtracts from h its mean over the batch. After this step, the "
    "entries of each column have the sum 0.",
    "The path through the variance subtracts x̂ times one number for each column: the mean over the "
    "batch of h·x̂. At the end, divide by the root.",
)
def batch_norm_rule() -> Iterator[Case]:
    """The rule of batch normalisation: three paths from x to y

    y = weight · x̂ + bias, with x̂ = (x - mean) / √(var + eps). Mean and variance are taken over the
    batch, for each column, and var divides by N. x, y and g = ∂L/∂y have shape (N, D), weight and
    bias have shape (D,), and eps is a number.

        def batch_norm_rule(g, y, x, weight, bias, eps):
            return ..., ..., ...     # ∂L/∂x, ∂L/∂weight, ∂L/∂bias
    """
    for seed, (n, d, eps) in enumerate([(4, 3, 1e-5), (3, 3, 0.1), (6, 2, 0.5)]):
        x = 2 * _normal(seed, n, d) + 1
        weight, bias = _normal(seed + 10, d), _normal(seed + 20, d)
        case = rule_case(_in_batch, "x weight bias", seed, x=x, weight=weight, bias=bias, eps=eps)
        g, y = case.given["g"], case.given["y"]
        mistakes = _mistaken_norm(g, x, weight, eps, case.expected["∂L/∂x"])
        centred = x - x.mean(axis=0)
        case = case.with_misconceptions("∂L/∂x", mistakes).with_misconceptions(
            "∂L/∂weight",
            {
                "This is the sum of g·x. weight is multiplied by the normalised x.": (g * x).sum(0),
                "This is the sum of g·y. weight is multiplied by x̂, before the bias is added.": (
                    (g * y).sum(axis=0)
                ),
                "You used x - mean. weight is multiplied by x̂, so divide by √(var + eps).": (
                    (g * centred).sum(axis=0)
                ),
            },
        )
        for label in ("∂L/∂weight", "∂L/∂bias"):
            average = "You took the mean over the batch. Add up the gradients of all rows."
            case = case.with_misconceptions(label, {average: case.expected[label] / n})
        yield case


# ---- RMSNorm ------------------------------------------------------------------------------------


def _mistaken_rms_norm(g: Array, y: Array, x: Array, eps: float, right: Array) -> dict[str, Any]:
    """Return the common mistakes in the rule of RMSNorm, by functions that differ a little."""

    def rms(x: Any, axis: Any = -1, eps: float = eps, mean: Any = np.mean) -> Any:
        return np.sqrt(mean(np.square(x), axis=axis, keepdims=True) + eps)

    def of(divisor: Any, centre: Any = lambda x: x) -> Array:
        return pull_back(lambda x: centre(x) / divisor(x), g, x)[0]

    constant = of(lambda x: stop_gradient(rms(x)))
    return {
        "You treated the root as a constant. But it grows with every entry of the row.": constant,
        "The contribution of the root has the wrong sign.": 2 * constant - right,
        "The second path has a wrong factor. The factor 2 of a square and the factor 1/2 of a root "
        "cancel.": [constant + n * (right - constant) for n in (2, 0.5)],
        "The second path has the wrong power of the root.": [
            constant + (right - constant) * rms(x) ** n for n in (1, 2, -1)
        ],
        "You subtracted a sum over the row. The root contains a mean, so divide by D.": constant
        + x.shape[-1] * (right - constant),
        "You used only the diagonal of the Jacobian. Each x of a row affects all y of the row.": (
            constant - g * np.square(y) / (rms(x) * x.shape[-1])
        ),
        "You took the mean over the batch. RMSNorm takes it over each row, the last axis.": of(
            partial(rms, axis=0)
        ),
        "You took the mean over all entries. Each row has its own root.": of(
            partial(rms, axis=None)
        ),
        "You took a sum of squares. The root contains their mean.": of(partial(rms, mean=np.sum)),
        "eps is missing in the root.": of(partial(rms, eps=0.0)),
        "eps is added to the mean, inside of the root.": of(lambda x: rms(x, eps=0.0) + eps),
        "This is the rule of LayerNorm. RMSNorm does not subtract the mean.": of(
            lambda x: rms(x - np.mean(x, axis=-1, keepdims=True)),
            lambda x: x - np.mean(x, axis=-1, keepdims=True),
        ),
        "You did not divide by the root.": right * rms(x),
        "You divided by the root twice.": right / rms(x),
        "You multiplied by the root. Divide by it.": right * rms(x) ** 2,
        "This is only the part that is subtracted.": [constant - right, right - constant],
    }


@exercise(
    "x_i is in the numerator of y_i, and in the root of every y of its row: there are two paths.",
    "Hold the root still for the first path. For the second one, the derivative of the root r with "
    "respect to x_i is x_i / (D r).",
    "The second path subtracts y times one number for each row: the mean over the row of g·y. Both "
    "paths are divided by the root. Use keepdims=True.",
)
def rms_norm_rule() -> Iterator[Case]:
    """The rule of RMSNorm: y = x / √(mean(x²) + eps)

    The mean is taken over each row. x, y and g = ∂L/∂y have shape (N, D), and eps is a number.

        def rms_norm_rule(g, y, x, eps):
            return ...               # ∂L/∂x, of shape (N, D)
    """
    for seed, (n, d, eps) in enumerate([(2, 3, 1e-5), (3, 3, 0.1), (1, 4, 0.5)]):
        x = 1 + 2 * _normal(seed + 90, n, d)
        case = rule_case(_rms_norm, "x", seed, x=x, eps=eps)
        g, y = case.given["g"], case.given["y"]
        mistakes = _mistaken_rms_norm(g, y, x, eps, case.expected["∂L/∂x"])
        yield case.with_misconceptions("∂L/∂x", mistakes)


def _rms_norm(x: Any, eps: float) -> Any:
    return rms_norm(x, eps=eps)
