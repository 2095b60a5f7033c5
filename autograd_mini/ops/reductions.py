"""Reductions: many entries to one, over `axis` (None, an int or a tuple); and running reductions.

`x` argument, `y` result, `g` its cotangent. The transpose of a sum is a broadcast: each rule gives
`g` its reduced axes back, at length one, and from there NumPy broadcasts.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..core.arrays import Array, Cotangent, Rule, in_dtype
from ..core.primitive import Primitive, primitive
from ..core.registry import implements, not_differentiable


def restore_reduced_axes(r: Array, x: Array, axis: Any) -> Array:
    """Return `r`, which was reduced from `x` over `axis`, with the reduced axes at length one."""
    if axis is None or not x.ndim:  # NumPy accepts axis 0 for a number
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


def _reduction(name: str, rule: Rule) -> Primitive:
    """Make the primitive that runs the method `name` of an array."""
    return primitive(
        lambda x, axis=None, keepdims=False: getattr(x, name)(axis=axis, keepdims=keepdims),
        rule,
        name=name,
    )


sum = _reduction("sum", _sum_vjp)
mean = _reduction("mean", _mean_vjp)
max = _reduction("max", _extremum_vjp)
min = _reduction("min", _extremum_vjp)

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
prod = _reduction("prod", _prod_vjp)

# ---- with NumPy's arguments, in NumPy's order ----------------------------------------------------


def apply_where(a: Any, dtype: Any, where: Any, neutral: Any) -> Any:
    """Return `a` in `dtype`, with `neutral` for the entries that `where` leaves out."""
    a = a if dtype is None else in_dtype(a, np.dtype(dtype))
    return a if where is True else np.where(where, a, neutral)


def _from_neutral(reduce: Any, combine: Any, neutral: int) -> Callable[..., Any]:
    """Return a reduction whose left-out entries are replaced by its neutral element."""

    def reduction(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: None = None,
        keepdims: Any = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        y = reduce(apply_where(a, dtype, where, neutral), axis=axis, keepdims=keepdims)
        y = y if dtype is None else in_dtype(y, np.dtype(dtype))  # NumPy widens sums of integers
        return y if initial is None else combine(y, in_dtype(initial, y.dtype))

    return reduction


_sum = implements(np.sum)(_from_neutral(sum, np.add, 0))
_prod = implements(np.prod)(_from_neutral(prod, np.multiply, 1))


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
    """Return how many entries of `a` are reduced to each entry of the result, or to every entry."""
    if where is True:
        return np.asarray(math.prod(a.shape[i] for i in axes_of(a, axis)))
    return np.sum(np.broadcast_to(where, np.shape(a)), axis=axis, keepdims=keepdims)


def _extremum(reduce: Any, combine: Any, least: float) -> Callable[..., Any]:
    """Return a reduction whose left-out entries are replaced by a number that is never reached."""

    def reduction(
        a: Any,
        axis: Any = None,
        out: None = None,
        keepdims: Any = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        if initial is None:
            if where is not True:
                raise ValueError(f"np.{reduce.name}: where= needs initial=, as none may be left")
            return reduce(a, axis=axis, keepdims=keepdims)
        initial = in_dtype(initial, a.dtype)
        if not np.size(a):
            return np.sum(a, axis, a.dtype, keepdims=keepdims, initial=initial)
        a = apply_where(a, None, where, least if a.dtype.kind == "f" else initial)
        y = reduce(a, axis=axis, keepdims=keepdims)
        return combine(y, initial)

    return reduction


_max = implements(np.max, np.amax)(_extremum(max, np.maximum, -np.inf))
_min = implements(np.min, np.amin)(_extremum(min, np.minimum, np.inf))


@implements(np.cumsum)
def _cumsum(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    y = cumsum(apply_where(a, dtype, True, 0), axis=axis)
    return y if dtype is None else in_dtype(y, np.dtype(dtype))


@implements(np.cumprod)
def _cumprod(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    y = cumprod(apply_where(a, dtype, True, 1), axis=axis)
    return y if dtype is None else in_dtype(y, np.dtype(dtype))


def _cumulative(accumulate: Any, first: float) -> Callable[..., Any]:
    """Return a running reduction that can also return the number before the first entry."""

    def run(
        x: Any,
        /,
        *,
        axis: int | None = None,
        dtype: Any = None,
        out: None = None,
        include_initial: bool = False,
    ) -> Any:
        if axis is None and x.ndim != 1:
            raise ValueError(f"axis= is needed for an array with {x.ndim} axes")
        axis = 0 if axis is None else axis
        y = accumulate(x, axis, dtype)
        if not include_initial:
            return y
        edge = [1 if i == axis % y.ndim else n for i, n in enumerate(y.shape)]
        return np.concatenate([np.full_like(y, first, shape=edge), y], axis=axis)

    return run


if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    implements(np.cumulative_sum)(_cumulative(_cumsum, 0.0))
    implements(np.cumulative_prod)(_cumulative(_cumprod, 1.0))

# ---- the methods of ufuncs: over axis 0 by default -----------------------------------------------


def _over_first_axis(reduction: Callable[..., Any]) -> Callable[..., Any]:
    return lambda array, axis=0, **options: reduction(array, axis, **options)


def _extremum_over_first_axis(reduction: Callable[..., Any]) -> Callable[..., Any]:
    return lambda array, axis=0, dtype=None, **options: reduction(
        apply_where(array, dtype, True, 0), axis, **options
    )


implements(np.add.reduce)(_over_first_axis(_sum))
implements(np.multiply.reduce)(_over_first_axis(_prod))
implements(np.add.accumulate)(_over_first_axis(_cumsum))
implements(np.multiply.accumulate)(_over_first_axis(_cumprod))
implements(np.maximum.reduce)(_extremum_over_first_axis(_max))
implements(np.minimum.reduce)(_extremum_over_first_axis(_min))

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
