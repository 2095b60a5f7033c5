"""A formula as a tree, which is made from a tape and printed by a `Notation`.

A tree is built from a node of a tape, from a rule that ran on symbols, or from a step of a compiled
program. A notation is a table of templates, and a method for each operation that needs more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..core.arrays import NO_KWARGS
from ..core.tensor import Tensor
from ..text.format import ELLIPSIS, Names, variable
from .symbolic import SILENT, SymbolicRule, is_outer, keeps_all, options, parameters

_MOST_PARTS = 64  # parts of an expression; a part that is used twice is written twice


class Name(NamedTuple):
    """A tensor or an array in a variable."""

    text: str
    shape: tuple[int, ...] = ()


class Constant(NamedTuple):
    """A number, an array, an index or a dtype."""

    value: Any
    shape: tuple[int, ...] = ()


class Labelled(NamedTuple):
    """A part that a textbook names, such as ŷ."""

    name: str
    value: Expression
    shape: tuple[int, ...] = ()


class Call(NamedTuple):
    """An operation, by the name of its primitive, and its operands."""

    op: str
    args: Sequence[Expression]
    kwargs: Mapping[str, Expression] = NO_KWARGS
    shape: tuple[int, ...] = ()


Expression = Name | Constant | Labelled | Call

ELIDED = Name(ELLIPSIS)  #: the operands of a part that is too long


def node_expression(t: Tensor, names: Names) -> Expression:
    """Return a node as an expression in the names of its arguments."""
    return call_expression(t, names, lambda a: Name(names[a.order], a.shape))


def rule_expression(rule: SymbolicRule, names: Names, cotangent: str) -> Expression:
    """Return the result of a rule as an expression in its symbols and the cotangent."""
    if rule.is_unknown:
        return Call(f"{rule.op}′", [Name(cotangent)])
    if not isinstance(rule.result, Tensor):
        return Constant(rule.result, np.shape(rule.result))
    parts: dict[int, Expression] = {
        order: Name(names[t.order], t.shape) for order, t in rule.symbols.items()
    }
    parts[rule.cotangent.order] = Name(cotangent, rule.cotangent.shape)
    sizes = dict.fromkeys(parts, 1)
    for t in rule.tape:
        if t.order in parts:
            continue
        if t.op is None and (known := _variable(t._array, names)):
            parts[t.order] = known
            continue
        size = 1 + sum(sizes.get(getattr(a, "order", -1), 1) for a in t.inputs)
        part: Expression = Constant(t.data, t.shape)
        if t.op is not None and size > _MOST_PARTS:
            part, size = Call(t.op.name, [ELIDED], shape=t.shape), 1
        elif t.op is not None:
            part = call_expression(t, names, lambda a: parts[a.order])
        parts[t.order] = Labelled(t.name, part, t.shape) if t.name else part
        sizes[t.order] = size
    return parts[rule.result.order]


def call_expression(t: Tensor, names: Names, of: Callable[[Tensor], Expression]) -> Expression:
    """Return a node as an expression; ``of(a)`` returns the expression of an argument."""
    assert t.op is not None
    args: list[Expression] = []
    kwargs: dict[str, Expression] = {}
    for a, name in zip(t.inputs, chain(parameters(t.op), repeat(""))):
        known = of(a) if isinstance(a, Tensor) else _variable(a, names)
        if not known and name and isinstance(a, np.ndarray) and a.ndim:
            kwargs[name] = Constant(a, a.shape)
        else:
            args.append(known or Constant(a, np.shape(a) if isinstance(a, np.ndarray) else ()))
    if t.op.name in SILENT or (t.op.name == "getitem" and keeps_all(t)):
        return args[0]._replace(shape=t.shape)
    if is_outer(t):
        row = Call("transpose", args[1:], shape=(1, t.shape[1]))
        return Call("matmul", [args[0], row], shape=t.shape)
    kwargs |= {key: Constant(value) for key, value in options(t).items()}
    return Call(t.op.name, args, kwargs, t.shape)


def _variable(x: Any, names: Names) -> Expression | None:
    """Return an array as a variable or the transpose of one; None if it is neither."""
    if name := variable(x, names):
        return Name(name, x.shape)
    if isinstance(x, np.ndarray) and x.ndim > 1 and (name := variable(x.swapaxes(-1, -2), names)):
        return Call("transpose", [Name(name, x.swapaxes(-1, -2).shape)], shape=x.shape)
    return None


COMPARISON, OR, AND, SUM, MINUS, PRODUCT, SIGN, POWER, ATOM = range(9)

Precedence = Mapping[str, tuple[int, tuple[int, ...]]]

COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")

#: functions that are written without parentheses, as in sin x
WRITTEN_BEFORE = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan")

#: operation -> its precedence, and the lowest of each operand without parentheses
PRECEDENCE: Precedence = {
    **dict.fromkeys(COMPARISONS, (COMPARISON, (OR, OR))),
    "bitwise_or": (OR, (OR, AND)), "bitwise_and": (AND, (AND, SUM)),
    "add": (SUM, (SUM, SUM)), "sub": (SUM, (SUM, PRODUCT)), "neg": (MINUS, (PRODUCT,)),
    "mul": (PRODUCT, (PRODUCT, PRODUCT)), "div": (PRODUCT, (PRODUCT, SIGN)),
    "matmul": (PRODUCT, (PRODUCT, SIGN)), "reciprocal": (PRODUCT, (SIGN,)),
    **dict.fromkeys((*WRITTEN_BEFORE, "log"), (PRODUCT, (SIGN,))),
    "pow": (POWER, (ATOM, POWER)), "square": (POWER, (ATOM,)), "transpose": (POWER, (ATOM,)),
}  # fmt: skip

#: precedence in programs, in which x + (y + z) can differ from (x + y) + z
IN_PROGRAMS: Precedence = {
    **PRECEDENCE, "add": (SUM, (SUM, PRODUCT)),
    **dict.fromkeys(("mul", "floordiv", "mod"), (PRODUCT, (PRODUCT, SIGN))),
    **dict.fromkeys(("neg", "pos", "invert"), (SIGN, (SIGN,))),
}  # fmt: skip


class Formula(NamedTuple):
    """The text of an expression, its precedence, and the definitions of its new names."""

    text: str
    binds: int
    where: tuple[tuple[str, str], ...] = ()  #: (("ŷ", "softmax(z)"),)


class Notation:
    """How expressions are printed: a table of templates, and methods for special operations.

    A method ``write_<op>(call, parts)`` takes precedence over the template, and may return None.
    ``function(call, parts)`` writes all other operations, ``constant(value, op)`` the constants.
    The template of an operation without a precedence encloses the operands, as in ``"|%s|"``.
    """

    templates: ClassVar[Mapping[str, str]] = {
        "add": "%s + %s", "sub": "%s - %s", "neg": "-%s", "less": "%s < %s", "greater": "%s > %s",
    }  # fmt: skip
    precedence: ClassVar[Precedence] = PRECEDENCE
    ellipsis: ClassVar[str] = ELLIPSIS

    constant: Callable[[Any, str], Formula]
    write_label: Callable[[Labelled], Formula]
    function: Callable[[Call, Sequence[str]], str]

    def write(self, x: Expression, op: str = "") -> Formula:
        """Return the text of an expression that is an operand of `op`."""
        if isinstance(x, Name):
            return self.signed(x.text if x is not ELIDED else self.ellipsis)
        if isinstance(x, Constant):
            return self.constant(x.value, op)
        if isinstance(x, Labelled):
            return self.write_label(x)
        parts = [self.write(a, x.op) for a in x.args]
        if len(parts) == len(self.precedence.get(x.op, (0, parts))[1]):
            special = getattr(self, f"write_{x.op}", None)
            if special and (formula := special(x, parts)):
                return formula  # type: ignore[no-any-return]  # a method found by its name
            template = self.templates.get(x.op, "")
            if template and template.count("%s") == len(parts) and not x.kwargs:
                return self.operation(x.op, template, parts)
        return Formula(self.function(x, [part.text for part in parts]), ATOM)

    def operation(self, op: str, template: str, parts: Sequence[Formula]) -> Formula:
        """Fill in a template, and put parentheses around operands where needed."""
        binds, least = self.precedence.get(op, (ATOM, (0,) * len(parts)))
        texts = [*map(self.parenthesized, parts, least)]
        if binds == PRODUCT and parts[0].binds == MINUS and template.startswith("%s"):
            texts[0], binds = parts[0].text, MINUS  # move the sign to the product
        return Formula(template % tuple(texts), binds)

    def parenthesized(self, part: Formula, least: int) -> str:
        """Return the text of an operand, in parentheses if its precedence is too low."""
        return part.text if part.binds >= least else self.fence(part.text)

    def fence(self, text: str) -> str:
        """Return a text in parentheses."""
        return f"({text})"

    def signed(self, text: str) -> Formula:
        """Return a number or a name; with a sign, it has the precedence of a negation."""
        return Formula(text, self.precedence["neg"][0] if text.startswith("-") else ATOM)
