"""Put a graph on layers: the first step of the layout.

`assign_layers` makes every edge lead to a later layer, and the edges short in total. `layered`
makes each edge a chain of *segments* between neighbouring layers, with a *bend* on each layer on
its way. A label is a vertex in its edge's chain; a group is a pair of borders on each of its
layers. So from here on there are only vertices and segments.

Letters: `u` is the earlier and `v` the later end of an edge or a segment, `w` any neighbour, `s` a
segment, `g` a group, `k` a layer. Vertices and groups are numbers; lists are indexed by them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

NODE, BEND, LABEL, LEFT, RIGHT = range(5)  # the kinds of a vertex; the last two border a group
ROOT = -1  # the group around everything

Pairs = Sequence[tuple[int, int]]


class Link(NamedTuple):
    """An edge between numbered nodes: where it meets them, from their middles, and its label."""

    u: int
    v: int
    u_port: float
    v_port: float
    label: tuple[float, float] | None  # its extents across and along the edges


def assign_layers(
    count: int, edges: Pairs, group: Sequence[int] = (), parent: Sequence[int] = ()
) -> list[int]:
    """Return a layer for each of ``count`` nodes: edges lead to later ones, and are short in total.

    The longest path to a node is the earliest layer it can have. From there, sets of nodes are
    moved as long as this shortens the edges in total: the aim, though not the bookkeeping, of the
    network simplex in Gansner, Koutsofios, North, Vo, "A technique for drawing directed graphs"
    (1993).

    A group is like a call: its inputs come before all of it. So groups that follow one another are
    drawn in a row. A group that uses its own results as inputs is exempt.

    Raises
    ------
    ValueError
        If the edges form a cycle.

    Examples
    --------
    >>> assign_layers(4, [(0, 1), (1, 2), (3, 2)])  # 3 could be on layer 0, but is near its use
    [0, 1, 2, 1]
    >>> assign_layers(3, [(0, 2), (1, 2)], group=[ROOT, 0, 0], parent=[ROOT])
    [0, 1, 2]
    """
    arcs = _Arcs(count + len(parent), count)
    for u, v in edges:
        arcs.add(u, v)
    if len(topological_order(arcs.out)) < len(arcs.out):
        raise ValueError("the edges form a cycle; a layered drawing needs a graph without one")
    pull = [len(ins) - len(outs) for ins, outs in zip(arcs.into, arcs.out)]
    _add_entries(arcs, edges, group, parent)
    layer = [0] * len(arcs.out)
    for u in topological_order(arcs.out):
        for v in arcs.out[u]:
            layer[v] = max(layer[v], layer[u] + arcs.length[u])
    _tighten(layer, arcs, pull)
    first = min(layer[:count], default=0)
    return [k - first for k in layer[:count]]


class _Arcs:
    """The order that layers must keep: node before node, or before the entry of a group.

    Attributes
    ----------
    out, into : list of list of int
        Of each vertex: the later and the earlier ends of its arcs. Entries follow after the nodes.
    length : list of int
        Of each vertex: how many layers later the others are. The nodes of a group may be as early
        as its entry.
    """

    def __init__(self, vertices: int, nodes: int) -> None:
        self.out: list[list[int]] = [[] for _ in range(vertices)]
        self.into: list[list[int]] = [[] for _ in range(vertices)]
        self.length = [int(v < nodes) for v in range(vertices)]

    def add(self, u: int, v: int) -> None:
        self.out[u].append(v)
        self.into[v].append(u)

    def isolate(self, v: int) -> None:
        for w in self.out[v]:
            self.into[w].remove(v)
        for w in self.into[v]:
            self.out[w].remove(v)
        self.out[v], self.into[v] = [], []


def topological_order(out: Sequence[Sequence[int]]) -> list[int]:
    """Return the vertices in topological order (Kahn 1962), except those that follow a cycle."""
    missing = [0] * len(out)
    for ends in out:
        for v in ends:
            missing[v] += 1
    order = [v for v, count in enumerate(missing) if not count]
    for u in order:  # it grows while it is walked
        for v in out[u]:
            missing[v] -= 1
            if not missing[v]:
                order.append(v)
    return order


def _add_entries(arcs: _Arcs, edges: Pairs, group: Sequence[int], parent: Sequence[int]) -> None:
    """Add a vertex for each group, after the inputs of the group and before its nodes."""
    if not parent:
        return
    first = len(group)
    for v, g in enumerate(group):
        if g != ROOT:
            arcs.add(first + g, v)
    for g, around in enumerate(parent):
        if around != ROOT:
            arcs.add(first + around, first + g)
    paths = [group_path(g, parent) for g in range(len(parent))]
    for u, v in dict.fromkeys(edges):
        given = paths[group[v]] if group[v] != ROOT else []
        inside = paths[group[u]] if group[u] != ROOT else []
        for g in given:
            if g not in inside:
                arcs.add(u, first + g)
    while True:  # a vertex in neither order is on a cycle, or between two
        forward, backward = topological_order(arcs.out), topological_order(arcs.into)
        if len(forward) == len(arcs.out):
            return
        cyclic = set(range(first, len(arcs.out))).difference(forward, backward)
        for entry in cyclic:
            arcs.isolate(entry)


def group_path(g: int, parent: Sequence[int]) -> list[int]:
    """Return the groups around and including `g`, the outermost first."""
    path = []
    while g != ROOT:
        path.append(g)
        g = parent[g]
    return path[::-1]


def _tighten(layer: list[int], arcs: _Arcs, pull: Sequence[int]) -> None:
    """Move sets of nodes to other layers as long as that makes the edges shorter in total.

    The sets are the subtrees of a spanning forest of the *tight* arcs, those as short as can be:
    connected nodes move together. If a set moves one layer on, each edge into it grows by one,
    and each edge out of it shrinks by one; the edges inside stay, so the change in total is
    (edges in) - (edges out), the `pull`, summed over its nodes.
    """
    length, work, moved = arcs.length, 40 * len(layer), True
    while moved and work > 0:
        moved = False
        preorder, parent, side = _tight_forest(layer, arcs)
        index = {v: i for i, v in enumerate(preorder)}
        size, total = [1] * len(layer), list(pull)
        for v in reversed(preorder):
            if parent[v] != v:
                size[parent[v]] += size[v]
                total[parent[v]] += total[v]
        work -= len(layer)
        for i, v in enumerate(preorder):
            step = (total[v] < 0) - (total[v] > 0)
            if not step or step == -side[v]:
                continue  # nothing to gain, or its parent is in the way
            work -= size[v]
            end = i + size[v]
            near = arcs.out if step > 0 else arcs.into
            space = min(
                (layer[w] - layer[u]) * step - length[u if step > 0 else w]
                for u in preorder[i:end]
                for w in near[u]
                if not i <= index[w] < end
            )
            if space:
                moved = True
                for u in preorder[i:end]:
                    layer[u] += step * space


def _tight_forest(layer: Sequence[int], arcs: _Arcs) -> tuple[list[int], list[int], list[int]]:
    """Return the vertices, depth first along tight arcs; the parent of each, and its side of that.

    A root is its own parent; the side is 1 after the parent, -1 before it, 0 for a root.
    """
    length = arcs.length
    parent, side = [-1] * len(layer), [0] * len(layer)
    preorder = []
    for root in range(len(layer)):
        stack = [(root, root, 0)] if parent[root] < 0 else []
        while stack:
            v, parent_, side_ = stack.pop()
            if parent[v] >= 0:
                continue
            parent[v], side[v] = parent_, side_
            preorder.append(v)
            for w in arcs.into[v]:
                if parent[w] < 0 and layer[v] - layer[w] == length[w]:
                    stack.append((w, v, -1))
            for w in arcs.out[v]:
                if parent[w] < 0 and layer[w] - layer[v] == length[v]:
                    stack.append((w, v, 1))
    return preorder, parent, side


@dataclass
class Layered:
    """Vertices on layers, and segments that join neighbouring layers.

    Attributes
    ----------
    order : list of list of int
        The vertices of each layer, from first to last.
    layer, kind, group : list of int
        Of each vertex. The group of a border is the one that it borders.
    across, along : list of float
        The extents of each vertex within its layer, and in the direction of the edges.
    ends : list of (int, int)
        Of each segment: a vertex, and one on the next layer.
    ports : list of (float, float)
        Where the segment is attached to them, counted from their middle.
    above, below : list of list of int
        Of each vertex: the segments from the previous layer, and to the next one.
    chains : list of list of int
        Of each edge: the vertices from its source to its target.
    parent : list of int
        Of each group: the one around it, which has a smaller number.
    spans : list of (int, int)
        Of each group: its first and its last layer.
    borders : list of (int, int)
        Of each group: its two borders on its first layer.
    """

    layer: list[int]
    across: list[float]
    along: list[float]
    group: list[int]
    parent: list[int]
    kind: list[int] = field(default_factory=list)
    order: list[list[int]] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)
    ports: list[tuple[float, float]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)
    chains: list[list[int]] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    borders: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kind = [NODE] * len(self.layer)
        self.above = [[] for _ in self.layer]
        self.below = [[] for _ in self.layer]

    def add_vertex(
        self, kind: int, layer: int, group: int, size: tuple[float, float] = (0.0, 0.0)
    ) -> int:
        self.kind.append(kind)
        self.layer.append(layer)
        self.group.append(group)
        self.across.append(size[0])
        self.along.append(size[1])
        self.above.append([])
        self.below.append([])
        return len(self.kind) - 1

    def add_segment(self, u: int, v: int, u_port: float = 0.0, v_port: float = 0.0) -> None:
        self.below[u].append(len(self.ends))
        self.above[v].append(len(self.ends))
        self.ends.append((u, v))
        self.ports.append((u_port, v_port))

    def path(self, g: int) -> list[int]:
        return group_path(g, self.parent)


def layered(
    across: Sequence[float],
    along: Sequence[float],
    group: Sequence[int],
    parent: Sequence[int],
    links: Sequence[Link],
) -> Layered:
    """Turn nodes and edges into vertices on layers and segments between neighbouring layers."""
    layer = assign_layers(len(across), [link[:2] for link in links], group, parent)
    last_gaps = {layer[link.v] for link in links if link.label}
    later = np.cumsum([k in last_gaps for k in range(max(layer, default=0) + 1)]).tolist()
    drawn = Layered(
        [k + later[k] for k in layer], list(across), list(along), list(group), list(parent)
    )
    drawn.spans = _group_spans(drawn)
    _add_chains(drawn, links)
    for g, (first, last) in enumerate(drawn.spans):
        left, right = (_add_border(drawn, g, kind, first, last) for kind in (LEFT, RIGHT))
        drawn.borders.append((left, right))
    drawn.order = [[] for _ in range(max(drawn.layer, default=-1) + 1)]
    for v, k in enumerate(drawn.layer):
        drawn.order[k].append(v)
    return drawn


def _group_spans(drawn: Layered) -> list[tuple[int, int]]:
    """Return the first and the last layer of each group."""
    spans: list[tuple[int, int]] = [(len(drawn.layer) * 2, -1)] * len(drawn.parent)
    for v, k in enumerate(drawn.layer):
        for g in drawn.path(drawn.group[v]):
            spans[g] = (min(spans[g][0], k), max(spans[g][1], k))
    return spans


def _add_border(drawn: Layered, g: int, kind: int, first: int, last: int) -> int:
    """Add a vertex on each layer, joined by segments; return the first."""
    borders = [drawn.add_vertex(kind, k, g) for k in range(first, last + 1)]
    for u, v in pairwise(borders):
        drawn.add_segment(u, v)
    return borders[0]


_OWN_WAYS = 3  # edges over several layers that one port may have without their becoming a bus


def _add_chains(drawn: Layered, links: Sequence[Link]) -> None:
    """Lead each edge through a bend on every layer between its ends, and through its label.

    Many long edges that leave the same port share their bends until their ways part, like the wires
    of a bus: a weight that is used in each of 1,000 steps would otherwise need 500,000 bends.
    """
    long = Counter(
        (link.u, link.u_port) for link in links if drawn.layer[link.v] - drawn.layer[link.u] > 1
    )
    shared: dict[tuple[object, int, int], int] = {}  # way, vertex, next one's group -> next one
    for i, link in enumerate(links):
        first, last = drawn.layer[link.u] + 1, drawn.layer[link.v]
        way = (link.u, link.u_port) if long[link.u, link.u_port] > _OWN_WAYS else i
        groups = _groups_on_the_way(drawn, link.u, link.v)
        chain, port = [link.u], link.u_port
        for k in range(first, last - bool(link.label)):
            key = way, chain[-1], groups(k)
            if key not in shared:
                shared[key] = drawn.add_vertex(BEND, k, key[2])
                drawn.add_segment(chain[-1], shared[key], port)
            chain.append(shared[key])
            port = 0.0
        if link.label:
            label = drawn.add_vertex(LABEL, last - 1, groups(last - 1), link.label)
            drawn.add_segment(chain[-1], label, port)
            chain.append(label)
            port = 0.0
        drawn.add_segment(chain[-1], link.v, port, link.v_port)
        drawn.chains.append([*chain, link.v])


def _groups_on_the_way(drawn: Layered, u: int, v: int) -> Callable[[int], int]:
    """Return a function from a layer to the group that the edge is in there.

    It is the group of the source as far as that reaches, then the group of the target.
    """
    if drawn.group[u] == drawn.group[v]:
        return lambda k: drawn.group[u]
    ours, theirs = drawn.path(drawn.group[u]), drawn.path(drawn.group[v])
    both = [g for g, h in zip(ours, theirs) if g == h]
    leaving, entering = ours[len(both) :][::-1], theirs[len(both) :][::-1]
    around = both[-1] if both else ROOT

    def group(k: int) -> int:
        for g in leaving:
            if drawn.spans[g][1] >= k:
                return g
        return next((g for g in entering if drawn.spans[g][0] <= k), around)

    return group
