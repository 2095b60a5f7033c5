"""Softmax cross-entropy, twice: as a graph of primitives, and as one fused node.

    ŷ_o = exp(z_o) / Σ_k exp(z_k)                       L = -(1/N) Σ_n Σ_i y_{n,i} ln ŷ_{n,i}
    ∂ŷ_o/∂z_i = ŷ_o (δ_oi - ŷ_i)                        ∂L/∂ŷ_i = -y_i / (N ŷ_i)

The chain rule multiplies the two and the ŷ cancels, which is all that the fused node knows:

    ∂L/∂z_i = Σ_o (-y_o / ŷ_o) ŷ_o (δ_oi - ŷ_i) / N = (ŷ_i Σ_o y_o - y_i) / N

It is (ŷ_i - y_i) / N only where the targets sum to one. [Goodfellow, Bengio, Courville: Deep
Learning, 2016, section 6.2.2.3; Bishop: Pattern Recognition and Machine Learning, 2006, 4.3.4.]

Because that formula holds for any y, it is all of the options that such a loss has elsewhere. They
are transforms of y, done before the node, which never hears of them:

    class weights      y → w ⊙ y               label smoothing   y → (1-ε) y + ε/C
    an ignored row     y → 0·y                 a class left out  y_i → 0, z_i → -inf

The loss is also linear in y. So a class index t, which stands for the one-hot row e_t, is never
expanded into one: the loss of (1-ε) w_t e_t + (ε/C) w is (1-ε) w_t times the loss of index t, plus
the loss of the one row (ε/C) w, which is broadcast.

Here `z` are logits and `y` the targets: class indices (an integer dtype, the shape of `z`
without the axis of the classes), or weights (floating, broadcastable to `z`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.fused import fused, labelled
from ..ops.reductions import shared
from .cross_entropy_rows import of_rows, unmatrix
from .softmax import among, complement, log_softmax, on_numpy, softmax
from .targets import Reduction, are_indices, with_options, without_axis

# ---- the definition -----------------------------------------------------------------------------


def _graph(
    logits: Any, targets: Any, axis: int = -1, reduction: Reduction = "mean", where: Any = None
) -> Any:
    """-Σ_i y_i ln ŷ_i for each row, step by step, as the chain rule is taught on it."""
    assert softmax.unfused
    p = softmax.unfused(logits, axis=axis, where=where)
    log_p = np.log(p if where is None else np.where(where, p, 1))
    return _reduced(_entropies(log_p, targets, axis), reduction)


def _entropies(log_p: Any, targets: Any, axis: int) -> Any:
    if are_indices(targets):
        own = np.take_along_axis(log_p, np.expand_dims(unwrap(targets), axis), axis)
        return -own.squeeze(axis)
    return -(targets * log_p).sum(axis=axis)


def _reduced(rows: Any, reduction: Reduction) -> Any:
    if reduction == "none":
        return rows
    if reduction == "mean" and rows.dtype.kind == "O":  # a sum of symbols is a bare symbol
        return rows.sum() / rows.size
    return rows.mean() if reduction == "mean" and rows.size else rows.sum()


# ---- the node -----------------------------------------------------------------------------------


def _forward(z: Any, y: Any, axis: int = -1, reduction: Reduction = "mean") -> Any:
    r"""Softmax cross-entropy as one node: what `softmax_cross_entropy` records.

    It knows nothing of options, and does not check what it is given: call that one.

    Parameters
    ----------
    z : Tensor or array, real floating
        Logits.
    y : Tensor or array
        Class indices, or weights that broadcast to the logits.
    axis : int
        The axis of the classes.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, of shape () or, for "none", of the logits' shape without `axis`

    Raises
    ------
    IndexError
        A class index outside 0 ... C-1.
    ValueError
        Shapes that do not fit.

    Notes
    -----
    $$
    L = -\frac{1}{N} \sum_n \sum_i y_{n,i} \ln \hat y_{n,i} \qquad
    \frac{\partial L}{\partial z_i} = \frac{\hat y_i \sum_o y_o - y_i}{N}
    $$

    Forward saves each row's own gradient, which the sweep has only to scale.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 6.2.2.3; derived at the top of this
    file.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> z = ag.tensor([[0.0, 0.0]], requires_grad=True)
    >>> loss = ag.SoftmaxCrossEntropy(z, np.array([1]))
    >>> loss.backward()
    >>> z.grad
    array([[ 0.5, -0.5]])
    """
    losses, gradients = of_rows(z, y, axis)
    if reduction == "none":
        loss = losses.reshape(without_axis(z.shape, axis))
    else:
        loss = np.add.reduce(losses) / (max(len(losses), 1) if reduction == "mean" else 1)
    dtype = z.dtype if are_indices(y) else np.result_type(z, y)
    return loss if loss.dtype == dtype else loss.astype(dtype), gradients


def _scale(g: Any, logits: Any, axis: int, reduction: Reduction) -> Any:
    """What each row's own derivative is multiplied by: g, divided by N for a mean."""
    if reduction == "none":
        return np.expand_dims(g, axis)
    if reduction == "mean":
        return shared(g, max(logits.size // logits.shape[axis], 1))
    return g


def _logits_vjp(
    g: Any,
    _: Any,
    logits: Any,
    targets: Any,
    axis: int = -1,
    reduction: Reduction = "mean",
    residuals: Any = None,
) -> Any:
    """(ŷ_i Σ_o y_o - y_i) g / N, written so that nothing cancels where ŷ_i is close to one.

    Σ_o y_o ŷ_i - y_i is ŷ_i Σ_{o≠i} y_o - y_i (1 - ŷ_i), and 1 - ŷ_i the sum of the other ŷ.
    For a class index it is ŷ_i for the other classes, and -(1 - ŷ_t) for its own.
    """
    if residuals is not None:
        return _from_residuals(g, logits, axis, reduction, residuals)
    scale = _scale(g, logits, axis, reduction)
    p = softmax(logits, axis=axis)
    if are_indices(targets):
        return np.where(_own(logits, targets, axis), -complement(p, axis), p) * scale
    y = np.broadcast_to(targets, logits.shape)
    others = y.sum(axis=axis, keepdims=True) - y
    return (p * others - y * complement(p, axis)) * scale


def _own(logits: Any, targets: Any, axis: int) -> Any:
    """Where the class is the row's own."""
    shape = [1] * logits.ndim
    shape[axis] = -1
    classes = np.arange(logits.shape[axis]).reshape(shape)
    return classes == np.expand_dims(unwrap(targets), axis)


def _from_residuals(g: Any, z: Any, axis: int, reduction: Reduction, d: Any) -> Any:
    """The rule on arrays: the rows' own gradients, which forward has saved as a matrix, scaled."""
    g = g if g.dtype == d.dtype else g.astype(d.dtype)
    scale = _scale(g, z, axis, reduction)
    if axis == -1 and d.shape == z.shape:
        d = d * scale
    else:  # in the layout of the logits at once: a view would have to be copied for .grad
        d = np.multiply(unmatrix(d, z.shape, axis), scale, order="C")
    return d if d.dtype == z.dtype else d.astype(z.dtype)


def _targets_vjp(
    g: Any,
    _: Any,
    logits: Any,
    targets: Any,
    axis: int = -1,
    reduction: Reduction = "mean",
    residuals: Any = None,
) -> Any:
    """-ln ŷ_i g / N."""
    return log_softmax(logits, axis=axis) * -_scale(g, logits, axis, reduction)


# The same, as it is derived above. A class index is the one-hot row that it stands for.


def _display_graph(z: Any, y: Any, axis: int = -1, reduction: Reduction = "mean") -> Any:
    """-(1/N) Σ_n Σ_i y_{n,i} ln ŷ_{n,i}."""
    entries = _weights(z, y, axis) * np.log(_predicted(z, axis))
    if reduction == "none":
        return -entries.sum(axis=axis)
    return _per_row(-entries.sum(), z, axis, reduction)


def _predicted(z: Any, axis: int) -> Any:
    return labelled(softmax(z, axis=axis), "ŷ")


def _weights(z: Any, y: Any, axis: int) -> Any:
    rows = labelled(1.0 * _own(z, y, axis), "y") if are_indices(y) else y
    return np.broadcast_to(rows, z.shape)


def _logits_display(
    g: Any, _: Any, z: Any, y: Any, axis: int = -1, reduction: Reduction = "mean"
) -> Any:
    """(ŷ Σ_o y_o - y) g / N, which is (ŷ - y) g / N where the targets sum to one."""
    y, p = _weights(z, y, axis), _predicted(z, axis)
    total = y.sum(axis=axis, keepdims=True)
    d = p - y if np.allclose(unwrap(total), 1) else p * total - y
    return _spread(d, g, z, axis, reduction)


def _targets_display(
    g: Any, _: Any, z: Any, y: Any, axis: int = -1, reduction: Reduction = "mean"
) -> Any:
    """-ln ŷ_i g / N."""
    return _spread(-np.log(_predicted(z, axis)), g, z, axis, reduction)


def _spread(d: Any, g: Any, z: Any, axis: int, reduction: Reduction) -> Any:
    """The rows' own derivatives times g; divided by N for a mean."""
    if reduction == "none":
        return d * np.expand_dims(g, axis)
    return _per_row(d * g, z, axis, reduction)


def _per_row(x: Any, z: Any, axis: int, reduction: Reduction) -> Any:
    """Divided by N for a mean."""
    return x / max(z.size // z.shape[axis], 1) if reduction == "mean" else x


SoftmaxCrossEntropy = fused(
    _forward,
    _logits_vjp,
    _targets_vjp,
    display_graph=_display_graph,
    display_rules=(_logits_display, _targets_display),
    name="SoftmaxCrossEntropy",
    residuals=True,
    unfused=_graph,
    stable_graph=lambda z, y, axis=-1, reduction="mean": _shifted_graph(
        z, y, axis, reduction, None
    ),
)


# ---- what users call ----------------------------------------------------------------------------


def cross_entropy(
    logits: Any,
    targets: Any,
    *,
    axis: int = -1,
    weight: Any = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    reduction: Reduction = "mean",
    where: Any = None,
) -> Any:
    """L = -(1/N) Σ_n Σ_i y_{n,i} ln ŷ_{n,i} with ŷ = softmax(logits), from primitives.

    The definition, step by step, as the chain rule is taught on it; `softmax_cross_entropy` is
    the same function as one node, and what to train with: where ŷ underflows to 0, its logarithm
    here is -inf.

    Parameters, result and errors are those of `softmax_cross_entropy`.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 6.2.2.3.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True)
    >>> ag.cross_entropy(z, 1)
    Tensor(1.41703002, dtype=float64, op=mean)
    """
    return with_options(
        _graph,
        "cross_entropy",
        logits,
        targets,
        axis,
        weight,
        ignore_index,
        label_smoothing,
        reduction,
        where,
    )


def softmax_cross_entropy(
    logits: Any,
    targets: Any,
    *,
    axis: int = -1,
    weight: Any = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    reduction: Reduction = "mean",
    where: Any = None,
) -> Any:
    """L = -(1/N) Σ_n Σ_i y_{n,i} ln softmax(z_n)_i, as the one node `SoftmaxCrossEntropy`.

    Fast, and exact for logits of any size: neither e^z nor ŷ is ever formed unshifted.

    Parameters
    ----------
    logits : Tensor or array_like
        Real floating, of any rank; a single row, shape (C,), needs no batch axis. A Dask array, or
        an array of symbols, is computed by the graph of primitives instead.
    targets : array_like or Tensor
        Class indices: of an integer dtype, of the shape of the logits without `axis`. Or weights:
        probabilities, one-hot rows or any other real numbers, of the shape of the logits, or
        floating and broadcastable to it. An array of weights takes the dtype of the logits; a
        Tensor keeps its own, and may require a gradient.
    axis : int
        The axis of the classes.
    weight : array_like or Tensor, shape (C,), optional
        How much each class counts.
    ignore_index : int, optional
        Rows of this class index do not count. It need not be the index of a class.
    label_smoothing : float
        ε, from 0 to 1: y becomes (1-ε) y + ε/C, before `weight` is applied.
    reduction : "mean", "sum" or "none"
        The mean of the rows, their sum, or each row's loss.
    where : array of bool, optional
        Broadcastable to the logits: the classes that there are. Others are left out of both sums,
        of that in ŷ and of that over y (as by the `where=` of JAX); C counts those that are left.

    Returns
    -------
    Tensor, of shape () or, for "none", of the logits' shape without `axis`
        The loss, in nats. An array when no argument is a Tensor.

    Raises
    ------
    TypeError
        Logits that are not real floating, targets that are not real.
    ValueError
        Targets, weight or where of a shape that does not fit, floating targets that might be meant
        as indices, no classes, an option with a value that it cannot have.
    IndexError
        A class index outside 0 ... C-1.

    Notes
    -----
    ∂L/∂z_i = (ŷ_i Σ_o y_o - y_i) / N and ∂L/∂y_i = -ln ŷ_i / N; derived at the top of this file,
    where all options are written as transforms of y.

    *What a mean divides by* is PyTorch's choice, and PyTorch has two. For weights (probabilities)
    it is N, the number of rows, whatever `weight` is. For class indices it is Σ_n w_{t_n}, the
    weight of the rows that count, which is their number where there is no `weight`. So one-hot
    rows and the indices of their ones differ, as soon as `weight` is given.

    *When no row counts* (all are ignored, or N = 0) the mean is 0, with gradient 0. PyTorch's is
    0/0, which is nan. But the sum over no rows is 0, and so is the step to take from it, while nan
    would go from one empty batch through the optimiser into every parameter, to stay.

    *Infinite logits*: -inf masks a class, which gets no gradient, since 0 ln 0 = 0; if it is a
    row's own class, the loss is inf. +inf leaves its row without a softmax: its loss is inf or nan.
    nan, or nothing but -inf, makes its row nan, loss and gradient, and no other row; an ignored row
    then has no loss, but still a gradient of nan.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 6.2.2.3. Szegedy, Vanhoucke, Ioffe,
    Shlens, Wojna: Rethinking the Inception architecture, 2016, section 7 (label smoothing).

    Examples
    --------
    >>> import autograd_mini as ag
    >>> z = ag.tensor([[1000.0, 0.0, -1000.0]], requires_grad=True)
    >>> loss = ag.softmax_cross_entropy(z, [1])
    >>> loss.backward()
    >>> loss.item(), z.grad
    (1000.0, array([[ 1., -1.,  0.]]))
    >>> ag.softmax_cross_entropy(z, [-100], ignore_index=-100).item()
    0.0
    """
    return with_options(
        _one_node,
        "softmax_cross_entropy",
        logits,
        targets,
        axis,
        weight,
        ignore_index,
        label_smoothing,
        reduction,
        where,
    )


#: so that `check_fused` holds the call to the graph too, with all its options; a function may have
#: attributes, though its type knows of none
softmax_cross_entropy.unfused = cross_entropy  # type: ignore[attr-defined]


def _one_node(logits: Any, targets: Any, axis: int, reduction: Reduction, where: Any) -> Any:
    if not (on_numpy(logits) and (are_indices(targets) or on_numpy(targets))):
        return _shifted_graph(logits, targets, axis, reduction, where)
    logits = among(logits, where)
    if axis == -1 and reduction == "mean":
        return SoftmaxCrossEntropy(logits, targets)
    return SoftmaxCrossEntropy(logits, targets, axis=axis, reduction=reduction)


def _shifted_graph(logits: Any, targets: Any, axis: int, reduction: Reduction, where: Any) -> Any:
    """For arrays that are not NumPy's: in primitives, from ln ŷ, which is finite where ŷ is 0."""
    if unwrap(logits).dtype.kind == "O":
        return _graph(logits, targets, axis, reduction, where)
    assert log_softmax.unfused
    log_p = log_softmax.unfused(logits, axis=axis, where=where)
    wanted = _own(logits, targets, axis) if are_indices(targets) else targets != 0
    terms = np.where(wanted, log_p, 0)
    terms = terms if are_indices(targets) else targets * terms
    return _reduced(-terms.sum(axis=axis), reduction)
