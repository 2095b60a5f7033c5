"""Indexing: entries of an array, its transpose (entries put into zeros), and rearrangements.

`x` is the argument, `y` the result, and `g` the gradient of the result.
"""

from collections.abc import Callable
from functools import lru_cache
from operator import index as as_int
from typing import Any

import numpy as np

from ..core.arrays import (
    Array,
    Cotangent,
    Rule,
    as_array,
    as_array_or_tensor,
    as_operand,
    in_dtype,
    require_protocol,
    unwrap,
    unwrap_nested,
)
from ..core.context import ALL_OBSERVERS
from ..core.foreign import constant_like, require_in_place
from ..core.pieces import Pieces
from ..core.primitive import primitive
from ..core.registry import implements, not_differentiable


def _scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros of `shape` with `x` added at `index`. If an index repeats, entries add up."""
    y = np.zeros(shape, x.dtype)
    if not isinstance(x, (np.ndarray, np.generic)):  # an array of another library
        y = np.zeros_like(x, shape=shape)
    if hasattr(y, "at"):  # in a program that runs on jax, whose arrays are not written to
        return y.at[index].add(x)
    if names_no_entry_twice(index):
        y[index] = x  # this is much faster
    else:
        add_at(y, index, x)
    return y


def names_no_entry_twice(index: Any) -> bool:
    """Return whether an index has integers, slices and masks only. Others may repeat an entry."""
    if isinstance(index, np.ndarray):
        return bool(index.dtype == bool)
    parts = index if isinstance(index, tuple) else (index,)
    basic = (int, slice, np.integer, type(None), type(...))
    return all(isinstance(i, basic) or getattr(i, "dtype", None) == np.bool for i in parts)


def add_at(y: Any, index: Any, x: Any) -> None:
    """Add `x` at `index` to the zeros `y`: ``np.add.at(y, index, x)``, but fast for rows.

    NumPy adds single entries four times faster than rows. So the entries of a row are added at
    their positions in the flattened array, in the same order. A sum of float16 is computed in
    float32.
    """
    if y.dtype == np.float16:
        sums = y.astype(np.float32)
        add_at(sums, index, x)
        y[...] = sums
        return
    if not isinstance(y, np.ndarray) or x.size <= _FEW_ENTRIES:  # or an array of another library
        np.add.at(y, index, x)
        return
    few = y.ndim > 1 and len(y) <= _FEW_ROWS and y.dtype.char in "fd"
    of_rows = isinstance(index, np.ndarray) and index.dtype.kind in "iu"
    if few and of_rows and np.isfinite(x).all():  # in a product, 0 · ∞ is nan
        _add_rows(y.reshape(len(y), -1), index.reshape(-1), x.reshape(index.size, -1))
        return
    parts = index if isinstance(index, tuple) else (index,)
    spans = [i for i in parts if i is ... or isinstance(i, slice)]
    depth = y.ndim  # the number of axes that are indexed
    if ... not in spans:
        depth = sum(np.ndim(i) if np.asarray(i).dtype == bool else i is not None for i in parts)
    if (depth == y.ndim and not spans) or not x.size:
        np.add.at(y, index, x)
        return
    width = np.size(y[(0,) * depth])
    rows = np.arange(y.size // width).reshape(y.shape[:depth])[index].reshape(-1, 1)
    positions = rows * width + np.arange(width)
    np.add.at(y.reshape(-1), positions.reshape(-1), x.reshape(-1))


#: the number of entries up to which all other ways take longer than `np.add.at`
_FEW_ENTRIES = 256
#: the number of rows up to which a product is faster than `np.add.at`
_FEW_ROWS = 64


def _add_rows(y: Any, index: Any, x: Any) -> None:
    """Add products of one-hot rows with `x`, such as for a table of 27 letters.

    The blocks are small enough to stay in the processor's cache.
    """
    one_hot = _one_hot_rows(len(y), x.dtype)
    for start in range(0, index.size, 1024):
        rows = one_hot.take(index[start : start + 1024], axis=0)
        y += np.dot(rows.T, x[start : start + 1024])


@lru_cache(maxsize=16)
def _one_hot_rows(n: int, dtype: Any) -> Any:
    """Return the identity matrix, cached: making it takes as long as a small product."""
    return np.eye(n, dtype=dtype)


def _scatter_vjp(g: Cotangent, y: Array, x: Array, index: Any, shape: Any) -> Cotangent:
    return getitem(g, index)  # g[index], also if g is an array and the index is traced


scatter = primitive(_scatter, _scatter_vjp, name="scatter", implements="scatter")


def scatter_in_text(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Return ``scatter(x, index, shape)``, up to rounding, in the few lines that a program prints.

    It is slower. The last digits differ if `scatter` adds the rows of a small table by a product.
    """
    y = np.zeros(shape, x.dtype)
    if not isinstance(x, (np.ndarray, np.generic)):
        y = np.zeros_like(x, shape=shape)
    if hasattr(y, "at"):
        return y.at[index].add(x)
    np.add.at(y, index, x)
    return y


