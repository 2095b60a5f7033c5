"""Find the line of the user's code that called the library, so that a message can show it."""

from __future__ import annotations

import linecache
import os
import sys
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import numpy as np

#: the folders of this package and of NumPy
_LIBRARIES = tuple(f"{Path(file).parent}{os.sep}" for file in (Path(__file__).parent, np.__file__))


class SourceLine(NamedTuple):
    """A line of source code, printed as in a traceback.

    Attributes
    ----------
    file : str
    number : int
    function : str
        The name of the function that contains the line.

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
        """The code of the line. It is empty if the source file is missing, as with ``python -c``.

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


def user_line() -> SourceLine:
    """Return the line of the innermost call that is outside this library and NumPy."""
    frame = user_frame()
    return SourceLine(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def user_frame() -> FrameType:
    """Return the innermost frame outside this library and NumPy, or that of the caller."""
    frame = caller = sys._getframe(1)
    while frame.f_code.co_filename.startswith(_LIBRARIES):
        if frame.f_back is None:
            return caller
        frame = frame.f_back
    return frame


def quote(line: SourceLine, label: str = "") -> str:
    """Return the place of a line and its code, indented as in a traceback."""
    return f"  {label}{line}\n    {line.text}"
