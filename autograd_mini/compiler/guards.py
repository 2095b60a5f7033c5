"""Surroundings: what a function finds elsewhere than in its arguments, watched from call to call.

A program holds the numbers that its function met while it was traced: in variables around it, in
attributes, in default arguments. Were one of them changed, the program would go on with the old,
and nobody would notice. So they are read off the code: the variables that a function names, those
of the functions that it names, and the named attributes of what is found there. Where one of them
is not what it was, the function is traced anew.

What no variable shows is not seen: a clock, a file, the inside of another library.
"""

from __future__ import annotations

import dis
import enum
import functools
import os
import pickle
import random
import sys
import types
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.primitive import Primitive
from ..core.tensor import Tensor

_NUMBERS = (bool, int, float, complex, str, bytes, type(None), type(...), range, slice, enum.Enum,
            np.generic, np.dtype)  # fmt: skip
_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)
#: what takes a seed from the system if it is given none
_SEEDED = {"default_rng", "RandomState", "SeedSequence", "PCG64", "MT19937", "Philox", "SFC64",
           "SystemRandom", "secrets", "urandom"}  # fmt: skip
#: whose variables are not expected to change
_LIBRARIES = {"numpy", "autograd_mini", *sys.stdlib_module_names} - {"__main__"}

#: where something was found, in the words of the program; how to ask for it again; and itself
Found = tuple[str, str, Any]


