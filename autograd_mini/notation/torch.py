"""Expressions as Python with PyTorch, in its names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .expression import Call
from .numpy import NumPy, counts, repeated


class Torch(NumPy):
    """NumPy's notation with ``torch``: other names, and ``dim`` instead of ``axis``.

    An array needs its dtype, because PyTorch's default is float32.
    """

    module: ClassVar[str] = "torch"
    methods: ClassVar = {
        "transpose": ".T", "permute": ".permute%s", "reshape": ".reshape(%s)",
        "astype": ".to(%s)",
    }  # fmt: skip
    #: NumPy's name -> PyTorch's
    names: ClassVar = {
        "array": "tensor", "concatenate": "cat", "max": "amax", "min": "amin", "fabs": "abs",
        "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
        "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "equal": "eq",
        "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt",
        "greater_equal": "ge", "take_along_axis": "take_along_dim",
        "repeat": "repeat_interleave",
    }  # fmt: skip
    options: ClassVar = {"axis": "dim", "keepdims": "keepdim"}

    def function(self, call: Call, parts: Sequence[str]) -> str:
        name = self.names.get(call.op, call.op)
        kwargs = {self.options.get(key, key): value for key, value in call.kwargs.items()}
        text = super().function(call._replace(op=name, kwargs=kwargs), parts)
        return f"{text}.values" if name == "sort" else text  # a pair of values and positions

    def scalar(self, x: Any) -> str:
        return f"torch.tensor({self.number(x)}, dtype={self.dtype(x.dtype)})"

    def dtype(self, dtype: Any) -> str:
        return f"torch.{dtype.name}"

    def array(self, x: Any) -> str | None:
        if counts(x):
            return self.count(x)
        if (n := repeated(x)) is None:
            return None
        dtype = f"dtype={self.dtype(x.dtype)}"
        if n in (0, 1) and not np.signbit(n):
            name = "ones" if n else "zeros"
            return f"torch.{name}({x.size if x.ndim == 1 else x.shape}, {dtype})"
        return f"torch.full({x.shape}, {self.number(n)}, {dtype})"
