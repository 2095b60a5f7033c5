"""Guards: compare captured state, in each call, with what it was when a function was traced.

Numbers and strings are compared by value, functions by their code, lists and dicts by their
entries, other objects by identity. Captured arrays are inputs of the program: they are read in each
call, and only their shape, dtype and strides are compared.
"""

from __future__ import annotations

import functools
import pickle
import random
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from operator import eq, is_
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.tensor import Tensor
from ..functional.dropout import default_generator
from .captures import GENERATORS, VALUES, Entries, Place, captures, contents
from .ir import layout, memory_of


class Guards:
    """The captured state of the functions and objects `roots`, compared in each call.

    The `lifted` parts are arguments of the program.

    Attributes
    ----------
    arrays : list of Place
        All captured arrays and Tensors.
    compared : dict of str to int
        The names and sizes in bytes of those whose numbers are compared in each call.
    generators : list
        All captured generators of random numbers.
    """

    def __init__(self, roots: tuple[Any, ...], lifted: Container[Any] = ()) -> None:
        found = captures(roots, lifted)
        self.arrays = [place for place in found if _is_array(place.seen)]
        self.compared: dict[str, int] = {}
        self.generators: list[Any] = [default_generator()]
        self.generators += [place.seen for place in found if isinstance(place.seen, GENERATORS)]
        self._inputs: list[Callable[[], Any]] = []
        settings = [p for p in found if p.name and p.is_looked_up and not _is_array(p.seen)]
        attributes = [place for place in settings if place.namespaces()]
        self._attributes = Attributes(attributes)
        #: name, function that reads it, what it was, function that compares the two
        self._checks: list[Any] = [_check(p) for p in settings if not p.namespaces()]

    def watch(self, inputs: list[Any], baked: set[int], derived: bool) -> list[str]:
        """Decide, after tracing, how captured arrays are compared; return the names of `inputs`.

        An array that the program does not read, or one of `baked`, may have decided what the
        program is, so its numbers are compared. So are those of all arrays if constants of the
        program may be `derived` from them.
        """
        arrays = [(place, unwrap(place.seen)) for place in self.arrays]
        owners = {id(x): place for place, x in arrays}
        used = {id(memory_of(x)) for x in inputs} - baked
        views = {id(memory_of(x)) for x in inputs if id(x) not in owners}
        names = Counter(id(x) for _, x in arrays)
        for place, x in arrays:
            self._checks.append((*place, _alike))
            if id(memory_of(x)) in views or names[id(x)] > 1:  # only the same array will do
                self._checks.append((place.name, functools.partial(_array, place.read), x, _same))
            if derived or id(memory_of(x)) not in used:
                numbers = x.tobytes()
                self.compared[place.name] = len(numbers)
                read = functools.partial(_numbers, place.read)
                self._checks.append((place.name, read, numbers, eq))
        places = [owners.get(id(x)) or Place("", functools.partial(unwrap, x), x) for x in inputs]
        self._inputs = [place.read for place in places]
        plain = [check for check in self._checks if _variable(check[1], "x")]
        self._others = [check for check in self._checks if not _variable(check[1], "x")]
        self._same_variables = _comparison(plain)
        return [place.name for place in places]

    def read(self) -> list[Any] | None:
        """Return the inputs of the program, or None if the function must be traced again."""
        for _, read, seen, same in self._others if self._same_variables() else self._checks:
            now = read()
            if now is not seen and not same(now, seen):
                return None
        if self._attributes.checks and self._attributes.some_changed():
            return None
        inputs = []
        for read in self._inputs:  # a comprehension takes longer to begin than this takes
            inputs.append(unwrap(read()))
        return inputs

    def changed(self) -> list[str]:
        """Return the names of all captured state that has changed."""
        checks = [*self._attributes.checks, *self._checks]
        found = [name for name, read, seen, same in checks if not same(read(), seen)]
        return list(dict.fromkeys(found))

    def leave_out(self, names: list[str]) -> None:
        """Stop comparing these: the function itself changes them while it is traced."""
        self._checks = [check for check in self._checks if check[0] not in names]
        self._attributes.leave_out(names)

    def states(self) -> list[bytes]:
        """Return the states of all generators of random numbers."""
        common = random.getstate(), np.random.get_state()  # noqa: NPY002  users draw from it
        return list(map(pickle.dumps, [*common, *self.generators]))


def _variable(read: Any, name: str) -> str:
    """Return an expression that reads a variable or an attribute of `name` without a call."""
    function = getattr(read, "func", None)
    if function is getattr:
        return f"{name}.{read.args[1]}"
    return f"{name}.cell_contents" if function is contents else ""


