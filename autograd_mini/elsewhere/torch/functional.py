"""torch.nn.functional: its losses and activations, with PyTorch's names for their arguments.

`dim` is an axis, and the axis of the classes in a loss is 1, the last one of a single row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import activations, losses
from ...cross_entropy import softmax_cross_entropy
from ...ops import elementwise
from ...softmax import log_softmax as _log_softmax
from ...softmax import softmax as _softmax
from ...tensor import raw

relu, sigmoid, tanh = elementwise.relu, elementwise.sigmoid, np.tanh
softplus = activations.softplus
mse_loss = losses.mse_loss


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """x Wᵀ + b: `input` (..., n), `weight` (m, n) as in PyTorch, `bias` (m,).

    Examples
    --------
    >>> from autograd_mini.elsewhere import torch
    >>> torch.nn.functional.linear(torch.ones(5, 3), torch.ones(2, 3)).shape
    (5, 2)
    """
    product = input @ weight.T
    return product if bias is None else product + bias


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The axes from `start_dim` to `end_dim` as one, in the same order of entries."""
    start, end = start_dim % input.ndim, end_dim % input.ndim
    return input.reshape(*input.shape[:start], -1, *input.shape[end + 1 :])


def softmax(input: Any, dim: int) -> Any:
    """exp(z) / Σ exp(z) along the axis `dim`, which has no default here: a wrong one is silent."""
    return _softmax(input, axis=dim)


def log_softmax(input: Any, dim: int) -> Any:
    """z - ln Σ exp(z) along the axis `dim`."""
    return _log_softmax(input, axis=dim)


def gelu(input: Any, approximate: str = "none") -> Any:
    """GELU in the form with tanh, which PyTorch calls ``approximate="tanh"``; only that is here."""
    if approximate != "tanh":
        raise NotImplementedError(
            'gelu here is the one with tanh: write gelu(x, approximate="tanh"), or with erf '
            "compute it by a primitive of your own"
        )
    return activations.gelu(input)


def cross_entropy(input: Any, target: Any, **options: Any) -> Any:
    """``ag.softmax_cross_entropy`` of logits (N, C, ...) or (C,), with PyTorch's default options.

    Parameters
    ----------
    input : Tensor
        Logits.
    target : array_like
        Class indices, or probabilities of the shape of the logits.
    **options
        weight, ignore_index (-100), label_smoothing, reduction.

    Examples
    --------
    >>> from autograd_mini.elsewhere import torch
    >>> z = torch.tensor([[2.0, 1.0, 0.1], [0.0, 3.0, 0.0]], requires_grad=True)
    >>> round(torch.nn.functional.cross_entropy(z, torch.tensor([0, 1])).item(), 6)
    0.255976
    """
    indices = np.ndim(target) < np.ndim(input)
    ignored = {"ignore_index": -100} if indices else {}
    axis = 1 if np.ndim(input) > 1 else 0
    return softmax_cross_entropy(input, target, axis=axis, **{**ignored, **options})


def nll_loss(input: Any, target: Any, reduction: Any = "mean") -> Any:
    """-ln ŷ of each row's own class, from log-probabilities (N, C)."""
    return losses.nll_loss(input, raw(target), reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, *, pos_weight: Any = 1, reduction: Any = "mean"
) -> Any:
    """``ag.sigmoid_binary_cross_entropy``: the loss of σ(input), never formed unstably."""
    return losses.sigmoid_binary_cross_entropy(input, target, pos_weight, reduction)


def one_hot(tensor: Any, num_classes: int = -1) -> NDArray[Any]:
    """Rows with a 1 at the class and 0 elsewhere; as many classes as there seem to be for -1."""
    labels = np.asarray(raw(tensor))
    count = int(labels.max()) + 1 if num_classes < 0 else num_classes
    return np.array(np.eye(count, dtype=np.int64)[labels])
