"""Convolution, and its gradients: three functions, each of which is bilinear in two of x, w and g.

    conv(x, w)          y[n, o, p] = Σ_c Σ_k w[o, c, k] x[n, c, s p + d k - padding]
    conv_input(g, w)    the gradient for x, of the shape of x
    conv_weight(x, g)   the gradient for w, of the shape of w

The rules of each one are the other two, so derivatives of any order are written with these three.

Images have the shape (N, C, *lengths): N examples, C channels, a length for each spatial axis. With
all windows of x as the columns of a matrix X (im2col), and w, y and g as matrices in the same way,

    y = W X        conv_input = col2im(Wᵀ g)        conv_weight = g Xᵀ

where col2im, the transpose of im2col, adds each window to the image at its place. In memory, the
batch is the last axis of x and y. So windows are copied and added in runs of whole rows, and W X
lies in memory as the next layer reads it. X has up to K times as many entries as x, for windows of
K entries. It is made in blocks, which stay in the processor's cache, and is not kept.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, TensorBase, is_foreign, widen
from ..core.primitive import Primitive, primitive

_BLOCK = 2**19  #: bytes of the columns that are made at once


def count_places(lengths: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Return how many windows fit along each axis."""
    return tuple(
        (n + before + after - d * (k - 1) - 1) // s + 1
        for n, k, s, (before, after), d in zip(lengths, kernel, stride, padding, dilation)
    )


def _product(lengths: Any) -> int:
    """Return the product of a few integers; np.prod takes ten times as long."""
    y = 1
    for n in lengths:
        y *= n
    return y


def _batch_last(x: Array) -> Array:
    return x.transpose(*range(1, x.ndim), 0)


def batch_last_in_memory(x: Array) -> Array:
    """Return `x`, of the same shape, or a copy whose batch is the last axis in memory."""
    if isinstance(x, TensorBase) or is_foreign(x) or _batch_last(x).flags.c_contiguous:
        return x
    return _batch_first(_batch_last(x).copy())


def _batch_first(x: Array) -> Array:
    return x.transpose(x.ndim - 1, *range(x.ndim - 1))


def entries_at(offset: Any, places: Any, stride: Any, dilation: Any, first: int = 0) -> Any:
    """Return slices with the entry at one offset of each window, from row `first` of windows on."""
    starts = [i * d for i, d in zip(offset, dilation)]
    starts[0] += first * stride[0]
    return tuple(slice(i, i + s * (n - 1) + 1, s) for i, n, s in zip(starts, places, stride))


def _padded(x: Array, padding: Any) -> Array:
    """Return `x` with the batch as the last axis, and zeros around each spatial axis."""
    x = _batch_last(x)
    if not any(map(any, padding)):
        kept = isinstance(x, np.ndarray) and x.flags.c_contiguous
        return x if kept else np.copy(x, order="C")
    around = ((0, 0), *padding, (0, 0))  # np.pad takes five times as long
    y = np.zeros_like(x, order="C", shape=tuple(b + n + a for n, (b, a) in zip(x.shape, around)))
    y[tuple(slice(b, b + n) for n, (b, _) in zip(x.shape, around))] = x
    return y


def _windows(x: Array, kernel: Any, stride: Any, dilation: Any) -> Array:
    """Return a view of the windows of a padded `x`, of shape (C, *kernel, *places, N)."""
    n = len(kernel)
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation))
    y = np.lib.stride_tricks.sliding_window_view(x, spans, tuple(range(1, n + 1)))
    y = y.transpose(0, *range(n + 2, 2 * n + 2), *range(1, n + 2))
    return y[tuple(slice(None, None, s) for s in (1, *dilation, *stride))]


