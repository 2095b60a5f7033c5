"""Print the loops of a program as a function of C."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...notation.c import TYPES, C, literal
from ...notation.expression import Call, Constant, Expression, Name
from .fuse import Fused, Loop, stages_in
from .graph import Guard
from .index import Index, Variable, affine, total, variable
from .loops import Stage
from .node import Node, resolve, spread
from .scalars import scalar
from .storage import Place, is_small, literal_table

_NOTATION = C()
_LETTERS = "ijklmnpqrstuvw"
_WIDTH = 100
_LONGEST = 60  # characters of an expression that is written where it is used
_VECTOR = 4  # entries of a loop that is worth vectors
_UNROLLED = 8  # entries that are summed without vectors
_LARGEST_STACK = 1 << 15  # bytes of all arrays on the stack


def text_of(x: Expression) -> str:
    return _NOTATION.write(x).text


class Function:
    """The text of a function that computes some nodes.

    Attributes
    ----------
    arguments, results, scratch : list of Place
        Its parameters, in this order. A result in the memory of an argument is not among them.
    """

    def __init__(
        self, name: str, fused: Fused, results: Sequence[Node], guards: Sequence[Guard], names: Any
    ) -> None:
        self.name, self._fused, self._guards, self._names = name, fused, guards, names
        self.may_fail = bool(guards)
        self._lines: list[str] = []
        self._indent = 1
        self._tables: dict[int, str] = {}
        self._places: dict[Node, Place] = {}
        self._stack = 0
        self._joined = _joined_axes(fused)
        self.arguments: list[Place] = []
        self.results: list[Place] = []
        self.scratch: list[Place] = []
        checked = [_base(guard.node) for guard in guards]
        for node in dict.fromkeys([*fused.readers, *checked]):
            if node.op == "input":
                self.arguments.append(self._new(node, "argument", range(len(node.shape))))
        for node in results:
            self.results.append(self._new(node, "result", range(len(node.shape))))
        for stage in fused.stages.values():
            if stage.node not in self._places:
                self._keep(stage)

    def write(self, over: dict[Node, Node]) -> str:
        """Return the text; `over` are results that are written over arguments."""
        written = {id(self._places[node]) for node in over.values()}
        for node, argument in over.items():
            self.results.remove(self._places[node])
            self._places[node] = self._places[argument]
        for number, guard in enumerate(self._guards):
            self._guard(guard)
        for item in self._fused.items:
            self._item(item, 0)
        words = [p.declared(id(p) not in written) for p in self.arguments]
        words += [p.declared() for p in [*self.results, *self.scratch]]
        kind = "int" if self._guards else "void"
        end = ["  return 0;"] if self._guards else []
        return "\n".join([*_head(f"static {kind} {self.name}(", words), *self._lines, *end, "}"])

    def _guard(self, guard: Guard) -> None:
        """Print the check of indices; if one is out of range, nothing has been written."""
        axes = [Variable(n) if n > 1 else None for n in guard.node.shape]
        at = [variable(v) for v in axes]

        def statement() -> str:
            t = text_of(self._read(guard.node, at))
            return f"if ({t} < {guard.low} || {t} >= {guard.high}) return 1;"

        self._nest([v for v in axes if v], 0, statement)

    # ---- where results lie -----------------------------------------------------------------------

    def _new(self, node: Node, kind: str, axes: Sequence[int]) -> Place:
        place = Place(node, self._names(node), kind, axes, self._joined.get(node, len(node.shape)))
        self._places[node] = place
        return place

    def _keep(self, stage: Stage) -> None:
        """Choose a place for a result that only this function reads."""
        node, shared = stage.node, self._fused.shared_path(stage)
        axes = [a for a, v in enumerate(stage.axes) if v and v.loop not in shared]
        place = self._new(node, "stack" if axes else "register", axes)
        if axes and (not is_small(place) or self._stack + place.bytes > _LARGEST_STACK):
            place.kind = "scratch"
            self.scratch.append(place)
        elif axes:
            self._stack += place.bytes

    # ---- text ------------------------------------------------------------------------------------

    def _line(self, text: str, note: str = "") -> None:
        line = "  " * self._indent + text
        if note and len(line) + len(note) + 5 > _WIDTH:
            self._lines.append(f"{'  ' * self._indent}// {note}")
            note = ""
        self._lines.append(line + f"  // {note}" * bool(note))

    def _for(self, v: Any, depth: int, brace: str = "") -> None:
        v.name = _LETTERS[depth]
        i = v.name
        self._line(f"for (long {i} = 0; {i} < {v.extent}; {i}++){brace}")

    def _nest(
        self,
        variables: Sequence[Variable],
        depth: int,
        statement: str | Any,
        note: str = "",
        apart: Variable | None = None,
    ) -> None:
        """Print loops around a statement. The turns of the loop `apart` write different entries."""
        for k, v in enumerate(variables):
            v.name = _LETTERS[depth + k]
        text = statement() if callable(statement) else statement
        for k, v in enumerate(variables):
            if v is apart and v.extent >= _VECTOR:
                self._line("#pragma omp simd")
            self._for(v, depth + k)
            self._indent += 1
        self._line(text, note)
        self._indent -= len(variables)

    # ---- loops -----------------------------------------------------------------------------------

    def _item(self, item: Loop | Stage, depth: int) -> None:
        self._declare(item, depth)
        if isinstance(item, Stage):
            self._stage(item, depth)
            return
        if self._is_vector(item):
            sums = [self._places[x.node].name for x in stages_in(item) if x.grows]
            self._line("#pragma omp simd" + f" reduction(+ : {', '.join(sums)})" * bool(sums))
        self._for(item, depth, " {")
        self._indent += 1
        for child in item.body:
            self._item(child, depth + 1)
        self._indent -= 1
        self._line("}")

    def _is_vector(self, item: Loop) -> bool:
        """Return whether the turns of a loop are few steps each, and do not depend on each other."""
        inside = stages_in(item)
        known = all(x.node.op in ("map", "reduce", "contract") for x in inside)
        known = known and not any(x.grows and x.node.shape for x in inside)
        return item.extent >= _VECTOR and known and all(
            _turns(x, item) < _VECTOR for x in inside
        )

    def _declare(self, item: Loop | Stage, depth: int) -> None:
        """Declare what is computed in an item and read after it, in the same turn of the loop."""
        for stage in stages_in(item):
            place = self._places[stage.node]
            here = len(self._fused.shared_path(stage)) == depth
            if stage.grows and depth == 0:
                self._grown(stage, place)
            elif here and place.kind == "stack":
                self._line(f"{place.type} {place.name}{_dimensions(place)};")
            elif here and place.kind == "register" and len(stage.path) > depth:
                self._line(f"{place.type} {place.name};")

    def _grown(self, stage: Stage, place: Place) -> None:
        """Print the zeros with which a sum over the next loop begins."""
        if place.kind == "register":
            self._line(f"{place.type} {place.name} = 0;")
        elif place.kind == "stack":
            self._line(f"{place.type} {place.name}{_dimensions(place)} = {{0}};")
        else:
            self._zeros(stage, 0)

    def _zeros(self, stage: Stage, depth: int, start: str = "0") -> None:
        free = [v for v in stage.axes if v and v.loop not in stage.path]
        at = [variable(v) for v in stage.axes]
        self._nest(free, depth, lambda: f"{text_of(self._places[stage.node].entry(at))} = {start};")

    # ---- stages ----------------------------------------------------------------------------------

    def _stage(self, stage: Stage, depth: int) -> None:
        _name(stage)
        note = self._names.note(stage.node)
        is_sum = bool(stage.summed) or any(v and v.loop not in stage.path for v in stage.axes)
        if stage.node.op == "map" or (stage.node.op in ("contract", "scatter") and not is_sum):
            self._assign(stage, self._value(stage), note)
        elif stage.node.op == "concatenate":
            self._parts(stage, depth, note)
        elif stage.node.op == "reduce" and stage.node.data[0].startswith("arg"):
            self._argument(stage, depth, note)
        else:
            self._sum(stage, depth, note)

    def _target(self, stage: Stage) -> str:
        at = stage.target
        if stage.node.op == "scatter":
            own = stage.operands[0][1]
            at = stage.node.data(own, lambda x, i: text_of(resolve(x, i, self._load, text_of)))
        return text_of(self._places[stage.node].entry(at))

    def _assign(self, stage: Stage, value: Expression, note: str) -> None:
        note = note if note.partition(" = ")[2] != text_of(value) else ""  # it says the same
        place = self._places[stage.node]
        if place.kind == "register" and len(self._fused.shared_path(stage)) == len(stage.path):
            self._line(f"const {place.type} {place.name} = {text_of(value)};", note)
        else:
            self._line(f"{self._target(stage)} = {text_of(value)};", note)

    def _sum(self, stage: Stage, depth: int, note: str) -> None:
        """Print a reduction, a product or a scatter."""
        place, node = self._places[stage.node], stage.node
        kind = node.data[0] if node.op == "reduce" else "sum"
        start, update = _UPDATES[kind]
        start = start.get(node.dtype.kind, "0") if isinstance(start, dict) else start
        if "{low}" in start or "{high}" in start:
            info = np.iinfo(node.dtype)
            start = literal(node.dtype.type(info.min if "low" in start else info.max))
        if stage.grows or stage.inner or node.op == "scatter":
            loops = stage.summed if not stage.grows else []
            if note:
                self._line(f"// {note}")
            if not stage.grows:
                self._start(stage, place, depth, start)

            def statement() -> str:
                return update(self._target(stage), text_of(self._value(stage)), node.dtype)

            apart = (
                stage.inner[-1]
                if stage.inner and stage.inner[-1] in stage.axes and node.op != "scatter"
                else None
            )
            self._nest([*loops, *stage.inner], depth, statement, apart=apart)
            return
        self._scalar_sum(stage, place, depth, start, update, note)

    def _start(self, stage: Stage, place: Place, depth: int, start: str) -> None:
        self._zeros(stage, depth, start)

    def _scalar_sum(
        self, stage: Stage, place: Place, depth: int, start: str, update: Any, note: str
    ) -> None:
        """Print a sum that a register holds."""
        node = stage.node
        wide = node.op == "reduce" and node.dtype == np.float32 and node.data[0] == "sum"
        plain = (
            place.kind == "register" and len(self._fused.shared_path(stage)) == depth and not wide
        )
        name = place.name if plain else f"{self._names(node)}_sum"
        kind = "double" if wide else place.type
        self._line(f"{kind} {name} = {start};", note)
        for k, v in enumerate(stage.summed):
            v.name = _LETTERS[depth + k]
        text = update(name, text_of(self._value(stage)), node.dtype)
        for k, v in enumerate(stage.summed):
            last = k == len(stage.summed) - 1
            if last and v.extent >= _UNROLLED and "+=" in text and node.dtype.kind == "f":
                self._line(f"#pragma omp simd reduction(+ : {name})")
            self._for(v, depth + k)
            self._indent += 1
        self._line(text)
        self._indent -= len(stage.summed)
        if not plain:
            value = f"({place.type}){name}" if wide else name
            if place.kind == "register" and len(self._fused.shared_path(stage)) == depth:
                self._line(f"const {place.type} {place.name} = {value};")
            else:
                self._line(f"{self._target(stage)} = {value};")

    def _argument(self, stage: Stage, depth: int, note: str) -> None:
        """Print argmax or argmin: the first of the largest, or the first NaN."""
        place, ((x, at),) = self._places[stage.node], stage.operands
        name = self._names(stage.node)
        at_name = f"{name}_at"
        best = f"{name}_best"
        (v,) = stage.summed or [None]
        if v is None:
            self._assign(stage, Constant(np.int64(0)), note)
            return
        first = [Index() if i.is_variable(v) else i for i in at]
        kind = TYPES[x.dtype.name]
        self._line(f"{kind} {best} = {text_of(self._read(x, first))};", note)
        self._line(f"int64_t {at_name} = 0;")
        v.name = _LETTERS[depth]
        entry, sign = text_of(self._read(x, at)), ">" if stage.node.data[0] == "argmax" else "<"
        nan = f" || ({entry} != {entry} && {best} == {best})" if x.dtype.kind == "f" else ""
        self._for(v, depth)
        self._line(f"  if ({entry} {sign} {best}{nan}) {best} = {entry}, {at_name} = {v.name};")
        self._assign(stage, Name(at_name), "")

    def _parts(self, stage: Stage, depth: int, note: str) -> None:
        """Print a loop for each part of a concatenation."""
        node, start = stage.node, 0
        axis = node.data
        if note:
            self._line(f"// {note}")
        for x in node.args:
            axes = list(stage.axes)
            axes[axis] = Variable(x.shape[axis]) if x.shape[axis] > 1 else None
            at = [variable(v) for v in axes]
            to = [i + start if a == axis else i for a, i in enumerate(at)]
            start += x.shape[axis]

            def statement(x: Node = x, at: Any = at, to: Any = to) -> str:
                entry = text_of(self._places[node].entry(to))
                return f"{entry} = {text_of(self._read(x, at))};"

            self._nest([v for v in axes[axis:] if v], depth, statement)

    # ---- expressions -----------------------------------------------------------------------------

    def _value(self, stage: Stage) -> Expression:
        """Return what a stage computes, or adds up, as an expression."""
        node = stage.node
        if node.op == "map":
            return self._map(node, stage.target)
        parts = [self._read(x, at) for x, at in stage.operands]
        factors = [p for p in parts if not (isinstance(p, Constant) and p.value == 1)] or parts[:1]
        factors = [_converted(p, x.dtype, node.dtype) if node.op == "contract" else p
                   for p, x in zip(factors, node.args)]  # fmt: skip
        made = factors[0]
        for factor in factors[1:]:
            made = Call("mul", [made, factor])
        return made

    def _map(self, node: Node, at: Sequence[Index]) -> Expression:
        name, taken = node.data
        parts = [self._read(x, spread(at, x.shape)) for x in node.args]
        cast = [_converted(p, x.dtype, t) for p, x, t in zip(parts, node.args, taken)]
        return scalar(name, taken, node.dtype, cast)

    def _read(self, x: Node, at: Sequence[Index]) -> Expression:
        found: Expression = resolve(x, at, self._load, text_of)
        return found

    def _load(self, node: Node, at: Sequence[Index]) -> Expression:
        if node.op == "constant":
            return self._constant(node, at)
        if node in self._fused.merged:
            return self._map(node, at)
        return self._places[node].entry(at)

    def _constant(self, node: Node, at: Sequence[Index]) -> Expression:
        x = node.data[0]
        if (x == x.flat[0]).all() or x.size == 1:
            return Constant(x.flat[0])
        if found := affine(x):
            text = f"({total(at, found[1]) + found[0]})"
            return Name(text[1:-1] if text[1:-1].isidentifier() else text)
        name = self._tables.setdefault(id(x), f"table{len(self._tables) + 1}")
        if not any(f" {name}[" in line for line in self._lines):
            self._lines.insert(0, "  " + literal_table(x, name, literal))
        place = Place(node, name, "stack", range(x.ndim), 0)
        return place.entry(at)


def _head(start: str, words: Sequence[str]) -> list[str]:
    lines = [start]
    for k, word in enumerate(words):
        end = ") {" if k == len(words) - 1 else ", "
        if len(lines[-1]) + len(word) + len(end) > _WIDTH:
            lines[-1] = lines[-1].rstrip()
            lines.append("    ")
        lines[-1] += word + end
    return lines


def _base(node: Node) -> Node:
    while node.op == "view":
        node = node.args[0]
    return node


def _dimensions(place: Place) -> str:
    return "".join(f"[{n}]" for n in place.lengths)


def _turns(stage: Stage, item: Loop) -> int:
    """Return how often a stage computes an entry, or adds one, in one turn of a loop."""
    loops = stage.path[stage.path.index(item) + 1 :] if item in stage.path else []
    own = [*loops, *([] if stage.grows else stage.summed), *stage.inner]
    return int(np.prod([x.extent for x in own]))


def _name(stage: Stage) -> None:
    """Give the variables of the loops around a stage the names of these loops."""
    for v in [*stage.axes, *stage.outer, *stage.summed]:
        if v and v.loop:
            v.name = v.loop.name


def _joined_axes(fused: Fused) -> dict[Node, int]:
    """Return the first axis of each node that a step reads together with the later ones."""
    found: dict[Node, int] = {}
    for stage in fused.stages.values():
        for read in stage.reads:
            if len(read.at) < len(read.node.shape):
                first = max(len(read.at) - 1, 0)
                found[read.node] = min(first, found.get(read.node, first))
    return found


def _converted(x: Expression, given: Any, wanted: Any) -> Expression:
    """Return a number in the dtype with which NumPy computes."""
    if given == wanted:
        return x
    if isinstance(x, Constant):
        return Constant(wanted.type(x.value))
    return Call("cast", [x, Name(TYPES[wanted.name])])


def _called(name: str) -> Any:
    def update(target: str, x: str, dtype: Any) -> str:
        end = "f" if dtype == np.float32 else "" if dtype == np.float64 else f"_{dtype.name}"
        return f"{target} = {name}{end}({target}, {x});"

    return update


#: the first value of a reduction, and the statement that adds an entry
_UPDATES: dict[str, Any] = {
    "sum": ("0", lambda t, x, d: f"{t} += {x};"),
    "prod": ("1", lambda t, x, d: f"{t} *= {x};"),
    "max": ({"f": "-INFINITY", "i": "{low}", "u": "{low}", "b": "false"}, _called("maximum")),
    "min": ({"f": "INFINITY", "i": "{high}", "u": "{high}", "b": "true"}, _called("minimum")),
    "any": ("false", lambda t, x, d: f"{t} = {t} || {x};"),
    "all": ("true", lambda t, x, d: f"{t} = {t} && {x};"),
}
