"""What the *Train* panel shows: the parameters of a tape, and a picture of what it learns.

The page takes the steps w ← w - η ∂L/∂w itself, with the tape's own program. This module finds the
parameters and the tensor that predicts: for two features the page draws a decision boundary, and
for one feature a curve.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ...compiler.ir import Program
from ...compiler.source.javascript import javascript
from ...compiler.source.source import forward_program
from ...core.arrays import Array, unwrap
from ...core.context import grad_mode, unobserved
from ...core.messages import describe, one_line
from ...core.pytree import tree_leaves
from ...core.tape import Tape
from ...core.tensor import Tensor
from ...functional.softmax import softmax
from ...ops.elementwise import sigmoid
from ...text.format import truncate
from ..trace import Trace
from .data import Data
from .live import LiveTape

_RATE = 0.1  # the learning rate that a page opens with
_RATE_OF_CLASSES = 0.5  # the same if the loss has classes: its gradients are small
_LOGISTIC = {"sigmoid", "sigmoid_binary_cross_entropy", "softplus"}  # operations that take logits
_MOST_WEIGHTS = 1_000  # of a recorded run whose page draws what it learns
_MOST_CLASSES = 6  # classes that have a colour and a marker


def parameters(tape: Tape, train: bool | Sequence[Tensor]) -> list[Tensor]:
    """Return the leaves that training changes, or raise if `train` names any other tensor."""
    if isinstance(train, bool):
        return list(dict.fromkeys(_of_layers(tape))) if train else []
    if isinstance(train, Tensor) or not isinstance(train, Iterable):
        raise TypeError(f"explore: train must be a list of parameters, got {_brief(train)}.")
    known = set(tape)
    chosen = list(dict.fromkeys(train))
    for t in chosen:
        _check(t, known)
    return chosen


def _of_layers(tape: Tape) -> Iterator[Tensor]:
    """Yield the parameters of the modules that the tape was recorded in, in order of their use."""
    modules = {s.module for t in tape for s in t.scope if hasattr(s, "module")}
    parameters = {p for module in modules for p in module.parameters()}
    for t in tape:
        yield from (a for a in t.inputs if isinstance(a, Tensor) and a in parameters)


def _check(t: Any, known: set[Tensor]) -> None:
    """Raise if `t` is not a parameter of the tape whose tensors are `known`."""
    if not isinstance(t, Tensor):
        raise TypeError(f"explore: train must contain Tensors, got {_brief(t)}.")
    if t not in known:
        raise ValueError(
            f"explore: train contains {describe(t)}, which the result does not depend on. Pass "
            "parameters that the loss was computed from."
        )
    if t.op is not None:
        raise ValueError(
            f"explore: train contains {describe(t)}, which `{t.op.name}` computed. Only leaves can "
            "be trained. Pass the leaves that it was computed from."
        )
    if not t.requires_grad:
        raise ValueError(
            f"explore: train contains {describe(t)}, which does not require a gradient. Create it "
            "with requires_grad=True, and compute the loss again."
        )


def _brief(x: Any) -> str:
    return truncate(one_line(repr(x)), 60)


# ---- the picture ---------------------------------------------------------------------------------

#: the tensors and constant arrays of a tape are both data
Source: TypeAlias = "Tensor | Array"


class Learned(NamedTuple):
    """What a tape learns: a function of the features `x` that should return the targets `y`."""

    x: Source
    y: Source
    prediction: Tensor


def learned(tape: Tape, trained: Sequence[Tensor]) -> Learned | None:
    """Return the features, the targets and the prediction, or None if there are none.

    The features are the data that are used first. The prediction is the last tensor that does not
    depend on the targets and through which the features reach the result.
    """
    data = _data(tape, {t.order for t in trained})
    if not data:
        return None
    x, others = data[0], [y for y in data[1:] if len(unwrap(y)) == len(unwrap(data[0]))]
    after_x, after_y = _dependents(tape, [x]), _dependents(tape, others)
    cuts = [t for t in _cuts(tape, after_x) if t not in after_y]
    targets = [y for y in others if any(_uses(t, y) for t in after_y if t in after_x)]
    if not cuts or not targets:
        return None
    later = _dependents(tape, cuts[-1:])
    is_last = not any(_uses(t, w) for t in later for w in trained)  # no layer follows
    return Learned(x, targets[-1], cuts[-1]) if is_last else None


def _data(tape: Tape, trained: set[int]) -> list[Any]:
    """Return the arrays with an axis of examples that are not trained, in the order of use."""
    found: dict[int, Any] = {}
    for t in tape:
        for a in _arguments(t):
            is_leaf = isinstance(a, Tensor) and a.op is None and a.order not in trained
            if (is_leaf or isinstance(a, np.ndarray)) and 1 <= a.ndim <= 2 and len(a) > 1:
                found.setdefault(id(a), a)
    return [a for a in found.values() if not _counts(unwrap(a))]


def _counts(a: Array) -> bool:
    """Return whether an array only counts examples, as in ``log_p[np.arange(N), y]``."""
    return a.ndim == 1 and a.dtype.kind in "iu" and np.array_equal(a, np.arange(len(a)))


def _arguments(t: Tensor) -> list[Any]:
    return tree_leaves([*t.inputs, *t.kwargs.values()]) if t.op else []


def _uses(t: Tensor, a: Any) -> bool:
    return any(b is a for b in _arguments(t))


def _dependents(tape: Tape, sources: Sequence[Any]) -> set[Tensor]:
    """Return the nodes that depend on any of the sources."""
    found: set[Tensor] = set()
    for t in tape:
        depends = any(isinstance(a, Tensor) and a in found for a in t.inputs)
        if depends or any(_uses(t, a) for a in sources):
            found.add(t)
    return found


def _cuts(tape: Tape, nodes: set[Tensor]) -> list[Tensor]:
    """Return those of the nodes through which all paths from earlier ones to the result lead."""
    last_use = {a: i for i, t in enumerate(tape) for a in t.inputs if isinstance(a, Tensor)}
    cuts, reach = [], -1
    for i, t in enumerate(tape):
        if t in nodes:
            if reach <= i:
                cuts.append(t)
            reach = max(reach, last_use.get(t, i))
    return cuts


def update_rule(data: Data) -> str:
    """Return the update of a training step in LaTeX, for a page that trains its first tape."""
    result = data["tapes"][0]["nodes"][-1]
    loss = result.get("tex", result["name"])
    return rf"w ← w - η \frac{{\partial {loss}}}{{\partial w}}"


def add_training(
    data: Data, trace: Trace, trained: Sequence[Tensor], lives: Sequence[LiveTape]
) -> None:
    """Add what the *Train* panel needs to the data of a page, or why the page cannot train."""
    index = {t.order: i for i, t in enumerate(trace.tape)}
    training: Data = {
        "parameters": [index[t.order] for t in trained],
        "rate": _RATE,
        "rule": update_rule(data),
    }
    data["training"] = training
    if "programs" not in data:
        training["why"] = data["live"][0]["why"].removeprefix("No sliders: ").rstrip(".")
        return
    training["fixed"] = _fixed_gradients(trace, trained, data["live"][0])
    found = learned(trace.tape, trained)
    drawn = found and picture(trace.tape, found)
    if not found or not drawn:
        return
    if drawn["kind"] == "classes":
        training["rate"] = _RATE_OF_CLASSES
    forward = forward_program(_as_drawn(found.prediction, drawn["scale"]))
    places = {id(value.example): i for i, (_, value) in enumerate(lives[0].arguments)}
    drawn["program"] = len(data["programs"])
    data["programs"].append(javascript(forward))
    training["picture"] = drawn | _arguments_of(found, forward, places)


def _as_drawn(z: Any, scale: Any) -> Any:
    """Return predictions with a row for each example: probabilities, or the value of a curve."""
    with unobserved(), grad_mode(True), np.errstate(all="ignore"):
        if scale == "softmax":
            return softmax(z)
        rows = np.reshape(z, (len(z), -1))
        if scale is None or rows.shape[1] > 1:
            return rows
        if scale == "sigmoid":
            p = sigmoid(rows)
        else:
            low, high = scale
            p = np.clip((rows - low) / (high - low), 0, 1)
        return np.concatenate([1 - p, p], axis=1)


def _arguments_of(found: Learned, forward: Program, places: Mapping[int, int]) -> Data:
    """Return the positions of the arguments of a picture, from those of arrays by their id."""
    return {
        "x": places[id(unwrap(found.x))],
        "y": places[id(unwrap(found.y))],
        "inputs": [places[id(value.example)] for value in forward.arguments],
    }


def recorded_picture(tape: Tape, trained: Sequence[Tensor]) -> tuple[Data, str] | None:
    """Return the picture of what a recorded run learns, and the program that predicts.

    Its leaves are data, or begin at an entry of the weights of a frame.
    """
    found = learned(tape, trained)
    drawn = found and picture(tape, found)
    if not found or not drawn or sum(t.size for t in trained) > _MOST_WEIGHTS:
        return None
    try:
        forward = forward_program(_as_drawn(found.prediction, drawn["scale"]))
        program = javascript(forward)
    except TypeError:  # TracingError, or UnknownOperation
        return None
    used = [unwrap(found.x), unwrap(found.y), *(value.example for value in forward.arguments)]
    arrays = {id(a): a for a in used}
    ends = accumulate((t.size for t in trained), initial=0)
    starts = {id(unwrap(t)): start for t, start in zip(trained, ends)}
    leaves = [
        {"shape": list(a.shape), "dtype": a.dtype.name}
        | ({"start": starts[i]} if i in starts else {"data": np.ravel(a).tolist()})
        for i, a in arrays.items()
    ]
    places = {i: nth for nth, i in enumerate(arrays)}
    arguments = _arguments_of(found, forward, places)
    return {**drawn, **arguments, "leaves": leaves, "program": 0}, program


def _fixed_gradients(trace: Trace, trained: Sequence[Tensor], live: Data) -> dict[int, Any]:
    """Return the gradients that the program does not compute, because they never change."""
    index = {t.order: i for i, t in enumerate(trace.tape)}
    computed = {
        argument["node"]
        for argument, result in zip(live["arguments"], live["gradients"])
        if result >= 0
    }
    fixed = [t for t in trained if index[t.order] not in computed]
    return {index[t.order]: np.ravel(gradient_of(trace, t)).tolist() for t in fixed}


def gradient_of(trace: Trace, t: Tensor) -> Array:
    """Return the gradient of a leaf, or zeros if none reaches it."""
    return trace.adjoints[t] if t in trace.adjoints else np.zeros_like(t.data)


def picture(tape: Tape, found: Learned) -> Data | None:
    """Return how the page draws what is learned, or None if it cannot.

    With classes, ``scale`` is how predictions become probabilities: "softmax" or "sigmoid", or
    else the two numbers that represent class 0 and class 1.
    """
    x, y, z = (np.asarray(unwrap(a)) for a in found)
    features = x.reshape(len(x), -1).shape[1]
    if x.dtype.kind != "f" or y.dtype.kind not in "biuf" or len(z) != len(x) or features > 2:
        return None
    later = {t.op.name for t in _dependents(tape, [found.prediction]) if t.op}
    scale: Any = None if later.isdisjoint(_LOGISTIC) else "sigmoid"
    if z.size == y.size == len(x):
        if features == 1:
            return {"kind": "curve", "classes": 1, "scale": scale}
        values = np.unique(y)
        two = {"kind": "classes", "classes": 2, "scale": scale or values.tolist()}
        return two if len(values) == 2 else None
    if features == 1 or z.ndim != 2 or not 1 < z.shape[1] <= _MOST_CLASSES:
        return None
    if not (y.ndim == 1 and y.dtype.kind in "biu") and not (y.shape == z.shape and _are_shares(y)):
        return None
    scale = [0, 1] if _are_shares(z) else "softmax"
    return {"kind": "classes", "classes": z.shape[1], "scale": scale}


def _are_shares(rows: Array) -> bool:
    """Return whether each row is a distribution over classes."""
    return bool((rows >= 0).all() and np.allclose(rows.sum(axis=1), 1))
