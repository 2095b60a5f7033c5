"""Print a program: each step is a line of NumPy, or a part of the line that uses it.

A value that has a name, or is used more than once, gets a line. Any other is written where it is
used, as a person nests expressions. Names are the user's, if there are any. A comment after each
line says of what it is the gradient; or else its shape, and its dtype if the result has another.
"""

from __future__ import annotations

import inspect
import keyword
import operator
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ...core.pytree import tree_leaves
from ...core.registry import name_of, parameters_of
from ...notation.expression import Call, Constant, Expression, Name, Notation
from ...notation.numpy import NumPy, uniform
from ...text.terminal import transliterate
from ..ir import (
    Program,
    Step,
    Value,
    array_pow,
    astype,
    dtype_of,
    example_of,
    number_pow,
    options,
    values_in,
)
from ..memory.lowering import CHECKS
from ..passes.rewrite import is_elementwise
from .inline import helper

_LONGEST = 60  # characters of an expression within another, and of a name
_SHORT = 20  # characters of one that stays there where a line is too long

#: functions that are written with an operator, and the names of the operations. Not np.power: it
#: rounds differently from `**` in NumPy 2.0, and for single numbers in every version.
_OPERATIONS: dict[Any, str] = {
    np.subtract: "sub", np.multiply: "mul", np.divide: "div", np.floor_divide: "floordiv",
    np.remainder: "mod", np.negative: "neg",
    operator.add: "add", operator.sub: "sub", operator.mul: "mul", operator.truediv: "div",
    operator.floordiv: "floordiv", operator.mod: "mod", operator.neg: "neg", operator.pos: "pos",
    operator.pow: "pow", array_pow: "pow", number_pow: "pow", abs: "abs",
}  # fmt: skip
#: reductions of ufuncs, and the functions that people know them by
_REDUCTIONS: dict[Any, Any] = {
    np.add.reduce: np.sum, np.multiply.reduce: np.prod,
    np.maximum.reduce: np.max, np.minimum.reduce: np.min,
}  # fmt: skip


class Source(str):
    """The text of a program.

    Attributes
    ----------
    arguments : dict of str to array
        The arguments of the function by name, with the values that it was traced with.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> source = ag.source(x * x)
    >>> {name: value.item() for name, value in source.arguments.items()}
    {'x': 3.0}
    """

    arguments: dict[str, Any]

    def __str__(self) -> str:
        return transliterate(str.__str__(self), sys.stdout)  # written to a file, it is as it is

    def __repr__(self) -> str:
        return str(self)


def written(program: Program, by: Sequence[Value] = ()) -> Source:
    """Return the program as text that runs by itself, and imports only NumPy.

    `by` are the arguments whose gradients follow the result.
    """
    return Writer(program).text(by)


