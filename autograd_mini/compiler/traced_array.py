"""Arrays that record what NumPy does to them.

A `TracedArray` speaks NumPy's protocols (NEP 13, NEP 18), as a Tensor does, but has no derivatives.
An operation that depends on the numbers in an array, such as ``if`` or ``float()``, cannot be
recorded. It is refused, with the user's line.
"""

from __future__ import annotations

import operator
import sys
import weakref
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.primitive import Primitive
from ..core.pytree import tree_map
from ..core.registry import PRIMITIVES
from ..core.tensor import Tensor
from .errors import (
    DECIDES,
    USE_FUNCTIONS,
    USE_STATE,
    USE_WHERE,
    DataDependentShapeError,
    TracingError,
    UnsupportedAttributeError,
    condition_remedy,
    number_remedy,
    refuse_unshaped,
    refused,
)
from .ir import Value, axes_in_memory, check_branch, for_blas, memory_of
from .traced_functions import SEVERAL_CALLS, arranged
from .traced_methods import TracedMethods

if TYPE_CHECKING:
    from .tracer import Tracer


def _of_example(name: str) -> Any:
    """Return the property of a traced array that is the attribute of its example."""
    return property(lambda self: getattr(np.asarray(self._value.example), name))


class TracedArray(TracedMethods):
    """An array in a program that is being recorded; see the top of this file."""

    __slots__ = ("__weakref__", "_tracer", "_value")

    def __init__(self, tracer: Tracer, value: Value) -> None:
        self._tracer = tracer
        self._value = value
        tracer.made.append(weakref.ref(self))

    shape, dtype, strides, flags = map(_of_example, ("shape", "dtype", "strides", "flags"))
    ndim, size, itemsize, nbytes = map(_of_example, ("ndim", "size", "itemsize", "nbytes"))

    def _call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, Tensor) for x in chain(args, kwargs.values())):
            return NotImplemented  # a Tensor records; it calls again with what is behind it
        if function in _OF_NUMBERS and all(_is_bare(x) for x in args):
            function = _OF_NUMBERS[function]  # a Python number stays one: it widens no float32
        return self._tracer.call(function, args, kwargs)

    def __repr__(self) -> str:
        return f"<traced {self.dtype} array of shape {self.shape}>"

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        _refuse_masks(index)
        return self._call(operator.getitem, self, index)

    # ---- NumPy's protocols -----------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        if method == "at":
            raise refused(f"np.{ufunc.__name__}.at, which writes into an array,", USE_WHERE)
        if kwargs.get("where") is True:
            del kwargs["where"]  # the default
        chosen = kwargs.pop("where", True) if out and method == "__call__" else True
        y = self._call(ufunc if method == "__call__" else getattr(ufunc, method), *args, **kwargs)
        if out is None or y is NotImplemented:
            return y
        parts = y if isinstance(y, tuple) else (y,)
        if chosen is not True:
            parts = tuple(np.where(chosen, part, old) for part, old in zip(parts, out))
        written = tuple(map(self.write, out, parts))
        return written if ufunc.nout > 1 else written[0]

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(issubclass(kind, Tensor) for kind in types):
            return NotImplemented
        if function in _ON_SHAPES:
            return function(*tree_map(_example_of, args), **tree_map(_example_of, kwargs))
        args, kwargs = arranged(function, args, kwargs)
        refuse_unshaped(function, args)
        if function in SEVERAL_CALLS:
            return SEVERAL_CALLS[function](self, *args, **kwargs)
        out = kwargs.pop("out", None)
        kwargs.pop("overwrite_input", None)  # to save memory: the result is the same without
        if function is np.dot and len(args) == 2 and for_blas(*map(_example_of, args)):
            function = np.matmul  # the same bits, written with @
        y = self._tracer.call(function, args, kwargs)
        return y if out is None else self.write(out, y)

    def __primitive__(self, op: Primitive, args: list[Any], kwargs: Any) -> Any:
        """Record a primitive whose forward depends on numbers: as its graph, or as one call."""
        if op.stable_graph and self._tracer.unfuse and op.name not in self._tracer.whole:
            y = op.stable_graph(*args, **kwargs)
            return (y, None) if op.residuals else y
        self._tracer.has_fused_calls |= op.stable_graph is not None
        if op is PRIMITIVES["getitem"]:  # of a constant array: its own c[x] asks for the numbers
            _refuse_masks(args[1])
            return self._tracer.call(operator.getitem, args, kwargs)
        if isinstance(sys.exc_info()[1], DataDependentShapeError):
            return NotImplemented
        try:
            return self._tracer.call(op.forward, args, kwargs, op.name)
        except (ValueError, TypeError, IndexError):
            return NotImplemented  # the forward's own error is the one to show

    def checked(self, check: Callable[..., Any], *args: Any) -> Any:
        """Return the array after `check`, which runs in each call and raises for some numbers."""
        return self._call(check, self, *args)

    def drawn(self, draw: Callable[..., Any], rng: Any, *args: Any) -> Any:
        """Return ``draw(rng, *args)``, recorded: each call of the program draws new numbers."""
        return draw(self._tracer.generator(rng), *args)

    def owned(self) -> Any:
        """Return the array, or a copy of a view: a sum over that runs in another order."""
        return self if memory_of(self._value.example) is self._value.example else self.copy("K")

    def compact(self) -> Any:
        """Return the array, or a copy if it has gaps: a leaf has none, and sums follow memory."""
        x = np.asarray(self._value.example)
        return self if np.empty_like(x).strides == x.strides else self.copy("K")

    def concrete_value(self) -> Any:
        """Return the number itself; a call in which it is another one traces the program again."""
        number = np.asarray(self._value.example).item()
        if not self._tracer.concrete:
            self._call(check_branch, self, number)
        return number

    # ---- in place: the name gets a new value, unless another value shares the old memory --------

    def _replace(self, y: TracedArray) -> TracedArray:
        if not self._tracer.may_change(self._value):
            raise self._refused("writing into an array that the function did not create", USE_STATE)
        if y.dtype != self.dtype:
            y = y.astype(self.dtype)
        old, self._value = self._value, _laid_out_like(self, y)._value
        if self._tracer.owns(old):
            self._tracer.own(self._value, instead_of=old)
        return self

    @staticmethod
    def write(target: Any, y: TracedArray) -> TracedArray:
        """Give `target`, the `out` of a call, the value `y`."""
        if target is None:
            return y
        if isinstance(target, TracedArray):
            return target._replace(y)
        raise refused("writing into a constant NumPy array", USE_STATE)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise self._refused("assignment to entries of an array", USE_WHERE)

    # ---- what would need the numbers -------------------------------------------------------------

    def _refused(self, *error: Any) -> TracingError:
        """Return the error of an operation, or raise that the function has returned already."""
        self._tracer.refuse_if_closed()
        return refused(*error)

    def __bool__(self) -> bool:
        if self._tracer.concrete:
            return bool(self._value.example)
        condition = "a condition on the numbers in an array (if, while, and, or)"
        raise self._refused(condition, condition_remedy(), TracingError, DECIDES)

    def __contains__(self, x: Any) -> bool:
        raise self._refused("`number in array`", "Write np.any(array == number)")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise self._refused(
            "converting an array x of the program to a plain NumPy array",
            "Pass x itself to NumPy's functions. Join several arrays with np.stack([x, y]). "
            "To index a constant array c with x, write ag.tensor(c)[x], or pass c as an argument",
        )

    def item(self) -> Any:
        """Raise: a traced array has no numbers."""
        raise self._refused(
            "converting an array to a Python number",
            number_remedy(),
            TracingError,
            "float(x) and x.item() would put the number of this first call into the program. Every "
            "later call would use that number",
        )

    __float__ = __int__ = __index__ = __complex__ = __round__ = tolist = item

    def __format__(self, spec: str) -> str:
        if spec:
            raise self._refused(
                "formatting an array, as in f'{x:.2f}',", "Return the array, and format the result"
            )
        return repr(self)

    def __hash__(self) -> int:
        raise self._refused(
            "an array as a key of a dict or set", "Use a number or a string as the key"
        )

    def __getattr__(self, name: str) -> Any:
        if name not in _OF_ARRAYS:
            fix = ". Make a tensor of it: ag.tensor(x, requires_grad=True)" * hasattr(Tensor, name)
            if name in ("numpy", "detach"):
                fix = ". Leave it out: in the function, arguments are arrays"
            raise AttributeError(f"an array has no attribute {name!r}{fix}")
        raise self._refused(
            f"the attribute {name} of an array", USE_FUNCTIONS, UnsupportedAttributeError
        )


