"""Loops: which steps share them, and where their results lie.

A *stage* computes one node. Its loops run over the axes of the result, and inside of them over the
axes that are summed. A stage joins the loops of a stage that it reads if it reads only what the
same turn of these loops has computed. So the forward and the backward pass of a batch become one
loop over its rows. A sum over this loop, such as the gradient of a weight, grows from turn to turn.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from .index import Index, Variable, variable
from .lines import VECTOR
from .node import Node, resolve, spread, step_along, step_along_axis, walked
from .products import rows_of_tile, tile_shape
from .rows import is_short
from .scalars import OF_ARRAYS


class Read:
    """A node that a stage reads, and the index at which it does."""

    def __init__(self, node: Node, at: Sequence[Index]) -> None:
        self.node, self.at = node, at


def is_called(node: Node) -> bool:
    """Return whether C calls a function for each row of a node, which is faster than for entries.

    It reads neighbours in memory.
    """
    if node.op != "map" or node.data[0] not in OF_ARRAYS or node.dtype.kind != "f":
        return False
    (x,) = node.args
    axis = node.last % max(len(node.shape), 1)
    is_row = x.dtype == node.dtype and bool(node.shape) and node.shape[axis] >= VECTOR
    return is_row and step_along_axis(x, axis) == 1


class Stage:
    """The loops of one node.

    Attributes
    ----------
    axes : list of Variable or None
        The variables of the axes of the result; None for an axis of one entry.
    outer, summed, inner : list of Variable
        The loops from the outside to the inside. The result is complete after `summed`.
    path : list of Loop
        The loops that it is in, which other stages may share.
    grows : bool
        Whether it sums over its path: the result is complete only after all of it.
    product : Node, optional
        The product that it computes. Its node is that product, or a map of it.
    is_tiled : bool
        Whether it computes the product in tiles.
    is_called : bool
        Whether it calls a function for each row.
    """

    def __init__(self, node: Node, merged: Container[Node], product: Node | None = None) -> None:
        self.node, self._merged = node, merged
        self.product = node if node.op == "contract" else product
        self.axes = [Variable(n) if n > 1 else None for n in node.shape]
        self.outer = [v for v in walked(node, self.axes) if v]
        self.summed: list[Variable] = []
        self.inner: list[Variable] = []
        self.path: list[Any] = []
        self.grows = False
        self.target = [variable(v) for v in self.axes]
        self.reads: list[Read] = []
        self.operands: list[tuple[Node, list[Index]]] = []
        if self.product:
            self._contract(self.product)
        else:
            getattr(self, f"_{node.op}", self._map)()
        self.is_tiled = self.product is not None and len(self.inner) > 1
        self.is_called = product is None and is_called(node)
        if self.is_called:
            self.inner = [self.outer.pop()]
        for x, at in self.operands:
            resolve(x, at, self._note)
        for x in node.args if product else ():
            resolve(x, spread(self.target, x.shape), self._note)

    def _note(self, node: Node, at: Sequence[Index]) -> str:
        """Note that an entry is read; the text is of no use yet."""
        if node in self._merged:
            for x in node.args:
                resolve(x, spread(at, x.shape), self._note)
        elif node is not self.product:
            self.reads.append(Read(node, at))
        return "?"

    # ---- the kinds of nodes ----------------------------------------------------------------------

    def _map(self) -> None:
        args = self.node.args if self.node.op == "map" else (self.node,)
        self.operands = [(x, spread(self.target, x.shape)) for x in args]

    def _reduce(self) -> None:
        (x,), (_, axes) = self.node.args, self.node.data
        kept = iter(self.axes)
        at: list[Any] = [(Variable(n) if n > 1 else None) if a in axes else next(kept)
                         for a, n in enumerate(x.shape)]  # fmt: skip
        self.operands = [(x, [variable(v) for v in at])]
        steps = {v: step_along(*self.operands[0], v) or 0 for v in at if v}
        self.summed = sorted((at[a] for a in axes if at[a]), key=lambda v: -abs(steps[v]))
        if self.node.data[0].startswith("arg"):
            self.inner = []
        elif is_short(self.node):
            self.inner = self.outer[-1:]  # a vector has an entry of each of several rows
        elif self.summed:
            self.inner = [v for v in self.outer if 0 < steps[v] < steps[self.summed[-1]]]
        self.outer = [v for v in self.outer if v not in self.inner]

    def _contract(self, product: Node) -> None:
        self.outer = [v for v in walked(product, self.axes) if v]
        terms, out, sizes = product.data
        named: dict[str, Any] = dict(zip(out, self.axes))
        for name in (c for term in terms for c in term):
            if name not in named:
                named[name] = Variable(sizes[name]) if sizes[name] > 1 else None
                self.summed += [v for v in [named[name]] if v]
        self.operands = [
            (x, spread([variable(named[c]) for c in term], x.shape))
            for x, term in zip(product.args, terms)
        ]
        if self.summed and self.outer:
            last = self.outer[-1]
            if all(step_along(x, at, last) in (0, 1) for x, at in self.operands):
                self.inner = [self.outer.pop()]
                self._choose_rows(product)

    def _choose_rows(self, product: Node) -> None:
        """Let a product compute several rows at a time, for which it reads one factor once.

        It is best to save reads of vectors. If both factors are vectors, there are rows for each.
        """
        if len(self.operands) != 2 or product.dtype.kind != "f":
            return
        factors = [{x for i in at for x in i.terms} for _, at in self.operands]
        vectors = [terms for terms in factors if self.inner[-1] in terms]
        for terms in vectors if len(vectors) == 2 else [*vectors, *factors]:
            saved = [v for v in reversed(self.outer) if v not in terms]
            if saved and len(self.inner) <= max(1, len(vectors)):
                others = [rows_of_tile(v.extent) for v in self.inner[:-1]]
                v = max(saved, key=lambda v: rows_of_tile(v.extent, others))
                self.outer.remove(v)
                self.inner.insert(-1, v)

    @property
    def tile(self) -> list[int]:
        """The rows and columns that a product computes at a time."""
        return tile_shape([v.extent for v in self.inner], self.node.dtype.itemsize)

    @property
    def tiles_overlap(self) -> bool:
        return any(v.extent % size for v, size in zip(self.inner, self.tile))

    def _scatter(self) -> None:
        x = self.node.args[0]
        own = [Variable(n) if n > 1 else None for n in x.shape]
        at = [variable(v) for v in own]
        self.target = self.node.data.place(at, lambda x, i: resolve(x, i, self._note))
        self.operands = [(x, at)]
        order = walked(self.node, range(len(self.axes)))
        shared = []  # the first axes, along which entries stay where they are
        for a in order:
            if a >= len(own) or x.shape[a] != self.node.shape[a]:
                break
            if (v := own[a]) and not self.target[a].is_variable(v):
                break
            shared.append(a)
        rest = order if len(own) == len(order) else range(len(own))
        self.outer = [v for a in shared if (v := own[a])]
        self.summed = [v for a in rest if a not in shared and (v := own[a])]
        self.axes = [own[a] if a in shared else v for a, v in enumerate(self.axes)]

    def _concatenate(self) -> None:
        axis = self.node.data
        self.inner = [v for v in self.axes[axis:] if v]
        self.outer = [v for v in self.axes[:axis] if v]
        self.operands = []
        for x in self.node.args:
            at = list(self.target)
            at[axis] = variable(Variable(x.shape[axis]))
            self.operands.append((x, spread(at, x.shape)))
