"""Elementwise functions of one argument.

`x` argument, `y` result, `g` its cotangent. Constants are Python floats, which widen no float32.
"""

from typing import Any

import numpy as np

from ..primitive import not_differentiable, primitive

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
abs = primitive(np.absolute, lambda g, y, x: g * np.sign(x), name="abs")
fabs = primitive(np.fabs, lambda g, y, x: g * np.sign(x))
positive = primitive(np.positive, lambda g, y, x: g)

sin = primitive(np.sin, lambda g, y, x: g * np.cos(x))
cos = primitive(np.cos, lambda g, y, x: -g * np.sin(x))
tan = primitive(np.tan, lambda g, y, x: g * (1 + y * y))
# 1 - x**2 as a product, which keeps its digits where x is near 1.
arcsin = primitive(np.arcsin, lambda g, y, x: g / np.sqrt((1 - x) * (1 + x)))
arccos = primitive(np.arccos, lambda g, y, x: -g / np.sqrt((1 - x) * (1 + x)))
arctan = primitive(np.arctan, lambda g, y, x: g / (1 + x * x))

sinh = primitive(np.sinh, lambda g, y, x: g * np.cosh(x))
cosh = primitive(np.cosh, lambda g, y, x: g * np.sinh(x))
# Here y is rounded already, and (1 - y)(1 + y) would bring none of its digits back.
tanh = primitive(np.tanh, lambda g, y, x: g * (1 - y * y))
arcsinh = primitive(np.arcsinh, lambda g, y, x: g / np.sqrt(x * x + 1))
arccosh = primitive(np.arccosh, lambda g, y, x: g / np.sqrt((x - 1) * (x + 1)))
arctanh = primitive(np.arctanh, lambda g, y, x: g / ((1 - x) * (1 + x)))

deg2rad = primitive(np.deg2rad, lambda g, y, x: g * DEGREE, of=(np.deg2rad, np.radians))
rad2deg = primitive(np.rad2deg, lambda g, y, x: g / DEGREE, of=(np.rad2deg, np.degrees))


def _sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x), elementwise; computed with e^-|x|, so that nothing overflows.

    Takes a Tensor or an array of any shape, and gives one of that shape and dtype, in [0, 1].

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
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def _relu(x: Any) -> Any:
    """max(x, 0), elementwise; the derivative at 0 is taken as 0.

    Takes a Tensor or an array of any shape, and gives one of that shape and dtype.

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
    """`x`, as a constant to the tape: no derivative flows back through it.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True)
    >>> (x * ag.stop_gradient(x)).backward()
    >>> x.grad
    array(3.)
    """
    return x


sigmoid = primitive(_sigmoid, lambda g, y, x: g * y * (1 - y), name="sigmoid", of="sigmoid")
relu = primitive(_relu, lambda g, y, x: g * (x > 0), name="relu", of="relu")
stop_gradient = primitive(_stop_gradient, None, name="stop_gradient")
# The argument of a transform under a new identity, so that nested transforms never mix theirs up.
alias = primitive(lambda x: x, lambda g, y, x: g, name="alias")
# The sweep brings a cotangent back to its argument's dtype.
astype = primitive(
    lambda x, dtype: x.astype(dtype), lambda g, y, x, dtype: g, name="astype", of="astype"
)

not_differentiable(
    [np.sign, np.floor, np.ceil, np.trunc, np.rint, np.isnan, np.isinf, np.isfinite, np.signbit]
)
