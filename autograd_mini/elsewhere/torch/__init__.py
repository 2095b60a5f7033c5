"""PyTorch's names, as far as the library has what they name.

``import torch`` becomes ``from autograd_mini.elsewhere import torch``; then ``torch.nn``,
``torch.nn.functional`` and ``torch.optim`` are there too. A function of PyTorch's takes `dim` and
`keepdim` here as it does there. The methods of a tensor are NumPy's: ``t.sum(axis=1)``, and
``t.reshape(-1, 4)`` for ``t.view(-1, 4)``. A function that is not carried over is an AttributeError
that says what to write instead; examples/coming_from_elsewhere.md has the methods too.

>>> from autograd_mini.elsewhere import torch
>>> x = torch.tensor([2.0, 3.0], requires_grad=True)
>>> loss = torch.sum(torch.exp(x) * torch.tensor([1.0, 0.0]), dim=0)
>>> loss.backward()
>>> x.grad.round(3)
array([7.389, 0.   ])
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ... import optim
from ...ops.elementwise import relu, sigmoid
from ...softmax import logsumexp as _logsumexp
from ...tensor import Tensor, no_grad, raw, tensor
from . import autograd, nn
from .functional import flatten, log_softmax, softmax
from .random import manual_seed, rand, randn, randperm, sizes

float32, float64, double = np.float32, np.float64, np.float64
int32, int64, long, bool = np.int32, np.int64, np.int64, np.bool_
pi, inf, nan = np.pi, np.inf, np.nan

#: PyTorch's names of arguments, and NumPy's
_ARGUMENTS = {"dim": "axis", "keepdim": "keepdims"}


def _named(function: Any) -> Callable[..., Any]:
    """A function of NumPy's, which takes PyTorch's names of its keyword arguments."""

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{_ARGUMENTS.get(key, key): x for key, x in kwargs.items()})

    return called


# Entry by entry: the same in both.
exp, expm1, log, log1p, log2, log10 = np.exp, np.expm1, np.log, np.log1p, np.log2, np.log10
sqrt, square, sin, cos, tan, tanh = np.sqrt, np.square, np.sin, np.cos, np.tan, np.tanh
sinh, cosh, sign, floor, ceil = np.sinh, np.cosh, np.sign, np.floor, np.ceil
add, sub, mul, div = np.add, np.subtract, np.multiply, np.divide
neg, pow = np.negative, np.power
abs, minimum, maximum, where, isnan = np.absolute, np.minimum, np.maximum, np.where, np.isnan

# Along axes.
sum, mean, prod = _named(np.sum), _named(np.mean), _named(np.prod)
amax, amin = _named(np.amax), _named(np.amin)
argmax, argmin = _named(np.argmax), _named(np.argmin)
cumsum, logsumexp = _named(np.cumsum), _named(_logsumexp)

# Products.
matmul, mm, dot, outer, einsum = np.matmul, np.matmul, np.dot, np.outer, np.einsum

# Shapes.
cat, stack = _named(np.concatenate), _named(np.stack)
unsqueeze, squeeze = _named(np.expand_dims), _named(np.squeeze)
reshape, permute, transpose = np.reshape, np.transpose, np.swapaxes


def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """`input`, nowhere below `min` nor above `max`."""
    return np.clip(input, min, max)


def allclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8) -> Any:
    """Whether all entries agree, within the tolerances."""
    return np.allclose(raw(input), raw(other), rtol, atol)


def from_numpy(array: Any) -> Tensor:
    """A tensor with a copy of the array; PyTorch's shares its memory."""
    return Tensor(array)


def _maker(fill: Callable[..., Any]) -> Callable[..., Tensor]:
    """A function that makes a leaf of a shape: ``zeros(2, 3)``, or ``zeros((2, 3))``."""

    def made(*shape: Any, requires_grad: Any = False, dtype: Any = None) -> Tensor:
        return Tensor(fill(sizes(shape)), requires_grad=requires_grad, dtype=dtype)

    made.__doc__ = f"``np.{fill.__name__}`` of that shape, as a leaf."
    return made


def _filler(make: Callable[..., Any]) -> Callable[..., Tensor]:
    """A function of NumPy's that makes an array, as one that makes a leaf."""

    def made(*args: Any, requires_grad: Any = False, dtype: Any = None) -> Tensor:
        return Tensor(make(*map(raw, args)), requires_grad=requires_grad, dtype=dtype)

    made.__doc__ = f"``np.{make.__name__}``, as a leaf."
    return made


zeros, ones = _maker(np.zeros), _maker(np.ones)
zeros_like, ones_like, eye = _filler(np.zeros_like), _filler(np.ones_like), _filler(np.eye)
arange, full = _filler(np.arange), _filler(np.full)


def linspace(start: Any, end: Any, steps: Any, requires_grad: Any = False) -> Tensor:
    """`steps` numbers from `start` to `end`, both included."""
    return Tensor(np.linspace(start, end, steps), requires_grad=requires_grad)


#: What there is instead of a name that is not carried over.
_INSTEAD = {
    "max": "torch.amax(x, dim), and torch.argmax(x, dim) for the indices",
    "min": "torch.amin(x, dim), and torch.argmin(x, dim) for the indices",
    "var": "np.var(x, axis, ddof=1): PyTorch divides by N - 1, NumPy by N",
    "std": "np.std(x, axis, ddof=1): PyTorch divides by N - 1, NumPy by N",
    "norm": "np.linalg.norm(x)",
    "save": "np.savez, of each parameter's .data",
    "load": "np.load, into each parameter's .data",
    "cuda": "nothing: all arrays are NumPy's, in the memory of the CPU",
    "device": "nothing: all arrays are NumPy's, in the memory of the CPU",
    "compile": "ag.compile",
    "func": "ag.grad, ag.vjp, ag.jvp, ag.jacobian and ag.hessian",
    "utils": "nn.train of autograd_mini, which goes through the data in batches",
    "enable_grad": "nothing inside of a transform; elsewhere, end the block of no_grad",
}


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    instead = _INSTEAD.get(name)
    if instead is None:
        near = difflib.get_close_matches(name, dir(np), n=1)
        instead = "NumPy, whose functions take tensors" + "".join(f"; np.{f} is near" for f in near)
    raise AttributeError(f"torch.{name} is not carried over. Instead, use {instead}.")


__all__ = [
    "Tensor",
    "autograd",
    "flatten",
    "log_softmax",
    "manual_seed",
    "nn",
    "no_grad",
    "optim",
    "rand",
    "randn",
    "randperm",
    "relu",
    "sigmoid",
    "softmax",
    "tensor",
]
