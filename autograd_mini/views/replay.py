"""Opening fused nodes: the same computation with the graph of each in its place, in a box."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any

import numpy as np

from ..core.context import SCOPES, grad_mode, scope, unobserved
from ..core.tape import Tape
from ..core.tensor import Tensor
from ..notation.symbolic import parameters
from .trace import Trace


def opened(result: Tensor) -> tuple[Tensor, Mapping[int, Tensor]]:
    """The tape behind `result` computed once more, fused nodes by their unfused definitions.

    Returns
    -------
    Tensor
        The new result. It has the same leaves.
    mapping of int to Tensor
        What stands for each tensor of the old tape, by its creation number.

    Raises
    ------
    ValueError
        When no node is fused.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> result, _ = opened(ag.logsumexp(x))
    >>> [t.op.name for t in result.tape() if t.op]
    ['exp', 'sum', 'log']
    """
    made: dict[int, Tensor] = {}
    found = False
    with grad_mode(True), np.errstate(all="ignore"):
        for t in Tape(result):
            if t.op is None:
                made[t.order] = t
                continue
            args = [
                made[a.order] if isinstance(a, Tensor) else _called(a, name)
                for a, name in zip(t.inputs, chain(parameters(t.op), repeat("")))
            ]
            SCOPES.set(t.scope if t.op.unfused is None else (*t.scope, scope(t.op.name)))
            found = found or t.op.unfused is not None
            out = made[t.order] = (t.op.unfused or t.op)(*args, **t.kwargs)
            out.name = out.name or t.name
    if not found:
        raise ValueError("unfuse=True: no node of this graph is fused, so there is none to open")
    return made[result.order], made


def _called(a: Any, name: str) -> Any:
    """An argument of a fused node that is no Tensor: of an array, the graph has a card."""
    is_array = isinstance(a, np.ndarray) and a.ndim and a.dtype.kind == "f"
    return Tensor(a, name=name) if name and is_array else a


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
        with unobserved(), grad_mode(True), np.errstate(all="ignore"):
            made[t.order] = t.op(*args, **t.kwargs)
    tape = Tape(made[trace.result.order])
    called = {made[key].order if key in made else key: s for key, s in trace.called.items()}
    with unobserved(), np.errstate(all="ignore"):
        return Trace(tape, called, tape.adjoints())
