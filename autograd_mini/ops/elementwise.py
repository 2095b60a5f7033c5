"""Elementwise functions of one argument.

`x` is the argument, `y` the result, and `g` the gradient of the result. Constants are Python
floats, which widen no float32.
"""

from typing import Any

import numpy as np

from ..core.arrays import in_float
from ..core.primitive import Primitive, primitive
from ..core.registry import NonDifferentiable, implements, not_differentiable

LN2, LN10, DEGREE = float(np.log(2)), float(np.log(10)), np.pi / 180

exp = primitive(np.exp, lambda g, y, x: g * y)
exp2 = primitive(np.exp2, lambda g, y, x: g * y * LN2)
expm1 = primitive(np.expm1, lambda g, y, x: g * (y + 1))
log = primitive(np.log, lambda g, y, x: g / x)
log2 = primitive(np.log2, lambda g, y, x: g / (x * LN2))
log10 = primitive(np.log10, lambda g, y, x: g / (x * LN10))
log1p = primitive(np.log1p, lambda g, y, x: g / (1 + x))

sqrt = primitive(np.sqrt, lambda g, y, x: g / (2 * y))
cbrt = primitive(np.cbrt, lambda g, y, x: g / (3 * y * y))
square = primitive(np.square, lambda g, y, x: g * (2 * x))
reciprocal = primitive(np.reciprocal, lambda g, y, x: -g * y * y)
# The slope of |x| jumps at 0. So its derivative is nan there: 0 would be wrong for |x|².
sign = primitive(
    np.sign, lambda g, y, x: g * np.where(y == 0, np.nan, 0 * y), name="sign", implements="sign"
)
abs = primitive(np.absolute, lambda g, y, x: g * sign(x), name="abs")
fabs = primitive(np.fabs, lambda g, y, x: g * sign(x))
positive = primitive(np.positive, lambda g, y, x: g, implements=(np.positive, np.conjugate))

sin = primitive(np.sin, lambda g, y, x: g * np.cos(x))
cos = primitive(np.cos, lambda g, y, x: -g * np.sin(x))
tan = primitive(np.tan, lambda g, y, x: g * (1 + y * y))
# 1 - x**2 as a product, which keeps its digits where x is near 1.
arcsin = primitive(np.arcsin, lambda g, y, x: g / np.sqrt((1 - x) * (1 + x)))
arccos = primitive(np.arccos, lambda g, y, x: -g / np.sqrt((1 - x) * (1 + x)))
arctan = primitive(np.arctan, lambda g, y, x: g / (1 + x * x))

sinh = primitive(np.sinh, lambda g, y, x: g * np.cosh(x))
cosh = primitive(np.cosh, lambda g, y, x: g * np.sinh(x))
# Here y is rounded already, so (1 - y)(1 + y) would not be more accurate.
tanh = primitive(np.tanh, lambda g, y, x: g * (1 - y * y))
arcsinh = primitive(np.arcsinh, lambda g, y, x: g / np.sqrt(x * x + 1))
arccosh = primitive(np.arccosh, lambda g, y, x: g / np.sqrt((x - 1) * (x + 1)))
arctanh = primitive(np.arctanh, lambda g, y, x: g / ((1 - x) * (1 + x)))

deg2rad = primitive(np.deg2rad, lambda g, y, x: g * DEGREE, implements=(np.deg2rad, np.radians))
rad2deg = primitive(np.rad2deg, lambda g, y, x: g / DEGREE, implements=(np.rad2deg, np.degrees))


