"""Formulas in plain text, ``-g · y / x²``, and what all formulas have in common.

No derivative is typed here. To show one, the rule runs on Tensors that stand for symbols, and the
tape that it leaves is printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..core.tensor import Tensor
from ..text.format import MOST_ENTRIES, Names, format_argument, format_array, format_number, join
from .expression import (
    ATOM,
    MINUS,
    PRODUCT,
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

_LONGEST_NUMBER = 8  # characters of one that is written out; a longer one is rounded


class Plain(Notation):
    """Plain text, for terminals and pictures; `LaTeX` says where it differs.

    Parameters
    ----------
    definitions : Definitions, optional
        Gets what the formulas give a name, such as ŷ. Without it, that is written out.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.notation.symbolic import symbolic_rules
    >>> from autograd_mini.text.format import labels
    >>> a, b = (ag.tensor([2.0], requires_grad=True, name=name) for name in "ab")
    >>> y = a / b
    >>> names, rules = labels(y.tape()), symbolic_rules(y)
    >>> print(Plain().format_node(y, names).text)
    a / b
    >>> print(Plain().format_rule(rules[1], names, "g").text)
    -g · v2 / b
    >>> print(Plain().format_local(rules[1], names).text)
    -v2 / b
    >>> z = ag.tensor([2.0, 1.0], requires_grad=True, name="z")
    >>> y = ag.log_softmax(z)
    >>> formula = Plain(Definitions()).format_rule(symbolic_rules(y)[0], labels(y.tape()), "g")
    >>> formula.text, formula.where
    ('g - ŷ · sum(g, axis=-1, keepdims=True)', (('ŷ', 'softmax(z)'),))
    """

    templates: ClassVar = {
        **Notation.templates, "mul": "%s · %s", "div": "%s / %s", "matmul": "%s @ %s",
        "reciprocal": "1 / %s", "pow": "%s^%s", "square": "%s²", "transpose": "%sᵀ", "abs": "|%s|",
        "less_equal": "%s ≤ %s", "greater_equal": "%s ≥ %s", "equal": "%s = %s",
        "not_equal": "%s ≠ %s",
    }  # fmt: skip
    equals, where, total = "{} = {}", " where ", "Σ"

    def __init__(self, definitions: Definitions | None = None) -> None:
        self.definitions = definitions

    def format_node(self, t: Tensor, names: Names) -> Formula:
        """Return a node as a formula in the names of its arguments."""
        return self.formula(node_expression(t, names))

    def format_definition(self, t: Tensor, names: Names) -> Formula:
        """Return a node as a textbook defines it; as `format_node` if no textbook does."""
        rule = symbolic_definition(t)
        return self.format_rule(rule, names, "") if rule else self.format_node(t, names)

    def format_rule(self, rule: SymbolicRule, names: Names, cotangent: str) -> Formula:
        """Return what a rule computes, given the name of the cotangent that arrives."""
        return self.formula(rule_expression(rule, names, cotangent))

    def format_local(self, rule: SymbolicRule, names: Names) -> Formula:
        """Return what a rule multiplies the cotangent by; or what it makes of it, `g`."""
        return self.format_rule(rule, names, "1" if rule.multiplies() else "g")

    def formula(self, x: Expression) -> Formula:
        """Print an expression; say what the names in it stand for that are new."""
        formula = self.write(x)
        where = () if self.definitions is None else self.definitions.new()
        return formula._replace(where=where)

    def derivative(self, of: str, by: str) -> str:
        """Return ∂of/∂by."""
        return f"∂{of}/∂{by}"

    # ---- names and constants ---------------------------------------------------------------------

    def spell(self, name: str) -> str:
        """Return a name as the notation writes it."""
        return name

    def words(self, text: str) -> str:
        """Return words within a formula."""
        return text

    def write_label(self, x: Labelled) -> Formula:
        """Write what has a name by that name, and out in full where nothing defines names."""
        if isinstance(x.value, Constant):
            named = self.definitions is not None
            return self.signed(self.define(x.name, x.value.value) if named else x.name)
        formula = self.write(x.value)
        if self.definitions is None:
            return formula
        return self.signed(self.define(x.name, formula.text, formula.text))

    def define(self, name: str, thing: Any, text: str = "") -> str:
        """Return what to call a formula, or an array."""
        assert self.definitions is not None
        text = text or self.words(format_array(thing))
        return self.definitions.give(
            self.spell(name), thing, text, lambda _, n: self.spell(f"{name}_{n}")
        )

    def constant(self, value: Any, op: str) -> Formula:
        """Write a number, or the entries of an array; of two long arrays no two look alike."""
        text = format_argument(value)
        is_long = isinstance(value, np.ndarray) and value.size > MOST_ENTRIES
        if self.definitions is not None and is_long:
            text = self.definitions.give(text, value, another="{}#{}".format)
        if isinstance(value, float) and len(text) > _LONGEST_NUMBER:
            text = format_number(value)
        return self.signed(text)

    # ---- operations ------------------------------------------------------------------------------

    def write_add(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """a + -b is a - b."""
        a, b = parts
        if not b.text.startswith("-"):
            return None
        return self.operation("add", "%s - %s", [a, Formula(b.text[1:], b.binds)])

    def write_mul(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """A factor of 1 or -1 is not written."""
        for unit, other in (parts, parts[::-1]):
            if unit.text == "1":
                return other
            if unit.text == "-1":
                return Formula(f"-{self.parenthesized(other, PRODUCT)}", MINUS)
        return None

    def write_pow(self, call: Call, parts: Sequence[Formula]) -> Formula | None:
        """Neither is an exponent, or a divisor, of 1."""
        return parts[0] if parts[1].text == "1" else None

    write_div = write_pow

    def write_getitem(self, call: Call, parts: Sequence[Formula]) -> Formula:
        index = parts[1].text
        index = index if index.startswith("[") else f"[{index}]"
        return Formula(f"{self.parenthesized(parts[0], ATOM)}{index}", ATOM)

    def function(self, call: Call, parts: Sequence[str]) -> str:
        """``tanh(x, axis=0)``."""
        options = [f"{key}={self.write(value).text}" for key, value in call.kwargs.items()]
        return f"{call.op}({', '.join([join(parts), *options])})"
