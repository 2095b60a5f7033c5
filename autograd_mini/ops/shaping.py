"""Shaping: functions that reorder, repeat, join or split the entries of arrays.

`x` is the argument, `y` the result, and `g` the gradient of the result.
"""

from collections.abc import Sequence
from math import gcd
from operator import index as as_int
from typing import Any

import numpy as np

from ..core.arrays import (
    Array,
    Cotangent,
    Rule,
    TensorBase,
    as_array_or_tensor,
    in_dtype,
    is_foreign,
    require_protocol,
    unwrap,
    unwrap_nested,
)
from ..core.messages import describe
from ..core.primitive import VariadicRule, primitive
from ..core.registry import implements, not_differentiable

#: bytes of a processor's first cache, between addresses that share a place in it, and of a line
_CACHE, _SHARED, _LINE = 2**15, 2**12, 64


def with_batch_last(x: Array) -> Array:
    """Return a copy of `x`, of the same shape, whose first axis is the last in memory.

    If a row of x needs 4096 bytes, for example, then all entries of a column share a few places in
    the cache and displace each other. In this case, x is first copied to longer rows. Together,
    this takes a sixth of the time [Drepper: What every programmer should know about memory, 2007,
    section 3.3].
    """
    columns, back = x.transpose(*range(1, x.ndim), 0), (x.ndim - 1, *range(x.ndim - 1))
    n, row = len(x), x.size // (len(x) or 1)
    if not x.flags.c_contiguous or n * gcd(row * x.itemsize, _SHARED) <= _CACHE:
        return columns.copy().transpose(back)
    rows = x.reshape(n, row)
    longer = np.concatenate((rows, rows[:, : _LINE // x.itemsize]), axis=1)
    return longer[:, :row].T.copy().reshape(columns.shape).transpose(back)


def _reshape_vjp(g: Cotangent, y: Array, x: Array, shape: Any) -> Cotangent:
    """Reshape back. If `x` lies column by column in memory, g does so too.

    Images do after a convolution. NumPy is several times slower if two orders meet in one call.
    """
    g = g.reshape(x.shape)
    if isinstance(g, TensorBase) or is_foreign(g) or x.ndim < 2 or x.strides[-1] <= x.itemsize:
        return g
    axes = sorted(range(x.ndim), key=lambda i: -x.strides[i])
    if axes == [*range(1, x.ndim), 0]:
        return with_batch_last(g)
    return g.transpose(axes).copy().transpose(np.argsort(axes).tolist())


reshape = primitive(
    lambda x, shape: x.reshape(shape),
    _reshape_vjp,
    name="reshape",
    implements="reshape",
)
expand_dims = primitive(np.expand_dims, lambda g, y, x, axis: g.reshape(x.shape))
squeeze = primitive(
    lambda x, axis=None: x.squeeze(axis),
    lambda g, y, x, axis=None: g.reshape(x.shape),
    name="squeeze",
    implements=np.squeeze,
)
# The sweep sums over repeated entries, so the rule only passes the cotangent on.
broadcast_to = primitive(
    lambda x, shape: np.broadcast_to(x, shape),
    lambda g, y, x, shape: g,
    name="broadcast_to",
    implements="broadcast_to",
)
copy = primitive(lambda x: x.copy(), lambda g, y, x: g, name="copy", implements="copy")


def _transpose_vjp(g: Cotangent, y: Array, x: Array, axes: Any = None) -> Cotangent:
    """Transpose by the inverse permutation, which argsort computes."""
    if axes is None:
        return g.transpose()
    return g.transpose(tuple(np.argsort([i % x.ndim for i in axes]).tolist()))


transpose = primitive(
    lambda x, axes=None: x.transpose() if axes is None else x.transpose(axes),
    _transpose_vjp,
    name="transpose",
    implements=np.transpose,
)


def _piece_of_concatenation(i: int) -> Rule:
    def rule(g: Cotangent, y: Array, *xs: Array, axis: int = 0) -> Cotangent:
        start = sum(x.shape[axis] for x in xs[:i])
        index = [slice(None)] * g.ndim
        index[axis] = slice(start, start + xs[i].shape[axis])
        return g[tuple(index)]

    return rule


def _layer_of_stack(i: int) -> Rule:
    def rule(g: Cotangent, y: Array, *xs: Array, axis: int = 0) -> Cotangent:
        return g[(slice(None),) * (as_int(axis) % g.ndim) + (i,)]

    return rule


concatenate = primitive(
    lambda *xs, axis=0: np.concatenate(xs, axis),
    VariadicRule(_piece_of_concatenation),
    name="concatenate",
    implements="concatenate",
)
stack = primitive(
    lambda *xs, axis=0: np.stack(xs, axis),
    VariadicRule(_layer_of_stack),
    name="stack",
    implements="stack",
)


# ---- composed of the above: one array in another shape -------------------------------------------


@implements(np.reshape)
def _reshape(
    a: Any, /, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: Any = None
) -> Any:
    """Reshape; order "F" is order "C" between two transpositions."""
    shape = newshape if shape is None else shape
    if order == "C":
        return reshape(a, shape)
    if order != "F":
        raise ValueError(f"reshape: order must be 'C' or 'F', got {order!r}.")
    shape = shape if isinstance(shape, (tuple, list)) else (shape,)
    return transpose(reshape(transpose(a), tuple(shape)[::-1]))


implements(np.ravel)(lambda a, order="C": _reshape(a, -1, order))
implements(np.broadcast_to)(lambda array, shape, subok=False: broadcast_to(array, shape))
implements(np.copy)(lambda a, order="K", subok=False: copy(a))


@implements(np.broadcast_arrays)
def _broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(broadcast_to(x, shape) for x in args)


@implements(np.full_like)
def _full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    """Repeat `fill_value`, which may have a derivative, in the shape and dtype of `a`."""
    shape = unwrap_nested(shape)
    if not isinstance(fill_value, TensorBase):
        return np.full_like(unwrap(a), require_protocol(fill_value), dtype, shape=shape)
    full = in_dtype(fill_value, np.dtype(dtype or a.dtype))
    return copy(broadcast_to(full, np.shape(a) if shape is None else shape))


@implements(np.atleast_1d)
def _atleast_1d(*arys: Any) -> Any:
    return _each(lambda x: x if np.ndim(x) else np.reshape(x, (1,)), arys)


@implements(np.atleast_2d)
def _atleast_2d(*arys: Any) -> Any:
    return _each(lambda x: x if np.ndim(x) > 1 else np.reshape(x, (1, -1)), arys)


@implements(np.atleast_3d)
def _atleast_3d(*arys: Any) -> Any:
    def at_least_3d(x: Any) -> Any:
        if np.ndim(x) < 2:
            return np.reshape(x, (1, -1, 1))
        return np.reshape(x, (*np.shape(x), 1)) if np.ndim(x) == 2 else x

    return _each(at_least_3d, arys)


def _each(f: Any, arrays: tuple[Any, ...]) -> Any:
    """Return one array for one argument, a tuple for several."""
    found = tuple(f(as_array_or_tensor(x)) for x in arrays)
    return found[0] if len(found) == 1 else found


# ---- joined --------------------------------------------------------------------------------------


@implements(np.concatenate)
def _concatenate(
    arrays: Sequence[Any],
    /,
    axis: int | None = 0,
    out: None = None,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
) -> Any:
    if dtype is not None:
        arrays = [in_dtype(x, np.dtype(dtype)) for x in arrays]
    if axis is None:
        return concatenate(*(np.reshape(as_array_or_tensor(x), -1) for x in arrays))
    _refuse_array_as_axis("concatenate", axis)
    return concatenate(*arrays, axis=axis)


def _refuse_array_as_axis(name: str, axis: Any) -> None:
    """Raise TypeError if the second array was passed as the axis, as in ``np.stack(a, b)``."""
    if np.ndim(axis):
        raise TypeError(
            f"{name}: axis must be an integer, got {describe(axis)}. To join arrays, pass them as "
            f"one list: np.{name}([a, b])."
        )


@implements(np.stack)
def _stack(
    arrays: Sequence[Any],
    axis: int = 0,
    out: None = None,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
) -> Any:
    if dtype is not None:
        arrays = [in_dtype(x, np.dtype(dtype)) for x in arrays]
    _refuse_array_as_axis("stack", axis)
    return stack(*arrays, axis=axis)


@implements(np.vstack)
def _vstack(tup: Sequence[Any], *, dtype: Any = None, casting: str = "same_kind") -> Any:
    return _concatenate([_atleast_2d(x) for x in tup], dtype=dtype)


@implements(np.hstack)
def _hstack(tup: Sequence[Any], *, dtype: Any = None, casting: str = "same_kind") -> Any:
    flat = [_atleast_1d(x) for x in tup]
    return _concatenate(flat, axis=0 if np.ndim(flat[0]) == 1 else 1, dtype=dtype)


implements(np.dstack)(lambda tup: _concatenate([_atleast_3d(x) for x in tup], axis=2))
implements(np.append)(lambda arr, values, axis=None: _concatenate([arr, values], axis))


@implements(np.column_stack)
def _column_stack(tup: Sequence[Any]) -> Any:
    columns = map(as_array_or_tensor, tup)
    return _concatenate([x if x.ndim > 1 else np.reshape(x, (-1, 1)) for x in columns], axis=1)


@implements(np.block)
def _block(arrays: Any) -> Any:
    """Join the innermost lists along the last axis, the next ones along the axis before."""

    def depth(x: Any) -> int:
        return 1 + depth(x[0]) if isinstance(x, list) else 0

    def rank(x: Any) -> int:
        return max(map(rank, x)) if isinstance(x, list) else np.ndim(x)

    def joined(x: Any, axis: int) -> Any:
        if isinstance(x, list):
            return _concatenate([joined(part, axis + 1) for part in x], axis)
        x = as_array_or_tensor(x)
        return np.reshape(x, (1,) * (ndim - x.ndim) + x.shape)

    ndim = max(rank(arrays), depth(arrays))
    return joined(arrays, -depth(arrays))


@implements(np.meshgrid)
def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    n, xi = len(xi), tuple(map(as_array_or_tensor, xi))
    grids = [np.reshape(x, (1,) * i + (-1,) + (1,) * (n - 1 - i)) for i, x in enumerate(xi)]
    grids = grids if sparse else list(_broadcast_arrays(*grids))
    swapped = indexing == "xy" and n > 1
    return tuple(np.swapaxes(x, 0, 1) if swapped else x for x in grids)


# ---- split ---------------------------------------------------------------------------------------


@implements(np.array_split)
def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Let NumPy split the positions 0, 1, 2, ..., and take a slice for each part."""
    ary = as_array_or_tensor(ary)
    indices_or_sections = unwrap_nested(indices_or_sections)
    parts = np.array_split(np.arange(ary.shape[axis]), indices_or_sections)
    before = (slice(None),) * (as_int(axis) % ary.ndim)
    slices = [slice(int(p[0]), int(p[-1]) + 1) if len(p) else slice(0, 0) for p in parts]
    return [ary[i] for i in [(*before, s) for s in slices]]


@implements(np.split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    positions = np.arange(np.shape(ary)[axis])
    np.split(positions, unwrap_nested(indices_or_sections))  # raises if parts are unequal
    return _array_split(ary, indices_or_sections, axis)


@implements(np.hsplit)
def _hsplit(ary: Any, indices_or_sections: Any) -> Any:
    return _split(ary, indices_or_sections, 1 if np.ndim(ary) > 1 else 0)


@implements(np.vsplit)
def _vsplit(ary: Any, indices_or_sections: Any) -> Any:
    if np.ndim(ary) < 2:
        raise ValueError("vsplit: the array needs at least two axes")
    return _split(ary, indices_or_sections, 0)


@implements(np.dsplit)
def _dsplit(ary: Any, indices_or_sections: Any) -> Any:
    if np.ndim(ary) < 3:
        raise ValueError("dsplit: the array needs at least three axes")
    return _split(ary, indices_or_sections, 2)


if hasattr(np, "unstack"):  # NumPy 2.1
    implements(np.unstack)(lambda x, /, *, axis=0: tuple(np.moveaxis(x, axis, 0)))


not_differentiable(
    np.shape,
    np.ndim,
    np.size,
    np.zeros_like,
    np.ones_like,
    np.empty_like,
    np.iscomplexobj,
    np.isrealobj,
    np.result_type,
    np.can_cast,
    np.common_type,
    np.min_scalar_type,
    np.shares_memory,
    np.may_share_memory,
    np.array_repr,
    np.array_str,
    np.array2string,
)
