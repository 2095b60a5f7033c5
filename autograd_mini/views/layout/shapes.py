"""Define what goes into a layout (nodes, edges, spacing) and what comes out (boxes, routes).

Points and boxes are in the picture's coordinates: x to the right, y down, as in SVG.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

Point = tuple[float, float]
Group = tuple[Hashable, ...]


class Node(NamedTuple):
    """A box to be placed: its size, and the groups that it is in, outer ones first."""

    width: float
    height: float
    group: Group = ()


class Edge(NamedTuple):
    """An edge to be drawn between two nodes.

    A port is the place where the edge meets the node. It is counted from the top of the node if the
    graph runs from left to right, and from its left if it runs down. Edges without a port share the
    side in the order in which they arrive. A label is the width and height to keep free for it,
    just before the target.
    """

    source: Hashable
    target: Hashable
    source_port: float | None = None
    target_port: float | None = None
    label: tuple[float, float] | None = None


class Spacing(NamedTuple):
    """The distances to keep.

    Attributes
    ----------
    layer : float
        Between layers; more if edges would be steep.
    node, edge : float
        Between the nodes of one layer; between an edge or a label and its neighbours.
    group, title : float
        Between the box of a group and its nodes; the space above them for the title of the group.
    margin : float
        Around the picture.
    """

    layer: float = 56
    node: float = 28
    edge: float = 14
    group: float = 14
    title: float = 20
    margin: float = 0


class Box(NamedTuple):
    """A rectangle: its top left corner and its size."""

    x: float
    y: float
    width: float
    height: float


class Route(NamedTuple):
    """The way of an edge: cubic Bézier curves, one after another, and the box of its label.

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
        """Return the ``d`` of an SVG path.

        Examples
        --------
        >>> Route(((0, 0), (1, 0), (2, 4.25), (3, 4.25))).path()
        'M0,0C1,0 2,4.25 3,4.25'
        """
        first, *others = (f"{decimal(x)},{decimal(y)}" for x, y in self.points)
        return f"M{first}C{' '.join(others)}"


class Layout(NamedTuple):
    """A graph with coordinates.

    Attributes
    ----------
    nodes : dict
        The box of each node.
    routes : list of Route
        The way of each edge, in the order in which the edges were given.
    groups : dict
        The box of each group, by its path of names; outer ones come before inner ones.
    width, height : float
        All of it lies between (0, 0) and (width, height).
    """

    nodes: dict[Hashable, Box]
    routes: list[Route]
    groups: dict[Group, Box]
    width: float
    height: float


def decimal(x: float) -> str:
    """Return a coordinate as text, rounded to a hundredth."""
    return f"{x:.2f}".rstrip("0").rstrip(".") if x % 1 else str(int(x))
