"""The steps of a tape as the page tells them: sentence, formula, numbers, ledger.

All of it is read off a `Trace`. Numbers go into a `Pool`, and steps refer to them, so that the same
steps serve other numbers of the same tape.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np

from ...core.arrays import unwrap
from ...core.tensor import Tensor
from ...notation import names as naming
from ...notation.expression import PRODUCT, Call, Formula, Name
from ...notation.latex import LaTeX
from ...notation.plain import Plain
from ...notation.symbolic import parameters
from ...text.format import MOST_LISTED, listed, made_by, number, variable
from ..trace import Contribution, Step, Trace, uses
from . import sentences as telling
from .arrays import Pool, minus

#: what stands between two operands
_SIGNS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "matmul": "@", "pow": "^"}
_MOST_TERMS = 4  # of a sum that is written out
_BRIEF = 4_000  # tensors, from which on steps are told without numbers of single entries
_MOST_SAVED = 3  # local derivatives that a forward step announces

Written = dict[str, Any]


class Teller:
    """Tells the steps of one tape.

    Parameters
    ----------
    trace : Trace
    pool : Pool
        Gets the numbers.
    """

    def __init__(self, trace: Trace, pool: Pool) -> None:
        self.trace, self.pool = trace, pool
        tape = trace.tape
        self.index = {t.order: i for i, t in enumerate(tape)}
        self.tex = {order: naming.name_of(name) for order, name in trace.called.items()}
        self.taken = naming.taken(self.tex)
        self.uses = uses(tape, trace.adjoints)
        self.seen: dict[int, int] = {}
        self._locals_told: dict[tuple[int, int], Formula] = {}
        self.brief = len(tape) > _BRIEF

    def nodes(self) -> list[Written]:
        """The tensors of the tape."""
        return [self._node(t) for t in self.trace.tape]

    def _node(self, t: Tensor) -> Written:
        found: Written = {
            "name": self.trace.called[t.order],
            **({} if self.brief and not t.name else {"tex": self.tex[t.order]}),
            "op": made_by(t),
            "shape": str(t.shape) if t.dtype == float else f"{t.dtype}{t.shape}",
            "value": self.pool.array(t.data),
        }
        if t in self.trace.adjoints:
            found |= {"gradient": self.pool.array(self.trace.adjoints[t]), "uses": self.uses[t]}
        if t.op is not None:
            if not self.brief:
                found["formula"] = minus(self.trace.forward_formula(t))
            found["inputs"] = [self.index[a.order] for a in t.inputs if isinstance(a, Tensor)]
            if t.op.unfused is not None:
                found["fused"] = True
        if t.scope:
            found["scope"] = " / ".join(s.name for s in t.scope)
        return found

    def steps(self) -> list[Written]:
        """Forward, then the seed, then backward."""
        forward = [self._forward(step) for step in self.trace.forward]
        return [*forward, self._seed(), *(self._backward(step) for step in self.trace.backward)]

    # ---- forward ---------------------------------------------------------------------------------

    def _forward(self, step: Step) -> Written:
        t = step.tensor
        assert t.op is not None
        write = LaTeX(naming.Definitions(self.taken))
        right = (write.format_node if self.brief else write.format_definition)(t, self.tex)
        name, node = self.trace.called[t.order], self.index[t.order]
        sources = list(dict.fromkeys(self.trace.called[a.order] for a in _tensors(t)))
        found: Written = {
            "phase": "forward",
            "node": node,
            "say": minus(telling.forward(t.op.name, t.op.unfused is not None)),
            "tex": f"{self.tex[t.order]} = {right.text}{_where_named(right)}",
        }
        if self.brief:
            return found
        found["way"] = f"{listed(sources)} → {name}"
        found["operands"] = self._operands(t)
        found["entry"] = self.pool.text(self._entry(t))
        if locals_ := self._locals(t, write):
            found["locals"] = locals_
        return found

    def _operands(self, t: Tensor) -> list[Written]:
        assert t.op is not None
        sign = _SIGNS.get(t.op.name)
        found: list[Written] = []
        for a, name in zip(t.inputs, chain(parameters(t.op), repeat(""))):
            before = ("" if not found else sign) if sign else (", " if found else t.op.name)
            if isinstance(a, Tensor):
                found.append({"sign": before, "node": self.index[a.order]})
            elif isinstance(a, (int, float, np.generic, np.ndarray)) and np.ndim(a) < 3:
                array = np.asarray(a)
                if array.dtype.kind in "biuf":
                    known = variable(a, self.trace.called) or name
                    said = {"name": known} if known else {}
                    found.append({"sign": before, "array": self.pool.array(array), **said})
        return found[:MOST_LISTED]

    def _locals(self, t: Tensor, write: LaTeX) -> list[str]:
        """∂y/∂x = ... for each argument that derivatives flow to."""
        found = []
        for i, a in enumerate(t.inputs):
            if _is_active(self.trace, t, i, a):
                left = rf"\frac{{\partial {self.tex[t.order]}}}{{\partial {self.tex[a.order]}}}"
                right = self._local(t, i, write)
                found.append(f"{left} = {right.text}{_where_named(right)}")
        return found[:_MOST_SAVED]

    def _local(self, t: Tensor, i: int, write: LaTeX) -> Formula:
        """A local derivative, which is told forward and then backward."""
        key = t.order, i
        if key not in self._locals_told:
            self._locals_told[key] = write.format_local(self.trace.rule(t, i), self.tex)
        return self._locals_told[key]

    def _entry(self, t: Tensor) -> str:
        """The operation with the numbers of one entry in it."""
        assert t.op is not None
        arrays = [unwrap(a) for a in t.inputs]
        if not isinstance(t.data, np.ndarray) or t.data.dtype.kind != "f" or not t.size:
            return ""
        if t.op.name == "sum" and not t.ndim and 1 < np.size(arrays[0]) <= _MOST_TERMS:
            terms = [number(x) for x in np.ravel(arrays[0])]
            return " + ".join(f"({x})" if x[0] == "-" else x for x in terms) + _is(t.data[()])
        if t.kwargs or not _is_elementwise(t):
            return ""
        at = _chosen(t.data)
        entries = [float(_at(x, t.shape, at)) for x in arrays]
        if t.op.name in _SIGNS and len(entries) == 2:
            text = f" {_SIGNS[t.op.name]} ".join(map(_signed, entries))
        else:
            text = Plain().write(Call(t.op.name, [Name(number(x)) for x in entries])).text
        return f"{_where(at)}{text}{_is(t.data[at])}"

    # ---- backward --------------------------------------------------------------------------------

    def _seed(self) -> Written:
        t = self.trace.result
        name = self.trace.called[t.order]
        return {
            "phase": "seed",
            "node": self.index[t.order],
            "way": f"starts at {name}",
            "say": f"Backward starts at the result: a change of {name} changes {name} by as much, "
            "so its derivative with respect to itself is 1.",
            "tex": rf"\frac{{\partial {self.tex[t.order]}}}{{\partial {self.tex[t.order]}}} = 1",
            "why": telling.CHAIN_RULE,
        }

    def _backward(self, step: Step) -> Written:
        t = step.tensor
        assert t.op is not None
        write = LaTeX(naming.Definitions(self.taken))
        given = [self._contribution(c, write) for c in step.contributions]
        targets = list(dict.fromkeys(self.trace.called[c.target.order] for c in step.contributions))
        say = [telling.backward(t.op.name, t.op.unfused is not None)]
        say += dict.fromkeys(g.pop("said") for g in given)
        return {
            "phase": "backward",
            "node": self.index[t.order],
            "say": minus(" ".join(filter(None, say))),
            "gives": given,
            **({} if self.brief else {"way": f"{self.trace.called[t.order]} → {listed(targets)}"}),
        }

    def _sums(self, c: Contribution) -> Written:
        """A contribution, and the sum so far: the last is the adjoint, which is there already."""
        total = c.total if c.open else self.trace.adjoints[c.target]
        value = total if c.value is c.total else c.value
        return {"value": self.pool.array(value), "total": self.pool.array(total)}

    def _briefly(self, c: Contribution, nth: int) -> Written:
        """A contribution on a very long tape: its formula in plain letters, its value, its sum."""
        sign = "=" if nth == 1 else "+="
        text = minus(f"{sign} {c.formula}")
        return {
            "to": self.index[c.target.order],
            "argument": c.argument,
            "tex": rf"\text{{{naming.escaped(text)}}}",
            **self._sums(c),
            "open": c.open,
            "said": "",
        }

    def _derivative(self, by: Tensor) -> str:
        return LaTeX().derivative(self.tex[self.trace.result.order], self.tex[by.order])

    def _contribution(self, c: Contribution, write: LaTeX) -> Written:
        t, a = c.source, c.target
        nth = self.seen[a.order] = self.seen.get(a.order, 0) + 1
        if self.brief:
            return self._briefly(c, nth)
        result = self.trace.result
        arrived = "1" if t is result else self._derivative(t)
        right = write.format_rule(c.rule, self.tex, arrived)
        term = rf"\sum {write.parenthesized(right, PRODUCT)}" if c.summed else right.text
        sign = "=" if nth == 1 else "+="
        found: Written = {
            "to": self.index[a.order],
            "argument": c.argument,
            "tex": f"{self._derivative(a)} {sign} {term}{_where_named(right)}",
            "local": self._local(t, c.argument, write).text,
            **self._sums(c),
            "open": c.open,
            "why": telling.paths(self.trace.called[a.order], nth, c.open),
            "said": telling.accumulated(c, self.trace.called[a.order], nth),
        }
        slope = _slope(c)
        if slope is not None:
            found["slope"] = self.pool.once(slope)
            found["entry"] = self.pool.text(_product(self.trace, c, slope, nth > 1))
        if c.summed:
            found |= {"summed": c.summed, "spread": self.pool.array(c.spread)}
        return found


def _where_named(right: Formula) -> str:
    """Below a formula, a line for each thing that has a name in it: from the whole to its parts."""
    if not right.where:
        return ""
    lines = [f"{name} = {text}" for name, text in reversed(right.where)]
    blank = "\u00a0"  # MathML drops others at the ends of a text
    return rf" \\ \text{{where{blank}}}" + r" \\ ".join(lines)


def _tensors(t: Tensor) -> list[Tensor]:
    return [a for a in t.inputs if isinstance(a, Tensor)]


def _is_active(trace: Trace, t: Tensor, i: int, a: Any) -> bool:
    rules: Sequence[Any] = [rule for rule, _ in zip(t.op.vjps, t.inputs)] if t.op else []
    ruled = i < len(rules) and rules[i] is not None
    return ruled and isinstance(a, Tensor) and a in trace.adjoints


def _is_elementwise(t: Tensor) -> bool:
    assert t.op is not None
    return isinstance(t.op.forward, np.ufunc) and t.op.forward.signature is None


def _chosen(x: Any) -> tuple[int, ...]:
    """The entry whose numbers are written out: the second, or that of largest magnitude."""
    if x.size < 4:
        return tuple(int(i) for i in np.unravel_index(min(1, x.size - 1), x.shape))
    magnitude = np.abs(np.where(np.isfinite(x), x, 0))
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(magnitude)), x.shape))


def _at(x: Any, shape: tuple[int, ...], at: tuple[int, ...]) -> Any:
    return np.broadcast_to(x, shape)[at]


def _where(at: tuple[int, ...]) -> str:
    return f"entry {', '.join(str(i + 1) for i in at)}: " if at else ""


def _is(x: Any) -> str:
    return f" = {number(x)}"


def _slope(c: Contribution) -> Any:
    """The local derivative as numbers: what the rule makes of ones. None where it does more."""
    t = c.source
    assert t.op is not None
    if not c.rule.multiplies() or not isinstance(t.data, np.ndarray):
        return None
    rule: Any = next(r for i, r in enumerate(t.op.vjps) if i == c.argument)
    with np.errstate(all="ignore"):
        slope = np.asarray(
            rule(np.ones(t.shape, t.dtype), t._array, *map(unwrap, t.inputs), **t.kwargs)
        )
    return slope if slope.dtype.kind == "f" else None


def _product(trace: Trace, c: Contribution, slope: Any, adds: bool) -> str:
    """Upstream times local for one entry; added to what was there, if something was."""
    upstream, value = trace.adjoints[c.source], c.value
    if c.summed or np.shape(slope) != np.shape(value) or not value.size:
        return ""
    try:
        at = _chosen(c.total)
        arrived = _at(upstream, value.shape, at)
    except ValueError:  # the rule rearranges
        return ""
    with np.errstate(all="ignore"):
        product = float(arrived * slope[at])
    if not _is_same(product, float(value[at])):
        return ""
    text = f"{_signed(slope[at])} × {_signed(arrived)}"
    if adds:
        with np.errstate(all="ignore"):
            before = number(c.total[at] - value[at])
        text = f"{before} + {text}"
    return f"{_where(at)}{text}{_is(c.total[at])}"


def _is_same(a: float, b: float) -> bool:
    """Up to rounding; nan is nan."""
    return math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-8) or (a != a and b != b)


def _signed(x: Any) -> str:
    text = number(x)
    return f"({text})" if text.startswith("-") else text
