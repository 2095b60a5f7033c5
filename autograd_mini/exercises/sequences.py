"""Sequences: the gradient of an embedding, and of a cell of an LSTM.

V is the number of tokens in the vocabulary, and D the number of features of a token.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..functional.embedding import embedding
from .case import Array, Case, cotangent, pull_back, rule_case
from .exercise import exercise

# ---- embedding ----------------------------------------------------------------------------------


def _mistaken_scatter(g: Array, ids: Array, weight: Array, right: Array) -> dict[str, Any]:
    """Return the common mistakes about which row of the table a gradient belongs to."""
    tokens, vectors = ids.ravel(), g.reshape(ids.size, -1)
    last, first = np.zeros_like(weight), np.zeros_like(weight)
    last[tokens] = vectors
    first[tokens[::-1]] = vectors[::-1]
    by_position = np.zeros_like(weight)
    by_position[np.arange(ids.size) % len(weight)] = vectors
    uses = np.bincount(tokens, minlength=len(weight))[:, None]
    return {
        "A token that occurs several times has only its last contribution. Add up the "
        "contributions of all positions.": last,
        "A token that occurs several times has only its first contribution. Add up the "
        "contributions of all positions.": first,
        "You took the mean over the positions of a token. Add up their gradients.": right
        / np.maximum(uses, 1),
        "Some rows are missing from your result. A token that does not occur has the gradient "
        "0, so keep its row.": [
            right[: tokens.max() + 1],
            right[np.unique(tokens)],
        ],
        "You used the position of a token as its row. Use its id.": by_position,
        "You counted the ids from 1, but they count from 0.": [
            np.roll(right, shift, axis=0) for shift in (1, -1)
        ],
        "You started from the table. Start from zeros.": weight + right,
        "You subtracted the gradient from the table, as a step of training does. Return the "
        "gradient.": weight - right,
        "You multiplied by the table. A lookup copies a row, so its local derivative is 1.": (
            right * weight
        ),
        "You added up the features of a token. Each feature has a gradient.": [
            right.sum(axis=1),
            np.broadcast_to(right.sum(axis=1, keepdims=True), right.shape),
        ],
    }


@exercise(
    "Take the text 2 0 2. Which rows of the table are copied, how often, and to which positions?",
    "The gradient of a row is the sum of the gradients of its copies. A row without copies has the "
    "gradient 0.",
    "`d[ids] += g` counts a repeated id only once, because NumPy reads d[ids] before it adds. Read "
    "the documentation of np.ufunc.at, or write a loop over the positions.",
    "Or see y as a product of two matrices: the first one has one 1 in each row, and the second "
    "one is the table. What is the rule of a matrix product? Flatten ids and g first, because ids "
    "may have several axes.",
)
def embedding_rule() -> Iterator[Case]:
    """The rule of an embedding: y = weight[ids]

    weight is a table with one row for each token, and has shape (V, D). ids contains ints from 0 to
    V - 1, and has any shape. y and g = ∂L/∂y have the shape of ids, with one more axis of length D
    at the end.

        def embedding_rule(g, y, ids, weight):
            return ...               # ∂L/∂weight, of shape (V, D)
    """
    texts: list[tuple[list[Any], int, int]] = [
        ([2, 0, 2], 5, 3),
        ([[1, 1, 3], [0, 1, 3]], 4, 2),
        ([[[0], [2]], [[2], [2]]], 3, 3),
        ([4, 1, 0], 7, 1),
    ]
    for seed, (text, v, d) in enumerate(texts):
        ids, weight = np.array(text), cotangent((v, d), seed + 50)
        case = rule_case(embedding, "weight", seed, ids=ids, weight=weight)
        right = case.expected["∂L/∂weight"]
        mistakes = _mistaken_scatter(case.given["g"], ids, weight, right)
        yield case.with_misconceptions("∂L/∂weight", mistakes)


# ---- a cell of an LSTM --------------------------------------------------------------------------


def _state(c: Any, i: Any, f: Any, z: Any) -> Any:
    return f * c + i * z


def _through_state(g: Array, gates: tuple[Array, ...]) -> dict[str, Array]:
    """Return the gradients of c, i, f and z if the whole gradient of the new state is `g`."""
    labels = ("∂L/∂c", "∂L/∂i", "∂L/∂f", "∂L/∂z")
    return dict(zip(labels, pull_back(_state, g, *gates)))


def _mistaken_totals(gh: Array, gc: Array, c: Array, new: Array, o: Array) -> dict[str, Array]:
    """Return wrong gradients of the new state, which leads to h' and to the next step."""

    def back(output: Any) -> Array:
        return pull_back(output, gh, new)[0]

    def output(state: Any) -> Any:
        return o * np.tanh(state)

    h = o * np.tanh(new)
    slope = back(np.tanh) / gh
    return {
        "Only the path through h' contributed. c' also goes to the next step, so add gc.": back(
            output
        ),
        "Only gc contributed. c' also affects h', so add the path through h'.": gc,
        "The derivative of tanh is missing on the path through h'.": gh * o + gc,
        "The factor gh is missing on the path through h'.": o * slope + gc,
        "The factor o is missing on the path through h'.": back(np.tanh) + gc,
        "You multiplied gc by o too. Only the path through h' has this factor.": (gh + gc)
        * o
        * slope,
        "You multiplied gc by the derivative of tanh too. Only the path through h' has this "
        "factor.": back(output) + gc * slope,
        "You took the derivative of tanh at the old state c. Take it at the new state c'.": gc
        + pull_back(output, gh, c)[0],
        "The square is missing in the derivative of tanh.": gh * (o - h) + gc,
        "The sign of the square is wrong in the derivative of tanh.": gh * o * (2 - slope) + gc,
        "This is only the square of tanh. The derivative of tanh is 1 minus this square.": gh
        * o
        * (1 - slope)
        + gc,
        "You subtracted one path from the other. The contributions of paths are added.": (
            back(output) - gc
        ),
        "You used h' instead of tanh(c'). But h' has the factor o too.": gh * o * (1 - np.square(h))
        + gc,
        "You did not differentiate tanh.": gh * h + gc,
        "You multiplied the two paths. Multiply the factors along a path, but add the paths.": back(
            output
        )
        * gc,
    }


