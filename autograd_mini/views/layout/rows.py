"""Wrap a drawing that is too long into rows, as words are: the fifth step of the layout.

A row holds consecutive layers. An edge that leaves a row turns at its end, runs back between the
rows, and enters the next row at its start. The cuts are chosen so that the whole is low.

Points are (along, across), and boxes (along, across, length, breadth), as in `routes`.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

from .components import Component
from .routes import Rectangle
from .shapes import Group, Point, Spacing

_RADIUS = 9.0  # of the corners of an edge between two rows
_REACH = 0.55  # the control points of a quarter of a circle, as a share of the radius
_UNEVEN = 600.0  # the cost of an empty row, as breadth
_OVER = 5.0  # length by which the box of a group sticks out of a row that it continues in
_FLAT = 1e-6  # distances below this count as zero

Crossing = tuple[float, float]  # where an edge leaves a row, and where it enters the next one


class _Span(NamedTuple):
    """The part of a drawing between two possible cuts."""

    start: float
    end: float
    first: float = math.inf  #: the range across, of boxes and of edges that pass
    last: float = -math.inf

    def holding(self, first: float, last: float) -> _Span:
        return _Span(self.start, self.end, min(self.first, first), max(self.last, last))


class _Row(NamedTuple):
    """The parts between two cuts, and the move to their new place."""

    start: float
    end: float
    along: float
    across: float
    bottom: float  #: after the move

    def point(self, point: Point) -> Point:
        return point[0] + self.along, point[1] + self.across

    def box(self, box: Rectangle) -> Rectangle:
        return box[0] + self.along, box[1] + self.across, box[2], box[3]


class Wrapper:
    """Wraps a drawing into rows of any length."""

    def __init__(self, component: Component, spacing: Spacing, frame: tuple[float, float]) -> None:
        self.component, self.spacing = component, spacing
        #: the space that a group keeps before and after its content, across the edges
        self.frame = frame
        self.length, self.spans = component.extent()[2], _spans(component)
        self.crossings = list(_crossings(component, self.spans))

    def wrap(self, longest: float, broadest: float = math.inf) -> Component:
        """Return the drawing in rows that are at most `longest`, if its layers allow it.

        It stays in one row if the rows together would be about as broad as `broadest`, or more.
        """
        component, spans, spacing = self.component, self.spans, self.spacing
        if self.length <= longest:
            return component
        starts, breadth = _break(spans, self.crossings, longest, spacing.edge)
        if len(starts) < 2 or breadth > broadest:
            return component
        lanes = [self.crossings[i - 1] for i in starts[1:]]
        content = [_content(spans[i:j]) for i, j in pairwise([*starts, len(spans)])]
        pieces = [_pieces(component, row, self.frame) for row in content]
        rows = list(_rows(content, pieces, lanes, spacing))
        return _Wrapping(rows, lanes, spacing.edge).wrapped(component, pieces)


def _spans(component: Component) -> list[_Span]:
    """Return the parts between the possible cuts, which run through no box and no label.

    No cut separates a label from the node after it, or a group's frame from its nodes.
    """
    nodes = [(*box, True) for box in component.boxes.values()]
    labels = [(*box, False) for box in component.labels.values()]
    spans: list[_Span] = []
    ends_in_label = False
    for along, _, length, _, is_node in sorted(nodes + labels):
        if spans and (ends_in_label or along <= spans[-1].end + _FLAT):
            spans[-1] = spans[-1]._replace(end=max(spans[-1].end, along + length))
            ends_in_label = ends_in_label and not is_node
        else:
            spans.append(_Span(along, along + length))
            ends_in_label = not is_node
    for start, _, length, _ in component.groups.values():
        first = bisect_right(spans, start, key=lambda span: span.end)
        last = bisect_left(spans, start + length, key=lambda span: span.start) - 1
        spans[first] = spans[first]._replace(start=min(spans[first].start, start))
        spans[last] = spans[last]._replace(end=max(spans[last].end, start + length))
    _add_ranges(spans, component)
    return spans


def _add_ranges(spans: list[_Span], component: Component) -> None:
    boxes = [*component.boxes.values(), *component.labels.values()]
    ranges = [(x, x + length, y, y + breadth) for x, y, length, breadth in boxes]
    for points in component.curves.values():
        ranges += [(a[0], b[0], min(a[1], b[1]), max(a[1], b[1])) for a, b in _segments(points)]
    for start, end, first, last in ranges:
        i = bisect_left(spans, start, key=lambda span: span.end)
        while i < len(spans) and spans[i].start <= end:
            spans[i] = spans[i].holding(first, last)
            i += 1


def _segments(points: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    """Yield the ends of each curve of an edge."""
    return pairwise(points[::3])


def _crossings(component: Component, spans: Sequence[_Span]) -> Iterator[list[Crossing]]:
    """Yield where edges cross the gap after each part but the last, the last ones across first.

    In this order their lanes between the rows cross least: the first lane is next to the row above.
    """
    curves = component.curves.values()
    segments = sorted((a[0], b[0], a[1], b[1]) for c in curves for a, b in _segments(c))
    begun: list[tuple[float, Crossing]] = []  # a heap, by where they end
    i = 0
    for before, after in pairwise(spans):
        middle = (before.end + after.start) / 2
        while i < len(segments) and segments[i][0] <= middle:
            _, end, *across = segments[i]
            heappush(begun, (end, (across[0], across[1])))
            i += 1
        while begun and begun[0][0] <= middle:
            heappop(begun)
        yield sorted({crossing for _, crossing in begun}, key=sum, reverse=True)


def _break(
    spans: Sequence[_Span], crossings: Sequence[Sequence[Crossing]], longest: float, apart: float
) -> tuple[list[int], float]:
    """Return the first part of each row, and the breadth of all rows.

    The rows are low in total, and about equally long. The best way to wrap the first n parts
    follows from the best ways to wrap fewer.
    """
    margin = [0.0, *(_margin(each, apart) for each in crossings), 0.0]  # before each part
    least = [0.0] + [math.inf] * len(spans)
    row_start = [0] * (len(spans) + 1)
    for i in range(len(spans)):
        content = spans[i]
        for j in range(i, len(spans)):
            content = content.holding(*spans[j][2:])
            length = spans[j].end - spans[i].start + margin[i] + margin[j + 1]
            if length > longest and j > i:
                break
            empty = max(0.0, 1 - length / longest)
            breadth = content.last - content.first + margin[j + 1]
            cost = least[i] + breadth + _UNEVEN * empty**2
            if cost < least[j + 1]:
                least[j + 1], row_start[j + 1] = cost, i
    starts = []
    end = len(spans)
    while end:
        end = row_start[end]
        starts.append(end)
    return starts[::-1], least[-1]


def _margin(crossings: Sequence[Crossing], apart: float) -> float:
    """Return the space for the edges that turn at the end of a row."""
    return apart * (len(crossings) + 1) if crossings else 0.0


def _content(spans: Sequence[_Span]) -> _Span:
    """Return several parts as one."""
    first, last = min(s.first for s in spans), max(s.last for s in spans)
    return _Span(spans[0].start, spans[-1].end, first, last)


def _pieces(component: Component, row: _Span, frame: tuple[float, float]) -> dict[Group, Rectangle]:
    """Return the boxes of the groups in a row, around what they contain there."""
    inside: dict[Group, list[Rectangle]] = {path: [] for path in component.groups}
    for name, box in component.boxes.items():
        if row.start <= box[0] and box[0] + box[2] <= row.end and component.nodes[name].group:
            inside[tuple(component.nodes[name].group)].append(box)
    pieces: dict[Group, Rectangle] = {}
    for path in sorted(inside, key=len, reverse=True):
        if boxes := inside[path]:
            start, end, edges = _edges_inside(component, component.groups[path], row)
            first = min(box[1] for box in boxes + edges) - frame[0]
            last = max(box[1] + box[3] for box in boxes + edges) + frame[1]
            pieces[path] = start, first, end - start, last - first
            if len(path) > 1:
                inside[path[:-1]].append(pieces[path])
    return pieces


def _edges_inside(
    component: Component, box: Rectangle, row: _Span
) -> tuple[float, float, list[Rectangle]]:
    """Return where the box of a group starts and ends in a row, and what its edges cover there."""
    along, across, length, breadth = box
    start, end = max(along, row.start - _OVER), min(along + length, row.end + _OVER)
    segments = (pair for points in component.curves.values() for pair in _segments(points))
    covered = [(a[0], min(a[1], b[1]), b[0] - a[0], abs(b[1] - a[1])) for a, b in segments]
    covered += component.labels.values()
    edges = [
        (x, y, dx, dy)
        for x, y, dx, dy in covered
        if across < y and y + dy < across + breadth and start < x + dx and x < end
    ]
    return start, end, edges


def _rows(
    content: Sequence[_Span],
    pieces: Sequence[dict[Group, Rectangle]],
    lanes: Sequence[Sequence[Crossing]],
    spacing: Spacing,
) -> Iterator[_Row]:
    """Yield the rows, one below the other, with space for the edges between them."""
    margins = [_margin(crossings, spacing.edge) for crossings in lanes]
    left, top = max(margins), 0.0
    for (start, end, first, last), boxes, margin in zip(content, pieces, [*margins, 0.0]):
        first = min([first, *(box[1] for box in boxes.values())])
        last = max([last, *(box[1] + box[3] for box in boxes.values())])
        bottom = top + last - first
        yield _Row(start, end, left - start, top - first, bottom)
        top = bottom + max(margin, spacing.node)


class _Wrapping(NamedTuple):
    """The rows of a drawing, and the lanes of the edges between each row and the next."""

    rows: Sequence[_Row]
    lanes: Sequence[Sequence[Crossing]]
    apart: float  #: distance of the lanes

    def wrapped(self, component: Component, pieces: Sequence[dict[Group, Rectangle]]) -> Component:
        """Return a drawing whose parts are moved to their rows."""
        moved = Component(component.nodes, component.edges)
        moved.boxes = {name: self.box(box) for name, box in component.boxes.items()}
        moved.labels = {i: self.box(box) for i, box in component.labels.items()}
        moved.curves = {i: self.curve(points) for i, points in component.curves.items()}
        for row, boxes in zip(self.rows, pieces):
            for path, box in boxes.items():
                if moved.groups.setdefault(path, row.box(box)) != row.box(box):
                    moved.continued.append((path, row.box(box)))
        moved.groups = {path: moved.groups[path] for path in component.groups}
        return moved

    def row(self, along: float) -> int:
        """Return the row of a place."""
        return min(bisect_left(self.rows, along, key=lambda row: row.end), len(self.rows) - 1)

    def box(self, box: Rectangle) -> Rectangle:
        return self.rows[self.row(box[0] + box[2])].box(box)

    def curve(self, points: Sequence[Point]) -> tuple[Point, ...]:
        """Return an edge, led from row to row."""
        nth = self.row(points[0][0])
        path = [self.rows[nth].point(points[0])]
        for (start, end), (c, d) in zip(_segments(points), zip(points[1::3], points[2::3])):
            while end[0] > self.rows[nth].end + _FLAT and nth + 1 < len(self.rows):
                out, into = start[1], end[1]
                _straight(path, self.rows[nth].point((self.rows[nth].end, out)))
                path += self.turn(nth, (out, into))
                nth += 1
                start = c = self.rows[nth].start, into
                d = end
            to = self.rows[nth].point(end)
            if start[1] == end[1]:
                _straight(path, to)
            else:
                path += [self.rows[nth].point(c), self.rows[nth].point(d), to]
        return tuple(path)

    def turn(self, nth: int, crossing: Crossing) -> list[Point]:
        """Return the curves from the end of a row to the start of the next one."""
        row, after = self.rows[nth], self.rows[nth + 1]
        lanes, apart = self.lanes[nth], self.apart
        lane = lanes.index(crossing)
        start = row.point((row.end, crossing[0]))
        end = after.point((after.start, crossing[1]))
        right = start[0] + apart * (lane + 0.5)
        left = end[0] - apart * (len(lanes) - lane)
        way = row.bottom + apart * (lane + 0.75)
        corners = [start, (right, start[1]), (right, way), (left, way), (left, end[1]), end]
        return _rounded(corners)[1:]


def _straight(path: list[Point], to: Point) -> None:
    """Continue a path on a straight line, as a curve."""
    (x, y), (x_, y_) = path[-1], to
    if math.hypot(x_ - x, y_ - y) > _FLAT:
        path += [((2 * x + x_) / 3, (2 * y + y_) / 3), ((x + 2 * x_) / 3, (y + 2 * y_) / 3), to]


def _rounded(corners: Sequence[Point]) -> list[Point]:
    """Return curves along straight lines, with round corners."""
    path = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:]):
        arrives, leaves = _toward(corner, before), _toward(corner, after)
        _straight(path, arrives)
        path += [_between(arrives, corner), _between(leaves, corner), leaves]
    _straight(path, corners[-1])
    return path


def _toward(corner: Point, other: Point) -> Point:
    """Return the point where the rounding of a corner begins."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    share = min(_RADIUS / (math.hypot(dx, dy) or 1.0), 0.5)
    return corner[0] + share * dx, corner[1] + share * dy


def _between(point: Point, corner: Point) -> Point:
    x, y = point
    return x + _REACH * (corner[0] - x), y + _REACH * (corner[1] - y)
