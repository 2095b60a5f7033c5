"""The cells of an LSTM and of a GRU: gates decide how much of a state is kept.

    LSTM  c' = f c + i g         h' = o tanh(c')        f, i, o = σ(...)    g = tanh(...)
    GRU   h' = (1 - u) n + u h              u, r = σ(...)      n = tanh(from x + r (from h))

A fused node is one operation that replaces several. Here there are three: the cell state c' of an
LSTM, its output h', and the state h' of a GRU. The products with the weights are not part of these
nodes. They are `linear` nodes; see `nn.LSTMCell` and `nn.GRUCell`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, TensorBase, in_float
from ..core.foreign import constant_like
from ..core.fused import fused, labelled
from ..core.primitive import JointRule
from ..ops.elementwise import sigmoid
from ..ops.indexing import scatter
from ..ops.reductions import in_float32, widened
from .activations import exp_minus

Residuals = tuple[Array, ...] | None


def _blocks(x: Array, count: int) -> list[Array]:
    """Return `count` views of equal width, which are next to each other in `x`."""
    n = x.shape[-1] // count
    return [x[..., i * n : (i + 1) * n] for i in range(count)]


def _sigma(z: Array) -> Array:
    """Compute σ(z) in a third of the time of `sigmoid`."""
    return 1 / (1 + exp_minus(z))


def _named(x: Array, name: str) -> Array:
    return labelled(x, name) if isinstance(x, TensorBase) else x


def _require_blocks(count: int, state: Array, **products: Array) -> None:
    """Raise an error unless each product has `count` blocks as wide as the state."""
    wanted = (*state.shape[:-1], count * state.shape[-1]) if state.ndim else None
    for name, x in products.items():
        if x.shape != wanted:
            raise ValueError(
                f"{name} has shape {x.shape}, but the state has shape {state.shape}. For a state "
                f"of shape (..., H), {name} needs the shape (..., {count} H), with a block of H "
                "columns for each gate"
            )


# ---- LSTM: the new cell state -------------------------------------------------------------------


@in_float32
def _lstm_cell(gates: Array, c: Array) -> Any:
    r"""Compute c' = f c + i g, the new cell state of an LSTM, as one operation.

    Parameters
    ----------
    gates : Tensor or array_like, shape (..., 4 H)
        Four blocks of H columns: z_i, z_f, z_g and z_o. They are for the input gate i, the forget
        gate f, the new content g, and the output gate o. Only `lstm_output` uses z_o.
    c : Tensor or array_like, shape (..., H)
        The old cell state.

    Returns
    -------
    Tensor, or array if no argument is a Tensor, shape (..., H)

    Raises
    ------
    ValueError
        If `gates` does not have 4 H columns, or if other axes differ.

    Notes
    -----
    L is the loss. The gates are computed from their blocks:

    $$
    i = \sigma(z_i) \qquad f = \sigma(z_f) \qquad g = \tanh(z_g) \qquad c' = f c + i g \qquad
    \frac{\partial L}{\partial c} = \frac{\partial L}{\partial c'}\, f
    $$

    In the backward pass, each step of the sequence multiplies the gradient of the cell state by f.
    If f is close to 1, this gradient does not vanish. The gradients of the blocks contain the
    derivatives σ' = σ (1 - σ) and tanh' = 1 - tanh².

    References
    ----------
    Hochreiter, Schmidhuber: Long short-term memory, 1997. Gers, Schmidhuber, Cummins: Learning to
    forget, 2000 (the gate f).

    Examples
    --------
    σ(50) is nearly 1, so f keeps the old state. σ(-50) is nearly 0, so i adds nothing:

    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.lstm_cell(np.array([-50.0, 50.0, 1.0, 0.0]), np.array([3.0]))
    array([3.])
    """
    _require_blocks(4, c, gates=gates)
    i, f, g = _input_gates(in_float(gates), _sigma)
    return f * c + i * g, (i, f, g)


def _input_gates(gates: Array, sigma: Any = sigmoid) -> tuple[Array, Array, Array]:
    i, f, g, _ = _blocks(gates, 4)
    return _named(sigma(i), "i"), _named(sigma(f), "f"), _named(np.tanh(g), "g")


@in_float32
def _lstm_cell_graph(gates: Array, c: Array) -> Array:
    i, f, g = _input_gates(gates)
    return f * c + i * g


@widened
def _lstm_cell_rule(
    g: Cotangent, y: Array, gates: Array, c: Array, residuals: Residuals = None
) -> Sequence[Cotangent]:
    i, f, new = residuals or _input_gates(gates)
    of_gates = [
        g * new * (i - i * i),
        g * c * (f - f * f),
        g * i * (1 - new * new),
        constant_like(np.zeros(g.shape, g.dtype), g),
    ]
    return np.concatenate(of_gates, axis=-1), g * f


lstm_cell = fused(
    _lstm_cell,
    JointRule(_lstm_cell_rule, arguments=2),
    name="lstm_cell",
    residuals=True,
    unfused=_lstm_cell_graph,
)


# ---- LSTM: the output ---------------------------------------------------------------------------


@in_float32
def _lstm_output(gates: Array, c: Array) -> Any:
    r"""Compute h' = o tanh(c'), the output of an LSTM, as one operation.

    Parameters
    ----------
    gates : Tensor or array_like, shape (..., 4 H)
        As for `lstm_cell`. Only the last block, z_o, is used.
    c : Tensor or array_like, shape (..., H)
        c', the new cell state.

    Returns
    -------
    Tensor, or array if no argument is a Tensor, shape (..., H)

    Raises
    ------
    ValueError
        If `gates` does not have 4 H columns, or if other axes differ.

    Notes
    -----
    The output gate is o = σ(z_o). Let L be the loss, and g = ∂L/∂h':

    $$
    \frac{\partial L}{\partial z_o} = g\,h'\,(1 - o) \qquad
    \frac{\partial L}{\partial c'} = g\,o\,(1 - \tanh^2 c')
    $$

    References
    ----------
    Hochreiter, Schmidhuber: Long short-term memory, 1997.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.lstm_output(np.array([0.0, 0.0, 0.0, 50.0]), np.array([0.5])).round(4)
    array([0.4621])
    """
    _require_blocks(4, c, gates=gates)
    o, t = _output_gate(in_float(gates), in_float(c), _sigma)
    return o * t, (o, t)


def _output_gate(gates: Array, c: Array, sigma: Any = sigmoid) -> tuple[Array, Array]:
    return _named(sigma(_blocks(gates, 4)[3]), "o"), np.tanh(c)


@in_float32
def _lstm_output_graph(gates: Array, c: Array) -> Array:
    o, t = _output_gate(gates, c)
    return o * t


@widened
def _lstm_output_rule(
    g: Cotangent, y: Array, gates: Array, c: Array, residuals: Residuals = None
) -> Sequence[Cotangent]:
    o, t = residuals or _output_gate(gates, c)
    last_block = (..., slice(3 * c.shape[-1], None))
    return scatter(g * y * (1 - o), last_block, gates.shape), g * o * (1 - t * t)


lstm_output = fused(
    _lstm_output,
    JointRule(_lstm_output_rule, arguments=2),
    name="lstm_output",
    residuals=True,
    unfused=_lstm_output_graph,
)


# ---- GRU ----------------------------------------------------------------------------------------


@in_float32
def _gru_cell(from_input: Array, from_state: Array, h: Array) -> Any:
    r"""Compute h' = (1 - u) n + u h, the new state of a GRU, as one operation.

    A GRU (gated recurrent unit) reads a sequence step by step, and keeps a state of H numbers.

    Parameters
    ----------
    from_input, from_state : Tensor or array_like, shape (..., 3 H)
        The input times its weights, and the state times its weights. Both have three blocks of H
        entries: for the reset gate r, the update gate u, and the candidate n for the new state.
        PyTorch calls the update gate z.
    h : Tensor or array_like, shape (..., H)
        The old state.

    Returns
    -------
    Tensor, or array if no argument is a Tensor, shape (..., H)

    Raises
    ------
    ValueError
        If `from_input` and `from_state` do not have 3 H columns, or if other axes differ.

    Notes
    -----
    Let a be `from_input`, and b be `from_state`. An index names a block: a_r is the block of a for
    the gate r.

    $$
    r = \sigma(a_r + b_r) \qquad u = \sigma(a_u + b_u) \qquad
    n = \tanh(a_n + r\,b_n) \qquad h' = (1 - u)\,n + u\,h
    $$

    The gradients of a and b are equal, except in the block n: the gradient of b_n is r times the
    gradient of a_n. The reset gate r multiplies b_n, as in PyTorch. In the first reference, r
    multiplies the state h.

    References
    ----------
    Cho et al.: Learning phrase representations using RNN encoder-decoder, 2014. Chung et al.:
    Empirical evaluation of gated recurrent neural networks, 2014.

    Examples
    --------
    u is close to 1, so nearly all of the old state is kept:

    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.gru_cell(np.array([0.0, 50.0, 1.0]), np.zeros(3), np.array([3.0]))
    array([3.])
    """
    _require_blocks(3, h, from_input=from_input, from_state=from_state)
    r, u, n = _gru_gates(in_float(from_input), in_float(from_state), _sigma)
    return n + u * (h - n), (r, u, n)


def _gru_gates(
    from_input: Array, from_state: Array, sigma: Any = sigmoid
) -> tuple[Array, Array, Array]:
    (a_r, a_u, a_n), (b_r, b_u, b_n) = _blocks(from_input, 3), _blocks(from_state, 3)
    r, u = _named(sigma(a_r + b_r), "r"), _named(sigma(a_u + b_u), "u")
    return r, u, _named(np.tanh(a_n + r * b_n), "n")


@in_float32
def _gru_cell_graph(from_input: Array, from_state: Array, h: Array) -> Array:
    _, u, n = _gru_gates(from_input, from_state)
    return (1 - u) * n + u * h


@widened
def _gru_cell_rule(
    g: Cotangent,
    y: Array,
    from_input: Array,
    from_state: Array,
    h: Array,
    residuals: Residuals = None,
) -> Sequence[Cotangent]:
    r, u, n = residuals or _gru_gates(from_input, from_state)
    through_u = g * u
    of_n = (g - through_u) * (1 - n * n)
    of_r = of_n * _blocks(from_state, 3)[2] * (r - r * r)
    of_u = g * (h - n) * (u - u * u)
    return (
        np.concatenate([of_r, of_u, of_n], axis=-1),
        np.concatenate([of_r, of_u, of_n * r], axis=-1),
        through_u,
    )


gru_cell = fused(
    _gru_cell,
    JointRule(_gru_cell_rule, arguments=3),
    name="gru_cell",
    residuals=True,
    unfused=_gru_cell_graph,
)
