"""Indexing: entries of an array, its transpose (entries put into zeros), and rearrangements.

`x` argument, `y` result, `g` its cotangent.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, Rule, as_array_or_tensor, require_protocol
from ..core.foreign import constant_like
from ..core.primitive import primitive
from ..core.registry import implements, not_differentiable


def _scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros of `shape` with `x` added at `index`. If an index repeats, entries add up."""
    y = np.zeros(shape, x.dtype)
    if not isinstance(x, (np.ndarray, np.generic)):  # an array of another library
        y = np.zeros_like(x, shape=shape)
    if hasattr(y, "at"):  # in a program that runs on jax, whose arrays are not written to
        return y.at[index].add(x)
    parts = index if isinstance(index, tuple) else (index,)
    if all(isinstance(i, (int, slice, np.integer, type(None), type(...))) for i in parts):
        y[index] = x  # a slice names no entry twice, and this is much faster
    else:
        np.add.at(y, index, x)
    return y


def _scatter_vjp(g: Cotangent, y: Array, x: Array, index: Any, shape: Any) -> Cotangent:
    return getitem(g, index)  # g[index], also if g is an array and the index is traced


scatter = primitive(_scatter, _scatter_vjp, name="scatter", implements="scatter")


def _getitem_vjp(g: Cotangent, y: Array, x: Array, index: Any) -> Cotangent:
    """Add each cotangent at the place of its entry. ``x[:, None]`` moves none of them."""
    parts = index if isinstance(index, tuple) else (index,)
    if all(i is None or i is ... or (type(i) is slice and i == slice(None)) for i in parts):
        return g.reshape(x.shape)
    return scatter(g, index, x.shape)


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


for function in (
    np.delete,
    np.diagonal,
    np.fft.fftshift,
    np.fft.ifftshift,
    np.flip,
    np.fliplr,
    np.flipud,
    np.moveaxis,
    np.repeat,
    np.rollaxis,
    np.rot90,
    np.swapaxes,
    np.tile,
):
    primitive(function, scatter_back(function))


def _roll_vjp(g: Cotangent, y: Array, x: Array, shift: Any, axis: Any = None) -> Cotangent:
    """Roll back."""
    several = isinstance(shift, (list, tuple))
    return np.roll(g, [-n for n in shift] if several else np.negative(shift), axis)


primitive(np.roll, _roll_vjp)


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
    n = x.shape[axis]
    if mode != "raise":
        indices = np.clip(indices, 0, n - 1) if mode == "clip" else np.remainder(indices, n)
    return scatter(g, (slice(None),) * (axis % x.ndim) + (indices,), x.shape)


take = primitive(np.take, _take_vjp)


def _matched_vjp(
    g: Cotangent, y: Array, x: Array, *args: Any, axis: int | None = -1, **kwargs: Any
) -> Cotangent:
    """Move the cotangent of the k-th smallest entry to the k-th smallest of the argument.

    This also holds for a partition, which is only sorted in part.
    """
    axis = args[-1] if args else axis
    if axis is None:
        return _matched_vjp(g, y, x.reshape(-1), axis=0).reshape(x.shape)
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


# ---- made up of the above -----------------------------------------------------------------------


@implements(np.compress)
def _compress(condition: Any, a: Any, axis: Any = None, out: None = None) -> Any:
    return np.take(a, np.flatnonzero(as_array_or_tensor(condition)), axis)


implements(np.extract)(lambda condition, arr: _compress(condition, np.ravel(arr)))


@implements(np.resize)
def _resize(a: Any, new_shape: Any) -> Any:
    positions = np.resize(_positions(np.ravel(a)), require_protocol(new_shape))
    if not np.size(a):
        raise ValueError("resize: an empty array has no entries to repeat")
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
    order = np.insert(
        _positions(arr), require_protocol(obj), _positions(values, first=arr.size), axis
    )
    return np.concatenate([np.ravel(arr), np.ravel(values)])[order]


@implements(np.diag)
def _diag(v: Any, k: int = 0) -> Any:
    """Return a matrix with the vector on its k-th diagonal, or that diagonal of a matrix."""
    if v.ndim == 2:
        return np.diagonal(v, k)
    if v.ndim != 1:
        raise ValueError(f"diag: expected a vector or a matrix, got shape {v.shape}")
    n = len(v) + (k if k > 0 else -k)
    rows = _positions(v) + (-k if k < 0 else 0)
    return scatter(v, (rows, rows + k), (n, n))


implements(np.diagflat)(lambda v, k=0: _diag(np.ravel(v), k))
implements(np.tril)(lambda m, k=0: np.where(_below_diagonal(m, k), m, 0))
implements(np.triu)(lambda m, k=0: np.where(_below_diagonal(m, k - 1), 0, m))


def _below_diagonal(m: Any, k: int) -> Any:
    """Return a mask of the k-th diagonal of the matrices in `m` and of what is below it.

    NumPy repeats a vector as the rows of a square matrix.
    """
    n, columns = m.shape[-2:] if m.ndim > 1 else (len(m), len(m))
    return constant_like(np.tri(n, columns, k, dtype=bool), m)


@implements(np.choose)
def _choose(a: Any, choices: Any, out: None = None, mode: Any = "raise") -> Any:
    """Let NumPy choose the number of a choice for each entry, and take the entry from it."""
    dtype = np.result_type(*choices)
    choices = [as_array_or_tensor(c) for c in choices]
    choices = [c if c.dtype == dtype else c.astype(dtype) for c in choices]
    a = as_array_or_tensor(a)
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
    y = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        y = np.where(condition, choice, y)
    return y


@implements(np.bincount)
def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """Return the sum of the weights in each bin."""
    x = as_array_or_tensor(x)
    counts = np.bincount(x, minlength=minlength)
    if weights is None:
        return counts
    return scatter(as_array_or_tensor(weights).astype(np.dtype(float)), x, counts.shape)


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
