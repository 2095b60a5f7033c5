"""Print the loops of some steps as a function of C."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from .entries import text_of
from .fuse import Fused, Loop, stages_in
from .index import Variable, variable
from .lines import ALIGNED, INDEPENDENT, VECTOR, head
from .loops import Stage
from .names import Names
from .node import Node, root_of, walked
from .repeats import Helpers, Repeats
from .statements import Statements, dimensions, first_value, turns
from .storage import Place, is_small
from .views import Guard

_LARGEST_STACK = 1 << 15  # bytes of all arrays on the stack


class Function(Repeats, Statements):
    """The text of a function that computes some nodes.

    Attributes
    ----------
    arguments, results, scratch : list of Place
        Its parameters, in this order. A result in the memory of an argument is not among them.
    """

    def __init__(
        self,
        name: str,
        fused: Fused,
        results: Sequence[Node],
        guards: Sequence[Guard],
        names: Names,
    ) -> None:
        super().__init__(fused)
        self.name, self.guards, self._names = name, guards, names
        self._joined = _joined_axes(fused)
        self._stack = 0
        self._overwritten: set[Place] = set()
        self.results: list[Place] = []
        self.scratch: list[Place] = []
        read = dict.fromkeys([*fused.readers, *(root_of(guard.node) for guard in guards)])
        self.arguments = [self._whole(node, "argument") for node in read if node.op == "input"]
        self.results = [self._whole(node, "result") for node in results]
        for stage in fused.stages.values():
            if stage.node not in self._places:
                self._keep(stage)

    def overwrite(self, over: dict[Node, Node]) -> None:
        """Let results be written over arguments."""
        self._overwritten = {self._places[node] for node in over.values()}
        for node, argument in over.items():
            self.results.remove(self._places[node])
            self._places[node] = self._places[argument]

    @property
    def items(self) -> list[Loop | Stage]:
        return self._fused.items

    def write(self, helpers: Helpers) -> str:
        """Return the text. It may call functions of `helpers`, and define more of them."""
        for guard in self.guards:
            self._guard(guard)
        part = None
        for item in self._fused.items:
            parts = [x.node.step.part for x in stages_in(item) if x.node.step]
            if parts and parts[0] != part:
                part = parts[0]
                self.lines += [*[""] * bool(self.lines), f"  // {part}"]
            self._declare(item, 0)
            if not self.call(item, helpers):
                self.body(item, 0)
        words = [p.declared(p not in self._overwritten) for p in self.arguments]
        words += [p.declared() for p in [*self.results, *self.scratch]]
        kind = "int" if self.guards else "void"
        end = ["  return 0;"] if self.guards else []
        start = head(f"static {kind} {self.name}(", words)
        return "\n".join([*start, *self.lines, *end, "}"])

    # ---- where results lie -----------------------------------------------------------------------

    def _whole(self, node: Node, kind: str) -> Place:
        return self._new(node, kind, range(len(node.shape)))

    def _new(self, node: Node, kind: str, axes: Sequence[int]) -> Place:
        place = Place(node, self._names(node), kind, axes, self._joined.get(node, len(node.shape)))
        self._places[node] = place
        return place

    def _keep(self, stage: Stage) -> None:
        """Choose a place for a result that only this function reads."""
        shared = self._fused.shared_path(stage)
        axes = [a for a, v in enumerate(stage.axes) if v and v.loop not in shared]
        axes = [a for a in walked(stage.node, range(len(stage.axes))) if a in axes]
        place = self._new(stage.node, "stack" if axes else "register", axes)
        if axes and (not is_small(place) or self._stack + place.bytes > _LARGEST_STACK):
            place.kind = "scratch"
            self.scratch.append(place)
        elif axes:
            self._stack += place.bytes

    # ---- loops -----------------------------------------------------------------------------------

    def _guard(self, guard: Guard) -> None:
        """Add the check of indices; if one is out of range, nothing has been written."""
        self.add(f"// the indices are at least {guard.low} and below {guard.high}")
        axes = [Variable(n) if n > 1 else None for n in guard.node.shape]
        at = [variable(v) for v in axes]

        def statement() -> str:
            t = text_of(self._read(guard.node, at))
            return f"if ({t} < {guard.low} || {t} >= {guard.high}) return 1;"

        self.nest([v for v in axes if v], 0, statement)

    def body(self, item: Loop | Stage, depth: int) -> None:
        """Add the loops of an item."""
        if isinstance(item, Stage):
            self._stage(item, depth)
            return
        start, word = len(self.lines), ""
        if self._is_vector(item):
            sums = [self._places[x.node].name for x in stages_in(item) if x.grows]
            if sums:
                self.add(f"#pragma omp simd reduction(+ : {', '.join(sums)})")
            word = INDEPENDENT * (not sums)
        self.open(item, depth, " {", word)
        first = len(self.lines)
        with self.indented():
            for child in item.body:
                self._declare(child, depth + 1)
                self.body(child, depth + 1)
        comments = [*takewhile(lambda line: line.lstrip().startswith("//"), self.lines[first:])]
        if _is_one_statement(self.lines[first + len(comments) :]):
            del self.lines[first : first + len(comments)]
            self.lines[first - 1] = self.lines[first - 1].removesuffix(" {")
            self.lines[start:start] = [line.removeprefix("  ") for line in comments]
        else:
            self.add("}")

    def _is_vector(self, item: Loop) -> bool:
        """Return whether the turns of a loop are few steps each, and independent of each other."""
        inside = stages_in(item)
        known = all(x.node.op in ("map", "reduce", "contract") for x in inside)
        known = known and not any(x.grows and x.node.shape for x in inside)
        return item.extent >= VECTOR and known and all(turns(x, item) < VECTOR for x in inside)

    def _declare(self, item: Loop | Stage, depth: int) -> None:
        """Declare what is computed in an item and read after it, in the same turn of the loop."""
        declared: dict[str, list[str]] = {}
        grown = []
        for stage in stages_in(item):
            place = self._places[stage.node]
            if len(self._fused.shared_path(stage)) != depth:
                continue
            zero = " = {0}" * (first_value(stage.node) in ("0", "false"))
            if place.kind == "stack":
                is_sum = stage.grows or (
                    len(stage.path) == depth
                    and not stage.is_tiled
                    and bool(stage.inner or stage.node.op == "scatter")
                    and stage.node.op not in ("concatenate", "map")
                )
                text = f"{place.name}{dimensions(place)}{zero if is_sum else ''}"
                declared.setdefault(ALIGNED + place.type, []).append(text)
                grown += [stage] * (stage.grows and not zero)
            elif place.kind == "register" and (stage.grows or len(stage.path) > depth):
                declared.setdefault(place.type, []).append(place.name + " = 0" * stage.grows)
            elif stage.grows:
                grown.append(stage)
        for kind, texts in declared.items():
            self.add(f"{kind} {', '.join(texts)};")
        for stage in grown:
            self.start(stage, 0)


def _is_one_statement(lines: Sequence[str]) -> bool:
    """Return whether a loop needs no braces."""
    code = [line.partition("  //")[0].strip() for line in lines]
    *loops, last = code or [""]
    heads = all(
        x.startswith(("for (", "#pragma", f"{INDEPENDENT}for (")) and not x.endswith("{")
        for x in loops
    )
    return heads and last.endswith(";") and not last.startswith("const ")


def _joined_axes(fused: Fused) -> dict[Node, int]:
    """Return the first axis of each node that a step reads together with the later ones."""
    found: dict[Node, int] = {}
    for stage in fused.stages.values():
        for read in stage.reads:
            if len(read.at) < len(read.node.shape):
                first = max(len(read.at) - 1, 0)
                found[read.node] = min(first, found.get(read.node, first))
    return found
