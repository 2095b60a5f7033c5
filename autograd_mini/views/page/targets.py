"""The formulas of softmax cross-entropy for targets that do not sum to 1.

A formula of the node says ŷ - y while the targets sum to 1. If the reader of the page changes them,
it must say ŷ Σy - y.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...core.arrays import unwrap
from ...core.context import grad_mode, unobserved
from ...core.tensor import Tensor
from ...functional.cross_entropy import SoftmaxCrossEntropy
from ...notation.symbolic import SymbolicRule, symbolic_rules
from ...text.format import Names, Place
from .arrays import Pool


class OtherTargets(NamedTuple):
    """The rules of a node for targets that do not sum to 1."""

    distance: int  #: the position of the largest distance of a sum from 1
    rules: Mapping[int, SymbolicRule]
    names: Names  #: of the tensors in these rules, in LaTeX and as plain text
    plain: Names


def other_targets(t: Tensor, tex: Names, plain: Names, pool: Pool) -> OtherTargets | None:
    """Return the rules of a node for other targets, or None if it has no such targets."""
    if t.op is not SoftmaxCrossEntropy:
        return None
    z, y = t.inputs[:2]
    array = unwrap(y)
    if array.dtype.kind != "f" or not array.size:
        return None
    twice: Any = 2 * array + 1
    if isinstance(y, Tensor):
        twice = Tensor(twice, requires_grad=y.requires_grad, name=y.name)
    with unobserved(), grad_mode(True), np.errstate(all="ignore"):
        node = t.op(z, twice, **t.kwargs)
    pairs = [(t.order, node.order), (_key(y), _key(twice))]
    distance = pool.compute(partial(_distance_from_one, t.kwargs.get("axis", -1)), array)
    return OtherTargets(
        distance,
        symbolic_rules(node),
        *(
            {**names, **{new: names[old] for old, new in pairs if old in names}}
            for names in (tex, plain)
        ),
    )


def _key(a: Any) -> Any:
    return a.order if isinstance(a, Tensor) else Place.of(a)


def _distance_from_one(axis: int, y: Any) -> Any:
    return np.max(np.abs(np.sum(y, axis=axis) - 1))
