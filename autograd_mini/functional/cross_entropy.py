"""Softmax cross-entropy, twice: as a graph of primitives, and as one fused node.

    ŷ_o = exp(z_o) / Σ_k exp(z_k)                       L = -(1/N) Σ_n Σ_i y_{n,i} ln ŷ_{n,i}
    ∂ŷ_o/∂z_i = ŷ_o (δ_oi - ŷ_i)                        ∂L/∂ŷ_i = -y_i / (N ŷ_i)

The chain rule multiplies the two and the ŷ cancels. The fused node uses the result:

    ∂L/∂z_i = Σ_o (-y_o / ŷ_o) ŷ_o (δ_oi - ŷ_i) / N = (ŷ_i Σ_o y_o - y_i) / N

This equals (ŷ_i - y_i) / N only if the targets sum to one. [Goodfellow, Bengio, Courville: Deep
Learning, 2016, section 6.2.2.3; Bishop: Pattern Recognition and Machine Learning, 2006, 4.3.4.]

The formula with Σ_o y_o holds for any y. So the options of the loss are transforms of y, which are
applied before the node (see `targets`):

    class weights      y → w ⊙ y               label smoothing   y → (1-ε) y + ε/C
    an ignored row     y → 0·y                 a class left out  y_i → 0, z_i → -inf

A class index t means the one-hot row e_t. The loss is linear in y, so this row is never built: the
loss of (1-ε) w_t e_t + (ε/C) w is (1-ε) w_t times the loss of t, plus the loss of (ε/C) w.

`z` are logits. The targets `y` are class indices (integers, of the shape of `z` without the axis of
the classes), or soft targets: real numbers that broadcast to `z`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.answers import explains_keywords
from ..core.arrays import Array, Cotangent, is_foreign, unwrap
from ..core.fused import fused
from ..core.tensor import record
from ..ops.reductions import divide_by_count, in_float32, widened
from .cross_entropy_display import display_graph, logits_display, targets_display
from .cross_entropy_rows import from_rows, losses_and_gradients, own_entries
from .softmax import log_softmax, mask_logits, softmax
from .softmax_numerics import is_float_ndarray, one_minus
from .targets import (
    Options,
    Reduction,
    apply_options,
    are_classes_of_rows,
    are_indices,
    existing,
    reduce_entries,
)

# ---- the graph ----------------------------------------------------------------------------------


@in_float32
def _graph(
    z: Array, y: Array, axis: int = -1, reduction: Reduction = "mean", where: Any = None
) -> Array:
    """Compute -Σ_i y_i ln ŷ_i for each row, step by step, as the chain rule is taught on it."""
    assert softmax.unfused
    p = softmax.unfused(z, axis=axis, where=where)
    log_p = np.log(p if where is None else np.where(where, p, 1))
    if are_indices(y):
        own = np.take_along_axis(log_p, np.expand_dims(unwrap(y), axis), axis)
        return reduce_entries(-own.squeeze(axis), reduction)
    return reduce_entries(-(y * log_p).sum(axis=axis), reduction)


# ---- the node -----------------------------------------------------------------------------------


def _forward(z: Array, y: Array, axis: int = -1, reduction: Reduction = "mean") -> Any:
    r"""Compute softmax cross-entropy as one operation, with few options and few checks.

    Usually, call `softmax_cross_entropy`, which checks its arguments and calls this operation.

    Parameters
    ----------
    z : Tensor or array
        Logits, of a float dtype. A row of logits has a number for each class.
    y : Tensor or array
        Class indices (integers), or soft targets: a number for each class, such as its probability,
        in an array that broadcasts to the shape of the logits.
    axis : int
        The axis of the classes.
    reduction : "mean", "sum" or "none"

    Returns
    -------
    Tensor, shape (), or for "none" the shape of the logits without `axis`

    Raises
    ------
    IndexError
        If a class index is outside 0 ... C-1.
    ValueError
        If the shapes of `z` and `y` do not fit.

    Notes
    -----
    $$
    L = -\frac{1}{N} \sum_n \sum_i y_{n,i} \ln \hat y_{n,i} \qquad
    \frac{\partial L}{\partial z_i} = \frac{\hat y_i \sum_o y_o - y_i}{N}
    $$

    The formulas are for ``reduction="mean"``. ŷ is softmax(z), and N is the number of rows. For a
    class index t, y_t is 1, and the other entries of y are 0. The second formula leaves out the
    index n of the row.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 6.2.2.3. The file
    `functional/cross_entropy.py` explains how the gradient is derived.

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
    if type(z) is not np.ndarray and is_foreign(z):
        y = existing(y, z.shape[axis], "SoftmaxCrossEntropy") if are_indices(y) else y
        return _shifted_graph(z, y, axis, reduction), None
    losses, gradients = losses_and_gradients(z, y, axis)
    if reduction == "none":
        loss = losses.reshape(z.shape[:axis] + z.shape[axis:][1:])
    else:
        loss = np.add.reduce(losses) / (len(losses) or 1 if reduction == "mean" else 1)
    dtype = z.dtype if are_indices(y) else np.result_type(z, y)
    return loss if loss.dtype == dtype else loss.astype(dtype), gradients


