"""Sliders: what happens when a slider of the page moves an input.

The page computes nothing. When it is written, the engine runs the tape again for each position of
each slider (`rerun`), and the numbers that change become a *variant*: another entry of
``data["pools"]``. A slider lists the variant of each of its positions. When the reader moves it,
``static/controls.js`` stores that variant in ``state.variant``, and ``static/state.js`` reads
every number from its pool. So one input moves at a time, on a grid.
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

_MOST_INPUTS = 6  # entries of all inputs together, up to which each has a slider
_MOST_ENTRIES = 300  # entries of a tape, up to which its inputs have sliders
_TICKS = 17  # positions of a slider; the middle one is the input as it is
_HARDEST = 1000.0  # the largest of the hard logits

#: ``run(traces, leaf, array)`` returns the same traces with another array in a leaf.
Rerun: TypeAlias = Callable[[Sequence[Trace], Tensor, Array], list[Trace]]


def rerun(traces: Sequence[Trace], t: Tensor, array: Array) -> list[Trace]:
    """Run each tape again with another array in a leaf, which has one name on all of them."""
    name = traces[-1].called[t.order]
    return [
        replay(trace, {a.order: array for a in trace.tape if trace.called[a.order] == name})
        for trace in traces
    ]


def rerun_unfused(traces: Sequence[Trace], t: Tensor, array: Array) -> list[Trace]:
    """Run the fused tape again with another array in a leaf, and then unfuse it.

    So constants that the graph takes from the numbers, such as the largest logit, fit the new ones.
    """
    (node,) = rerun(traces[1:], t, array)
    tape = Tape(unfuse(node.result)[0])
    if len(tape) != len(traces[0].tape):  # the graph depends on the numbers
        return rerun(traces, t, array)
    return [traces[0].like(tape), node]


def sliders(data: Data, traces: Sequence[Trace], run: Rerun = rerun) -> list[Data]:
    """Return a slider for each entry of the inputs, if they are few; and a button for hard logits.

    The variants that they choose are appended to ``data["pools"]``.
    """
    tensors = [t for trace in traces for t in trace.tape]
    if sum(t.size for t in tensors) > _MOST_ENTRIES:
        return []
    if not all(isinstance(t.data, np.ndarray) and t.dtype.kind in "biuf" for t in tensors):
        return []
    found = []
    inputs = [t for t in traces[-1].tape if t.op is None and t.requires_grad]
    if sum(t.size for t in inputs) <= _MOST_INPUTS:
        for t in inputs:
            for at in np.ndindex(t.shape):
                if np.isfinite(t.data[at]):
                    found.append(_input_slider(data, traces, t, at, run))
    if len(traces) > 1 and (node := cross_entropy_node(traces[1])) is not None:
        logits = node.inputs[0]
        if isinstance(logits, Tensor) and logits.op is None:
            found.append(_hard_button(data, traces, logits, run))
    return found


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
        "label": f"{traces[-1].called[t.order]}{index}",
        "ticks": [minus(format_number(tick)) for tick in ticks],
        "variants": variants,
        "start": middle,
    }


def _hard_button(data: Data, traces: Sequence[Trace], logits: Tensor, run: Rerun) -> Data:
    """Return the button that sets logits whose exponentials overflow in the graph."""
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
    """Append the numbers of other traces of the same tapes to the pools, and return their index."""
    batch = batch_of(traces)
    arrays = [arrays_of(trace, Pool(batch)) for trace in traces]
    data["pools"].append([changes(*each) for each in zip(arrays, data["pools"][0])])
    return len(data["pools"]) - 1
