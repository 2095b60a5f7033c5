"""Losses besides softmax cross-entropy, each as one fused node with its graph.

`x` are predictions or logits, `t` targets, `y` is the loss, and `g` the gradient of `y`. `ℓ` is the
loss of one entry. The reduction is the mean over the entries, their sum, or none.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, as_array_or_tensor, in_float, unwrap
from ..core.foreign import constant_like
from ..core.fused import fused, labelled
from ..ops.elementwise import sigmoid
from ..ops.indexing import scatter
from ..ops.reductions import divide_by_count, in_float32, widened
from .activations import softplus
from .targets import Reduction, existing, reduce_entries


def _reduced_display(entries: Array, count: int, reduction: Reduction) -> Array:
    """Reduce the entries as a formula shows it: (1/N) Σ for a mean."""
    return entries if reduction == "none" else divide_by_count(entries.sum(), count, reduction)


def _check_shapes(x: Array, t: Array) -> None:
    """Raise if a missing axis would compare each `x` with each `t`, as for (N, 1) and (N,)."""
    a, b = np.shape(x), np.shape(t)
    if len(a) != len(b) and (shape := np.broadcast_shapes(a, b)) not in (a, b):
        n = math.prod(a)
        fix = f"write targets.reshape{a}" if n == math.prod(b) else f"give {n} targets"
        raise ValueError(
            f"every prediction would be compared with every target, which gives shape {shape}. "
            f"To compare each prediction with its own target, {fix}."
        )


def _as_floats(x: Array, t: Array) -> tuple[Array, Array]:
    """Return `x` as floats, and integer targets in the dtype of `x`: 0 - np.uint8(1) is 255."""
    x = in_float(x)
    ints = hasattr(x, "dtype") and hasattr(t, "dtype") and t.dtype.kind in "iub"
    return x, t.astype(x.dtype) if ints else t


# ---- mean squared error -------------------------------------------------------------------------


@in_float32
def _mse_loss(x: Array, t: Array, reduction: Reduction = "mean") -> Any:
    r"""Compute ℓ = (x - t)² for each entry, and the mean of all ℓ, as one operation.

    Parameters
    ----------
    x, t : Tensor or array_like
        Predictions and targets. Their shapes must broadcast.
    reduction : "mean", "sum" or "none"
        Whether to return the mean of all ℓ, their sum, or the array of all ℓ.

    Returns
    -------
    Tensor, or array if no argument is a Tensor
        Its shape is (). For "none", it is the shape to which `x` and `t` broadcast.

    Raises
    ------
    ValueError
        If `x` and `t` do not broadcast. If each prediction would be compared with each target, as
        with the shapes (N, 1) and (N,). If `reduction` is not "mean", "sum" or "none".

    Notes
    -----
    The derivatives are ∂ℓ/∂x = 2 (x - t) and ∂ℓ/∂t = -2 (x - t).

    $$\ell = (x - t)^2 \qquad \frac{\partial \ell}{\partial x} = 2\,(x - t)$$

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 5.1.4.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor([1.0, 4.0], requires_grad=True)
    >>> loss = ag.mse_loss(x, [0.0, 2.0])
    >>> loss.backward()
    >>> loss.item(), x.grad
    (2.5, array([1., 2.]))
    """
    _check_shapes(x, t)
    x, t = _as_floats(x, t)
    d = x - t
    return reduce_entries(np.square(d), reduction), d


@in_float32
def _mse_graph(x: Array, t: Array, reduction: Reduction = "mean") -> Array:
    return reduce_entries(np.square(x - t), reduction)


@widened
def _mse_vjp(
    g: Cotangent, y: Array, x: Array, t: Array, reduction: Reduction = "mean", residuals: Any = None
) -> Cotangent:
    d = x - t if residuals is None else residuals
    return d * (2 * divide_by_count(g, d.size, reduction))


def _mse_display_graph(x: Array, t: Array, reduction: Reduction = "mean") -> Array:
    d = x - t
    return _reduced_display(np.square(d), d.size, reduction)


def _mse_display(
    g: Cotangent, y: Array, x: Array, t: Array, reduction: Reduction = "mean"
) -> Cotangent:
    d = x - t
    return divide_by_count(2 * d * g, d.size, reduction)


mse_loss = fused(
    _mse_loss,
    _mse_vjp,
    lambda g, *args, **kwargs: _mse_vjp(-g, *args, **kwargs),
    display_graph=_mse_display_graph,
    display_rules=(_mse_display, lambda g, *args, **kwargs: -_mse_display(g, *args, **kwargs)),
    name="mse_loss",
    residuals=True,
    unfused=_mse_graph,
)


# ---- negative log-likelihood --------------------------------------------------------------------


def _nll_loss(log_p: Array, targets: Array, reduction: Reduction = "mean") -> Any:
    """Compute ℓ_n = -ln ŷ_{n, t_n} for each row n, and the mean of all ℓ_n, as one operation.

    Parameters
    ----------
    log_p : Tensor or array_like, shape (..., C)
        ln ŷ: a row with the logarithms of the probabilities of C classes for each example.
        `log_softmax` returns such rows.
    targets : array_like of int, shape (...)
        t_n, the class of each row.
    reduction : "mean", "sum" or "none"
        Whether to return the mean of all ℓ_n, their sum, or the array of all ℓ_n.

    Raises
    ------
    IndexError
        If a class index is outside 0 ... C-1.
    TypeError
        If `targets` does not contain one integer for each row.
    ValueError
        If `reduction` is not "mean", "sum" or "none".

    Notes
    -----
    Let g_n be the gradient of ℓ_n. In row n, the gradient of `log_p` is -g_n at the class t_n, and
    0 elsewhere.

    References
    ----------
    Bishop: Pattern Recognition and Machine Learning, 2006, equation 4.108.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True)
    >>> loss = ag.nll_loss(ag.log_softmax(z), np.array(1))
    >>> loss.backward()
    >>> z.grad.round(4)
    array([ 0.659 , -0.7576,  0.0986])
    """
    targets = as_array_or_tensor(targets)
    if not np.ndim(log_p):
        raise ValueError("log_p needs an axis of classes")
    own = _own(log_p, targets)
    rows = in_float(log_p).reshape(-1, log_p.shape[-1])[own]
    return reduce_entries(-rows.reshape(targets.shape), reduction)


def _own(log_p: Array, targets: Array) -> Any:
    """Return the index of each row's own class in a matrix of rows, or raise if there is none."""
    t = unwrap(targets)
    c = log_p.shape[-1]
    if t.dtype.kind not in "iu" or t.shape != log_p.shape[:-1]:
        fix = ". For one-hot rows, pass t.argmax(axis=-1)" if t.shape == log_p.shape else ""
        raise TypeError(
            f"pass one class index (an integer) for each row, in an array of shape "
            f"{log_p.shape[:-1]}{fix}"
        )
    return constant_like(np.arange(t.size), t), existing(t, c, "nll_loss").reshape(-1)


