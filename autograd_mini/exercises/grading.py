"""Grade an answer: call it, read its results, and find the likely mistake if one is wrong.

Your function may return nothing, a list or another shape, raise, or change its arguments.
"""

from __future__ import annotations

import copy
import inspect
import os
import textwrap
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from .case import Array, Case

#: width of hints and messages in columns
WIDTH = 88
_RTOL, _ATOL = 1e-6, 1e-9
#: code in these folders is not yours
_LIBRARIES = tuple(
    f"{folder}{os.sep}" for folder in (Path(__file__).parents[1], Path(np.__file__).parent)
)
_Answer = Callable[..., Any]


class WrongAnswer(AssertionError):
    """A wrong answer; the message shows where, and the likely mistake."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: the message, without the frames of the checker."""
        return [str(self)]


def grade(answer: _Answer, case: Case) -> None:
    """Call `answer` with the arguments of the case. Raise WrongAnswer unless it is right."""
    __tracebackhide__ = True
    given = {name: copy.deepcopy(x) for name, x in case.given.items()}
    result = _called(answer, case, given)
    changed = [name for name, x in given.items() if not _same(x, case.given[name])]
    if changed:
        raise _wrong(
            case,
            f"Your function changed its argument {changed[0]} in place. The caller still needs it: "
            "return a new array instead.",
        )
    for label, got in _results(result, case).items():
        fault = "".join(_faults(label, got, case))
        if fault:
            raise _wrong(case, fault)


def _called(answer: _Answer, case: Case, given: Mapping[str, Any]) -> Any:
    """Return the result of the answer. If it raises, report the line that raised."""
    if case.call is None:
        try:
            inspect.signature(answer).bind(*given.values())
        except TypeError as error:
            arguments = ", ".join(given)
            raise _wrong(case, f"Your function is called as f({arguments}): {error}.") from None
        except ValueError:  # some functions in C have no signature
            pass
    try:
        with np.errstate(all="ignore"):  # an overflow is graded by its result
            return case.call(answer, *given.values()) if case.call else answer(*given.values())
    except Exception as error:
        fault = f"Your function raised {type(error).__name__}: {error}\n{_line_of(error)}"
        raise _wrong(case, fault) from error