def _getitem_vjp(g: Cotangent, y: Array, x: Array, index: Any) -> Cotangent:
    """Add each cotangent at the place of its entry. ``x[:, None]`` moves none of them."""
    parts = index if isinstance(index, tuple) else (index,)
    if all(i is None or i is ... or (type(i) is slice and i == slice(None)) for i in parts):
        return g.reshape(x.shape)
    plain = type(g) is type(x) is np.ndarray and g.dtype is x.dtype
    if plain and not ALL_OBSERVERS and names_no_entry_twice(index):  # observers see arrays
        return Pieces(x.shape, index, g)
    return scattered(g, index, x.shape)


def scattered(g: Cotangent, index: Any, shape: tuple[int, ...]) -> Cotangent:
    """Return the cotangents scattered, or raise if a lazy array cannot add up entries."""
    if not names_no_entry_twice(index):
        require_in_place(unwrap(g))
    return scatter(g, index, shape)


getitem = primitive(lambda x, index: x[index], _getitem_vjp, name="getitem", implements="getitem")

# ---- rearrangements: functions whose result has entries of the argument, in other places ---------
#
# One rule serves them all. Applied to positions 0, 1, 2, ... instead of values, the function itself
# returns where each entry of its result came from. The cotangent is added there, so an entry that
# was repeated gets a sum.


def _positions(x: Any, first: int = 0) -> Any:
    """Return 0, 1, 2, ... in the shape of `x`, or numbers that start with `first`."""
    return constant_like(np.arange(first, first + np.size(x)).reshape(np.shape(x)), x)


def _back(g: Cotangent, origin: Any, x: Array) -> Cotangent:
    """Return the cotangents `g` added at their origins, positions in the flattened `x`."""
    return scatter(g.reshape(-1), origin.reshape(-1), (x.size,)).reshape(x.shape)


def scatter_back(function: Callable[..., Any]) -> Rule:
    def rule(g: Cotangent, y: Array, x: Array, *args: Any, **kwargs: Any) -> Cotangent:
        return _back(g, function(_positions(x), *args, **kwargs), x)

    return rule


for function in (np.delete, np.diagonal, np.repeat, np.tile):
    primitive(function, scatter_back(function))


# ---- permutations: undone by their inverse -------------------------------------------------------

for mirror in (np.flip, np.fliplr, np.flipud, np.swapaxes):  # each is its own inverse
    primitive(mirror, lambda g, y, x, *args, f=mirror, **kwargs: f(g, *args, **kwargs))

primitive(np.moveaxis, lambda g, y, x, source, destination: np.moveaxis(g, destination, source))
primitive(np.rot90, lambda g, y, x, k=1, axes=(0, 1): np.rot90(g, -int(k), axes))
primitive(np.fft.fftshift, lambda g, y, x, axes=None: np.fft.ifftshift(g, axes))
primitive(np.fft.ifftshift, lambda g, y, x, axes=None: np.fft.fftshift(g, axes))


