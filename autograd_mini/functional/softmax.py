"""Softmax and its logarithm: each as a graph of primitives, and as one fused node.

    ŷ_o = exp(z_o) / Σ_k exp(z_k)        ∂ŷ_o/∂z_i = ŷ_o (δ_oi - ŷ_i)

`z` are logits, already divided by the temperature. `y` is a result, and `g` the gradient of the
result. `softmax_numerics` holds the numerics.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.exceptions import AxisError

from ..core.arrays import Array, Cotangent, as_array, in_dtype, in_float
from ..core.fused import fused, labelled
from ..core.registry import implements
from ..ops.reductions import (
    as_columns,
    has_rows,
    has_short_rows,
    in_float32,
    restore_reduced_axes,
    widened,
)
from .softmax_numerics import (
    Axis,
    along_merged,
    are_several,
    exp_is_safe,
    is_float_ndarray,
    one_minus,
    row_sums,
    shift,
    shifted_exponentials,
)


def mask_logits(z: Array, where: Array | None) -> Array:
    """Return the logits with -inf for the classes that are left out: their probability is 0."""
    return z if where is None else np.where(where, z, -np.inf)


def _scaled(z: Array, axis: Axis, where: Array | None, temperature: float) -> Array:
    if not np.ndim(z) and axis is not None:  # NumPy would accept axes 0 and -1 for a number
        raise AxisError(axis, 0)
    return mask_logits(in_float(z) if temperature == 1 else z / temperature, where)


# ---- softmax ------------------------------------------------------------------------------------


@in_float32
def _softmax_graph(z: Array, axis: Axis = -1, where: Any = None, temperature: float = 1.0) -> Array:
    z = _scaled(z, axis, where, temperature)
    e = np.exp(z - shift(z, axis))
    return e / row_sums(e, axis)


@in_float32
def _softmax(z: Array, axis: Axis = -1, where: Any = None, temperature: float = 1.0) -> Array:
    r"""Compute the probabilities ŷ_o = exp(z_o / T) / Σ_k exp(z_k / T) as one operation.

    Parameters
    ----------
    z : Tensor or array_like
        The scores of the classes (logits), of any shape.
    axis : int, tuple of int or None
        The axis of the classes, or several axes. None means all axes. A *row* is a vector along
        this axis.
    where : array of bool, optional
        A mask that broadcasts to `z`. Classes where it is False get the probability 0, and the
        gradient 0. If it is False for a whole row, the row is nan.
    temperature : float
        T > 0. With a small T, the largest logit gets nearly all of the probability. With a large T,
        the probabilities are nearly equal.

    Returns
    -------
    Tensor or array
        A Tensor if `z` is a Tensor, otherwise an array. It has the shape of `z`, and also the dtype
        of `z` if this is a float type. The entries are in [0, 1]. Each row sums to one.

    Raises
    ------
    ValueError
        If an axis does not exist (NumPy's AxisError), or if `where` does not broadcast.

    Notes
    -----
    Let g be the gradient of ŷ. The gradient of z_i is ŷ_i (g_i - Σ_o g_o ŷ_o) / T. This follows
    from the derivative of ŷ_o with respect to z_i, where δ_oi is 1 if o = i, and otherwise 0:

    $$
    \hat y_o = \frac{e^{z_o / T}}{\sum_k e^{z_k / T}} \qquad
    \frac{\partial \hat y_o}{\partial z_i} = \frac{\hat y_o\,(\delta_{oi} - \hat y_i)}{T}
    $$

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, equations 6.29 and 6.33. Hinton, Vinyals,
    Dean: Distilling the knowledge in a neural network, 2015 (temperature).

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> np.round(ag.softmax(np.array([2.0, 1.0, 0.1])), 4)
    array([0.659 , 0.2424, 0.0986])
    >>> ag.softmax(np.array([0.0, 0.0, 5.0]), where=[True, True, False])
    array([0.5, 0.5, 0. ])
    """
    z = _scaled(z, axis, None, temperature)
    if has_rows(z) and exp_is_safe(z, allow_nan=where is None):
        e = np.exp(z)
        if where is not None:  # a product with floats is faster than one with booleans
            e = e * as_array(where).astype(bool, copy=False).astype(e.dtype)
        return np.divide(e, row_sums(e, axis), out=e)
    z = mask_logits(z, where)
    if has_short_rows(z, axis):
        e, axis, back = as_columns(z, axis)
        e -= shift(e, axis)
        np.exp(e, out=e)
        e /= e.sum(axis=axis, keepdims=True)
        return back(e)
    return _softmax_graph(z, axis)


@widened
def _softmax_vjp(
    g: Cotangent, y: Array, z: Array, axis: Axis = -1, where: Any = None, temperature: float = 1.0
) -> Cotangent:
    if is_float_ndarray(y):
        g = g - row_sums(g * y, axis)
    d = y * (g - row_sums(g * y, axis))
    return d if temperature == 1 else d / temperature


def _softmax_display(
    g: Cotangent, y: Array, z: Array, axis: Axis = -1, where: Any = None, temperature: float = 1.0
) -> Cotangent:
    """Compute ŷ_i (g_i - Σ_o g_o ŷ_o) / T."""
    d = y * (g - (g * y).sum(axis=axis, keepdims=True))
    return d if temperature == 1 else d / temperature


softmax = fused(
    _softmax,
    _softmax_vjp,
    display_rules=(_softmax_display,),
    name="softmax",
    unfused=_softmax_graph,
    stable_graph=_softmax_graph,
)


# ---- its logarithm ------------------------------------------------------------------------------


@in_float32
def _log_softmax_graph(
    z: Array, axis: Axis = -1, where: Any = None, temperature: float = 1.0
) -> Array:
    z = _scaled(z, axis, where, temperature)
    z = z - shift(z, axis)
    return mask_logits(z - np.log(np.exp(z).sum(axis=axis, keepdims=True)), where)


@in_float32
def _log_softmax(z: Array, axis: Axis = -1, where: Any = None, temperature: float = 1.0) -> Array:
    r"""Compute ln ŷ_o = z_o/T - ln Σ_k exp(z_k/T) as one operation, without computing ŷ.

    ŷ are the probabilities softmax(z/T), and T is the temperature. The result is finite even if ŷ
    is rounded to 0, and accurate even if ŷ is close to 1.

    Parameters
    ----------
    z, axis, where, temperature
        See `softmax`. Classes where `where` is False get -inf, and the gradient 0.

    Returns
    -------
    Tensor or array
        A Tensor if `z` is a Tensor, otherwise an array. Shape and dtype are as for `softmax`.

    Raises
    ------
    ValueError
        If an axis does not exist (NumPy's AxisError), or if `where` does not broadcast.

    Notes
    -----
    Let g be the gradient of the result. The gradient of z_i is (g_i - ŷ_i Σ_o g_o) / T, because of
    the following derivative. δ_oi is 1 if o = i, and otherwise 0:

    $$\frac{\partial \ln \hat y_o}{\partial z_i} = \frac{\delta_{oi} - \hat y_i}{T}$$

    References
    ----------
    Blanchard, Higham, Higham: Accurately computing the log-sum-exp and softmax functions, 2021.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    if not is_float_ndarray(z):
        return _log_softmax_graph(z, axis, where, temperature), None
    z = _scaled(z, axis, where, temperature)
    if not z.size:  # it has no largest entry
        return z.copy(), None
    _, y, log_sum, residuals = shifted_exponentials(z, axis)
    y -= log_sum
    return y, residuals


@widened
def _log_softmax_vjp(
    g: Cotangent,
    y: Array,
    z: Array,
    axis: Axis = -1,
    where: Any = None,
    temperature: float = 1.0,
    residuals: Any = None,
) -> Cotangent:
    g = g if where is None else np.where(where, g, 0)
    if residuals is not None:
        return _log_softmax_from(g, axis, temperature, *residuals)
    p = softmax(z, axis=axis, where=where, temperature=temperature)
    d = g * one_minus(p, axis) - p * (g.sum(axis=axis, keepdims=True) - g)
    return d if temperature == 1 else d / temperature


def _log_softmax_from(
    g: Array, axis: Any, temperature: float, e: Array, rest: Array, total: Array, top: Array
) -> Array:
    """Compute (g_i - ŷ_i Σ_o g_o) / T on arrays. For the likeliest class, 1 - ŷ is r / Σe."""
    if are_several(axis):
        return along_merged(
            lambda g, *residuals: _log_softmax_from(g, -1, temperature, *residuals),
            axis, g, e, rest, total, top,
        )  # fmt: skip
    g_sum = row_sums(g, axis)
    d = e * (g_sum / total)
    np.subtract(g, d, out=d)
    own = np.take_along_axis(g, top, axis)
    np.put_along_axis(d, top, (own * rest - (g_sum - own)) / total, axis)
    return d if temperature == 1 else d / temperature


def _predicted(z: Array, axis: Axis, where: Array | None, temperature: float) -> Array:
    return labelled(softmax(z, axis=axis, where=where, temperature=temperature), "ŷ")


def _log_softmax_display(
    g: Cotangent, y: Array, z: Array, axis: Axis = -1, where: Any = None, temperature: float = 1.0
) -> Cotangent:
    p = _predicted(z, axis, where, temperature)
    g = g if where is None else np.where(where, g, 0)
    d = g - p * g.sum(axis=axis, keepdims=True)
    return d if temperature == 1 else d / temperature


log_softmax = fused(
    _log_softmax,
    _log_softmax_vjp,
    display_graph=lambda z, axis=-1, where=None, temperature=1.0: np.log(
        _predicted(z, axis, where, temperature)
    ),
    display_rules=(_log_softmax_display,),
    name="log_softmax",
    residuals=True,
    unfused=_log_softmax_graph,
)


# ---- its normaliser -----------------------------------------------------------------------------


@in_float32
def _logsumexp_graph(
    x: Array, axis: Axis = None, keepdims: bool = False, where: Any = None
) -> Array:
    return np.log(np.exp(mask_logits(x, where)).sum(axis=axis, keepdims=keepdims))


@in_float32
def _logsumexp(x: Array, axis: Axis = None, keepdims: bool = False, where: Any = None) -> Any:
    r"""Compute ln Σ e^x over `axis`. The result is finite even if e^x overflows.

    Parameters
    ----------
    x : Tensor or array_like
        Numbers, of any shape. The logarithm of an empty sum is -inf.
    axis : int, tuple of int, optional
        The axes to sum over. None means all axes.
    keepdims : bool
        Whether the result keeps the axes that were summed over, with length 1.
    where : array of bool, optional
        A mask that broadcasts to `x`. True marks the entries to sum.

    Returns
    -------
    Tensor or array
        It is a Tensor if `x` is a Tensor, and otherwise an array. It has the shape of `x` without
        the axes that were summed over.

    Raises
    ------
    ValueError
        If an axis does not exist (NumPy's AxisError), or if `where` does not broadcast.

    Notes
    -----
    Let g be the gradient of the result y. The gradient of x is g softmax(x), because

    $$
    y = \ln \sum_k e^{x_k} \qquad
    \frac{\partial y}{\partial x_i} = \frac{e^{x_i}}{\sum_k e^{x_k}}
    $$

    References
    ----------
    Blanchard, Higham, Higham: Accurately computing the log-sum-exp and softmax functions, 2021.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> z = ag.tensor([1000.0, 1000.0], requires_grad=True)
    >>> y = ag.logsumexp(z)
    >>> y.backward()
    >>> round(y.item(), 4), z.grad
    (1000.6931, array([0.5, 0.5]))
    """
    x = in_float(x)
    z = mask_logits(x, where)
    if not is_float_ndarray(x):
        m = shift(z, axis)
        y = _logsumexp_graph(x - m, axis, True, where) + m
        return y if keepdims else y.squeeze(axis), None
    if not z.size:
        return z.sum(axis=axis, keepdims=keepdims) - np.inf, None
    m, _, log_sum, (e, _, total, _) = shifted_exponentials(z, axis)
    y = m + log_sum
    return y if keepdims else y.squeeze(axis), (e, total)


@widened
def _logsumexp_vjp(
    g: Cotangent,
    y: Array,
    x: Array,
    axis: Axis = None,
    keepdims: bool = False,
    where: Any = None,
    residuals: Any = None,
) -> Cotangent:
    """Compute g softmax(x), but not as e^(x - y): a large y has lost the digits of its ln Σ."""
    g = restore_reduced_axes(g, x, axis)
    if residuals is not None:
        e, total = residuals
        return e * (g / np.where(total == 0, 1, total))  # 0 where all x are -inf
    z = mask_logits(x, where)
    e = np.exp(z - shift(z, axis))
    total = e.sum(axis=axis, keepdims=True)
    if is_float_ndarray(x):
        total = np.where(total == 0, 1, total)  # 0 where all x are -inf
    return g * (e / total)


def _logsumexp_display(
    g: Cotangent, y: Array, x: Array, axis: Axis = None, keepdims: bool = False, where: Any = None
) -> Cotangent:
    return restore_reduced_axes(g, x, axis) * softmax(x, axis=axis, where=where)


logsumexp = fused(
    _logsumexp,
    _logsumexp_vjp,
    display_graph=_logsumexp_graph,
    display_rules=(_logsumexp_display,),
    name="logsumexp",
    implements="logsumexp",
    residuals=True,
    unfused=_logsumexp_graph,
)


@implements(np.logaddexp.reduce)
def _logaddexp_reduce(
    array: Any, axis: Any = 0, dtype: Any = None, out: None = None, keepdims: bool = False
) -> Any:
    """Compute ln Σ e^x under NumPy's own name for it, over axis 0 by default."""
    widened = np.exp(np.zeros(0, array.dtype)).dtype if array.dtype.kind in "iub" else array.dtype
    x = in_dtype(array, np.dtype(widened if dtype is None else dtype))
    return logsumexp(x, axis=axis, keepdims=keepdims)
