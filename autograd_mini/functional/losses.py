"""Losses besides softmax cross-entropy, each as one fused node beside its graph.

`x` are predictions or logits, `t` targets, `y` the loss, `g` its cotangent. `ℓ` is one entry's own
loss; a reduction takes the mean of them, their sum, or none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.arrays import as_array_or_tensor, unwrap
from ..core.fused import fused, labelled
from ..ops.elementwise import sigmoid
from ..ops.indexing import scatter
from ..ops.reductions import divide_by_count
from .activations import sigmoid_from, softplus
from .targets import Reduction, existing


def _reduced(entries: Any, reduction: Reduction) -> Any:
    if reduction == "none":
        return entries
    if reduction == "mean":
        return entries.mean() if entries.size else entries.sum()
    if reduction == "sum":
        return entries.sum()
    raise ValueError(f"reduction is 'mean', 'sum' or 'none', not {reduction!r}")


def _scale(g: Any, count: int, reduction: Reduction) -> Any:
    """What an entry's own derivative is multiplied by."""
    return divide_by_count(g, max(count, 1)) if reduction == "mean" else g


def _mean(d: Any, count: int, reduction: Reduction) -> Any:
    """The same as a textbook has it: the derivative, over the number of entries."""
    return d / max(count, 1) if reduction == "mean" else d


def _total(entries: Any, count: int, reduction: Reduction) -> Any:
    """The entries as a textbook reduces them: (1/N) Σ for a mean."""
    return entries if reduction == "none" else _mean(entries.sum(), count, reduction)


# ---- mean squared error -------------------------------------------------------------------------


def _mse_loss(x: Any, t: Any, reduction: Reduction = "mean") -> Any:
    r"""ℓ = (x - t)², and their mean; as one node.

    Parameters
    ----------
    x, t : Tensor or array_like
        Predictions and targets, which broadcast.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of shape () or the broadcast shape for "none"

    Raises
    ------
    ValueError
        When `x` and `t` do not broadcast, or for another `reduction`.

    Notes
    -----
    ∂ℓ/∂x = 2 (x - t), and ∂ℓ/∂t = -2 (x - t).

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
    d = x - t
    return _reduced(np.square(d), reduction), d


def _mse_graph(x: Any, t: Any, reduction: Reduction = "mean") -> Any:
    return _reduced(np.square(x - t), reduction)


def _mse_vjp(
    g: Any, y: Any, x: Any, t: Any, reduction: Reduction = "mean", residuals: Any = None
) -> Any:
    d = x - t if residuals is None else residuals
    return d * (2 * _scale(g, d.size, reduction))


def _mse_display_graph(x: Any, t: Any, reduction: Reduction = "mean") -> Any:
    d = x - t
    return _total(np.square(d), d.size, reduction)


def _mse_display(g: Any, y: Any, x: Any, t: Any, reduction: Reduction = "mean") -> Any:
    d = x - t
    return _mean(2 * d * g, d.size, reduction)


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


def _nll_loss(log_p: Any, targets: Any, reduction: Reduction = "mean") -> Any:
    """ℓ_n = -ln ŷ_{n, t_n}, from log-probabilities; as one node.

    Parameters
    ----------
    log_p : Tensor or array_like, shape (..., C)
        ln ŷ, as `log_softmax` gives it.
    targets : array_like of int, shape (...)
        Each row's own class.
    reduction : "mean", "sum" or "none"

    Raises
    ------
    IndexError
        A class index outside 0 ... C-1.
    TypeError
        Targets that are not ints, or not one for each row.
    ValueError
        Another `reduction`.

    Notes
    -----
    ∂ℓ_n/∂ln ŷ_{n,i} is -1 at the row's own class and 0 elsewhere: the rule puts the cotangents
    into zeros, once, where the graph would pass through a gather and a scatter.

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
    own = _own(log_p, targets)
    rows = log_p.reshape(-1, log_p.shape[-1])[own]
    return _reduced(-rows.reshape(targets.shape), reduction)


def _own(log_p: Any, targets: Any) -> Any:
    """The index of each row's own class in a matrix of rows; an error where there is none."""
    t = unwrap(targets)
    c = log_p.shape[-1]
    if t.dtype.kind not in "iu" or t.shape != log_p.shape[:-1]:
        raise TypeError(f"class indices are integers of shape {log_p.shape[:-1]}")
    return np.arange(t.size), existing(t, c, "nll_loss").reshape(-1)


def _nll_vjp(g: Any, y: Any, log_p: Any, targets: Any, reduction: Reduction = "mean") -> Any:
    targets = as_array_or_tensor(targets)
    n, c = targets.size, log_p.shape[-1]
    each = np.broadcast_to(-_scale(g.reshape(-1), n, reduction), (n,))
    return scatter(each, _own(log_p, targets), (n, c)).reshape(log_p.shape)


def _nll_graph(log_p: Any, targets: Any, reduction: Reduction = "mean") -> Any:
    own = np.take_along_axis(log_p, unwrap(targets)[..., None], -1)
    return _reduced(-own.squeeze(-1), reduction)


