"""One entry a row, by its position in memory: a quarter of the time of a mask.

The fused loss picks the entry of each row's class t_i, in two ways:

    np.where(np.arange(c)[:, None] == t, a, x)      puts `a` there
    x[t, np.arange(n)]                              takes what is there

if `x` lies in memory class by class, where that entry is at t_i n + i; and likewise row by row, at
i c + t_i. What a user has written in that way stays as it is: there, an index of -1 means the last
entry to `x[t, ...]`, and none to a mask. To the loss it is an error, so that is found out here.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ..functional.targets import check_class_indices
from .ir import Program, Step, Value, example_of, layout, mapped
from .passes.rewrite import made_by


@cache
def counted(*shape: int) -> Any:
    """0, 1, 2, ...: the very arrays by which the picking of the fused loss is known."""
    return np.arange(np.prod(shape, dtype=int)).reshape(shape)


# ---- what is done instead ------------------------------------------------------------------------


def positions(t: Any, c: int, by_class: bool) -> Any:
    """Where the entries of classes `t` of `c` lie, in memory class by class or row by row."""
    check_class_indices(t, c)
    return t * t.size + np.arange(t.size) if by_class else np.arange(t.size) * c + t


def put(x: Any, at: Any, values: Any) -> Any:
    """A copy of `x` with other values at these positions in its memory."""
    y = np.copy(x, order="C")
    y.reshape(-1)[at] = values
    return y


def take(x: Any, at: Any) -> Any:
    """The entries of a flat array at positions that are known to exist."""
    return x[at]


# ---- where ---------------------------------------------------------------------------------------


def by_position(program: Program) -> None:
    """Put and take at positions wherever the fused loss does so by a mask or an index."""
    steps: list[Step] = []
    found: dict[Any, Value] = {}  # positions and flat arrays, which several steps need
    for step in program.steps:

        def call(function: Any, *args: Any, like: Step = step) -> Value:
            key = function, *map(id, args)
            if key not in found:
                made = Step(function, args, {}, None, like.part)
                found[key] = Value(function(*mapped(example_of, args)), made)
                made.outs = (found[key],)
                steps.append(made)
            return found[key]

        t = _class_of_each(step)
        if t is not None:
            x = step.args[2] if step.function is np.where else step.args[0]
            by_class = x.shape[1:] == t.shape
            at = call(positions, t, x.shape[0 if by_class else 1], by_class)
            if step.function is np.where:
                step.args = _overwritten(x, at, steps), at, step.args[1]
                step.function = put
            else:
                step.args = call(np.reshape, x, (-1,)), at
                step.function = take
            program.done["one entry a row"] += 1
        steps.append(step)
    program.steps = steps
    program.drop_dead()


def _overwritten(x: Value, at: Value, steps: Sequence[Step]) -> Value:
    """In place of `x` what was put at the same positions of it before: it is needed no more."""
    for step in steps:
        if step.function is put and step.args[0] is x and step.args[1] is at:
            return step.outs[0]
    return x


def _class_of_each(step: Step) -> Value | None:
    """The classes t where the loss puts or takes one entry a row; else None."""
    if step.function is np.where and len(step.args) == 3:
        mask, a, x = step.args
        column, t = made_by(mask, np.equal) or (None, None)
        if column is None or not isinstance(x, Value) or len(x.shape) != 2:
            return None
        inner = made_by(t, operator.getitem)
        if column is counted(x.shape[1]) and inner:
            t = inner[0]  # t[:, None]
        elif column is not counted(x.shape[0], 1):
            return None
        same = layout(x.example) == layout(step.outs[0].example)
        plain = np.ndim(example_of(a)) == 0 or np.shape(example_of(a)) == np.shape(example_of(t))
        return t if isinstance(t, Value) and same and plain and _lies_in_rows(x) else None
    if step.function is operator.getitem and isinstance(step.args[1], tuple):
        x, index = step.args
        if len(index) == 2 and len(x.shape) == 2 and _lies_in_rows(x):
            for t, rows in (index, index[::-1]):
                if isinstance(t, Value) and rows is counted(*t.shape) and len(t.shape) == 1:
                    return t
    return None


def _lies_in_rows(x: Value) -> bool:
    return bool(np.asarray(x.example).flags.c_contiguous)
