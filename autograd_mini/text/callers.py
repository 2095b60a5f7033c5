"""TODO: autograd_mini.text.callers."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import numpy as np

_OURS = tuple(f"{Path(file).parent}{os.sep}" for file in (Path(__file__).parent, np.__file__))


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
