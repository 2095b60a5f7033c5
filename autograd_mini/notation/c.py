"""Expressions as C99: one entry of an array at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .expression import ATOM, IN_PROGRAMS, Call, Formula, Notation

#: dtype -> its type in C
TYPES = {
    "bool": "bool", "uint8": "uint8_t", "int8": "int8_t", "int16": "int16_t", "int32": "int32_t",
    "int64": "int64_t", "float32": "float", "float64": "double",
}  # fmt: skip


class C(Notation):
    """C: operators, and calls of functions. A constant is a number of NumPy's, with its dtype."""

    precedence = IN_PROGRAMS
    templates: ClassVar = {
        **Notation.templates, "mul": "%s * %s", "div": "%s / %s",
        "equal": "%s == %s", "not_equal": "%s != %s", "less_equal": "%s <= %s",
        "greater_equal": "%s >= %s", "where": "(%s ? %s : %s)", "logical_and": "(%s && %s)",
        "logical_or": "(%s || %s)", "bits_and": "(%s & %s)", "bits_or": "(%s | %s)",
    }  # fmt: skip

    def write_cast(self, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write a cast: the type is the second operand."""
        return Formula(f"({parts[1].text}){self.parenthesized(parts[0], ATOM)}", ATOM)

    def write_not(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return Formula(f"!{self.parenthesized(parts[0], ATOM)}", ATOM)

    def function(self, call: Call, parts: Sequence[str]) -> str:
        return f"{call.op}({', '.join(parts)})"

    def constant(self, value: Any, op: str) -> Formula:
        return self.signed(literal(value))


def literal(x: Any) -> str:
    """Return a number of NumPy's with all digits that are needed to read the same number back."""
    kind = x.dtype.kind
    if kind == "b":
        return "true" if x else "false"
    if kind in "iu":
        n = int(x)
        return f"(-{-n - 1} - 1)" if n == np.iinfo(np.int64).min else str(n)
    if not np.isfinite(x):
        return {"inf": "INFINITY", "-inf": "-INFINITY"}.get(str(float(x)), "NAN")
    return f"{x[()]}{'f' * (x.dtype == np.float32)}"
