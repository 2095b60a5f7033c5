"""The layers that the examples train.

A layer is anything that can be called: a `Linear`, or NumPy's own ``np.tanh``. A layer that has
``parameters()`` is trained.

    z = tanh(x W1 + b1) W2 + b2        is        MLP([2, 16, 2])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike

from ..core.answers import explains_keywords
from ..core.messages import shown
from ..core.tensor import Tensor, record
from ..data import Seed
from ..functional.activations import gelu, softplus
from ..ops.elementwise import relu, sigmoid
from ..ops.products import linear
from .elementwise import ReLU
from .module import Module

Layer = Callable[[Any], Any]

#: the activations that have a name in `MLP`
_ACTIVATIONS: dict[str, Layer] = {
    "tanh": np.tanh,
    "relu": relu,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "gelu": gelu,
}


class Linear(Module):
    """The affine layer x W + b.

    Parameters
    ----------
    inputs, outputs : int
        The number of features of the input and of the output.
    bias : bool
        Whether b is added. Without it, the layer is x W.
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights. The same seed and shape give the same
        weights, so pass a different seed to each layer, or the same generator to all layers.
    dtype : dtype
        The dtype of the parameters, a float type. If `x` has another dtype, NumPy chooses the dtype
        of the result.
    name : str
        A suffix for names. With "1", the parameters are W1 and b1, and pictures show the layer in a
        box "linear1". By default, the model names the parameters; see `Module`.

    Attributes
    ----------
    weight : Tensor, shape (inputs, outputs)
        Initially uniform between ±√(6 / (inputs + outputs)). With this range, activations and
        gradients have about the same variance in all layers.
    bias : Tensor, shape (outputs,), or None
        Initially zero. It is None with ``bias=False``.

    Raises
    ------
    TypeError
        If `inputs` or `outputs` is not an int.
    ValueError
        If `inputs` or `outputs` is below 1.

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

    @explains_keywords
    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        bias: bool = True,
        rng: Seed = 0,
        dtype: DTypeLike = float,
        name: str = "",
    ) -> None:
        inputs, outputs = sizes_of("Linear", inputs, outputs)
        if inputs < 1 or outputs < 1:
            raise ValueError(f"Linear({inputs}, {outputs}): inputs and outputs must be at least 1.")
        limit = np.sqrt(6 / (inputs + outputs))
        weight = np.random.default_rng(rng).uniform(-limit, limit, (inputs, outputs))
        self._title = f"linear{name}" if name else ""
        names = (f"W{name}", f"b{name}") if name else ("weight", "bias")
        self.weight = Tensor(weight, requires_grad=True, dtype=dtype, name=names[0])
        self.bias = None
        if bias:
            self.bias = Tensor(np.zeros(outputs), requires_grad=True, dtype=dtype, name=names[1])

    def forward(self, x: Any) -> Any:
        """Return x W + b, of shape (..., outputs), as one operation. `x` has shape (..., inputs).

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.Linear(3, 2)(np.ones((5, 3))).shape
        (5, 2)
        """
        if self.bias is None:
            return np.matmul(x, self.weight)
        return record(linear, (x, self.weight, self.bias))  # without the call of the primitive

    def __repr__(self) -> str:
        inputs, outputs = self.weight.shape
        return f"Linear({inputs}, {outputs}{'' if self.bias is not None else ', bias=False'})"


class Sequential(Module):
    """Layers one after the other: ``Sequential(f, g)(x)`` is ``g(f(x))``.

    Parameters
    ----------
    *layers : callable
        Anything that can be called, such as a `Linear`, a NumPy function or another model. You may
        also pass the layers in one list.

    Raises
    ------
    TypeError
        If a layer cannot be called, or is a class.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.Sequential(nn.Linear(2, 3), np.tanh, nn.Linear(3, 1, rng=1))
    Sequential(Linear(2, 3), tanh, Linear(3, 1))
    """

    def __init__(self, *layers: Layer | Sequence[Layer]) -> None:
        if len(layers) == 1 and isinstance(layers[0], (list, tuple)):
            layers = tuple(layers[0])
        checked = (_checked(shown(type(self).__name__), i, layer) for i, layer in enumerate(layers))
        self.layers: tuple[Layer, ...] = tuple(checked)

    def forward(self, x: Any) -> Any:
        """Apply all layers in turn to `x`.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.Sequential(np.abs, np.sqrt)(np.array([-4.0]))
        array([2.])
        """
        for layer in self.layers:
            x = layer(x)
        return x

    def __getitem__(self, index: int) -> Layer:
        return self.layers[index]

    def __len__(self) -> int:
        return len(self.layers)

    def _title_of(self, name: str, part: Module) -> str:
        return f"{name.removeprefix('layers.')}: {shown(type(part).__name__)}"

    def __repr__(self) -> str:
        return f"{shown(type(self).__name__)}({', '.join(map(_name_of, self.layers))})"


