"""Rules that make a program shorter. None changes a bit of any result.

`x` and `y` are values of a program, `c` is a number. Only one thing may change: the sign of a nan,
which IEEE 754 leaves open.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..ir import Step, Value, astype, example_of
from .rewrite import Call, Rule, alike, equals, made_by, number

#: Ufuncs whose result IEEE 754 defines to the last bit. Others may compute another last bit, or
#: sign of zero, in the loop for an array than in the loop for a repeated number.
_ROUNDED_ONCE = {
    np.add, np.subtract, np.multiply, np.divide, np.sqrt, np.equal, np.not_equal, np.less,
    np.less_equal, np.greater, np.greater_equal, np.logical_and, np.logical_or, np.bitwise_and,
    np.bitwise_or, np.bitwise_xor,
}  # fmt: skip


def drop_broadcast(step: Step) -> Any:
    """x + (c repeated to the shape of x) → x + c: NumPy repeats it anyway."""
    if step.function not in _ROUNDED_ONCE or step.kwargs:
        return None
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


_IDENTITIES: dict[Any, int] = {np.multiply: 1, np.divide: 1, operator.pow: 1, np.subtract: 0}


def drop_identity(step: Step) -> Any:
    """x * 1, x / 1, x - 0, x ** 1 → x; not x - (-0.0), nor x + 0, which turn -0.0 into 0.0."""
    (out,) = step.outs
    if step.kwargs or len(step.args) != 2:
        return None
    a, b = step.args
    one = _IDENTITIES.get(step.function)
    if one is not None and equals(b, one) and not np.signbit(number(b)) and alike(a, out):
        return a
    return b if step.function is np.multiply and equals(a, 1) and alike(b, out) else None


def drop_order(step: Step) -> Any:
    """np.multiply(x, y, order="C") → x * y, if that lies in memory in the same order."""
    if step.function not in _ROUNDED_ONCE or set(step.kwargs) != {"order"}:
        return None
    return Call(step.function, *step.args)


def cast_mask(step: Step) -> Any:
    """1.0 * (x > 0) → (x > 0) as 0.0 and 1.0; likewise for integers."""
    (out,) = step.outs
    if step.function is not np.multiply or step.kwargs or out.dtype.kind != "f":
        return None
    for a, mask in (step.args, step.args[::-1]):
        if equals(a, 1) and isinstance(mask, Value) and mask.dtype.kind in "biu":
            return Call(astype, mask, out.dtype)
    return None


def fold_negation(step: Step) -> Any:
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
    if not inner or not isinstance(inner[0], Value) or inner[0].dtype != out.dtype:
        return None  # of uint8, -b is 256 - b: not the same once it is widened
    return Call(np.subtract if step.function is np.add else np.add, step.args[0], inner[0])


_MAY_DO_NOTHING = {
    np.reshape, np.broadcast_to, np.transpose, np.squeeze, np.copy, np.positive, astype,
    np.moveaxis, np.swapaxes, np.ravel, np.expand_dims,
}  # fmt: skip


def drop_noop(step: Step) -> Any:
    """A reshape to the shape that x has, a cast to its dtype, a copy that nobody changes → x."""
    x = step.args[0]
    return x if step.function in _MAY_DO_NOTHING and alike(x, step.outs[0]) else None


def cancel_double_transpose(step: Step) -> Any:
    """x.T.T → x;  x.reshape(s).reshape(r) → x.reshape(r)."""
    if step.kwargs or step.function not in (np.transpose, np.reshape):
        return None
    inner = made_by(step.args[0], step.function)
    if not inner:
        return None
    if step.function is np.reshape:
        return Call(np.reshape, inner[0], step.args[1])
    return inner[0] if len(step.args) == len(inner) == 1 else None


def cheaper_power(step: Step) -> Any:
    """x ** 2 → x * x;  x ** 0.5 → √x;  x ** -1 → 1 / x: what NumPy's operator computes too.

    It does so for arrays and one exponent. np.power, and the operator of numbers, may round
    otherwise.
    """
    if step.function is not operator.pow:
        return None
    x, n = step.args[0], number(step.args[1])
    if n is None or np.ndim(step.args[1]) or not isinstance(x, Value):
        return None
    if x.dtype.kind != "f" or not x.shape:
        return None
    functions: dict[Any, Any] = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal}
    return Call(functions[n], x) if n in functions else None


EXACT: list[tuple[str, Rule]] = [
    ("broadcasts", drop_broadcast),
    ("orders", drop_order),
    ("identities", drop_identity),
    ("masks", cast_mask),
    ("negations", fold_negation),
    ("no-ops", drop_noop),
    ("double transposes", cancel_double_transpose),
    ("powers", cheaper_power),
]
