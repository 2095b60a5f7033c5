"""How a program is written: each step as a line of NumPy, or within the line that needs it.

A value that has a name, or is used more than once, gets a line; any other is written where it is
used, as a person nests expressions. Names are the user's where there are any. A comment behind each
line says whose derivative it is, or else its shape, and its dtype where that is not the result's.
"""

from __future__ import annotations

import inspect
import keyword
import operator
import re
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.pytree import tree_leaves
from ...core.registry import name_of, parameters_of
from ...text.terminal import transliterate
from ..ir import Program, Step, Value, astype, dtype_of, example_of, values_in
from ..memory.lowering import CHECKS
from ..passes.rewrite import is_elementwise, number
from .inline import helper

_LONGEST = 60  # characters of an expression within another
_SHORT = 20  # characters of one that stays there where a line is too long

# Not np.power: in NumPy 2.0 it rounds in another way than `**`, and of numbers in any NumPy.
#: ufunc -> its operator, how tightly that binds, and how tightly its operands must
_OPERATORS: dict[Any, tuple[str, int, tuple[int, ...]]] = {
    np.equal: ("{} == {}", 0, (1, 1)),
    np.not_equal: ("{} != {}", 0, (1, 1)),
    np.less: ("{} < {}", 0, (1, 1)),
    np.less_equal: ("{} <= {}", 0, (1, 1)),
    np.greater: ("{} > {}", 0, (1, 1)),
    np.greater_equal: ("{} >= {}", 0, (1, 1)),
    np.bitwise_or: ("{} | {}", 1, (1, 2)),
    np.bitwise_and: ("{} & {}", 2, (2, 3)),
    np.add: ("{} + {}", 3, (3, 4)),
    np.subtract: ("{} - {}", 3, (3, 4)),
    np.multiply: ("{} * {}", 4, (4, 5)),
    np.divide: ("{} / {}", 4, (4, 5)),
    np.floor_divide: ("{} // {}", 4, (4, 5)),
    np.remainder: ("{} % {}", 4, (4, 5)),
    operator.add: ("{} + {}", 3, (3, 4)),
    operator.sub: ("{} - {}", 3, (3, 4)),
    operator.mul: ("{} * {}", 4, (4, 5)),
    operator.truediv: ("{} / {}", 4, (4, 5)),
    operator.floordiv: ("{} // {}", 4, (4, 5)),
    operator.mod: ("{} % {}", 4, (4, 5)),
    operator.neg: ("-{}", 5, (5,)),
    operator.pos: ("+{}", 5, (5,)),
    np.matmul: ("{} @ {}", 4, (4, 5)),
    np.negative: ("-{}", 5, (5,)),
    np.invert: ("~{}", 5, (5,)),
    operator.pow: ("{} ** {}", 6, (7, 6)),
}
_ATOM = 7
#: a ufunc's reduction by the name that people know
_REDUCTIONS: dict[Any, Any] = {
    np.add.reduce: np.sum,
    np.multiply.reduce: np.prod,
    np.maximum.reduce: np.max,
    np.minimum.reduce: np.min,
}

Text = tuple[str, int]  # and how tightly it binds


