"""Products: the order of their loops, so that the innermost one reads neighbours in memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .index import Variable, variable
from .node import Node, Unknown, copied, spread, step_along, transposed, walked
from .rows import is_ragged

_REUSE = 4  # how often an operand of a product is read if a copy in another order pays off
_SHORT = 8  # entries of a row that is too short for vectors
_VECTOR = 64  # bytes that a vector may have
_MOST_SUMS = 30  # vectors of a tile
_MOST_ROWS = 8  # of a tile; AVX-512 has 32 registers, of which 16 hold the sums of two columns
_SHORT_ROWS = 10  # of a tile whose rows are single vectors


def contract(nodes: Sequence[Node], terms: Sequence[Sequence[str]], out: Sequence[str]) -> Node:
    sizes: dict[str, int] = {}
    for node, term in zip(nodes, terms):
        for name, n in zip(term, node.shape):
            sizes[name] = max(n, sizes.get(name, 1))
    dtype = np.result_type(*(node.dtype for node in nodes))
    if dtype.kind == "b":
        raise Unknown("it is a product of booleans")
    shape = tuple(sizes[name] for name in out)
    return Node(
        "contract", tuple(nodes), shape, dtype, (tuple(map(tuple, terms)), tuple(out), sizes)
    )


def is_better_by_column(node: Node) -> bool:
    """Return whether the last axis but one of a product is better for vectors than the last."""
    terms, out, sizes = node.data
    if len(out) < 2 or not set().union(*terms) - set(out) or node.last == 0:
        return False
    name, v = out[-2], Variable(2)
    if sizes[name] < _SHORT or not is_ragged(sizes[out[-1]], node.dtype):
        return False
    return all(
        step_along(x, spread([variable(v if c == name else Variable(2)) for c in term], x.shape), v)
        in (0, 1)
        for x, term in zip(node.args, terms)
    )


def packed(node: Node, known: dict[Any, Node]) -> tuple[tuple[Node, ...], Any]:
    """Return operands and terms of a product whose innermost loop reads neighbours in memory.

    `known` are copies of operands of other products.
    """
    terms, out, sizes = node.data
    if not out or not set().union(*terms) - set(out):
        return node.args, node.data
    last = walked(node, out)[-1]
    v = Variable(sizes[last])
    args, named = list(node.args), list(terms)
    for n, (x, term) in enumerate(zip(args, terms)):
        reuse = np.prod([m for name, m in sizes.items() if name not in term])
        at = [variable(v if name == last else Variable(2)) for name in term]
        if (
            term.count(last) != 1
            or step_along(x, spread(at, x.shape), v) in (0, 1)
            or reuse < _REUSE
        ):
            continue
        order = [*range(len(term))]
        order.append(order.pop(term.index(last)))
        named[n] = tuple(term[a] for a in order)
        if (key := (x, tuple(order))) not in known:
            known[key] = copied(transposed(x, order), "pack")
            known[key].comment = "transposed, so that a loop below reads neighbours in memory"
        args[n] = known[key]
    return tuple(args), (tuple(named), out, sizes)


def tile_shape(extents: Sequence[int], itemsize: int) -> list[int]:
    """Return the number of rows and columns of a tile: whole vectors, and few left over.

    If both factors are vectors, it has rows for each of them. If a row is a single vector, it may
    have more rows, so that no sum waits for the one before.
    """
    *rows, columns = extents
    whole = _VECTOR // itemsize
    vectors = 2 if columns % (2 * whole) == 0 and len(rows) == 1 else 1
    while whole > columns:
        whole //= 2
    sizes: list[int] = []
    for n in rows:
        sizes.append(rows_of_tile(n, sizes))
    if len(rows) == vectors == 1 and rows[0] % _SHORT_ROWS == 0:
        sizes = [_SHORT_ROWS]
    return [*sizes, vectors * whole]


def rows_of_tile(n: int, others: Sequence[int] = ()) -> int:
    """Return how many of `n` rows a tile has, next to the rows for the other factor."""
    most = min(_MOST_ROWS, n, _MOST_SUMS // math.prod(others))
    return next((m for m in range(most, most // 2, -1) if n % m == 0), most)
