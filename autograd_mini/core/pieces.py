"""Adjoints of sliced tensors: the pieces are kept, until all have arrived."""

from __future__ import annotations

from typing import Any

import numpy as np


class Pieces:
    """A contribution that is zero except at some indices.

    A loop over T rows of an array slices it T times. With an array of zeros for each slice, the
    backward pass would take T² steps. So the pieces are collected, and one array is made of them.

    Attributes
    ----------
    shape : tuple of int
        The shape of the sliced tensor.
    parts : list of (index, array)
        What to add at each index.
    """

    __array_ufunc__ = None  # array + pieces calls `__radd__`

    def __init__(self, shape: tuple[int, ...], parts: list[tuple[Any, Any]]) -> None:
        self.shape, self.parts = shape, parts
        self.dtype = parts[0][1].dtype

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Pieces):
            return Pieces(self.shape, self.parts + other.parts)
        return self.whole() + other

    def __radd__(self, other: Any) -> Any:
        return other + self.whole()

    def whole(self) -> Any:
        """Return the sum of all pieces, to the last bit as if each were a whole array."""
        y = np.zeros(self.shape, self.dtype)
        if len(self.parts) == 1:
            ((index, g),) = self.parts
            y[index] = g
            return y
        for index, g in self.parts:
            y[index] += g  # 0 + -0 is 0, as in that sum
        return y


def without_pieces(adjoints: dict[Any, Any]) -> dict[Any, Any]:
    """Return the adjoints, where the pieces of each sliced tensor are now one array."""
    if Pieces in map(type, adjoints.values()):
        return {t: g.whole() if type(g) is Pieces else g for t, g in adjoints.items()}
    return adjoints
