"""Exponentials that neither overflow nor lose digits: the numerics of softmax.

The largest logit is subtracted before `exp`, so that it cannot overflow. The result does not
change. If the likeliest class is almost certain, 1 - ŷ is computed as the sum of the *other*
probabilities. The subtraction 1 - 0.999... would lose all digits, and 1 - ŷ is the gradient of a
confident row. [Blanchard, Higham, Higham: Accurately computing the log-sum-exp and softmax
functions, IMA J. Numer. Anal. 41(4), 2021.]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..core.arrays import Array, is_foreign, unwrap
from ..ops.elementwise import stop_gradient
from ..ops.products import ones
from ..ops.reductions import axes_of, has_rows, restore_reduced_axes
from ..ops.reductions import max as largest

Axis: TypeAlias = Any  #: an int, a tuple of int, or None for all axes
_MODERATE = 32  # e^64 times the number of classes is far from the largest float32


def is_float_ndarray(x: Array) -> bool:
    """Return whether `x` is an array of NumPy that holds real floating numbers.

    Symbols have no order and no infinity. A lazy array has no positions to index, and an array on a
    GPU would wait for them. For those, the formulas of this file use arithmetic only.
    """
    x = unwrap(x)
    return x.dtype.kind == "f" and not is_foreign(x)


def shift(z: Array, axis: Axis) -> Any:
    """Return max z. Softmax does not change when it is subtracted, and exp cannot overflow.

    It is a constant on the tape, because its contributions to the gradient cancel.
    """
    if unwrap(z).dtype.kind == "O" or not z.size:
        return 0
    m = stop_gradient(largest(z, axis=axis, keepdims=True))
    return np.where(np.isfinite(m), m, 0)  # inf - inf would be nan


def exp_is_safe(z: Array, allow_nan: bool = True) -> bool:
    """Return whether every e^z, their sums and quotients are in the range of float32.

    Then the logits need no shift. A nan is safe if it is allowed, because it spoils its own row
    only. Rounding z - m makes an error of up to m - z ULP in e^(z - m), and the subtraction takes
    as long as the exponential.
    """
    z = z.ravel("K")
    if not z.size:
        return True
    low, high = z.item(z.argmin()), z.item(z.argmax())  # a third of the time of min and max
    if low != low:
        if not allow_nan:
            return False
        low, high = np.fmin.reduce(z), np.fmax.reduce(z)
    return bool(low > -_MODERATE and high < _MODERATE)


def row_sums(x: Array, axis: Axis) -> Array:
    """Return Σ x over `axis`, kept at length one.

    Many rows are summed by BLAS, as a product with ones, in a tenth of the time.
    """
    n = x.shape[-1] if has_rows(x) and axis in (-1, x.ndim - 1) and x.dtype.char in "fd" else 0
    if not n:
        return x.sum(axis=axis, keepdims=True)
    return np.dot(x.reshape((-1, n)), ones(n, x.dtype)).reshape((*x.shape[:-1], 1))


def shifted_exponentials(z: Array, axis: Axis) -> tuple[Array, Array, Array, tuple[Array, ...]]:
    """Return m, d = z - m, ln Σ e^d and (e^d, r, Σ e^d, j), where m is the largest z, at j.

    r is the sum without e_j, and ln Σ e^d is log1p(r). If one logit is much larger than the others,
    r is tiny: 1 + r would round it away. If the largest z is infinite, m is 0.
    """
    if are_several(axis):
        m, d, log_sum, (e, *sums) = shifted_exponentials(_merge_axes(z, axis), -1)
        m, log_sum, *sums = (restore_reduced_axes(x[..., 0], z, axis) for x in (m, log_sum, *sums))
        return m, _split_axes(d, axis, z), log_sum, (_split_axes(e, axis, z), *sums)
    largest_z = largest(z, axis=axis, keepdims=True)
    m = np.where(np.isfinite(largest_z), largest_z, 0)
    d = z - m
    e = np.exp(d)
    top = np.argmax(d == 0, axis=axis, keepdims=True)  # faster than of numbers
    others = e.copy()
    np.put_along_axis(others, top, 0, axis)
    rest = row_sums(others, axis)
    total = rest + np.exp(largest_z - m)  # e_j is 1, or 0 where all z are -inf
    return m, d, np.log1p(rest) + (largest_z - m), (e, rest, total, top)


def one_minus(p: Array, axis: Axis) -> Array:
    """Return 1 - ŷ, with all digits: for the likeliest class it is the sum of the others."""
    if not is_float_ndarray(p) or not p.size:
        return 1 - p
    if are_several(axis):
        return along_merged(lambda p: one_minus(p, -1), axis, p)
    shape = [1] * p.ndim
    shape[axis] = -1
    top = np.arange(p.shape[axis]).reshape(shape) == np.argmax(p, axis=axis, keepdims=True)
    return np.where(top, np.where(top, 0, p).sum(axis=axis, keepdims=True), 1 - p)


# ---- several axes, merged into one and split again ----------------------------------------------


def are_several(axis: Axis) -> bool:
    return axis is None or isinstance(axis, tuple)


def _merge_axes(x: Array, axis: Axis) -> Array:
    """Return `x` with these axes as one, the last."""
    moved = _moved(x, axis)
    return moved.reshape(*moved.shape[: x.ndim - len(axes_of(x, axis))], -1)


def _split_axes(y: Array, axis: Axis, x: Array) -> Array:
    """Return `y` with its last axis split into those that were merged in `x`."""
    axes = axes_of(x, axis)
    return np.moveaxis(y.reshape(_moved(x, axis).shape), range(-len(axes), 0), axes)


def _moved(x: Array, axis: Axis) -> Array:
    axes = axes_of(x, axis)
    return np.moveaxis(x, axes, range(-len(axes), 0))


def along_merged(f: Callable[..., Array], axis: Axis, *arrays: Array) -> Array:
    """Apply `f`, which works along the last axis, along several axes as if they were one."""
    return _split_axes(f(*(_merge_axes(x, axis) for x in arrays)), axis, arrays[0])