class Surroundings:
    """What a function found, as it is now.

    Attributes
    ----------
    seen : dict of str to Any
        For each place, what is equal as long as there is the same.
    read : dict of str to int
        Arrays, which have to be read to be compared: how many bytes.
    generators : list
        Sources of random numbers.
    unchanged : callable
        A quick look, True if all is what it was: straight-line code that compares identities.
    """

    def __init__(self, roots: tuple[Any, ...]) -> None:
        self.roots = roots
        self.seen: dict[str, Any] = {}
        self.read: dict[str, int] = {}
        self.generators: list[Any] = []
        self._tests: dict[str, str] = {}
        self._space: dict[str, Any] = {"crc": _crc, "ids": _ids}
        self._attributes: set[str] = set()  # that any code names
        known = -1
        while known != len(self._attributes):  # code found late may name what was passed by
            known = len(self._attributes)
            self._walk()
        self.unchanged = self._quick(self._tests)

    def changed(self) -> list[str]:
        """The places where there is something else now; if there are none, `unchanged` anew."""
        now = Surroundings(self.roots)
        found = [p for p in self.seen if now.seen.get(p) != self.seen[p]]
        if not found:
            self._space = now._space
            self._tests = {p: now._tests[p] for p in self.seen if p in now._tests}
            self.unchanged = self._quick(self._tests)
        return found

    def leave_out(self, places: list[str]) -> None:
        """Watch these no more: the function itself changes them when it runs."""
        for place in places:
            self.seen.pop(place, None)
            self.read.pop(place, None)
            self._tests.pop(place, None)
        self.unchanged = self._quick(self._tests)

    def states(self) -> list[Any]:
        """The states of all generators of random numbers: another after a number was drawn."""
        own = map(_state, self.generators)
        common = random.getstate(), np.random.get_state()  # noqa: NPY002  users draw from it
        return list(map(pickle.dumps, [*common, *own]))

    @contextmanager
    def asked(self) -> Iterator[list[Any]]:
        """A list of one entry for each time that the system is asked for random numbers meanwhile.

        ``default_rng()`` does, of which no state is left; only where some code names such a thing
        is it worth the time to look at every call.
        """
        found: list[Any] = []

        def look(frame: Any, event: str, function: Any) -> None:
            if event == "c_call" and function is os.urandom:
                found.append(frame)

        names = self._attributes | self.seen.keys()
        if names.isdisjoint(_SEEDED) or sys.getprofile() is not None:
            yield found
            return
        sys.setprofile(look)
        try:
            yield found
        finally:
            sys.setprofile(None)

    # ---- the walk --------------------------------------------------------------------------------

    def _walk(self) -> None:
        self.seen.clear()
        self.read.clear()
        self.generators.clear()
        self._tests.clear()
        met: dict[int, str] = {}
        asked: set[str] = set()
        todo: list[Found] = [("", "", x) for x in reversed(self.roots)]
        while todo:
            place, test, x = todo.pop()
            if test in asked:
                continue
            if test:
                asked.add(test)
            while place in self.seen:
                place += "'"
            if test:
                self._tests[place] = f"{test} is {self._bind(x)}"
            if isinstance(x, _NUMBERS):
                self.seen[place] = type(x), repr(x)
                continue
            if id(x) in met:
                self.seen[place] = "the same as", met[id(x)]
                continue
            met[id(x)] = place
            self._bind(x)  # so that nothing else gets its id
            todo += reversed(list(self._inside(place, x)))

    def _inside(self, place: str, x: Any) -> Iterator[Found]:
        """Look at one thing; what can be reached from it is looked at next."""
        self.seen[place] = type(x), id(x)
        name = self._bind(x)
        if isinstance(x, (np.ndarray, Tensor)):
            array = unwrap(x)
            if isinstance(array, np.ndarray) and array.dtype != object:
                self.seen[place] = type(x), array.shape, array.dtype, _crc(x)
                self.read[place] = array.nbytes
                self._also(place, f"crc({name}) == {_crc(x)}")
        elif isinstance(x, (list, tuple, set, frozenset)):
            self.seen[place] = type(x), len(x)
            if not isinstance(x, tuple):
                self._also(place, f"ids({name}) == {self._bind(_ids(x))}")
            yield from ((f"{place}[{i}]", "", part) for i, part in enumerate(x))
        elif isinstance(x, dict):
            self.seen[place] = type(x), repr(list(x)) if len(x) < 1000 else len(x)
            self._also(place, f"ids({name}.values()) == {self._bind(_ids(x.values()))}")
            yield from ((f"{place}[{key!r}]", "", part) for key, part in x.items())
        elif isinstance(x, _GENERATORS):
            self.generators.append(x)
        elif isinstance(x, types.FunctionType):
            yield from self._of_function(place, x)
        elif isinstance(x, types.MethodType):
            yield from ((place, "", part) for part in (x.__func__, x.__self__))
        elif isinstance(x, functools.partial):
            yield from ((place, "", part) for part in (x.func, x.args, x.keywords))
        elif isinstance(x, (classmethod, staticmethod)):
            yield place, "", x.__func__
        elif isinstance(x, property):
            yield place, "", x.fget
        elif isinstance(x, Primitive):
            yield from ((place, "", part) for part in (x.forward, x.vjps))
        elif hasattr(x, "_f") and type(x).__name__ == "Compiled":
            yield place, "", x._f
        elif isinstance(x, (type, types.ModuleType)):
            own = x.__module__ if isinstance(x, type) else x.__name__
            if not is_of_a_library(own):
                yield from self._named(place, f"{name}.__dict__", vars(x), isinstance(x, type))
        elif not is_of_a_library(type(x).__module__) or hasattr(x, "__dict__"):
            yield from self._named(place, f"{name}.__dict__", getattr(x, "__dict__", {}), False)
            yield from self._unset(place, name, x)
            for kind in type(x).__mro__:
                yield from self._slots(place, name, x, kind)
                if not is_of_a_library(kind.__module__):
                    yield place, "", kind
                elif kind.__module__.startswith("autograd_mini"):
                    yield from self._named(place, "", vars(kind), True)

    def _of_function(self, place: str, f: types.FunctionType) -> Iterator[Found]:
        variables, attributes = _names(f.__code__)
        self.seen[place] = type(f), id(f.__code__)
        self._bind(f.__code__)
        self._attributes |= attributes
        for variable, cell in zip(f.__code__.co_freevars, f.__closure__ or ()):
            if cell != types.CellType():  # not yet empty
                yield variable, f"{self._bind(cell)}.cell_contents", cell.cell_contents
        for value in (f.__defaults__, f.__kwdefaults__):
            if value:
                yield f"a default of {f.__name__}", "", value
        if not is_of_a_library(f.__module__ or ""):
            space = f.__globals__
            for variable in sorted(variables & space.keys()):
                yield variable, f"{self._bind(space)}.get({variable!r})", space[variable]

    def _named(self, place: str, test: str, space: Any, methods: bool) -> Iterator[Found]:
        """Those attributes that some code names; of a class, also the methods of operators."""
        for key, value in list(space.items()):
            special = methods and key.startswith("__") and isinstance(value, types.FunctionType)
            if key in self._attributes or special:
                again = f"{test}.get({key!r})" if test else ""
                yield f"{place}.{key}".lstrip("."), again, value

    def _unset(self, place: str, name: str, x: Any) -> Iterator[Found]:
        """Those attributes of its class of which an object may yet get one of its own."""
        own = getattr(x, "__dict__", self._attributes)
        for kind in type(x).__mro__:
            if not is_of_a_library(kind.__module__):
                for key in sorted(self._attributes & vars(kind).keys() - own):
                    if not hasattr(type(vars(kind)[key]), "__get__"):
                        test = f"{name}.__dict__.get({key!r})"
                        yield f"{place}.{key} of its own", test, None

    def _slots(self, place: str, name: str, x: Any, kind: type) -> Iterator[Found]:
        slots = vars(kind).get("__slots__", ())
        for key in (slots,) if isinstance(slots, str) else slots:
            if key in self._attributes and hasattr(x, key):
                yield f"{place}.{key}".lstrip("."), f"{name}.{key}", getattr(x, key)

    # ---- the quick look --------------------------------------------------------------------------

    def _bind(self, x: Any) -> str:
        name = f"x{id(x)}"
        self._space[name] = x
        return name

    def _also(self, place: str, test: str) -> None:
        before = self._tests.get(place)
        self._tests[place] = f"{before} and {test}" if before else test

    def _quick(self, tests: dict[str, str]) -> Callable[[], bool]:
        """All tests as one expression: every call waits for it, and a loop would take longer.

        Its text is of names that are bound here and of keys by their `repr`: nothing else is run.
        """
        text = " and ".join(tests.values()) or "True"
        quick: Callable[[], bool] = eval(f"lambda: {text}", self._space)
        return quick


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.getstate() if isinstance(generator, random.Random) else generator.get_state()


def _crc(x: Any) -> Any:
    """A checksum of the numbers in an array, whatever its memory."""
    array = unwrap(x)
    if not array.flags.c_contiguous or array.dtype.kind not in "biufc":
        return zlib.crc32(array.tobytes())
    return zlib.crc32(array)


def _ids(x: Any) -> tuple[int, ...]:
    return tuple(map(id, x))


def is_of_a_library(module: str) -> bool:
    return module.partition(".")[0] in _LIBRARIES


@functools.cache
def _names(code: types.CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """The variables of its module that some code names, and the attributes."""
    variables, attributes = set(), set()
    for line in dis.get_instructions(code):
        if line.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            variables.add(line.argval)
        elif line.opname.startswith(("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_FROM")):
            attributes.add(line.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            more = _names(constant)
            variables |= more[0]
            attributes |= more[1]
        elif isinstance(constant, str) and constant.isidentifier():
            attributes.add(constant)  # getattr(x, "name")
    return frozenset(variables), frozenset(attributes)
