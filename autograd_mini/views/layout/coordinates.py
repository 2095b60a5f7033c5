"""Find the position of each vertex within its layer: the third step of the layout.

The method is that of Brandes, Köpf, "Fast and simple horizontal coordinate assignment" (2001), with
sizes and ports as in Rüegg, Schulze, Carstens, von Hanxleden, "Size- and port-aware horizontal node
coordinate assignment" (2015). Vertices that are joined by segments are put on a straight line, a
*block*, unless two blocks would cross. Then the blocks are moved together. This is done four times,
from either side and in both directions, and the mean of the two middle results is taken.

Every result keeps the distances within a layer, and so does the mean. The borders of a group are
aligned first, so that they are straight in all results: its box is a rectangle. Finally, `_shorten`
removes the needless bends that remain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from .layers import BEND, LABEL, LEFT, NODE, RIGHT, Layered, subtree_sums


class Separation(NamedTuple):
    """The distances to keep within a layer."""

    node: float  #: between two nodes
    bend: float  #: between an edge and its neighbours
    before: float  #: between the first border of a group and its nodes
    after: float  #: between the nodes of a group and its last border


def place(drawn: Layered, separation: Separation) -> list[float]:
    """Return the middle of each vertex within its layer."""
    gap = _gaps(drawn, separation)
    crossed = _crossed_by_straight(drawn)
    results = []
    for down in (True, False):
        for from_left in (True, False):
            view = _View(drawn, down, from_left)
            root, shift = _align(drawn, view, crossed)
            at = _compact(view, root, shift, gap)
            results.append(at if from_left else [-x for x in at])
    at = _middle(drawn, results)
    _shorten(drawn, at, gap)
    return at


def _gaps(drawn: Layered, separation: Separation) -> list[float]:
    """Return the distance of the middle of each vertex from that of the one before it."""
    gap = [0.0] * len(drawn.kind)
    for layer in drawn.order:
        for u, v in pairwise(layer):
            gap[v] = (drawn.across[u] + drawn.across[v]) / 2 + _between(drawn, u, v, separation)
    return gap


def _between(drawn: Layered, u: int, v: int, separation: Separation) -> float:
    before, after = drawn.kind[u], drawn.kind[v]
    if before == LEFT:
        return separation.before
    if after == RIGHT:
        return separation.after
    return separation.bend if {before, after} & {BEND, LABEL} else separation.node


class _View:
    """A layered graph seen from one side: layer by layer, each from its first vertex on."""

    def __init__(self, drawn: Layered, down: bool, from_left: bool) -> None:
        self.sign = 1 if from_left else -1
        self.layers = [layer[:: self.sign] for layer in drawn.order][:: 1 if down else -1]
        self.near = drawn.above if down else drawn.below  #: segments to the layer seen before
        self.back = 0 if down else 1  #: the index of those segments' ends on that layer
        self.place = [0] * len(drawn.kind)  #: the index of each vertex in its layer
        for layer in self.layers:
            for i, v in enumerate(layer):
                self.place[v] = i


def _crossed_by_straight(drawn: Layered) -> list[bool]:
    """Return whether each segment crosses one that must be straight, and so has to bend.

    The borders of a group come first, then segments that join two bends.
    """
    crossed = [False] * len(drawn.ends)
    view = _View(drawn, True, True)
    kind = drawn.kind
    border = [kind[u] >= LEFT and kind[v] >= LEFT for u, v in drawn.ends]
    inner = [kind[u] in (BEND, LABEL) and kind[v] in (BEND, LABEL) for u, v in drawn.ends]
    for straight, exempt in ((border, border), (inner, [a or b for a, b in zip(border, inner)])):
        if any(straight):
            for layer in view.layers[1:]:
                _mark_crossed(drawn, view, layer, straight, exempt, crossed)
    return crossed


def _mark_crossed(
    drawn: Layered,
    view: _View,
    layer: list[int],
    straight: list[bool],
    exempt: list[bool],
    crossed: list[bool],
) -> None:
    """Mark the segments into a layer that do not stay between the straight ones on either side."""
    lower, start = -1, 0
    for i, v in enumerate(layer):
        s = next((s for s in drawn.above[v] if straight[s]), None)
        if s is None and i < len(layer) - 1:
            continue
        upper = len(view.place) if s is None else view.place[drawn.ends[s][0]]
        for w in layer[start : i + 1]:
            for t in drawn.above[w]:
                if not exempt[t] and not lower <= view.place[drawn.ends[t][0]] <= upper:
                    crossed[t] = True
        lower, start = upper, i + 1


def _align(drawn: Layered, view: _View, crossed: Sequence[bool]) -> tuple[list[int], list[float]]:
    """Build blocks: return the first vertex of each vertex's block, and the offset from it.

    A vertex joins the block of its median neighbour on the layer before, so that their segment is
    straight, unless this would cross an aligned segment.
    """
    place, back, ends = view.place, view.back, drawn.ends
    root = list(range(len(drawn.kind)))
    shift = [0.0] * len(root)
    for layer in view.layers:
        reached = -1
        for v in layer:
            near = view.near[v]
            if len(near) > 1:
                near = sorted(
                    near, key=lambda s: (place[ends[s][back]], drawn.ports[s][back] * view.sign)
                )
            for m in range((len(near) - 1) // 2, len(near) // 2 + 1) if near else ():
                s = near[m]
                u = ends[s][back]
                if place[u] > reached and not crossed[s]:
                    reached = place[u]
                    root[v] = root[u]
                    ports = drawn.ports[s]
                    shift[v] = shift[u] + (ports[back] - ports[1 - back]) * view.sign
                    break
    return root, shift


def _compact(view: _View, root: list[int], shift: list[float], gap: Sequence[float]) -> list[float]:
    """Move blocks as far to the left as the gaps allow, then each towards the next on its right.

    The blocks and the gaps between them are a graph without cycles, because no two blocks cross.
    The first step is a longest path through it.
    """
    after: dict[int, list[tuple[int, float]]] = {v: [] for v, r in enumerate(root) if v == r}
    missing = dict.fromkeys(after, 0)
    for layer in view.layers:
        for u, v in pairwise(layer):
            distance = (gap[v] if view.sign > 0 else gap[u]) + shift[u] - shift[v]
            after[root[u]].append((root[v], distance))
            missing[root[v]] += 1
    at = dict.fromkeys(after, 0.0)
    order = [r for r in after if not missing[r]]
    for r in order:  # the list grows during the loop
        for right, distance in after[r]:
            at[right] = max(at[right], at[r] + distance)
            missing[right] -= 1
            if not missing[right]:
                order.append(right)
    for r in reversed(order):
        if after[r]:
            at[r] = max(at[r], min(at[right] - distance for right, distance in after[r]))
    return [at[r] + by for r, by in zip(root, shift)]


def _middle(drawn: Layered, results: list[list[float]]) -> list[float]:
    """Align four results to the narrowest, and return the mean of the two middle ones."""
    half = [size / 2 for size in drawn.across]
    extents = [
        (min(x - h for x, h in zip(at, half)), max(x + h for x, h in zip(at, half)))
        for at in results
    ]
    first, last = min(extents, key=lambda extent: extent[1] - extent[0])
    for i, (low, high) in enumerate(extents):
        by = first - low if i % 2 == 0 else last - high
        results[i] = [x + by for x in results[i]]
    return [sum(sorted(four)[1:3]) / 2 for four in zip(*results)]


# --- refinement ----------------------------------------------------------------------------------

_WORK = 60_000  # the number of visited vertices, which bounds the time
_TOUCH = 1e-6  # distances below this count as zero
_RIGID = 1e6  # the weight of a group's border


def _shorten(drawn: Layered, at: list[float], gap: Sequence[float]) -> None:
    """Move sets of vertices along their layers as long as this makes the segments straighter.

    This minimises the sum of (weight) * (deviation of a segment from straight), the linear program
    of Gansner et al. (1993). As in `layers`, the sets are the subtrees of a spanning forest, which
    here joins vertices that touch or have a straight segment.
    """
    moves = _Moves(drawn, at, gap)
    work, moved = _WORK, True
    while moved and work > 0:
        preorder, parent = moves.forest()
        work -= len(preorder)
        index = {v: i for i, v in enumerate(preorder)}
        size, total = subtree_sums(preorder, parent, map(moves.pull, range(len(at))))
        moved = False
        for i, v in enumerate(preorder):
            step = (total[v] > 0) - (total[v] < 0)
            if step and work > 0 and not moves.held(v, parent[v], total[v]):
                work -= size[v]
                end = i + size[v]
                moved |= moves.move(preorder[i:end], step, index, range(i, end))


class _Moves:
    """The positions of the vertices, and the forces that pull at them."""

    def __init__(self, drawn: Layered, at: list[float], gap: Sequence[float]) -> None:
        self.drawn, self.at, self.gap = drawn, at, gap
        #: for each vertex: other vertices, the desired distances from them, and their weights
        self.pulls: list[list[tuple[int, float, float]]] = [[] for _ in at]
        #: the neighbours of each vertex on its layer, or -1
        self.before, self.after = [-1] * len(at), [-1] * len(at)
        for layer in drawn.order:
            for u, v in pairwise(layer):
                self.before[v], self.after[u] = u, v
        for (u, v), (u_port, v_port) in zip(drawn.ends, drawn.ports):
            self._add_pull(u, v, u_port - v_port, _weight(drawn.kind[u], drawn.kind[v]))
        for left, right in drawn.borders:
            self._add_pull(left, right, 0.0, 1.0)

    def _add_pull(self, u: int, v: int, distance: float, weight: float) -> None:
        self.pulls[u].append((v, -distance, weight))
        self.pulls[v].append((u, distance, weight))

    def pull(self, v: int) -> float:
        """Return the weight that pulls `v` forward, minus the weight that pulls it back."""
        here = self.at[v]
        total = 0.0
        for w, distance, weight in self.pulls[v]:
            far = self.at[w] + distance - here
            if far > _TOUCH:
                total += weight
            elif far < -_TOUCH:
                total -= weight
        return total

    def forest(self) -> tuple[list[int], list[int]]:
        """Return the vertices, depth first along a spanning forest, and the parent of each."""
        at, gap, before, after = self.at, self.gap, self.before, self.after
        parent = [-1] * len(at)
        preorder = []
        for root in range(len(at)):
            stack = [(root, root)] if parent[root] < 0 else []
            while stack:
                v, came_from = stack.pop()
                if parent[v] >= 0:
                    continue
                parent[v] = came_from
                preorder.append(v)
                u, w = before[v], after[v]
                if u >= 0 and parent[u] < 0 and at[v] - at[u] - gap[v] < _TOUCH:
                    stack.append((u, v))
                if w >= 0 and parent[w] < 0 and at[w] - at[v] - gap[w] < _TOUCH:
                    stack.append((w, v))
                for w, distance, _ in self.pulls[v]:
                    if parent[w] < 0 and abs(at[w] + distance - at[v]) < _TOUCH:
                        stack.append((w, v))
        return preorder, parent

    def held(self, v: int, parent: int, total: float) -> bool:
        """Return whether the connection of a subtree to its parent keeps it from moving."""
        if v == parent:
            return False
        if self.drawn.layer[v] == self.drawn.layer[parent]:
            return (total > 0) == (self.after[v] == parent)
        return abs(total) <= _weight(self.drawn.kind[v], self.drawn.kind[parent])

    def move(self, vertices: list[int], step: int, index: dict[int, int], own: range) -> bool:
        """Move vertices in the direction of `step` until the sum is least or space ends."""
        at, gap = self.at, self.gap
        force, space = 0.0, math.inf
        straight_at: list[tuple[float, float]] = []
        ahead = self.after if step > 0 else self.before
        for v in vertices:
            here = at[v]
            for w, distance, weight in self.pulls[v]:
                if index[w] not in own:
                    far = (at[w] + distance - here) * step
                    if far > _TOUCH:
                        straight_at.append((far, weight))
                        force += weight
                    else:
                        force -= weight
            w = ahead[v]
            if w >= 0 and index[w] not in own:
                space = min(space, (at[w] - here) * step - gap[w if step > 0 else v])
                if space < _TOUCH:
                    return False
        if force < _TOUCH:
            return False
        by = 0.0
        for far, weight in sorted(straight_at):
            by = min(far, space)
            force -= 2 * weight
            if force < _TOUCH or far >= space:
                break
        for v in vertices:
            at[v] += by * step
        return True


def _weight(one: int, other: int) -> float:
    """Return the weight of a segment: larger for longer edges (Gansner et al. 1993)."""
    if one >= LEFT and other >= LEFT:
        return _RIGID
    return (1.0, 2.0, 8.0)[(one != NODE) + (other != NODE)]
