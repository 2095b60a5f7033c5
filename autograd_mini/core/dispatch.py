"""Run NumPy's functions and ufuncs on Tensors (NumPy's protocols, NEP 13 and NEP 18).

A function is looked up in the table `PRIMITIVES`. If it is not there, an error is raised: it never
runs on a plain array silently. This module also handles the keywords and methods that all ufuncs
share (``where=``, ``dtype=``, ``outer``, ``reduce``).
"""

from __future__ import annotations

import difflib
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from .arrays import TensorBase, as_array, as_array_or_tensor, in_dtype, unwrap
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
    """Run the NumPy function `f` on tensors: the body of ``__array_function__``."""
    position = _position_of_out(f)
    kwargs = _without_out(f, kwargs, args[position] if len(args) > position else None)
    if f not in PRIMITIVES:
        raise unsupported(f)
    run = PRIMITIVES[f]
    if is_primitive(run) and any(isinstance(x, TensorBase) for x in kwargs.values()):
        args, kwargs = _by_position(f, args, kwargs)
    return run(*args, **kwargs)


def ufunc(f: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a ufunc, or a method such as ``np.add.reduce``: the body of ``__array_ufunc__``."""
    if _loses_no_gradient(args, kwargs.get("out")):
        return getattr(f, method)(*map(unwrap, args), **kwargs)
    kwargs = _without_out(f, kwargs)  # NumPy passes it as a keyword
    if method == "__call__" and f in PRIMITIVES:
        return _called(f, args, **kwargs)
    if method == "outer" and f in PRIMITIVES:
        return _called(f, _outer(*args), **kwargs)
    run = PRIMITIVES.get(f)
    f = getattr(f, method) if method != "__call__" else f
    if isinstance(run, NonDifferentiable):  # nor do its reduce and the like
        return NonDifferentiable(f)(*args, **kwargs)
    if f not in PRIMITIVES:
        raise unsupported(f)
    return PRIMITIVES[f](*args, **kwargs)


def _loses_no_gradient(args: tuple[Any, ...], out: Any) -> bool:
    """Return whether the call only writes to arrays and no gradient is lost, as in ``w -= t``."""
    return (
        isinstance(out, tuple)
        and not any(isinstance(x, TensorBase) for x in out)
        and not any(isinstance(x, TensorBase) and x._active for x in args)
    )


def unsupported(f: Any) -> TypeError:
    """Return the error for a NumPy function without a rule. It suggests a similar function."""
    name = f"np.{name_of(f)}"
    reason = UNSUPPORTED.get(f)
    if isinstance(f, np.ufunc) and getattr(np, f.__name__, None) is not f:
        name = f.__name__  # of a function of SciPy, or of a method such as x.clip
        is_numpys = hasattr(np, name)
        reason = f"Write np.{name}." if is_numpys else "It is not a function of NumPy."
    if reason is None:
        known = {name_of(g): g for g in PRIMITIVES if not isinstance(g, str)}
        nearest = difflib.get_close_matches(name_of(f), known, n=1, cutoff=0)[0]
        reason = f"Did you mean np.{nearest}?"
    text = f"{name} has no derivative rule. {reason}"
    if ".numpy()" in reason:
        return TypeError(text)
    fix = "Add a rule with ag.primitive, or pass .numpy() if you need no gradient."
    return TypeError(f"{text} {fix}{lesson('no rule')}")


def coverage() -> list[tuple[str, str]]:
    """Return how each NumPy function handles tensors: pairs of its name and the answer.

    Examples
    --------
    >>> from autograd_mini.core.dispatch import coverage
    >>> rows = dict(coverage())
    >>> rows["np.exp"], rows["np.std"], rows["np.argmax"]
    ('primitive exp', 'composed of primitives', 'no derivative: returns an array')
    """
    found = {
        f"np.{name_of(f)}": _how(run) for f, run in PRIMITIVES.items() if not isinstance(f, str)
    }
    found |= {f"np.{name_of(f)}": f"refused. {why}" for f, why in UNSUPPORTED.items()}
    return sorted(found.items())


def _how(run: Any) -> str:
    if isinstance(run, NonDifferentiable):
        return "no derivative: returns an array"
    return f"primitive {run.name}" if is_primitive(run) else "composed of primitives"


@cache
def _position_of_out(f: Any) -> int:
    """Return the position of `out` among the arguments, or a huge number if there is no `out`."""
    names = [name for name, p in parameters_of(f).items() if p.kind in _POSITIONAL]
    return names.index("out") if "out" in names else sys.maxsize


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _without_out(f: Any, kwargs: Mapping[str, Any], by_position: Any = None) -> dict[str, Any]:
    """Return the keywords without ``out=None``. Raise if `out` is not None."""
    for out in (by_position, kwargs.get("out")):
        if any(x is not None for x in (out if isinstance(out, tuple) else (out,))):
            raise TypeError(_no_out(f, out))
    return {key: value for key, value in kwargs.items() if key != "out"}


#: The ufuncs of the operators that write into their left side, and these operators.
_OPERATORS = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.true_divide: "/", np.power: "**",
    np.remainder: "%", np.matmul: "@",
}  # fmt: skip


def _no_out(f: Any, out: Any) -> str:
    """Return the message for out=. (Operators such as ``array += t`` also pass it to NumPy.)"""
    text = f"np.{name_of(f)} cannot write its result into an array, because the gradient would be "
    if f in _OPERATORS:
        op = _OPERATORS[f]
        return (
            f"{text}lost. Write a = a {op} t instead of a {op}= t. If you passed out=, remove it."
        )
    return f"{text}lost. Remove the argument out=, and use the result that the function returns."


def _by_position(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the call with as many positional arguments as possible. Rules need positions."""
    if not parameters_of(f):
        return args, kwargs
    bound = inspect.signature(f).bind(*args, **kwargs)
    return bound.args, bound.kwargs


def _called(
    f: Any, args: Any, *, where: Any = True, dtype: Any = None, subok: bool = True, **others: Any
) -> Any:
    """Call a ufunc with its keywords: `dtype` converts the arguments, `where` selects entries."""
    run = PRIMITIVES[f]
    if isinstance(run, NonDifferentiable):
        return run(*args, where=where, **({"dtype": dtype} if dtype else {}), **others)
    if others and (is_primitive(run) or where is not True):
        given = ", ".join(f"{key}=" for key in others)
        raise TypeError(f"np.{name_of(f)}: {given} is not supported for tensors. Remove {given}.")
    if dtype is not None:
        args = [in_dtype(x, np.dtype(dtype)) for x in args]
    return run(*args, **others) if where is True else _where(f, args, where)


def _where(f: Any, args: Any, where: Any) -> Any:
    """Run the function only on the entries where the mask is True; the others are 0.

    (NumPy leaves them uninitialised.) The others are never computed. So if the logarithm is taken,
    a 0 among them does not affect the gradient.
    """
    mask = as_array(unwrap(where))
    if hasattr(mask, "concrete_value"):  # traced
        f = f"np.{name_of(f)}"
        raise TypeError(
            f"{f}: in a compiled function, where= cannot be {describe(where)} that depends on the "
            f"arguments. Write np.where(mask, {f}(np.where(mask, x, 1)), 0)."
        )
    if mask.dtype != bool:
        raise TypeError(f"where must be an array of bool, got {describe(where)}.")
    shape = np.broadcast_shapes(mask.shape, *map(np.shape, args))
    mask = np.broadcast_to(mask, shape)
    chosen = [np.broadcast_to(x, shape)[mask] for x in args]
    return PRIMITIVES["scatter"](PRIMITIVES[f](*chosen), mask, shape)


def _outer(a: Any, b: Any) -> tuple[Any, Any]:
    """Return `a` and `b` in shapes that broadcast to all pairs. The axes of `a` come first."""
    a, b = as_array_or_tensor(a), as_array_or_tensor(b)
    return np.reshape(a, a.shape + (1,) * b.ndim), b
