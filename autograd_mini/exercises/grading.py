"""Grade an answer: call it, read its results, and report the first fault.

An answer may return nothing, a list or a wrong shape. It may raise an error, or change its
arguments. `diagnosis` finds the likely mistake.
"""

from __future__ import annotations

import copy
import inspect
import os
import textwrap
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from .case import Array, Case, InvalidAnswer
from .diagnosis import Fault, fault_of_error, find_first_fault, format_number

#: width of hints and messages in columns
WIDTH = 88
#: code in these folders is not yours
_LIBRARIES = tuple(
    f"{folder}{os.sep}" for folder in (Path(__file__).parents[1], Path(np.__file__).parent)
)
_Answer = Callable[..., Any]


class WrongAnswer(AssertionError):
    """Raised for a wrong answer. The message shows the likely mistake and a wrong entry.

    `verdict` is the first sentence: the likely mistake, or the first wrong entry.
    """

    def __init__(self, message: str, verdict: str = "") -> None:
        super().__init__(message)
        self.verdict = verdict

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: the message, without the frames of the checker."""
        return [str(self)]


def grade(name: str, answer: _Answer, case: Case) -> None:
    """Call `answer` with the arguments of the case. Raise WrongAnswer unless it is right."""
    __tracebackhide__ = True
    fault, cause = _fault(answer, case)
    if fault:
        verdict = _verdict_on_order(answer, case) or fault.verdict
        if not verdict and cause is None:
            verdict = _verdict_on_upstream(answer, case)
        lines = [line for line in (verdict, *fault.evidence.splitlines()) if line]
        raise WrongAnswer(_message(name, lines, case), lines[0]) from cause


def _fault(answer: _Answer, case: Case) -> tuple[Fault | None, BaseException | None]:
    """Return the first fault of an answer, and the error that it raised."""
    given = {argument: copy.deepcopy(x) for argument, x in case.given.items()}
    if fault := _fault_of_call(answer, case):
        return fault, None
    try:
        result = _call(answer, case, given)
    except InvalidAnswer as error:
        return Fault(str(error)), None
    except (Exception, SystemExit) as error:
        return fault_of_error(error, _line_of(error)), error
    try:
        return _fault_of_result(result, given, case), None
    except InvalidAnswer as error:
        return Fault(str(error)), None
    except Exception as error:  # of an object that cannot be printed or converted, say
        return Fault("Your result cannot be read as numbers."), error


def _fault_of_call(answer: _Answer, case: Case) -> Fault | None:
    """Return the fault of an answer that does not take the arguments of the case."""
    if case.call is None:
        try:
            inspect.signature(answer).bind(*case.given.values())
        except TypeError as error:
            arguments = ", ".join(case.given)
            takes = inspect.signature(answer).parameters.values()
            if all(p.kind is p.POSITIONAL_OR_KEYWORD for p in takes):
                number = f"{len(takes)} argument{'s' if len(takes) != 1 else ''}"
                return Fault(
                    f"Your function takes {number}, but it must take {len(case.given)}: "
                    f"({arguments})."
                )
            return Fault(f"Your function is called as f({arguments}): {error}.")
        except ValueError:  # some functions in C have no signature
            pass
    return None


def _call(answer: _Answer, case: Case, given: Mapping[str, Any]) -> Any:
    return case.call(answer, *given.values()) if case.call else answer(*given.values())


def _verdict_on_order(answer: _Answer, case: Case) -> str:
    """Return that the parameters have the right names in another order, if they have."""
    try:
        names = [] if case.call else list(inspect.signature(answer).parameters)
    except ValueError:
        return ""
    if names == list(case.given) or set(names) != set(case.given):
        return ""
    return (
        f"Your function takes ({', '.join(names)}), but it is called as f({', '.join(case.given)}):"
        " the order of the parameters matters, not their names."
    )


def _verdict_on_upstream(answer: _Answer, case: Case) -> str:
    """Return how a result fails to be proportional to the gradient of the result, if it does."""
    name = case.linear_in
    if not name:
        return ""
    doubled = {**case.given, name: 2 * case.given[name]}
    try:
        once, twice = (
            _results(_call(answer, case, copy.deepcopy(given)), case)
            for given in (case.given, doubled)
        )
    except (Exception, SystemExit):
        return ""
    for label in once:
        if np.allclose(twice[label], once[label]):
            return f"{label} does not depend on {name}. Multiply by {name}."
        if not np.allclose(twice[label], 2 * once[label]):
            return (
                f"{label} does not double if {name} doubles. Multiply by {name} exactly once, and "
                "do not add it."
            )
    return ""


def _fault_of_result(result: Any, given: Mapping[str, Any], case: Case) -> Fault | None:
    """Return the first fault of a result, or of the arguments `given` that the answer changed."""
    changed = [name for name, x in given.items() if not _same(x, case.given[name])]
    if changed:
        return Fault(
            f"Your function changed its argument {changed[0]} in place. The caller still needs "
            "this argument, so return a new array instead."
        )
    return find_first_fault(_results(result, case), case)


def _line_of(error: BaseException) -> str:
    """Return the innermost line in the traceback that is not in a library."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)]
    if not own:
        return ""
    text = f":  {own[-1].line}" if own[-1].line else ""
    return f"in line {own[-1].lineno}{text}"


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=True)
    return bool(a == b)