class MLP(Sequential):
    """A multilayer perceptron: affine layers with an activation between them.

    Parameters
    ----------
    sizes : sequence of int, or int
        The number of inputs, the number of units of each hidden layer, and the number of outputs.
    *more : int
        The other sizes, if they are not in one list: ``MLP(2, 16, 2)`` is ``MLP([2, 16, 2])``.
    activation : callable or str
        An elementwise function, such as ``np.sin``, or one of these names: "tanh", "relu",
        "sigmoid", "softplus" and "gelu".
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights. By default, the weights are the same
        in each run.
    dtype : dtype
        The dtype of the parameters. Their names are W1, b1, W2, b2, ...

    Raises
    ------
    TypeError
        If a size is not an int, or if the activation is not a function.
    ValueError
        If there are fewer than two sizes, or if the name of the activation is unknown.

    Notes
    -----
    With a ReLU, the initial weights are √2 times larger. A ReLU sets about half of its inputs to 0,
    which halves the mean of their squares. The factor √2 makes up for this [He et al., Delving deep
    into rectifiers, ICCV 2015, section 2.2].

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

    @explains_keywords
    def __init__(
        self,
        sizes: int | Sequence[int],
        *more: int | Sequence[int],
        activation: Layer | str = np.tanh,
        rng: Seed = 0,
        dtype: DTypeLike = float,
    ) -> None:
        widths = sizes_of("MLP", sizes, *more)
        if len(widths) < 2:
            raise ValueError(
                f"MLP: expected the sizes of inputs and outputs, got {widths}. Write MLP([2, 16, "
                "2])."
            )
        activation = _activation(activation)
        rng = np.random.default_rng(rng)
        layers: list[Layer] = []
        for i, (inputs, outputs) in enumerate(pairwise(widths), start=1):
            layer = Linear(inputs, outputs, rng=rng, dtype=dtype, name=str(i))
            if activation is relu or isinstance(activation, ReLU):
                layer.weight.data *= np.sqrt(2)
            layers += [layer, activation]
        super().__init__(*layers[:-1])


def sizes_of(owner: str, *given: int | Sequence[int]) -> list[int]:
    """Return the sizes as one list of ints, or raise."""
    sizes = [n for part in given for n in (part if np.iterable(part) else [part])]
    for n in sizes:
        if not isinstance(n, (int, np.integer)) or isinstance(n, bool):
            fix = " Pass the activation by name: activation=..." if callable(n) else ""
            raise TypeError(f"{owner}: sizes must be ints, got {n!r:.60}.{fix}")
    return [int(n) for n in sizes]


def _checked(owner: str, i: int, layer: Any) -> Layer:
    """Return a layer of a model, or raise."""
    if isinstance(layer, type):
        name = shown(layer.__name__)
        raise TypeError(f"{owner}: layer {i} is the class {name}. Create a layer: {name}(...).")
    if not callable(layer):
        fix = " Pass the function itself, for example np.tanh." if isinstance(layer, str) else ""
        raise TypeError(f"{owner}: layer {i} must be callable, got {layer!r:.60}.{fix}")
    return cast(Layer, layer)


def _activation(f: Layer | str) -> Layer:
    """Return the activation function, which may be given by its name."""
    if isinstance(f, str):
        if f.lower() not in _ACTIVATIONS:
            raise ValueError(
                f"MLP: unknown activation {f!r}. The names are {', '.join(_ACTIVATIONS)}. You "
                "can also pass any elementwise function, such as activation=np.sin."
            )
        return _ACTIVATIONS[f.lower()]
    if isinstance(f, type) and issubclass(f, Module):
        name = shown(f.__name__)
        raise TypeError(f"MLP: activation is the class {name}. Create a layer: {name}().")
    if not callable(f) or isinstance(f, type):
        raise TypeError(f"MLP: activation must be a function such as np.tanh, got {f!r:.60}.")
    return f


def _name_of(layer: Layer) -> str:
    """Return the name of a layer in a repr: ``tanh`` for np.tanh, ``relu`` for ag.relu."""
    name = getattr(layer, "__name__", None) or getattr(layer, "name", None)
    return shown(name) if name else repr(layer)