def _line_of(error: Exception) -> str:
    """Return the innermost line in the traceback that is not in a library."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)]
    return f"in line {own[-1].lineno}:  {own[-1].line}" if own else ""


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=True)
    return bool(a == b)


def _results(result: Any, case: Case) -> dict[str, Array]:
    """Return the results by name, in the order of the case, as arrays of numbers."""
    names = list(case.expected)
    if result is None or result is Ellipsis:
        raise _wrong(case, f"Your function returned {result}. Is there a `return` with the result?")
    if case.named:
        if not isinstance(result, Mapping):
            raise _wrong(case, f"Your function returned {_kind(result)}; expected a dict.")
        if missing := [name for name in names if name not in result]:
            raise _wrong(
                case,
                f"Your dict has no {missing[0]!r}. Every name has a derivative. It is 0 for a name "
                "that the result does not depend on.",
            )
        result = [result[name] for name in names]
    elif len(names) == 1:
        result = [result]
    elif not isinstance(result, (tuple, list)) or len(result) != len(names):
        raise _wrong(
            case,
            f"Your function returned {_kind(result)}; expected {len(names)} results. `return` them "
            f"separated by commas: {', '.join(names)}.",
        )
    return {name: _array(x, name, case) for name, x in zip(names, result)}


def _array(x: Any, label: str, case: Case) -> Array:
    try:
        array = np.asarray(unwrap(x))
    except (TypeError, ValueError) as error:
        raise _wrong(case, f"{label}: {_kind(x)} is not an array of numbers ({error}).") from None
    if array.dtype.kind not in "biuf":
        verdict = np.asarray(case.expected[label]).dtype == bool
        expected = "True or False" if verdict else "real numbers"
        raise _wrong(case, f"{label}: you returned {_kind(x)}; expected {expected}.")
    return array


def _kind(x: Any) -> str:
    if isinstance(x, (tuple, list)):
        return f"a {type(x).__name__} of {len(x)}"
    if isinstance(x, np.ndarray):
        return f"an array of shape {x.shape} and dtype {x.dtype}"
    return f"{x!r:.60} (a {type(x).__name__})"


def _faults(label: str, got: Array, case: Case) -> Iterator[str]:
    """Yield sentences on what is wrong with one result; none if it is right."""
    expected = np.asarray(case.expected[label])
    if got.shape != expected.shape:
        yield f"{label} has shape {got.shape} in your answer; expected {expected.shape}. "
        yield _of_shapes(label, got, expected, case)
        return
    wrong = ~np.isclose(got, expected, _RTOL, _ATOL)
    if not wrong.any():
        return
    at = np.unravel_index(np.argmax(wrong), wrong.shape)
    entry = f"{label}[{', '.join(map(str, at))}]" if at else label
    yield f"{entry}: got {_number(got[at])}, expected {_number(expected[at])}"
    yield f" ({wrong.sum()} of {wrong.size} wrong).\n" if got.size > 1 else ".\n"
    yield _of_values(label, got, expected, wrong, case)


def _of_shapes(label: str, got: Array, expected: Array, case: Case) -> str:
    """Return the likely mistake behind a wrong shape."""
    if got.size == expected.size and _near(got.reshape(expected.shape), expected):
        return "The values are right, but the shape is not: an axis of length 1 matters."
    if got.T.shape == expected.shape:
        return "It is the transpose." if _near(got.T, expected) else "It looks transposed."
    lead = got.ndim - expected.ndim
    repeated = tuple(
        i for i, n in enumerate(got.shape) if i < lead or n != expected.shape[i - lead] == 1
    )
    summed = got.sum(axis=repeated, keepdims=True)
    if repeated and summed.size == expected.size:
        if _near(summed.reshape(expected.shape), expected):
            return (
                f"The sum over the broadcast axis {', '.join(map(str, repeated))} is missing. Add "
                "up the gradients of all copies of an entry."
            )
        return (
            "It was broadcast: `*` and `/` work entry by entry, and repeat the smaller array. Is a "
            "sum missing, or did you mean a matrix product?"
        )
    if got.size < expected.size:
        return _misconception(label, got, case) or (
            "It has too few entries. Did you sum over too many axes, not spread a sum back, or "
            "compute only a diagonal?"
        )
    return "A derivative with respect to an array has one entry for each entry of the array."


def _near(a: Any, b: Any) -> bool:
    return bool(np.allclose(a, b, _RTOL, _ATOL))


def _of_values(label: str, got: Array, expected: Array, wrong: Array, case: Case) -> str:
    """Return the first mistake that leads to these values."""
    if not np.isfinite(got[wrong]).all():
        bad = got[wrong & ~np.isfinite(got)]
        what = "nan" if np.isnan(bad).any() else "inf"
        return (
            f"{bad.size} of your entries are not finite ({what}). Perhaps a number was too large "
            "for exp, or a sum became 0, which led to inf/inf, inf-inf, 0/0 or log(0)."
        )
    if got.dtype.kind in "iu" and np.array_equal(got, np.trunc(expected)):
        return f"Your array has dtype {got.dtype}, which truncates the fractional part."

    if expected.dtype != bool:
        if _is_like(got, -expected):
            return "Only the sign is wrong."
        for other, value in case.expected.items():
            if other != label and not case.named and _is_like(got, value):
                return f"This is {other}. The expected order is {', '.join(case.expected)}."
        if text := _misconception(label, got, case):
            return text
        if expected.ndim == 2 and _is_like(got, expected.T):
            return "It is the transpose."
        if factor := _factor(got, expected):
            return _of_factor(factor, case)
    for name, mask in case.regions.items():
        if not wrong[~mask].any():
            everywhere = f"It is wrong {name}, and right everywhere else."
            return everywhere if wrong[mask].all() else f"It is wrong only {name}."
    return case.fallback_hint


def _misconception(label: str, got: Array, case: Case) -> str:
    """Return the sentence of the misconception that leads to these values, if there is one."""
    texts = (text for text, results in case.misconceptions if _is_like(got, results.get(label)))
    return next(texts, "")


def _is_like(got: Array, other: Any) -> bool:
    return other is not None and np.shape(other) == got.shape and _near(got, other)


def _factor(got: Array, expected: Array) -> float:
    """Return the factor that all entries are off by, or 0 if there is none."""
    if got.size < 2 or not expected.any():
        return 0.0
    factor = float((got * expected).sum() / (expected * expected).sum())
    return factor if _near(got, factor * expected) else 0.0


def _of_factor(factor: float, case: Case) -> str:
    """Return the likely mistake behind a constant factor: usually the length of an axis."""
    arrays = {name: x for name, x in case.given.items() if isinstance(x, np.ndarray)}
    lengths = [
        (n, f"the length of axis {axis} of {name}")
        for name, x in arrays.items()
        for axis, n in enumerate(x.shape)
    ]
    lengths += [(x.size, f"the number of entries of {name}") for name, x in arrays.items()]
    for n, what in lengths:
        if n > 1 and np.isclose(factor, n):
            return f"Every entry is {n} times too large, and {n} is {what}: is a division missing?"
        if n > 1 and np.isclose(factor, 1 / n):
            problem = f"Every entry is {n} times too small, and {n} is {what}"
            return f"{problem}: you divided by it once too often."
    return f"Every entry is {_number(factor)} times the expected value: a constant factor is wrong."


def _wrong(case: Case, fault: str) -> WrongAnswer:
    lines = ["wrong result for", *(f"    {_format_argument(n, x)}" for n, x in case.given.items())]
    sentences = (textwrap.fill(line, WIDTH) for line in fault.strip().splitlines())
    return WrongAnswer("\n".join([*lines, *sentences]))


def _format_argument(name: str, x: Any) -> str:
    start = f"{name} = "
    if isinstance(x, np.ndarray) and x.ndim:
        text = np.array2string(
            x, precision=4, threshold=40, edgeitems=2, separator=", ", prefix="    " + start
        )
        return f"{start}{text}   {x.shape}"
    if isinstance(x, (float, np.ndarray)):
        return f"{start}{_number(x)}"
    if callable(x):
        return start + str(x.__name__)
    text = repr(x)
    return start + (text if len(text) <= 300 else f"{text[:300]} ...")


def _number(x: Any) -> str:
    return str(bool(x)) if np.asarray(x).dtype == bool else f"{float(x):.6g}"