def _sigmoid(x: Any) -> Any:
    r"""Compute 1 / (1 + e^-x), elementwise. Only e^-|x| is computed, so nothing overflows.

    The result is a Tensor if `x` is a Tensor, and otherwise an array. It has the shape of `x`, and
    the dtype of `x` if this is a float type. Its entries are in [0, 1].

    Raises
    ------
    TypeError
        If `x` is not an array of numbers.

    Notes
    -----
    $$\sigma(x) = \frac{1}{1 + e^{-x}} \qquad \frac{d\sigma}{dx} = \sigma(x)\,(1 - \sigma(x))$$

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 3.10.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    if x.dtype.kind == "O":  # symbols have no sign, and do not overflow
        return 1 / (1 + exp(-x))
    x = in_float(x)
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def _relu(x: Any) -> Any:
    """Compute max(x, 0), elementwise. The derivative at 0 is set to 0.

    The result is a Tensor if `x` is a Tensor, and otherwise an array. It has the shape and dtype of
    `x`.

    Raises
    ------
    TypeError
        If `x` is not an array of numbers.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 6.3.1.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    >>> ag.relu(x).backward([1.0, 1.0, 1.0])
    >>> x.grad
    array([0., 0., 1.])
    """
    return np.maximum(x, 0)


def _stop_gradient(x: Any) -> Any:
    """Return `x` as a constant. No gradient flows back through the constant.

    `x` may have any shape and dtype. This operation raises no error.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True)
    >>> (x * ag.stop_gradient(x)).backward()
    >>> x.grad
    array(3.)
    """
    return x


# The length y of a vector x, for its direction x / y. At x = 0, the tip of the cone y, the
# direction is 0 by convention, and its derivative is nan.
divisor = primitive(
    lambda y: np.where(y == 0, 1, y),
    lambda g, d, y: g * np.where(y == 0, np.nan, 1),
    name="divisor",
    implements="divisor",
)
sigmoid = primitive(_sigmoid, lambda g, y, x: g * y * (1 - y), name="sigmoid", implements="sigmoid")
relu = primitive(_relu, lambda g, y, x: g * (y != 0), name="relu", implements="relu")
stop_gradient = primitive(_stop_gradient, None, name="stop_gradient")
# A new identity for the argument of a transform, so that nested transforms never confuse theirs.
alias = primitive(lambda x: x, lambda g, y, x: g, name="alias")
# The sweep brings a cotangent back to its argument's dtype.
astype = primitive(
    lambda x, dtype: x.astype(dtype), lambda g, y, x, dtype: g, name="astype", implements="astype"
)

# ---- sinc: smooth at 0, though its formula divides by x ------------------------------------------


def _sinc_derivative(x: Any, n: int) -> Any:
    """Compute the n-th derivative of sin(πx)/(πx) = ∫ cos(πxt) dt over t from 0 to 1.

    Near 0 it is a Taylor series of even powers. Elsewhere the equation x f = sin(πx)/π is
    differentiated n times: x f⁽ⁿ⁾ + n f⁽ⁿ⁻¹⁾ = πⁿ⁻¹ sin(πx + nπ/2).
    """
    if n == 0:
        return np.sinc(x)
    near = np.abs(x) < 0.5 + n / 3
    far = np.where(near, 1, x)
    f = np.sinc(far)
    for k in range(1, n + 1):
        f = (np.pi ** (k - 1) * np.sin(np.pi * far + k * np.pi / 2) - k * f) / far
    return np.where(near, _sinc_series(np.where(near, x, 0), n), f).astype(x.dtype)


def _sinc_series(x: Any, n: int) -> Any:
    """Sum (-1)^k π^2k x^(2k-n) / ((2k + 1) (2k - n)!) over k, until the terms are negligible."""
    k = (n + 1) // 2
    term = (-1) ** k * np.pi ** (2 * k) * x.astype(float) ** (2 * k - n)
    total = term / (2 * k + 1)
    size = largest = np.pi**n  # of a term, where |x| < 1/2 + n/3
    while size > 1e-36 * largest:
        k += 1
        factor = 1 / ((2 * k - n) * (2 * k - n - 1))
        size *= (np.pi * (0.5 + n / 3)) ** 2 * factor
        largest = max(size, largest)
        term = term * -((np.pi * x) ** 2) * factor
        total = total + term / (2 * k + 1)
    return total


sinc_derivative: Primitive = primitive(
    _sinc_derivative,
    lambda g, y, x, n: g * sinc_derivative(x, n + 1),
    name="sinc_derivative",
    implements="sinc_derivative",
)
sinc = primitive(np.sinc, lambda g, y, x: g * sinc_derivative(x, 1))

# ---- numbers in other forms ----------------------------------------------------------------------


def _nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """Always return a copy, because writing into the values of a tensor would change the tape."""
    return np.nan_to_num(x, True, nan, posinf, neginf)


nan_to_num = primitive(
    _nan_to_num,
    lambda g, y, x, *args, **kwargs: np.where(np.isfinite(x), g, 0),
    name="nan_to_num",
    implements=np.nan_to_num,
)


@implements(np.modf)
def _modf(x: Any) -> Any:
    """Return the fraction, and the whole number, which is constant between its jumps."""
    whole = _whole(x)
    return x - whole, whole


@implements(np.frexp)
def _frexp(x: Any) -> Any:
    """Return m and e, where x = m 2^e and 1/2 <= |m| < 1; e is constant between its jumps."""
    exponent = _exponent(x)
    return np.ldexp(x, -exponent), exponent


_whole = NonDifferentiable(lambda x: np.modf(x)[1])
_exponent = NonDifferentiable(lambda x: np.frexp(x)[1])


implements(np.real)(lambda val: val)
implements(np.real_if_close)(lambda a, tol=100: a)
implements(np.imag)(np.zeros_like)
if hasattr(np, "astype"):  # NumPy 2.1
    implements(np.astype)(
        lambda x, dtype, /, *, copy=True, device=None: astype(x, dtype=np.dtype(dtype))
    )


not_differentiable(
    np.sign,
    np.floor,
    np.ceil,
    np.trunc,
    np.rint,
    np.round,
    np.around,
    np.fix,
    np.spacing,
    np.isnan,
    np.isinf,
    np.isfinite,
    np.isposinf,
    np.isneginf,
    np.signbit,
    np.iscomplex,
    np.isreal,
)
