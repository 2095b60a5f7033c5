"""The registry: which primitive, or composition of primitives, runs a NumPy function on tensors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from inspect import CO_VARARGS
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import unwrap_nested
from .foreign import forward_on_objects, numbers_for_foreign
from .messages import add_context, describe

if TYPE_CHECKING:
    from .primitive import Primitive

#: NumPy function -> the primitive or composition that runs it on tensors. An operation that NumPy
#: lacks has its name as key.
PRIMITIVES: dict[Any, Any] = {}

#: The ufuncs that a primitive runs: a shortcut past `PRIMITIVES`.
UFUNCS: dict[Any, Primitive] = {}

#: NumPy functions that are refused on tensors -> why, and what to use instead.
UNSUPPORTED: dict[Any, str] = {}


def implements(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated composition of primitives for these NumPy functions."""

    def register(f: Callable[..., Any]) -> Callable[..., Any]:
        PRIMITIVES.update(dict.fromkeys(functions, f))
        return f

    return register


def not_differentiable(*functions: Callable[..., Any]) -> None:
    """Register NumPy functions whose derivative is zero or undefined: they return plain arrays."""
    for function in functions:
        PRIMITIVES[function] = NonDifferentiable(function)


def refuse(why: str, *functions: Any) -> None:
    """Register why these NumPy functions have no derivative here. The error message uses it."""
    UNSUPPORTED.update(dict.fromkeys(functions, why))


class NonDifferentiable:
    """A function without a derivative. It runs on the values of tensors, and returns arrays."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arrays = [unwrap_nested(x) for x in args]
        kwargs = {key: unwrap_nested(x) for key, x in kwargs.items()}
        try:
            return self.function(*arrays, **kwargs)
        except (ValueError, TypeError, IndexError) as error:
            if numbers_for_foreign(arrays):
                return self.function(*arrays, **kwargs)
            y = forward_on_objects(self.function, arrays, {})
            if y is NotImplemented:
                raise add_context(self.function.__name__, error, args, kwargs) from error
            return y


def is_primitive(run: Any) -> bool:
    """Return whether an entry of `PRIMITIVES` is a primitive, and not a composition."""
    return hasattr(run, "vjps")


def is_numpy(function: Any) -> bool:
    """Return whether NumPy dispatches `function`, so that a tensor can be its argument."""
    return isinstance(function, np.ufunc) or str(function.__module__).split(".")[0] == "numpy"


def name_of(f: Any) -> str:
    """Return the name of a NumPy function without ``np.``: exp, add.reduce, linalg.norm."""
    owner = getattr(f, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"{owner.__name__}.{f.__name__}"
    module = str(getattr(f, "__module__", None) or "numpy")
    return f"{module}.{f.__name__}".removeprefix("numpy.")


def name_of_function(f: Any) -> str:
    """Return the name of the function of a primitive. Raise TypeError if it is not a function."""
    if not callable(f):
        raise TypeError(f"primitive: expected a function of arrays, got {describe(f)}.")
    return str(getattr(f, "__name__", type(f).__name__))  # a partial function has no name


class SignatureOfForward:
    """The signature of a primitive, which is that of its function. The class has no signature."""

    def __get__(self, op: Any, owner: type) -> inspect.Signature | None:
        try:
            return None if op is None else inspect.signature(op.forward)
        except ValueError as error:  # a function in C
            raise AttributeError(str(error)) from None


def parameters_of(f: Any) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a NumPy function, or none if it has no known signature."""
    try:
        return inspect.signature(f).parameters
    except ValueError:
        return {}


def require_rules(name: str, rules: Sequence[Any]) -> None:
    """Raise TypeError unless each rule is None, or can be called as ``rule(g, y, *args)``."""
    for i, rule in enumerate(rules):
        if rule is not None and not callable(rule):
            need = "must be a function rule(g, y, *args), or None"
            raise TypeError(f"{name}: rule {i} (counted from 0) {need}, got {describe(rule)}.")
        code = getattr(rule, "__code__", None)  # quicker than a signature
        if code and not code.co_flags & CO_VARARGS and code.co_argcount < 2 + len(rules):
            n = code.co_argcount
            raise TypeError(
                f"{name}: rule {i} (counted from 0) takes {n} argument{'s' * (n != 1)}, but with "
                f"{len(rules)} rule{'s' * (len(rules) != 1)} it must take {2 + len(rules)}. Write "
                "rule(g, y, *args): g is the gradient of the result, y is the result, and args are "
                "the arguments of the function, one for each rule."
            )
