"""Formulas in plain text: ``-g · y / x²``. An operation without a sign is a call, ``tanh(x)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..core.primitive import Primitive
from ..core.tensor import Tensor
from ..text.format import MOST_ENTRIES, Called, argument, listed, number
from .expression import ATOM, Call, Formula, Name
from .formulas import Mathematics
from .names import Definitions
from .symbolic import Ruled

_LONGEST_NUMBER = 8  # characters of one that is written out; a longer one is rounded


class Plain(Mathematics):
    """Plain text, for terminals and pictures."""

    templates: ClassVar = {
        "add": "%s + %s",
        "sub": "%s - %s",
        "neg": "-%s",
        "mul": "%s · %s",
        "div": "%s / %s",
        "matmul": "%s @ %s",
        "reciprocal": "1 / %s",
        "pow": "%s^%s",
        "square": "%s²",
        "transpose": "%sᵀ",
        "abs": "|%s|",
        "less": "%s < %s",
        "less_equal": "%s ≤ %s",
        "greater": "%s > %s",
        "greater_equal": "%s ≥ %s",
        "equal": "%s = %s",
        "not_equal": "%s ≠ %s",
    }
    equals, where, total = "{} = {}", " where ", "Σ"

    def derivative(self, of: str, by: str) -> str:
        return f"∂{of}/∂{by}"

    def constant(self, value: Any, op: str) -> Formula:
        """Write a number, or the entries of an array; of two long arrays no two look alike."""
        text = argument(value)
        if (
            self.definitions is not None
            and isinstance(value, np.ndarray)
            and value.size > MOST_ENTRIES
        ):
            text = self.definitions.give(text, value, another="{}#{}".format)
        if isinstance(value, float) and len(text) > _LONGEST_NUMBER:
            text = number(value)
        return self.signed(text)

    def write_getitem(self, call: Call, parts: Sequence[Formula]) -> Formula:
        index = parts[1].text
        index = index if index.startswith("[") else f"[{index}]"
        return Formula(f"{self.parenthesized(parts[0], ATOM)}{index}", ATOM)

    def function(self, call: Call, parts: Sequence[str]) -> str:
        options = [f"{key}={self.write(value).text}" for key, value in call.kwargs.items()]
        return f"{call.op}({', '.join([listed(parts), *options])})"


def format_node(t: Tensor, called: Called) -> str:
    """Return a node as a formula in the names of its arguments: ``e / s``.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.text.format import labels
    >>> x, w = (ag.tensor(2.0, requires_grad=True, name=name) for name in "xw")
    >>> y = (x + w) * x
    >>> print(format_node(y, labels(y.tape())))
    v2 · x
    """
    return Plain().format_node(t, called).text


def format_operands(op: Primitive, texts: Sequence[str]) -> str:
    """Return an operation as a formula in texts for its arguments, such as their numbers."""
    return Plain().write(Call(op.name, [Name(text) for text in texts])).text


def format_rule(rule: Ruled, called: Called, cotangent: str) -> str:
    """Return what a rule computes, as one formula: what it gives a name is written out.

    Parameters
    ----------
    rule : Ruled
        What it makes of symbols.
    called : mapping
        What to call the tensors, by creation number.
    cotangent : str
        What to call the gradient that arrives.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.notation.symbolic import ruled
    >>> from autograd_mini.text.format import labels
    >>> a, b = (ag.tensor(2.0, requires_grad=True, name=name) for name in "ab")
    >>> y = a / b
    >>> called = labels(y.tape())
    >>> print(format_rule(ruled(y)[0], called, "g"), format_rule(ruled(y)[1], called, "g"))
    g / b -g · v2 / b
    """
    return Plain().format_rule(rule, called, cotangent).text


def format_local(rule: Ruled, called: Called) -> str:
    """Return the local derivative: what a rule multiplies the cotangent by.

    A rule that does more than multiply, as that of a matrix product, is written with `g` for the
    cotangent. What it gives a name is not written out.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.notation.symbolic import ruled
    >>> from autograd_mini.text.format import labels
    >>> a, b = (ag.tensor([2.0], requires_grad=True, name=name) for name in "ab")
    >>> y, p = a / b, a @ b
    >>> called = labels(y.tape())
    >>> print(format_local(ruled(y)[0], called), format_local(ruled(y)[1], called))
    1 / b -v2 / b
    """
    return Plain(Definitions()).format_local(rule, called).text
