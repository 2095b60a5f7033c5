"""Find the likely mistake in a wrong answer: from the error that it raised, or from its results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from .case import Array, Case

_RTOL, _ATOL = 1e-6, 1e-9


@dataclass(frozen=True)
class Fault:
    """A mistake in an answer."""

    #: the likely mistake, in one or two sentences; empty if it is not a common one
    verdict: str
    #: the first wrong entry with both values, or the line that raised
    evidence: str = ""


def fault_of_error(error: BaseException, line: str) -> Fault:
    """Return the fault of an answer that raised `error` in `line`."""
    text = str(error)
    evidence = f"Your function raised {type(error).__name__}{f': {text}' if text else ''}\n{line}"
    return Fault(_verdict_on_error(text), evidence)


def _verdict_on_error(text: str) -> str:
    """Return the likely mistake behind an error message of Python or NumPy."""
    if re.search(r"type\(s\) for \^|bitwise_xor", text):
        return "In Python, ^ does not compute a power. Write ** instead."
    if "can be converted to Python scalars" in text or "can be converted to a scalar" in text:
        return "The functions of `math` take one number. For arrays, use NumPy's, such as np.exp."
    if "broadcast together" in text:
        shapes = [tuple(map(int, re.findall(r"\d+", s))) for s in re.findall(r"\([\d,]*\)", text)]
        if len(shapes) >= 2 and _lacks_an_axis(shapes[0], shapes[1]):
            return (
                "One array lacks an axis of length 1, so NumPy aligns the wrong axes. After a sum "
                "or a maximum, keep the axis with keepdims=True, or insert it with np.expand_dims."
            )
        if "requested shape" in text:
            return (
                "np.broadcast_to can only repeat an axis of length 1. Do you need a sum, which "
                "undoes a broadcast?"
            )
        return (
            "Two shapes do not fit together. `*`, `+` and `-` work entry by entry. For a "
            "matrix product, write `@`."
        )
    if re.search(r"type\(s\) for @|not have enough dimensions", text):
        return "`@` multiplies matrices. To multiply numbers, or arrays entry by entry, write `*`."
    if "out of bounds for axis" in text:
        return "An index is too large for its axis. Which axis does each index belong to?"
    if "out of bounds for array" in text:
        return "An array does not have that axis. The first axis is 0, and the last axis is -1."
    if "core dimension" in text or "not aligned" in text:
        return (
            "The shapes of this matrix product do not fit. Write the shapes down. Is a "
            "transpose missing, or are the factors in the wrong order?"
        )
    if "cannot reshape" in text:
        return (
            "A reshape keeps the number of entries. Is a sum missing before it? Or must entries "
            "that are used several times be repeated first?"
        )
    if "empty sequence" in text or "zero-size array" in text:
        return "An array is empty. Look at the start and the end of each slice."
    if "inhomogeneous" in text or "must have the same shape" in text:
        return "The parts have different shapes, so they do not fit into one array."
    if "cannot be interpreted as an integer" in text or "indices must be integers" in text:
        return "A position must be an int. In Python, / returns a float, so write // instead."
    if "recursion" in text:
        return "Python limits the depth of recursion. Use a loop, and a list of names to visit."
    return ""


def _lacks_an_axis(a: Sequence[int], b: Sequence[int]) -> bool:
    """Return True if the shorter shape is the longer one without one or more axes."""
    small, large = sorted((list(a), list(b)), key=len)
    axes = iter(large)
    return 0 < len(small) < len(large) and all(any(n == m for m in axes) for n in small)


def find_first_fault(results: Mapping[str, Array], case: Case) -> Fault | None:
    """Return the first fault of the results, or None if all are right."""
    faults = (find_fault(label, got, case) for label, got in results.items())
    fault = next(filter(None, faults), None)
    if (
        fault
        and not case.named
        and _is_right(zip(case.expected, reversed(list(results.values()))), case)
    ):
        order = ", ".join(case.expected)
        return Fault(f"The results are in the wrong order. Return {order}.", fault.evidence)
    return fault


def _is_right(results: Iterable[tuple[str, Array]], case: Case) -> bool:
    return all(find_fault(label, got, case) is None for label, got in results)


def find_fault(label: str, got: Array, case: Case) -> Fault | None:
    """Return what is wrong with one result, or None if it is right."""
    expected = np.asarray(unwrap(case.expected[label]))
    if got.shape != expected.shape:
        evidence = f"{label} has shape {got.shape} in your answer; expected {expected.shape}"
        return Fault(_verdict_on_shape(label, got, expected, case), evidence)
    wrong = ~np.isclose(got, expected, _RTOL, _ATOL)
    if not wrong.any():
        return None
    at = np.unravel_index(np.argmax(wrong), wrong.shape)
    entry = f"{label}[{', '.join(map(str, at))}]" if at else label
    evidence = f"{entry}: got {format_number(got[at])}, expected {format_number(expected[at])}"
    count = f" ({wrong.sum()} of {wrong.size} wrong)" if got.size > 1 else ""
    return Fault(_verdict_on_values(label, got, expected, wrong, case), evidence + count)


def _verdict_on_shape(label: str, got: Array, expected: Array, case: Case) -> str:
    """Return the likely mistake behind a wrong shape."""
    if expected.dtype == bool:
        return "Return one True or False for the whole array, not one for each entry. Use np.all."
    lead = got.ndim - expected.ndim
    repeated = tuple(
        i for i, n in enumerate(got.shape) if i < lead or n != expected.shape[i - lead] == 1
    )
    summed = got.sum(axis=repeated, keepdims=True)
    was_broadcast = got.size > expected.size and summed.size == expected.size
    if was_broadcast and _near(summed.reshape(expected.shape), expected):
        return (
            f"The sum over the broadcast axis {', '.join(map(str, repeated))} is missing. Add up "
            "the gradients of all copies of an entry."
        )
    if got.size == expected.size and _near(got.reshape(expected.shape), expected):
        if 1 in got.shape + expected.shape:
            return (
                "The values are right, but the shape is not: there is an axis of length 1 too many "
                "or too few. keepdims=True keeps such an axis, and a reshape removes it."
            )
        return "The values are right, but the shape is not."
    if text := _misconception(label, got, case):
        return text
    if got.T.shape == expected.shape:
        return (
            "Your result is the transpose."
            if _near(got.T, expected)
            else "Your result has the shape of the transpose."
        )
    if was_broadcast:
        return (
            "Your result was broadcast: `*` and `/` repeat the smaller array. Is a sum missing, or "
            "did you mean a matrix product?"
        )
    if "∂" not in label:
        return ""
    if got.size == 1 and _near(got, expected.sum()):
        return (
            "You added up all entries, but the derivative has one entry for each entry of the "
            "argument."
        )
    if got.size < expected.size:
        return (
            "Your result has too few entries. Did you sum over too many axes, or compute only a "
            "diagonal? Or did you forget to repeat the gradient of a sum?"
        )
    return "A derivative with respect to an array has one entry for each entry of the array."


def _verdict_on_values(label: str, got: Array, expected: Array, wrong: Array, case: Case) -> str:
    """Return the first mistake that leads to these values."""
    if expected.dtype == bool:
        return case.fallback_hints.get(label, "")
    known = _misconception(label, got, case)
    if not np.isfinite(got[wrong]).all():
        bad = got[wrong & ~np.isfinite(got)]
        what = "nan" if np.isnan(bad).any() else "inf"
        return (
            f"{bad.size} of your entries are not finite ({what}). "
            + (known or "Perhaps a number was too large for exp, or a sum became 0, which led to ")
            + ("" if known else "inf/inf, inf-inf, 0/0 or log(0).")
        )
    if got.dtype.kind in "iu" and got.any() and np.array_equal(got, np.trunc(expected)):
        return f"Your array has dtype {got.dtype}, which truncates the fractional part."
    if _is_like(got, -expected):
        return "Only the sign is wrong."
    if text := _other_result(label, got, case) or known:
        return text
    if expected.ndim == 2 and _is_like(got, expected.T):
        return "Your result is the transpose."
    if factor := _factor(got, expected):
        return _of_factor(factor, case)
    for name, mask in case.regions.items():
        if not wrong[~mask].any():
            everywhere = f"Your result is wrong {name}, and right everywhere else."
            return everywhere if wrong[mask].all() else f"Your result is wrong only {name}."
    same = (name for name, x in case.given.items() if isinstance(x, (float, np.ndarray)))
    if name := next((name for name in same if _is_like(got, case.given[name])), ""):
        return f"This is {name} itself."
    return case.fallback_hints.get(label, "")


def _other_result(label: str, got: Array, case: Case) -> str:
    """Return that this is another one of the results, if it is."""
    others = [name for name in case.expected if name != label and not case.named]
    found = next((name for name in others if _is_like(got, case.expected[name])), "")
    return found and f"This is {found}, which is another result."


def _misconception(label: str, got: Array, case: Case) -> str:
    """Return the sentence of the misconception that leads to these values, if there is one."""
    for text, results in case.misconceptions:
        result = results.get(label)
        if any(_is_like(got, r) for r in (result if isinstance(result, list) else [result])):
            return text
    return ""


def _near(a: Any, b: Any) -> bool:
    return bool(np.allclose(a, b, _RTOL, _ATOL, equal_nan=True))


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
    for n, what in _lengths(case.given):
        if n > 1 and np.isclose(factor, n):
            return f"Every entry is {n} times too large, and {n} is {what}. Is a division missing?"
        if n > 1 and np.isclose(factor, 1 / n):
            problem = f"Every entry is {n} times too small, and {n} is {what}"
            return f"{problem}. You divided by {n} once too often."
    times = format_number(factor)
    return f"Every entry is {times} times the expected value, so a constant factor is wrong."


def _lengths(given: Mapping[str, object]) -> list[tuple[int, str]]:
    """Return the lengths of the axes of the arguments, and their sizes, each with its name."""
    arrays = {name: x for name, x in given.items() if isinstance(x, np.ndarray)}
    axes = [
        (n, f"the length of axis {axis} of {name}")
        for name, x in arrays.items()
        for axis, n in enumerate(x.shape)
    ]
    return axes + [(x.size, f"the number of entries of {name}") for name, x in arrays.items()]


def format_number(x: object) -> str:
    """Return a number with six digits, or True or False."""
    array = np.asarray(x)
    return str(bool(array)) if array.dtype == bool else f"{float(array):.6g}"