class Source(str):
    """The text of a program, which is also how it shows itself.

    Attributes
    ----------
    arguments : dict of str to array
        What the function takes, by name, with the values it was traced with.

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
    """The program as text that runs by itself, with nothing but NumPy imported.

    `by` are the arguments whose derivatives follow the result.
    """
    return _Writer(program).text(by)


class _Writer:
    """The state of writing: names that are taken, and constants that became arguments."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.uses = program.uses()
        self.returned = set(values_in(program.results))
        self.taken = {"np", "program"}
        self.latest: dict[str, int] = {}  # the number with which a name was last made another
        self.texts: dict[Value, Text] = {}
        self.constants: dict[int, tuple[str, Any]] = {}  # by the id of the array
        self.helpers: dict[str, str] = {}
        self.part: str | None = None
        self.lines: list[str] = []

    def text(self, by: Sequence[Value]) -> Source:
        for value in self.program.arguments:
            self.texts[value] = self._new_name(value.name or "x"), _ATOM
        first = values_in(self.program.results[:1])
        for value in sorted(self.returned, key=lambda v: v not in first):
            if value not in self.texts and (value.name or value in first):
                value.name = self._new_name(value.name or "result")
        for step in self.program.steps:
            self._write(step)
        returned = listed([self._operand(x, 0) for x in tree_leaves(self.program.results)])
        arguments = {self.texts[v][0]: v.example for v in self.program.arguments}
        arguments |= dict(self.constants.values())
        names = ", ".join(self.texts[v][0] for v in by)
        summary = f"The result, and its derivative{'s' * (len(by) > 1)} with respect to {names}."
        whole = self._function(arguments, summary if by else "The result.")
        parts = ["import numpy as np", *self.helpers.values(), whole]
        found = Source("\n\n\n".join(parts) + f"\n\n{returned}")
        found.arguments = arguments
        return found

    def _function(self, arguments: dict[str, Any], summary: str) -> str:
        head = f"def program({', '.join(arguments)}):"
        if len(head) > WIDTH:
            head = "\n".join(["def program(", wrapped(f"    {', '.join(arguments)},", 4), "):"])
        return "\n".join([head, wrapped(f'    """{summary}"""', 4), *self.lines])

    # ---- a step ----------------------------------------------------------------------------------

    def _write(self, step: Step) -> None:
        if step.function in CHECKS:  # what the program is about goes on without
            self.texts[step.outs[0]] = self.texts[step.inputs[0]]
            return
        text = self._call(step)
        if not step.several and self._fits_inside(step.outs[0], text[0]):
            self.texts[step.outs[0]] = text
            return
        self._head(step.part)
        room = WIDTH - len(f"    {self._wanted(step.outs[0])}00 = ")
        while len(text[0]) > room and self._put_before(step):
            text = self._call(step)
        names = ", ".join(self._named(v) for v in step.outs)
        if step.several and (len(step.outs) == 1 or len(names) > _LONGEST):
            names = f"({names},)"
        self._line(step.outs, f"{names} = {text[0]}")

    def _put_before(self, step: Step) -> bool:
        """Give the longest part of a step a line of its own, if there is a long one."""
        texts = {v: self.texts[v][0] for v in step.inputs}
        parts = {v: text for v, text in texts.items() if len(text) >= _SHORT and not _is_name(text)}
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
        """A value under a name; one that is returned got its own before."""
        known = value.name if value in self.returned else None
        name = known or self._new_name(self._wanted(value))
        self.texts[value] = name, _ATOM
        return name

    def _wanted(self, value: Value) -> str:
        """The name of a value, or one that says what it is."""
        of, _ = self.texts.get(value.of, ("", 0)) if value.of else ("", 0)
        return value.name or (f"d_{of}" if _is_name(of) else "v1")

    def _note(self, value: Value) -> str:
        """Whose derivative it is, or what kind of array."""
        result = tree_leaves(self.program.results)[0]
        if value.of in self.texts and isinstance(result, Value):
            of = self.texts[value.of][0]
            if _is_name(of):
                return f"∂{result.name}/∂{of}"
        shape = str(value.shape) if value.shape else "scalar"
        same = value.dtype == dtype_of(example_of(result)) or not _is_strong(value)
        return shape if same else f"{shape} {value.dtype}"

    def _head(self, part: str) -> None:
        if part != self.part:
            self.lines += [*([""] if self.lines else []), f"    # {part}"]
            self.part = part

    def _line(self, values: Sequence[Value], line: str) -> None:
        line = wrapped(f"    {line}", 8)
        note = ", ".join(map(self._note, values))
        behind = f"{line}  # {note}"
        fits = len(behind.rpartition("\n")[2]) <= WIDTH
        self.lines += [behind] if fits else [f"    # {note}", line]

    # ---- an expression ---------------------------------------------------------------------------

    def _call(self, step: Step) -> Text:
        f, args, kwargs = step.function, step.args, step.kwargs
        if step.name:
            self.helpers.setdefault(step.name, helper(f, step.name))
            return self._called(step.name, args, kwargs), _ATOM
        if f is abs:
            return f"abs({self._operand(args[0], 0)})", _ATOM
        if f is operator.pow and not np.ndim(example_of(args[0])) and _is_strong(args[0]):
            f = np.power
        if f in _OPERATORS and not kwargs:
            template, binds, least = _OPERATORS[f]
            parts = [self._beside(a, step, least[i]) for i, a in enumerate(args)]
            return template.format(*parts), binds
        if (is_elementwise(step) or f is np.power) and not kwargs:
            return f"np.{name_of(f)}({', '.join(self._beside(a, step, 0) for a in args)})", _ATOM
        if f is operator.getitem:
            return f"{self._operand(args[0], _ATOM)}[{self._index(args[1])}]", _ATOM
        if isinstance(args[0], Value) and hasattr(args[0].example, "dtype"):
            method = self._method(f, args, kwargs)
            if method:
                return f"{self._operand(args[0], _ATOM)}{method}", _ATOM
        if f in _REDUCTIONS:
            return self._called(*_reduction(f, args, kwargs)), _ATOM
        return self._called(f"np.{name_of(f)}", args, without_defaults(f, kwargs)), _ATOM

    def _method(self, f: Any, args: Any, kwargs: Any) -> str | None:
        """What is written behind an array with a dot."""
        if f is np.transpose and len(args) == 1 and not kwargs:
            return ".T"
        if f is np.reshape and not kwargs:
            return f".reshape({self._constant(args[1])})"
        if f is astype:
            return f".astype({self._constant(args[1])})"
        return ".copy()" if f is np.copy and args[1:] in ((), ("C",)) else None

    def _called(self, name: str, args: Any, kwargs: Any) -> str:
        words = [self._operand(a, 0) for a in args]
        words += [
            f"{key}={self._operand(_only(v) if key == 'axis' else v, 0)}"
            for key, v in kwargs.items()
        ]
        return f"{name}({', '.join(words)})"

    def _operand(self, x: Any, least: int) -> str:
        """An argument; in parentheses where it binds less tightly than it must."""
        if isinstance(x, Value):
            text, binds = self.texts[x]
        elif isinstance(x, (list, tuple)) and values_in(x):
            return self._several(x)
        else:
            text = self._constant(x)
            binds = 5 if text.startswith("-") else _ATOM
        return text if binds >= least else f"({text})"

    def _several(self, x: Any) -> str:
        words = ", ".join(self._operand(part, 0) for part in x)
        return f"[{words}]" if isinstance(x, list) else f"({words}{',' * (len(x) == 1)})"

    def _beside(self, x: Any, step: Step, least: int) -> str:
        """An operand of a ufunc: a number as a literal where it takes the other's dtype anyway."""
        if not isinstance(x, Value) and not np.ndim(x) and hasattr(x, "dtype"):
            others = [a for a in step.args if a is not x and isinstance(a, Value)]
            if any(dtype_of(a.example) == x.dtype and _is_strong(a) for a in others):
                text = literal(x[()])
                return f"({text})" if text.startswith("-") and least > 5 else text
        return self._operand(x, least)

    def _index(self, index: Any) -> str:
        if isinstance(index, list) or _is_short(index):  # jax takes no list there
            return f"np.array({self._part_of_index(index)})"
        parts = index if isinstance(index, tuple) else (index,)
        return ", ".join(map(self._part_of_index, parts)) or "()"

    def _part_of_index(self, i: Any) -> str:
        if isinstance(i, slice):
            ends = ["" if end is None else str(end) for end in (i.start, i.stop)]
            return ":".join(ends if i.step is None else [*ends, str(i.step)])
        if i is Ellipsis:
            return "..."
        return str(i.tolist()) if _is_short(i) else self._operand(i, 0)

    # ---- constants -------------------------------------------------------------------------------

    def _constant(self, x: Any) -> str:
        if isinstance(x, slice):
            return repr(x)
        if isinstance(x, (list, tuple)):
            return self._several(x)
        if isinstance(x, np.dtype) or (isinstance(x, type) and issubclass(x, np.generic)):
            return dtype_text(np.dtype(x))
        if hasattr(x, "dtype") and not np.ndim(x):
            return scalar(x.dtype, x[()])
        if isinstance(x, float):
            return literal(x)
        if isinstance(x, np.ndarray):
            return uniform(x) or self._argument(x)
        if isinstance(x, range):
            return self._several(tuple(x))
        if x is Ellipsis:
            return "..."
        if x is None or isinstance(x, (bool, int, str)):
            return repr(x)
        raise TypeError(f"source: there is no text for the constant {x!r:.60}")

    def _argument(self, array: Any) -> str:
        """A constant as an argument of the program."""
        if id(array) not in self.constants:
            self.constants[id(array)] = self._new_name("c"), array
        return self.constants[id(array)][0]

    # ---- names -----------------------------------------------------------------------------------

    def _new_name(self, wanted: str) -> str:
        """A valid identifier like the one that is wanted, and like no other."""
        base = re.sub(r"\W", "_", unicodedata.normalize("NFKC", str(wanted))) or "_"
        if base[0].isdigit():
            base = f"_{base}"
        name, n = base, self.latest.get(base, 1)
        stem = base.rstrip("0123456789") or base
        while name in self.taken or keyword.iskeyword(name) or not name.isidentifier():
            n += 1
            name = f"{stem}{n}" if base != stem else f"{base}_{n}"
        self.taken.add(name)
        self.latest[base] = n  # all up to here are taken
        return name


