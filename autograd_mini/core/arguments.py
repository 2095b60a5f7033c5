"""Arrange the arguments of a call: those with a rule by position, and the options as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from .arrays import TensorBase, require_protocol, unwrap
from .messages import describe
from .registry import parameters_of

if TYPE_CHECKING:
    from .primitive import Primitive


def arranged(op: Primitive, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the arguments and options of a call as `record` takes them.

    An argument that has a rule may be passed by name: ``ag.conv2d(x, w, bias=b)``.
    """
    ruled = _ruled_parameters(op)
    if not ruled.keys().isdisjoint(kwargs):
        args, kwargs = _by_position(op.name, ruled, args, dict(kwargs))
    return args, _options(op, kwargs)


@lru_cache(maxsize=512)
def _ruled_parameters(op: Primitive) -> Mapping[str, Parameter]:
    """Return the parameters that have rules, and that a caller may name."""
    if op.arity > len(known := parameters_of(op.forward)):
        return {}
    first = list(known.items())[: int(op.arity)]
    return {name: p for name, p in first if p.kind is Parameter.POSITIONAL_OR_KEYWORD}


def _by_position(
    name: str, ruled: Mapping[str, Parameter], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Move named arguments to their positions; a gap before one gets its default."""
    missing = list(ruled.values())[len(args) :]
    while missing and missing[-1].name not in kwargs:
        missing.pop()
    for p in missing:
        if p.default is Parameter.empty and p.name not in kwargs:
            raise TypeError(f"{name}() needs the argument {p.name!r}. Pass it first, or by name.")
    return args + tuple(kwargs.pop(p.name, p.default) for p in missing), kwargs


def _options(op: Primitive, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords as arrays. Raise if a tensor would lose its gradient."""
    for key, value in kwargs.items():
        if isinstance(value, TensorBase):
            if value._active:
                raise TypeError(
                    f"{op.name}: {describe(value)} requires a gradient, but keyword arguments "
                    f"are not recorded. Pass {key} by position, or detach it: x.detach()."
                )
            kwargs = {**kwargs, key: unwrap(value)}
        elif hasattr(value, "__dlpack__"):
            require_protocol(value)
    return kwargs
