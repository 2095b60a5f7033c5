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
    index, g : index, array
        What to add at an index.
    before : Pieces or None
        The pieces that arrived earlier. (A list would be copied for each sum: T² steps, too.)
    """

    __array_ufunc__ = None  # array + pieces calls `__radd__`
    __slots__ = ("before", "dtype", "g", "index", "shape")

    def __init__(
        self, shape: tuple[int, ...], index: Any, g: Any, before: Pieces | None = None
    ) -> None:
        self.shape, self.index, self.g, self.before = shape, index, g, before
        self.dtype = g.dtype

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Pieces):
            return self.whole() + other
        if other.before is None:  # the usual case, without a list
            return Pieces(self.shape, other.index, other.g, self)
        total = self
        for index, g in other.parts():
            total = Pieces(self.shape, index, g, total)
        return total

    def __radd__(self, other: Any) -> Any:
        return other + self.whole()

    def parts(self) -> list[tuple[Any, Any]]:
        """Return all pieces with their indices, in the order in which they arrived."""
        found = []
        last: Pieces | None = self
        while last is not None:
            found.append((last.index, last.g))
            last = last.before
        return found[::-1]

    def whole(self) -> Any:
        """Return the sum of all pieces, to the last bit as if each were a whole array."""
        y = np.zeros(self.shape, self.dtype)
        if self.before is None:
            y[self.index] = self.g
            return y
        for index, g in self.parts():
            y[index] += g  # 0 + -0 is 0, as in that sum
        return y


def without_pieces(adjoints: dict[Any, Any]) -> dict[Any, Any]:
    """Return the adjoints, where the pieces of each sliced tensor are now one array."""
    if Pieces in map(type, adjoints.values()):
        return {t: g.whole() if type(g) is Pieces else g for t, g in adjoints.items()}
    return adjoints
