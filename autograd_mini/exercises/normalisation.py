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


def _deviation(x: Any, eps: float, axis: Any = 0, **options: Any) -> Any:
    return np.sqrt(np.var(x, axis, **options) + eps)


def _other_statistics(g: Array, x: Array, weight: Any, eps: float) -> dict[str, Any]:
    """Return the gradients of x if mean and variance are taken in another way."""

    def of(mean: Any, deviation: Any, weight: Any = weight) -> Array:
        (by_x,) = pull_back(lambda x: weight * (x - mean(x)) / deviation(x), g, x)
        return by_x

    mean = partial(np.mean, axis=0)
    deviation = partial(_deviation, eps=eps)
    return {
        "You treated the mean as a constant. It grows with every x of the column.": of(
            lambda x: stop_gradient(mean(x)), deviation
        ),
        "The factor `weight` is missing.": of(mean, deviation, 1.0),
        "You normalised each example over its features. Batch normalisation takes mean and "
        "variance over the batch, axis 0.": of(
            partial(np.mean, axis=1, keepdims=True), partial(deviation, axis=1, keepdims=True)
        ),
        "You took the mean and the variance of all entries. Each column has its own.": of(
            np.mean, partial(deviation, axis=None)
        ),
        "You divided by N - 1 in the variance. Batch normalisation divides by N.": of(
            mean, partial(deviation, ddof=1)
        ),
        "eps is missing in the square root.": of(mean, partial(deviation, eps=0.0)),
        "You added eps outside of the square root. Add it to the variance, inside of the root.": of(
            mean, lambda x: deviation(x, eps=0.0) + eps
        ),
    }


def _other_terms(
    g: Array, y: Array, x: Array, weight: Any, eps: float, right: Array
) -> dict[str, Any]:
    """Return the gradients of x with a wrong term: of the mean, or of the variance."""
    n, root, one = len(x), _deviation(x, eps), np.ones_like(x)
    normal = (x - x.mean(axis=0)) / root
    constant = weight * g / root
    by_mean = -constant.mean(axis=0)
    by_variance = right - constant - by_mean

    def of(m: Any, v: Any) -> Array:
        """Return ∂L/∂x with factors in front of the terms of mean and variance."""
        return np.asarray(constant + m * by_mean + v * by_variance)

    def containing(a: Array, b: Array) -> Array:
        """Return ∂L/∂x with other factors in the term of the variance: x̂ is right for both."""
        return np.asarray(of(1, 0) - a * (constant * b).mean(axis=0))

    return {
        "You treated the mean and the variance as constants. But every x of a column affects "
        "both.": constant,
        "You treated the variance as a constant. It changes with every x of the column.": of(1, 0),
        "The contribution of the variance has the wrong sign.": of(1, -1),
        "The contribution of the mean has the wrong sign.": of(-1, 1),
        "The term of the variance has a wrong factor. The factor 2 of a square and the factor 1/2 "
        "of a root cancel.": [of(1, 2), of(1, 0.5)],
        "The term of the variance has the wrong power of the root.": [
            of(1, root**power) for power in (1, 2, 4, -1)
        ],
        "In your result, the term of the variance contains y. It should contain x̂, without weight "
        "and bias.": [containing(y, y), containing(y, normal), containing(normal, y)],
        "In your result, the term of the variance contains x. Subtract the mean first.": [
            containing(x / root, x / root),
            containing(normal, x),
            containing(x, normal),
        ],
        "A factor x̂ is missing in the term of the variance. This term has the factor x̂ twice.": [
            containing(one, normal),
            containing(normal, one),
        ],
        "You subtracted sums over the batch. Mean and variance are means, so divide both sums by "
        "N.": [of(n, n), of(n, 1), of(1, n)],
        "You did not divide by √(var + eps).": right * root,
        "You divided by √(var + eps) twice.": right / root,
        "You multiplied by √(var + eps). Divide by it.": right * root**2,
    }


@exercise(
    "Start with weight and bias. Each of their entries is used once in every row, so their "
    "gradients are sums over the batch. By which numbers is an entry of weight multiplied?",
    "Write x̂ for the normalised x, and h = weight·g for its gradient. x reaches x̂ on three paths: "
    "directly, through the mean, and through the variance.",
    "On the path through the mean, you subtract from h the mean of h over the batch. After this "
    "step, the entries of each column have the sum 0.",
    "On the path through the variance, you subtract x̂ times one number for each column: the mean "
    "of h·x̂ over the batch. At the end, divide by the root.",
)
def batch_norm_rule() -> Iterator[Case]:
    """The rule of batch normalisation: three paths from x to y

    y = weight · x̂ + bias, with x̂ = (x - mean) / √(var + eps). Mean and variance are computed over
    the batch, for each column: var is the mean of (x - mean)². x, y and g = ∂L/∂y have shape (N,
    D), weight and bias have shape (D,), and eps is a number.

        def batch_norm_rule(g, y, x, weight, bias, eps):
            return ..., ..., ...     # ∂L/∂x, ∂L/∂weight, ∂L/∂bias
    """
    for seed, (n, d, eps) in enumerate([(4, 3, 0.1), (3, 3, 1e-5), (6, 2, 0.5)]):
        x = 2 * _normal(seed, n, d) + 1
        weight, bias = _normal(seed + 10, d), _normal(seed + 20, d)
        case = rule_case(_in_batch, "x weight bias", seed, x=x, weight=weight, bias=bias, eps=eps)
        g, y = case.given["g"], case.given["y"]
        mistakes = {
            **_other_terms(g, y, x, weight, eps, case.expected["∂L/∂x"]),
            **_other_statistics(g, x, weight, eps),
        }
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


