"""NumPy functions that are recorded as several calls, and the checks of their indices."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.registry import parameters_of
from .errors import USE_BROADCAST, USE_WHERE, DataDependentShapeError, refused

#: the parameters of a function of a step, which `inspect` reads slowly
known_parameters = functools.cache(parameters_of)


@functools.cache
def positional(function: Any) -> tuple[str, ...]:
    """Return the names of the arguments that a NumPy function takes by position."""
    if isinstance(getattr(function, "__self__", None), np.ufunc):  # reduce, accumulate, outer
        if function.__name__ == "outer":
            return ("A", "B")
        return ("array", "axis", "dtype", "out", "keepdims")
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    found = tuple(key for key, p in parameters_of(function).items() if p.kind in kinds)
    return found or _WITHOUT_SIGNATURE.get(function, ())


def arranged(function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Return a call with its required arguments by position, and from `out` on by name."""
    names, known = positional(function), known_parameters(function)
    n = names.index("out") if "out" in names else len(args)
    args, kwargs = list(args), {**dict(zip(names[n:], args[n:])), **kwargs}
    del args[n:]
    for key in names[len(args) :]:
        if (
            key not in kwargs
            or key not in known
            or known[key].default is not inspect.Parameter.empty
        ):
            break
        args.append(kwargs.pop(key))
    return args, kwargs


#: functions whose arguments earlier versions of NumPy do not tell
_WITHOUT_SIGNATURE = {
    np.dot: ("a", "b", "out"),
    np.concatenate: ("arrays", "axis", "out"),
    np.copyto: ("dst", "src", "casting", "where"),
}


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
    if not hasattr(x, "checked"):
        return traced._tracer.call(np.bincount, (x, weights, minlength), {})
    if not minlength:
        remedy = "Pass minlength=n if all numbers are below n"
        raise refused("the length of np.bincount(x)", remedy, DataDependentShapeError)
    x = x.checked(check_bounds, minlength, 0)
    return traced._tracer.call(np.bincount, (x, weights, minlength), {})


def _copyto(traced: Any, dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    """``np.copyto``: the target gets other entries where the mask is true."""
    if not hasattr(dst, "checked"):
        raise refused("np.full or np.copyto of a traced number", USE_BROADCAST)
    if not np.can_cast(np.result_type(src), dst.dtype, casting):
        raise TypeError(f"np.copyto: cannot cast {np.result_type(src)} to {dst.dtype}, {casting}")
    traced.write(dst, np.where(where, src, dst))


#: NumPy function -> the function of a traced array, and the call's arguments, that records it
SEVERAL_CALLS: dict[Any, Callable[..., Any]] = {
    np.put_along_axis: _put_along_axis,
    np.bincount: _bincount,
    np.copyto: _copyto,
}
