"""Compare a fused node with its graph: do their gradients agree, and why is its rule so simple?

The arrays behind the answers are items of a pool, so the program of the fused tape computes them
from other leaves too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import numpy as np

from ...core.arrays import Array, unwrap
from ...core.context import unobserved
from ...core.tensor import Tensor
from ...functional.cross_entropy import SoftmaxCrossEntropy
from ...functional.targets import are_indices
from ...text.format import format_number
from ...transforms.jacobian import jacobian
from ..trace import Trace
from .arrays import Pool, minus
from .data import Data

_MOST_CLASSES = 8
_LARGEST_JACOBIAN = 4096  # entries
_HARDEST = 1000.0  # the largest of the hard logits
_CLOSE = (
    1e-4  # the largest difference of gradients that are the same, relative to the largest entry
)


class Findings:
    """What a page finds out about two tapes, the second of which is explained."""

    def __init__(self, traces: Sequence[Trace], pools: Sequence[Pool], both: Sequence[str]) -> None:
        self.traces, self.pools = traces, pools
        self.data: Data = self._verdict(*both)
        with unobserved():
            nodes = [t for t in traces[1].tape if t.op and t.op.unfused and t in traces[1].adjoints]
            logits = [t for t in nodes if _is_explained(t)]
            others = [t for t in nodes if not _is_explained(t)]
            self.data["softmax"] = [self._softmax(t) for t in logits]
            if len(nodes) == len(others) == 1:
                self.data |= self._jacobian(*others)
        self._add_hard_logits(logits)

    def _verdict(self, first: str, second: str) -> Data:
        """Return the gradients that both tapes have, and whether they agree, in words."""
        ours, theirs = ({trace.names[t.order]: g for t, g in trace.adjoints.items() if not t.op}
                        for trace in self.traces)  # fmt: skip
        names = [n for n in ours if n in theirs and ours[n].shape == theirs[n].shape]
        words = {
            "agree": f"✓ {first} and {second} agree: max |Δ| = #",
            "differ": f"✗ {first} and {second} differ: max |Δ| = #",
            "broken": f"✗ the gradient of # in the {first} is not finite",
            "exact": f"; in the {second} it is exact",
            "both": f"✗ the gradient of # in the {second} is not finite",
        }
        pairs = [(name, ours[name], theirs[name]) for name in names]
        return {
            "verdict": minus(_in_words(pairs, words)),
            "words": words,
            "close": _CLOSE,
            "pairs": [
                [name, *(pool.array(g) for pool, g in zip(self.pools, both))]
                for name, *both in pairs
            ],
        }

    def _softmax(self, node: Tensor) -> Data:
        """Return the factors of ŷ - y: the gradient by ŷ, and the Jacobian of softmax."""
        trace, pool = self.traces[1], self.pools[1]
        z, y = (np.asarray(unwrap(a)) for a in node.inputs)
        g, reduction = trace.adjoints[node], node.kwargs.get("reduction", "mean")
        count = z.size // z.shape[-1]
        data: Data = {
            "node": _position(trace, node),
            "count": count,
            "forms": _forms("L" if count == 1 else "ℓ"),
        }
        for key in FACTORS:
            factor = partial(softmax_factor, key, reduction)
            data[key] = pool.compute(factor, z, y, g, rows=count)
        if count > 1 and reduction == "mean":
            data["note"] = (
                f"The loss is the mean of N = {count} examples. So the upstream gradient has the "
                f"factor 1/N, and the gradient of each example is (ŷ − y) ÷ {count}."
            )
        return data

    def _jacobian(self, t: Tensor) -> Data:
        """Return the Jacobian of a node by its first argument, as a matrix, if it is small."""
        arguments = [*map(unwrap, t.inputs)]
        if t.size * np.size(arguments[0]) > _LARGEST_JACOBIAN:
            return {}
        position = self.pools[1].compute(partial(_matrix, t), *arguments)
        return {"jacobian": {"node": _position(self.traces[1], t), "array": position}}

    def _add_hard_logits(self, nodes: Sequence[Tensor]) -> None:
        """Add logits whose exponentials overflow in the graph, if a leaf holds the logits."""
        logits = [t.inputs[0] for t in nodes]
        if len(logits) == 1 and isinstance(logits[0], Tensor) and logits[0].op is None:
            row = np.linspace(_HARDEST, -_HARDEST, logits[0].shape[-1])
            self.data["hard"] = {
                "node": _position(self.traces[1], logits[0]),
                "label": minus(f"Hard logits ({', '.join(map(format_number, row))})"),
                "row": row.tolist(),
            }


def _position(trace: Trace, t: Tensor) -> int:
    return trace.tape.index(t)


def _in_words(pairs: Sequence[tuple[str, Array, Array]], words: dict[str, str]) -> str:
    """Return the largest difference between gradients, in words."""
    if not pairs:
        return ""
    ours, theirs = (
        [name for name, *both in pairs if not np.isfinite(both[i]).all()] for i in (0, 1)
    )
    if ours:
        return words["broken"].replace("#", ", ".join(ours)) + words["exact"] * (not theirs)
    if theirs:
        return words["both"].replace("#", ", ".join(theirs))
    largest = max(float(np.max(np.abs(a - b), initial=0)) for _, a, b in pairs)
    scale = max(float(np.max(np.abs(a), initial=1)) for _, a, _ in pairs)
    key = "agree" if largest <= _CLOSE * scale else "differ"
    return words[key].replace("#", format_number(largest, 2))


def _is_explained(t: Tensor) -> bool:
    """Return whether a node is softmax cross-entropy over the last axis, with few classes."""
    if t.op is not SoftmaxCrossEntropy:
        return False
    z = unwrap(t.inputs[0])
    fits = 0 < z.shape[-1] <= _MOST_CLASSES and z.size > 0
    return fits and t.kwargs.get("axis", -1) in (-1, z.ndim - 1)


#: the factors of the gradient of softmax cross-entropy
FACTORS = ["predicted", "target", "total", "difference", "gradient", "upstream", "jacobian"]


def softmax_factor(key: str, reduction: str, z: Any, y: Any, g: Any) -> Any:
    """Return a factor of the gradient of softmax cross-entropy, with a row for each example.

    `g` is the gradient of the node. Class indices become one-hot targets.
    """
    classes = z.shape[-1]
    rows = np.reshape(z, (-1, classes))
    e = np.exp(rows - np.max(rows, axis=-1, keepdims=True))
    p = e / np.sum(e, axis=-1, keepdims=True)
    if are_indices(y):
        target = 1.0 * (np.arange(classes) == np.reshape(np.remainder(y, classes), (-1, 1)))
    else:
        target = np.reshape(np.broadcast_to(y, z.shape), (-1, classes))
    weight = np.reshape(g, (-1, 1)) / (len(rows) if reduction == "mean" else 1)
    total = np.sum(target, axis=-1, keepdims=True)
    difference = p * total - target
    return {
        "predicted": p,
        "target": target,
        "total": total,
        "difference": difference,
        "gradient": difference * weight,
        "upstream": -(target / p) * weight,
        "jacobian": p[:, :, None] * (np.eye(classes) - p[:, None, :]),
    }[key]


def _forms(loss: str) -> list[Data]:
    """Return the formulas of the gradient, for targets with a sum of 1 and for others."""
    why = "The ŷ in the softmax Jacobian cancels the 1/ŷ of the logarithm. "
    return [
        _form(loss, r"\hat{y}_{j}", "ŷ − y", why + "Only prediction minus truth remains."),
        _form(
            loss, r"\hat{y}_{j} \sum y", "ŷ Σy − y", why + "The sum of the targets, Σy, is not 1."
        ),
    ]


def _form(loss: str, first: str, difference: str, why: str) -> Data:
    slope = r"\hat{y}_{i} (δ_{i j} - \hat{y}_{j})"
    return {
        "difference": difference,
        "tex": [
            r"\frac{\partial \hat{y}_{i}}{\partial z_{j}} = " + slope,
            rf"\frac{{\partial {loss}}}{{\partial z_{{j}}}} = \sum_{{i}} "
            rf"-\frac{{y_{{i}}}}{{\hat{{y}}_{{i}}}} {slope} = {first} - y_{{j}}",
        ],
        "why": why,
    }


def _matrix(t: Tensor, first: Any, *others: Any) -> Any:
    op = cast(Any, t.op)
    x = jacobian(partial(_call, op, others, t.kwargs))(first)
    return np.reshape(unwrap(x), (t.size, -1))


def _call(op: Any, others: Sequence[Any], kwargs: Any, x: Any) -> Any:
    return op(x, *others, **kwargs)
