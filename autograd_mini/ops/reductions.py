"""Reductions: many entries to one, over `axis` (None, an int or a tuple).

`x` argument, `y` result, `g` its cotangent. The transpose of a sum is a broadcast: each rule gives
`g` its reduced axes back, at length one, and from there NumPy broadcasts.
"""

from typing import Any

import numpy as np

from ..primitive import implements, not_differentiable, primitive


def kept(r: Any, x: Any, axis: Any) -> Any:
    """`r`, which was reduced from `x` over `axis`, with the reduced axes back at length one."""
    if axis is None:
        return r.reshape((1,) * x.ndim)
    shape = list(x.shape)
    for i in axis if isinstance(axis, tuple) else (axis,):
        shape[i] = 1
    return r.reshape(tuple(shape))


def _sum_vjp(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.broadcast_to(kept(g, x, axis), x.shape)


def _mean_vjp(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.broadcast_to(kept(g * (y.size / (x.size or 1)), x, axis), x.shape)


def _extremum_vjp(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """To the entries that equal the extremum, in equal shares where several do."""
    hit = (x == kept(y, x, axis)) | (x != x)  # a nan is the extremum of what it stands in
    count = hit.sum(axis=axis, keepdims=True).astype(x.dtype)
    return np.where(hit, kept(g, x, axis) / count, 0)


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


# NumPy's own order of arguments. A ufunc's reduce has another default: axis 0.


@implements(np.sum)
def _sum(
    x: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False
) -> Any:
    return sum(_plain(x, dtype, out), axis=axis, keepdims=keepdims)


@implements(np.add.reduce)
def _add_reduce(
    x: Any, axis: Any = 0, dtype: Any = None, out: None = None, keepdims: Any = False
) -> Any:
    return sum(_plain(x, dtype, out), axis=axis, keepdims=keepdims)


@implements(np.mean)
def _mean(
    x: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False
) -> Any:
    return mean(_plain(x, dtype, out), axis=axis, keepdims=keepdims)


@implements(np.max, np.amax)
def _max(x: Any, axis: Any = None, out: None = None, keepdims: Any = False) -> Any:
    return max(_plain(x, None, out), axis=axis, keepdims=keepdims)


@implements(np.min, np.amin)
def _min(x: Any, axis: Any = None, out: None = None, keepdims: Any = False) -> Any:
    return min(_plain(x, None, out), axis=axis, keepdims=keepdims)


def _plain(x: Any, dtype: Any, out: None) -> Any:
    if out is not None:
        raise TypeError(
            "a tensor is not written to out=: no derivative would follow. Use the result"
        )
    return x if dtype is None else x.astype(dtype)


# ---- made up of the above -----------------------------------------------------------------------


@implements(np.var)
def _var(x: Any, axis: Any = None, *, ddof: float = 0, keepdims: Any = False) -> Any:
    """Σ (x - mean)² / (n - ddof)."""
    squares = np.square(x - mean(x, axis=axis, keepdims=True))
    total = sum(squares, axis=axis, keepdims=keepdims)
    return total / (x.size // (total.size or 1) - ddof)


@implements(np.std)
def _std(x: Any, axis: Any = None, *, ddof: float = 0, keepdims: Any = False) -> Any:
    return np.sqrt(_var(x, axis, ddof=ddof, keepdims=keepdims))


@implements(np.ptp)
def _ptp(x: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    """Peak to peak: the largest minus the smallest."""
    return max(x, axis=axis, keepdims=keepdims) - min(x, axis=axis, keepdims=keepdims)


@implements(np.nansum)
def _nansum(x: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    return sum(np.where(np.isnan(x), 0, x), axis=axis, keepdims=keepdims)


@implements(np.nanmean)
def _nanmean(x: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    count = sum(~np.isnan(x), axis=axis, keepdims=keepdims)
    return _nansum(x, axis, keepdims=keepdims) / count


def _cumsum_vjp(g: Any, y: Any, x: Any, axis: int | None = None) -> Any:
    """Each entry is in the sums from its own on: the same running sum, taken from the end."""
    axis = 0 if axis is None else axis
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis).reshape(x.shape)


cumsum = primitive(lambda x, axis=None: x.cumsum(axis), _cumsum_vjp, name="cumsum", of=np.cumsum)


not_differentiable([np.argmax, np.argmin, np.argsort, np.any, np.all, np.count_nonzero, np.nonzero])
