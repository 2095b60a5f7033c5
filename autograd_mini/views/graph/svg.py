"""A graph as an SVG, placed by the library's own layout and painted here: no program is needed."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Hashable, Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

from ..layout.layout import Box, Layout, Node, Spacing, layout
from ..layout.layout import Edge as Line
from . import metrics as sizes
from .card import Block, Card, Cell
from .graph import Edge, Graph
from .metrics import GAP, PAD, Size
from .palette import Palette, follow_the_reader

TITLE = 10  # the size of the font of a scope's name
SANS, SERIF = "Helvetica,Arial,sans-serif", "Times,serif"

_SPACING = Spacing(layer=58, node=24, edge=20, group=14, title=18, margin=14)
ASIDE = 5  # how far the two edges of a use are from their middle
_ARROW = 7  # the length of an arrow's head
_PILL = 16  # the height of a local derivative
_FOOT = 30  # the height of the legend

Point = tuple[float, float]


def svg_of(graph: Graph, palette: Palette, direction: str) -> str:
    """The picture of a graph.

    Parameters
    ----------
    graph : Graph
    palette : Palette
    direction : {"LR", "TB"}
        Which way values run.
    """
    uses = uses_of(graph.edges)
    placed = places(graph, uses, direction)
    paint = _Painter(palette)
    body = [
        *(paint.box(box) for box in placed.groups.values()),
        *_edges(paint, uses, placed, direction),
        *(line for path, box in placed.groups.items() for line in paint.title(graph, path, box)),
        *(line for i, card in enumerate(graph.cards) for line in paint.card(card, placed.nodes[i])),
    ]
    legend, needed = paint.legend(graph, placed.height)
    width, height = max(placed.width, needed), placed.height + (_FOOT if legend else 0)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
            f'viewBox="0 0 {_n(width)} {_n(height)}" font-family="{SANS}">',
            paint.rectangle(Box(0, 0, width, height), palette.page),
            *body,
            *legend,
            "</svg>\n",
        ]
    )


# ---- places -------------------------------------------------------------------------------------


def uses_of(edges: Sequence[Edge]) -> list[tuple[Edge, ...]]:
    """Each edge with the one that runs back beside it, if there is one."""
    uses: list[tuple[Edge, ...]] = []
    for edge in edges:
        last = uses[-1] if uses else ()
        if edge.backward and len(last) == 1 and last[0][:2] == edge[:2]:
            uses[-1] = (*last, edge)
        else:
            uses.append((edge,))
    return uses


def places(
    graph: Graph,
    uses: Sequence[Sequence[Edge]],
    direction: str,
    spacing: Spacing = _SPACING,
) -> Layout:
    """Where everything is. A card is at least as wide as the titles of its boxes."""
    nodes: dict[Hashable, Node] = {}
    for i, (card, box) in enumerate(zip(graph.cards, graph.boxes)):
        paths = [box[: n + 1] for n in range(len(box))]
        least = max((sizes.text_width(graph.titles[p], TITLE) for p in paths), default=0)
        nodes[i] = Node(*sizes.card_size(card, least), paths[-1] if paths else ())
    lines = [Line(use[0].source, use[0].target, label=_room(use)) for use in uses]
    return layout(nodes, lines, direction=direction, spacing=spacing)


def _room(use: Sequence[Edge]) -> tuple[float, float] | None:
    """What the texts on the edges of a use need, beside one another."""
    widths = [pill_width(edge.text) for edge in use if edge.text]
    return (sum(widths) + GAP * (len(widths) - 1), _PILL + 2 * ASIDE) if widths else None


def pill_width(text: str) -> float:
    return sizes.text_width(text, 11) + 12


def _edges(
    paint: _Painter, uses: Sequence[Sequence[Edge]], placed: Layout, direction: str
) -> Iterator[str]:
    """The edges; after all of them, so that none runs over it, what is written on them."""
    across = 1 if direction == "LR" else 0
    pills: list[str] = []
    for use, route in zip(uses, placed.routes):
        x = route.label.x if route.label else 0.0
        for edge, aside in zip(use, (-ASIDE, ASIDE) if len(use) > 1 else (0,)):
            yield paint.edge(edge, beside(route.points, aside, across))
            if edge.text and route.label:
                width = pill_width(edge.text)
                middle = (x + width / 2, route.label.y + route.label.height / 2)
                pills += paint.pill(edge, moved(middle, aside, across))
                x += width + GAP
    yield from pills


def beside(points: Sequence[Point], aside: float, across: int) -> list[Point]:
    """A curve beside another. Where it is steep it is moved along too, or the two would touch."""
    shifted = [moved(point, aside, across) for point in points]
    for i in range(0, len(points) - 1, 3):
        slope = points[i + 3][across] - points[i][across]
        along = -aside * max(-1.0, min(slope / 20, 1.0))
        for k in (i + 1, i + 2):
            shifted[k] = moved(shifted[k], along, 1 - across)
    return shifted


def moved(point: Point, by: float, axis: int) -> Point:
    x, y = point
    return (x, y + by) if axis else (x + by, y)


# ---- paint --------------------------------------------------------------------------------------


class _Painter(NamedTuple):
    """Writes the elements, in the colours of a palette."""

    palette: Palette

    def rectangle(self, box: Box, fill: str, stroke: str = "", more: str = "") -> str:
        line = f' stroke="{stroke}"' if stroke else ""
        return (
            f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" '
            f'height="{_n(box.height)}" fill="{fill}"{line}{more}/>'
        )

    def text(self, at: Point, size: float, fill: str, text: str, more: str = "") -> str:
        place = f'x="{_n(at[0])}" y="{_n(at[1])}" font-size="{_n(size)}" fill="{fill}"'
        return f"<text {place}{more}>{escape(text)}</text>"

    def box(self, box: Box) -> str:
        style = ' rx="8" stroke-dasharray="4 3"'
        return self.rectangle(box, self.palette.box, self.palette.line, style)

    def title(self, graph: Graph, path: Any, box: Box) -> Iterator[str]:
        """The name of a scope, readable where an edge runs behind it."""
        title = graph.titles[path]
        width = sizes.text_width(title, TITLE) + 8
        yield self.rectangle(Box(box.x + 6, box.y + 6, width, 14), self.palette.box)
        yield self.text((box.x + 10, box.y + 17), TITLE, self.palette.faint, title, _BOLD)

    def card(self, card: Card, box: Box) -> Iterator[str]:
        role = getattr(self.palette, card.role)
        width = "2.4" if card.stacked else "1.2"
        yield self.rectangle(box, self.palette.card, role, f' rx="7" stroke-width="{width}"')
        yield from self.header(card, box)
        y = box.y + PAD / 2 + sizes.HEADER
        for note in card.notes:
            note_at = (box.x + PAD, y + 9)
            yield self.text(note_at, sizes.SMALL, self.palette.faint, note)
            y += sizes.NOTE
        yield from self.blocks(card, box, y)

    def header(self, card: Card, box: Box) -> Iterator[str]:
        operation, *_ = sizes.header_widths(card)
        y = box.y + PAD / 2 + 15
        x = box.x + PAD
        ink = self.palette.ink
        yield self.text((x, y), sizes.OPERATION, ink, sizes.operation(card), _BOLD)
        serif = f' font-family="{SERIF}" font-style="italic"'
        yield self.text((x + operation + GAP, y), sizes.NAME, ink, card.name, serif)
        right = (box.x + box.width - PAD, y)
        yield self.text(right, sizes.SMALL, self.palette.faint, card.shape, _END)

    def blocks(self, card: Card, box: Box, y: float) -> Iterator[str]:
        """Beside each other they share the width of the card; below each other they have it all."""
        room = box.width - 2 * PAD
        if not card.beside:
            for block in card.blocks:
                yield from self.block(block, (box.x + PAD, y), room)
                y += sizes.block_size(block).height + GAP
            return
        widths = [sizes.block_size(block).width for block in card.blocks]
        spare = room - sum(widths) - GAP * (len(widths) - 1)
        x = box.x + PAD
        for block, width in zip(card.blocks, widths):
            width += spare / len(widths)
            yield from self.block(block, (x, y), width)
            x += width + GAP

    def block(self, block: Block, at: Point, width: float) -> Iterator[str]:
        """A block in the middle of its room."""
        color = getattr(self.palette, block.role)
        cell = sizes.cell_size(block)
        columns = len(block.rows[0])
        if not block.is_map:
            cell = Size(max(cell.width, min(width / columns, 72)), cell.height)
        middle, y = at[0] + width / 2, at[1] + sizes.HEAD
        badge = (sizes.BADGE + 4) if block.meets else 0
        head = (middle - badge / 2, y - 5)
        yield self.text(head, sizes.SMALL, color, block.head, _MIDDLE)
        if block.meets:
            x = head[0] + sizes.text_width(block.head, sizes.SMALL) / 2 + 4
            yield self.rectangle(Box(x, y - 13, sizes.BADGE, 11), color, more=' rx="5.5"')
            plus = (x + sizes.BADGE / 2, y - 4.5)
            yield self.text(plus, 9, self.palette.card, "+=", _MIDDLE + _BOLD)
        left = middle - columns * cell.width / 2
        for i, row in enumerate(block.rows):
            for j, entry in enumerate(row):
                x = left + j * cell.width
                yield from self.cell(entry, Box(x, y + i * cell.height, *cell))
        y += len(block.rows) * cell.height
        for note in block.notes:
            y += sizes.NOTE
            yield self.text((middle, y - 3), sizes.SMALL, self.palette.faint, note, _MIDDLE)

    def cell(self, cell: Cell, box: Box) -> Iterator[str]:
        fill = self.palette.odd if cell.odd else self.palette.tint(cell.level)
        if not cell.text:
            yield self.rectangle(box, fill, more=' shape-rendering="crispEdges"')
        else:
            yield self.rectangle(box, fill, self.palette.line, ' stroke-width="0.5"')
            right = (box.x + box.width - 5, box.y + box.height - 5)
            yield self.text(right, sizes.NUMBER, self.palette.ink, cell.text, _END)

    def edge(self, edge: Edge, points: Sequence[Point]) -> str:
        """The curve, up to the head of its arrow, and the head."""
        color = self.palette.backward if edge.backward else self.palette.forward
        points = points[::-1] if edge.backward else points
        (x, y), tip = points[-2], points[-1]
        length = math.hypot(tip[0] - x, tip[1] - y) or 1.0
        along = ((tip[0] - x) / length, (tip[1] - y) / length)
        neck = (tip[0] - _ARROW * along[0], tip[1] - _ARROW * along[1])
        width = _ARROW * 0.42
        head = " ".join(
            f"{_n(px)},{_n(py)}"
            for px, py in (
                tip,
                (neck[0] - width * along[1], neck[1] + width * along[0]),
                (neck[0] + width * along[1], neck[1] - width * along[0]),
            )
        )
        first, *others = (f"{_n(px)},{_n(py)}" for px, py in [*points[:-1], neck])
        dashed = ' stroke-dasharray="5 3.5"' if edge.backward else ""
        return (
            f'<path d="M{first}C{" ".join(others)}" fill="none" stroke="{color}" '
            f'stroke-width="1.5"{dashed}/><polygon points="{head}" fill="{color}"/>'
        )

    def pill(self, edge: Edge, middle: Point) -> Iterator[str]:
        x, y = middle
        width = pill_width(edge.text)
        box = Box(x - width / 2, y - _PILL / 2, width, _PILL)
        color = self.palette.backward if edge.backward else self.palette.forward
        fill = self.palette.pill if edge.backward else self.palette.card
        yield self.rectangle(box, fill, color, f' rx="{_PILL // 2}" stroke-width="0.8"')
        serif = f' font-family="{SERIF}"'
        yield self.text((x, y + 4), 11, color, edge.text, _MIDDLE + serif)

    def legend(self, graph: Graph, y: float) -> tuple[list[str], float]:
        """What the two kinds of edges are, and what is folded; and how wide that is."""
        y += _FOOT / 2
        x = float(_SPACING.margin)
        found = []
        if graph.has_gradients:
            for backward, text in ((False, "value"), (True, "derivative")):
                found.append(self.edge(Edge(0, 0, backward), _straight((x, y), 34)))
                color = self.palette.backward if backward else self.palette.forward
                found.append(self.text((x + 40, y + 3.5), 10, color, text))
                x += 56 + sizes.text_width(text, 10)
        if graph.note:
            found.append(self.text((x, y + 3.5), 10, self.palette.faint, graph.note))
            x += sizes.text_width(graph.note, 10)
        return found, x + _SPACING.margin


_MIDDLE, _END = ' text-anchor="middle"', ' text-anchor="end"'
_BOLD = ' font-weight="bold"'


def _straight(start: Point, length: float) -> list[Point]:
    x, y = start
    return [(x, y), (x + length / 3, y), (x + 2 * length / 3, y), (x + length, y)]


def _n(x: float) -> str:
    """A coordinate, to a hundredth."""
    return f"{x:.2f}".rstrip("0").rstrip(".") if x % 1 else str(int(x))


_SVG = "http://www.w3.org/2000/svg"
ET.register_namespace("", _SVG)


def finished(svg: str | bytes, graph: Graph, palette: Palette, theme: str) -> str:
    """The picture with a title, a description, stripes over what is not finite, and its theme.

    The titles of its parts go: they are Graphviz's names of nodes, which a browser would show when
    the mouse rests on them. So do comments and the document type, which names an address.
    """
    picture = ET.fromstring(svg)
    for element in list(picture.iter()):
        for title in element.findall(f"{{{_SVG}}}title"):
            element.remove(title)
        if element.get("fill") == palette.odd:
            element.set("fill", "url(#odd)")
    added = [_element("title", graph.title), _element("desc", graph.description)]
    if theme == "auto":
        added.append(_element("style", follow_the_reader()))
    picture[:0] = [*added, _stripes(palette)]
    picture.set("role", "img")
    return ET.tostring(picture, encoding="unicode") + "\n"


def _element(tag: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.Element(f"{{{_SVG}}}{tag}", attributes)
    element.text = text
    return element


def _stripes(palette: Palette) -> ET.Element:
    """What is painted over numbers that are not finite."""
    defs = _element("defs")
    whole = {"width": "6", "height": "6"}
    turned = {"patternUnits": "userSpaceOnUse", "patternTransform": "rotate(45)"}
    pattern = _element("pattern", id="odd", **whole, **turned)
    pattern.append(_element("rect", **whole, fill=palette.card))
    pattern.append(_element("rect", width="3", height="6", fill=palette.odd))
    defs.append(pattern)
    return defs
