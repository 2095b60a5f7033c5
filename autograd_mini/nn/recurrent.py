"""Recurrent layers: loops that run cells over the steps of a sequence.

    for x in steps:
        h = cell(x, h)

With several layers, each layer runs over the states of the layer before it.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from ..core.answers import explains_keywords
from ..core.arrays import as_array_or_tensor
from ..core.messages import shown
from ..data import Seed
from .layers import sizes_of
from .module import Module
from .recurrent_cells import GRUCell, LSTMCell, RNNCell, pair_of


class _Recurrent(Module):
    """A stack of cells, each of which runs over all steps."""

    _cell: ClassVar[Any]

    @explains_keywords
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        *,
        rng: Seed = 0,
        dtype: DTypeLike = float,
    ) -> None:
        rng = np.random.default_rng(rng)
        self._stack(input_size, hidden_size, num_layers, bias, batch_first, rng=rng, dtype=dtype)

    def _stack(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        **options: Any,
    ) -> None:
        """Make a cell for each layer. All but the first take the states of the layer before."""
        name = shown(type(self).__name__)
        (count,) = sizes_of(name, num_layers)
        if count < 1:
            raise ValueError(f"{name}: num_layers must be at least 1, got {count}.")
        inputs = [input_size] + [hidden_size] * (count - 1)
        self.batch_first = batch_first
        self.cells = [self._cell(n, hidden_size, bias, **options) for n in inputs]
        for number, cell in enumerate(self.cells):  # the title of the box of each step
            cell._title = "cell" if count == 1 else f"cell{number}"

    def forward(self, x: Any, state: Any = None) -> Any:
        """Return the outputs of all steps, and the state after the last step: ``(output, h_n)``.

        For an LSTM, each state is a pair: ``output, (h_n, c_n) = lstm(x, (h_0, c_0))``.

        Parameters
        ----------
        x : Tensor or array_like
            The sequence, of shape (steps, N, input_size), or (N, steps, input_size) if
            `batch_first`, or (steps, input_size) for one example.
        state : Tensor or array_like, optional
            The initial state of each layer, of shape (num_layers, N, hidden_size), also if
            `batch_first`. Without it, the layers start with zeros.

        Returns
        -------
        output : Tensor
            The states h of the last layer, in the layout of `x`.
        h_n : Tensor, shape (num_layers, N, hidden_size)
            The last state h of each layer.

        Raises
        ------
        ValueError
            If a shape does not fit, or if there are no steps.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> output, h_n = nn.GRU(3, 4)(np.ones((6, 2, 3)))  # 6 steps, 2 examples
        >>> output.shape, h_n.shape
        ((6, 2, 4), (1, 2, 4))
        """
        x = as_array_or_tensor(x)
        name, axis = shown(type(self).__name__), int(self.batch_first and x.ndim > 2)
        if x.ndim not in (2, 3) or not x.shape[axis]:
            raise ValueError(
                f"{name}: the input has shape {x.shape}, but it must be (steps, N, features), or "
                "(N, steps, features) with batch_first=True, with at least one step."
            )
        if x.shape[-1] != (features := self.cells[0].input_size):
            raise ValueError(
                f"{name}: the input has shape {x.shape}, but its last axis must have the length "
                f"{features}, the input_size. For indices of words, call an nn.Embedding first."
            )
        examples = x.shape[1 - axis : 2 - axis] if x.ndim > 2 else ()
        steps = [x[:, t] if axis else x[t] for t in range(x.shape[axis])]
        last = []
        for cell, h in zip(self.cells, self._split(state, examples)):
            outputs = []
            for step in steps:
                h = cell(step, h)
                outputs.append(self._output(h))
            steps = outputs
            last.append(h)
        return np.stack(steps, axis=axis), self._join(last)

    def _split(self, state: Any, examples: tuple[int, ...]) -> list[Any]:
        """Return the initial state of each layer, for a batch of as many examples."""
        shape = (len(self.cells), *examples, self.cells[0].hidden_size)
        return _layers_of(shown(type(self).__name__), state, shape)

    def _output(self, state: Any) -> Any:
        return state

    def _join(self, states: list[Any]) -> Any:
        return np.stack(states)


def _layers_of(name: str, state: Any, shape: tuple[int, ...]) -> list[Any]:
    if state is None:
        return [None] * shape[0]
    state = as_array_or_tensor(state)
    if state.shape != shape:
        raise ValueError(
            f"{name}: the initial state has shape {state.shape}, but this input needs {shape}: "
            "layers, examples and features. Leave the state out to start with zeros."
        )
    return [state[i] for i in range(shape[0])]


class RNN(_Recurrent):
    """Simple recurrent layers. Each layer runs an `RNNCell` over the steps of a sequence.

    Parameters
    ----------
    input_size, hidden_size : int
        The number of features of the input x, and of the states.
    num_layers : int
        The number of layers. Each one runs over the outputs of the layer before it.
    nonlinearity : str
        "tanh" or "relu".
    bias : bool
        Whether biases are added.
    batch_first : bool
        Whether N input sequences have the shape (N, steps, features). If False, they have the shape
        (steps, N, features).
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights.
    dtype : dtype
        The dtype of the parameters, a float type.

    Attributes
    ----------
    cells : list of RNNCell
        A cell for each layer. ``cells[0].weight_ih`` is PyTorch's ``weight_ih_l0``, transposed.

    Raises
    ------
    TypeError
        If a size is not an int.
    ValueError
        If a size is below 1.

    References
    ----------
    Elman: Finding structure in time, 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> output, h_n = nn.RNN(3, 4, num_layers=2)(np.ones((6, 2, 3)))  # 6 steps, 2 examples
    >>> output.shape, h_n.shape
    ((6, 2, 4), (2, 2, 4))
    """

    _cell = RNNCell

    @explains_keywords
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        *,
        rng: Seed = 0,
        dtype: DTypeLike = float,
    ) -> None:
        options = {"nonlinearity": nonlinearity, "rng": np.random.default_rng(rng), "dtype": dtype}
        self._stack(input_size, hidden_size, num_layers, bias, batch_first, **options)


class LSTM(_Recurrent):
    """LSTM layers. Each layer runs an `LSTMCell` over the steps of a sequence.

    Parameters
    ----------
    input_size, hidden_size : int
        The number of features of the input x, and of the states.
    num_layers : int
        The number of layers. Each one runs over the outputs of the layer before it.
    bias : bool
        Whether biases are added.
    batch_first : bool
        Whether N input sequences have the shape (N, steps, features). If False, they have the shape
        (steps, N, features).
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights.
    dtype : dtype
        The dtype of the parameters, a float type.

    Attributes
    ----------
    cells : list of LSTMCell
        A cell for each layer. ``cells[0].weight_ih`` is PyTorch's ``weight_ih_l0``, transposed.

    Raises
    ------
    TypeError
        If a size is not an int.
    ValueError
        If a size is below 1.

    References
    ----------
    Hochreiter, Schmidhuber: Long short-term memory, 1997.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> output, (h_n, c_n) = nn.LSTM(3, 4)(np.ones((6, 2, 3)))  # 6 steps, 2 examples
    >>> output.shape, h_n.shape, c_n.shape
    ((6, 2, 4), (1, 2, 4), (1, 2, 4))
    """

    _cell = LSTMCell

    def _split(self, state: Any, examples: tuple[int, ...]) -> list[Any]:
        parts = (super(LSTM, self)._split(part, examples) for part in pair_of("LSTM", state))
        return list(zip(*parts))

    def _output(self, state: Any) -> Any:
        return state[0]

    def _join(self, states: list[Any]) -> Any:
        return tuple(map(np.stack, zip(*states)))


class GRU(_Recurrent):
    """GRU layers. Each layer runs a `GRUCell` over the steps of a sequence.

    Parameters
    ----------
    input_size, hidden_size : int
        The number of features of the input x, and of the states.
    num_layers : int
        The number of layers. Each one runs over the outputs of the layer before it.
    bias : bool
        Whether biases are added.
    batch_first : bool
        Whether N input sequences have the shape (N, steps, features). If False, they have the shape
        (steps, N, features).
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights.
    dtype : dtype
        The dtype of the parameters, a float type.

    Attributes
    ----------
    cells : list of GRUCell
        A cell for each layer. ``cells[0].weight_ih`` is PyTorch's ``weight_ih_l0``, transposed.

    Raises
    ------
    TypeError
        If a size is not an int.
    ValueError
        If a size is below 1.

    References
    ----------
    Cho et al.: Learning phrase representations using RNN encoder-decoder, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> gru = nn.GRU(3, 4, batch_first=True)
    >>> output, h_n = gru(np.ones((2, 6, 3)))  # 2 examples, 6 steps
    >>> output.shape, h_n.shape
    ((2, 6, 4), (1, 2, 4))
    """

    _cell = GRUCell
