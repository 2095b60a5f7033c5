"""Reductions: many entries to one, over `axis` (None, an int or a tuple); and running reductions.

`x` argument, `y` result, `g` its cotangent. The transpose of a sum is a broadcast: each rule gives
`g` its reduced axes back, at length one, and from there NumPy broadcasts.
"""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..core.arrays import Array, Cotangent, as_array_or_tensor
from ..core.primitive import primitive
from ..core.registry import implements, not_differentiable


def restore_reduced_axes(r: Array, x: Array, axis: Any) -> Array:
    """Return `r`, which was reduced from `x` over `axis`, with the reduced axes at length one."""
    if axis is None or not x.ndim:  # of a number, NumPy also takes axis 0
        return r.reshape((1,) * x.ndim)
    shape = list(x.shape)
    for i in axis if isinstance(axis, tuple) else (axis,):
        shape[i] = 1
    return r.reshape(tuple(shape))


def divide_by_count(x: Array, n: int, reduction: str = "mean") -> Array:
    """Return x / n for a mean of n entries, and `x` for another reduction.

    A float16 is divided in float32 if n is beyond the largest float16, which would make it 0.
    """
    if reduction != "mean":
        return x
    if n > 65504 and x.dtype == np.float16:
        x = x.astype(np.float32)
    return x / (n or 1)


def axes_of(x: Any, axis: Any) -> list[int]:
    """Return the axes that `axis` names, counted from the front."""
    if axis is None or not x.ndim:
        return list(range(x.ndim))
    return list(normalize_axis_tuple(axis, x.ndim))


def _sum_vjp(
    g: Cotangent, y: Array, x: Array, axis: Any = None, keepdims: bool = False
) -> Cotangent:
    return np.broadcast_to(restore_reduced_axes(g, x, axis), x.shape)


def _mean_vjp(
    g: Cotangent, y: Array, x: Array, axis: Any = None, keepdims: bool = False
) -> Cotangent:
    g = divide_by_count(g, x.size // (y.size or 1))
    return np.broadcast_to(restore_reduced_axes(g, x, axis), x.shape)


def _extremum_vjp(
    g: Cotangent, y: Array, x: Array, axis: Any = None, keepdims: bool = False
) -> Cotangent:
    """Divide the cotangent equally between the entries that equal the extremum."""
    hit = (x == restore_reduced_axes(y, x, axis)) | (x != x)  # a nan is the extremum
    count = hit.sum(axis=axis, keepdims=True)
    count = count.astype(x.dtype if x.dtype != np.float16 else np.float32)
    return np.where(hit, restore_reduced_axes(g, x, axis) / count, 0)


sum = primitive(
    lambda x, axis=None, keepdims=False: x.sum(axis=axis, keepdims=keepdims), _sum_vjp, name="sum"
)
mean = primitive(
    lambda x, axis=None, keepdims=False: x.mean(axis=axis, keepdims=keepdims),
    _mean_vjp,
    name="mean",
)
max = primitive(
    lambda x, axis=None, keepdims=False: x.max(axis=axis, keepdims=keepdims),
    _extremum_vjp,
    name="max",
)
min = primitive(
    lambda x, axis=None, keepdims=False: x.min(axis=axis, keepdims=keepdims),
    _extremum_vjp,
    name="min",
)

# ---- running sums and products -------------------------------------------------------------------


def _cumsum_vjp(g: Cotangent, y: Array, x: Array, axis: int | None = None) -> Cotangent:
    """Take the running sum from the end: each entry is in all sums from its own on."""
    axis = 0 if axis is None else axis
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis).reshape(x.shape)


def _shifted(x: Any, steps: int, fill: float) -> Any:
    """Return `x` moved along its first axis by `steps`, with `fill` in the freed places."""
    moved = x[-steps:] if steps < 0 else x[:-steps]
    rest = np.full_like(x[: abs(steps)], fill)
    return np.concatenate([moved, rest] if steps < 0 else [rest, moved])


def _before(x: Any) -> Any:
    """Return the products of all entries before each one, along the first axis."""
    return np.cumprod(_shifted(x, 1, 1.0), 0)


