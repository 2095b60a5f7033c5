"""Norms of vectors and matrices.

`x` is the argument, `y` the result, and `g` the gradient of the result.
"""

from math import prod
from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, as_array_or_tensor, in_float, unwrap
from ..core.primitive import primitive
from ..core.registry import implements
from .elementwise import divisor
from .linalg import inv, svdvals
from .reductions import axes_of, in_float32, restore_reduced_axes


def _norm_vjp(
    g: Cotangent, y: Array, x: Array, axis: Any = None, keepdims: bool = False
) -> Cotangent:
    """Return g times the unit vector along x, and 0 at the tip of the cone, x = 0."""
    y = restore_reduced_axes(y, x, axis)
    return restore_reduced_axes(g, x, axis) * (x / divisor(y))


norm = primitive(
    lambda x, axis=None, keepdims=False: np.linalg.norm(x, None, axis, keepdims),
    _norm_vjp,
    name="norm",
    implements="norm",
)


def _power_norm_vjp(
    g: Cotangent, y: Array, x: Array, p: float, axis: int, keepdims: bool = False
) -> Cotangent:
    """sign(x) (|x| / y)^(p - 1)."""
    y = restore_reduced_axes(y, x, axis)
    share = (np.abs(x) / divisor(y)) ** (p - 1)
    return restore_reduced_axes(g, x, axis) * np.where(y == 0, 0, np.sign(x) * share)


power_norm = primitive(
    lambda x, p, axis, keepdims=False: np.linalg.norm(x, p, axis, keepdims),
    _power_norm_vjp,
    name="power_norm",
    implements="power_norm",
)


@implements(np.linalg.norm)
@in_float32
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Compute the norm of all entries, of vectors along one axis, or of matrices along two."""
    x, ord = in_float(as_array_or_tensor(x)), unwrap(ord)
    if axis is None and ord is None:
        return norm(x, axis=None, keepdims=keepdims)
    axis = tuple(range(x.ndim)) if axis is None else axis
    axes = axis if isinstance(axis, tuple) else (int(axis),)
    if len(axes) == 1:
        return _vector_norm(x, 2 if ord is None else ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, "fro" if ord is None else ord, axes, keepdims)
    raise ValueError(f"norm: expected one or two axes, got axis={axis}")


def _vector_norm(x: Any, p: Any, axis: int, keepdims: bool) -> Any:
    if p == 0:
        return np.sum(np.not_equal(x, 0), axis=axis, keepdims=keepdims).astype(x.dtype)
    if p == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if p in (np.inf, -np.inf):
        return _extreme(np.abs(x), p, axis=axis, keepdims=keepdims)
    if p == 2:
        return norm(x, axis=axis, keepdims=keepdims)
    return power_norm(x, p, axis=axis, keepdims=keepdims)


def _extreme(x: Any, order: float, **options: Any) -> Any:
    """Return the largest entry for a positive order, or 0 if there is none; else the smallest."""
    if order > 0:
        return (np.max if x.size else np.sum)(x, **options)
    return np.min(x, **options)


def _matrix_norm(x: Any, kind: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    if kind in ("fro", "f"):
        return norm(x, axis=axes, keepdims=keepdims)
    m = np.moveaxis(x, axes, (-2, -1))
    if kind in ("nuc", 2, -2):
        values = svdvals(m)
        y = values.sum(axis=-1) if kind == "nuc" else _extreme(values, kind, axis=-1)
    elif kind in (1, -1, np.inf, -np.inf):
        summed = np.sum(np.abs(m), axis=-2 if abs(kind) == 1 else -1)
        y = _extreme(summed, kind, axis=-1)
    else:
        raise ValueError(
            f"norm: a matrix has no norm of order {kind!r}. Use 'fro', 'nuc', 1, -1, 2, -2, inf or "
            "-inf."
        )
    return np.expand_dims(y, tuple(i % x.ndim for i in axes)) if keepdims else y


@implements(np.linalg.vector_norm)
@in_float32
def _vector_norm_of(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Compute the norm of all entries along the axes, as of one vector."""
    x = in_float(x)
    axes = axes_of(x, axis)
    rest = [i for i in range(x.ndim) if i not in axes]
    lengths = [x.shape[i] for i in rest]
    flat = np.transpose(x, (*rest, *axes)).reshape((*lengths, prod(x.shape[i] for i in axes)))
    y = _vector_norm(flat, unwrap(ord), -1, False)
    return np.expand_dims(y, tuple(axes)) if keepdims else y


@implements(np.linalg.matrix_norm)
@in_float32
def _matrix_norm_of(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return _matrix_norm(in_float(x), unwrap(ord), (-2, -1), keepdims)


@implements(np.linalg.cond)
def _cond(x: Any, p: Any = None) -> Any:
    """Multiply the norm of a matrix by that of its inverse."""
    if p in (None, 2, -2):
        values = svdvals(x)
        largest, smallest = values[..., 0], values[..., -1]
        return smallest / largest if p == -2 else largest / smallest
    return _matrix_norm(x, p, (-2, -1), False) * _matrix_norm(inv(x), p, (-2, -1), False)
