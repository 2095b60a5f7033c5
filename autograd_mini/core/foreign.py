"""Arrays that are not plain NumPy numbers: lazy arrays (Dask), arrays on a GPU (CuPy), and objects.

Objects are symbols or numbers of SymPy or mpmath.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import (
    Array,
    Cotangent,
    TensorBase,
    as_array,
    copied,
    holds_numbers,
    is_foreign,
    unwrap,
)

if TYPE_CHECKING:
    from .primitive import Primitive
    from .tensor import Tensor

#: NumPy's name of a function -> the name that SymPy and mpmath give it.
_SPELLED = {"absolute": "Abs", "maximum": "Max", "minimum": "Min"}


def constant_like(constant: Any, x: Any) -> Array:
    """Convert an array that a rule made to the library of `x`.

    An array on a GPU cannot be combined with one of NumPy.
    """
    x = unwrap(x)
    is_numpys = isinstance(constant, (np.ndarray, np.generic, int, float))
    return np.asarray(constant, like=x) if is_numpys and is_foreign(x) else constant


def require_in_place(*arrays: Any) -> None:
    """Raise if an array cannot be changed in place, such as a lazy array."""
    for x in arrays:
        if is_foreign(x) and not hasattr(type(x), "__iadd__"):
            kind = f"{type(x).__module__}.{type(x).__qualname__}"
            raise TypeError(
                f"got an array of type {kind}, which cannot be changed in place. This function "
                "changes its result in place. Convert the array first: np.asarray(x)"
            )


def numbers_for_foreign(arrays: list[Any]) -> bool:
    """Replace NumPy's arrays without axes with numbers, if another array is of another library.

    Such an array can be combined with numbers only. Returns whether anything was replaced.
    """
    without_axes = [i for i, a in enumerate(arrays) if isinstance(a, np.ndarray) and not a.ndim]
    if not without_axes or not any(map(is_foreign, arrays)):
        return False
    for i in without_axes:
        arrays[i] = arrays[i][()]
    return True


def numbers_as_arrays(op: Primitive, args: tuple[Any, ...], error: Exception) -> tuple[Any, ...]:
    """Return the arguments of `op` with Python numbers as arrays, which have a shape and a dtype.

    If there are no such numbers, raise the `error` of the call. If it is about an argument that is
    None, the message names the arguments.
    """
    ruled = args[: op.arity]
    numbers = [i for i, a in enumerate(ruled) if type(a) in (float, int, bool)]
    if not numbers:
        raise op.add_context(TypeError(str(error)), ruled) if "NoneType" in str(error) else error
    dtypes = [x.dtype for x in ruled if hasattr(x, "dtype")]
    arrays = {i: np.asarray(ruled[i], np.result_type(*dtypes, ruled[i])) for i in numbers}
    return tuple(arrays.get(i, a) for i, a in enumerate(args))


def holds_objects(x: Any) -> bool:
    """Return whether `x` is an array of Python objects, such as symbols."""
    return getattr(x, "dtype", None) == "O"


def forward_on_objects(function: Any, arrays: Sequence[Any], kwargs: Any) -> Any:
    """Run a ufunc on arrays of objects, with a function from the package of the objects.

    NumPy asks each object for a method, ``x.exp()``. SymPy and mpmath have a function instead,
    mostly of the same name. Returns NotImplemented if there is none.
    """
    objects = [a for a in arrays if holds_objects(a)]
    if not objects or kwargs or not isinstance(function, np.ufunc):
        return NotImplemented
    name = function.__name__
    packages = {type(x).__module__.partition(".")[0] for a in objects for x in a.flat}
    for package in sorted(packages - {"builtins"}):
        for spelled in (_SPELLED.get(name, name), name.replace("arc", "a")):
            if hasattr(sys.modules[package], spelled):
                f = getattr(sys.modules[package], spelled)
                return np.frompyfunc(f, function.nin, 1)(*arrays)
    return NotImplemented


def ensure_array(y: Any, op: Primitive, args: tuple[Any, ...], arrays: list[Any]) -> Array:
    """Return a primitive's result as an array of numbers. NumPy returns single objects bare."""
    given = y
    if any(holds_objects(a) for a in arrays):
        y = np.asarray(y, object)
    y = as_array(y)
    if not holds_numbers(y) and y.dtype.kind != "c":
        hint = " Did you forget `return`?" if given is None else ""
        text = f"the function must return real numbers, but it returned {given!r:.60}.{hint}"
        raise op.add_context(TypeError(text), args)
    return y


def compute_lazy(adjoints: dict[Tensor, Any]) -> dict[Tensor, Any]:
    """Compute the lazy adjoints of tensors that are not lazy themselves.

    They are first joined into one array, so that shared parts are computed once.
    """
    lazy = [t for t, g in adjoints.items() if type(t._array) is np.ndarray and _is_lazy(g)]
    if lazy:
        flat = np.asarray(np.concatenate([np.reshape(adjoints[t], (-1,)) for t in lazy]))
        parts = np.split(flat, np.cumsum([t.size for t in lazy])[:-1])
        computed = (part.reshape(t.shape).astype(t.dtype) for t, part in zip(lazy, parts))
        adjoints = {**adjoints, **dict(zip(lazy, computed))}
    return adjoints


def _is_lazy(g: Any) -> bool:
    """Return whether an array is lazy. A traced array has no numbers to compute."""
    return type(g) is not np.ndarray and not hasattr(g, "__primitive__")


def owned_copy(g: Any, t: Tensor) -> Array:
    """Return an adjoint as an array that shares no memory. A traced array is never written to."""
    if type(t._array) is np.ndarray and (type(g) is np.ndarray or _is_lazy(g)):
        return np.array(g, t._array.dtype)
    return copied(g) if is_foreign(g) else g


def unshared(y: Any, arrays: Sequence[Any]) -> Array:
    """Return the result `y` of a function of `arrays`, copied if it may share their memory."""
    if hasattr(y, "owned"):  # traced
        return y.owned()
    shared = getattr(y, "base", None) is not None or any(y is a for a in arrays)
    return copied(y) if shared and is_foreign(y) else y


def to_host(x: Array, method: str) -> Any:
    """Call ``x.item()`` or ``x.tolist()``, which ask explicitly for numbers. Dask has neither."""
    return getattr(x if hasattr(x, method) else np.asarray(x), method)()


def rechunk_like(c: Cotangent, x: Array) -> Cotangent:
    """Return a lazy contribution in the chunks of `x`. Broadcasting made one large chunk of it."""
    lazy = unwrap(c)
    if hasattr(lazy, "rechunk") and hasattr(x, "chunks") and lazy.chunks != x.chunks:
        lazy = lazy.rechunk(x.chunks)
        if not isinstance(c, TensorBase):
            return lazy
        c._array = lazy
    return c
