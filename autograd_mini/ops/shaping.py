"""Shaping: the same entries in another order or layout, some of them repeated or joined.

`x` argument, `y` result, `g` its cotangent.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..primitive import EveryArgument, Rule, implements, not_differentiable, primitive

reshape = primitive(
    lambda x, shape: x.reshape(shape),
    lambda g, y, x, shape: g.reshape(x.shape),
    name="reshape",
    of=np.reshape,
)
expand_dims = primitive(np.expand_dims, lambda g, y, x, axis: g.reshape(x.shape))
squeeze = primitive(
    lambda x, axis=None: x.squeeze(axis),
    lambda g, y, x, axis=None: g.reshape(x.shape),
    name="squeeze",
    of=np.squeeze,
)
# What broadcasting repeats, the sweep sums: the rule has nothing left to do.
broadcast_to = primitive(np.broadcast_to, lambda g, y, x, shape: g)


def _transpose_vjp(g: Any, y: Any, x: Any, axes: Any = None) -> Any:
    """By the inverse permutation, which argsort is."""
    if axes is None:
        return g.transpose()
    return g.transpose(tuple(np.argsort([i % x.ndim for i in axes]).tolist()))


transpose = primitive(
    lambda x, axes=None: x.transpose(axes), _transpose_vjp, name="transpose", of=np.transpose
)


def _piece_of_concatenation(i: int) -> Rule:
    def rule(g: Any, y: Any, *xs: Any, axis: int = 0) -> Any:
        start = sum(x.shape[axis] for x in xs[:i])
        index = [slice(None)] * g.ndim
        index[axis] = slice(start, start + xs[i].shape[axis])
        return g[tuple(index)]

    return rule


def _layer_of_stack(i: int) -> Rule:
    def rule(g: Any, y: Any, *xs: Any, axis: int = 0) -> Any:
        return g[(slice(None),) * (axis % g.ndim) + (i,)]

    return rule


concatenate = primitive(
    lambda *xs, axis=0: np.concatenate(xs, axis),
    EveryArgument(_piece_of_concatenation),
    name="concatenate",
    of="concatenate",
)
stack = primitive(
    lambda *xs, axis=0: np.stack(xs, axis), EveryArgument(_layer_of_stack), name="stack", of="stack"
)


@implements(np.concatenate)
def _concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    if axis is None:
        return concatenate(*(reshape(x, -1) for x in arrays))
    return concatenate(*arrays, axis=axis)


@implements(np.stack)
def _stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    return stack(*arrays, axis=axis)


@implements(np.vstack)
def _vstack(arrays: Sequence[Any]) -> Any:
    return _concatenate([x if np.ndim(x) > 1 else reshape(x, (1, -1)) for x in arrays])


@implements(np.column_stack)
def _column_stack(arrays: Sequence[Any]) -> Any:
    return _concatenate([x if np.ndim(x) > 1 else reshape(x, (-1, 1)) for x in arrays], axis=1)


@implements(np.hstack)
def _hstack(arrays: Sequence[Any]) -> Any:
    flat = [x if np.ndim(x) else reshape(x, (1,)) for x in arrays]
    return _concatenate(flat, axis=0 if np.ndim(flat[0]) == 1 else 1)


not_differentiable([np.shape, np.ndim, np.size])