def _rms(x: Any, eps: float, axis: Any = -1, mean: Any = np.mean) -> Any:
    return np.sqrt(mean(np.square(x), axis=axis, keepdims=True) + eps)


def _other_roots(g: Array, x: Array, eps: float, right: Array) -> dict[str, Any]:
    """Return the gradients of x if another root is used in the rule."""
    root = _rms(x, eps)

    def of(other: Any) -> list[Array]:
        """Use the root in the whole rule, or only outside of the given y."""
        return [*pull_back(lambda x: x / other(x), g, x), right * root / other(x)]

    def layer_norm(x: Any) -> Any:
        centred = x - np.mean(x, axis=-1, keepdims=True)
        return centred / _rms(centred, eps)

    with_root = partial(_rms, eps=eps)
    return {
        "You took the mean over the batch. RMSNorm takes it over each row, the last axis.": of(
            partial(with_root, axis=0)
        ),
        "You took the mean over all entries. Each row has its own root.": of(
            partial(with_root, axis=None)
        ),
        "You took a sum of squares. The root contains their mean.": of(
            partial(with_root, mean=np.sum)
        ),
        "eps is missing in the root.": of(partial(_rms, eps=0.0)),
        "You added eps outside of the root. Add it to the mean, inside of the root.": of(
            lambda x: _rms(x, 0.0) + eps
        ),
        "This is the rule of LayerNorm. RMSNorm does not subtract the mean.": pull_back(
            layer_norm, g, x
        ),
        "You did not divide by the root.": right * root,
        "You divided by the root twice.": right / root,
        "You multiplied by the root. Divide by it.": right * root**2,
    }


def _other_paths(g: Array, y: Array, x: Array, eps: float, right: Array) -> dict[str, Any]:
    """Return the gradients of x if the path through the root is wrong."""
    root, one, d = _rms(x, eps), np.ones_like(x), x.shape[-1]
    constant = g / root
    path = right - constant

    def containing(a: Array, b: Array, axis: int = -1) -> Array:
        """Return ∂L/∂x with other factors in the second path: y is right for both."""
        return np.asarray(constant - a * (g * b).mean(axis=axis, keepdims=True) / root)

    return {
        "You treated the root as a constant. But it grows with every entry of the row.": constant,
        "The contribution of the root has the wrong sign.": constant - path,
        "The second path has a wrong factor. The factor 2 of a square and the factor 1/2 of a root "
        "cancel.": [constant + 2 * path, constant + path / 2],
        "You subtracted a sum over the row. The root contains a mean, so divide by D.": (
            constant + d * path
        ),
        "You used only the diagonal of the Jacobian. Each x of a row affects all y of the row.": (
            constant - constant * np.square(y) / d
        ),
        "In the second path, you took the mean over the batch. Take it over each row.": containing(
            y, y, axis=0
        ),
        "A factor y is missing in the second path. This path has the factor y twice.": [
            containing(one, y),
            containing(y, one),
        ],
        "In your result, the second path contains x. Use y instead, or divide by the root once "
        "more.": [containing(x, x), containing(x, y), containing(y, x)],
        "This is only the part that is subtracted.": [path, -path],
    }


@exercise(
    "x_i is in the numerator of y_i, and in the root of every y of its row: there are two paths.",
    "Keep the root constant for the first path. For the second one, the derivative of the root r "
    "with respect to x_i is x_i / (D r).",
    "On the second path, you subtract y times one number for each row: the mean of g·y over this "
    "row. Both paths are divided by the root. Use keepdims=True.",
)
def rms_norm_rule() -> Iterator[Case]:
    """The rule of RMSNorm: y = x / √(mean(x²) + eps)

    The mean is taken over each row. x, y and g = ∂L/∂y have shape (N, D), and eps is a number.

        def rms_norm_rule(g, y, x, eps):
            return ...               # ∂L/∂x, of shape (N, D)
    """
    for seed, (n, d, eps) in enumerate([(2, 3, 0.1), (3, 3, 1e-5), (1, 4, 0.5)]):
        x = 1 + 2 * _normal(seed + 90, n, d)
        case = rule_case(_rms_norm, "x", seed, x=x, eps=eps)
        g, y = case.given["g"], case.given["y"]
        right = case.expected["∂L/∂x"]
        mistakes = {**_other_paths(g, y, x, eps, right), **_other_roots(g, x, eps, right)}
        yield case.with_misconceptions("∂L/∂x", mistakes)


def _rms_norm(x: Any, eps: float) -> Any:
    return rms_norm(x, eps=eps)
