"""Fold a tape: choose the tensors that share a card, so that a picture stays readable.

A folded card holds a run of nodes, each computed right after the one before. A run depends only on
earlier runs, so the graph of the runs has no cycles either.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from ...core.messages import shown
from ...core.tensor import Tensor
from ...ops.shaping import reshape
from ...text.format import ELLIPSIS, truncate

_LONGEST_TITLE = 40  # characters
_MAX_NAMED = 2  # operations named in the title of a run
_MIN_COPIES = 3  # number of copies from which on they are stacked
_COARSE = 10  # a folding with this many times fewer parts than allowed hides too much

#: A box: the numbers of the scopes around it, outer ones first, and its own number. A scope gets a
#: new number each time it is entered.
Group = tuple[int, ...]


@dataclass
class Part:
    """The tensors of one card: one, or several of which the last represents all."""

    tensors: list[Tensor]  #: in order of computation, but leaves used only here come first
    box: Group = ()
    title: str = ""  #: the title of a folded card; empty for the card of one tensor
    copies: int = 1  #: the number of parts of the same structure that are stacked here

    @property
    def is_folded(self) -> bool:
        return bool(self.title)


class Folded(NamedTuple):
    """The parts of a tape."""

    parts: list[Part]  #: in the order of computation
    part_of: Mapping[int, int]  #: the position of each tensor's part, by creation number
    titles: Mapping[Group, str]  #: the titles of the boxes
    note: str = ""  #: a line about the folding, and how to see more


@dataclass(frozen=True)
class Scopes:
    """The scopes that the nodes of a tape are in."""

    boxes: Mapping[int, Group]  #: the box of each node, by creation number
    titles: Mapping[Group, str]  #: the titles of the boxes
    numbers: Mapping[int, int]  #: the number of each node, from 1, by creation number

    @classmethod
    def of(cls, tensors: Iterable[Tensor]) -> Scopes:
        """Return the scopes of a whole tape."""
        boxes: dict[int, Group] = {}
        titles: dict[Group, str] = {}
        before: Sequence[object] = ()
        box: Group = ()
        nodes = [t for t in tensors if t.op]
        for t in nodes:
            same = 0
            while same < min(len(before), len(t.scope)) and before[same] is t.scope[same]:
                same += 1
            box = box[:same]
            for scope in t.scope[same:]:
                box = (*box, len(titles))
                titles[box] = truncate(shown(scope.name), _LONGEST_TITLE)
            boxes[t.order] = box
            before = t.scope
        return cls(boxes, titles, {t.order: i for i, t in enumerate(nodes, start=1)})

    def below(self, nodes: Sequence[Tensor]) -> Scopes:
        """Return the scopes of some nodes, without the boxes that all of them are in."""
        around = len(_common_box(self.boxes[t.order] for t in nodes))
        boxes = {t.order: self.boxes[t.order][around:] for t in nodes}
        titles = {box[around:]: title for box, title in self.titles.items() if len(box) > around}
        return Scopes(boxes, titles, self.numbers)


def parts_of(
    tensors: Sequence[Tensor], depth: int | None, max_nodes: int, scopes: Scopes | None = None
) -> Folded:
    """Divide the tensors of a tape into at most about `max_nodes` parts.

    If there are more, constants are folded into the nodes that use them. Then scopes are folded,
    from the inside out, and equal neighbours are stacked, at last also the steps of a recurrent
    network. A reshape is folded into the scope that uses it. Then runs of nodes are folded, then
    leaves.
    `depth` is how many levels of scopes are open; None opens as many as fit. `scopes` are those of
    the whole tape, if the tensors are only a part of it.
    """
    scopes = scopes or Scopes.of(tensors)
    deepest = max(map(len, scopes.boxes.values()), default=0)
    depths = range(deepest, -1, -1) if depth is None else [depth]

    def folded(level: int) -> list[Part]:
        """Return the parts with all boxes closed that are nested deeper than `level`."""
        return _by_scope(
            tensors, scopes, lambda box: box[: level + 1] if len(box) > level else None
        )

    parts = _with_leaves(tensors, folded(depths[0]), False)
    if len(parts) > max_nodes:
        parts = finer = _with_leaves(tensors, _stack_copies(folded(depths[0])))
        for level, chained in [(level, chained) for level in depths for chained in (False, True)]:
            if len(parts) <= max_nodes:
                break
            stacked = _stack_copies(folded(level), chained)
            finer, parts = parts, _with_leaves(tensors, stacked)
            if len(parts) > max_nodes:
                parts = _with_leaves(tensors, _absorb_reshapes(stacked))
        if sum(part.copies for part in parts) * _COARSE <= max_nodes:
            parts = finer
    computed = [part for part in parts if part.tensors[-1].op]
    length = math.ceil(len(computed) / max(1, max_nodes - 1))
    while len(parts) > max_nodes:
        parts = _in_runs(tensors, computed, length, scopes)
        length *= 2
    note = ""
    if len(parts) < len(tensors):
        how = "max_nodes=" if depth is None else "depth="
        note = f"{len(tensors):,} tensors, folded into {len(parts)} cards: {how} shows more"
    return _folded(parts, scopes, note)


def closing(tensors: Sequence[Tensor], closed: Collection[Group]) -> Folded:
    """Divide the tensors of a tape into parts, with one part for each of the `closed` boxes."""
    scopes = Scopes.of(tensors)

    def outermost(box: Group) -> Group | None:
        return next((box[:n] for n in range(1, len(box) + 1) if box[:n] in closed), None)

    return _folded(_with_leaves(tensors, _by_scope(tensors, scopes, outermost), False), scopes)


def _folded(parts: list[Part], scopes: Scopes, note: str = "") -> Folded:
    """Return parts with an index of their tensors, and the titles of the boxes they are in."""
    part_of = {t.order: i for i, part in enumerate(parts) for t in part.tensors}
    used = {part.box[:n] for part in parts for n in range(1, len(part.box) + 1)}
    titles = {box: title for box, title in scopes.titles.items() if box in used}
    return Folded(parts, part_of, titles, note)


def _by_scope(
    tensors: Sequence[Tensor], scopes: Scopes, closed: Callable[[Group], Group | None]
) -> list[Part]:
    """Return a part for each node, and one part for all nodes of a closed box.

    ``closed(box)`` is the outermost closed box around or equal to `box`, or None.
    """
    parts = []
    boxes = scopes.boxes
    nodes = (t for t in tensors if t.op)
    for key, run in groupby(nodes, key=lambda t: closed(boxes[t.order]) or t.order):
        if isinstance(key, tuple):
            parts.append(Part(list(run), key[:-1], scopes.titles[key]))
        else:
            parts += [Part([t], boxes[t.order]) for t in run]
    return parts


def _stack_copies(parts: Sequence[Part], chained: bool = False) -> list[Part]:
    """Stack neighbours that compute the same in the same box, and do not use one another.

    With `chained`, they may use one another if they share their parameters: these are the steps of
    a recurrent network. Nothing is stacked if everything would be in a single stack.
    """
    stacks: list[list[Part]] = []
    results: set[int] = set()  # the creation numbers in the last stack
    structure: Hashable = None
    for part in parts:
        before, structure = structure, _structure(part)
        if chained and structure:
            structure = (structure, shared) if (shared := _parameters(part)) else None
        used = {a.order for t in part.tensors for a in t.inputs if isinstance(a, Tensor)}
        if structure and structure == before and (chained or not used & results):
            stacks[-1].append(part)
        else:
            stacks.append([part])
            results = set()
        results |= {t.order for t in part.tensors}
    if len(stacks) < 2:
        return list(parts)
    return [
        part
        for stack in stacks
        for part in ([_stack(stack)] if len(stack) >= _MIN_COPIES else stack)
    ]


def _absorb_reshapes(parts: Sequence[Part]) -> list[Part]:
    """Put each reshape into the folded part right after it, if only that part uses the result."""
    users: dict[int, set[int]] = {}
    for i, part in enumerate(parts):
        for t in part.tensors:
            for a in t.inputs:
                if isinstance(a, Tensor):
                    users.setdefault(a.order, set()).add(i)
    found: list[Part] = []
    for i, part in reversed([*enumerate(parts)]):
        if found and _is_reshape(part, found[-1]) and users[part.tensors[0].order] == {i + 1}:
            found[-1] = replace(found[-1], tensors=part.tensors + found[-1].tensors)
        else:
            found.append(part)
    return found[::-1]


def _is_reshape(part: Part, after: Part) -> bool:
    """Return whether a part is a single reshape, next to a folded part in the same box."""
    ops = [t.op for t in part.tensors]
    return ops == [reshape] and after.is_folded and after.box == part.box


def _structure(part: Part) -> Hashable:
    """Return a key that is equal for folded parts that compute the same."""
    if not part.is_folded:
        return None
    at = {t.order: i for i, t in enumerate(part.tensors)}
    return part.box, tuple(
        (t.op, t.shape, *(at.get(a.order) for a in t.inputs if isinstance(a, Tensor)))
        for t in part.tensors
    )


def _parameters(part: Part) -> frozenset[int]:
    """Return the creation numbers of the leaves that require a gradient."""
    used = (a for t in part.tensors for a in t.inputs if isinstance(a, Tensor))
    return frozenset(a.order for a in used if a.op is None and a.requires_grad)


def _stack(copies: Sequence[Part]) -> Part:
    """Merge parts into one, named by the common beginning of their titles, or first and last."""
    titles = [truncate(part.title, _LONGEST_TITLE // 2) for part in copies]
    names = {title.rstrip("0123456789 _-./#") or title for title in titles}
    name = names.pop() if len(names) == 1 else f"{titles[0]} {ELLIPSIS} {titles[-1]}"
    tensors = [t for part in copies for t in part.tensors]
    return Part(tensors, copies[0].box, f"{name} ×{len(copies)}", len(copies))


def _in_runs(
    tensors: Sequence[Tensor], computed: Sequence[Part], length: int, scopes: Scopes
) -> list[Part]:
    """Merge consecutive parts, `length` at a time, and all leaves if these are more."""
    runs = []
    for i in range(0, len(computed), length):
        run = computed[i : i + length]
        nodes = [t for part in run for t in part.tensors if t.op]
        title = _title(run, nodes, scopes.numbers) if len(run) > 1 else run[0].title
        runs.append(Part(nodes, _common_box(part.box for part in run), title))
    parts = _with_leaves(tensors, runs)
    leaves = [t for part in parts if part.tensors[-1].op is None for t in part.tensors]
    if len(leaves) <= len(runs):
        return parts
    return [Part(leaves, (), f"{len(leaves):,} leaves"), *(p for p in parts if p.tensors[-1].op)]


def _title(run: Sequence[Part], nodes: Sequence[Tensor], numbers: Mapping[int, int]) -> str:
    """Return the title of a run: its scopes, or its positions on the tape and its operations."""
    scopes = [truncate(part.title, _LONGEST_TITLE // 2) for part in run if part.is_folded]
    if scopes:
        first, last = scopes[0], scopes[-1]
        if first != last:
            return f"{first} {ELLIPSIS} {last}"
        return f"{first} ×{len(scopes)}" if len(scopes) > 1 else f"{first}, {ELLIPSIS}"
    operations = Counter(t.op.name for t in nodes if t.op).most_common()
    most = [name for name, _ in operations[:_MAX_NAMED]]
    more = [ELLIPSIS] * (len(operations) > _MAX_NAMED)
    first_number, last_number = numbers[nodes[0].order], numbers[nodes[-1].order]
    return f"steps {first_number:,}–{last_number:,} · {', '.join(most + more)}"


def _with_leaves(
    tensors: Sequence[Tensor], parts: Sequence[Part], constants: bool = True
) -> list[Part]:
    """Return the parts and the leaves, in order. A folded part contains leaves that only it uses.

    With `constants`, any part contains constants that only it uses.
    """
    used: dict[int, list[int]] = {}
    for i, part in enumerate(parts):
        for t in part.tensors:
            for a in t.inputs:
                if isinstance(a, Tensor) and a.op is None:
                    used.setdefault(a.order, []).append(i)
    alone: list[Part] = []
    within: dict[int, list[Tensor]] = {}
    for t in tensors:
        if t.op is None:
            users = sorted(set(used[t.order]))
            hidden = constants and not t.requires_grad
            if len(users) == 1 and (hidden or parts[users[0]].is_folded):
                within.setdefault(users[0], []).append(t)
            else:
                alone.append(Part([t], _common_box(parts[i].box for i in users)))
    whole = [
        replace(part, tensors=within[i] + part.tensors) if i in within else part
        for i, part in enumerate(parts)
    ]
    return sorted(alone + whole, key=lambda part: part.tensors[-1].order)


def _common_box(boxes: Iterable[Group]) -> Group:
    """Return the innermost box that contains all of them."""
    first, *others = boxes
    while any(box[: len(first)] != first for box in others):
        first = first[:-1]
    return first
