"""TODO: autograd_mini.views.page.knobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.tape import Tape
from ...core.tensor import Tensor
from ...text.format import number
from ..replay import opened, replayed
from ..trace import Trace
from .arrays import Pool, batch_of, minus
from .data import Data, changed, pool_of
from .findings import _cross_entropy, _verdict

_MOST_INPUTS = 6  # that get a slider


_MOST_SCALARS = 300  # on a tape whose inputs do


_TICKS = 17  # of a slider; the middle one is the input as it is


_HARDEST = 1000.0


def knobs_of(data: Data, trace: Trace) -> None:
    """Sliders for the inputs of one tape."""
    _knobs(data, [trace], _changed)


#: traces, a leaf and another array for it -> the traces of the same with that array
Again = Callable[[Sequence[Trace], Tensor, Any], list[Trace]]


def _knobs(data: Data, traces: Sequence[Trace], again: Again) -> None:
    """A slider for each input, where they are few; and logits that are hard."""
    if sum(t.size for trace in traces for t in trace.tape) > _MOST_SCALARS:
        return
    if not all(isinstance(t.data, np.ndarray) and t.dtype.kind in "biuf" for t in _all(traces)):
        return
    inputs = [t for t in traces[-1].tape if t.op is None and t.requires_grad]
    if sum(t.size for t in inputs) <= _MOST_INPUTS:
        for t in inputs:
            for at in (at for at in np.ndindex(t.shape) if np.isfinite(t.data[at])):
                data["knobs"].append(_slider(data, traces, t, at, again))
    if len(traces) > 1 and (node := _cross_entropy(traces[1])) is not None:
        logits = node.inputs[0]
        if isinstance(logits, Tensor) and logits.op is None:
            hard = np.linspace(_HARDEST, -_HARDEST, logits.shape[-1])
            other = again(traces, logits, np.broadcast_to(hard, logits.shape))
            data["knobs"].append(_hard(data, other, hard))


def _all(traces: Sequence[Trace]) -> list[Tensor]:
    return [t for trace in traces for t in trace.tape]


def _slider(
    data: Data, traces: Sequence[Trace], t: Tensor, at: tuple[int, ...], again: Again
) -> Data:
    value = float(t.data[at])
    reach = max(2.0, abs(value))
    ticks = value + np.linspace(-reach, reach, _TICKS)
    middle = _TICKS // 2
    variants = []
    for i, tick in enumerate(ticks):
        array = t.data.copy()
        array[at] = tick
        variants.append(0 if i == middle else _variant(data, again(traces, t, array)))
    name = traces[-1].called[t.order]
    index = f"[{', '.join(map(str, at))}]" if at else ""
    texts = [minus(number(tick)) for tick in ticks]
    label = f"{name}{index}"
    return {
        "kind": "input", "label": label, "ticks": texts, "variants": variants, "start": middle,
    }  # fmt: skip


def _changed(traces: Sequence[Trace], t: Tensor, array: Any) -> list[Trace]:
    """Both tapes, run with another array in a leaf; in the other tape it goes by its name."""
    name = traces[-1].called[t.order]
    return [
        replayed(trace, {a.order: array for a in trace.tape if trace.called[a.order] == name})
        for trace in traces
    ]


def _reopened(traces: Sequence[Trace], t: Tensor, array: Any) -> list[Trace]:
    """The fused tape run with another array, and opened anew.

    So what its graph takes from the numbers, such as the largest logit, is that of these numbers.
    """
    (node,) = _changed(traces[1:], t, array)
    tape = Tape(opened(node.result)[0])
    if len(tape) != len(traces[0].tape):  # a definition that decides by the numbers
        return _changed(traces, t, array)
    made = {b.order: a.order for a, b in zip(tape, traces[0].tape)}
    called = {made.get(key, key): name for key, name in traces[0].called.items()}
    with np.errstate(all="ignore"):
        return [Trace(tape, called, tape.adjoints()), node]


def _variant(data: Data, traces: Sequence[Trace]) -> int:
    base = data["pools"][0]
    batch = batch_of(traces)
    data["pools"].append(
        [changed(pool_of(trace, Pool(batch)), items) for trace, items in zip(traces, base)]
    )
    return len(data["pools"]) - 1


def _hard(data: Data, other: Sequence[Trace], logits: Any) -> Data:
    data["compare"]["hard"] = _verdict(other)
    said = ", ".join(map(number, logits))
    return {
        "kind": "hard", "label": minus(f"Hard logits ({said})"), "ticks": ["", ""],
        "variants": [_variant(data, other)], "start": 0,
    }  # fmt: skip
