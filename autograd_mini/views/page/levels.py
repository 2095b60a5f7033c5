"""Levels: the graph of a tape, placed, at each folding that a reader of the page can choose.

The page lays nothing out. A small graph gets a level for each way to close its boxes; a large one
opens with about 40 cards, and each card that stands for several opens as a level of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any, NamedTuple

from ...core.tensor import Tensor
from ...text.format import shortened
from ..graph.card import Card
from ..graph.folding import Folded, Group, Part, Scopes, closing, parts_of
from ..graph.graph import LONGEST_NAME, DrawOptions, Edge, Graph, Writer
from ..graph.placement import OFFSET, pair_edges, parallel, pill_width, place, shift
from ..layout.shapes import Route, Spacing
from ..trace import Trace, count_uses
from .arrays import Pool, minus

CARDS = 48  # on a level that is folded, at most; most have about 40
OPEN = 60  # tensors, up to which a tape is shown whole
_MOST_BOXES = 4  # that close independently
_FEW = 2  # cards, of which one does not see how they are linked
_SEEN = 1250 / 0.64, 400 / 0.64  # of a level, in most windows, at a scale that one can read
_BUDGET = 2_400  # cards on all levels
_SPACING = Spacing(layer=40, node=24, edge=20, group=14, title=18, margin=14)

Level = dict[str, Any]


class _Placer(NamedTuple):
    """What cards are written with: names; tensors as they are told, and where; numbers."""

    writer: Writer
    nodes: Sequence[Mapping[str, Any]]
    positions: Mapping[int, int]
    pool: Pool


@dataclass
class _Plan:
    """A level to be drawn: its parts, and what it opens."""

    folded: Folded
    title: str
    closed: frozenset[Group] = frozenset()
    outside: int = 0  # leading parts that are not of this level, but go into it
    parent: int | None = None


def levels(trace: Trace, nodes: Sequence[Mapping[str, Any]], pool: Pool) -> tuple[list[Level], int]:
    """The levels of a tape, and which of them the page opens with.

    Parameters
    ----------
    trace : Trace
    nodes : sequence of mapping
        Its tensors, as a `Narrator` describes them.
    pool : Pool
        Their numbers.
    """
    tensors = list(trace.tape)
    writer = Writer(trace, DrawOptions(), count_uses(tensors, trace.adjoints), summed={})
    positions = {t.order: i for i, t in enumerate(tensors)}
    placer = _Placer(writer, nodes, positions, pool)
    return _in_place(placer, tensors) if len(tensors) <= OPEN else (_nested(placer, tensors), 0)


def _in_place(placer: _Placer, tensors: Sequence[Tensor]) -> tuple[list[Level], int]:
    """All open; then boxes closed, each way to do so having a level.

    The page opens with all open, where that is seen as a whole; else with a card for each innermost
    box, if these are enough to tell a story.
    """
    scopes = Scopes.of(tensors)
    ways = list(dict.fromkeys(map(_outermost, _ways(list(scopes.titles)))))
    found = []
    for closed in ways:
        plan = _Plan(closing(tensors, closed), "", closed)
        level = _level(placer, plan)
        for card, part in zip(level["cards"], plan.folded.parts):
            if part.is_folded:
                box = scopes.boxes[part.tensors[-1].order]
                own = next(box[:n] for n in range(1, len(box) + 1) if box[:n] in closed)
                _link(card, "opens", ways, closed - {own})
        for drawn, box in zip(level["boxes"], plan.folded.titles):
            _link(drawn, "closes", ways, _outermost({*closed, box}))
        found.append(level)
    whole = _outermost(scopes.titles)
    if whole and whole in ways:  # one button closes all boxes, or opens them
        for way, level in zip(ways, found):
            level["group"] = 0 if way == whole else ways.index(whole)
    if not scopes.titles or (found[0]["width"] <= _SEEN[0] and found[0]["height"] <= _SEEN[1]):
        return found, 0
    innermost = ways.index(frozenset(_rings(scopes.titles)[-1]))
    return found, innermost if len(found[innermost]["cards"]) > _FEW else 0


def _rings(boxes: Collection[Group]) -> list[list[Group]]:
    """The boxes that are in none, those that are in one, and so on."""
    return [
        [b for b in boxes if len(b) == n] for n in range(1, max(map(len, boxes), default=0) + 1)
    ]


def _link(target: dict[str, Any], how: str, ways: list[frozenset[Group]], to: Any) -> None:
    if to in ways:
        target[how] = ways.index(to)


def _ways(boxes: Sequence[Group]) -> Iterable[Collection[Group]]:
    if len(boxes) <= _MOST_BOXES:
        return chain.from_iterable(combinations(boxes, n) for n in range(len(boxes) + 1))
    rings = _rings(boxes)
    but_one = ([b for b in ring if b != c] for ring in rings for c in ring)
    return [(), *((box,) for box in boxes), *rings, *but_one]


def _outermost(closed: Collection[Group]) -> frozenset[Group]:
    """Without the boxes inside other closed ones."""
    kept = set(closed)
    return frozenset(b for b in kept if not any(b[:n] in kept for n in range(1, len(b))))


def _nested(placer: _Placer, tensors: Sequence[Tensor]) -> list[Level]:
    """The whole in about `CARDS` cards; then what is in each, as far as the budget goes."""
    scopes = Scopes.of(tensors)
    todo = deque([_Plan(parts_of(tensors, None, CARDS, scopes), "")])
    found: list[Level] = []
    waiting: list[tuple[dict[str, Any], int]] = []
    cards = planned = 0
    while todo:
        plan = todo.popleft()
        level = _level(placer, plan)
        number = len(found)
        found.append(level)
        cards += len(level["cards"])
        for card, part in zip(level["cards"], plan.folded.parts):
            if part.is_folded and part.tensors[-1].op and cards + CARDS * len(todo) < _BUDGET:
                planned += 1
                waiting.append((card, planned))
                todo.append(_inside(part, number, scopes))
    for card, level_number in waiting:
        card["opens"] = level_number
    return found


def _inside(part: Part, parent: int, scopes: Scopes) -> _Plan:
    """What is in a folded card, with what goes into it."""
    own = {t.order for t in part.tensors}
    inputs = [a for t in part.tensors for a in t.inputs if isinstance(a, Tensor)]
    outside = {a.order: a for a in inputs if a.order not in own}
    most = OPEN if len(part.tensors) <= OPEN else CARDS
    folded = parts_of(part.tensors, None, most, scopes.below([t for t in part.tensors if t.op]))
    shown = [outside[order] for order in sorted(outside)][:CARDS]
    parts = [Part([t]) for t in shown] + folded.parts
    part_of = {t.order: i for i, p in enumerate(parts) for t in p.tensors}
    plan = Folded(parts, part_of, folded.titles, folded.note)
    return _Plan(plan, part.title, outside=len(shown), parent=parent)


def _level(placer: _Placer, plan: _Plan) -> Level:
    writer, _, index, _ = placer
    folded = plan.folded
    cards = [_sized(placer, part) for part in folded.parts]
    edges = [e for e in writer.edges(folded.parts, folded.part_of) if e.target >= plan.outside]
    graph = Graph("", "", cards, [p.box for p in folded.parts], folded.titles, edges)
    together = pair_edges(edges)
    placed = place(graph, together, "LR", _SPACING)
    level: Level = {
        "width": round(placed.width),
        "height": round(placed.height),
        "cards": [
            {**_box(placed.nodes[i]), **_members(part, index, i < plan.outside)}
            for i, part in enumerate(folded.parts)
        ],
        "boxes": [
            {"title": folded.titles[path], **_box(placed.groups[path])} for path in folded.titles
        ],
        "edges": [_edge(use, route, folded, index) for use, route in zip(together, placed.routes)],
    }
    if plan.title:
        level |= {"title": plan.title, "parent": plan.parent}
    return level


def _sized(placer: _Placer, part: Part) -> Card:
    """The card of a part, with room for what the page writes on it."""
    writer, nodes, positions, pool = placer
    t = part.tensors[-1]
    node = nodes[positions[t.order]]
    blocks = [pool.outline(node["value"], "value")]
    if "gradient" in node:
        head = shortened(writer.trace.derivative(t), LONGEST_NAME)
        blocks.append(pool.outline(node["gradient"], head, writer.uses[t] > 1))
    card = writer.head(part)._replace(blocks=blocks)
    return card._replace(shape=f"{len(part.tensors):,} tensors") if part.is_folded else card


def _box(box: Any) -> dict[str, Any]:
    return {"x": round(box.x), "y": round(box.y), "w": round(box.width), "h": round(box.height)}


def _members(part: Part, index: Mapping[int, int], outside: bool) -> dict[str, Any]:
    """The tensor that a card shows; and, where it stands for several, runs of their positions."""
    found: dict[str, Any] = {"node": index[part.tensors[-1].order]}
    if outside:
        found["outside"] = True
    if part.is_folded:
        found["title"] = part.title
        found["count"] = len(part.tensors)
        runs: list[list[int]] = []
        for i in sorted(index[t.order] for t in part.tensors):
            if runs and runs[-1][1] == i - 1:
                runs[-1][1] = i
            else:
                runs.append([i, i])
        found["runs"] = runs
    return found


def _edge(
    use: Sequence[Edge], route: Route, folded: Folded, index: Mapping[int, int]
) -> dict[str, Any]:
    """Both ways of a use as paths, and what is written on the way back."""
    first, last = use[0], use[-1]
    two = len(use) > 1
    found: dict[str, Any] = {"from": first.source, "to": first.target}
    if first.argument >= 0:
        found["argument"] = first.argument
        found["record"] = index[folded.parts[first.target].tensors[-1].order]
    if not first.backward:
        found["path"] = _path(parallel(route.points, -OFFSET if two else 0, 1))
    if last.backward:
        found["back"] = _path(parallel(route.points, OFFSET if two else 0, 1)[::-1])
    if route.label and last.text:
        x, y, width, height = route.label
        at = shift((x + width / 2, y + height / 2), OFFSET if two else 0, 1)
        wide = round(pill_width(last.text))
        found["pill"] = {"text": minus(last.text), "x": round(at[0]), "y": round(at[1]), "w": wide}
    return found


def _path(points: Sequence[tuple[float, float]]) -> str:
    whole = [(round(x, 1), round(y, 1)) for x, y in points]
    return Route(tuple(whole)).path()
