"""Elementwise functions of one argument.

`x` argument, `y` result, `g` its cotangent.
"""

from typing import Any

import numpy as np

from ..primitive import not_differentiable, primitive

exp = primitive(np.exp, lambda g, y, x: g * y)
log = primitive(np.log, lambda g, y, x: g / x)
sqrt = primitive(np.sqrt, lambda g, y, x: g / (2 * y))
square = primitive(np.square, lambda g, y, x: g * (2 * x))
abs = primitive(np.absolute, lambda g, y, x: g * np.sign(x), name="abs")
sin = primitive(np.sin, lambda g, y, x: g * np.cos(x))
cos = primitive(np.cos, lambda g, y, x: -g * np.sin(x))
# 1 - y**2 would lose its digits near y = ±1; the factors (1 - y)(1 + y) keep them.
tanh = primitive(np.tanh, lambda g, y, x: g * (1 - y) * (1 + y))


def _sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x), with e^-|x| so that nothing overflows."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


sigmoid = primitive(_sigmoid, lambda g, y, x: g * y * (1 - y), name="sigmoid", of="sigmoid")
relu = primitive(lambda x: np.maximum(x, 0), lambda g, y, x: g * (x > 0), name="relu", of="relu")
# The sweep brings a cotangent back to its argument's dtype.
astype = primitive(
    lambda x, dtype: x.astype(dtype), lambda g, y, x, dtype: g, name="astype", of="astype"
)
stop_gradient = primitive(lambda x: x, None, name="stop_gradient", of="stop_gradient")

not_differentiable(
    [np.sign, np.floor, np.ceil, np.trunc, np.rint, np.isnan, np.isinf, np.isfinite, np.signbit]
)
