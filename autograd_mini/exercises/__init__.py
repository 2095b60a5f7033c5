"""Exercises with checkers, from the chain rule by hand to attention.

In a console or a notebook, enter `exercises` to see the list of exercises. Those that you have
passed in this session are marked. Enter an exercise, such as ``exercises.exp_rule``, to see its
task. Then pass your function to the method `check`:

    from autograd_mini import exercises
    exercises                           # the list
    exercises.exp_rule                  # the task

    @exercises.exp_rule.check
    def exp_rule(g, y, x):
        return ...

A wrong answer raises `WrongAnswer`, which shows the likely mistake, the first wrong entry, and the
expected value. Each call of ``exercises.exp_rule.hint()`` prints one more hint. In a terminal,
``python -m autograd_mini.exercises`` prints the list. If you add names of exercises, the command
prints their tasks. ``python -m autograd_mini.exercises grade FILE`` grades a file that a student
hands in.

To add an exercise, write a function that yields the test cases, each a `Case`. The docstring of the
function is the task. Decorate the function with `exercise` from the module `exercise`. Then import
it in ``exercises/__init__.py``, and add it to `__all__` and `CHAPTERS` there. Each chapter has
modules with its exercises, such as `rules` and `softmax`. The other modules are:

- `exercise`: the class `Exercise`, and the decorator.
- `case`: the class `Case`, and functions that compute the expected results.
- `grading`: compares an answer with the expected results.
- `diagnosis`: finds the likely mistake.
- `submission`: runs the file of a student. `gradebook` runs it in a process with time limits.
"""

import difflib
import sys
from types import ModuleType

from .attention import attention_rule, causal_mask, sampling
from .bugs import bug_in_bias, bug_in_indexing, bug_in_sigmoid, bug_in_tanh, gradient_check
from .case import Case
from .chain_rule import quotient, reciprocal_rule, two_paths
from .convolution import convolution_rule, im2col, max_pool_rule
from .engine import own_primitive, sweep, sweep_of_a_graph
from .exercise import Exercise
from .grading import WrongAnswer
from .losses import cross_entropy_gradient, cross_entropy_hessian, newton_step, one_hot_gradient
from .normalisation import batch_norm_rule, rms_norm_rule
from .rules import exp_rule, log_rule, matmul_rule, mul_rule, sum_rule, unbroadcast
from .sequences import embedding_rule, lstm_cell
from .softmax import log_sum_exp, softmax_jacobian, softmax_rule, stable_softmax

__all__ = [
    "CHAPTERS",
    "Case",
    "Exercise",
    "WrongAnswer",
    "attention_rule",
    "batch_norm_rule",
    "bug_in_bias",
    "bug_in_indexing",
    "bug_in_sigmoid",
    "bug_in_tanh",
    "causal_mask",
    "convolution_rule",
    "cross_entropy_gradient",
    "cross_entropy_hessian",
    "embedding_rule",
    "exp_rule",
    "gradient_check",
    "im2col",
    "log_rule",
    "log_sum_exp",
    "lstm_cell",
    "matmul_rule",
    "max_pool_rule",
    "mul_rule",
    "newton_step",
    "one_hot_gradient",
    "overview",
    "own_primitive",
    "quotient",
    "reciprocal_rule",
    "rms_norm_rule",
    "sampling",
    "softmax_jacobian",
    "softmax_rule",
    "stable_softmax",
    "sum_rule",
    "sweep",
    "sweep_of_a_graph",
    "two_paths",
    "unbroadcast",
]

#: The exercises by chapter, in the recommended order.
CHAPTERS = {
    "Numbers: the chain rule by hand": (quotient, two_paths, reciprocal_rule),
    "Arrays: rules": (exp_rule, log_rule, mul_rule, sum_rule, unbroadcast, matmul_rule),
    "Find the bug": (bug_in_sigmoid, bug_in_tanh, bug_in_bias, bug_in_indexing, gradient_check),
    "Softmax and cross-entropy": (
        stable_softmax,
        log_sum_exp,
        softmax_jacobian,
        softmax_rule,
        cross_entropy_gradient,
        one_hot_gradient,
        cross_entropy_hessian,
        newton_step,
    ),
    "The engine": (sweep, sweep_of_a_graph, own_primitive),
    "Convolution": (im2col, convolution_rule, max_pool_rule, batch_norm_rule),
    "Sequences": (embedding_rule, lstm_cell),
    "Attention and a GPT": (causal_mask, attention_rule, rms_norm_rule, sampling),
}


def overview() -> str:
    """Return the list of exercises by chapter. Those passed in this session are marked.

    Examples
    --------
    >>> from autograd_mini import exercises
    >>> print(exercises.overview().splitlines()[3])
      [ ] quotient                The local derivatives of v = a / b
    """
    everything = [e for chapter in CHAPTERS.values() for e in chapter]
    width = max(len(e.name) for e in everything)
    lines = [f"{sum(e.passed for e in everything)} of {len(everything)} exercises passed."]
    for chapter, members in CHAPTERS.items():
        lines += ["", chapter]
        lines += [f"  [{'x' if e.passed else ' '}] {e.name:{width}}  {e.title}" for e in members]
    return "\n".join(lines)


class _Exercises(ModuleType):
    """The type of this module: its repr is the list, and a misspelled name gets a suggestion."""

    def __repr__(self) -> str:
        return overview()

    def __getattr__(self, name: str) -> object:
        near = difflib.get_close_matches(name, __all__, n=1)
        fix = f"Did you mean {near[0]}?" if near else "print(exercises) lists all names."
        raise AttributeError(f"exercises has no {name!r}. {fix}")


sys.modules[__name__].__class__ = _Exercises
