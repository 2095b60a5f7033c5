"""Softmax and cross-entropy: stable values, the Jacobian, the gradient, the Hessian.

z are logits, ŷ = softmax(z) = exp(z) / Σ exp(z), y the targets, C the number of classes, N that of
the rows of a batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..cross_entropy import softmax_cross_entropy
from ..softmax import log_softmax, logsumexp, softmax
from ..tensor import raw
from ..transforms import grad, hessian, jacobian
from .case import Array, Case, rule_case
from .exercise import exercise

_HARD = np.array([[1000.0, 0.0, -1000.0], [-2000.0, -2001.0, -2002.5], [0.3, -0.2, 0.1]])


def _logits(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape) * 2


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
    for z in (_logits(0, 2, 3), _logits(1, 3, 3), _HARD, -_HARD):
        yield Case(
            {"z": z},
            {"ŷ": raw(softmax(z, axis=-1))},
            suspects=[
                (
                    "This normalises over the batch: the classes are on the last axis.",
                    {"ŷ": raw(softmax(z, axis=0))},
                ),
                (
                    "This normalises over all entries: each row is a distribution of its own.",
                    {"ŷ": raw(softmax(z, axis=None))},
                ),
                (
                    "These are the logarithms of the probabilities.",
                    {"ŷ": raw(log_softmax(z, axis=-1))},
                ),
            ],
            otherwise="Of all changes to the logits, only a shift of a whole row by one number "
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
    for z in (_logits(2, 2, 3), _logits(3, 3, 3), _HARD, -_HARD):
        value = raw(logsumexp(z, axis=-1))
        peak = z.max(axis=-1)
        yield Case(
            {"z": z},
            {"ln Σ exp(z)": value},
            suspects=[
                ("What was taken out of the row must be put back.", {"ln Σ exp(z)": value - peak}),
                (
                    "What was taken out of the row was put back with the wrong sign.",
                    {"ln Σ exp(z)": value - 2 * peak},
                ),
                ("This is the maximum alone.", {"ln Σ exp(z)": peak}),
                (
                    "This is a sum over the batch: the classes are on the last axis.",
                    {"ln Σ exp(z)": raw(logsumexp(z, axis=0))},
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
        z = _logits(seed + 4, c)
        yield _matrix({"z": z}, "∂ŷ/∂z", raw(jacobian(softmax)(z)))


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
        case = rule_case(softmax, "z", seed, z=_logits(seed + 7, n, c))
        g, y = case.given["g"], case.given["y"]
        expected = case.expected["∂L/∂z"]
        row = (g * y).sum(axis=-1, keepdims=True)
        yield case.suspecting(
            (
                "Zeros: that is what g = 1 everywhere gives, since ŷ always sums to 1. The "
                "upstream gradient g was not multiplied in.",
                {"∂L/∂z": np.zeros((n, c))},
            ),
            (
                "This is the diagonal of the Jacobian alone. Each z_j moves all entries of ŷ in "
                "its row.",
                {"∂L/∂z": g * raw(grad(lambda z: np.sum(_own_entries(z)))(case.given["z"]))},
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
    held = raw(z)
    rest = np.exp(held).sum(axis=-1, keepdims=True) - np.exp(held)
    return 1 / (1 + rest * np.exp(-z))


def _mean_loss(z: Any, y: Any) -> Any:
    return -np.sum(y * log_softmax(z, axis=-1)) / z.shape[0]


@exercise(
    "-Σ_i y_i ln ŷ_i, and ln ŷ_i = z_i - ln Σ_k exp(z_k). How often does the last term stand in "
    "the sum over i, and with which weights?",
    "The derivative of log-sum-exp is a softmax; you have met all the parts.",
    "Where the weights of a row sum to 1 the general formula becomes the short one that "
    "everyone knows. Here they need not: leave their sum in it.",
    "L is a mean over the N rows; and the logits may be large.",
)
def cross_entropy_gradient() -> Iterator[Case]:
    """The gradient of softmax cross-entropy, for any targets

    L = -(1/N) Σ_n Σ_i y_{n,i} ln ŷ_{n,i}. z and y have shape (N, C); the weights y are any numbers,
    and need not sum to 1 in a row.

        def cross_entropy_gradient(z, y):
            return ...               # ∂L/∂z, of shape (N, C)
    """
    rng = np.random.default_rng(11)
    for seed, (n, c) in enumerate([(2, 3), (4, 3), (3, 3)]):
        y = rng.uniform(0, 2, (n, c))
        yield _loss_case(_logits(seed + 10, n, c), y, "y", y)
    yield _loss_case(_HARD, np.array([[0.2, 0.5, 1.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.5]]), "y")


@exercise(
    "A one-hot row sums to 1: put that into the general gradient.",
    "From the probabilities, something is taken away in one entry of each row: the one that its "
    "label names.",
    "Pair the rows with their labels when you index: an index for each axis. With a slice in "
    "place of the first, you would change whole columns.",
)
def one_hot_gradient() -> Iterator[Case]:
    """The gradient of softmax cross-entropy, for class labels

    The same L, where y_n is one-hot: 1 at the row's own class and 0 elsewhere. z has shape (N, C),
    labels (N,), ints. Do without an array for y, if you like.

        def one_hot_gradient(z, labels):
            return ...               # ∂L/∂z, of shape (N, C)
    """
    rng = np.random.default_rng(12)
    for seed, (n, c) in enumerate([(4, 3), (3, 5), (2, 3)]):
        labels = rng.integers(0, c, n)
        yield _loss_case(_logits(seed + 20, n, c), np.eye(c)[labels], "labels", labels)
    yield _loss_case(_HARD, np.eye(3)[[2, 0, 1]], "labels", np.array([2, 0, 1]))


def _loss_case(z: Array, y: Array, name: str, targets: Array | None = None) -> Case:
    """A call of a gradient of the mean loss; the mistakes that are often made with it."""
    n, c = z.shape
    right = raw(grad(_mean_loss)(z, y))
    as_if_one = grad(lambda z: np.sum(logsumexp(z, axis=-1) - np.sum(y * z, axis=-1)) / n)
    probabilities = raw(softmax(z, axis=-1))
    one_hot = name == "labels"
    suspects = [
        ("It is not divided by N: L is the mean over the rows.", n * right),
        (f"You divided by N twice: N is {n}.", right / n),
        (
            f"You divided by C = {c} too: the mean is over rows, not over all entries.",
            right / c,
        ),
        ("These are the probabilities; the targets are not in it.", probabilities),
        ("These are the probabilities over N; the targets are not in it.", probabilities / n),
    ]
    if not one_hot:
        text = "This holds only where the weights of a row sum to 1. These need not: see hint 3."
        suspects += [(text, raw(as_if_one(z))), (text, n * raw(as_if_one(z)))]
        more = y.sum() - y.sum(axis=-1, keepdims=True)
        text = "The weights of all rows were summed up. Each row goes by its own sum."
        suspects.append((text, right + probabilities * more / n))
    return Case(
        {"z": z, name: y if targets is None else targets},
        {"∂L/∂z": right},
        suspects=[(text, {"∂L/∂z": value}) for text, value in suspects],
        regions={
            "in the entries of the right classes": y == 1,
            "in the entries of the other classes": y != 1,
        }
        if one_hot
        else {},
    )


@exercise(
    "Differentiate the gradient once more: which of its parts still depends on z?",
    "You have derived the matrix that remains already, under another name.",
)
def cross_entropy_hessian() -> Iterator[Case]:
    """The Hessian of softmax cross-entropy

    For one example: z has shape (C,), label is its class, L = -ln ŷ_label.

        def cross_entropy_hessian(z, label):
            return ...               # ∂²L/∂z_i∂z_j, of shape (C, C)
    """
    for seed, (c, label) in enumerate([(3, 0), (4, 2), (2, 1)]):
        z = _logits(seed + 30, c)
        second = raw(hessian(lambda z, label=label: softmax_cross_entropy(z, label))(z))
        yield _matrix({"z": z, "label": label}, "∂²L/∂z∂z", second)


def _matrix(given: dict[str, Any], label: str, expected: Array) -> Case:
    """A square result that has a case on the diagonal and one off it."""
    diagonal = np.eye(len(expected), dtype=bool)
    return Case(
        given,
        {label: expected},
        suspects=[
            (
                "Only the diagonal is filled: every logit moves every probability, since they all "
                "share the sum.",
                {label: np.where(diagonal, expected, 0)},
            ),
            (
                "It is off by the sign where i ≠ j: what one class gains, the others lose.",
                {label: np.where(diagonal, expected, -expected)},
            ),
        ],
        regions={"on the diagonal (i = j)": diagonal, "off the diagonal (i ≠ j)": ~diagonal},
    )


@exercise(
    "Near w, L is about a parabola: its gradient at w + d is g + H d. Where is that 0?",
    "That is a system of linear equations for d. np.linalg.solve does it, without an inverse.",
)
def newton_step() -> Iterator[Case]:
    """One step of Newton's method

    At w, L has the gradient g and the Hessian h, symmetric and positive definite. Where is the
    minimum of the parabola that has the same? w and g have shape (n,), h (n, n).

        def newton_step(w, g, h):
            return ...               # the next w, of shape (n,)
    """
    for seed, n in enumerate((3, 2)):
        rng = np.random.default_rng(seed)
        root = rng.normal(size=(n, n))
        h = root @ root.T + np.eye(n)
        w, minimum = rng.normal(size=n), rng.normal(size=n)
        g = h @ (w - minimum)  # the parabola was made around its minimum
        yield Case(
            {"w": w, "g": g, "h": h},
            {"w": minimum},
            suspects=[
                ("The step leads uphill: its sign is off.", {"w": 2 * w - minimum}),
                ("This is the step alone: add it to w.", {"w": minimum - w}),
                ("This is a step of gradient descent; the curvature h is not in it.", {"w": w - g}),
                (
                    "Only the diagonal of h was used: the directions are not independent.",
                    {"w": w - g / np.diag(h)},
                ),
                ("The step was multiplied by h. It is to be divided by it.", {"w": w - h @ g}),
            ],
        )
