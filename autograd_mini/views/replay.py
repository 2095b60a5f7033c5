"""Run a tape again, with fused nodes replaced by their graphs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any

from ..core.context import SCOPES, scope, unobserved
from ..core.tape import Tape
from ..core.tape import replay as replay_tape
from ..core.tensor import Tensor
from ..notation.symbolic import parameters


def unfuse(result: Tensor) -> tuple[Tensor, Mapping[int, Tensor]]:
    """Compute `result` again from the same leaves, with fused nodes replaced by their graphs.

    Also return the replacement of each tensor of the old tape, by its creation number. Raise
    ValueError if no node is fused.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> result, _ = unfuse(ag.logsumexp(x))
    >>> [t.op.name for t in result.tape() if t.op]
    ['exp', 'sum', 'log']
    """
    tape = Tape(result)
    if not any(t.op and t.op.unfused for t in tape):
        raise ValueError(
            "unfuse=True needs a fused node, but this graph has none. Leave unfuse=True out."
        )
    with unobserved():
        replaced = replay_tape(tape, leaf=lambda t: t, call=call_unfused)
    return replaced[result], {t.order: new for t, new in replaced.items()}


def call_unfused(t: Tensor, args: list[Any]) -> Tensor:
    """Compute a node again, or the graph of a fused node, in a scope with the node's name."""
    op = t.op
    assert op is not None
    SCOPES.set((*t.scope, scope(op.name)) if op.unfused else t.scope)
    names = chain(parameters(op), repeat(""))
    out: Tensor = (op.unfused or op)(*map(_constant, args, names), **t.kwargs)
    out.name = out.name or t.name
    return out


def _constant(a: Any, name: str) -> Any:
    """Return an argument of a fused node: an array as a tensor, so that it gets a card."""
    is_array = hasattr(a, "dtype") and not isinstance(a, Tensor) and a.ndim and a.dtype.kind == "f"
    return Tensor(a, name=name) if name and is_array else a
