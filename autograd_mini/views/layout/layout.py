"""A layered drawing of any directed graph without cycles: boxes, curves, labels, groups.

It knows nothing of tensors: sizes go in, coordinates come out. The steps are those of Sugiyama,
Tagawa, Toda, "Methods for visual understanding of hierarchical system structures" (1981), and of
Graphviz's `dot` (Gansner, Koutsofios, North, Vo, "A technique for drawing directed graphs", 1993),
a file for each:

1. `layering`: a layer for each node; bends where an edge passes through a layer.
2. `ordering`: the order on each layer, so that few edges cross.
3. `placing`: a place for each vertex on its layer, so that edges are straight.
4. `routing`: boxes and curves.

This file has what a user calls, and lays parts that do not hang together beside one another.
Nothing here is recursive, or depends on chance or time: the same graph gets the same drawing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .coordinates import Separation, place
from .crossings import minimise_crossings
from .layers import ROOT, Link, layered
from .routes import Margins, Placed, Point, Rectangle, group_boxes, line_up, route

Group = tuple[Hashable, ...]


class Node(NamedTuple):
    """What is to be placed: a box of a given size, and the groups around it, outer ones first."""

    width: float
    height: float
    group: Group = ()


class Edge(NamedTuple):
    """What is to be drawn from a node to another.

    A port is where the edge meets the node: from the top of the node when the graph runs from left
    to right, from its left when it runs down. Edges without one share the side, in the order in
    which they come: one alone is in the middle. A label is given by the width and
    height to keep free for it, where the edge is about to reach its target.
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

    No boxes of nodes or labels overlap, and no edge runs through one; the box of a group contains
    its nodes, and no others.

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
        For an edge to an unknown node or to its own source, for edges that form a cycle, for a
        size that is negative or not finite, for a port beside its node, for an unknown direction.

    Examples
    --------
    >>> nodes = {name: Node(60, 40) for name in "xyz"}
    >>> drawing = layout(nodes, [Edge("x", "y"), Edge("x", "z"), Edge("y", "z")])
    >>> drawing.nodes["y"]
    Box(x=116.0, y=0.0, width=60, height=40)
    >>> drawing.routes[0].path()
    'M60,47.33C88,47.33 88,20 116,20'
    """
    _check(nodes, edges, direction)
    parts = _parts(nodes, edges)
    for part in parts:
        _draw(part, direction, spacing)
    return _packed(nodes, parts, direction, spacing)


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
    """Nodes that are joined by edges or groups; then where they are when they are drawn alone.

    Points and boxes are along and across the edges, as in `routing`.
    """

    nodes: dict[Hashable, Node] = field(default_factory=dict)
    edges: list[tuple[int, Edge]] = field(default_factory=list)  # with the index among all edges
    boxes: dict[Hashable, Rectangle] = field(default_factory=dict)
    groups: dict[Group, Rectangle] = field(default_factory=dict)
    curves: dict[int, tuple[Point, ...]] = field(default_factory=dict)
    labels: dict[int, Rectangle] = field(default_factory=dict)

    def extent(self) -> Rectangle:
        """A box around everything."""
        boxes = [*self.boxes.values(), *self.groups.values(), *self.labels.values()]
        boxes += [(x, y, 0.0, 0.0) for points in self.curves.values() for x, y in points]
        along, across = min(box[0] for box in boxes), min(box[1] for box in boxes)
        end, last = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
        return along, across, end - along, last - across


def _parts(nodes: Mapping[Hashable, Node], edges: Sequence[Edge]) -> list[_Part]:
    """The parts of a graph, in the order of their first nodes."""
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
    part: dict[Hashable, _Part] = {}
    parts = []
    for root in nodes:
        if root not in part:
            part[root] = _Part()
            parts.append(part[root])
            _spread(part, root, near)
    for name, node in nodes.items():
        part[name].nodes[name] = node
    for i, edge in enumerate(edges):
        part[edge.source].edges.append((i, edge))
    return parts


def _spread(
    part: dict[Hashable, _Part], root: Hashable, near: Mapping[Hashable, Iterable[Hashable]]
) -> None:
    """All that can be reached from the root is in its part."""
    todo = [root]
    for u in todo:  # it grows while it is walked
        for v in near.get(u, ()):
            if v not in part:
                part[v] = part[u]
                todo.append(v)


def _draw(part: _Part, direction: str, spacing: Spacing) -> None:
    """Place and route one part."""
    down = direction == "TB"
    nodes = list(part.nodes.values())
    across = [node.width if down else node.height for node in nodes]
    along = [node.height if down else node.width for node in nodes]
    groups = _numbered_groups(nodes)
    group = [groups[tuple(node.group)] for node in nodes]
    parent = [groups[path[:-1]] for path in groups if path]
    links = _links(part, across, down, spacing.edge)
    pad, titled = spacing.group, spacing.group + spacing.title
    separation = Separation(spacing.node, spacing.edge, pad if down else titled, pad)
    margins = Margins(spacing.layer, spacing.edge, titled if down else pad, pad)

    drawn = layered(across, along, group, parent, links)
    minimise_crossings(drawn)
    placed = line_up(drawn, place(drawn, separation), margins)
    links = _shared(part, links, placed, across, spacing.edge)

    part.boxes = {name: placed.box(v) for v, name in enumerate(part.nodes)}
    boxes = group_boxes(placed, len(nodes), margins)
    part.groups = {path: boxes[g] for path, g in groups.items() if path}
    for (i, _), link, chain in zip(part.edges, links, drawn.chains):
        part.curves[i] = route(placed, link, chain)
        if link.label:
            part.labels[i] = placed.box(chain[-2])


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
            by = nth - (len(same) - 1) / 2, apart, len(same)
            u_port = _from_middle(edge.source_port, across[u], *by)
            v_port = _from_middle(edge.target_port, across[v], *by)
            label = edge.label and (edge.label if down else edge.label[::-1])
            links[i] = Link(u, v, u_port, v_port, label)
    return [links[i] for i in range(len(part.edges))]


def _shared(
    part: _Part, links: Sequence[Link], placed: Placed, across: Sequence[float], apart: float
) -> list[Link]:
    """The links, those without ports beside each other on the sides of their nodes."""
    free: dict[tuple[int, bool], list[tuple[float, int]]] = defaultdict(list)
    for i, ((_, edge), link) in enumerate(zip(part.edges, links)):
        chain = placed.drawn.chains[i]
        if edge.source_port is None:
            free[link.u, False].append((placed.middle[chain[1]] + link.v_port, i))
        if edge.target_port is None:
            free[link.v, True].append((placed.middle[chain[-2]] + link.u_port, i))
    found = list(links)
    for (node, comes_in), others in free.items():
        for nth, (_, i) in enumerate(sorted(others)):
            by = nth - (len(others) - 1) / 2, apart, len(others)
            port = _from_middle(None, across[node], *by)
            link = found[i]
            found[i] = link._replace(v_port=port) if comes_in else link._replace(u_port=port)
    return found


def _from_middle(port: float | None, side: float, nth: float, apart: float, count: int) -> float:
    """Where an edge meets a side, from its middle: the `nth` of several at the same port."""
    at = (0.0 if port is None else port - side / 2) + nth * min(apart, side / (count + 1))
    return max(-side / 2, min(at, side / 2))


def _packed(
    nodes: Mapping[Hashable, Node], parts: Sequence[_Part], direction: str, spacing: Spacing
) -> Layout:
    """The parts beside one another, in several rows if there are many; and which axis is x."""
    margin = spacing.margin
    extents = [part.extent() for part in parts]
    area = sum((e[2] + spacing.layer) * (e[3] + spacing.node) for e in extents)
    most = max([math.sqrt(area), *(breadth for *_, breadth in extents)])
    drawing = Layout(dict.fromkeys(nodes, Box(0, 0, 0, 0)), [], {}, 0.0, 0.0)
    routes: dict[int, Route] = {}
    along = across = margin
    end = last = 0.0
    for part, (start, first, length, breadth) in zip(parts, extents):
        if across > margin and across + breadth > margin + most:
            along, across = end + spacing.layer, margin
        turn = _Turn(direction, along - start, across - first)
        drawing.nodes.update((name, turn.box(box)) for name, box in part.boxes.items())
        drawing.groups.update((path, turn.box(box)) for path, box in part.groups.items())
        for i, points in part.curves.items():
            label = turn.box(part.labels[i]) if i in part.labels else None
            routes[i] = Route(tuple(map(turn.point, points)), label)
        end, last = max(end, along + length), max(last, across + breadth)
        across += breadth + spacing.node
    drawing.routes.extend(routes[i] for i in range(len(routes)))
    size = (end + margin, last + margin) if direction == "LR" else (last + margin, end + margin)
    return drawing._replace(width=size[0], height=size[1])


class _Turn(NamedTuple):
    """From along and across, within a part, to x and y."""

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
