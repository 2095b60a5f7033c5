"""Blocks: small parameters that a step updates together.

A call of NumPy takes about half a microsecond, however small its arrays are, and Adam makes twelve
calls for each gradient. So the state of neighbouring parameters, such as Adam's m, is one flat
array. Their gradients are joined too. Then twelve calls serve all of these parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np

from ..core.arrays import Array, widen
from ..core.tensor import Tensor, _next_order

#: for each parameter to move: its number, the tensor, its gradient and its options
Trained: TypeAlias = list[tuple[int, Tensor, Array, dict[str, Any]]]
#: the largest number of entries of a block, whose arrays should stay in the processor's cache
MAX_ENTRIES = 1 << 15


class Block:
    """Neighbouring parameters of one group and dtype. The first one has the number `first`."""

    def __init__(self, first: int, tensors: Sequence[Tensor]) -> None:
        self.numbers = range(first, first + len(tensors))
        self.shapes = [p.shape for p in tensors]
        ends = accumulate(p.size for p in tensors)
        self.places = [slice(end - p.size, end) for p, end in zip(tensors, ends)]

    def split(self, flat: Array) -> list[Array]:
        """Return views of the parts of `flat`, one for each parameter, in its shape."""
        if len(self.shapes) == 1:
            return [flat]
        return [flat[place].reshape(shape) for place, shape in zip(self.places, self.shapes)]


def join(arrays: Sequence[Array], out: Array | None = None) -> Array:
    """Return the entries of all arrays as one flat array. A single array is not changed."""
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate([x.reshape(-1) for x in arrays], out=out)


def blocks_of(parameters: Sequence[Tensor], group_of: Sequence[int]) -> list[Block]:
    """Return the blocks of all parameters."""
    found: list[Block] = []
    start, size, before = 0, 0, None
    for i, (p, group) in enumerate(zip(parameters, group_of)):
        # An array of another library, and a parameter that is frozen, form a block alone.
        alone = not isinstance(p.data, np.ndarray) or not p.requires_grad
        kind = i if alone else (group, p.data.dtype)
        size += p.size
        if i and (kind != before or size > MAX_ENTRIES):
            found.append(Block(start, parameters[start:i]))
            start, size = i, p.size
        before = kind
    return [*found, Block(start, parameters[start:])]


class FlatArrays(Sequence[Any]):
    """An array of zeros for each parameter. Those of a block are views of one flat array.

    Attributes
    ----------
    flat : list of ndarray
        The array of each block.
    """

    def __init__(self, parameters: Sequence[Tensor], group_of: Sequence[int]) -> None:
        self.blocks = blocks_of(parameters, group_of)
        self.load([np.zeros_like(widen(p.data)) for p in parameters])

    def __len__(self) -> int:
        return self.blocks[-1].numbers.stop

    def __iter__(self) -> Iterator[Any]:
        for block, flat in zip(self.blocks, self.flat):
            yield from block.split(flat)

    def __getitem__(self, i: Any) -> Any:
        return list(self)[i]

    def load(self, arrays: Sequence[Array]) -> None:
        """Replace all arrays. There must be one of the same shape for each parameter."""
        self.flat = [join([arrays[i] for i in block.numbers]) for block in self.blocks]


@dataclass(slots=True)
class Part:
    """Parameters that a step moves together: a block, or one parameter of it."""

    block: Block
    numbers: Sequence[int]
    tensors: list[Tensor]
    gradient: Array
    options: dict[str, Any]
    state: list[Array]  #: the arrays of the state, which the step changes in place

    def data(self) -> Array:
        return join([widen(p._array) for p in self.tensors])

    def descend(self, step: Array) -> None:
        """Subtract from each parameter its part of the step."""
        steps = self.block.split(step) if len(self.tensors) > 1 else [step]
        for p, own in zip(self.tensors, steps):
            descend(p, own)


def parts(trained: Trained, slots: Sequence[FlatArrays], counts: list[int]) -> Iterator[Part]:
    """Yield the parameters to move. If possible, a whole block is one part.

    If one of its parameters has no gradient, or if the `counts` of their steps differ, each
    parameter with a gradient is one part.
    """
    moved = {i: (p, g, options) for i, p, g, options in trained}
    for n, block in enumerate(slots[0].blocks):
        state = [slot.flat[n] for slot in slots]
        numbers = [i for i in block.numbers if i in moved]
        if len(numbers) == len(block.numbers) and _are_equal([counts[i] for i in numbers]):
            tensors, gradients, options = zip(*(moved[i] for i in numbers))
            yield Part(block, numbers, [*tensors], join(gradients), options[0], state)
        elif numbers:
            apart = [[x.copy() for x in block.split(flat)] for flat in state]
            for i in numbers:
                p, g, own = moved[i]
                yield Part(block, [i], [p], g, own, [x[i - block.numbers.start] for x in apart])
            for flat, arrays in zip(state, apart):
                join(arrays, out=flat)


def _are_equal(counts: list[int]) -> bool:
    """Return whether all are equal. Traced counts are compared by identity."""
    first = counts[0]
    return all(n is first or (type(n) is int and n == first) for n in counts)


def descend(p: Tensor, step: Array) -> None:
    """Compute ``p.data -= step`` without the checks of the setter. First advance the version."""
    p.order = _next_order()  # as Tensor._advance does, whose call takes longer
    array = p._array
    array -= step
