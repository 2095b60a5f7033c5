"""Decide when each part of a picture appears, if it is shown step by step.

The forward pass computes a card in each step: its edges appear, then its value. The backward pass
propagates the gradient of a card in each step: every edge is followed by the sum that it adds to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from typing import NamedTuple

from .graph import Graph
from .sums import in_backward_order

#: A part of a picture: an edge, a card, a block of it, or an earlier sum in a block.
#: ("edge", 3), ("card", 2), ("forward", 2), ("backward", 2), ("sum", 2, 0)
Key = tuple[Hashable, ...]


class Span(NamedTuple):
    """The time during which a part is shown, in ticks. Without an end it stays."""

    start: int
    end: int | None = None


class Work(NamedTuple):
    """The ticks during which a card is active."""

    start: int
    end: int


class Schedule(NamedTuple):
    """The order in which the parts of a picture appear. A part without a span is always shown."""

    spans: Mapping[Key, Span]
    active: Mapping[int, Mapping[str, Work]]  #: when each card computes or propagates, by role
    steps: list[int]  #: the step of each tick; step 0 shows the inputs


def schedule(graph: Graph) -> Schedule:
    """Return the schedule of a graph: forward through its cards, and then backward."""
    clock = _Clock()
    _run_forward(graph, clock)
    if graph.has_gradients:
        _run_backward(graph, clock)
    return Schedule(clock.spans, clock.active, clock.steps)


class _Clock:
    """Counts ticks and steps, and remembers what appears."""

    def __init__(self) -> None:
        self.steps = [0]
        self.spans: dict[Key, Span] = {}
        self.active: dict[int, dict[str, Work]] = defaultdict(dict)

    def tick(self, starts_step: bool = False) -> int:
        """Advance by one tick, and return it."""
        self.steps.append(self.steps[-1] + starts_step)
        return len(self.steps) - 1


def _run_forward(graph: Graph, clock: _Clock) -> None:
    arriving = defaultdict(list)
    for nth, edge in enumerate(graph.edges):
        if not edge.backward:
            arriving[edge.target].append(nth)
    for card in range(len(graph.cards)):
        if card in arriving:
            now = clock.tick(starts_step=True)
            clock.spans.update({("edge", nth): Span(now) for nth in arriving[card]})
            then = clock.tick()
            clock.spans["card", card] = clock.spans["forward", card] = Span(then)
            clock.active[card]["forward"] = Work(then, then + 1)


def _run_backward(graph: Graph, clock: _Clock) -> None:
    seed = clock.tick(starts_step=True)
    arrivals: dict[int, list[int]] = defaultdict(list)
    user = -1
    for nth in in_backward_order(graph.edges):
        edge = graph.edges[nth]
        now = clock.tick(starts_step=edge.target != user)
        then = clock.tick()
        user = edge.target
        clock.spans["edge", nth] = Span(now)
        first = clock.active[user].get("backward", Work(now, now)).start
        clock.active[user]["backward"] = Work(first, then + 1)
        arrivals[edge.source].append(then)
    for card in range(len(graph.cards)):
        *earlier, last = arrivals.get(card, [seed])
        clock.spans["backward", card] = Span(last)
        for nth, (start, end) in enumerate(zip(earlier, [*earlier[1:], last])):
            clock.spans["sum", card, nth] = Span(start, end)
