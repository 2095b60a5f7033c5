"""Print a program as JavaScript, a line for each step, over the runtime ``nd``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

from ...core.pytree import tree_leaves
from ...notation.expression import Call, Constant, Expression, Notation
from ...notation.javascript import JavaScript
from ...notation.numpy import is_brief
from ..ir import Program, Step, Value
from .operation import Language, Operation
from .portable import DTYPES, portable
from .printer import Source, Writer, wrapped

_RESERVED = (
    "nd program arguments async await boolean break case catch class const continue debugger "
    "default delete do else enum eval export extends false finally for function if implements "
    "import in instanceof interface let new null package private protected public return static "
    "super switch this throw true try typeof undefined NaN Infinity var void while with yield"
)
_LANGUAGE = Language("JavaScript", DTYPES, lambda step: None)
_SHORT = 8  # entries of an array that is written where it is used


def javascript(program: Program) -> Source:
    """Return a program as the text of a JavaScript function of a list of arrays.

    Parameters
    ----------
    program : Program
        Its arguments and results are those of the function, in the same order.

    Returns
    -------
    Source
        Text that defines ``function program([x, w, b])``, which returns a list of arrays. It calls
        the functions of ``nd``, which are in ``runtime/``.

    Raises
    ------
    UnknownOperation
        If the runtime has no function for a step.
    """
    writer = _Writer(program)
    source = Source(writer.function())
    source.arguments = writer.arguments()
    return source


def javascript_module(program: Program) -> Source:
    """Return a program as a module of JavaScript, for Node or for a script of a page.

    The text imports ``nd`` from a file, which imports others: ``.modules`` has their texts.
    """
    function = javascript(program)
    source = Source(f'import {{ nd }} from "./nd.mjs";\n\nexport {function}')
    source.arguments = function.arguments
    modules = runtime_modules().items()  # Node wants the ending .mjs
    source.modules = {f"{name}.mjs": text.replace('.js"', '.mjs"') for name, text in modules}
    return source


@cache
def runtime_modules() -> dict[str, str]:
    """Return the texts of the modules of ``nd``, the functions that programs call, by name."""
    paths = sorted((files(__package__) / "runtime").iterdir(), key=lambda path: path.name)
    return {path.name.removesuffix(".js"): path.read_text("utf-8") for path in paths}


class _Writer(Writer):
    notation: ClassVar[Notation] = JavaScript()
    reserved: ClassVar[frozenset[str]] = frozenset(_RESERVED.split())
    indent, statement, comment = "  ", "const {};", " // "

    def function(self) -> str:
        """Return the text of the function."""
        self._write_steps()
        names = ", ".join(map(self._text, self.program.arguments))
        results = ", ".join(map(self._text, tree_leaves(self.program.results)))
        for name, x in self.constants.values():
            constant = f"  const {name} = {self.notation.write(Constant(x)).text};"
            self.lines.insert(0, wrapped(constant, 4))
        head, end = f"function program([{names}]) {{", f"  return [{results}];"
        return "\n".join([wrapped(head, 4), *self.lines, wrapped(end, 4), "}"])

    def arguments(self) -> dict[str, Any]:
        """Return the arguments by name, with the arrays that the program was traced with."""
        return {self._text(value): value.example for value in self.program.arguments}

    def _targets(self, step: Step) -> str:
        names = ", ".join(map(self._named, step.outs))
        return f"[{names}]" if step.several else names

    def _fits_inside(self, value: Value, text: str) -> bool:
        return False  # calls within calls are hard to read

    def _is_brief(self, x: Any) -> bool:
        return x.size <= _SHORT or is_brief(x)

    def _call(self, step: Step) -> Expression:
        return self._expression(portable(step, _LANGUAGE))

    def _expression(self, x: Any) -> Expression:
        if not isinstance(x, Operation):
            return super()._expression(x)
        return Call(x.name, [*map(self._expression, x.args)], self._options(x.options))
