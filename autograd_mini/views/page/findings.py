"""Compare a fused node with its graph: do their gradients agree, and why is its rule so simple?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from ...core.arrays import Array, unwrap
from ...core.context import grad_mode, unobserved
from ...core.tensor import Tensor
from ...functional.cross_entropy import SoftmaxCrossEntropy, softmax_cross_entropy
from ...functional.softmax import softmax
from ...functional.targets import are_indices
from ...text.format import format_number
from ...transforms.jacobian import jacobian
from ..trace import Trace
from .arrays import Pool, minus
from .data import Data

_MOST_CLASSES = 8
_LARGEST_JACOBIAN = 4096  # entries


def findings(traces: Sequence[Trace]) -> Data:
    """Return how far the gradients of a graph and its node agree, and numbers that explain them."""
    data: Data = {"verdict": _verdict(traces)}
    with unobserved():
        if (node := cross_entropy_node(traces[1])) is not None:
            data["softmax"] = _softmax(*_first_example(node))
        elif (rows := _jacobian(traces[1])) is not None:
            data["jacobian"] = Pool().write(rows)
    return data


def _verdict(traces: Sequence[Trace]) -> str:
    """Return the largest difference between the gradients of both tapes, in words."""
    ours, theirs = (_leaf_gradients(trace) for trace in traces)
    pairs = [(name, ours[name], theirs[name]) for name in ours if name in theirs]
    if not pairs:
        return ""
    broken = [name for name, a, _ in pairs if not np.isfinite(a).all()]
    if broken:
        fine = all(np.isfinite(b).all() for _, _, b in pairs)
        end = "; the fused node's is exact" if fine else ""
        return f"✗ the graph's gradient of {', '.join(broken)} is not finite{end}"
    largest = max(float(np.max(np.abs(a - b), initial=0)) for _, a, b in pairs)
    return minus(f"✓ graph and fused node agree: max |Δ| = {format_number(largest, 2)}")


def _leaf_gradients(trace: Trace) -> dict[str, Array]:
    """Return the gradients of the leaves, by name."""
    return {trace.names[t.order]: g for t, g in trace.adjoints.items() if t.op is None}


def cross_entropy_node(trace: Trace) -> Tensor | None:
    """Return the only softmax cross-entropy node of a tape, if the page can show all classes."""
    nodes = [t for t in trace.tape if t.op is SoftmaxCrossEntropy]
    if len(nodes) != 1:
        return None
    z = unwrap(nodes[0].inputs[0])
    fits = 0 < z.shape[-1] <= _MOST_CLASSES and z.size
    return nodes[0] if fits and nodes[0].kwargs.get("axis", -1) in (-1, z.ndim - 1) else None


def _first_example(node: Tensor) -> tuple[Array, Array]:
    """Return logits and targets of the first example. Class indices become one-hot targets."""
    z, y = map(unwrap, node.inputs)
    classes = z.shape[-1]
    if are_indices(y):
        y = np.eye(classes)[np.ravel(y)[0] % classes]
    else:
        y = np.broadcast_to(y, z.shape).reshape(-1, classes)[0]
    return z.reshape(-1, classes)[0], y


def _softmax(z: Array, y: Array) -> Data:
    """Return the factors of ŷ - y: the gradient with respect to ŷ, and the Jacobian of softmax."""
    with grad_mode(True), np.errstate(all="ignore"):
        predicted = softmax(np.asarray(z, float))
        p = Tensor(predicted, requires_grad=True)
        (-(y * np.log(p)).sum()).backward()
        leaf = Tensor(np.asarray(z, float), requires_grad=True)
        softmax_cross_entropy(leaf, y).backward()
        gradient: Any = leaf.grad
        slopes = unwrap(jacobian(softmax)(np.asarray(z, float)))
    write = Pool().write
    share = [[round(100 * float(a)), round(100 * float(b)), round(50 * float(c))]
             for a, b, c in zip(predicted, y, gradient)]  # fmt: skip
    first = r"\hat{y}_{j}" if np.isclose(np.sum(y), 1) else r"\hat{y}_{j} \sum y"
    slope = r"\hat{y}_{i} (δ_{i j} - \hat{y}_{j})"
    return {
        "tex": [
            r"\frac{\partial \hat{y}_{i}}{\partial z_{j}} = " + slope,
            r"\frac{\partial L}{\partial z_{j}} = \sum_{i} -\frac{y_{i}}{\hat{y}_{i}} "
            rf"{slope} = {first} - y_{{j}}",
        ],
        "why": "The ŷ in the softmax Jacobian cancels the 1/ŷ of the logarithm. Only prediction "
        "minus truth remains.",
        "rows": [str(i) for i in range(len(z))],
        "predicted": write(predicted),
        "target": write(np.asarray(y, float)),
        "difference": write(gradient),
        "bars": share,
        "jacobian": write(slopes),
        "upstream": write(p.grad),
        "sums": write(gradient),
    }


def _jacobian(trace: Trace) -> Array | None:
    """Return the Jacobian of the only fused node by its first argument, as a matrix."""
    nodes = [t for t in trace.tape if t.op and t.op.unfused]
    if len(nodes) != 1 or nodes[0].size * np.size(unwrap(nodes[0].inputs[0])) > _LARGEST_JACOBIAN:
        return None
    t, op = nodes[0], cast(Any, nodes[0].op)
    first, *others = map(unwrap, t.inputs)
    matrix = jacobian(lambda x: op(x, *others, **t.kwargs))(first)
    return unwrap(matrix).reshape(t.size, -1)
