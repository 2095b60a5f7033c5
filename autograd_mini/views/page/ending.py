"""The last step of a page: what came out, and what a small step of each leaf does to the result.

After softmax cross-entropy the ending also derives ŷ - y, in four lines of algebra.
"""

from __future__ import annotations

import numpy as np

from ...core.tensor import Tensor
from ...notation.names import name_of
from ...text.format import format_number
from .arrays import minus
from .cross_entropy import LETTERS, CrossEntropy, Example
from .small_step import small_step
from .story import Description, Story, unbroken

_WRONG = "wrong: the gradient is ŷ Σy - y."
_WHY = "Why? Point at a line."
_MOST_LEAVES = 4  # leaves whose gradients are shown, as in inspector.js
_IF = "\u00a0\u00a0if\u00a0\u00a0"  # MathML drops other blanks at the ends of a text


def ending(story: Story, is_trained: bool) -> Description:
    """Return the last step, which computes nothing. On a page that trains it follows the update."""
    tried = [story.pool.text(small_step(story.trace, t)) for t in story.leaves[:_MOST_LEAVES]]
    description: Description = {
        "phase": "end",
        "way": f"from {story.result} to all leaves",
    }
    if story.found and story.example and not is_trained:
        return description | _after_cross_entropy(story, story.found, story.example, tried)
    return description | _after_any(story, tried)


def _after_any(story: Story, tried: list[int]) -> Description:
    """Return the ending of a tape without softmax cross-entropy."""
    result, n = story.result, len(story.leaves)
    which = "The leaf has its gradient." if n == 1 else f"All {n} leaves have their gradients."
    rest = [f"Shown are {_MOST_LEAVES} of {n} leaves."] if n > _MOST_LEAVES else []
    return {
        "node": story.positions_of([*story.leaves, story.trace.result])[0],
        "titles": ["What came out", "The gradients", "What to do with them"],
        "leaves": story.positions_of(story.leaves),
        "say": f"{which} A gradient predicts the effect of a small step: the change of {result} is "
        "about gradient × step.",
        "lines": tried,
        "notes": [
            f"To make {result} smaller, move each leaf a little against its gradient: "
            f"w ← w − η ∂{result}/∂w. That is a training step, and η is the learning rate.",
            *rest,
        ],
    }


def _after_cross_entropy(
    story: Story, found: CrossEntropy, example: Example, tried: list[int]
) -> Description:
    """Return the ending of softmax cross-entropy: ŷ - y, where it comes from, and when it holds."""
    move = f"To make {story.result} smaller, move each logit against"
    gradient = story.trace.derivative(found.logits)
    return {
        "node": story.positions[found.logits.order],
        "titles": ["What came out", "Prediction minus truth", "When is it wrong?"],
        "lead": story.choose(
            "sum",
            f"{move} ŷ - y. {_WHY}",
            f"{move} ŷ Σy - y. {_WHY}",
            broken=f"{gradient} is not finite, so it says nothing about the logits. The lines "
            "below hold for finite numbers only.",
        ),
        "say": "",
        "softmax": {
            "columns": story.columns,
            "logits": _letter(story, found, "logits"),
            "prediction": _letter(story, found, "predicted"),
            "truth": _letter(story, found, "target"),
            "scale": _scale(example),
            "lines": [
                {"tex": tex, "say": unbroken(say), "nodes": story.positions_of(tensors)}
                for tex, say, tensors in _algebra(story, found, example)
            ],
        },
        "notes": [
            story.choose(
                "sum",
                f"Here Σy = 1, so ŷ - y is right. Otherwise it is {_WRONG}",
                f"Here Σy = #, so ŷ - y is {_WRONG}",
                broken="Here the numbers are lost at the first inf or NaN: see the marks at the "
                "steps.",
            ),
            unbroken(_batch(story.result, example)),
            *_aliases(story, found),
            *tried,
        ],
    }


def _letter(story: Story, found: CrossEntropy, key: str) -> str:
    """Return the user's name of a tensor, or else the letter of a textbook."""
    t, letter = getattr(found, key), LETTERS[key]
    if t is None or (not t.name and letter not in story.trace.names.values()):
        return letter
    return story.name(t)


def _aliases(story: Story, found: CrossEntropy) -> list[str]:
    """Return the meaning of letters that are not names on the tape: e is v4, s is v5."""
    tensors = {key: getattr(found, key) for key in LETTERS if getattr(found, key) is not None}
    pairs = [(_letter(story, found, key), story.name(t)) for key, t in tensors.items()]
    texts = [f"{letter} is {name}" for letter, name in pairs if letter != name]
    return [f"In these lines {', '.join(texts)}."] if texts else []


def _algebra(
    story: Story, found: CrossEntropy, example: Example
) -> list[tuple[str, str, tuple[Tensor | None, ...]]]:
    """Return the lines from the slope of the logarithm to ŷ - y: formula, sentence, tensors."""
    loss = story.tex[story.trace.result.order] if example.weight == 1 else r"\ell"
    z, e, s, p, y = (f"{{{name_of(_letter(story, found, key))}}}" for key in LETTERS)
    exponential, total = _letter(story, found, "exponentials"), _letter(story, found, "total")

    def by(x: str) -> str:
        return rf"\frac{{\partial {loss}}}{{\partial {x}_{{i}}}}"

    ratio, targets = rf"\frac{{{y}_{{i}}}}{{{p}_{{i}}}}", rf"\sum_{{k}} {y}_{{k}}"
    return [
        (
            f"{by(p)} = -{ratio}",
            "The slope of ln ŷ is 1/ŷ. It is multiplied by -y.",
            (found.predicted, found.log, found.target, found.node),
        ),
        (
            rf"{by(e)} = -{ratio} \cdot \frac{{1}}{{{s}}} + \frac{{1}}{{{s}}} {targets}",
            f"{exponential} is used twice: in the numerator and in the sum {total}. A change acts "
            "through both, so their two contributions are added.",
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
            "If the targets sum to 1, only prediction minus truth is left. Otherwise ŷ - y is "
            f"{_WRONG}",
            (found.logits, found.target, found.node),
        ),
    ]


def _is_mean(example: Example) -> bool:
    return bool(np.isclose(example.weight * example.count, 1))


def _scale(example: Example) -> str:
    """Return what the gradient of one example is multiplied by, as a text after ŷ - y."""
    if example.weight == 1:
        return ""
    if _is_mean(example):
        return f" / {example.count}"
    return minus(f" × {format_number(example.weight)}")


def _batch(result: str, example: Example) -> str:
    """Return why the gradient is divided by N in a batch."""
    n = example.count
    if n == 1:
        return (
            "In a batch of N examples the result is the mean of N losses. Each loss has the "
            "weight 1/N in the mean, so each gradient is (ŷ - y)/N."
        )
    if _is_mean(example):
        return (
            f"{result} is the mean of the losses ℓ of {n} examples. Each loss has the weight 1/{n} "
            f"in the mean, so each gradient is (ŷ - y)/{n}. The table shows example 0."
        )
    return (
        f"{result} is not the mean of the losses ℓ of {n} examples. The loss of example 0 has the "
        f"weight {format_number(example.weight)}, so its gradient is this weight times ŷ - y."
    )
