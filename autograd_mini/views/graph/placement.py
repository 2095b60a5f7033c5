"""Place the cards, boxes and edges of a graph: pass their sizes to the layout."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ..layout import shapes
from ..layout.layout import layout
from ..layout.shapes import Layout, Node, Point, Spacing
from .graph import Edge, Graph
from .metrics import GAP, card_size, text_width

TITLE = 10  # font size of the name of a scope
SPACING = Spacing(layer=58, node=24, edge=20, group=14, title=18, margin=14)
OFFSET = 5  # distance of the two edges of a use from the line between them
PILL = 16  # height of the pill that holds a local derivative
_PILL_FONT = 11


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
    direction: str,
    spacing: Spacing = SPACING,
) -> Layout:
    """Return the layout of a graph, with cards at least as wide as the titles of their boxes."""
    nodes: dict[Hashable, Node] = {}
    for i, (card, box) in enumerate(zip(graph.cards, graph.boxes)):
        paths = [box[: n + 1] for n in range(len(box))]
        least = max((text_width(graph.titles[path], TITLE) for path in paths), default=0)
        nodes[i] = Node(*card_size(card, least), paths[-1] if paths else ())
    lines = [shapes.Edge(pair[0].source, pair[0].target, label=_label_size(pair)) for pair in pairs]
    return layout(nodes, lines, direction=direction, spacing=spacing)


def _label_size(pair: Sequence[Edge]) -> tuple[float, float] | None:
    """Return the size of the pills of a pair of edges, side by side."""
    widths = [pill_width(edge.text) for edge in pair if edge.text]
    return (sum(widths) + GAP * (len(widths) - 1), PILL + 2 * OFFSET) if widths else None


def pill_width(text: str) -> float:
    """Return the width of a pill with this text."""
    return text_width(text, _PILL_FONT) + 12


def parallel(points: Sequence[Point], offset: float, across: int) -> list[Point]:
    """Return a curve that is moved by `offset` along the axis `across`.

    Steep parts are moved along the other axis too, so that the two curves do not touch.
    """
    shifted = [shift(point, offset, across) for point in points]
    for i in range(0, len(points) - 1, 3):
        slope = points[i + 3][across] - points[i][across]
        along = -offset * max(-1.0, min(slope / 20, 1.0))
        for k in (i + 1, i + 2):
            shifted[k] = shift(shifted[k], along, 1 - across)
    return shifted


def shift(point: Point, by: float, axis: int) -> Point:
    """Return the point moved along one axis: 0 for x, 1 for y."""
    x, y = point
    return (x, y + by) if axis else (x + by, y)
