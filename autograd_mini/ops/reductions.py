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
    return np.broadcast_to(kept(g * (y.size / x.size), x, axis), x.shape)


def _extremum_vjp(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """To the entries that equal the extremum, in equal shares where several do."""
    hit = (x == kept(y, x, axis)) | (x != x)  # a nan is the extremum of what it stands in
    count = hit.sum(axis=axis, keepdims=True).astype(x.dtype)
    return np.where(hit, kept(g, x, axis) / count, 0)


sum = primitive(
    lambda x, axis=None, keepdims=False: x.sum(axis=axis, keepdims=keepdims),
    _sum_vjp,
    name="sum",
    of=np.sum,
)
mean = primitive(
    lambda x, axis=None, keepdims=False: x.mean(axis=axis, keepdims=keepdims),
    _mean_vjp,
    name="mean",
    of=np.mean,
)
max = primitive(
    lambda x, axis=None, keepdims=False: x.max(axis=axis, keepdims=keepdims),
    _extremum_vjp,
    name="max",
    of=(np.max, np.amax),
)
min = primitive(
    lambda x, axis=None, keepdims=False: x.min(axis=axis, keepdims=keepdims),
    _extremum_vjp,
    name="min",
    of=(np.min, np.amin),
)


@implements(np.add.reduce)
def _add_reduce(x: Any, axis: Any = 0, keepdims: bool = False) -> Any:
    return sum(x, axis=axis, keepdims=keepdims)  # a ufunc's reduce takes axis 0 by default


not_differentiable([np.argmax, np.argmin, np.argsort, np.any, np.all, np.count_nonzero])