def _cumprod_vjp(g: Cotangent, y: Array, x: Array, axis: int | None = None) -> Cotangent:
    """Multiply the product of the earlier entries by a sum over the later. (g y / x fails at 0.)

    With s_j = g_j + x_{j+1} s_{j+1} the derivative is s_j Π_{k<j} x_k. The recurrence is solved
    for all j at once by doubling the step [Blelloch: Prefix sums and their applications, 1990].
    """
    if axis is None or not x.ndim:
        return _cumprod_vjp(g.reshape(-1), y, x.reshape(-1), 0).reshape(x.shape)
    if not x.size:
        return g
    g, x = np.moveaxis(g, axis, 0), np.moveaxis(x, axis, 0)
    s, factor, step = g, _shifted(x, -1, 0.0), 1
    while step < len(x):
        s = s + factor * _shifted(s, -step, 0.0)
        factor = factor * _shifted(factor, -step, 0.0)
        step *= 2
    return np.moveaxis(_before(x) * s, 0, axis)


def _prod_vjp(
    g: Cotangent, y: Array, x: Array, axis: Any = None, keepdims: bool = False
) -> Cotangent:
    """Multiply the other entries, those before and those after, without a division."""
    reduced = axes_of(x, axis)
    order = [*reduced, *(i for i in range(x.ndim) if i not in reduced)]
    front = np.transpose(x, order)
    rows = front.reshape((int(np.prod(front.shape[: len(reduced)])), *front.shape[len(reduced) :]))
    if not x.size:
        return np.broadcast_to(restore_reduced_axes(g, x, axis), x.shape)
    others = _before(rows) * np.flip(_before(np.flip(rows, 0)), 0)
    others = np.transpose(others.reshape(front.shape), np.argsort(order).tolist())
    return restore_reduced_axes(g, x, axis) * others


cumsum = primitive(
    lambda x, axis=None: x.cumsum(axis), _cumsum_vjp, name="cumsum", implements="cumsum"
)
cumprod = primitive(
    lambda x, axis=None: x.cumprod(axis), _cumprod_vjp, name="cumprod", implements="cumprod"
)
prod = primitive(
    lambda x, axis=None, keepdims=False: x.prod(axis=axis, keepdims=keepdims),
    _prod_vjp,
    name="prod",
)

# ---- with NumPy's arguments, in NumPy's order ----------------------------------------------------


def apply_where(a: Any, dtype: Any, where: Any, neutral: Any) -> Any:
    """Return `a` in `dtype`, with `neutral` for the entries that `where` leaves out."""
    a = a if dtype is None else a.astype(dtype)
    return a if where is True else np.where(where, a, neutral)


@implements(np.sum)
def _sum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    y = sum(apply_where(a, dtype, where, 0), axis=axis, keepdims=keepdims)
    return y if initial is None else y + _like(y, initial)


@implements(np.prod)
def _prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    y = prod(apply_where(a, dtype, where, 1), axis=axis, keepdims=keepdims)
    return y if initial is None else y * _like(y, initial)


@implements(np.mean)
def _mean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: Any = False,
    *,
    where: Any = True,
) -> Any:
    if where is True:
        return mean(apply_where(a, dtype, True, 0), axis=axis, keepdims=keepdims)
    if dtype is None and a.dtype == np.float16:  # as NumPy does
        return _mean(a, axis, np.float32, None, keepdims, where=where).astype(np.float16)
    total = sum(apply_where(a, dtype, where, 0), axis=axis, keepdims=keepdims)
    return total / count_where(a, axis, keepdims, where).astype(total.dtype)


