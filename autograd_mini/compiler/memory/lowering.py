"""Lowering: write each call of a program as statements that write into existing memory, `out`.

Ufuncs, reductions and products take an `out`. A few more functions are written as two calls that
take one. The others allocate, and a compiled function's report counts them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.pytree import tree_map
from ...core.registry import PRIMITIVES
from ...functional.embedding import check_vocabulary
from ...functional.targets import check_class_indices
from ...ops.indexing import add_at, names_no_entry_twice
from ..ir import (
    Step,
    Value,
    array_pow,
    astype,
    check_branch,
    dtype_of,
    example_of,
    for_blas,
    memory_of,
    number_pow,
    options,
    values_in,
)
from ..passes.slices import put, put_too
from ..traced_functions import check_bounds

#: returns the name of a value, or of a constant
Names = Callable[[Any], str]


class Lowered(NamedTuple):
    """How one value is computed."""

    #: the expression that returns it in new memory
    allocating: str
    #: the statements that write it to ``{out}``, or to ``{seen}``; empty if NumPy cannot
    writing: Sequence[str] = ()
    #: the arguments whose memory may be `out`: entry i is read before entry i is written
    over: Sequence[Value] = ()
    #: whether the first statement only copies `over`, and can be left out if that is `out`
    copies: bool = False
    #: the shape of ``{seen}``, a view of the memory of `out`, which must be contiguous
    shape: tuple[int, ...] | None = None


#: functions that return their argument or raise; they run in each call
CHECKS = (check_class_indices, check_vocabulary, check_bounds, check_branch)
#: functions that return a view or a copy, depending on the layout of their argument
LOOKS = (np.reshape, np.ravel)


def is_view(step: Step) -> bool:
    """Return whether a step returns a view of its argument."""
    if step.several or step.name:
        return False
    memory = memory_of(step.outs[0].example)
    return any(memory is memory_of(v.example) for v in step.inputs)


def lower(step: Step, name: Names) -> Lowered:
    """Return how to compute a step."""
    f = step.function
    if f is PRIMITIVES["scatter"].forward:
        return _scatter(step, name)
    found: Lowered | None = _SPECIAL[f](step, name) if f in _SPECIAL and not step.name else None
    if found is not None:
        return found
    if isinstance(f, np.ufunc) and f.nout == 1 and not step.kwargs:
        return _ufunc(f, step, name)
    return Lowered(called(step, name))


def called(step: Step, name: Names) -> str:
    """Return the text of the call. Indexing and methods are faster than NumPy's functions."""
    if step.function is operator.getitem:
        return f"{name(step.args[0])}[{name(step.args[1])}]"
    words = [*map(name, step.args), *(f"{key}={name(x)}" for key, x in step.kwargs.items())]
    has_method = step.function in _METHODS and isinstance(example_of(step.args[0]), np.ndarray)
    # The method takes an order by its name only.
    if has_method and not (step.function is np.reshape and len(step.args) > 2):
        if words[1:]:
            return f"{words[0]}.{step.function.__name__}({', '.join(words[1:])})"
        return f"{words[0]}.T"
    return f"{name(step.function)}({', '.join(words)})"


#: functions that only call the method of the same name; np.transpose(x) is x.T
_METHODS = {np.reshape, np.take, np.transpose, np.swapaxes}


def check(step: Step, name: Names) -> str:
    """Return the text of a check. Indices from 0 to n - 1 are compared inline, in half the time."""
    t = name(step.args[0])
    call = called(step, name)
    from_zero = step.function in (check_class_indices, check_vocabulary)
    if not from_zero or not np.size(step.inputs[0].example):
        return call
    low, high = (f"{t}.item({t}.{find}())" for find in ("argmin", "argmax"))
    return f"if {low} < 0 or {high} >= {step.args[1]}: {call}"


# ---- ufuncs, products and reductions -------------------------------------------------------------


def _ufunc(f: Any, step: Step, name: Names) -> Lowered:
    arguments = ", ".join(name(_strong(f, step, a)) for a in step.args)
    over = [a for a in step.args if isinstance(a, Value)] if f.signature is None else []
    if f is np.matmul and for_blas(*map(example_of, step.args)):
        # np.dot computes the same product, and has a third less to look at before it starts.
        return _dot(step, name)
    # `out` by position is faster, but deprecated for these two.
    out = "out={out}" if f in (np.maximum, np.minimum) else "{out}"
    return Lowered(f"{name(f)}({arguments})", [f"{name(f)}({arguments}, {out})"], over)


#: entries of a number repeated to an array, which is to stay in the processor's cache
_MOST_REPEATED = 2**15


