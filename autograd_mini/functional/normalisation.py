"""Layer and RMS normalisation, each as one fused node with its graph.

    x̂ = (x - μ) / s        s = √(σ² + ε)        y = γ x̂ + β

μ and σ² are the mean and the variance of a group of entries: of a row in `layer_norm`, of a channel
in `batch_norm`. `rms_norm` has no μ. Each entry of a group reaches the result directly, through μ
and through σ². With h = γ g, the three paths add up to

    ∂L/∂x = (h - mean(h) - x̂ mean(h x̂)) / s        ∂L/∂γ = Σ g x̂        ∂L/∂β = Σ g

In the code, `x` is the argument, `weight` is γ, `bias` is β, `y` is the result, and `g` the
cotangent of y. A node keeps x - μ and 1/s. Of `rms_norm` without γ, it keeps x̂ = y and 1/s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.answers import explains_keywords
from ..core.arrays import Array, Cotangent, as_array_or_tensor, in_float
from ..core.fused import fused
from ..core.primitive import JointRule
from ..ops.reductions import in_float32, widened
from .normalisation_checks import normalised_shape, options, with_parameters
from .normalisation_numerics import (
    Residuals,
    added,
    as_rows,
    centred,
    inverse_rms,
    named,
    normal_rule,
    normalised,
    promoted,
    row_means,
    rows_rule,
    scale_rows,
    scaled,
    sum_of_rows,
    through_scale,
    through_statistics,
)  # fmt: skip
from .softmax_numerics import is_float_ndarray

# ---- layer normalisation ------------------------------------------------------------------------


@in_float32
def _layer_norm(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    axes: int = 1,
    eps: float = 1e-5,
) -> tuple[Array, Residuals]:
    """Normalise each row: the last `axes` axes of `x`. See `layer_norm`."""
    x = in_float(x)
    if not is_float_ndarray(x):
        return _layer_norm_graph(x, weight, bias, axes, eps), None
    x = promoted(x, weight, bias)
    off = centred(as_rows(x, math.prod(x.shape[-axes:])), row_means)
    r = inverse_rms(off, eps)
    y = scale_rows(off, r, weight)
    if bias is not None:
        y = added(y, bias.reshape(-1))
    return y.reshape(x.shape), (off, r)


def _last(axes: int) -> Any:
    return -1 if axes == 1 else tuple(range(-axes, 0))


@in_float32
def _layer_norm_graph(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    axes: int = 1,
    eps: float = 1e-5,
) -> Array:
    return scaled(normalised(x, _last(axes), eps)[0], weight, bias)


@widened
def _layer_norm_rule(
    g: Cotangent,
    y: Array,
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    axes: int = 1,
    eps: float = 1e-5,
    residuals: Residuals = None,
) -> Sequence[Cotangent]:
    """Return ∂L/∂x, ∂L/∂γ and ∂L/∂β."""
    if residuals is None:
        normal, s = normalised(x, _last(axes), eps)
        h = g if weight is None else named(g * weight, "h")
        return through_statistics(h, normal, s, _last(axes)), g * normal, g
    off, r = residuals
    rows = g.reshape(off.shape)
    d, of_weight = rows_rule(rows, off, r, weight)
    d -= row_means(d)
    of_bias = None if bias is None else sum_of_rows(rows).reshape(bias.shape)
    return d.reshape(x.shape), of_weight, of_bias


_layer_norm_node = fused(
    _layer_norm,
    JointRule(_layer_norm_rule, arguments=3),
    display_graph=_layer_norm_graph,
    name="layer_norm",
    residuals=True,
    unfused=_layer_norm_graph,
)


@explains_keywords
def layer_norm(
    input: Any,
    normalized_shape: Any = None,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    r"""Compute γ (x - μ) / √(σ² + ε) + β for each row, as one operation.

    Parameters
    ----------
    input : Tensor or array_like, shape (..., D)
        x.
    normalized_shape : int or tuple of int, optional
        The lengths of the last axes of `input`. A row consists of the entries along these axes, and
        μ and σ² are its mean and variance. The default is the length of the last axis.
    weight, bias : Tensor or array_like, optional
        γ and β. Their shape is `normalized_shape`. By default, γ is 1 and β is 0.
    eps : float
        ε. It prevents a division by 0 if all entries of a row are equal.

    Returns
    -------
    Tensor, or array if no argument is a Tensor
        It has the shape of `input`.

    Raises
    ------
    TypeError
        If `normalized_shape` does not consist of ints.
    ValueError
        If the shape of `input` does not end in `normalized_shape`. If a row has no entries. If the
        shape of `weight` or `bias` is not `normalized_shape`.

    Notes
    -----
    Let s = √(σ² + ε) and x̂ = (x - μ)/s. Let h = γ g, where g is the gradient of the result, for a
    loss L. A bar means: the mean over the row. An entry of x changes the result in three ways:
    directly, by changing μ, and by changing σ².

    $$
    \frac{\partial L}{\partial x} = \frac{1}{s} \left( h - \overline{h}
    - \hat x\,\overline{h\,\hat x} \right) \qquad
    \frac{\partial L}{\partial \gamma} = \sum_{\text{rows}} g\,\hat x \qquad
    \frac{\partial L}{\partial \beta} = \sum_{\text{rows}} g
    $$

    The variance is accurate even if all entries are large and nearly equal.

    References
    ----------
    Ba, Kiros, Hinton: Layer normalization, 2016, equation 4. Chan, Golub, LeVeque: Algorithms for
    computing the sample variance, 1983.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    >>> ag.layer_norm(x).data.round(4)
    array([[-1.2247,  0.    ,  1.2247]])
    """
    x = as_array_or_tensor(input)
    shape = normalised_shape("layer_norm", x, normalized_shape)
    parameters = with_parameters("layer_norm", x, shape, weight, bias)
    several = {"axes": len(shape)} if len(shape) > 1 else {}
    return _layer_norm_node(x, *parameters, **several, **options("layer_norm", eps))


def _layer_norm_unfused(
    input: Array,
    normalized_shape: Any = None,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Array:
    shape = normalised_shape("layer_norm", input, normalized_shape)
    return _layer_norm_graph(input, weight, bias, len(shape), eps)


#: `check_fused` compares the call with its graph. The type of a function lacks the attribute.
layer_norm.unfused = _layer_norm_unfused  # type: ignore[attr-defined]


# ---- RMS normalisation --------------------------------------------------------------------------


@in_float32
def _rms_norm(
    x: Array, weight: Array | None = None, eps: float | None = None
) -> tuple[Array, Residuals]:
    """Divide each row by its root mean square. See `rms_norm`."""
    x = in_float(x)
    if not is_float_ndarray(x):
        return _rms_norm_graph(x, weight, eps), None
    x = promoted(x, weight)
    rows = as_rows(x, x.shape[-1])
    r = inverse_rms(rows, _epsilon(x, eps))
    y = scale_rows(rows, r, weight)
    return y.reshape(x.shape), (y if weight is None else rows, r)


def _epsilon(x: Array, eps: float | None) -> float:
    """Return ε: by default the machine epsilon of `x`, or of float64 if it holds no floats."""
    return float(np.finfo(x.dtype if x.dtype.kind == "f" else float).eps) if eps is None else eps


def _divided_by_rms(x: Array, eps: float | None) -> tuple[Array, Array]:
    """Return x̂ and s, in primitives."""
    mean = np.square(x).mean(axis=-1, keepdims=True)
    s = named(np.sqrt(mean + _epsilon(x, eps)), "s")
    return named(x / s, "x̂"), s


@in_float32
def _rms_norm_graph(x: Array, weight: Array | None = None, eps: float | None = None) -> Array:
    return scaled(_divided_by_rms(x, eps)[0], weight, None)


@widened
def _rms_norm_rule(
    g: Cotangent,
    y: Array,
    x: Array,
    weight: Array | None = None,
    eps: float | None = None,
    residuals: Residuals = None,
) -> Sequence[Cotangent]:
    """Return ∂L/∂x and ∂L/∂γ."""
    if residuals is None:
        normal, s = _divided_by_rms(x, eps)
        h = g if weight is None else named(g * weight, "h")
        return (h - through_scale(h, normal, -1)) / s, g * normal
    rows, r = residuals
    if weight is None:  # the rows are x̂
        return normal_rule(g.reshape(rows.shape), rows, r).reshape(x.shape), None
    d, of_weight = rows_rule(g.reshape(rows.shape), rows, r, weight)
    return d.reshape(x.shape), of_weight


_rms_norm_node = fused(
    _rms_norm,
    JointRule(_rms_norm_rule, arguments=2),
    display_graph=_rms_norm_graph,
    name="rms_norm",
    residuals=True,
    unfused=_rms_norm_graph,
)


@explains_keywords
def rms_norm(x: Any, weight: Any = None, eps: float | None = None) -> Any:
    r"""Compute γ x / √(mean(x²) + ε) for each row, as one operation.

    Parameters
    ----------
    x : Tensor or array_like, shape (..., D)
        A row consists of the entries along the last axis.
    weight : Tensor or array_like, shape (D,), optional
        γ. Without it, γ is 1.
    eps : float, optional
        ε. It prevents a division by 0 if all entries of a row are 0. The default is
        ``np.finfo(x.dtype).eps``. For float16, it is the value for float32.

    Returns
    -------
    Tensor, or array if no argument is a Tensor
        It has the shape of `x`.

    Raises
    ------
    ValueError
        If `x` has no axis, or if a row has no entries. If the shape of `weight` is not (D,).

    Notes
    -----
    RMS normalisation is like `layer_norm`, but without μ and β.

    Let s = √(mean(x²) + ε) and x̂ = x/s. Let h = γ g, where g is the gradient of the result, for a
    loss L. A bar means: the mean over the row. An entry of x changes the result in two ways:
    directly, and by changing mean(x²).

    $$
    \frac{\partial L}{\partial x} = \frac{h - \hat x\,\overline{h\,\hat x}}{s} \qquad
    \frac{\partial L}{\partial \gamma} = \sum_{\text{rows}} g\,\hat x
    $$

    References
    ----------
    Zhang, Sennrich: Root mean square layer normalization, 2019, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.rms_norm(np.array([3.0, 4.0])).round(4)
    array([0.8485, 1.1314])
    """
    x = as_array_or_tensor(x)
    shape = normalised_shape("rms_norm", x, None)
    parameters = with_parameters("rms_norm", x, shape, weight)
    return _rms_norm_node(x, *parameters, **options("rms_norm", eps, None))


#: as for `layer_norm`
rms_norm.unfused = _rms_norm_graph  # type: ignore[attr-defined]
