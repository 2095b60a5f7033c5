"""Convolution over one or two axes: as a graph of windows, and as one fused node.

    y[n, o, p] = b[o] + Σ_c Σ_k w[o, c, k] x[n, c, s p + d k - padding]

s is the stride, d the dilation, and `g` the cotangent of y. An entry of the weight is multiplied by
an entry of x at every place. An entry of x is a part of several windows:

    ∂L/∂w[o, c, k] = Σ_n Σ_p g[n, o, p] x[n, c, s p + d k - padding]
    ∂L/∂x[n, c, i] = Σ_o Σ_k g[n, o, p] w[o, c, k]     over all p, k with s p + d k - padding = i
    ∂L/∂b[o] = Σ_n Σ_p g[n, o, p]

`ops.convolution` computes the first two as matrix products, block by block.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, in_float, unwrap
from ..core.foreign import require_in_place
from ..core.fused import fused
from ..ops.convolution import batch_last_in_memory, conv, conv_input, conv_weight
from ..ops.reductions import in_float32, widened
from .softmax_numerics import row_sums
from .windows import (
    Windows,
    batched,
    entries_of_windows,
    per_axis,
    windows_over,
)


def _windows(
    input: Array, weight: Array, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Windows:
    return windows_over(input, weight.shape[2:], stride, padding, dilation)


# ---- what a call may get ------------------------------------------------------------------------


def _checked(n: int, input: Array, weight: Array, bias: Any, groups: Any) -> Any:
    """Return the arguments in the dtype of the weight, or raise TypeError or ValueError."""
    _check_shapes(n, input, weight, bias, per_axis("groups", groups, 1, 1)[0])
    weight = in_float(weight)
    return _as_dtype("input", input, weight), weight, _as_dtype("bias", bias, weight)


def _check_shapes(n: int, input: Array, weight: Array, bias: Any, groups: int) -> None:
    axes = ("length", "height, width")[n - 1]
    if weight.ndim != n + 2:
        raise ValueError(
            f"the weight must have the shape (outputs, channels, {axes}), got {weight.shape}."
        )
    if input.ndim not in (n + 1, n + 2):
        raise ValueError(
            f"the input must have the shape (batch, channels, {axes}) or (channels, {axes}), got "
            f"{input.shape}."
        )
    if 0 in weight.shape[2:]:
        raise ValueError(f"the weight must have entries, got the shape {weight.shape}.")
    outputs, taken = weight.shape[:2]
    if (channels := input.shape[-n - 1]) != taken * groups:
        takes = f"{taken * groups} channel{'s' * (taken * groups > 1)}"
        each = f" ({taken} for each of {groups} groups)" if groups > 1 else ""
        raise ValueError(
            f"the weight of shape {weight.shape} takes {takes}{each}, but the input has "
            f"{channels}. {_channels_fix(n, input, taken * groups, groups)}"
        )
    if outputs % groups:
        raise ValueError(f"{outputs} outputs cannot be divided into {groups} groups.")
    if bias is not None and bias.shape != (outputs,):
        raise ValueError(f"the bias must have the shape ({outputs},), got {bias.shape}.")


def _channels_fix(n: int, input: Array, needed: int, groups: int) -> str:
    """Return how to make the input, or the layer, if the number of channels is wrong."""
    if needed == 1 and input.ndim == n + 1:
        return "If the first axis is the batch, add an axis for the channel: x[:, None]."
    if input.shape[-1] == needed:
        return f"Move the channels to their place: np.moveaxis(x, -1, {input.ndim - n - 1})."
    channels = input.shape[-n - 1]
    if channels % groups:
        return f"Choose a number of groups that divides {channels}."
    fix = f"Pass a weight of shape (outputs, {channels // groups}, ...)"
    return f"{fix}. For a layer, set in_channels={channels}."


def _as_dtype(name: str, x: Any, weight: Array) -> Any:
    """Return integers in the dtype of the weight. Two float dtypes are a mistake."""
    if x is None or x.dtype == weight.dtype:
        return x
    if x.dtype.kind == weight.dtype.kind == "f":
        raise TypeError(
            f"the {name} is {x.dtype}, but the weight is {weight.dtype}. Convert one of them, as "
            f"in x.astype(np.{weight.dtype})."
        )
    return x.astype(weight.dtype) if x.dtype.kind in "iub" else x


# ---- the node -----------------------------------------------------------------------------------


def _convolved(n: int, input: Array, weight: Array, bias: Any, groups: int, options: Any) -> Any:
    input, weight, bias = _checked(n, input, weight, bias, groups)
    require_in_place(input, weight, bias)
    windows = _windows(input, weight, *options)
    x = batch_last_in_memory(batched(input, n))
    y = conv(x, weight, *windows[1:], groups, bias)
    return y if input.ndim == n + 2 else y[0]


def _input_vjp(
    g: Cotangent, y: Array, input: Array, weight: Array, bias: Any = None, stride: Any = 1,
    padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Cotangent:  # fmt: skip
    require_in_place(unwrap(g))
    n, windows = weight.ndim - 2, _windows(input, weight, stride, padding, dilation)
    x = conv_input(batched(g, n), weight, input.shape[-n:], *windows[1:], groups)
    return x if input.ndim == n + 2 else x[0]


def _weight_vjp(
    g: Cotangent, y: Array, input: Array, weight: Array, bias: Any = None, stride: Any = 1,
    padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Cotangent:  # fmt: skip
    require_in_place(unwrap(g))
    n, windows = weight.ndim - 2, _windows(input, weight, stride, padding, dilation)
    x = batch_last_in_memory(batched(_as_dtype("input", input, weight), n))
    return conv_weight(x, batched(g, n), windows.kernel, *windows[1:], groups)


@widened
def _bias_vjp(
    g: Cotangent, y: Array, input: Array, weight: Array, *args: Any, **options: Any
) -> Cotangent:
    """Sum over the batch and the places, which lie next to each other in memory."""
    g = batched(g, weight.ndim - 2)
    rows = g.transpose(*range(1, g.ndim), 0)
    return row_sums(rows.reshape(len(weight), rows.size // (len(weight) or 1)), -1)[:, 0]


def _bias_display(
    g: Cotangent, y: Array, input: Array, weight: Array, *args: Any, **options: Any
) -> Cotangent:
    """Sum over all axes except the axis of the outputs."""
    places = tuple(range(2 - weight.ndim, 0))
    return g.sum(axis=places if g.ndim < weight.ndim else (0, *places))


# ---- as a graph, and as formulas ----------------------------------------------------------------


@in_float32
def _graph(
    input: Array, weight: Array, bias: Any = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """Take all windows, and sum their products with the weight."""
    n = weight.ndim - 2
    input, weight, bias = _checked(n, input, weight, bias, groups)
    x, windows = batched(input, n), _windows(input, weight, stride, padding, dilation)
    x = entries_of_windows(x, windows)
    p, k = "pq"[:n], "kl"[:n]
    if groups == 1:
        y = np.einsum(f"nc{p}{k},oc{k}->no{p}", x, weight)
    else:
        x = x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
        w = weight.reshape(groups, len(weight) // groups, *weight.shape[1:])
        y = np.einsum(f"ngc{p}{k},goc{k}->ngo{p}", x, w)
        y = y.reshape(len(x), len(weight), *y.shape[3:])
    if bias is not None:
        y = y + bias.reshape(len(weight), *[1] * n)
    return y if input.ndim == n + 2 else y[0]


# ---- conv1d and conv2d --------------------------------------------------------------------------


def _conv1d(
    input: Array, weight: Array, bias: Any = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    r"""Slide filters over sequences, and sum the products at each place, as one operation.

    The part of a sequence under a filter is called a *window*. Its entries are multiplied by those
    of the filter, and the sum of these products is an entry of the result.

    Parameters
    ----------
    input : Tensor or array_like, shape (N, C, L) or (C, L)
        N sequences of C channels and length L.
    weight : Tensor or array_like, shape (O, C/groups, k)
        O filters of length k. Each filter computes one channel of the result.
    bias : Tensor or array_like, shape (O,), optional
        A number for each channel of the result, which is added to all its entries.
    stride : int
        The step from one window to the next.
    padding : int, "valid" or "same"
        How many zeros are added on each side of a sequence. "valid" adds none. "same" adds enough
        zeros to keep the length, and requires stride 1. If both sides together need an odd number
        of zeros, the extra zero is added at the end.
    dilation : int
        The distance between neighbouring entries of a window. 1 leaves no gaps.
    groups : int
        The channels of the input and of the result are divided into this many groups. A channel of
        the result depends only on the input channels of its group.

    Returns
    -------
    Tensor, or an array if no argument is a Tensor
        Its shape is (N, O, P) or (O, P), where P is the number of windows in a sequence.

    Raises
    ------
    TypeError
        If an option is not an integer, or if the float dtypes of the arguments differ.
    ValueError
        If the shapes or the channels do not fit, or if no window fits into a padded sequence.

    Notes
    -----
    Let x be the input, w the weight, and b the bias. With the default options, the result y is

    $$y_{n,o,p} = b_o + \sum_{c,k} w_{o,c,k}\, x_{n,c,p+k}$$

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 9.5.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor([[1.0, 2.0, 4.0, 8.0]])
    >>> ag.conv1d(x, [[[-1.0, 1.0]]]).tolist()  # each entry is subtracted from the next
    [[1.0, 2.0, 4.0]]
    """
    return _convolved(1, input, weight, bias, groups, (stride, padding, dilation))


def _conv2d(
    input: Array, weight: Array, bias: Any = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    r"""Slide filters over images, and sum the products at each place, as one operation.

    The part of an image under a filter is called a *window*. Its entries are multiplied by those of
    the filter, and the sum of these products is an entry of the result.

    Parameters
    ----------
    input : Tensor or array_like, shape (N, C, H, W) or (C, H, W)
        N images of C channels, H rows and W columns. Integers are converted to the dtype of
        `weight`.
    weight : Tensor or array_like, shape (O, C/groups, kH, kW)
        O filters of kH rows and kW columns. Each filter computes one channel of the result.
    bias : Tensor or array_like, shape (O,), optional
        A number for each channel of the result, which is added to all its entries.
    stride : int or pair of int
        The step from one window to the next. In a pair, the first number is for the axis of length
        H, and the second for the axis of length W.
    padding : int, pair of int, "valid" or "same"
        How many zeros are added on each side of an image, as a number or as a pair for H and W.
        "valid" adds none. "same" adds enough zeros to keep the size of the image, and requires
        stride 1. If both sides together need an odd number of zeros, the extra zero is added at
        the end.
    dilation : int or pair of int
        The distance between neighbouring entries of a window. 1 leaves no gaps.
    groups : int
        The channels of the input and of the result are divided into this many groups. A channel of
        the result depends only on the input channels of its group.

    Returns
    -------
    Tensor, or an array if no argument is a Tensor
        Its shape is (N, O, rows, columns) or (O, rows, columns).

    Raises
    ------
    TypeError
        If an option is not an integer, or if the float dtypes of the arguments differ.
    ValueError
        If the shapes or the channels do not fit, or if no window fits into a padded image.

    Notes
    -----
    In mathematics, a convolution reverses the filters. In all frameworks, and here, they are not
    reversed. Mathematicians call this a correlation.

    Let x be the input, b the bias, and W a matrix whose rows are the filters. The columns of the
    matrix X = im2col(x) are the windows. The result is y = W X + b. Let L be the loss, and let g be
    ∂L/∂y. Then ∂L/∂W = g Xᵀ and ∂L/∂x = col2im(Wᵀ g), where col2im adds each column to the image,
    at the place of its window. With the default options, and with w for the weight, y is

    $$y_{n,o,p,q} = b_o + \sum_{c,k,l} w_{o,c,k,l}\, x_{n,c,p+k,q+l}$$

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 9.5. Chellapilla, Puri, Simard: High
    performance convolutional neural networks for document processing, 2006 (im2col).

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> image = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> w = ag.tensor(np.ones((1, 1, 2, 2)), requires_grad=True)
    >>> y = ag.conv2d(image, w)
    >>> y.backward(np.ones(y.shape))
    >>> y.tolist(), w.grad[0, 0]
    ([[[[8.0, 12.0], [20.0, 24.0]]]], array([[ 8., 12.],
           [20., 24.]]))
    """
    return _convolved(2, input, weight, bias, groups, (stride, padding, dilation))


def _declared(forward: Any, name: str) -> Any:
    return fused(
        forward,
        _input_vjp,
        _weight_vjp,
        _bias_vjp,
        display_rules=(None, None, _bias_display),
        name=name,
        unfused=_graph,
    )


conv1d = _declared(_conv1d, "conv1d")
conv2d = _declared(_conv2d, "conv2d")
