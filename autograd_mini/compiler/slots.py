"""Slots: the places that hold the arrays and numbers of a training step's state."""

from __future__ import annotations

from typing import Any

import numpy as np


class Slot:
    """A place that holds a part of the state: an attribute, or an entry of a list or dict."""

    def __init__(self, name: str, owner: Any, key: Any) -> None:
        self.name, self.owner, self.key = name, owner, key
        self.seen = owner[key]
        self.others: list[Slot] = []  # that hold the same object, such as a shared generator

    def get(self) -> Any:
        return self.owner[self.key]

    def put(self, value: Any) -> None:
        for slot in (self, *self.others):
            slot.put_here(value)

    def put_here(self, value: Any) -> None:
        self.owner[self.key] = value

    def is_one(self) -> bool:
        """Return whether all places still hold the same object."""
        return all(slot.get() is self.get() for slot in self.others)


class Entry(Slot):
    """An entry of a tuple, which is the part `whole` of the state. A new tuple replaces it."""

    def __init__(self, name: str, whole: Slot, key: int) -> None:
        super().__init__(name, whole.seen, key)
        self.whole = whole

    def get(self) -> Any:
        return self.whole.get()[self.key]

    def put_here(self, value: Any) -> None:
        old = self.whole.get()
        new = [*old[: self.key], value, *old[self.key + 1 :]]
        self.whole.put_here(type(old)(*new) if hasattr(old, "_fields") else type(old)(new))


class Numbers(Slot):
    """A place that holds a float, or a list of ints, which count steps.

    Programs take and return ints as floats. Equal counts are one argument, so that what is computed
    from them is computed once.
    """

    def read(self) -> Any:
        x = self.get()
        if not isinstance(x, list):
            return x if isinstance(x, np.generic) else float(x)  # a np.float64 widens float32
        return float(x[0]) if len({*x}) == 1 else [float(n) for n in x]

    def enter(self, traced: Any) -> None:
        """Put traced numbers there."""
        if isinstance(traced, list):
            self.put(list(traced))  # the step writes into its list of counts
        else:
            self.put([traced] * len(self.seen) if isinstance(self.seen, list) else traced)

    def leave(self) -> Any:
        """Return the traced numbers. A list of one number, repeated, is returned as that number."""
        x = self.get()
        return x[0] if isinstance(x, list) and all(n is x[0] for n in x) else x

    def write(self, new: Any) -> None:
        """Take over what a program returned."""
        if isinstance(self.seen, list):
            self.put(list(map(int, new)) if isinstance(new, list) else [int(new)] * len(self.seen))
        else:
            self.put(new if isinstance(new, float) else np.asarray(new)[()])
