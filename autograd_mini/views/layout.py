"""A layered drawing of any directed graph without cycles: boxes, curves, labels, groups.

It knows nothing of tensors: sizes go in, coordinates come out. The steps are those of Sugiyama,
Tagawa, Toda (1981) and of Graphviz's `dot` (Gansner, Koutsofios, North, Vo, "A technique for drawing
directed graphs", 1993), a file for each:

    layering   the layer of each node; bends where an edge crosses a layer
    ordering   the order on each layer, so that few edges cross
    placing    a place for each vertex, so that edges are straight
    layout     from there to boxes and curves: this file

Everything is iterative and deterministic. Inside, the layers run *along* the edges, and the vertices of
one layer lie *across* them; which of the two is x is decided at the very end.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from .layering import LABEL, ROOT, Layered, Link, layered
from .ordering import minimise_crossings
from .placing import Separation, place

Point = tuple[float, float]
Group = tuple[str, ...]


class Node(NamedTuple):
    """What is to be placed: a box of a given size, and the groups around it, the outermost first."""

    width: float
    height: float
    group: Group = ()


class Edge(NamedTuple):
    """What is to be drawn from a node to another.

    A port is where the edge meets the node, along the side that faces the other layers: from the top
    of the node when the graph runs from left to right, from its left when it runs down. None is the
    middle. A label is given by the width and height to keep free for it.
    """

    source: Hashable
    target: Hashable
    source_port: float | None = None
    target_port: float | None = None
    label: tuple[float, float] | None = None


class Box(NamedTuple):
    """A rectangle: its top left corner and its size. The y axis points down, as in SVG."""

    x: float
    y: float
    width: float
    height: float


class Route(NamedTuple):
    """How an edge runs: cubic Bézier curves, one after another, and the box of its label.

    Attributes
    ----------
    points : tuple of (float, float)
        1 + 3n points for n curves: a start, then two control points and an end for each.
    label : Box or None
        The edge runs straight through its middle.
    """

    points: tuple[Point, ...]
    label: Box | None = None

    def path(self) -> str:
        """The ``d`` of an SVG path.

        Examples
        --------
        >>> Route(((0, 0), (1, 0), (2, 4.25), (3, 4.25))).path()
        'M0,0C1,0 2,4.25 3,4.25'
        """
        first, *others = (f"{_decimal(x)},{_decimal(y)}" for x, y in self.points)
        return f"M{first}C{' '.join(others)}"


def _decimal(x: float) -> str:
    return f"{x:.2f}".rstrip("0").rstrip(".")


class Layout(NamedTuple):
    """A drawing.

    Attributes
    ----------
    nodes : dict
        The box of each node.
    routes : list of Route
        Of each edge, in the order in which the edges were given.
    groups : dict
        The box of each group, by its path of names; outer ones come before those inside them.
    width, height : float
        All of it lies between (0, 0) and (width, height).
    """

    nodes: dict[Hashable, Box]
    routes: list[Route]
    groups: dict[Group, Box]
    width: float
    height: float


class Spacing(NamedTuple):
    """The distances to keep.

    Attributes
    ----------
    layer : float
        Between layers; more where edges would be steep.
    node, edge : float
        Between the nodes of one layer; between an edge or a label and what is beside it.
    group, title : float
        Between a group's box and what is in it; room above that for the group's title.
    margin : float
        Around everything.
    """

    layer: float = 56
    node: float = 28
    edge: float = 14
    group: float = 14
    title: float = 20
    margin: float = 0


_SPACING = Spacing()


def layout(
    nodes: Mapping[Hashable, Node],
    edges: Sequence[Edge],
    *,
    direction: str = "LR",
    spacing: Spacing = _SPACING,
) -> Layout:
    """Place the nodes of a graph on layers, and route its edges between them.

    No two boxes of nodes and labels overlap, no edge runs through one; the box of a group contains its
    nodes, and no others.

    Parameters
    ----------
    nodes : mapping of name to Node
        Sizes and groups. Where nothing else decides, earlier nodes come first.
    edges : sequence of Edge
        Between the names of nodes. Edges of the same ends and ports are drawn side by side.
    direction : {"LR", "TB"}
        Whether edges run from left to right or from top to bottom.
    spacing : Spacing

    Returns
    -------
    Layout

    Raises
    ------
    ValueError
        For an edge to an unknown node or to its own source, for edges that form a cycle, for a size
        that is negative or not finite, for a port beside its node, for an unknown direction.

    Examples
    --------
    >>> nodes = {name: Node(60, 40) for name in "xyz"}
    >>> drawing = layout(nodes, [Edge("x", "y"), Edge("x", "z"), Edge("y", "z")])
    >>> drawing.nodes["y"]
    Box(x=116.0, y=0.0, width=60, height=40)
    >>> drawing.routes[0].path()
    'M60,54C88,54 88,20 116,20'
    """
    _check(nodes, edges, direction)
    parts = _parts(nodes, edges)
    for part in parts:
        _draw(part, direction, spacing)
    return _packed(nodes, edges, parts, direction, spacing)


def _check(nodes: Mapping[Hashable, Node], edges: Sequence[Edge], direction: str) -> None:
    if direction not in ("LR", "TB"):
        raise ValueError(f"direction is 'LR' or 'TB', not {direction!r}")
    for name, node in nodes.items():
        if not all(0 <= size < math.inf for size in node[:2]):
            raise ValueError(f"node {name!r} has no size: {node.width} x {node.height}")
    for edge in edges:
        for name, port in (edge.source, edge.source_port), (edge.target, edge.target_port):
            if name not in nodes:
                raise ValueError(f"an edge names {name!r}, which is not among the nodes")
            side = nodes[name].height if direction == "LR" else nodes[name].width
            if port is not None and not 0 <= port <= side:
                raise ValueError(f"port {port} is not on the side of node {name!r}: 0 to {side}")
        if edge.source == edge.target:
            raise ValueError(f"an edge leads from {edge.source!r} to itself")
        if edge.label and not all(0 <= size < math.inf for size in edge.label):
            raise ValueError(f"a label has no size: {edge.label}")


# --- parts that hang together --------------------------------------------------------------------


@dataclass
class _Part:
    """Nodes that are joined by edges or groups, drawn on their own; then where things are in it.

    Points and boxes are along and across: (along, across) and (along, across, length, breadth).
    """

    nodes: dict[Hashable, Node] = field(default_factory=dict)
    edges: list[tuple[int, Edge]] = field(default_factory=list)  # with the index among all edges
    boxes: dict[Hashable, Box] = field(default_factory=dict)
    routes: dict[int, Route] = field(default_factory=dict)
    groups: dict[Group, Box] = field(default_factory=dict)
    start: Point = (0.0, 0.0)
    end: Point = (0.0, 0.0)

    @property
    def length(self) -> float:
        return self.end[0] - self.start[0]

    @property
    def breadth(self) -> float:
        return self.end[1] - self.start[1]


def _parts(nodes: Mapping[Hashable, Node], edges: Sequence[Edge]) -> list[_Part]:
    """The parts of a graph, in the order of their first nodes."""
    near: dict[Hashable, list[Hashable]] = defaultdict(list)
    for u, v, *_ in edges:
        near[u].append(v)
        near[v].append(u)
    first: dict[str, Hashable] = {}
    for name, node in nodes.items():
        for group in node.group[:1]:
            other = first.setdefault(group, name)
            near[name].append(other)
            near[other].append(name)
    part: dict[Hashable, _Part] = {}
    for root in nodes:
        if root not in part:
            part[root] = _Part()
            todo = [root]
            for u in todo:  # it grows while it is walked
                for v in near[u]:
                    if v not in part:
                        part[v] = part[u]
                        todo.append(v)
    for name, node in nodes.items():
        part[name].nodes[name] = node
    for i, edge in enumerate(edges):
        part[edge.source].edges.append((i, edge))
    return list({id(p): p for p in part.values()}.values())


def _packed(
    nodes: Mapping[Hashable, Node],
    edges: Sequence[Edge],
    parts: Sequence[_Part],
    direction: str,
    spacing: Spacing,
) -> Layout:
    """The parts beside one another, in several rows if there are many; and which axis is x."""
    area = sum((p.length + spacing.layer) * (p.breadth + spacing.node) for p in parts)
    most = max([math.sqrt(area), *(p.breadth for p in parts)])
    drawing = Layout({}, [Route(())] * len(edges), {}, 0.0, 0.0)
    along = across = spacing.margin
    length = breadth = end = 0.0
    boxes: dict[Hashable, Box] = {}
    for p in parts:
        if across > spacing.margin and across + p.breadth > most:
            along, across = end + spacing.layer, spacing.margin
        turned = _Turn(direction, along - p.start[0], across - p.start[1])
        boxes |= {name: turned.box(box) for name, box in p.boxes.items()}
        drawing.groups.update({path: turned.box(box) for path, box in p.groups.items()})
        for i, (points, label) in p.routes.items():
            box = turned.box(label) if label else None
            drawing.routes[i] = Route(tuple(map(turned.point, points)), box)
        end = max(end, along + p.length)
        breadth = max(breadth, across + p.breadth)
        across += p.breadth + spacing.node
    length = end
    drawing.nodes.update({name: boxes[name] for name in nodes})
    length, breadth = max(length, spacing.margin) + spacing.margin, breadth + spacing.margin
    size = (length, breadth) if direction == "LR" else (breadth, length)
    return drawing._replace(width=size[0], height=size[1])


class _Turn(NamedTuple):
    """From along and across, in a part, to x and y."""

    direction: str
    along: float
    across: float

    def point(self, point: Point) -> Point:
        along, across = point[0] + self.along, point[1] + self.across
        return (along, across) if self.direction == "LR" else (across, along)

    def box(self, box: Box) -> Box:
        along, across, length, breadth = box
        size = (length, breadth) if self.direction == "LR" else (breadth, length)
        return Box(*self.point((along, across)), *size)


# --- one part ------------------------------------------------------------------------------------


def _draw(part: _Part, direction: str, spacing: Spacing) -> None:
    """Place and route one part."""
    down = direction == "TB"
    nodes = list(part.nodes.values())
    across = [node.width if down else node.height for node in nodes]
    along = [node.height if down else node.width for node in nodes]
    groups = _numbered_groups(nodes)
    group = [groups[node.group] for node in nodes]
    parent = [groups[path[:-1]] for path in groups if path]
    links = _links(part, across, down, spacing.edge)
    drawn = layered(across, along, group, parent, links)
    minimise_crossings(drawn)

    title = (spacing.title, 0.0) if down else (0.0, spacing.title)
    separation = Separation(spacing.node, spacing.edge, spacing.group + title[1], spacing.group)
    middle = place(drawn, separation)
    starts, ends = _bands(drawn, middle, spacing, title[0])
    for v, name in enumerate(part.nodes):
        at = (starts[drawn.layer[v]] + ends[drawn.layer[v]] - along[v]) / 2
        part.boxes[name] = Box(at, middle[v] - across[v] / 2, along[v], across[v])
    extents = _group_extents(drawn, list(part.boxes.values()), spacing.group, title[0])
    for path, g in groups.items():
        if path:
            low, high = extents[g]
            first, last = (middle[v] for v in drawn.borders[g])
            part.groups[path] = Box(low, first, high - low, last - first)
    for (i, edge), link, chain in zip(part.edges, links, drawn.chains):
        points = _curves(_corners(drawn, middle, starts, ends, chain, link))
        label = None
        if link.label:
            k, (breadth, length) = drawn.layer[chain[-2]], link.label
            at = (starts[k] + ends[k] - length) / 2
            label = Box(at, middle[chain[-2]] - breadth / 2, length, breadth)
        part.routes[i] = Route(points, label)
    _measure(part)


def _numbered_groups(nodes: Sequence[Node]) -> dict[Group, int]:
    """Each path of names and its number, outer groups before inner ones."""
    groups: dict[Group, int] = {(): ROOT}
    for node in nodes:
        for depth in range(1, len(node.group) + 1):
            groups.setdefault(tuple(node.group[:depth]), len(groups) - 1)
    return groups


def _links(part: _Part, across: Sequence[float], down: bool, apart: float) -> list[Link]:
    """The edges between numbers; those that would lie on one another are set apart."""
    number = {name: i for i, name in enumerate(part.nodes)}
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for i, (_, edge) in enumerate(part.edges):
        alike[edge[:4]].append(i)
    links: dict[int, Link] = {}
    for same in alike.values():
        for nth, i in enumerate(same):
            edge = part.edges[i][1]
            u, v = number[edge.source], number[edge.target]
            ports = []
            for w, port in (u, edge.source_port), (v, edge.target_port):
                step = min(apart, across[w] / (len(same) + 1))
                middle = 0.0 if port is None else port - across[w] / 2
                at = middle + (nth - (len(same) - 1) / 2) * step
                ports.append(max(-across[w] / 2, min(at, across[w] / 2)))
            label = edge.label and (edge.label if down else edge.label[::-1])
            links[i] = Link(u, v, ports[0], ports[1], label)
    return [links[i] for i in range(len(part.edges))]


def _bands(
    drawn: Layered, middle: Sequence[float], spacing: Spacing, title: float
) -> tuple[list[float], list[float]]:
    """Where each layer starts and ends."""
    count = len(drawn.order)
    depth = [max(drawn.along[v] for v in layer) for layer in drawn.order]
    gap = [_gap(drawn, middle, k, spacing) for k in range(count - 1)]
    opening, closing = [0.0] * (count + 1), [0.0] * count
    inner = [(0.0, 0.0)] * len(drawn.parent)
    for g in reversed(range(len(drawn.parent))):
        before, after = inner[g][0] + spacing.group + title, inner[g][1] + spacing.group
        first, last = drawn.spans[g]
        opening[first] = max(opening[first], before)
        closing[last] = max(closing[last], after)
        around = drawn.parent[g]
        if around != ROOT:
            inner[around] = (
                max(inner[around][0], before * (drawn.spans[around][0] == first)),
                max(inner[around][1], after * (drawn.spans[around][1] == last)),
            )
    starts, ends, at = [], [], 0.0
    for k in range(count):
        starts.append(at)
        ends.append(at + depth[k])
        at = ends[-1] + (
            max(gap[k], closing[k] + opening[k + 1] + spacing.edge) if k < count - 1 else 0
        )
    return starts, ends


def _gap(drawn: Layered, middle: Sequence[float], k: int, spacing: Spacing) -> float:
    """Between layers `k` and `k` + 1: more where edges are steep, half beside a layer of labels."""
    segments = [s for v in drawn.order[k] for s in drawn.below[v]]
    steepest = max(
        (abs(middle[u] - middle[v]) for u, v in map(drawn.ends.__getitem__, segments)), default=0
    )
    labels = any(drawn.kind[v] == LABEL for j in (k, k + 1) for v in drawn.order[j])
    least = spacing.layer / 2 if labels else spacing.layer
    return max(least, min(steepest / 4, 3 * least))


def _group_extents(
    drawn: Layered, boxes: Sequence[Box], pad: float, title: float
) -> list[list[float]]:
    """Where each group starts and ends along the edges: around its nodes and inner groups."""
    extents = [[math.inf, -math.inf] for _ in drawn.parent]
    for g, box in zip(drawn.group, boxes):
        if g != ROOT:
            extents[g][0] = min(extents[g][0], box.x)
            extents[g][1] = max(extents[g][1], box.x + box.width)
    for g in reversed(range(len(extents))):
        low, high = extents[g] = [extents[g][0] - pad - title, extents[g][1] + pad]
        around = drawn.parent[g]
        if around != ROOT:
            extents[around] = [min(extents[around][0], low), max(extents[around][1], high)]
    return extents


# --- routes --------------------------------------------------------------------------------------


def _corners(
    drawn: Layered,
    middle: Sequence[float],
    starts: Sequence[float],
    ends: Sequence[float],
    chain: Sequence[int],
    link: Link,
) -> list[Point]:
    """The points of an edge between which it is straight and curved by turns.

    Through a layer it runs straight, where `placing` has kept room for it; it is curved between
    layers, where nothing else is. So no edge can touch the box of another node or label.
    """
    u, v = chain[0], chain[-1]
    k, at = drawn.layer[u], middle[u] + link.u_port
    corners = [((starts[k] + ends[k] + drawn.along[u]) / 2, at)]
    for w in chain[1:]:
        there = middle[w] + link.v_port if w == v else middle[w]
        if abs(there - at) > _FLAT:
            corners += [(ends[k], at), (starts[k + 1], there)]
            at = there
        k += 1
    return [*corners, ((starts[k] + ends[k] - drawn.along[v]) / 2, at)]


def _curves(corners: Sequence[Point]) -> tuple[Point, ...]:
    """Cubic curves through the corners, which they pass in the direction of the edges."""
    points = [corners[0]]
    for (x, y), (x_, y_) in pairwise(corners):
        if x_ - x > _FLAT:
            reach = (x_ - x) / (3 if y == y_ else 2)
            points += [(x + reach, y), (x_ - reach, y_), (x_, y_)]
    return tuple(points)


_FLAT = 1e-6


def _measure(part: _Part) -> None:
    """The extent of all that is in a part; what sticks out before its start is moved in."""
    boxes = [*part.boxes.values(), *part.groups.values()]
    boxes += [route.label for route in part.routes.values() if route.label]
    points = [point for route in part.routes.values() for point in route.points]
    part.start = (
        min([box.x for box in boxes] + [x for x, _ in points]),
        min([box.y for box in boxes] + [y for _, y in points]),
    )
    part.end = (
        max([box.x + box.width for box in boxes] + [x for x, _ in points]),
        max([box.y + box.height for box in boxes] + [y for _, y in points]),
    )
