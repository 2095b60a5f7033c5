"""Sliders: another pool of numbers for each position of a slider.

The page computes nothing. When it is written, the engine runs the tape again for each position of
each slider (`rerun`). The numbers that change become a *variant*, another entry of
``data["pools"]``. The script then reads all numbers from the variant that a slider selects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from ...core.arrays import Array
from ...core.tape import Tape
from ...core.tensor import Tensor
from ...text.format import format_number
from ..replay import replay, unfuse
from ..trace import Trace
from .arrays import Pool, batch_of, minus
from .data import Data, arrays_of, changes
from .findings import cross_entropy_node, findings

_MOST_INPUTS = 6  # entries of all inputs together, if each is to get a slider
_MOST_ENTRIES = 300  # entries of the largest tape with sliders
_TICKS = 17  # positions of a slider; the input starts in the middle
_HARDEST = 1000.0  # the largest of the hard logits

#: ``run(traces, leaf, array)`` returns the same traces with another array in a leaf.
Rerun: TypeAlias = Callable[[Sequence[Trace], Tensor, Array], list[Trace]]


def rerun(traces: Sequence[Trace], t: Tensor, array: Array) -> list[Trace]:
    """Run each tape again with another array in a leaf, which has the same name on all tapes."""
    name = traces[-1].names[t.order]
    return [
        replay(trace, {a.order: array for a in trace.tape if trace.names[a.order] == name})
        for trace in traces
    ]


def rerun_unfused(traces: Sequence[Trace], t: Tensor, array: Array) -> list[Trace]:
    """Run the fused tape again with another array in a leaf, and then unfuse it.

    This also updates constants that depend on the numbers, such as the largest logit.
    """
    (node,) = rerun(traces[1:], t, array)
    tape = Tape(unfuse(node.result)[0])
    if len(tape) != len(traces[0].tape):  # the graph depends on the numbers
        return rerun(traces, t, array)
    return [traces[0].like(tape), node]


def sliders(data: Data, traces: Sequence[Trace], run: Rerun = rerun) -> list[Data]:
    """Return a slider for each entry of few inputs, and a button for hard logits.

    Their variants are appended to ``data["pools"]``.
    """
    tensors = [t for trace in traces for t in trace.tape]
    if sum(t.size for t in tensors) > _MOST_ENTRIES:
        return []
    if not all(isinstance(t.data, np.ndarray) and t.dtype.kind in "biuf" for t in tensors):
        return []
    inputs = [t for t in traces[-1].tape if t.op is None and t.requires_grad]
    entries = [(t, at) for t in inputs for at in np.ndindex(t.shape) if np.isfinite(t.data[at])]
    if sum(t.size for t in inputs) > _MOST_INPUTS:
        entries = []
    controls = [_input_slider(data, traces, t, at, run) for t, at in entries]
    if len(traces) > 1 and (node := cross_entropy_node(traces[1])) is not None:
        logits = node.inputs[0]
        if isinstance(logits, Tensor) and logits.op is None:
            controls.append(_hard_button(data, traces, logits, run))
    return controls


def _input_slider(
    data: Data, traces: Sequence[Trace], t: Tensor, at: tuple[int, ...], run: Rerun
) -> Data:
    """Return the slider of one entry of an input."""
    value = float(t.data[at])
    reach = max(2.0, abs(value))
    ticks = value + np.linspace(-reach, reach, _TICKS)
    middle = _TICKS // 2
    variants = []
    for i, tick in enumerate(ticks):
        array = t.data.copy()
        array[at] = tick
        variants.append(0 if i == middle else _add_variant(data, run(traces, t, array)))
    index = f"[{', '.join(map(str, at))}]" if at else ""
    return {
        "kind": "input",
        "label": f"{traces[-1].names[t.order]}{index}",
        "ticks": [minus(format_number(tick)) for tick in ticks],
        "variants": variants,
        "start": middle,
    }


def _hard_button(data: Data, traces: Sequence[Trace], logits: Tensor, run: Rerun) -> Data:
    """Return the button for logits whose exponentials overflow in the graph."""
    hard = np.linspace(_HARDEST, -_HARDEST, logits.shape[-1])
    others = run(traces, logits, np.broadcast_to(hard, logits.shape))
    data["compare"]["hard"] = findings(others)
    return {
        "kind": "hard",
        "label": minus(f"Hard logits ({', '.join(map(format_number, hard))})"),
        "ticks": ["", ""],
        "variants": [_add_variant(data, others)],
        "start": 0,
    }


def _add_variant(data: Data, traces: Sequence[Trace]) -> int:
    """Append the numbers of other traces to the pools, and return their index."""
    batch = batch_of(traces)
    arrays = [arrays_of(trace, Pool(batch)) for trace in traces]
    data["pools"].append([changes(*each) for each in zip(arrays, data["pools"][0])])
    return len(data["pools"]) - 1