class Writer:
    """The state of writing: names in use, and constants that became arguments.

    This one writes Python. The writer of another language overrides what differs.
    """

    notation: ClassVar[Notation] = NumPy()
    reserved: ClassVar[frozenset[str]] = frozenset(["np", "program", *keyword.kwlist])
    indent, statement, comment = "    ", "{}", "  # "

    def __init__(self, program: Program) -> None:
        self.program = program
        self.uses = program.uses()
        self.returned = set(values_in(program.results))
        self.first = tree_leaves(program.results)[0]  # of which others are gradients
        self.taken = set(self.reserved)
        self.latest: dict[str, int] = {}  # the number with which a name was last made another
        self.expressions: dict[Value, Expression] = {}
        self.constants: dict[int, tuple[str, Any]] = {}  # by the id of the array
        self.helpers: dict[str, str] = {}
        self.part: str | None = None
        self.lines: list[str] = []

    def text(self, by: Sequence[Value]) -> Source:
        self._write_steps()
        returned = listed([self._text(x) for x in tree_leaves(self.program.results)])
        arguments = {self._text(v): v.example for v in self.program.arguments}
        arguments |= dict(self.constants.values())
        names = ", ".join(map(self._text, by))
        summary = f"The result, and its derivative{'s' * (len(by) > 1)} with respect to {names}."
        whole = self._function(arguments, summary if by else "The result.")
        parts = ["import numpy as np", *self.helpers.values(), whole]
        source = Source("\n\n\n".join(parts) + f"\n\n{returned}")
        source.arguments = arguments
        return source

    def _write_steps(self) -> None:
        """Write all lines of the function, and name its arguments and results."""
        for value in self.program.arguments:
            self.expressions[value] = Name(self._new_name(value.name or "x"), value.shape)
        first = values_in(self.program.results[:1])
        for value in sorted(self.returned, key=lambda v: v not in first):
            if value not in self.expressions and (value.name or value in first):
                value.name = self._new_name(value.name or "result")
        for step in self.program.steps:
            self._write(step)

    def _function(self, arguments: dict[str, Any], summary: str) -> str:
        head = f"def program({', '.join(arguments)}):"
        if len(head) > WIDTH:
            head = "\n".join(["def program(", wrapped(f"    {', '.join(arguments)},", 4), "):"])
        return "\n".join([head, wrapped(f'    """{summary}"""', 4), *self.lines])

    # ---- a step ----------------------------------------------------------------------------------

    def _write(self, step: Step) -> None:
        if step.function in CHECKS:  # what the program is about goes on without
            self.expressions[step.outs[0]] = self.expressions[step.inputs[0]]
            return
        call = self._call(step)
        text = self.notation.write(call).text
        if not step.several and self._fits_inside(step.outs[0], text):
            self.expressions[step.outs[0]] = call
            return
        self._head(step.part)
        longest = WIDTH - len(f"    {self._wanted(step.outs[0])}00 = ")
        while len(text) > longest and self._put_before(step):
            text = self.notation.write(self._call(step)).text
        self._line(step.outs, f"{self._targets(step)} = {text}")

    def _targets(self, step: Step) -> str:
        """Return the names to which a step assigns."""
        names = ", ".join(self._named(v) for v in step.outs)
        several = step.several and (len(step.outs) == 1 or len(names) > _LONGEST)
        return f"({names},)" if several else names

    def _put_before(self, step: Step) -> bool:
        """Put the longest part of a step on a separate line, if there is a long one."""
        parts = {v: text for v in step.inputs if len(text := self._text(v)) >= _SHORT}
        parts = {v: text for v, text in parts.items() if not text.isidentifier()}
        if not parts:
            return False
        longest = max(parts, key=lambda v: len(parts[v]))
        self._line([longest], f"{self._named(longest)} = {parts[longest]}")
        return True

    def _fits_inside(self, value: Value, text: str) -> bool:
        if value.name or value in self.returned:
            return False
        return self.uses[value] == 1 and len(text) <= _LONGEST

    def _named(self, value: Value) -> str:
        """Give a value a name, and return it; a value that is returned has one already."""
        known = value.name if value in self.returned else None
        name = known or self._new_name(self._wanted(value))
        self.expressions[value] = Name(name, value.shape)
        return name

    def _wanted(self, value: Value) -> str:
        """Return the name of a value, or one that describes it."""
        of = self._name_of(value.of)
        return value.name or (f"d_{of}" if of else "v1")

    def _name_of(self, value: Value | None) -> str | None:
        """Return the variable that a value is in, if it is in one."""
        x = self.expressions.get(value) if value else None
        return x.text if isinstance(x, Name) else None

    def _note(self, value: Value) -> str:
        """Return of what a value is the gradient, or its shape and dtype."""
        result = self.first
        of = self._name_of(value.of)
        if of and isinstance(result, Value):
            return f"∂{result.name}/∂{of}"
        shape = str(value.shape) if value.shape else "scalar"
        same = value.dtype == dtype_of(example_of(result)) or not _is_strong(value)
        return shape if same else f"{shape} {value.dtype}"

    def _head(self, part: str) -> None:
        if part != self.part:
            heading = f"{self.indent}{self.comment.lstrip()}{part}"
            self.lines += [*([""] if self.lines else []), heading]
            self.part = part

    def _line(self, values: Sequence[Value], line: str) -> None:
        line = wrapped(f"{self.indent}{self.statement.format(line)}", 2 * len(self.indent))
        note = self.comment + ", ".join(map(self._note, values))
        behind = f"{line}{note}"
        fits = len(behind.rpartition("\n")[2]) <= WIDTH
        self.lines += [behind] if fits else [f"{self.indent}{note.lstrip()}", line]

    # ---- an expression ---------------------------------------------------------------------------

    def _text(self, x: Any) -> str:
        return self.notation.write(self._expression(x)).text

    def _call(self, step: Step) -> Expression:
        """Return a step as an expression in those of its arguments."""
        shape = step.outs[0].shape
        if step.name:
            self.helpers.setdefault(step.name, helper(step.function, step.name))
            parts = [Name(step.name), *map(self._expression, step.args)]
            return Call("call", parts, self._options(step.kwargs), shape)
        f, args, kwargs = _as_written(step)
        if f is operator.getitem:
            return Call("getitem", [self._expression(args[0]), *self._index(args[1])], shape=shape)
        parts = [*map(self._expression, args)]
        op = "astype" if f is astype else name_of(f)
        if f in _OPERATIONS and not kwargs:
            op = _OPERATIONS[f]
        elif op in NumPy.methods and not _is_strong(args[0]):  # a Python number has no methods
            parts[0] = Call("asarray", parts[:1])
        return Call(op, parts, self._options(without_defaults(f, kwargs)), shape)

    def _options(self, kwargs: Mapping[str, Any]) -> dict[str, Expression]:
        return {
            key: self._expression(_only(value) if key == "axis" else value)
            for key, value in kwargs.items()
        }

    def _expression(self, x: Any) -> Expression:
        """Return an argument; a constant array without a text becomes one of the program's."""
        if isinstance(x, Value):
            return self.expressions[x]
        if isinstance(x, (list, tuple, range)):
            parts = [self._expression(part) for part in x]
            return Call("list" if isinstance(x, list) else "tuple", parts)
        if isinstance(x, np.ndarray) and not self._is_brief(x):
            if id(x) not in self.constants:
                self.constants[id(x)] = self._new_name("c"), x
            return Name(self.constants[id(x)][0], x.shape)
        return Constant(x, np.shape(x) if isinstance(x, np.ndarray) else ())

    def _is_brief(self, x: Any) -> bool:
        """Return whether an array can be written inside an expression."""
        return not x.ndim or uniform(x) is not None

    def _index(self, index: Any) -> list[Expression]:
        """Return the parts of an index."""
        if isinstance(index, list) or _is_short(index):  # jax takes no list there
            return [Call("array", [self._part_of_index(index)])]
        return [*map(self._part_of_index, index if isinstance(index, tuple) else (index,))]

    def _part_of_index(self, i: Any) -> Expression:
        return self._expression(i.tolist() if _is_short(i) else i)

    # ---- names -----------------------------------------------------------------------------------

    def _new_name(self, wanted: str) -> str:
        """Return a valid identifier like the one that is wanted, and not in use."""
        letters = unicodedata.normalize("NFKC", str(wanted))[:_LONGEST]
        base = "".join(c if f"a{c}".isidentifier() else "_" for c in letters) or "_"
        if not base[0].isidentifier():
            base = f"_{base}"
        name, n = base, self.latest.get(base, 1)
        stem = base.rstrip("0123456789") or base
        while name in self.taken or not name.isidentifier():
            n += 1
            name = f"{stem}{n}" if base != stem else f"{base}_{n}"
        self.taken.add(name)
        self.latest[base] = n  # all up to here are taken
        return name


