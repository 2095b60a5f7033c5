"""Define the input of a layout (nodes, edges, spacing) and its output (boxes, routes).

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

    A port is the point where the edge meets the node. It is counted from the top of the node if the
    graph runs from left to right, and from its left if it runs down. Edges without a port share the
    side in the order in which they arrive.
    """

    source: Hashable
    target: Hashable
    source_port: float | None = None
    target_port: float | None = None
    label: tuple[float, float] | None = None  #: the size of the space to keep before the target


class Spacing(NamedTuple):
    """The distances to keep."""

    layer: float = 56  #: between layers; more if edges would be steep
    node: float = 28  #: between the nodes of one layer
    edge: float = 14  #: between an edge or a label and its neighbours
    group: float = 14  #: between the box of a group and its nodes
    title: float = 20  #: height of the title of a group
    margin: float = 0  #: around the picture


class Box(NamedTuple):
    """A rectangle: its top left corner and its size."""

    x: float
    y: float
    width: float
    height: float


class Route(NamedTuple):
    """The drawing of an edge: cubic Bézier curves, one after another, and the box of its label."""

    points: tuple[Point, ...]  #: a start, then two control points and an end for each curve
    label: Box | None = None  #: the edge runs straight through its middle

    def path(self, decimals: int = 2) -> str:
        """Return the ``d`` of an SVG path.

        Examples
        --------
        >>> Route(((0, 0), (1, 0), (2, 4.25), (3, 4.25))).path()
        'M0,0C1,0 2,4.25 3,4.25'
        """
        first, *others = (f"{decimal(x, decimals)},{decimal(y, decimals)}" for x, y in self.points)
        return f"M{first}C{' '.join(others)}"


class Layout(NamedTuple):
    """A graph with coordinates, all between (0, 0) and (width, height)."""

    nodes: dict[Hashable, Box]
    routes: list[Route]  #: the drawing of each edge, in the order of the edges
    groups: dict[Group, Box]  #: by path of names; outer groups come before inner ones
    width: float
    height: float
    continued: list[tuple[Group, Box]]  #: the boxes of groups on the rows after their first

    def frames(self) -> list[tuple[Group, Box]]:
        """Return all boxes of groups, outer ones first."""
        return sorted([*self.groups.items(), *self.continued], key=lambda frame: len(frame[0]))


def decimal(x: float, decimals: int = 2) -> str:
    """Return a coordinate as text, rounded to a hundredth, or to another number of decimals."""
    return f"{x:.{decimals}f}".rstrip("0").rstrip(".") if x % 1 else str(int(x))
