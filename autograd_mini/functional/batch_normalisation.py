"""Batch normalisation as one fused node with its graph. `normalisation` derives its rule.

The functions of arrays compute with a matrix that has a row for each example. A row of images has
C·H·W numbers, and the H·W numbers of a channel are next to each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.answers import explains_keywords
from ..core.arrays import Array, Cotangent, as_array_or_tensor, in_dtype, in_float, unwrap, widen
from ..core.fused import fused
from ..core.primitive import JointRule
from ..ops.reductions import in_float32, widened
from .normalisation_checks import (
    check_number,
    check_running,
    check_values,
    options,
    with_parameters,
)
from .normalisation_numerics import (
    Residuals,
    added,
    as_rows,
    named,
    normalised,
    promoted,
    scaled,
    sum_of_rows,
    through_statistics,
)
from .softmax_numerics import is_float_ndarray


def _over_channels(x: Array) -> Any:
    """Return the axes that a channel is reduced over: all except axis 1."""
    return 0 if x.ndim == 2 else (0, *range(2, x.ndim))


def _with_axes(p: Array, x: Array) -> Array:
    """Return `p`, a number for each channel, in a shape that broadcasts to `x`."""
    return p if x.ndim == 2 else p.reshape((-1,) + (1,) * (x.ndim - 2))


def _along(p: Array, rows: Array) -> Array:
    """Return `p`, a number for each channel, repeated for each entry of the channel in a row."""
    return p if p.size == rows.shape[1] else np.repeat(p, rows.shape[1] // p.size)


def _by_channel(sums: Array, channels: int) -> Array:
    """Return the sum of each channel, given the sum of each column."""
    return sums if sums.size == channels else sums.reshape((channels, -1)).sum(axis=1)


def _channel_means(rows: Array, channels: int) -> Array:
    return _by_channel(sum_of_rows(rows, channels / rows.size), channels)


def _statistics(x: Array) -> tuple[Array, Array, Array]:
    """Return the rows x - μ, and μ and σ² of each channel."""
    rows, channels = as_rows(x, math.prod(x.shape[1:])), x.shape[1]
    mean = _channel_means(rows, channels)
    off = rows - _along(mean, rows)
    rest = _channel_means(off, channels)  # of the mean of large numbers, which is rounded
    off -= _along(rest, rows)
    squares = _by_channel(np.einsum("ij,ij->j", off, off), channels)
    return off, mean + rest, squares * (channels / off.size)


@in_float32
def _batch_norm(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    mean: Array | None = None,
    var: Array | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Residuals]:
    """Normalise each channel, with its own statistics or with `mean` and `var`."""
    x = in_float(x)
    if not is_float_ndarray(x):
        return _batch_norm_graph(x, weight, bias, mean, var, eps), None
    x = promoted(x, weight, bias)
    if mean is None:
        off, mean, var = _statistics(x)
    else:
        rows = as_rows(x, math.prod(x.shape[1:]))
        mean, var = in_dtype(mean, x.dtype), in_dtype(var, x.dtype)
        off = rows - _along(mean, rows)
    r = 1 / np.sqrt(var + eps)
    y = off * _along(r if weight is None else r * weight, off)
    if bias is not None:
        y = added(y, _along(bias, y))
    return y.reshape(x.shape), (off, r, mean, var)


def _normal_channels(x: Array, mean: Any, var: Any, eps: float) -> tuple[Array, Array]:
    """Return x̂ and s, in primitives."""
    if mean is None:
        return normalised(x, _over_channels(x), eps)
    s = np.sqrt(_with_axes(var, x) + eps)
    return named((x - _with_axes(mean, x)) / s, "x̂"), s


@in_float32
def _batch_norm_graph(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    mean: Array | None = None,
    var: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    normal, _ = _normal_channels(x, mean, var, eps)
    return scaled(normal, *(p if p is None else _with_axes(p, x) for p in (weight, bias)))


@widened
def _batch_norm_rule(
    g: Cotangent,
    y: Array,
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    mean: Array | None = None,
    var: Array | None = None,
    eps: float = 1e-5,
    residuals: Residuals = None,
) -> Sequence[Cotangent]:
    """Return ∂L/∂x, ∂L/∂γ and ∂L/∂β.

    As γ is one number for a channel, ∂L/∂x = (γ/s) (g - (∂L/∂β)/n - x̂ (∂L/∂γ)/n).
    """
    if residuals is None:
        return _derived_rule(g, x, weight, mean, var, eps)
    off, r, *_ = residuals
    rows, channels = g.reshape(off.shape), r.size
    of_weight = _by_channel(np.einsum("ij,ij->j", rows, off), channels) * r
    of_bias = _by_channel(sum_of_rows(rows), channels)
    scale = r if weight is None else r * weight
    d = rows * _along(scale, rows)
    if mean is None:
        share = scale * (channels / off.size)
        d -= off * _along(of_weight * r * share, rows)
        d -= _along(of_bias * share, rows)
    return d.reshape(x.shape), of_weight, of_bias


def _derived_rule(
    g: Cotangent, x: Array, weight: Array | None, mean: Any, var: Any, eps: float
) -> Sequence[Cotangent]:
    axis = _over_channels(x)
    normal, s = _normal_channels(x, mean, var, eps)
    h = g if weight is None else named(g * _with_axes(weight, x), "h")
    of_x = through_statistics(h, normal, s, axis) if mean is None else h / s
    return of_x, (g * normal).sum(axis=axis), g.sum(axis=axis)


_batch_norm_node = fused(
    _batch_norm,
    JointRule(_batch_norm_rule, arguments=3),
    display_graph=_batch_norm_graph,
    name="batch_norm",
    residuals=True,
    unfused=_batch_norm_graph,
)


@explains_keywords
def batch_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    r"""Compute γ (x - μ) / √(σ² + ε) + β for each channel, as one operation.

    In training (``training=True``), μ and σ² are the mean and the variance of the batch. In
    evaluation, they are the running statistics, which are estimated during training.

    Parameters
    ----------
    input : Tensor or array_like, shape (N, C), (N, C, L) or (N, C, H, W)
        x: N examples with C channels. A channel of an example is a number, a row or an image.
    running_mean, running_var : array of float, shape (C,), optional
        The running statistics: estimates of the mean and the variance of each channel over all
        batches. Each call with ``training=True`` changes these arrays in place, also under
        `no_grad`. In a function for `checkpoint`, they change twice, because the backward pass
        calls the function again.
    weight, bias : Tensor or array_like, shape (C,), optional
        γ and β. Without them, γ is 1 and β is 0.
    training : bool
        Whether to use the mean and the variance of this batch.
    momentum : float
        How much a running statistic changes: running = (1 - momentum) running + momentum batch.
    eps : float
        ε. It prevents a division by 0 if all entries of a channel are equal.

    Returns
    -------
    Tensor, or array if no argument is a Tensor
        It has the shape of `input`.

    Raises
    ------
    TypeError
        If a running statistic is not an array of floats.
    ValueError
        If shapes do not fit. If ``training=True`` and a channel has only one value. If
        ``training=False`` and there are no running statistics.

    Notes
    -----
    Let L be the loss, y the result, g = ∂L/∂y, s = √(σ² + ε), x̂ = (x - μ)/s and h = γ g. In
    training, an entry of x changes y in three ways: directly, by changing μ, and by changing σ².

    $$
    \frac{\partial L}{\partial x} = \frac{1}{s} \left( h - \overline{h}
    - \hat x\,\overline{h\,\hat x} \right) \qquad
    \frac{\partial L}{\partial \gamma} = \sum g\,\hat x \qquad
    \frac{\partial L}{\partial \beta} = \sum g
    $$

    A bar is a mean. The means and sums are over the n entries of a channel. In evaluation, μ and σ²
    are constants, so ∂L/∂x = h/s.

    In training, σ² is Σ (x - μ)²/n. The running variance is updated with Σ (x - μ)²/(n - 1)
    instead, because this estimate is unbiased.

    The computed variance is accurate even if all entries are large and nearly equal.

    References
    ----------
    Ioffe, Szegedy: Batch normalization, 2015, section 3. Chan, Golub, LeVeque: Algorithms for
    computing the sample variance, 1983.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> x, mean, var = np.array([[1.0, 5.0], [3.0, 9.0]]), np.zeros(2), np.ones(2)
    >>> ag.batch_norm(x, mean, var, training=True).round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> mean, var
    (array([0.2, 0.7]), array([1.1, 1.7]))
    """
    x = as_array_or_tensor(input)
    check_values(x, training)
    check_running(x, running_mean, running_var, training)
    check_number("batch_norm", "momentum", momentum)
    parameters = with_parameters("batch_norm", x, x.shape[1:2], weight, bias)
    chosen = options("batch_norm", eps)
    if not training:
        return _batch_norm_node(x, *parameters, mean=running_mean, var=running_var, **chosen)
    y = _batch_norm_node(x, *parameters, **chosen)
    if running_mean is not None:
        residuals = getattr(y, "residuals", None) or _statistics(widen(in_float(unwrap(x))))
        _update_running_statistics(running_mean, running_var, momentum, *residuals)
    return y


def _update_running_statistics(
    running_mean: Array, running_var: Array, momentum: float, off: Array, *statistics: Array
) -> None:
    """Move the running statistics towards those of the batch, the last two of `statistics`."""
    *_, mean, var = statistics
    n = off.size // mean.size
    unbiased = momentum * n / (n - 1)
    for running, new, share in ((running_mean, mean, momentum), (running_var, var, unbiased)):
        np.add((1 - momentum) * running, share * new, out=running)


def _unfused(
    input: Array,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    statistics = (None, None) if training else (running_mean, running_var)
    return _batch_norm_graph(input, weight, bias, *statistics, eps)


#: `check_fused` compares the call with its graph. The type of a function lacks the attribute.
batch_norm.unfused = _unfused  # type: ignore[attr-defined]
