"""Guards: compare captured state, in each call, with what it was when a function was traced.

Numbers and strings are compared by value, functions by their code, lists and dicts by the identity
of their entries, other objects by identity. Captured arrays are inputs of the program: they are
read in each call, and only their shape, dtype and strides are compared.
"""

from __future__ import annotations

import functools
import operator
import pickle
import random
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from .captures import VALUES, Captures, Entries, Place
from .ir import layout, memory_of


class Guards:
    """The captured state of the functions and objects `roots`, watched from call to call.

    Attributes
    ----------
    arrays : list of Place
        All captured arrays and Tensors.
    compared : list of (Place, bytes)
        Those whose numbers are compared in each call.
    """

    def __init__(self, roots: tuple[Any, ...]) -> None:
        captures = Captures(roots)
        self.arrays = captures.arrays
        self.compared: list[tuple[Place, bytes]] = []
        self._places = captures.places
        self._generators = captures.generators
        self._inputs: list[Place] = []

    def watch(self, inputs: list[Any], baked: set[int], derived: bool) -> list[str]:
        """Sort the captured arrays, after tracing: some are inputs, others have to be compared.

        `inputs` are arrays that the program reads. An array that it does not read may have been
        used by NumPy while the function was traced, so its bytes are compared in each call. So are
        those of all arrays if constants of the program may be `derived` from them. Of a view of a
        captured array, that array must stay the same object. Return the names of the inputs.
        """
        arrays = [(place, unwrap(place.seen)) for place in self.arrays]
        owners = {id(x): place for place, x in arrays}
        used = {id(memory_of(x)) for x in inputs}
        views = {id(memory_of(x)) for x in inputs if id(x) not in owners}
        for place, x in arrays:
            memory = id(memory_of(x))
            if derived or memory not in used or memory in baked:
                self.compared.append((place, x.tobytes()))
            if memory in views or sum(x is other for _, other in arrays) > 1:
                self._places.append(Place(place.name, functools.partial(_array_at, place), x))
        self._inputs = [
            owners.get(id(x)) or Place("", functools.partial(unwrap, x), x) for x in inputs
        ]
        return [place.name for place in self._inputs]

    def read(self) -> list[Any] | None:
        """Return the inputs of the program, or None if the function must be traced again."""
        for place in self._places:
            now = place.read()
            if now is not place.seen and not _same(now, place.seen):
                return None
        for place, seen in self.compared:
            if not _alike(place.read(), place.seen) or unwrap(place.read()).tobytes() != seen:
                return None
        found = []
        for place in self._inputs:
            now = place.read()
            if now is not place.seen and not _alike(now, place.seen):
                return None
            found.append(unwrap(now))
        return found

    def changed(self) -> list[str]:
        """Return the names of all places where there is another object now."""
        names = [p.name for p in self._places if not _same(p.read(), p.seen)]
        names += [p.name for p in self.arrays if not _alike(p.read(), p.seen)]
        same = [(p, seen) for p, seen in self.compared if p.name not in names]
        return names + [p.name for p, seen in same if unwrap(p.read()).tobytes() != seen]

    def leave_out(self, names: list[str]) -> None:
        """Stop comparing these: the function itself changes them while it is traced."""
        self._places = [p for p in self._places if p.name not in names]

    def states(self) -> list[bytes]:
        """Return the states of all generators of random numbers."""
        common = random.getstate(), np.random.get_state()  # noqa: NPY002  users draw from it
        return list(map(pickle.dumps, [*common, *map(_state, self._generators)]))


def _array_at(place: Place) -> Any:
    return unwrap(place.read())


def _same(now: Any, seen: Any) -> bool:
    """Return whether two objects are the same to a program."""
    if now is seen:
        return True
    if type(now) is not type(seen):
        return False
    if isinstance(seen, Entries):
        pair = now.parts, seen.parts
        return len(now.parts) == len(seen.parts) and (
            all(map(operator.is_, *pair)) or all(map(_same, *pair))
        )
    return isinstance(seen, VALUES) and repr(now) == repr(seen)  # -0.0 == 0.0


def _alike(now: Any, seen: Any) -> bool:
    """Return whether an array may take the place of another in a program."""
    return (
        type(now) is type(seen)
        and layout(unwrap(now)) == layout(unwrap(seen))
        and getattr(now, "_active", False) == getattr(seen, "_active", False)
    )


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.getstate() if isinstance(generator, random.Random) else generator.get_state()
