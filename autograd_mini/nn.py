"""The few layers that the examples train with, and the loop that trains them.

A layer is anything that can be called: a `Linear`, or NumPy's own ``np.tanh``. A layer that has
``parameters()`` is trained.

    z = tanh(x W1 + b1) W2 + b2        is        MLP([2, 16, 2])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .cross_entropy import softmax_cross_entropy
from .data import Seed, paired
from .ops.elementwise import relu
from .ops.products import linear
from .optim import Optimizer
from .scoping import scope, scoped
from .tensor import Tensor, no_grad

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


def train(
    model: Layer,
    x: ArrayLike,
    labels: ArrayLike,
    optimizer: Optimizer,
    *,
    epochs: int,
    batch_size: int | None = None,
    loss: Callable[[Any, Any], Any] = softmax_cross_entropy,
    rng: Seed = 0,
) -> Iterator[tuple[int, float]]:
    """Train `model` while it is iterated over: each turn is one epoch.

    Parameters
    ----------
    model : callable
        From examples to logits.
    x, labels : array_like, shape (N, ...)
        Examples, and what `loss` takes as targets: for cross-entropy class indices, or weights.
    optimizer : Optimizer
        Over the parameters of the model.
    epochs : int
        How often to go through the examples, in a new order each time.
    batch_size : int, optional
        Examples a step; all of them when None. The last batch of an epoch may be smaller.
    loss : callable
        ``loss(logits, targets)``, the mean over a batch.
    rng : int or numpy.random.Generator
        Where the order of the examples is drawn from.

    Yields
    ------
    (int, float)
        The epoch, from 1 on, and the mean loss of the examples, each before its batch's step.

    Raises
    ------
    ValueError
        At the call: no epochs, an empty batch, no examples, or not one label for each.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 8.1.3.

    Examples
    --------
    >>> from autograd_mini import data, nn, optim
    >>> x, labels = data.moons(200)
    >>> model = nn.MLP([2, 16, 2])
    >>> optimizer = optim.Adam(model.parameters(), lr=0.02)
    >>> for epoch, loss in nn.train(model, x, labels, optimizer, epochs=60, batch_size=20):
    ...     if epoch % 20 == 0:
    ...         print(f"epoch {epoch}, loss below 0.3: {loss < 0.3}")
    epoch 20, loss below 0.3: True
    epoch 40, loss below 0.3: True
    epoch 60, loss below 0.3: True
    """
    x, labels = paired(x, labels)
    size = len(x) if batch_size is None else batch_size
    if epochs < 1 or size < 1:
        raise ValueError(f"epochs={epochs}, batch_size={batch_size}: each must be at least 1")
    rng = np.random.default_rng(rng)

    def step(rows: NDArray[Any]) -> float:
        optimizer.zero_grad()
        result = loss(model(x[rows]), labels[rows])
        result.backward()
        optimizer.step()
        return float(result.item()) * len(rows)

    def run() -> Iterator[tuple[int, float]]:
        for epoch in range(1, epochs + 1):
            order = rng.permutation(len(x))
            total = sum(step(order[i : i + size]) for i in range(0, len(x), size))
            yield epoch, total / len(x)

    return run()


def accuracy(model: Layer, x: ArrayLike, labels: ArrayLike) -> float:
    """The part of the examples for which the largest output of `model` is that of the label.

    Parameters
    ----------
    model : callable
        From examples to one number per class, on the last axis.
    x, labels : array_like, shapes (N, ...) and (N,)
        Examples, and their classes as ints. ValueError when there is not one for each.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> nn.accuracy(lambda x: x, [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]], [0, 1, 1, 0])
    0.75
    """
    x, labels = paired(x, labels)
    with no_grad():
        predicted = np.argmax(model(x), axis=-1)
    if predicted.shape != labels.shape:
        raise ValueError(
            f"labels of shape {labels.shape} for predictions of shape {predicted.shape}: give the "
            "class of each example as one int"
        )
    return float(np.mean(predicted == labels))
