"""Build the graph behind results: cards, edges, and the boxes of scopes.

This module decides what a picture shows. The modules that draw it choose places and colours only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from ...core.arrays import Array
from ...core.tensor import Tensor
from ...text.format import arguments, made_by, names_of, truncate
from ..trace import Trace, count_uses, quiet_contributions, undone_broadcast
from .card import FEW_NUMBERS, MAX_NUMBERS, Block, Card, block
from .folding import Group, Part, parts_of
from .metrics import card_size
from .sums import running_sums

_MAX_CARDS_WITH_FORMULAS = 400
_MOST_PARALLEL = 4  # edges from one card to another that are drawn one by one
_CARDS = 40, 28, 20, 14, 10  # most cards of a picture: tried one after the other, until it fits
_AROUND = 100, 24  # typical distances of a card from the next
_AREA = 0.45 * 1600 * 1800  # the cards of a picture that fits on two slides cover this area
LONGEST_NAME, _LONGEST_PILL, _LONGEST_NOTE = 28, 22, 44  # characters


class Edge(NamedTuple):
    """A value that goes from one card to another, or the gradient that comes back."""

    source: int  #: the position of a card
    target: int  #: the position of a card whose operation uses the value of the source
    backward: bool  #: whether the edge is the gradient, from the target to the source
    text: str = ""  #: the local derivative, or how many edges are drawn as this one
    argument: int = -1  #: the source's position in the arguments; -1 if several edges are merged


@dataclass
class Graph:
    """The content of a picture."""

    title: str
    description: str  #: for readers who cannot see the picture
    cards: list[Card]
    boxes: list[Group]  #: the box that each card is in
    titles: Mapping[Group, str]
    edges: list[Edge] = field(repr=False)
    note: str = ""  #: a line below the picture, if some of it is folded

    @property
    def has_gradients(self) -> bool:
        """Whether any gradient is shown."""
        return any(edge.backward for edge in self.edges)


@dataclass(frozen=True)
class DrawOptions:
    """What a picture shows of each tensor, and how far it is folded: see `draw`."""

    values: bool = True
    gradients: bool = True
    formulas: bool = True
    depth: int | None = None
    max_nodes: int | None = None
    numbers: int = MAX_NUMBERS  #: rows and columns of the largest matrix that is shown as numbers


def build_graph(
    results: Sequence[Tensor],
    names: Mapping[str, Any],
    options: DrawOptions,
    trace: Trace | None = None,
) -> Graph:
    """Return the graph behind results. It has gradients if there is one result of one entry.

    A `trace` of this one result, if there is one already, is not computed again.

    Without `max_nodes` and `depth` it is simplified until it fits on two slides: large matrices
    become heat maps, then scopes and chains become single cards.
    """
    by_order = {t.order: t for result in results for t in result.tape()}
    tensors = [by_order[order] for order in sorted(by_order)]
    if options.gradients and len(results) == 1 and results[0].size == 1:
        trace = trace or Trace.of(results[0], names)
    else:
        trace = Trace(results[0].tape(), names_of(tensors, names), {})
    uses = count_uses(tensors, trace.adjoints)
    last = ", ".join(trace.names[result.order] for result in results)
    if options.max_nodes is not None or options.depth is not None:
        writer = Writer(trace, options, uses, {})
        return _graph(tensors, last, writer, options.max_nodes or _CARDS[0])
    for most in _CARDS:
        for numbers in (MAX_NUMBERS, FEW_NUMBERS):
            writer = Writer(trace, replace(options, numbers=numbers), uses, {})
            graph = _graph(tensors, last, writer, most)
            if sum(map(covered_area, graph.cards)) <= _AREA:
                return graph
    return graph


def _graph(tensors: Sequence[Tensor], last: str, writer: Writer, most: int) -> Graph:
    """Return the graph in about `most` cards."""
    parts, part_of, titles, note = parts_of(tensors, writer.options.depth, most)
    if len(parts) > _MAX_CARDS_WITH_FORMULAS:
        writer = writer._replace(options=replace(writer.options, formulas=False))
    if writer.options.formulas:
        writer = writer._replace(summed=_undone_broadcasts(writer.trace, parts))
    edges = list(writer.edges(parts, part_of))
    writer = writer._replace(sums=running_sums(writer.trace, parts, edges, writer.uses))
    operations = sum(t.op is not None for t in tensors)
    return Graph(
        title=f"The graph of {last}",
        description=f"{last} in {operations} operation{'s' * (operations != 1)}: "
        f"{_count_operations(tensors)}.",
        cards=[writer.card(part) for part in parts],
        boxes=[part.box for part in parts],
        titles=titles,
        edges=edges,
        note=note,
    )


def covered_area(card: Card) -> float:
    """Return the area that a card takes up in a picture, with the edges around it."""
    width, height = card_size(card)
    return (width + _AROUND[0]) * (height + _AROUND[1])


class Writer(NamedTuple):
    """Writes cards and edges, in the names and numbers of a trace."""

    trace: Trace
    options: DrawOptions
    uses: Mapping[Tensor, int]
    summed: Mapping[Tensor, Sequence[str]]
    sums: Mapping[Tensor, Sequence[Array]] = {}

    def card(self, part: Part) -> Card:
        t = part.tensors[-1]
        several = f"{len(part.tensors)} tensors: " if len(part.tensors) > 1 else ""
        counted = [several + _count_operations(part.tensors)]
        notes = counted if part.is_folded else self.how(t)
        return self.head(part)._replace(notes=notes, blocks=self.blocks(t))

    def head(self, part: Part) -> Card:
        """Return a card without notes and blocks."""
        t = part.tensors[-1]
        name = truncate(self.trace.names[t.order], LONGEST_NAME)
        role = "forward" if t.requires_grad else "line"
        if part.is_folded:
            return Card(part.title, name, str(t.shape), [], [], role, True)
        shape = str(t.shape) if t.dtype == float else f"{t.dtype}{t.shape}"
        return Card(made_by(t), name, shape, [], [], role)

    def how(self, t: Tensor) -> list[str]:
        """Return how a node was computed, or nothing if the edges show it."""
        if t.op is None:
            return []
        if self.options.formulas:
            return [truncate(self.trace.forward_formula(t), _LONGEST_NOTE)]
        call = arguments(t, self.trace.names)
        if len(call) == sum(isinstance(a, Tensor) for a in t.inputs):
            return []
        return [truncate(f"{made_by(t)}({', '.join(call)})", _LONGEST_NOTE)]

    def blocks(self, t: Tensor) -> list[Block]:
        """Return the blocks of a card: the value and the gradient, if they are shown."""
        most = self.options.numbers
        found = [block("value", "forward", t.data, most=most)] if self.options.values else []
        if t in self.trace.adjoints:
            gradient = self.gradient(t, self.trace.adjoints[t])
            notes = [*gradient.notes, *self.summed.get(t, ())]
            sums = enumerate(self.sums.get(t, ()))
            earlier = [self.gradient(t, total, nth > 0) for nth, total in sums]
            found.append(gradient._replace(notes=notes, earlier=earlier))
        return found

    def gradient(self, t: Tensor, array: Any, meets: bool | None = None) -> Block:
        """Return the block of a gradient, or of a part of its sum."""
        head = truncate(self.trace.derivative(t), LONGEST_NAME)
        meets = self.uses[t] > 1 if meets is None else meets
        return block(head, "backward", array, meets, self.options.numbers)

    def edges(self, parts: Sequence[Part], part_of: Mapping[int, int]) -> Iterator[Edge]:
        """Yield an edge for each use of a tensor; many edges of the same parts are one.

        Edges of folded parts are also counted and merged.
        """
        folded: Counter[tuple[int, int, bool]] = Counter()
        for nth, part in enumerate(parts):
            for t in part.tensors:
                many = _repeated(t)
                for i, a in enumerate(t.inputs):
                    if not isinstance(a, Tensor) or part_of.get(a.order, nth) == nth:
                        continue
                    source, back = part_of[a.order], self.flows(t, i)
                    if part.is_folded or parts[source].is_folded or a.order in many:
                        folded.update([(source, nth, False), *[(source, nth, True)] * back])
                        continue
                    yield Edge(source, nth, False, argument=i)
                    if back:
                        yield Edge(source, nth, True, self.pill(t, i), i)
        for (source, nth, back), count in folded.items():
            repeated = back and count == folded[source, nth, False]  # on the edge next to it
            yield Edge(source, nth, back, f"×{count}" if count > 1 and not repeated else "")

    def flows(self, t: Tensor, i: int) -> bool:
        """Return whether a gradient flows from a node to its i-th argument."""
        a = t.inputs[i]
        rules = t.op.vjps if t.op else ()
        ruled = any(j == i and rule is not None for j, rule in zip(range(i + 1), rules))
        return ruled and t in self.trace.adjoints and a in self.trace.adjoints

    def pill(self, t: Tensor, i: int) -> str:
        """Return the local derivative, or a sign for it if it is too long."""
        if not self.options.formulas:
            return ""
        text = self.trace.local_formula(t, i)
        if len(text) <= _LONGEST_PILL:
            return text
        return "closed form" if t.op and t.op.unfused else f"{truncate(made_by(t), 12)}′"


def _repeated(t: Tensor) -> set[int]:
    """Return the arguments of a node that it uses many times, by creation number."""
    if len(t.inputs) <= _MOST_PARALLEL:
        return set()
    uses = Counter(a.order for a in t.inputs if isinstance(a, Tensor))
    return {order for order, count in uses.items() if count > _MOST_PARALLEL}


def _undone_broadcasts(trace: Trace, parts: Sequence[Part]) -> dict[Tensor, list[str]]:
    """Return how the gradient of each broadcast tensor was summed, in two short lines each."""
    notes: dict[Tensor, list[str]] = {}
    for t in (part.tensors[-1] for part in parts if not part.is_folded):
        if t.op is None or t not in trace.adjoints:
            continue
        for contribution in quiet_contributions(t, trace.adjoints[t]):
            a = t.inputs[contribution.argument]
            lines = notes.setdefault(a, [])
            summed = undone_broadcast(np.shape(contribution.value), a.shape)
            if summed and summed[0] not in lines:
                lines += summed
    return notes


def _count_operations(tensors: Sequence[Tensor]) -> str:
    """Return the operations, the most frequent first: ``add ×20, mul ×10``."""
    counts = Counter(made_by(t) for t in tensors if t.op)
    several = [f"{name} ×{n}" if n > 1 else name for name, n in counts.most_common(4)]
    return ", ".join(several + ["…"] * (len(counts) > 4)) or "leaves"
