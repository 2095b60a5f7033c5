"""Put a graph on layers: the first step of the layout.

`assign_layers` makes every edge lead to a later layer, and the edges short in total. `layered`
makes each edge a chain of *segments* between neighbouring layers, with a *bend* on each layer that
it passes. A label is a vertex in its edge's chain. A group is a pair of borders on each of its
layers. So the later steps only have vertices and segments.

Letters: `u` is the earlier and `v` the later end of an edge or a segment, `w` any neighbour, `s` a
segment, `g` a group, `k` a layer. Vertices and groups are numbers, which index the lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

NODE, BEND, LABEL, LEFT, RIGHT = range(5)  # the kinds of a vertex; the last two border a group
ROOT = -1  # the group around everything

Pairs = Sequence[tuple[int, int]]


class Link(NamedTuple):
    """An edge between numbered nodes."""

    u: int
    v: int
    u_port: float  #: the point where the edge meets the node, from the middle of its side
    v_port: float
    label: tuple[float, float] | None  #: its extents across and along the edges


def assign_layers(
    count: int, edges: Pairs, group: Sequence[int] = (), parent: Sequence[int] = ()
) -> list[int]:
    """Return a layer for each node. Edges lead to later layers, and are short in total.

    The longest path to a node is the earliest layer it can have. From there, sets of nodes are
    moved as long as this shortens the edges in total: the aim, though not the bookkeeping, of the
    network simplex in Gansner, Koutsofios, North, Vo, "A technique for drawing directed graphs"
    (1993).

    The inputs of a group are on earlier layers than the whole group, so groups that follow one
    another are drawn in a row. A group that uses its own results as inputs is exempt.

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
        raise ValueError("the edges form a cycle. A layered drawing needs a graph without cycles.")
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

    The vertices are the nodes, and then the entries of groups.
    """

    def __init__(self, vertices: int, nodes: int) -> None:
        self.out: list[list[int]] = [[] for _ in range(vertices)]  #: later ends of arcs
        self.into: list[list[int]] = [[] for _ in range(vertices)]  #: earlier ends of arcs
        #: the least number of layers from a vertex to the next: 0 from an entry to its nodes
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
    for u in order:  # the list grows during the loop
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
        inside = paths[group[u]] if group[u] != ROOT else []
        for g in paths[group[v]] if group[v] != ROOT else []:
            if g not in inside:
                arcs.add(u, first + g)
    while len(forward := topological_order(arcs.out)) < len(arcs.out):
        backward = topological_order(arcs.into)
        # A vertex in neither order is on a cycle, or between two cycles.
        for entry in set(range(first, len(arcs.out))).difference(forward, backward):
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

    The sets are the subtrees of a spanning forest of the *tight* arcs, which are as short as
    allowed. If a set moves one layer on, each edge into it grows by one, each edge out of it
    shrinks by one, and the edges inside stay. So the change in total is (edges in) - (edges out),
    the `pull`, summed over its nodes.
    """
    length, work, moved = arcs.length, 40 * len(layer), True
    while moved and work > 0:
        moved = False
        preorder, parent, side = _tight_forest(layer, arcs)
        index = {v: i for i, v in enumerate(preorder)}
        size, total = subtree_sums(preorder, parent, pull)
        work -= len(layer)
        for i, v in enumerate(preorder):
            step = (total[v] < 0) - (total[v] > 0)
            if not step or step == -side[v]:
                continue  # nothing to gain, or the parent is in the way
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


def subtree_sums(
    preorder: Sequence[int], parent: Sequence[int], pull: Iterable[float]
) -> tuple[list[int], list[float]]:
    """Return the number of vertices and the sum of the pulls in each subtree of a forest."""
    total = list(pull)
    size = [1] * len(total)
    for v in reversed(preorder):
        if parent[v] != v:
            size[parent[v]] += size[v]
            total[parent[v]] += total[v]
    return size, total


def _tight_forest(layer: Sequence[int], arcs: _Arcs) -> tuple[list[int], list[int], list[int]]:
    """Return the vertices, depth first along tight arcs, with the parent and side of each.

    A root is its own parent. The side is 1 after the parent, -1 before it, 0 for a root.
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
    """Vertices on layers, and segments that join neighbouring layers."""

    layer: list[int]  #: the layer of each vertex
    across: list[float]  #: the extent of each vertex within its layer
    along: list[float]  #: the extent of each vertex in the direction of the edges
    group: list[int]  #: the group around each vertex; for a border, the group that it borders
    parent: list[int]  #: the group around each group, which has a smaller number

    def __post_init__(self) -> None:
        self.kind = [NODE] * len(self.layer)
        self.above: list[list[int]] = [[] for _ in self.layer]  #: segments from the layer before
        self.below: list[list[int]] = [[] for _ in self.layer]  #: segments to the next layer
        self.spans: list[tuple[int, int]] = []  #: the first and last layer of each group
        self.borders: list[tuple[int, int]] = []  #: each group's borders, on its first layer
        self.order: list[list[int]] = []  #: the vertices of each layer, from first to last
        self.ends: list[tuple[int, int]] = []  #: the vertices that each segment joins
        self.ports: list[tuple[float, float]] = []  #: offsets of those ends from the middles
        self.chains: list[list[int]] = []  #: the vertices along each edge

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


_MAX_UNBUNDLED = 3  # long edges from one port that do not share their bends


def _add_chains(drawn: Layered, links: Sequence[Link]) -> None:
    """Lead each edge through a bend on every layer between its ends, and through its label.

    Many long edges from the same port share their bends for as long as they can: a weight that is
    used in each of 1,000 steps would otherwise need 500,000 bends.
    """
    long = Counter(
        (link.u, link.u_port) for link in links if drawn.layer[link.v] - drawn.layer[link.u] > 1
    )
    shared: dict[tuple[object, int, int], int] = {}  # bundle, vertex, next one's group -> next one
    for i, link in enumerate(links):
        first, last = drawn.layer[link.u] + 1, drawn.layer[link.v]
        start = link.u, link.u_port
        bundle = start if long[start] > _MAX_UNBUNDLED else i
        group_on = _groups_along(drawn, link.u, link.v)
        chain, port = [link.u], link.u_port
        for k in range(first, last - bool(link.label)):
            key = bundle, chain[-1], group_on(k)
            if key not in shared:
                shared[key] = drawn.add_vertex(BEND, k, key[2])
                drawn.add_segment(chain[-1], shared[key], port)
            chain.append(shared[key])
            port = 0.0
        if link.label:
            label = drawn.add_vertex(LABEL, last - 1, group_on(last - 1), link.label)
            drawn.add_segment(chain[-1], label, port)
            chain.append(label)
            port = 0.0
        drawn.add_segment(chain[-1], link.v, port, link.v_port)
        drawn.chains.append([*chain, link.v])


def _groups_along(drawn: Layered, u: int, v: int) -> Callable[[int], int]:
    """Return a function from a layer to the group that contains the edge there.

    This is the group of the source as far as that reaches, then the group of the target.
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
