"""Embedding: rows of a table, chosen by integers.

    Y[n] = W[i_n]        ∂L/∂W[r] = Σ_{n: i_n = r} ∂L/∂Y[n]

It is the product of one-hot rows with W, without the zeros. A row that is chosen several times
gets the sum of these gradients, and a row that is never chosen gets 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, as_array
from ..core.fused import fused
from ..ops.indexing import as_positions, scatter, scattered
from .targets import limits


def _embedding(input: Array, weight: Array) -> Any:
    r"""Take the rows of `weight` at the indices `input`, as one operation.

    The result is ``weight[input]``. Negative indices, indices that are too large, and floats raise
    an error.

    Parameters
    ----------
    input : array_like of int, any shape
        Indices of rows, from 0 to V - 1. For a text, each word has an index.
    weight : Tensor or array_like, shape (V, D)
        The table. It has a vector of D entries for each of the V words of the vocabulary.

    Returns
    -------
    Tensor, or array if no argument is a Tensor, shape ``input.shape + (D,)``

    Raises
    ------
    TypeError
        If the indices are not integers.
    ValueError
        If `weight` is not a matrix.
    IndexError
        If an index is not in 0 ... V - 1. The message names the first such index and its position.

    Notes
    -----
    Each row of the result is a copy of a row of `weight`. The gradient of a row is the sum of the
    gradients of its copies. Let W be `weight`, Y the result, i the indices in `input`, and L the
    loss:

    $$
    Y_n = W_{i_n} \qquad
    \frac{\partial L}{\partial W_r} = \sum_{n:\, i_n = r} \frac{\partial L}{\partial Y_n}
    $$

    References
    ----------
    Bengio, Ducharme, Vincent, Jauvin: A neural probabilistic language model, 2003, section 2.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> table = ag.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True)
    >>> ag.embedding([2, 0, 2], table).sum().backward()
    >>> table.grad
    array([[1., 1.],
           [0., 0.],
           [2., 2.]])
    """
    input = as_array(input)
    if not input.size:  # NumPy makes floats of an empty list
        input = input.astype(int)
    if input.dtype.kind not in "iu":
        fix = "To convert floats, write indices.astype(int)"
        if weight.dtype.kind in "iu" or weight.ndim != 2:
            fix = "The order of the arguments is embedding(indices, weight)"
        elif input.ndim > 1 and input.shape[-1] == len(weight):
            fix = "To turn one-hot rows into indices, write input.argmax(axis=-1)"
        raise TypeError(
            f"the first argument, the indices, has dtype {input.dtype}, but indices must be "
            f"integers. {fix}"
        )
    if weight.ndim != 2:
        raise ValueError(
            f"the weight has shape {weight.shape}, but it must be a matrix with a row for each word"
        )
    return np.take(weight, _existing(input, len(weight)), axis=0)


def _existing(indices: Array, vocabulary: int) -> Array:
    """Return the indices, or raise if one of them is not in the vocabulary.

    A traced array records the check, which every call of the compiled program then makes. A lazy
    array is not checked, because this would compute it.
    """
    if hasattr(indices, "checked"):
        return indices.checked(check_vocabulary, vocabulary, "embedding: ")
    return check_vocabulary(indices, vocabulary) if hasattr(indices, "item") else indices


def check_vocabulary(indices: Array, vocabulary: int, prefix: str = "") -> Array:
    """Return the indices, or raise an IndexError that names the first one that does not exist."""
    lowest, highest = limits(indices) if indices.size else (0, -1)
    if lowest >= 0 and highest < vocabulary:
        return indices
    wrong = (indices < 0) | (indices >= vocabulary)
    place = np.unravel_index(wrong.reshape(-1).argmax().item(), indices.shape)
    at = f" at position {tuple(map(int, place))}" if place else ""
    raise IndexError(
        f"{prefix}index {indices[place].item()}{at} is outside of the vocabulary of {vocabulary} "
        f"words: indices run from 0 to {vocabulary - 1}"
    )


def _embedding_vjp(g: Cotangent, y: Array, input: Array, weight: Array) -> Cotangent:
    """Add each cotangent to the row that it came from."""
    return scattered(g, as_positions(input), weight.shape)


embedding = fused(
    _embedding,
    None,
    _embedding_vjp,
    display_rules=(None, lambda g, y, input, weight: scatter(g, input, weight.shape)),
    name="embedding",
    unfused=lambda input, weight: weight[input],
)
