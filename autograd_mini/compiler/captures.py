"""Captured state: find what a function reads besides its arguments.

The code of a function names its globals, closure variables and attributes. They are looked up, and
the same is done for the functions and objects that are found there. State that no code names is not
found: attributes by a computed name, the entries of sets and deques, or the inside of a library.
"""

from __future__ import annotations

import dis
import enum
import functools
import random
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import unwrap
from ..core.primitive import Primitive
from ..core.tensor import Tensor

VALUES = (bool, int, float, complex, str, bytes, type(None), type(...), range, slice, enum.Enum,
           np.generic, np.dtype)  # fmt: skip
_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)
#: modules whose variables are not expected to change
_LIBRARIES = {"numpy", "autograd_mini", *sys.stdlib_module_names} - {"__main__"}
_MISSING = object()
#: instructions whose argument names an attribute; constants do so in ``getattr(x, "name")``
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "LOAD_CONST",
               "IMPORT_FROM")  # fmt: skip


class Place(NamedTuple):
    """Where a captured object was found."""

    name: str  #: as the user would write it
    read: Callable[[], Any]  #: looks it up again
    seen: Any  #: what it was


class Captures:
    """What the functions and objects `roots` capture, as it is now.

    Attributes that the code only assigns are looked at if `assigned`.

    Attributes
    ----------
    places : list of Place
        Everything else.
    arrays : list of Place
        Captured arrays and Tensors.
    generators : list
        Captured sources of random numbers.
    """

    def __init__(self, roots: tuple[Any, ...], *, assigned: bool = False) -> None:
        self._assigned = assigned
        self.names: set[str] = set()  # that any of the code uses
        known = -1
        while known != len(self.names):  # code that is found late may name an attribute seen before
            known = len(self.names)
            self.places: list[Place] = []
            self.arrays: list[Place] = []
            self.generators: list[Any] = []
            self._walk(roots)

    def _walk(self, roots: tuple[Any, ...]) -> None:
        met: dict[int, Any] = {}
        todo = [Place("", lambda: None, x) for x in reversed(roots)]
        while todo:
            place = todo.pop()
            x = place.seen
            if isinstance(x, (np.ndarray, Tensor)) and unwrap(x).dtype != object:
                self.arrays.append(place)
            elif place.name:
                self.places.append(place)
            if id(x) not in met and not isinstance(x, VALUES):
                met[id(x)] = x  # alive, so that no other object gets its id
                todo += reversed(list(self._inside(place.name, x)))

    def _inside(self, name: str, x: Any) -> Iterator[Place]:
        """Yield the places inside an object."""
        if isinstance(x, types.FunctionType):
            yield from self._of_function(x)
        elif isinstance(x, (list, tuple, dict)):
            items = x.items() if isinstance(x, dict) else enumerate(x)
            yield Place(name or "an argument", functools.partial(_entries, x), _entries(x))
            yield from (Place(f"{name}[{key!r}]", functools.partial(_entry, x, key), part)
                        for key, part in items if not isinstance(part, VALUES))  # fmt: skip
        elif isinstance(x, _GENERATORS):
            self.generators.append(x)
        elif not isinstance(x, (np.ndarray, Tensor)):
            for part in _parts(x):
                yield Place("", lambda: None, part)
            if not _is_opaque(x):
                yield from self._attributes(name, x)

    def _of_function(self, f: types.FunctionType) -> Iterator[Place]:
        variables, attributes, assigned = _names(f.__code__)
        self.names |= attributes | assigned if self._assigned else attributes
        for key in ("__code__", "__defaults__", "__kwdefaults__"):
            part = getattr(f, key)
            if part is not None:  # new defaults do not matter to calls that did without
                yield Place(f"{f.__name__}.{key}", functools.partial(getattr, f, key), part)
        for key, cell in zip(f.__code__.co_freevars, f.__closure__ or ()):
            yield Place(key, functools.partial(_contents, cell), _contents(cell))
        if is_of_a_library(f.__globals__.get("__name__", "")):
            return
        for key in sorted(variables):
            space: Any = f.__globals__ if key in f.__globals__ else sys.modules  # if it is imported
            if key in space and not is_of_a_library(getattr(space[key], "__name__", "") or ""):
                yield Place(key, functools.partial(space.get, key, _MISSING), space[key])
        yield from self._attributes(f.__name__, f)

    def _attributes(self, name: str, x: Any) -> Iterator[Place]:
        """Yield the attributes that some code names, and the methods of operators."""
        for key in sorted(self.names | {k for k in dir(type(x)) if k[:2] == "__"}):
            found = _attribute(x, key)
            if found is not _MISSING and (key in self.names or _is_code(found)):
                read = functools.partial(_attribute, x, key)
                yield Place(f"{name}.{key}".lstrip("."), read, found)


