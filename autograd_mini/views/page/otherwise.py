"""Formulas that depend on numbers, and what replaces them when a leaf of a live page changes.

Softmax cross-entropy has the gradient ŷ - y while the targets sum to 1, and ŷ Σy - y otherwise.
Some rules compute a mask or a factor from the values, so that their formulas contain numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...core.arrays import unwrap
from ...core.context import grad_mode, unobserved
from ...core.tensor import Tensor
from ...functional.cross_entropy import SoftmaxCrossEntropy
from ...notation.latex import LaTeX
from ...notation.symbolic import SymbolicRule, symbolic_rules
from ...text.format import Names, Place
from ..trace import Trace
from .arrays import Pool

_DRAWS = 3  # of random numbers, to see whether a formula depends on them
CHANGED = -1  #: instead of the position of an array: once a leaf has changed


class Otherwise(NamedTuple):
    """The rules of a node for other numbers."""

    unless: int  #: the position of an array that is 0 while the usual rules hold, or `CHANGED`
    rules: Mapping[int, SymbolicRule]
    tex: Names  #: the names of the tensors in these rules
    plain: Names


def other_rules(t: Tensor, trace: Trace, tex: Names, pool: Pool) -> Otherwise | None:
    """Return the rules of a node for other numbers, or None if its formulas always hold."""
    if t.op is SoftmaxCrossEntropy:
        y = unwrap(t.inputs[1])
        if y.dtype.kind != "f" or not y.size:
            return None
        node = _with_inputs(t, [t.inputs[0], _changed(t.inputs[1], 2 * y + 1), *t.inputs[2:]])
        distance = partial(_distance_from_one, t.kwargs.get("axis", -1))
        names = (_renamed(names, t, node) for names in (tex, trace.names))
        return Otherwise(pool.compute(distance, y), symbolic_rules(node), *names)
    rules = {i: trace.rule(t, i) for i in _active(t, trace)}
    outdated = [i for i, rule in rules.items() if _has_values(rule, t)]
    if not outdated or not _change(t, outdated, rules, tex):
        return None
    for i in outdated:
        rules[i] = rules[i]._replace(result=None, tape=())
    return Otherwise(CHANGED, rules, tex, trace.names)


def _active(t: Tensor, trace: Trace) -> Iterable[int]:
    """Return the positions of the arguments that a node contributes to."""
    pairs = zip(t.op.vjps if t.op else (), t.inputs)
    return [
        i for i, (rule, a) in enumerate(pairs)
        if rule is not None and isinstance(a, Tensor) and a in trace.adjoints
    ]  # fmt: skip


def _has_values(rule: SymbolicRule, t: Tensor) -> bool:
    """Return whether a rule has computed with arrays that are not arguments of its node."""
    given = {id(a) for a in (*t.inputs, *t.kwargs.values())}
    used = [a for node in rule.tape for a in node.inputs]
    return any(isinstance(a, (np.ndarray, np.generic)) and id(a) not in given for a in used)


def _change(t: Tensor, which: Iterable[int], rules: Mapping[int, SymbolicRule], tex: Names) -> bool:
    """Return whether formulas of a node differ for other values of its arguments."""
    rng = np.random.default_rng(0)
    for _ in range(_DRAWS):
        inputs = [_drawn(a, rng) for a in t.inputs]
        try:
            node = _with_inputs(t, inputs)
        except Exception:  # such as that of a matrix that is not positive definite
            return True
        others, names = symbolic_rules(node), _renamed(tex, t, node)
        if any(_text(rules[i], tex) != _text(others[i], names) for i in which):
            return True
    return False


def _drawn(a: Any, rng: np.random.Generator) -> Any:
    """Return an argument with random numbers of about the same size."""
    if not isinstance(a, Tensor) or a.dtype.kind != "f":
        return a
    known = np.where(np.isfinite(a.data), a.data, 0)
    return _changed(a, rng.normal(size=a.shape) * (1 + np.abs(known).max(initial=0)))


def _text(rule: SymbolicRule, names: Names) -> Any:
    return LaTeX().format_local(rule, names)


def _changed(a: Any, x: Any) -> Any:
    """Return an argument with other numbers."""
    if not isinstance(a, Tensor):
        return x
    return Tensor(x.astype(a.dtype), requires_grad=a.requires_grad, name=a.name)


def _with_inputs(t: Tensor, inputs: list[Any]) -> Tensor:
    """Compute a node again with other arguments."""
    with unobserved(), grad_mode(True), np.errstate(all="ignore"):
        node: Tensor = t.op(*inputs, **t.kwargs)  # type: ignore[misc]  # a node has an op
    return node


def _renamed(names: Names, t: Tensor, node: Tensor) -> Names:
    """Return names for the arguments of a node that replaces another."""
    pairs = [*zip(t.inputs, node.inputs), (t, node)]
    keys = [(_key(old), _key(new)) for old, new in pairs]
    return {**names, **{new: names[old] for old, new in keys if old in names}}


def _key(a: Any) -> Any:
    if isinstance(a, Tensor):
        return a.order
    return Place.of(a) if isinstance(a, np.ndarray) else None


def _distance_from_one(axis: int, y: Any) -> Any:
    return np.max(np.abs(np.sum(y, axis=axis) - 1))
