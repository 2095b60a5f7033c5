"""Errors of tracing: operations that depend on the numbers in an array.

Each message names the user's line, and says what to write instead.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import numpy as np

from ..core.messages import lesson
from ..text import callers
from .ir import values_in


class TracingError(TypeError):
    """An operation depends on the numbers in an array, not only on its shape and dtype."""


class DataDependentShapeError(TracingError):
    """The shape of a result depends on the numbers in an array."""


class UnsupportedAttributeError(TracingError, AttributeError):
    """An attribute of arrays that traced arrays lack: `hasattr` returns False for it."""


class CapturedParameterError(RuntimeError):
    """A captured tensor requires a gradient: the program would treat it as a constant."""


class EscapedTracerError(RuntimeError):
    """A function leaves a traced array in an attribute or variable, where it has no numbers."""


USE_FUNCTIONS = "NumPy's functions give new arrays, as np.sort and np.real do"
USE_WHERE = "np.where(condition, a, b) chooses entry by entry, and keeps the shape"
USE_NEW_ARRAY = "Write y = y + x instead of y += x; np.where and np.stack make new arrays too"

# The shape of their result depends on the numbers.
_BY_NUMBERS = {
    np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.extract, np.compress, np.trim_zeros,
    np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d, np.unique_all, np.unique_counts,
    np.unique_inverse, np.unique_values, np.roots, np.polymul, np.polydiv,
}  # fmt: skip
# The shape of their result depends on the numbers in this argument, the second.
BY_SECOND = {
    np.reshape: "shape", np.broadcast_to: "shape", np.resize: "new_shape", np.repeat: "repeats",
    np.tile: "reps", np.pad: "pad_width", np.delete: "obj", np.split: "indices_or_sections",
    np.array_split: "indices_or_sections",
    np.lib.stride_tricks.sliding_window_view: "window_shape",
}  # fmt: skip


def refused(what: str, remedy: str, kind: type[TracingError] = TracingError) -> TracingError:
    """Return the error, with the user's line."""
    return kind(
        f"{what} cannot be compiled, because a program is the same for all numbers.\n"
        f"  {user_line()}\n{remedy}. Parts that do not depend on the arguments may stay."
        + lesson("depends on numbers")
    )


def refuse_unshaped(function: Any, args: Any) -> None:
    """Raise for a function whose result has a shape that depends on numbers."""
    if function in _BY_NUMBERS or (function is np.where and len(args) == 1):
        raise refused(
            f"the shape of np.{function.__name__}(...)", USE_WHERE, DataDependentShapeError
        )


def refuse_shapes(function: Any, args: Any, kwargs: Any) -> None:
    """Raise if the shape of a result depends on the numbers in a value of the program."""
    name = BY_SECOND.get(function)
    if name and values_in(args[1:] or kwargs.get(name)):
        what = f"the shape of np.{function.__name__}(..., {name})"
        raise refused(
            what, "Python's ints, as arguments too, are part of a program", DataDependentShapeError
        )


def user_line() -> str:
    """Return the user's line, as a traceback shows it, and the function of ours that it runs."""
    user, line = callers.user_frame(), callers.user_line()
    found = f'File "{line.file}", line {line.number}: {line.text}'
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame is not user:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(("autograd_mini.ops.", "autograd_mini.functional.")):
            return f"{found}\n  It runs {module}.{frame.f_code.co_name}, which needs the numbers."
        frame = frame.f_back
    return found
