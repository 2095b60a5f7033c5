"""Write the steps of a program that C knows in C, and build them."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Sequence
from copy import copy
from typing import Any

from ..ir import Program
from ..source.printer import Source
from . import mathematics
from .binding import CHECK, TUPLE, arrays_can_be_read, entry, scratch_bytes
from .divide import Division
from .lines import MACROS
from .names import Names
from .plan import NativePlan
from .region import Region
from .repeats import texts
from .scalars import definitions
from .toolchain import BuildError, build
from .writer import Function

#: fused nodes that C computes as they are; of the others it computes the graphs
WHOLE_NODES = ("max_pool2d",)
_HEADERS = f"""#include <math.h>
#include <stdbool.h>
#include <stdint.h>

{MACROS}
"""
_FOR_GCC = """\
/* With this pass, GCC has no vectors for a maximum of two numbers if one of them is a mask, or if
   the loop stores a mask of the maximum. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-pre")
#endif
"""


class Native:
    """The functions of C of a program.

    Attributes
    ----------
    texts, entries : list of str
        The functions, and those that ctypes calls in turn.
    source : Source
        The functions as a file.
    are_alike : callable
        Whether arrays have the layouts that a table lists; see `binding`.
    """

    def __init__(self, program: Program, prefix: str = "") -> None:
        if not arrays_can_be_read():
            raise BuildError(
                "compile: target='c' only works in CPython, because it reads the memory of arrays. "
                "Use target='numpy'."
            )
        division = Division(program, prefix)
        program.run_examples()
        self.regions, self._reasons = division.regions, division.reasons
        self._program, self._prefix = program, prefix
        self.functions: list[Function] = []
        self.texts: list[str] = []
        self.entries: list[str] = []
        self.source = Source("")
        self.are_alike: Any = None

    def analyse(self) -> None:
        """Put the steps of each function into loops. The layouts of its arguments are known now."""
        for region in self.regions:
            region.analyse()
        unnamed = {v for region in self.regions for v in region.unnamed()}
        names = Names(self._regions_apart(), unnamed)
        for region in self.regions:
            function = Function(region.name, region.fused, [*region.results.values()],
                                region.graph.guards, names)  # fmt: skip
            region.constants = [p.node.data[0] for p in function.arguments if not p.node.value]
            region.scratch_bytes = scratch_bytes(function)
            self.functions.append(function)

    def _regions_apart(self) -> Program:
        """Return the program with the steps of the regions in the places of the regions."""
        whole = copy(self._program)
        whole.steps = []
        for step in self._program.steps:
            whole.steps += step.function.steps if isinstance(step.function, Region) else [step]
        return whole

    def build(self, plan: NativePlan) -> None:
        """Write and build the functions."""
        self.write()
        self.bind(build(library_text([self])), plan)

    def write(self) -> None:
        """Write the functions. The plan has chosen the memory of results by now."""
        for region, function in zip(self.regions, self.functions):
            nodes = {node.value: node for node in region.fused.readers}
            function.overwrite({region.results[v]: nodes[x] for v, x in region.over.items()})
            self.entries.append(entry(region, function))
        self.texts = texts(self.functions, self._prefix)
        text = "\n\n".join(self.texts)
        self.source = Source("\n".join([_HEADERS, definitions(text), text]))

    def bind(self, library: Any, plan: NativePlan) -> None:
        """Let the plan call the functions of a library."""
        for region in self.regions:
            region.run = getattr(library, f"call_{region.name}")
            region.run.argtypes = [ctypes.py_object]
            region.run.restype = ctypes.c_int
        # It keeps Python's lock, so that no thread changes an array while C reads its fields.
        alike = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object)
        self.are_alike = alike(("are_alike", library))
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


def library_text(natives: Sequence[Native]) -> str:
    """Return a file of C with all that the functions of some programs need."""
    texts = [text for native in natives for text in native.texts]
    entries = [text for native in natives for text in native.entries]
    code = re.sub("//.*", "", "\n".join(texts))
    helpers = definitions(code)
    ours = mathematics.definitions(sorted(set(re.findall(r"\bam_\w+", helpers + code))))
    return "\n".join([_FOR_GCC, _HEADERS, ours, helpers, *texts, TUPLE, CHECK, *entries])