_OF_ARRAYS = set(dir(np.ndarray))

# Python's operators, for its own numbers [NEP 50].
_OF_NUMBERS: dict[Any, Any] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul,
    np.divide: operator.truediv, np.negative: operator.neg, np.absolute: abs,
    np.remainder: operator.mod, np.floor_divide: operator.floordiv, np.positive: operator.pos,
}  # fmt: skip

# Functions of shapes and dtypes alone: the result is a constant of the program.
_ON_SHAPES = {
    np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like, np.result_type,
    np.can_cast, np.common_type, np.iscomplexobj, np.isrealobj, np.broadcast_shapes,
}  # fmt: skip


def _laid_out_like(x: TracedArray, y: TracedArray) -> TracedArray:
    """Return `y` with its axes in memory in the order of those of `x`, which a sum follows."""
    axes = axes_in_memory(x._value.example)
    if x.shape != y.shape or axes == axes_in_memory(y._value.example):
        return y
    back = tuple(np.argsort(axes).tolist())
    moved: Any = np.transpose(np.transpose(y, axes).copy(), back)
    y._tracer._viewed.discard(id(memory_of(moved._value.example)))  # a copy, turned
    return moved  # type: ignore[no-any-return]  # NumPy's stubs know of no array but their own


def _is_bare(x: Any) -> bool:
    """Return whether it is a Python number, which has no dtype."""
    return type(_example_of(x)) in (bool, int, float)


def _example_of(x: Any) -> Any:
    return x._value.example if isinstance(x, TracedArray) else x


def _refuse_masks(index: Any) -> None:
    for i in index if isinstance(index, tuple) else (index,):
        if isinstance(i, TracedArray) and i.dtype == bool:
            raise refused("the shape of x[mask]", USE_WHERE, DataDependentShapeError)