def _nll_vjp(
    g: Cotangent, y: Array, log_p: Array, targets: Array, reduction: Reduction = "mean"
) -> Cotangent:
    targets = as_array_or_tensor(targets)
    n, c = targets.size, log_p.shape[-1]
    each = np.broadcast_to(-divide_by_count(g.reshape(-1), n, reduction), (n,))
    return scatter(each, _own(log_p, targets), (n, c)).reshape(log_p.shape)


def _nll_graph(log_p: Array, targets: Array, reduction: Reduction = "mean") -> Array:
    own = np.take_along_axis(log_p, unwrap(targets)[..., None], -1)
    return reduce_entries(-own.squeeze(-1), reduction)


def _one_hot(log_p: Array, targets: Array) -> Array:
    """Return y: a one-hot row for each class index."""
    own = np.arange(log_p.shape[-1]) == np.expand_dims(unwrap(targets), -1)
    return labelled(1.0 * own, "y")


def _nll_display_graph(log_p: Array, targets: Array, reduction: Reduction = "mean") -> Array:
    entries = _one_hot(log_p, targets) * log_p
    if reduction == "none":
        return -entries.sum(axis=-1)
    return divide_by_count(-entries.sum(), targets.size, reduction)


def _nll_display(
    g: Cotangent, y: Array, log_p: Array, targets: Array, reduction: Reduction = "mean"
) -> Cotangent:
    """Compute -y g / N."""
    g = np.expand_dims(g, -1) if reduction == "none" else g
    return divide_by_count(-_one_hot(log_p, targets) * g, targets.size, reduction)


nll_loss = fused(
    _nll_loss,
    _nll_vjp,
    None,
    display_graph=_nll_display_graph,
    display_rules=(_nll_display,),
    name="nll_loss",
    unfused=_nll_graph,
)


# ---- binary cross-entropy -----------------------------------------------------------------------


@in_float32
def _binary_graph(x: Array, t: Array, pos_weight: Any = 1, reduction: Reduction = "mean") -> Array:
    p = sigmoid(x)
    return reduce_entries(-(pos_weight * t * np.log(p) + (1 - t) * np.log(1 - p)), reduction)


