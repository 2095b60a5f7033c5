"""The graph behind results, ready to be drawn: cards, edges, and the boxes of scopes.

Who draws it, Graphviz or the library itself, decides on places only: what is shown is here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...core.tensor import Tensor
from ...notation import plain as formula
from ...text.format import arguments, made_by, shortened
from ..trace import Trace, _contributions, called, uses
from .card import Block, Card, block
from .folding import Group, Part, parts_of

_MOST_WITH_PILLS = 400  # cards; a larger picture is looked at from afar, and laid out sooner
LONGEST_NAME, _LONGEST_PILL, _LONGEST_NOTE = 28, 22, 44  # characters


class Edge(NamedTuple):
    """A value that goes from a card to another; or, drawn beside it, a derivative that comes back.

    Attributes
    ----------
    source, target : int
        The positions of the cards, in the direction of the values.
    backward : bool
        Whether it is the derivative.
    text : str
        The local derivative; or how many edges are drawn as this one.
    argument : int
        Which argument of the target the source is; -1 where several edges are drawn as one.
    """

    source: int
    target: int
    backward: bool
    text: str = ""
    argument: int = -1


@dataclass
class Graph:
    """What a picture shows.

    Attributes
    ----------
    title, description : str
        For those who cannot see it.
    cards : list of Card
    boxes : list of Group
        For each card, the box it is in: a path of keys, outer ones first.
    titles : mapping of Group to str
        The name of each box.
    edges : list of Edge
    note : str
        What the reader has to know: that some of it is folded.
    """

    title: str
    description: str
    cards: list[Card]
    boxes: list[Group]
    titles: Mapping[Group, str]
    edges: list[Edge] = field(repr=False)
    note: str = ""

    @property
    def has_gradients(self) -> bool:
        """Whether any derivative is shown."""
        return any(edge.backward for edge in self.edges)


class Shown(NamedTuple):
    """What of each tensor is shown."""

    values: bool = True
    gradients: bool = True
    formulas: bool = True


def graph_of(
    results: Sequence[Tensor],
    names: Mapping[str, Any],
    shown: Shown,
    depth: int | None,
    max_nodes: int,
) -> Graph:
    """The graph behind several results. Derivatives are those of a single result of one entry."""
    found = {t.order: t for result in results for t in result.tape()}
    tensors = [found[order] for order in sorted(found)]
    single = len(results) == 1 and results[0].size == 1
    if single and shown.gradients:
        trace = Trace.of(results[0], names)
    else:
        trace = Trace(results[0].tape(), called(tensors, names), {})
    folded = parts_of(tensors, depth, max_nodes)
    if len(folded.parts) > _MOST_WITH_PILLS:
        shown = shown._replace(formulas=False)
    summed = _summed(trace, folded.parts) if shown.formulas else {}
    writer = Writer(trace, shown, uses(tensors, trace.adjoints), summed)
    edges = list(writer.edges(folded.parts, folded.part_of))
    last = ", ".join(trace.called[result.order] for result in results)
    operations = sum(t.op is not None for t in tensors)
    return Graph(
        f"The graph of {last}",
        f"{last} in {operations} operations: {_counted(tensors)}.",
        [writer.card(part) for part in folded.parts],
        [part.box for part in folded.parts],
        folded.titles,
        edges,
        folded.note,
    )


class Writer(NamedTuple):
    """Writes cards and edges, in the names and numbers of a trace."""

    trace: Trace
    shown: Shown
    uses: Mapping[Tensor, int]
    summed: Mapping[Tensor, Sequence[str]]

    def card(self, part: Part) -> Card:
        t = part.tensors[-1]
        counted = [f"{len(part.tensors)} tensors: {_counted(part.tensors)}"]
        notes = counted if part.is_folded else self.how(t)
        return self.head(part)._replace(notes=notes, blocks=self.blocks(t))

    def head(self, part: Part) -> Card:
        """A card without what is on it."""
        t = part.tensors[-1]
        name = shortened(self.trace.called[t.order], LONGEST_NAME)
        role = "forward" if t.requires_grad else "line"
        if part.is_folded:
            return Card(part.title, name, str(t.shape), [], [], role, True)
        shape = str(t.shape) if t.dtype == float else f"{t.dtype}{t.shape}"
        return Card(made_by(t), name, shape, [], [], role)

    def how(self, t: Tensor) -> list[str]:
        """How a record was computed; nothing where the edges tell it."""
        if t.op is None:
            return []
        if self.shown.formulas:
            return [shortened(self.trace.forward_formula(t), _LONGEST_NOTE)]
        call = arguments(t, self.trace.called)
        if len(call) == sum(isinstance(a, Tensor) for a in t.inputs):
            return []
        return [shortened(f"{made_by(t)}({', '.join(call)})", _LONGEST_NOTE)]

    def blocks(self, t: Tensor) -> list[Block]:
        found = [block("value", "forward", t.data)] if self.shown.values else []
        if t in self.trace.adjoints:
            head = shortened(self.trace.derivative(t), LONGEST_NAME)
            derivative = block(head, "backward", self.trace.adjoints[t], self.uses[t] > 1)
            notes = [*derivative.notes, *self.summed.get(t, ())]
            found.append(derivative._replace(notes=notes))
        return found

    def edges(self, parts: Sequence[Part], part_of: Mapping[int, int]) -> Iterator[Edge]:
        """An edge for each use of a tensor; those that touch what is folded, counted as one."""
        folded: Counter[tuple[int, int, bool]] = Counter()
        for nth, part in enumerate(parts):
            for t in part.tensors:
                for i, a in enumerate(t.inputs):
                    if not isinstance(a, Tensor) or part_of.get(a.order, nth) == nth:
                        continue
                    source, back = part_of[a.order], self.flows(t, i)
                    if part.is_folded or parts[source].is_folded:
                        folded.update([(source, nth, False), *[(source, nth, True)] * back])
                        continue
                    yield Edge(source, nth, False, argument=i)
                    if back:
                        yield Edge(source, nth, True, self.pill(t, i), i)
        for (source, nth, back), count in folded.items():
            said = back and count == folded[source, nth, False]  # on the edge that it runs beside
            yield Edge(source, nth, back, f"×{count}" if count > 1 and not said else "")

    def flows(self, t: Tensor, i: int) -> bool:
        """Whether a derivative is passed on from a record to its i-th argument."""
        a = t.inputs[i]
        rules = t.op.vjps if t.op else ()
        ruled = any(j == i and rule is not None for j, rule in zip(range(i + 1), rules))
        return ruled and t in self.trace.adjoints and a in self.trace.adjoints

    def pill(self, t: Tensor, i: int) -> str:
        """The local derivative, or a sign of it where it takes more room."""
        if not self.shown.formulas:
            return ""
        text = formula.local(self.trace.rule(t, i), self.trace.called)
        if len(text) <= _LONGEST_PILL:
            return text
        return "closed form" if t.op and t.op.unfused else f"{shortened(made_by(t), 12)}′"


def _summed(trace: Trace, parts: Sequence[Part]) -> dict[Tensor, list[str]]:
    """What was broadcast where a card shows its use: how the derivatives by it were summed.

    In lines that are as short as most cards are narrow.
    """
    found: dict[Tensor, list[str]] = {}
    for t in (part.tensors[-1] for part in parts if not part.is_folded):
        if t.op is None or t not in trace.adjoints:
            continue
        for i, *_, text in _contributions(t, trace.adjoints[t]):
            said = found.setdefault(t.inputs[i], [])
            shapes, comma, words = text.rpartition(", summed")
            if text and shapes not in said:
                said += [shapes, comma.lstrip(", ") + words]
    return found


def _counted(tensors: Sequence[Tensor]) -> str:
    """The operations, the most frequent first: ``add ×20, mul ×10``."""
    counts = Counter(made_by(t) for t in tensors if t.op)
    several = [f"{name} ×{n}" if n > 1 else name for name, n in counts.most_common(4)]
    return ", ".join(several + ["…"] * (len(counts) > 4)) or "leaves"
