"""Calls of the few functions that another language has, and what else differs by language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.arrays import NO_KWARGS
from ...core.registry import is_numpy, name_of
from ..ir import Step, example_of


class UnknownOperation(TypeError):
    """An operation that a language does not know."""


class Operation(NamedTuple):
    """A call of a function of the language. Its arguments may be calls too."""

    name: str
    args: Sequence[Any]
    options: Mapping[str, Any] = NO_KWARGS


class Language(NamedTuple):
    """What a language knows in addition to the few functions that all languages share."""

    name: str
    dtypes: frozenset[str]
    #: returns the call of a function of the language for a step, or None
    own: Callable[[Step], Operation | None]


def name_in_errors(step: Step) -> str:
    """Return the name of a step, such as ``np.sort``, ``astype``, or the name of a primitive."""
    f = step.function
    return step.name or (f"np.{name_of(f)}" if is_numpy(f) else str(f.__name__))


def numbers_of(x: Any) -> Any:
    """Return 0, 1, 2, ... in the shape of a value."""
    shape = np.shape(example_of(x))
    return np.arange(int(np.prod(shape))).reshape(shape)


def put(x: Any, places: Any, shape: Sequence[int]) -> Operation:
    """Add entries up at their places in the flattened result."""
    flat = Operation("scatter", [x, [places], [int(np.prod(shape))]])
    return Operation("reshape", [flat, shape])
