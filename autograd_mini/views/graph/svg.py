"""Paint a graph as an SVG: cards, boxes, edges and the legend, at the positions of its layout."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import count
from typing import Any, NamedTuple

from ..layout.shapes import Box, Layout, Point, Route, decimal
from . import metrics
from .card import Block, Card, Cell
from .graph import Edge, Graph
from .metrics import GAP, PAD, Size
from .palette import Palette, follow_the_reader, palette_of
from .placement import (
    OFFSET,
    PILL,
    PILL_FONT,
    SPACING,
    TITLE,
    pair_edges,
    parallel,
    pill_width,
    place,
    shift,
)
from .schedule import Key

SANS = "Helvetica,Arial,sans-serif"
SERIF = "Times,serif,sans-serif"  # sans-serif for machines that convert to PNG and lack fonts
#: the size of a slide, in the direction of the edges, beyond which a picture is wrapped into rows
LONGEST = {"LR": 1600.0, "TB": 900.0}
_ARROW = 7  # length of the head of an arrow
_LEGEND = 30  # height of the legend
_LEGEND_FONT = 11

_MIDDLE, _END = ' text-anchor="middle"', ' text-anchor="end"'
_BOLD = ' font-weight="bold"'


def write_svg(
    graph: Graph,
    direction: str,
    theme: str,
    classes: Mapping[Key, str] | None = None,
    style: str = "",
) -> str:
    """Return the picture of a graph as self-contained SVG text.

    Each part in `classes` is a group of that class. The `style` says how the groups appear.
    """
    pairs = pair_edges(graph.edges)
    (placed,) = place(graph, pairs, [LONGEST[direction]], direction)
    paint = _Painter(palette_of(theme), classes or {})
    legend, legend_width = paint.legend(graph, placed.height)
    width = max(placed.width, legend_width)
    height = placed.height + (_LEGEND if legend else 0)
    size = f'width="{decimal(width)}" height="{decimal(height)}"'
    view = f'viewBox="0 0 {decimal(width)} {decimal(height)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} font-family="{SANS}" role="img">',
        f"<title>{escape(graph.title)}</title>",
        f"<desc>{escape(graph.description)}</desc>",
        f"<style>{follow_the_reader()}</style>" if theme == "auto" else "",
        f"<style>\n{style}</style>" if style else "",
        paint.stripes(),
        paint.rectangle(Box(0, 0, width, height), paint.palette.page),
        *(paint.box(box) for _, box in placed.frames()),
        *_edges(paint, pairs, placed, direction),
        *(line for path, box in placed.groups.items() for line in paint.title(graph, path, box)),
        *(
            line
            for i, card in enumerate(graph.cards)
            for line in paint.card(i, card, placed.nodes[i])
        ),
        *legend,
        "</svg>\n",
    ]
    return "\n".join(line for line in lines if line)


def frame_width(card: Card) -> float:
    """Return the width of the line around a card."""
    return 2.4 if card.stacked else 1.2


def _edges(
    paint: _Painter, pairs: Sequence[Sequence[Edge]], placed: Layout, direction: str
) -> Iterator[str]:
    """Yield the edges, and then their pills, so that no edge runs over a pill."""
    across = 1 if direction == "LR" else 0
    pills: list[str] = []
    number = count()
    for pair, route in zip(pairs, placed.routes):
        x = route.label.x if route.label else 0.0
        for edge, offset in zip(pair, (-OFFSET, OFFSET) if len(pair) > 1 else (0,)):
            key = ("edge", next(number))
            yield from paint.group(key, [paint.edge(edge, parallel(route.points, offset, across))])
            if edge.text and route.label:
                width = pill_width(edge.text)
                middle = (x + width / 2, route.label.y + route.label.height / 2)
                pills += paint.group(key, paint.pill(edge, shift(middle, offset, across)))
                x += width + GAP
    yield from pills


class _Painter(NamedTuple):
    """Writes the elements of a picture in the colours of a palette."""

    palette: Palette
    classes: Mapping[Key, str]  #: of the parts that appear at some time

    def group(self, key: Key, lines: Iterable[str], more: str = "") -> Iterator[str]:
        """Yield the elements of a part, in a group if the part has a class."""
        if key not in self.classes:
            yield from lines
            return
        yield f'<g class="{self.classes[key]}"{more}>'
        yield from lines
        yield "</g>"

    def stripes(self) -> str:
        """Return the pattern behind entries that are not finite."""
        size = 'width="6" height="6"'
        return (
            f'<defs><pattern id="odd" {size} patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect {size} fill="{self.palette.card}"/>'
            f'<rect width="3" height="6" fill="{self.palette.odd}"/></pattern></defs>'
        )

    def rectangle(self, box: Box, fill: str, stroke: str = "", more: str = "") -> str:
        line = f' stroke="{stroke}"' if stroke else ""
        return (
            f'<rect x="{decimal(box.x)}" y="{decimal(box.y)}" width="{decimal(box.width)}" '
            f'height="{decimal(box.height)}" fill="{fill}"{line}{more}/>'
        )

    def text(self, at: Point, size: float, fill: str, text: str, more: str = "") -> str:
        place = f'x="{decimal(at[0])}" y="{decimal(at[1])}"'
        font = f'font-size="{decimal(size)}" fill="{fill}"'
        return f"<text {place} {font}{more}>{escape(text)}</text>"

    def box(self, box: Box) -> str:
        style = ' rx="8" stroke-dasharray="4 3"'
        return self.rectangle(box, self.palette.box, self.palette.line, style)

    def title(self, graph: Graph, path: Any, box: Box) -> Iterator[str]:
        """Yield the title of a scope, with a background because edges may run behind it."""
        title = graph.titles[path]
        width = metrics.text_width(title, TITLE) + 8
        yield self.rectangle(Box(box.x + 6, box.y + 5, width, 16), self.palette.box)
        yield self.text((box.x + 10, box.y + 17), TITLE, self.palette.faint, title, _BOLD)

    def card(self, nth: int, card: Card, box: Box) -> Iterator[str]:
        yield from self.group(("card", nth), self.frame(card, box))
        y = box.y + PAD / 2 + metrics.HEADER + metrics.NOTE * len(card.notes)
        yield from self.blocks(nth, card, box, y)

    def frame(self, card: Card, box: Box) -> Iterator[str]:
        """Yield a card without its blocks."""
        role = getattr(self.palette, card.role)
        line = f' rx="7" stroke-width="{frame_width(card)}"'
        yield self.rectangle(box, self.palette.card, role, line)
        yield from self.header(card, box)
        y = box.y + PAD / 2 + metrics.HEADER
        for note in card.notes:
            note_at = (box.x + PAD, y + 9)
            yield self.text(note_at, metrics.SMALL, self.palette.faint, note)
            y += metrics.NOTE

    def header(self, card: Card, box: Box) -> Iterator[str]:
        operation, *_ = metrics.header_widths(card)
        y = box.y + PAD / 2 + 15
        x = box.x + PAD
        ink = self.palette.ink
        yield self.text((x, y), metrics.OPERATION, ink, metrics.operation(card), _BOLD)
        serif = f' font-family="{SERIF}" font-style="italic"'
        yield self.text((x + operation + GAP, y), metrics.NAME, ink, card.name, serif)
        right = (box.x + box.width - PAD, y)
        yield self.text(right, metrics.SMALL, self.palette.faint, card.shape, _END)

    def blocks(self, nth: int, card: Card, box: Box, y: float) -> Iterator[str]:
        """Yield the blocks, which share the width of the card if they are side by side."""
        available = box.width - 2 * PAD
        if not card.side_by_side:
            for block in card.blocks:
                yield from self.sums(nth, block, (box.x + PAD, y), available)
                y += metrics.block_size(block).height + GAP
            return
        widths = [metrics.block_size(block).width for block in card.blocks]
        spare = available - sum(widths) - GAP * (len(widths) - 1)
        x = box.x + PAD
        for block, width in zip(card.blocks, widths):
            width += spare / len(widths)
            yield from self.sums(nth, block, (x, y), width)
            x += width + GAP

    def sums(self, nth: int, block: Block, at: Point, width: float) -> Iterator[str]:
        """Yield a block. If its parts appear at some time, yield earlier sums before it."""
        for i, earlier in enumerate(block.earlier):
            if ("sum", nth, i) in self.classes:
                lines = self.block(earlier, at, width)
                yield from self.group(("sum", nth, i), lines, ' opacity="0"')
        yield from self.group((block.role, nth), self.block(block, at, width))

    def block(self, block: Block, at: Point, width: float) -> Iterator[str]:
        """Yield a block, centred in the given width."""
        middle, y = at[0] + width / 2, at[1] + metrics.HEAD
        yield from self.head(block, middle, y)
        cell = metrics.cell_size(block)
        if not block.is_map:
            cell = Size(max(cell.width, min(width / len(block.rows[0]), 72)), cell.height)
        left = middle - len(block.rows[0]) * cell.width / 2
        for row in block.rows:
            for j, entry in enumerate(row):
                yield from self.cell(entry, Box(left + j * cell.width, y, *cell))
            y += cell.height
        for note in block.notes:
            y += metrics.NOTE
            yield self.text((middle, y - 3), metrics.SMALL, self.palette.faint, note, _MIDDLE)

    def head(self, block: Block, middle: float, y: float) -> Iterator[str]:
        """Yield the head of a block, with a badge if several contributions were added up."""
        color = getattr(self.palette, block.role)
        if block.meets:
            middle -= (metrics.BADGE + 4) / 2
        yield self.text((middle, y - 5), metrics.SMALL, color, block.head, _MIDDLE)
        if block.meets:
            x = middle + metrics.text_width(block.head, metrics.SMALL) / 2 + 4
            yield self.rectangle(Box(x, y - 15, metrics.BADGE, 13), color, more=' rx="6.5"')
            plus = (x + metrics.BADGE / 2, y - 4.5)
            yield self.text(plus, metrics.SMALL, self.palette.card, "+=", _MIDDLE + _BOLD)

    def cell(self, cell: Cell, box: Box) -> Iterator[str]:
        fill = "url(#odd)" if cell.odd else self.palette.tint(cell.level)
        if not cell.text:
            yield self.rectangle(box, fill, more=' shape-rendering="crispEdges"')
        else:
            yield self.rectangle(box, fill, self.palette.line, ' stroke-width="0.5"')
            right = (box.x + box.width - 5, box.y + box.height - 5)
            yield self.text(right, metrics.NUMBER, self.palette.ink, cell.text, _END)

    def edge(self, edge: Edge, points: Sequence[Point]) -> str:
        """Return the curve, up to the head of its arrow, and the head."""
        color = self.palette.backward if edge.backward else self.palette.forward
        points = points[::-1] if edge.backward else points
        neck, corners = _arrow_head(points[-2], points[-1])
        head = " ".join(f"{decimal(x)},{decimal(y)}" for x, y in corners)
        path = Route((*points[:-1], neck)).path()
        dashed = ' stroke-dasharray="5 3.5"' if edge.backward else ""
        return (
            f'<path d="{path}" fill="none" stroke="{color}" '
            f'stroke-width="1.5"{dashed}/><polygon points="{head}" fill="{color}"/>'
        )

    def pill(self, edge: Edge, middle: Point) -> Iterator[str]:
        x, y = middle
        width = pill_width(edge.text)
        box = Box(x - width / 2, y - PILL / 2, width, PILL)
        color = self.palette.backward if edge.backward else self.palette.forward
        fill = self.palette.pill if edge.backward else self.palette.card
        yield self.rectangle(box, fill, color, f' rx="{PILL // 2}" stroke-width="0.8"')
        serif = f' font-family="{SERIF}"'
        yield self.text((x, y + 4), PILL_FONT, color, edge.text, _MIDDLE + serif)

    def legend(self, graph: Graph, y: float) -> tuple[list[str], float]:
        """Return the legend, with the two kinds of edges and the note on folding, and its width."""
        y += _LEGEND / 2
        x = float(SPACING.margin)
        elements = []
        if graph.has_gradients:
            for backward, text in ((False, "value"), (True, "gradient")):
                line = [(x, y), (x + 34 / 3, y), (x + 68 / 3, y), (x + 34, y)]
                elements.append(self.edge(Edge(0, 0, backward), line))
                color = self.palette.backward if backward else self.palette.forward
                elements.append(self.text((x + 40, y + 3.5), _LEGEND_FONT, color, text))
                x += 56 + metrics.text_width(text, _LEGEND_FONT)
        if graph.note:
            elements.append(self.text((x, y + 3.5), _LEGEND_FONT, self.palette.faint, graph.note))
            x += metrics.text_width(graph.note, _LEGEND_FONT)
        return elements, x + SPACING.margin


def _arrow_head(before: Point, tip: Point) -> tuple[Point, tuple[Point, ...]]:
    """Return the point where the head of an arrow begins, and its three corners."""
    dx, dy = tip[0] - before[0], tip[1] - before[1]
    length = math.hypot(dx, dy) or 1.0
    dx, dy = dx / length, dy / length
    neck = (tip[0] - _ARROW * dx, tip[1] - _ARROW * dy)
    half = _ARROW * 0.42
    left = (neck[0] - half * dy, neck[1] + half * dx)
    right = (neck[0] + half * dy, neck[1] - half * dx)
    return neck, (tip, left, right)
