"""The small data sets that the examples train on.

Each data set consists of `x`, with one row of features for each example, and `labels`, the classes
as ints.
"""

from __future__ import annotations

import operator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Seed = int | np.random.Generator
Features = NDArray[np.float64]
Labels = NDArray[np.int64]


def moons(n: int = 1000, *, noise: float = 0.1, rng: Seed = 0) -> tuple[Features, Labels]:
    """Return points on two interlocking half circles, which no straight line can separate.

        class 0: (cos θ, sin θ)        class 1: (1 - cos θ, 1/2 - sin θ)        θ in [0, π]

    Parameters
    ----------
    n : int
        The number of points. Half of them, rounded down, are of class 0.
    noise : float
        The standard deviation of the normal noise that is added to each coordinate.
    rng : int or numpy.random.Generator
        The seed or generator that shuffles the points and draws the noise.

    Returns
    -------
    x : array, shape (n, 2), float64
    labels : array, shape (n,), int

    Raises
    ------
    ValueError
        If there are fewer than two points, or if the noise is negative or not finite.

    References
    ----------
    The half circles are those of ``sklearn.datasets.make_moons`` [Pedregosa et al.: Scikit-learn,
    JMLR 2011].

    Examples
    --------
    >>> from autograd_mini import data
    >>> x, labels = data.moons(100)
    >>> x.shape, labels.sum().item()
    ((100, 2), 50)
    """
    if not hasattr(n, "__index__"):
        raise TypeError(f"n must be an integer, got {n!r:.60}.")
    n = operator.index(n)
    _require_number("noise", noise)
    if n < 2:
        raise ValueError(f"n must be at least 2, got {n}.")
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise must be a finite number, at least 0, got {noise}.")
    rng = np.random.default_rng(rng)
    outer, inner = np.linspace(0, np.pi, n // 2), np.linspace(0, np.pi, n - n // 2)
    x = np.concatenate(
        [
            np.stack([np.cos(outer), np.sin(outer)], axis=1),
            np.stack([1 - np.cos(inner), 0.5 - np.sin(inner)], axis=1),
        ]
    )
    labels = np.repeat([0, 1], [n // 2, n - n // 2])
    order = rng.permutation(n)
    return x[order] + rng.normal(scale=noise, size=(n, 2)), labels[order]


def digits() -> tuple[Features, Labels]:
    """Return the 1,797 handwritten digits of scikit-learn, 8 by 8 pixels each, without a download.

    Returns
    -------
    x : array, shape (1797, 64), float64
        The ink of each pixel, from 0 to 1, row by row from the top left.
    labels : array, shape (1797,), int
        The digits, from 0 to 9.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    References
    ----------
    Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    1998 (its test set), doi.org/10.24432/C50P49.

    Examples
    --------
    >>> from autograd_mini import data
    >>> x, labels = data.digits()
    >>> x.shape, x.max().item(), labels[:5].tolist()
    ((1797, 64), 1.0, [0, 1, 2, 3, 4])
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "data.digits needs scikit-learn, which is not installed: "
            'pip install "autograd_mini[examples]"'
        ) from error
    x, labels = load_digits(return_X_y=True)
    return x / 16, labels.astype(int)


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
        If there is not one label for each example. If one of the sets would be empty.

    Examples
    --------
    >>> from autograd_mini import data
    >>> x, labels, x_test, labels_test = data.split(*data.moons(100))
    >>> len(x), len(x_test)
    (80, 20)
    """
    x, labels = paired(x, labels)
    n = len(x)
    _require_number("held_out", held_out)
    if not 0 < held_out < 1:
        raise ValueError(f"held_out must be between 0 and 1, got {held_out}.")
    test = round(n * held_out)
    if not 0 < test < n:
        raise ValueError(
            f"With held_out={held_out} and {n} examples, one of the two sets would be empty."
        )
    order = np.random.default_rng(rng).permutation(n)
    train_rows, test_rows = order[test:], order[:test]
    return x[train_rows], labels[train_rows], x[test_rows], labels[test_rows]


def paired(x: ArrayLike, labels: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return examples `x` and `labels` as arrays.

    Raises
    ------
    ValueError
        If there are no examples, or if there is not one label for each example.

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


def _require_number(name: str, value: Any) -> None:
    if not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r:.60}.")


def _as_array(x: Any) -> NDArray[Any]:
    """Return `x` as an array. An array of another library is returned unchanged, or refused."""
    if hasattr(x, "__array_function__"):
        dispatching: NDArray[Any] = x
        return dispatching
    if hasattr(x, "__dlpack__"):
        raise TypeError(f"got an array of type {type(x).__qualname__}. Convert it: np.asarray(x).")
    return np.asarray(x)
