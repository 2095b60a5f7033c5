"""Indexing: some entries of an array, and its transpose, entries put into zeros.

`x` argument, `y` result, `g` its cotangent.
"""

from typing import Any

import numpy as np

from ..primitive import primitive


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
