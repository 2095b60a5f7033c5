"""Convolution and pooling as nodes that read windows where they lie.

A convolution is a sum of products, of which one factor is a view of the images: the windows. No
matrix of windows is made. If the batch is long, it is the last axis in memory, as in NumPy's
functions. A vector then holds the same entry of several examples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...functional.pooling import pool_windows
from ...ops.convolution import (
    _conv,
    _conv_input,
    _conv_weight,
    count_places,
    entries_at,
    sides_of_gradient,
)
from ..ir import Step, example_of
from ..source.operation import Operation
from .index import Index
from .node import Node, Put, Unknown, copied, has_batch_last, step_along_axis
from .products import contract

_VECTOR = 64  # bytes that a vector may have
_LARGEST_WINDOW = 16  # entries of a window whose maximum is written out
_PADDED = "with padding, for the windows below"
_NAMES = "pq", "kl"  # of the axes of places, and of those of a window


def operation_on_images(step: Step) -> Operation | None:
    """Return a convolution or its gradient as an operation of `Images`."""
    if step.outs[0].dtype.kind != "f":
        return None
    if step.function is _conv:
        return Operation("conv", step.args)
    if step.function is _conv_weight:
        return Operation("conv_weight", step.args)
    if step.function is _conv_input:
        g, w, *options = step.args
        sides = sides_of_gradient(np.shape(example_of(g)), np.shape(example_of(w)), *options)
        return Operation("conv_input", [g, w, sides, *options[3:]]) if sides else None
    return None


class Images:
    """The operations on images that a `Graph` has."""

    node: Callable[[Any], Node]
    map: Callable[..., Node]
    reduce: Callable[..., Node]
    _getitem: Callable[..., Node]
    _reshape: Callable[..., Node]
    _where: Callable[..., Node]
    _placed: dict[Any, Node]

    def _conv(
        self, x: Any, w: Any, stride: Any, padding: Any, dilation: Any, groups: int,
        bias: Any = None,
    ) -> Node:  # fmt: skip
        y = self._convolved(x, _grouped(self.node(w), 0, groups), stride, padding, dilation)
        if bias is None:
            return y
        column = self._reshape(bias, (y.shape[1], *[1] * (len(y.shape) - 2)))
        return self.map("add", y, column)

    def _conv_input(self, g: Any, w: Any, sides: Any, dilation: Any, groups: int) -> Node:
        """Convolve g with the weight, in which each filter is reversed."""
        w, n = _grouped(self.node(w), 0, groups), len(dilation)
        kernel = w.shape[-n:]

        def pull(at: Sequence[Index], text: Any) -> list[Index]:
            *group, channel, output = at[:-n]
            back = (i * -1 + (k - 1) for i, k in zip(at[-n:], kernel))
            return [*group, output, channel, *back]

        *group, outputs, channels = w.shape[:-n]
        turned = Node("view", (w,), (*group, channels, outputs, *kernel), w.dtype, pull)
        return self._convolved(g, turned, (1,) * n, sides, dilation)

    def _convolved(self, x: Any, w: Node, stride: Any, padding: Any, dilation: Any) -> Node:
        """Return the products of windows with a weight of shape ([groups,] outputs, ...)."""
        n = len(stride)
        group = "g" * (len(w.shape) - n - 2)
        p, k = (names[:n] for names in _NAMES)
        groups = w.shape[0] if group else 1
        windows, last = self._windows(x, w.shape[-n:], stride, padding, dilation, groups)
        terms = ["n", *group, "c", *p, *k], [*group, "o", "c", *k]
        made = contract([windows, w], terms, ["n", *group, "o", *p])
        made.last = last
        if not group:
            return made
        return self._reshape(made, (made.shape[0], groups * w.shape[1], *made.shape[3:]))

    def _conv_weight(
        self, x: Any, g: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
    ) -> Node:
        """Add the products of windows and g up: first those of each lane of a vector."""
        n, group = len(stride), "g" * (groups > 1)
        p, k = (names[:n] for names in _NAMES)
        windows, last = self._windows(x, kernel, stride, padding, dilation, groups)
        g = _grouped(self._padded(self.node(g), ((0, 0),) * n, last), 1, groups)
        terms = [["n", *group, "c", *p, *k], ["n", *group, "o", *p]]
        lane = "n" if last == 0 else p[-1]
        if last == 0:
            size = _VECTOR // windows.dtype.itemsize
            size = size if g.shape[0] % size == 0 else g.shape[0]
            windows, g = (_split(x, 0, g.shape[0] // size) for x in (windows, g))
            terms = [["m", *term] for term in terms]
        out = [*group, "o", "c", *k]
        made = contract([windows, g], terms, [*out, lane])
        w = self.reduce("sum", made, len(made.shape) - 1)
        w.comment = "the sum over the lanes of a vector"
        shape = (made.shape[0] * made.shape[1], *made.shape[2:-1]) if group else made.shape[:-1]
        return self._reshape(w, shape)

    # ---- windows ---------------------------------------------------------------------------------

    def _windows(
        self, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
    ) -> tuple[Node, int]:
        """Return the windows, (N, [groups,] C, *places, *kernel), and the last axis in memory."""
        x, n = self.node(x), len(stride)
        places = count_places(x.shape[2:], kernel, stride, padding, dilation)
        is_long = x.shape[0] >= min(places[-1], _VECTOR // x.dtype.itemsize)
        last = 0 if x.shape[0] > 1 and is_long else -1
        x = _grouped(self._padded(x, padding, last), 1, groups)
        first = x.shape[:-n]

        def pull(at: Sequence[Index], text: Any) -> list[Index]:
            parts = zip(at[-2 * n : -n], at[-n:], stride, dilation)
            return [*at[: len(first)], *(p * s + k * d for p, k, s, d in parts)]

        return Node("view", (x,), (*first, *places, *kernel), x.dtype, pull), last

    def _padded(self, x: Node, padding: Any, last: int, fill: float = 0) -> Node:
        """Return images with their padding, and with neighbours along an axis in memory."""
        first = [0] * (len(x.shape) - len(padding)) + [before for before, _ in padding]
        ends = [0] * (len(x.shape) - len(padding)) + [after for _, after in padding]
        key = x, *first, *ends, last, fill
        if key in self._placed:
            return self._placed[key]
        if any((*first, *ends)):
            shape = tuple(i + n + j for i, n, j in zip(first, x.shape, ends))
            put = Put(lambda at, text: [i + k for i, k in zip(at, first)], fill, adds=False)
            made = Node("scatter", (x,), shape, x.dtype, put, comment=_PADDED)
        elif x.shape[last] == 1 or step_along_axis(x, last) == 1:
            return x
        else:
            made = copied(x)
            made.comment = "in the order in which the products read it"
        made.last = last
        self._placed[key] = made
        return made

    def _largest(self, step: Step) -> list[Node]:
        """Return the largest entry of each window, and its number in the window.

        The first one of equal entries counts, and the first nan.
        """
        given: dict[str, Any] = {"stride": None, "padding": 0}
        given |= dict(zip(("kernel_size", "stride", "padding", "dilation"), step.args[1:]))
        kernel, stride, padding, dilation = pool_windows(**{**given, **step.kwargs})
        x, number = self.node(step.args[0]), step.outs[1].dtype.type
        if x.dtype.kind != "f" or not 1 < np.prod(kernel) <= _LARGEST_WINDOW:
            raise Unknown("C code computes the maximum of small windows of floats")
        x = self._padded(x, padding, 0 if has_batch_last(x, x.shape) else -1, -np.inf)
        places = count_places(x.shape[-2:], kernel, stride, ((0, 0),) * 2, dilation)
        every = [slice(None)] * (len(x.shape) - 2)
        first, *others = (
            self._getitem(x, [*every, *entries_at(k, places, stride, dilation)])
            for k in np.ndindex(*kernel)
        )
        best, found = first, number(0)
        for k, entry in enumerate(others, 1):
            is_larger = self.map("logical_not", self.map("less_equal", entry, best))  # or nan
            is_better = self.map("logical_and", is_larger, self.map("equal", best, best))
            best = self._where(is_better, entry, best)
            found = self._where(is_better, number(k), found)
        return [best, found]


def _split(x: Node, axis: int, parts: int) -> Node:
    """Return a view with an axis as two: its parts, and the entries of each."""
    size = x.shape[axis] // parts
    shape = (*x.shape[:axis], parts, size, *x.shape[axis + 1 :])

    def pull(at: Sequence[Index], text: Any) -> list[Index]:
        return [*at[:axis], at[axis] * size + at[axis + 1], *at[axis + 2 :]]

    return Node("view", (x,), shape, x.dtype, pull)


def _grouped(x: Node, axis: int, groups: int) -> Node:
    """Return a view with an axis for the groups, if there are several."""
    return _split(x, axis, groups) if groups > 1 else x
