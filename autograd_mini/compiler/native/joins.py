"""Arrays that are put together from others: scatter, concatenate and stack.

Backward passes add arrays that are zero except in one slice, such as the gradients of the gates of
an LSTM. If no two slices overlap, their sum is a concatenation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .node import Node, Put, Unknown, cast, has_batch_last


class Pieces(NamedTuple):
    """The parts of an array along an axis, by where they start; the other entries are zero."""

    axis: int
    parts: dict[int, Node]


class Joins:
    """The joins that a `Graph` has."""

    node: Callable[[Any], Node]
    _broadcast_to: Callable[..., Node]
    _constant: Callable[[Any], Node]
    _indexed: Callable[..., Any]
    _reshape: Callable[..., Node]
    _pieces: dict[Node, Pieces]

    def _scatter(self, x: Any, parts: Sequence[Any], shape: Sequence[int]) -> Node:
        node = self.node(x)
        wide, place, nodes = self._indexed(tuple(shape), parts)
        if node.shape != wide:
            node = self._broadcast_to(node, wide)
        last = 0 if has_batch_last(node, shape) else -1
        put = Put(place, adds=bool(nodes))
        made = Node("scatter", (node, *nodes), tuple(shape), node.dtype, put, last=last)
        if (found := _only_slice(parts, shape)) and not nodes:
            axis, start, end = found
            part = self._reshape(node, (*shape[:axis], end - start, *shape[axis + 1 :]))
            self._pieces[made] = Pieces(axis, {start: part})
        return made

    def _concatenate(self, parts: Sequence[Any], axis: int = 0) -> Node:
        nodes = [self.node(p) for p in parts]
        if not isinstance(axis, int) or not nodes[0].shape:
            raise Unknown("it joins flattened arrays")
        axis %= len(nodes[0].shape)
        dtype = np.result_type(*(node.dtype for node in nodes))
        shape = [*nodes[0].shape]
        shape[axis] = sum(node.shape[axis] for node in nodes)
        nodes = [cast(node, dtype) for node in nodes]
        made = Node("concatenate", tuple(nodes), tuple(shape), dtype, axis)
        starts = np.cumsum([0, *(node.shape[axis] for node in nodes)]).tolist()
        kept = {i: x for i, x in zip(starts, nodes) if x.op != "constant" or np.any(x.data[0])}
        self._pieces[made] = Pieces(axis, kept)
        return made

    def _stack(self, parts: Sequence[Any], axis: int = 0) -> Node:
        nodes = [self.node(p) for p in parts]
        axis %= len(nodes[0].shape) + 1
        longer = [self._reshape(x, (*x.shape[:axis], 1, *x.shape[axis:])) for x in nodes]
        return self._concatenate(longer, axis)

    def joined(self, x: Node, y: Node) -> Node | None:
        """Return the sum of two arrays whose entries that are not zero do not overlap."""
        if x not in self._pieces or y not in self._pieces:
            return None
        (axis, first), (other, second) = self._pieces[x], self._pieces[y]
        if axis != other or (x.shape, x.dtype) != (y.shape, y.dtype):
            return None
        found, end = [], 0
        for start, part in sorted([*first.items(), *second.items()], key=lambda pair: pair[0]):
            if start < end:
                return None
            found += [*self._zeros(x, axis, end, start), part]
            end = start + part.shape[axis]
        return self._concatenate([*found, *self._zeros(x, axis, end, x.shape[axis])], axis)

    def _zeros(self, x: Node, axis: int, start: int, end: int) -> list[Node]:
        """Return the zeros of an array like `x` between two places along an axis."""
        shape = (*x.shape[:axis], end - start, *x.shape[axis + 1 :])
        return [self._constant(np.broadcast_to(x.dtype.type(0), shape))] if end > start else []


def _only_slice(parts: Sequence[Any], shape: Sequence[int]) -> tuple[int, int, int] | None:
    """Return the axis, start and end of an index that is a slice, or a number, of one axis."""
    found = []
    for axis, (part, n) in enumerate(zip(parts, shape)):
        if type(part) is int:
            found.append((axis, part % n, part % n + 1))
        elif not isinstance(part, slice) or part.step not in (None, 1):
            return None
        elif (ends := part.indices(n)[:2]) != (0, n):
            found.append((axis, *ends))
    return found[0] if len(found) == 1 and len(parts) <= len(shape) else None