class Entries:
    """The entries of a list, tuple or dict at one time."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Any]) -> None:
        self.parts = parts


def _entries(x: Any) -> Entries:
    return Entries([*x, *x.values()] if isinstance(x, dict) else [*x])


def _entry(x: Any, key: Any) -> Any:
    try:
        return x[key]
    except (KeyError, IndexError):
        return _MISSING


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # the variable has no value yet
        return _MISSING


def _attribute(x: Any, key: str) -> Any:
    """Return an attribute as it is stored, in an object or its classes, without running code."""
    own = getattr(x, "__dict__", {})
    if key in own:
        return own[key]
    for kind in x.__mro__ if isinstance(x, type) else type(x).__mro__:
        if key in vars(kind) and (_is_ours(kind) or not is_of_a_library(kind.__module__)):
            found = vars(kind)[key]
            if isinstance(found, types.MemberDescriptorType) and not isinstance(x, type):
                return getattr(x, key, _MISSING)  # a slot
            return found
    return _MISSING


def _parts(x: Any) -> tuple[Any, ...]:
    """Return the functions and objects that a callable wraps."""
    if isinstance(x, (types.MethodType, classmethod, staticmethod)):
        return x.__func__, getattr(x, "__self__", None)
    if isinstance(x, functools.partial):
        return x.func, x.args, x.keywords
    if isinstance(x, Primitive):
        return x.forward, x.vjps
    if isinstance(x, property):
        return (x.fget,)
    return (getattr(x, "__dict__", {}).get("__wrapped__"),)  # a compiled or a cached function


def _is_code(x: Any) -> bool:
    return isinstance(x, (types.FunctionType, classmethod, staticmethod, property))


def is_of_a_library(module: str) -> bool:
    """Return whether a module belongs to NumPy, this package or the standard library."""
    return module.partition(".")[0] in _LIBRARIES


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith("autograd_mini.")


def _is_opaque(x: Any) -> bool:
    """Return whether an object's attributes are not expected to change."""
    if isinstance(x, types.ModuleType):
        return is_of_a_library(x.__name__)
    kind = x if isinstance(x, type) else type(x)
    return is_of_a_library(kind.__module__) and (kind is x or not hasattr(x, "__dict__"))


@functools.cache
def _names(code: types.CodeType) -> tuple[set[str], set[str], set[str]]:
    """Return the variables and modules that code names, attributes it reads, and those it sets."""
    variables, attributes, assigned = set(), set(), set()
    for line in dis.get_instructions(code):
        if line.opname in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "IMPORT_NAME"):
            variables.add(line.argval)
        elif line.opname.startswith(_ATTRIBUTES):
            attributes.add(line.argval)
        elif line.opname == "STORE_ATTR":
            assigned.add(line.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            more = _names(constant)
            variables |= more[0]
            attributes |= more[1]
            assigned |= more[2]
    names = {x for x in attributes if isinstance(x, str) and x.isidentifier()}
    return variables, names, assigned
