"""Convolution and pooling in the functions of a runtime in another language.

Where windows lie is known, so their entries are taken from known places, and put back there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...functional.pooling import _gather_windows, _spread_windows
from ...functional.windows import Windows, entries_of_windows
from ...ops.convolution import _conv, _conv_input, _conv_weight, count_places, entries_at
from ..ir import Step, example_of
from .operation import Operation, put


def wide_shape(shape: Sequence[int], padding: Any) -> tuple[int, ...]:
    """Return the shape of images with their padding."""
    n = len(padding)
    lengths = (before + m + after for m, (before, after) in zip(shape[-n:], padding))
    return (*shape[:-n], *lengths)


def inside(shape: Sequence[int], padding: Any) -> list[slice]:
    """Return the index of images in their padding."""
    n = len(padding)
    every = [slice(None)] * (len(shape) - n)
    return [*every, *(slice(before, before + m) for m, (before, _) in zip(shape[-n:], padding))]


def _padded(x: Any, padding: Any) -> Any:
    shape = np.shape(example_of(x))
    return Operation("scatter", [x, inside(shape, padding), wide_shape(shape, padding)])


def _cut(x: Any, shape: Sequence[int], padding: Any) -> Operation:
    return Operation("getitem", [x, inside(shape, padding)])


def _places(shape: Sequence[int], kernel: Any, options: Sequence[Any]) -> Any:
    """Return the numbers of the entries of all windows: (N, groups, channels, *places, *kernel)."""
    stride, padding, dilation, groups = options[:4]
    wide = wide_shape(shape, padding)
    numbers = np.arange(int(np.prod(wide))).reshape(wide)
    none = ((0, 0),) * len(kernel)
    found = entries_of_windows(numbers, Windows(tuple(kernel), stride, none, dilation))
    return found.reshape(shape[0], groups, shape[1] // groups, *found.shape[2:])


def _grouped(x: Any, axis: int, groups: int) -> Operation:
    """Return an array with the outputs of each group along an axis of their own."""
    shape = list(np.shape(example_of(x)))
    shape[axis : axis + 1] = [groups, shape[axis] // groups]
    return Operation("reshape", [x, shape])


def _product(step: Step, formula: str, *operands: Any) -> Operation:
    """Return an einsum over windows; P and K are the axes of the places and of the entries."""
    n = len(step.args[2])
    subscripts = formula.replace("P", "pq"[:n]).replace("K", "kl"[:n])
    return Operation("einsum", [subscripts, *operands])


def _conv_of(step: Step) -> Operation:
    x, w, *options = step.args
    groups, shape = options[3], np.shape(example_of(w))
    windows = Operation("take", [_padded(x, options[1]),
                                 _places(np.shape(example_of(x)), shape[2:], options)])  # fmt: skip
    y = _product(step, "ngcPK,gocK->ngoP", windows, _grouped(w, 0, groups))
    y = Operation("reshape", [y, step.outs[0].shape])
    if len(options) < 5 or options[4] is None:
        return y
    column = Operation("reshape", [options[4], (shape[0], *[1] * (len(shape) - 2))])
    return Operation("add", [y, column])


def _conv_weight_of(step: Step) -> Operation:
    x, g, kernel, *options = step.args
    windows = Operation("take", [_padded(x, options[1]),
                                 _places(np.shape(example_of(x)), kernel, options)])  # fmt: skip
    w = _product(step, "ngcPK,ngoP->gocK", windows, _grouped(g, 1, options[3]))
    return Operation("reshape", [w, step.outs[0].shape])


def _conv_input_of(step: Step) -> Operation:
    g, w, _, *options = step.args
    shape, groups = step.outs[0].shape, options[3]
    windows = _product(step, "ngoP,gocK->ngcPK", _grouped(g, 1, groups), _grouped(w, 0, groups))
    places = _places(shape, np.shape(example_of(w))[2:], options)
    return _cut(put(windows, places, wide_shape(shape, options[1])), shape, options[1])


# ---- pooling ------------------------------------------------------------------------------------


def _blocks(shape: Sequence[int], kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Return the index of the entries at each offset of a window."""
    places = count_places(shape[-2:], kernel, stride, padding, dilation)
    every = [slice(None)] * (len(shape) - 2)
    return [[*every, *entries_at(k, places, stride, dilation)] for k in np.ndindex(*kernel)]


def _chosen(x: Any, number: Any, k: int) -> Any:
    """Return entries where the number of their window is k, and 0 elsewhere."""
    return x if number is None else Operation("where", [Operation("equal", [number, k]), x, 0])


def _sum(parts: Sequence[Any]) -> Any:
    total, *others = parts
    for part in others:
        total = Operation("add", [total, part])
    return total


def _spread_of(step: Step) -> Operation:
    g, number, shape, *windows = step.args
    wide = wide_shape(shape, windows[2])
    kernel, stride, padding, dilation = windows
    if kernel == stride and max(dilation) == 1:
        return _cut(_side_by_side(g, number, kernel, wide), shape, padding)
    parts = [Operation("scatter", [_chosen(g, number, k), index, wide])
             for k, index in enumerate(_blocks(shape, *windows))]  # fmt: skip
    return _cut(_sum(parts), shape, padding)


def _side_by_side(g: Any, number: Any, kernel: Any, wide: Sequence[int]) -> Any:
    """Return all entries of windows that do not overlap, of shape (..., rows, k, columns, l)."""
    *first, rows, columns = np.shape(example_of(g))
    (k, m), shape = kernel, [*first, rows, 1, columns, 1]
    y = Operation("reshape", [g, shape])
    if number is None:
        y = Operation("broadcast_to", [y, [*first, rows, k, columns, m]])
    else:
        own = np.arange(k * m, dtype=number.dtype).reshape(k, 1, m)
        is_own = Operation("equal", [Operation("reshape", [number, shape]), own])
        y = Operation("where", [is_own, y, 0])
    inside = [*first, rows * k, columns * m]
    y = Operation("reshape", [y, inside])
    if inside == [*wide]:
        return y
    return Operation("scatter", [y, [*map(slice, inside)], wide])


def _gathered(step: Step) -> Any:
    x, number, *windows = step.args
    x, shape = _padded(x, windows[2]), np.shape(example_of(x))
    return _sum([_chosen(Operation("getitem", [x, index]), number, k)
                 for k, index in enumerate(_blocks(shape, *windows))])  # fmt: skip


#: function -> what returns its operation
SPECIAL: dict[Any, Callable[[Step], Any]] = {
    _conv: _conv_of, _conv_input: _conv_input_of, _conv_weight: _conv_weight_of,
    _spread_windows: _spread_of, _gather_windows: _gathered,
}  # fmt: skip
