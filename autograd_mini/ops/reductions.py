"""Reductions: many entries to one, over `axis` (None, an int or a tuple); and running reductions.

`x` is the argument, `y` the result, and `g` the gradient of the result. The transpose of a sum is a
broadcast. So each rule gives `g` the reduced axes back, with length one, and NumPy broadcasts `g`.
"""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..core.arrays import Array, Cotangent, Rule, in_dtype, is_half, widen
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


def widened(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return `f`, which gets its float16 arguments as float32.

    A sum may leave the range of float16 although the mean, norm or softmax of the same entries does
    not.
    """

    @wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        if not is_half(args[0]):
            return f(*args, **kwargs)
        return f(*map(widen, args), **kwargs)

    return run


def in_float32(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return `f`, which computes float16 in float32, and rounds its (first) result to float16."""

    @wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        if not is_half(args[0]):
            return f(*args, **kwargs)
        y = f(*map(widen, args), **kwargs)
        if isinstance(y, tuple):
            return y[0].astype(np.float16), *y[1:]
        return y.astype(np.float16)

    return run


def divide_by_count(x: Array, n: int, reduction: str = "mean") -> Array:
    """Return x / n for a mean of n entries, and `x` for another reduction.

    A float16 is divided in float32 if n is beyond the largest float16, which would make it 0.
    """
    if reduction != "mean":
        return x
    return (widen(x) if n > 65504 else x) / (n or 1)


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


def has_rows(x: Array) -> bool:
    """Return whether `x` is a large array whose last axis lies contiguously in memory."""
    strides = getattr(x, "strides", ())  # a Tensor and a symbol have none
    return x.size >= 1024 and strides[-1:] == (x.dtype.itemsize,)


def has_short_rows(x: Array, axis: Any) -> bool:
    """Return whether `axis` reduces rows of a few entries. NumPy starts an inner loop for each."""
    if not has_rows(x):
        return False
    reduced, n, i = axes_of(x, axis), 1, x.ndim - 1
    while i in reduced:
        n *= x.shape[i]
        i -= 1
    return 1 < n <= 32


def as_columns(x: Array, axis: Any) -> tuple[Array, Any, Callable[[Array], Array]]:
    """Return `x` with `axis` in front (also in memory), this axis, and a function that undoes it.

    NumPy then combines long columns instead of short rows, which is several times faster.
    """
    reduced, order = axes_of(x, axis), _reduced_first(x, axis)
    inverse = np.argsort(order).tolist()
    columns = x.transpose(order).copy()
    return columns, tuple(range(len(reduced))), lambda y: y.transpose(inverse).copy()


def _reduced_first(x: Array, axis: Any) -> list[int]:
    """Return the axes of `x`, those in `axis` first."""
    reduced = axes_of(x, axis)
    return [*reduced, *(i for i in range(x.ndim) if i not in reduced)]


def _extremum_by(name: str) -> Callable[..., Any]:
    """Return the function that runs the method `name` of an array."""

    def extremum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if not has_short_rows(x, axis):
            return getattr(x, name)(axis=axis, keepdims=keepdims)
        columns, front, _ = as_columns(x, axis)
        y = getattr(columns, name)(axis=front)
        return restore_reduced_axes(y, x, axis) if keepdims else y

    return extremum


def _extremum_vjp(
    g: Cotangent, y: Array, x: Array, axis: Any = None, keepdims: bool = False
) -> Cotangent:
    """Divide the cotangent equally between the entries that equal the extremum."""
    if has_short_rows(x, axis):
        columns, front, back = as_columns(x, axis)
        g, y = (r.reshape(columns.shape[len(front) :]) for r in (g, y))
        return back(_extremum_vjp(g, y, columns, front))
    hit = (x == restore_reduced_axes(y, x, axis)) | (x != x)  # a nan is the extremum
    count = hit.sum(axis=axis, keepdims=True)
    count = count.astype(np.float32 if is_half(x) else x.dtype)
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
max = primitive(_extremum_by("max"), _extremum_vjp, name="max")
min = primitive(_extremum_by("min"), _extremum_vjp, name="min")

# ---- running sums and products -------------------------------------------------------------------


def _cumsum_vjp(g: Cotangent, y: Array, x: Array, axis: int | None = None) -> Cotangent:
    """Take the running sum from the end: an entry is part of the sum at its place and after it."""
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
    reduced, order = axes_of(x, axis), _reduced_first(x, axis)
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


def _prod_display(g: Cotangent, y: Array, x: Array, axis: Any = None, **kwargs: Any) -> Cotangent:
    """Divide by the entry itself, where that is possible."""
    if not x.data.all():
        return _prod_vjp(g, y, x, axis, **kwargs)
    return restore_reduced_axes(g, x, axis) * restore_reduced_axes(y, x, axis) / x


prod = _reduction("prod", _prod_vjp)
prod.display_rules = (_prod_display,)

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
    if dtype is None and is_half(a):  # as NumPy does
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
                raise ValueError(
                    f"np.{reduce.name}: pass initial= too, because where= may leave out all entries"
                )
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
            raise ValueError(f"pass axis=, because the array has {x.ndim} axes")
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
