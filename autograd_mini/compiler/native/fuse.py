"""Put stages into loops, and give their results a place: a register, the stack, or memory."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .index import Variable
from .loops import Read, Stage, is_called
from .node import Node
from .products import is_better_by_column, packed
from .rows import flat, in_columns

_LARGEST_SUM = 1 << 15  # bytes of a sum that grows while another loop runs
_LARGEST_EXPRESSION = 5  # operations


class Loop:
    """A loop, and what is in it: loops and stages."""

    def __init__(self, extent: int) -> None:
        self.extent = extent
        self.step = 1
        self.name = "?"
        self.body: list[Loop | Stage] = []


Item = Loop | Stage
_QUICK = ("negative", "where", "cast", "isfinite")  # functions that take no time next to a load
_STAGES = ("map", "reduce", "contract", "scatter", "concatenate")


class Fused:
    """Stages in loops.

    Attributes
    ----------
    items : list of Loop or Stage
        What comes one after the other.
    stages : dict of Node to Stage
        The stage that computes a node.
    """

    def __init__(
        self, nodes: Iterable[Node], results: Iterable[Node], checked: Iterable[Node] = ()
    ) -> None:
        self.items: list[Item] = []
        self.stages: dict[Node, Stage] = {}
        self.readers: dict[Node, list[Stage]] = {}
        self._item: dict[Stage, Item] = {}
        self._before: dict[Item, dict[Item, None]] = {}
        self._done: set[Node] = set()
        self._packs: dict[tuple[Node, tuple[int, ...]], Node] = {}  # copies for products
        self._closed: set[Item] = set()  # loops that no other stage joins
        needed = _needed([*results, *checked])
        joined = flat(needed)
        self._fixed = {*results, *joined}  # nodes that lie row by row
        for node in in_columns(needed, self._fixed):
            node.last = -2
        for node in self._fixed:
            if joined.get(node, 0) == 0:
                node.last = -1
        self.merged = merged(needed, set(results))
        self._products = products_in_maps(needed, self.merged, set(results))
        inside = self.merged.union(self._products.values())
        for node in nodes:
            if node in needed and node not in inside:
                self._add(node)
        self.items = self._ordered()

    def _add(self, result: Node) -> None:
        """Add a node after all that it reads."""
        inside = self.merged.union(self._products.values())
        todo = [(result, False)]
        while todo:
            node, ready = todo.pop()
            if ready:
                self._add_stage(node)
            elif node not in self._done:
                self._done.add(node)
                if node.op == "contract":
                    if node not in self._fixed and is_better_by_column(node):
                        node.last = -2
                    node.args, node.data = packed(node, self._packs)
                if node.op in _STAGES and node not in inside:
                    todo.append((node, True))
                todo += [(x, False) for x in reversed(node.args)]

    def _add_stage(self, node: Node) -> None:
        product = self._products.get(node)
        stage = Stage(node, self.merged, product)
        if product and not stage.is_tiled:
            self._place(Stage(product, self.merged))
            stage = Stage(node, self.merged)
        self._place(stage)

    # ---- loops -----------------------------------------------------------------------------------

    def _place(self, stage: Stage) -> None:
        """Let a stage join the loops of one that it reads, or give it new loops."""
        before = {self._item[s]: None for s in self._read_by(stage)}
        is_pack = stage.node.op == "map" and stage.node.data[0] == "pack"
        item = None if is_pack else self._joined(stage, before)
        if item is None:
            item = self._apart(stage)
            self.items.append(item)
            self._before[item] = {}
            if is_pack:
                self._closed.add(item)
        self._before[item].update((x, None) for x in before if x is not item)
        self._item[stage] = item
        self.stages[stage.node] = stage
        for node in dict.fromkeys(read.node for read in stage.reads):
            self.readers.setdefault(node, []).append(stage)

    def _joined(self, stage: Stage, before: dict[Item, None]) -> Item | None:
        """Let a stage join loops, and return in which item they are."""
        made = sorted(before, key=self.items.index, reverse=True)
        ways = [(self._share, made), (self._grow, made)]
        others = (s for r in stage.reads for s in self.readers.get(r.node, ()))
        siblings = [*dict.fromkeys(self._item[s] for s in others)]
        ways.append((self._share_all, siblings if made else self.items[::-1]))
        for join, items in ways:
            for item in items:
                if isinstance(item, Loop) and self._is_open(item, made) and join(stage, item):
                    return item
        return None

    def _is_open(self, item: Loop, made: list[Item]) -> bool:
        """Return whether an item can come after all others that a stage depends on."""
        others = [x for x in made if x is not item]
        return item not in self._closed and not any(self._reaches(x, item) for x in others)

    def _read_by(self, stage: Stage) -> list[Stage]:
        found = dict.fromkeys(read.node for read in stage.reads)
        return [self.stages[node] for node in found if node in self.stages]

    def _reaches(self, item: Item, other: Item) -> bool:
        """Return whether an item can only come after another one."""
        todo, seen = [item], {item}
        while todo:
            for x in self._before[todo.pop()]:
                if x is other:
                    return True
                if x not in seen:
                    seen.add(x)
                    todo.append(x)
        return False

    def _share(self, stage: Stage, item: Loop) -> bool:
        """Let a stage share as many of its outer loops as it can."""
        path = self._shared(stage, item, stage.outer)
        if path:
            self._enter(stage, path, stage.outer)
        return bool(path)

    def _share_all(self, stage: Stage, item: Loop) -> bool:
        """Let a stage share all of its loops with one that it does not depend on."""
        alone = stage.node.op not in ("map", "scatter") or not stage.outer
        if alone:
            return False
        path = self._shared(stage, item, stage.outer[:1])
        if path:
            self._enter(stage, self._shared(stage, item, stage.outer), stage.outer)
        return bool(path)

    def _grow(self, stage: Stage, item: Loop) -> bool:
        """Let a stage sum over a loop, from turn to turn."""
        size = stage.node.dtype.itemsize * int(np.prod(stage.node.shape))
        is_sum = stage.node.op != "reduce" or stage.node.data[0] == "sum"
        may_grow = is_sum and not stage.is_tiled and size <= _LARGEST_SUM
        path = self._shared(stage, item, stage.summed) if may_grow else []
        if path:
            stage.grows = True
            own = stage.summed[: len(path)]
            inner = [v for v in stage.summed if v not in own]
            stage.inner, stage.summed = stage.outer + inner + stage.inner, own
            stage.outer = []
            self._enter(stage, path, own)
        return bool(path)

    def _shared(self, stage: Stage, item: Item, variables: list[Variable]) -> list[Loop]:
        """Return the loops, from the outside, that a stage may join."""
        path: list[Loop] = []
        for v in variables:
            if not isinstance(item, Loop) or not self._allows(item, stage, v):
                break
            path.append(item)
            item = item.body[-1]
        return path

    def _allows(self, loop: Loop, stage: Stage, v: Variable) -> bool:
        """Return whether each turn of a loop computes all that the same turn of a stage reads."""
        if loop.extent != v.extent:
            return False
        for read in stage.reads:
            maker = self.stages.get(read.node)
            if maker is None or loop not in maker.path:
                continue
            along = [a for a, x in enumerate(maker.axes) if x and x.loop is loop]
            if maker.grows or not along or not reads_at(read, along[0], v):
                return False
        return True

    def _apart(self, stage: Stage) -> Item:
        self._enter(stage, [], stage.outer)
        return stage.path[0] if stage.path else stage

    def _enter(self, stage: Stage, path: list[Loop], variables: list[Variable]) -> None:
        """Put a stage into these loops, and into new ones for its other outer variables."""
        for v, loop in zip(variables, path):
            v.loop = loop
        if not stage.grows:
            for v in variables[len(path) :]:
                v.loop = Loop(v.extent)
                if path:
                    path[-1].body.append(v.loop)
                path = [*path, v.loop]
        stage.path = path
        if path:
            path[-1].body.append(stage)

    def _ordered(self) -> list[Item]:
        """Return the items, each after all that it needs."""
        found: dict[Item, None] = {}
        for item in self.items:
            todo = [(item, False)]
            while todo:
                x, ready = todo.pop()
                if ready:
                    found[x] = None
                elif x not in found:
                    todo.append((x, True))
                    todo += [(y, False) for y in reversed(self._before[x]) if y not in found]
        return [*found]

    # ---- where results lie -----------------------------------------------------------------------

    def shared_path(self, stage: Stage) -> list[Loop]:
        """Return the loops that a stage shares with all that read it."""
        path = [] if stage.grows else stage.path
        for reader in self.readers.get(stage.node, []):
            same = [a is b for a, b in zip(path, reader.path)]
            path = path[: ([*same, False]).index(False)]
        return path

    def may_overwrite(self, result: Node, argument: Node) -> bool:
        """Return whether a stage may write its result over an argument.

        All that read the argument must come before, or read the same entry in the same turn.
        """
        if not result.shape:
            return False  # C gets a number by its value
        writer = self.stages[result]
        if writer.is_called or (writer.is_tiled and writer.tiles_overlap):
            return False  # it reads an entry, or writes it, twice
        order = [stage for item in self.items for stage in stages_in(item)]
        if (
            writer.node.op != "map"
            or argument.shape != result.shape
            or argument.dtype != result.dtype
        ):
            return False
        last = order.index(writer)
        for reader in self.readers[argument]:
            same = reader.path == writer.path and all(
                read.node is not argument or self._is_same_entry(read, writer, reader)
                for read in reader.reads
            )
            here = self._item[reader] is self._item[writer]
            if order.index(reader) > last or (here and not same):
                return False
        return True

    def _is_same_entry(self, read: Read, writer: Stage, reader: Stage) -> bool:
        if len(read.at) != len(writer.axes):
            return False
        for i, v in zip(read.at, writer.axes):
            own = [x for x in i.terms if isinstance(x, Variable)]
            if v is None:
                continue
            if len(i.terms) != 1 or not own or i.number or i.terms[own[0]] != 1:
                return False
            if own[0] is not v and (v.loop is None or own[0].loop is not v.loop):
                return False
        return True


def reads_at(read: Read, axis: int, v: Variable) -> bool:
    """Return whether a read has the variable as its index along an axis."""
    alone = axis < len(read.at) - 1 or len(read.at) == len(read.node.shape)
    return alone and read.at[axis].is_variable(v)


def stages_in(item: Item) -> list[Stage]:
    """Return the stages of an item in their order."""
    if isinstance(item, Stage):
        return [item]
    return [stage for part in item.body for stage in stages_in(part)]


def merged(nodes: Iterable[Node], results: set[Node]) -> set[Node]:
    """Return the nodes that are a part of the only expression that reads their entries."""
    readers: dict[Node, list[Node]] = {}
    for node in nodes:
        for x in node.args:
            readers.setdefault(x, []).append(node)
    sizes: dict[Node, int] = {}
    found = set()
    for node in sorted(nodes, key=_depths(nodes).__getitem__):
        sizes[node] = 1 + sum(sizes[x] for x in node.args if x in found)
        others = readers.get(node, [])
        is_mask = node.op == "map" and node.data[0] == "equal" and _counts(node)
        alone = len(others) == 1 or (is_mask and bool(others))
        if node.op != "map" or node in results or not alone or _is_apart(node):
            continue
        fits = all(_reads_once(reader, node) for reader in others)
        if any(reader.op == "scatter" and not reader.data.adds for reader in others):
            fits = fits and not any(x.op == "map" and x not in found for x in node.args)
        if fits and sizes[node] <= _LARGEST_EXPRESSION:
            found.add(node)
    return found


def products_in_maps(
    nodes: Iterable[Node], merged: set[Node], results: set[Node]
) -> dict[Node, Node]:
    """Return the maps that are the only ones to read the entries of a product, with the product."""
    readers: dict[Node, list[Node]] = {}
    for node in nodes:
        for x in node.args:
            readers.setdefault(x, []).append(node)
    found: dict[Node, Node] = {}
    for product in nodes:
        if product.op != "contract" or product in results:
            continue
        reader = product
        while reader is product or reader in merged:
            others = readers.get(reader, [])
            if len(others) != 1 or others[0].op != "map" or others[0].shape != product.shape:
                break
            (reader,) = others
        else:
            if not _is_apart(reader):
                found.setdefault(reader, product)
    return found


def _is_apart(node: Node) -> bool:
    """Return whether a map has loops that it shares with no others."""
    return bool(node.data[0] == "pack") or is_called(node)


def _counts(node: Node) -> bool:
    """Return whether a node compares with 0, 1, 2, ..., quicker than reading the result."""
    return any(x.op == "constant" for x in node.args)


def _reads_once(reader: Node, node: Node) -> bool:
    """Return whether a node reads each entry of another one once, or each is quick to compute."""
    if is_called(reader):
        return False
    if reader.op == "map":
        return reader.shape == node.shape or node.data[0] in _QUICK
    if reader.op == "reduce":
        return not reader.data[0].startswith("arg")
    return reader.op in ("scatter", "concatenate")


def _depths(nodes: Iterable[Node]) -> dict[Node, int]:
    """Return for each node a number that is larger than those of its arguments."""
    found: dict[Node, int] = {}
    for node in nodes:
        todo = [(node, False)]
        while todo:
            x, ready = todo.pop()
            if ready:
                found[x] = len(found)
            elif x not in found:
                todo.append((x, True))
                todo += [(y, False) for y in x.args]
    return found


def _needed(results: list[Node]) -> dict[Node, None]:
    """Return all nodes that results depend on, in an order that is the same in each run."""
    found, todo = dict.fromkeys(results), [*results]
    while todo:
        for x in todo.pop().args:
            if x not in found:
                found[x] = None
                todo.append(x)
    return found
