"""The last step of a story: what came out, and what a small step of each leaf does to the result.

After softmax cross-entropy the ending also derives ŷ - y, in four lines of algebra.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.context import unobserved
from ...core.tape import replay
from ...core.tensor import Tensor
from ...notation.names import name_of
from ...text.format import format_number
from ..trace import Trace
from .arrays import Pool, minus
from .cross_entropy import CrossEntropy, Example, find_cross_entropy, first_example

_MOST_LEAVES = 4  # leaves whose small step is tried
_MOST_ENTRIES = 200_000  # entries of the largest tape that is run again
_IF = "\u00a0\u00a0if\u00a0\u00a0"  # MathML drops other blanks at the ends of a text
_STEPS = (0.1, 0.01, 0.001, 0.0001)  # sizes of a step, from which the largest good one is taken
_EXACT = 1e-6  # largest difference of a sum of targets from 1 that counts as rounding
_CLOSE = 0.05  # largest relative difference between the change and gradient x step

Description = dict[str, Any]


#: quantity of a `CrossEntropy` -> its letter in a textbook
_LETTERS = {"logits": "z", "exponentials": "e", "total": "s", "predicted": "ŷ", "target": "y"}


class Names(NamedTuple):
    """The names of the tensors of a tape: positions, as text, and in TeX."""

    positions: Mapping[int, int]
    plain: Mapping[Any, str]
    tex: Mapping[int, str]


def ending(trace: Trace, names: Names, pool: Pool) -> Description:
    """Return the last step. It computes nothing."""
    leaves = [t for t in trace.tape if t.op is None and t in trace.adjoints]
    shown = leaves[:_MOST_LEAVES]
    found = find_cross_entropy(trace)
    steps = [pool.text(_small_step(trace, t, names)) for t in shown]
    description = {
        "phase": "end",
        "way": f"from {names.plain[trace.result.order]} to all leaves",
        "leaves": [names.positions[t.order] for t in shown],
    }
    if found:
        return description | _after_cross_entropy(trace, found, steps, names, pool)
    return description | _after_any(trace, leaves, steps, names)


def _after_any(
    trace: Trace, leaves: Sequence[Tensor], steps: list[int], names: Names
) -> Description:
    """Return the ending of a tape without softmax cross-entropy."""
    result, n = names.plain[trace.result.order], len(leaves)
    which = "The leaf has its gradient." if n == 1 else f"All {n} leaves have their gradients."
    return {
        "node": names.positions[(leaves[0] if leaves else trace.result).order],
        "titles": ["What came out", "The gradients", "What to do with them"],
        "say": f"{which} A gradient predicts the effect of a small step: the change of {result} is "
        "about gradient × step.",
        "lines": steps,
        "notes": [
            f"To make {result} smaller, move each leaf a little against its gradient: "
            f"w ← w − η ∂{result}/∂w. That is a training step, and η is the learning rate.",
            *_rest(n),
        ],
    }


def _rest(leaves: int) -> list[str]:
    more = leaves - _MOST_LEAVES
    return [f"Shown are {_MOST_LEAVES} of {leaves} leaves."] if more > 0 else []


def _after_cross_entropy(
    trace: Trace, found: CrossEntropy, steps: list[int], names: Names, pool: Pool
) -> Description:
    """Return the ending of softmax cross-entropy."""
    example, result = first_example(trace, found), names.plain[trace.result.order]
    asks = f"{result} asks each logit to move against {_difference(example)}."
    return {
        "node": names.positions[found.logits.order],
        "titles": ["What came out", "Prediction minus truth", "When is it right?"],
        "lead": pool.text(_set(asks)),
        "say": "Why? Point at a line.",
        "softmax": _softmax(trace, found, example, names, pool),
        "notes": [
            pool.text(_set(_check(float(example.target.sum())))),
            _set(_batch(example, result)),
            *_aliases(found, names),
            *steps,
        ],
    }


# ---- a small step -------------------------------------------------------------------------------


def _small_step(trace: Trace, t: Tensor, names: Names) -> str:
    """Return what a step of the entry with the largest gradient does to the result."""
    gradient, result = np.asarray(trace.adjoints[t]), names.plain[trace.result.order]
    name = names.plain[t.order]
    if gradient.dtype.kind != "f" or not gradient.size:
        return ""
    if not np.isfinite(gradient).all():
        return f"The gradient of {name} is not finite, so it predicts nothing."
    if not gradient.any():
        return f"The gradient of {name} is 0: a small step of {name} does not change {result}."
    at = tuple(map(int, np.unravel_index(np.argmax(np.abs(gradient)), gradient.shape)))
    slope = float(gradient[at])
    entry = f"{name}[{', '.join(map(str, at))}]" if at else name
    if sum(x.size for x in trace.tape) > _MOST_ENTRIES:
        return f"∂{result}/∂{entry} = {format_number(slope)}."
    for step in _STEPS:
        change = _change(trace, t, at, step)
        if abs(change - slope * step) <= _CLOSE * abs(slope * step):
            word = "falls" if change < 0 else "rises"
            return (
                f"Raise {entry} by {step:g}: {result} {word} by {format_number(abs(change), 4)}. "
                f"Gradient × step: {format_number(slope)} × {step:g} = "
                f"{format_number(slope * step, 4)}."
            )
    return f"∂{result}/∂{entry} = {format_number(slope)}."


def _change(trace: Trace, t: Tensor, at: tuple[int, ...], step: float) -> float:
    """Return the change of the result after a step of one entry of a leaf."""
    moved = np.array(t.data)
    moved[at] += step

    def leaf(a: Tensor) -> Tensor:
        return Tensor(moved, requires_grad=True) if a is t else a

    with unobserved(), np.errstate(all="ignore"):
        again = replay(trace.tape, leaf)[trace.result]
        return float(np.ravel(again.data)[0]) - float(np.ravel(trace.result.data)[0])


# ---- softmax cross-entropy ----------------------------------------------------------------------


def _softmax(
    trace: Trace, found: CrossEntropy, example: Example, names: Names, pool: Pool
) -> Description:
    return {
        "columns": {
            "predicted": pool.once(example.predicted),
            "target": pool.once(example.target),
            "difference": pool.once(example.predicted - example.target),
            "gradient": pool.once(example.gradient),
        },
        "logits": _letter(found, "logits", names),
        "prediction": _letter(found, "predicted", names),
        "truth": _letter(found, "target", names),
        "scale": _scale(example),
        "lines": [
            {"tex": tex, "say": _set(say), "nodes": _positions(nodes, names)}
            for tex, say, nodes in _algebra(trace, found, example, names)
        ],
    }


def _letter(found: CrossEntropy, key: str, names: Names) -> str:
    """Return the user's name of a tensor, or else the letter of a textbook."""
    t, letter = getattr(found, key), _LETTERS[key]
    if t is None or (not t.name and letter not in names.plain.values()):
        return letter
    return names.plain[t.order]


