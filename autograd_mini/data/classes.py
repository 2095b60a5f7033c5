"""Data sets of two or more classes: points in the plane, and handwritten digits."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import NDArray

from ..core.answers import explains_keywords
from .batching import Seed, require_number

Features = NDArray[np.float64]
Labels = NDArray[np.int64]


@explains_keywords
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
        raise TypeError(f"moons: n must be an integer, got {n!r:.60}.")
    n = operator.index(n)
    require_number("moons: noise", noise)
    if n < 2:
        raise ValueError(f"moons: n must be at least 2, got {n}.")
    if not 0 <= noise < np.inf:
        raise ValueError(f"moons: noise must be a finite number, at least 0, got {noise}.")
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


def digits(*, images: bool = False) -> tuple[Features, Labels]:
    """Return the 1,797 handwritten digits of scikit-learn, 8 by 8 pixels each.

    Parameters
    ----------
    images : bool
        Whether to return images with one channel, in the shape that convolutions need. Otherwise,
        each digit is a row of 64 numbers.

    Returns
    -------
    x : array, shape (1797, 64) or (1797, 1, 8, 8), float64
        The amount of ink in each pixel, from 0 to 1, row by row from the top left.
    labels : array, shape (1797,), int
        The digits, from 0 to 9.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    References
    ----------
    The digits are the test set of Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, UCI
    Machine Learning Repository, 1998, doi.org/10.24432/C50P49.

    Examples
    --------
    >>> from autograd_mini import data
    >>> x, labels = data.digits()
    >>> x.shape, x.max().item(), labels[:5].tolist()
    ((1797, 64), 1.0, [0, 1, 2, 3, 4])
    >>> data.digits(images=True)[0].shape
    (1797, 1, 8, 8)
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "data.digits needs scikit-learn, which is not installed: "
            'pip install "autograd_mini[examples]"'
        ) from error
    x, labels = load_digits(return_X_y=True)
    x = x / 16
    return x.reshape(-1, 1, 8, 8) if images else x, labels.astype(int)
