"""Softmax: stable values, the Jacobian, and a rule without it.

z are logits, ŷ = softmax(z) = exp(z) / Σ exp(z), C the number of classes, N that of the rows of a
batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..functional.softmax import log_softmax, logsumexp, softmax
from ..transforms.grad import grad
from ..transforms.jacobian import jacobian
from .case import Array, Case, rule_case
from .exercise import exercise

HARD = np.array([[1000.0, 0.0, -1000.0], [-2000.0, -2001.0, -2002.5], [0.3, -0.2, 0.1]])


def logits(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape) * 2


def square_case(given: dict[str, Any], label: str, expected: Array) -> Case:
    """A square result that has a case on the diagonal and one off it."""
    diagonal = np.eye(len(expected), dtype=bool)
    return Case(
        given,
        {label: expected},
        misconceptions=[
            (
                "Only the diagonal is filled: every logit moves every probability, since they all "
                "share the sum.",
                {label: np.where(diagonal, expected, 0)},
            ),
            (
                "These are the entries on the diagonal, where i = j. Every logit moves every "
                "probability, since they all share the sum: what stands where i ≠ j?",
                {label: np.diag(expected)},
            ),
            (
                "It is off by the sign where i ≠ j: what one class gains, the others lose.",
                {label: np.where(diagonal, expected, -expected)},
            ),
        ],
        regions={"on the diagonal (i = j)": diagonal, "off the diagonal (i ≠ j)": ~diagonal},
    )


@exercise(
    "exp(710) is infinite already, and inf/inf is nan. Yet ŷ does not change when the same "
    "number is added to all logits of a row: try it with paper.",
    "Choose that number so that no exponent is positive, and one of them is 0.",
    "Each row needs its own: a row of logits near -2000 under a shift made for 1000 is all "
    "zeros, and divides by 0. keepdims=True keeps rows apart.",
)
def stable_softmax() -> Iterator[Case]:
    """Make it stable: softmax of logits of ±1000

    np.exp(z) / np.exp(z).sum() is nan at z = 1000. z has shape (N, C), each row is one example.

        def stable_softmax(z):
            return ...               # ŷ, of shape (N, C)
    """
    for z in (logits(0, 2, 3), logits(1, 3, 3), HARD, -HARD):
        yield Case(
            {"z": z},
            {"ŷ": unwrap(softmax(z, axis=-1))},
            misconceptions=[
                (
                    "This normalises over the batch: the classes are on the last axis.",
                    {"ŷ": unwrap(softmax(z, axis=0))},
                ),
                (
                    "This normalises over all entries: each row is a distribution of its own.",
                    {"ŷ": unwrap(softmax(z, axis=None))},
                ),
                (
                    "These are the logarithms of the probabilities.",
                    {"ŷ": unwrap(log_softmax(z, axis=-1))},
                ),
            ],
            fallback_hint="Of all changes to the logits, only a shift of a whole row by one number "
            "leaves its ŷ as it is; clipping does not."
            if np.abs(z).max() > 100
            else "",
        )


@exercise(
    "The same trick as in stable_softmax: take a number out of each row first.",
    "Here it does change the result. A factor inside of the logarithm is a term outside of it.",
)
def log_sum_exp() -> Iterator[Case]:
    """Log-sum-exp: ln Σ_k exp(z_k) of each row, for logits of ±1000 too

    It is the smooth maximum, and the loss of softmax is made of it. z has shape (N, C).

        def log_sum_exp(z):
            return ...               # of shape (N,)
    """
    for z in (logits(2, 2, 3), logits(3, 3, 3), HARD, -HARD):
        value = unwrap(logsumexp(z, axis=-1))
        peak = z.max(axis=-1)
        yield Case(
            {"z": z},
            {"ln Σ exp(z)": value},
            misconceptions=[
                ("What was taken out of the row must be put back.", {"ln Σ exp(z)": value - peak}),
                (
                    "What was taken out of the row was put back with the wrong sign.",
                    {"ln Σ exp(z)": value - 2 * peak},
                ),
                ("This is the maximum alone.", {"ln Σ exp(z)": peak}),
                (
                    "This is a sum over the batch: the classes are on the last axis.",
                    {"ln Σ exp(z)": unwrap(logsumexp(z, axis=0))},
                ),
            ],
        )


@exercise(
    "ŷ_i is a quotient. z_j is always in the denominator, and in the numerator only when j = i: "
    "hence two cases.",
    "Write S for the sum. In the case i ≠ j only S moves, by exp(z_j): the derivative of 1/S "
    "gives a sign, and two factors that you know as ŷ's.",
    "In the case i = j the numerator moves too, and adds one term to what the other case gave.",
    "Both cases are one formula of matrices: one part on the diagonal, and an outer product.",
)
def softmax_jacobian() -> Iterator[Case]:
    """Derive the Jacobian of softmax: the cases i = j and i ≠ j

    How does ŷ_i answer to z_j? z has shape (C,).

        def softmax_jacobian(z):
            return ...               # of shape (C, C): row i, column j
    """
    for seed, c in enumerate((3, 4, 2)):
        z = logits(seed + 4, c)
        yield square_case({"z": z}, "∂ŷ/∂z", unwrap(jacobian(softmax)(z)))


@exercise(
    "The Jacobian of a row is symmetric, so the VJP is that matrix times g. Write out the "
    "product for one entry with Σ, and pull out what does not depend on the summation index.",
    "A single number per row is left of the sum: how g weighs the probabilities of that row.",
    "No (C, C) matrix is needed: that number is taken from g before the entries are scaled. "
    "keepdims=True, since each row has its own.",
)
def softmax_rule() -> Iterator[Case]:
    """The rule of softmax, without its Jacobian

    A batch of 64 rows and 50,000 classes would need 64 Jacobians of 20 GB. z, y = ŷ and g have
    shape (N, C); softmax is taken along the last axis.

        def softmax_rule(g, y, z):
            return ...               # ∂L/∂z, of shape (N, C)
    """
    for seed, (n, c) in enumerate([(2, 3), (3, 3), (1, 4)]):
        case = rule_case(softmax, "z", seed, z=logits(seed + 7, n, c))
        g, y = case.given["g"], case.given["y"]
        expected = case.expected["∂L/∂z"]
        row = (g * y).sum(axis=-1, keepdims=True)
        yield case.with_misconceptions(
            (
                "Zeros: that is what g = 1 everywhere gives, since ŷ always sums to 1. The "
                "upstream gradient g was not multiplied in.",
                {"∂L/∂z": np.zeros((n, c))},
            ),
            (
                "This is the diagonal of the Jacobian alone. Each z_j moves all entries of ŷ in "
                "its row.",
                {"∂L/∂z": g * unwrap(grad(lambda z: np.sum(_own_entries(z)))(case.given["z"]))},
            ),
            (
                "This holds the sum in the denominator still. It grows with every z_j, and all "
                "entries of the row shrink.",
                {"∂L/∂z": g * y},
            ),
            (
                "The sum ran over all rows. Rows are examples, and know nothing of each other.",
                {"∂L/∂z": expected + y * (row - row.sum())},
            ),
        )


def _own_entries(z: Any) -> Any:
    """ŷ, where each entry of it depends on its own logit only."""
    held = unwrap(z)
    rest = np.exp(held).sum(axis=-1, keepdims=True) - np.exp(held)
    return 1 / (1 + rest * np.exp(-z))
