"""Steps of a program in the few functions that another language has.

Shapes are known, so most functions of NumPy are special cases of a few. A function that only
arranges entries takes them from known places. One that only looks at memory in another way is a
`reshape` or a `transpose`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from string import ascii_letters
from typing import Any

import numpy as np

from ...core.pytree import tree_leaves
from ...core.registry import name_of
from ...ops.indexing import _scatter
from ...ops.windows import _fold_windows
from ..ir import (
    Step,
    Value,
    array_pow,
    astype,
    dtype_of,
    example_of,
    number_pow,
    values_in,
)
from ..traced_functions import positional
from . import portable_windows
from .operation import Language, Operation, UnknownOperation, name_in_errors, numbers_of, put

_AXIS, _OVER = {"axis"}, {"axis", "keepdims"}
#: functions of the runtime that combine or join entries, and the options that each takes
_OPTIONS: dict[str, set[str]] = {
    **dict.fromkeys(("sum", "prod", "max", "min", "mean", "any", "all", "argmax", "argmin"), _OVER),
    **dict.fromkeys(("cumsum", "cumprod", "sort", "argsort", "concatenate", "stack"), _AXIS),
    "take_along_axis": _AXIS,
}
_BY_AXIS = {"sort", "argsort", "concatenate"}  # without an axis, these take the last or first one
_LINALG = {"det", "slogdet", "inv", "solve", "cholesky"}
_PLAIN = {"matmul", "where", *_LINALG}  # without options
_ELEMENTWISE = """
    add subtract multiply divide power floor_divide remainder fmod maximum minimum fmax fmin hypot
    arctan2 logaddexp logaddexp2 copysign heaviside bitwise_and bitwise_or logical_or logical_and
    equal not_equal less less_equal greater greater_equal logical_not isfinite isnan isinf signbit
    negative absolute fabs square sign trunc floor ceil reciprocal exp exp2 expm1 log log2 log10
    log1p sqrt cbrt sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh deg2rad
    rad2deg sinc
"""
#: dtypes that all languages know
DTYPES = frozenset(["bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64"])
#: other names of functions
_NAMES: dict[Any, str] = {
    operator.add: "add", operator.sub: "subtract", operator.mul: "multiply",
    operator.neg: "negative", operator.truediv: "divide",
    operator.floordiv: "floor_divide", operator.mod: "remainder",
    operator.pow: "power", array_pow: "power", number_pow: "power", abs: "absolute",
    np.add.reduce: "sum", np.multiply.reduce: "prod", np.maximum.reduce: "max",
    np.minimum.reduce: "min", np.logical_or.reduce: "any", np.logical_and.reduce: "all",
    np.radians: "deg2rad", np.degrees: "rad2deg", np.dot: "matmul",
}  # fmt: skip


def portable(step: Step, language: Language) -> Any:
    """Return a step as an operation, or the value that it only copies.

    Raises
    ------
    UnknownOperation
        If the functions of the language cannot express it.
    """
    name = name_in_errors(step)
    for x in tree_leaves((step.args, step.kwargs, step.outs)):
        array = example_of(x)
        if isinstance(array, (np.ndarray, np.generic)) and array.dtype.name not in language.dtypes:
            raise UnknownOperation(f"{language.name} has no {array.dtype} arrays, as in {name}")
    operation: Any = language.own(step)
    if operation is None:
        special = _SPECIAL.get(step.function)
        operation = special(step) if special else _by_name(step)
    if operation is None:
        raise UnknownOperation(f"{language.name} has no function for {name}")
    return operation


def _by_name(step: Step) -> Operation | None:
    """Return a call of the runtime's function with the same name."""
    name = _NAMES.get(step.function) or name_of(step.function).removeprefix("linalg.")
    if step.name:
        return None
    if name in _ELEMENTWISE.split() or name in _PLAIN:
        return None if step.kwargs else Operation(name, _operands(name, step))
    if name not in _OPTIONS:
        return None
    return _over_axes(name, step)


