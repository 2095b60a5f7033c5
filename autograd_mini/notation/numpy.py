"""Expressions as Python with NumPy, which computes the same bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..text.format import MOST_LISTED
from .expression import ATOM, IN_PROGRAMS, PRODUCT, Call, Formula, Notation


class NumPy(Notation):
    """Python with NumPy: operators, methods and ``np.`` functions.

    A tuple or list of expressions is a call of ``tuple`` or ``list``. The first operand of ``call``
    is a function that the program defines.
    """

    module: ClassVar[str] = "np"
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
        if _is_repeated(parts):
            return Formula(f"({parts[0].text},) * {len(parts)}", PRODUCT)
        return Formula(f"({words}{',' * (len(parts) == 1)})", ATOM)

    def write_list(self, call: Call, parts: Sequence[Formula]) -> Formula:
        if _is_repeated(parts):
            return Formula(f"[{parts[0].text}] * {len(parts)}", PRODUCT)
        return Formula(f"[{', '.join(part.text for part in parts)}]", ATOM)

    def function(self, call: Call, parts: Sequence[str]) -> str:
        method = self.methods.get(call.op, "")
        if method and method.count("%s") == len(parts) - 1 and not call.kwargs:
            return self.parenthesized(self.write(call.args[0]), ATOM) + method % tuple(parts[1:])
        own = call.op == "call"
        name, words = (parts[0], parts[1:]) if own else (f"{self.module}.{call.op}", parts)
        options = (f"{key}={self.write(value).text}" for key, value in call.kwargs.items())
        return f"{name}({', '.join([*words, *options])})"

    # ---- constants -------------------------------------------------------------------------------

    def constant(self, value: Any, op: str) -> Formula:
        """Write a constant. An array must be one that `array` can write."""
        if isinstance(value, slice) and op == "getitem":
            ends = ["" if end is None else str(end) for end in (value.start, value.stop)]
            return Formula(":".join(ends if value.step is None else [*ends, str(value.step)]), ATOM)
        return self.signed(self._text(value))

    def _text(self, x: Any) -> str:
        if isinstance(x, np.dtype) or (isinstance(x, type) and issubclass(x, np.generic)):
            return self.dtype(np.dtype(x))
        if hasattr(x, "dtype") and not np.ndim(x):
            return self.scalar(x[()])
        if isinstance(x, float):
            return self.number(x)
        if isinstance(x, np.ndarray) and (text := self.array(x)):
            return text
        if x is Ellipsis:
            return "..."
        if isinstance(x, slice):
            ends = (x.start, x.stop) if x.step is None else (x.start, x.stop, x.step)
            return f"slice({', '.join(map(str, ends[x.start is None and len(ends) == 2 :]))})"
        if x is None or isinstance(x, (bool, int, str)):
            return repr(x)
        raise TypeError(
            f"source: the constant {x!r:.60} cannot be written as text. Pass it as an argument."
        )

    def number(self, x: Any) -> str:
        """Return a number with all digits that are needed to read the same number back."""
        if isinstance(x, (bool, np.bool_, int, np.integer)):
            return str(x)
        if not np.isfinite(x):
            words = {"inf": f"{self.module}.inf", "-inf": f"-{self.module}.inf"}
            return words.get(str(float(x)), f"{self.module}.nan")
        return str(x) if isinstance(x, np.floating) else repr(x)

    def scalar(self, x: Any) -> str:
        """Return a number that has a dtype."""
        return f"{self.dtype(x.dtype)}({self.number(x)})"

    def dtype(self, dtype: Any) -> str:
        """Return the name of a dtype."""
        return "bool" if dtype.kind == "b" else f"{self.module}.{dtype.name}"

    def array(self, x: Any) -> str | None:
        """Return an array that repeats one number, or counts 0, 1, 2, ...; None for another one."""
        dtype = "" if x.dtype == float else f", {self.dtype(x.dtype)}"
        shape = f"{x.shape[0]}" if x.ndim == 1 else f"{x.shape}"
        if counts(x):
            return self.count(x)
        if (n := repeated(x)) is None:
            return None
        if x.size > 1 and not any(x.strides):  # np.matmul sees the difference
            number = self.scalar(n) if dtype else self.number(n)
            return f"{self.module}.broadcast_to({number}, {shape})"
        if n in (0, 1) and not np.signbit(n):
            return f"{self.module}.{'ones' if n else 'zeros'}({shape}{dtype})"
        return f"{self.module}.full({shape}, {self.number(n)}{dtype})"

    def count(self, x: Any) -> str:
        """Return an array whose entries are 0, 1, 2, ..."""
        text = f"{self.module}.arange({x.size})"
        if x.ndim == 2 and x.shape[1] == 1:
            return f"{text}[:, None]"
        return text if x.ndim <= 1 else f"{text}.reshape{x.shape}"


def _is_repeated(parts: Sequence[Formula]) -> bool:
    """Return whether a long list repeats one item."""
    return len(parts) > MOST_LISTED and len({part.text for part in parts}) == 1


def repeated(x: Any) -> Any:
    """Return the number that all entries of an array have, or None."""
    n = x[(0,) * x.ndim] if x.size and x.dtype.kind in "biuf" else None
    return n if n is not None and (not any(x.strides) or (x == n).all()) else None


def counts(x: Any) -> bool:
    """Return whether the entries of an array are 0, 1, 2, ..., in its order; but not [0] alone."""
    several = x.size > 1 or not x.size
    return bool(x.dtype == int and several and np.array_equal(x.reshape(-1), np.arange(x.size)))


def is_brief(x: Any) -> bool:
    """Return whether an array has a short text, because it repeats a number or counts."""
    return not x.ndim or counts(x) or repeated(x) is not None
