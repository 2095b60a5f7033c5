"""Pooling of images: the maximum or the mean of each window, as a graph and as one fused node.

    y[n, c, p] = max_k x[n, c, s p + d k - padding]        or (1/K) Σ_k of the same entries

s is the stride, d the dilation, and K the number of entries of a window. k is a place in a window.
Both pools take place k of all windows at once, and then the next one. For a maximum, the first
largest entry of a window gets the whole gradient. For a mean, each entry gets 1/K of it. In the
code, `x` is the argument, `y` the result, and `g` the gradient of y.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, in_float, unwrap, widen
from ..core.foreign import constant_like, require_in_place
from ..core.fused import fused
from ..core.primitive import Primitive, primitive
from ..ops.convolution import count_places, entries_at
from ..ops.reductions import in_float32, widened
from .windows import Windows, batched, entries_of_windows, per_axis, require_fit, windows_of


def pool_windows(kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1) -> Windows:
    """Return the windows of a pool, or raise; they lie side by side if `stride` is None."""
    kernel = per_axis("kernel_size", kernel_size, 2, 1)
    padding = per_axis("padding", padding, 2, 0)
    if any(2 * p > k for p, k in zip(padding, kernel)):
        raise ValueError(f"padding must be at most half of kernel_size={kernel}, got {padding}.")
    return windows_of(kernel, kernel if stride is None else stride, padding, dilation)


def _windows(x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1) -> Windows:
    """Return the windows over images."""
    if x.ndim not in (3, 4):
        raise ValueError(
            "the input must have the shape (batch, channels, height, width) or (channels, height, "
            f"width), got {x.shape}."
        )
    return require_fit(x, pool_windows(kernel_size, stride, padding, dilation))


# ---- the maximum --------------------------------------------------------------------------------


def _largest(x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Return the largest entry of each window, and its number in the window.

    Of equal entries the first one counts, and so does the first nan. Masks are multiplied: a choice
    with `np.where` takes ten times as long, because the processor mispredicts every other branch.
    """
    blocks = _blocks(x, kernel, stride, padding, dilation, _least(x.dtype))
    y = np.copy(blocks[0])
    number = np.zeros_like(y, np.min_scalar_type(len(blocks)))
    for k, block in enumerate(blocks[1:], 1):
        np.maximum(number, (block > y) * number.dtype.type(k), out=number)
        np.maximum(y, block, out=y)
    if (y != y).any():
        for k, block in reversed([*enumerate(blocks)]):
            np.copyto(number, k, where=block != block)
    return y, number


def _blocks(
    x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, value: float
) -> list[Array]:
    """Return, for each offset in a window, the entries there of all windows."""
    places = count_places(x.shape[-2:], kernel, stride, padding, dilation)
    if any(map(any, padding)):
        x = np.pad(x, ((0, 0),) * (x.ndim - 2) + padding, constant_values=value)
    offsets = [entries_at(k, places, stride, dilation) for k in np.ndindex(*kernel)]
    return [x[..., rows, columns] for rows, columns in offsets]


def _least(dtype: Any) -> Any:
    """Return the smallest value of this dtype, to pad with."""
    if dtype.kind in "iu":
        return np.iinfo(dtype).min
    return False if dtype.kind == "b" else -np.inf