def _over_axes(name: str, step: Step) -> Operation | None:
    """Return a call with options, such as the axis."""
    reduces = isinstance(getattr(step.function, "__self__", None), np.ufunc)
    known = positional(step.function)
    given: dict[str, Any] = {"axis": 0} if reduces else {}
    given |= {**dict(zip(known, step.args)), **step.kwargs}
    args = [given.pop(key) for key in known[: 2 if name == "take_along_axis" else 1]]
    dtype = given.pop("dtype", None)
    for ignored in ("kind", "stable", "order"):  # the runtime's sorts are stable
        given.pop(ignored, None)
    if given.get("axis", 0) is None and name not in _BY_AXIS:
        del given["axis"]
    chosen = {key: _plain(x) for key, x in given.items() if key == "axis" or not _is_default(x)}
    if set(chosen) - _OPTIONS[name] or values_in(chosen):
        return None
    if dtype is None:
        return Operation(name, args, chosen)
    cast = Operation("astype", [args[0], np.dtype(dtype).name])  # NumPy casts before it adds up
    return Operation("astype", [Operation(name, [cast], chosen), np.dtype(dtype).name])


def _is_default(x: Any) -> bool:
    return x is None or x is False or x is np._NoValue


def _plain(x: Any) -> Any:
    """Return an axis, or several, as Python's integers."""
    if isinstance(x, tuple):
        return tuple(map(_plain, x))
    return x.item() if isinstance(x, np.integer) else x


def _operands(name: str, step: Step) -> list[Any]:
    """Return the operands. A number that decides on the dtype becomes an array."""
    args = [np.asarray(a) if isinstance(a, (list, tuple)) else a for a in step.args]
    if name in _PLAIN and name != "where":
        return args
    first = 1 if name == "where" else 0  # the condition has no part in the dtype
    args[:first] = [a if isinstance(a, Value) else np.asarray(a, bool) for a in args[:first]]
    strong = [dtype_of(example_of(a)) for a in args[first:] if hasattr(example_of(a), "dtype")]
    floats = any(dtype.kind == "f" for dtype in strong)

    def operand(a: Any) -> Any:
        if isinstance(a, Value) or np.ndim(a):
            return a
        if isinstance(a, (bool, np.bool)):
            return np.asarray(a)
        if hasattr(a, "dtype"):
            is_other = strong.count(a.dtype) > 1
            return a.item() if is_other else a
        integral = isinstance(a, float) and a.is_integer()
        return np.asarray(a) if not strong or (integral and not floats) else a

    return args[:first] + [operand(a) for a in args[first:]]


# ---- functions that only arrange -----------------------------------------------------------------


def _taken(step: Step) -> Operation | None:
    """Take entries from where the function itself, applied to their numbers, says."""
    x, *others = step.args
    if values_in((others, step.kwargs)):
        return None
    return Operation("take", [x, step.function(numbers_of(x), *others, **step.kwargs)])


def _reshaped(step: Step) -> Operation | None:
    if step.kwargs.get("order", "C") != "C" or any(order in step.args[1:] for order in "FAK"):
        return None  # the runtime's arrays have one order
    return Operation("reshape", [step.args[0], step.outs[0].shape])


def _repeated(step: Step) -> Operation:
    return Operation("broadcast_to", [step.args[0], step.outs[0].shape])


def _transposed(step: Step) -> Operation:
    """Apply the function to an array whose lengths are the numbers of its axes."""
    x, *others = step.args
    lengths = tuple(range(2, 2 + np.ndim(example_of(x))))
    moved = step.function(np.broadcast_to(0, lengths), *others, **step.kwargs)
    return Operation("transpose", [x, [length - 2 for length in moved.shape]])


def _flipped(step: Step) -> Operation:
    x, *others = step.args
    numbers = step.function(numbers_of(x), *others, **step.kwargs)
    steps = zip(numbers.strides, numbers_of(x).strides)
    parts = [slice(None, None, -1) if a != b else slice(None) for a, b in steps]
    return Operation("getitem", [x, parts])


def _triangle(step: Step) -> Operation:
    x, *others = step.args
    mask = step.function(np.ones(np.shape(example_of(x)), bool), *others, **step.kwargs)
    return Operation("where", [mask, x, 0])


def _padded(step: Step) -> Operation | None:
    x, pad_width, *others = step.args
    mode = others[0] if others else step.kwargs.get("mode", "constant")
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        return None if step.kwargs.get("reflect_type") == "odd" else _taken(step)
    if mode not in ("constant", "empty"):
        return None
    shape, y = np.shape(example_of(x)), step.outs[0]
    parts = [
        slice(int(before), int(before) + n)
        for n, (before, _) in zip(shape, np.broadcast_to(pad_width, (len(shape), 2)))
    ]
    inside = Operation("scatter", [x, parts, y.shape])
    around = np.pad(np.zeros(shape, y.dtype), pad_width, *others, **step.kwargs)
    return Operation("add", [inside, around]) if around.any() else inside


