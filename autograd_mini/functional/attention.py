"""Scaled dot-product attention, as a graph of primitives and as one fused node.

    S = Q Kᵀ / √d + M        P = softmax(S), row by row        Y = P V

A row of Q is a *query*: it asks. A row of K is a *key*. The same row of V is the *value* of the
key. Each query gets a weighted average of the values. A value has a large weight if its key
matches the query. M is the mask.

In the code, Q, K, V and M are the arguments `q`, `k`, `v` and `mask`. Y is the result `y`, and `g`
is its cotangent. The rules are those of the three parts, the last part first:

    Y = P V            ∂L/∂P = g Vᵀ                                       ∂L/∂V = Pᵀ g
    P = softmax(S)     ∂L/∂S = P ⊙ (∂L/∂P - Σ_keys P ⊙ ∂L/∂P)
    S = Q Kᵀ / √d + M  ∂L/∂Q = ∂L/∂S K / √d    ∂L/∂K = (∂L/∂S)ᵀ Q / √d    ∂L/∂M = ∂L/∂S

The sum over the keys needs no ∂L/∂P. For query i it is Σ_j P_ij (g_i · v_j), which is
g_i · Σ_j P_ij v_j = g_i · y_i: a sum over the features of the result, which are fewer [Dao, Fu,
Ermon, Rudra, Ré: FlashAttention, 2022, appendix B].
"""

from __future__ import annotations

import math
import warnings
from functools import lru_cache
from typing import Any

import numpy as np

from ..core.answers import explains_keywords
from ..core.arrays import Array, Cotangent, as_array_or_tensor, in_dtype, unwrap
from ..core.foreign import constant_like
from ..core.fused import fused, labelled
from ..core.messages import describe, lesson
from ..core.primitive import JointRule
from ..core.tensor import Tensor
from ..ops.products import transposed
from ..ops.reductions import in_float32, widened
from .softmax import softmax
from .softmax_numerics import row_sums

_NAME = "scaled_dot_product_attention"


@lru_cache(maxsize=16)
def _causal(queries: int, keys: int) -> Any:
    """Return a mask that lets query i see the keys 0 ... i, cached as it is needed in each step."""
    mask = np.tri(queries, keys, dtype=bool)
    mask.flags.writeable = False
    return mask


def _scores(q: Array, k: Array, mask: Array | None, is_causal: bool) -> tuple[Array, Array | None]:
    """Return S, and the entries to keep. A float mask is added; for a boolean one M is 0 or -∞.

    The queries are scaled, not the scores, because they have fewer entries.
    """
    s = (q / math.sqrt(q.shape[-1])) @ transposed(k)
    if is_causal:
        return s, constant_like(_causal(*s.shape[-2:]), s)
    if mask is None or mask.dtype == bool:
        return s, mask
    return s + mask, None


def _probabilities(q: Array, k: Array, mask: Array | None, is_causal: bool) -> Array:
    s, where = _scores(q, k, mask, is_causal)
    return softmax(s) if where is None else softmax(s, where=where)


@in_float32
def _attention(
    q: Array, k: Array, v: Array, mask: Array | None = None, is_causal: bool = False
) -> Any:
    """Compute y = softmax(q kᵀ / √d + mask) v, and keep the probabilities and y for the rules."""
    p = _probabilities(q, k, mask, is_causal)
    y = p @ v
    return y, (p, y)


@widened
def _attention_vjps(
    g: Cotangent,
    y: Array,
    q: Array,
    k: Array,
    v: Array,
    mask: Array | None = None,
    is_causal: bool = False,
    residuals: Any = None,
) -> list[Cotangent]:
    """Compute the four contributions together, because they share ∂L/∂S."""
    if residuals is None:
        p = _probabilities(q, k, mask, is_causal)
        y = p @ v
    else:
        p, y = residuals  # this y has not been rounded to float16
    ds = g @ transposed(v)
    ds -= row_sums(g * y, -1)
    ds *= p
    root = math.sqrt(q.shape[-1])
    of_q = ds @ k
    of_q /= root
    return [of_q, transposed(ds) @ (q / root), transposed(p) @ g, ds]


@in_float32
def _attention_graph(
    q: Array, k: Array, v: Array, mask: Array | None = None, is_causal: bool = False
) -> Array:
    s, where = _scores(q, k, mask, is_causal)
    assert softmax.unfused
    return softmax.unfused(s, where=where) @ v


# ---- as a textbook writes it --------------------------------------------------------------------


def _root_of_width(q: Array) -> Any:
    return np.sqrt(labelled(np.asarray(q.shape[-1], q.dtype), "d"))


def _named_probabilities(q: Array, k: Array, mask: Any, is_causal: bool) -> Any:
    """Return P, with a mask that is added: 0 for the entries to keep, and -∞ for the others."""
    s = q @ transposed(k) / _root_of_width(q)
    mask = _causal(*s.shape[-2:]) if is_causal else mask
    if mask is None:
        return labelled(softmax(s), "P")
    if mask.dtype == bool:
        mask = labelled(np.where(unwrap(mask), np.zeros((), s.dtype), -np.inf), "M")
    return labelled(softmax(s + mask), "P")


