"""The statements that compute a node, without the loops that it shares with others."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...notation.c import TYPES, literal
from ...notation.expression import Constant, Expression, Name
from .entries import text_of
from .fuse import Loop
from .index import Index, Variable, variable
from .loops import Stage
from .node import Node, walked
from .scalars import ending
from .storage import Place
from .tiles import Tiles

_PRECISE = 128  # entries of float32 whose sum needs no double
_UNROLLED = 8  # entries that are summed without vectors


class Statements(Tiles):
    """Statements of each kind of node."""

    _names: Any

    def _stage(self, stage: Stage, depth: int) -> None:
        for v in [*stage.axes, *stage.outer, *stage.summed]:
            if v and v.loop:
                v.name = v.loop.name
        node, note = stage.node, self._names.note(stage.node)
        if stage.is_tiled:
            self.add_tiles(stage, depth, note)
        elif stage.is_called:
            self._call(stage, note)
        elif node.op == "map" or (node.op in ("contract", "scatter") and not self._adds(stage)):
            self._assign(stage, self._value(stage), note)
        elif node.op == "concatenate":
            self._parts(stage, depth, note)
        elif node.op == "reduce" and node.data[0].startswith("arg"):
            self._argument(stage, depth, note)
        elif stage.grows or stage.inner or node.op == "scatter":
            self._sums(stage, depth, note)
        else:
            self._sum(stage, depth, note)

    def _adds(self, stage: Stage) -> bool:
        return bool(stage.summed) or any(v and v.loop not in stage.path for v in stage.axes)

    def _is_declared_here(self, stage: Stage) -> bool:
        """Return whether a number is declared where it is computed."""
        shared = self._fused.shared_path(stage)
        return self._places[stage.node].kind == "register" and len(shared) == len(stage.path)

    def _assign(self, stage: Stage, value: Expression, note: str) -> None:
        text = text_of(value)
        note = note if note.partition(" = ")[2] != text else ""  # it says the same
        place = self._places[stage.node]
        if self._is_declared_here(stage):
            self.add(f"const {place.type} {place.name} = {text};", note)
        else:
            self.add(f"{self._target(stage)} = {text};", note)

    def _call(self, stage: Stage, note: str) -> None:
        """Add a call of a function that computes all entries of a row."""
        ((x, at),), (v,), node = stage.operands, stage.inner, stage.node
        entries = self._places[node].entry([i.replaced(v, Index()) for i in stage.target])
        given = self._read(x, [i.replaced(v, Index()) for i in at])
        words = [str(v.extent), *map(_address, (text_of(given), text_of(entries)))]
        self.add(f"am_{node.data[0]}{ending(node.dtype)}_all({', '.join(words)});", note)

    # ---- sums ------------------------------------------------------------------------------------

    def _sums(self, stage: Stage, depth: int, note: str) -> None:
        """Add loops that add to all entries of a result in turn."""
        if note:
            self.add(f"// {note}")
        is_new = self._places[stage.node].kind == "stack" and self._starts_at_zero(stage)
        if not stage.grows and self._is_declared_here(stage):  # one entry, which a scatter adds to
            place = self._places[stage.node]
            self.add(f"{place.type} {place.name} = {first_value(stage.node)};")
        elif not stage.grows and not (is_new and len(self._fused.shared_path(stage)) == depth):
            self.start(stage, depth)
        loops = [*([] if stage.grows else stage.summed), *stage.inner]
        if stage.node.op == "scatter":
            apart = not stage.node.data.adds
        else:
            apart = bool(loops) and loops[-1] in stage.axes
        self.nest(loops, depth, lambda: self._update(stage, self._target(stage)), apart)

    def start(self, stage: Stage, depth: int) -> None:
        """Add loops that write the first value of a sum to all entries."""
        free = [v for v in walked(stage.node, stage.axes) if v and v.loop not in stage.path]
        at = [variable(v) for v in stage.axes]
        place, first = self._places[stage.node], first_value(stage.node)
        self.nest(free, depth, lambda: f"{text_of(place.entry(at))} = {first};")

    def _starts_at_zero(self, stage: Stage) -> bool:
        return first_value(stage.node) in ("0", "false")

    def _sum(self, stage: Stage, depth: int, note: str) -> None:
        """Add a loop over the entries of a sum that a register holds."""
        node, place = stage.node, self._places[stage.node]
        kind = node.data[0] if node.op == "reduce" else "product"
        entries = int(np.prod([v.extent for v in stage.summed]))
        wide = node.dtype == np.float32 and kind == "sum" and entries > _PRECISE
        plain = self._is_declared_here(stage) and not wide
        if kind in ("max", "min") and node.dtype.kind == "f" and self._is_long(stage):
            self._assign(stage, Name(self._extremum(stage, depth, note)), "")
            return
        name = place.name if plain else self._names.new("total")
        self.add(f"{'double' if wide else place.type} {name} = {first_value(node)};", note)
        adds = kind in ("sum", "product") and node.dtype.kind == "f"
        long = adds and self._is_long(stage)
        pragma = f"#pragma omp simd reduction(+ : {name})"
        self.nest(stage.summed, depth, lambda: self._update(stage, name), long, pragma)
        if not plain:
            self._assign(stage, Name(f"({place.type}){name}" if wide else name), "")

    def _is_long(self, stage: Stage) -> bool:
        """Return whether the innermost sum has enough entries for vectors."""
        return bool(stage.summed) and stage.summed[-1].extent >= _UNROLLED

    def _extremum(self, stage: Stage, depth: int, note: str) -> str:
        """Add a loop for a maximum or minimum of floats, and return its name.

        A vector of comparisons is wrong for NaN, so NaN is looked for apart.
        """
        ((x, at),), kind = stage.operands, TYPES[stage.operands[0][0].dtype.name]
        largest = stage.node.data[0].endswith("max")
        best: str
        best, has_nan, new = map(self._names.new, ("best", "has_nan", "entry"))
        self.add(f"{kind} {best} = {'-' * largest}INFINITY;", note)
        self.add(f"int {has_nan} = 0;")
        for k, v in enumerate(stage.summed):
            with self.indented(k):
                if v is stage.summed[-1]:
                    word = "max" if largest else "min"
                    self.add(
                        f"#pragma omp simd reduction({word} : {best}) reduction(| : {has_nan})"
                    )
                self.open(v, depth + k, " {" * (v is stage.summed[-1]))
        with self.indented(len(stage.summed)):
            self.add(f"const {kind} {new} = {text_of(self._read(x, at))};")
            self.add(f"{best} = {new} {'>' if largest else '<'} {best} ? {new} : {best};")
            self.add(f"{has_nan} |= {new} != {new};")
        with self.indented(len(stage.summed) - 1):
            self.add("}")
        self.add(f"if ({has_nan}) {best} = NAN;")
        return best

    def _update(self, stage: Stage, target: str) -> str:
        """Return the statement that adds an entry to a sum."""
        node = stage.node
        if node.op == "contract" and node.dtype.kind == "f":
            factors = [text_of(x) for x in self._factors(stage)]
            if len(factors) == 2:
                name = f"am_fma{ending(node.dtype)}"
                return f"{target} = {name}({factors[0]}, {factors[1]}, {target});"
        kind = node.data[0] if node.op == "reduce" else "sum"
        value = text_of(self._value(stage))
        if kind in ("max", "min"):
            return f"{target} = {kind}imum{ending(node.dtype)}({target}, {value});"
        if node.op == "scatter" and not node.data.adds:
            return f"{target} = {value};"
        sign = {"sum": "+=", "prod": "*=", "any": "|=", "all": "&="}[kind]
        truth = kind in ("any", "all") and node.args[0].dtype.kind != "b"
        return f"{target} {sign} {f'({value}) != 0' if truth else value};"

    def _argument(self, stage: Stage, depth: int, note: str) -> None:
        """Add a loop for argmax or argmin: the first of the largest, or the first NaN."""
        ((x, at),) = stage.operands
        if not stage.summed:
            self._assign(stage, Constant(np.int64(0)), note)
            return
        if self._is_long(stage) and x.dtype.kind == "f":
            self._long_argument(stage, depth, note)
            return
        (v,), kind = stage.summed, TYPES[x.dtype.name]
        wanted = ("best", "place", "entry", "is_better")
        best, place, new, is_new = map(self._names.new, wanted)
        first = [Index() if i.is_variable(v) else i for i in at]
        self.add(f"{kind} {best} = {text_of(self._read(x, first))};", note)
        self.add(f"int64_t {place} = 0;")
        self.open(v, depth, " {")
        with self.indented():
            self.add(f"const {kind} {new} = {text_of(self._read(x, at))};")
            sign = ">" if stage.node.data[0] == "argmax" else "<"
            nan = f" | (({new} != {new}) & ({best} == {best}))" * (x.dtype.kind == "f")
            self.add(f"const bool {is_new} = ({new} {sign} {best}){nan};")
            self.add(f"{best} = {is_new} ? {new} : {best};")
            self.add(f"{place} = {is_new} ? {v.name} : {place};")
        self.add("}")
        self._assign(stage, Name(place), "")

    def _long_argument(self, stage: Stage, depth: int, note: str) -> None:
        """Add loops that find the extremum, and then its first place."""
        ((x, at),), (v,) = stage.operands, stage.summed
        best, place = self._extremum(stage, depth, note), self._names.new("place")
        self.add(f"int {place} = {v.extent};")
        self.add(f"#pragma omp simd reduction(min : {place})")
        self.open(v, depth, " {")
        entry = text_of(self._read(x, at))
        is_best = f"({entry} == {best}) | (({best} != {best}) & ({entry} != {entry}))"
        with self.indented():
            self.add(f"const int here = {is_best} ? {v.name} : {v.extent};")
            self.add(f"{place} = here < {place} ? here : {place};")
        self.add("}")
        self._assign(stage, Name(place), "")

    def _parts(self, stage: Stage, depth: int, note: str) -> None:
        """Add a loop for each part of a concatenation."""
        node, axis, start = stage.node, stage.node.data, 0
        if note:
            self.add(f"// {note}")
        for x in node.args:
            axes = list(stage.axes)
            axes[axis] = Variable(x.shape[axis]) if x.shape[axis] > 1 else None
            at = [variable(v) for v in axes]
            to = [i + start if a == axis else i for a, i in enumerate(at)]
            start += x.shape[axis]

            def statement(x: Node = x, at: Any = at, to: Any = to) -> str:
                return f"{text_of(self._places[node].entry(to))} = {text_of(self._read(x, at))};"

            self.nest([v for v in axes[axis:] if v], depth, statement)


def first_value(node: Node) -> str:
    """Return the value with which a sum begins."""
    kind, dtype = (node.data[0] if node.op == "reduce" else "sum"), node.dtype
    if node.op == "scatter" and node.data.fill:
        return literal(dtype.type(node.data.fill))
    if kind not in ("max", "min"):
        return {"prod": "1", "any": "false", "all": "true"}.get(kind, "0")
    if dtype.kind == "b":
        return "false" if kind == "max" else "true"
    if dtype.kind == "f":
        return "-INFINITY" if kind == "max" else "INFINITY"
    return literal(dtype.type(np.iinfo(dtype).min if kind == "max" else np.iinfo(dtype).max))


def turns(stage: Stage, item: Loop) -> int:
    """Return how often a stage computes an entry, or adds one, in one turn of a loop."""
    loops = stage.path[stage.path.index(item) + 1 :]
    own = [*loops, *([] if stage.grows else stage.summed), *stage.inner]
    return int(np.prod([x.extent for x in own]))


def _address(entry: str) -> str:
    """Return a pointer to an entry of an array: ``x`` for ``x[0]``, else ``&x[1]``."""
    return entry.removesuffix("[0]") if entry.endswith("[0]") else f"&{entry}"


def dimensions(place: Place) -> str:
    return "".join(f"[{n}]" for n in place.lengths)