def _spread_windows(
    g: Array, number: Any, shape: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> Array:
    """Return zeros of `shape`, with each `g` added to entry number `number` of its window.

    If `number` is None, each `g` is added to all entries of its window.
    """
    places, finite = g.shape[-2:], g.dtype.kind == "f" and np.isfinite(g).all()
    lengths = tuple(before + n + after for n, (before, after) in zip(shape[-2:], padding))
    x = np.zeros_like(widen(g), shape=(*shape[:-2], *lengths))
    # If no two windows overlap, the products are written to their places, and not added.
    apart = all(s > d * (k - 1) for k, s, d in zip(kernel, stride, dilation))
    for i, k in enumerate(np.ndindex(*kernel)):
        rows, columns = entries_at(k, places, stride, dilation)
        block = x[..., rows, columns]
        if number is None:
            block += g
        elif not finite:
            block += np.where(number == i, g, 0)
        elif apart:
            np.multiply(g, number == i, out=block)
        else:
            block += g * (number == i)
    if number is not None:
        x += 0  # turns -0 into 0
    rows, columns = (slice(before, before + n) for n, (before, _) in zip(shape[-2:], padding))
    return x[..., rows, columns].astype(g.dtype, copy=False)


def _gather_windows(
    x: Array, number: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> Array:
    """Return the entry of this number of each window, or the sum of all entries for None."""
    blocks = _blocks(x, kernel, stride, padding, dilation, 0)
    if number is None:
        return sum(blocks[1:], blocks[0])
    return sum(np.where(number == i, block, 0) for i, block in enumerate(blocks))


#: each is linear, and the transpose of the other one
spread_windows: Primitive = primitive(
    _spread_windows,
    lambda h, y, g, number, shape, *windows: gather_windows(h, number, *windows),
    name="spread_windows",
    implements="spread_windows",
)
gather_windows: Primitive = primitive(
    _gather_windows,
    lambda g, y, x, number, *windows: spread_windows(g, number, x.shape, *windows),
    name="gather_windows",
    implements="gather_windows",
)


def _max_pool2d(
    input: Array, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1
) -> Any:
    r"""Compute the largest entry of each window of an image, as one operation.

    Parameters
    ----------
    input : Tensor or array_like, shape (N, C, H, W) or (C, H, W)
        N images or one image, with C channels, H rows and W columns.
    kernel_size : int or pair of int
        The height and the width of a window, the part of an image that is reduced to one entry.
    stride : int or pair of int, optional
        The step from one window to the next. The default is `kernel_size`, so windows do not
        overlap.
    padding : int or pair of int
        How many entries of -inf are added on each side of an image. It may be at most half of
        `kernel_size`.
    dilation : int or pair of int
        The distance between neighbouring entries of a window. 1 leaves no gaps.

    Returns
    -------
    Tensor, or an array if `input` is an array
        One entry for each window, in an array of shape (N, C, rows, columns) or (C, rows, columns).
        Windows that would reach beyond the padded image are left out, as in PyTorch with
        ``ceil_mode=False``.

    Raises
    ------
    TypeError
        If `kernel_size` or another option is not an integer.
    ValueError
        If `input` does not have three or four axes, or if no window fits into a padded image.

    Notes
    -----
    The largest entry of a window gets the gradient of the maximum. The other entries get 0. If
    several entries are equal to the maximum, only the first one gets the gradient, as in PyTorch.
    If a window contains nan, its maximum is nan. Let x be the input, and s the stride. Without
    padding and dilation, the result y is

    $$y_{p,q} = \max_{k,l} x_{sp+k,\,sq+l}$$

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 9.3.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> x = ag.tensor(np.arange(16.0).reshape(1, 4, 4), requires_grad=True)
    >>> y = ag.max_pool2d(x, 2)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad[0, 1]
    ([[[5.0, 7.0], [13.0, 15.0]]], array([0., 1., 0., 1.]))
    """
    require_in_place(input)
    return _largest(input, *_windows(input, kernel_size, stride, padding, dilation))


def _entries(x: Array, windows: Windows, value: float) -> Array:
    """Return the entries of each window along the last axis, in primitives."""
    x = entries_of_windows(batched(x, 2), windows, value)
    return x.reshape(*x.shape[:-2], windows.size)


def _max_pool2d_graph(
    input: Array, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1
) -> Array:
    windows = _windows(input, kernel_size, stride, padding, dilation)
    x = _entries(input, windows, _least(input.dtype))
    first = np.argmax(unwrap(x), axis=-1)[..., None]
    y = np.take_along_axis(x, first, -1)
    return y.reshape(*input.shape[:-2], *y.shape[2:4])


def _max_pool2d_vjp(
    g: Cotangent, y: Array, input: Array, kernel_size: Any, stride: Any = None, padding: Any = 0,
    dilation: Any = 1, residuals: Any = None,
) -> Cotangent:  # fmt: skip
    """Put g at the largest entries."""
    require_in_place(unwrap(g))
    windows, number = _windows(input, kernel_size, stride, padding, dilation), residuals
    if number is None:
        x = _entries(unwrap(input), windows, _least(input.dtype))
        number = np.argmax(x, axis=-1).reshape(y.shape)
    return spread_windows(g, number, input.shape, *windows)


max_pool2d = fused(
    _max_pool2d,
    _max_pool2d_vjp,
    name="max_pool2d",
    residuals=True,
    unfused=_max_pool2d_graph,
    stable_graph=_max_pool2d_graph,
)


# ---- the mean -----------------------------------------------------------------------------------


def _count(x: Array, windows: Windows, count_include_pad: bool) -> Any:
    """Return the number of entries that each window is divided by."""
    if count_include_pad or not any(map(any, windows.padding)):
        return windows.size
    return constant_like(sum(_blocks(np.ones(x.shape[-2:], x.dtype), *windows, 0)), x)


@in_float32
def _avg_pool2d(
    input: Array, kernel_size: Any, stride: Any = None, padding: Any = 0,
    *, count_include_pad: bool = True,
) -> Any:  # fmt: skip
    r"""Compute the mean of each window of an image, as one operation.

    Parameters
    ----------
    input : Tensor or array_like, shape (N, C, H, W) or (C, H, W)
        N images or one image, with C channels, H rows and W columns.
    kernel_size : int or pair of int
        The height and the width of a window, the part of an image that is reduced to one entry.
    stride : int or pair of int, optional
        The step from one window to the next. The default is `kernel_size`, so windows do not
        overlap.
    padding : int or pair of int
        How many zeros are added on each side of an image. It may be at most half of `kernel_size`.
    count_include_pad : bool
        If True, the sum of a window is divided by the number of its entries. If False, the added
        zeros are not counted as entries.

    Returns
    -------
    Tensor, or an array if `input` is an array
        One entry for each window, in an array of shape (N, C, rows, columns) or (C, rows, columns).
        Windows that would reach beyond the padded image are left out, as in PyTorch with
        ``ceil_mode=False``.

    Raises
    ------
    TypeError
        If `kernel_size` or another option is not an integer.
    ValueError
        If `input` does not have three or four axes, or if no window fits into a padded image.

    Notes
    -----
    A window has K entries. Each of them gets 1/K of the gradient of the mean. Let x be the input,
    and s the stride. Without padding, the result y is

    $$y_{p,q} = \frac{1}{K} \sum_{k,l} x_{sp+k,\,sq+l}$$

    References
    ----------
    LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2).tolist()
    [[[2.5, 4.5], [10.5, 12.5]]]
    """
    x = in_float(input)
    windows = _windows(x, kernel_size, stride, padding)
    first, *others = _blocks(x, *windows, 0)
    for block in others:
        first = first + block
    return first / _count(x, windows, count_include_pad)


@in_float32
def _avg_pool2d_graph(
    input: Array, kernel_size: Any, stride: Any = None, padding: Any = 0,
    *, count_include_pad: bool = True,
) -> Array:  # fmt: skip
    x = in_float(input)
    windows = _windows(x, kernel_size, stride, padding)
    y = _entries(x, windows, 0).sum(axis=-1) / _count(x, windows, count_include_pad)
    return y.reshape(*input.shape[:-2], *y.shape[2:])


@widened
def _avg_pool2d_vjp(
    g: Cotangent, y: Array, input: Array, kernel_size: Any, stride: Any = None, padding: Any = 0,
    count_include_pad: bool = True,
) -> Cotangent:  # fmt: skip
    """Give each entry of a window g/K."""
    require_in_place(unwrap(g))
    windows = _windows(input, kernel_size, stride, padding)
    g = g / _count(input, windows, count_include_pad)
    return spread_windows(g, None, input.shape, *windows)


avg_pool2d = fused(_avg_pool2d, _avg_pool2d_vjp, name="avg_pool2d", unfused=_avg_pool2d_graph)
