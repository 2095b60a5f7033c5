"""`Value` and the networks of micrograd [A. Karpathy, github.com/karpathy/micrograd].

Instead of ``from micrograd.engine import Value`` and ``from micrograd.nn import MLP``, write
``from autograd_mini.compat.micrograd import MLP, Value``.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from ..core.tensor import Tensor
from ..ops.elementwise import relu


def Value(data: float, label: str | None = None) -> Tensor:
    """Return a leaf of shape () that requires a gradient, with the gradient 0.

    If `data` is not a number, raise TypeError or ValueError. `label` is the name in tables and
    pictures.

    Examples
    --------
    >>> from autograd_mini.compat.micrograd import Value
    >>> a, b = Value(-4.0), Value(2.0)
    >>> c = (a * b + b**3).relu()
    >>> d = c + a.relu() - 3 * a
    >>> d.backward()
    >>> a.grad, b.grad
    (array(-3.), array(0.))
    """
    leaf = Tensor(float(data), requires_grad=True, name=label)
    leaf.grad = 0.0
    return leaf


class Module:
    """The base class of networks, which have a list of parameters."""

    def parameters(self) -> list[Tensor]:
        """Return the `Value`s that training changes."""
        return []

    def zero_grad(self) -> None:
        """Set all gradients to 0."""
        for p in self.parameters():
            p.grad = 0.0


class Neuron(Module):
    """A neuron: relu(Σ_i w_i x_i + b). If `nonlin` is False, it has no relu.

    The weights are uniform between -1 and 1. They are drawn with Python's `random`, in the same
    order as in micrograd.
    """

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0)
        self.nonlin = nonlin

    def __call__(self, x: Sequence[Any]) -> Any:
        """Compute the neuron's output for as many inputs as it has weights."""
        total = sum((w * one for w, one in zip(self.w, x, strict=True)), self.b)
        return relu(total) if self.nonlin else total

    def parameters(self) -> list[Tensor]:
        """Return the weights, then the bias."""
        return [*self.w, self.b]

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """A layer of `nout` neurons, each with `nin` inputs."""

    def __init__(self, nin: int, nout: int, **kwargs: Any) -> None:
        self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]

    def __call__(self, x: Sequence[Any]) -> Any:
        """Return a list of the neurons' outputs, or the output itself if there is one neuron."""
        out = [n(x) for n in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Tensor]:
        """Return the parameters of all neurons."""
        return [p for n in self.neurons for p in n.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """Layers of neurons, applied in order. The last layer has no relu.

    Examples
    --------
    >>> from autograd_mini.compat.micrograd import MLP
    >>> model = MLP(2, [16, 16, 1])
    >>> len(model.parameters())
    337
    >>> model([0.5, -1.0]).shape
    ()
    """

    def __init__(self, nin: int, nouts: Sequence[int]) -> None:
        sizes = [nin, *nouts]
        self.layers = [
            Layer(before, after, nonlin=i < len(nouts))
            for i, (before, after) in enumerate(zip(sizes, nouts), start=1)
        ]

    def __call__(self, x: Any) -> Any:
        """Apply all layers to the list `x`."""
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Tensor]:
        """Return the parameters of all layers."""
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"