@in_float32
def _binary(x: Array, t: Array, pos_weight: Any = 1, reduction: Reduction = "mean") -> Any:
    r"""Compute ℓ = -w t ln σ(x) - (1 - t) ln(1 - σ(x)), where σ is the sigmoid, as one operation.

    Parameters
    ----------
    x : Tensor or array_like
        Logits: σ(x) is the predicted probability of the positive class.
    t : Tensor or array_like
        The target for this probability, from 0 to 1. Its shape must broadcast with the shape of
        `x`. It may require a gradient.
    pos_weight : array_like
        w, the weight of the positive class. Its shape must broadcast with the shape of `x`.
    reduction : "mean", "sum" or "none"
        Whether to return the mean of all ℓ, their sum, or the array of all ℓ.

    Returns
    -------
    Tensor, or array if no argument is a Tensor
        Its shape is (). For "none", it is the shape to which `x` and `t` broadcast.

    Raises
    ------
    ValueError
        If the arguments do not broadcast. If each prediction would be compared with each target, as
        with the shapes (N, 1) and (N,). If `reduction` is not "mean", "sum" or "none".

    Notes
    -----
    The code computes w t softplus(-x) + (1 - t) softplus(x), which is equal to ℓ, but never
    overflows. The derivatives are ∂ℓ/∂x = (1 - t) σ(x) - w t σ(-x) and
    ∂ℓ/∂t = w softplus(-x) - softplus(x). If w = 1, ∂ℓ/∂x is σ(x) - t.

    $$\ell = -w\,t \ln \sigma(x) - (1 - t) \ln(1 - \sigma(x))$$

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 6.2.2.2.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor([1000.0, -1000.0], requires_grad=True)
    >>> loss = ag.sigmoid_binary_cross_entropy(x, [1.0, 1.0])
    >>> loss.backward()
    >>> loss.item(), x.grad
    (500.0, array([ 0. , -0.5]))
    """
    _check_shapes(x, t)
    x, t = _as_floats(x, t)
    up, down = np.minimum(x, 0), np.minimum(-x, 0)
    e_up, e_down = np.exp(up), np.exp(down)  # one of them is 1, and the other is e^-|x|
    common = np.log1p(e_up * e_down)
    positive, negative = common - up, common - down  # softplus(-x) and softplus(x)
    entries = pos_weight * t * positive + (1 - t) * negative
    return reduce_entries(entries, reduction), (e_up, e_down)


@widened
def _binary_logits_vjp(
    g: Cotangent,
    y: Array,
    x: Array,
    t: Array,
    pos_weight: Any = 1,
    reduction: Reduction = "mean",
    residuals: Any = None,
) -> Cotangent:
    x, t = _as_floats(x, t)
    scale = divide_by_count(g, math.prod(_shape(x, t, pos_weight)), reduction)
    if residuals is None:
        up, down = sigmoid(x), sigmoid(-x)
    else:
        e_up, e_down = residuals
        total = e_up + e_down
        up, down = e_up / total, e_down / total
    return ((1 - t) * up - pos_weight * t * down) * scale


@widened
def _binary_targets_vjp(
    g: Cotangent,
    y: Array,
    x: Array,
    t: Array,
    pos_weight: Any = 1,
    reduction: Reduction = "mean",
    residuals: Any = None,
) -> Cotangent:
    x = in_float(x)
    scale = divide_by_count(g, math.prod(_shape(x, t, pos_weight)), reduction)
    d = (pos_weight * softplus(-x) - softplus(x)) * scale
    shape = _shape(x, t, pos_weight)
    return d if d.shape == shape else np.broadcast_to(d, shape)  # logits that are repeated


def _shape(*arrays: Any) -> tuple[int, ...]:
    return np.broadcast_shapes(*map(np.shape, arrays))


def _binary_display_graph(
    x: Array, t: Array, pos_weight: Any = 1, reduction: Reduction = "mean"
) -> Array:
    p = labelled(sigmoid(x), "ŷ")
    entries = pos_weight * t * np.log(p) + (1 - t) * np.log(1 - p)
    return -_reduced_display(entries, math.prod(_shape(x, t, pos_weight)), reduction)


def _binary_display(
    g: Cotangent, y: Array, x: Array, t: Array, pos_weight: Any = 1, reduction: Reduction = "mean"
) -> Cotangent:
    """Compute (σ(x) - t) g / N if w is 1."""
    p = labelled(sigmoid(x), "ŷ")
    d = p - t if np.all(pos_weight == 1) else (1 - t) * p - pos_weight * t * (1 - p)
    return divide_by_count(d * g, math.prod(_shape(x, t, pos_weight)), reduction)


def _binary_targets_display(
    g: Cotangent, y: Array, x: Array, t: Array, pos_weight: Any = 1, reduction: Reduction = "mean"
) -> Cotangent:
    """Compute -x g / N if w is 1, since softplus(-x) - softplus(x) is -x."""
    d = -x if np.all(pos_weight == 1) else pos_weight * softplus(-x) - softplus(x)
    return divide_by_count(d * g, math.prod(_shape(x, t, pos_weight)), reduction)


sigmoid_binary_cross_entropy = fused(
    _binary,
    _binary_logits_vjp,
    _binary_targets_vjp,
    display_graph=_binary_display_graph,
    display_rules=(_binary_display, _binary_targets_display),
    name="sigmoid_binary_cross_entropy",
    residuals=True,
    unfused=_binary_graph,
)
