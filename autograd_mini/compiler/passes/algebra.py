"""The rules of rewriting, each with its name; a result is what it was, to the last bit or nearly.

`x` and `y` stand for values of a program, `c` and `d` for numbers. `EXACT` rules change no bit of
any result. Those in `WITHIN_ROUNDING` keep it within rounding, as a compiled function may.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..ir import Step, Value, astype, example_of
from .rewrite import Call, Rule, alike, equals, is_elementwise, made_by, number

# ---- exact rules ---------------------------------------------------------------------------------


def repeated(step: Step) -> Any:
    """x + (c repeated to the shape of x) → x + c: NumPy repeats it anyway."""
    if not is_elementwise(step) or step.kwargs or len(step.args) < 2 or step.function is np.power:
        return None  # (of one exponent for all, a power rounds in another way)
    for i, a in enumerate(step.args):
        if np.ndim(example_of(a)) == 0:
            continue
        inner = made_by(a, np.broadcast_to)
        less = inner[0] if inner else None
        if isinstance(a, np.ndarray):
            less = number(a)
        others = (*step.args[:i], *step.args[i + 1 :])
        shape = np.broadcast_shapes(*(np.shape(example_of(x)) for x in (*others, less)))
        if less is not None and shape == step.outs[0].shape:
            return Call(step.function, *step.args[:i], less, *step.args[i + 1 :])
    return None


_NEUTRAL: dict[Any, int] = {
    np.multiply: 1,
    np.divide: 1,
    np.power: 1,
    operator.pow: 1,
    np.subtract: 0,
}


def neutral(step: Step) -> Any:
    """x * 1, x / 1, x - 0, x ** 1 → x."""
    (out,) = step.outs
    if step.kwargs or len(step.args) != 2:
        return None
    a, b = step.args
    one = _NEUTRAL.get(step.function)
    if one is not None and equals(b, one) and alike(a, out):
        return a
    return b if step.function is np.multiply and equals(a, 1) and alike(b, out) else None


def negated(step: Step) -> Any:
    """x * -1 → -x;  -(-x) → x;  a + (-b) → a - b;  a - (-b) → a + b."""
    (out,) = step.outs
    if step.kwargs or step.function not in (np.multiply, np.negative, np.add, np.subtract):
        return None
    inner = made_by(step.args[-1], np.negative)
    if step.function is np.negative:
        return inner[0] if inner and alike(inner[0], out) else None
    if step.function is np.multiply:
        for a, b in (step.args, step.args[::-1]):
            if equals(b, -1) and alike(a, out):
                return Call(np.negative, a)
        return None
    other = np.subtract if step.function is np.add else np.add
    return Call(other, step.args[0], inner[0]) if inner else None


_MAY_DO_NOTHING = {
    np.reshape, np.broadcast_to, np.transpose, np.squeeze, np.copy, np.positive, astype,
    np.moveaxis, np.swapaxes, np.ravel, np.expand_dims,
}  # fmt: skip


def nothing_done(step: Step) -> Any:
    """A reshape to the shape that x has, a cast to its dtype, a copy that nobody changes → x."""
    x = step.args[0]
    return x if step.function in _MAY_DO_NOTHING and alike(x, step.outs[0]) else None


def turned_twice(step: Step) -> Any:
    """x.T.T → x;  x.reshape(s).reshape(r) → x.reshape(r)."""
    if step.kwargs or step.function not in (np.transpose, np.reshape):
        return None
    inner = made_by(step.args[0], step.function)
    if not inner:
        return None
    if step.function is np.reshape:
        return Call(np.reshape, inner[0], step.args[1])
    return inner[0] if len(step.args) == len(inner) == 1 else None


EXACT: list[tuple[str, Rule]] = [
    ("repeated numbers", repeated),
    ("neutral numbers", neutral),
    ("signs", negated),
    ("nothing done", nothing_done),
    ("turned twice", turned_twice),
]


# ---- rules that keep results within rounding -----------------------------------------------------


def cheaper_power(step: Step) -> Any:
    """x ** 2 → x * x;  x ** 3 → x * x * x;  x ** 0.5 → √x;  x ** -1 → 1 / x."""
    if step.function not in (np.power, operator.pow) or step.kwargs:
        return None
    x, n = step.args[0], number(step.args[1])
    if n is None or not isinstance(x, Value) or x.dtype.kind != "f" or np.ndim(step.args[1]):
        return None
    if isinstance(x.example, float) and not isinstance(x.example, np.generic):
        return None  # a Python number, which would become one of NumPy's
    functions: dict[Any, Any] = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal}
    return Call(functions[n], x) if n in functions else None


_JOINED: dict[Any, Any] = {
    (np.multiply, np.multiply): np.multiply,
    (np.add, np.add): np.add,
    (np.add, np.subtract): np.subtract,  # x + c - d is x - (d - c)
    (np.subtract, np.subtract): np.add,
    (np.subtract, np.add): np.subtract,
}


def joined_numbers(step: Step) -> Any:
    """(x * c) * d → x * (c d);  (x + c) - d → x - (d - c), and the like."""
    (out,) = step.outs
    if step.kwargs or step.function not in _JOINED.values() or out.dtype.kind != "f":
        return None
    x, d = _value_and_number(step.args, step.function)
    inner = x.step if isinstance(x, Value) else None
    if inner is None or inner.kwargs or x.dtype != out.dtype:
        return None
    join = _JOINED.get((inner.function, step.function))
    if join is None:  # also where the inner step is nothing like arithmetic
        return None
    y, c = _value_and_number(inner.args, inner.function)
    if y is None or y.dtype != out.dtype:
        return None
    return Call(step.function, y, np.asarray(join(float(d), float(c)), out.dtype))


def _value_and_number(args: Any, function: Any) -> Any:
    """The operands x, c of x * c or c * x, of x - c; (None, None) for others."""
    for x, c in (args, args[::-1]) if function in (np.multiply, np.add) else (args,):
        if isinstance(x, Value) and not np.ndim(c) and not isinstance(c, Value):
            return x, c
    return None, None


def by_a_number(step: Step) -> Any:
    """x / c → x * (1/c): a product takes a fraction of the time of a quotient."""
    if step.function is not np.divide or step.kwargs:
        return None
    x, c = step.args
    (out,) = step.outs
    if not isinstance(x, Value) or isinstance(c, Value) or np.ndim(c) or not out.shape:
        return None
    if x.dtype != out.dtype or out.dtype.kind != "f" or not c:
        return None
    return Call(np.multiply, x, np.asarray(1 / float(c), out.dtype))


_INVERSE: dict[Any, Any] = {np.subtract: np.add, np.add: np.subtract}


def opposite(step: Step) -> Any:
    """(x + y) - y → x;  (x - y) + y → x: of the parts of an adjoint, two that cancel.

    In backward alone. What a user writes so may be meant to find the rounding error, as in Kahan's
    sum.
    """
    inverse = _INVERSE.get(step.function)
    if inverse is None or step.kwargs or step.part != "backward":
        return None
    first, y = step.args
    inner = made_by(first, inverse)
    if inner is None or first.step.part != "backward" or inner[1] is not y:
        return None
    return inner[0] if alike(inner[0], step.outs[0]) else None


WITHIN_ROUNDING: list[tuple[str, Rule]] = [
    ("cheaper powers", cheaper_power),
    ("joined numbers", joined_numbers),
    ("quotients by a number", by_a_number),
    ("opposite parts", opposite),
]