def _aliases(found: CrossEntropy, names: Names) -> list[str]:
    """Return the meaning of letters that are not names on the tape: e is v4, s is v5."""
    pairs = [
        (_letter(found, key, names), names.plain[t.order])
        for key in _LETTERS
        if (t := getattr(found, key)) is not None
    ]
    texts = [f"{letter} is {name}" for letter, name in pairs if letter != name]
    return [f"In these lines {', '.join(texts)}."] if texts else []


def _set(text: str) -> str:
    """Return a text in which no line breaks inside ŷ - y."""
    for difference in ("ŷ - y", "ŷ Σy - y"):
        text = text.replace(difference, difference.replace(" ", "\u00a0"))
    return minus(text)


def _positions(tensors: Iterable[Tensor | None], names: Names) -> list[int]:
    return [names.positions[t.order] for t in tensors if t is not None]


def _algebra(
    trace: Trace, found: CrossEntropy, example: Example, names: Names
) -> list[tuple[str, str, tuple[Tensor | None, ...]]]:
    """Return the lines from the slope of the logarithm to ŷ - y: formula, sentence, tensors."""
    loss = names.tex[trace.result.order] if example.weight == 1 else r"\ell"
    z, e, s, p, y = (f"{{{name_of(_letter(found, key, names))}}}" for key in _LETTERS)
    exponential, total = _letter(found, "exponentials", names), _letter(found, "total", names)

    def by(x: str) -> str:
        return rf"\frac{{\partial {loss}}}{{\partial {x}_{{i}}}}"

    ratio, targets = rf"\frac{{{y}_{{i}}}}{{{p}_{{i}}}}", rf"\sum_{{k}} {y}_{{k}}"
    return [
        (
            f"{by(p)} = -{ratio}",
            "The slope of ln ŷ is 1/ŷ. The loss weighs it with -y.",
            (found.predicted, found.log, found.target, found.node),
        ),
        (
            rf"{by(e)} = -{ratio} \cdot \frac{{1}}{{{s}}} + \frac{{1}}{{{s}}} {targets}",
            f"{exponential} is used twice: in the numerator, and in the sum {total} below it. A "
            "small change acts through both uses, so the two contributions add.",
            (found.exponentials, found.total, found.predicted, found.node),
        ),
        (
            rf"{by(z)} = {e}_{{i}} \cdot {by(e)} = -{y}_{{i}} + {p}_{{i}} {targets}",
            f"exp is its own slope: multiply by {exponential}. Since {exponential}/{total} = ŷ, "
            "the ŷ of the first line cancels.",
            (found.logits, found.exponentials, found.node),
        ),
        (
            rf"{by(z)} = {p}_{{i}} - {y}_{{i}} \text{{{_IF}}} {targets} = 1",
            "Where the targets sum to 1, only prediction minus truth is left.",
            (found.logits, found.target, found.node),
        ),
    ]


def _check(total: float) -> str:
    """Return whether ŷ - y is right for these targets."""
    if abs(total - 1) < _EXACT:
        return "Here Σy = 1, so ŷ - y is right. Otherwise it is wrong: the gradient is ŷ Σy - y."
    return f"Here Σy = {format_number(total)}, so ŷ - y is wrong: the gradient is ŷ Σy - y."


def _difference(example: Example) -> str:
    """Return the formula of the gradient for these targets."""
    return "ŷ - y" if abs(example.target.sum() - 1) < _EXACT else "ŷ Σy - y"


def _scale(example: Example) -> str:
    """Return what the gradient of one example is multiplied by, as a text after ŷ - y."""
    if example.weight == 1:
        return ""
    if np.isclose(example.weight * example.count, 1):
        return f" / {example.count}"
    return minus(f" × {format_number(example.weight)}")


def _batch(example: Example, result: str) -> str:
    """Return why the gradient is divided by N in a batch."""
    n = example.count
    if n == 1:
        return (
            "In a batch of N examples the result is the mean of N losses. Each loss counts 1/N in "
            "the mean, so each gradient is (ŷ - y)/N."
        )
    if np.isclose(example.weight * n, 1):
        return (
            f"{result} is the mean of the losses ℓ of {n} examples. Each loss counts 1/{n} in the "
            f"mean, so each gradient is (ŷ - y)/{n}. The table shows example 0."
        )
    return (
        f"{result} is not the mean of the {n} losses ℓ: here each counts "
        f"{format_number(example.weight)}, so the gradient is that times ŷ - y."
    )
