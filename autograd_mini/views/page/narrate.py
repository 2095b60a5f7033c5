"""Describe the steps of a `Trace` as the page shows them: sentence, formula, numbers, ledger.

Numbers go into a `Pool`, and steps refer to them by position. So other numbers of the same tape
can use the same steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any, TypeAlias

import numpy as np

from ...core.arrays import Array, unwrap
from ...core.messages import shown
from ...core.tensor import Tensor
from ...notation import names as naming
from ...notation.expression import Formula
from ...notation.latex import LaTeX
from ...notation.plain import Plain
from ...notation.symbolic import parameters
from ...text.format import ELLIPSIS, MOST_LISTED, join, made_by, truncate, variable
from ..graph.graph import LONGEST_NAME
from ..trace import Step, Term, Trace, count_uses
from .arrays import Pool, minus
from .batch import Batch
from .ending import ending
from .lines import SIGNS, operation_line, product_line
from .opening import opening
from .otherwise import Otherwise, other_rules
from .predict import Questions
from .sentences import sentences
from .story import Story

_BRIEF = 1_500  # tensors of the longest tape whose steps are described in full
_MOST_FORMULAS = 10  # formulas that the first step lists
_MOST_SUMS = 4  # sentences of one step about sums of contributions
_MOST_UPDATES = 4  # parameters whose update is written out
_LONG_NAME = 12  # characters; the update of a longer name gets two lines
_MOST_SAVED = 3  # local derivatives that a forward step lists

Description: TypeAlias = dict[str, Any]


class Narrator:
    """Describe the tensors and the steps of one tape, and write their numbers into a pool."""

    def __init__(
        self,
        trace: Trace,
        pool: Pool,
        batch: Batch | None = None,
        trained: Sequence[Tensor] = (),
    ) -> None:
        self.trace, self.pool, self.batch, self.trained = trace, pool, batch or Batch(), trained
        self.index = {t.order: i for i, t in enumerate(trace.tape)}
        self.updates = [self.index[t.order] for t in trained]
        self.tex = LaTeX().spell_all(trace.names)
        self.taken = naming.taken(self.tex)
        self.uses = count_uses(trace.tape, trace.adjoints)
        self.seen: dict[int, list[Array]] = {}  # the sums of contributions so far
        self._others: dict[int, Otherwise | None] = {}
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
            "value": self.pool.array(unwrap(t), self._rows(t)),
        }
        if t in self.trace.adjoints:
            gradient = self.pool.array(self.trace.adjoints[t], self._rows(t))
            found |= {"gradient": gradient, "uses": self.uses[t]}
            symbol = self.trace.derivative(t)
            if (head := truncate(symbol, LONGEST_NAME)) != symbol:
                found["head"] = head
        if t.op is not None:
            found["inputs"] = [self.index[a.order] for a in t.inputs if isinstance(a, Tensor)]
            if t.op.unfused is not None:
                found["fused"] = True
        if self.index[t.order] in self.updates:
            found["trained"] = True
        if t.scope:
            found["scope"] = " / ".join(shown(s.name) for s in t.scope)
        return found

    def _rows(self, t: Tensor) -> int:
        """Return the number of examples that a tensor has a row for, or 0."""
        return self.batch.length if self.index[t.order] in self.batch.tensors else 0

    def steps(self) -> list[Description]:
        """Return the steps: opening, forward, seed, backward, update and ending."""
        story = Story(self.trace, self.index, self.tex, self.pool)
        steps = [opening(story)]
        steps += [self._forward(step) for step in self.trace.forward]
        for step, done in zip(steps[1:], self.trace.forward):
            if story.found and done.tensor is story.found.shifted:
                step["say"] += sentences.SHIFT
        if len(steps) <= _MOST_FORMULAS:  # the first step lists the whole computation
            steps[0]["tex"] = r" \\ ".join(step["tex"] for step in steps[1:])
        steps.append(self._seed())
        steps += [self._backward(step) for step in self.trace.backward]
        if not self.brief:
            self._ask(steps)
        update = [self._update()] if self.trained else []
        return [*steps, *update, ending(story, bool(self.trained))]

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
        found["entry"] = self.pool.text(operation_line(t))
        if locals_ := self._locals(t, write):
            found |= {"locals": locals_, "saved": self._saved(t)}
            if other := self._other_rules(t):
                texts = self._locals(t, write, other)
                found["otherwise"] = {"unless": other.unless, "locals": texts}
        return found

    def _other_rules(self, t: Tensor) -> Otherwise | None:
        """Return the rules of a node for other numbers, if its formulas depend on numbers."""
        if t.order not in self._others:
            self._others[t.order] = other_rules(t, self.trace, self.tex, self.pool)
        return self._others[t.order]

    def _names(self, tensors: Iterable[Tensor]) -> str:
        return join(list(dict.fromkeys(self.trace.names[t.order] for t in tensors)))

    def _operands(self, t: Tensor) -> list[Description]:
        assert t.op is not None
        first, between = ("", SIGNS[t.op.name]) if t.op.name in SIGNS else (t.op.name, ", ")
        found: list[Description] = []
        for i, (a, name) in enumerate(zip(t.inputs, chain(parameters(t.op), repeat("")))):
            place = {"sign": between if found else first, "argument": i}
            if isinstance(a, Tensor):
                found.append({**place, "node": self.index[a.order]})
            elif isinstance(a, (int, float, np.generic, np.ndarray)) and np.ndim(a) < 3:
                known = variable(a, self.trace.names) or name
                if np.asarray(a).dtype.kind in "biuf":
                    label = {"name": known} if known else {}
                    found.append({**place, "array": self._constant(t, i), **label})
        if len(found) > MOST_LISTED:
            last = {**found[-1], "sign": f", {ELLIPSIS}, "}
            return [*found[: MOST_LISTED // 2], last]
        return found

    def _constant(self, t: Tensor, i: int) -> int:
        """Add the i-th argument of a node, an array or a number, to the pool."""
        a: Any = t.inputs[i]
        if not isinstance(a, np.ndarray):
            return self.pool.constant(np.asarray(a))
        is_batch = (self.index[t.order], i) in self.batch.constants
        return self.pool.array(a, self.batch.length if is_batch else 0)

    def _locals(self, t: Tensor, write: LaTeX, other: Otherwise | None = None) -> list[str]:
        """Return ∂y/∂x = ... for each argument that has a gradient.

        If the rule does more than multiply, return the gradient that it computes: ∂L/∂x = ...
        """
        found = []
        for i, a in self._ruled(t):
            rule = other.rules[i] if other else self.trace.rule(t, i)
            if rule.multiplies() or not isinstance(rule.result, Tensor):
                left = write.derivative(self.tex[t.order], self.tex[a.order])
                right = self._local(t, i, write, other)
            else:
                left, names = self._derivative(a), other.tex if other else self.tex
                right = write.format_rule(rule, names, self._derivative(t))
            found.append(f"{left} = {right.text}{_where_named(right, write)}")
        if len(found) > _MOST_SAVED:
            return [*found[:_MOST_SAVED], r"\ldots"]
        return found

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

    def _local(self, t: Tensor, i: int, write: LaTeX, other: Otherwise | None = None) -> Formula:
        """Return a local derivative. It is shown in the forward and in the backward pass."""
        if other:
            return write.format_local(other.rules[i], other.tex, self.trace.cotangent)
        key = t.order, i
        if key not in self._local_formulas:
            rule = self.trace.rule(t, i)
            self._local_formulas[key] = write.format_local(rule, self.tex, self.trace.cotangent)
        return self._local_formulas[key]

    def _seed(self) -> Description:
        t = self.trace.result
        name = self.trace.names[t.order]
        return {
            "phase": "seed",
            "node": self.index[t.order],
            "way": f"starts at {name}",
            "say": f"The backward pass starts at the result. A change of {name} changes {name} by "
            f"the same amount, so the gradient of {name} is 1. This first gradient is called the "
            "seed.",
            "tex": f"{self._derivative(t)} = 1",
            "why": sentences.CHAIN_RULE,
        }

    def _backward(self, step: Step) -> Description:
        t = step.tensor
        assert t.op is not None
        write = LaTeX(naming.Definitions(self.taken))
        slopes = {} if self.brief else step.slopes
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

    def _update(self) -> Description:
        formulas = [self._update_of(t) for t in self.trained[:_MOST_UPDATES]]
        return {
            "phase": "update",
            "node": self.updates[-1],
            "updates": self.updates,
            "way": f"new {self._names(self.trained)}",
            "say": sentences.UPDATE,
            "why": sentences.LEARNING_RATE,
            "tex": r" \\ ".join(formulas),
        }

    def _update_of(self, t: Tensor) -> str:
        """Return the update of a parameter. It has two lines if the name is long."""
        tex, end = self.tex[t.order], r" \\" * (len(self.trace.names[t.order]) > _LONG_NAME)
        return rf"{tex}{end} ← {tex} - η {self._derivative(t)}"

    def _derivative(self, by: Tensor) -> str:
        return LaTeX().derivative(self.tex[self.trace.result.order], self.tex[by.order])

    def _contribution(self, c: Term, slope: Array | None, write: LaTeX) -> Description:
        t, a = c.source, c.target
        before = self.seen.setdefault(a.order, [])
        nth = len(before) + 1
        sign = "=" if nth == 1 else "+="
        total = c.total if c.open else self.trace.adjoints[a]
        before.append(total)
        rows = self._rows(a)
        found: Description = {
            "to": self.index[a.order],
            "argument": c.argument,
            "value": self.pool.array(total if c.is_first else c.value, rows),
            "total": self.pool.array(total, rows),
            "open": c.open,
        }
        if self.brief:
            text = naming.escaped(minus(f"{sign} {self.trace.backward_formula(c)}"))
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
        if other := self._other_rules(t):
            found["otherwise"] = self._otherwise(c, other, f"{self._derivative(a)} {sign}", arrived)
        if slope is not None:
            found["slope"] = self.pool.array(slope, self._rows_like(slope, t, a))
            found["entry"] = self.pool.text(product_line(self.trace, c, slope, before[-2:]))
        if c.summed:
            spread = self.pool.array(c.spread, self._rows_like(c.spread, t, a))
            repeated = f"{name} was repeated, so the gradients of its copies are added: {c.summed}"
            found |= {"summed": repeated, "spread": spread}
        return found

    def _otherwise(self, c: Term, other: Otherwise, left: str, arrived: str) -> Description:
        """Return the formulas of a contribution for other numbers."""
        rule, write = other.rules[c.argument], LaTeX(naming.Definitions(self.taken))
        letter = self.trace.cotangent
        right = write.format_sum(rule, other.tex, arrived, c.spread.shape, c.axes)
        return {
            "unless": other.unless,
            "tex": f"{left} {right.text}{_where_named(right, write)}",
            "local": write.format_local(rule, other.tex, letter).text,
            "pill": minus(Plain().format_local(rule, other.plain, letter).text),
        }

    def _rows_like(self, x: Array, *tensors: Tensor) -> int:
        """Return the number of examples in the rows of an array that a rule returned.

        They are those of the tensor that the rule belongs to, or of its argument.
        """
        rows = max(map(self._rows, tensors))
        return rows if np.shape(x)[:1] == (rows,) else 0


def _where_named(right: Formula, write: LaTeX) -> str:
    """Return a line for each name that a formula defines: first those in the formula itself."""
    if not right.where:
        return ""
    assert write.definitions is not None
    depths = write.definitions.depths
    where = sorted(right.where, key=lambda definition: depths[definition[0]])
    blank = "\u00a0"  # MathML drops other blanks at the ends of a text
    return rf" \\ \text{{where{blank}}}" + r" \\ ".join(map(" = ".join, where))
