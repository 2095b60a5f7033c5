"""Captured state: find what a function reads besides its arguments.

The code of a function names its globals, closure variables and attributes. This module looks them
up, together with the state of the functions and objects that they hold. State that is not named in
the code is not found.
"""

from __future__ import annotations

import dis
import enum
import functools
import random
import sys
import types
from collections import ChainMap, UserDict, UserList, deque
from collections.abc import Callable, Collection, Container, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from ..core.answers import Missing
from ..core.primitive import Primitive
from ..core.tensor import Tensor

VALUES = (bool, int, float, complex, str, bytes, type(None), type(...), range, slice, enum.Enum,
          np.generic, np.dtype)  # fmt: skip
#: containers whose entries are compared
CONTAINERS = (list, tuple, dict, set, frozenset, deque, ChainMap, UserDict, UserList,
              types.MappingProxyType)  # fmt: skip
_MAPPINGS = (dict, ChainMap, UserDict, types.MappingProxyType)
GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)
#: objects of these types have no parts that change
_OPAQUE = (np.ufunc, types.CodeType, types.BuiltinFunctionType, types.GetSetDescriptorType,
           Missing)  # fmt: skip
#: modules whose variables are not expected to change
_LIBRARIES = {"numpy", "autograd_mini", *sys.stdlib_module_names} - {"__main__"}
_MISSING = object()
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_FROM", "STORE_ATTR")
#: callables, and the attributes that hold the functions and objects that they wrap
_WRAPPERS: dict[type, tuple[str, ...]] = {
    types.MethodType: ("__func__", "__self__"), classmethod: ("__func__",),
    staticmethod: ("__func__",), property: ("fget",), Primitive: ("forward", "vjps"),
    functools.partial: ("func", "args", "keywords"), functools.cached_property: ("func",),
}  # fmt: skip


class Place(NamedTuple):
    """Where a captured object was found."""

    name: str  #: as the user would write it
    read: Callable[[], Any]  #: looks it up again
    seen: Any  #: the object

    @property
    def is_looked_up(self) -> bool:
        """Whether `read` can find another object. An entry belongs to the entries of its list."""
        return getattr(self.read, "func", None) is not _itself

    def namespaces(self) -> tuple[str, list[Any]] | None:
        """Return the name of an attribute and the objects whose ``__dict__`` may hold it.

        Classes of libraries are left out, because they do not change. Return None if this is not
        an attribute, or if it may lie in a slot.
        """
        if not isinstance(self.read, functools.partial) or self.read.func is not _attribute:
            return None
        x, key = self.read.args
        kinds = _lookup(x)
        slots = any(isinstance(vars(k).get(key), types.MemberDescriptorType) for k in kinds)
        if slots or not hasattr(x, "__dict__"):
            return None
        return key, [x, *(k for k in kinds if not _is_library(k))]


class Entries(list[Any]):
    """The entries of a container at one time."""


def captures(roots: tuple[Any, ...], lifted: Container[Any] = ()) -> list[Place]:
    """Return the places of all that the functions and objects `roots` capture, as it is now.

    Left out are objects whose id is `lifted`, and attributes and keys (id of the object, name).
    """
    names: dict[str, bool] = {}  # of attributes in any of the code, and whether it asks for them
    known = None
    while known != names:  # code that is found late may name an attribute seen before
        known = names.copy()
        found: list[Place] = []
        met: dict[int, Any] = {}
        todo = [_place("", _itself, x) for x in reversed(roots)]
        while todo:
            place = todo.pop()
            x = place.seen
            if id(x) in lifted:
                continue
            found.append(place)
            if id(x) in met or isinstance(x, (*VALUES, Entries)):
                continue
            met[id(x)] = x  # alive, so that no other object gets its id
            if isinstance(x, types.FunctionType):
                _merge(names, _asked_by(x))
            todo += reversed([*_inside(place.name, x, names, lifted)])
    return found


