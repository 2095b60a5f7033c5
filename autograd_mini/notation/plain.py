"""Formulas in plain text, ``-g · y / x²``. The LaTeX notation inherits from this one.

No derivative is typed here: a rule runs on symbols, and the tape that it leaves is printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..core.tensor import Tensor
from ..text.format import MOST_ENTRIES, Names, format_argument, format_array, format_number, join
from .expression import (
    AND,
    ATOM,
    COMPARISON,
    MINUS,
    PRECEDENCE,
    PRODUCT,
    SUM,
    Call,
    Constant,
    Expression,
    Formula,
    Labelled,
    Notation,
    node_expression,
    rule_expression,
)
from .names import Definitions
from .symbolic import SymbolicRule, symbolic_definition
from .textbook import textbook


def is_flat(scatter: Call) -> bool:
    """Return whether the index of a scatter counts the entries row by row."""
    shape = scatter.args[2]
    return isinstance(shape, Constant) and tuple(shape.value) != scatter.shape


_LONGEST_NUMBER = 8  # characters of a number that is not rounded


class Plain(Notation):
    """Plain text, for terminals and pictures. `definitions` collects the names that it defines.

    Without `definitions`, formulas such as ŷ are written out.
    """

    templates: ClassVar = {
        **Notation.templates, "mul": "%s · %s", "div": "%s / %s", "matmul": "%s @ %s",
        "reciprocal": "1 / %s", "pow": "%s^%s", "square": "%s²", "transpose": "%sᵀ", "abs": "|%s|",
        "less_equal": "%s ≤ %s", "greater_equal": "%s ≥ %s", "equal": "%s = %s",
        "not_equal": "%s ≠ %s", "bitwise_or": "%s or %s", "bitwise_and": "%s and %s",
        "invert": "not %s", "isfinite": "%s is finite", "indicator": "[%s]",
    }  # fmt: skip
    precedence: ClassVar = {
        **PRECEDENCE, "invert": (AND, (AND,)), "isfinite": (COMPARISON, (SUM,)),
    }  # fmt: skip
    equals, where = "{} = {}", " where "

    def __init__(self, definitions: Definitions | None = None) -> None:
        self.definitions = definitions

    def format_node(self, t: Tensor, names: Names) -> Formula:
        """Return a node as a formula in the names of its arguments."""
        return self.formula(node_expression(t, names))

    def format_definition(self, t: Tensor, names: Names) -> Formula:
        """Return a node as a textbook defines it, or else as `format_node` does."""
        rule = symbolic_definition(t)
        return self.format_rule(rule, names, "") if rule else self.format_node(t, names)

    def format_rule(self, rule: SymbolicRule, names: Names, cotangent: str) -> Formula:
        """Return what a rule computes from the incoming cotangent."""
        return self.formula(rule_expression(rule, names, cotangent))

    def format_local(self, rule: SymbolicRule, names: Names, cotangent: str = "g") -> Formula:
        """Return the factor of a rule that multiplies; otherwise its result for a cotangent."""
        return self.format_rule(rule, names, "1" if rule.multiplies() else self.spell(cotangent))

    def format_sum(
        self,
        rule: SymbolicRule,
        names: Names,
        cotangent: str,
        shape: tuple[int, ...],
        axes: tuple[int, ...],
    ) -> Formula:
        """Return the result of a rule, an array of `shape`, summed over `axes`."""
        x = rule_expression(rule, names, cotangent)._replace(shape=shape)
        kwargs = (
            {}
            if len(axes) == len(shape)
            else {"axis": Constant(axes[0] if len(axes) == 1 else axes)}
        )
        return self.formula(Call("sum", [x], kwargs) if axes else x)

    def formula(self, x: Expression) -> Formula:
        """Return the text of an expression, with the definitions of its new names."""
        formula = self.write(textbook(x))
        where = () if self.definitions is None else self.definitions.new()
        return formula._replace(where=where) if where else formula

    def derivative(self, of: str, by: str) -> str:
        """Return ∂of/∂by."""
        return f"∂{of}/∂{by}"

    def spell(self, name: str) -> str:
        """Return a name as the notation writes it."""
        return name

    def spell_all(self, names: Names) -> dict[Any, str]:
        """Return names as `spell` does. Of names that would look alike, later ones become words."""
        spelled = {name: self.spell(name) for name in names.values()}
        first = {text: name for name, text in reversed(spelled.items())}
        return {
            key: spelled[name] if first[spelled[name]] == name else self.words(name)
            for key, name in names.items()
        }

    def words(self, text: str) -> str:
        """Return words within a formula."""
        return text

    def write_label(self, x: Labelled) -> Formula:
        """Write the name of a part and define it; write it out if names cannot be defined."""
        if isinstance(x.value, Constant):
            named = self.definitions is not None
            return self.signed(self.define(x.name, x.value.value) if named else x.name)
        if self.definitions is None:
            return self.write(x.value)
        self.definitions.depth += 1
        formula = self.write(x.value)
        self.definitions.depth -= 1
        return self.signed(self.define(x.name, formula.text, formula.text))

    def define(self, name: str, thing: Any, text: str = "") -> str:
        """Return the name of a formula or an array."""
        assert self.definitions is not None
        text = text or self.words(format_array(thing))
        return self.definitions.give(
            self.spell(name), thing, text, lambda _, n: self.spell(f"{name}_{n}")
        )

    def constant(self, value: Any, op: str) -> Formula:
        """Write a number, or the entries of an array. Long arrays that differ get a number."""
        text = format_argument(value)
        is_long = isinstance(value, np.ndarray) and value.size > MOST_ENTRIES
        if self.definitions is not None and is_long:
            text = self.definitions.give(text, value, another="{}#{}".format)
        if isinstance(value, float) and len(text) > _LONGEST_NUMBER:
            text = format_number(value)
        return self.signed(text)

    def write_add(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """Write a + -b as a - b."""
        a, b = parts
        if not b.text.startswith("-"):
            return None
        return self.operation("add", "%s - %s", [a, Formula(b.text[1:], b.binds)])

    def write_divisor(self, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write the length itself: it differs at the tip of a cone only."""
        return parts[0]

    def write_mul(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """Omit a factor of 1, and write -1 as a sign."""
        for unit, other in (parts, parts[::-1]):
            if unit.text == "1":
                return other
            if unit.text == "-1":
                return Formula(f"-{self.parenthesized(other, PRODUCT)}", MINUS)
        return None

    def write_pow(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """Omit an exponent of 1, and likewise a divisor of 1."""
        return parts[0] if parts[1].text == "1" else None

    write_div = write_pow

    def write_getitem(self, call: Call, parts: Sequence[Formula]) -> Formula:
        index = parts[1].text
        index = index if index.startswith("[") else f"[{index}]"
        return Formula(f"{self.parenthesized(parts[0], ATOM)}{index}", ATOM)

    def write_indicator(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """Write a constant mask as it is, and its negation as 1 - mask."""
        mask = call.args[0]
        if isinstance(mask, Constant):
            return parts[0]
        if isinstance(mask, Call) and mask.op == "invert" and isinstance(mask.args[0], Constant):
            return self.operation("sub", "%s - %s", [Formula("1", ATOM), self.write(mask.args[0])])
        return None

    def write_scatter(self, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write zeros with g added at the entries i as δ[i] · g."""
        index = parts[1].text
        index = index if index.startswith("[") else f"[{index}]"
        flat = ".flat" if is_flat(call) else ""
        return self.operation("mul", "%s · %s", [Formula(f"δ{flat}{index}", ATOM), parts[0]])

    def function(self, call: Call, parts: Sequence[str]) -> str:
        """Write a call: ``tanh(x, axis=0)``."""
        options = [f"{key}={self.write(value).text}" for key, value in call.kwargs.items()]
        return f"{call.op}({', '.join([join(parts), *options])})"
