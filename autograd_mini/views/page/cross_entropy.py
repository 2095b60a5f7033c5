"""Find softmax cross-entropy on a tape, as a fused node or as a graph, and its quantities.

The search looks at operations and never at numbers, so the same tape with other numbers has the
same quantities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ...core.arrays import Array, unwrap
from ...core.tensor import Tensor
from ...functional.cross_entropy import SoftmaxCrossEntropy
from ...functional.softmax import log_softmax, softmax
from ...functional.targets import are_indices
from ...notation.symbolic import SILENT
from ..trace import Trace

#: operations that are linear in their first active argument, if the others are constants
_LINEAR = SILENT | {
    "add", "sub", "mul", "div", "neg", "positive", "sum", "mean", "getitem", "take",
    "take_along_axis", "transpose", "swapaxes", "nll_loss",
}  # fmt: skip
_MOST_CLASSES = 12
#: quantity of a `CrossEntropy` -> its letter in a textbook
LETTERS = {"logits": "z", "exponentials": "e", "total": "s", "predicted": "ŷ", "target": "y"}
_SELECTS = {"getitem", "take", "take_along_axis"}


@dataclass(frozen=True)
class CrossEntropy:
    """The tensors of a softmax cross-entropy. Those that are not on the tape are None."""

    logits: Tensor
    exponentials: Tensor | None
    total: Tensor | None  #: s, the sum of the exponentials
    predicted: Tensor | None
    log: Tensor | None  #: the logarithm of the prediction
    target: Tensor | None  #: the constant factor y of the logarithm, if it is a tensor
    node: Tensor | None  #: the fused node
    factor: Array | None = None  #: the numbers of y in a graph

    @property
    def shifted(self) -> Tensor | None:
        """The logits less their largest one, if the graph subtracts it."""
        e = self.exponentials
        z = self.logits if e is None else e.inputs[0]
        return None if z is self.logits else z


@dataclass(frozen=True)
class Example:
    """Where the page reads the prediction, target and gradient of the first example."""

    logits: Array
    gradients: Array  #: of the logits
    targets: Array  #: of all examples, or the row of the first example
    sign: float  #: of the targets: -1 if the factor of ln ŷ is -y
    from_tape: bool  #: whether `targets` is an array of the tape
    weight: float  #: of the example in the result: 1/N for a mean over N examples

    @property
    def classes(self) -> int:
        return int(self.logits.shape[-1])

    @property
    def count(self) -> int:
        """The number of examples."""
        return int(self.logits.size // self.classes)

    def column(self, key: str) -> tuple[Callable[..., Any], tuple[Array, ...]]:
        """Return a column as a function, and the arrays of the tape that it is computed from."""
        row = partial(first_row, key, self.sign)
        if self.from_tape:
            return row, (self.logits, self.gradients, self.targets)
        return partial(row, y=self.targets), (self.logits, self.gradients)


#: the columns of the first example
COLUMNS = ("predicted", "target", "difference", "gradient")


def first_row(key: str, sign: float, z: Any, g: Any, y: Any) -> Any:
    """Return a column of the first example, from the logits, their gradient and the targets."""
    row = _rows(z)[0]
    e = np.exp(row - np.max(row))
    p, target = e / np.sum(e), sign * _rows(np.broadcast_to(y, z.shape))[0]
    columns = {"predicted": p, "target": target, "difference": p - target, "gradient": _rows(g)[0]}
    return columns[key]


def find_cross_entropy(trace: Trace) -> CrossEntropy | None:
    """Return the only softmax cross-entropy of a tape, if its classes are on the last axis."""
    active = [t for t in trace.tape if t in trace.adjoints]
    ends = [t for t in active if t.op is SoftmaxCrossEntropy or _is_log(t)]
    if len(ends) != 1:
        return None
    users = _active_users(trace)
    is_fused = ends[0].op is SoftmaxCrossEntropy
    found = _fused(ends[0], users) if is_fused else _graph(ends[0], users, trace)
    return found if found and _is_shown(found.logits) else None


def with_letters(trace: Trace) -> Trace:
    """Return the trace with the letters of a textbook for tensors that have only a number."""
    found, names = find_cross_entropy(trace), dict(trace.names)
    for key, letter in LETTERS.items():
        t: Tensor | None = getattr(found, key, None)
        if t is None or t.name or letter in names.values():
            continue
        if names[t.order] == f"v{trace.tape.index(t)}":
            names[t.order] = letter
    return replace(trace, names=names)


def _is_shown(z: Tensor) -> bool:
    """Return whether the page can show the classes of these logits."""
    is_plain = isinstance(z.data, np.ndarray) and z.dtype.kind == "f"
    return is_plain and z.ndim > 0 and 1 < z.shape[-1] <= _MOST_CLASSES and z.size > 0


def _is_log(t: Tensor) -> bool:
    """Return whether a node is the logarithm of a softmax, or could be."""
    if t.op is log_softmax:
        return True
    if t.op is None or t.op.name != "log":
        return False
    made = _behind(t.inputs[0], SILENT | _SELECTS)
    return made.op is not None and (made.op is softmax or made.op.name == "div")


def _active_users(trace: Trace) -> dict[Tensor, list[Tensor]]:
    """Return the nodes that use each active tensor, once for each use."""
    users: dict[Tensor, list[Tensor]] = {t: [] for t in trace.adjoints}
    for t in trace.tape:
        if t.op is not None and t in trace.adjoints:
            for a in t.inputs:
                if isinstance(a, Tensor) and a in users:
                    users[a].append(t)
    return users


def _fused(t: Tensor, users: dict[Tensor, list[Tensor]]) -> CrossEntropy | None:
    z, y = t.inputs[:2]
    if not isinstance(z, Tensor) or t.kwargs.get("axis", -1) not in (-1, z.ndim - 1):
        return None
    if len(users[z]) != 1 or (isinstance(y, Tensor) and y in users):
        return None
    return CrossEntropy(z, None, None, None, None, y if isinstance(y, Tensor) else None, t)


def _graph(log: Tensor, users: dict[Tensor, list[Tensor]], trace: Trace) -> CrossEntropy | None:
    """Return the cross-entropy around a logarithm: softmax before it, a linear function after."""
    y, t = None, log
    while t is not trace.result:
        if len(users[t]) != 1 or (after := users[t][0]).op is None:
            return None
        if not _is_linear(after, t, users):
            return None
        if y is None and after.op.name == "mul":
            y = _other_factor(after, t, log)
        t = after
    z, e, s, p = _softmax(log, users)
    if z is None:
        return None
    target = y if isinstance(y, Tensor) else None
    return CrossEntropy(z, e, s, p, log, target, None, None if y is None else unwrap(y))


def _is_linear(node: Tensor, t: Tensor, users: dict[Tensor, list[Tensor]]) -> bool:
    """Return whether a node is linear in its argument `t`."""
    assert node.op is not None
    if node.op.name not in _LINEAR:
        return False
    if node.op.name in ("add", "sub"):
        return True
    if node.op.name == "div" and node.inputs[0] is not t:
        return False
    return sum(isinstance(a, Tensor) and a in users for a in node.inputs) == 1


def _other_factor(product: Tensor, t: Tensor, log: Tensor) -> Any:
    """Return the constant factor of a product if it has a number for each class."""
    (other,) = [a for a in product.inputs if a is not t]
    fits = t.shape == log.shape and np.ndim(unwrap(other)) and np.shape(other)[-1] == log.shape[-1]
    return other if fits else None


def _softmax(
    log: Tensor, users: dict[Tensor, list[Tensor]]
) -> tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]:
    """Return the logits, exponentials, sum and prediction behind a logarithm; None if not found."""
    nothing = None, None, None, None
    p = log if log.op is log_softmax else _behind(log.inputs[0], SILENT | _SELECTS)
    if p.op in (softmax, log_softmax):
        z = p.inputs[0]
        own = isinstance(z, Tensor) and len(users.get(z, ())) == 1
        is_last = p.kwargs.get("axis", -1) in (-1, p.ndim - 1)
        return (z, None, None, None if p is log else p) if own and is_last else nothing
    e, s = p.inputs[0], _behind(p.inputs[1], SILENT | {"getitem"})
    if not isinstance(e, Tensor) or e.op is None or s.op is None:
        return nothing
    sums_last = s.op.name == "sum" and s.inputs[0] is e and _sums_last_axis(s)
    if not sums_last or e.op.name != "exp" or len(users.get(e, ())) != 2:
        return nothing
    z = e.inputs[0]
    if isinstance(z, Tensor) and z.op and z.op.name == "sub" and z.inputs[1] not in users:
        z = z.inputs[0]  # the logits were shifted by a constant
    if not isinstance(z, Tensor) or len(users.get(z, ())) != 1 or z.shape != p.shape:
        return nothing
    return z, e, s, p


def _sums_last_axis(s: Tensor) -> bool:
    axis, last = s.kwargs.get("axis"), s.inputs[0].ndim - 1
    return axis in (-1, last, (-1,), (last,)) or (axis is None and last == 0)


def _behind(t: object, passed: set[str]) -> Tensor:
    """Return the first tensor behind `t` whose operation is not one of these."""
    while isinstance(t, Tensor) and t.op is not None and t.op.name in passed:
        t = t.inputs[0]
    return t if isinstance(t, Tensor) else Tensor(np.asarray(0.0))


def first_example(trace: Trace, found: CrossEntropy) -> Example:
    """Return where to read the numbers of the first example."""
    z = found.logits
    array, gradients = unwrap(z), trace.adjoints[z]
    if found.node is not None:
        y, from_tape = _fused_target(found.node, z.shape[-1])
        weight = _fused_weight(trace, found.node, z.size // z.shape[-1])
        return Example(array, gradients, y, 1.0, from_tape, weight)
    if found.factor is None:
        y, weight = _selected_target(trace, found)
        return Example(array, gradients, y, 1.0, False, weight)
    weight = _graph_weight(trace, found, found.factor)
    sign = 1.0 if weight >= 0 else -1.0
    return Example(array, gradients, found.factor, sign, True, abs(weight))


def _rows(x: Any) -> Any:
    return np.reshape(x, (-1, x.shape[-1]))


def _fused_target(node: Tensor, classes: int) -> tuple[Array, bool]:
    """Return the targets, and whether they are on the tape. A class index becomes a one-hot row."""
    y = unwrap(node.inputs[1])
    if are_indices(y):
        return np.eye(classes)[int(np.ravel(y)[0]) % classes], False
    return np.asarray(y), isinstance(y, np.ndarray)


def _fused_weight(trace: Trace, node: Tensor, count: int) -> float:
    """Return what the loss of the first example counts in the result."""
    g = float(np.ravel(trace.adjoints[node])[0])
    return g / count if node.kwargs.get("reduction", "mean") == "mean" else g


def _gradient_of_log(trace: Trace, found: CrossEntropy) -> Array:
    """Return what multiplies ln ŷ of the first example in the result."""
    assert found.log is not None
    selected = trace.adjoints[found.log]
    if found.log.shape != found.logits.shape:  # the true class is selected before the logarithm
        assert found.predicted is not None
        selected = trace.adjoints[found.predicted] * found.predicted.data
    return -_rows(selected)[0]


def _selected_target(trace: Trace, found: CrossEntropy) -> tuple[Array, float]:
    """Return the target and the weight of the first example if its class is selected."""
    row = _gradient_of_log(trace, found)
    return (row != 0).astype(float), float(row.sum())


def _graph_weight(trace: Trace, found: CrossEntropy, factor: Array) -> float:
    """Return the weight of the first example; negative if the factor is -y."""
    y = _rows(np.broadcast_to(factor, found.logits.shape))[0]
    largest = int(np.argmax(np.abs(y)))
    return float(_gradient_of_log(trace, found)[largest] / y[largest]) if y[largest] else 0.0
