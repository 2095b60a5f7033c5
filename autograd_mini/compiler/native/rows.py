"""Short rows, such as the logits of a sample: a vector holds one entry of each of many rows.

Such rows lie in memory column by column, so that these entries are neighbours.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any

from .index import Index, Variable, variable
from .node import Node, resolve

_VECTOR = 64  # bytes that a vector may have
_LONGEST = 8  # vectors of a row; longer ones lose little time at the end of the row
_ROWS = 8  # rows that are worth vectors


def is_short(node: Node) -> bool:
    """Return whether a node reduces each of many rows of a few entries to a number."""
    if node.op != "reduce" or node.data[0].startswith("arg"):
        return False
    (x,), (_, axes) = node.args, node.data
    return axes == (len(x.shape) - 1,) and _has_short_rows(x)


def _has_short_rows(x: Node) -> bool:
    if len(x.shape) < 2 or x.shape[-2] < _ROWS or x.dtype.kind != "f":
        return False
    n = x.shape[-1]
    return n > 1 and (n <= _VECTOR // x.dtype.itemsize or is_ragged(n, x.dtype))


def is_ragged(n: int, dtype: Any) -> bool:
    """Return whether entries do not fill vectors, and are too few for this not to matter."""
    whole = _VECTOR // int(dtype.itemsize)
    return n < whole or (n % whole > 0 and n < _LONGEST * whole)


def flat(nodes: Iterable[Node]) -> dict[Node, int]:
    """Return the nodes that others read as if they had fewer axes, and the first joined axis."""
    found: dict[Node, int] = {}
    for node in nodes:
        for root, at, _ in _reads(node):
            if len(at) < len(root.shape):
                found[root] = min(max(len(at) - 1, 0), found.get(root, len(at)))
    return found


def in_columns(nodes: Iterable[Node], fixed: Container[Node]) -> list[Node]:
    """Return the nodes that lie column by column: short rows from which numbers are computed.

    The layout of the `fixed` nodes is known.
    """
    neighbours: dict[Node, list[Node]] = {}
    todo: list[Node] = []
    for node in nodes:
        for root, at, own in _reads(node):
            if _is_same_entry(at, own) and root.op == "map" and root.last == -1:
                if is_short(node):
                    todo.append(root)
                elif node.op == "map" and node.shape == root.shape:
                    neighbours.setdefault(node, []).append(root)
                    neighbours.setdefault(root, []).append(node)
    found: dict[Node, None] = {}
    while todo:
        node = todo.pop()
        if node not in found and node not in fixed:
            found[node] = None
            todo += neighbours.get(node, [])
    return [*found]


def _reads(node: Node) -> list[tuple[Node, list[Index], list[Any]]]:
    """Return what a node reads, at which index, and the variables of the axes of its argument."""
    found: list[Any] = []
    for x in node.args if node.op != "view" else ():
        own = [Variable(n) if n > 1 else None for n in x.shape]

        def load(root: Node, at: Any, own: Any = own) -> str:
            found.append((root, at, own))
            return "?"

        resolve(x, [variable(v) for v in own], load)
    return found


def _is_same_entry(at: Sequence[Index], own: Sequence[Any]) -> bool:
    same = [i.is_variable(v) if v else not i.terms for i, v in zip(at, own)]
    return len(at) == len(own) and all(same)
