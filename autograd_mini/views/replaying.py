"""The same computation with other numbers in its leaves: the tape is run once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..tape import Tape
from ..tensor import Tensor, recording
from .trace import Trace


def replayed(trace: Trace, data: Mapping[int, Any]) -> Trace:
    """The trace of the same operations on other leaves.

    Parameters
    ----------
    trace : Trace
    data : mapping of int to array
        What is in a leaf instead, by creation number.

    Returns
    -------
    Trace
        Its tensors stand in the same order, and have the same names.
    """
    made: dict[int, Tensor] = {}
    for t in trace.tape:
        if t.op is None:
            array = data.get(t.order, t._array)
            made[t.order] = Tensor(array, requires_grad=t.requires_grad, name=t.name)
            continue
        args = [made[a.order] if isinstance(a, Tensor) else a for a in t.inputs]
        with recording(True), np.errstate(all="ignore"):
            made[t.order] = t.op(*args, **t.kwargs)
    tape = Tape(made[trace.result.order])
    called = {made[key].order if key in made else key: s for key, s in trace.called.items()}
    with np.errstate(all="ignore"):
        return Trace(tape, called, tape.adjoints())