def _scale(g: Cotangent, z: Array, axis: int, reduction: Reduction) -> Cotangent:
    """Return the factor of each row's own derivative: g, divided by N for a mean.

    It broadcasts to the logits.
    """
    g = np.expand_dims(g, axis) if reduction == "none" else g
    return divide_by_count(g, z.size // z.shape[axis], reduction)


def _logits_vjp(
    g: Cotangent,
    _: Array,
    z: Array,
    y: Array,
    axis: int = -1,
    reduction: Reduction = "mean",
    residuals: Array | None = None,
) -> Cotangent:
    """Compute (ŷ_i Σ_o y_o - y_i) g / N. On arrays, `residuals` are (ŷ_i Σ_o y_o - y_i)."""
    if residuals is None:
        return _recorded_logits_vjp(g, z, y, axis, reduction)
    return _scaled_rows(residuals, g, z, axis, reduction)


@widened
def _recorded_logits_vjp(
    g: Cotangent, z: Array, y: Array, axis: int, reduction: Reduction
) -> Cotangent:
    """Compute (ŷ_i Σ_o y_o - y_i) g / N, without cancellation where ŷ_i is close to one.

    Σ_o y_o ŷ_i - y_i is ŷ_i Σ_{o≠i} y_o - y_i (1 - ŷ_i), and 1 - ŷ_i the sum of the other ŷ.
    For a class index it is ŷ_i, and for the true class minus the sum of the other ŷ.
    """
    scale, p = _scale(g, z, axis, reduction), softmax(z, axis=axis)
    if are_indices(y):
        own = own_entries(z, y, axis)
        return np.where(own, -np.where(own, 0, p).sum(axis=axis, keepdims=True), p) * scale
    y = np.broadcast_to(y, z.shape)
    others = y.sum(axis=axis, keepdims=True) - y
    return (p * others - y * one_minus(p, axis)) * scale


def _scaled_rows(d: Array, g: Cotangent, z: Array, axis: int, reduction: Reduction) -> Array:
    """Return the rows' own gradients `d`, which forward has saved as a matrix, times g."""
    g = g if g.dtype == d.dtype else g.astype(d.dtype)
    if type(g) is np.ndarray:
        g = g[()]  # without axes it is a number, which NumPy divides in a tenth of the time
    scale = _scale(g, z, axis, reduction)
    if axis == -1 and d.shape == z.shape:
        d = d * scale
    else:  # in the layout of the logits at once: a view would have to be copied for .grad
        d = np.multiply(from_rows(d, z.shape, axis), scale, order="C")
    return d if d.dtype == z.dtype else d.astype(z.dtype)


@widened
def _targets_vjp(
    g: Cotangent,
    _: Array,
    z: Array,
    y: Array,
    axis: int = -1,
    reduction: Reduction = "mean",
    residuals: Array | None = None,
) -> Cotangent:
    """Compute -ln ŷ_i g / N."""
    return log_softmax(z, axis=axis) * -_scale(g, z, axis, reduction)


SoftmaxCrossEntropy = fused(
    _forward,
    _logits_vjp,
    _targets_vjp,
    display_graph=display_graph,
    display_rules=(logits_display, targets_display),
    name="SoftmaxCrossEntropy",
    residuals=True,
    unfused=_graph,
    stable_graph=lambda z, y, axis=-1, reduction="mean": _shifted_graph(z, y, axis, reduction),
)


# ---- the public functions ------------------------------------------------------------------------


@explains_keywords
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
    """Compute -(1/N) Σ_n Σ_i y_{n,i} ln ŷ_{n,i} with ŷ = softmax(logits), in separate operations.

    y are the targets, and N is the number of rows. If a ŷ is rounded to 0, its logarithm is -inf.
    So use `softmax_cross_entropy` for training. It never computes the logarithm of 0.

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
    options = Options(axis, weight, ignore_index, label_smoothing, reduction, where)
    return apply_options(_graph, "cross_entropy", logits, targets, options)


@explains_keywords
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
    """Compute -(1/N) Σ_n Σ_i y_{n,i} ln softmax(z_n)_i as one `SoftmaxCrossEntropy` operation.

    z are the logits, y the targets, and N is the number of rows. The result is accurate for logits
    of any size: `exp` cannot overflow, and the logarithm of 0 is never computed.

    Parameters
    ----------
    logits : Tensor or array_like
        The scores of the C classes, as floats. The shape is (N, C), or (C,) for one row, or has
        more axes.
    targets : array_like or Tensor
        *Class indices* are integers. They have the shape of the logits without the class axis.
        *Soft targets* are probabilities or other real numbers. They have the shape of the logits,
        or a shape that broadcasts to it. A Tensor of soft targets may require a gradient.
    axis : int
        The axis of the classes.
    weight : array_like or Tensor, shape (C,), optional
        A factor for the term of each class i in the sum.
    ignore_index : int, optional
        Rows with this class index are left out. It may be any integer, such as -100.
    label_smoothing : float
        ε, from 0 to 1. The targets y are replaced by (1-ε) y + ε/C, before `weight` is applied.
    reduction : "mean", "sum" or "none"
        The mean of the losses of all rows, their sum, or the loss of each row.
    where : array of bool, optional
        A mask that broadcasts to the logits. Classes where it is False are left out of the softmax
        and of the sum over i. In ε/C, C is then the number of the remaining classes.

    Returns
    -------
    Tensor, or array if no argument is a Tensor
        The loss, with shape (). For "none", it has the shape of the logits without `axis`.

    Raises
    ------
    TypeError
        If the logits do not have a float dtype. If the targets are not real numbers. If the targets
        have the shape of class indices, but are not integers.
    ValueError
        If `targets`, `weight` or `where` has a wrong shape. If there are no classes. If an option
        has an invalid value.
    IndexError
        If a class index is outside 0 ... C-1.

    Notes
    -----
    Let ŷ = softmax(z). The derivatives are ∂L/∂z_i = (ŷ_i Σ_o y_o - y_i) / N and
    ∂L/∂y_i = -ln ŷ_i / N. The file `functional/cross_entropy.py` explains how they are derived.

    *The mean.* The sum of the losses is divided by N, the number of rows. For class indices,
    ignored rows are not counted in N. With class indices and a `weight`, the divisor is instead the
    sum of the weights of the true classes. PyTorch does the same.

    *No rows.* If there are no rows, or if all rows are ignored, the mean and its gradient are 0.
    PyTorch returns nan.

    *Infinite logits.* A class with the logit -inf has probability 0. If it is the true class, the
    loss is inf. If not, the gradient of this logit is 0. If a row contains +inf or nan, or only
    -inf, its gradient is nan, also if the row is ignored.

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
    if (
        weight is ignore_index is where is None
        and axis == -1
        and reduction == "mean"
        and type(label_smoothing) is float
        and not label_smoothing
        and are_classes_of_rows(targets, unwrap(logits))
    ):  # the call of most training steps, which takes a fifth less time without the other checks
        return record(SoftmaxCrossEntropy, (logits, targets))
    options = Options(axis, weight, ignore_index, label_smoothing, reduction, where)
    return apply_options(_one_node, "softmax_cross_entropy", logits, targets, options)


#: `check_fused` compares the call with its graph. The type of a function lacks the attribute.
softmax_cross_entropy.unfused = cross_entropy  # type: ignore[attr-defined]


def _one_node(z: Array, y: Array, axis: int, reduction: Reduction, where: Any) -> Array:
    if not (is_float_ndarray(z) and (are_indices(y) or is_float_ndarray(y))):
        return _shifted_graph(z, y, axis, reduction, where)
    z = mask_logits(z, where)
    if axis == -1 and reduction == "mean":
        return SoftmaxCrossEntropy(z, y)
    return SoftmaxCrossEntropy(z, y, axis=axis, reduction=reduction)


@in_float32
def _shifted_graph(z: Array, y: Array, axis: int, reduction: Reduction, where: Any = None) -> Array:
    """Compute the loss in primitives from ln ŷ, which is finite where ŷ is 0, for other arrays."""
    if unwrap(z).dtype.kind == "O":
        return _graph(z, y, axis, reduction, where)
    assert log_softmax.unfused
    log_p = log_softmax.unfused(z, axis=axis, where=where)
    if are_indices(y):
        terms = np.where(own_entries(z, y, axis), log_p, 0)
    else:
        terms = y * np.where(y != 0, log_p, 0)
    return reduce_entries(-terms.sum(axis=axis), reduction)
