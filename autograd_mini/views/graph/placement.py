"""Place the cards, boxes and edges of a graph: pass their sizes to the layout."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence

from ..layout import shapes
from ..layout.layout import layouts
from ..layout.shapes import Layout, Node, Point, Spacing
from .graph import Edge, Graph
from .metrics import GAP, card_size, text_width

TITLE = 11  # font size of the name of a scope
SPACING = Spacing(layer=58, node=24, edge=20, group=14, title=20, margin=14)
OFFSET = 5  # distance of the two edges of a use from the line between them
PILL = 16  # height of the pill that holds a local derivative
PILL_FONT = 12


def pair_edges(edges: Sequence[Edge]) -> list[tuple[Edge, ...]]:
    """Return each edge, together with its backward edge if there is one."""
    pairs: list[tuple[Edge, ...]] = []
    for edge in edges:
        last = pairs[-1] if pairs else ()
        if edge.backward and len(last) == 1 and last[0][:2] == edge[:2]:
            pairs[-1] = (*last, edge)
        else:
            pairs.append((edge,))
    return pairs


def place(
    graph: Graph,
    pairs: Sequence[Sequence[Edge]],
    longest: Iterable[float],
    direction: str = "LR",
    spacing: Spacing = SPACING,
    broadest: float = math.inf,
) -> list[Layout]:
    """Return the layout of a graph for each greatest length: see `layouts`."""
    cards, lines = measured(graph, pairs)
    nodes: dict[Hashable, Node] = dict(enumerate(cards))
    return layouts(nodes, lines, longest, direction=direction, spacing=spacing, broadest=broadest)


def measured(
    graph: Graph, pairs: Sequence[Sequence[Edge]]
) -> tuple[tuple[Node, ...], tuple[shapes.Edge, ...]]:
    """Return the input of a layout: the sizes of cards and edges.

    Cards are at least as wide as the titles of their boxes.
    """
    nodes = []
    for card, box in zip(graph.cards, graph.boxes):
        paths = [box[: n + 1] for n in range(len(box))]
        least = max((text_width(graph.titles[path], TITLE) for path in paths), default=0)
        nodes.append(Node(*card_size(card, least), paths[-1] if paths else ()))
    lines = [shapes.Edge(pair[0].source, pair[0].target, label=_label_size(pair)) for pair in pairs]
    return tuple(nodes), tuple(lines)


def _label_size(pair: Sequence[Edge]) -> tuple[float, float] | None:
    """Return the size of the pills of a pair of edges, side by side."""
    widths = [pill_width(edge.text) for edge in pair if edge.text]
    return (sum(widths) + GAP * (len(widths) - 1), PILL + 2 * OFFSET) if widths else None


def pill_width(text: str) -> float:
    """Return the width of a pill with this text."""
    return text_width(text, PILL_FONT) + 12


def parallel(points: Sequence[Point], offset: float, across: int) -> list[Point]:
    """Return a curve next to another one, at a distance of `offset` to one side.

    Where an edge goes forward, this is along the axis `across`. Steep parts are moved along the
    other axis too, so that the two curves do not touch.
    """
    moved = [points[0]]
    for a, b, c, d in zip(points[::3], points[1::3], points[2::3], points[3::3]):
        starts, ends = _beside(a, b, offset, across), _beside(c, d, offset, across)
        moved[-1] = _sum(a, starts)
        if starts == ends:
            slope = d[across] - a[across]
            along = -offset * max(-1.0, min(slope / 20, 1.0)) * (starts[across] != 0)
            starts = ends = shift(starts, along, 1 - across)
        moved += [_sum(b, starts), _sum(c, ends), _sum(d, _beside(c, d, offset, across))]
    return moved


def _beside(a: Point, b: Point, offset: float, across: int) -> Point:
    """Return the way from the line through two points to the one at a distance of `offset`."""
    along = 1 - across
    length = math.dist(a, b) or 1.0
    turn = offset / length
    way = [0.0, 0.0]
    way[across] = turn * (b[along] - a[along])
    way[along] = -turn * (b[across] - a[across])
    return way[0], way[1]


def _sum(point: Point, way: Point) -> Point:
    return point[0] + way[0], point[1] + way[1]


def shift(point: Point, by: float, axis: int) -> Point:
    """Return the point moved along one axis: 0 for x, 1 for y."""
    x, y = point
    return (x, y + by) if axis else (x + by, y)
