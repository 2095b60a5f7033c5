"""Fused beside unfused, and what would be if an input were another: numbers for the page.

All numbers are computed by the engine when the page is written: the tape is run once more for each
position of a slider. So the page moves one input at a time, on a grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..cross_entropy import SoftmaxCrossEntropy, softmax_cross_entropy
from ..softmax import softmax
from ..tape import Tape
from ..targets import are_indices
from ..tensor import Tensor, raw, recording
from ..transforms import jacobian
from .film import changed, pool_of
from .opening import opened
from .page import checked, tape_data
from .pool import Pool, batch_of, minus
from .replaying import replayed
from .trace import Trace
from .writing import number

_MOST_INPUTS = 6  # that get a slider
_MOST_SCALARS = 300  # on a tape whose inputs do
_TICKS = 17  # of a slider; the middle one is the input as it is
_MOST_CLASSES = 8
_HARDEST = 1000.0

Data = dict[str, Any]


def compared(
    result: Tensor, other: bool | Tensor, names: Mapping[str, Any], title: str | None
) -> Data:
    """The data of a page with two tapes: the graph, and the fused node in its place."""
    made: Mapping[int, Tensor] = {}
    if isinstance(other, Tensor):
        graph, node = sorted((result, checked(other)), key=_records, reverse=True)
    else:
        try:
            graph, made = opened(result)
        except ValueError:
            raise ValueError(
                "explore: compare=True shows what fused nodes replace, and there is none on this "
                "tape. Pass another computation of the same function: compare=other_result."
            ) from None
        node = result
    if graph.shape != node.shape:
        raise ValueError(f"explore: {graph.shape} and {node.shape} are not the same function")
    theirs = {k: made.get(getattr(v, "order", -1), v) for k, v in names.items()}
    name = _one_name(graph, node, names)
    traces = [Trace.of(graph, {**theirs, name: graph}), Trace.of(node, {**names, name: node})]
    data = tape_data(traces, ["Unfused chain", "Fused node"])
    data["title"] = title or f"Fused beside unfused: {traces[1].called[node.order]}"
    for tape in data["tapes"]:
        tape["first"] = 0  # what is compared is seen open
    data["tapes"][0]["note"] = "unfused: each operation with its own rule"
    data["tapes"][1]["note"] = "fused: one node, one backward rule"
    data["tabs"].append({"name": "Side by side", "tapes": [0, 1]})
    data["compare"] = {"together": _together(traces, made), **_verdict(traces)}
    _knobs(data, traces, _reopened if made else _changed)
    return data


def _one_name(graph: Tensor, node: Tensor, names: Mapping[str, Any]) -> str:
    """What to call both results, which are the same thing: what one is called already, or L."""
    called = [t.name for t in (node, graph) if t.name]
    called += [name for name, t in names.items() if (t is node or t is graph) and name[0] != "_"]
    return called[0] if called else next((s for s in ("L", "loss") if s not in names), "result")


def knobs_of(data: Data, trace: Trace) -> None:
    """Sliders for the inputs of one tape."""
    _knobs(data, [trace], _changed)


def _records(t: Tensor) -> int:
    return sum(a.op is not None for a in t.tape())


# ---- two tapes -----------------------------------------------------------------------------------


def _together(traces: Sequence[Trace], made: Mapping[int, Tensor]) -> list[int]:
    """For each step of the graph the step of the fused tape that does the same.

    A record of the graph belongs to the first of the fused tape that is finished at it or later.
    """
    graph, node = ([t for t in trace.tape if t.op] for trace in traces)
    last = [made[t.order].order for t in node] if made else _spread(graph, len(node))
    of = {t.order: next(i for i, end in enumerate(last) if end >= t.order) for t in graph}
    forward = [of[t.order] for t in graph]
    passed = {s.tensor.order: i for i, s in enumerate(traces[1].backward)}
    n = len(node)
    backward = [n + 1 + passed.get(node[of[s.tensor.order]].order, 0) for s in traces[0].backward]
    return [*forward, n, *backward]


def _spread(graph: Sequence[Tensor], n: int) -> list[int]:
    return [graph[-(-len(graph) * (i + 1) // n) - 1].order for i in range(n)]


def _verdict(traces: Sequence[Trace]) -> Data:
    found: Data = {"verdict": _agreement(traces)}
    node = _cross_entropy(traces[1])
    if node is not None:
        found["softmax"] = _softmax(*_row(node))
    elif (rows := _jacobian(traces[1])) is not None:
        found["jacobian"] = Pool().write(rows)
    return found


def _agreement(traces: Sequence[Trace]) -> str:
    """The largest difference of their gradients, in words."""
    ours, theirs = (_leaves(trace) for trace in traces)
    pairs = [(name, ours[name], theirs[name]) for name in ours if name in theirs]
    if not pairs:
        return ""
    broken = [name for name, a, _ in pairs if not np.isfinite(a).all()]
    if broken:
        fine = all(np.isfinite(b).all() for _, _, b in pairs)
        end = "; the fused node's is exact" if fine else ""
        return f"✗ the chain's gradient of {', '.join(broken)} is not finite{end}"
    largest = max(float(np.max(np.abs(a - b), initial=0)) for _, a, b in pairs)
    return minus(f"✓ chain and fused agree: max |Δ| = {number(largest, 2)}")


def _leaves(trace: Trace) -> dict[str, Any]:
    return {trace.called[t.order]: g for t, g in trace.adjoints.items() if t.op is None}


# ---- softmax cross-entropy -----------------------------------------------------------------------


def _cross_entropy(trace: Trace) -> Tensor | None:
    """The node, if it can be shown class by class."""
    nodes = [t for t in trace.tape if t.op is SoftmaxCrossEntropy]
    if len(nodes) != 1:
        return None
    z = raw(nodes[0].inputs[0])
    fits = 0 < z.shape[-1] <= _MOST_CLASSES and z.size
    return nodes[0] if fits and nodes[0].kwargs.get("axis", -1) in (-1, z.ndim - 1) else None


def _row(node: Tensor) -> tuple[Any, Any]:
    """Logits and targets of the first example; class indices as one-hot."""
    z, y = map(raw, node.inputs)
    classes = z.shape[-1]
    if are_indices(y):
        y = np.eye(classes)[np.ravel(y)[0] % classes]
    else:
        y = np.broadcast_to(y, z.shape).reshape(-1, classes)[0]
    return z.reshape(-1, classes)[0], y


def _softmax(z: Any, y: Any) -> Data:
    """What multiplies to ŷ - y: bars, the Jacobian of softmax, and the derivative by ŷ."""
    with recording(True), np.errstate(all="ignore"):
        predicted = softmax(np.asarray(z, float))
        p = Tensor(predicted, requires_grad=True)
        (-(y * np.log(p)).sum()).backward()
        leaf = Tensor(np.asarray(z, float), requires_grad=True)
        softmax_cross_entropy(leaf, y).backward()
        gradient: Any = leaf.grad
        slopes = raw(jacobian(softmax)(np.asarray(z, float)))
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
        "why": "The ŷ in the softmax Jacobian cancels the 1/ŷ of the logarithm. What is left is "
        "prediction minus truth.",
        "rows": [str(i + 1) for i in range(len(z))],
        "predicted": write(predicted),
        "target": write(np.asarray(y, float)),
        "difference": write(gradient),
        "bars": share,
        "jacobian": write(slopes),
        "upstream": write(p.grad),
        "sums": write(gradient),
    }


def _jacobian(trace: Trace) -> Any:
    """The Jacobian of the one fused node by its first argument, as a matrix."""
    nodes = [t for t in trace.tape if t.op and t.op.unfused]
    if len(nodes) != 1 or nodes[0].size * np.size(raw(nodes[0].inputs[0])) > 4096:
        return None
    t = nodes[0]
    op: Any = t.op
    first, *others = map(raw, t.inputs)

    def of_first(x: Any) -> Any:
        return op(x, *others, **t.kwargs)

    return raw(jacobian(of_first)(first)).reshape(t.size, -1)


# ---- other inputs --------------------------------------------------------------------------------


#: traces, a leaf and another array for it -> the traces of the same with that array
Again = Callable[[Sequence[Trace], Tensor, Any], list[Trace]]


def _knobs(data: Data, traces: Sequence[Trace], again: Again) -> None:
    """A slider for each input, where they are few; and logits that are hard."""
    if sum(t.size for trace in traces for t in trace.tape) > _MOST_SCALARS:
        return
    if not all(isinstance(t.data, np.ndarray) and t.dtype.kind in "biuf" for t in _all(traces)):
        return
    inputs = [t for t in traces[-1].tape if t.op is None and t.requires_grad]
    if sum(t.size for t in inputs) <= _MOST_INPUTS:
        for t in inputs:
            for at in (at for at in np.ndindex(t.shape) if np.isfinite(t.data[at])):
                data["knobs"].append(_slider(data, traces, t, at, again))
    if len(traces) > 1 and (node := _cross_entropy(traces[1])) is not None:
        logits = node.inputs[0]
        if isinstance(logits, Tensor) and logits.op is None:
            hard = np.linspace(_HARDEST, -_HARDEST, logits.shape[-1])
            other = again(traces, logits, np.broadcast_to(hard, logits.shape))
            data["knobs"].append(_hard(data, other, hard))


def _all(traces: Sequence[Trace]) -> list[Tensor]:
    return [t for trace in traces for t in trace.tape]


def _slider(
    data: Data, traces: Sequence[Trace], t: Tensor, at: tuple[int, ...], again: Again
) -> Data:
    value = float(t.data[at])
    reach = max(2.0, abs(value))
    ticks = value + np.linspace(-reach, reach, _TICKS)
    middle = _TICKS // 2
    variants = []
    for i, tick in enumerate(ticks):
        array = t.data.copy()
        array[at] = tick
        variants.append(0 if i == middle else _variant(data, again(traces, t, array)))
    name = traces[-1].called[t.order]
    index = f"[{', '.join(map(str, at))}]" if at else ""
    texts = [minus(number(tick)) for tick in ticks]
    label = f"{name}{index}"
    return {
        "kind": "input", "label": label, "ticks": texts, "variants": variants, "start": middle,
    }  # fmt: skip


def _changed(traces: Sequence[Trace], t: Tensor, array: Any) -> list[Trace]:
    """Both tapes, run with another array in a leaf; in the other tape it goes by its name."""
    name = traces[-1].called[t.order]
    return [
        replayed(trace, {a.order: array for a in trace.tape if trace.called[a.order] == name})
        for trace in traces
    ]


def _reopened(traces: Sequence[Trace], t: Tensor, array: Any) -> list[Trace]:
    """The fused tape run with another array, and opened anew.

    So what its graph takes from the numbers, such as the largest logit, is that of these numbers.
    """
    (node,) = _changed(traces[1:], t, array)
    tape = Tape(opened(node.result)[0])
    if len(tape) != len(traces[0].tape):  # a definition that decides by the numbers
        return _changed(traces, t, array)
    made = {b.order: a.order for a, b in zip(tape, traces[0].tape)}
    called = {made.get(key, key): name for key, name in traces[0].called.items()}
    with np.errstate(all="ignore"):
        return [Trace(tape, called, tape.adjoints()), node]


def _variant(data: Data, traces: Sequence[Trace]) -> int:
    base = data["pools"][0]
    batch = batch_of(traces)
    data["pools"].append(
        [changed(pool_of(trace, Pool(batch)), items) for trace, items in zip(traces, base)]
    )
    return len(data["pools"]) - 1


def _hard(data: Data, other: Sequence[Trace], logits: Any) -> Data:
    data["compare"]["hard"] = _verdict(other)
    said = ", ".join(map(number, logits))
    return {
        "kind": "hard", "label": minus(f"Hard logits ({said})"), "ticks": ["", ""],
        "variants": [_variant(data, other)], "start": 0,
    }  # fmt: skip
