"""Folding: which tensors of a tape are drawn as one card, so that a picture stays readable.

What is folded is a run of records, one computed right after the other. A run depends on what came
before it only, so the graph of the runs has no cycles either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from ...core.tensor import Tensor
from ...text.format import ELLIPSIS, one_line, shortened

_LONGEST_TITLE = 40  # characters
_MOST_NAMED = 2  # operations, in the title of a run
_FEWEST = 3  # copies that are stacked
_COARSE = 10  # times fewer parts than there is room for: scopes that are closed hide too much

#: A box: the numbers of the scopes that it is in, outer ones first, and its own. Each time that a
#: scope is entered it gets a number.
Group = tuple[int, ...]


@dataclass
class Part:
    """What is drawn as one card: a tensor, or several of which the last stands for all.

    Attributes
    ----------
    tensors : list of Tensor
        In the order of computation, leaves that are used nowhere else first.
    box : Group
        The box that the card is in.
    title : str
        What a card for several is called; empty for that of a tensor.
    copies : int
        How many of the same structure are stacked on it.
    """

    tensors: list[Tensor]
    box: Group = ()
    title: str = ""
    copies: int = 1

    @property
    def is_folded(self) -> bool:
        return bool(self.title)


class Folded(NamedTuple):
    """The parts of a tape.

    Attributes
    ----------
    parts : list of Part
        In the order of computation.
    part_of : mapping of int to int
        The position of each tensor's part, by creation number.
    titles : mapping of Group to str
        The names of the boxes.
    note : str
        That some of it is folded, and how to see more; empty where nothing is.
    """

    parts: list[Part]
    part_of: Mapping[int, int]
    titles: Mapping[Group, str]
    note: str = ""


@dataclass(frozen=True)
class Scopes:
    """What the records of a tape are in.

    Attributes
    ----------
    boxes : mapping of int to Group
        The box of each record, by creation number.
    titles : mapping of Group to str
        The names of the boxes.
    numbers : mapping of int to int
        The number of each record: which of the steps forward it is, from one on.
    """

    boxes: Mapping[int, Group]
    titles: Mapping[Group, str]
    numbers: Mapping[int, int]

    @classmethod
    def of(cls, tensors: Iterable[Tensor]) -> Scopes:
        """Those of a whole tape."""
        boxes: dict[int, Group] = {}
        titles: dict[Group, str] = {}
        numbers: dict[int, int] = {}
        before: Sequence[object] = ()
        box: Group = ()
        for t in tensors:
            if t.op is None:
                continue
            same = 0
            while same < min(len(before), len(t.scope)) and before[same] is t.scope[same]:
                same += 1
            box = box[:same]
            for scope in t.scope[same:]:
                box = (*box, len(titles))
                titles[box] = shortened(one_line(scope.name), _LONGEST_TITLE)
            boxes[t.order] = box
            numbers[t.order] = len(numbers) + 1
            before = t.scope
        return cls(boxes, titles, numbers)

    def below(self, records: Sequence[Tensor]) -> Scopes:
        """Those of some records, without the boxes that all of them are in."""
        around = len(_common(self.boxes[t.order] for t in records))
        boxes = {t.order: self.boxes[t.order][around:] for t in records}
        titles = {box[around:]: title for box, title in self.titles.items() if len(box) > around}
        return Scopes(boxes, titles, self.numbers)


def parts_of(
    tensors: Sequence[Tensor], depth: int | None, max_nodes: int, scopes: Scopes | None = None
) -> Folded:
    """All tensors of a tape in at most about `max_nodes` parts.

    Parameters
    ----------
    tensors : sequence of Tensor
        In the order of creation.
    depth : int or None
        How many levels of scopes stay open; None for as many as fit.
    max_nodes : int
        When there are more, constants are folded into what they are used for, then scopes from the
        inside out, with copies side by side stacked, then records that follow one another, then
        leaves.
    scopes : Scopes, optional
        Of a tape that the tensors are a part of.
    """
    scopes = scopes or Scopes.of(tensors)
    deepest = max((len(box) for box in scopes.boxes.values()), default=0)
    depths = range(deepest, -1, -1) if depth is None else [depth]

    def folded(level: int) -> list[Part]:
        return _by_scope(tensors, scopes, _deeper_than(level))

    parts = _with_leaves(tensors, folded(depths[0]), False)
    if len(parts) > max_nodes:
        parts = finer = _with_leaves(tensors, _stacked(folded(depths[0])))
        for level in depths[1:]:
            if len(parts) <= max_nodes:
                break
            finer, parts = parts, _with_leaves(tensors, _stacked(folded(level)))
        if sum(part.copies for part in parts) * _COARSE <= max_nodes:
            parts = finer
    made = [part for part in parts if part.tensors[-1].op]
    length = -(-len(made) // max(1, max_nodes - 1))
    while len(parts) > max_nodes:
        parts = _in_runs(tensors, made, length, scopes)
        length *= 2
    part_of = {t.order: i for i, part in enumerate(parts) for t in part.tensors}
    note = ""
    if len(parts) < len(tensors):
        how = "max_nodes=" if depth is None else "depth="
        note = f"{len(tensors):,} tensors, folded into {len(parts)} cards: {how} shows more"
    return Folded(parts, part_of, _used(scopes.titles, parts), note)


def closing(tensors: Sequence[Tensor], closed: Collection[Group]) -> Folded:
    """All tensors of a tape, those in each of the `closed` boxes in one part."""
    scopes = Scopes.of(tensors)

    def outermost(box: Group) -> Group | None:
        return next((box[:n] for n in range(1, len(box) + 1) if box[:n] in closed), None)

    parts = _with_leaves(tensors, _by_scope(tensors, scopes, outermost), False)
    part_of = {t.order: i for i, part in enumerate(parts) for t in part.tensors}
    return Folded(parts, part_of, _used(scopes.titles, parts))


def _used(titles: Mapping[Group, str], parts: Sequence[Part]) -> dict[Group, str]:
    """The boxes that parts are in."""
    used = {part.box[:n] for part in parts for n in range(1, len(part.box) + 1)}
    return {box: title for box, title in titles.items() if box in used}


def _deeper_than(depth: int) -> Callable[[Group], Group | None]:
    """Closes what is nested deeper than that."""
    return lambda box: box[: depth + 1] if len(box) > depth else None


def _by_scope(
    tensors: Sequence[Tensor], scopes: Scopes, closed: Callable[[Group], Group | None]
) -> list[Part]:
    """A part for each record; one for all records of a box that is `closed`.

    ``closed(box)`` is the outermost closed one of those that a box is in, itself included.
    """
    parts = []
    boxes = scopes.boxes
    for key, run in groupby(
        (t for t in tensors if t.op), key=lambda t: closed(boxes[t.order]) or t.order
    ):
        if isinstance(key, tuple):
            parts.append(Part(list(run), key[:-1], scopes.titles[key]))
        else:
            parts += [Part([t], boxes[t.order]) for t in run]
    return parts


def _stacked(parts: Sequence[Part]) -> list[Part]:
    """Copies side by side drawn as one: siblings that compute the same, and none from another.

    Not all there is in one stack: it would open onto itself.
    """
    stacks: list[list[Part]] = []
    made: set[int] = set()  # by the last stack
    structure: Hashable = None
    for part in parts:
        before, structure = structure, _structure(part)
        used = {a.order for t in part.tensors for a in t.inputs if isinstance(a, Tensor)}
        if structure and structure == before and not used & made:
            stacks[-1].append(part)
        else:
            stacks.append([part])
            made = set()
        made |= {t.order for t in part.tensors}
    if len(stacks) < 2:
        return list(parts)
    few = [stack if len(stack) >= _FEWEST else [] for stack in stacks]
    return [p for stack, s in zip(stacks, few) for p in ([_stack(s)] if s else stack)]


def _structure(part: Part) -> Hashable:
    """The same for parts that do the same in the same box; None for a part that is not folded."""
    if not part.is_folded:
        return None
    at = {t.order: i for i, t in enumerate(part.tensors)}
    return part.box, tuple(
        (t.op, t.shape, *(at.get(a.order) for a in t.inputs if isinstance(a, Tensor)))
        for t in part.tensors
    )


def _stack(copies: Sequence[Part]) -> Part:
    """Several parts as one, called by what their names have in common, or the first and last."""
    titles = [shortened(part.title, _LONGEST_TITLE // 2) for part in copies]
    names = {title.rstrip("0123456789 _-./#") or title for title in titles}
    name = names.pop() if len(names) == 1 else f"{titles[0]} {ELLIPSIS} {titles[-1]}"
    tensors = [t for part in copies for t in part.tensors]
    return Part(tensors, copies[0].box, f"{name} ×{len(copies)}", len(copies))


def _in_runs(
    tensors: Sequence[Tensor], made: Sequence[Part], length: int, scopes: Scopes
) -> list[Part]:
    """Parts that follow one another drawn as one, `length` at a time, and all other leaves too."""
    runs = []
    for i in range(0, len(made), length):
        run = made[i : i + length]
        records = [t for part in run for t in part.tensors if t.op]
        title = _title(run, records, scopes.numbers) if len(run) > 1 else run[0].title
        runs.append(Part(records, _common(part.box for part in run), title))
    parts = _with_leaves(tensors, runs)
    leaves = [t for part in parts if part.tensors[-1].op is None for t in part.tensors]
    if len(leaves) <= len(runs):
        return parts
    return [Part(leaves, (), f"{len(leaves):,} leaves"), *(p for p in parts if p.tensors[-1].op)]


def _title(run: Sequence[Part], records: Sequence[Tensor], numbers: Mapping[int, int]) -> str:
    """What a run is called: by its scopes, or by its place on the tape and what it mostly does."""
    scopes = [shortened(part.title, _LONGEST_TITLE // 2) for part in run if part.is_folded]
    if scopes:
        first, last = scopes[0], scopes[-1]
        if first != last:
            return f"{first} {ELLIPSIS} {last}"
        return f"{first} ×{len(scopes)}" if len(scopes) > 1 else f"{first}, {ELLIPSIS}"
    operations = Counter(t.op.name for t in records if t.op).most_common()
    most = [name for name, _ in operations[:_MOST_NAMED]]
    more = [ELLIPSIS] * (len(operations) > _MOST_NAMED)
    first_number, last_number = numbers[records[0].order], numbers[records[-1].order]
    return f"steps {first_number:,}–{last_number:,} · {', '.join(most + more)}"


def _with_leaves(
    tensors: Sequence[Tensor], parts: Sequence[Part], constants: bool = True
) -> list[Part]:
    """The parts in order with the leaves: in a folded part, if they are used nowhere else.

    With `constants`, those go into any part.
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
                alone.append(Part([t], _common(parts[i].box for i in users)))
    whole = [
        replace(part, tensors=within[i] + part.tensors) if i in within else part
        for i, part in enumerate(parts)
    ]
    return sorted(alone + whole, key=lambda part: part.tensors[-1].order)


def _common(boxes: Iterable[Group]) -> Group:
    """The innermost box that all are in."""
    first, *others = boxes
    while any(box[: len(first)] != first for box in others):
        first = first[:-1]
    return first
