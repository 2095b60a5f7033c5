"""Print a program: each step is a line of NumPy, or a part of the line that uses it.

A value that has a name, or is used more than once, gets a line. Any other is written where it is
used, as a person nests expressions. Names are the user's, if there are any. A comment after each
line says which gradient it is. For other values, it gives the shape, and the dtype if the result
has a different one.
"""

from __future__ import annotations

import keyword
import operator
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ...core.arrays import NO_KWARGS
from ...core.pytree import tree_leaves
from ...core.registry import name_of
from ...notation.expression import Call, Constant, Expression, Name, Notation
from ...notation.numpy import NumPy, is_brief
from ...text.terminal import transliterate
from ..ir import (
    Program,
    Step,
    Value,
    astype,
    dtype_of,
    example_of,
    memory_of,
    values_in,
)
from ..memory.lowering import CHECKS
from .calls import (
    OPERATIONS,
    as_written,
    is_short,
    is_strong,
    only,
    printed_function,
    without_defaults,
)
from .inline import add_helper

LONGEST = 60  # characters of an expression within another, and of a name
_SHORT = 20  # characters of one that stays there where a line is too long


class Source(str):
    """The text of a program.

    Attributes
    ----------
    arguments : dict of str to array
        The values of the program's arguments by name, as they were on the tape.
    modules : dict of str to str
        The texts of the files that a JavaScript program imports, by name.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> source = ag.source(x * x)
    >>> {name: value.item() for name, value in source.arguments.items()}
    {'x': 3.0}
    """

    arguments: dict[str, Any]
    modules: Mapping[str, str] = NO_KWARGS

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

    @property
    def imports(self) -> str:
        """The lines above the program."""
        return "import numpy as np"

    def __init__(self, program: Program) -> None:
        self.program = program
        self.gradients = {_place(x): value for x, value in program.constant_gradients}
        self.names: dict[Value, str] = {}
        self.constant_names: dict[Value, Name] = {}  # of gradients that are constant
        self.other = "v1"  # the name of a value that is in no table
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
        results = tree_leaves(self.program.results)
        texts = [*map(self._text, results)]
        for i, value in enumerate(by, start=1):
            texts[i] = self._name_gradient(value, results[i], texts[i])
        returned = listed(texts)
        arguments = {self._text(v): v.example for v in self.program.arguments}
        arguments |= dict(self.constants.values())
        names = ", ".join(map(self._text, by))
        summary = f"The result, and its derivative{'s' * (len(by) > 1)} with respect to {names}."
        whole = self._function(arguments, summary if by else "The result.")
        parts = [self.imports, *self.helpers.values(), whole]
        source = Source("\n\n\n".join(parts) + f"\n\n{returned}")
        source.arguments = arguments
        return source

    def _write_steps(self) -> None:
        """Write all lines of the function, and name its arguments and results."""
        self._reserve_names()
        for step in self.program.steps:
            self._write(step)

    def _reserve_names(self) -> None:
        """Give the values of a tape the names that they have in tables."""
        for value in self.program.arguments:
            self.names[value] = self._new_name(value.name or "x")
            self.expressions[value] = Name(self.names[value], value.shape)
        made = [value for step in self.program.steps for value in step.outs]
        if any(value.label for value in made):
            self.other = "t1"
        first = values_in(self.program.results[:1])
        for value in sorted(made, key=lambda v: (v not in first, v not in self.returned)):
            wanted = value.name or value.label or ("result" if value in first else None)
            if wanted:
                self.names[value] = self._new_name(wanted)

    def _name_gradient(self, value: Value, gradient: Any, text: str) -> str:
        """Name a returned gradient after its tensor, also if it is a constant or has a name."""
        name = self._name_of(value)
        if text == f"d_{name}" or (isinstance(gradient, Value) and gradient.of is value):
            return text
        own = self._new_name(f"d_{name}")
        note = "" if isinstance(gradient, Value) else ", a constant of this tape"
        self._head("backward")
        self._line(f"{own} = {text}", self._gradient(name) + note)
        return own

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
        self._line(f"{self._targets(step)} = {text}", ", ".join(map(self._note, step.outs)))

    def _targets(self, step: Step) -> str:
        """Return the names to which a step assigns."""
        names = ", ".join(self._named(v) for v in step.outs)
        several = step.several and (len(step.outs) == 1 or len(names) > LONGEST)
        return f"({names},)" if several else names

    def _put_before(self, step: Step) -> bool:
        """Put the longest part of a step on a separate line, if there is a long one."""
        parts = {v: text for v in step.inputs if len(text := self._text(v)) >= _SHORT}
        parts = {v: text for v, text in parts.items() if not text.isidentifier()}
        if not parts:
            return False
        longest = max(parts, key=lambda v: len(parts[v]))
        self._line(f"{self._named(longest)} = {parts[longest]}", self._note(longest))
        return True

    def _fits_inside(self, value: Value, text: str) -> bool:
        if value.name or value in self.returned:
            return False
        return self.uses[value] == 1 and len(text) <= LONGEST

    def _named(self, value: Value) -> str:
        """Give a value a name, and return it."""
        name = self.names.get(value) or self._new_name(self._wanted(value))
        self.expressions[value] = Name(name, value.shape)
        return name

    def _wanted(self, value: Value) -> str:
        """Return the name of a value, or one that describes it."""
        return self.names.get(value) or (f"d_{self._name_of(value.of)}" if value.of else self.other)

    def _name_of(self, value: Value) -> str:
        """Return the name of a tensor, also if it is a part of a line."""
        return self.names.get(value) or value.name or value.label or self.other

    def _gradient(self, name: str) -> str:
        """Return the symbol of the gradient of a tensor."""
        result = tree_leaves(self.program.results)[0]
        return f"∂{self._name_of(result)}/∂{name}"

    def _note(self, value: Value) -> str:
        """Return of what a value is the gradient, or its shape and dtype."""
        result = self.first
        if value.of and isinstance(result, Value):
            return self._gradient(self._name_of(value.of))
        shape = str(value.shape) if value.shape else "scalar"
        same = value.dtype == dtype_of(example_of(result)) or not is_strong(value)
        return shape if same else f"{shape} {value.dtype}"

    def _head(self, part: str) -> None:
        if part != self.part:
            self.lines += [
                *([""] if self.lines else []),
                f"{self.indent}{self.comment.lstrip()}{part}",
            ]
            self.part = part

    def _line(self, line: str, note: str = "") -> None:
        line = wrapped(f"{self.indent}{self.statement.format(line)}", 2 * len(self.indent))
        note = self.comment + note if note else ""
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
            self._add_helper(step)
            parts = [Name(step.name), *map(self._expression, step.args)]
            return Call("call", parts, self._options(step.kwargs), shape)
        f, args, kwargs = as_written(step)
        if f is operator.getitem:
            return Call("getitem", [self._expression(args[0]), *self._index(args[1])], shape=shape)
        parts = [*map(self._expression, args)]
        op = "astype" if f is astype else name_of(f)
        if f in OPERATIONS and not kwargs:
            op = OPERATIONS[f]
        elif op in NumPy.methods and not is_strong(args[0]):  # a Python number has no methods
            parts[0] = Call("asarray", parts[:1])
        return Call(op, parts, self._options(without_defaults(f, kwargs)), shape)

    def _add_helper(self, step: Step) -> None:
        """Put the text of one of our functions above the program."""
        assert step.name is not None
        add_helper(self.helpers, printed_function(step), step.name)

    def _options(self, kwargs: Mapping[str, Any]) -> dict[str, Expression]:
        return {
            key: self._expression(only(value) if key == "axis" else value)
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
        if isinstance(x, np.ndarray) and (gradient_of := self.gradients.get(_place(x))):
            return self._constant_gradient(x, gradient_of)
        return Constant(x, np.shape(x) if isinstance(x, np.ndarray) else ())

    def _constant_gradient(self, x: Any, value: Value) -> Expression:
        """Write a gradient that repeats a number on a line, and return its name."""
        if value not in self.constant_names:
            name = self._name_of(value)
            own = self.constant_names[value] = Name(self._new_name(f"d_{name}"), np.shape(x))
            self._head("backward")
            constant = self.notation.write(Constant(x, np.shape(x))).text
            self._line(f"{own.text} = {constant}", self._gradient(name))
        return self.constant_names[value]

    def _is_brief(self, x: Any) -> bool:
        """Return whether an array can be written inside an expression."""
        return is_brief(x)

    def _index(self, index: Any) -> list[Expression]:
        """Return the parts of an index."""
        if isinstance(index, list) or is_short(index):  # jax takes no list there
            return [Call("array", [self._part_of_index(index)])]
        return [*map(self._part_of_index, index if isinstance(index, tuple) else (index,))]

    def _part_of_index(self, i: Any) -> Expression:
        return self._expression(i.tolist() if is_short(i) else i)

    # ---- names -----------------------------------------------------------------------------------

    def _new_name(self, wanted: str) -> str:
        """Return a valid identifier like the one that is wanted, and not in use."""
        letters = unicodedata.normalize("NFKC", str(wanted))[:LONGEST]
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


def _place(x: Any) -> Any:
    """Return a key of the memory and shape of an array, which a view of the whole array shares."""
    return id(memory_of(x)), x.shape, x.strides


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