def count_where(a: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    """Return, as a plain array, how many entries of `a` are reduced to each entry of the result."""
    return np.sum(np.broadcast_to(where, np.shape(a)), axis=axis, keepdims=keepdims)


@implements(np.max, np.amax)
def _max(
    a: Any,
    axis: Any = None,
    out: None = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    if initial is not None and not np.size(a):
        return np.sum(a, axis=axis, keepdims=keepdims, initial=initial)
    fill = _least("maximum", a, -np.inf, initial, where)
    y = max(apply_where(a, None, where, fill), axis=axis, keepdims=keepdims)
    return y if initial is None else np.maximum(y, _like(y, initial))


@implements(np.min, np.amin)
def _min(
    a: Any,
    axis: Any = None,
    out: None = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    if initial is not None and not np.size(a):
        return np.sum(a, axis=axis, keepdims=keepdims, initial=initial)
    fill = _least("minimum", a, np.inf, initial, where)
    y = min(apply_where(a, None, where, fill), axis=axis, keepdims=keepdims)
    return y if initial is None else np.minimum(y, _like(y, initial))


def _like(y: Any, initial: Any) -> Any:
    """Return the initial value of a reduction, converted to the dtype of the result."""
    return as_array_or_tensor(initial).astype(y.dtype)


def _least(name: str, a: Any, infinity: float, initial: Any, where: Any) -> Any:
    """Return the value for entries that `where` leaves out, which is never the extremum."""
    if where is not True and initial is None:
        raise ValueError(f"{name} with where= needs initial=, in case no entry is left")
    return infinity if where is True or a.dtype.kind == "f" else initial


@implements(np.cumsum)
def _cumsum(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    return cumsum(apply_where(a, dtype, True, 0), axis=axis)


@implements(np.cumprod)
def _cumprod(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    return cumprod(apply_where(a, dtype, True, 1), axis=axis)


if hasattr(np, "cumulative_sum"):  # NumPy 2.1

    @implements(np.cumulative_sum)
    def _cumulative_sum(
        x: Any,
        /,
        *,
        axis: Any = None,
        dtype: Any = None,
        out: None = None,
        include_initial: bool = False,
    ) -> Any:
        return _after(0.0, _cumsum(x, _only_axis(x, axis), dtype), axis, include_initial)

    @implements(np.cumulative_prod)
    def _cumulative_prod(
        x: Any,
        /,
        *,
        axis: Any = None,
        dtype: Any = None,
        out: None = None,
        include_initial: bool = False,
    ) -> Any:
        return _after(1.0, _cumprod(x, _only_axis(x, axis), dtype), axis, include_initial)


def _only_axis(x: Any, axis: int | None) -> int:
    if axis is None and x.ndim != 1:
        raise ValueError(f"axis= is needed for an array with {x.ndim} axes")
    return 0 if axis is None else axis


def _after(first: float, y: Any, axis: int | None, include_initial: bool) -> Any:
    """Return `y`, after a layer of the initial number if that is asked for."""
    if not include_initial:
        return y
    axis = 0 if axis is None else axis
    layer = np.full_like(np.take(y, [0], axis), first)
    return np.concatenate([layer, y], axis=axis)


# ---- the methods of ufuncs: over axis 0 where none is given --------------------------------------

for _ufunc, _of_all in (
    (np.add, _sum),
    (np.multiply, _prod),
    (np.maximum, _max),
    (np.minimum, _min),
):

    @implements(_ufunc.reduce)
    def _reduce(
        array: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: None = None,
        keepdims: Any = False,
        initial: Any = None,
        where: Any = True,
        *,
        _of_all: Any = _of_all,
    ) -> Any:
        array = apply_where(array, dtype, True, 0)
        return _of_all(array, axis, keepdims=keepdims, initial=initial, where=where)


@implements(np.add.accumulate)
def _add_accumulate(array: Any, axis: Any = 0, dtype: Any = None, out: None = None) -> Any:
    return _cumsum(array, axis, dtype)


@implements(np.multiply.accumulate)
def _multiply_accumulate(array: Any, axis: Any = 0, dtype: Any = None, out: None = None) -> Any:
    return _cumprod(array, axis, dtype)


not_differentiable(
    np.argmax,
    np.argmin,
    np.argsort,
    np.argpartition,
    np.any,
    np.all,
    np.count_nonzero,
    np.nonzero,
    np.flatnonzero,
    np.argwhere,
    np.nanargmax,
    np.nanargmin,
)
