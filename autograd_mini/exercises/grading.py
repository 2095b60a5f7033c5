"""Judging an answer: call it, read what it returned, and say what is wrong with it.

Everything a learner's function may do is expected here: return nothing, a list or another shape,
raise, or change the arrays it was given.
"""

from __future__ import annotations

import copy
import inspect
import textwrap
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from .case import Array, Case

#: columns that hints and messages are filled to
WIDTH = 88
_RTOL, _ATOL = 1e-6, 1e-9
_NOT_THEIRS = (str(Path(__file__).parents[1]), str(Path(np.__file__).parent))
_Answer = Callable[..., Any]


class WrongAnswer(AssertionError):
    """An answer that is not right yet; the message says where, and what it looks like."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the message alone, without the frames of the checker."""
        return [str(self)]


def judge(answer: _Answer, case: Case) -> None:
    """Call `answer` with what is given, and compare what it returns; raise when it is not right.

    Raises
    ------
    WrongAnswer
        With the arguments, the first entry that is wrong, both values, and a diagnosis.
    """
    __tracebackhide__ = True
    given = {name: copy.deepcopy(x) for name, x in case.given.items()}
    result = _called(answer, case, given)
    changed = [name for name, x in given.items() if not _same(x, case.given[name])]
    if changed:
        raise _wrong(
            case,
            f"Your function changed its argument {changed[0]} in place. The caller still needs it: "
            "compute something new, and leave what you were given as it is.",
        )
    for label, got in _results(result, case).items():
        fault = "".join(_faults(label, got, case))
        if fault:
            raise _wrong(case, fault)


# ---- calling -------------------------------------------------------------------------------------


def _called(answer: _Answer, case: Case, given: Mapping[str, Any]) -> Any:
    """What the answer returns; what it raises, with the line of the learner's own that did."""
    if case.call is Case.call:
        try:
            inspect.signature(answer).bind(*given.values())
        except TypeError as error:
            arguments = ", ".join(given)
            raise _wrong(case, f"Your function is called as f({arguments}): {error}.") from None
        except ValueError:  # some functions in C do not tell their signature
            pass
    try:
        with np.errstate(all="ignore"):  # an overflow is judged by what it gives
            return case.call(answer, *given.values())
    except Exception as error:
        where = _line_of(error)
        raise _wrong(
            case, f"Your function raised {type(error).__name__}: {error}\n{where}"
        ) from error


