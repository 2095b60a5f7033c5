"""What an array in a program answers to: the operators and methods of NumPy's arrays.

Each is a call of the function of that name, which is written down. A method that writes into its
array gives the array another value (`Traced._replaced`). What needs numbers, or memory, is refused
by name (`Traced.__getattr__`).
"""

from __future__ import annotations

import operator
from functools import partialmethod
from typing import Any

import numpy as np

from .tracer import Traced

# ---- operators -----------------------------------------------------------------------------------


def _operator(function: Any) -> tuple[Any, Any, Any]:
    """The methods of a binary operator: ``t + x``, ``x + t`` and ``t += x``."""

    def forward(self: Traced, other: Any) -> Any:
        return self._call(function, self, other)

    def reflected(self: Traced, other: Any) -> Any:
        return self._call(function, other, self)

    def in_place(self: Traced, other: Any) -> Any:
        y = self._call(function, self, other)
        return y if y is NotImplemented else self._replaced(self, y)

    return forward, reflected, in_place


def _method(function: Any) -> Any:
    def method(self: Traced, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return method


for _name, _ufunc in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide,
    "pow": operator.pow, "mod": np.remainder, "floordiv": np.floor_divide, "matmul": np.matmul,
    "lshift": np.left_shift, "rshift": np.right_shift, "and": np.bitwise_and,
    "or": np.bitwise_or, "xor": np.bitwise_xor,
}.items():  # fmt: skip
    for _prefix, _body in zip(("", "r", "i"), _operator(_ufunc)):
        setattr(Traced, f"__{_prefix}{_name}__", _body)
for _name, _ufunc in {
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "eq": np.equal, "ne": np.not_equal, "neg": np.negative, "abs": np.absolute,
    "invert": np.invert, "pos": np.positive,
}.items():  # fmt: skip
    setattr(Traced, f"__{_name}__", partialmethod(Traced._unary, _ufunc))
for _name in (
    "sum", "mean", "prod", "max", "min", "cumsum", "cumprod", "var", "std", "any", "all", "argmax",
    "argmin", "argsort", "round", "clip", "take", "repeat", "swapaxes", "squeeze", "dot", "trace",
    "diagonal", "ravel", "nonzero", "compress", "conj", "conjugate", "choose", "searchsorted",
    "argpartition",
):  # fmt: skip
    setattr(Traced, _name, _method(getattr(np, _name)))


# ---- methods that are no function of NumPy's, or write into their array --------------------------


def _divmod(self: Traced, other: Any) -> Any:
    return self // other, self % other


def _rdivmod(self: Traced, other: Any) -> Any:
    return other // self, other % self


def _sort(self: Traced, axis: int = -1, kind: Any = None) -> None:
    self._replaced(self, self._call(np.sort, self, axis, kind=kind))


def _partition(self: Traced, kth: Any, axis: int = -1) -> None:
    self._replaced(self, self._call(np.partition, self, kth, axis))


def _fill(self: Traced, value: Any) -> None:
    self._replaced(self, self._call(np.where, True, value, self))


def _copied(self: Traced, memo: Any = None) -> Any:
    return self.copy()


for _name, _body in {
    "__divmod__": _divmod, "__rdivmod__": _rdivmod, "sort": _sort, "partition": _partition,
    "fill": _fill, "__copy__": _copied, "__deepcopy__": _copied,
    "real": property(lambda self: self._call(np.real, self)),
    "imag": property(lambda self: self._call(np.imag, self)),
    "flat": property(Traced.flatten),
    "nbytes": property(lambda self: self.size * self.itemsize),
}.items():  # fmt: skip
    setattr(Traced, _name, _body)
