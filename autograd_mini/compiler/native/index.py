"""Indices: which entry of its argument a step reads, as a sum of loop variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


class Variable:
    """The variable of a loop. Its name is known when the loops are printed."""

    def __init__(self, extent: int) -> None:
        self.extent = extent
        self.step = 1
        self.name = "?"
        self.loop: Any = None


class Index:
    """A sum of integers: variables and texts of C, each times a number, and a number."""

    def __init__(self, terms: dict[Any, int] | None = None, number: int = 0) -> None:
        self.terms = {x: n for x, n in (terms or {}).items() if n}
        self.number = number

    def __add__(self, other: Index | int) -> Index:
        if isinstance(other, int):
            return Index(self.terms, self.number + other)
        terms = dict(self.terms)
        for x, n in other.terms.items():
            terms[x] = terms.get(x, 0) + n
        return Index(terms, self.number + other.number)

    def __mul__(self, n: int) -> Index:
        return Index({x: n * m for x, m in self.terms.items()}, n * self.number)

    def replaced(self, x: Variable, new: Index) -> Index:
        """Return the index with another one in the place of a variable."""
        index = Index(number=self.number)
        for y, n in self.terms.items():
            index += new * n if y is x else Index({y: n})
        return index

    def is_variable(self, x: Variable) -> bool:
        return self.terms == {x: 1} and not self.number

    def __str__(self) -> str:
        parts = []
        for x, n in self.terms.items():
            name = x.name if isinstance(x, Variable) else x
            sign = "- " if n < 0 else "+ "
            parts.append(sign + (name if abs(n) == 1 else f"{abs(n)} * {name}"))
        if self.number or not parts:
            parts.append(f"{'-' if self.number < 0 else '+'} {abs(self.number)}")
        text = " ".join(parts)
        return text[2:] if text.startswith("+") else f"-{text[2:]}"


def variable(x: Variable | None) -> Index:
    """Return the index of an axis: its variable, or 0 for an axis of one entry."""
    return Index({x: 1}) if x else Index()


def total(indices: Sequence[Index], strides: Sequence[int]) -> Index:
    """Return the place of an entry in memory."""
    return sum((i * s for i, s in zip(indices, strides)), Index())


def contiguous(shape: Sequence[int]) -> list[int]:
    """Return the strides, in entries, of an array without gaps."""
    strides = [1]
    for n in reversed(shape[1:]):
        strides.append(n * strides[-1])
    return strides[::-1] if shape else []


#: Maps the index of a result to the index of its argument. If that is shorter than the argument
#: has axes, its last number counts the entries of all other axes.
Pull = Callable[[Sequence[Index], Callable[..., str]], list[Index]]


def reshaped(old: Sequence[int], new: Sequence[int]) -> tuple[Pull, bool]:
    """Return how a reshape moves entries, and whether no axis joins several of the argument's."""
    groups: list[list[int]] = []  # the new axes into which each of the old ones is split
    j = 0
    for n in old:
        group, size = [], 1
        while size < n and j < len(new):
            group.append(j)
            size *= new[j]
            j += 1
        if size != n:
            j = group[0] if group else j
            break
        groups.append(group)
    rest = [*range(j, len(new))] if len(groups) < len(old) else []

    def pull(at: Sequence[Index], text: Any) -> list[Index]:
        every = [*groups, rest] if len(groups) < len(old) else groups
        return [total([at[a] for a in group], contiguous([new[a] for a in group]))
                for group in every]  # fmt: skip

    return pull, len(groups) == len(old)


def affine(places: Any) -> tuple[int, list[int]] | None:
    """Return the first entry and the steps along each axis, if these tell all entries."""
    if not places.size or places.dtype.kind not in "iu":
        return None
    first = places[(0,) * places.ndim]
    steps = []
    for axis, n in enumerate(places.shape):
        second = tuple(int(i == axis) for i in range(places.ndim))
        steps.append(int(places[second] - first) if n > 1 else 0)
    grid = np.ix_(*map(np.arange, places.shape)) if places.ndim else ()
    made = first + sum(s * x for s, x in zip(steps, grid))
    return (int(first), steps) if np.array_equal(made, places) else None
