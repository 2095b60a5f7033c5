"""Find the tensors of a tape that have a row for each example of a batch.

The tape runs again with one example replaced by another. A tensor has a row for each example if
exactly that row changes, to the row of the other example. A tape whose rows depend on each other
has no examples. A leaf that requires a gradient is never sliced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.arrays import Array
from ...core.context import unobserved
from ...core.tape import replay
from ...core.tensor import Tensor
from ..trace import Trace

_MOST_TENSORS = 200  # on a tape that is shown example by example

#: the position of a leaf on its tape, or the position of a node and that of its argument
Place = tuple[int, ...]


class Batch(NamedTuple):
    """A number of examples, and the tensors that have a row for each of them."""

    length: int = 0
    tensors: frozenset[int] = frozenset()  #: by their position on the tape
    constants: frozenset[Place] = frozenset()  #: arguments of nodes


def batches_of(traces: Sequence[Trace]) -> list[Batch]:
    """Return the batch of each tape. All have the same length, which is 0 without examples."""
    found = [_inputs(trace) for trace in traces]
    lengths = [len(x) for inputs in found for x in inputs.values() if x.ndim > 1 and len(x) > 1]
    n = max(set(lengths), key=lengths.count, default=0)
    batches = [_batch(*each, n) for each in zip(traces, found)]
    return batches if all(b.tensors for b in batches) else [Batch()] * len(traces)


def _inputs(trace: Trace) -> dict[Place, Array]:
    """Return the arrays that a tape was computed from, except parameters."""
    tensors = list(trace.tape)
    return dict(_constants(tensors)) if len(tensors) <= _MOST_TENSORS else {}


def _constants(tensors: Sequence[Tensor]) -> Iterator[tuple[Place, Array]]:
    for i, t in enumerate(tensors):
        if t.op is None and not t.requires_grad and isinstance(t.data, np.ndarray):
            yield (i,), t.data
        for k, a in enumerate(t.inputs):
            if isinstance(a, np.ndarray) and a.ndim:
                yield (i, k), a


def _batch(trace: Trace, inputs: Mapping[Place, Array], n: int) -> Batch:
    """Return the batch of one tape, for inputs of `n` examples."""
    rows = {place: x for place, x in inputs.items() if x.ndim and len(x) == n}
    pair = next(filter(None, map(_different_rows, rows.values())), None)
    if pair is None:
        return Batch()
    after = _replayed(trace, {place: _replace_row(x, *pair) for place, x in rows.items()})
    which = set()
    for i, (t, new) in enumerate(zip(trace.tape, after)):
        if _has_rows(t, n) and _only_row_changed(t.data, new, *pair):
            which.add(i)
        elif np.shape(new)[:1] == (n,) and not _is_same(t.data, new):
            return Batch()  # the examples are mixed, as the words in attention
    nodes = any(trace.tape[i].op for i in which)
    constants = frozenset(place for place in rows if len(place) > 1)
    return Batch(n, frozenset(which), constants) if nodes else Batch()


def _different_rows(x: Array) -> tuple[int, int] | None:
    """Return the first row of a matrix, and the first that differs from it."""
    if x.ndim < 2 or not x.size:
        return None
    others = np.flatnonzero((x != x[:1]).reshape(len(x), -1).any(axis=1))
    return (0, int(others[0])) if others.size else None


def _replace_row(x: Array, row: int, other: int) -> Array:
    x = x.copy()
    x[row] = x[other]
    return x


def _replayed(trace: Trace, arrays: Mapping[Place, Array]) -> list[Array]:
    """Return the values of a tape with other arrays, or none if it cannot be computed with them."""
    index = {t.order: i for i, t in enumerate(trace.tape)}

    def leaf(t: Tensor) -> Tensor:
        return Tensor(arrays.get((index[t.order],), t._array), requires_grad=t.requires_grad)

    def call(t: Tensor, args: list[Any]) -> Any:
        assert t.op is not None
        args = [arrays.get((index[t.order], k), a) for k, a in enumerate(args)]
        return t.op(*args, **t.kwargs)

    try:
        with unobserved():
            replaced = replay(trace.tape, leaf, call)
    except Exception:  # such as that of a matrix that has become singular
        return []
    return [replaced[t].data for t in trace.tape]


def _has_rows(t: Tensor, n: int) -> bool:
    is_parameter = t.op is None and t.requires_grad
    return isinstance(t.data, np.ndarray) and t.ndim > 0 and len(t) == n and not is_parameter


def _is_same(x: Array, y: Array) -> bool:
    return np.array_equal(x, y, equal_nan=x.dtype.kind == "f")


def _only_row_changed(before: Array, after: Array, row: int, other: int) -> bool:
    """Return whether an array is as before, with one row replaced by another."""
    if after.shape != before.shape or before.dtype.kind not in "biuf":
        return False
    return np.allclose(after, _replace_row(before, row, other), rtol=1e-5, equal_nan=True)
