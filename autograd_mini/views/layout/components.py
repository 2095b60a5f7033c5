"""Split a graph into connected components, and pack their drawings into one picture."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .routes import Rectangle
from .shapes import Box, Edge, Group, Layout, Node, Point, Route, Spacing


@dataclass
class Component:
    """Nodes that are joined by edges or groups, with their own coordinates.

    Points and boxes are along and across the edges, as in `routes`.
    """

    nodes: dict[Hashable, Node] = field(default_factory=dict)
    edges: list[tuple[int, Edge]] = field(default_factory=list)  #: with the index among all edges
    boxes: dict[Hashable, Rectangle] = field(default_factory=dict)
    groups: dict[Group, Rectangle] = field(default_factory=dict)
    #: the boxes of groups on the rows after their first
    continued: list[tuple[Group, Rectangle]] = field(default_factory=list)
    curves: dict[int, tuple[Point, ...]] = field(default_factory=dict)
    labels: dict[int, Rectangle] = field(default_factory=dict)

    def extent(self) -> Rectangle:
        """Return a box around everything."""
        boxes = [*self.boxes.values(), *self.groups.values(), *self.labels.values()]
        boxes += [box for _, box in self.continued]
        boxes += [(x, y, 0.0, 0.0) for points in self.curves.values() for x, y in points]
        along, across = min(box[0] for box in boxes), min(box[1] for box in boxes)
        end, last = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
        return along, across, end - along, last - across


def split(nodes: Mapping[Hashable, Node], edges: Sequence[Edge]) -> list[Component]:
    """Return the components of a graph, in the order of their first nodes."""
    near: dict[Hashable, list[Hashable]] = defaultdict(list)
    for u, v, *_ in edges:
        near[u].append(v)
        near[v].append(u)
    first: dict[Hashable, Hashable] = {}
    for name, node in nodes.items():
        for group in node.group[:1]:
            other = first.setdefault(group, name)
            near[name].append(other)
            near[other].append(name)
    component: dict[Hashable, Component] = {}
    components = []
    for root in nodes:
        if root not in component:
            components.append(Component())
            todo = [root]
            for u in todo:  # the list grows during the loop
                if u not in component:
                    component[u] = components[-1]
                    todo += near[u]
    for name, node in nodes.items():
        component[name].nodes[name] = node
    for i, edge in enumerate(edges):
        component[edge.source].edges.append((i, edge))
    return components


def pack(
    nodes: Mapping[Hashable, Node],
    components: Sequence[Component],
    direction: str,
    spacing: Spacing,
    longest: float,
) -> Layout:
    """Place the components next to one another, in several rows if there are many.

    If they can, they stay within `longest`.
    """
    margin = spacing.margin
    extents = [component.extent() for component in components]
    area = sum((e[2] + spacing.layer) * (e[3] + spacing.node) for e in extents)
    most = max([math.sqrt(area), *(breadth for *_, breadth in extents)])
    drawing = Layout(dict.fromkeys(nodes, Box(0, 0, 0, 0)), [], {}, 0.0, 0.0, [])
    routes: dict[int, Route] = {}
    along = across = margin
    end = last = 0.0
    for component, (start, first, length, breadth) in zip(components, extents):
        fits = end + spacing.layer + length + margin <= longest
        if across > margin and across + breadth > margin + most and fits:
            along, across = end + spacing.layer, margin
        turn = _Turn(direction, along - start, across - first)
        drawing.nodes.update((name, turn.box(box)) for name, box in component.boxes.items())
        drawing.groups.update((path, turn.box(box)) for path, box in component.groups.items())
        drawing.continued.extend((path, turn.box(box)) for path, box in component.continued)
        for i, points in component.curves.items():
            label = turn.box(component.labels[i]) if i in component.labels else None
            routes[i] = Route(tuple(map(turn.point, points)), label)
        end, last = max(end, along + length), max(last, across + breadth)
        across += breadth + spacing.node
    drawing.routes.extend(routes[i] for i in range(len(routes)))
    size = (end + margin, last + margin) if direction == "LR" else (last + margin, end + margin)
    return drawing._replace(width=size[0], height=size[1])


class _Turn(NamedTuple):
    """The map from coordinates along and across a component's edges to x and y of the picture."""

    direction: str
    along: float
    across: float

    def point(self, point: Point) -> Point:
        along, across = point[0] + self.along, point[1] + self.across
        return (along, across) if self.direction == "LR" else (across, along)

    def box(self, box: Rectangle) -> Box:
        along, across, length, breadth = box
        size = (length, breadth) if self.direction == "LR" else (breadth, length)
        return Box(*self.point((along, across)), *size)
