"""Arrays, and the fields of a tensor, which every module of the engine uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

if TYPE_CHECKING:
    from .context import scope
    from .primitive import Primitive

#: A NumPy array, or any array that speaks NumPy's protocols (Dask, SymPy objects, traced arrays).
Array: TypeAlias = Any
#: The gradient of the result with respect to one tensor: an Array, or a Tensor when recorded.
Cotangent: TypeAlias = Any
#: A derivative rule, ``rule(g, y, *args, **kwargs)``.
Rule: TypeAlias = Callable[..., Cotangent]

NO_KWARGS: Mapping[str, Any] = MappingProxyType({})
#: The `_grad` of a node whose gradient `backward` does not store.
NOT_RETAINED: Any = object()
#: Methods that subclasses such as np.matrix and masked arrays override to compute differently.
_ARITHMETIC = ("__mul__", "__array_ufunc__")


class TensorBase:
    """The fields of a `Tensor`, without its behaviour.

    The modules that `Tensor` is built on recognise tensors by this class.
    """

    # fmt: off
    __slots__ = ("__weakref__", "_active", "_array", "_grad",
                 "inputs", "kwargs", "name", "op", "order", "residuals", "scope")
    # fmt: on
    _active: bool  #: whether a derivative flows through this tensor
    _array: NDArray[Any]  #: an Array. It is not called `_data`, because np.ma uses this name.
    _grad: NDArray[Any] | None
    inputs: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    name: str | None
    op: Primitive | None
    order: int
    residuals: Any  #: results of `forward` that a rule on arrays may use again
    scope: tuple[scope, ...]


def as_array(x: Any) -> Array:
    """Return `x` as an array. An array of another library with NumPy's protocol is not changed."""
    if type(x) is np.ndarray:
        return x
    if isinstance(x, np.generic):
        return np.asarray(x)
    if isinstance(x, np.ndarray):
        if any(getattr(type(x), f) is not getattr(np.ndarray, f) for f in _ARITHMETIC):
            name = type(x).__name__
            raise TypeError(
                f"a tensor cannot hold an array of type {name}, because its mask or its units "
                "would be lost. Pass a plain array: np.asarray(x), or x.filled(0) for a masked "
                "array."
            )
        return np.asarray(x)  # a subclass that is only storage, such as np.memmap
    if hasattr(x, "__array_function__") and not isinstance(x, TensorBase):
        return x
    if isinstance(x, (list, tuple)):
        refuse_arrays_inside(x)
        refuse_tensors_inside(x)
    try:
        return np.asarray(require_protocol(x))
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError(
            f"the rows of {x!r:.60} have different lengths. Fill up the short ones, or make one "
            "array for each row."
        ) from error


def require_protocol(x: Any) -> Any:
    """Return `x`. Raise if it is an array of another library that NumPy would convert silently.

    Such an array exports its memory (DLPack), but does not implement NumPy's protocol (NEP 18).
    """
    if hasattr(x, "__dlpack__") and not hasattr(x, "__array_function__"):
        kind = f"{type(x).__module__}.{type(x).__qualname__}"
        raise TypeError(
            f"got an array of type {kind}. This type does not implement NumPy's protocols (NEP 13 "
            "and NEP 18), so NumPy's functions cannot compute with it. Convert it: np.asarray(x)."
        )
    return x


def is_foreign(x: Any) -> bool:
    """Return whether `x` is an array of another library, which computes with its own functions."""
    return (
        not isinstance(x, (np.ndarray, np.generic, TensorBase))
        and hasattr(x, "__array_function__")
        and not hasattr(x, "__primitive__")  # a traced array becomes one of NumPy
    )


_NUMBERS = {float, int, bool}


def refuse_arrays_inside(parts: Any) -> None:
    """Raise if a nested list holds arrays of another library, which NumPy would convert."""
    while not _NUMBERS.issuperset(kinds := set(map(type, parts))):
        for part in dict(zip(map(type, parts), parts)).values():  # one of each type
            if is_foreign(require_protocol(part)):
                raise TypeError(
                    f"got a list of arrays of type {type(part).__qualname__}. Join them with "
                    "np.stack first."
                )
        if kinds.isdisjoint((list, tuple)):
            return
        parts = [x for part in parts if isinstance(part, (list, tuple)) for x in part]


def refuse_tensors_inside(parts: list[Any] | tuple[Any, ...]) -> None:
    """Raise if a list holds tensors on the tape, or if a tuple is the result of an LSTM."""
    tensors = [part for part in parts if isinstance(part, TensorBase)]
    is_result = isinstance(parts, tuple) and any(t._array.ndim for t in tensors)
    if is_result or any(t._active for t in tensors):
        raise TypeError(
            f"got a {type(parts).__name__} of tensors, but expected a single tensor. To join "
            "tensors, call np.stack or np.concatenate. An LSTM returns a pair: write output, "
            "state = lstm(x). In an nn.Sequential, use an nn.Module that calls the LSTM and "
            "returns the output."
        )