def without_defaults(f: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The keywords that say something."""
    known = {} if isinstance(f, np.ufunc) else parameters_of(f)

    def says_nothing(key: str, value: Any) -> bool:
        default = known[key].default if key in known else inspect.Parameter.empty
        return value is default or (value is False and default is np._NoValue and key == "keepdims")

    return {key: value for key, value in kwargs.items() if not says_nothing(key, value)}


def _reduction(f: Any, args: Any, kwargs: Any) -> tuple[str, Any, Any]:
    """``np.add.reduce(x)`` as ``np.sum(x, axis=0)``: without an axis, the two differ."""
    given = dict(zip(("axis", "dtype", "out", "keepdims", "initial", "where"), args[1:]))
    kwargs = {"axis": 0, **given, **kwargs}
    return f"np.{_REDUCTIONS[f].__name__}", args[:1], without_defaults(_REDUCTIONS[f], kwargs)


def _only(axis: Any) -> Any:
    """An axis by its number, also where it was given as the only one of a tuple."""
    return axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis


def _is_name(text: str) -> bool:
    return text.isidentifier()


def _is_strong(x: Any) -> bool:
    """Whether it brings a dtype of its own: a bare Python number has none [NEP 50]."""
    return isinstance(example_of(x), (np.ndarray, np.generic))


def _is_short(x: Any) -> bool:
    """Whether an array is written entry by entry where it is an index."""
    return isinstance(x, np.ndarray) and x.ndim == 1 and 0 < x.size <= 8


WIDTH = 100

# ---- constants -----------------------------------------------------------------------------------


def literal(x: Any) -> str:
    """A number with the digits that it takes to read the same number back."""
    if isinstance(x, (bool, np.bool_, int, np.integer)):
        return str(x)
    if not np.isfinite(x):
        return {"inf": "np.inf", "-inf": "-np.inf"}.get(str(float(x)), "np.nan")
    return str(x) if isinstance(x, np.floating) else repr(x)


def dtype_text(dtype: Any) -> str:
    return "bool" if dtype.kind == "b" else f"np.{dtype.name}"


def scalar(dtype: Any, x: Any) -> str:
    return f"{dtype_text(dtype)}({literal(x)})"


def uniform(x: Any) -> str | None:
    """An array that consists of one number, or counts 0, 1, 2, ...; else None."""
    n, dtype = number(x), "" if x.dtype == float else f", {dtype_text(x.dtype)}"
    shape = f"{x.shape[0]}" if x.ndim == 1 else f"{x.shape}"
    if n is not None and x.size > 1 and not any(x.strides):  # np.matmul sees the difference
        return f"np.broadcast_to({literal(n) if x.dtype == float else scalar(x.dtype, n)}, {shape})"
    if n is not None:
        name = {"0": "zeros", "1": "ones"}.get(f"{float(n):g}") if not np.signbit(n) else None
        return f"np.{name}({shape}{dtype})" if name else f"np.full({shape}, {literal(n)}{dtype})"
    if x.dtype == int and np.array_equal(x.reshape(-1), np.arange(x.size)):
        if x.ndim == 2 and x.shape[1] == 1:
            return f"np.arange({x.size})[:, None]"
        return f"np.arange({x.size})" + (f".reshape{x.shape}" if x.ndim > 1 else "")
    return None


# ---- lines ---------------------------------------------------------------------------------------


def listed(results: Sequence[str]) -> str:
    """The line that returns them, or lines."""
    line = f"    return {', '.join(results)}"
    if len(line) <= WIDTH:
        return line
    inner = wrapped(f"        {', '.join(results)},", 8)
    return f"    return (\n{inner}\n    )"


def wrapped(text: str, indent: int) -> str:
    """A line that is too long, broken after commas."""
    lines = []
    while len(text) > WIDTH:
        at = text.rfind(", ", 0, WIDTH) + 1
        if at <= indent:
            break
        lines.append(text[:at])
        text = " " * indent + text[at + 1 :]
    return "\n".join([*lines, text])
