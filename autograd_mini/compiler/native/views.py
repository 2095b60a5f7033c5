"""Views of arrays: reshapes, transposes, slices and indices, and the checks of indices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ir import Step, Value, check_branch, example_of
from .index import Index, affine, reshaped, total
from .node import Node, Unknown, copied, is_in_order, root_of, spread


@dataclass
class Guard:
    """A check of indices, which comes before all else: all are at least `low` and below `high`."""

    node: Node
    low: int
    high: int
    step: Step


class Views:
    """The views that a `Graph` has.

    `checks` are the steps of the program that check an argument of it, which may be an index.
    """

    node: Callable[[Any], Node]
    _constant: Callable[[Any], Node]

    def __init__(self, checks: Mapping[Value, Step]) -> None:
        self._checks = checks
        self.guards: list[Guard] = []
        self._ranges: dict[Node, tuple[int, int]] = {}  # of indices that are checked
        self._bases: dict[Node, Node] = {}  # of reshapes
        self._ordered: dict[Node, Node] = {}  # nodes, or copies, whose memory is in order

    def _reshape(self, x: Any, shape: Any) -> Node:
        node, shape = self.node(x), tuple(shape)
        if node.op == "constant":
            return self._constant(node.data[0].reshape(shape))
        base = self._bases.get(node, node)
        pull, splits = reshaped(base.shape, shape)
        given = base if splits else self._in_order(base)
        made = Node("view", (given,), shape, node.dtype, pull)
        self._bases[made] = base
        return made

    def _in_order(self, node: Node) -> Node:
        """Return a node whose memory has the order of its entries; a copy if need be."""
        if node not in self._ordered:
            self._ordered[node] = node if is_in_order(node) else copied(node)
        return self._ordered[node]

    def _broadcast_to(self, x: Any, shape: Any) -> Node:
        node, shape = self.node(x), tuple(shape)
        return Node("view", (node,), shape, node.dtype, lambda at, text: spread(at, node.shape))

    def _transpose(self, x: Any, axes: Sequence[int]) -> Node:
        node = self.node(x)
        back = [*map(int, np.argsort(axes))]
        shape = tuple(node.shape[a] for a in axes)
        return Node("view", (node,), shape, node.dtype, lambda at, text: [at[a] for a in back])

    def _take(self, x: Any, places: Any) -> Node:
        """Return the entries of an array at places of its flattened memory."""
        node, found = self.node(x), affine(places)
        base = self._in_order(self._bases.get(node, node))
        if found:
            first, steps = found
            return Node("view", (base,), places.shape, node.dtype,
                        lambda at, text: [total(at, steps) + first])  # fmt: skip
        table = self._constant(places)
        return Node("view", (base, table), places.shape, node.dtype,
                    lambda at, text: [Index({text(table, at): 1})])  # fmt: skip

    def _getitem(self, x: Any, parts: Sequence[Any]) -> Node:
        node = self.node(x)
        shape, pull, nodes = self._indexed(node.shape, parts)
        return Node("view", (node, *nodes), shape, node.dtype, pull)

    def _take_along_axis(self, x: Any, index: Any, axis: int) -> Node:
        node, places = self.node(x), self.node(index)
        axis %= len(node.shape)
        is_positive = self._within(places, node.shape[axis])

        def pull(at: Sequence[Index], text: Any) -> list[Index]:
            found = spread(at, node.shape)
            entry = text(places, spread(at, places.shape))
            found[axis] = _wrapped(entry, node.shape[axis], is_positive)
            return found

        whole = [max(m, k) for m, k in zip(node.shape, places.shape)]
        whole[axis] = places.shape[axis]
        return Node("view", (node, places), tuple(whole), node.dtype, pull)

    def _indexed(self, shape: Sequence[int], parts: Sequence[Any]) -> Any:
        """Return the shape of an indexed array, the index that it reads, and the index arrays."""
        arrays = [np.asarray(p) if isinstance(p, list) else p for p in parts]
        arrays = [self.node(p) if np.ndim(example_of(p)) or isinstance(p, Value) else p
                  for p in arrays]  # fmt: skip
        nodes = [p for p in arrays if isinstance(p, Node)]
        joint = np.broadcast_shapes(*(p.shape for p in nodes))
        places = [k for k, p in enumerate(arrays) if isinstance(p, Node) or type(p) is int]
        apart = bool(nodes) and places[-1] - places[0] >= len(places)
        made: list[int] = [*joint] if apart else []
        axes: list[Any] = []  # for each axis of the argument, what reads it
        is_positive: dict[Node, bool] = {}
        start = 0 if apart else -1  # the first axis of those that the arrays share, once known
        for p in [*arrays, *[slice(None)] * (len(shape) - sum(q is not None for q in arrays))]:
            n = shape[len(axes)] if p is not None else 1
            if p is None:
                made.append(1)
            elif isinstance(p, slice):
                first, _, step = p.indices(n)
                axes.append((len(made), first, step))
                made.append(len(range(*p.indices(n))))
            else:
                if start < 0 and nodes:
                    start = len(made)
                    made += joint
                axes.append(p)
                if isinstance(p, Node):
                    is_positive[p] = self._within(p, n)

        def pull(at: Sequence[Index], text: Any) -> list[Index]:
            found = []
            for p, n in zip(axes, shape):
                if isinstance(p, tuple):
                    axis, first, step = p
                    found.append(at[axis] * step + first)
                elif isinstance(p, Node):
                    own = at[start : start + len(joint)]
                    found.append(_wrapped(text(p, spread(own, p.shape)), n, is_positive[p]))
                else:
                    found.append(Index(number=int(p) % n))
            return found

        return tuple(made), pull, nodes

    def _checked(self, step: Step) -> Node:
        if step.function is check_branch:
            raise Unknown("the program branches on it")
        node, n = self.node(step.args[0]), int(step.args[1])
        low = -n if step.function.__name__ == "check_bounds" else 0
        self._guard(node, low, n, step)
        return node

    def _guard(self, node: Node, low: int, high: int, step: Step) -> None:
        if root_of(node).op not in ("input", "constant") or node.dtype.kind not in "iu":
            raise Unknown("it checks indices that are computed")
        self.guards.append(Guard(node, low, high, step))
        self._ranges[node] = low, high

    def _within(self, node: Node, n: int) -> bool:
        """Return whether no index counts from the end.

        Raise unless all are known to lie within an axis of `n` entries.
        """
        if node.dtype.kind not in "iu":
            raise Unknown("it is indexed with a mask")
        root = root_of(node)
        check = self._checks.get(root.value) if root.value and root.op == "input" else None
        if check and root not in self._ranges:
            self._checked(check)
        low, high = self._ranges.get(node, self._ranges.get(root, (-n, n + 1)))
        if root.op == "constant" or (root.op == "input" and root.value is None):
            low, high = int(root.data[0].min()), int(root.data[0].max()) + 1
        elif root.op == "reduce" and root.data[0].startswith("arg"):
            low, high = 0, root.args[0].shape[root.data[1][0]]
        if low < -n or high > n:
            raise Unknown("its indices are not checked before")
        return low >= 0


def _wrapped(text: str, n: int, is_positive: bool) -> Index:
    """Return an index that may count from the end."""
    return Index({text if is_positive else f"({text} < 0 ? {text} + {n} : {text})": 1})