def _one_hot(log_p: Any, targets: Any) -> Any:
    """y: a class index stands for a row that is 1 there, and 0 elsewhere."""
    own = np.arange(log_p.shape[-1]) == np.expand_dims(unwrap(targets), -1)
    return labelled(1.0 * own, "y")


def _nll_display_graph(log_p: Any, targets: Any, reduction: Reduction = "mean") -> Any:
    entries = _one_hot(log_p, targets) * log_p
    if reduction == "none":
        return -entries.sum(axis=-1)
    return _mean(-entries.sum(), targets.size, reduction)


def _nll_display(g: Any, y: Any, log_p: Any, targets: Any, reduction: Reduction = "mean") -> Any:
    """-y g / N."""
    g = np.expand_dims(g, -1) if reduction == "none" else g
    return _mean(-_one_hot(log_p, targets) * g, targets.size, reduction)


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


def _binary_graph(x: Any, t: Any, pos_weight: Any = 1, reduction: Reduction = "mean") -> Any:
    p = sigmoid(x)
    return _reduced(-(pos_weight * t * np.log(p) + (1 - t) * np.log(1 - p)), reduction)


def _binary(x: Any, t: Any, pos_weight: Any = 1, reduction: Reduction = "mean") -> Any:
    r"""ℓ = -w t ln σ(x) - (1 - t) ln(1 - σ(x)), with σ the sigmoid; as one node.

    Parameters
    ----------
    x : Tensor or array_like
        Logits.
    t : Tensor or array_like
        The probability of the positive class, broadcastable: 0, 1 or between. May require a
        gradient.
    pos_weight : array_like
        w, broadcastable: how much a positive counts.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of shape () or the broadcast shape for "none"

    Raises
    ------
    ValueError
        When the arguments do not broadcast, or for another `reduction`.

    Notes
    -----
    Since 1 - σ(x) = σ(-x) and -ln σ(x) = softplus(-x), the loss is w t softplus(-x) +
    (1 - t) softplus(x): finite for any x, and without a digit lost where the loss is tiny. The
    derivative is ∂ℓ/∂x = (1 - t) σ(x) - w t σ(-x), which is σ(x) - t where w = 1; and
    ∂ℓ/∂t = w softplus(-x) - softplus(x).

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
    e = np.exp(-np.abs(x))
    common = np.log1p(e)  # softplus(±x) - max(±x, 0)
    positive, negative = np.maximum(-x, 0), np.maximum(x, 0)
    positive += common
    negative += common
    return _reduced(pos_weight * t * positive + (1 - t) * negative, reduction), e


def _binary_logits_vjp(
    g: Any,
    y: Any,
    x: Any,
    t: Any,
    pos_weight: Any = 1,
    reduction: Reduction = "mean",
    residuals: Any = None,
) -> Any:
    scale = _scale(g, _entries(x, t, pos_weight), reduction)
    if residuals is None:
        up, down = sigmoid(x), sigmoid(-x)
    else:
        up, down = sigmoid_from(residuals, x), sigmoid_from(residuals, -x)
    return ((1 - t) * up - pos_weight * t * down) * scale


def _binary_targets_vjp(
    g: Any,
    y: Any,
    x: Any,
    t: Any,
    pos_weight: Any = 1,
    reduction: Reduction = "mean",
    residuals: Any = None,
) -> Any:
    scale = _scale(g, _entries(x, t, pos_weight), reduction)
    d = (pos_weight * softplus(-x) - softplus(x)) * scale
    shape = _shape(x, t, pos_weight)
    return d if d.shape == shape else np.broadcast_to(d, shape)  # logits that are repeated


def _entries(x: Any, t: Any, pos_weight: Any) -> int:
    return int(np.prod(_shape(x, t, pos_weight)))


def _shape(x: Any, t: Any, pos_weight: Any) -> tuple[int, ...]:
    return np.broadcast_shapes(
        as_array_or_tensor(x).shape, as_array_or_tensor(t).shape, np.shape(pos_weight)
    )


def _binary_display_graph(
    x: Any, t: Any, pos_weight: Any = 1, reduction: Reduction = "mean"
) -> Any:
    p = labelled(sigmoid(x), "ŷ")
    entries = pos_weight * t * np.log(p) + (1 - t) * np.log(1 - p)
    return -_total(entries, _entries(x, t, pos_weight), reduction)


def _binary_display(
    g: Any, y: Any, x: Any, t: Any, pos_weight: Any = 1, reduction: Reduction = "mean"
) -> Any:
    """(σ(x) - t) g / N where w is 1."""
    p = labelled(sigmoid(x), "ŷ")
    d = p - t if np.all(pos_weight == 1) else (1 - t) * p - pos_weight * t * (1 - p)
    return _mean(d * g, _entries(x, t, pos_weight), reduction)


def _binary_targets_display(
    g: Any, y: Any, x: Any, t: Any, pos_weight: Any = 1, reduction: Reduction = "mean"
) -> Any:
    """-x g / N where w is 1, since softplus(-x) - softplus(x) is -x."""
    d = -x if np.all(pos_weight == 1) else pos_weight * softplus(-x) - softplus(x)
    return _mean(d * g, _entries(x, t, pos_weight), reduction)


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
