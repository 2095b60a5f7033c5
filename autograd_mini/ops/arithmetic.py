"""Arithmetic and choice between two arguments.

`a` and `b` are the arguments, `y` is the result, and `g` the gradient of the result. The backward
pass undoes broadcasting.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, as_array_or_tensor, as_operand, in_dtype
from ..core.primitive import primitive
from ..core.registry import NonDifferentiable, implements, not_differentiable
from .elementwise import divisor

add = primitive(np.add, lambda g, y, a, b: g, lambda g, y, a, b: g, name="add")
sub = primitive(np.subtract, lambda g, y, a, b: g, lambda g, y, a, b: -g, name="sub")
mul = primitive(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a, name="mul")
div = primitive(np.divide, lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b, name="div")
neg = primitive(np.negative, lambda g, y, x: -g, name="neg")


def _pow_base(g: Cotangent, y: Array, a: Array, b: Array) -> Cotangent:
    """Compute b a^(b-1), or 0 at a = b = 0, where the power is the constant 1."""
    if isinstance(b, (int, float)):  # a plain exponent must not widen a float32 `a`
        return g * (b * a ** (b - 1)) if b else g * 0
    b = _as_precise(b, y)
    return g * b * a ** np.where((a == 0) & (b == 0), 1, b - 1)


def _pow_exponent(g: Cotangent, y: Array, a: Array, b: Array) -> Cotangent:
    """Compute a^b ln a, or 0 at a = 0 if b ≥ 0, where the power is constant for b > 0."""
    if isinstance(a, (int, float)):
        return g * y * (float(np.log(a)) if a else 0.0)
    return g * y * np.log(np.where((a == 0) & (b >= 0), 1, _as_precise(a, y)))


def _as_precise(x: Any, y: Any) -> Any:
    """Return `x` in the precision of `y`: NumPy's ln of an int8 is a float16, and uint8 wraps."""
    enough = x.dtype.kind in "if" and x.dtype.itemsize >= y.dtype.itemsize
    return x if enough or y.dtype.kind != "f" else x.astype(y.dtype)


pow = primitive(np.power, _pow_base, _pow_exponent, name="pow")
pow.display_rules = (
    lambda g, y, a, b: (
        _pow_base(g, y, a, b) if isinstance(b, (int, float)) else g * b * a ** (b - 1)
    ),
    lambda g, y, a, b: (
        _pow_exponent(g, y, a, b) if isinstance(a, (int, float)) else g * y * np.log(a)
    ),
)


def split_ties(g: Cotangent, wins: Any, ties: Any) -> Cotangent:
    """Return the cotangent where an argument is the extremum, half of it where the two are tied."""
    return np.where(ties, g / 2, g * wins)


# If one argument is nan, it is the extremum.
maximum = primitive(
    np.maximum,
    lambda g, y, a, b: split_ties(g, (a > b) | (a != a), a == b),
    lambda g, y, a, b: split_ties(g, (b > a) | (b != b), a == b),
)
minimum = primitive(
    np.minimum,
    lambda g, y, a, b: split_ties(g, (a < b) | (a != a), a == b),
    lambda g, y, a, b: split_ties(g, (b < a) | (b != b), a == b),
)
# If one argument is nan, these return the other.
fmax = primitive(
    np.fmax,
    lambda g, y, a, b: split_ties(g, (a > b) | (b != b), a == b),
    lambda g, y, a, b: split_ties(g, (b > a) | (a != a) & (b == b), a == b),
)
fmin = primitive(
    np.fmin,
    lambda g, y, a, b: split_ties(g, (a < b) | (b != b), a == b),
    lambda g, y, a, b: split_ties(g, (b < a) | (a != a) & (b == b), a == b),
)
maximum.display_rules = fmax.display_rules = (
    lambda g, y, a, b: g * ((a > b) + (a == b) / 2),
    lambda g, y, a, b: g * ((b > a) + (a == b) / 2),
)
minimum.display_rules = fmin.display_rules = (
    lambda g, y, a, b: g * ((a < b) + (a == b) / 2),
    lambda g, y, a, b: g * ((b < a) + (a == b) / 2),
)
hypot = primitive(
    np.hypot,
    lambda g, y, a, b: g * (a / divisor(y)),
    lambda g, y, a, b: g * (b / divisor(y)),
)
# a² + b² would overflow where hypot does not.
arctan2 = primitive(
    np.arctan2,
    lambda g, y, a, b: g * (b / np.hypot(a, b)) / np.hypot(a, b),
    lambda g, y, a, b: -g * (a / np.hypot(a, b)) / np.hypot(a, b),
)


