"""The arguments of a normalisation: shapes and dtypes that do not fit are errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from ..core.arrays import Array, as_array_or_tensor
from ..core.messages import describe

Shape = tuple[int, ...]


def options(name: str, eps: Any, default: float | None = 1e-5) -> dict[str, Any]:
    """Return the keywords of the node, none if `eps` has its default."""
    if eps is None is default:
        return {}
    check_number(name, "eps", eps)
    if isinstance(eps, np.number):
        eps = float(eps)  # a NumPy float64 would widen float32
    return {} if isinstance(eps, float) and eps == default else {"eps": eps}


def check_number(name: str, which: str, x: Any) -> None:
    """Raise unless `x` is a number. A number that is traced is one too."""
    if not isinstance(x, (int, float, np.number)) and not hasattr(x, "__primitive__"):
        raise TypeError(f"{name}: {which} must be a number, got {describe(x)}.")


def normalised_shape(name: str, x: Array, shape: Any) -> Shape:
    """Return the shape of a row of `x`: the end of its shape, by default its last axis."""
    if not x.ndim:
        raise ValueError(f"{name} of {describe(x)}: expected at least one axis.")
    sizes = (x.shape[-1],) if shape is None else _sizes(name, shape)
    if not sizes or x.shape[-len(sizes) :] != sizes:
        raise ValueError(
            f"{name} of {describe(x)}: normalized_shape is {sizes}, but the shape of the input "
            f"does not end with {sizes}. To normalise over the last axis, pass {x.shape[-1:]}."
        )
    if 0 in sizes:
        raise ValueError(f"{name} of {describe(x)}: a row of shape {sizes} has no mean.")
    return sizes


def _sizes(name: str, shape: Any) -> Shape:
    try:
        return tuple(index(n) for n in (shape if np.iterable(shape) else (shape,)))
    except TypeError:
        raise TypeError(
            f"{name}: normalized_shape must be an int or a tuple of ints, got {describe(shape)}. "
            "Pass parameters by name: weight=, bias=."
        ) from None


def with_parameters(
    name: str, x: Array, shape: Shape, weight: Any, bias: Any = None
) -> Sequence[Array]:
    """Return the parameters that are given. A weight of ones precedes a bias without a weight."""
    if weight is None and bias is None:
        return ()
    if weight is None:
        weight = np.ones(shape, as_array_or_tensor(bias).dtype)
    weight = _parameter(name, "weight", weight, x, shape)
    return (weight,) if bias is None else (weight, _parameter(name, "bias", bias, x, shape))


def _parameter(name: str, which: str, p: Any, x: Array, shape: Shape) -> Array:
    p = as_array_or_tensor(p)
    if p.shape != shape:
        raise ValueError(
            f"{name} of {describe(x)}: {which} is {describe(p)}, but it must have shape {shape}."
        )
    return p


def check_running(x: Array, mean: Any, var: Any, training: bool) -> None:
    """Raise unless the running statistics of `batch_norm` are arrays that fit, or both None."""
    if (mean is None) != (var is None):
        raise ValueError("batch_norm: pass both running_mean and running_var, or neither.")
    if mean is None and not training:
        raise ValueError(
            "batch_norm: training=False needs running_mean and running_var. To normalise with the "
            "statistics of this batch, pass training=True."
        )
    for which, array in (("running_mean", mean), ("running_var", var)):
        if array is not None:
            _check_running(x, which, array, training)


def _check_running(x: Array, which: str, array: Any, training: bool) -> None:
    is_array = isinstance(array, np.ndarray) or hasattr(array, "__primitive__")
    if not is_array or array.dtype.kind != "f":
        raise TypeError(
            f"batch_norm: {which} must be a NumPy array of floats, which training updates in "
            f"place, got {describe(array)}."
        )
    if array.shape != x.shape[1:2]:
        raise ValueError(
            f"batch_norm of {describe(x)}: {which} is {describe(array)}, but it must have shape "
            f"{x.shape[1:2]}, one number for each channel."
        )
    if training and not array.flags.writeable:
        raise ValueError(f"batch_norm: {which} is read-only, and training updates it. Pass a copy.")


def check_values(x: Array, training: bool) -> None:
    """Raise unless `x` has channels, and in training several values in each."""
    if x.ndim < 2:
        raise ValueError(
            f"batch_norm of {describe(x)}: expected shape (N, C), (N, C, L) or (N, C, H, W). "
            "Add an axis for the batch or for the channels."
        )
    if 0 in x.shape[1:]:
        raise ValueError(f"batch_norm of {describe(x)}: an example has no entries.")
    values = math.prod(x.shape[:1] + x.shape[2:])
    if training and values < 2:
        raise ValueError(
            f"batch_norm of {describe(x)}: training needs more than one value for each channel, "
            f"got {values}. Pass a larger batch. To use the running statistics, call model.eval(), "
            "or pass training=False."
        )
