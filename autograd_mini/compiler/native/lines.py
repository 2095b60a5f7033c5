"""Lines of C: loops around statements, comments, and breaks in long lines."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from contextlib import contextmanager
from typing import Any

from .index import Variable

WIDTH = 100
VECTOR = 4  # turns of a loop that is worth vectors
INDEPENDENT = "SIMD "  #: before a loop with independent turns; a vector holds numbers of several
ALIGNED = "ALIGNED "  #: before an array on the stack
#: GCC 12 may read such an array as if its rows began where a vector does
MACROS = """\
#define SIMD _Pragma("omp simd")  // the iterations of the loop are independent of each other
#define ALIGNED __attribute__((aligned(64)))  // the array starts at a multiple of 64 bytes"""
VARIABLES = [f"{letter}{end}" for end in ("", 2, 3) for letter in "ijklmn"]  #: of nested loops
_BREAKS = (" ? ", " : ", " + ", " - ", " * ", " || ", " && ", ", ", " = ")


class Lines:
    """The lines of a function so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._indent = 1

    def add(self, text: str, note: str = "") -> None:
        """Add a line, with a comment behind or above it."""
        line = "  " * self._indent + text
        if note and len(line) + len(note) + len("  // ") > WIDTH:
            self.lines.append(shortened(f"{'  ' * self._indent}// {note}"))
            note = ""
        if text.startswith("//"):
            self.lines.append(shortened(line))
        else:
            self.lines += broken(line + f"  // {note}" * bool(note))

    @contextmanager
    def indented(self, by: int = 1) -> Any:
        self._indent += by
        yield
        self._indent -= by

    def open(self, loop: Any, depth: int, end: str = "", start: str = "") -> None:
        """Name the variable of a loop, and add its first line."""
        loop.name = i = VARIABLES[depth]
        step = f"{i}++" if loop.step == 1 else f"{i} += {loop.step}"
        self.add(f"{start}for (long {i} = 0; {i} < {loop.extent}; {step}){end}")

    def nest(
        self,
        variables: Sequence[Variable],
        depth: int,
        statement: Callable[[], str],
        apart: bool = False,
        pragma: str = "",
        unrolled: Container[Variable] = (),
        shortest: int = VECTOR,
    ) -> None:
        """Add loops around a statement. If `apart`, the turns of the last one are independent.

        If they add up a number, the `pragma` names it. GCC only keeps the entries of an array in
        registers if the loops over it are `unrolled`. The `shortest` loop for vectors has so many
        turns.
        """
        for k, v in enumerate(variables):
            v.name = VARIABLES[depth + k]
        text = statement()
        for k, v in enumerate(variables):
            with self.indented(k):
                is_vector = apart and v is variables[-1] and v.extent >= shortest
                if v in unrolled:
                    self.add(f"#pragma GCC unroll {v.extent}")
                if is_vector and pragma:
                    self.add(pragma)
                self.open(v, depth + k, start=INDEPENDENT * (is_vector and not pragma))
        with self.indented(len(variables)):
            self.add(text)


def broken(line: str) -> list[str]:
    """Return a line in parts that are short enough; the others are indented further."""
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    parts = []
    while len(line) > WIDTH:
        places = [at for at in range(len(indent), WIDTH - 4) if line.startswith(_BREAKS, at)]
        outside = [at for at in places if line.count("[", 0, at) == line.count("]", 0, at)]
        if not places:
            break
        at = max(outside or places)
        comma = line[at] == ","
        parts.append(line[: at + comma].rstrip())
        line = indent + line[at + comma :].lstrip()
    return [*parts, line]


def head(start: str, words: Sequence[str]) -> list[str]:
    """Return the first lines of a function."""
    lines = [start]
    for k, word in enumerate(words or ["void"]):
        end = ") {" if k >= len(words) - 1 else ", "
        if len(lines[-1]) + len(word) + len(end) > WIDTH:
            lines[-1] = lines[-1].rstrip()
            lines.append("    ")
        lines[-1] += word + end
    return lines


def shortened(line: str) -> str:
    """Return a comment that fits into a line."""
    return line if len(line) <= WIDTH else line[: WIDTH - 4] + " ..."
