"""Products in tiles: a few rows and columns of the result, whose sums stay in registers.

An entry of the left factor meets all columns of a tile, and an entry of the right one all rows. So
the processor reads each number once for several products.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...notation.c import TYPES
from .entries import Entries, text_of
from .index import Index, Variable, variable
from .lines import ALIGNED
from .loops import Stage
from .scalars import ending


class Tiles(Entries):
    """Statements of products."""

    _names: Any

    def add_tiles(self, stage: Stage, depth: int, note: str) -> None:
        """Add loops over the tiles of a product, and in each of them over the terms of the sums."""
        assert stage.product is not None
        if text := self._names.note(stage.product):
            self.add(f"// {text}")
        places: dict[Variable, Index] = {}  # of rows and columns
        axes, opened = [], 0
        for v, size in zip(stage.inner, stage.tile):
            part = Variable(size)
            axes.append(part)
            places[v] = variable(part)
            if size < v.extent:
                places[v] = self._open_tile(v.extent, size, depth + opened) + places[v]
                opened += 1
        self._add_tile(stage, depth + opened, axes, places)
        if stage.node is not stage.product and note:
            self.add(f"// {note}")
        self._add_store(stage, depth + opened, axes, places)
        del self._tiles[stage.product]
        for _ in range(opened):
            self._indent -= 1
            self.add("}")

    def _open_tile(self, extent: int, size: int, depth: int) -> Index:
        """Open a loop over the tiles along an axis, and return where a tile begins."""
        loop = Variable(extent)
        loop.step = size
        self.open(loop, depth, " {")
        self._indent += 1
        if extent % size == 0:
            return variable(loop)
        name, last = self._names.new("first"), extent - size
        text = f"const long {name} = {loop.name} < {last} ? {loop.name} : {last};"
        self.add(text, "so that the last tile is whole too")
        return Index({name: 1})

    def _add_tile(
        self, stage: Stage, depth: int, axes: list[Variable], places: dict[Variable, Index]
    ) -> None:
        """Add loops that compute the sums of a tile."""
        product, tile = stage.product, self._names.new("tile")
        assert product is not None
        lengths = "".join(f"[{v.extent}]" for v in axes)
        self.add(f"{ALIGNED}{TYPES[product.dtype.name]} {tile}{lengths} = {{0}};")
        factors = [(x, _moved(at, places)) for x, at in stage.operands]

        def add_term() -> str:
            entry = self._tiles[product] = tile + "".join(f"[{v.name}]" for v in axes)
            x, y = (text_of(part) for part in self._parts_of(product, factors))
            return f"{entry} = am_fma{ending(product.dtype)}({x}, {y}, {entry});"

        unrolled = axes[:-1] if len(axes) > 2 else []  # it unrolls a single loop itself
        self.nest([*stage.summed, *axes], depth, add_term, True, unrolled=unrolled, shortest=2)

    def _add_store(
        self, stage: Stage, depth: int, axes: list[Variable], places: dict[Variable, Index]
    ) -> None:
        """Add loops that store a tile, or a map of it."""
        node, product = stage.node, stage.product
        assert product is not None
        tile = self._tiles[product].partition("[")[0]
        at = _moved(stage.target, places)

        def store() -> str:
            self._tiles[product] = tile + "".join(f"[{v.name}]" for v in axes)
            value = self._load(product, at) if node is product else self._mapped(node, at)
            return f"{text_of(self._places[node].entry(at))} = {text_of(value)};"

        self.nest(axes, depth, store, apart=True)


def _moved(at: Sequence[Index], places: dict[Variable, Index]) -> list[Index]:
    """Return an index with rows and columns of the tile in the places of those of the product."""
    for v, place in places.items():
        at = [i.replaced(v, place) for i in at]
    return [*at]
