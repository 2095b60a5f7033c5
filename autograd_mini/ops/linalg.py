"""Linear algebra.

`a`, `b` arguments, `y` result, `g` its cotangent.
"""

from typing import Any

import numpy as np

from ..primitive import fused, implements, primitive


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
    """x @ W + b, as one node: `x` of shape (..., n), `W` (n, m), `b` (m,).

    The rules are ∂L/∂x = g Wᵀ, ∂L/∂W = xᵀ g and ∂L/∂b = Σ g, the sum over all rows [Giles: An
    extended collection of matrix derivative results, 2008, section 2.2.1].

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.linear(np.ones(2), np.eye(2), np.array([0.5, -0.5]))
    array([1.5, 0.5])
    """
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


linear = fused(
    _linear,
    lambda g, y, x, w, b: g @ w.T,
    _linear_weight,
    _linear_bias,
    name="linear",
    unfused=lambda x, w, b: x @ w + b,
)


# ---- made up of the above -----------------------------------------------------------------------


@implements(np.dot)
def _dot(a: Any, b: Any) -> Any:
    """The product with scalars, of vectors, of matrices; otherwise last axis by second last."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    if np.ndim(a) <= 2 and np.ndim(b) <= 2:
        return matmul(a, b)
    return np.tensordot(a, b, ((-1,), (-2 if np.ndim(b) > 1 else -1,)))


@implements(np.outer)
def _outer(a: Any, b: Any) -> Any:
    return np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1))


@implements(np.inner)
def _inner(a: Any, b: Any) -> Any:
    return np.tensordot(a, b, ((-1,), (-1,))) if np.ndim(a) and np.ndim(b) else a * b


@implements(np.vdot)
def _vdot(a: Any, b: Any) -> Any:
    return matmul(np.reshape(a, -1), np.reshape(b, -1))


@implements(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """As one product of matrices: the axes that are summed over last in a, first in b."""
    n, m = np.ndim(a), np.ndim(b)
    if isinstance(axes, int):
        axes = (tuple(range(n - axes, n)), tuple(range(axes)))
    left, right = ([axis] if isinstance(axis, int) else list(axis) for axis in axes)
    left, right = [i % n for i in left], [i % m for i in right]
    rest_a = [i for i in range(n) if i not in left]
    rest_b = [i for i in range(m) if i not in right]
    shape = [np.shape(a)[i] for i in rest_a] + [np.shape(b)[i] for i in rest_b]
    summed = int(np.prod([np.shape(a)[i] for i in left]))
    a = np.transpose(a, (*rest_a, *left)).reshape((-1, summed))
    b = np.transpose(b, (*right, *rest_b)).reshape((summed, -1))
    return (a @ b).reshape(tuple(shape))


@implements(np.trace)
def _trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return np.diagonal(x, offset, axis1, axis2).sum(axis=-1)
