"""What a small step of a leaf does to the result: about gradient x step, checked by a new run."""

from __future__ import annotations

import numpy as np

from ...core.context import unobserved
from ...core.tape import replay
from ...core.tensor import Tensor
from ...text.format import format_number
from ..trace import Trace

_MOST_ENTRIES = 200_000  # entries of the largest tape that is run again
_STEPS = (0.1, 0.01, 0.001, 0.0001)  # sizes of a step, from which the largest good one is taken
_CLOSE = 0.05  # largest relative difference between the change and gradient x step


def small_step(trace: Trace, t: Tensor) -> str:
    """Return what a step of the entry with the largest gradient does to the result."""
    name, result = trace.names[t.order], trace.names[trace.result.order]
    if not isinstance(t.data, np.ndarray) or t.dtype.kind != "f" or not t.size:
        return ""  # no numbers, or an array that may be lazy
    gradient = np.asarray(trace.adjoints[t])
    if not np.isfinite(gradient).all():
        return f"The gradient of {name} is not finite, so it predicts nothing."
    if not gradient.any():
        return f"The gradient of {name} is 0: a small step of {name} does not change {result}."
    at = tuple(map(int, np.unravel_index(np.argmax(np.abs(gradient)), gradient.shape)))
    entry = f"{name}[{', '.join(map(str, at))}]" if at else name
    slope = float(gradient[at])
    if sum(x.size for x in trace.tape) <= _MOST_ENTRIES:
        for step in _STEPS:
            change = _change(trace, t, at, step)
            if abs(change - slope * step) <= _CLOSE * abs(slope * step):
                return _in_words(entry, result, slope, step, change)
    return f"∂{result}/∂{entry} = {format_number(slope)}."


def _in_words(entry: str, result: str, slope: float, step: float, change: float) -> str:
    word = "falls" if change < 0 else "rises"
    return (
        f"Raise {entry} by {step:g}: {result} {word} by {format_number(abs(change), 4)}. "
        f"Gradient × step: {format_number(slope)} × {step:g} = {format_number(slope * step, 4)}."
    )


def _change(trace: Trace, t: Tensor, at: tuple[int, ...], step: float) -> float:
    """Return the change of the result after a step of one entry of a leaf."""
    moved = np.array(t.data)
    moved[at] += step

    def leaf(a: Tensor) -> Tensor:
        return Tensor(moved, requires_grad=True) if a is t else a

    with unobserved(), np.errstate(all="ignore"):
        again = replay(trace.tape, leaf)[trace.result]
        return float(np.ravel(again.data)[0]) - float(np.ravel(trace.result.data)[0])
