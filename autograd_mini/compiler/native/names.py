"""Names and comments: C uses the names of the NumPy program, and repeats its lines as comments."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import ClassVar

from ...notation.c import TYPES
from ..ir import Program, Step, Value
from ..memory.lowering import CHECKS
from ..source.printer import Writer
from .lines import VARIABLES
from .node import Node
from .scalars import function_names

_LONGEST = 60  # characters of a step that is a part of another line
_RESERVED = """
    auto break case char const continue default do double else enum extern float for goto if inline
    int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while bool true false main here SIMD ALIGNED
    NAN INFINITY NULL HUGE_VAL HUGE_VALF HUGE_VALL math_errhandling
    alignas alignof asm constexpr linux nullptr static_assert thread_local typeof typeof_unqual unix
"""
#: how other names of C's headers begin, and those of `mathematics.c`
_RESERVED_START = re.compile(
    r"_[A-Z_]|am_|FP_|MATH_|M_|SEEK_|L_[ct]|U?INT(\d|MAX|PTR|_)"
    r"|(PTRDIFF|SIG_ATOMIC|SIZE|WCHAR|WINT|TMP|FILENAME|FOPEN)_M"
)


class Names(Writer):
    """The name of each node, and its step as text."""

    reserved: ClassVar[frozenset[str]] = frozenset(
        {*_RESERVED.split(), *VARIABLES, *TYPES.values(), *function_names()}
    )

    def __init__(self, program: Program, hidden: Container[Value] = ()) -> None:
        super().__init__(program)
        self._of_nodes: dict[Node, str] = {}
        self._notes: dict[Step, str] = {}
        self._hidden = hidden  # values that are parts of other lines
        self._reserve_names()
        for step in program.steps:
            if step.function in CHECKS:
                self.expressions[step.outs[0]] = self.expressions[step.inputs[0]]
                continue
            self._write_note(step)

    def _write_note(self, step: Step) -> None:
        try:
            call = self._call(step)
            text = self.notation.write(call).text
        except TypeError:  # for a constant that has no text
            text = f"{step.name or getattr(step.function, '__name__', 'call')}(...)"
        else:
            if not step.several and step.outs[0] in self._hidden and len(text) <= _LONGEST:
                self.expressions[step.outs[0]] = call
                return
        names = ", ".join(map(self._named, step.outs))
        self._notes[step] = f"{names} = {text}"

    def _add_helper(self, step: Step) -> None:
        """Comments name our functions, and need no text of them."""

    def __call__(self, node: Node) -> str:
        """Return the name of a node in C."""
        if node not in self._of_nodes:
            known = self._name_in_program(node.value) if node.value else None
            self._of_nodes[node] = known or self._new_name("c" if node.op == "input" else "t1")
        return self._of_nodes[node]

    def _new_name(self, wanted: str) -> str:
        name = super()._new_name(wanted)
        return super()._new_name(f"x_{name}") if _RESERVED_START.match(name) else name

    def new(self, wanted: str) -> str:
        """Return a name that is not in use, for a number that is in no program."""
        return self._new_name(wanted)

    def _name_in_program(self, value: Value) -> str | None:
        known = self.names.get(value) or getattr(self.expressions.get(value), "text", None)
        return known

    def note(self, node: Node) -> str:
        """Return the step of a node as text, or what it is if it is a part of a step."""
        return self._notes.get(node.step, "") if node.step else node.comment
