"""What the normalisations share: their graph, their rule, and arithmetic on the rows of a matrix.

To sum the rows or the columns of a matrix, it is multiplied by a vector of equal numbers. BLAS does
that several times faster than `np.sum`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, TensorBase, in_dtype, read_only
from ..core.fused import labelled

Residuals = tuple[Array, ...] | None


def named(x: Array, name: str) -> Array:
    """Return `x`, with a name in formulas if it is a Tensor."""
    return labelled(x, name) if isinstance(x, TensorBase) else x


@lru_cache(maxsize=64)
def _filled(n: int, number: float, dtype: Any) -> Array:
    return read_only(np.full(n, number, dtype))


def promoted(x: Array, *parameters: Array | None) -> Array:
    """Return `x` in the dtype of the result."""
    for p in parameters:
        if p is not None and p.dtype != x.dtype:
            x = in_dtype(x, np.result_type(x, p))
    return x


# ---- the graphs, and the rules as they are derived ----------------------------------------------


def normalised(x: Array, axis: Any, eps: float) -> tuple[Array, Array]:
    """Return x̂ and s, in primitives. The mean and the variance are those over `axis`."""
    off = x - named(x.mean(axis=axis, keepdims=True), "μ")
    s = named(np.sqrt(np.square(off).mean(axis=axis, keepdims=True) + eps), "s")
    return named(off / s, "x̂"), s


def scaled(normal: Array, weight: Array | None, bias: Array | None) -> Array:
    y = normal if weight is None else normal * weight
    return y if bias is None else y + bias


def through_statistics(h: Cotangent, normal: Array, s: Array, axis: Any) -> Cotangent:
    """Compute (h - mean(h) - x̂ mean(h x̂)) / s."""
    through_mean = h.mean(axis=axis, keepdims=True)
    return (h - through_mean - through_scale(h, normal, axis)) / s


def through_scale(h: Cotangent, normal: Array, axis: Any) -> Cotangent:
    return normal * (h * normal).mean(axis=axis, keepdims=True)


# ---- rows of a matrix ---------------------------------------------------------------------------


def as_rows(x: Array, width: int) -> Array:
    return x.reshape((x.size // width, width))


def sum_of_rows(x: Array, number: float = 1.0) -> Array:
    """Return the sum of all rows, times a number."""
    return np.dot(_filled(x.shape[0], number, x.dtype), x)


def row_means(x: Array) -> Array:
    """Return the mean of each row, as a column."""
    n = x.shape[1]
    return np.dot(x, _filled(n, 1 / n, x.dtype))[:, None]


def scale_rows(x: Array, r: Array, weight: Array | None) -> Array:
    """Return r x γ. The outer product of r and γ takes less time than a second broadcast of x."""
    if weight is None:
        return x * r
    y = np.dot(r, weight.reshape((1, -1)))
    y *= x
    return y


def inverse_rms(x: Array, eps: float) -> Array:
    """Return 1/s for each row, as a column, where s² is the mean square of the row plus ε."""
    n = x.shape[1]
    return math.sqrt(n) / np.sqrt(np.vecdot(x, x)[:, None] + n * eps)


def rows_rule(g: Array, x: Array, r: Array, weight: Array | None) -> tuple[Array, Array | None]:
    """Return (h - x̂ mean(h x̂)) / s and ∂L/∂γ for x̂ = r x."""
    products = g * x
    through_s = row_means(products) if weight is None else _weighted_means(products, weight)
    d = scale_rows(g, r, weight)  # h / s
    d -= x * (through_s * (r * r * r))
    return d, None if weight is None else np.dot(r.T, products).reshape(weight.shape)


def normal_rule(g: Array, normal: Array, r: Array) -> Array:
    """Return (g - x̂ mean(g x̂)) / s for r = 1/s."""
    d = g - normal * row_means(g * normal)
    d *= r
    return d


def _weighted_means(x: Array, weight: Array) -> Array:
    return np.dot(x, weight.reshape(-1) * (1 / x.shape[1]))[:, None]


def centred(x: Array, mean: Any) -> Array:
    """Return x minus the mean. The mean of large numbers is rounded: a second pass corrects it."""
    off = x - mean(x)
    off -= mean(off)
    return off


def added(y: Array, bias: Array) -> Array:
    """Return y + β, in the memory of y if both are arrays of one type."""
    if type(y) is not type(bias):  # one is a constant of a program that is traced
        return y + bias
    y += bias
    return y
