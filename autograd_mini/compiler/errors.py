"""Refusals: what depends on the numbers in an array, and so cannot be written into a program.

Each names the line that asked, and says what to write instead.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.messages import lesson
from ..text.callers import user_line
from .ir import values_in


class Untraceable(TypeError):
    """What was asked for depends on the numbers in an array, not on its shape and dtype."""


class Unshaped(Untraceable):
    """Not even the shape of a result is known without the numbers."""


class Unanswered(Untraceable, AttributeError):
    """What arrays have, and an array in a program has not: to `hasattr`, it is not there."""


class Forgotten(RuntimeError):
    """A tensor that requires a gradient would become a constant, and stay when it is trained."""


USE_FUNCTIONS = "NumPy's functions give new arrays, as np.sort and np.real do"
USE_WHERE = "np.where(condition, a, b) chooses entry by entry, and keeps the shape"

# Whose shape depends on the numbers.
_BY_NUMBERS = {
    np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.extract, np.compress, np.trim_zeros,
    np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d, np.unique_all, np.unique_counts,
    np.unique_inverse, np.unique_values, np.roots, np.polymul, np.polydiv,
}  # fmt: skip
# On the numbers in their second argument.
_BY_SECOND = {
    np.reshape: "shape", np.broadcast_to: "shape", np.resize: "new_shape", np.repeat: "repeats",
    np.tile: "reps", np.pad: "pad_width", np.delete: "obj", np.split: "indices_or_sections",
    np.array_split: "indices_or_sections",
}  # fmt: skip


def refused(what: str, remedy: str, kind: type[Untraceable] = Untraceable) -> Untraceable:
    """The error, with the line of the user's that asked."""
    return kind(
        f"{what} cannot be written into a program: the numbers differ from call to call.\n"
        f"  {where_asked()}\n{remedy}; what does not depend on the arguments may stay as it is."
        + lesson("depends on numbers")
    )


def refuse_unshaped(function: Any, args: Any) -> None:
    """Raise for a function whose result has a shape that depends on the numbers."""
    if function in _BY_NUMBERS or (function is np.where and len(args) == 1):
        raise refused(f"the shape of np.{function.__name__}(...)", USE_WHERE, Unshaped)


def refuse_shapes(function: Any, args: Any, kwargs: Any) -> None:
    """Raise where a value of the program would say of what shape a result is."""
    name = _BY_SECOND.get(function)
    if name and values_in(args[1:] or kwargs.get(name)):
        what = f"the shape of np.{function.__name__}(..., {name})"
        raise refused(what, "Python's ints, as arguments too, are part of a program", Unshaped)


def where_asked() -> str:
    """The line that asked, as it is shown."""
    line = user_line()
    return f'File "{line.file}", line {line.number}: {line.text}'
