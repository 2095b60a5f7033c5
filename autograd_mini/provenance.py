"""Where a value came from: the line of code that asked for it, and the arrays that it was made of.

Nothing is noted unless somebody asks: `debug` does, for each operation in its block.
"""

from __future__ import annotations

import linecache
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple
from weakref import ref

import numpy as np

from .tensor import Tensor, raw

_OURS = tuple(f"{Path(file).parent}{os.sep}" for file in (__file__, np.__file__))


class Line(NamedTuple):
    """A line of source code, as a traceback names it.

    Attributes
    ----------
    file : str
    number : int
    function : str
        The name of the function that it stands in.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> with ag.debug():
    ...     y = ag.tensor(2.0) * 3
    >>> line = ag.debug.where(y)
    >>> line.number, line.text
    (2, 'y = ag.tensor(2.0) * 3')
    """

    file: str
    number: int
    function: str

    @property
    def text(self) -> str:
        """What stands there; nothing where the source is not to be had, as in ``python -c``.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> with ag.debug():
        ...     y = ag.tensor(2.0) * 3
        >>> ag.debug.where(y).text
        'y = ag.tensor(2.0) * 3'
        """
        return linecache.getline(self.file, self.number).strip()

    def __str__(self) -> str:
        inside = "" if self.function.startswith("<") else f", in {self.function}"
        return f'File "{self.file}", line {self.number}{inside}'


def frame_of_caller() -> FrameType:
    """The innermost frame that is neither ours nor NumPy's."""
    frame = sys._getframe(1)
    return next(frames_of_callers(frame), frame)


def frames_of_callers(frame: FrameType | None) -> Iterator[FrameType]:
    """From `frame` outwards, those that are neither ours nor NumPy's."""
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_OURS):
            yield frame
        frame = frame.f_back


def is_called_by(room: str, user: FrameType) -> bool:
    """Whether the call that the frame `user` made went through a room of ours, such as views.

    These run rules on stand-ins for symbols, whose numbers mean nothing, and show any others.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame is not user:
        if frame.f_code.co_filename.startswith(f"{_OURS[0]}{room}{os.sep}"):
            return True
        frame = frame.f_back
    return False


def line_of(frame: FrameType) -> Line:
    """The line that a frame is at."""
    return Line(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


class Note(NamedTuple):
    """What is known of a tensor that an operation made."""

    of: ref[Tensor]
    op: str
    line: Line
    used: tuple[tuple[Any, int], ...]  #: arrays that can be written to, and their checksums then

    @property
    def changed(self) -> list[Any]:
        """Those of the arrays that have been written to since."""
        return [x for x, before in self.used if _checksum(raw(x)) != before]


_NOTES: dict[int, Note] = {}  # by identity, since == of tensors compares entries


def note(t: Tensor, op: str, line: Line) -> None:
    """Note for as long as a tensor lives by which operation it was made, in which line."""
    key = id(t)
    used = tuple((x, _checksum(raw(x))) for x in _writable(t))
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