def _place(name: str, read: Callable[..., Any], *args: Any) -> Place:
    found = functools.partial(read, *args)
    return Place(name, found, found())


def _inside(name: str, x: Any, names: dict[str, bool], lifted: Container[Any]) -> Iterator[Place]:
    """Yield the places inside an object."""
    if isinstance(x, CONTAINERS) or _holds_objects(x):
        left_out = {key for key in x if (id(x), key) in lifted} if isinstance(x, dict) else ()
        if not isinstance(x, (tuple, frozenset)):  # their entries do not change
            yield _place(name or "an argument", _entries, x, left_out)
        for key, part in x.items() if isinstance(x, _MAPPINGS) else enumerate(_entries(x)):
            if not isinstance(part, VALUES):
                yield _place(f"{name}[{key!r}]", _itself, part)
    if isinstance(x, types.FunctionType):
        yield from _around(x)
        if not _is_library_function(x):
            yield from _attributes(x.__name__, x, names, lifted)
    elif isinstance(x, ContextVar):
        yield _place(f"{name}.get()", x.get, _MISSING)
    elif isinstance(x, Tensor):
        for key, field in (("grad", "_grad"), ("name", "name")):
            if key in names:
                yield _place(f"{name}.{key}", getattr, x, field)
    elif not isinstance(x, (np.ndarray, *GENERATORS, *_OPAQUE)) and type(x) not in CONTAINERS:
        if isinstance(x, Primitive) and _is_library_function(x.forward):
            return
        keys = next((keys for kind, keys in _WRAPPERS.items() if isinstance(x, kind)), ())
        for part in [getattr(x, key) for key in keys] or [_own(x).get("__wrapped__")]:
            yield _place("", _itself, part)
        if not _is_library(x):
            yield from _attributes(name, x, names, lifted)


def _around(f: types.FunctionType) -> Iterator[Place]:
    """Yield the code, the defaults, and the variables of a function that are not local to it.

    Of a function of a library, yield only the variables that may hold what a user passed to it.
    """
    cells = zip(f.__code__.co_freevars, f.__closure__ or ())
    if _is_library_function(f):
        for key, cell in cells:
            x = contents(cell)
            constant = isinstance(x, VALUES) or _is_library_function(x)
            yield _place("" if constant else key, contents, cell)
        return
    for key in ("__code__", "__defaults__", "__kwdefaults__"):
        if getattr(f, key) is not None:  # new defaults do not matter to calls without defaults
            yield _place(f"{f.__name__}.{key}", getattr, f, key)
    for key, cell in cells:
        yield _place(key, contents, cell)
    for key in sorted(_names(f.__code__)[0]):
        space: Any = f.__globals__ if key in f.__globals__ else sys.modules  # if it is imported
        if key in space and not _is_library(space[key]):
            yield _place(key, space.get, key, _MISSING)


def _attributes(
    name: str, x: Any, names: dict[str, bool], lifted: Container[Any]
) -> Iterator[Place]:
    """Yield the attributes that some code names, and the methods of operators.

    An attribute that does not exist is among them if code asks for it by ``hasattr``.
    """
    kind: Any = type(x)
    operators = {key for k in _classes(kind) for key in vars(k) if key[:2] == "__"}
    if not isinstance(x, type):
        operators.discard("__init__")  # it has run, and it names every attribute
    for key in sorted(key for key in {*names, *operators} if (id(x), key) not in lifted):
        place = _place(f"{name}.{key}".lstrip("."), _attribute, x, key)
        code = isinstance(place.seen, (types.FunctionType, classmethod, staticmethod, property))
        if _is_library_function(place.seen) and key in operators:
            place = place._replace(name="")  # only a class could change it
        if code or (key in names and (names[key] or place.seen is not _MISSING)):
            yield place


def _itself(x: Any) -> Any:
    return x


