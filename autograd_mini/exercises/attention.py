"""Attention and a GPT: the causal mask, the rule of attention, and sampling.

q, k and v are queries, keys and values, with a row for each position of the sequence. z are logits.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..functional.attention import scaled_dot_product_attention
from ..functional.softmax import softmax
from ..ops.elementwise import stop_gradient
from .case import Array, Case, pull_back, rule_case
from .exercise import exercise
from .softmax import HARD, logits, naive_softmax, own_entries

# ---- the causal mask ----------------------------------------------------------------------------


def _causal(s: Array) -> Array:
    """Return the causal weights of the scores `s`: attention with values that copy them."""
    copies = np.broadcast_to(np.eye(s.shape[-1]), s.shape)
    scores = s * np.sqrt(s.shape[-1])  # attention divides them by this root
    weights: Array = unwrap(scaled_dot_product_attention(scores, copies, copies, is_causal=True))
    return weights


_LOWEST = "A masked score must be lower than every other score, so use -∞."


def _mistaken_masks(s: Array) -> dict[str, Any]:
    """Return the common mistakes in the weights of causal attention."""
    past = np.tri(s.shape[-1], dtype=bool)

    def keep(mask: Array) -> Array:
        return np.where(mask, s, -np.inf)

    zeros = "You set the masked scores to 0, but exp(0) is 1. Set them to -∞ instead."
    if np.abs(s).max() > 100:  # where 0 and other low numbers have the same weights
        zeros = _LOWEST
    reach = "Position i may see itself and the positions before it"
    return {
        "exp overflows. Subtract the maximum of each row before exp.": naive_softmax(keep(past)),
        zeros: softmax(np.where(past, s, 0), axis=-1),
        "You masked the weights after softmax, so the rows do not sum to 1. Mask the scores.": (
            np.where(past, softmax(s, axis=-1), 0)
        ),
        f"You kept the future and masked the past. {reach}.": softmax(keep(past.T), axis=-1),
        f"You masked the diagonal too. {reach}.": [
            naive_softmax(keep(past & ~past.T)),
            np.nan_to_num(naive_softmax(keep(past & ~past.T))),
        ],
        f"Each position sees the next one too. {reach}.": softmax(
            keep(np.tri(s.shape[-1], k=1, dtype=bool)), axis=-1
        ),
        "Nothing is masked, so each query sees the future too.": softmax(s, axis=-1),
        "You normalised over the queries. For each query (row), the weights of the keys sum to "
        "1.": [
            unwrap(softmax(keep(past), axis=-2)),
            unwrap(softmax(s, axis=-2)),
        ],
        "You normalised over all entries. Each row is a distribution.": softmax(
            keep(past), axis=None
        ),
        "These are the masked scores. softmax is missing.": keep(past),
        "These are exponentials. The division by the sum of each row is missing.": np.exp(
            keep(past)
        ),
        "This is the mask itself. Apply it to the scores, and then take softmax.": [
            np.broadcast_to(past, s.shape),
            np.where(past, 0.0, -np.inf),
        ],
        "0 · ∞ is nan. Do not multiply by the mask: choose with np.where.": np.full(
            s.shape, np.nan
        ),
    }


@exercise(
    "Which keys may query 0 see, and which may query 1? Draw the matrix, and mark the entries that "
    "must have the weight 0.",
    "A row of weights must still sum to 1. So remove the masked keys before softmax: which score "
    "has the exponential 0?",
    "np.tri or np.tril makes the triangle, and np.where sets the masked scores. Which diagonal do "
    "you keep? Then use a stable softmax along the last axis.",
)
def causal_mask() -> Iterator[Case]:
    """The causal mask: attention that does not look into the future

    s contains scores. Row i belongs to the query at position i, and column j to the key at position
    j. Return the weights: softmax of each row, over the keys j ≤ i only. All other weights are 0.
    s has shape (T, T), or (N, T, T) for a batch, and the scores may be ±1000.

        def causal_mask(s):
            return ...               # the weights, of the shape of s
    """
    batch = np.stack([logits(71, 4, 4), logits(72, 4, 4)])
    for s in (logits(70, 3, 3), batch, HARD, -HARD, logits(73, 1, 1)):
        label = "weights"
        future = np.broadcast_to(~np.tri(s.shape[-1], dtype=bool), s.shape)
        hint = _LOWEST if np.abs(s).max() > 100 else ""
        mistakes = {text: _arrays(result) for text, result in _mistaken_masks(s).items()}
        case = Case(
            {"s": s},
            {label: _causal(s)},
            regions={"in the future (j > i)": future, "in the past (j ≤ i)": ~future},
            fallback_hints={label: hint},
        )
        yield case.with_misconceptions(label, mistakes)


def _arrays(result: Any) -> Any:
    return [unwrap(r) for r in result] if isinstance(result, list) else unwrap(result)


# ---- attention ----------------------------------------------------------------------------------


def _attention(q: Any, k: Any, v: Any, weigh: Any = softmax, power: float = 0.5) -> Any:
    return weigh(q @ k.T / q.shape[-1] ** power) @ v


def _mistaken_attention(g: Array, q: Array, k: Array, v: Array) -> dict[str, list[Array]]:
    """Return the common mistakes in the rule of attention, as gradients of q, k and v."""

    def of(weigh: Any = softmax, power: float = 0.5) -> list[Array]:
        return pull_back(partial(_attention, weigh=weigh, power=power), g, q, k, v)

    def with_constant_sum(s: Any) -> Any:
        e = np.exp(s)
        return e / stop_gradient(np.sum(e, axis=-1, keepdims=True))

    def without_softmax(s: Any) -> Any:
        return s - stop_gradient(s) + softmax(unwrap(s))

    def over_queries(s: Any) -> Any:
        """Return these weights, with the derivatives that the rule of each row has."""
        p, e = softmax(unwrap(s), axis=0), np.exp(s - stop_gradient(s))
        return p * e * (1 - np.sum(p * (e - 1), axis=-1, keepdims=True))

    root = np.sqrt(q.shape[-1])
    by_q, by_k, by_v = of()
    sum_to_one = "For each query (row), the weights of the keys sum to 1."
    return {
        "The factor 1/√d is missing in the gradients of the queries and keys.": [
            by_q * root,
            by_k * root,
            by_v,
        ],
        "You divided by d. The scores are divided by √d, once.": [by_q / root, by_k / root, by_v],
        "You did not divide the scores by √d before softmax.": of(power=0.0),
        "You forgot √d when you computed the weights. Divide the scores before softmax.": [
            of(power=0.0)[0] / root,
            of(power=0.0)[1] / root,
            of(power=0.0)[2],
        ],
        "You divided the scores by d before softmax. Divide by √d.": of(power=1.0),
        "You treated the weights as constants. They depend on q and k.": of(
            lambda s: stop_gradient(softmax(s))
        ),
        "You did not differentiate softmax: its rule is missing between the weights and the "
        "scores.": of(without_softmax),
        "You treated the sum in the denominator of softmax as a constant. See "
        "exercises.softmax_rule.": of(with_constant_sum),
        "You used only the diagonal of the Jacobian of softmax. Each score affects all weights of "
        "its row.": of(own_entries),
        f"You took softmax over the queries. {sum_to_one}": of(partial(softmax, axis=0)),
        f"You computed the weights over the queries. {sum_to_one}": of(over_queries),
    }


def _mistaken_products(g: Array, q: Array, k: Array, v: Array) -> dict[str, dict[str, Any]]:
    """Return the mistakes in the matrix products around softmax. Square matrices hide them."""
    root = np.sqrt(q.shape[-1])
    scores = q @ k.T / root
    weights = unwrap(softmax(scores))
    (by_scores,) = pull_back(lambda s: softmax(s) @ v, g, scores)
    each = "The gradient of a value is a sum over the queries, with the weights of its column."
    stop = "This is the gradient of the scores. Continue to"
    mistakes: dict[str, dict[str, Any]] = {
        "∂L/∂q": {f"{stop} q.": [by_scores, by_scores / root]},
        "∂L/∂k": {f"{stop} k.": [by_scores, by_scores.T, by_scores / root, by_scores.T / root]},
        "∂L/∂v": {
            "This is the product of weights and v: the result of attention, not a "
            "gradient.": weights @ v,
            f"You took sums of g without the weights. {each}": np.ones_like(weights).T @ g,
        },
    }
    if len(q) == len(k):
        transposed = "A transpose is missing. The shapes fit anyway, because T equals S."
        mistakes["∂L/∂k"][transposed] = by_scores @ q / root
        mistakes["∂L/∂v"][f"{transposed} {each}"] = weights @ g
        mistakes["∂L/∂q"][
            "There is one transpose too many: queries are the rows of the scores."
        ] = by_scores.T @ k / root
    return mistakes


@exercise(
    "Cut attention into three parts: the scores s = q kᵀ / √d, the weights p = softmax(s), and "
    "y = p v. Compute s and p again, and then go backwards, one part after the other.",
    "y = p v is a matrix product. Its rule gives ∂L/∂v and ∂L/∂p. See exercises.matmul_rule.",
    "The rule of softmax, for each row, leads from ∂L/∂p to ∂L/∂s. See exercises.softmax_rule.",
    "s is a matrix product again, of q and the transpose of k, times the constant 1/√d. So ∂L/∂q "
    "and ∂L/∂k have this constant too. Check that each product has the right shape.",
)
def attention_rule() -> Iterator[Case]:
    """The rule of attention: y = softmax(q kᵀ / √d) v

    q has shape (T, d), k has shape (S, d), and v has shape (S, e). softmax is taken over the keys,
    the last axis of the scores. y and g = ∂L/∂y have shape (T, e).

        def attention_rule(g, y, q, k, v):
            return ..., ..., ...     # ∂L/∂q, ∂L/∂k, ∂L/∂v
    """
    for seed, (t, s, d, e) in enumerate([(2, 3, 4, 5), (3, 3, 3, 3), (4, 4, 2, 1), (1, 5, 2, 3)]):
        rng = np.random.default_rng(seed + 80)
        q, k, v = (rng.normal(size=shape) for shape in ((t, d), (s, d), (s, e)))
        case = rule_case(scaled_dot_product_attention, "q k v", seed, q=q, k=k, v=v)
        g = case.given["g"]
        whole = _mistaken_attention(g, q, k, v)
        products = _mistaken_products(g, q, k, v)
        for n, label in enumerate(case.expected):
            mistakes = {text: gradients[n] for text, gradients in whole.items()}
            case = case.with_misconceptions(label, {**mistakes, **products[label]})
        yield case


# ---- sampling -----------------------------------------------------------------------------------


def _starts(p: Array) -> Array:
    """Return where the interval of each class starts: the classes lie one after the other."""
    return p @ np.triu(np.ones((p.shape[-1], p.shape[-1])), 1)


def _drawn(p: Array, u: Array) -> Array:
    """Return the class whose interval contains u."""
    return np.asarray((_starts(p) <= u[:, None]).sum(axis=-1) - 1)


def _mistaken_draws(z: Array, temperature: float, u: Array, ids: Array) -> dict[str, Any]:
    """Return the common mistakes in a draw from a distribution."""
    classes = z.shape[1]
    p = unwrap(softmax(z / temperature, axis=-1))
    unstable = np.isnan(naive_softmax(z / temperature)).any(axis=-1)
    strict = (_starts(p) < u[:, None]).sum(axis=-1) - 1
    return {
        "exp is too large or too small for a float. Subtract the maximum of each row first.": (
            np.where(unstable, 0, ids)
        ),
        "You drew a class of probability 0. u may be 0: take the first class whose cumulative sum "
        "is larger than u.": np.maximum(strict, 0),
        "You took the most likely class. Use u to draw one.": z.argmax(axis=-1),
        "You did not use the temperature.": _drawn(unwrap(softmax(z, axis=-1)), u),
        "You multiplied by the temperature. Divide by it: a high temperature makes the "
        "classes more alike.": _drawn(unwrap(softmax(z * temperature, axis=-1)), u),
        "You divided the probabilities by the temperature. Divide the logits.": [
            _drawn(unwrap(softmax(z, axis=-1)) / temperature, u),
            _within(unwrap(softmax(z, axis=-1)) / temperature, u),
        ],
        "You normalised over the batch. The classes are on the last axis.": [
            draw(unwrap(softmax(z / temperature, axis=0)), u) for draw in (_drawn, _within)
        ],
        "You added up the probabilities over the batch. Add up the probabilities of one row.": (
            np.argmax(np.tri(len(z)) @ p > u[:, None], axis=-1)
        ),
        "You put the classes in reverse order. Class 0 comes first.": classes
        - 1
        - _drawn(p[:, ::-1], u),
        "You returned the class after the right one. Count from 0, and return the first class "
        "whose cumulative sum is larger than u.": [ids + 1, np.minimum(ids + 1, classes - 1)],
        "You returned the class before the right one. The cumulative sum of a class includes the "
        "class itself.": [
            ids - 1,
            np.maximum(ids - 1, 0),
        ],
        "You compared u with the probabilities themselves. Compare it with their cumulative "
        "sums.": [(p > u[:, None]).argmax(axis=-1), np.abs(p - u[:, None]).argmin(axis=-1)],
        "All classes are equally likely in your answer. Use the probabilities.": np.floor(
            u * classes
        ),
        "You used only the first u. Each row has its own.": _drawn(p, np.full(len(z), u[0])),
        "You drew a class for only one row. Each row is one draw.": [ids[0], ids[-1], ids[:1]],
        "These are probabilities. Return the number of a class for each row.": p,
        "These are one-hot rows. Return the number of the class.": np.eye(classes)[ids],
    }


def _within(p: Array, u: Array) -> Array:
    """Return the first class whose cumulative sum is larger than u, or 0 if there is none."""
    drawn = _drawn(p, u)
    return np.where(p.sum(axis=-1) <= u, 0, drawn)


@exercise(
    "Put the classes next to each other on the line from 0 to 1: the interval of a class is as "
    "long as its probability. u is a point on this line. In which interval is it?",
    "The cumulative sum of the probabilities gives the right end of each interval. Which end is "
    "the first one to the right of u?",
    "np.cumsum(p, axis=-1) gives the right ends. Compare them with u, which needs an axis of "
    "length 1 at the end. argmax of an array of True and False gives the first True.",
)
def sampling() -> Iterator[Case]:
    """Sampling: draw a class from softmax(z / temperature)

    Each row of z contains logits, which may be large. The temperature is positive. u contains a
    random number 0 ≤ u < 1 for each row. Compute p = softmax(z / temperature) of each row, and
    return the first class i for which p_0 + ... + p_i > u. z has shape (N, C), and u has shape
    (N,).

        def sampling(z, temperature, u):
            return ...               # N ints from 0 to C - 1
    """
    batches = [(logits(55, 6, 4), 2.5), (logits(31, 6, 3), 0.4), (HARD[:, ::-1], 0.5)]
    for seed, (z, temperature) in zip((55, 1, 2), batches):  # 55 tells all mistakes apart
        rng = np.random.default_rng(seed)
        p = unwrap(softmax(z / temperature, axis=-1))
        ids = np.array([rng.choice(len(row), p=row) for row in p])
        yield _draw_case(z, temperature, ids, rng.uniform(0.2, 0.8, len(z)))
    rare = np.array([[-2000.0, 0.3, 0.1, 0.2], [-1500.0, -1e4, 1.0, 2.0]])
    yield _draw_case(rare, 1.0, np.array([1, 2]), np.zeros(2))


def _draw_case(z: Array, temperature: float, ids: Array, share: Array) -> Case:
    """Return a case where u is inside of the intervals of `ids`, at this share of their length."""
    p = unwrap(softmax(z / temperature, axis=-1))
    u = (_starts(p) + share[:, None] * p)[np.arange(len(z)), ids]
    given = {"z": z, "temperature": temperature, "u": u}
    overflow = "Rows with large logits are wrong. Does exp overflow?"
    hint = overflow if np.abs(z).max() > 100 else ""
    case = Case(given, {"ids": ids}, fallback_hints={"ids": hint})
    return case.with_misconceptions("ids", _mistaken_draws(z, temperature, u, ids))
