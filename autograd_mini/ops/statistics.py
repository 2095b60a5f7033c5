"""Statistics, composed of reductions, sorting and arithmetic."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import numpy as np

from ..core.arrays import (
    as_array_or_tensor,
    concrete_value,
    in_dtype,
    in_float,
    is_half,
    require_protocol,
    unwrap,
    widen,
)
from ..core.foreign import constant_like
from ..core.registry import implements
from .reductions import apply_where, axes_of, count_where


@implements(np.var)
def _var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """Compute Σ (x - mean)² / (n - ddof)."""
    ddof = ddof if correction is None else correction
    a = as_array_or_tensor(a)
    if dtype is None and mean is None and is_half(a):  # as NumPy does
        return _var(a, axis, np.float32, None, ddof, keepdims, where=where).astype(np.float16)
    a = apply_where(in_float(a), dtype, where, 0)
    if mean is None:
        mean = np.mean(a, axis=axis, keepdims=True, where=where)
    total = np.sum(np.square(a - mean), axis=axis, keepdims=keepdims, where=where)
    n = count_where(a, axis, keepdims, where) - ddof
    return total / np.maximum(n, 0).astype(total.dtype)


@implements(np.std)
@wraps(_var)
def _std(a: Any, axis: Any = None, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
    if dtype is None and kwargs.get("mean") is None and is_half(a):
        return _std(a, axis, np.float32, *args, **kwargs).astype(np.float16)
    return np.sqrt(_var(a, axis, dtype, *args, **kwargs))


@implements(np.ptp)
def _ptp(a: Any, axis: Any = None, out: None = None, keepdims: Any = False) -> Any:
    """Return the largest entry minus the smallest (peak to peak)."""
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


@implements(np.average)
def _average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    """Compute Σ w x / Σ w."""
    a = as_array_or_tensor(a)
    if weights is None:
        y = np.mean(a, axis=axis, keepdims=keepdims)
        total: Any = np.full_like(unwrap(y), np.size(a) / (y.size or 1))
    else:
        weights = _along(as_array_or_tensor(weights), a, axis)
        least = float if a.dtype.kind in "iub" else a.dtype
        dtype = np.result_type(a.dtype, weights.dtype, least)
        a, weights = in_dtype(a, dtype), widen(in_dtype(weights, dtype))
        total = np.sum(weights, axis=axis, keepdims=keepdims)
        if concrete_value(np.any(total == 0)):
            raise ZeroDivisionError("average: the weights sum to zero")
        y = np.sum(widen(a) * weights, axis=axis, keepdims=keepdims) / total
        y, total = in_dtype(y, dtype), in_dtype(total, dtype)
    return (y, total) if returned else y


def _along(weights: Any, a: Any, axis: Any) -> Any:
    """Return the weights in the shape of `a`; they may be those of the averaged axes only."""
    if np.shape(weights) == np.shape(a):
        return weights
    axes = axes_of(a, axis)
    if axis is None or np.shape(weights) != tuple(a.shape[i] for i in axes):
        raise ValueError(
            f"average: weights of shape {np.shape(weights)} do not fit an array of shape {a.shape} "
            f"with axis={axis}"
        )
    order = np.argsort(axes).tolist()
    shape = [n if i in axes else 1 for i, n in enumerate(a.shape)]
    return np.broadcast_to(np.reshape(np.transpose(weights, order), shape), a.shape)


# ---- order statistics ----------------------------------------------------------------------------


def _interpolated(
    quantile: Any,
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: Any = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    """Interpolate between two sorted entries, at the position that NumPy finds in 0, 1, 2, ..."""
    name = quantile.__name__
    if weights is not None:
        raise TypeError(f"{name}: weights= has no derivative rule. Leave it out.")
    if getattr(q, "requires_grad", False):
        raise TypeError(f"{name}: q has no derivative rule. Pass q.numpy().")
    a, q = as_array_or_tensor(a), unwrap(q)
    front, kept_shape = _reduced_first(a, axis)
    q = require_protocol(q)
    dtype = quantile(np.zeros(1, a.dtype), q, method=method).dtype  # an array q may widen it
    n = len(front)
    if not n:
        empty = np.broadcast_to(np.sum(front, axis=0) + np.nan, np.shape(q) + front.shape[1:])
        return np.reshape(empty, np.shape(q) + kept_shape) if keepdims else empty
    at = quantile(np.arange(n), q, method=method)
    ordered = np.sort(front, axis=0)
    if at.dtype.kind == "i":  # NumPy takes an entry, and does not interpolate
        y = ordered[constant_like(at, a)]
    else:
        low, high = np.floor(at).astype(int), np.ceil(at).astype(int)
        share = np.reshape(at - low, at.shape + (1,) * (front.ndim - 1)).astype(dtype)
        below, above = (ordered[constant_like(i, a)] for i in (low, high))
        share = constant_like(share, a)
        near_above = share >= 0.5  # NumPy starts at the nearer neighbour
        y = np.where(near_above, above, below) + (above - below) * (share - near_above)
    if front.dtype.kind == "f":
        y = np.where(np.isnan(front).any(axis=0), np.nan, y)
    return np.reshape(y, at.shape + kept_shape) if keepdims else y


implements(np.quantile)(partial(_interpolated, np.quantile))
implements(np.percentile)(partial(_interpolated, np.percentile))


def _reduced_first(a: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """Return `a` with the reduced axes merged in front, and the shape of a result with keepdims."""
    axes = axes_of(a, axis)
    rest = [i for i in range(a.ndim) if i not in axes]
    n = int(np.prod([a.shape[i] for i in axes]))
    front = np.reshape(np.transpose(a, (*axes, *rest)), (n, *(a.shape[i] for i in rest)))
    return front, tuple(1 if i in axes else n for i, n in enumerate(a.shape))


@implements(np.median)
def _median(
    a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: Any = False
) -> Any:
    """Return the mean of the one or two entries in the middle."""
    front, kept_shape = _reduced_first(a, axis)
    n = len(front)
    if not n:  # nan, without NumPy's warning
        return _interpolated(np.quantile, in_float(a), 0.5, axis, keepdims=keepdims)
    y = np.sort(front, axis=0)[(n - 1) // 2 : n // 2 + 1].mean(axis=0)
    y = np.where(np.isnan(front).any(axis=0), np.nan, y)
    return np.reshape(y, kept_shape) if keepdims else y


# ---- ignoring nan --------------------------------------------------------------------------------


def _with_nan_replaced(function: Callable[..., Any], neutral: float) -> Callable[..., Any]:
    """Return `function` of an array in which `neutral` replaces each nan."""

    @wraps(function)
    def replaced(a: Any, *args: Any, **kwargs: Any) -> Any:
        return function(np.where(np.isnan(a), neutral, a), *args, **kwargs)

    return replaced


def _without_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function`, which takes `where`, of the entries that are not nan."""

    @wraps(function)
    def without(a: Any, *args: Any, where: Any = True, **kwargs: Any) -> Any:
        return function(
            a, *args, where=np.logical_and(~np.isnan(a), require_protocol(where)), **kwargs
        )

    return without