def _entries(x: Any, left_out: Collection[Any] = ()) -> Entries:
    if left_out:
        x = {key: part for key, part in x.items() if key not in left_out}
    if isinstance(x, np.ndarray):
        return Entries(x.ravel().tolist())
    return Entries([*x, *x.values()] if isinstance(x, _MAPPINGS) else x)


def _holds_objects(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype == object


def writers(f: Any, x: Any) -> Iterator[Callable[[Any], None]]:
    """Yield functions that replace `x` in the variables and attributes that `f` captures."""
    for place in captures((f,)):
        read: Any = place.read
        if place.seen is not x or not isinstance(read, functools.partial):
            continue
        if read.func is contents:
            yield functools.partial(setattr, read.args[0], "cell_contents")
        elif read.func is _attribute:
            yield functools.partial(setattr, *read.args)
        elif isinstance(space := getattr(read.func, "__self__", None), dict):  # the globals
            yield functools.partial(space.__setitem__, read.args[0])


def contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # the variable has no value yet
        return _MISSING


def _own(x: Any) -> Any:
    return getattr(x, "__dict__", {})


@functools.lru_cache
def _classes(kind: Any) -> tuple[type, ...]:
    """Return the classes that attributes are looked up in, except those of other libraries."""
    return tuple(
        x for x in kind.__mro__
        if x.__module__.startswith("autograd_mini.") or not is_of_a_library(x.__module__)
    )  # fmt: skip


def _lookup(x: Any) -> tuple[type, ...]:
    """Return the classes that the attributes of an object or a class are looked up in."""
    kind: Any = type(x)
    return (*_classes(x), *_classes(kind)) if isinstance(x, type) else _classes(kind)


def _attribute(x: Any, key: str) -> Any:
    """Return an attribute as it is stored, in an object or its classes, without running code."""
    own = _own(x)
    if key in own:
        return own[key]
    for kind in _lookup(x):
        if key in vars(kind):
            found = vars(kind)[key]
            slot = isinstance(found, types.MemberDescriptorType) and not isinstance(x, type)
            return getattr(x, key, _MISSING) if slot else found
    return _MISSING


def is_of_a_library(module: str | None) -> bool:
    """Return whether a module belongs to NumPy, this package or the standard library."""
    return (module or "").partition(".")[0] in _LIBRARIES


def _is_library_function(x: Any) -> bool:
    """Return whether an object is a function that a library defines. Its code does not change."""
    return isinstance(x, types.FunctionType) and is_of_a_library(x.__globals__.get("__name__"))


def _is_library(x: Any) -> bool:
    """Return whether an object is a module or class of a library."""
    if isinstance(x, types.ModuleType):
        return is_of_a_library(x.__name__)
    return isinstance(x, type) and is_of_a_library(x.__module__)


def _asked_by(f: types.FunctionType) -> dict[str, bool]:
    """Return the attributes that a function names, and whether it asks for them."""
    names = _names(f.__code__)[1]
    return dict.fromkeys(names, False) if _is_library_function(f) else names


def _merge(names: dict[str, bool], others: dict[str, bool]) -> None:
    names.update({key: asked or names.get(key, False) for key, asked in others.items()})


@functools.cache
def _names(code: types.CodeType) -> tuple[set[Any], dict[str, bool]]:
    """Return the variables and modules that code names, and the attributes that it names.

    For each attribute, say whether code asks for it, as ``getattr(x, "name", 1)`` does.
    """
    # A constant names an attribute in `getattr(x, "name")`.
    asks = not {"getattr", "hasattr"}.isdisjoint(code.co_names)
    words = (x for x in code.co_consts if isinstance(x, str) and x.isidentifier())
    attributes = dict.fromkeys(words, asks)
    variables = set()
    for line in dis.get_instructions(code):
        if line.opname in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "IMPORT_NAME"):
            variables.add(line.argval)
        elif line.opname.startswith(_ATTRIBUTES):
            attributes.setdefault(line.argval, False)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            variables |= _names(inner)[0]
            _merge(attributes, _names(inner)[1])
    return variables, attributes
