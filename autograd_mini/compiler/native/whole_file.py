"""Print a program as a whole file of C: its arguments as data, its function, and ``main``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from typing import Any, ClassVar

import numpy as np

from ...notation.c import literal
from ..ir import Program, Step, Value
from ..memory.lowering import is_view
from ..source.operation import UnknownOperation, name_in_errors
from ..source.printer import Source, wrapped
from . import mathematics
from .divide import Division
from .lines import MACROS
from .names import Names
from .region import Region
from .repeats import texts
from .scalars import definitions
from .storage import Place
from .writer import Function

_HEAD = """\
// {summary}
// The program prints the result, or its norm, and the norm of each gradient.
// To run it: cc -O2 -fopenmp-simd program.c -lm && ./a.out

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

{macros}"""
#: names in the file, and in its headers
_OWN = {"program", "printf", "fputs", "norm_double", "norm_float", "EOF", "BUFSIZ", "P_tmpdir",
        "stdin", "stdout", "stderr"}  # fmt: skip
_NORM = """\
static double {name}(const {type} *x, long n) {{
  double squares = 0;
  for (long i = 0; i < n; i++) squares += (double)x[i] * x[i];
  return sqrt(squares);
}}"""


def c_file(program: Program, by: Sequence[Value]) -> Source:
    """Return a program as a file of C that reads nothing.

    `by` are the arguments whose gradients follow the result.

    Raises
    ------
    UnknownOperation
        If a step cannot be written as loops of C.
    """
    arguments = [(value, value.example) for value in program.arguments]
    for value, example in arguments:
        value.example = np.asarray(example, order="C")
    outs = _named_results(program)
    region = _only_region(program)
    region.analyse()
    names = _names(program, region)
    nodes = [region.results[out] for out in outs]
    function = Function("program", region.fused, nodes, region.graph.guards, names)
    text = "\n\n".join(texts([function]))
    labels = [names(nodes[0]), *(f"d_{names.names[value]}" for value in by)]
    main = _Main(function, labels).text()
    source = Source(_file(text, main, [names.names[value] for value in by]))
    source.arguments = {names.names[value]: example for value, example in arguments}
    return source


def _file(function: str, main: str, leaves: Sequence[str]) -> str:
    """Return the text of the file, with the definitions that the function needs."""
    helpers = definitions(function).strip()
    ours = mathematics.definitions(set(re.findall(r"\bam_\w+", helpers + function)))
    ours = ours.partition("\n\n")[2]  # its includes are in the head
    of = f", and its derivative{'s' * (len(leaves) > 1)} with respect to {', '.join(leaves)}"
    head = _HEAD.format(summary=f"The result{of if leaves else ''}.", macros=MACROS)
    parts = (head, ours, helpers, function, main)
    return "\n\n".join(filter(None, parts))


def _named_results(program: Program) -> list[Value]:
    """Return the results. Those that are views, arguments or constants are computed as copies."""
    outs: list[Value] = []
    for x in program.results:
        if isinstance(x, Value) and x.step and not is_view(x.step) and x not in outs:
            outs.append(x)
            continue
        value = Value(np.array(x.example if isinstance(x, Value) else x))
        if isinstance(x, Value):
            value.of = x.of
        value.step = Step(np.copy, (x,), {}, None, "backward" if outs else "forward", (value,))
        program.steps.append(value.step)
        outs.append(value)
    program.results = [*outs]
    return outs


def _only_region(program: Program) -> Region:
    """Return the steps as one function of C."""
    division = Division(program, "program", with_numpy=False)
    for step, reason in division.reasons.items():
        why = "" if "cannot compute" in reason else f", because {reason}"
        raise UnknownOperation(f"C code cannot compute {name_in_errors(step)}{why}")
    program.run_examples()
    (region,) = division.regions
    return region


def _names(program: Program, region: Region) -> Names:
    """Return the names of all values; views, and parts of other lines, have none."""
    whole = copy(program)
    whole.steps = region.steps
    return _Names(whole, region.unnamed())


class _Names(Names):
    reserved: ClassVar = Names.reserved | _OWN


class _Main:
    """The function ``main``: the arrays, the call, and what it prints."""

    def __init__(self, function: Function, labels: Sequence[str]) -> None:
        self._function, self._labels = function, labels
        self._norms: dict[str, str] = {}  # by the type

    def text(self) -> str:
        f = self._function
        lines = [self._data(place) for place in f.arguments]
        lines += [f"  static {p.type} {p.name}{_lengths(p)};" for p in [*f.results, *f.scratch]]
        words = [place.name for place in f.arguments]
        words += [f"&{p.name}" if not p.lengths else p.name for p in [*f.results, *f.scratch]]
        call = f"{f.name}({', '.join(words)})"
        if f.guards:
            lines += [f"  if ({call}) {{", '    fputs("an index is out of range\\n", stderr);',
                      "    return 1;", "  }"]  # fmt: skip
        else:
            lines.append(f"  {call};")
        lines += map(self._print, f.results, self._labels)
        main = ["int main(void) {", *(wrapped(line, 4) for line in lines), "  return 0;", "}"]
        return "\n\n".join([*self._norms.values(), "\n".join(main)])

    def _data(self, place: Place) -> str:
        """Return the definition of an argument or a constant, with its numbers."""
        node = place.node
        array = node.value.example if node.value else node.data[0]
        numbers = _numbers(np.asarray(array).reshape(place.lengths))
        return f"  static const {place.type} {place.name}{_lengths(place)} = {numbers};"

    def _print(self, place: Place, label: str) -> str:
        """Return the statement that prints a number, or the norm of an array."""
        if not place.node.shape:
            return f'  printf("{label} = %.17g\\n", (double){place.name});'
        name = f"norm_{place.type}"
        self._norms[place.type] = _NORM.format(name=name, type=place.type)
        size = int(np.prod(place.node.shape))
        call = f"{name}((const {place.type} *){place.name}, {size})"
        return f'  printf("|{label}| = %.17g\\n", {call});'


def _numbers(x: Any) -> str:
    """Return an array with braces around its rows."""
    return f"{{{', '.join(map(_numbers, x))}}}" if np.ndim(x) else literal(np.asarray(x))


def _lengths(place: Place) -> str:
    return "".join(f"[{n}]" for n in place.lengths)
