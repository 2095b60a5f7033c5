"""Levels: the graph of a tape, laid out at each folding that the reader of the page can choose.

A small graph gets a level for each way to close its boxes. A large one opens with about 40 cards,
and each folded card opens as another level. Each level is wrapped into rows for windows of several
widths. The page only chooses: it computes no layout.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any, NamedTuple

from ...core.tensor import Tensor
from ...text.format import made_by, truncate
from ..graph.card import FEW_NUMBERS, MAX_NUMBERS, Block, Card
from ..graph.folding import Folded, Group, Part, Scopes, closing, parts_of
from ..graph.graph import LONGEST_NAME, DrawOptions, Edge, Graph, Writer, covered_area
from ..graph.metrics import card_size
from ..graph.placement import OFFSET, PILL, measured, pair_edges, parallel, pill_width, shift
from ..layout.layout import layouts
from ..layout.shapes import Box, Layout, Node, Route, Spacing
from ..trace import Trace, count_uses
from .arrays import Pool, minus

CARDS = 48  # most cards on a folded level; most levels have about 40
OPEN = 60  # tensors of the longest tape that is not folded
_MOST_BOXES = 4  # boxes that close independently
_FEW = 2  # cards of a level that shows too little of the graph
_MOST_CHIPS = 6  # parameters that a folded card shows
_NORM = "0.000"  # a norm of the usual width
_LONGEST_LINE = 44  # characters of a line inside of a folded card
_SEEN = 900, 620  # the largest level that most windows show at a readable scale
_BUDGET = 4_800  # cards and edges on all levels
_BUDGET_IN_PLACE = 240  # cards on the levels that close a single box
_AREA = 0.9 * _SEEN[0] * _SEEN[1]  # the cards on a level with many numbers cover at most this area
_WIDTHS = 340, 480, 640, 820, 1020, 1240, 1460, 1800, math.inf  # of windows, in CSS pixels
_HIGH = 1_600  # height of a level that may be wrapped even if edges between rows take most of it
_HIGHEST = 3_000  # height of the highest level that is wrapped; others are moved in their window
_FEW_CARDS = 400  # cards on all levels, up to which each is wrapped for all these widths
_FEW_WIDTHS = 820, 1240
_GRID = 24  # widths on large tapes are multiples of it, so that more levels look alike
_SPACING = Spacing(layer=36, node=20, edge=20, group=12, title=20, margin=8)

Level = dict[str, Any]


class _Placer(NamedTuple):
    """The names, tensors and numbers that cards are written with."""

    writer: Writer
    nodes: Sequence[Mapping[str, Any]]
    sums: Sequence[set[int]]  #: of contributions to each node so far, by their position in the pool
    positions: Mapping[int, int]
    pool: Pool
    widths: Sequence[float]  #: of the windows that each level is wrapped for
    grid: int  #: widths of cards and pills are multiples of this number
    shapes: list[Level]  #: the places of everything on a level, for one width
    known: dict[Any, list[int]]  #: the shapes of levels, by the sizes of their cards and edges


class _Kind(NamedTuple):
    """How an edge is drawn: with which lines, and the width of its pill, or 0."""

    forward: bool
    backward: bool
    pill: float


@dataclass
class _Plan:
    """The plan of a level."""

    folded: Folded
    title: str = ""
    outside: int = 0  # how many leading parts are inputs from outside of this level
    parent: int | None = None


def levels(
    trace: Trace,
    nodes: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, Any]],
    pool: Pool,
) -> Level:
    """Return the levels of a tape, their shapes, and the first level that the page shows."""
    tensors = list(trace.tape)
    writer = Writer(trace, DrawOptions(), count_uses(tensors, trace.adjoints), summed={})
    positions = {t.order: i for i, t in enumerate(tensors)}
    widths = _WIDTHS if len(tensors) <= _FEW_CARDS else _FEW_WIDTHS
    is_open = len(tensors) <= OPEN
    grid = 1 if is_open else _GRID
    placer = _Placer(writer, nodes, _sums(nodes, steps), positions, pool, widths, grid, [], {})
    if is_open:
        found, first = _in_place(placer, tensors)
    else:
        found, first = _nested(placer, tensors), 0
    return {"levels": found, "shapes": placer.shapes, "first": first}


def _sums(
    nodes: Sequence[Mapping[str, Any]], steps: Sequence[Mapping[str, Any]]
) -> Sequence[set[int]]:
    found = [{node["gradient"]} if "gradient" in node else set() for node in nodes]
    for contribution in chain.from_iterable(step.get("gives", ()) for step in steps):
        found[contribution["to"]].add(contribution["total"])
    return found


def _in_place(placer: _Placer, tensors: Sequence[Tensor]) -> tuple[list[Level], int]:
    """Return a level with all boxes open, and one for each way to close boxes.

    The page opens with all boxes open if that fits into a window. Otherwise boxes are closed, inner
    ones first, as long as there are enough cards.
    """
    scopes = Scopes.of(tensors)
    ways = list(dict.fromkeys(map(_outermost, _ways(list(scopes.titles), len(tensors)))))
    levels = []
    for closed in ways:
        folded = closing(tensors, closed)
        level = _level(placer, _Plan(folded))
        for card, part in zip(level["cards"], folded.parts):
            if part.is_folded:
                box = scopes.boxes[part.tensors[-1].order]
                own = next(box[:n] for n in range(1, len(box) + 1) if box[:n] in closed)
                others = [way for way in ways if own not in way]
                card["opens"] = _nearest(ways, closed - {own}, others)
        for drawn, box in zip(level["boxes"], folded.titles):
            others = [way for way in ways if any(box[:n] in way for n in range(1, len(box) + 1))]
            drawn["closes"] = _nearest(ways, _outermost({*closed, box}), others)
        levels.append(level)
    whole = _outermost(scopes.titles)
    if whole and whole in ways:  # one button closes or opens all boxes
        for way, level in zip(ways, levels):
            level["group"] = 0 if way == whole else ways.index(whole)
    if not scopes.titles or _is_seen(placer, levels[0]):
        return levels, 0
    rings = [ways.index(_outermost(ring)) for ring in reversed(_rings(scopes.titles))]
    shown = [ring for ring in rings if len(levels[ring]["cards"]) > _FEW] or [0]
    return levels, next((ring for ring in shown if _is_seen(placer, levels[ring])), shown[-1])


def _is_seen(placer: _Placer, level: Level) -> bool:
    """Return whether most windows show the whole level."""
    shapes = [placer.shapes[i] for i in level["shapes"]]
    return any(s["width"] <= _SEEN[0] and s["height"] <= _SEEN[1] for s in shapes)


def _rings(boxes: Collection[Group]) -> list[list[Group]]:
    """Return the boxes by depth, the outermost first."""
    deepest = max(map(len, boxes), default=0)
    return [[b for b in boxes if len(b) == n] for n in range(1, deepest + 1)]


def _nearest(
    ways: Sequence[frozenset[Group]], wanted: frozenset[Group], others: Sequence[frozenset[Group]]
) -> int:
    """Return the position of the wanted way, or of the one among others that differs least."""
    found = wanted if wanted in ways else min(others, key=lambda way: len(way ^ wanted))
    return ways.index(found)


def _ways(boxes: Sequence[Group], cards: int) -> Iterable[Collection[Group]]:
    """Return the boxes that are closed, for each level of a graph."""
    if len(boxes) <= _MOST_BOXES:
        return chain.from_iterable(combinations(boxes, n) for n in range(len(boxes) + 1))
    rings = _rings(boxes)
    but_one = ([b for b in ring if b != c] for ring in rings for c in ring)
    few = len(boxes) * cards <= _BUDGET_IN_PLACE
    return [(), *((box,) for box in boxes if few), *rings, *but_one]


def _outermost(closed: Collection[Group]) -> frozenset[Group]:
    """Return the boxes that are not inside others."""
    return frozenset(b for b in closed if not any(b[:n] in closed for n in range(1, len(b))))


def _nested(placer: _Placer, tensors: Sequence[Tensor]) -> list[Level]:
    """Return the tape in about `CARDS` cards, and the inside of each while the budget lasts."""
    scopes = Scopes.of(tensors)
    plans = [_Plan(parts_of(tensors, None, CARDS, scopes))]
    levels: list[Level] = []
    drawn = 0
    for number, plan in enumerate(plans):  # the loop appends plans
        level = _level(placer, plan)
        levels.append(level)
        drawn += len(level["cards"]) + len(level["edges"])
        for card, part in zip(level["cards"], plan.folded.parts):
            pending = drawn / len(levels) * (len(plans) - len(levels))
            if part.is_folded and part.tensors[-1].op and drawn + pending < _BUDGET:
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
    writer, index, folded = placer.writer, placer.positions, plan.folded
    cards = [_sized(placer, part) for part in folded.parts]
    compact = sum(map(covered_area, cards)) > _AREA
    if compact:
        cards = [
            _sized(placer, part, FEW_NUMBERS) if _has_matrix(card, FEW_NUMBERS) else card
            for card, part in zip(cards, folded.parts)
        ]
    edges = [e for e in writer.edges(folded.parts, folded.part_of) if e.target >= plan.outside]
    graph = Graph("", "", cards, [p.box for p in folded.parts], folded.titles, edges)
    together = pair_edges(edges)
    level: Level = {
        "cards": [
            _members(part, index, i < plan.outside, writer) for i, part in enumerate(folded.parts)
        ],
        "boxes": [{"title": title} for title in folded.titles.values()],
        "edges": [_edge(use, folded, index) for use in together],
        "shapes": _shapes(placer, graph, together),
    }
    if compact:
        level["numbers"] = FEW_NUMBERS
    if plan.title:
        level |= {"title": plan.title, "parent": plan.parent}
    return level


def _shapes(placer: _Placer, graph: Graph, together: Sequence[Sequence[Edge]]) -> list[int]:
    """Return the positions of the shapes of a level, which levels that look alike share."""
    numbers = {path: i for i, path in enumerate(graph.titles)}
    cards, lines = measured(graph, together)
    nodes = tuple(
        Node(_wide(placer, w), h, tuple(numbers[box[: n + 1]] for n in range(len(box))))
        for (w, h, _), box in zip(cards, graph.boxes)
    )
    lines = tuple(
        line._replace(label=(_wide(placer, line.label[0]), line.label[1])) if line.label else line
        for line in lines
    )
    kinds = tuple(_kind(placer, use) for use in together)
    key = nodes, lines, kinds
    if key not in placer.known:
        wrapped = layouts(
            dict(enumerate(nodes)), lines, placer.widths, spacing=_SPACING, broadest=_HIGHEST
        )
        found: list[Level] = []
        for placed in [p for p in wrapped if not _is_sparse(p)] or wrapped[-1:]:
            shape = _shape(placed, kinds)
            if shape not in found:
                found.append(shape)
        found.sort(key=lambda shape: shape["width"])
        first = len(placer.shapes)
        placer.shapes.extend(found)
        placer.known[key] = [*range(first, first + len(found))]
    return placer.known[key]


def _wide(placer: _Placer, width: float) -> float:
    return math.ceil(width / placer.grid) * placer.grid if placer.grid > 1 else width


def _kind(placer: _Placer, use: Sequence[Edge]) -> _Kind:
    pill = _wide(placer, pill_width(use[-1].text)) if use[-1].text else 0
    return _Kind(not use[0].backward, use[-1].backward, pill)


def _is_sparse(placed: Layout) -> bool:
    """Return whether a high layout consists mostly of edges between its rows."""
    cards = sum(card.width * card.height for card in placed.nodes.values())
    return placed.height > _HIGH and cards < placed.width * placed.height / 3


def _shape(placed: Layout, kinds: Sequence[_Kind]) -> Level:
    """Return the places of everything on a level, wrapped for one width."""
    return {
        "width": math.ceil(placed.width),
        "height": math.ceil(placed.height),
        "cards": [_box(placed.nodes[i]) for i in range(len(placed.nodes))],
        "boxes": [{"of": path[-1], **_box(box)} for path, box in placed.frames()],
        "edges": [_way(kind, route) for kind, route in zip(kinds, placed.routes)],
    }


def _sized(placer: _Placer, part: Part, most: int = MAX_NUMBERS) -> Card:
    """Return the card of a part, large enough for all examples of a batch, and for a single one."""
    card = placer.writer.head(part)
    if part.is_folded:
        card = card._replace(notes=_inside_of(part, placer.writer))
        if len(part.tensors) > 1:
            card = card._replace(shape=f"{len(part.tensors):,} tensors")
    if not placer.pool.has_examples:
        return card._replace(blocks=_blocks(placer, part.tensors[-1], most))
    single = card._replace(blocks=_blocks(placer, part.tensors[-1], most, example=True))
    return single._replace(blocks=_blocks(placer, part.tensors[-1], most), least=card_size(single))


def _blocks(placer: _Placer, t: Tensor, most: int, example: bool = False) -> list[Block]:
    """Return blocks as large as the numbers of a tensor, or its heat maps."""
    writer, pool = placer.writer, placer.pool
    position = placer.positions[t.order]
    node, value = placer.nodes[position], {placer.nodes[position]["value"]}
    blocks = [pool.outline(value, "value", most=most, example=example)]
    if sums := placer.sums[position]:
        head = truncate(writer.trace.derivative(t), LONGEST_NAME)
        blocks.append(pool.outline(sums, head, writer.uses[t] > 1, most, example))
    if node.get("trained"):
        blocks.append(pool.outline(value, "new", most=most, example=example))
    return blocks


def _has_matrix(card: Card, more: int) -> bool:
    """Return whether a card shows the numbers of a matrix with more rows or columns."""
    shown = [block.rows for block in card.blocks if block.rows and not block.is_map]
    return any(max(len(rows), len(rows[0])) > more for rows in shown)


def _parameters(part: Part, writer: Writer) -> list[Tensor]:
    """Return the leaves with a gradient inside of a folded card, except the one that it shows."""
    inside = part.tensors[:-1]
    return [t for t in inside if t.op is None and t in writer.trace.adjoints]


def _inside_of(part: Part, writer: Writer) -> list[str]:
    """Return lines as wide as those that the page writes: what a step does, and parameters."""
    names = [writer.trace.names[t.order] for t in part.tensors]
    longest = max((f"{made_by(t)} · {name}" for t, name in zip(part.tensors, names)), key=len)
    gradient = max((writer.trace.derivative(t) for t in part.tensors), key=len)
    chips = [f"{writer.trace.names[t.order]} += {_NORM}" for t in _parameters(part, writer)]
    widest = max(chips[:_MOST_CHIPS], key=len, default="")
    rows = -(-min(len(chips), _MOST_CHIPS) // 2) + (len(chips) > _MOST_CHIPS)
    line = max(longest, f"{gradient} +=", key=len)
    return [truncate(line, _LONGEST_LINE), *[f"{widest}    {widest}"] * rows]


def _box(box: Any) -> dict[str, Any]:
    return {"x": round(box.x), "y": round(box.y), "w": round(box.width), "h": round(box.height)}


def _members(part: Part, index: Mapping[int, int], outside: bool, writer: Writer) -> dict[str, Any]:
    """Return the tensor of a card. A folded card also has the positions inside, as runs."""
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
        if chips := [index[t.order] for t in _parameters(part, writer)]:
            members["chips"] = chips[:_MOST_CHIPS]
            if len(chips) > _MOST_CHIPS:
                members["more"] = len(chips) - _MOST_CHIPS
    return members


def _edge(use: Sequence[Edge], folded: Folded, index: Mapping[int, int]) -> dict[str, Any]:
    """Return an edge with the local derivative, and whether it goes forward and backward."""
    first, last = use[0], use[-1]
    edge: dict[str, Any] = {"from": first.source, "to": first.target}
    if first.argument >= 0:
        edge["argument"] = first.argument
        edge["user"] = index[folded.parts[first.target].tensors[-1].order]
    if last.text:
        edge["pill"] = minus(last.text)
    return edge


def _way(kind: _Kind, route: Route) -> dict[str, Any]:
    """Return the paths of an edge, forward and backward, and the place of its pill."""
    offset = OFFSET if kind.forward and kind.backward else 0
    way: dict[str, Any] = {}
    if kind.forward:
        way["path"] = _path(route, -offset)
    if kind.backward:
        way["back"] = _path(route, offset, -1)
    if route.label and kind.pill:
        x, y, width, height = route.label
        x, y = shift((x + (width - kind.pill) / 2, y + (height - PILL) / 2), offset, 1)
        way["pill"] = _box(Box(x, y, kind.pill, PILL))
    return way


def _path(route: Route, offset: float, turn: int = 1) -> str:
    return Route(tuple(parallel(route.points, offset, 1)[::turn])).path(decimals=1)
