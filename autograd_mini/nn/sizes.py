"""The sizes of layers: numbers of features, channels and heads."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np


def positive(owner: str, **sizes: Any) -> list[int]:
    """Return the sizes as ints, or raise: each is an int of at least 1."""
    for name, n in sizes.items():
        if not isinstance(n, (int, np.integer)) or isinstance(n, bool):
            raise TypeError(f"{owner}: {name} must be an int, got {n!r:.60}.")
        if n < 1:
            raise ValueError(f"{owner}: {name} must be at least 1, got {n}.")
    return [index(n) for n in sizes.values()]


def require_divisor(owner: str, whole: str, size: int, parts: str, count: int) -> None:
    """Raise unless `size` can be divided into `count` equal parts."""
    if size % count:
        raise ValueError(
            f"{owner}: {whole}={size} cannot be divided by {parts}={count}. Choose a multiple of "
            f"{count}, such as {whole}={size + count - size % count}."
        )


def probability(owner: str, p: Any) -> float:
    """Return `p`, or raise: it is a number from 0 to 1."""
    if not isinstance(p, (int, float, np.number)) or isinstance(p, bool) or not 0 <= p <= 1:
        raise ValueError(f"{owner}: p must be a number from 0 to 1, got {p!r:.60}.")
    return float(p)
