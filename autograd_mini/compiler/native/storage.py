"""Where the entries of a node lie, and how C reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...notation.c import TYPES
from ...notation.expression import Name
from .index import Index, contiguous, total
from .node import Node, has_own_layout, strides_of

_ON_STACK = 1 << 11  # bytes of an array on the stack


class Part(NamedTuple):
    """Neighbours along the first axis of an array, or a single one without this axis: length 0."""

    first: int
    length: int

    def lengths(self, whole: list[int]) -> list[int]:
        return [self.length] * bool(self.length) + whole[1:]

    def of(self, name: str) -> str:
        """Return this part of an array as an argument."""
        if not self.length:
            return f"{name}[{self.first}]"
        return f"{name} + {self.first}" if self.first else name


class Place:
    """A variable of C: a number, or an array of some axes of a node.

    Attributes
    ----------
    kind : str
        "register", "stack", "scratch", "argument" or "result".
    axes : list of int
        The axes of the node that the array has, in their order in memory. The loops around it run
        over the others.
    joined : int
        The first of the last axes of the node, which are one axis in C, because a step reads them
        as one.
    strides : list of int, optional
        Of an argument whose entries are not contiguous.
    part : Part, optional
        What a function that is called for several arrays gets of this one.
    """

    part: Part | None = None

    def __init__(self, node: Node, name: str, kind: str, axes: Sequence[int], joined: int) -> None:
        self.node, self.name, self.kind = node, name, kind
        self.axes = [*axes]
        self.strides: list[int] | None = None
        shape = node.shape
        if kind in ("argument", "result") and not _is_contiguous(node):
            self.strides = strides_of(node)
        self.joined = [a for a in self.axes if a >= joined]
        #: the axes that the array has in C
        self.groups = [[a] if a < joined else self.joined
                       for a in self.axes if a < joined or a == self.joined[0]]  # fmt: skip
        self.lengths = [int(np.prod([shape[a] for a in group])) for group in self.groups]
        self.type = TYPES[node.dtype.name]
        if self.type == "bool" and self.axes:
            self.type = "uint8_t"  # GCC has no vectors of bool

    @property
    def is_array(self) -> bool:
        """Whether it is an array in C, and not a number."""
        return bool(self.lengths) or self.strides is not None

    @property
    def bytes(self) -> int:
        return int(np.prod(self.lengths, dtype=int)) * int(self.node.dtype.itemsize)

    def entry(self, at: Sequence[Index]) -> Name:
        """Return an entry as a variable."""
        if self.kind == "register" or (self.kind == "argument" and not self.node.shape):
            return Name(self.name)
        if self.kind == "result" and not self.node.shape:
            return Name(f"*{self.name}")
        if self.strides is not None:
            return Name(f"{self.name}[{total(at, self.strides)}]")
        parts = [self._joined(at) if group is self.joined else at[group[0]]
                 for group in self.groups]  # fmt: skip
        if self.part:
            parts[0] += -self.part.first
            del parts[: not self.part.length]
        return Name(self.name + "".join(f"[{i}]" for i in parts))

    def _joined(self, at: Sequence[Index]) -> Index:
        shape = [self.node.shape[a] for a in self.joined]
        first, steps = self.joined[0], contiguous(shape)
        if len(at) == len(self.node.shape):
            return total([at[a] for a in self.joined], steps)
        ahead = [at[a] for a in range(first, len(at) - 1)]
        return total(ahead, steps) + at[-1]

    def declared(self, constant: bool = False) -> str:
        """Return the declaration of a parameter."""
        word = "const " * constant + self.type
        if self.kind == "register" or (not self.node.shape and self.kind == "argument"):
            return f"{word} {self.name}"
        if not self.lengths or self.strides is not None:
            return f"{word} *restrict {self.name}"
        first, *others = self.part.lengths(self.lengths) if self.part else self.lengths
        return f"{word} {self.name}[restrict {first}]{''.join(f'[{n}]' for n in others)}"


def _is_contiguous(node: Node) -> bool:
    if not has_own_layout(node) or node.value is None:
        return True
    return bool(np.asarray(node.value.example).flags.c_contiguous)


def is_small(place: Place) -> bool:
    """Return whether an array may lie on the stack."""
    return place.bytes <= _ON_STACK