# ---- indices -------------------------------------------------------------------------------------


def _entries(step: Step) -> Operation | None:
    x, index = step.args
    shape = np.shape(example_of(x))
    parts = _index(index, shape)
    if parts is not None:
        return Operation("getitem", [x, parts])
    return None if values_in(index) else Operation("take", [x, numbers_of(x)[index]])


def _rows(step: Step) -> Operation | None:
    """Write ``np.take(x, i, axis=0)`` as x[i] if the program gets or computes i."""
    if step.kwargs == {"axis": 0} and values_in(step.args[1]):
        return Operation("getitem", [step.args[0], [step.args[1]]])
    return _taken(step)


def _scattered(step: Step) -> Operation | None:
    x, index, shape = step.args
    parts = _index(index, shape)
    if parts is not None:
        return Operation("scatter", [x, parts, shape])
    if values_in(index):
        return None
    size = int(np.prod(shape))
    return put(x, np.arange(size).reshape(shape)[index], shape)


def _folded(step: Step) -> Operation:
    x, window_shape, axis, shape = step.args
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    windows = np.lib.stride_tricks.sliding_window_view(numbers, window_shape, axis)
    return put(x, windows, shape)


def _index(index: Any, shape: Sequence[int]) -> list[Any] | None:
    """Return the parts of an index: numbers, slices, None, arrays of integers.

    Return None for an index that has other parts. A mask becomes the positions of its true entries.
    """
    parts: list[Any] = []
    for part in index if isinstance(index, tuple) else (index,):
        i = np.asarray(part) if isinstance(part, (list, np.generic, np.ndarray)) else part
        is_mask = isinstance(i, bool) or getattr(example_of(i), "dtype", None) == np.bool
        if is_mask and (isinstance(i, (bool, Value)) or not i.ndim):
            return None
        if is_mask:
            parts += np.nonzero(i)
        elif isinstance(i, np.ndarray) and not i.ndim:
            parts.append(i.item())
        else:
            parts.append(i.astype(int) if isinstance(i, np.ndarray) and not i.size else i)
    rest = len(shape) - sum(i is not None and i is not ... for i in parts)
    at = [k for k, i in enumerate(parts) if i is ...]
    if at and not rest and any(np.ndim(example_of(i)) for i in parts if i is not ...):
        return (
            None  # arrays on both sides of an ellipsis are apart, even if nothing is between them
        )
    if at:
        parts[at[0] : at[0] + 1] = [slice(None)] * rest
    return parts


# ---- functions of several calls ------------------------------------------------------------------


def _copied(step: Step) -> Any:
    return step.args[0]


def _cast(step: Step) -> Operation:
    return Operation("astype", [step.args[0], np.dtype(step.args[1]).name])


def _filled(step: Step) -> Any:
    """Return zeros_like, ones_like or full_like, whose numbers are known, as a constant."""
    y = step.outs[0]
    return None if values_in(step.args[1:]) else np.array(y.example, y.dtype)


def _trace(step: Step) -> Operation:
    x, *others = step.args
    places = np.diagonal(numbers_of(x), *others, **step.kwargs)
    return Operation("sum", [Operation("take", [x, places])], {"axis": -1})


def _norm(step: Step) -> Operation | None:
    given = {**dict(zip(("x", "ord", "axis", "keepdims"), step.args)), **step.kwargs}
    x, p = given.pop("x"), given.pop("ord", None)
    over = {k: v for k, v in given.items() if v is not None and v is not False}
    if p is not None and np.ndim(example_of(x)) > 1 and "axis" not in over:
        return None  # the norm of a matrix
    if p is None or p == 2:
        if p and np.ndim(over.get("axis", ())):
            return None  # the norm of a matrix
        return Operation("sqrt", [Operation("sum", [Operation("square", [x])], over)])
    if not isinstance(p, (int, float)) or not np.isfinite(p) or not p:
        return None
    powers = Operation("power", [Operation("absolute", [x]), float(p)])
    return Operation("power", [Operation("sum", [powers], over), 1 / float(p)])


