"""Sliding windows, and their transpose: windows folded back into an array.

`x` is the argument, `y` the result, and `g` the gradient of the result.
"""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..core.arrays import Array, Cotangent
from ..core.primitive import primitive
from ..core.registry import implements


def _fold_windows(x: Any, window_shape: Any, axis: Any, shape: Any) -> Any:
    """Return zeros of `shape` with each window of `x` added at its place.

    All entries at one offset in their windows form a block of the result. There are few offsets
    and many windows, so NumPy adds blocks several times faster than windows. If the offsets are
    many, entries are added one by one.
    """
    dtype, n = np.float32 if x.dtype == np.float16 else x.dtype, len(window_shape)
    y = np.zeros(shape, dtype)
    if not isinstance(x, (np.ndarray, np.generic)):  # an array of another library
        y = np.zeros_like(x, dtype, shape=shape)
    elif not hasattr(y, "at") and x.size < 256 * np.prod(window_shape):
        numbers = np.arange(y.size).reshape(shape)
        places = np.lib.stride_tricks.sliding_window_view(numbers, window_shape, axis)
        np.add.at(y.reshape(-1), places.reshape(-1), x.reshape(-1))
        return y.astype(x.dtype, copy=False)
    for offset in np.ndindex(*window_shape):
        start = [0] * len(shape)
        for i, k in zip(axis, offset):  # an axis may occur twice
            start[i] += k
        block = tuple(slice(k, k + length) for k, length in zip(start, x.shape[:-n]))
        place = (..., *offset)
        part = x[place]
        if hasattr(y, "at"):  # in a program that runs on jax, whose arrays are not written to
            y = y.at[block].add(part)
        else:
            y[block] += part
    return y.astype(x.dtype, copy=False)


def _fold_vjp(
    g: Cotangent, y: Array, x: Array, window_shape: Any, axis: Any, shape: Any
) -> Cotangent:
    """Take the windows again: folding is the transpose of taking them."""
    return windows(g, window_shape, axis)


fold_windows = primitive(_fold_windows, _fold_vjp, name="fold_windows", implements="fold_windows")
windows = primitive(
    lambda x, window_shape, axis: np.lib.stride_tricks.sliding_window_view(x, window_shape, axis),
    lambda g, y, x, window_shape, axis: fold_windows(g, window_shape, axis, x.shape),
    name="sliding_window_view",
)


@implements(np.lib.stride_tricks.sliding_window_view)
def _sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    if writeable:
        raise TypeError(
            "sliding_window_view: the windows share memory, so writing into one window would "
            "change others and lose the gradient. Remove writeable=True."
        )
    window_shape = tuple(window_shape) if np.iterable(window_shape) else (window_shape,)
    every = range(np.ndim(x)) if axis is None else axis
    axes = normalize_axis_tuple(every, np.ndim(x), allow_duplicate=True)
    return windows(x, window_shape, axes)
