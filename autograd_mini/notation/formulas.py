"""Formulas: what the notations for people have in common, plain text and LaTeX.

No derivative is typed here. To show one, the rule runs on Tensors that stand for symbols, and the
tape that it leaves is printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..core.tensor import Tensor
from ..text.format import Called, values
from .expression import (
    MINUS,
    PRODUCT,
    Call,
    Constant,
    Expression,
    Formula,
    Labelled,
    Notation,
    of_node,
    of_rule,
)
from .names import Definitions
from .symbolic import Ruled, defined


class Mathematics(Notation):
    """A notation for formulas: factors of one are not written, nor is a sign after a plus.

    Parameters
    ----------
    definitions : Definitions, optional
        Gets what the formulas give a name, such as ŷ. Without it, that is written out.
    """

    equals: ClassVar[str]  #: between the sides of an equation
    where: ClassVar[str]  #: between an equation and what the names in it stand for
    total: ClassVar[str]  #: the sign of a sum

    def __init__(self, definitions: Definitions | None = None) -> None:
        self.definitions = definitions

    def format_node(self, t: Tensor, called: Called) -> Formula:
        """Return a node as a formula in the names of its arguments."""
        return self.formula(of_node(t, called))

    def format_definition(self, t: Tensor, called: Called) -> Formula:
        """Return a node as a textbook defines it; as `format_node` if no textbook does."""
        rule = defined(t)
        return self.format_rule(rule, called, "") if rule else self.format_node(t, called)

    def format_rule(self, rule: Ruled, called: Called, cotangent: str) -> Formula:
        """Return what a rule computes, given the name of the cotangent that arrives."""
        return self.formula(of_rule(rule, called, cotangent))

    def format_local(self, rule: Ruled, called: Called) -> Formula:
        """Return what a rule multiplies the cotangent by; or what it makes of it, `g`."""
        return self.format_rule(rule, called, "1" if rule.multiplies() else "g")

    def formula(self, x: Expression) -> Formula:
        """Print an expression; say what the names in it stand for that are new."""
        formula = self.write(x)
        where = () if self.definitions is None else self.definitions.said()
        return formula._replace(where=where)

    # ---- what a notation says about itself -------------------------------------------------------

    def spelled(self, name: str) -> str:
        """Return a name as the notation writes it."""
        return name

    def words(self, text: str) -> str:
        """Return words within a formula."""
        return text

    def derivative(self, of: str, by: str) -> str:
        """Return ∂of/∂by."""
        raise NotImplementedError

    # ---- operations ------------------------------------------------------------------------------

    def labelled(self, x: Labelled) -> Formula:
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
        text = text or self.words(values(thing))
        return self.definitions.give(
            self.spelled(name), thing, text, lambda _, n: self.spelled(f"{name}_{n}")
        )

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