def _results(result: Any, case: Case) -> dict[str, Array]:
    """Return the results by name, in the order of the case, as arrays of numbers."""
    names = list(case.expected)
    if result is Ellipsis or (isinstance(result, tuple) and any(x is ... for x in result)):
        raise InvalidAnswer("Your function still returns `...`. Replace it with the result.")
    if result is None:
        raise InvalidAnswer("Your function returned None. Is there a `return` with the result?")
    if case.named:
        result = _values_of_names(result, names)
    elif len(names) == 1:
        result = [_without_comma(result, np.shape(case.expected[names[0]]))]
    elif not _is_sequence(result) or len(result) != len(names):
        raise InvalidAnswer(
            f"Your function returned {_kind(result)}; expected {len(names)} results. `return` them "
            f"separated by commas: {', '.join(names)}."
        )
    return {name: _array(x, name, case) for name, x in zip(names, result)}


def _without_comma(result: Any, shape: tuple[int, ...]) -> Any:
    """Return the single result, or raise if a comma after it made it a tuple."""
    is_single = isinstance(result, (tuple, list)) and len(result) == 1
    if is_single and np.shape(result[0]) == shape != np.shape(result):
        raise InvalidAnswer(
            f"Your function returned {_kind(result)}. Is there a comma after the result? Return "
            "the result itself."
        )
    return result


def _is_sequence(result: Any) -> bool:
    """Return True for a tuple, a list, or an array with an axis: a pair may be one array."""
    return isinstance(result, (tuple, list)) or np.ndim(unwrap(result)) > 0


def _values_of_names(result: Any, names: Sequence[str]) -> list[Any]:
    """Return the values of a result that is a dict with these names."""
    if not isinstance(result, Mapping):
        raise InvalidAnswer(f"Your function returned {_kind(result)}; expected a dict.")
    if missing := [name for name in names if name not in result]:
        raise InvalidAnswer(
            f"Your dict has no {missing[0]!r}. It needs an entry for every name. If the result "
            "does not depend on a name, the entry is 0."
        )
    return [result[name] for name in names]


def _array(x: Any, label: str, case: Case) -> Array:
    verdict = np.asarray(case.expected[label]).dtype == bool
    expected = "True or False" if verdict else "real numbers"
    try:
        array = np.asarray(unwrap(x))
    except (TypeError, ValueError) as error:
        raise InvalidAnswer(f"{label}: {_kind(x)} is not an array of numbers ({error}).") from None
    if array.dtype.kind not in ("biu" if verdict else "biuf"):
        raise InvalidAnswer(f"{label}: you returned {_kind(x)}; expected {expected}.")
    return array


def _kind(x: Any) -> str:
    if isinstance(x, (tuple, list)):
        return f"a {type(x).__name__} of length {len(x)}"
    if isinstance(x, np.ndarray):
        return f"an array of shape {x.shape} and dtype {x.dtype}"
    if isinstance(x, Mapping):
        return f"a {type(x).__name__}"
    text = format_number(x) if isinstance(x, (float, np.number)) else f"{x!r:.60}"
    return f"{text} (a {type(x).__name__})"


def _message(name: str, sentences: Sequence[str], case: Case) -> str:
    """Return the text of a wrong answer: the verdict first, then the values and the arguments."""
    first, *rest = sentences
    lines = [textwrap.fill(line, WIDTH) for line in (f"{name}: wrong. {first}", *rest)]
    arguments = [f"    {_format_argument(n, x)}" for n, x in case.given.items()]
    return "\n".join([*lines, "for the arguments", *arguments])


def _format_argument(name: str, x: Any) -> str:
    start = f"{name} = "
    if isinstance(x, np.ndarray) and x.ndim:
        text = np.array2string(
            x, precision=4, threshold=40, edgeitems=2, separator=", ", prefix="    " + start
        )
        return f"{start}{text}   {x.shape}"
    if isinstance(x, (float, np.ndarray)):
        return f"{start}{format_number(x)}"
    if callable(x):
        return start + str(x.__name__)
    text = repr(x)
    return start + (text if len(text) <= 300 else f"{text[:300]} ...")
