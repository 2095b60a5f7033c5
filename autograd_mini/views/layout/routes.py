"""Turn positions into boxes and curves: the fourth step of the layout.

Layers run *along* the edges, and the vertices of one layer lie *across* them. Points here are
(along, across), and boxes (along, across, length, breadth), from the corner where both are least.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from .layers import LABEL, ROOT, Layered, Link
from .shapes import Point

Rectangle = tuple[float, float, float, float]

_FLAT = 1e-6  # distances below this count as zero


class Margins(NamedTuple):
    """The distances to keep along the edges."""

    layer: float  #: between layers
    edge: float  #: between a label or a group's box and the next layer
    before: float  #: between the start of a group's box and its content
    after: float  #: between the content of a group's box and its end


class Placed(NamedTuple):
    """A layered graph with coordinates."""

    drawn: Layered
    middle: Sequence[float]  #: the middle of each vertex, across the edges
    starts: list[float]  #: the start of each layer, along the edges
    ends: list[float]  #: the end of each layer, along the edges

    def box(self, v: int) -> Rectangle:
        """Return the box of a vertex, in the middle of its layer."""
        k, length, breadth = self.drawn.layer[v], self.drawn.along[v], self.drawn.across[v]
        along = (self.starts[k] + self.ends[k] - length) / 2
        return along, self.middle[v] - breadth / 2, length, breadth


def line_up(drawn: Layered, middle: Sequence[float], margins: Margins) -> Placed:
    """Lay one layer after the other along the edges."""
    closing, opening = _frames(drawn, margins)
    placed = Placed(drawn, middle, [], [])
    start = 0.0
    for k, layer in enumerate(drawn.order):
        if k:
            frames = closing[k - 1] + opening[k]
            start += max(_gap(drawn, middle, k, margins), frames + margins.edge if frames else 0.0)
        placed.starts.append(start)
        start += max(drawn.along[v] for v in layer)
        placed.ends.append(start)
    return placed


def _gap(drawn: Layered, middle: Sequence[float], k: int, margins: Margins) -> float:
    """Return the distance of layer `k` from the one before, which is larger for steep edges."""
    before, layer = drawn.order[k - 1], drawn.order[k]
    ends = [drawn.ends[s] for v in layer for s in drawn.above[v]]
    steepest = max((abs(middle[u] - middle[v]) for u, v in ends), default=0.0)
    labels = any(drawn.kind[v] == LABEL for v in (*before, *layer))
    least = margins.layer / 2 if labels else margins.layer  # half on either side of the labels
    return max(least, min(steepest / 4, 3 * least))


def _frames(drawn: Layered, margins: Margins) -> tuple[list[float], list[float]]:
    """Return the space that the boxes of groups need after each layer, and before it."""
    closing, opening = [0.0] * len(drawn.order), [0.0] * len(drawn.order)
    inside = [[0.0, 0.0] for _ in drawn.parent]  # for each group: the frames of its inner groups
    for g in reversed(range(len(drawn.parent))):
        (first, last), around = drawn.spans[g], drawn.parent[g]
        before, after = inside[g][0] + margins.before, inside[g][1] + margins.after
        opening[first] = max(opening[first], before)
        closing[last] = max(closing[last], after)
        if around != ROOT and drawn.spans[around][0] == first:
            inside[around][0] = max(inside[around][0], before)
        if around != ROOT and drawn.spans[around][1] == last:
            inside[around][1] = max(inside[around][1], after)
    return closing, opening


def group_boxes(placed: Placed, nodes: int, margins: Margins) -> list[Rectangle]:
    """Return a box for each group, around its nodes (the first vertices) and inner groups."""
    drawn, middle = placed.drawn, placed.middle
    start, end = [math.inf] * len(drawn.parent), [-math.inf] * len(drawn.parent)
    for v in range(nodes):
        g, (along, _, length, _) = drawn.group[v], placed.box(v)
        if g != ROOT:
            start[g], end[g] = min(start[g], along), max(end[g], along + length)
    for g in reversed(range(len(drawn.parent))):
        start[g] -= margins.before
        end[g] += margins.after
        around = drawn.parent[g]
        if around != ROOT:
            start[around], end[around] = min(start[around], start[g]), max(end[around], end[g])
    return [
        (start[g], middle[left], end[g] - start[g], middle[right] - middle[left])
        for g, (left, right) in enumerate(drawn.borders)
    ]


def route(placed: Placed, link: Link, chain: Sequence[int]) -> tuple[Point, ...]:
    """Return cubic Bézier curves along an edge: 1 + 3n points.

    Within a layer the edge is straight, where `coordinates` has kept space for it. It is curved
    between layers only, where nothing else is. So it never runs through another box.
    """
    corners = _corners(placed, link, chain)
    points = corners[:1]
    for (x, y), (x_, y_) in pairwise(corners):
        if x_ - x > _FLAT:
            reach = (x_ - x) / (3 if y == y_ else 2)
            points += [(x + reach, y), (x_ - reach, y_), (x_, y_)]
    return tuple(points)


def _corners(placed: Placed, link: Link, chain: Sequence[int]) -> list[Point]:
    """Return the points where the straight parts of an edge begin and end."""
    drawn, middle, starts, ends = placed
    u, v = chain[0], chain[-1]
    k, y = drawn.layer[u], middle[u] + link.u_port
    corners = [((starts[k] + ends[k] + drawn.along[u]) / 2, y)]
    for w in chain[1:]:
        y_ = middle[w] + link.v_port if w == v else middle[w]
        if abs(y_ - y) > _FLAT:
            corners += [(ends[k], y), (starts[k + 1], y_)]
            y = y_
        k += 1
    return [*corners, ((starts[k] + ends[k] - drawn.along[v]) / 2, y)]
