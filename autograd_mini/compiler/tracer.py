"""Tracing: arrays that write down what NumPy does to them.

A `Traced` array speaks NumPy's protocols (NEP 13, NEP 18), as a Tensor does, but has no
derivatives: it notes each call as a `Step`, and that list is a program. Because the engine takes
any array that dispatches, a Tensor may lie over a traced array; then the primitives, the rules, the
sweep and every transform write down what *they* do, and nothing has to be described a second time.

What depends on the numbers in an array, an ``if`` or a ``float()``, cannot be written down and is
refused, with the line that asked.
"""

from __future__ import annotations

import operator
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import numpy as np

from ..core.backward import sweep
from ..core.messages import describe
from ..core.primitive import Primitive
from ..core.registry import PRIMITIVES
from ..core.tape import Tape
from ..core.tensor import Tensor, _next_order, record
from .errors import (
    USE_FUNCTIONS,
    USE_WHERE,
    Forgotten,
    Unanswered,
    Unshaped,
    refuse_shapes,
    refuse_unshaped,
    refused,
    where_asked,
)
from .ir import (
    Step,
    Value,
    astype,
    axes_in_memory,
    example_of,
    for_blas,
    leaves_of,
    mapped,
    memory_of,
)

_SWEEP, _RECORD = sweep.__code__, record.__code__

#: primitive -> a forward that does the same without looking at the numbers
STRAIGHT: dict[Primitive, Callable[..., Any]] = {}


class Trace:
    """A program while it is written: what it takes, and the steps so far."""

    def __init__(self, decided: bool = False) -> None:
        self.decided = decided  # the examples are the only numbers that there will be
        self.arguments: list[Value] = []
        self.steps: list[Step] = []
        self.part = "forward"
        self.done: Counter[str] = Counter()  # what was written otherwise than asked
        self._began = _next_order()  # tensors with smaller numbers were made by others
        self._swept = False  # whether a backward part is behind us
        self._viewed: set[int] = set()  # memory that more than one value looks at

    def argument(self, example: Any, name: str | None = None) -> Traced:
        """An array that the program will be given."""
        value = Value(example, name=name)
        self.arguments.append(value)
        self._viewed.add(id(memory_of(example)))
        return Traced(self, value)

    def call(self, function: Any, args: Any, kwargs: Any, name: str | None = None) -> Any:
        """Run a function on the examples, and write the call down."""
        args, kwargs = mapped(_value_of, args), mapped(_value_of, kwargs)
        if not self.decided:
            refuse_shapes(function, args, kwargs)
        step = Step(function, args, kwargs, name, self._part_now())
        with np.errstate(all="ignore"):  # when it runs, that will be heard
            y = function(*mapped(example_of, args), **mapped(example_of, kwargs))
        made: list[Value] = []

        def out(part: Any) -> Traced:
            made.append(Value(part, step))
            return Traced(self, made[-1])

        result = mapped(out, y)
        step.several = isinstance(y, (list, tuple))
        for value in made:
            if any(np.may_share_memory(value.example, x.example) for x in step.inputs):
                self._viewed.add(id(memory_of(value.example)))
        step.outs = tuple(made)
        self.steps.append(step)
        return result

    def _part_now(self) -> str:
        """Backward while a sweep is running, whoever started it."""
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code is not _SWEEP:
            if frame.f_code is _RECORD and not self.decided:
                for t in leaves_of(frame.f_locals["args"]):
                    self.refuse_foreign(t)
            frame = frame.f_back
        if frame.f_code is _SWEEP:
            self._swept = True
            return "backward"
        return "then" if self._swept and self.part == "forward" else self.part

    def refuse_foreign(self, t: Any) -> None:
        """Raise for a tensor with a derivative with respect to one that the function was not given.

        The function found it elsewhere, as a model's parameter.
        """
        if not isinstance(t, Tensor) or isinstance(t._array, Traced) or not t._active:
            return
        for leaf in Tape(t):
            if leaf.order < self._began and leaf.requires_grad:
                raise Forgotten(
                    f"compile: {describe(leaf)} requires a gradient, and is not an argument of the "
                    "function. The program would keep the numbers that it has now, whatever they "
                    f"become.\n  {where_asked()}\nPass it as an argument; or its .detach(), if "
                    "it is meant as a constant."
                )

    def is_alone(self, value: Value) -> None:
        """Say that nobody else has what this value looks at."""
        self._viewed.discard(id(memory_of(value.example)))

    def may_change(self, value: Value) -> bool:
        """Whether no other value would see it if this one's memory were written to."""
        return id(memory_of(value.example)) not in self._viewed


# ---- the array -----------------------------------------------------------------------------------


