"""Write into the steps of a page which entries each array was computed from: see `reads`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from ...core.arrays import Array, unwrap
from ...core.tensor import Tensor
from ..trace import Step, Term, Trace
from .reads import Dependence, Reads, as_bits, dependence


def write_uses(trace: Trace, steps: Sequence[dict[str, Any]]) -> list[Reads]:
    """Write the dependences into steps, and return those that their numbers refer to."""
    writer = _Writer(trace)
    for step, description in zip(trace.forward, steps[1:]):  # after the start
        if "operands" in description:  # not on a long tape, whose steps are brief
            writer.forward(step, description)
    for step, description in zip(trace.backward, steps[len(trace.forward) + 2 :]):
        if "way" in description:
            writer.backward(step, description)
    return writer.found


class _Writer:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.index = {t.order: i for i, t in enumerate(trace.tape)}
        self.found: list[Reads] = []
        #: shape and entries of a dependence -> its position
        self._positions: dict[tuple[tuple[int, ...], bytes], int] = {}
        self._dependences: dict[Hashable, Dependence] = {}

    def forward(self, step: Step, description: dict[str, Any]) -> None:
        """Write how a node depends on its operands."""
        found = self._dependence(step.tensor)
        if found.form:
            description["form"] = found.form
        for operand in description["operands"]:
            operand |= self._reads(found.arguments[operand["argument"]])

    def backward(self, step: Step, description: dict[str, Any]) -> None:
        """Write how the contributions of a node depend on its gradient, and on a factor."""
        found = self._dependence(step.tensor)
        for c, given in zip(step.contributions, description["gives"]):
            own = found.arguments[c.argument]
            up = None if own is None else _flat(own).T.reshape(-1, *(c.source.shape or (1,)))
            uses = [{"node": self.index[c.source.order], "gradient": True, **self._reads(up)}]
            if up is not None:
                uses += self._factor(c, found, given, up)
                given["form"] = "products" if len(uses) > 1 else self._form(c, up)
            given["uses"] = uses

    def _factor(
        self, c: Term, found: Dependence, given: dict[str, Any], up: Array
    ) -> list[dict[str, Any]]:
        """Return the local derivative, or the other operand of a sum of products."""
        if "slope" in given:
            same = c.spread.shape == c.source.shape
            slope = {"node": self.index[c.source.order], "array": given["slope"]}
            return [{**slope, **self._reads(up)}] if same else []
        if found.form != "products" or c.argument > 1:
            return []
        own, other = found.arguments[c.argument], found.arguments[1 - c.argument]
        t = c.source.inputs[1 - c.argument]
        if own is None or other is None or not isinstance(t, Tensor):
            return []
        factor = np.zeros((len(up), other[0].size), bool)
        factor[np.nonzero(_flat(own))[1], np.nonzero(_flat(other))[1]] = True
        return [{"node": self.index[t.order], **self._reads(factor.reshape(-1, *other.shape[1:]))}]

    def _form(self, c: Term, up: Array) -> str:
        """Return "sum" if a contribution only adds entries of the gradient."""
        with np.errstate(all="ignore"):
            total = _flat(up) @ np.ravel(self.trace.adjoints[c.source])
        return "sum" if np.allclose(total, np.ravel(c.value), equal_nan=True) else ""

    def _dependence(self, t: Tensor) -> Dependence:
        """Return the dependence of a node, computed once for nodes of the same structure."""
        key = t.op, str([_structure(unwrap(a)) for a in t.inputs]), repr(t.kwargs)
        if key not in self._dependences:
            self._dependences[key] = dependence(t)
        return self._dependences[key]

    def _reads(self, depends: Array | None) -> dict[str, int]:
        """Return the position of a dependence."""
        if depends is None:
            return {}
        key = depends.shape, depends.tobytes()
        if key not in self._positions:
            bits = as_bits(depends)
            if bits not in self.found:
                self.found.append(bits)
            self._positions[key] = self.found.index(bits)
        return {"reads": self._positions[key]}


def _flat(depends: Array) -> Array:
    return depends.reshape(len(depends), -1)


def _structure(a: Any) -> Any:
    """Return the shape of numbers, and everything else as it is."""
    is_float = isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind == "f"
    return a.shape if is_float else a
