"""The loop that trains a model, and the accuracy of the trained one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.context import no_grad
from ..core.foreign import constant_like, to_host
from ..core.messages import describe
from ..data import Seed, paired
from ..functional.cross_entropy import softmax_cross_entropy
from ..optim import Optimizer
from .layers import Layer
from .module import Module


def train(
    model: Layer,
    x: ArrayLike,
    labels: ArrayLike,
    optimizer: Optimizer,
    epochs: int,
    *,
    batch_size: int | None = None,
    loss: Callable[[Any, Any], Any] = softmax_cross_entropy,
    rng: Seed = 0,
) -> list[float]:
    """Train `model`, and return the mean loss of each epoch.

    To print each loss, or to stop early, use `training_epochs`.

    Parameters
    ----------
    model : callable
        Takes examples and returns logits.
    x, labels : array_like, shape (N, ...)
        Examples, and the targets that `loss` takes. For cross-entropy, these are class indices, or
        a probability for each class.
    optimizer : Optimizer
        The optimiser of the parameters of the model.
    epochs : int
        The number of passes over the examples, each in a new order.
    batch_size : int, optional
        The number of examples in each step. None means all examples. The last batch of an epoch may
        be smaller.
    loss : callable
        A function ``loss(logits, targets)`` that returns the mean over a batch.
    rng : int or numpy.random.Generator
        The seed or generator that shuffles the examples.

    Returns
    -------
    list of float
        For each epoch, the mean loss of all examples. The loss of a batch is computed before the
        parameters are updated with this batch.

    Raises
    ------
    TypeError
        If `optimizer` is not an optimiser.
    ValueError
        If `epochs` or `batch_size` is below 1, or if `x` and `labels` have different lengths.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 8.1.3.

    Examples
    --------
    >>> from autograd_mini import data, nn, optim
    >>> x, labels = data.moons(200)
    >>> model = nn.MLP([2, 16, 2])
    >>> optimizer = optim.Adam(model.parameters(), lr=0.02)
    >>> losses = nn.train(model, x, labels, optimizer, epochs=60, batch_size=20)
    >>> len(losses), losses[-1] < 0.3
    (60, True)
    """
    steps = training_epochs(
        model, x, labels, optimizer, epochs=epochs, batch_size=batch_size, loss=loss, rng=rng
    )
    return [mean for _, mean in steps]


def training_epochs(
    model: Layer,
    x: ArrayLike,
    labels: ArrayLike,
    optimizer: Optimizer,
    epochs: int,
    *,
    batch_size: int | None = None,
    loss: Callable[[Any, Any], Any] = softmax_cross_entropy,
    rng: Seed = 0,
) -> Iterator[tuple[int, float]]:
    """Train `model` in a ``for`` loop, with one epoch in each turn of the loop.

    With `train`, you get the losses at the end. With this function, you can print each loss, or
    stop early.

    Parameters
    ----------
    model : callable
        Takes examples and returns logits.
    x, labels : array_like, shape (N, ...)
        Examples, and the targets that `loss` takes. For cross-entropy, these are class indices, or
        a probability for each class.
    optimizer : Optimizer
        The optimiser of the parameters of the model.
    epochs : int
        The number of passes over the examples, each in a new order.
    batch_size : int, optional
        The number of examples in each step. None means all examples. The last batch of an epoch may
        be smaller.
    loss : callable
        A function ``loss(logits, targets)`` that returns the mean over a batch.
    rng : int or numpy.random.Generator
        The seed or generator that shuffles the examples.

    Yields
    ------
    (int, float)
        The number of the epoch, counted from 1, and the mean loss of all examples. The loss of a
        batch is computed before the parameters are updated with this batch.

    Raises
    ------
    TypeError
        If `optimizer` is not an optimiser, `loss` not a function, or a number not an integer.
    ValueError
        If `epochs` or `batch_size` is below 1, or if `x` and `labels` have different lengths. The
        call raises these errors before the first epoch.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 8.1.3.

    Examples
    --------
    >>> from autograd_mini import data, nn, optim
    >>> x, labels = data.moons(200)
    >>> model = nn.MLP([2, 16, 2])
    >>> optimizer = optim.Adam(model.parameters(), lr=0.02)
    >>> steps = nn.training_epochs(model, x, labels, optimizer, epochs=60, batch_size=20)
    >>> for epoch, loss in steps:
    ...     if epoch % 20 == 0:
    ...         print(f"epoch {epoch}, loss below 0.3: {loss < 0.3}")
    epoch 20, loss below 0.3: True
    epoch 40, loss below 0.3: True
    epoch 60, loss below 0.3: True
    """
    if isinstance(optimizer, type) or not hasattr(optimizer, "step"):
        raise TypeError(
            f"optimizer: expected an optimiser, got {optimizer!r:.60}. Create one, for example "
            "optim.Adam(model.parameters(), lr=0.01)."
        )
    if not callable(loss):
        raise TypeError(
            f"loss must be a function of the outputs and the labels, got {loss!r:.60}. Pass, for "
            "example, loss=ag.mse_loss."
        )
    x, labels = paired(x, labels)
    size = len(x) if batch_size is None else batch_size
    if not (hasattr(epochs, "__index__") and hasattr(size, "__index__")):
        raise TypeError(f"epochs and batch_size must be integers, got {epochs!r} and {size!r}.")
    if epochs < 1 or size < 1:
        name, wrong = ("epochs", epochs) if epochs < 1 else ("batch_size", size)
        raise ValueError(f"{name} must be at least 1, got {wrong}.")
    rng = np.random.default_rng(rng)

    def step(rows: NDArray[Any]) -> float:
        optimizer.zero_grad()
        result = loss(model(x[rows]), labels[rows])
        result.backward()
        optimizer.step()
        return float(result.item()) * len(rows)

    def run() -> Iterator[tuple[int, float]]:
        for epoch in range(1, epochs + 1):
            order = constant_like(rng.permutation(len(x)), x)
            total = sum(step(order[i : i + size]) for i in range(0, len(x), size))
            yield epoch, total / len(x)

    return run()


def accuracy(model: Layer, x: ArrayLike, labels: ArrayLike) -> float:
    """Return the fraction of examples whose largest output belongs to the right class.

    A `Module` is called in evaluation mode. So nothing is dropped, and no running statistics
    change. Afterwards, all its modules have the modes that they had before.

    Parameters
    ----------
    model : callable
        Takes examples and returns one number for each class, on the last axis.
    x, labels : array_like, shapes (N, ...) and (N,)
        Examples, and their classes as ints.

    Raises
    ------
    ValueError
        If `labels` does not contain one class for each example.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> nn.accuracy(lambda x: x, [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]], [0, 1, 1, 0])
    0.75
    """
    if not callable(model):
        raise TypeError(
            f"accuracy: expected a model, got {describe(model)}. Write accuracy(model, x, labels). "
            "For the logits of a model, write (logits.argmax(axis=-1) == labels).mean()."
        )
    x, labels = paired(x, labels)
    modules = model.modules() if isinstance(model, Module) else []
    in_training = [module for module in modules if module.training]
    try:
        for module in in_training:
            module.training = False
        with no_grad():
            predicted = np.argmax(model(x), axis=-1)
    finally:
        for module in in_training:
            module.training = True
    if predicted.shape != labels.shape:
        fix = "Pass the class of each example as one int."
        if labels.shape[:-1] == predicted.shape:
            fix += " For one-hot rows, pass labels.argmax(axis=-1)."
        raise ValueError(
            f"accuracy: labels have shape {labels.shape}, predictions have {predicted.shape}. {fix}"
        )
    return float(to_host(np.mean(predicted == labels), "item"))