def _comparison(checks: Sequence[Any]) -> Callable[[], bool]:
    """Return a function that tells whether variables and attributes hold the objects seen before.

    It takes less time than a loop that calls a function for each of them.
    """
    bound: dict[str, Any] = {}
    parts = []
    for i, (_, read, seen, _) in enumerate(checks):
        bound |= {f"x{i}": read.args[0], f"seen{i}": seen}
        parts.append(f"{_variable(read, f'x{i}')} is seen{i}")
    text = ["def are_same():", "try:", f"    return {' and '.join(parts) or True}"]
    text += ["except ValueError:  # a variable has no value", "    return False"]
    exec("\n    ".join(text), bound)
    are_same: Callable[[], bool] = bound["are_same"]
    return are_same


class Attributes:
    """Attributes that are compared in each call, those of an object or a class together.

    While all of them hold the same objects, there is one comparison for each object. A model of ten
    layers has a hundred attributes and methods.
    """

    def __init__(self, places: list[Place]) -> None:
        self.checks: list[Any] = [(*place, _same) for place in places]
        keys: dict[int, tuple[Any, dict[str, None]]] = {}
        for key, owners in filter(None, (place.namespaces() for place in places)):
            for owner in owners:
                keys.setdefault(id(owner), (owner, {}))[1][key] = None
        self._owners = list(keys.values())
        self._look()

    def _look(self) -> None:
        """Note what each owner holds under these names."""
        self._seen = [(x, names, [*_held(x.__dict__, names)]) for x, names in self._owners]

    def leave_out(self, names: list[str]) -> None:
        self.checks = [check for check in self.checks if check[0] not in names]

    def some_changed(self) -> bool:
        """Return whether an attribute has become another one for a program."""
        if all(_holds(owner.__dict__, names, seen) for owner, names, seen in self._seen):
            return False
        if any(not same(read(), seen) for _, read, seen, same in self.checks):
            return True
        self._look()  # equal numbers in new objects
        return False


def _held(now: Mapping[Any, Any], keys: Iterable[Any]) -> Iterator[Any]:
    """Return the entries at these keys, and for those that are missing, `_ABSENT`."""
    return map(now.get, keys, repeat(_ABSENT))


def _holds(now: Mapping[Any, Any], keys: Iterable[Any], seen: Iterable[Any]) -> bool:
    return all(map(is_, _held(now, keys), seen))


_ABSENT = object()


def _is_array(x: Any) -> bool:
    return isinstance(x, (np.ndarray, Tensor)) and unwrap(x).dtype != object


def _array(read: Callable[[], Any]) -> Any:
    return unwrap(read())


def _numbers(read: Callable[[], Any]) -> Any:
    x = unwrap(read())
    return x.tobytes() if isinstance(x, np.ndarray) else None


def _same(now: Any, seen: Any) -> bool:
    """Return whether two objects are the same to a program."""
    if now is seen:
        return True
    if type(now) is not type(seen):
        return False
    return isinstance(seen, VALUES) and repr(now) == repr(seen)  # -0.0 == 0.0


def _check(place: Place) -> tuple[str, Callable[[], Any], Any, Callable[[Any, Any], bool]]:
    """Return a name, a function that reads it, what it was, and a function that compares the two.

    Lists and dicts are compared in place, without copying their entries.
    """
    if not isinstance(place.seen, Entries):
        return *place, _same
    x, left_out = place.read.args  # type: ignore[attr-defined]  # a partial, of `_entries`
    if type(x) is list:
        return place.name, lambda: x, place.seen, _same_entries
    if type(x) is dict:
        kept = {key: part for key, part in x.items() if key not in left_out}
        return place.name, lambda: x, ([*x], kept, place), _same_dict
    return *place, _same_entries


def _same_entries(now: list[Any], seen: Entries) -> bool:
    if len(now) != len(seen):
        return False
    return all(map(is_, now, seen)) or all(map(_same, now, seen))


def _same_dict(now: dict[Any, Any], seen: tuple[list[Any], dict[Any, Any], Place]) -> bool:
    keys, kept, place = seen
    if len(now) == len(keys) and all(map(is_, now, keys)) and _holds(now, kept, kept.values()):
        return True
    return _same_entries(place.read(), place.seen)


def _alike(now: Any, seen: Any) -> bool:
    """Return whether an array may take the place of another in a program."""
    return (
        type(now) is type(seen)
        and layout(unwrap(now)) == layout(unwrap(seen))
        and getattr(now, "_active", False) == getattr(seen, "_active", False)
    )