def without_defaults(f: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords that differ from their defaults."""
    known = {} if isinstance(f, np.ufunc) else parameters_of(f)

    def says_nothing(key: str, value: Any) -> bool:
        default = known[key].default if key in known else inspect.Parameter.empty
        return value is default or (value is False and default is np._NoValue and key == "keepdims")

    return {key: value for key, value in kwargs.items() if not says_nothing(key, value)}


def _as_written(step: Step) -> tuple[Any, Any, Any]:
    """Return the call of a step as a person writes it, with the same bits."""
    f, args, kwargs = step.function, step.args, step.kwargs
    if f in _REDUCTIONS:
        return _REDUCTIONS[f], args[:1], options(step, axis=0)  # np.sum adds up all axes
    if f is np.copy:
        return f, *_copied(*args, **kwargs)
    if kwargs.get("kind") == "stable":  # JAX has this spelling only
        kwargs = {**{k: x for k, x in kwargs.items() if k != "kind"}, "stable": True}
    if f in (operator.pow, array_pow) and not np.ndim(example_of(args[0])) and _is_strong(args[0]):
        f = np.power
    if f in _OPERATIONS or (is_elementwise(step) and not kwargs):
        args = [_bare(a, args) for a in args]
    return f, args, kwargs


def _copied(x: Any, order: str = "K") -> tuple[Any, dict[str, Any]]:
    """Return the arguments of a copy, without its order if that is the order of ``x.copy()``."""
    array = np.asarray(example_of(x))
    plain = order == "C" or (order == "K" and array.flags.c_contiguous)
    return [x], {} if plain else {"order": order}


def _only(axis: Any) -> Any:
    """Return an axis by its number, also if it is the only one of a tuple."""
    return axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis


def _bare(x: Any, args: Sequence[Any]) -> Any:
    """Return a NumPy number as a Python number, if another operand determines the dtype."""
    if isinstance(x, Value) or np.ndim(x) or not hasattr(x, "dtype"):
        return x
    others = [a.example for a in args if isinstance(a, Value) and _is_strong(a)]
    if all(dtype_of(other) != x.dtype for other in others):
        return x
    return float(str(x)) if x.dtype.kind == "f" else x.item()  # float32(0.1) is written 0.1


def _is_strong(x: Any) -> bool:
    """Return whether a value has a dtype: a Python number has none [NEP 50]."""
    return isinstance(example_of(x), (np.ndarray, np.generic))


def _is_short(x: Any) -> bool:
    """Return whether an array is written entry by entry if it is an index."""
    return isinstance(x, np.ndarray) and x.ndim == 1 and 0 < x.size <= 8


WIDTH = 100

# ---- lines ---------------------------------------------------------------------------------------


def listed(results: Sequence[str]) -> str:
    """Return the statement that returns the results, in one line or more."""
    line = f"    return {', '.join(results)}"
    if len(line) <= WIDTH:
        return line
    inner = wrapped(f"        {', '.join(results)},", 8)
    return f"    return (\n{inner}\n    )"


def wrapped(text: str, indent: int) -> str:
    """Return a line with breaks after commas if it is too long."""
    lines = []
    while len(text) > WIDTH:
        at = text.rfind(", ", 0, WIDTH) + 1
        if at <= indent:
            break
        lines.append(text[:at])
        text = " " * indent + text[at + 1 :]
    return "\n".join([*lines, text])
