"""Entries of nodes as expressions of C."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...notation.c import TYPES, C, literal
from ...notation.expression import Call, Constant, Expression, Name
from ..passes.rewrite import number
from .fuse import Fused
from .index import Index, affine, total
from .lines import Lines
from .loops import Stage
from .node import Node, resolve, spread
from .scalars import scalar
from .storage import Place

_NOTATION = C()


def text_of(x: Expression) -> str:
    return _NOTATION.write(x).text


class Entries(Lines):
    """Where the entries of nodes lie, and how they are read and computed."""

    def __init__(self, fused: Fused) -> None:
        super().__init__()
        self._fused = fused
        self._places: dict[Node, Place] = {}
        self._tables: dict[int, str] = {}
        self._tiles: dict[Node, str] = {}  # entries of products that a map is computed from

    def _target(self, stage: Stage) -> str:
        """Return the entry that a stage writes."""
        at = stage.target
        if stage.node.op == "scatter":
            own = stage.operands[0][1]
            at = stage.node.data.place(own, lambda x, i: text_of(self._read(x, i)))
        return text_of(self._places[stage.node].entry(at))

    def _value(self, stage: Stage) -> Expression:
        """Return what a stage writes, or adds up."""
        if stage.node.op == "map":
            return self._mapped(stage.node, stage.target)
        parts = self._factors(stage)
        made = parts[0]
        for part in parts[1:]:
            made = Call("mul", [made, part])
        return made

    def _factors(self, stage: Stage) -> list[Expression]:
        """Return the factors of a product without ones, or the entry that is summed."""
        found = self._parts_of(stage.node, stage.operands)
        others = [p for p in found if not (isinstance(p, Constant) and p.value == 1)]
        return others or found[:1]

    def _parts_of(self, node: Node, operands: Sequence[Any]) -> list[Expression]:
        """Return entries that are added up, or multiplied in the dtype of the product."""
        parts = [(self._read(x, at), x.dtype) for x, at in operands]
        if node.op != "contract":
            return [part for part, _ in parts]
        return [converted(part, dtype, node.dtype) for part, dtype in parts]

    def _mapped(self, node: Node, at: Sequence[Index]) -> Expression:
        name, taken = node.data
        parts = [self._read(x, spread(at, x.shape)) for x in node.args]
        cast = [converted(p, x.dtype, t) for p, x, t in zip(parts, node.args, taken)]
        return scalar(name, taken, node.dtype, cast)

    def _read(self, x: Node, at: Sequence[Index]) -> Expression:
        found: Expression = resolve(x, at, self._load, text_of)
        return found

    def _load(self, node: Node, at: Sequence[Index]) -> Expression:
        if node.op == "constant":
            return self._constant(node, at)
        if node in self._fused.merged:
            return self._mapped(node, at)
        if node in self._tiles:
            return Name(self._tiles[node])
        return self._places[node].entry(at)

    def _constant(self, node: Node, at: Sequence[Index]) -> Expression:
        """Return a number, a sum of loop variables, or an entry of a table."""
        x = node.data[0]
        if (n := number(x)) is not None:
            return Constant(n)
        if found := affine(x):
            text = str(total(at, found[1]) + found[0])
            return Name(text if text.isidentifier() else f"({text})")
        if id(x) not in self._tables:
            self._tables[id(x)] = name = f"table{len(self._tables) + 1}"
            words = ", ".join(map(literal, x.reshape(-1)))
            kind = Place(node, name, "stack", range(x.ndim), 0).type
            self.lines.insert(0, f"  static const {kind} {name}[] = {{{words}}};")
        return Place(node, self._tables[id(x)], "stack", range(x.ndim), 0).entry(at)


def converted(x: Expression, given: Any, wanted: Any) -> Expression:
    """Return a number in the dtype with which NumPy computes."""
    if given == wanted:
        return x
    if isinstance(x, Constant):
        with np.errstate(all="ignore"):
            return Constant(wanted.type(x.value))
    return Call("cast", [x, Name(TYPES[wanted.name])])
