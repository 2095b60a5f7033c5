"""Linear algebra.

`a`, `b` arguments, `y` result, `g` its cotangent.
"""

from typing import Any

import numpy as np

from ..primitive import primitive


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    """∂/∂A of A B is g Bᵀ [Giles 2008, section 2.2.1], over stacks of matrices and for vectors."""
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (g[..., None, :] @ b.mT)[..., 0, :]
    return g @ b.mT


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    """∂/∂B of A B is Aᵀ g."""
    if a.ndim == 1:
        return a[:, None] * g[..., None, :] if b.ndim > 1 else a * g
    if b.ndim == 1:
        return (a.mT @ g[..., None])[..., 0]
    return a.mT @ g


matmul = primitive(np.matmul, _matmul_left, _matmul_right)


def _linear(x: Any, w: Any, b: Any) -> Any:
    y = x @ w
    if y.dtype != b.dtype:
        return y + b
    y += b  # saves an array of the size of y
    return y


def _linear_weight(g: Any, y: Any, x: Any, w: Any, b: Any) -> Any:
    """xᵀ g, where the rows of all leading axes count alike."""
    if x.ndim == 2:
        return x.T @ g
    return x.reshape(-1, x.shape[-1]).T @ g.reshape(-1, g.shape[-1])


def _linear_bias(g: Any, y: Any, x: Any, w: Any, b: Any) -> Any:
    """1ᵀ g, the sum of the rows of g: as a product, since BLAS is faster than a sum over axis 0."""
    rows = g if g.ndim == 2 else g.reshape(-1, g.shape[-1])
    return np.ones(rows.shape[0], g.dtype) @ rows


linear = primitive(
    _linear,
    lambda g, y, x, w, b: g @ w.T,
    _linear_weight,
    _linear_bias,
    name="linear",
    unfused=lambda x, w, b: x @ w + b,
)
