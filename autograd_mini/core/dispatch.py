"""What NumPy asks of a Tensor: its functions and ufuncs, keywords and all (NEP 13 and NEP 18).

A function is looked up in the table `PRIMITIVES`. A function that is not there is refused, and
never runs on a plain array silently. The keywords and methods that all ufuncs share (``where=``,
``dtype=``, ``outer``, ``reduce``) get their meaning here.
"""

from __future__ import annotations

import difflib
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from .arrays import TensorBase, as_array_or_tensor, unwrap
from .messages import describe, lesson
from .registry import (
    PRIMITIVES,
    UNSUPPORTED,
    NonDifferentiable,
    is_primitive,
    name_of,
    parameters_of,
)


def function(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run NumPy's function `f` on tensors: what ``__array_function__`` does."""
    place = _place_of_out(f)
    kwargs = _without_out(f, kwargs, args[place] if len(args) > place else None)
    if f not in PRIMITIVES:
        raise refused(f)
    run = PRIMITIVES[f]
    if is_primitive(run) and any(isinstance(x, TensorBase) for x in kwargs.values()):
        args, kwargs = _by_position(f, args, kwargs)
    return run(*args, **kwargs)


def ufunc(f: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a ufunc, or a method of it such as ``np.add.reduce``: what ``__array_ufunc__`` does."""
    if _loses_nothing(args, kwargs.get("out")):
        return getattr(f, method)(*map(unwrap, args), **kwargs)
    kwargs = _without_out(f, kwargs)  # NumPy makes a keyword of it
    if method == "__call__" and f in PRIMITIVES:
        return _called(f, args, **kwargs)
    if method == "outer" and f in PRIMITIVES:
        return _called(f, _outer(*args), **kwargs)
    run = PRIMITIVES.get(f)
    f = getattr(f, method) if method != "__call__" else f
    if isinstance(run, NonDifferentiable):  # then its reduce and the like have no derivative either
        return NonDifferentiable(f)(*args, **kwargs)
    if f not in PRIMITIVES:
        raise refused(f)
    return PRIMITIVES[f](*args, **kwargs)


def _loses_nothing(args: tuple[Any, ...], out: Any) -> bool:
    """Whether arrays are written, and from nothing that a derivative flows through: ``w -= t``."""
    return (
        isinstance(out, tuple)
        and not any(isinstance(x, TensorBase) for x in out)
        and not any(isinstance(x, TensorBase) and x.requires_grad for x in args)
    )


def refused(f: Any) -> TypeError:
    """Why the NumPy function `f` is not applied to a tensor, and what is near to it."""
    name = name_of(f)
    reason = UNSUPPORTED.get(f)
    if reason is None:
        known = {name_of(g): g for g in PRIMITIVES if not isinstance(g, str)}
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
        reason = f"The nearest that has one is np.{nearest}."
    return TypeError(
        f"np.{name} has no derivative rule here. {reason} Add a rule with ag.primitive, or pass "
        ".numpy() if no derivative is needed." + lesson("no rule")
    )


def coverage() -> list[tuple[str, str]]:
    """What becomes of a tensor in each of NumPy's functions: pairs of the name and the answer.

    Examples
    --------
    >>> from autograd_mini.core.dispatch import coverage
    >>> rows = dict(coverage())
    >>> rows["np.exp"], rows["np.std"], rows["np.argmax"]
    ('primitive exp', 'composed of primitives', 'no derivative: gives an array')
    """
    found = {
        f"np.{name_of(f)}": _how(run) for f, run in PRIMITIVES.items() if not isinstance(f, str)
    }
    found |= {f"np.{name_of(f)}": f"refused. {why}" for f, why in UNSUPPORTED.items()}
    return sorted(found.items())


def _how(run: Any) -> str:
    if isinstance(run, NonDifferentiable):
        return "no derivative: gives an array"
    return f"primitive {run.name}" if is_primitive(run) else "composed of primitives"


@cache
def _place_of_out(f: Any) -> int:
    """The position of the argument `out` of a NumPy function, beyond all where it has none."""
    names = [name for name, p in parameters_of(f).items() if p.kind in _BY_PLACE]
    return names.index("out") if "out" in names else sys.maxsize


_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _without_out(f: Any, kwargs: Mapping[str, Any], by_place: Any = None) -> dict[str, Any]:
    """The keywords without an `out` of None, as it is by default; any other `out` is refused."""
    for out in (by_place, kwargs.get("out")):
        if any(x is not None for x in (out if isinstance(out, tuple) else (out,))):
            raise TypeError(
                f"np.{name_of(f)}: out= and in-place operators on arrays would write a tensor's "
                "values where no derivative follows. Use the result instead."
            )
    return {key: value for key, value in kwargs.items() if key != "out"}


def _by_position(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call with every argument that can be in its place: a primitive's rules go by position."""
    if not parameters_of(f):
        return args, kwargs
    bound = inspect.signature(f).bind(*args, **kwargs)
    return bound.args, bound.kwargs


def _called(
    f: Any, args: Any, *, where: Any = True, dtype: Any = None, subok: bool = True, **others: Any
) -> Any:
    """A ufunc with its keywords: `dtype` is of the arguments, `where` says which entries count."""
    run = PRIMITIVES[f]
    if isinstance(run, NonDifferentiable):
        return run(*args, where=where, **({"dtype": dtype} if dtype else {}), **others)
    if others and (is_primitive(run) or where is not True):
        given = ", ".join(f"{key}=" for key in others)
        raise TypeError(f"np.{name_of(f)}: {given} has no meaning for a tensor. Leave it out")
    if dtype is not None:
        args = [_cast(x, dtype) for x in args]
    return run(*args, **others) if where is True else _where(run, args, where)


def _cast(x: Any, dtype: Any) -> Any:
    return (
        PRIMITIVES["astype"](x, dtype=np.dtype(dtype))
        if isinstance(x, TensorBase)
        else np.asarray(x, dtype)
    )


def _where(run: Any, args: Any, where: Any) -> Any:
    """The function on the entries where the mask is True only, and 0 elsewhere.

    There NumPy leaves what the memory held before. That the other entries are never computed with
    keeps a logarithm of 0 among them out of the gradient, too.
    """
    mask = np.asarray(unwrap(where))
    if mask.dtype != bool:
        raise TypeError(f"where= is a mask of booleans, not {describe(where)}")
    shape = np.broadcast_shapes(mask.shape, *map(np.shape, args))
    mask = np.broadcast_to(mask, shape)
    chosen = [np.broadcast_to(x, shape)[mask] for x in args]
    return PRIMITIVES["scatter"](run(*chosen), mask, shape)


def _outer(a: Any, b: Any) -> tuple[Any, Any]:
    """Arguments that broadcast to all pairs: a's axes first, then b's."""
    a, b = as_array_or_tensor(a), as_array_or_tensor(b)
    return np.reshape(a, a.shape + (1,) * b.ndim), b