def _mistaken_gates(total: Array, gh: Array, gc: Array, *gates: Array) -> dict[str, dict[str, Any]]:
    """Return the common mistakes about single results, if the gradient of c' is right."""
    c, i, f, z, o, new = gates
    activation = "You continued through the {} that computed {}. Stop at {} itself."
    sigmoid = {name: activation.format("sigmoid", name, name) for name in ("i", "f", "o")}
    return {
        "∂L/∂c": {
            "The factor f is missing. The old state is multiplied by the forget gate.": total,
        },
        "∂L/∂i": {
            sigmoid["i"]: total * z * (i - np.square(i)),
            "The factor z is missing.": total,
        },
        "∂L/∂f": {
            "You used the new state. f is multiplied by the old state c.": total * new,
            sigmoid["f"]: total * c * (f - np.square(f)),
            "The factor c is missing.": total,
        },
        "∂L/∂z": {
            activation.format("tanh", "z", "z"): total * i * (1 - np.square(z)),
            "The factor i is missing.": total,
        },
        "∂L/∂o": {
            "You did not multiply by gh.": np.tanh(new),
            "tanh is missing. o is multiplied by tanh(c').": gh * new,
            "You used the old state. o is multiplied by tanh(c').": gh * np.tanh(c),
            "You used gc too. o affects only h', so only gh comes back to it.": [
                (gh + gc) * np.tanh(new),
                total * np.tanh(new),
            ],
            "The local derivative with respect to one factor is the other factor.": [
                gh * o,
                gh * o * np.tanh(new),
            ],
            sigmoid["o"]: gh * np.tanh(new) * (o - np.square(o)),
            "You differentiated tanh. For ∂L/∂o, keep c' constant.": pull_back(np.tanh, gh, new)[0],
        },
    }


@exercise(
    "Draw the graph: arrows from c, i, f and z to c', from c' and o to h', and from c' to the next "
    "step. Which paths lead from c' to L?",
    "First compute the whole gradient of c'. It is a sum over two paths. One path contributes gc. "
    "On the other path, gh is multiplied by the local derivatives of the product and of tanh. The "
    "derivative of tanh u is 1 minus the square of tanh u.",
    "The gradients of c, i, f and z have this sum as a factor. The other factor comes from the "
    "rule of a product.",
    "o does not affect c', so ∂L/∂o needs only gh.",
)
def lstm_cell() -> Iterator[Case]:
    """The rule of an LSTM cell: two paths lead from its state to the loss

    The gates i, f and o, and the candidate z, are given. Entry by entry, the cell computes

        c' = f · c + i · z           h' = o · tanh(c')

    gh is ∂L/∂h'. gc is the part of ∂L/∂c' that comes from the next step of the sequence. It does
    not contain the path through this h'. All arrays have the same shape.

        def lstm_cell(gh, gc, c, i, f, z, o):
            return ..., ..., ..., ..., ...   # ∂L/∂c, ∂L/∂i, ∂L/∂f, ∂L/∂z, ∂L/∂o
    """
    for seed, shape in enumerate([(3,), (2, 4), (1, 1)]):
        rng = np.random.default_rng(seed + 60)
        gh, gc = cotangent(shape, seed), cotangent(shape, seed + 10)
        c, z = rng.uniform(-2, 2, shape), rng.uniform(-0.9, 0.9, shape)
        i, f, o = rng.uniform(0.1, 0.9, (3, *shape))
        new = _state(c, i, f, z)
        by_new, by_o = pull_back(lambda c, o: o * np.tanh(c), gh, new, o)
        expected = {**_through_state(by_new + gc, (c, i, f, z)), "∂L/∂o": by_o}
        given = {"gh": gh, "gc": gc, "c": c, "i": i, "f": f, "z": z, "o": o}
        totals = _mistaken_totals(gh, gc, c, new, o)
        case = Case(
            given,
            expected,
            misconceptions=[(t, _through_state(g, (c, i, f, z))) for t, g in totals.items()],
        )
        for label, mistakes in _mistaken_gates(by_new + gc, gh, gc, c, i, f, z, o, new).items():
            case = case.with_misconceptions(label, mistakes)
        yield case
