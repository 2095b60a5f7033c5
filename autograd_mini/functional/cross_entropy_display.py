"""Softmax cross-entropy as a textbook writes it: the graph and the rules that formulas show.

They are only shown. A class index appears as its one-hot row.
"""

from __future__ import annotations

import numpy as np

from ..core.arrays import Array, Cotangent, unwrap
from ..core.fused import labelled
from ..ops.reductions import divide_by_count
from .cross_entropy_rows import own_entries
from .softmax import softmax
from .targets import Reduction, are_indices


def display_graph(z: Array, y: Array, axis: int = -1, reduction: Reduction = "mean") -> Array:
    """Compute -(1/N) Σ_n Σ_i y_{n,i} ln ŷ_{n,i}."""
    entries = _weights(z, y, axis) * np.log(_predicted(z, axis))
    if reduction == "none":
        return -entries.sum(axis=axis)
    return divide_by_count(-entries.sum(), z.size // z.shape[axis], reduction)


def logits_display(
    g: Cotangent, _: Array, z: Array, y: Array, axis: int = -1, reduction: Reduction = "mean"
) -> Cotangent:
    """Compute (ŷ Σ_o y_o - y) g / N, which is (ŷ - y) g / N where the targets sum to one."""
    y, p = _weights(z, y, axis), _predicted(z, axis)
    total = y.sum(axis=axis, keepdims=True)
    d = p - y if np.allclose(unwrap(total), 1) else p * total - y
    return _chained(d, g, z, axis, reduction)


def targets_display(
    g: Cotangent, _: Array, z: Array, y: Array, axis: int = -1, reduction: Reduction = "mean"
) -> Cotangent:
    """Compute -ln ŷ_i g / N."""
    return _chained(-np.log(_predicted(z, axis)), g, z, axis, reduction)


def _predicted(z: Array, axis: int) -> Array:
    return labelled(softmax(z, axis=axis), "ŷ")


def _weights(z: Array, y: Array, axis: int) -> Array:
    rows = labelled(1.0 * own_entries(z, y, axis), "y") if are_indices(y) else y
    return np.broadcast_to(rows, z.shape)


def _chained(d: Array, g: Cotangent, z: Array, axis: int, reduction: Reduction) -> Cotangent:
    """Return the derivatives `d` of the rows' losses, times g, and divided by N for a mean."""
    g = np.expand_dims(g, axis) if reduction == "none" else g
    return divide_by_count(d * g, z.size // z.shape[axis], reduction)