def difference(a: Any, b: Any) -> Any:
    """Return a - b, which is 0 for two equal infinities."""
    equal = np.equal(a, b) & (np.equal(a, np.inf) | np.equal(a, -np.inf))
    return np.where(equal, 0, a) - np.where(equal, 0, b)


# e^a / (e^a + e^b) from the difference of the two: e^(a - y) has no digits left where y is large.
logaddexp = primitive(
    np.logaddexp,
    lambda g, y, a, b: g * np.exp(-np.logaddexp(0, difference(b, a))),
    lambda g, y, a, b: g * np.exp(-np.logaddexp(0, difference(a, b))),
)
logaddexp2 = primitive(
    np.logaddexp2,
    lambda g, y, a, b: g * np.exp2(-np.logaddexp2(0, difference(b, a))),
    lambda g, y, a, b: g * np.exp2(-np.logaddexp2(0, difference(a, b))),
)
logaddexp.display_rules = (
    lambda g, y, a, b: g * np.exp(a - y), lambda g, y, a, b: g * np.exp(b - y),
)  # fmt: skip
logaddexp2.display_rules = (
    lambda g, y, a, b: g * np.exp2(a - y), lambda g, y, a, b: g * np.exp2(b - y),
)  # fmt: skip
# a mod b = a - b floor(a/b), and the floor is constant between its jumps.
mod = primitive(
    np.remainder, lambda g, y, a, b: g, lambda g, y, a, b: -g * np.floor_divide(a, b), name="mod"
)
fmod = primitive(np.fmod, lambda g, y, a, b: g, lambda g, y, a, b: -g * np.trunc(np.divide(a, b)))
# |a| with the sign of b.
copysign = primitive(
    np.copysign,
    lambda g, y, a, b: g * np.where(np.signbit(a) == np.signbit(b), 1, -1),
    None,
)
# A step with the value b at 0. Its slope is 0, except with respect to b.
heaviside = primitive(np.heaviside, None, lambda g, y, a, b: g * (a == 0))
where = primitive(
    np.where,
    None,
    lambda g, y, mask, a, b: np.where(mask, g, 0),
    lambda g, y, mask, a, b: np.where(mask, 0, g),
    name="where",
    implements="where",
)


@implements(np.where)
def _where(condition: Any, /, *choices: Any) -> Any:
    """Return the positions of the true entries if there is only one argument, as NumPy does."""
    return where(condition, *choices) if choices else np.nonzero(condition)


# ---- composed of the above ----------------------------------------------------------------------


@implements(np.clip)
def _clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: None = None,
    *,
    min: Any = None,
    max: Any = None,
) -> Any:
    """Limit entries to the bounds. An entry on a bound is kept: its derivative is 1."""
    a = as_array_or_tensor(a)
    low, high = a_min if min is None else min, a_max if max is None else max
    if a.dtype == bool:  # with one bound at a time, a Python integer would make it int64
        bounds = [as_operand(b) for b in (low, high) if b is not None]
        a = in_dtype(a, np.result_type(a, *bounds))
    a = a if low is None else where(np.less(a, low) | np.isnan(low), low, a)
    return a if high is None else where(np.greater(a, high) | np.isnan(high), high, a)


_power_of_two = NonDifferentiable(lambda n, dtype: np.ldexp(dtype.type(1), n))


@implements(np.ldexp)
def _ldexp(x: Any, n: Any) -> Any:
    x = as_array_or_tensor(x)
    return x * _power_of_two(n, x.dtype)


def _as_float64(x: Any) -> Any:
    return as_array_or_tensor(x).astype(np.dtype(float))


implements(np.float_power)(lambda a, b: pow(_as_float64(a), _as_float64(b)))
implements(np.divmod)(lambda a, b: (np.floor_divide(a, b), mod(a, b)))

not_differentiable(
    np.floor_divide,
    np.equal,
    np.not_equal,
    np.less,
    np.less_equal,
    np.greater,
    np.greater_equal,
    np.isclose,
    np.allclose,
    np.array_equal,
    np.array_equiv,
    np.gcd,
    np.lcm,
    np.logical_and,
    np.logical_or,
    np.logical_xor,
    np.logical_not,
    np.bitwise_and,
    np.bitwise_or,
    np.bitwise_xor,
    np.invert,
    np.left_shift,
    np.right_shift,
    np.packbits,
    *([np.bitwise_count] if hasattr(np, "bitwise_count") else []),
    np.unpackbits,
)
