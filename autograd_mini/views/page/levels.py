"""Levels: the graph of a tape, laid out at each folding that the reader of the page can choose.

A small graph gets a level for each way to close its boxes. A large one opens with about 40 cards,
and each folded card opens as another level. The page itself computes no layout.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any, NamedTuple

from ...core.tensor import Tensor
from ...text.format import truncate
from ..graph.card import Card
from ..graph.folding import Folded, Group, Part, Scopes, closing, parts_of
from ..graph.graph import LONGEST_NAME, DrawOptions, Edge, Graph, Writer
from ..graph.placement import OFFSET, pair_edges, parallel, pill_width, place, shift
from ..layout.shapes import Route, Spacing
from ..trace import Trace, count_uses
from .arrays import Pool, minus

CARDS = 48  # most cards on a folded level; most levels have about 40
OPEN = 60  # tensors of the longest tape that is not folded
_MOST_BOXES = 4  # boxes that close independently
_FEW = 2  # cards of a level that shows too little of the graph
_SEEN = 1250 / 0.64, 400 / 0.64  # the largest level that most windows show at a readable scale
_BUDGET = 2_400  # cards on all levels
_SPACING = Spacing(layer=40, node=24, edge=20, group=14, title=18, margin=14)

Level = dict[str, Any]


class _Placer(NamedTuple):
    """The names, tensors and numbers that cards are written with."""

    writer: Writer
    nodes: Sequence[Mapping[str, Any]]
    positions: Mapping[int, int]
    pool: Pool


@dataclass
class _Plan:
    """The plan of a level."""

    folded: Folded
    title: str = ""
    outside: int = 0  # how many leading parts are inputs from outside of this level
    parent: int | None = None


def levels(trace: Trace, nodes: Sequence[Mapping[str, Any]], pool: Pool) -> tuple[list[Level], int]:
    """Return the levels of a tape, and the one that the page opens with.

    The nodes are as a `Narrator` describes them, and the pool has their numbers.
    """
    tensors = list(trace.tape)
    writer = Writer(trace, DrawOptions(), count_uses(tensors, trace.adjoints), summed={})
    positions = {t.order: i for i, t in enumerate(tensors)}
    placer = _Placer(writer, nodes, positions, pool)
    return _in_place(placer, tensors) if len(tensors) <= OPEN else (_nested(placer, tensors), 0)


def _in_place(placer: _Placer, tensors: Sequence[Tensor]) -> tuple[list[Level], int]:
    """Return a level with all boxes open, and one for each way to close boxes.

    The page opens with all boxes open if that fits into a window. Otherwise it opens with a card
    for each innermost box, if there are enough of them.
    """
    scopes = Scopes.of(tensors)
    ways = list(dict.fromkeys(map(_outermost, _ways(list(scopes.titles)))))
    levels = []
    for closed in ways:
        folded = closing(tensors, closed)
        level = _level(placer, _Plan(folded))
        for card, part in zip(level["cards"], folded.parts):
            if part.is_folded:
                box = scopes.boxes[part.tensors[-1].order]
                own = next(box[:n] for n in range(1, len(box) + 1) if box[:n] in closed)
                _link(card, "opens", ways, closed - {own})
        for drawn, box in zip(level["boxes"], folded.titles):
            _link(drawn, "closes", ways, _outermost({*closed, box}))
        levels.append(level)
    whole = _outermost(scopes.titles)
    if whole and whole in ways:  # one button closes or opens all boxes
        for way, level in zip(ways, levels):
            level["group"] = 0 if way == whole else ways.index(whole)
    if not scopes.titles or (levels[0]["width"] <= _SEEN[0] and levels[0]["height"] <= _SEEN[1]):
        return levels, 0
    innermost = ways.index(frozenset(_rings(scopes.titles)[-1]))
    return levels, innermost if len(levels[innermost]["cards"]) > _FEW else 0


def _rings(boxes: Collection[Group]) -> list[list[Group]]:
    """Return the boxes by depth, the outermost first."""
    deepest = max(map(len, boxes), default=0)
    return [[b for b in boxes if len(b) == n] for n in range(1, deepest + 1)]


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
    """Return the boxes that are not inside others."""
    return frozenset(b for b in closed if not any(b[:n] in closed for n in range(1, len(b))))


def _nested(placer: _Placer, tensors: Sequence[Tensor]) -> list[Level]:
    """Return the tape in about `CARDS` cards, and the inside of each while the budget lasts."""
    scopes = Scopes.of(tensors)
    plans = [_Plan(parts_of(tensors, None, CARDS, scopes))]
    levels: list[Level] = []
    cards = 0
    for number, plan in enumerate(plans):  # the loop appends plans
        level = _level(placer, plan)
        levels.append(level)
        cards += len(level["cards"])
        for card, part in zip(level["cards"], plan.folded.parts):
            pending = CARDS * (len(plans) - len(levels))
            if part.is_folded and part.tensors[-1].op and cards + pending < _BUDGET:
                card["opens"] = len(plans)
                plans.append(_inside(part, number, scopes))
    return levels


def _inside(part: Part, parent: int, scopes: Scopes) -> _Plan:
    """Plan the level inside a folded card, with its inputs."""
    own = {t.order for t in part.tensors}
    inputs = [a for t in part.tensors for a in t.inputs if isinstance(a, Tensor)]
    outside = {a.order: a for a in inputs if a.order not in own}
    most = OPEN if len(part.tensors) <= OPEN else CARDS
    folded = parts_of(part.tensors, None, most, scopes.below([t for t in part.tensors if t.op]))
    shown = [outside[order] for order in sorted(outside)][:CARDS]
    parts = [Part([t]) for t in shown] + folded.parts
    part_of = {t.order: i for i, p in enumerate(parts) for t in p.tensors}
    folded = Folded(parts, part_of, folded.titles, folded.note)
    return _Plan(folded, part.title, len(shown), parent)


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
        "boxes": [{"title": t, **_box(placed.groups[path])} for path, t in folded.titles.items()],
        "edges": [_edge(use, route, folded, index) for use, route in zip(together, placed.routes)],
    }
    if plan.title:
        level |= {"title": plan.title, "parent": plan.parent}
    return level


def _sized(placer: _Placer, part: Part) -> Card:
    """Return the card of a part, large enough for its numbers."""
    writer, nodes, positions, pool = placer
    t = part.tensors[-1]
    node = nodes[positions[t.order]]
    blocks = [pool.outline(node["value"], "value")]
    if "gradient" in node:
        head = truncate(writer.trace.derivative(t), LONGEST_NAME)
        blocks.append(pool.outline(node["gradient"], head, writer.uses[t] > 1))
    if node.get("trained"):
        blocks.append(pool.outline(node["value"], "new"))
    card = writer.head(part)._replace(blocks=blocks)
    return card._replace(shape=f"{len(part.tensors):,} tensors") if part.is_folded else card


def _box(box: Any) -> dict[str, Any]:
    return {"x": round(box.x), "y": round(box.y), "w": round(box.width), "h": round(box.height)}


def _members(part: Part, index: Mapping[int, int], outside: bool) -> dict[str, Any]:
    """Return the tensor of a card. A folded card also has runs of the positions inside."""
    members: dict[str, Any] = {"node": index[part.tensors[-1].order]}
    if outside:
        members["outside"] = True
    if part.is_folded:
        runs: list[list[int]] = []
        for i in sorted(index[t.order] for t in part.tensors):
            if runs and runs[-1][1] == i - 1:
                runs[-1][1] = i
            else:
                runs.append([i, i])
        members |= {"title": part.title, "count": len(part.tensors), "runs": runs}
    return members


def _edge(
    use: Sequence[Edge], route: Route, folded: Folded, index: Mapping[int, int]
) -> dict[str, Any]:
    """Return an edge as paths, forward and backward, with the pill of the local derivative."""
    first, last = use[0], use[-1]
    offset = OFFSET if len(use) > 1 else 0
    edge: dict[str, Any] = {"from": first.source, "to": first.target}
    if first.argument >= 0:
        edge["argument"] = first.argument
        edge["user"] = index[folded.parts[first.target].tensors[-1].order]
    if not first.backward:
        edge["path"] = _path(parallel(route.points, -offset, 1))
    if last.backward:
        edge["back"] = _path(parallel(route.points, offset, 1)[::-1])
    if route.label and last.text:
        x, y, width, height = route.label
        x, y = map(round, shift((x + width / 2, y + height / 2), offset, 1))
        edge["pill"] = {"text": minus(last.text), "x": x, "y": y, "w": round(pill_width(last.text))}
    return edge


def _path(points: Sequence[tuple[float, float]]) -> str:
    whole = [(round(x, 1), round(y, 1)) for x, y in points]
    return Route(tuple(whole)).path()