def _display_graph(
    q: Array, k: Array, v: Array, mask: Array | None = None, is_causal: bool = False
) -> Array:
    return _named_probabilities(q, k, mask, is_causal) @ v


def _score_cotangent(g: Any, q: Any, k: Any, v: Any, mask: Any, is_causal: bool) -> Any:
    """Compute P ⊙ (g Vᵀ - Σ P ⊙ g Vᵀ)."""
    p = _named_probabilities(q, k, mask, is_causal)
    dp = labelled(g @ transposed(v), "dP")
    return labelled(p * (dp - (p * dp).sum(axis=-1, keepdims=True)), "dS")


def _query_display(
    g: Cotangent, y: Array, q: Array, k: Array, v: Array, mask: Any = None, is_causal: bool = False
) -> Cotangent:
    return _score_cotangent(g, q, k, v, mask, is_causal) @ k / _root_of_width(q)


def _key_display(
    g: Cotangent, y: Array, q: Array, k: Array, v: Array, mask: Any = None, is_causal: bool = False
) -> Cotangent:
    ds = _score_cotangent(g, q, k, v, mask, is_causal)
    return transposed(ds) @ q / _root_of_width(q)


def _value_display(
    g: Cotangent, y: Array, q: Array, k: Array, v: Array, mask: Any = None, is_causal: bool = False
) -> Cotangent:
    return transposed(_named_probabilities(q, k, mask, is_causal)) @ g


def _mask_display(
    g: Cotangent, y: Array, q: Array, k: Array, v: Array, mask: Any = None, is_causal: bool = False
) -> Cotangent:
    return _score_cotangent(g, q, k, v, mask, is_causal)


attention = fused(
    _attention,
    JointRule(_attention_vjps),
    display_graph=_display_graph,
    display_rules=(_query_display, _key_display, _value_display, _mask_display),
    name="attention",
    residuals=True,
    unfused=_attention_graph,
)


# ---- the public function ------------------------------------------------------------------------


@explains_keywords
def scaled_dot_product_attention(
    q: Any, k: Any, v: Any, mask: Any = None, is_causal: bool = False
) -> Any:
    r"""Compute softmax(q kᵀ / √d + mask) v, as one `attention` operation.

    Each query gets a weighted average of the values. The weight of a value is large if the product
    of its key and the query is large. All axes except the last two are broadcast, for example the
    axis of the examples. The function ``scaled_dot_product_attention.unfused`` computes the same in
    separate operations.

    Parameters
    ----------
    q : Tensor or array_like, shape (..., T, d)
        T queries.
    k : Tensor or array_like, shape (..., n, d)
        n keys. In self-attention, n = T. In cross-attention, n and T may differ.
    v : Tensor or array_like, shape (..., n, e)
        The value of each key.
    mask : array_like or Tensor, optional
        An array that broadcasts to (..., T, n). A boolean mask is True where a query may see a key.
        Where it is False, the weight is 0. A float mask is added to q kᵀ / √d. It may be a Tensor
        that requires a gradient, so you can train it. For example, train one number for each
        distance i - j between query i and key j.
    is_causal : bool
        Whether query i sees the keys 0 ... i only, so that no position sees a later one.

    Returns
    -------
    Tensor, or array if no argument is a Tensor, shape (..., T, e)

    Raises
    ------
    TypeError
        If an argument does not hold real numbers, or if the mask is neither boolean nor float.
    ValueError
        If the shapes do not fit together, or if both `mask` and `is_causal` are given.

    Notes
    -----
    Let S = q kᵀ / √d + mask be the scores. The weights are P = softmax(S), where each row of P sums
    to 1. Let L be the loss, and g the gradient of the result. The symbol ⊙ is the elementwise
    product.

    $$
    \frac{\partial L}{\partial S}
    = P \odot \bigl(g v^\top - \textstyle\sum_{\text{keys}} P \odot g v^\top\bigr) \qquad
    \frac{\partial L}{\partial q} = \frac{1}{\sqrt d} \frac{\partial L}{\partial S} k \qquad
    \frac{\partial L}{\partial k} = \frac{1}{\sqrt d} \frac{\partial L}{\partial S}^\top q \qquad
    \frac{\partial L}{\partial v} = P^\top g
    $$

    If the entries of q and k are independent, with mean 0 and variance 1, then the entries of q kᵀ
    have variance d. The division by √d makes this variance 1.

    To get P itself, pass the identity matrix as `v`: ``scaled_dot_product_attention(q, k,
    np.eye(n))``.

    If a query may not see any key, its row of the result is nan, as in `softmax`. The gradients are
    nan, too. (In PyTorch 2.5 and later, the row is 0.) To avoid nan, let such a query see one of
    the keys, and ignore its row of the result.

    If one key has almost all the weight, ∂L/∂S is a small difference of large numbers. Then ∂L/∂S
    has few correct digits, as in PyTorch. ``scaled_dot_product_attention.unfused`` is more
    accurate.

    References
    ----------
    Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin: Attention is all you
    need, 2017, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> x = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> ag.scaled_dot_product_attention(x, x, x, is_causal=True).round(4)
    array([[1.    , 0.    ],
           [0.3302, 0.6698]])
    """
    if is_causal not in (True, False):
        raise TypeError(
            f"{_NAME}: is_causal must be True or False, got {describe(is_causal)}. There is no "
            "dropout here: ag.dropout(v, p) drops entries of the values."
        )
    q, k, v = map(as_array_or_tensor, (q, k, v))
    scores = _checked_shape(q, k, v)
    if mask is None:
        return attention(q, k, v, is_causal=True) if is_causal else attention(q, k, v)
    mask = as_array_or_tensor(mask)
    _check_mask(mask, scores, is_causal)
    if mask.dtype.kind == "f" and not isinstance(mask, Tensor):
        mask = in_dtype(mask, np.result_type(q.dtype, k.dtype, np.float16))
    return attention(q, k, v, mask)


