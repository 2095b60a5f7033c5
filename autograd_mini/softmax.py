"""Softmax and cross-entropy, twice: as graphs of primitives, and as one fused node.

    ŷ_o = exp(z_o) / Σ_k exp(z_k)                       L = -(1/N) Σ_n Σ_i y_{n,i} ln ŷ_{n,i}
    ∂ŷ_o/∂z_i = ŷ_o (δ_oi - ŷ_i)                        ∂L/∂ŷ_i = -y_i / (N ŷ_i)

The chain rule multiplies the two and the ŷ cancels, which is all that the fused node knows:

    ∂L/∂z_i = Σ_o (-y_o / ŷ_o) ŷ_o (δ_oi - ŷ_i) / N = (ŷ_i Σ_o y_o - y_i) / N

It is (ŷ_i - y_i) / N only where the targets sum to one. [Goodfellow, Bengio, Courville: Deep
Learning, 2016, section 6.2.2.3; Bishop: Pattern Recognition and Machine Learning, 2006, 4.3.4.]

Here `z` is an array of logits with the classes on the last axis, and `y` the targets: class
indices, of the shape of `z` without that axis, or weights, of the shape of `z`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .ops.elementwise import stop_gradient
from .ops.indexing import scatter
from .ops.reductions import kept
from .primitive import fused
from .tensor import Tensor, describe, raw

_BLOCK_BYTES = 1 << 19  # of logits at a time, so that the passes over a block stay in the cache
_SHORT_ROW = 64  # classes; shorter rows are laid out class by class: NumPy's loop over an inner
# axis of 10 costs more than the work in it (row maxima of (128, 10): 1.5 us instead of 7)


def _shift(z: Any, axis: Any) -> Any:
    """max z, to subtract: softmax does not change when z is shifted, and exp cannot overflow.

    The shift is a constant to the tape: what it would add to the gradient cancels.
    """
    m = stop_gradient(np.max(z, axis=axis, keepdims=True))
    return np.where(np.isfinite(m), m, 0)  # inf - inf would be nan


def softmax(z: Any, axis: int = -1) -> Any:
    """ŷ_o = exp(z_o) / Σ_k exp(z_k), from primitives.

    Parameters
    ----------
    z : Tensor or array_like
        Logits, of any shape.
    axis : int
        The axis of the classes.

    Returns
    -------
    Tensor, or array for an array
        Positive numbers of the shape and dtype of `z`, which sum to one along `axis`.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, equations 6.29 and 6.33.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> np.round(ag.softmax(np.array([2.0, 1.0, 0.1])), 4)
    array([0.659 , 0.2424, 0.0986])
    """
    e = np.exp(z - _shift(z, axis))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(z: Any, axis: int = -1) -> Any:
    """ln ŷ_o = z_o - ln Σ_k exp(z_k), from primitives, without forming ŷ.

    Parameters and result as for `softmax`; the logarithm stays finite where ŷ underflows to 0.

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
    z = z - _shift(z, axis)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def _naive_logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """ln Σ e^x over `axis`, shifted by the largest entry so that nothing overflows.

    Parameters
    ----------
    x : Tensor or array_like
        Of any shape; -inf entries count for nothing.
    axis : int, tuple of int, optional
        What to sum over; all axes when None.
    keepdims : bool
        Keep the axes that were summed over, at length one.

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
    m = _shift(x, axis)
    with np.errstate(divide="ignore"):  # ln 0 = -inf is the answer for entries all -inf
        y = np.log(np.exp(x - m).sum(axis=axis, keepdims=True)) + m
    return y if keepdims else y.squeeze(axis)


def _logsumexp_vjp(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """g softmax(x). Not as e^(x - y): a large y has no digits left for the logarithm in it."""
    e = np.exp(x - _shift(x, axis))
    total = e.sum(axis=axis, keepdims=True)
    return kept(g, x, axis) * (e / np.where(total == 0, 1, total))  # 0 where all x are -inf


logsumexp = fused(
    _logsumexp, _logsumexp_vjp, name="logsumexp", of="logsumexp", unfused=_naive_logsumexp
)


def cross_entropy(logits: Any, targets: Any) -> Any:
    """L = -(1/N) Σ_n Σ_i y_{n,i} ln ŷ_{n,i} with ŷ = softmax(logits), from primitives.

    The definition, step by step, as the chain rule is taught on it; `softmax_cross_entropy` is
    the same function as one node, and what to train with: where ŷ underflows to 0, its logarithm
    here is -inf.

    Parameters
    ----------
    logits : Tensor or array_like, shape (..., C)
    targets : array_like or Tensor, shape (...) of ints or (..., C) of weights

    Returns
    -------
    Tensor, shape ()
        The mean over the N = (number of rows).

    Raises
    ------
    TypeError, ValueError, IndexError
        As `softmax_cross_entropy`.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True)
    >>> ag.cross_entropy(z, 1)
    Tensor(1.41703002, dtype=float64, op=neg)
    """
    logits, targets = _checked(logits, targets, "cross_entropy")
    log_p = np.log(softmax(logits))
    if targets.ndim < logits.ndim:
        return -log_p.reshape(-1, logits.shape[-1])[_picked(targets)].mean()
    return -(targets * log_p).sum(axis=-1).mean()


def softmax_cross_entropy(logits: Any, targets: Any) -> Any:
    """L = -(1/N) Σ_n Σ_i y_{n,i} ln softmax(z_n)_i, as the one node `SoftmaxCrossEntropy`.

    Fast, and exact for logits of any size: neither e^z nor ŷ is ever formed unshifted.

    Parameters
    ----------
    logits : Tensor or array_like, shape (..., C)
        Real floating; a single row, shape (C,), needs no batch axis.
    targets : array_like or Tensor, shape (...) or (..., C)
        Class indices, of an integer dtype and without the class axis; or weights, real numbers
        of the shape of the logits: one-hot rows, probabilities, or any others. An array of
        weights takes the dtype of the logits; a Tensor keeps its own, and may require a gradient.

    Returns
    -------
    Tensor, shape ()
        The mean loss of the N rows, in nats. An array when neither argument is a Tensor.

    Raises
    ------
    TypeError
        Logits that are not real floating, class indices that are not integers, complex weights.
    ValueError
        Targets of another shape, an empty batch, no classes.
    IndexError
        A class index outside 0 ... C-1.

    Notes
    -----
    ∂L/∂z_i = (ŷ_i Σ_o y_o - y_i) / N and ∂L/∂y_i = -ln ŷ_i / N; derived at the top of this file.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 6.2.2.3.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> z = ag.tensor([[1000.0, 0.0, -1000.0]], requires_grad=True)
    >>> loss = ag.softmax_cross_entropy(z, [1])
    >>> loss.backward()
    >>> loss.item(), z.grad
    (1000.0, array([[ 1., -1.,  0.]]))
    """
    return SoftmaxCrossEntropy(*_checked(logits, targets, "softmax_cross_entropy"))


def _forward(z: Any, y: Any) -> Any:
    """Softmax cross-entropy as one node: what `softmax_cross_entropy` records.

    Takes logits and targets that were checked, and gives the loss; for the gradient also
    e = exp(z - max z) with its row sums.

    A row's loss ln Σ_k e_k + (max z - z_t) adds two numbers that are not negative, so no digits
    cancel. Rows are taken in blocks that stay in the cache from the first pass to the last.
    """
    indexed = y.ndim < z.ndim
    z = z.reshape(-1, z.shape[-1])
    n, c = z.shape
    y = y.reshape(n) if indexed else y.reshape(n, c)
    short = c < _SHORT_ROW
    e = np.empty((n, c), z.dtype, order="F" if short else "C")
    top, total = np.empty((n, 1), z.dtype), np.empty((n, 1), z.dtype)
    weighted = None if indexed else np.empty(n, np.result_type(z, y))
    step = max(1, _BLOCK_BYTES // (c * z.itemsize))
    for i in range(0, n, step):
        rows = slice(i, i + step)
        source, block, m = z[rows], e[rows], top[rows]
        if short:
            block[...] = source
            source = block
        np.maximum.reduce(source, axis=1, keepdims=True, out=m)
        np.subtract(source, m, out=block)
        if weighted is not None:
            np.einsum("ni,ni->n", y[rows], block, out=weighted[rows])
        np.exp(block, out=block)
        np.add.reduce(block, axis=1, keepdims=True, out=total[rows])
    losses = np.log(total)[:, 0]
    if weighted is None:
        losses += top[:, 0] - z[_picked(y)]
    else:
        losses = losses * y.sum(axis=1) - weighted
    return np.add.reduce(losses) / n, (e, total)


def _logits_vjp(g: Any, _: Any, logits: Any, targets: Any, saved: Any = None) -> Any:
    """(ŷ_i Σ_o y_o - y_i) g / N, from what forward saved, or on Tensors from the logits."""
    shape = logits.shape
    n, c = logits.size // shape[-1], shape[-1]
    scale = g / n
    indexed = targets.ndim < logits.ndim
    if saved is None:
        y = scatter(np.ones(n, logits.dtype), _picked(targets), (n, c)) if indexed else targets
        y = y.reshape(shape)
        return (softmax(logits) * y.sum(axis=-1, keepdims=True) - y) * scale
    e, total = saved
    if indexed:
        d = e * (scale / total)
        d[_picked(targets)] -= scale
    else:
        y = targets.reshape(n, c)
        d = e * (y.sum(axis=1, keepdims=True) * scale / total)
        d -= y * scale
    return d if d.shape == shape else d.reshape(shape)


def _targets_vjp(g: Any, _: Any, logits: Any, targets: Any, saved: Any = None) -> Any:
    """-ln ŷ_i g / N."""
    return log_softmax(logits) * (-g / (logits.size // logits.shape[-1]))


SoftmaxCrossEntropy = fused(
    _forward,
    _logits_vjp,
    _targets_vjp,
    name="SoftmaxCrossEntropy",
    saves=True,
    unfused=cross_entropy,
)


def _picked(targets: Any) -> tuple[Any, Any]:
    """The index of each row's own class in a matrix of one row per target."""
    t = raw(targets).reshape(-1)
    return np.arange(t.size), t


