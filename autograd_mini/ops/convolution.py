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
lies in memory as the next layer reads it.

X has up to K times as many entries as x, for windows of K entries, so only a part of it is made. x
is copied once for each *column* of the kernel, shifted to its place. The rows of this copy lie one
after the other, each with all columns of the kernel and all channels:

    row 0   row 1   row 2   row 3  ...         a kernel of 3 rows
    └──── windows 0 ────┘                      the windows of the first row of places
            └──── windows 1 ────┘              and of the second

So the windows of a row of places are a matrix, a view that overlaps with the next one. In a large
batch, the rows of each column of places lie after one another, so the windows of each place are a
matrix.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, TensorBase, is_foreign, widen
from ..core.primitive import Primitive, primitive
from .products import SMALL_PRODUCT
from .shaping import with_batch_last

_BLOCK = 2**20  #: bytes of windows that are made at once, to stay in the processor's cache


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
    return with_batch_last(x)


def _batch_first(x: Array) -> Array:
    return x.transpose(x.ndim - 1, *range(x.ndim - 1))


def entries_at(offset: Any, places: Any, stride: Any, dilation: Any, first: int = 0) -> Any:
    """Return slices with the entry at one offset of each window, from row `first` of windows on."""
    starts = [i * d for i, d in zip(offset, dilation)]
    starts[0] += first * stride[0]
    return tuple(slice(i, i + s * (n - 1) + 1, s) for i, n, s in zip(starts, places, stride))


