"""Where a value came from: the line of code that asked for it, and the arrays that it was made of.

Nothing is noted unless somebody asks: `debug` does, for each operation in its block.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple
from weakref import ref

import numpy as np

from ..core.arrays import unwrap
from ..core.tensor import Tensor
from ..text.callers import Line


class Note(NamedTuple):
    """What is known of a tensor that an operation made."""

    of: ref[Tensor]
    op: str
    line: Line
    used: tuple[tuple[Any, int], ...]  #: arrays that can be written to, and their checksums then

    @property
    def changed(self) -> list[Any]:
        """Those of the arrays that have been written to since."""
        return [x for x, before in self.used if _checksum(unwrap(x)) != before]


_NOTES: dict[int, Note] = {}  # by identity, since == of tensors compares entries


def note(t: Tensor, op: str, line: Line) -> None:
    """Note for as long as a tensor lives by which operation it was made, in which line."""
    key = id(t)
    used = tuple((x, _checksum(unwrap(x))) for x in _writable(t))
    _NOTES[key] = Note(ref(t, lambda _: _NOTES.pop(key, None)), op, line, used)


def note_of(t: Any) -> Note | None:
    """What was noted of a tensor."""
    found = _NOTES.get(id(t))
    return found if found is not None and found.of() is t else None


def leaves(parts: Iterable[Any]) -> Iterator[Any]:
    """The arguments of a call; those in a list or tuple one by one, as ``np.stack`` has them."""
    for x in parts:
        if isinstance(x, (tuple, list)):
            yield from leaves(x)
        else:
            yield x


def _writable(t: Tensor) -> Iterator[Any]:
    """The arrays behind a record that anybody could write to: of leaves, and constants."""
    for x in leaves(chain(t.inputs, t.kwargs.values())):
        if isinstance(x, np.ndarray) or (isinstance(x, Tensor) and x.op is None):
            yield x


def _checksum(x: Any) -> int:
    """Of the bytes of an array; a lazy one never changes."""
    return zlib.crc32(x.tobytes()) if isinstance(x, np.ndarray) else 0
