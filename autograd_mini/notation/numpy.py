"""Expressions as Python with NumPy, which computes the same bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .expression import ATOM, IN_PROGRAMS, Call, Formula, Notation


class NumPy(Notation):
    """Python with NumPy: operators, methods and ``np.`` functions.

    A tuple or list of expressions is a call of ``tuple`` or ``list``. The first operand of ``call``
    is a function that the program defines.
    """

    precedence = IN_PROGRAMS
    templates: ClassVar = {
        **Notation.templates, "mul": "%s * %s", "div": "%s / %s", "floordiv": "%s // %s",
        "mod": "%s %% %s", "matmul": "%s @ %s", "pow": "%s ** %s", "pos": "+%s", "abs": "abs(%s)",
        "equal": "%s == %s", "not_equal": "%s != %s", "less_equal": "%s <= %s",
        "greater_equal": "%s >= %s", "bitwise_or": "%s | %s", "bitwise_and": "%s & %s",
        "invert": "~%s",
    }  # fmt: skip
    methods: ClassVar = {
        "transpose": ".T", "reshape": ".reshape(%s)", "astype": ".astype(%s)", "copy": ".copy()",
    }  # fmt: skip

    def write_getitem(self, call: Call, parts: Sequence[Formula]) -> Formula:
        index = ", ".join(part.text for part in parts[1:]) or "()"
        return Formula(f"{self.parenthesized(parts[0], ATOM)}[{index}]", ATOM)

    def write_tuple(self, call: Call, parts: Sequence[Formula]) -> Formula:
        words = ", ".join(part.text for part in parts)
        return Formula(f"({words}{',' * (len(parts) == 1)})", ATOM)

    def write_list(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return Formula(f"[{', '.join(part.text for part in parts)}]", ATOM)

    def function(self, call: Call, parts: Sequence[str]) -> str:
        method = self.methods.get(call.op, "")
        if method and method.count("%s") == len(parts) - 1 and not call.kwargs:
            return self.parenthesized(self.write(call.args[0]), ATOM) + method % tuple(parts[1:])
        name, words = (parts[0], parts[1:]) if call.op == "call" else (f"np.{call.op}", parts)
        options = (f"{key}={self.write(value).text}" for key, value in call.kwargs.items())
        return f"{name}({', '.join([*words, *options])})"

    def constant(self, value: Any, op: str) -> Formula:
        """Write a constant. An array must be one that `uniform` can write."""
        if isinstance(value, slice) and op == "getitem":
            ends = ["" if end is None else str(end) for end in (value.start, value.stop)]
            return Formula(":".join(ends if value.step is None else [*ends, str(value.step)]), ATOM)
        return self.signed(_text(value))


def _text(x: Any) -> str:
    if isinstance(x, np.dtype) or (isinstance(x, type) and issubclass(x, np.generic)):
        return _dtype(np.dtype(x))
    if hasattr(x, "dtype") and not np.ndim(x):
        return f"{_dtype(x.dtype)}({_literal(x[()])})"
    if isinstance(x, float):
        return _literal(x)
    if isinstance(x, np.ndarray) and (text := uniform(x)):
        return text
    if x is Ellipsis:
        return "..."
    if x is None or isinstance(x, (bool, int, str, slice)):
        return repr(x)
    raise TypeError(
        f"source: the constant {x!r:.60} cannot be written as text. Pass it as an argument."
    )


def _literal(x: Any) -> str:
    """Return a number with all digits that are needed to read the same number back."""
    if isinstance(x, (bool, np.bool_, int, np.integer)):
        return str(x)
    if not np.isfinite(x):
        return {"inf": "np.inf", "-inf": "-np.inf"}.get(str(float(x)), "np.nan")
    return str(x) if isinstance(x, np.floating) else repr(x)


def _dtype(dtype: Any) -> str:
    return "bool" if dtype.kind == "b" else f"np.{dtype.name}"


def uniform(x: Any) -> str | None:
    """Return an array that repeats one number, or counts 0, 1, 2, ..., as text; otherwise None."""
    dtype = "" if x.dtype == float else f", {_dtype(x.dtype)}"
    shape = f"{x.shape[0]}" if x.ndim == 1 else f"{x.shape}"
    n = x[(0,) * x.ndim] if x.size and x.dtype.kind in "biuf" else None
    if n is not None and (not any(x.strides) or (x == n).all()):
        if x.size > 1 and not any(x.strides):  # np.matmul sees the difference
            return f"np.broadcast_to({_text(n) if dtype else _literal(n)}, {shape})"
        name = {0: "zeros", 1: "ones"}.get(n) if not np.signbit(n) else None
        return f"np.{name}({shape}{dtype})" if name else f"np.full({shape}, {_literal(n)}{dtype})"
    if x.dtype == int and np.array_equal(x.reshape(-1), np.arange(x.size)):
        if x.ndim == 2 and x.shape[1] == 1:
            return f"np.arange({x.size})[:, None]"
        return f"np.arange({x.size})" + (f".reshape{x.shape}" if x.ndim > 1 else "")
    return None