def _row_blocks(rows: int, row_bytes: int, least: int = 1) -> list[tuple[int, int]]:
    """Return the first and last row of blocks of `least` rows, or of more if they are small."""
    step = max(least, _BLOCK // max(1, row_bytes))
    return [(row, min(row + step, rows)) for row in range(0, rows, step)]


def _overlap(n: int, places: int, stride: int, start: int) -> tuple[slice, slice]:
    """Return the places p with 0 ≤ stride p + start < n, and these entries of an axis of length n.

    All other places read padding.
    """
    first = max(0, -(start // stride))
    last = max(first, min(places, (n - 1 - start) // stride + 1))
    entry = first * stride + start
    return slice(first, last), slice(entry, entry + (last - first) * stride, stride)


def _shifted(
    x: Array, rows: range, columns: int, width: int, stride: int, dilation: int, padding: Any,
    by_column: bool,
) -> Array:  # fmt: skip
    """Return padded rows of x, of shape (groups, C, *lengths, N), for each column of a kernel.

    The result has the shape (groups, rows, width of the kernel, C, columns of places, N). In
    memory, the columns of places may come before the rows.
    """
    groups, channels, *lengths, batch = x.shape
    (top, _), (left, _) = padding
    shape = [groups, len(rows), width, channels, columns, batch]
    if by_column:
        shape.insert(1, shape.pop(4))
    y = np.empty_like(x, order="C", shape=tuple(shape))
    if by_column:
        y = y.transpose(0, 2, 3, 4, 1, 5)
    there, here = _overlap(lengths[0], len(rows), 1, rows.start - top)
    y[:, : there.start] = y[:, there.stop :] = 0
    for k in range(width):
        place, entry = _overlap(lengths[1], columns, stride, k * dilation - left)
        y[:, there, k, :, place] = x[:, :, here, entry].swapaxes(1, 2)
        y[:, there, k, :, : place.start] = y[:, there, k, :, place.stop :] = 0
    return y


def _groups_of_rows(x: Array, places: int, kernel: int, stride: int, dilation: int) -> Array:
    """Return a view of the rows that each place reads: (groups, places, kernel, *rest)."""
    if isinstance(x, np.ndarray):  # sliding_window_view takes four times as long
        of_group, of_row, *rest = x.strides
        strides = of_group, stride * of_row, dilation * of_row, *rest
        shape = x.shape[0], places, kernel, *x.shape[2:]
        return np.lib.stride_tricks.as_strided(x, shape, strides)
    y = np.lib.stride_tricks.sliding_window_view(x, dilation * (kernel - 1) + 1, 1)
    y = y[:, ::stride, ..., ::dilation]
    return y.transpose(0, 1, y.ndim - 1, *range(2, y.ndim - 1))


def _windows(
    x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int,
    by_column: bool = False,
) -> Iterator[tuple[slice, Array]]:  # fmt: skip
    """Yield rows of places, and their windows: (groups, rows, entries, columns, batch).

    In memory, the last three axes are a matrix of windows. If they are laid out `by_column`, the
    windows of each place are a matrix. Windows of a single entry are not copied.
    """
    height, width = count_places(x.shape[2:], kernel, stride, padding, dilation)
    x = _batch_last(x)
    x = x.reshape(groups, x.shape[0] // groups, *x.shape[1:])
    if kernel == stride == (1, 1) and not any(map(any, padding)):
        yield slice(height), x.swapaxes(1, 2)
        return
    span, step = dilation[0] * (kernel[0] - 1) + 1, stride[0]
    row_bytes = step * kernel[1] * x.shape[0] * x.shape[1] * width * x.shape[4] * x.itemsize
    for first, last in _row_blocks(height, row_bytes, 4 * span):  # a few rows are copied twice
        rows = range(first * step, (last - 1) * step + span)
        wide = _shifted(x, rows, width, kernel[1], stride[1], dilation[1], padding, by_column)
        y = _groups_of_rows(wide, last - first, kernel[0], step, dilation[0])
        yield slice(first, last), y.reshape(*y.shape[:2], _product(y.shape[2:5]), *y.shape[5:])


def _matrices(w: Array, groups: int) -> Array:
    """Return a matrix for each group, with a row for each output."""
    return w.reshape(groups, w.shape[0] // groups, _product(w.shape[1:]))


def _as_images(batch: int, *options: Any) -> tuple[int, Any]:
    """Return where to add an axis of length 1 to sequences, and each option for both axes.

    A sequence becomes an image of one row, and all of X is made. In a large batch, it becomes an
    image of one column, so X is not made, and there is one product for each place.
    """
    ones = (1, (0, 0), 1, 1)  # stride, padding, dilation, length
    if batch < 16:
        return 2, [(one, *option) for one, option in zip(ones, options)]
    return 3, [(*option, one) for one, option in zip(ones, options)]


def _conv(
    x: Array, w: Array, stride: Any, padding: Any, dilation: Any, groups: int, bias: Any = None
) -> Array:
    """Return W X, plus the bias."""
    if x.ndim == 4:
        return _conv_of_images(x, w, stride, padding, dilation, groups, bias)
    axis, (stride, padding, dilation) = _as_images(len(x), stride, padding, dilation)
    x, w = np.expand_dims(x, axis), np.expand_dims(w, axis)
    return _conv_of_images(x, w, stride, padding, dilation, groups, bias).squeeze(axis)


def _conv_of_images(
    x: Array, w: Array, stride: Any, padding: Any, dilation: Any, groups: int, bias: Any
) -> Array:
    """Multiply the windows of each row of places by W, and add the bias."""
    kernel, dtype = w.shape[2:], x.dtype
    height, width = count_places(x.shape[2:], kernel, stride, padding, dilation)
    # A row of W has the entries in the order of the windows: the channels come last.
    x, w = widen(x), _matrices(widen(w).transpose(0, 2, 3, 1), groups)
    y = np.empty_like(x, order="C", shape=(*w.shape[:2], height, width, x.shape[0]))
    by_column = _are_small_products(w.shape[1], w.shape[2], x.shape[0])
    for rows, windows in _windows(x, kernel, stride, padding, dilation, groups, by_column):
        block = y[:, :, rows]
        if by_column:
            out = block.transpose(0, 3, 2, 1, 4)
            np.matmul(w[:, None, None], windows.transpose(0, 3, 1, 2, 4), out=out)
        else:
            out = block.reshape(*block.shape[:3], width * x.shape[0]).swapaxes(1, 2)
            np.matmul(w[:, None], _merged(windows), out=out)
        if bias is not None:
            block += bias.reshape(*w.shape[:2], 1, 1, 1)
    y = y.reshape(w.shape[0] * w.shape[1], height, width, x.shape[0])
    return _batch_first(y).astype(dtype, copy=False)


def _are_small_products(outputs: int, entries: int, batch: int) -> bool:
    """Return whether the windows of one place are best multiplied on their own.

    OpenBLAS multiplies small matrices without rearranging them first. For a few outputs, the copies
    of the windows take longer than the products.
    """
    return outputs >= 16 and batch >= 32 and outputs * entries * batch <= SMALL_PRODUCT


def _merged(windows: Array) -> Array:
    """Return windows with the columns and the batch as one axis."""
    return windows.reshape(*windows.shape[:3], windows.shape[3] * windows.shape[4])


def _conv_weight(
    x: Array, g: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Array:
    """Return g Xᵀ, computed as the transpose of X gᵀ, which BLAS multiplies twice as fast."""
    if x.ndim == 4:
        return _conv_weight_of_images(x, g, kernel, stride, padding, dilation, groups)
    axis, options = _as_images(len(x), stride, padding, dilation, kernel)
    stride, padding, dilation, kernel = options
    x, g = np.expand_dims(x, axis), np.expand_dims(g, axis)
    return _conv_weight_of_images(x, g, kernel, stride, padding, dilation, groups).squeeze(axis)


def _conv_weight_of_images(
    x: Array, g: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Array:
    """Add up the products of all rows of places."""
    channels, outputs, height, dtype = x.shape[1] // groups, g.shape[1], g.shape[2], x.dtype
    x, g = widen(x), _batch_last(widen(g))
    g = g.reshape(groups, outputs // groups, height, _product(g.shape[2:])).transpose(0, 2, 3, 1)
    shape = groups, channels * _product(kernel), outputs // groups
    y = np.zeros_like(x, order="C", shape=shape)
    for rows, windows in _windows(x, kernel, stride, padding, dilation, groups):
        windows, of_rows = _merged(windows), g[:, rows]
        for row, end in _row_blocks(windows.shape[1], y.nbytes):
            y += (windows[:, row:end] @ of_rows[:, row:end]).sum(axis=1)
    y = np.swapaxes(y, 1, 2).reshape(outputs, *kernel, channels).transpose(0, 3, 1, 2)
    return y.astype(dtype, order="C", copy=False)


def _reversed(w: Array, groups: int) -> Array:
    """Return a weight with inputs and outputs exchanged, and each filter reversed."""
    outputs, channels, *kernel = w.shape
    w = w.reshape(groups, outputs // groups, channels, *kernel).swapaxes(1, 2)
    w = np.flip(w, tuple(range(3, w.ndim)))
    return w.reshape(groups * channels, outputs // groups, *kernel)


def sides_of_gradient(
    g: Any, w: Any, lengths: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    """Return the padding of g with which its convolution is conv_input, for two shapes.

    Return None if stride or padding exclude it, or if g has many more windows than there are
    blocks.
    """
    sides = [
        (d * (k - 1) - before, n + before - m)
        for d, k, n, m, (before, _) in zip(dilation, w[2:], lengths, g[2:], padding)
    ]
    few = g[1] * _product(lengths) <= 3 * w[1] * groups * _product(g[2:])
    return sides if few and max(stride) == 1 and min(map(min, sides)) >= 0 else None


def _conv_input(
    g: Array, w: Array, lengths: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Array:
    """Return col2im(Wᵀ g): zeros, with each window added at its place.

    All entries at one offset in their windows form a block of x. There are few offsets and many
    windows, so blocks are added. With stride 1, the same numbers are a convolution of g with the
    reversed weight. It copies windows of g instead, which is faster unless they are many more.
    """
    kernel, places, batch = w.shape[2:], g.shape[2:], g.shape[0]
    sides = sides_of_gradient(g.shape, w.shape, lengths, stride, padding, dilation, groups)
    if sides:
        return _conv(g, _reversed(w, groups), stride, sides, dilation, groups)
    channels, dtype, every = w.shape[1] * groups, g.dtype, slice(None)
    wide = [before + n + after for n, (before, after) in zip(lengths, padding)]
    g, w = _matrices(_batch_last(widen(g)), groups), _matrices(widen(w), groups)
    x, w = np.zeros_like(g, order="C", shape=(channels, *wide, batch)), np.swapaxes(w, 1, 2)
    rest = _product(places[1:]) * batch
    row_bytes = w.shape[0] * w.shape[1] * rest * g.itemsize
    for row, end in _row_blocks(places[0], row_bytes):
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