class Traced:
    """An array in a program that is being written; see the top of this file."""

    __slots__ = ("_trace", "_value")

    def __init__(self, trace: Trace, value: Value) -> None:
        self._trace = trace
        self._value = value

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape

    @property
    def dtype(self) -> Any:
        return self._value.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.size(self._value.example))

    @property
    def itemsize(self) -> int:
        return int(self.dtype.itemsize)

    @property
    def strides(self) -> tuple[int, ...]:
        return np.asarray(self._value.example).strides

    @property
    def flags(self) -> Any:
        return np.asarray(self._value.example).flags

    @property
    def known(self) -> Any:
        """The numbers, where the program is made for these numbers alone; else None."""
        return self._value.example if self._trace.decided else None

    @property
    def T(self) -> Any:
        return self._call(np.transpose, self)

    @property
    def mT(self) -> Any:
        return self._call(np.swapaxes, self, -1, -2)

    def _call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, Tensor) for x in chain(args, kwargs.values())):
            return NotImplemented  # a Tensor records; it calls again with what is behind it
        if function in _OF_NUMBERS and all(_is_bare(x) for x in args):
            function = _OF_NUMBERS[function]  # a Python number stays one: it widens no float32
        return self._trace.call(function, args, kwargs)

    def _unary(self, function: Any, *others: Any) -> Any:
        return self._call(function, self, *others)

    def __repr__(self) -> str:
        return f"Traced{self.shape} {self.dtype}"

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

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
        chosen = kwargs.pop("where", True) if out and method == "__call__" else True
        y = self._call(ufunc if method == "__call__" else getattr(ufunc, method), *args, **kwargs)
        if out is None or y is NotImplemented:
            return y
        parts = y if isinstance(y, tuple) else (y,)
        if chosen is not True:
            parts = tuple(np.where(chosen, part, old) for part, old in zip(parts, out))
        written = tuple(map(self._replaced, out, parts))
        return written if ufunc.nout > 1 else written[0]

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(issubclass(kind, Tensor) for kind in types):
            return NotImplemented
        if function in _ON_SHAPES:
            return function(*mapped(_untraced, args), **mapped(_untraced, kwargs))
        refuse_unshaped(function, args)
        if function in _OF_OUR_OWN:
            return _OF_OUR_OWN[function](self, *args, **kwargs)
        out = kwargs.pop("out", None)
        if function is np.dot and len(args) == 2 and for_blas(*map(_untraced, args)):
            function = np.matmul  # the same bits, written with @
        y = self._trace.call(function, args, kwargs)
        return y if out is None else self._replaced(out, y)

    def __primitive__(self, op: Primitive, args: list[Any], kwargs: Any) -> Any:
        """A primitive whose forward looks at the numbers: its straight form, or the call itself."""
        if op.stable_graph and self._trace.decided:
            y = op.stable_graph(*args, **kwargs)
            return (y, None) if op.residuals else y
        if op in STRAIGHT:
            self._trace.done["losses in straight lines"] += 1
            return STRAIGHT[op](*args, **kwargs)
        if op is PRIMITIVES["getitem"]:  # of a constant array: its own c[x] asks for the numbers
            _refuse_masks(args[1])
            return self._trace.call(operator.getitem, args, kwargs)
        if isinstance(sys.exc_info()[1], Unshaped):
            return NotImplemented
        try:
            return self._trace.call(op.forward, args, kwargs, op.name)
        except (ValueError, TypeError, IndexError):
            return NotImplemented  # the error of the forward itself is the one to be shown

    def checked(self, check: Callable[..., Any], *args: Any) -> Any:
        """The array as `check` gives it: in each call, that looks at the numbers and may raise."""
        return self._call(check, self, *args)

    # ---- in place: the name gets a new value, and nobody else may know the old -------------------

    def _replaced(self, target: Any, y: Traced) -> Traced:
        if not isinstance(target, Traced) or not target._trace.may_change(target._value):
            raise refused("writing into an array that was not made here", "Use the new value")
        if y.dtype != target.dtype:
            y = y.astype(target.dtype)
        target._value = _lying_as(target, y)._value
        return target

    def _put_along_axis(self, x: Any, indices: Any, values: Any, axis: Any) -> None:
        """``np.put_along_axis`` with one index a row, as a choice by the place."""
        if indices.shape[axis] != 1:
            raise refused("np.put_along_axis of several entries a row", USE_WHERE)
        n = x.shape[axis]
        if not _is_argmax(indices):
            found = isinstance(indices, Traced)
            indices = indices.checked(within, n, axis) if found else within(indices, n, axis)
            indices = np.where(np.less(indices, 0), np.add(indices, n), indices)
        shape = [1] * x.ndim
        shape[axis] = -1
        places = np.arange(x.shape[axis]).reshape(shape)
        self._replaced(x, np.where(np.equal(places, indices), values, x))

    def _bincount(self, x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
        """``np.bincount`` of numbers below `minlength`: else its length is not known."""
        if not minlength:
            remedy = "minlength=n says that there are n bins, for numbers below n"
            raise refused("the length of np.bincount(x)", remedy, Unshaped)
        x = x.checked(within, minlength, 0) if isinstance(x, Traced) else x
        return self._trace.call(np.bincount, (x, weights, minlength), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        raise refused("assignment to entries of an array", USE_WHERE)

    # ---- what would need the numbers -------------------------------------------------------------

    def __bool__(self) -> bool:
        if self._trace.decided:
            return bool(self._value.example)
        raise refused("a condition on the numbers in an array (if, while, and, or)", USE_WHERE)

    def __contains__(self, x: Any) -> bool:
        raise refused("whether an array contains a number", "np.any(x == number) can be")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise refused(
            "the numbers themselves",
            "NumPy's functions work on it as it is; for c[x] of a constant array c, write "
            "ag.tensor(c)[x], or pass c as an argument",
        )

    def item(self) -> Any:
        """Refused: a program has no numbers yet."""
        raise refused(
            "a plain Python number",
            "Return the array, and take .item() of the result; instead of c[i] = x, np.stack and "
            "np.where make arrays",
        )

    __float__ = __int__ = __index__ = __complex__ = __round__ = tolist = item

    def __format__(self, spec: str) -> str:
        if spec:
            raise refused("a number in a text", "Return it, and write the text of the result")
        return repr(self)

    def __hash__(self) -> int:
        raise refused("a key of a dict or set", USE_WHERE)

    # ---- methods, as NumPy's arrays have them ----------------------------------------------------

    def reshape(self, *shape: Any, **kwargs: Any) -> Any:
        return self._call(np.reshape, self, shape[0] if len(shape) == 1 else shape, **kwargs)

    def transpose(self, *axes: Any) -> Any:
        order = axes[0] if len(axes) == 1 else axes or None
        return self._call(np.transpose, self, order) if order else self.T

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        dtype = np.dtype(dtype)
        return self if self.dtype == dtype and not copy else self._call(astype, self, dtype)

    def copy(self, order: Any = "C") -> Any:
        return self._call(np.copy, self, order)

    def flatten(self, order: Any = "C") -> Any:
        return self._call(np.reshape, self.copy(), -1, order=order)

    def __getattr__(self, name: str) -> Any:
        if name not in _OF_ARRAYS:
            raise AttributeError(f"an array has no attribute {name!r}")
        raise refused(f"the attribute {name} of an array", USE_FUNCTIONS, Unanswered)


_OF_ARRAYS = set(dir(np.ndarray))

# What Python computes with its own numbers [NEP 50].
_OF_NUMBERS: dict[Any, Any] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul,
    np.divide: operator.truediv, np.negative: operator.neg, np.absolute: abs,
    np.remainder: operator.mod, np.floor_divide: operator.floordiv, np.positive: operator.pos,
}  # fmt: skip

# What is put together of several calls.
_OF_OUR_OWN: dict[Any, Callable[..., Any]] = {
    np.put_along_axis: Traced._put_along_axis,
    np.bincount: Traced._bincount,
}

# What NumPy answers from shapes and dtypes alone: the answer is a constant of the program.
_ON_SHAPES = {
    np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like, np.result_type,
    np.can_cast, np.common_type, np.iscomplexobj, np.isrealobj, np.broadcast_shapes,
}  # fmt: skip


def _lying_as(x: Traced, y: Traced) -> Traced:
    """`y` with its entries in memory in the order of those of `x`: a sum runs over them so."""
    axes = axes_in_memory(x._value.example)
    if x.shape != y.shape or axes == axes_in_memory(y._value.example):
        return y
    back = tuple(np.argsort(axes).tolist())
    moved: Any = np.transpose(np.transpose(y, axes).copy(), back)
    y._trace.is_alone(moved._value)
    return moved  # type: ignore[no-any-return]  # NumPy's stubs know of no array but their own


def within(indices: Any, n: int, axis: int) -> Any:
    """The indices, which NumPy takes from -n to n - 1."""
    for i in (indices.min(), indices.max()) if indices.size else ():
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of bounds for axis {axis} with size {n}")
    return indices


def _is_argmax(x: Any) -> bool:
    step = x._value.step if isinstance(x, Traced) else None
    return step is not None and step.function in (np.argmax, np.argmin)


def _is_bare(x: Any) -> bool:
    """Whether it is a number of Python's, which has no dtype of its own."""
    return isinstance(_untraced(x), (bool, int, float)) and not isinstance(_untraced(x), np.generic)


def _value_of(x: Any) -> Any:
    return x._value if isinstance(x, Traced) else x


def _untraced(x: Any) -> Any:
    return x._value.example if isinstance(x, Traced) else x


def _refuse_masks(index: Any) -> None:
    for i in index if isinstance(index, tuple) else (index,):
        if isinstance(i, Traced) and i.dtype == bool:
            raise refused("the shape of x[mask]", USE_WHERE, Unshaped)
