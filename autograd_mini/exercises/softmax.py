"""Softmax: stable values, the Jacobian, and a rule without it.

z are logits, and ŷ = softmax(z) = exp(z) / Σ exp(z). C is the number of classes, and N the number
of rows of a batch.
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
    """Return a case whose result has one formula on the diagonal and another off it."""
    diagonal = np.eye(len(expected), dtype=bool)
    probabilities = unwrap(softmax(given["z"]))
    constant = np.diag(probabilities)
    regions = {"on the diagonal (i = j)": diagonal, "off the diagonal (i ≠ j)": ~diagonal}
    sign = np.where(diagonal, 1, -1)
    shared = "Every logit affects every probability, because they all share the sum"
    return Case(given, {label: expected}, regions=regions).with_misconceptions(
        label,
        {
            f"You filled only the diagonal. {shared}.": np.where(diagonal, expected, 0),
            f"These are the entries on the diagonal, where i = j. {shared}. So compute the entries "
            "with i ≠ j too.": np.diag(expected),
            "The sign is wrong where i ≠ j: if one class gains, the others lose.": sign * expected,
            "These are the probabilities themselves, not their derivatives.": probabilities,
            "You treated the sum in the denominator as a constant. But it contains every z_j.": (
                constant
            ),
            "On the diagonal, the numerator depends on z_j too. Its contribution is "
            "missing.": expected - constant,
            "The contribution of the denominator has the wrong sign.": 2 * constant - expected,
            "This is only the contribution of the denominator, with the wrong sign.": constant
            - expected,
        },
    )


@exercise(
    "exp(710) is already infinite, and inf/inf is nan. If you add the same number to all logits of "
    "a row, ŷ does not change: try this on paper.",
    "Choose that number so that no exponent is positive, and one of them is 0.",
    "Each row needs its own number. If you subtract 1000 from a row of logits near -2000, all of "
    "its exponentials are 0, and the division is 0/0. Use keepdims=True.",
)
def stable_softmax() -> Iterator[Case]:
    """Make softmax stable, for logits of ±1000 too

    np.exp(z) / np.exp(z).sum() contains nan if an entry of z is 1000. z has shape (N, C), and each
    row is one example.

        def stable_softmax(z):
            return ...               # the probabilities, of shape (N, C)
    """
    for z in (logits(0, 2, 3), logits(1, 3, 3), HARD, -HARD):
        unstable = "Subtracting one number from a whole row does not change its ŷ. Clipping does."
        hint = unstable if np.abs(z).max() > 100 else ""
        expected = unwrap(softmax(z, axis=-1))
        case = Case({"z": z}, {"ŷ": expected}, fallback_hints={"ŷ": hint})
        shifted = expected / np.max(expected, axis=-1, keepdims=True)
        over_batch = "You normalised over the batch. The classes are on the last axis."
        over_all = "You normalised over all entries. Each row is a distribution."
        mistakes = {
            "exp overflows. Change the exponents so that the largest exponent of a row is "
            "0.": naive_softmax(z),
            "You subtracted the same number from all rows. Then all exponentials of some rows are "
            "0. Each row needs its own number.": naive_softmax(z - np.max(z)),
            "The entries of a row do not sum to 1: the division is missing.": shifted,
            "You shifted each column by its own number. Shift each row by one number.": (
                naive_softmax(z - np.max(z, axis=0))
            ),
            "The sign of the exponents is wrong.": softmax(-z, axis=-1),
            "You divided the sum by the entries.": 1 / expected,
            over_batch: [softmax(z, axis=0), shifted / np.sum(shifted, axis=0)],
            over_all: [softmax(z, axis=None), shifted / np.sum(shifted)],
            "These are the logarithms of the probabilities.": log_softmax(z, axis=-1),
        }
        yield case.with_misconceptions("ŷ", {text: unwrap(p) for text, p in mistakes.items()})


def naive_softmax(z: Array) -> Array:
    """Compute softmax as written, which overflows."""
    quotient: Array = np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True)
    return quotient


@exercise(
    "Use the same trick as in stable_softmax: subtract a number from each row first.",
    "Here the subtraction changes the result, so correct the result at the end. Use the formula "
    "ln(a·b) = ln a + ln b.",
)
def log_sum_exp() -> Iterator[Case]:
    """Log-sum-exp: ln Σ_k exp(z_k) of each row, for logits of ±1000 too

    Log-sum-exp is a smooth maximum, and a part of the cross-entropy of softmax. z has shape (N, C).

        def log_sum_exp(z):
            return ...               # of shape (N,)
    """
    for z in (logits(2, 2, 3), logits(3, 3, 3), HARD, -HARD):
        value = unwrap(logsumexp(z, axis=-1))
        over_batch = unwrap(logsumexp(z, axis=0))
        peak = z.max(axis=-1)
        highest = np.max(z)
        naive = np.log(np.sum(np.exp(z), axis=-1))
        one_shift = highest + np.log(np.sum(np.exp(z - highest), axis=-1))
        sums = np.exp(value)
        subtracted = "the number that you subtracted from the row"
        yield Case({"z": z}, {"ln Σ exp(z)": value}).with_misconceptions(
            "ln Σ exp(z)",
            {
                f"Add back {subtracted}.": value - peak,
                f"You added back {subtracted} with the wrong sign.": value - 2 * peak,
                "exp overflows. Change the exponents so that the largest exponent of a row is "
                "0.": naive,
                "You subtracted the same number from all rows. Then all exponentials of some "
                "rows are 0. Each row needs its own number.": one_shift,
                "The logarithm is missing.": sums,
                "This is the logarithm of a sum of probabilities, which is 1.": np.zeros(len(z)),
                "You took the mean of the exponentials, not their sum.": value - np.log(z.shape[1]),
                "You summed over all rows. Each row has its own result.": unwrap(logsumexp(z)),
                "This is the maximum alone.": peak,
                "The maximum has an axis of length 1 that the sum does not have. Remove this "
                "axis.": peak[:, None] + (value - peak),
                "This is a logarithm to the base 10, but ln has the base e.": [
                    peak + (value - peak) / np.log(10),
                    value / np.log(10),
                ],
                "You took the logarithm before the sum.": z.sum(axis=-1),
                "You added the maximum, but did not subtract it first.": value + peak,
                "You summed over the batch. The classes are on the last axis.": over_batch,
            },
        )


@exercise(
    "ŷ_i is a quotient. z_j is always in the denominator, but it is in the numerator only if "
    "j = i. So there are two cases.",
    "Let S be the sum in the denominator. If i ≠ j, only S depends on z_j, and ∂S/∂z_j = exp(z_j). "
    "Differentiate 1/S. You get a minus sign and two factors. Which entries of ŷ are they?",
    "If i = j, the numerator depends on z_j too. This adds one term to the result of the other "
    "case.",
    "You can write both cases as one matrix: a diagonal matrix minus an outer product.",
)
def softmax_jacobian() -> Iterator[Case]:
    """Derive the Jacobian of softmax: the cases i = j and i ≠ j

    Compute ∂ŷ_i/∂z_j, where ŷ is softmax(z). z has shape (C,).

        def softmax_jacobian(z):
            return ...               # of shape (C, C): row i, column j
    """
    for seed, c in enumerate((3, 4, 2)):
        z = logits(seed + 4, c)
        yield square_case({"z": z}, "∂ŷ/∂z", unwrap(jacobian(softmax)(z)))


@exercise(
    "The Jacobian of a row is symmetric, so the result for this row is the Jacobian times g. Write "
    "one entry of this product as a sum. Move the factors that do not depend on the summation "
    "index in front of the sum.",
    "The sum is one number for each row: the mean of g, weighted by the probabilities of the row.",
    "You need no (C, C) matrix: subtract that number from g, and then scale the entries. Use "
    "keepdims=True, because each row has its own number.",
)
def softmax_rule() -> Iterator[Case]:
    """The rule of softmax, without its Jacobian

    A batch of 64 rows and 50,000 classes would need 64 Jacobians of 20 GB each. Let ŷ be
    softmax(z), taken along the last axis. z, y = ŷ and g have shape (N, C), and g is ∂L/∂y.

        def softmax_rule(g, y, z):
            return ...               # ∂L/∂z, of shape (N, C)
    """
    for seed, (n, c) in enumerate([(2, 3), (3, 3), (1, 4)]):
        case = rule_case(softmax, "z", seed, z=logits(seed + 7, n, c))
        g, y = case.given["g"], case.given["y"]
        expected = case.expected["∂L/∂z"]
        row = (g * y).sum(axis=-1, keepdims=True)
        diagonal = unwrap(grad(lambda z: np.sum(own_entries(z)))(case.given["z"]))
        yield case.with_misconceptions(
            "∂L/∂z",
            {
                "You did not multiply by g, the gradient of ŷ. The result is 0 if g = 1 "
                "everywhere, because ŷ always sums to 1.": np.zeros((n, c)),
                "This is the diagonal of the Jacobian alone. Each z_j affects all entries of ŷ in "
                "its row.": g * diagonal,
                "You treated the sum in the denominator as a constant. But it grows with every "
                "z_j, and then all entries of the row shrink.": g * y,
                "You summed over all rows, but rows are independent examples.": expected
                + y * (row - row.sum()),
                "You summed over the batch. The classes are on the last axis.": expected
                + y * (row - (g * y).sum(axis=0)),
                "You subtracted the plain mean of g. Each entry has the weight ŷ.": g * y
                - y * g.mean(axis=-1, keepdims=True),
                "You subtracted the plain sum of g. Each entry has the weight ŷ.": g * y
                - y * g.sum(axis=-1, keepdims=True),
                "The factor ŷ in front is missing.": expected / y,
                "The sum has the wrong sign.": g * y + y * row,
                "This is the sum alone, spread over the row.": np.broadcast_to(row, (n, c)),
                "This is only the part that is subtracted.": y * row,
                "You divided the weighted sum by C. The weights ŷ already sum to 1.": g * y
                - y * row / c,
            },
        )


def own_entries(z: Any) -> Any:
    """Compute ŷ so that each entry depends on its own logit only."""
    held = unwrap(z)
    rest = np.exp(held).sum(axis=-1, keepdims=True) - np.exp(held)
    return 1 / (1 + rest * np.exp(-z))