def _strong(f: Any, step: Step, a: Any) -> Any:
    """Return a bare number as an array of the dtype that it would take, which is faster."""
    if not isinstance(a, (bool, int, float)) or isinstance(a, np.generic):
        return a
    if f in (np.power, np.ldexp):
        return a  # np.power computes some exponents in another way, and np.ldexp takes integers
    others = [dtype_of(x.example) for x in step.args if isinstance(x, Value) and _has_dtype(x)]
    y = np.asarray(step.outs[0].example)
    small = y.flags.c_contiguous and 1 < y.size <= _MOST_REPEATED
    if f in (np.maximum, np.minimum) and others == [y.dtype] and small:
        return np.full(y.shape, a, y.dtype)  # of two arrays, the larger is found three times faster
    if not others or others[0].kind not in ("fi" if isinstance(a, int) else "f"):
        return a
    return np.asarray(a, others[0])


def _has_dtype(x: Value) -> bool:
    return isinstance(x.example, (np.ndarray, np.generic))


def _dot(step: Step, name: Names) -> Lowered:
    """Lower a product. np.dot only writes into an array like its result."""
    call = f"{name(np.dot)}({name(step.args[0])}, {name(step.args[1])}"
    y = step.outs[0].example
    plain = isinstance(y, np.ndarray) and y.flags.c_contiguous
    if not plain or any(dtype_of(example_of(x)) != y.dtype for x in step.args):
        return Lowered(f"{call})")
    return Lowered(f"{call})", [f"{call}, {{out}})"])


def _power(step: Step, name: Names) -> Lowered:
    """Lower a power: for a single number and an `out`, NumPy rounds in another way."""
    if np.size(step.outs[0].example) == 1:
        return Lowered(called(step, name))
    return _ufunc(np.power, step, name)


#: Before version 2.2, NumPy writes a wrong extremum of a reversed view into `out`.
_EXTREMA_ARE_WRITTEN = np.lib.NumpyVersion(np.__version__) >= "2.2.0"


def _reduction(ufunc: np.ufunc) -> Callable[[Step, Names], Lowered | None]:
    """Return the lowering of a reduction under its name, or as the method of its ufunc."""

    def lower(step: Step, name: Names) -> Lowered | None:
        if ufunc.identity is None and not _EXTREMA_ARE_WRITTEN and _is_reversed(step.args[0]):
            return None
        given = options(step, axis=0 if step.function == ufunc.reduce else None)
        if set(given) - {"axis", "dtype", "keepdims"}:
            return None
        x, axis, dtype, keepdims = step.args[0], *map(given.get, ("axis", "dtype", "keepdims"))
        head = f"{name(ufunc.reduce)}({name(x)}, {name(axis)}, {name(dtype)}"
        keepdims = keepdims not in (None, np._NoValue) and bool(keepdims)
        return Lowered(f"{head}, None, {keepdims})", [f"{head}, {{out}}, {keepdims})"])

    return lower


def _is_reversed(x: Any) -> bool:
    return min(np.asarray(example_of(x)).strides, default=0) < 0


