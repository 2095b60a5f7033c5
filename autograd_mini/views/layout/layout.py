"""Lay out a directed graph without cycles in layers: boxes, curves, labels, groups.

The input is sizes, and the output is coordinates. This module knows no tensors. The steps are those
of Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical system structures"
(1981), and of Graphviz's `dot` (Gansner, Koutsofios, North, Vo, "A technique for drawing directed
graphs", 1993), each in its own module:

1. `layers`: a layer for each node, and a bend on every layer that an edge passes through.
2. `crossings`: the order within each layer, so that few edges cross.
3. `coordinates`: the position of each vertex in its layer, so that edges are straight.
4. `routes`: boxes and curves.
5. `rows`: a drawing that is too long is wrapped into rows.

Connected components are drawn one by one, and packed into one picture (`components`). Nothing is
recursive. Nothing depends on chance or time, so the same graph always gets the same layout.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

from .components import Component, pack, split
from .coordinates import Separation, place
from .crossings import minimise_crossings
from .layers import ROOT, Link, layered
from .routes import Margins, Placed, group_boxes, line_up, route
from .rows import Wrapper
from .shapes import Edge, Group, Layout, Node, Spacing

_SPACING = Spacing()


def layout(
    nodes: Mapping[Hashable, Node],
    edges: Sequence[Edge],
    *,
    direction: str = "LR",
    spacing: Spacing = _SPACING,
    longest: float = math.inf,
) -> Layout:
    """Place the nodes of a graph on layers, and route its edges between them.

    Boxes of nodes and labels never overlap, and no edge runs through one. The box of a group
    contains its nodes and no others. Edges of the same ends and ports are drawn side by side. They
    run from left to right or from top to bottom, as `direction` is "LR" or "TB". A drawing that
    would be longer than `longest` in this direction is wrapped into rows.

    Examples
    --------
    >>> nodes = {name: Node(60, 40) for name in "xyz"}
    >>> drawing = layout(nodes, [Edge("x", "y"), Edge("x", "z"), Edge("y", "z")])
    >>> drawing.nodes["y"]
    Box(x=116.0, y=0.0, width=60, height=40)
    >>> drawing.routes[0].path()
    'M60,47.33C88,47.33 88,20 116,20'
    """
    return layouts(nodes, edges, [longest], direction=direction, spacing=spacing)[0]


def layouts(
    nodes: Mapping[Hashable, Node],
    edges: Sequence[Edge],
    longest: Iterable[float],
    *,
    direction: str = "LR",
    spacing: Spacing = _SPACING,
    broadest: float = math.inf,
) -> list[Layout]:
    """Return the same layout for each greatest length: see `layout`.

    It is not wrapped if the rows together would be about as broad as `broadest`, or more.
    """
    _check(nodes, edges, direction)
    components = split(nodes, edges)
    for component in components:
        _draw(component, direction, spacing)
    frame = spacing.group + spacing.title * (direction == "LR"), spacing.group
    wrappers = [Wrapper(component, spacing, frame) for component in components]
    drawings = []
    for most in longest:
        rows = [wrapper.wrap(most - 2 * spacing.margin, broadest) for wrapper in wrappers]
        drawings.append(pack(nodes, rows, direction, spacing, most))
    return drawings


def _check(nodes: Mapping[Hashable, Node], edges: Sequence[Edge], direction: str) -> None:
    if direction not in ("LR", "TB"):
        raise ValueError(f"direction must be 'LR' or 'TB', got {direction!r}")
    for name, node in nodes.items():
        if not all(0 <= size < math.inf for size in node[:2]):
            raise ValueError(f"the size of node {name!r} is invalid: {node.width} x {node.height}")
    for edge in edges:
        for name, port in (edge.source, edge.source_port), (edge.target, edge.target_port):
            if name not in nodes:
                raise ValueError(f"an edge names {name!r}, which is not among the nodes")
            side = nodes[name].height if direction == "LR" else nodes[name].width
            if port is not None and not 0 <= port <= side:
                raise ValueError(f"port {port} is not on the side of node {name!r} (0 to {side})")
        if edge.source == edge.target:
            raise ValueError(f"an edge leads from {edge.source!r} to itself")
        if edge.label and not all(0 <= size < math.inf for size in edge.label):
            raise ValueError(f"the size of a label is invalid: {edge.label}")


def _draw(component: Component, direction: str, spacing: Spacing) -> None:
    """Place and route one component."""
    down = direction == "TB"
    nodes = list(component.nodes.values())
    across = [node.width if down else node.height for node in nodes]
    along = [node.height if down else node.width for node in nodes]
    groups = _number_groups(nodes)
    group = [groups[tuple(node.group)] for node in nodes]
    parent = [groups[path[:-1]] for path in groups if path]
    links = _links(component, across, down, spacing.edge)
    pad, titled = spacing.group, spacing.group + spacing.title
    separation = Separation(spacing.node, spacing.edge, pad if down else titled, pad)
    margins = Margins(spacing.layer, spacing.edge, titled if down else pad, pad)

    drawn = layered(across, along, group, parent, links)
    minimise_crossings(drawn)
    placed = line_up(drawn, place(drawn, separation), margins)
    links = _share_sides(component, links, placed, across, spacing.edge)

    component.boxes = {name: placed.box(v) for v, name in enumerate(component.nodes)}
    boxes = group_boxes(placed, len(nodes), margins)
    component.groups = {path: boxes[g] for path, g in groups.items() if path}
    for (i, _), link, chain in zip(component.edges, links, drawn.chains):
        component.curves[i] = route(placed, link, chain)
        if link.label:
            component.labels[i] = placed.box(chain[-2])


def _number_groups(nodes: Sequence[Node]) -> dict[Group, int]:
    """Return a number for each group, outer groups before inner ones."""
    groups: dict[Group, int] = {(): ROOT}
    for node in nodes:
        for depth in range(1, len(node.group) + 1):
            groups.setdefault(tuple(node.group[:depth]), len(groups) - 1)
    return groups


def _links(component: Component, across: Sequence[float], down: bool, apart: float) -> list[Link]:
    """Return the edges between numbered nodes, with a distance between edges of the same ports."""
    number = {name: i for i, name in enumerate(component.nodes)}
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for i, (_, edge) in enumerate(component.edges):
        alike[edge[:4]].append(i)
    links = []
    for i, (_, edge) in enumerate(component.edges):
        same = alike[edge[:4]]
        u, v = number[edge.source], number[edge.target]
        u_port = _from_middle(edge.source_port, across[u], same.index(i), len(same), apart)
        v_port = _from_middle(edge.target_port, across[v], same.index(i), len(same), apart)
        label = edge.label and (edge.label if down else edge.label[::-1])
        links.append(Link(u, v, u_port, v_port, label))
    return links


def _share_sides(
    component: Component,
    links: Sequence[Link],
    placed: Placed,
    across: Sequence[float],
    apart: float,
) -> list[Link]:
    """Spread the links without ports over the sides of their nodes, in the order of arrival."""
    free: dict[tuple[int, bool], list[tuple[float, int]]] = defaultdict(list)
    for i, ((_, edge), link) in enumerate(zip(component.edges, links)):
        chain = placed.drawn.chains[i]
        if edge.source_port is None:
            free[link.u, False].append((placed.middle[chain[1]] + link.v_port, i))
        if edge.target_port is None:
            free[link.v, True].append((placed.middle[chain[-2]] + link.u_port, i))
    spread = list(links)
    for (node, arrives), ends in free.items():
        for nth, (_, i) in enumerate(sorted(ends)):
            port = _from_middle(None, across[node], nth, len(ends), apart)
            link = spread[i]
            spread[i] = link._replace(v_port=port) if arrives else link._replace(u_port=port)
    return spread


def _from_middle(port: float | None, side: float, nth: int, count: int, apart: float) -> float:
    """Return the distance from the middle of a side to the `nth` of `count` edges at one port."""
    middle = 0.0 if port is None else port - side / 2
    at = middle + (nth - (count - 1) / 2) * min(apart, side / (count + 1))
    return max(-side / 2, min(at, side / 2))
