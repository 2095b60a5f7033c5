"""An exercise: a statement, cases that check an answer, and hints of increasing detail."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from ..text.terminal import transliterate
from .case import Case
from .grading import WIDTH, WrongAnswer, grade

Answer = TypeVar("Answer", bound=Callable[..., Any])


#: inside of `collect_answers`, the last answer to each exercise
_collected: dict[str, Any] | None = None


@contextmanager
def collect_answers() -> Iterator[dict[str, Any]]:
    """Return a context in which `check` only stores the answers: a dict from exercise to answer.

    So a file that is graded runs to its end, even if an answer is wrong.
    """
    global _collected
    _collected = {}
    try:
        yield _collected
    finally:
        _collected = None


class Exercise:
    """A task: read it with ``print``, and pass an answer to ``check``.

    To create an exercise, use the decorator `exercise` from the same module.

    Attributes
    ----------
    name : str
    statement : str
        The task, with shapes and the first line of the function to write.
    hints : tuple of str
        The first one helps a little, and the last one nearly shows the answer.
    passed : bool
        Whether you have passed the exercise in this session.

    Examples
    --------
    >>> from autograd_mini.exercises import exp_rule
    >>> exp_rule.hint()
    Hint 1 of 3 for exp_rule: Change one entry of x a little. Which entries of y change, and
    how much compared with x?
    """

    def __init__(
        self, name: str, statement: str, cases: Callable[[], Iterable[Case]], hints: tuple[str, ...]
    ) -> None:
        self.name = name
        self.statement = self.__doc__ = statement
        self.hints = hints
        self.passed = False
        self._cases = cases
        self._hinted = 0

    @property
    def title(self) -> str:
        """Return the first line of the statement."""
        return self.statement.partition("\n")[0]

    def check(self, answer: Answer) -> Answer:
        """Try an answer on all test cases. Print that it is right, or raise `WrongAnswer`.

        You can also use it as a decorator: ``@exp_rule.check`` above the function.

        Parameters
        ----------
        answer : callable
            Your function, with the arguments that the statement names.

        Returns
        -------
        callable
            The answer itself, if it is right.

        Raises
        ------
        WrongAnswer
            If the answer is wrong. This is an AssertionError, so a test that calls `check` fails.
            The message shows the likely mistake, the first wrong entry with both values, and the
            input.
        TypeError
            If the answer is not callable.
        """
        __tracebackhide__ = True  # pytest then points at the line that calls it
        if _collected is not None:
            _collected[self.name] = answer
            return answer
        if not callable(answer):
            raise TypeError(
                f"{self.name}.check: expected your function, got {answer!r:.60}. Pass the function "
                "itself, without calling it."
            )
        self.passed = False
        with np.errstate(all="ignore"):  # an overflow is graded by its result
            for case in self._cases():
                try:
                    grade(self.name, answer, case)
                except WrongAnswer as wrong:
                    more = f"\nFor a hint: {self.name}.hint()" if self.hints else ""
                    raise WrongAnswer(f"{wrong}{more}", wrong.verdict) from wrong.__cause__
        self.passed = True
        print(f"{self.name}: right.")
        return answer

    def hint(self, step: int | None = None) -> None:
        """Print hint number `step`, counted from 1. By default, print the next hint.

        After the last hint, a call without `step` says that there are no more.

        Raises
        ------
        ValueError
            If the exercise has no hint of this number.
        """
        last = len(self.hints)
        if step is not None and not 1 <= step <= last:
            raise ValueError(f"{self.name} has hints 1 to {last}, got {step}.")
        if step is None and self._hinted == last:
            text = (
                f"There are no more hints for {self.name}. To read one again: {self.name}.hint(1)"
            )
        else:
            self._hinted = step or self._hinted + 1
            text = f"Hint {self._hinted} of {last} for {self.name}: {self.hints[self._hinted - 1]}"
        print(transliterate(textwrap.fill(text, WIDTH), sys.stdout))

    def __repr__(self) -> str:
        state = "passed" if self.passed else "not passed yet"
        return (
            f"{self.name} ({state})\n\n{self.statement}\n\n"
            f"Check an answer: {self.name}.check(your_answer). Hints: {self.name}.hint()"
        )


def exercise(*hints: str) -> Callable[[Callable[[], Iterable[Case]]], Exercise]:
    """Return a decorator for a generator of cases. Its docstring is the statement of the task."""

    def decorate(cases: Callable[[], Iterable[Case]]) -> Exercise:
        return Exercise(cases.__name__, inspect.getdoc(cases) or "", cases, hints)

    return decorate