#: `check_fused` compares the call with its graph. The type of a function lacks the attribute.
scaled_dot_product_attention.unfused = _attention_graph  # type: ignore[attr-defined]


def _checked_shape(q: Array, k: Array, v: Array) -> tuple[int, ...]:
    """Return the shape of the scores, (..., T, n), or raise."""
    (*lead, queries, d), (*lead_k, keys, d_k), (*lead_v, values, _) = _shapes(q, k, v)
    if d == d_k and keys == values and lead == lead_k == lead_v:
        return (*lead, queries, keys)  # the usual case, without calls
    if d != d_k:
        raise ValueError(
            _unfit(q, k, v, f"A query has {d} entries, but a key has {d_k}: they must be equal")
        )
    if keys != values:
        raise ValueError(
            _unfit(q, k, v, f"There are {keys} keys, but {values} values: each key needs a value")
        )
    try:
        lead_of_scores = np.broadcast_shapes(tuple(lead), tuple(lead_k))
        np.broadcast_shapes(lead_of_scores, tuple(lead_v))
    except ValueError:
        raise ValueError(
            _unfit(q, k, v, "The leading axes, all but the last two, do not broadcast")
        ) from None
    return (*lead_of_scores, queries, keys)


def _shapes(q: Array, k: Array, v: Array) -> list[tuple[int, ...]]:
    """Return the shapes of stacks of matrices that hold real numbers, or raise."""
    for name, x in (("q", q), ("k", k), ("v", v)):
        if x.dtype.kind not in "biufO":
            raise TypeError(f"{_NAME}: {name} is {describe(x)}. It must hold real numbers.")
        if x.ndim < 2:
            raise ValueError(
                f"{_NAME}: {name} is {describe(x)}. It needs at least two axes, one of positions "
                f"and one of features. For a single vector, pass {name}[None]."
            )
    return [q.shape, k.shape, v.shape]


def _unfit(q: Array, k: Array, v: Array, why: str) -> str:
    given = f"q is {describe(q)}, k is {describe(k)}, v is {describe(v)}"
    return (
        f"{_NAME}: {given}. {why}. Expected shapes: q (..., T, d), k (..., n, d), v (..., n, e)."
        + lesson("shapes")
    )


def _looks_boolean(mask: Any) -> bool:
    """Return whether a mask of floats holds 0 and 1 and nothing else, as np.tril(np.ones) does."""
    if not isinstance(mask, np.ndarray) or mask.dtype.kind != "f":
        return False
    ones = mask == 1
    return bool(ones.any() and not ones.all() and (ones | (mask == 0)).all())


def _check_mask(mask: Array, scores: tuple[int, ...], is_causal: bool) -> None:
    if is_causal:
        raise ValueError(
            f"{_NAME}: got both mask and is_causal=True. Combine them into one "
            "mask. For a boolean mask, this is mask & np.tri(T, n, dtype=bool)."
        )
    if mask.dtype.kind not in "bfO":
        raise TypeError(
            f"{_NAME}: mask is {describe(mask)}. A mask must be boolean or float. If 1 means that "
            "a query may see a key, pass mask.astype(bool). If the numbers are to be added to the "
            "scores, pass mask.astype(float)."
        )
    if not mask.ndim and mask.dtype == bool:
        raise ValueError(
            f"{_NAME}: mask is {describe(unwrap(mask))}, but a boolean mask has an entry for each "
            "query and key. To hide later positions, pass is_causal=True."
        )
    if _looks_boolean(mask):
        warnings.warn(
            f"{_NAME}: mask holds only 0 and 1, as floats, which are added to the scores. If 1 "
            "means that a query may see a key, pass mask.astype(bool).",
            stacklevel=4,
        )
    lead = len(scores) - mask.ndim
    if lead < 0 or any(n not in (1, m) for n, m in zip(mask.shape, scores[lead:])):
        fix = ""
        if len(scores) > 2 and mask.shape == (scores[0], scores[-1]):
            fix = f" To mask keys of each example, pass mask[:{', None' * (len(scores) - 2)}, :]."
        raise ValueError(
            f"{_NAME}: mask is {describe(mask)}. It must broadcast to the shape of the scores, "
            f"{scores}, in which the last two axes are queries and keys.{fix}" + lesson("shapes")
        )