def _numbers_only(step: Step) -> Any:
    """Write nan_to_num as choices and limits."""
    names = ("x", "copy", "nan", "posinf", "neginf")
    given = {**dict(zip(names, step.args)), **step.kwargs}
    x, dtype = given["x"], step.outs[0].dtype
    if dtype.kind != "f":
        return x  # an integer is a number
    limits = np.finfo(dtype)
    choices = (
        (Operation("isnan", [x]), given.get("nan", 0.0)),
        (Operation("equal", [x, np.inf]), given.get("posinf")),
        (Operation("equal", [x, -np.inf]), given.get("neginf")),
    )
    y: Any = x
    for (condition, replacement), default in zip(choices, (0.0, limits.max, limits.min)):
        number = float(default if replacement is None else replacement)
        y = Operation("where", [condition, number, y])
    return y


def _convolved(step: Step) -> Operation | None:
    """Write convolve and correlate as the product of a matrix of windows and a vector."""
    given = {**dict(zip(("a", "v", "mode"), step.args)), **step.kwargs}
    a, v = given["a"], given["v"]
    if not np.ndim(example_of(a)) or not np.ndim(example_of(v)):
        return None
    m, n = np.size(example_of(a)), np.size(example_of(v))
    correlates = step.function is np.correlate
    mode = given.get("mode", "valid" if correlates else "full")
    length = {"full": m + n - 1, "same": max(m, n), "valid": abs(m - n) + 1}[mode]
    start = (m + n - 1 - length) // 2
    wide = Operation("scatter", [a, [slice(n - 1, n - 1 + m)], [m + 2 * n - 2]])
    windows = np.arange(start, start + length)[:, None] + np.arange(n)
    kernel = v if correlates else Operation("getitem", [v, [slice(None, None, -1)]])
    return Operation("matmul", [Operation("take", [wide, windows]), kernel])


def _einsum(step: Step) -> Operation | None:
    """Name every axis: an ellipsis becomes letters, and the result gets its own."""
    subscripts, *operands = step.args
    if not isinstance(subscripts, str) or set(step.kwargs) - {"optimize"}:
        return None
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    free = "".join(c for c in ascii_letters if c not in inputs)
    terms, longest = [], 0
    for term, x in zip(inputs.split(","), operands):
        n = np.ndim(example_of(x)) - len(term.replace("...", ""))
        longest = max(longest, n)
        terms.append(term.replace("...", free[:n][::-1]))
    if not arrow:
        once = sorted(c for c in set(inputs) - set(",.") if inputs.count(c) == 1)
        output = "..." * ("..." in inputs) + "".join(once)
    output = output.replace("...", free[:longest][::-1])
    return Operation("einsum", [f"{','.join(terms)}->{output}", *operands])


def _vecdot(step: Step) -> Operation | None:
    """Write products of vectors along the last axis as sums of products."""
    if step.kwargs:
        return None
    return Operation("sum", [Operation("multiply", list(step.args))], {"axis": -1})


_SPECIAL: dict[Any, Callable[[Step], Any]] = {
    **dict.fromkeys((np.reshape, np.ravel, np.expand_dims, np.squeeze), _reshaped),
    **dict.fromkeys((np.transpose, np.swapaxes, np.moveaxis, np.rollaxis), _transposed),
    **dict.fromkeys((np.flip, np.fliplr, np.flipud), _flipped),
    **dict.fromkeys(
        (np.roll, np.rot90, np.delete, np.repeat, np.tile, np.diagonal,
         np.fft.fftshift, np.fft.ifftshift, np.lib.stride_tricks.sliding_window_view), _taken),
    **dict.fromkeys((np.tril, np.triu), _triangle),
    **dict.fromkeys((np.copy, np.positive), _copied),
    **dict.fromkeys((np.zeros_like, np.ones_like, np.full_like), _filled),
    **dict.fromkeys((np.convolve, np.correlate), _convolved),
    np.pad: _padded, np.broadcast_to: _repeated, np.take: _rows, operator.getitem: _entries,
    _scatter: _scattered, _fold_windows: _folded,
    astype: _cast, np.trace: _trace, np.linalg.norm: _norm, np.nan_to_num: _numbers_only,
    np.einsum: _einsum, np.vecdot: _vecdot,
    **portable_windows.SPECIAL,
}  # fmt: skip