def _row_blocks(rows: int, bytes_of_a_row: int, size: int) -> list[tuple[int, int]]:
    """Return the first and last row of blocks that take about `size` bytes."""
    step = max(1, size // max(1, bytes_of_a_row))
    return [(row, min(row + step, rows)) for row in range(0, rows, step)]


def _column_blocks(
    x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Iterator[tuple[slice, Array]]:
    """Yield where a block of columns is in X, and the block, of shape (groups, rows, columns).

    All blocks are written into the same memory, which stays in the processor's cache. Windows of a
    single entry are not copied: x is the matrix of its columns.
    """
    x, n = _padded(x, padding), len(kernel)
    if _product(kernel) == max(stride) == 1:
        columns = x.reshape(groups, x.shape[0] // groups, _product(x.shape[1:]))
        yield slice(columns.shape[2]), columns
        return
    windows = _windows(x, kernel, stride, dilation)
    entries, columns = _product(windows.shape[: n + 1]), _product(windows.shape[n + 2 :])
    blocks = _row_blocks(windows.shape[n + 1], entries * columns * x.itemsize, _BLOCK)
    memory = np.empty_like(x, order="C", shape=entries * columns * blocks[0][1])
    for row, end in blocks:
        block = windows[(slice(None),) * (n + 1) + (slice(row, end),)]
        matrix = memory[: block.size]
        np.copyto(matrix.reshape(block.shape), block)
        matrix = matrix.reshape(groups, entries // groups, (end - row) * columns)
        yield slice(row * columns, end * columns), matrix


def _matrices(w: Array, groups: int) -> Array:
    """Return a matrix for each group, with a row for each output."""
    return w.reshape(groups, w.shape[0] // groups, _product(w.shape[1:]))


def _conv(
    x: Array, w: Array, stride: Any, padding: Any, dilation: Any, groups: int, bias: Any = None
) -> Array:
    """Return W X, plus the bias."""
    kernel = w.shape[2:]
    places = count_places(x.shape[2:], kernel, stride, padding, dilation)
    w, x, dtype = _matrices(widen(w), groups), widen(x), x.dtype
    y = np.empty_like(x, order="C", shape=(*w.shape[:2], _product(places) * x.shape[0]))
    for where, columns in _column_blocks(x, kernel, stride, padding, dilation, groups):
        block = y[:, :, where]
        np.matmul(w, columns, out=block)
        if bias is not None:
            block += bias.reshape(*w.shape[:2], 1)
    y = y.reshape(w.shape[0] * w.shape[1], *places, x.shape[0])
    return _batch_first(y).astype(dtype, copy=False)


def _conv_weight(
    x: Array, g: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Array:
    """Return g Xᵀ, computed as the transpose of X gᵀ, which BLAS multiplies twice as fast."""
    channels, dtype = x.shape[1] // groups, x.dtype
    x, g = widen(x), _matrices(_batch_last(widen(g)), groups)
    y = np.zeros_like(x, order="C", shape=(groups, channels * _product(kernel), g.shape[1]))
    for where, columns in _column_blocks(x, kernel, stride, padding, dilation, groups):
        y += columns @ np.swapaxes(g[:, :, where], 1, 2)
    y = np.swapaxes(y, 1, 2).reshape(groups * g.shape[1], channels, *kernel)
    return y.astype(dtype, copy=False)


def _reversed(w: Array, groups: int) -> Array:
    """Return a weight with inputs and outputs exchanged, and each filter reversed."""
    outputs, channels, *kernel = w.shape
    w = w.reshape(groups, outputs // groups, channels, *kernel).swapaxes(1, 2)
    w = np.flip(w, tuple(range(3, w.ndim)))
    return w.reshape(groups * channels, outputs // groups, *kernel)


def _conv_input(
    g: Array, w: Array, lengths: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Array:
    """Return col2im(Wᵀ g): zeros, with each window added at its place.

    All entries at one offset in their windows form a block of x. There are few offsets and many
    windows, so blocks are added. With stride 1, the same numbers are a convolution of g with the
    reversed weight. It copies windows of g instead, which is faster unless they are many more.
    """
    kernel, places, batch = w.shape[2:], g.shape[2:], g.shape[0]
    sides = [
        (d * (k - 1) - before, n + before - m)
        for d, k, n, m, (before, _) in zip(dilation, kernel, lengths, places, padding)
    ]
    few = g.shape[1] * _product(lengths) <= 1.5 * w.shape[1] * groups * _product(places)
    if few and max(stride) == 1 and min(map(min, sides)) >= 0:
        return _conv(g, _reversed(w, groups), stride, sides, dilation, groups)
    channels, dtype, every = w.shape[1] * groups, g.dtype, slice(None)
    wide = [before + n + after for n, (before, after) in zip(lengths, padding)]
    g, w = _matrices(_batch_last(widen(g)), groups), _matrices(widen(w), groups)
    x, w = np.zeros_like(g, order="C", shape=(channels, *wide, batch)), np.swapaxes(w, 1, 2)
    rest = _product(places[1:]) * batch
    row_bytes = w.shape[0] * w.shape[1] * rest * g.itemsize
    for row, end in _row_blocks(places[0], row_bytes, 2 * _BLOCK):  # fewer calls of NumPy's add
        windows = w @ g[:, :, row * rest : end * rest]
        windows = windows.reshape(channels, *kernel, end - row, *places[1:], batch)
        for offset in np.ndindex(*kernel):
            here = entries_at(offset, (end - row, *places[1:]), stride, dilation, row)
            there, entry = (every, *here), (every, *offset)
            block = x[there]
            block += windows[entry]
    inside = (every, *(slice(before, before + n) for n, (before, _) in zip(lengths, padding)))
    return _batch_first(x[inside]).astype(dtype, copy=False)


def _conv_x(g: Cotangent, y: Array, x: Array, w: Array, *options: Any) -> Cotangent:
    return conv_input(g, w, x.shape[2:], *options)


def _conv_w(g: Cotangent, y: Array, x: Array, w: Array, *options: Any) -> Cotangent:
    return conv_weight(x, g, w.shape[2:], *options)


conv: Primitive = primitive(_conv, _conv_x, _conv_w, name="conv", implements="conv")
conv_input: Primitive = primitive(
    _conv_input,
    lambda h, y, g, w, lengths, *options: conv(h, w, *options),
    lambda h, y, g, w, lengths, *options: conv_weight(h, g, w.shape[2:], *options),
    name="conv_input",
    implements="conv_input",
)
conv_weight: Primitive = primitive(
    _conv_weight,
    lambda v, y, x, g, kernel, *options: conv_input(g, v, x.shape[2:], *options),
    lambda v, y, x, g, kernel, *options: conv(x, v, *options),
    name="conv_weight",
    implements="conv_weight",
)