def as_array_or_tensor(x: Any) -> Any:
    """Return `x`. If it is a number or a list, which have no shape, convert it to an array."""
    return x if isinstance(x, TensorBase) else as_array(x)


def is_half(x: Any) -> bool:
    """Return whether `x` is an array or a Tensor of float16."""
    try:
        return bool(x.dtype.char == "e")  # quicker than == np.float16
    except AttributeError:
        return False


def widen(x: Any) -> Any:
    """Return float16 as float32, so that a sum stays in range. Return other dtypes unchanged."""
    return x.astype(np.float32) if is_half(x) else x


def in_dtype(x: Any, dtype: Any) -> Any:
    """Return `x` as an array or tensor of `dtype`. If it already has this dtype, return `x`."""
    if isinstance(x, (int, float)):
        return np.asarray(x, dtype)  # raises if a Python integer is out of bounds
    x = as_array_or_tensor(x)
    return x if x.dtype == dtype else x.astype(dtype)


def add(before: Cotangent, c: Cotangent) -> Cotangent:
    """Return before + c in the byte order of both. NumPy would use that of the machine."""
    total = before + c
    return total if total.dtype is c.dtype else in_dtype(total, c.dtype)


def as_operand(x: Any) -> Any:
    """Return `x` as an array or tensor. A Python number stays a number, so it widens no float32."""
    return x if isinstance(x, (int, float)) else as_array_or_tensor(x)


def in_float(x: Any) -> Any:
    """Return integers and booleans as float64, and anything else unchanged.

    The arithmetic of narrow integers wraps around: -np.uint8(1) is 255.
    """
    return x.astype(float) if hasattr(x, "dtype") and x.dtype.kind in "iub" else x


def concrete_value(x: Any) -> Any:
    """Return a number for an ``if``. If it is traced, each call checks that it is the same."""
    return x.concrete_value() if hasattr(x, "concrete_value") else x


def unwrap(x: Any) -> Any:
    """Return the array inside a Tensor, and anything else unchanged."""
    return x._array if isinstance(x, TensorBase) else x


def unwrap_constant(x: Any) -> Any:
    """Return the array inside a Tensor, or `x`. Raise if NumPy would convert `x` silently."""
    if isinstance(x, TensorBase):
        return x._array
    return require_protocol(x) if hasattr(x, "__dlpack__") else x  # saves a call


def unwrap_nested(x: Any) -> Any:
    """Unwrap the tensors in a list or tuple too, as in ``np.lexsort([s, t])``."""
    return type(x)(map(unwrap_nested, x)) if type(x) in (list, tuple) else unwrap_constant(x)


def copied(x: Array) -> Array:
    """Return a copy of an array of another library. A symbol has no memory, and is not copied."""
    return x.copy() if hasattr(x, "copy") else x


def leaf_array(data: Any, dtype: DTypeLike | None) -> Array:
    """Return a copy of `data` as an array of real numbers, in the library that it comes from."""
    try:
        array = as_array(data)
    except TypeError as error:
        if isinstance(data, TensorBase) and data._active:
            which = f"{repr(data.name) if data.name else 'the argument'}, which is already a Tensor"
            fix = "Use that Tensor itself. For a new leaf with the same values, call .detach()"
        elif _holds_tensor(data):
            which = "the tensors in the list"
            fix = "To join them and keep the gradient, use np.stack"
        else:
            raise
        raise TypeError(f"ag.tensor would lose the gradient of {which}. {fix}.") from error
    if isinstance(array, np.ndarray):
        array = np.array(array, dtype=dtype)
    elif is_foreign(array):
        array = copied(array) if dtype in (None, array.dtype) else array.astype(dtype)
    elif hasattr(array, "compact"):  # traced
        array = array.compact()
    if array.dtype.kind == "c":
        raise TypeError(
            "a tensor cannot be complex. Make two tensors: one of x.real and one of x.imag."
        )
    if not holds_numbers(array):
        raise TypeError(f"a tensor needs real numbers, got {data!r:.60}.")
    return array


def _holds_tensor(data: Any) -> bool:
    """Return whether a nested list or tuple contains a Tensor."""
    if isinstance(data, (list, tuple)):
        return any(map(_holds_tensor, data))
    return isinstance(data, TensorBase) and data._active


def holds_numbers(array: Array) -> bool:
    """Return whether the entries are real numbers, or objects that can compute, such as symbols."""
    if array.dtype.kind != "O":
        return array.dtype.kind in "biuf"
    if not isinstance(array, np.ndarray):
        return True
    return all(hasattr(type(x), "__sub__") and hasattr(type(x), "__mul__") for x in array.flat)


def read_only(array: Array) -> Array:
    """Return a read-only view. An array of another library is returned unchanged."""
    if isinstance(array, np.ndarray):
        array = array.view()
        array.flags.writeable = False
    return array
