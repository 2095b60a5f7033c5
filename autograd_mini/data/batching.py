"""Batches, and the split into training and test sets."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.answers import explains_keywords

Seed = int | np.random.Generator


class Batches:
    """Shuffled batches of arrays, returned by `batches`. Each ``for`` loop draws a new order.

    ``len(batches)`` is the number of batches in one loop.

    Parameters
    ----------
    arrays : list of array
        The arrays, with one row for each example.
    size : int
        The number of rows in each batch. The last batch may be smaller.
    rng : numpy.random.Generator
        The generator that shuffles the rows.

    Examples
    --------
    >>> from autograd_mini import data
    >>> batches = data.batches([10, 20, 30], size=2)
    >>> type(batches).__name__, len(batches)
    ('Batches', 2)
    """

    def __init__(self, arrays: list[NDArray[Any]], size: int, rng: np.random.Generator) -> None:
        self.arrays, self.size, self.rng = arrays, size, rng

    def __len__(self) -> int:
        return -(-len(self.arrays[0]) // self.size)

    def __iter__(self) -> Iterator[Any]:
        order = self.rng.permutation(len(self.arrays[0]))
        for start in range(0, len(order), self.size):
            rows = order[start : start + self.size]
            batch = tuple(array[rows] for array in self.arrays)
            yield batch if len(batch) > 1 else batch[0]


@explains_keywords
def batches(x: Any, y: ArrayLike | None = None, size: int = 32, rng: Seed = 0) -> Batches:
    """Return shuffled batches of `x` and `y`. Each ``for`` loop over them draws a new order.

    Call this function once, before the loop over the epochs. A second call with the same seed would
    draw the same orders again.

    Parameters
    ----------
    x : array_like or tuple of array_like
        The examples, along the first axis. A tuple holds several arrays with the same number of
        rows, such as inputs and masks.
    y : array_like, optional
        The targets, one row for each example.
    size : int
        The number of examples in each batch. The last batch of a loop may be smaller.
    rng : int or numpy.random.Generator
        The seed or generator that shuffles the examples.

    Returns
    -------
    Batches
        An object for a ``for`` loop. Each turn of the loop gets one batch: a tuple with some rows
        of each array. If there is only one array, it gets the rows without a tuple.
        ``len(batches)`` is the number of batches.

    Raises
    ------
    TypeError
        If the size is not an integer, or if an array is a single number.
    ValueError
        If the size is below 1. If there are no arrays or no examples. If the arrays have different
        numbers of rows.

    Examples
    --------
    >>> from autograd_mini import data
    >>> x, labels = data.moons(100)
    >>> batches = data.batches(x, labels, size=40)
    >>> for epoch in range(2):
    ...     print([len(y_batch) for x_batch, y_batch in batches])
    [40, 40, 20]
    [40, 40, 20]
    >>> [row.tolist() for row in data.batches([1, 2, 3, 4, 5], size=2)]
    [[3, 5], [4, 1], [2]]
    """
    parts = [*(x if isinstance(x, tuple) else (x,)), *(() if y is None else (y,))]
    if not parts:
        raise ValueError("batches: the tuple x contains no arrays. Pass at least one.")
    arrays = [_as_array(part) for part in parts]
    shapes = ", ".join(str(array.shape) for array in arrays)
    if not all(array.ndim for array in arrays):
        raise TypeError(
            f"batches: expected arrays with one row for each example, got shapes {shapes}. Pass "
            "the size by name: batches(x, y, size=32)."
        )
    rows = {len(array) for array in arrays}
    if len(rows) != 1 or 0 in rows:
        raise ValueError(
            f"batches: the arrays have shapes {shapes}. Pass arrays with the same number of rows, "
            "at least 1."
        )
    try:
        size = operator.index(size)
    except TypeError:
        raise TypeError(f"batches: size must be an integer, got {size!r:.60}.") from None
    if size < 1:
        raise ValueError(f"batches: size must be at least 1, got {size}.")
    return Batches(arrays, size, np.random.default_rng(rng))


@explains_keywords
def split(
    x: ArrayLike, labels: ArrayLike, *, held_out: float = 0.2, rng: Seed = 0
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Shuffle the examples and split them into a training set and a test set.

    Parameters
    ----------
    x, labels : array_like
        The examples, along the first axis, and one label for each example.
    held_out : float
        The fraction of the examples in the test set, between 0 and 1.
    rng : int or numpy.random.Generator
        The seed or generator that shuffles the examples.

    Returns
    -------
    x_train, labels_train, x_test, labels_test : arrays

    Raises
    ------
    ValueError
        If `x` and `labels` have different lengths. If one of the sets would be empty.

    Examples
    --------
    >>> from autograd_mini import data
    >>> x, labels, x_test, labels_test = data.split(*data.moons(100))
    >>> len(x), len(x_test)
    (80, 20)
    """
    x, labels = paired(x, labels)
    n = len(x)
    require_number("split: held_out", held_out)
    if not 0 < held_out < 1:
        raise ValueError(f"split: held_out must be between 0 and 1, got {held_out}.")
    test = round(n * held_out)
    if not 0 < test < n:
        raise ValueError(
            f"split: with held_out={held_out} and {n} examples, one of the two sets would be "
            "empty. Pass more examples, or another fraction."
        )
    order = np.random.default_rng(rng).permutation(n)
    train_rows, test_rows = order[test:], order[:test]
    return x[train_rows], labels[train_rows], x[test_rows], labels[test_rows]


def paired(x: ArrayLike, labels: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return `x` and `labels` as arrays, and check that their lengths are equal.

    Raises
    ------
    ValueError
        If there are no examples, or if `x` and `labels` have different lengths.

    Examples
    --------
    >>> from autograd_mini import data
    >>> x, labels = data.paired([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    >>> x.shape, labels.shape
    ((2, 2), (2,))
    """
    x, labels = _as_array(x), _as_array(labels)
    if x.ndim == 0 or x.size == 0 or x.shape[:1] != labels.shape[:1]:
        raise ValueError(
            f"x has shape {x.shape}, labels have shape {labels.shape}. Pass at least one example, "
            "and one label for each example along the first axis."
        )
    return x, labels


def require_number(name: str, value: Any) -> None:
    if not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r:.60}.")


def _as_array(x: Any) -> NDArray[Any]:
    """Return `x` as an array. An array of another library is returned unchanged, or refused."""
    if hasattr(x, "__array_function__"):
        dispatching: NDArray[Any] = x
        return dispatching
    if hasattr(x, "__dlpack__"):
        raise TypeError(f"got an array of type {type(x).__qualname__}. Convert it: np.asarray(x).")
    try:
        return np.asarray(x)
    except ValueError as error:
        raise ValueError(
            "the rows have different shapes, so they do not form an array. Pad sequences to one "
            "length. Pass examples and labels as two arrays, not as pairs."
        ) from error
