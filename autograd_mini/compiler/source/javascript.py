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


def javascript_generator(program: Program, first: int) -> Source:
    """Return a program as the text of a JavaScript generator of two lists of arrays.

    It computes the steps of its `first` results, and yields these. The other results are computed
    only if the caller asks for them.
    """
    return Source(_Writer(program).generator(first))


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
        self._end("return", self.program.results)
        return self._whole("function")

    def generator(self, first: int) -> str:
        """Return the text of a generator, which yields the first results before the others."""
        results = tree_leaves(self.program.results)
        needed = set(self.program.steps_behind(results[:first]))
        self._reserve_names()
        for is_first, part in ((True, results[:first]), (False, results[first:])):
            for step in self.program.steps:
                if (step in needed) == is_first:
                    self._write(step)
            self._end("yield", part)
        return self._whole("function*")

    def _end(self, keyword: str, results: Any) -> None:
        texts = ", ".join(map(self._text, tree_leaves(results)))
        self.lines.append(wrapped(f"  {keyword} [{texts}];", 4))

    def _whole(self, keyword: str) -> str:
        """Return the lines as a function, below its constants."""
        names = ", ".join(map(self._text, self.program.arguments))
        for name, x in self.constants.values():
            constant = f"  const {name} = {self.notation.write(Constant(x)).text};"
            self.lines.insert(0, wrapped(constant, 4))
        return "\n".join([wrapped(f"{keyword} program([{names}]) {{", 4), *self.lines, "}"])

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
