"""Calls of the few functions that a runtime in another language has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.arrays import NO_KWARGS
from ..ir import example_of


class Operation(NamedTuple):
    """A call of a function of the runtime. Its arguments may be calls too."""

    name: str
    args: Sequence[Any]
    options: Mapping[str, Any] = NO_KWARGS


def numbers_of(x: Any) -> Any:
    """Return 0, 1, 2, ... in the shape of a value."""
    shape = np.shape(example_of(x))
    return np.arange(int(np.prod(shape))).reshape(shape)


def put(x: Any, places: Any, shape: Sequence[int]) -> Operation:
    """Add entries up at their places in the flattened result."""
    flat = Operation("scatter", [x, [places], [int(np.prod(shape))]])
    return Operation("reshape", [flat, shape])
