"""Softmax cross-entropy: its gradient, in general and for labels, its Hessian, and Newton's step.

z are logits, ŷ = softmax(z), and y are the targets. C is the number of classes, and N the number of
rows of a batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..functional.cross_entropy import softmax_cross_entropy
from ..functional.softmax import log_softmax, logsumexp, softmax
from ..transforms.grad import grad
from ..transforms.jacobian import hessian
from .case import Array, Case
from .exercise import exercise
from .softmax import HARD, logits, square_case


def _mean_loss(z: Any, y: Any) -> Any:
    return -np.sum(y * log_softmax(z, axis=-1)) / z.shape[0]


def _loss_case(given: dict[str, Any], z: Array, y: Array) -> Case:
    """Return a case for a gradient of the mean loss, with the common mistakes about the mean."""
    n, c = z.shape
    right = unwrap(grad(_mean_loss)(z, y))
    sums = np.sum(y, axis=-1, keepdims=True)
    probabilities = unwrap(softmax(z, axis=-1))
    mistakes = {
        "Your result is not divided by N. L is the mean over the rows.": n * right,
        f"You divided by N twice: N is {n}.": right / n,
        "You multiplied by N. L is the mean over the rows, so divide.": n * n * right,
        f"You divided by C = {c} too. The mean is over rows, not over all entries.": right / c,
        f"You divided by C = {c}, not by N = {n}. The mean is over the rows.": right * n / c,
        "The sign of the targets is wrong.": right + 2 * y / n,
        "The sign of the targets is wrong, and your result is not divided by N.": n * right + 2 * y,
        "This is the derivative with respect to ŷ. Continue with the chain rule to z.": (
            -y / probabilities / n
        ),
        "This is the derivative with respect to ŷ, and it is not divided by N.": -y / probabilities,
        "You used only the diagonal of the Jacobian of softmax. Each z_j affects all ŷ of its "
        "row.": (probabilities * y - y) / n,
        "This is the loss itself. Each entry of z has a derivative.": unwrap(_mean_loss(z, y)),
        "These are the losses of the rows. Each entry of z has a derivative.": -np.sum(
            y * unwrap(log_softmax(z, axis=-1)), axis=-1
        ),
        "The probabilities are missing: these are the targets alone.": -y / n,
        "The probabilities are missing: these are the targets alone, with the wrong sign.": y / n,
        "You normalised over the batch. The classes are on the last axis.": (
            unwrap(softmax(z, axis=0)) * sums - y
        )
        / n,
        "These are the probabilities. The targets are missing.": probabilities,
        "These are the probabilities divided by N. The targets are missing.": probabilities / n,
    }
    return Case(given, {"∂L/∂z": right}).with_misconceptions("∂L/∂z", mistakes)


def _of_any_weights(z: Array, y: Array) -> dict[str, Array]:
    """Return the common mistakes for targets that do not sum to 1."""
    n = len(z)
    sums = y.sum(axis=-1, keepdims=True)

    def as_if_one(z: Any) -> Any:
        return np.sum(logsumexp(z, axis=-1) - np.sum(y * z, axis=-1)) / n

    short = unwrap(grad(as_if_one)(z))
    over_rows = unwrap(softmax(z, axis=-1)) * (y.sum() - sums) / n
    right = unwrap(grad(_mean_loss)(z, y))
    only = "This is right only if the targets of a row sum to 1. Here they have other sums"
    return {
        f"{only}. See hint 3.": short,
        f"{only}. Also, L is the mean over the rows.": n * short,
        "You summed the targets of all rows. Each row needs its own sum.": over_rows + right,
        "You took the mean of the targets of a row. Take their sum.": (short * n + y)
        * sums
        / y.shape[1]
        / n
        - y / n,
        "You summed the targets, but you did not subtract the targets themselves.": right + y / n,
    }


@exercise(
    "The loss of a row is -Σ_i y_i ln ŷ_i, where ln ŷ_i = z_i - ln Σ_k exp(z_k). The last term is "
    "the same for every i. By which number is it multiplied in the sum over i?",
    "The derivative of ln Σ_k exp(z_k) with respect to z_i is ŷ_i.",
    "If the targets of a row sum to 1, the formula becomes shorter. Here the targets may have "
    "another sum, so keep their sum in the formula.",
    "L is a mean over the N rows. And the logits may be large, so use a stable softmax.",
)
def cross_entropy_gradient() -> Iterator[Case]:
    """The gradient of softmax cross-entropy, for any targets

    L = -(1/N) Σ_n Σ_i y_{n,i} ln ŷ_{n,i}, where ŷ is the softmax of each row of z. z and y have
    shape (N, C). The entries of y may be any numbers: the sum of a row does not have to be 1.

        def cross_entropy_gradient(z, y):
            return ...               # ∂L/∂z, of shape (N, C)
    """
    rng = np.random.default_rng(11)
    for seed, (n, c) in enumerate([(2, 3), (4, 3), (3, 3)]):
        y = rng.uniform(0, 2, (n, c))
        z = logits(seed + 10, n, c)
        case = _loss_case({"z": z, "y": y}, z, y)
        yield case.with_misconceptions("∂L/∂z", _of_any_weights(z, y))
    y = np.array([[0.2, 0.5, 1.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.5]])
    yield _loss_case({"z": HARD, "y": y}, HARD, y)


@exercise(
    "The entries of a one-hot row sum to 1. Use this in the general gradient.",
    "In each row, you subtract a number from one entry of the probabilities: the entry of the "
    "label.",
    "Index with two arrays: the numbers of the rows, and their labels. With a slice instead of the "
    "first array, you would change whole columns.",
)
def one_hot_gradient() -> Iterator[Case]:
    """The gradient of softmax cross-entropy, for class labels

    L = -(1/N) Σ_n Σ_i y_{n,i} ln ŷ_{n,i}, where ŷ is the softmax of each row of z. Each row of y is
    one-hot: 1 at the label of the row, and 0 elsewhere. z has shape (N, C), and labels holds N
    ints. You need no array for y.

        def one_hot_gradient(z, labels):
            return ...               # ∂L/∂z, of shape (N, C)
    """
    rng = np.random.default_rng(12)
    batches = [(logits(seed + 20, *shape), None) for seed, shape in enumerate([(4, 3), (3, 5)])]
    for z, chosen in [*batches, (HARD, np.array([2, 0, 1]))]:
        labels = rng.integers(0, z.shape[1], len(z)) if chosen is None else chosen
        y = np.eye(z.shape[1])[labels]
        regions = {
            "in the entries of the right classes": y == 1,
            "in the entries of the other classes": y == 0,
        }
        case = replace(_loss_case({"z": z, "labels": labels}, z, y), regions=regions)
        columns = case.expected["∂L/∂z"] + (y - np.isin(np.arange(z.shape[1]), labels)) / len(z)
        text = "You changed whole columns. Each row has only one label: index with rows and labels."
        classes = (unwrap(softmax(z, axis=-1)) - labels[:, None]) / len(z)
        yield case.with_misconceptions(
            "∂L/∂z",
            {
                text: [columns, len(z) * columns],
                "You subtracted the labels themselves. The targets y are 1 or 0.": classes,
            },
        )


@exercise(
    "Differentiate the gradient once more. Which of its terms depend on z?",
    "You have already derived this matrix in another exercise: softmax_jacobian.",
)
def cross_entropy_hessian() -> Iterator[Case]:
    """The Hessian of softmax cross-entropy

    There is one example: z has shape (C,), and label is its class. Let ŷ be softmax(z). The loss is
    L = -ln ŷ_label.

        def cross_entropy_hessian(z, label):
            return ...               # ∂²L/∂z_i∂z_j, of shape (C, C)
    """
    for seed, (c, label) in enumerate([(3, 0), (4, 2), (2, 1)]):
        z = logits(seed + 30, c)

        def loss(z: Any, label: int = label) -> Any:
            return softmax_cross_entropy(z, label)

        first, second = unwrap(grad(loss)(z)), unwrap(hessian(loss)(z))
        target = np.diag(np.eye(c)[label])
        yield square_case({"z": z, "label": label}, "∂²L/∂z∂z", second).with_misconceptions(
            "∂²L/∂z∂z",
            {
                "This is the gradient. The Hessian is its derivative, a matrix.": first,
                "This is the gradient on a diagonal. Differentiate each of its entries with "
                "respect to each z_j.": np.diag(first),
                "The target does not depend on z, so its derivative is 0.": second - target,
                "This is the gradient times itself, not its derivative.": first[:, None] * first,
            },
        )


@exercise(
    "The gradient of the parabola at w + d is g + h d. For which d is this gradient 0?",
    "This is a system of linear equations for d. Solve the system with np.linalg.solve.",
)
def newton_step() -> Iterator[Case]:
    """One step of Newton's method

    At w, L has the gradient g and the Hessian h, which is symmetric and positive definite. Take the
    parabola with the same gradient and the same Hessian at w, and return the position of its
    minimum. w and g have shape (n,), and h has shape (n, n).

        def newton_step(w, g, h):
            return ...               # the next w, of shape (n,)
    """
    for seed, n in enumerate((3, 2)):
        rng = np.random.default_rng(seed)
        root = rng.normal(size=(n, n))
        h = root @ root.T + np.eye(n)
        w, minimum = rng.normal(size=n), rng.normal(size=n)
        g = h @ (w - minimum)  # the parabola was made around its minimum
        yield Case({"w": w, "g": g, "h": h}, {"w": minimum}).with_misconceptions(
            "w",
            {
                "The step leads uphill: its sign is wrong.": 2 * w - minimum,
                "This is the step alone. Add the step to w.": minimum - w,
                "This is the step alone, and its sign is wrong.": w - minimum,
                "You took half of the step. The minimum of the parabola is one whole step away.": (
                    (w + minimum) / 2
                ),
                "This is a step of gradient descent. The curvature h is missing.": w - g,
                "You used only the diagonal of h, but the directions are not independent.": w
                - g / np.diag(h),
                "You multiplied g by h. Solve a linear system with h instead.": w - h @ g,
            },
        )
