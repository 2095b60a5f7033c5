"""The operators and methods of NumPy's arrays, for traced arrays.

Each calls the NumPy function of that name, and the tracer records the call. A method that writes
into its array gives the array another value (`TracedArray._replace`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .ir import array_pow, astype, number_pow

Method = Callable[..., Any]


def _numpy(function: Any) -> Method:
    """Return the method that is a NumPy function of the array."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return method


def _pow(x: Any, n: Any) -> Any:
    """Return the power of these arguments, which may be bare numbers or have no axes."""
    examples = (getattr(getattr(y, "_value", None), "example", y) for y in (x, n))
    axes = [y.ndim for y in examples if isinstance(y, np.ndarray)]
    if any(axes):
        return operator.pow
    return array_pow if axes else number_pow


class TracedMethods(np.lib.mixins.NDArrayOperatorsMixin):
    """The methods of `TracedArray` that are plain calls of NumPy functions.

    NumPy's mixin has the operators. The power is another function than np.power: it may round
    differently.
    """

    __slots__ = ()

    # TracedArray defines these: record a call, and give the array another value.
    _call: Callable[..., Any]
    _replace: Callable[..., Any]
    dtype: Any

    def __pow__(self, other: Any) -> Any:
        return self._call(_pow(self, other), self, other)

    def __rpow__(self, other: Any) -> Any:
        return self._call(_pow(other, self), other, self)

    def __ipow__(self, other: Any) -> Any:
        y = self._call(operator.pow, self, other)
        return y if y is NotImplemented else self._replace(y)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    # ---- functions of NumPy ----------------------------------------------------------------------

    sum, mean, prod = _numpy(np.sum), _numpy(np.mean), _numpy(np.prod)
    var, std = _numpy(np.var), _numpy(np.std)
    max, min = _numpy(np.max), _numpy(np.min)
    any, all = _numpy(np.any), _numpy(np.all)
    cumsum, cumprod = _numpy(np.cumsum), _numpy(np.cumprod)
    argmax, argmin = _numpy(np.argmax), _numpy(np.argmin)
    argsort, argpartition = _numpy(np.argsort), _numpy(np.argpartition)
    round, clip = _numpy(np.round), _numpy(np.clip)
    dot, trace, diagonal = _numpy(np.dot), _numpy(np.trace), _numpy(np.diagonal)
    take, choose = _numpy(np.take), _numpy(np.choose)
    repeat, nonzero, searchsorted = _numpy(np.repeat), _numpy(np.nonzero), _numpy(np.searchsorted)
    swapaxes, squeeze, ravel = _numpy(np.swapaxes), _numpy(np.squeeze), _numpy(np.ravel)

    def compress(self, condition: Any, axis: Any = None) -> Any:
        compress: Any = np.compress
        return compress(condition, self, axis)

    def conj(self) -> Any:
        return self._call(np.conj, self) if self.dtype.kind == "c" else self

    conjugate = conj

    # ---- shapes and copies -----------------------------------------------------------------------

    @property
    def T(self) -> Any:
        return self._call(np.transpose, self)

    @property
    def mT(self) -> Any:
        return self._call(np.swapaxes, self, -1, -2)

    @property
    def real(self) -> Any:
        return self._call(np.real, self)

    @property
    def imag(self) -> Any:
        return self._call(np.imag, self)

    @property
    def flat(self) -> Any:
        return self.flatten()

    def reshape(self, *shape: Any, **kwargs: Any) -> Any:
        return self._call(np.reshape, self, shape[0] if len(shape) == 1 else shape, **kwargs)

    def transpose(self, *axes: Any) -> Any:
        order = axes[0] if len(axes) == 1 else axes or None
        return self._call(np.transpose, self, order) if order else self.T

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        dtype = np.dtype(dtype)
        return self if self.dtype == dtype and not copy else self._call(astype, self, dtype)

    def copy(self, order: Any = "C") -> Any:
        return self._call(np.copy, self, order)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def flatten(self, order: Any = "C") -> Any:
        return self._call(np.reshape, self.copy(), -1, order=order)

    # ---- methods that write into their array -----------------------------------------------------

    def sort(self, axis: int = -1, kind: Any = None) -> None:
        self._replace(self._call(np.sort, self, axis, kind=kind))

    def partition(self, kth: Any, axis: int = -1) -> None:
        self._replace(self._call(np.partition, self, kth, axis))

    def fill(self, value: Any) -> None:
        self._replace(self._call(np.where, True, value, self))
