"""Order the vertices of each layer so that few segments cross: the second step of the layout.

The method is that of Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical
system structures" (1981): sort the layers repeatedly, each by the places of its neighbours.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from .layers import LEFT, RIGHT, Layered

Order = list[list[int]]


def count_crossings(tails: Sequence[float], heads: Sequence[float]) -> int:
    """Count the crossings of segments between two rows, given the places of their ends.

    If segments are sorted by their tails, two of them cross if their heads are in the other order:
    an inversion. Barth, Jünger, Mutzel, "Simple and efficient bilayer cross counting" (2002), count
    these by an accumulator tree in O(E log V). Here all segments walk the tree together, level by
    level: each subtree has two halves, and a head in the right half before one in the left is an
    inversion.

    Examples
    --------
    >>> count_crossings([0, 0, 1, 2], [0, 2, 1, 1])
    2
    """
    _, heads_ = np.unique(np.asarray(heads, float), return_inverse=True)
    head = heads_[np.lexsort((heads_, np.asarray(tails, float)))]
    crossings = 0
    for level in reversed(range(int(head.max(initial=0)).bit_length())):
        subtree = head >> (level + 1)
        right = (head >> level) & 1
        seen = np.cumsum(right)  # heads in a right half so far; earlier subtrees are subtracted
        first = np.flatnonzero(np.diff(subtree, prepend=-1))
        seen -= np.repeat(seen[first] - right[first], np.diff(first, append=len(head)))
        crossings += int(seen[right == 0].sum())
        head = head[np.argsort(head >> level, kind="stable")]
    return crossings


def minimise_crossings(drawn: Layered) -> int:
    """Order the vertices of each layer so that few segments cross; return the remaining crossings.

    Sweeps down and up alternate. On each layer in turn, the vertices are sorted by the *barycentre*
    (the mean place) of their neighbours on the layer before. Then single vertices are moved if
    this undoes crossings. The best result of several initial orders is kept. The work is counted
    and bounded, not timed, so that the same graph always gets the same layout.
    """
    search = _Search(drawn)
    best, fewest = drawn.order, -1
    for start in range(_STARTS):
        if search.work <= 0 or fewest == 0:
            break
        search.begin(start)
        order, crossings = search.improve()
        if fewest < 0 or crossings < fewest:
            best, fewest = order, crossings
    drawn.order = best
    return max(fewest, 0)


_WORK = 200_000  # the number of sorted vertices and compared pairs, which bounds the time
_STARTS, _SWEEPS, _PATIENCE = 4, 24, 8
_REACH, _ROUNDS = 4, 6  # places that a vertex is sifted at a time, and number of rounds


class _Search:
    """An order of a layered graph that is being improved."""

    def __init__(self, drawn: Layered) -> None:
        self.drawn = drawn
        self.order: Order = [list(layer) for layer in drawn.order]  #: the vertices of each layer
        self.place = [0] * len(drawn.kind)  #: the index of each vertex in its layer
        # The neighbours of each vertex on the layers next to its own, and their port places:
        ports = [_port_places(drawn, end) for end in (0, 1)]
        self.above = [[drawn.ends[s][0] for s in near] for near in drawn.above]
        self.below = [[drawn.ends[s][1] for s in near] for near in drawn.below]
        self.above_ports = [[ports[0][s] for s in near] for near in drawn.above]
        self.below_ports = [[ports[1][s] for s in near] for near in drawn.below]
        self.ends = np.array(drawn.ends, int).reshape(-1, 2).T
        self.ports = np.array(ports)
        #: the groups around each vertex, outer ones first; empty if there are no groups
        self.paths = [drawn.path(g) for g in drawn.group] if drawn.parent else []
        self.rank: list[int] = []  #: the rank of each group among all, once they have one
        self.work = _WORK  #: the number of steps that are left

    def begin(self, start: int) -> None:
        """Choose an initial order: depth first from the sources, the sinks, or at random."""
        vertices = list(range(len(self.place)))
        if start > 1:
            random.Random(start).shuffle(vertices)
        for layer in self.order:
            layer.clear()
        for v in _depth_first(vertices, self.below if start % 2 == 0 else self.above):
            self.order[self.drawn.layer[v]].append(v)
        self._update_places()
        self.rank = []
        if self.paths:  # sort without ranks first, then rank the groups
            for sweep in range(4):
                self._sweep(sweep)
            self._rank_groups()

    def improve(self) -> tuple[Order, int]:
        """Sweep until this no longer helps; return the best order and its crossings."""
        best, fewest, waited = self._copy(), self.crossings(), 0
        large = len(self.place) * _SWEEPS > self.work // _STARTS  # then sift only at the end
        for sweep in range(_SWEEPS):
            if not fewest or waited == _PATIENCE or (self.work <= 0 and sweep > 3):
                break
            self._sweep(sweep)
            if not large:
                self._sift()
            crossings = self.crossings()
            waited += 1
            if crossings < fewest:
                best, fewest, waited = self._copy(), crossings, 0
        if fewest and large:
            self.order = best
            self._update_places()
            self._sift()
            best, fewest = self._copy(), self.crossings()
        return best, fewest

    def crossings(self) -> int:
        """Count the pairs of segments that cross, over all layers at once."""
        first = np.cumsum([0, *map(len, self.order)])
        at = first[np.array(self.drawn.layer, int)] + np.array(self.place, int)
        tails, heads = at[self.ends] + self.ports
        return count_crossings(tails, heads)

    def _copy(self) -> Order:
        return [layer[:] for layer in self.order]

    def _update_places(self) -> None:
        for layer in self.order:
            for i, v in enumerate(layer):
                self.place[v] = i

    def _sweep(self, sweep: int) -> None:
        """Sort each layer by the one before it on the way down, or the one after it on the way up.

        A vertex without neighbours there keeps its place. Some sweeps reverse vertices with the
        same barycentre. Otherwise they would keep their initial order.
        """
        down, turn = sweep % 2 == 0, sweep % 8 > 5
        self.work -= len(self.place) * (3 if self.paths else 1)
        near, ports = (self.above, self.above_ports) if down else (self.below, self.below_ports)
        place = self.place
        for k in range(1, len(self.order)) if down else reversed(range(len(self.order) - 1)):
            layer = self.order[k]
            mean = {
                v: (sum(place[w] for w in near[v]) + sum(ports[v])) / len(near[v])
                for v in (reversed(layer) if turn else layer)
                if near[v]
            }
            if self.paths:
                layer = self._sorted_in_groups(layer, mean)
            else:
                ranked = iter(sorted(mean, key=mean.__getitem__))
                layer = [next(ranked) if v in mean else v for v in layer]
            self.order[k] = layer
            for i, v in enumerate(layer):
                place[v] = i

    def _sorted_in_groups(self, layer: list[int], value: dict[int, float]) -> list[int]:
        """Sort the layer by value, with each group in one piece, between its borders.

        A group is sorted by the mean of its members. Groups with ranks keep the same order on every
        layer, so their boxes are side by side.
        """
        last = -1.0
        for v in layer:  # a vertex without neighbours stays next to the one before
            last = value.setdefault(v, last)
        inside: dict[int, list[float]] = defaultdict(list)
        for v in layer:
            for g in self.paths[v]:
                inside[g].append(value[v])
        mean = {g: sum(values) / len(values) for g, values in inside.items()}
        if self.rank:
            _make_monotone(mean, sorted(mean, key=self.rank.__getitem__), self.drawn.parent)
        kind, sides = self.drawn.kind, {LEFT: -np.inf, RIGHT: np.inf}
        rank = self.rank or range(len(self.drawn.parent))

        def key(v: int) -> list[tuple[float, int]]:
            own = sides.get(kind[v], value[v])
            return [(mean[g], rank[g]) for g in self.paths[v]] + [(own, -1)]

        return sorted(layer, key=key)

    def _rank_groups(self) -> None:
        """Rank the groups by the mean place of their members, counted from the middle."""
        places: dict[int, list[float]] = defaultdict(list)
        for layer in self.order:
            for i, v in enumerate(layer):
                for g in self.paths[v]:
                    places[g].append(i - len(layer) / 2)
        mean = {g: sum(at) / len(at) for g, at in places.items()}
        groups = range(len(self.drawn.parent))
        self.rank = [0] * len(groups)
        for i, g in enumerate(sorted(groups, key=lambda g: mean.get(g, 0.0))):
            self.rank[g] = i
        for k, layer in enumerate(self.order):
            places_now = {v: float(i) for i, v in enumerate(layer)}
            self.order[k] = self._sorted_in_groups(layer, places_now)
        self._update_places()

    def _sift(self) -> None:
        """Move single vertices along their layers while this undoes crossings.

        Sifting: Matuszewski, Schönfeld, Molitor, "Using sifting for k-layer straightline crossing
        minimization" (1999). A layer is sifted again after a neighbouring one has changed.
        """
        todo = set(range(len(self.order)))
        for _ in range(_ROUNDS):
            changed = {k for k in sorted(todo) if self.work > 0 and self._sift_on(self.order[k])}
            todo = {near for k in changed for near in (k - 1, k, k + 1)}
            todo &= set(range(len(self.order)))

    def _sift_on(self, layer: list[int]) -> bool:
        """Move each vertex of a layer to its best place; return True if any was moved."""
        changed = False
        for v in layer[:]:
            if self.work <= 0:
                break
            start = self.place[v]
            best, to = 0, start
            for step in (1, -1):
                gain, i = 0, start + step
                while 0 <= i < len(layer) and abs(i - start) <= _REACH:
                    if not self._may_pass(v, layer[i]):
                        break
                    self.work -= 1 + len(self.above[layer[i]]) // 4 + len(self.below[layer[i]]) // 4
                    gain += self._gain(v, layer[i]) * step
                    if gain > best:
                        best, to = gain, i
                    i += step
            if best:
                changed = True
                layer.insert(to, layer.pop(start))
                for i in range(min(start, to), max(start, to) + 1):
                    self.place[layer[i]] = i
        return changed

    def _may_pass(self, v: int, w: int) -> bool:
        group, kind = self.drawn.group, self.drawn.kind
        return not self.paths or (group[v] == group[w] and kind[v] < LEFT and kind[w] < LEFT)

    def _gain(self, v: int, w: int) -> int:
        """Return the number of crossings that are saved by putting `w` before `v`."""
        gain, place = 0, self.place
        for near, ports in ((self.above, self.above_ports), (self.below, self.below_ports)):
            a, b = near[v], near[w]
            if len(a) == 1 == len(b):
                distance = place[a[0]] + ports[v][0] - place[b[0]] - ports[w][0]
                gain += (distance > 0) - (distance < 0)
            elif a and b:
                theirs = sorted(place[x] + p for x, p in zip(b, ports[w]))
                for x, p in zip(a, ports[v]):
                    at = place[x] + p
                    gain += bisect_left(theirs, at) - len(theirs) + bisect_right(theirs, at)
        return gain


def _port_places(drawn: Layered, end: int) -> list[float]:
    """Return the offset of each segment's port from the place of its vertex: less than half."""
    across = (drawn.across[vs[end]] for vs in drawn.ends)
    return [0.9 * at[end] / size if size else 0.0 for at, size in zip(drawn.ports, across)]


def _depth_first(vertices: Sequence[int], near: Sequence[Sequence[int]]) -> Iterator[int]:
    """Yield all vertices, depth first."""
    missing = set(vertices)
    reached = {w for v in vertices for w in near[v]}
    for root in vertices:
        stack = [] if root in reached else [root]
        while stack:
            v = stack.pop()
            if v in missing:
                missing.discard(v)
                yield v
                stack += reversed(near[v])


def _make_monotone(value: dict[int, float], groups: list[int], parent: Sequence[int]) -> None:
    """Change the values as little as possible, so that they ascend within each parent."""
    pools: dict[int, list[list[int]]] = defaultdict(list)  # parent -> groups that share a value
    for g in groups:
        row = pools[parent[g]]
        row.append([g])
        while len(row) > 1 and value[row[-2][0]] > value[row[-1][0]]:
            pool = row.pop()
            row[-1] += pool
            mean = sum(value[h] for h in row[-1]) / len(row[-1])
            for h in row[-1]:
                value[h] = mean
