"""Nodes: what C computes, with shapes and dtypes, and how one reads another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...notation.c import TYPES
from ...ops.convolution import _conv, _conv_input, _conv_weight
from ..ir import Step, Value
from .index import Index, Pull, Variable, contiguous, total, variable

#: functions of NumPy whose results have a layout that depends on shapes alone
CONVOLUTIONS = (_conv, _conv_input, _conv_weight)


class Unknown(Exception):
    """A step that C does not compute; the message says why."""


@dataclass(eq=False, repr=False, slots=True)
class Node:
    """A step, or a part of one, with the shape and the dtype of its result."""

    op: str
    args: tuple[Node, ...]
    shape: tuple[int, ...]
    dtype: Any
    data: Any = None  #: what else the operation needs
    value: Value | None = None  #: whose entries these are
    step: Step | None = None
    comment: str = ""  #: what it is if it is not a whole step
    last: int = -1  #: the axis that loops and memory have last, so that its entries are neighbours


class Put(NamedTuple):
    """Where a scatter puts entries."""

    place: Pull  #: returns the index in the result
    fill: float = 0  #: the other entries
    adds: bool = True  #: whether several entries may have the same place


def root_of(node: Node) -> Node:
    while node.op == "view":
        node = node.args[0]
    return node


def resolve(node: Node, at: Any, load: Any, text: Any = str) -> Any:
    """Return an entry as `load` returns it for a node that is not a view."""
    while node.op == "view":
        at = node.data(at, lambda x, i: text(resolve(x, i, load, text)))
        node = node.args[0]
    return load(node, at)


def spread(at: Sequence[Index], shape: Sequence[int]) -> list[Index]:
    """Return the index of an array that is broadcast: 0 for an axis of one entry."""
    last = at[len(at) - len(shape) :]
    return [i if n > 1 else Index() for i, n in zip(last, shape)]


def is_in_order(node: Node) -> bool:
    """Return whether the memory of a node has the order of its entries."""
    if has_own_layout(node) and node.value is not None:
        return bool(np.asarray(node.value.example).flags.c_contiguous)
    return node.op not in ("view", "constant")


def strides_of(node: Node) -> list[int]:
    """Return the strides of a node in entries."""
    if node.op == "constant":
        return [0] * len(node.shape)
    if has_own_layout(node) and node.value is not None:
        x = np.asarray(node.value.example)
        return [s // x.itemsize for s in x.strides]
    order = walked(node, range(len(node.shape)))
    strides = contiguous([node.shape[a] for a in order])
    return [strides[order.index(a)] for a in range(len(order))]


def walked(node: Node, axes: Iterable[Any]) -> list[Any]:
    """Return what belongs to the axes of a node in the order of its loops, and of its memory."""
    found = list(axes)
    if found:
        found.append(found.pop(node.last))
    return found


def has_own_layout(node: Node) -> bool:
    """Return whether an array comes as it is; others come in C's order, as copies if need be."""
    return node.op == "input" and node.value is not None and comes_as_it_is(node.value)


def comes_as_it_is(value: Value) -> bool:
    """Return whether the layout of an array in memory is that of its example in each call."""
    return value.step is None or value.step.function in CONVOLUTIONS


def step_along(node: Node, at: Any, v: Variable) -> int | None:
    """Return how far apart in memory two entries are that follow each other along a loop."""
    steps: list[int | None] = []

    def load(x: Node, i: Any) -> str:
        steps.append(total(i, strides_of(x)[: len(i) - 1] + strides_of(x)[-1:]).terms.get(v, 0))
        return "?"

    resolve(node, at, load)
    return steps[-1]  # before it, the indices of a gather were read


def step_along_axis(node: Node, axis: int) -> int | None:
    """Return how far apart in memory two neighbours along an axis are."""
    own = [Variable(n) for n in node.shape]
    return step_along(node, [variable(v) for v in own], own[axis])


def copied(node: Node, name: str = "copy") -> Node:
    """Return a node that computes the entries of a view."""
    return map_of(name, [node], [node.dtype], node.dtype)


def map_of(name: str, nodes: Sequence[Node], taken: Sequence[Any], dtype: Any) -> Node:
    shape = np.broadcast_shapes(*(node.shape for node in nodes))
    for each in (*taken, dtype):
        known(each)
    last = 0 if any(has_batch_last(node, shape) for node in nodes) else -1
    return Node("map", tuple(nodes), shape, dtype, (name, tuple(taken)), last=last)


def has_batch_last(node: Node, shape: Sequence[int]) -> bool:
    """Return whether a node of images has neighbours along the axis of the batch in memory.

    `shape` is that of the images which are computed from it.
    """
    if len(shape) < 3 or len(node.shape) != len(shape) or not 1 < shape[0] == node.shape[0]:
        return False
    return step_along_axis(node, 0) == 1


def cast(node: Node, dtype: Any) -> Node:
    if node.dtype == dtype:
        return node
    if node.dtype.kind == "f" and dtype.kind in "iu":
        raise Unknown("C does not define the cast of a float that no integer can hold")
    return map_of("cast", [node], [node.dtype], dtype)


def transposed(x: Node, order: Sequence[int]) -> Node:
    back = [*map(int, np.argsort(order))]
    shape = tuple(x.shape[a] for a in order)
    return Node("view", (x,), shape, x.dtype, lambda at, text: [at[a] for a in back])


def known(dtype: Any) -> Any:
    if dtype.name not in TYPES or not dtype.isnative:
        raise Unknown(f"C has no type for {dtype}")
    return dtype
