"""NumPy functions that are recorded as several calls, and the checks of their indices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import USE_WHERE, DataDependentShapeError, refused


def check_bounds(indices: Any, n: int, axis: int) -> Any:
    """Return the indices if all are from -n to n - 1."""
    for i in (indices.min(), indices.max()) if indices.size else ():
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of bounds for axis {axis} with size {n}")
    return indices


def _checked(indices: Any, n: int, axis: int) -> Any:
    """Return the indices; those of a traced array are checked in each call."""
    if hasattr(indices, "checked"):
        return indices.checked(check_bounds, n, axis)
    return check_bounds(indices, n, axis)


def _put_along_axis(traced: Any, x: Any, indices: Any, values: Any, axis: Any) -> None:
    """``np.put_along_axis`` with one index a row: choose by position."""
    if indices.shape[axis] != 1:
        raise refused("np.put_along_axis of several entries a row", USE_WHERE)
    n = x.shape[axis]
    if not _is_argmax(indices):
        indices = _checked(indices, n, axis)
        indices = np.where(np.less(indices, 0), np.add(indices, n), indices)
    shape = [1] * x.ndim
    shape[axis] = -1
    positions = np.arange(n).reshape(shape)
    traced.write(x, np.where(np.equal(positions, indices), values, x))


def _is_argmax(x: Any) -> bool:
    value = getattr(x, "_value", None)
    step = value.step if value is not None else None
    return step is not None and step.function in (np.argmax, np.argmin)


def _bincount(traced: Any, x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """``np.bincount`` of numbers below `minlength`; otherwise its length is unknown."""
    if not minlength:
        remedy = "minlength=n says that there are n bins, for numbers below n"
        raise refused("the length of np.bincount(x)", remedy, DataDependentShapeError)
    if hasattr(x, "checked"):
        x = x.checked(check_bounds, minlength, 0)
    return traced._tracer.call(np.bincount, (x, weights, minlength), {})


#: NumPy function -> the function of a traced array, and the call's arguments, that records it
SEVERAL_CALLS: dict[Any, Callable[..., Any]] = {
    np.put_along_axis: _put_along_axis,
    np.bincount: _bincount,
}
