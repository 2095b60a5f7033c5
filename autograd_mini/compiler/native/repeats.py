"""Loops that occur several times in a program, such as a step of an LSTM: one function of C.

Two items are equal if their texts are equal once all arrays have other names. So a function is
written for them, and called with the arrays of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from .fuse import Fused, Loop, stages_in
from .index import Index
from .lines import Lines, head
from .loops import Read, Stage
from .node import Node
from .storage import Part, Place

_FEWEST_LINES = 5  # of loops that are worth a function


class _NoNames:
    """Names that depend on an item alone."""

    def __init__(self) -> None:
        self._count = 0

    def note(self, node: Node) -> str:
        return ""

    def new(self, wanted: str) -> str:
        self._count += 1
        return f"{wanted}_{self._count}"


class Repeats(Lines):
    """The part of a function's text that other items repeat."""

    _fused: Fused
    _names: Any
    _places: dict[Node, Place]
    _tables: dict[int, str]
    body: Any

    def key(self, item: Loop | Stage) -> str:
        """Return a text that is equal for items that one function can compute, or nothing."""
        outside, inside = self._places_of(item)
        written = _written(item, self._places)
        if any(x.kind == "result" or x in written for x in outside if not x.is_array):
            return ""
        names = {place: place.name for place in [*outside, *inside]}
        for k, place in enumerate(names):
            place.name = f"x{k}"
        kept = self._names, self._tables
        self._names, self._tables = _NoNames(), {}
        words, lines = self._function(item)
        text = "\n".join([*words, *lines]) * (not self._tables)
        self._names, self._tables = kept
        for place, name in names.items():
            place.name = name
        return text if len(lines) >= _FEWEST_LINES else ""

    def call(self, item: Loop | Stage, helpers: Helpers) -> bool:
        """Call a function for an item that occurs several times, and return whether it does."""
        key = helpers.keys[item]
        if helpers.count[key] < 2 or not key:
            return False
        if key not in helpers.names:
            helpers.names[key] = name = self._names.new(helpers.first_name)
            words, lines = self._function(item)
            comment = f"// loops that occur {helpers.count[key]} times, with the names of the first"
            start = head(f"static void {name}(", words)
            helpers.texts.append("\n".join([comment, *start, *lines, "}"]))
        for stage in stages_in(item):
            for node in dict.fromkeys([stage.product, stage.node]):
                if node and stage.is_tiled and (note := self._names.note(node)):
                    self.add(f"// {note}")
        outside, _ = self._places_of(item)
        parts = self._parts_of_places(item)
        words = [parts[x].of(x.name) if x in parts else x.name for x in outside]
        self.add(f"{helpers.names[key]}({', '.join(words)});")
        return True

    def _function(self, item: Loop | Stage) -> tuple[list[str], list[str]]:
        """Return the parameters and the lines of a function for an item."""
        outside, _ = self._places_of(item)
        written = _written(item, self._places)
        parts = self._parts_of_places(item)
        for place, part in parts.items():
            place.part = part
        words = [place.declared(place not in written) for place in outside]
        kept, self.lines = self.lines, []
        self.body(item, 0)
        lines, self.lines = self.lines, kept
        for place in parts:
            place.part = None
        return words, lines

    def _parts_of_places(self, item: Loop | Stage) -> dict[Place, Part]:
        """Return which part of each array an item reads or writes, along its first axis."""
        outside, _ = self._places_of(item)
        found: dict[Place, list[tuple[int, int] | None]] = {}
        for stage in stages_in(item):
            for read in [*stage.reads, Read(stage.node, stage.target)]:
                place = self._places.get(read.node)
                if place in outside and place.groups and place.strides is None:
                    is_whole = read.node is stage.node and stage.node.op == "scatter"
                    found.setdefault(place, []).append(None if is_whole else _range(place, read.at))
        parts = {}
        for place, ranges in found.items():
            known = [ends for ends in ranges if ends]
            if len(known) == len(ranges):
                first, last = min(i for i, _ in known), max(i for _, i in known)
                single = first == last and len(place.groups) > 1
                parts[place] = Part(first, 0 if single else last - first + 1)
        return parts

    def _places_of(self, item: Loop | Stage) -> tuple[list[Place], list[Place]]:
        """Return the arrays and numbers that an item reads and writes, and those inside of it."""
        stages = stages_in(item)
        nodes = dict.fromkeys(node for s in stages for node in [*(r.node for r in s.reads), s.node])
        known = [node for node in nodes if node in self._places]
        own = {s.node for s in stages if self._fused.shared_path(s)}
        own = {node for node in own if self._places[node].kind in ("register", "stack")}
        outside = dict.fromkeys(self._places[node] for node in known if node not in own)
        return [*outside], [self._places[node] for node in known if node in own]


class Helpers:
    """The functions for items that occur several times."""

    def __init__(self, functions: Iterable[Any], first_name: str) -> None:
        self.first_name = first_name
        self.keys = {item: f.key(item) for f in functions for item in f.items}
        self.count = Counter(self.keys.values())
        self.names: dict[str, str] = {}  # by the key
        self.texts: list[str] = []


def _written(item: Loop | Stage, places: dict[Node, Place]) -> set[Place]:
    return {places[stage.node] for stage in stages_in(item)}


def _range(place: Place, at: Sequence[Index]) -> tuple[int, int] | None:
    """Return the first and last place along the first axis of an array, if they are known."""
    (axis, *others), n = place.groups[0], len(place.node.shape)
    if others or len(at) < n or any(isinstance(x, str) for x in at[axis].terms):
        return None
    steps = [(m * (x.extent - 1)) for x, m in at[axis].terms.items()]
    first, last = (sum(f(0, step) for step in steps) for f in (min, max))
    return at[axis].number + first, at[axis].number + last


def texts(functions: Sequence[Any], prefix: str = "") -> list[str]:
    """Return the texts of functions, each after those that it calls."""
    helpers = Helpers(functions, f"{prefix}loops1")
    found: list[str] = []
    for function in functions:
        n, text = len(helpers.texts), function.write(helpers)
        found += [*helpers.texts[n:], text]
    return found
