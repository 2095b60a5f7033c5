"""Remember where each tensor comes from: the line that computed it, and the arrays it used.

Nothing is remembered unless an observer of this module watches, as in a block of `debug`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from weakref import ref

import numpy as np

from ..core.arrays import Array, Cotangent, TensorBase, unwrap
from ..core.context import Observer
from ..core.messages import describe, lesson
from ..core.primitive import Primitive
from ..core.pytree import tree_leaves
from ..core.tensor import Tensor
from ..text.callers import SourceLine, quote, user_line


class Origin(NamedTuple):
    """How a tensor was computed."""

    tensor: ref[Tensor]
    op: str
    line: SourceLine
    used: tuple[tuple[Any, int], ...]  #: arrays that can be written to, with their checksums

    def changed(self) -> list[Any]:
        """Return those of the used arrays that have been written to since."""
        return [x for x, before in self.used if _checksum(unwrap(x)) != before]


class OriginRecorder(Observer):
    """Remember the origin of each result. Raise if a backward pass would use a changed array."""

    def recorded(self, op: Primitive, args: tuple[Any, ...], result: Tensor) -> None:
        if not is_traced(result):
            _remember(op, result)

    def backward_begins(self, tensors: Sequence[Tensor], seed: Cotangent) -> None:
        if is_traced(tensors[-1]):
            return
        for t in tensors:
            origin = origin_of(t)
            if origin is not None and (changed := origin.changed()):
                raise RuntimeError(_explain_change(origin, changed[0]))


_ORIGINS: dict[int, Origin] = {}  # by identity, because == of tensors compares entries


def origin_of(x: Any) -> Origin | None:
    """Return the origin of a tensor, or None if it is not known."""
    origin = _ORIGINS.get(id(x))
    return origin if origin is not None and origin.tensor() is x else None


def is_traced(x: Any) -> bool:
    """Return whether an array or tensor belongs to a program that is being traced.

    It has no numbers yet, so debugging does not look at it.
    """
    return hasattr(unwrap(x), "__primitive__")


def _remember(op: Primitive, t: Tensor) -> None:
    """Store the origin of `t` for as long as `t` lives."""
    key = id(t)
    used = tuple((x, _checksum(unwrap(x))) for x in _writable_inputs(t))
    tensor = ref(t, lambda _: _ORIGINS.pop(key, None))
    _ORIGINS[key] = Origin(tensor, op.name, user_line(), used)


def _writable_inputs(t: Tensor) -> Iterator[Any]:
    """Yield the inputs of a node that anybody could write to: leaves and constant arrays."""
    for x in tree_leaves([t.inputs, *t.kwargs.values()]):
        if isinstance(x, np.ndarray) or (isinstance(x, TensorBase) and x.op is None):
            yield x


def _checksum(x: Array) -> int:
    """Return a checksum of the bytes of an array. An array of another library gets 0."""
    return zlib.crc32(x.tobytes()) if isinstance(x, np.ndarray) else 0


def _explain_change(origin: Origin, x: Any) -> str:
    fix = "Or pass a copy of the array to the operation."
    if isinstance(x, TensorBase):
        name = x.name if x.name and x.name.isidentifier() else "x"
        fix = f"Or assign a new array to the leaf: {name}.data = new."
    return (
        f"{describe(x)} was changed in place after {origin.op} had used it, so the gradient would "
        "be wrong.\n\n"
        f"{quote(origin.line, 'used in ')}\n{quote(user_line(), 'differentiated in ')}\n\n"
        f"Change the array before the forward pass or after the backward pass. {fix}"
        f"{lesson('changed')}"
    )
