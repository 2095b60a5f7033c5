"""Regions: the steps of a program that are one function of C."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.pytree import tree_map
from ..ir import Step, Value
from ..memory.lowering import CHECKS, is_view
from .fuse import Fused
from .graph import Graph
from .node import Node, copied


def is_number(x: Any) -> bool:
    """Return whether `x` is a number of Python's, which leaves the dtype to arrays [NEP 50]."""
    return type(x) in (bool, int, float)


class Region:
    """Steps that are one function of C.

    Attributes
    ----------
    inputs, outs : list of Value
        What it reads, and what others read of it.
    constants : list of array
        Arrays that it reads too.
    results : dict of Value to Node
        The nodes of `outs`.
    run : callable
        The function of C, once it is built. It takes one tuple of arrays.
    """

    def __init__(self, name: str, checks: Mapping[Value, Step]) -> None:
        self.name = name
        self._checks = checks
        self.steps: list[Step] = []
        self.graph = Graph(checks)
        self.inputs: list[Value] = []
        self.outs: list[Value] = []
        self.constants: list[Any] = []
        self.results: dict[Value, Node] = {}
        self.over: dict[Value, Value] = {}  # results that are written over arguments
        self.scratch_bytes = 0
        self.run: Any = None

    # ---- as a step of the program ----------------------------------------------------------------

    def __call__(self, *inputs: Any) -> tuple[Any, ...]:
        """Run the steps with NumPy, and return new arrays in C's order."""
        known = self._evaluated(self.steps, inputs)
        found = [known[v] for v in self.outs]
        return tuple(x if is_number(x) else np.array(x, order="C") for x in found)

    def _evaluated(self, steps: Sequence[Step], inputs: Sequence[Any]) -> dict[Value, Any]:
        known = dict(zip(self.inputs, inputs))

        def at(x: Any) -> Any:
            return known[x] if isinstance(x, Value) else x

        for step in steps:
            y = step.function(*tree_map(at, step.args), **tree_map(at, step.kwargs))
            known.update(zip(step.outs, y if step.several else [y]))
        return known

    def as_step(self) -> Step:
        """Return a step that runs the function."""
        made = {v for step in self.steps for v in step.outs}
        inputs = dict.fromkeys(v for step in self.steps for v in step.inputs if v not in made)
        self.inputs = [*inputs]
        step = Step(self, tuple(self.inputs), {}, None, self.steps[-1].part)
        step.outs, step.several = tuple(self.outs), True
        return step

    def recover(self, given: tuple[Any, ...]) -> None:
        """Raise the error of an index that is out of range, or run on copies that are aligned."""
        inputs = given[: len(self.inputs)]
        checks = [guard.step for guard in self.graph.guards]
        early = [s for s in [*self.steps, *checks] if is_view(s) or s.function in CHECKS]
        known = set(self.inputs)
        for n, step in enumerate(early):
            if known.issuperset(step.inputs):
                known.update(step.outs)
                self._evaluated([s for s in early[: n + 1] if known.issuperset(s.outs)], inputs)
        aligned = [np.require(x, requirements="A") if isinstance(x, np.ndarray) else x
                   for x in given]  # fmt: skip
        self.run(tuple(aligned))
        for x, y in zip(given, aligned):
            if x is not y and x.flags.writeable:
                x[...] = y

    # ---- as loops --------------------------------------------------------------------------------

    def analyse(self) -> None:
        """Put the steps into loops. The layout of the inputs is known by now."""
        self.graph = Graph(self._checks)
        for step in self.steps:
            self.graph.add(step)
        nodes = [self.graph.nodes[v] for step in self.steps for v in step.outs]
        for v in self.outs:
            node = self.graph.nodes[v]
            is_sum = not node.shape and node.op != "map"  # which a register holds until it is done
            is_moved = node.last == 0 and node.op != "map"  # as neighbours in memory are summed
            if node.value is not v or node.op == "view" or is_sum or is_moved:
                node.value = None if node.value is v else node.value
                node = copied(node)
                node.value = v
                nodes.append(node)
            self.results[v] = node
        self.fused = Fused(nodes, [*self.results.values()], [g.node for g in self.graph.guards])

    def unnamed(self) -> set[Value]:
        """Return the values that have no name in C: views, and parts of other expressions."""
        values = [v for step in self.steps for v in step.outs]
        views = {v for v in values if self.graph.nodes[v].op == "view"}
        return views | {node.value for node in self.fused.merged if node.value}

    def may_overwrite(self, result: Value, argument: Value) -> bool:
        """Return whether a result can be written over an argument, which nothing reads later."""
        nodes = self.fused.readers
        taken = next((node for node in nodes if node.value is argument), None)
        return taken is not None and self.fused.may_overwrite(self.results[result], taken)
