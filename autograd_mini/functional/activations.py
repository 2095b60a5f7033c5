"""Activations, each as one fused node with its graph.

`x` is the argument, `y` the result, and `g` the gradient of the result. Constants are Python
floats, which widen no float32.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, in_float, is_foreign
from ..core.fused import fused, labelled
from ..ops.elementwise import sigmoid
from ..ops.reductions import in_float32, widened

_SQRT_2_OVER_PI = float(np.sqrt(2 / np.pi))
_CUBIC = 0.044715


def exp_minus(x: Array) -> Array:
    """Return e^-x, limited so that it does not overflow. With it, σ(x) is 1/(1 + e^-x).

    This takes fewer passes than `sigmoid`. Where e^-x is limited, σ(x) is the smallest normal
    number of the dtype.
    """
    return bounded_exp(-x)


def bounded_exp(x: Array) -> Array:
    """Return e^x, limited so that it does not overflow, in the memory of `x` if it is an array."""
    if x.dtype.kind == "O":  # symbols do not overflow
        return np.exp(x)
    limit = _largest_exponent(x.dtype)
    if is_foreign(x) or not x.ndim:
        return np.exp(np.minimum(x, limit))
    return np.exp(np.minimum(x, limit, out=x), out=x)


@lru_cache(maxsize=16)
def _largest_exponent(dtype: Any) -> int:
    """Return a number whose exponential, and its inverse, have all digits in this dtype."""
    return int(-np.log(np.finfo(dtype).tiny))


# ---- softplus -----------------------------------------------------------------------------------


def _softplus(x: Array) -> Any:
    r"""Compute ln(1 + e^x), elementwise, as one operation: a ReLU with a smooth corner.

    The result is a Tensor if `x` is a Tensor, and otherwise an array. It has the shape of `x`, and
    the dtype of `x` if this is a float type.

    Raises
    ------
    TypeError
        If `x` is not an array of numbers.

    Notes
    -----
    The code computes max(x, 0) + ln(1 + e^-|x|), so nothing overflows. Let y be the result, L
    the loss, g = ∂L/∂y, and σ the sigmoid:

    $$y = \ln(1 + e^x) \qquad \frac{\partial L}{\partial x} = g\,\sigma(x)$$

    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau, Garcia: Incorporating second-order functional knowledge for
    better option pricing, 2001.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor([-1000.0, 0.0, 1000.0], requires_grad=True)
    >>> y = ag.softplus(x)
    >>> y.backward([1.0, 1.0, 1.0])
    >>> y.tolist()[::2], x.grad
    ([0.0, 1000.0], array([0. , 0.5, 1. ]))
    """
    x = in_float(x)
    e = np.exp(-np.abs(x))
    y = np.log1p(e)
    y += np.maximum(x, 0)
    return y, e


def _sigmoid_from(e: Array, x: Array) -> Array:
    """Return σ(x) from e = e^-|x|, for arrays: 1/(1 + e) where x ≥ 0, and e/(1 + e) elsewhere.

    The numerator is computed as the maximum of e, which is at most 1, and x ≥ 0, which is 1 or 0.
    `np.where` would take nine times as long as the exponential, because the processor mispredicts
    every other branch.
    """
    p = np.maximum(e, x >= 0)
    p /= 1 + e
    return p


def _softplus_vjp(g: Cotangent, y: Array, x: Array, residuals: Any = None) -> Cotangent:
    if residuals is None:
        return g * sigmoid(x)
    d = _sigmoid_from(residuals, x)
    d *= g
    return d


def _softplus_graph(x: Array) -> Array:
    return np.log(1 + np.exp(x))


softplus = fused(
    _softplus,
    _softplus_vjp,
    display_graph=_softplus_graph,
    name="softplus",
    residuals=True,
    unfused=_softplus_graph,
)


# ---- gelu ---------------------------------------------------------------------------------------


def _inner(x: Array) -> Array:
    return _SQRT_2_OVER_PI * (x + _CUBIC * x * x * x)


@in_float32
def _gelu(x: Array) -> Any:
    r"""Compute x/2 (1 + tanh u) with u = √(2/π) (x + 0.044715 x³), elementwise, as one operation.

    This is close to x Φ(x), where Φ(x) is the probability that a random number of the standard
    normal distribution is less than x. The result is a Tensor if `x` is a Tensor, and otherwise an
    array. It has the shape of `x`, and the dtype of `x` if this is a float type.

    Raises
    ------
    TypeError
        If `x` is not an array of numbers.

    Notes
    -----
    The code computes x σ(2u), where σ is the sigmoid, because (1 + tanh u)/2 = σ(2u). Let g be the
    gradient of the result, and du/dx = √(2/π) (1 + 3 · 0.044715 x²). The gradient of x is

        g (σ(2u) + x σ(2u) (1 - σ(2u)) 2 du/dx)

    $$y = x\,\sigma(2u) \qquad u = \sqrt{\tfrac{2}{\pi}}\,(x + 0.044715\,x^3)$$

    References
    ----------
    Hendrycks and Gimpel: Gaussian error linear units, 2016, section 2.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor([-2.0, 0.0, 2.0], requires_grad=True)
    >>> y = ag.gelu(x)
    >>> y.backward([1.0, 1.0, 1.0])
    >>> y.data.round(4), x.grad.round(4)
    (array([-0.0454,  0.    ,  1.9546]), array([-0.0861,  0.5   ,  1.0861]))
    """
    u = _even(x, -2 * _SQRT_2_OVER_PI, _CUBIC)
    u *= x
    p = bounded_exp(u)  # e^(-2u)
    p += 1
    p = 1 / p
    return x * p, p


def _even(x: Array, factor: float, square: float) -> Array:
    """Return factor · (1 + square · x²), in one new array. With 2 √(2/π), it is 2u/x or 2 du/dx."""
    k = x * (factor * square)
    k *= x
    k += factor
    return k


@widened
def _gelu_vjp(g: Cotangent, y: Array, x: Array, residuals: Any = None) -> Cotangent:
    if residuals is None:
        p = sigmoid(2 * _inner(x))
        slope = (2 * _SQRT_2_OVER_PI) * (1 + 3 * _CUBIC * x * x)
        return g * (p + x * p * (1 - p) * slope)
    d = _even(x, 2 * _SQRT_2_OVER_PI, 3 * _CUBIC)
    d *= 1 - residuals
    d *= y  # x p
    d += residuals
    d *= g
    return d


def _gelu_display_graph(x: Array) -> Array:
    """Compute x p with p = σ(2u)."""
    u = labelled(_SQRT_2_OVER_PI * (x + _CUBIC * x**3), "u")
    return x * labelled(sigmoid(2 * u), "p")


def _gelu_display(g: Cotangent, y: Array, x: Array) -> Cotangent:
    _, p = _gelu_display_graph(x).inputs
    slope = labelled(_SQRT_2_OVER_PI * (1 + 3 * _CUBIC * x**2), "u′")
    return g * (p + 2 * x * p * (1 - p) * slope)


gelu = fused(
    _gelu,
    _gelu_vjp,
    display_graph=_gelu_display_graph,
    display_rules=(_gelu_display,),
    name="gelu",
    residuals=True,
    unfused=lambda x: 0.5 * x * (1 + np.tanh(_inner(x))),
)
