"""Errors of tracing: operations that depend on the numbers in an array.

Each message names the user's line, and says what to write instead.
"""

from __future__ import annotations

import re
import sys
from types import FrameType
from typing import Any

import numpy as np

from ..core.messages import lesson
from ..core.registry import name_of
from ..text import callers


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


USE_FUNCTIONS = "Use NumPy's functions, such as np.sort and np.real, which return new arrays"
USE_BROADCAST = "Write np.broadcast_to(x, shape), which repeats x"
USE_WHERE = "Write np.where(condition, a, b). It chooses between a and b for each entry"
USE_COPY = "Take a copy of the view before the change: w.T.copy()"
USE_NEW_ARRAY = (
    "Compute a new array: write y = y + x instead of y += x, or use np.where or np.stack"
)
USE_STATE = (
    "If the array belongs to a model or an optimiser, list them in state=: ag.compile(step, "
    f"state=(model, optimizer)). Otherwise, compute a new array: {USE_NEW_ARRAY[21:]}"
)

# Why an operation cannot be compiled: the program runs the same steps for every input, so ...
DECIDES = "the steps cannot depend on the entries of an array"
SHAPED = "the shape of a result cannot depend on the entries of an array"

# The shape of their result depends on the numbers.
_BY_NUMBERS = {
    np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.trim_zeros,
    np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d, np.unique_all, np.unique_counts,
    np.unique_inverse, np.unique_values, np.roots, np.polymul, np.polydiv,
}  # fmt: skip
# The shape of their result depends on the numbers in the argument at this position,
_SHAPED_BY = {
    np.reshape: 1, np.broadcast_to: 1, np.resize: 1, np.repeat: 1, np.tile: 1, np.pad: 1,
    np.delete: 1, np.split: 1, np.array_split: 1, np.hsplit: 1, np.vsplit: 1, np.dsplit: 1,
    np.compress: 0, np.extract: 0, np.lib.stride_tricks.sliding_window_view: 1,
}  # fmt: skip
# and that of any function on those with these names.
_OPTIONS = {"axis", "axes", "axis1", "axis2", "keepdims", "source", "destination", "offset", "num"}


def refused(
    what: str, remedy: str, kind: type[TracingError] = TracingError, why: str = ""
) -> TracingError:
    """Return the error, with the user's line."""
    why = SHAPED if kind is DataDependentShapeError else why
    reason = allowed = ""
    if why:
        reason = f" The compiled program runs the same steps for every input, so {why}."
        allowed = (
            " You can use `if`, float() and .item() only with arrays that do not depend on the "
            "arguments of the function."
        )
    return kind(
        f"{what} cannot be compiled.{reason}\n  {user_line()}\n"
        f"{remedy}.{allowed}{lesson('depends on numbers')}"
    )


def random_numbers(name: str) -> RuntimeError:
    """Return the error of something that draws random numbers while it is traced."""
    return RuntimeError(
        f"compile: {name} draws random numbers. The compiled program would use the same numbers "
        "in every call. Make a generator, rng = np.random.default_rng(0). Pass it as an argument "
        "or in state=. Or draw the numbers outside of the function, and pass them as arguments."
    )


def condition_remedy() -> str:
    """Return what to write instead of the condition in the user's line."""
    line = callers.user_line().text
    if line.startswith("assert "):
        return "Check the result after the call, outside of the function"
    if line.startswith("while "):
        return "Write a `for` loop with a fixed number of steps, and use np.where in it"
    called = re.search(r"(?<![.\w])(max|min|sorted)\(", line)
    if called and not re.search(r"\b(if|and|or|not)\b", line):
        numpy = {"max": "np.maximum(a, b)", "min": "np.minimum(a, b)", "sorted": "np.sort(a)"}
        return f"Write {numpy[called[1]]} instead of Python's {called[1]}"
    return USE_WHERE


def number_remedy() -> str:
    """Return what to write instead of a plain number, in the user's line or in ``c[i] = x``."""
    if re.search(r"\]\s*([-+*/@%]|//|\*\*)?=(?!=)", callers.user_line().text):
        return "Do not assign to c[i]. Make the array with np.stack or np.where"
    return "Return the array from the compiled function, and call .item() on the result"


def refuse_unshaped(function: Any, args: Any) -> None:
    """Raise for a function whose result has a shape that depends on numbers."""
    if function in _BY_NUMBERS or (function is np.where and len(args) == 1):
        raise refused(
            f"the shape of np.{function.__name__}(...)", USE_WHERE, DataDependentShapeError
        )


def decides_shape(function: Any, position: int, name: str) -> bool:
    """Return whether the shape of a result depends on the numbers in an argument."""
    return name in _OPTIONS or _SHAPED_BY.get(function) == position


def refuse_shape(function: Any, name: str) -> None:
    """Raise because the shape of a result depends on the numbers in a value of the program."""
    what = f"the shape of np.{name_of(function)}(..., {name})"
    remedy = "Pass a Python int. Its value is a constant of the program, even if it is an argument"
    raise refused(what, remedy, DataDependentShapeError)


def user_line() -> str:
    """Return the user's line, as a traceback shows it, and the function of ours that it runs."""
    user, line = callers.user_frame(), callers.user_line()
    found = f'File "{line.file}", line {line.number}: {line.text}'
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame is not user:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(("autograd_mini.ops.", "autograd_mini.functional.")):
            return f"{found}\n  It calls {module}.{frame.f_code.co_name}, which needs the values."
        frame = frame.f_back
    return found
