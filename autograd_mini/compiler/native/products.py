"""Products: the order of their loops, so that the innermost one reads neighbours in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .index import Variable, variable
from .node import Node, Unknown, copied, spread, step_along, transposed

_REUSE = 4  # how often an operand of a product is read if a copy in another order pays off
_SHORT = 8  # entries of a row that is too short for vectors


def contract(nodes: Sequence[Node], terms: Sequence[Sequence[str]], out: Sequence[str]) -> Node:
    sizes: dict[str, int] = {}
    for node, term in zip(nodes, terms):
        for name, n in zip(term, node.shape):
            sizes[name] = max(n, sizes.get(name, 1))
    dtype = np.result_type(*(node.dtype for node in nodes))
    if dtype.kind == "b":
        raise Unknown("it is a product of booleans")
    order = _vector_last(nodes, terms, out, sizes)
    named = tuple(out[a] for a in order)
    shape = tuple(sizes[name] for name in named)
    data = tuple(map(tuple, terms)), named, sizes
    made = Node("contract", tuple(nodes), shape, dtype, data)
    return transposed(made, [*map(int, np.argsort(order))]) if named != tuple(out) else made


def _vector_last(
    nodes: Sequence[Node], terms: Sequence[Sequence[str]], out: Sequence[str], sizes: dict[str, int]
) -> list[int]:
    """Return the axes of the result, with one that is long enough for vectors at the end."""
    order = [*range(len(out))]
    if not out or sizes[out[-1]] >= _SHORT or not set().union(*terms) - set(out):
        return order
    for a in reversed(order):
        v = Variable(2)
        reads = [spread([variable(v if name == out[a] else Variable(2)) for name in term], x.shape)
                 for x, term in zip(nodes, terms)]  # fmt: skip
        if sizes[out[a]] >= _SHORT and all(
            step_along(x, at, v) in (0, 1) for x, at in zip(nodes, reads)
        ):
            order.append(order.pop(a))
            break
    return order


def packed(node: Node) -> tuple[tuple[Node, ...], Any]:
    """Return operands and terms of a product whose innermost loop reads neighbours in memory."""
    terms, out, sizes = node.data
    if not out or not set().union(*terms) - set(out):
        return node.args, node.data
    last, v = out[-1], Variable(sizes[out[-1]])
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
        args[n] = copied(transposed(x, order), "pack")
    return tuple(args), (tuple(named), out, sizes)
