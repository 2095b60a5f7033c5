"""Write a call as a person does, with the same bits: operators, and no argument at its default."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.registry import PRIMITIVES
from ...ops.indexing import scatter_in_text
from ..ir import Step, Value, array_pow, dtype_of, example_of, number_pow, options
from ..passes.rewrite import is_elementwise
from ..traced_functions import known_parameters

#: functions that are written with an operator, and the names of the operations. Not np.power: it
#: rounds differently from `**` in NumPy 2.0, and for single numbers in every version.
OPERATIONS: dict[Any, str] = {
    np.subtract: "sub", np.multiply: "mul", np.divide: "div", np.floor_divide: "floordiv",
    np.remainder: "mod", np.negative: "neg",
    operator.add: "add", operator.sub: "sub", operator.mul: "mul", operator.truediv: "div",
    operator.floordiv: "floordiv", operator.mod: "mod", operator.neg: "neg", operator.pos: "pos",
    operator.pow: "pow", array_pow: "pow", number_pow: "pow", abs: "abs",
}  # fmt: skip
#: reductions of ufuncs, and the functions that people know them by
_REDUCTIONS: dict[Any, Any] = {
    np.add.reduce: np.sum, np.multiply.reduce: np.prod,
    np.maximum.reduce: np.max, np.minimum.reduce: np.min,
}  # fmt: skip


def without_defaults(f: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords that differ from their defaults."""
    known = {} if isinstance(f, np.ufunc) else known_parameters(f)

    def says_nothing(key: str, value: Any) -> bool:
        default = known[key].default if key in known else inspect.Parameter.empty
        return value is default or (value is False and default is np._NoValue and key == "keepdims")

    return {key: value for key, value in kwargs.items() if not says_nothing(key, value)}


def as_written(step: Step) -> tuple[Any, Any, Any]:
    """Return the call of a step as a person writes it, with the same bits."""
    f, args, kwargs = step.function, step.args, step.kwargs
    if f in _REDUCTIONS:
        return _REDUCTIONS[f], args[:1], options(step, axis=0)  # np.sum adds up all axes
    if f is np.copy:
        return f, *_copied(*args, **kwargs)
    if f is np.transpose and len(args) == 2 and [*args[1]] == [*range(len(args[1]))][::-1]:
        return f, args[:1], kwargs
    if not kwargs:
        args = _without_defaults(f, args)
    if kwargs.get("kind") == "stable":  # JAX has this spelling only
        kwargs = {**{k: x for k, x in kwargs.items() if k != "kind"}, "stable": True}
    if f in (operator.pow, array_pow) and not np.ndim(example_of(args[0])) and is_strong(args[0]):
        f = np.power
    if f in OPERATIONS or (is_elementwise(step) and not kwargs):
        args = [_bare(a, args) for a in args]
    return f, args, kwargs


def printed_function(step: Step) -> Any:
    """Return the function whose text is printed for a step that a program calls as a whole."""
    if step.function is PRIMITIVES["scatter"].forward and step.outs[0].dtype != np.float16:
        return scatter_in_text  # the fast one has many lines, and sums float16 in float32
    return step.function


def _without_defaults(f: Any, args: Sequence[Any]) -> Sequence[Any]:
    """Return the arguments without the last ones that are at their defaults."""
    known = [] if isinstance(f, np.ufunc) else [*known_parameters(f).values()]
    while args and len(args) <= len(known):
        default, last = known[len(args) - 1].default, args[-1]
        if type(last) is not type(default) or isinstance(last, np.ndarray) or last != default:
            break
        args = args[:-1]
    return args


def _copied(x: Any, order: str = "K") -> tuple[Any, dict[str, Any]]:
    """Return the arguments of a copy, without its order if that is the order of ``x.copy()``."""
    array = np.asarray(example_of(x))
    plain = order == "C" or (order == "K" and array.flags.c_contiguous)
    return [x], {} if plain else {"order": order}


def only(axis: Any) -> Any:
    """Return an axis as an integer of Python, also if it is the only one of a tuple."""
    if isinstance(axis, tuple):
        axes = tuple(map(only, axis))
        return axes[0] if len(axes) == 1 else axes
    return int(axis) if isinstance(axis, np.integer) else axis


def _bare(x: Any, args: Sequence[Any]) -> Any:
    """Return a NumPy number as a Python number, if another operand determines the dtype."""
    if isinstance(x, Value) or np.ndim(x) or not hasattr(x, "dtype"):
        return x
    others = [a.example for a in args if isinstance(a, Value) and is_strong(a)]
    if all(dtype_of(other) != x.dtype for other in others):
        return x
    return float(str(x)) if x.dtype.kind == "f" else x.item()  # float32(0.1) is written 0.1


def is_strong(x: Any) -> bool:
    """Return whether a value has a dtype: a Python number has none [NEP 50]."""
    return isinstance(example_of(x), (np.ndarray, np.generic))


def is_short(x: Any) -> bool:
    """Return whether an array is written entry by entry if it is an index."""
    return isinstance(x, np.ndarray) and x.ndim == 1 and 0 < x.size <= 8
