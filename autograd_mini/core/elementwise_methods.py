"""Methods of a tensor for NumPy's elementwise functions of one argument: ``t.log1p()``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .arrays import TensorBase
from .registry import PRIMITIVES

F = TypeVar("F", bound=Callable[..., Any])


def document_elementwise(method: F, function: Any, call: str, result: float) -> F:
    """Return `method`, documented as an elementwise function by a `call` and its result."""
    name = function if isinstance(function, str) else function.__name__
    method.__qualname__ = f"Tensor.{name}"
    method.__doc__ = f"""Return ``{name}`` of each entry. The result has the shape of this tensor.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> {call}.item()
    {result}
    """
    return method


def _elementwise(function: Any, call: str, result: float) -> Callable[..., Any]:
    """Return the method of an elementwise function, documented by a `call` and its result."""

    def method(self: Any) -> Any:
        return PRIMITIVES[function](self)

    return document_elementwise(method, function, call, result)


class ElementwiseMethods(TensorBase):
    """The elementwise functions with a derivative. `Tensor` itself defines the most common ones."""

    __slots__ = ()

    negative = _elementwise(np.negative, "ag.tensor(3.0).negative()", -3.0)
    positive = _elementwise(np.positive, "ag.tensor(3.0).positive()", 3.0)
    absolute = _elementwise(np.absolute, "ag.tensor(-2.0).absolute()", 2.0)
    fabs = _elementwise(np.fabs, "ag.tensor(-2.0).fabs()", 2.0)
    conjugate = _elementwise(np.conjugate, "ag.tensor(3.0).conjugate()", 3.0)
    conj = conjugate
    reciprocal = _elementwise(np.reciprocal, "ag.tensor(4.0).reciprocal()", 0.25)
    cbrt = _elementwise(np.cbrt, "ag.tensor(1.0).cbrt()", 1.0)
    exp2 = _elementwise(np.exp2, "ag.tensor(3.0).exp2()", 8.0)
    expm1 = _elementwise(np.expm1, "ag.tensor(0.0).expm1()", 0.0)
    log2 = _elementwise(np.log2, "ag.tensor(8.0).log2()", 3.0)
    log10 = _elementwise(np.log10, "ag.tensor(1.0).log10()", 0.0)
    log1p = _elementwise(np.log1p, "ag.tensor(0.0).log1p()", 0.0)
    tan = _elementwise(np.tan, "ag.tensor(0.0).tan()", 0.0)
    arcsin = _elementwise(np.arcsin, "ag.tensor(0.0).arcsin()", 0.0)
    arccos = _elementwise(np.arccos, "ag.tensor(1.0).arccos()", 0.0)
    arctan = _elementwise(np.arctan, "ag.tensor(0.0).arctan()", 0.0)
    sinh = _elementwise(np.sinh, "ag.tensor(0.0).sinh()", 0.0)
    cosh = _elementwise(np.cosh, "ag.tensor(0.0).cosh()", 1.0)
    arcsinh = _elementwise(np.arcsinh, "ag.tensor(0.0).arcsinh()", 0.0)
    arccosh = _elementwise(np.arccosh, "ag.tensor(1.0).arccosh()", 0.0)
    arctanh = _elementwise(np.arctanh, "ag.tensor(0.0).arctanh()", 0.0)
    deg2rad = radians = _elementwise(np.deg2rad, "ag.tensor(0.0).deg2rad()", 0.0)
    rad2deg = degrees = _elementwise(np.rad2deg, "ag.tensor(0.0).rad2deg()", 0.0)
