"""The layers of a transformer: embedding, attention of several heads, and the block of both.

x = x + attention(norm1(x))
x = x + mlp(norm2(x))
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..core.answers import explains_keywords
from ..core.arrays import as_array_or_tensor
from ..core.messages import describe
from ..core.tensor import Tensor
from ..data import Seed
from ..functional.activations import gelu
from ..functional.attention import scaled_dot_product_attention
from ..functional.embedding import embedding
from .elementwise import Dropout
from .layers import Linear
from .module import Module
from .normalising import LayerNorm
from .sizes import positive, require_divisor


class Embedding(Module):
    """A table of vectors, one for each word of a vocabulary.

    Parameters
    ----------
    num_embeddings : int
        V, the number of words. Indices run from 0 to V - 1.
    embedding_dim : int
        D, the number of entries of a vector.
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights.
    dtype : dtype
        The dtype of the weight, a float type.

    Attributes
    ----------
    weight : Tensor, shape (V, D)
        The table. Its entries are initially normal, with mean 0 and standard deviation 1.

    Raises
    ------
    TypeError
        If a size is not an int.
    ValueError
        If a size is below 1.

    References
    ----------
    Bengio, Ducharme, Vincent, Jauvin: A neural probabilistic language model, 2003, section 2.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> nn.Embedding(27, 10)([[0, 5, 26]]).shape
    (1, 3, 10)
    """

    @explains_keywords
    def __init__(
        self, num_embeddings: int, embedding_dim: int, *, rng: Seed = 0, dtype: DTypeLike = float
    ) -> None:
        self.num_embeddings, self.embedding_dim = positive(
            "Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim
        )
        table = np.random.default_rng(rng).normal(size=(num_embeddings, embedding_dim))
        self.weight = Tensor(table, requires_grad=True, dtype=dtype)

    def forward(self, input: Any) -> Any:
        """Return the vector of each index. If `input` has shape (...), the result has (..., D).

        Examples
        --------
        >>> from autograd_mini import nn
        >>> nn.Embedding(3, 2)(2).shape
        (2,)
        """
        return embedding(input, self.weight)


class MultiheadAttention(Module):
    """Compute attention in several heads. Each head uses a different part of the features.

    This layer differs from PyTorch's layer with ``batch_first=True`` in three ways:

    - A call returns only the output. To get the attention weights, call `weights`.
    - A boolean mask is True where a query may see a key. In PyTorch, it is False there.
    - Queries, keys and values come from three separate affine layers.

    Parameters
    ----------
    embed_dim : int
        E, the number of features of the input and of the output.
    num_heads : int
        The number of heads. Each head has E / num_heads features.
    dropout : float
        In training, the probability that an attention weight is set to 0.
    bias : bool
        Whether the four affine layers have a bias.
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights and the entries to drop.
    dtype : dtype
        The dtype of the parameters, a float type.

    Attributes
    ----------
    q, k, v : Linear
        The layers that compute queries, keys and values from the inputs.
    out : Linear
        The layer that computes the output from the results of all heads.

    Raises
    ------
    TypeError
        If a size is not an int.
    ValueError
        If a size is below 1, or if `num_heads` does not divide `embed_dim`.

    References
    ----------
    Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin: Attention is all you
    need, 2017, section 3.2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> attention = nn.MultiheadAttention(embed_dim=8, num_heads=2)
    >>> attention(np.ones((5, 3, 8)), is_causal=True).shape
    (5, 3, 8)
    """

    @explains_keywords
    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        rng: Seed = 0,
        dtype: DTypeLike = float,
    ) -> None:
        _check_heads("MultiheadAttention", embed_dim, num_heads)
        self.embed_dim, self.num_heads = embed_dim, num_heads
        rng = np.random.default_rng(rng)
        self.q, self.k, self.v, self.out = (
            Linear(embed_dim, embed_dim, bias=bias, rng=rng, dtype=dtype) for _ in range(4)
        )
        self.dropout = Dropout(dropout, rng=rng)

    @explains_keywords
    def forward(
        self, query: Any, key: Any = None, value: Any = None, mask: Any = None,
        is_causal: bool = False,
    ) -> Any:  # fmt: skip
        """Return a weighted mean of the values for each query; see `scaled_dot_product_attention`.

        Parameters
        ----------
        query : Tensor or array_like, shape (..., T, E)
            T positions.
        key, value : Tensor or array_like, shape (..., n, E), optional
            The positions to look at. By default, `key` is `query`, and `value` is `key`. This is
            called self-attention.
        mask : array_like or Tensor, optional
            An array that broadcasts to (..., heads, T, n). A boolean mask is True where a query may
            see a key. For example, a mask of shape (N, 1, 1, n) can hide the padding of N
            sequences. A float mask is added to the scores, as in `scaled_dot_product_attention`.
        is_causal : bool
            Whether position i sees the positions 0 ... i only.

        Returns
        -------
        Tensor, shape (..., T, E)

        Raises
        ------
        ValueError
            If the shapes do not fit together, or if both `mask` and `is_causal` are given.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> attention = nn.MultiheadAttention(8, 2)
        >>> attention(np.ones((4, 8)), np.ones((6, 8))).shape
        (4, 8)
        """
        key = query if key is None else key
        value = key if value is None else value
        q, k, v = self._heads(self.q, query), self._heads(self.k, key), self._heads(self.v, value)
        y = self._attend(q, k, v, mask, is_causal).swapaxes(-2, -3)
        return self.out(y.reshape(*y.shape[:-2], self.embed_dim))

    def weights(
        self, query: Any, key: Any = None, mask: Any = None, is_causal: bool = False
    ) -> Any:
        """Return the attention weights of each head: how much each query looks at each key.

        Parameters
        ----------
        query, key, mask, is_causal
            As for a call of the layer.

        Returns
        -------
        Tensor, shape (..., heads, T, n)
            A row of weights for each query, before dropout. A row sums to 1. PyTorch's layer
            returns the mean over the heads. To get it, call ``.mean(axis=-3)``.

        Raises
        ------
        ValueError
            As for a call of the layer.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> attention = nn.MultiheadAttention(8, 2)
        >>> attention.weights(np.ones((2, 8)), is_causal=True)[0].tolist()
        [[1.0, 0.0], [0.5, 0.5]]
        """
        q, k = self._heads(self.q, query), self._heads(self.k, query if key is None else key)
        return _weights(q, k, mask, is_causal)

    def _heads(self, layer: Linear, x: Any) -> Any:
        """Call a layer, and divide its features: (..., T, E) becomes (..., heads, T, E / heads)."""
        x = layer(_positions("MultiheadAttention", x, self.embed_dim))
        features = self.embed_dim // self.num_heads
        return x.reshape(*x.shape[:-1], self.num_heads, features).swapaxes(-2, -3)

    def _attend(self, q: Any, k: Any, v: Any, mask: Any, is_causal: bool) -> Any:
        if not (self.training and self.dropout.p):
            return scaled_dot_product_attention(q, k, v, mask, is_causal)
        return self.dropout(_weights(q, k, mask, is_causal)) @ v


def _weights(q: Any, k: Any, mask: Any, is_causal: bool) -> Any:
    """Return the attention weights: the weighted sums of one-hot values are the weights."""
    return scaled_dot_product_attention(q, k, np.eye(k.shape[-2], dtype=k.dtype), mask, is_causal)


def _check_heads(owner: str, embed_dim: int, num_heads: int) -> None:
    positive(owner, embed_dim=embed_dim, num_heads=num_heads)
    require_divisor(owner, "embed_dim", embed_dim, "num_heads", num_heads)


class TransformerBlock(Module):
    """Compute x ← x + attention(norm1(x)), and then x ← x + mlp(norm2(x)).

    This is the block of GPT-2. PyTorch has the same layer: a `TransformerEncoderLayer` with
    ``norm_first=True``, ``batch_first=True``, ``activation="gelu"`` and a ``dim_feedforward`` of
    4 E. Only the GELU differs a little, because it is computed with tanh here.

    Parameters
    ----------
    embed_dim : int
        E, the number of features.
    num_heads : int
        The number of attention heads.
    dropout : float
        In training, the probability that an entry is set to 0. Dropout applies to the attention
        weights, and to the outputs of `attention` and `mlp`.
    bias : bool
        Whether the layers have a bias.
    is_causal : bool
        Whether position i sees the positions 0 ... i only, as in a GPT.
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights and the entries to drop. Pass the same
        generator to all blocks.
    dtype : dtype
        The dtype of the parameters, a float type.

    Attributes
    ----------
    norm1, norm2 : LayerNorm
        They normalise the inputs of `attention` and `mlp`.
    attention : MultiheadAttention
        The only layer in which a position reads the other positions.
    mlp : FeedForward
        Three steps: the affine layer `up` from E to 4 E features, a GELU, and the affine layer
        `down` from 4 E to E features.

    Raises
    ------
    TypeError
        If a size is not an int.
    ValueError
        If a size is below 1, or if `num_heads` does not divide `embed_dim`.

    References
    ----------
    Radford, Wu, Child, Luan, Amodei, Sutskever: Language models are unsupervised multitask
    learners, 2019, section 2.3. Xiong et al.: On layer normalization in the transformer
    architecture, 2020 (why the norm comes first).

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> rng = np.random.default_rng(0)
    >>> gpt = nn.Sequential(*(nn.TransformerBlock(8, 2, is_causal=True, rng=rng) for _ in range(2)))
    >>> gpt(np.ones((5, 3, 8))).shape
    (5, 3, 8)
    """

    @explains_keywords
    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        is_causal: bool = False,
        rng: Seed = 0,
        dtype: DTypeLike = float,
    ) -> None:
        _check_heads("TransformerBlock", embed_dim, num_heads)
        rng = np.random.default_rng(rng)
        self.is_causal = is_causal
        self.norm1 = LayerNorm(embed_dim, bias=bias, dtype=dtype)
        self.attention = MultiheadAttention(
            embed_dim, num_heads, dropout, bias, rng=rng, dtype=dtype
        )
        self.norm2 = LayerNorm(embed_dim, bias=bias, dtype=dtype)
        self.mlp = FeedForward(embed_dim, bias, rng, dtype)
        self.dropout = Dropout(dropout, rng=rng)

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Return a new representation of each position. Like `x`, it has shape (..., T, E).

        `mask` is the mask for `MultiheadAttention`. A causal block takes no mask.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.TransformerBlock(8, 2)(np.ones((5, 3, 8))).shape
        (5, 3, 8)
        """
        x = _positions("TransformerBlock", x, self.attention.embed_dim)
        seen = self.attention(self.norm1(x), mask=mask, is_causal=self.is_causal)
        x = x + self.dropout(seen)
        return x + self.dropout(self.mlp(self.norm2(x)))


class FeedForward(Module):
    """The MLP of a `TransformerBlock`: it sees each position alone."""

    def __init__(self, embed_dim: int, bias: bool, rng: Seed, dtype: DTypeLike) -> None:
        self.up = Linear(embed_dim, 4 * embed_dim, bias=bias, rng=rng, dtype=dtype)
        self.down = Linear(4 * embed_dim, embed_dim, bias=bias, rng=rng, dtype=dtype)

    def forward(self, x: Any) -> Any:
        return self.down(gelu(self.up(x)))


def _positions(name: str, x: Any, embed_dim: int) -> Any:
    """Return `x` as an array or a tensor, or raise unless each position has all features."""
    x = as_array_or_tensor(x)
    if x.ndim < 2 or x.shape[-1] != embed_dim:
        fix = " For indices of words, call an nn.Embedding first." if x.dtype.kind in "iu" else ""
        raise ValueError(
            f"{name} of {describe(x)}: expected the shape (..., T, {embed_dim}), with T "
            f"positions and embed_dim={embed_dim} features.{fix}"
        )
    return x
