r"""Formulas in LaTeX: ``-\frac{g \odot y}{x^2}``."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np

from ..core.arrays import unwrap
from ..text.format import (
    MOST_ENTRIES,
    format_argument,
    format_array,
    format_number,
    join,
    truncate,
)
from .expression import ATOM, MINUS, POWER, PRODUCT, SIGN, WRITTEN_BEFORE, Call, Constant, Formula
from .names import Definitions, escaped, name_of, text_of
from .plain import Plain

_NOT_FINITE = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\text{nan}"}

#: operations that show the number instead of an array that repeats it
_ENTRY_BY_ENTRY = {"add", "sub", "mul", "div", "pow", "neg", ""}


class LaTeX(Plain):
    """LaTeX, as notebooks and pages show it."""

    templates: ClassVar = {
        **Plain.templates, "matmul": r"%s \, %s", "square": "%s^2", "transpose": r"%s^\top",
        "maximum": r"\max\left(%s, %s\right)", "minimum": r"\min\left(%s, %s\right)",
        "norm": r"\left\|%s\right\|", "abs": r"\left|%s\right|", "sqrt": r"\sqrt{%s}",
        "exp": r"\exp(%s)", "sigmoid": r"\sigma(%s)", "log": r"\ln %s",
        **{name: rf"\{name} %s" for name in WRITTEN_BEFORE},
    }  # fmt: skip
    equals, where = "{} &= {}", r" \quad \text{where } "
    ellipsis = r"\ldots"

    def __init__(self, definitions: Definitions | None = None) -> None:
        super().__init__(definitions or Definitions())

    def spell(self, name: str) -> str:
        return name_of(name)

    def words(self, text: str) -> str:
        return text_of(text)

    def signed(self, text: str) -> Formula:
        r"""Return a number or a name. A fraction such as ∂L/∂x needs parentheses before ⊤."""
        formula = super().signed(text)
        return formula._replace(binds=POWER) if text.startswith(r"\frac") else formula

    def derivative(self, of: str, by: str) -> str:
        return rf"\frac{{\partial {of}}}{{\partial {by}}}"

    def fence(self, text: str) -> str:
        """Return a text in parentheses that are as high as the text."""
        return rf"\left({text}\right)" if r"\frac" in text else f"({text})"

    def write_getitem(self, call: Call, parts: Sequence[Formula]) -> Formula:
        index = call.args[1]
        text = parts[1].text
        if isinstance(index, Constant):
            text = text_of(format_argument(index.value))
        return Formula(rf"{{{self.parenthesized(parts[0], ATOM)}}}_{{{text}}}", ATOM)

    def write_matmul(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """Transpose a vector on the left: vectors are columns."""
        if len(call.args[0].shape) != 1:
            return None
        row = self.operation("transpose", self.templates["transpose"], parts[:1])
        return self.operation("matmul", self.templates["matmul"], [row, parts[1]])

    def write_mul(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return super().write_mul(call, parts) or self._times(call, *parts)

    def write_div(self, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write a fraction. A sum, or a numerator with a fraction in it, follows the fraction."""
        a, b = parts
        if b.text == "1":
            return a
        if a.text.lstrip("-").startswith(r"\sum"):
            sign, total = ("-", a.text[1:]) if a.text.startswith("-") else ("", a.text)
            return Formula(rf"{sign}\frac{{1}}{{{b.text}}} {total}", MINUS if sign else PRODUCT)
        if r"\frac" in a.text:
            return self._times(call, a, self.write_reciprocal(call, [b]))
        return Formula(rf"\frac{{{a.text}}}{{{b.text}}}", POWER)

    def write_reciprocal(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return Formula(rf"\frac{{1}}{{{parts[0].text}}}", POWER)

    def write_pow(self, call: Call, parts: Sequence[Formula]) -> Formula:
        base, exponent = self.parenthesized(parts[0], ATOM), parts[1].text
        return parts[0] if exponent == "1" else Formula(f"{base}^{{{exponent}}}", POWER)

    def write_sum(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return self._over(r"\sum", PRODUCT, call, parts)

    def write_mean(self, call: Call, parts: Sequence[Formula]) -> Formula:
        count = prod(call.args[0].shape) // max(prod(call.shape), 1)
        total = self._over(rf"\frac{{1}}{{{count}}} \sum", PRODUCT, call, parts)
        return (
            total if count else Formula(rf"\operatorname{{mean}}{self.fence(parts[0].text)}", ATOM)
        )

    def write_max(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return self._over(rf"\{call.op}", SIGN, call, parts)

    write_min = write_max

    def _over(self, sign: str, least: int, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write a reduction. Its axis becomes an index if there are other axes."""
        axis = call.kwargs.get("axis")
        if isinstance(axis, Constant) and axis.value is not None and len(call.args[0].shape) != 1:
            axes = axis.value if isinstance(axis.value, tuple) else (axis.value,)
            sign += rf"_{{\text{{axis {', '.join(map(str, axes))}}}}}"
        return Formula(f"{sign} {self.parenthesized(parts[0], least)}", PRODUCT)

    def write_where(self, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write both cases in words: a where c, else b."""
        condition, a, b = (part.text for part in parts)
        return Formula(self.fence(rf"{a} \text{{ where }} {condition} \text{{ else }} {b}"), ATOM)

    def _times(self, call: Call, *parts: Formula) -> Formula:
        """Write a product: ⊙ multiplies two arrays entry by entry."""
        sign = r"\odot" if all(prod(x.shape) > 1 for x in call.args) else r"\cdot"
        return self.operation("mul", f"%s {sign} %s", parts)

    def function(self, call: Call, parts: Sequence[str]) -> str:
        arguments = [join(parts, self.ellipsis)]
        for key, x in call.kwargs.items():
            value = x.value if isinstance(x, Constant) else None
            if isinstance(value, np.ndarray) and value.ndim:
                arguments.append(self.define(key, value))
            else:
                arguments.append(text_of(f"{key}={format_argument(value)}"))
        prime = "'" if call.op.endswith("′") else ""
        name = rf"\operatorname{{{escaped(call.op.removesuffix('′'))}}}{prime}"
        return name + self.fence(", ".join(arguments))

    def constant(self, value: Any, op: str) -> Formula:
        text = self._constant(unwrap(value), op in _ENTRY_BY_ENTRY)
        return Formula(text, PRODUCT) if r"\cdot" in text and text[0] != "-" else self.signed(text)

    def _constant(self, x: Any, as_number: bool) -> str:
        """Write a number. `as_number` writes an array that repeats one number as that number."""
        if isinstance(x, (bool, int, float, np.generic)) or (
            isinstance(x, np.ndarray) and x.ndim == 0 and x.dtype.kind in "iuf"
        ):
            return _power_of_ten(format_number(np.asarray(x)[()]))
        if not isinstance(x, np.ndarray):
            return text_of(truncate(str(x), 40))
        same = x.size and (x == x.reshape(-1)[:1]).all()
        if same and as_number:
            return _power_of_ten(format_number(x.reshape(-1)[0] + 0))  # a truth value as 0 or 1
        if same and x.flat[0] == 1:
            return rf"\mathbf{{1}}_{{{_size(x)}}}"
        assert self.definitions is not None
        if x.size <= MOST_ENTRIES:
            text = self.words(format_array(x))
        else:
            text = rf"\text{{a constant }} {_size(x)} \text{{ array}}"
        return self.definitions.give("c", x, text, lambda name, n: f"{name}_{{{n}}}")


def _size(x: Any) -> str:
    return r" \times ".join(map(str, x.shape))


def _power_of_ten(text: str) -> str:
    """Write 1e-05 as a power of ten, and inf as a symbol."""
    if text in _NOT_FINITE:
        return _NOT_FINITE[text]
    digits, e, exponent = text.partition("e")
    if not (e and exponent[-1:].isdigit()):
        return text
    power = f"10^{{{int(exponent)}}}"
    return {"1": power, "-1": f"-{power}"}.get(digits, rf"{digits} \cdot {power}")