def _mean(step: Step, name: Names) -> Lowered | None:
    """Lower a mean to the sum, divided by the number of entries, as NumPy computes it too."""
    x, out = example_of(step.args[0]), step.outs[0]
    if out.dtype.char not in "fd" or not isinstance(x, np.ndarray) or x.dtype != out.dtype:
        return None
    total = _reduction(np.add)(step, name)
    n = name(np.asarray(x.size // max(np.size(out.example), 1), out.dtype))
    if total is None or not x.size:
        return None
    divide = name(np.divide)
    return Lowered(
        f"{divide}({total.allocating}, {n})", [*total.writing, f"{divide}({{out}}, {n}, {{out}})"]
    )


def _argument(step: Step, name: Names) -> Lowered | None:
    """Lower argmax and argmin."""
    if len(step.args) > 2 or set(step.kwargs) - {"axis"} or not np.ndim(example_of(step.args[0])):
        return None
    axis = step.args[1] if len(step.args) > 1 else step.kwargs.get("axis")
    method = f"{name(step.args[0])}.{step.function.__name__}"
    return Lowered(f"{method}({name(axis)})", [f"{method}({name(axis)}, {{out}})"])


# ---- copies, choices and joins -------------------------------------------------------------------


def _copy(step: Step, name: Names) -> Lowered:
    x = step.args[0]
    over = [x] if step.function is astype and np.shape(x.example) == () else []
    return Lowered(called(step, name), [f"{name(np.copyto)}({{out}}, {name(x)}, 'unsafe')"], over)


def _reshape(step: Step, name: Names) -> Lowered | None:
    x = step.args[0]
    if step.kwargs or not np.asarray(step.outs[0].example).flags.c_contiguous:
        return None
    return Lowered(
        called(step, name),
        [f"{name(np.copyto)}({{seen}}, {name(x)})"],
        shape=np.shape(x.example),
    )


def _where(step: Step, name: Names) -> Lowered | None:
    """Write the second choice everywhere, then the first one where the mask is true."""
    if len(step.args) != 3 or dtype_of(example_of(step.args[0])).kind != "b":
        return None
    mask, a, b = step.args
    copy = name(np.copyto)
    writing = [
        f"{copy}({{out}}, {name(b)}, 'unsafe')",
        f"{copy}({{out}}, {name(a)}, 'unsafe', {name(mask)})",
    ]
    over = [b] if isinstance(b, Value) else []
    return Lowered(called(step, name), writing, over, copies=True)


def _join(step: Step, name: Names) -> Lowered | None:
    """Lower concatenate and stack."""
    if set(step.kwargs) - {"axis"}:
        return None
    axis = step.args[1] if len(step.args) > 1 else step.kwargs.get("axis", 0)
    head = f"{name(step.function)}({name(step.args[0])}, {name(axis)}"
    return Lowered(f"{head})", [f"{head}, {{out}})"])


def _einsum(step: Step, name: Names) -> Lowered | None:
    call = called(step, name)
    strides = [s for v in step.inputs for s in np.asarray(v.example).strides]
    if min(strides, default=0) < 0:  # with an `out`, it adds up in another order
        return Lowered(call)
    return Lowered(call, [f"{call[:-1]}, out={{out}})"])


def _scatter(step: Step, name: Names) -> Lowered:
    """Write zeros, then the entries, which are added up if an index repeats."""
    x, index, _ = step.args
    put = f"{{out}}[{name(index)}] = {name(x)}"
    if not names_no_entry_twice(tree_map(example_of, index)):
        put = f"{name(add_at)}({{out}}, {name(index)}, {name(x)})"
    return Lowered(called(step, name), ["{out}.fill(0)", put])


def _put(step: Step, name: Names) -> Lowered:
    """Write zeros, then add to a slice of them. If later steps write the zeros, leave them out."""
    x, index, _, *tiled = step.args
    zeros = [] if tiled else ["{out}.fill(0)"]
    return Lowered(called(step, name), [*zeros, _add_to_slice(x, index, name, bool(tiled))])


def _put_too(step: Step, name: Names) -> Lowered:
    y, x, index, *tiled = step.args
    add = _add_to_slice(x, index, name, bool(tiled))
    writing = [f"{name(np.copyto)}({{out}}, {name(y)})", add]
    return Lowered(called(step, name), writing, over=[y], copies=True)


def _add_to_slice(x: Value, index: Any, name: Names, to_zero: bool) -> str:
    """Return a statement. ``out[i] += x`` would also assign the slice to itself."""
    index = index if isinstance(index, tuple) else (index,)
    index = index if ... in index else (*index, ...)  # a view, also of a single entry
    part = f"{{out}}[{name(index)}]"
    before = name(np.zeros((), dtype_of(example_of(x)))) if to_zero else part
    return f"{name(np.add)}({before}, {name(x)}, {part})"


_SPECIAL: dict[Any, Any] = {
    put: _put,
    put_too: _put_too,
    operator.pow: _power,
    np.power: _power,
    np.mean: _mean,
    np.argmax: _argument,
    np.argmin: _argument,
    np.copy: _copy,
    astype: _copy,
    np.reshape: _reshape,
    np.where: _where,
    np.concatenate: _join,
    np.stack: _join,
    np.dot: _dot,
    np.einsum: _einsum,
}
for _ufunc_of, _name in ((np.add, "sum"), (np.multiply, "prod"), (np.maximum, "max"),
                         (np.minimum, "min"), (np.logical_and, "all"),
                         (np.logical_or, "any")):  # fmt: skip
    _SPECIAL[getattr(np, _name)] = _SPECIAL[_ufunc_of.reduce] = _reduction(_ufunc_of)


def may_raise(step: Step) -> bool:
    """Return whether a call can fail for some numbers, such as an index or a singular matrix."""
    f = step.function
    if f in (np.power, operator.pow, array_pow, number_pow) or step.name:
        return bool(step.name) or step.outs[0].dtype.kind in "iu"
    if f is operator.getitem:
        return bool(values_in(step.args[1]))
    return f in CHECKS or not (isinstance(f, np.ufunc) or f in _SPECIAL or is_view(step))
