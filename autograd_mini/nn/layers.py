"""The few layers that the examples train with, and the loop that trains them.

A layer is anything that can be called: a `Linear`, or NumPy's own ``np.tanh``. A layer that has
``parameters()`` is trained.

    z = tanh(x W1 + b1) W2 + b2        is        MLP([2, 16, 2])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..core.context import scope
from ..core.tensor import Tensor
from ..data import Seed
from ..ops.elementwise import relu
from ..ops.products import linear

Layer = Callable[[Any], Any]


class Linear:
    """The affine layer x W + b.

    Parameters
    ----------
    inputs, outputs : int
        The number of features before and after.
    rng : int or numpy.random.Generator
        Where the first weights are drawn from. Give layers of one network one generator, or
        different seeds: the same seed and shape give the same weights.
    dtype : dtype
        Of the parameters, real floating. Give `x` the same, or NumPy promotes the result.
    name : str
        What follows W and b in tables and pictures: "1" for W1 and b1, in a `scope` "linear1".

    Attributes
    ----------
    weight : Tensor, shape (inputs, outputs)
        Uniform in ±√(6 / (inputs + outputs)) at first, which keeps the variance of activations
        and of gradients about the same from layer to layer.
    bias : Tensor, shape (outputs,)
        Zero at first.

    Raises
    ------
    ValueError
        For a layer without inputs or outputs.

    References
    ----------
    Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks,
    AISTATS 2010, equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> layer = nn.Linear(3, 2, name="1")
    >>> layer(np.zeros((5, 3))).shape, layer.weight.name
    ((5, 2), 'W1')
    """

    def __init__(
        self, inputs: int, outputs: int, *, rng: Seed = 0, dtype: DTypeLike = float, name: str = ""
    ) -> None:
        if inputs < 1 or outputs < 1:
            raise ValueError(f"Linear({inputs}, {outputs}): it needs at least one input and output")
        limit = np.sqrt(6 / (inputs + outputs))
        weight = np.random.default_rng(rng).uniform(-limit, limit, (inputs, outputs))
        self.weight = Tensor(weight, requires_grad=True, dtype=dtype, name=f"W{name}")
        self.bias = Tensor(np.zeros(outputs), requires_grad=True, dtype=dtype, name=f"b{name}")
        self._scope = f"linear{name}"

    def __call__(self, x: Any) -> Any:
        """x W + b as one record, for `x` of shape (..., inputs), of shape (..., outputs)."""
        return scoped(self._scope, linear(x, self.weight, self.bias))

    def __repr__(self) -> str:
        inputs, outputs = self.weight.shape
        return f"Linear({inputs}, {outputs})"

    def parameters(self) -> list[Tensor]:
        """The weight and the bias.

        Examples
        --------
        >>> from autograd_mini import nn
        >>> [p.shape for p in nn.Linear(3, 2).parameters()]
        [(3, 2), (2,)]
        """
        return [self.weight, self.bias]


class Sequential:
    """Layers one after the other: ``Sequential(f, g)(x)`` is ``g(f(x))``.

    Parameters
    ----------
    *layers : callable
        Each a `Linear`, a NumPy function, another model: anything that can be called.

    Raises
    ------
    TypeError
        For a layer that cannot be called.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.Sequential(nn.Linear(2, 3), np.tanh, nn.Linear(3, 1, rng=1))
    Sequential(Linear(2, 3), tanh, Linear(3, 1))
    """

    def __init__(self, *layers: Layer) -> None:
        for i, layer in enumerate(layers):
            if not callable(layer):
                raise TypeError(f"layer {i} of {type(self).__name__} cannot be called: {layer!r}")
        self.layers = layers

    def __call__(self, x: Any) -> Any:
        """All layers in turn, from `x` on, in a `scope` of the model's own."""
        with scope(type(self).__name__):
            for layer in self.layers:
                x = layer(x)
        return x

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(_called, self.layers))})"

    def parameters(self) -> list[Tensor]:
        """The leaves that training changes, in the order of the layers; a shared one once.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> layer = nn.Linear(3, 3)
        >>> len(nn.Sequential(layer, np.tanh, layer).parameters())
        2
        """
        found = (p for layer in self.layers for p in getattr(layer, "parameters", list)())
        return list(dict.fromkeys(found))


class MLP(Sequential):
    """A multilayer perceptron: affine layers, an activation between them, none at the end.

    Parameters
    ----------
    sizes : sequence of int
        Features in, units of each hidden layer, outputs: at least two numbers.
    activation : callable
        An elementwise function: ``np.tanh``, ``ag.relu``, ...
    rng : int or numpy.random.Generator
        Where the first weights are drawn from.
    dtype : dtype
        Of the parameters, which are named W1, b1, W2, b2, ...

    Raises
    ------
    ValueError
        For fewer than two sizes.

    Notes
    -----
    For ``ag.relu`` the first weights are √2 larger: it passes on half of the variance [He et al.,
    Delving deep into rectifiers, ICCV 2015, section 2.2].

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, chapter 6.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> model = nn.MLP([2, 16, 2])
    >>> model
    MLP(Linear(2, 16), tanh, Linear(16, 2))
    >>> [p.name for p in model.parameters()]
    ['W1', 'b1', 'W2', 'b2']
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: Layer = np.tanh,
        rng: Seed = 0,
        dtype: DTypeLike = float,
    ) -> None:
        if len(sizes) < 2:
            raise ValueError(f"sizes {list(sizes)}: an MLP needs the number of inputs and outputs")
        rng = np.random.default_rng(rng)
        layers: list[Layer] = []
        for i, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
            layer = Linear(inputs, outputs, rng=rng, dtype=dtype, name=str(i))
            if activation is relu:
                layer.weight.data *= np.sqrt(2)
            layers += [layer, activation]
        super().__init__(*layers[:-1])


def _called(layer: Layer) -> str:
    """What a model's repr calls a layer: ``tanh`` for np.tanh, ``relu`` for ag.relu."""
    return getattr(layer, "__name__", None) or getattr(layer, "name", None) or repr(layer)


def scoped(name: str, y: Any) -> Any:
    """`y`, in a scope of its own if it is a record: a third of the time of a block around it."""
    if type(y) is Tensor and y.op is not None:
        y.scope = (*y.scope, scope(name))
    return y