def _checked(logits: Any, targets: Any, name: str) -> tuple[Any, Any]:
    """Logits and targets as the node takes them, or an error that says what does not fit."""
    logits = logits if isinstance(logits, Tensor) else np.asarray(logits)
    targets = targets if isinstance(targets, Tensor) else np.asarray(targets)
    z, y = raw(logits), raw(targets)

    def wrong(kind: type[Exception], why: str) -> Exception:
        both = f"logits are {describe(logits)}, targets are {describe(targets)}"
        return kind(f"{name}: {both}. {why}")

    shape, kind = z.shape, y.dtype.kind
    if z.dtype.kind != "f" or kind not in "biuf":
        raise wrong(TypeError, "Logits are real floating, targets integers or real numbers.")
    if not shape or 0 in shape:
        raise wrong(ValueError, "A mean needs at least one row, and a row at least one class.")
    if y.shape == shape:  # weights
        keep = isinstance(targets, Tensor) and kind == "f"
        return logits, targets if keep else y.astype(z.dtype)
    if y.shape != shape[:-1]:
        expected = f"class indices have shape {shape[:-1]}, weights have shape {shape}"
        raise wrong(ValueError, f"For these logits {expected}.")
    if kind not in "iu":
        raise wrong(TypeError, "Class indices are integers: .astype(int) makes them so.")
    lowest, highest = np.minimum.reduce(y, axis=None), np.maximum.reduce(y, axis=None)
    if lowest < 0 or highest >= shape[-1]:
        found = f"from {lowest} to {highest}"
        raise wrong(IndexError, f"Class indices run from 0 to {shape[-1] - 1}, not {found}.")
    return logits, targets