implements(np.nansum)(_with_nan_replaced(np.sum, 0))
implements(np.nanprod)(_with_nan_replaced(np.prod, 1))
implements(np.nancumsum)(_with_nan_replaced(np.cumsum, 0))
implements(np.nancumprod)(_with_nan_replaced(np.cumprod, 1))
implements(np.nanmean)(_without_nan(np.mean))
implements(np.nanvar)(_without_nan(np.var))
implements(np.nanstd)(_without_nan(np.std))


def _extremum_without_nan(extremum: Callable[..., Any], least: float) -> Callable[..., Any]:
    """Return the extremum of the entries that are not nan, or nan if there are none."""

    def run(
        a: Any,
        axis: Any = None,
        out: None = None,
        keepdims: Any = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        if a.dtype.kind in "iub":
            return extremum(a, axis, keepdims=keepdims, initial=initial, where=where)
        filled = np.where(np.isnan(a), least, a)
        y = extremum(filled, axis, keepdims=keepdims, initial=initial, where=where)
        if initial is not None:
            return y
        return np.where(np.isnan(a).all(axis, keepdims=keepdims), np.nan, y)

    return run


implements(np.nanmax)(_extremum_without_nan(np.max, -np.inf))
implements(np.nanmin)(_extremum_without_nan(np.min, np.inf))


# ---- several variables ---------------------------------------------------------------------------


@implements(np.cov)
def _cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Compute Σ w (x - mean) (x - mean)ᵀ over the observations, divided by n - ddof."""
    x = _variables(as_array_or_tensor(m), rowvar)
    x = x if y is None else np.concatenate([x, _variables(as_array_or_tensor(y), rowvar)])
    x = in_dtype(x, np.result_type(x.dtype, float) if dtype is None else dtype)
    ddof = ddof if ddof is not None else 0 if bias else 1
    w: Any = constant_like(np.ones(x.shape[1]), x)
    if fweights is not None:
        w = w * fweights
    if aweights is not None:
        w = w * aweights
    total = np.sum(w)
    off = x - np.sum(x * w, axis=1, keepdims=True) / total
    spread = np.sum(w * aweights) if aweights is not None else total
    divisor = total - ddof * spread / total
    return np.squeeze(in_dtype((off * w) @ off.T / divisor, x.dtype))


def _variables(m: Any, rowvar: bool) -> Any:
    if m.ndim > 2:
        raise ValueError(f"cov: expected an array with one or two axes, got {m.ndim}")
    if m.ndim < 2:
        return np.reshape(m, (1, -1))
    return m if rowvar else np.transpose(m)


@implements(np.corrcoef)
def _corrcoef(
    x: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: Any = None,
    ddof: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Divide the covariance by both standard deviations."""
    c = _cov(x, y, rowvar, dtype=dtype)
    if np.ndim(c) == 0:
        return c / c
    deviation = np.sqrt(np.diagonal(c))
    return np.clip(c / deviation[:, None] / deviation[None, :], -1, 1)
