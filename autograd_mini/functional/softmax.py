"""Softmax and its logarithm: each as a graph of primitives, and as one fused node.

    ŷ_o = exp(z_o) / Σ_k exp(z_k)        ∂ŷ_o/∂z_i = ŷ_o (δ_oi - ŷ_i)

`z` are logits, `y` a result, `g` its cotangent. Two things are done all over this file. The largest
logit is subtracted before `exp`, which changes nothing and so cannot overflow. And where the
likeliest class is all but certain, 1 - ŷ is computed as the sum of the *other* probabilities:
1 - 0.999... would have no digits left, and what a confident row still has to learn is in them.
[Blanchard, Higham, Higham: Accurately computing the log-sum-exp and softmax functions, IMA J.
Numer. Anal. 41(4), 2021.]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.exceptions import AxisError

from ..core.arrays import unwrap
from ..core.fused import fused, labelled
from ..core.registry import implements
from ..ops.elementwise import stop_gradient
from ..ops.reductions import restore_reduced_axes


def is_float_ndarray(x: Any) -> bool:
    """Whether real floating numbers are behind `x`: not symbols, nor an array yet to be computed.

    Symbols have no order and no infinity, a lazy array no positions to index: for those, the
    formulas here keep to arithmetic.
    """
    x = unwrap(x)
    return hasattr(x, "strides") and x.dtype.kind == "f"


def _shift(z: Any, axis: Any) -> Any:
    """max z, to subtract: softmax does not change when z is shifted, and exp cannot overflow.

    The shift is a constant to the tape: what it would add to the gradient cancels.
    """
    if unwrap(z).dtype.kind == "O":
        return 0
    m = stop_gradient(np.max(z, axis=axis, keepdims=True))
    return np.where(np.isfinite(m), m, 0)  # inf - inf would be nan


def mask_logits(z: Any, where: Any) -> Any:
    """The logits with -inf for the classes that are left out: they get the probability 0."""
    return z if where is None else np.where(where, z, -np.inf)


def _scaled(z: Any, axis: Any, where: Any, temperature: float) -> Any:
    if not z.ndim and axis is not None:  # of a number, NumPy also takes axes 0 and -1
        raise AxisError(axis, 0)
    return mask_logits(z if temperature == 1 else z / temperature, where)


def shifted_exponentials(z: Any, axis: Any) -> tuple[Any, Any, Any, Any, Any]:
    """m, e, r, Σe and j: m is the largest of `z`, at j; e = e^(z - m); r is Σe without that one.

    ln Σ e^z is m + log1p(r). Where one logit stands out, r is tiny: 1 + r would round it away.
    """
    if _are_several(axis):
        m, e, rest, total, top = shifted_exponentials(_as_one(z, axis), -1)
        m, rest, total, top = (
            restore_reduced_axes(x[..., 0], z, axis) for x in (m, rest, total, top)
        )
        return m, _apart(e, axis, z), rest, total, top
    top = np.argmax(z, axis=axis, keepdims=True)
    m = np.take_along_axis(z, top, axis)
    e = z - np.where(np.isfinite(m), m, 0)
    np.exp(e, out=e)
    one = np.take_along_axis(e, top, axis)  # or 0, where all z are -inf
    np.put_along_axis(e, top, 0, axis)
    rest = e.sum(axis=axis, keepdims=True)
    np.put_along_axis(e, top, one, axis)
    return m, e, rest, rest + one, top


def _are_several(axis: Any) -> bool:
    return axis is None or isinstance(axis, tuple)


def _as_one(x: Any, axis: Any) -> Any:
    """Several axes as one, the last."""
    moved = _moved(x, axis)
    return moved.reshape(*moved.shape[: x.ndim - len(_axes(axis, x))], -1)


def _apart(y: Any, axis: Any, x: Any) -> Any:
    """The last axis as the several of `x` that it stands for."""
    axes = _axes(axis, x)
    return np.moveaxis(y.reshape(_moved(x, axis).shape), range(-len(axes), 0), axes)


def _moved(x: Any, axis: Any) -> Any:
    axes = _axes(axis, x)
    return np.moveaxis(x, axes, range(-len(axes), 0))


def _axes(axis: Any, x: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else axis


def _over_several(f: Callable[..., Any], axis: Any, *arrays: Any) -> Any:
    """`f`, which goes along the last axis, along several as if they were one."""
    return _apart(f(*(_as_one(x, axis) for x in arrays)), axis, arrays[0])


def one_minus(p: Any, axis: Any) -> Any:
    """1 - ŷ, for the likeliest class as the sum of the others, which keeps its digits."""
    if not is_float_ndarray(p):
        return 1 - p
    if _are_several(axis):
        return _over_several(lambda p: one_minus(p, -1), axis, p)
    shape = [1] * p.ndim
    shape[axis] = -1
    top = np.arange(p.shape[axis]).reshape(shape) == np.argmax(p, axis=axis, keepdims=True)
    return np.where(top, np.where(top, 0, p).sum(axis=axis, keepdims=True), 1 - p)


# ---- softmax ------------------------------------------------------------------------------------


def _softmax(z: Any, axis: Any = -1, where: Any = None, temperature: float = 1.0) -> Any:
    r"""ŷ_o = exp(z_o / T) / Σ_k exp(z_k / T), as one node; ``softmax.unfused`` is the graph.

    Parameters
    ----------
    z : Tensor or array_like
        Logits, of any shape.
    axis : int, tuple of int or None
        The axis of the classes, or several; all axes when None.
    where : array of bool, optional
        Broadcastable to `z`: the classes that exist. The others get the probability 0, and no
        gradient; a row without any class is nan.
    temperature : float
        T; a small one sharpens, a large one flattens.

    Returns
    -------
    Tensor, or array for an array
        Numbers in [0, 1] of the shape and dtype of `z`, which sum to one along `axis`.

    Raises
    ------
    ValueError
        For an axis that there is not (as NumPy's AxisError), or a `where` that does not broadcast.

    Notes
    -----
    The rule is ŷ_i (g_i - Σ_o g_o ŷ_o) / T. Since Σŷ = 1, any constant may be subtracted from g;
    with that of the likeliest class, no digits cancel where ŷ is close to one.

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
    z = _scaled(z, axis, where, temperature)
    e = np.exp(z - _shift(z, axis))
    return e / e.sum(axis=axis, keepdims=True)


def _softmax_vjp(
    g: Any, y: Any, z: Any, axis: Any = -1, where: Any = None, temperature: float = 1.0
) -> Any:
    if _are_several(axis) and is_float_ndarray(y):
        return _over_several(lambda g, y: _softmax_vjp(g, y, z, -1, None, temperature), axis, g, y)
    if is_float_ndarray(y):
        g = g - np.take_along_axis(g, np.argmax(y, axis=axis, keepdims=True), axis)
    d = y * (g - (g * y).sum(axis=axis, keepdims=True))
    return d if temperature == 1 else d / temperature


def _softmax_display(
    g: Any, y: Any, z: Any, axis: Any = -1, where: Any = None, temperature: float = 1.0
) -> Any:
    d = y * (g - (g * y).sum(axis=axis, keepdims=True))
    return d if temperature == 1 else d / temperature


softmax = fused(
    _softmax,
    _softmax_vjp,
    display_rules=(_softmax_display,),
    name="softmax",
    unfused=_softmax,
)


# ---- its logarithm ------------------------------------------------------------------------------


def _log_softmax_graph(z: Any, axis: Any = -1, where: Any = None, temperature: float = 1.0) -> Any:
    z = _scaled(z, axis, where, temperature)
    z = z - _shift(z, axis)
    return mask_logits(z - np.log(np.exp(z).sum(axis=axis, keepdims=True)), where)


def _log_softmax(z: Any, axis: Any = -1, where: Any = None, temperature: float = 1.0) -> Any:
    r"""ln ŷ_o = z_o - ln Σ_k exp(z_k), as one node, without forming ŷ.

    Finite where ŷ underflows to 0, and with all its digits where ŷ is all but 1.

    Parameters
    ----------
    z, axis, where, temperature
        As for `softmax`. A class left out has -inf, and no gradient.

    Returns
    -------
    Tensor, or array for an array
        Of the shape and dtype of `z`.

    Raises
    ------
    ValueError
        For an axis that there is not (as NumPy's AxisError), or a `where` that does not broadcast.

    Notes
    -----
    The rule g_i - ŷ_i Σ_o g_o is written as g_i (1 - ŷ_i) - ŷ_i Σ_{o≠i} g_o.

    $$\frac{\partial \ln \hat y_o}{\partial z_i} = \delta_{oi} - \hat y_i$$

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
    m, *residuals = shifted_exponentials(z, axis)
    y = z - m
    y -= np.log1p(residuals[1])
    return y, residuals


def _log_softmax_vjp(
    g: Any,
    y: Any,
    z: Any,
    axis: Any = -1,
    where: Any = None,
    temperature: float = 1.0,
    residuals: Any = None,
) -> Any:
    g = g if where is None else np.where(where, g, 0)
    if residuals is not None:
        return _log_softmax_from(g, axis, temperature, *residuals)
    p = softmax(z, axis=axis, where=where, temperature=temperature)
    d = g * one_minus(p, axis) - p * (g.sum(axis=axis, keepdims=True) - g)
    return d if temperature == 1 else d / temperature


def _log_softmax_from(
    g: Any, axis: Any, temperature: float, e: Any, rest: Any, total: Any, top: Any
) -> Any:
    """The rule on arrays: g_i - ŷ_i Σ_o g_o, but for the likeliest class, whose 1 - ŷ is r / Σe."""
    if _are_several(axis):

        def rule(g: Any, *residuals: Any) -> Any:
            return _log_softmax_from(g, -1, temperature, *residuals)

        return _over_several(rule, axis, g, e, rest, total, top)
    g_sum = g.sum(axis=axis, keepdims=True)
    d = e * (g_sum / total)
    np.subtract(g, d, out=d)
    own = np.take_along_axis(g, top, axis)
    np.put_along_axis(d, top, (own * rest - (g_sum - own)) / total, axis)
    return d if temperature == 1 else d / temperature


def _predicted(z: Any, axis: int, where: Any, temperature: float) -> Any:
    return labelled(softmax(z, axis=axis, where=where, temperature=temperature), "ŷ")


def _log_softmax_display_graph(
    z: Any, axis: int = -1, where: Any = None, temperature: float = 1.0
) -> Any:
    return np.log(_predicted(z, axis, where, temperature))


def _log_softmax_display(
    g: Any, y: Any, z: Any, axis: Any = -1, where: Any = None, temperature: float = 1.0
) -> Any:
    p = _predicted(z, axis, where, temperature)
    g = g if where is None else np.where(where, g, 0)
    d = g - p * g.sum(axis=axis, keepdims=True)
    return d if temperature == 1 else d / temperature


log_softmax = fused(
    _log_softmax,
    _log_softmax_vjp,
    display_graph=_log_softmax_display_graph,
    display_rules=(_log_softmax_display,),
    name="log_softmax",
    residuals=True,
    unfused=_log_softmax_graph,
)


# ---- its normaliser -----------------------------------------------------------------------------


def _logsumexp_graph(x: Any, axis: Any = None, keepdims: bool = False, where: Any = None) -> Any:
    return np.log(np.exp(mask_logits(x, where)).sum(axis=axis, keepdims=keepdims))


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False, where: Any = None) -> Any:
    r"""ln Σ e^x over `axis`, shifted by the largest entry so that nothing overflows.

    Parameters
    ----------
    x : Tensor or array_like
        Of any shape; -inf entries count for nothing.
    axis : int, tuple of int, optional
        What to sum over; all axes when None.
    keepdims : bool
        Keep the axes that were summed over, at length one.
    where : array of bool, optional
        Broadcastable to `x`: the entries to sum.

    Returns
    -------
    Tensor, or array for an array
        Of the dtype of `x`, without the axes that were summed over.

    Raises
    ------
    ValueError
        For an axis that there is not (as NumPy's AxisError), or a `where` that does not broadcast.

    Notes
    -----
    The rule is g softmax(x): the derivative of ln s is 1/s, that of s = Σ e^x is e^x.

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
    if not is_float_ndarray(x):
        m = _shift(mask_logits(x, where), axis)
        y = _logsumexp_graph(x - m, axis, True, where) + m
        return y if keepdims else y.squeeze(axis), None
    m, e, rest, total, _ = shifted_exponentials(mask_logits(x, where), axis)
    y = m + np.log1p(rest)
    return y if keepdims else y.squeeze(axis), (e, total)


def _logsumexp_vjp(
    g: Any,
    y: Any,
    x: Any,
    axis: Any = None,
    keepdims: bool = False,
    where: Any = None,
    residuals: Any = None,
) -> Any:
    """g softmax(x). Not as e^(x - y): a large y has no digits left for the logarithm in it."""
    if residuals is not None:
        e, total = residuals
        return e * (
            restore_reduced_axes(g, x, axis) / np.where(total == 0, 1, total)
        )  # 0 where all x are -inf
    z = mask_logits(x, where)
    e = np.exp(z - _shift(z, axis))
    total = e.sum(axis=axis, keepdims=True)
    if is_float_ndarray(x):
        total = np.where(total == 0, 1, total)  # 0 where all x are -inf
    return restore_reduced_axes(g, x, axis) * (e / total)


def _logsumexp_display(
    g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False, where: Any = None
) -> Any:
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
    """ln Σ e^x under NumPy's own name for it; over axis 0 where none is given."""
    x = array if dtype is None else array.astype(np.dtype(dtype))
    return logsumexp(x, axis=axis, keepdims=keepdims)
