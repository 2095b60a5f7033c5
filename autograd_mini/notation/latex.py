r"""Formulas in LaTeX: ``-\frac{g \odot y}{x^2}``."""

from __future__ import annotations

import re
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
from .expression import (
    ATOM,
    COMPARISON,
    MINUS,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    WRITTEN_BEFORE,
    Call,
    Constant,
    Expression,
    Formula,
)
from .names import Definitions, escaped, name_of, text_of
from .plain import Plain, is_flat
from .textbook import number

_NOT_FINITE = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\text{nan}"}

#: operations that show the number instead of an array that repeats it
_ENTRY_BY_ENTRY = {"add", "sub", "mul", "div", "pow", "neg", "scale", ""}
_INDEXED = {"getitem", "scatter"}  #: operations whose second operand is an index


class LaTeX(Plain):
    """LaTeX, as notebooks and pages show it."""

    templates: ClassVar = {
        **Plain.templates, "matmul": r"%s \, %s", "square": "%s^2", "transpose": r"%s^\top",
        "maximum": r"\max\left(%s, %s\right)", "minimum": r"\min\left(%s, %s\right)",
        "fmax": r"\max\left(%s, %s\right)", "fmin": r"\min\left(%s, %s\right)",
        "norm": r"\left\|%s\right\|", "abs": r"\left|%s\right|", "fabs": r"\left|%s\right|",
        "sqrt": r"\sqrt{%s}", "hypot": r"\sqrt{%s^2 + %s^2}",
        "exp": r"\exp(%s)", "exp2": "2^{%s}", "expm1": r"\exp(%s) - 1", "sigmoid": r"\sigma(%s)",
        "log": r"\ln %s", "log2": r"\log_{2} %s", "log10": r"\log_{10} %s",
        "log1p": r"\ln (1 + %s)", "logaddexp": r"\ln (\exp(%s) + \exp(%s))",
        "logaddexp2": r"\log_{2} (2^{%s} + 2^{%s})",
        "mod": r"%s \bmod %s", "fmod": r"%s \bmod %s",
        "floor_divide": r"\left\lfloor\frac{%s}{%s}\right\rfloor",
        "det": r"\det %s", "logabsdet": r"\ln \left|\det %s\right|",
        "trace": r"\operatorname{tr} %s",
        "inv": "%s^{-1}", "pinv": "%s^{+}", "solve": r"%s^{-1} \, %s",
        "less_equal": r"%s \leq %s", "greater_equal": r"%s \geq %s", "not_equal": r"%s \neq %s",
        "bitwise_or": r"%s \lor %s", "bitwise_and": r"%s \land %s", "invert": r"\lnot %s",
        "isfinite": r"\left|%s\right| < \infty",
        "scale": r"%s \, %s",
        **{name: rf"\{name} %s" for name in WRITTEN_BEFORE},
    }  # fmt: skip
    precedence: ClassVar = {
        **Plain.precedence, "scale": (PRODUCT, (SIGN, PRODUCT)), "hypot": (ATOM, (ATOM, ATOM)),
        **dict.fromkeys(("inv", "pinv"), (POWER, (ATOM,))), "solve": (PRODUCT, (ATOM, SIGN)),
        **dict.fromkeys(("det", "trace", "log2", "log10", "log1p"), (PRODUCT, (SIGN,))),
        "log1p": (PRODUCT, (SUM,)), "logabsdet": (PRODUCT, (SIGN,)), "expm1": (SUM, (COMPARISON,)),
        **dict.fromkeys(("logaddexp", "logaddexp2"), (PRODUCT, (COMPARISON, COMPARISON))),
        **dict.fromkeys(("mod", "fmod"), (PRODUCT, (SIGN, SIGN))),
        "floor_divide": (ATOM, (COMPARISON, COMPARISON)), "isfinite": (COMPARISON, (COMPARISON,)),
    }  # fmt: skip
    equals, where = "{} &= {}", r" \quad \text{where } "
    ellipsis = r"\ldots"

    def __init__(self, definitions: Definitions | None = None) -> None:
        super().__init__(definitions or Definitions())

    def write(self, x: Expression, op: str = "") -> Formula:
        return super().write(_number_first(x) if isinstance(x, Call) else x, op)

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

    # ---- entries of an array ---------------------------------------------------------------------

    def write_getitem(self, call: Call, parts: Sequence[Formula]) -> Formula:
        array = self.parenthesized(parts[0], ATOM)
        if "_" in array and parts[0].binds == ATOM:
            array = f"({array})"
        return Formula(rf"{array}_{{{parts[1].text}}}", ATOM)

    def write_scatter(self, call: Call, parts: Sequence[Formula]) -> Formula:
        r"""Write zeros with g added at the entries i as δ_i g."""
        flat = r"\text{flat } " if is_flat(call) else ""
        delta = Formula(rf"\delta_{{{flat}{parts[1].text}}}", ATOM)
        return self.operation("scale", self.templates["scale"], [delta, parts[0]])

    def _index(self, index: Any) -> str:
        """Write an index. Arrays in it get a name."""
        if isinstance(index, tuple) and index:
            return ", ".join(map(self._index, index))
        if isinstance(index, list):
            index = np.asarray(index)
        if isinstance(index, np.ndarray) and index.ndim:
            return self._constant(index, as_number=False)
        if index is Ellipsis:
            return r"\ldots"
        is_number = isinstance(index, (int, np.integer)) and not isinstance(index, bool)
        text = format_argument(index).removeprefix("[").removesuffix("]")
        return text if is_number else text_of(text)

    # ---- products --------------------------------------------------------------------------------

    def write_matmul(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """Transpose a vector on the left: vectors are columns."""
        if len(call.args[0].shape) != 1:
            return None
        row = self.operation("transpose", self.templates["transpose"], parts[:1])
        return self.operation("matmul", self.templates["matmul"], [row, parts[1]])

    def write_transpose(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """Write the transpose of an inverse with one exponent."""
        inverse = call.args[0]
        if not isinstance(inverse, Call) or inverse.op != "inv":
            return None
        return Formula(parts[0].text.removesuffix("-1}") + r"-\top}", POWER)

    def write_solve(self, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write the solution of A x = b as the inverse of A times b."""
        inverse = self.write(Call("inv", call.args[:1], shape=call.args[0].shape))
        if parts[0].text.endswith(r"^\top") and isinstance(call.args[0], Call):
            inverse = Formula(parts[0].text.removesuffix(r"^\top") + r"^{-\top}", POWER)
        return self.operation("matmul", self.templates["matmul"], [inverse, parts[1]])

    def write_indicator(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return Formula(rf"\mathbf{{1}}[{parts[0].text}]", ATOM)

    def write_mul(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return super().write_mul(call, parts) or self._times(call, *parts)

    def write_scale(self, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write a number in front of a product: 2 x, but 2 · 3."""
        factor, product = parts
        if simple := super().write_mul(call, parts):
            return simple
        if product.text[:1].isdigit():
            return self._times(call, factor, product)
        if product.text.startswith("-"):
            rest = Formula(product.text[1:], PRODUCT)
            return self.operation("neg", "-%s", [self.write_scale(call, [factor, rest])])
        text = self.parenthesized(product, PRODUCT)
        return Formula(rf"{factor.text} \, {text}", min(PRODUCT, factor.binds))

    def write_div(self, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write a fraction. A sum, or a numerator with a fraction in it, follows the fraction."""
        a, b = parts
        if b.text == "1":
            return a
        one_over = rf"\frac{{1}}{{{b.text}}}"
        sign, rest = ("-", a.text[1:]) if a.text.startswith("-") else ("", a.text)
        if rest.startswith(r"\sum"):
            return Formula(f"{sign}{one_over} {rest}", MINUS if sign else PRODUCT)
        if number(call.args[1]) is not None and re.search(r"\\frac|\\mathbf", a.text):
            rest = rest if sign else self.parenthesized(a, PRODUCT)
            return Formula(rf"{sign}{one_over} \, {rest}", MINUS if sign else PRODUCT)
        if r"\frac" in a.text:
            return self._times(call, a, self.write_reciprocal(call, [b]))
        return Formula(rf"\frac{{{a.text}}}{{{b.text}}}", POWER)

    def write_reciprocal(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return Formula(rf"\frac{{1}}{{{parts[0].text}}}", POWER)

    def write_pow(self, call: Call, parts: Sequence[Formula]) -> Formula:
        base, exponent = self.parenthesized(parts[0], ATOM), parts[1].text
        return parts[0] if exponent == "1" else Formula(f"{base}^{{{exponent}}}", POWER)

    def _times(self, call: Call, *parts: Formula) -> Formula:
        """Write a product: ⊙ multiplies two arrays entry by entry."""
        sign = r"\odot" if all(prod(x.shape) > 1 for x in call.args) else r"\cdot"
        return self.operation("mul", f"%s {sign} %s", parts)

    # ---- reductions ------------------------------------------------------------------------------

    def write_sum(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return self._over(r"\sum", PRODUCT, call, parts)

    def write_prod(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return self._over(r"\prod", SIGN, call, parts)

    def write_mean(self, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write a mean as a sum over the count; an empty one has no count."""
        count = prod(call.args[0].shape) // max(prod(call.shape), 1)
        if not count:
            return Formula(rf"\operatorname{{mean}}{self.fence(parts[0].text)}", ATOM)
        return self._over(
            rf"\frac{{1}}{{{count}}} \sum" if count > 1 else r"\sum", PRODUCT, call, parts
        )

    def write_max(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return self._over(rf"\{call.op}", SIGN, call, parts)

    write_min = write_max

    def write_norm(self, call: Call, parts: Sequence[Formula]) -> Formula:
        return Formula(rf"\left\|{parts[0].text}\right\|{self._axis(call)}", ATOM)

    def write_power_norm(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        order = [parts[1].text] if len(parts) > 1 else []
        return Formula(rf"\left\|{parts[0].text}\right\|{self._axis(call, *order)}", ATOM)

    def _over(self, sign: str, least: int, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write a reduction over all entries, or over the axes of its index."""
        if isinstance(axis := call.kwargs.get("axis"), Constant) and not np.size(axis.value):
            return parts[0]
        return Formula(f"{sign}{self._axis(call)} {self.parenthesized(parts[0], least)}", PRODUCT)

    def _axis(self, call: Call, *before: str) -> str:
        """Write an axis as an index, counted from 0, if there are other axes."""
        axis, n = call.kwargs.get("axis"), len(call.args[0].shape) if call.args else 0
        found = list(before)
        if isinstance(axis, Constant) and axis.value is not None and n != 1:
            axes = axis.value if isinstance(axis.value, tuple) else (axis.value,)
            counted = sorted(int(i) % n if n else int(i) for i in axes)
            found.append(rf"\text{{axis {', '.join(map(str, counted))}}}")
        return f"_{{{', '.join(found)}}}" if found else ""

    def write_diagonal(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """Write the main diagonal of a matrix."""
        if len(call.args[0].shape) != 2 or not all(number(a) == 0 for a in call.args[1:2]):
            return None
        return Formula(rf"\operatorname{{diag}}{self.fence(parts[0].text)}", ATOM)

    def write_einsum(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """Write a sum over the indices that are not in the result."""
        subscripts = call.kwargs["subscripts"]
        assert isinstance(subscripts, Constant)
        operands, _, result = subscripts.value.partition("->")
        summed = sorted(set(operands) - set(result) - {","})
        factors = [
            self.write_getitem(call, [part, Formula(index, ATOM)]).text if index else part.text
            for part, index in zip(parts, operands.split(","))
        ]
        sign = rf"\sum_{{{', '.join(summed)}}} " if summed else ""
        text = sign + r" \, ".join(factors)
        return Formula(
            rf"\left[{text}\right]_{{{result}}}" if result else text, ATOM if result else PRODUCT
        )

    # ---- functions and constants -----------------------------------------------------------------

    def write_where(self, call: Call, parts: Sequence[Formula]) -> Formula:
        r"""Write the two cases of a condition below each other. The page splits lines at ``\\``."""
        condition, a, b = (part.text for part in parts)
        rows = rf"{a} & \text{{if}} \, {condition} \cr {b} & \text{{otherwise}}"
        return Formula(rf"\begin{{cases}} {rows} \end{{cases}}", ATOM)

    def function(self, call: Call, parts: Sequence[str]) -> str:
        arguments = [join(parts, self.ellipsis)]
        for key, x in call.kwargs.items():
            value = x.value if isinstance(x, Constant) else None
            if isinstance(value, np.ndarray) and value.ndim:
                arguments.append(self.define(key, value))
            elif key not in ("axis", "keepdims"):
                arguments.append(text_of(f"{key}={format_argument(value)}"))
        prime = "'" if call.op.endswith("′") else ""
        name = rf"\operatorname{{{escaped(call.op.removesuffix('′'))}}}{prime}"
        return name + self._axis(call) + self.fence(", ".join(arguments))

    def constant(self, value: Any, op: str) -> Formula:
        is_index = op in _INDEXED and (
            value is None or isinstance(value, (tuple, list, slice, bool))
        )
        if is_index or value is Ellipsis:
            return Formula(self._index(value), ATOM)
        text = self._constant(unwrap(value), op in _ENTRY_BY_ENTRY)
        if r"\cdot" in text and text[0] != "-":
            return Formula(text, PRODUCT)
        return Formula(text, POWER) if text.endswith(r"\top") else self.signed(text)

    def _constant(self, x: Any, as_number: bool) -> str:
        """Write a number. `as_number` writes an array that repeats one number as that number."""
        if isinstance(x, (bool, int, float, np.generic)) or (
            isinstance(x, np.ndarray) and x.ndim == 0 and x.dtype.kind in "iuf"
        ):
            return _power_of_ten(format_number(np.asarray(x)[()]))
        if not isinstance(x, np.ndarray):
            return text_of(truncate(str(x), 40))
        same = number(Constant(x))
        if same is not None and as_number:
            return _power_of_ten(format_number(same + 0))  # a truth value as 0 or 1
        if same == 1 and x.dtype.kind == "f":
            return rf"\mathbf{{1}}_{{{_size(x)}}}"
        assert self.definitions is not None
        if x.shape[1:] == (1,):  # a column, which is a vector
            x = x[:, 0]
        known = self.definitions.find
        if x.ndim == 2 and not known(x) and (transpose := known(x.T)):
            return rf"{transpose}^\top"
        if x.size <= MOST_ENTRIES:
            text = self.words(format_array(x))
        elif x.ndim == 1:
            text = rf"\text{{a constant vector of {x.size} entries}}"
        else:
            text = rf"\text{{a constant }} {_size(x)} \text{{ array}}"
        return self.definitions.give("c", x, text, lambda name, n: f"{name}_{{{n}}}")


def _number_first(x: Call) -> Call:
    """a · 2 → 2 a, also in longer products; a product of numbers only stays as it is."""
    factors = _factors(x) if x.op == "mul" else []
    numbers = [a for a in factors if number(a) is not None]
    others = [a for a in factors if number(a) is None]
    if not others or len(numbers) != 1:
        return x
    product = others[0]
    for other in others[1:]:
        shape = np.broadcast_shapes(product.shape, other.shape)
        product = Call("mul", [product, other], shape=shape)
    return Call("scale", [numbers[0], product], shape=x.shape)


def _factors(x: Expression) -> list[Expression]:
    if not isinstance(x, Call) or x.op != "mul":
        return [x]
    return [factor for a in x.args for factor in _factors(a)]


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
