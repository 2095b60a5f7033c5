"""Questions before the steps that surprise. The answer is the numbers of the next step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..trace import Step, Term

#: operation -> a question before its backward step
_BY_OPERATION = {
    "SoftmaxCrossEntropy": "One node for the whole graph. Which logits receive a negative "
    "gradient: those to raise, or those to lower?",
    "mean": "A mean divides by N. Which share of the gradient does each entry receive?",
    "relu": "Some inputs may be negative. Which gradient do they receive?",
    "max": "Only one entry is the largest. What do the other entries receive?",
    "min": "Only one entry is the smallest. What do the other entries receive?",
    "maximum": "One side is larger. What does the other side receive?",
    "minimum": "One side is smaller. What does the other side receive?",
    "tanh": "Where the output is close to −1 or 1, is the gradient large or small?",
    "sigmoid": "Where the output is close to 0 or 1, is the gradient large or small?",
    "getitem": "Only some entries were selected. What do the others receive?",
    "take_along_axis": "Only one entry of each row was selected. What do the others receive?",
    "where": "Each entry was chosen from one side. What does the other side receive?",
    "log": "Where the input is small, is the gradient large or small?",
}


class Questions:
    """The questions of one tape. Each kind is asked once, before the first step that it fits."""

    def __init__(self, names: Mapping[Any, str]) -> None:
        self._names = names
        self._asked: set[str] = set()

    def seed(self, result: str) -> str:
        """Return the question before the backward pass starts."""
        return (
            f"The backward pass starts at {result}. If {result} grows by 1, how much does {result} "
            "grow?"
        )

    def stop(self, step: Step) -> str:
        """Return the question before a forward step that stops the gradient."""
        if step.tensor.op is None or step.tensor.op.name != "stop_gradient":
            return ""
        return self._once("stop", "The next operation keeps the value. What happens to gradients?")

    def backward(self, step: Step) -> str:
        """Return the question before a backward step, or no text."""
        op = step.tensor.op
        assert op is not None
        for c in step.contributions:
            if not c.is_first and "adds" not in self._asked:
                return self._once("adds", self._adds(c))
            if c.summed and "summed" not in self._asked:
                return self._once("summed", self._summed(c))
        if op.name in _BY_OPERATION:
            return self._once(op.name, _BY_OPERATION[op.name])
        if not self._asked and step.contributions:
            name = self._names[step.contributions[0].target.order]
            return self._once("first", f"{op.name} runs backward. What does {name} receive?")
        return ""

    def _once(self, kind: str, question: str) -> str:
        if kind in self._asked:
            return ""
        self._asked.add(kind)
        return question

    def _adds(self, c: Term) -> str:
        name = self._names[c.target.order]
        return (
            f"{name} has a gradient already, and now receives another. Does the new one replace "
            "it, or add to it?"
        )

    def _summed(self, c: Term) -> str:
        name = self._names[c.target.order]
        return (
            f"{name} has shape {c.target.shape}, and was repeated to {c.spread.shape}. What "
            "happens to the gradients of the copies?"
        )
