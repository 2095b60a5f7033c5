"""Write the steps of a program that C knows in C, and build them."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from copy import copy

from ..ir import Program, Value
from ..memory.lowering import is_view
from ..source.printer import Source
from . import mathematics
from .binding import MACROS, arrays_can_be_read, entry, scratch_bytes
from .divide import Division
from .names import Names
from .plan import NativePlan
from .region import Region
from .scalars import definitions
from .toolchain import build, compilers
from .writer import Function

_HEADERS = """#include <math.h>
#include <stdbool.h>
#include <stdint.h>
"""


def is_available() -> bool:
    """Return whether functions of C can be built and called here."""
    return arrays_can_be_read() and bool(compilers())


class Native:
    """The functions of C of a program.

    Attributes
    ----------
    source : Source
        Their text.
    """

    def __init__(self, program: Program) -> None:
        if not arrays_can_be_read():
            raise RuntimeError(
                "compile: target='c' reads the memory of arrays as CPython lays it out, and this "
                "Python is another one. Use target='numpy'."
            )
        division = Division(program)
        program.run_examples()
        self.regions, self._reasons = division.regions, division.reasons
        self._program = program
        self._functions: list[Function] = []
        self.source = Source("")

    def analyse(self) -> None:
        """Put the steps of each function into loops. The layouts of its arguments are known now."""
        for region in self.regions:
            region.analyse()
        names = Names(self._regions_apart(), self._hidden())
        for region in self.regions:
            function = Function(region.name, region.fused, [*region.results.values()],
                                region.graph.guards, names)  # fmt: skip
            region.constants = [p.node.data[0] for p in function.arguments if not p.node.value]
            region.scratch_bytes = scratch_bytes(function)
            self._functions.append(function)

    def _hidden(self) -> set[Value]:
        """Return the values that have no name in C: views, and parts of other expressions."""
        found = {s.outs[0] for region in self.regions for s in region.steps if is_view(s)}
        for region in self.regions:
            found.update(node.value for node in region.fused.merged if node.value)
        return found

    def _regions_apart(self) -> Program:
        """Return the program with the steps of the regions in the places of the regions."""
        whole = copy(self._program)
        whole.steps = []
        for step in self._program.steps:
            whole.steps += step.function.steps if isinstance(step.function, Region) else [step]
        return whole

    def build(self, plan: NativePlan) -> None:
        """Write and build the functions."""
        parts = []
        for region, function in zip(self.regions, self._functions):
            nodes = {node.value: node for node in region.fused.readers}
            over = {region.results[v]: nodes[target] for v, target in region.over.items()}
            parts.append(function.write(over))
        text = "\n\n".join(parts)
        self.source = Source(f"{_HEADERS}\n{definitions(text)}\n{text}\n")
        entries = [entry(region, f) for region, f in zip(self.regions, self._functions)]
        ours = mathematics.definitions(set(re.findall(r"\bam_\w+", text)))
        whole = [_HEADERS, ours, definitions(text), text, MACROS, *entries]
        library = build("\n".join(whole))
        for region in self.regions:
            region.run = getattr(library, f"call_{region.name}")
            region.run.argtypes = [ctypes.py_object]
            region.run.restype = ctypes.c_int
        plan.bind(self.regions)

    def report(self) -> dict[str, str]:
        """Return lines on what C computes, and what NumPy."""
        n = sum(len(region.steps) for region in self.regions)
        reasons = Counter(self._reasons.values())
        why = "; ".join(f"{count}, because {text}" for text, count in reasons.most_common())
        return {
            "functions of C": f"{len(self.regions)}, of {n} steps",
            "calls of NumPy": why or "none",
        }
