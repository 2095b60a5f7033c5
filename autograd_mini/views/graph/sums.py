"""Add up the contributions to a gradient one by one, for pictures that show how the sum grows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...core.arrays import Array
from ...core.backward import unbroadcast
from ...core.tensor import Tensor
from ..trace import Trace, quiet_contributions
from .folding import Part

if TYPE_CHECKING:
    from .graph import Edge


def in_backward_order(edges: Sequence[Edge]) -> list[int]:
    """Return the positions of the backward edges, in the order of the backward pass."""
    back = (i for i, edge in enumerate(edges) if edge.backward)
    return sorted(back, key=lambda i: (-edges[i].target, edges[i].argument))


def running_sums(
    trace: Trace, parts: Sequence[Part], edges: Sequence[Edge], uses: Mapping[Tensor, int]
) -> dict[Tensor, list[Array]]:
    """Return the sum on the card of each tensor after each backward edge, except the last.

    A folded card shows the gradient of one of its tensors only, so it is left out.
    """
    shown = [part.tensors[-1] for part in parts]
    adds = {t: i for i, t in enumerate(shown) if uses.get(t, 0) > 1 and not parts[i].is_folded}
    adding = set(adds.values())
    after: dict[tuple[int, int, int], Array] = {}
    for user, argument, target, total in _totals(trace, parts, adds):
        merged = parts[user].is_folded
        after[adds[target], user, -1 if merged else argument] = total
    sums: dict[Tensor, list[Array]] = {}
    for nth in in_backward_order(edges):
        edge = edges[nth]
        total = after.get((edge.source, edge.target, edge.argument))
        if edge.source in adding and total is not None:  # edges that are drawn as one have none
            sums.setdefault(shown[edge.source], []).append(total)
    return {t: totals[:-1] for t, totals in sums.items()}


def _totals(
    trace: Trace, parts: Sequence[Part], adds: Mapping[Tensor, int]
) -> Iterator[tuple[int, int, Tensor, Array]]:
    """Yield the card of a user, its argument, the tensor, and the sum with this contribution."""
    totals: dict[Tensor, Array] = {}
    for user, part in reversed(list(enumerate(parts))):
        for node in reversed(part.tensors):
            if node not in trace.adjoints or not any(a in adds for a in _tensors(node)):
                continue
            for c in quiet_contributions(node, trace.adjoints[node]):
                target = node.inputs[c.argument]
                if target in adds:
                    value = np.asarray(unbroadcast(np.asarray(c.value), node, target))
                    totals[target] = totals[target] + value if target in totals else value
                    yield user, c.argument, target, totals[target]


def _tensors(node: Tensor) -> list[Tensor]:
    return [a for a in node.inputs if isinstance(a, Tensor)]
