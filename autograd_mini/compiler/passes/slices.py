"""Sums of scattered slices, written into one array; the last pass before memory is planned.

The cotangent of a slice is scattered into zeros, and those of all slices are added. A loop over T
rows would write T arrays, and add them in T² steps. The bits stay those of that sum: 0 + x is x,
except that 0 + -0 is 0.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ...core.registry import PRIMITIVES
from ..ir import Program, Step, Value


def put(x: Any, index: Any, shape: tuple[int, ...], tiled: bool = False) -> Any:
    """Return zeros with `x` added at a slice.

    If it is `tiled`, later steps write all other entries, which may now be anything.
    """
    return put_too(np.zeros(shape, x.dtype), x, index)


def put_too(y: Any, x: Any, index: Any, tiled: bool = False) -> Any:
    """Return `y` with `x` added at a slice. If `tiled`, the slice of `y` may hold anything."""
    y = y.copy()
    y[index] = x + (0 if tiled else y[index])
    return y


def join_slices(program: Program) -> None:
    """Replace each sum of scattered slices, in place."""
    uses = program.uses()
    joined: set[Step] = set()
    chains: dict[Value, list[Step]] = {}  # the steps that write to one array, by its last value

    def is_sum_of_slices(x: Any) -> bool:
        step = x.step if isinstance(x, Value) and uses[x] == 1 else None
        return step is not None and (_is_scattered_slice(step) or step.function is put_too)

    for step in program.steps:
        if step.function not in (np.add, operator.add) or not all(map(is_sum_of_slices, step.args)):
            continue
        first, last = (x.step for x in step.args)
        if last.function is put_too or first.outs[0].dtype != last.outs[0].dtype:
            continue
        if first.function is not put_too:
            first.function, first.name = put, None
        x, index, _ = last.args
        step.function, step.args = put_too, (first.outs[0], x, index)
        joined.add(last)
        chains[step.outs[0]] = [*chains.pop(first.outs[0], [first]), step]
    for value, steps in chains.items():
        if _tile([step.args[-2 if step.function is put else -1] for step in steps], value.shape):
            for step in steps:
                step.args = *step.args, True
    program.steps = [step for step in program.steps if step not in joined]


def _tile(indices: list[Any], shape: tuple[int, ...]) -> bool:
    """Return whether each entry of an array of this shape lies in exactly one of the slices."""
    seen = np.zeros(shape, bool)
    for index in indices:
        if seen[index].any():
            return False
        seen[index] = True
    return bool(seen.all())


def _is_scattered_slice(step: Step) -> bool:
    if step.function is not PRIMITIVES["scatter"].forward or not isinstance(step.args[0], Value):
        return False
    index = step.args[1]
    parts = index if isinstance(index, tuple) else (index,)
    return all(isinstance(i, (int, slice)) or i is None or i is ... for i in parts)
