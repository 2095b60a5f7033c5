"""Indexing: some entries of an array; its transpose, entries put into zeros; rearrangements.

`x` argument, `y` result, `g` its cotangent.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..primitive import Rule, primitive


def _scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with `x` added at `index`: where an index repeats, entries add up."""
    y = np.zeros(shape, x.dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if all(isinstance(i, (int, slice, np.integer, type(None), type(...))) for i in parts):
        y[index] = x  # a slice names no entry twice, and this is much faster
    else:
        np.add.at(y, index, x)
    return y


scatter = primitive(_scatter, lambda g, y, x, index, shape: g[index], name="scatter", of="scatter")
getitem = primitive(
    lambda x, index: x[index],
    lambda g, y, x, index: scatter(g, index, x.shape),
    name="getitem",
    of="getitem",
)

# ---- rearrangements: functions whose result has entries of the argument, in other places ---------
#
# One rule serves them all. Applied to the positions 0, 1, 2, ... instead of the values, a function
# itself tells where each entry of its result came from; there the cotangent goes back. What was
# repeated collects a sum.


def _back(g: Any, origin: Any, x: Any) -> Any:
    """The cotangents `g` put back where they came from: positions in `x`, flattened."""
    return scatter(g.reshape(-1), origin.reshape(-1), (x.size,)).reshape(x.shape)


def _put_back(function: Callable[..., Any]) -> Rule:
    def rule(g: Any, y: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        positions = np.arange(x.size).reshape(x.shape)
        return _back(g, function(positions, *args, **kwargs), x)

    return rule


for function in (
    np.diagonal,
    np.flip,
    np.fliplr,
    np.flipud,
    np.moveaxis,
    np.ravel,
    np.repeat,
    np.roll,
    np.rollaxis,
    np.rot90,
    np.swapaxes,
    np.take,
    np.tile,
):
    primitive(function, _put_back(function))


def _sort_vjp(g: Any, y: Any, x: Any, axis: int | None = -1, **kwargs: Any) -> Any:
    """Sorting is a rearrangement too, one that the values choose."""
    positions = np.arange(x.size).reshape(x.shape if axis is not None else -1)
    order = np.argsort(x, axis=axis, kind="stable")
    return _back(g, np.take_along_axis(positions, order, axis if axis is not None else 0), x)


sort = primitive(np.sort, _sort_vjp)
take_along_axis = primitive(
    np.take_along_axis,
    lambda g, y, x, indices, axis=-1: _put_back(np.take_along_axis)(g, y, x, indices, axis),
)