def _rollaxis_vjp(g: Cotangent, y: Array, x: Array, axis: int, start: int = 0) -> Cotangent:
    """Move the axis back. The function moves it before the axis that was number `start`."""
    axis, start = int(axis) % x.ndim, int(start) + x.ndim * (start < 0)
    return np.moveaxis(g, start - (axis < start), axis)


primitive(np.rollaxis, _rollaxis_vjp)


def as_positions(index: Any) -> Any:
    """Return an index as NumPy's functions read it. They take True for 1, but ``x[True]`` masks.

    Its own dtype may be too narrow to compute with: -np.uint8(1) is 255.
    """
    return as_array(unwrap(index)).astype(np.intp)


def _roll_vjp(g: Cotangent, y: Array, x: Array, shift: Any, axis: Any = None) -> Cotangent:
    """Roll back."""
    back = -as_positions(shift)
    return np.roll(g, back.tolist() if isinstance(back, np.ndarray) else back, axis)


primitive(np.roll, _roll_vjp)

# ---- entries taken along an axis, and sorted ones ------------------------------------------------


def _take_vjp(
    g: Cotangent,
    y: Array,
    x: Array,
    indices: Any,
    axis: int | None = None,
    out: None = None,
    mode: Any = "raise",
) -> Cotangent:
    """Add each cotangent at the index that it was taken from."""
    if axis is None:
        return _take_vjp(g, y, x.reshape(-1), indices, 0, out, mode).reshape(x.shape)
    n, indices = x.shape[axis], constant_like(as_positions(indices), x)
    if mode != "raise":
        indices = np.clip(indices, 0, n - 1) if mode == "clip" else np.remainder(indices, n)
    return scatter(g, (slice(None),) * (as_int(axis) % x.ndim) + (indices,), x.shape)


take = primitive(np.take, _take_vjp)


def _matched_vjp(g: Cotangent, y: Array, x: Array, *, axis: int | None) -> Cotangent:
    """Move the cotangent of the k-th smallest entry to the k-th smallest of the argument.

    This also holds for a partition, which is only sorted in part.
    """
    if axis is None:
        return _matched_vjp(g, y, x.reshape(-1), axis=0).reshape(x.shape)
    axis = as_int(axis)  # np.argsort takes no array, as np.sort does
    rank = np.argsort(np.argsort(y, axis=axis, kind="stable"), axis=axis, kind="stable")
    origin = np.take_along_axis(np.argsort(x, axis=axis, kind="stable"), rank, axis)
    return _back(g, np.take_along_axis(_positions(x), origin, axis), x)


sort = primitive(
    np.sort, lambda g, y, x, axis=-1, kind=None, **kw: _matched_vjp(g, y, x, axis=axis)
)
partition = primitive(
    np.partition, lambda g, y, x, kth, axis=-1, kind=None, **kw: _matched_vjp(g, y, x, axis=axis)
)
take_along_axis = primitive(
    np.take_along_axis,
    lambda g, y, x, indices, axis=-1: scatter_back(np.take_along_axis)(g, y, x, indices, axis),
)


# ---- composed of the above ----------------------------------------------------------------------


@implements(np.compress)
def _compress(condition: Any, a: Any, axis: Any = None, out: None = None) -> Any:
    return np.take(a, np.flatnonzero(as_array_or_tensor(condition)), axis)


implements(np.extract)(lambda condition, arr: _compress(condition, np.ravel(arr)))


@implements(np.resize)
def _resize(a: Any, new_shape: Any) -> Any:
    if not np.size(a):
        return np.zeros_like(a, shape=unwrap_nested(new_shape))
    positions = np.resize(_positions(np.ravel(a)), require_protocol(new_shape))
    return np.ravel(a)[positions]


@implements(np.trim_zeros)
def _trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """Return the slice from the first to the last entry that is not zero."""
    if np.ndim(filt) != 1:
        raise TypeError("trim_zeros: only one axis is supported. Index with slices instead.")
    where = np.flatnonzero(filt)
    first = int(where[0]) if len(where) and "f" in trim.lower() else 0
    last = int(where[-1]) + 1 if len(where) and "b" in trim.lower() else len(filt)
    return filt[first:last] if len(where) else filt[:0]


