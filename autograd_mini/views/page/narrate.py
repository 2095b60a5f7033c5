"""Describe the steps of a `Trace` as the page shows them: sentence, formula, numbers, ledger.

Numbers go into a `Pool`, and steps refer to them by position. So other numbers of the same tape
can use the same steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat
from typing import Any, TypeAlias

import numpy as np

from ...core.arrays import Array, unwrap
from ...core.messages import shown
from ...core.tensor import Tensor
from ...notation import names as naming
from ...notation.expression import Call, Formula, Name
from ...notation.latex import LaTeX
from ...notation.plain import Plain
from ...notation.symbolic import parameters
from ...text.format import ELLIPSIS, MOST_LISTED, format_number, join, made_by, variable
from ..trace import Step, Term, Trace, count_uses, quiet_contributions
from .arrays import Pool, minus
from .ending import ending
from .opening import opening
from .predict import Questions
from .sentences import sentences
from .story import Story

#: operators, written between two operands
_SIGNS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "matmul": "@", "pow": "^"}
_MOST_TERMS = 4  # terms of a sum that is written out
_BRIEF = 4_000  # tensors of the longest tape whose steps are described in full
_MOST_FORMULAS = 10  # formulas that the first step lists
_MOST_SUMS = 4  # sentences of one step about sums of contributions
_MOST_SAVED = 3  # local derivatives that a forward step lists

Description: TypeAlias = dict[str, Any]


class Narrator:
    """Describe the tensors and the steps of one tape, and write their numbers into a pool."""

    def __init__(self, trace: Trace, pool: Pool) -> None:
        self.trace, self.pool = trace, pool
        self.index = {t.order: i for i, t in enumerate(trace.tape)}
        self.tex = {order: naming.name_of(name) for order, name in trace.names.items()}
        self.taken = naming.taken(self.tex)
        self.uses = count_uses(trace.tape, trace.adjoints)
        self.seen: dict[int, int] = {}
        self._local_formulas: dict[tuple[int, int], Formula] = {}
        self.brief = len(trace.tape) > _BRIEF

    def nodes(self) -> list[Description]:
        """Return the tensors of the tape."""
        return [self._node(t) for t in self.trace.tape]

    def _node(self, t: Tensor) -> Description:
        found: Description = {
            "name": self.trace.names[t.order],
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
            found["scope"] = " / ".join(shown(s.name) for s in t.scope)
        return found

    def steps(self) -> list[Description]:
        """Return the steps: the opening, forward, the seed, backward, and the ending."""
        story = Story(self.trace, self.index, self.tex, self.pool)
        steps = [opening(story)]
        steps += [self._forward(step) for step in self.trace.forward]
        if len(steps) <= _MOST_FORMULAS:  # the first step lists the whole computation
            steps[0]["tex"] = r" \\ ".join(step["tex"] for step in steps[1:])
        steps.append(self._seed())
        steps += [self._backward(step) for step in self.trace.backward]
        if not self.brief:
            self._ask(steps)
        return [*steps, ending(story)]

    def _ask(self, steps: list[Description]) -> None:
        """Add a question to each step before one that surprises."""
        ask = Questions(self.trace.names)
        questions = [ask.stop(step) for step in self.trace.forward]
        questions.append(ask.seed(self.trace.names[self.trace.result.order]))
        questions += [ask.backward(step) for step in self.trace.backward]
        for step, question in zip(steps, questions):
            if question:
                step["ask"] = question

    def _forward(self, step: Step) -> Description:
        t = step.tensor
        assert t.op is not None
        write = LaTeX(naming.Definitions(self.taken))
        right = (write.format_node if self.brief else write.format_definition)(t, self.tex)
        found: Description = {
            "phase": "forward",
            "node": self.index[t.order],
            "say": minus(sentences.forward(t.op.name, t.op.unfused is not None)),
            "tex": f"{self.tex[t.order]} = {right.text}{_where_named(right, write)}",
        }
        if self.brief:
            return found
        inputs = [a for a in t.inputs if isinstance(a, Tensor)]
        found["way"] = f"{self._names(inputs)} → {self.trace.names[t.order]}"
        found["operands"] = self._operands(t)
        found["entry"] = self.pool.text(self._entry(t))
        if locals_ := self._locals(t, write):
            found |= {"locals": locals_, "saved": self._saved(t)}
        return found

    def _names(self, tensors: Iterable[Tensor]) -> str:
        return join(list(dict.fromkeys(self.trace.names[t.order] for t in tensors)))

    def _operands(self, t: Tensor) -> list[Description]:
        assert t.op is not None
        first, between = ("", _SIGNS[t.op.name]) if t.op.name in _SIGNS else (t.op.name, ", ")
        found: list[Description] = []
        for i, (a, name) in enumerate(zip(t.inputs, chain(parameters(t.op), repeat("")))):
            place = {"sign": between if found else first, "argument": i}
            if isinstance(a, Tensor):
                found.append({**place, "node": self.index[a.order]})
            elif isinstance(a, (int, float, np.generic, np.ndarray)) and np.ndim(a) < 3:
                array = np.asarray(a)
                if array.dtype.kind in "biuf":
                    known = variable(a, self.trace.names) or name
                    label = {"name": known} if known else {}
                    found.append({**place, "array": self.pool.array(array), **label})
        return found[:MOST_LISTED]

    def _locals(self, t: Tensor, write: LaTeX) -> list[str]:
        """Return ∂y/∂x = ... for each argument that has a gradient.

        If the rule does more than multiply, return the gradient that it computes: ∂L/∂x = ...
        """
        found = []
        for i, a in self._ruled(t):
            rule, by = self.trace.rule(t, i), self.tex[a.order]
            if rule.multiplies() or not isinstance(rule.result, Tensor):
                left, right = write.derivative(self.tex[t.order], by), self._local(t, i, write)
            else:
                left, right = (
                    self._derivative(a),
                    write.format_rule(rule, self.tex, self._derivative(t)),
                )
            found.append(f"{left} = {right.text}{_where_named(right, write)}")
        return found[:_MOST_SAVED]

    def _ruled(self, t: Tensor) -> list[tuple[int, Tensor]]:
        """Return the arguments that a node contributes to, with their positions."""
        return [
            (i, a)
            for i, (rule, a) in enumerate(zip(t.op.vjps, t.inputs) if t.op else ())
            if rule is not None and isinstance(a, Tensor) and a in self.trace.adjoints
        ]

    def _saved(self, t: Tensor) -> str:
        """Return the names of the tensors that the rules of a node use, as symbols showed."""
        used: set[int] = set()
        for i, _ in self._ruled(t):
            rule = self.trace.rule(t, i)
            if rule.is_unknown:  # it may use any
                return self._names(a for a in (*t.inputs, t) if isinstance(a, Tensor))
            used |= {rule.symbols[s.order].order for s in rule.tape if s.order in rule.symbols}
        return self._names(a for a in (*t.inputs, t) if getattr(a, "order", -1) in used)

    def _local(self, t: Tensor, i: int, write: LaTeX) -> Formula:
        """Return a local derivative. It is shown in the forward and in the backward pass."""
        key = t.order, i
        if key not in self._local_formulas:
            self._local_formulas[key] = write.format_local(self.trace.rule(t, i), self.tex)
        return self._local_formulas[key]

    def _entry(self, t: Tensor) -> str:
        """Return the operation written with the numbers of one entry."""
        assert t.op is not None
        arrays = [unwrap(a) for a in t.inputs]
        if not isinstance(t.data, np.ndarray) or t.data.dtype.kind != "f" or not t.size:
            return ""
        if t.op.name == "sum" and not t.ndim and 1 < np.size(arrays[0]) <= _MOST_TERMS:
            return " + ".join(map(_signed, np.ravel(arrays[0]))) + _equals(t.data[()])
        if t.kwargs or not isinstance(t.op.forward, np.ufunc) or t.op.forward.signature:
            return ""
        at = _chosen(t.data)
        entries = [float(np.broadcast_to(x, t.shape)[at]) for x in arrays]
        if t.op.name in _SIGNS and len(entries) == 2:
            text = f" {_SIGNS[t.op.name]} ".join(map(_signed, entries))
        else:
            text = Plain().write(Call(t.op.name, [Name(format_number(x)) for x in entries])).text
        return f"{_where(at)}{text}{_equals(t.data[at])}"

    def _seed(self) -> Description:
        t = self.trace.result
        name = self.trace.names[t.order]
        return {
            "phase": "seed",
            "node": self.index[t.order],
            "way": f"starts at {name}",
            "say": f"The backward pass starts at the result. A change of {name} changes {name} by "
            "the same amount, so its own gradient is 1. This first gradient is called the seed.",
            "tex": f"{self._derivative(t)} = 1",
            "why": sentences.CHAIN_RULE,
        }

    def _backward(self, step: Step) -> Description:
        t = step.tensor
        assert t.op is not None
        write = LaTeX(naming.Definitions(self.taken))
        slopes = {} if self.brief else _slopes(step)
        gives = [self._contribution(c, slopes.get(c.argument), write) for c in step.contributions]
        say = [sentences.backward(t.op.name, t.op.unfused is not None)]
        said = list(dict.fromkeys(filter(None, (each.pop("added") for each in gives))))
        say += said if len(said) <= _MOST_SUMS else [said[0], ELLIPSIS, said[-1]]
        found: Description = {
            "phase": "backward",
            "node": self.index[t.order],
            "say": minus(" ".join(say)),
            "gives": gives,
        }
        if not self.brief:
            targets = self._names(c.target for c in step.contributions)
            found["way"] = f"{self.trace.names[t.order]} → {targets}"
        return found

    def _derivative(self, by: Tensor) -> str:
        return LaTeX().derivative(self.tex[self.trace.result.order], self.tex[by.order])

    def _contribution(self, c: Term, slope: Array | None, write: LaTeX) -> Description:
        t, a = c.source, c.target
        nth = self.seen[a.order] = self.seen.get(a.order, 0) + 1
        sign = "=" if nth == 1 else "+="
        total = c.total if c.open else self.trace.adjoints[a]
        found: Description = {
            "to": self.index[a.order],
            "argument": c.argument,
            "value": self.pool.array(total if c.is_first else c.value),
            "total": self.pool.array(total),
            "open": c.open,
        }
        if self.brief:
            text = naming.escaped(minus(f"{sign} {c.formula}"))
            return {**found, "tex": rf"\text{{{text}}}", "added": ""}
        arrived = "1" if t is self.trace.result else self._derivative(t)
        right = write.format_sum(c.rule, self.tex, arrived, c.spread.shape, c.axes)
        name = self.trace.names[a.order]
        found |= {
            "tex": f"{self._derivative(a)} {sign} {right.text}{_where_named(right, write)}",
            "local": self._local(t, c.argument, write).text,
            "why": sentences.contributions(name, nth, c.open),
            "added": sentences.accumulated(c, name, nth),
        }
        if slope is not None:
            found["slope"] = self.pool.once(slope)
            found["entry"] = self.pool.text(_product(self.trace, c, slope, nth > 1))
        if c.summed:
            found |= {"summed": c.summed, "spread": self.pool.array(c.spread)}
        return found


def _where_named(right: Formula, write: LaTeX) -> str:
    """Return a line for each name that a formula defines: first those in the formula itself."""
    if not right.where:
        return ""
    assert write.definitions is not None
    depths = write.definitions.depths
    where = sorted(right.where, key=lambda definition: depths[definition[0]])
    blank = "\u00a0"  # MathML drops other blanks at the ends of a text
    return rf" \\ \text{{where{blank}}}" + r" \\ ".join(map(" = ".join, where))


def _chosen(x: Any) -> tuple[int, ...]:
    """Return the entry whose numbers are shown: of few the second, of many the largest."""
    position = min(1, x.size - 1) if x.size < 4 else _largest(x)
    return tuple(map(int, np.unravel_index(position, x.shape)))


def _largest(x: Array) -> Any:
    """Return the position of the finite entry of largest magnitude."""
    high, low = np.argmax(x), np.argmin(x)  # makes no copy of a large array
    above, below = x.flat[high], x.flat[low]
    if not np.isfinite([above, below]).all():
        return np.argmax(np.abs(np.where(np.isfinite(x), x, 0)))
    return high if above >= -below else low


def _where(at: tuple[int, ...]) -> str:
    return f"entry {', '.join(map(str, at))}: " if at else ""


def _equals(x: Any) -> str:
    return f" = {format_number(x)}"


def _slopes(step: Step) -> dict[int, Array]:
    """Return the local derivatives of a node as numbers, by argument, for rules that multiply.

    Such a rule returns its local derivative for a cotangent of ones.
    """
    t = step.tensor
    multiply = {c.argument for c in step.contributions if c.rule.multiplies()}
    if not multiply or not isinstance(t.data, np.ndarray):
        return {}
    ones = np.ones(t.shape, t.dtype)
    slopes = {c.argument: np.asarray(c.value) for c in quiet_contributions(t, ones)}
    return {i: slopes[i] for i in multiply if slopes[i].dtype.kind == "f"}


def _product(trace: Trace, c: Term, slope: Array, adds: bool) -> str:
    """Return upstream times local for one entry, added to the sum so far if there is one."""
    upstream, value = trace.adjoints[c.source], c.value
    if c.summed or np.shape(slope) != np.shape(value) or not value.size:
        return ""
    try:
        upstream = np.broadcast_to(upstream, value.shape)
    except ValueError:  # the rule rearranges entries
        return ""
    at = _chosen(c.total)
    with np.errstate(all="ignore"):
        product, before = upstream[at] * slope[at], c.total[at] - value[at]
    if not np.isclose(float(product), float(value[at]), equal_nan=True):
        return ""
    text = f"{_signed(slope[at])} × {_signed(upstream[at])}"
    if adds:
        text = f"{format_number(before)} + {text}"
    return f"{_where(at)}{text}{_equals(c.total[at])}"


def _signed(x: Any) -> str:
    text = format_number(x)
    return f"({text})" if text.startswith("-") else text