def _line_of(error: Exception) -> str:
    """The last line of the learner's own that the error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_THEIRS)]
    return f"in line {own[-1].lineno}:  {own[-1].line}" if own else ""


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=True)
    return bool(a == b)


# ---- reading -------------------------------------------------------------------------------------


def _results(result: Any, case: Case) -> dict[str, Array]:
    """The results by name, in the order of the case, as arrays of numbers."""
    names = list(case.expected)
    if result is None or result is Ellipsis:
        raise _wrong(case, f"Your function returned {result}. Is there a `return` with the result?")
    if case.named:
        _require_names(result, case)
        return {name: _array(result[name], name, case) for name in names}
    if len(names) == 1:
        result = [result]
    elif not isinstance(result, (tuple, list)) or len(result) != len(names):
        raise _wrong(
            case,
            f"Your function returned {_kind(result)}; asked for are {len(names)} results, "
            f"`return` them with a comma between: {', '.join(names)}.",
        )
    return {name: _array(x, name, case) for name, x in zip(names, result)}


def _require_names(result: Any, case: Case) -> None:
    if not isinstance(result, Mapping):
        raise _wrong(case, f"Your function returned {_kind(result)}; asked for is a dict.")
    missing = [name for name in case.expected if name not in result]
    if missing:
        raise _wrong(
            case,
            f"Your dict has no {missing[0]!r}. Every name has a derivative; it is 0 for one that "
            "the result does not depend on.",
        )


def _array(x: Any, label: str, case: Case) -> Array:
    try:
        array = np.asarray(unwrap(x))
    except (TypeError, ValueError) as error:
        raise _wrong(case, f"{label}: {_kind(x)} is no array of numbers ({error}).") from None
    if array.dtype.kind not in "biuf":
        verdict = np.asarray(case.expected[label]).dtype == bool
        asked = "is True or False" if verdict else "are real numbers"
        raise _wrong(case, f"{label}: you returned {_kind(x)}; asked for {asked}.")
    return array


def _kind(x: Any) -> str:
    if isinstance(x, (tuple, list)):
        return f"a {type(x).__name__} of {len(x)}"
    if isinstance(x, np.ndarray):
        return f"an array of shape {x.shape} and dtype {x.dtype}"
    return f"{x!r:.60} (a {type(x).__name__})"


# ---- comparing -----------------------------------------------------------------------------------


def _faults(label: str, got: Array, case: Case) -> Iterator[str]:
    """What is wrong with one result, in sentences; nothing when it is right."""
    expected = np.asarray(case.expected[label])
    if got.shape != expected.shape:
        yield f"{label} has shape {got.shape} in your answer; it must be {expected.shape}. "
        yield _of_shapes(label, got, expected, case)
        return
    wrong = ~np.isclose(got, expected, _RTOL, _ATOL)
    if not wrong.any():
        return
    at = np.unravel_index(np.argmax(wrong), wrong.shape)
    entry = f"{label}[{', '.join(map(str, at))}]" if at else label
    yield f"{entry}: yours is {_number(got[at])}, "
    yield f"the mathematics asks for {_number(expected[at])}"
    yield f" ({wrong.sum()} of {wrong.size} wrong).\n" if got.size > 1 else ".\n"
    yield _of_values(label, got, expected, wrong, case)


def _of_shapes(label: str, got: Array, expected: Array, case: Case) -> str:
    """What a wrong shape looks like."""
    if got.size == expected.size and _near(got.reshape(expected.shape), expected):
        return "The values are right, and only the shape is not: an axis of length 1 matters."
    if got.T.shape == expected.shape:
        right = "It is right but for being" if _near(got.T, expected) else "It looks"
        return f"{right} transposed."
    lead = got.ndim - expected.ndim
    repeated = tuple(
        i for i, n in enumerate(got.shape) if i < lead or n != expected.shape[i - lead] == 1
    )
    summed = got.sum(axis=repeated, keepdims=True)
    if repeated and summed.size == expected.size:
        if _near(summed.reshape(expected.shape), expected):
            return (
                f"The sum over the broadcast axis {', '.join(map(str, repeated))} is missing: an "
                "entry that was repeated collects the derivatives of all its copies."
            )
        return (
            "It was broadcast: `*` and `/` go entry by entry, and repeat what is smaller. Is a sum "
            "missing, or a product of matrices meant?"
        )
    if got.size < expected.size:
        return _suspected(label, got, case) or (
            "It has fewer entries than it should: was too much summed, something not spread back, "
            "or only a diagonal computed?"
        )
    return "A derivative with respect to an array has one entry for each entry of the array."


def _near(a: Any, b: Any) -> bool:
    return bool(np.allclose(a, b, _RTOL, _ATOL))


def _of_values(label: str, got: Array, expected: Array, wrong: Array, case: Case) -> str:
    """What wrong values look like: the first mistake that would have given them."""
    if not np.isfinite(got[wrong]).all():
        bad = got[wrong & ~np.isfinite(got)]
        what = "nan" if np.isnan(bad).any() else "inf"
        return (
            f"{bad.size} of your entries are not finite ({what}). Somewhere a number became too "
            "large for exp, or a sum became 0, and inf/inf, inf-inf, 0/0 or log(0) followed."
        )
    if got.dtype.kind in "iu" and np.array_equal(got, np.trunc(expected)):
        return f"Your array is of {got.dtype}, which cuts off what stands behind the point."

    if expected.dtype != bool:
        if _is_like(got, -expected):
            return "It is off by the sign, and right but for it."
        for other, value in case.expected.items():
            if other != label and not case.named and _is_like(got, value):
                return f"This is {other}. The order asked for is {', '.join(case.expected)}."
        if text := _suspected(label, got, case):
            return text
        if expected.ndim == 2 and _is_like(got, expected.T):
            return "It is right but for being transposed."
        factor = _factor(got, expected)
        if factor:
            return _of_factor(factor, case)
    for name, mask in case.regions.items():
        if wrong[mask].all() and not wrong[~mask].any():
            return f"It is wrong {name}, and right everywhere else."
    for name, mask in case.regions.items():
        if wrong[mask].any() and not wrong[~mask].any():
            return f"It is wrong only {name}."
    return case.otherwise


def _suspected(label: str, got: Array, case: Case) -> str:
    """What the case says of the mistake that gives these values, if it knows that one."""
    texts = (text for text, results in case.suspects if _is_like(got, results.get(label)))
    return next(texts, "")


def _is_like(got: Array, other: Any) -> bool:
    return other is not None and np.shape(other) == got.shape and _near(got, other)


def _factor(got: Array, expected: Array) -> float:
    """The number that all entries are off by, or 0 when there is none."""
    if got.size < 2 or not expected.any():
        return 0.0
    factor = float((got * expected).sum() / (expected * expected).sum())
    return factor if _near(got, factor * expected) else 0.0


def _of_factor(factor: float, case: Case) -> str:
    """What a constant factor looks like; most often it is the length of an axis."""
    lengths = [
        (n, f"the length of axis {axis} of {name}")
        for name, x in case.given.items()
        if isinstance(x, np.ndarray)
        for axis, n in enumerate(x.shape)
    ]
    lengths += [
        (x.size, f"the number of entries of {name}")
        for name, x in case.given.items()
        if isinstance(x, np.ndarray)
    ]
    for n, what in lengths:
        if n > 1 and np.isclose(factor, n):
            return f"Every entry is {n} times too large, and {n} is {what}: is a division missing?"
        if n > 1 and np.isclose(factor, 1 / n):
            return (
                f"Every entry is {n} times too small, and {n} is {what}: you divided by it once "
                "too often (twice, where the mean asks for once)."
            )
    return f"Every entry is {_number(factor)} times what it should be: a constant factor is off."


# ---- writing -------------------------------------------------------------------------------------


def _wrong(case: Case, fault: str) -> WrongAnswer:
    lines = ["not right yet, for", *(f"    {_shown(n, x)}" for n, x in case.given.items())]
    sentences = (textwrap.fill(line, WIDTH) for line in fault.strip().splitlines())
    return WrongAnswer("\n".join([*lines, *sentences]))


def _shown(name: str, x: Any) -> str:
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
