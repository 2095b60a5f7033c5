"""torch.nn: modules that hold parameters, and those of its layers that the library can compute."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ...tensor import Tensor
from . import functional
from .random import generator


def Parameter(data: Any) -> Tensor:
    """A leaf that requires a gradient, and is found by `Module.parameters`."""
    return Tensor(data.numpy() if isinstance(data, Tensor) else data, requires_grad=True)


class Module:
    """What holds parameters and other modules as its attributes; a subclass writes `forward`.

    Examples
    --------
    >>> from autograd_mini.elsewhere import torch
    >>> class Line(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.a = torch.nn.Parameter(torch.tensor(2.0))
    ...         self.b = torch.nn.Parameter(torch.tensor(1.0))
    ...
    ...     def forward(self, x):
    ...         return self.a * x + self.b
    >>> line = Line()
    >>> line(3.0).item(), [name for name, _ in line.named_parameters()]
    (7.0, ['a', 'b'])
    """

    training = True

    def forward(self, *inputs: Any) -> Any:
        """What the module computes."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(self, ...)")

    def __call__(self, *inputs: Any) -> Any:
        return self.forward(*inputs)

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Pairs of a dotted name and a parameter; a shared one comes once."""
        seen: set[Tensor] = set()
        for name, p in _found(self, ""):
            if p not in seen:
                seen.add(p)
                yield name, p

    def parameters(self) -> list[Tensor]:
        """The leaves that require a gradient, of this module and of those it holds."""
        return [p for _, p in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self.parameters():
            p.zero_grad()

    def train(self, mode: bool = True) -> Module:
        """Set `training`, here and in the modules it holds, for a `forward` that asks for it."""
        self.training = mode
        for held in _modules(self):
            held.train(mode)
        return self

    def eval(self) -> Module:
        """`train` off."""
        return self.train(False)


def _held(module: Module) -> Iterator[tuple[str, Any]]:
    """What a module holds, by name; what is in its lists by number."""
    for name, x in vars(module).items():
        if isinstance(x, (list, tuple)):
            yield from ((str(i), one) for i, one in enumerate(x))
        else:
            yield name, x


def _modules(module: Module) -> Iterator[Module]:
    return (x for _, x in _held(module) if isinstance(x, Module))


def _found(module: Module, prefix: str) -> Iterator[tuple[str, Tensor]]:
    for name, x in _held(module):
        if isinstance(x, Tensor) and x.is_leaf and x.requires_grad:
            yield prefix + name, x
        elif isinstance(x, Module):
            yield from _found(x, f"{prefix}{name}.")


class Linear(Module):
    """x Wᵀ + b, with PyTorch's layout: `weight` of shape (out_features, in_features).

    Both are uniform in ±1/√in_features at first, as in PyTorch; but drawn by NumPy.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        limit = 1 / np.sqrt(in_features)
        draw = generator().uniform
        self.weight = Parameter(draw(-limit, limit, (out_features, in_features)))
        self.bias = Parameter(draw(-limit, limit, out_features)) if bias else None

    def forward(self, x: Any) -> Any:
        """For `x` of shape (..., in_features)."""
        return functional.linear(x, self.weight, self.bias)


class Sequential(Module):
    """Modules one after the other."""

    def __init__(self, *modules: Any) -> None:
        self.modules = modules

    def forward(self, x: Any) -> Any:
        """The last module's result."""
        for module in self.modules:
            x = module(x)
        return x

    def __getitem__(self, i: int) -> Any:
        return self.modules[i]

    def __len__(self) -> int:
        return len(self.modules)


# What has no parameters is a function: `nn.ReLU()` is `relu`, and a loss is one with its options.


def ReLU() -> Any:
    """max(x, 0)."""
    return functional.relu


def Tanh() -> Any:
    """tanh(x)."""
    return functional.tanh


def Sigmoid() -> Any:
    """1 / (1 + exp(-x))."""
    return functional.sigmoid


def Softmax(dim: int) -> Any:
    """exp(z) / Σ exp(z) along the axis `dim`."""
    return partial(functional.softmax, dim=dim)


def Flatten(start_dim: int = 1, end_dim: int = -1) -> Any:
    """The axes from `start_dim` to `end_dim` as one; by default all but that of the batch."""
    return partial(functional.flatten, start_dim=start_dim, end_dim=end_dim)


def CrossEntropyLoss(**options: Any) -> Any:
    """`functional.cross_entropy` with these options."""
    return partial(functional.cross_entropy, **options)


def MSELoss(**options: Any) -> Any:
    """`functional.mse_loss` with these options."""
    return partial(functional.mse_loss, **options)


def BCEWithLogitsLoss(**options: Any) -> Any:
    """`functional.binary_cross_entropy_with_logits` with these options."""
    return partial(functional.binary_cross_entropy_with_logits, **options)


__all__ = [
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "Flatten",
    "Linear",
    "MSELoss",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "functional",
]
