"""An exercise: a statement, cases to try an answer on, and hints that go one step further each."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ..text.terminal import spelled
from .case import Case
from .grading import WIDTH, WrongAnswer, judge

Answer = TypeVar("Answer", bound=Callable[..., Any])


class Exercise:
    """A task for a learner: read it with ``print``, hand an answer to ``check``.

    Made with the decorator `exercise`.

    Attributes
    ----------
    name : str
    statement : str
        What is asked, with shapes, and the head of the function to write.
    hints : tuple of str
        From a nudge to all but the answer.
    passed : bool
        Whether an answer was right, in this session.

    Examples
    --------
    >>> from autograd_mini.exercises import exp_rule
    >>> exp_rule.hint()
    Hint 1 of 3 for exp_rule: Move one entry of x a little. Which entries of y move, and by
    how much for each unit?
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
        """The first line of the statement."""
        return self.statement.partition("\n")[0]

    def check(self, answer: Answer) -> Answer:
        """Try an answer on all cases; say that it is right, or raise.

        Also a decorator: ``@exp_rule.check`` above the function.

        Parameters
        ----------
        answer : callable
            The learner's function, with the arguments that the statement names.

        Returns
        -------
        callable
            The answer itself, when it is right.

        Raises
        ------
        WrongAnswer
            An AssertionError, so that a test fails. Its message shows the input, the entry, the
            value that came and the value asked for, and what the mistake looks like.
        TypeError
            For an answer that cannot be called.
        """
        __tracebackhide__ = True  # pytest then points at the learner's own line
        if not callable(answer):
            raise TypeError(
                f"{self.name}.check takes your function itself, not what it returned, "
                f"{answer!r:.60}"
            )
        self.passed = False
        for case in self._cases():
            try:
                judge(answer, case)
            except WrongAnswer as wrong:
                more = f"A hint: {self.name}.hint()" if self.hints else ""
                raise WrongAnswer(f"{self.name}: {wrong}\n{more}") from wrong.__cause__
        self.passed = True
        print(f"{self.name}: right.")
        return answer

    def hint(self, step: int | None = None) -> None:
        """Print a hint: the given one, counted from 1, or with no argument the next.

        Raises
        ------
        ValueError
            For a step that there is not.
        """
        last = len(self.hints)
        if step is not None and not 1 <= step <= last:
            raise ValueError(f"{self.name} has hints 1 to {last}, not {step}")
        self._hinted = step or min(self._hinted + 1, last)
        text = f"Hint {self._hinted} of {last} for {self.name}: {self.hints[self._hinted - 1]}"
        print(spelled(textwrap.fill(text, WIDTH), sys.stdout))

    def __repr__(self) -> str:
        state = "passed" if self.passed else "not passed yet"
        return (
            f"{self.name} ({state})\n\n{self.statement}\n\n"
            f"Check an answer: {self.name}.check(your_function). Hints: {self.name}.hint()"
        )


def exercise(*hints: str) -> Callable[[Callable[[], Iterable[Case]]], Exercise]:
    """Make an exercise of a generator of cases: its docstring is the statement."""

    def made(cases: Callable[[], Iterable[Case]]) -> Exercise:
        return Exercise(cases.__name__, inspect.getdoc(cases) or "", cases, hints)

    return made
