"""Recurrent cells: one step of a network that runs over a sequence.

    h' = tanh(x W + b + h V + c)        the same weights in every step

Write the loop in Python: ``h = cell(x[t], h)``. In pictures, each step is a box.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from ..core.answers import explains_keywords
from ..core.arrays import as_array_or_tensor
from ..core.messages import describe, shown
from ..core.tensor import Tensor
from ..data import Seed
from ..functional.recurrence import gru_cell, lstm_cell, lstm_output
from ..ops.elementwise import relu
from ..ops.products import linear
from .layers import sizes_of
from .module import Module

_NONLINEARITIES: dict[str, Any] = {"tanh": np.tanh, "relu": relu}


class _Cell(Module):
    """The weights of a cell, and the checks of its arguments."""

    _gates: ClassVar[int]  # the number of blocks in a weight

    @explains_keywords
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        rng: Seed = 0,
        dtype: DTypeLike = float,
    ) -> None:
        name = shown(type(self).__name__)
        self.input_size, self.hidden_size = sizes_of(name, input_size, hidden_size)
        if self.input_size < 1 or self.hidden_size < 1:
            raise ValueError(f"{name}({input_size}, {hidden_size}): both sizes must be at least 1.")
        rng, columns = np.random.default_rng(rng), self._gates * self.hidden_size
        limit = self.hidden_size**-0.5

        def uniform(*shape: int) -> Tensor:
            return Tensor(rng.uniform(-limit, limit, shape), requires_grad=True, dtype=dtype)

        self.weight_ih = uniform(self.input_size, columns)
        self.weight_hh = uniform(self.hidden_size, columns)
        self.bias_ih = uniform(columns) if bias else None
        self.bias_hh = uniform(columns) if bias else None

    def _checked_input(self, x: Any) -> Any:
        x = as_array_or_tensor(x)
        if x.shape[-1:] != (self.input_size,):
            raise ValueError(
                f"{shown(type(self).__name__)}: the input has shape {x.shape}, but its last axis "
                f"must have the length {self.input_size}, the input_size of the cell."
            )
        return x

    def _checked_state(self, state: Any, x: Any, name: str = "h") -> Any:
        """Return a state that fits to `x`. It is 0 if none was given."""
        shape = (*x.shape[:-1], self.hidden_size)
        if state is None:
            return np.zeros(shape, self.weight_hh.dtype)
        state = as_array_or_tensor(state)
        if state.shape != shape:
            raise ValueError(
                f"{shown(type(self).__name__)}: the state {name} has shape {state.shape}, but an "
                f"input of shape {x.shape} needs {shape}. Leave the state out to start with zeros."
            )
        return state

    def _sum(self, x: Any, h: Any) -> Any:
        """Return x W + h V + both biases."""
        if self.bias_ih is None or self.bias_hh is None:
            return linear(h, self.weight_hh, np.matmul(x, self.weight_ih))
        return linear(h, self.weight_hh, linear(x, self.weight_ih, self.bias_ih + self.bias_hh))


class RNNCell(_Cell):
    r"""One step of a simple recurrent network: h' = tanh(x W + b + h V + c).

    Parameters
    ----------
    input_size, hidden_size : int
        The number of features of the input x, and of the state h.
    bias : bool
        Whether b and c are added.
    nonlinearity : str
        "tanh" or "relu".
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights.
    dtype : dtype
        The dtype of the parameters, a float type.

    Attributes
    ----------
    weight_ih, weight_hh : Tensor, shapes (input_size, hidden_size), (hidden_size, hidden_size)
        W and V. In PyTorch, they are transposed.
    bias_ih, bias_hh : Tensor, shape (hidden_size,), or None
        b and c. All parameters are initially uniform between ±1/√hidden_size, as in PyTorch.

    Raises
    ------
    TypeError
        If a size is not an int.
    ValueError
        If a size is below 1, or if `nonlinearity` is unknown.

    References
    ----------
    Elman: Finding structure in time, 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> cell, h = nn.RNNCell(3, 4), None
    >>> for x in np.ones((6, 2, 3)):  # 6 steps, 2 examples
    ...     h = cell(x, h)
    >>> h.shape
    (2, 4)
    """

    _gates = 1

    @explains_keywords
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        rng: Seed = 0,
        dtype: DTypeLike = float,
    ) -> None:
        if nonlinearity not in _NONLINEARITIES:
            raise ValueError(
                f"RNNCell: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r:.40}."
            )
        super().__init__(input_size, hidden_size, bias, rng=rng, dtype=dtype)
        self.nonlinearity = nonlinearity

    def forward(self, x: Any, h: Any = None) -> Any:
        """Return the new state. Without `h`, the old state is 0. `x` has shape (..., input_size).

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.RNNCell(3, 4)(np.ones((2, 3))).shape
        (2, 4)
        """
        x = self._checked_input(x)
        return _NONLINEARITIES[self.nonlinearity](self._sum(x, self._checked_state(h, x)))


class LSTMCell(_Cell):
    r"""One step of an LSTM. Gates decide what the cell state c forgets, adds and outputs.

    Parameters
    ----------
    input_size, hidden_size : int
        The number of features of the input x, and of both states h and c.
    bias : bool
        Whether biases are added.
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights.
    dtype : dtype
        The dtype of the parameters, a float type.

    Attributes
    ----------
    weight_ih, weight_hh : Tensor, shapes (input_size, 4 hidden_size), (hidden_size, 4 hidden_size)
        W and V: the weights of the input gate i, the forget gate f, the new content g and the
        output gate o, side by side in this order. In PyTorch, they are transposed.
    bias_ih, bias_hh : Tensor, shape (4 hidden_size,), or None
        All parameters are initially uniform between ±1/√hidden_size, as in PyTorch.

    Raises
    ------
    TypeError
        If a size is not an int.
    ValueError
        If a size is below 1.

    Notes
    -----
    Let (h, c) be the old state. The input x, the state h and the parameters give four blocks, one
    for each gate. From these blocks, `lstm_cell` and `lstm_output` compute the new state (h', c'):

    $$
    (z_i, z_f, z_g, z_o) = x W + b_{ih} + h V + b_{hh} \qquad
    c' = \sigma(z_f)\,c + \sigma(z_i) \tanh(z_g) \qquad
    h' = \sigma(z_o) \tanh(c')
    $$

    References
    ----------
    Hochreiter, Schmidhuber: Long short-term memory, 1997. Gers, Schmidhuber, Cummins: Learning to
    forget, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> cell, state = nn.LSTMCell(3, 4), None
    >>> for x in np.ones((6, 2, 3)):  # 6 steps, 2 examples
    ...     state = cell(x, state)
    >>> h, c = state
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """

    _gates = 4

    def forward(self, x: Any, state: Any = None) -> tuple[Any, Any]:
        """Return the new state (h, c). Without `state`, the old state is 0.

        `x` has shape (..., input_size).

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> h, c = nn.LSTMCell(3, 4)(np.ones((2, 3)))
        >>> h.shape
        (2, 4)
        """
        x = self._checked_input(x)
        h, c = pair_of("LSTMCell", state)
        h, c = self._checked_state(h, x), self._checked_state(c, x, "c")
        gates = self._sum(x, h)
        c = lstm_cell(gates, c)
        return lstm_output(gates, c), c


class GRUCell(_Cell):
    r"""One step of a GRU. The new state is a mixture of the old state and a new candidate.

    Parameters
    ----------
    input_size, hidden_size : int
        The number of features of the input x, and of the state h.
    bias : bool
        Whether biases are added.
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights.
    dtype : dtype
        The dtype of the parameters, a float type.

    Attributes
    ----------
    weight_ih, weight_hh : Tensor, shapes (input_size, 3 hidden_size), (hidden_size, 3 hidden_size)
        W and V: the weights of the reset gate, the update gate and the candidate, side by side in
        this order. In PyTorch, they are transposed.
    bias_ih, bias_hh : Tensor, shape (3 hidden_size,), or None
        All parameters are initially uniform between ±1/√hidden_size, as in PyTorch.

    Raises
    ------
    TypeError
        If a size is not an int.
    ValueError
        If a size is below 1.

    Notes
    -----
    See `gru_cell`, which computes the new state from the products a = x W + b_ih and
    b = h V + b_hh.

    References
    ----------
    Cho et al.: Learning phrase representations using RNN encoder-decoder, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> cell, h = nn.GRUCell(3, 4), None
    >>> for x in np.ones((6, 2, 3)):  # 6 steps, 2 examples
    ...     h = cell(x, h)
    >>> h.shape
    (2, 4)
    """

    _gates = 3

    def forward(self, x: Any, h: Any = None) -> Any:
        """Return the new state. Without `h`, the old state is 0. `x` has shape (..., input_size).

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.GRUCell(3, 4)(np.ones((2, 3))).shape
        (2, 4)
        """
        x = self._checked_input(x)
        h = self._checked_state(h, x)
        if self.bias_ih is None or self.bias_hh is None:
            return gru_cell(np.matmul(x, self.weight_ih), np.matmul(h, self.weight_hh), h)
        from_input = linear(x, self.weight_ih, self.bias_ih)
        return gru_cell(from_input, linear(h, self.weight_hh, self.bias_hh), h)


def pair_of(name: str, state: Any) -> Any:
    """Return the states h and c of an LSTM."""
    if state is None:
        return None, None
    if not isinstance(state, (tuple, list)) or len(state) != 2:
        raise TypeError(f"{name}: the state must be a pair (h, c), got {describe(state)}.")
    return state