@implements(np.insert)
def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Let NumPy insert positions into positions, and take the entries at the result."""
    arr = as_array_or_tensor(arr)
    values = as_array_or_tensor(values).astype(arr.dtype)
    values = values if values.ndim else constant_like(values, arr)
    obj, new = require_protocol(unwrap_nested(obj)), _positions(values, first=arr.size)
    order = np.insert(_positions(arr), obj, new, axis)
    return np.concatenate([np.ravel(arr), np.ravel(values)])[order]


@implements(np.diag)
def _diag(v: Any, k: int = 0) -> Any:
    """Return a matrix with the vector on its k-th diagonal, or that diagonal of a matrix."""
    if v.ndim == 2:
        return np.diagonal(v, k)
    if v.ndim != 1:
        raise ValueError(f"diag: expected a vector or a matrix, got shape {v.shape}")
    k = int(k)  # so that -k of a narrow integer does not wrap around
    n = len(v) + abs(k)
    rows = _positions(v) + (-k if k < 0 else 0)
    return scatter(v, (rows, rows + k), (n, n))


implements(np.diagflat)(lambda v, k=0: _diag(np.ravel(v), k))
implements(np.tril)(lambda m, k=0: _zero_where(~_below_diagonal(m, k), m))
implements(np.triu)(lambda m, k=0: _zero_where(_below_diagonal(m, k - 1), m))


def _zero_where(mask: Any, m: Any) -> Any:
    zero = constant_like(np.zeros((), m.dtype), m)  # the number 0 would make booleans integers
    return np.where(mask, zero, m)


def _below_diagonal(m: Any, k: int) -> Any:
    """Return a mask of the k-th diagonal of the matrices in `m` and of what is below it.

    NumPy repeats a vector as the rows of a square matrix.
    """
    n, columns = m.shape[-2:] if m.ndim > 1 else (len(m), len(m))
    return constant_like(np.tri(n, columns, k, dtype=bool), m)


@implements(np.choose)
def _choose(a: Any, choices: Any, out: None = None, mode: Any = "raise") -> Any:
    """Let NumPy choose the number of a choice for each entry, and take the entry from it."""
    a, choices = as_array_or_tensor(unwrap_nested(a)), _in_common_dtype(choices)
    shape = np.broadcast_shapes(np.shape(a), *map(np.shape, choices))
    layers = np.stack([np.broadcast_to(c, shape) for c in choices])
    number = np.broadcast_to(np.choose(a, range(len(choices)), mode=mode), shape)
    return np.take_along_axis(layers, number[None], 0)[0]


@implements(np.select)
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Return the choice of the first condition that holds."""
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            f"select: got {len(condlist)} conditions and {len(choicelist)} choices. Pass the same "
            "number of both, at least one."
        )
    *choices, y = _in_common_dtype([*choicelist, default])
    for condition, choice in zip(reversed(condlist), reversed(choices)):
        y = np.where(condition, choice, y)
    return y


def _in_common_dtype(xs: Any) -> list[Any]:
    """Return numbers, lists, arrays and tensors in the dtype that NumPy gives all of them."""
    xs = [as_operand(x) for x in xs]
    dtype = np.result_type(*(x if isinstance(x, (int, float)) else x.dtype for x in xs))
    return [in_dtype(x, dtype) for x in xs]


@implements(np.bincount)
def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """Return the sum of the weights in each bin."""
    x = unwrap_nested(x)
    counts = np.bincount(x, minlength=minlength)
    if weights is None:
        return counts
    weights = as_array_or_tensor(weights).astype(np.dtype(float))
    return scatter(weights, as_positions(x), counts.shape)


not_differentiable(
    np.searchsorted,
    np.digitize,
    np.lexsort,
    np.ix_,
    np.isin,
    np.ravel_multi_index,
    np.unravel_index,
    np.tril_indices_from,
    np.triu_indices_from,
    np.diag_indices_from,
)
