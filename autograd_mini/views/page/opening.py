"""The first step of a page, with nothing computed: what is computed, and what to press."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.tensor import Tensor
from ..trace import Trace
from .story import Description, Story

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PLURALS = {"class": "classes", "leaf": "leaves"}
_MOST_NAMES = 4  # leaves that are named


def opening(story: Story) -> Description:
    """Return the first step. Its sentences are made from the tape."""
    leaves = [t for t in story.trace.tape if t.op is None]
    what, asks = _subject(story)
    return {
        "phase": "start",
        "node": story.positions[(story.leaves or leaves)[0].order],
        "way": "nothing is computed yet",
        "titles": ["Step 0", "It starts from these numbers", "Two passes"],
        "lead": what,
        "say": f"Press\u00a0→: {asks}",
        "leaves": story.positions_of(leaves),
        "notes": [
            f"The forward pass computes {story.result}, with one operation in each step. Then the "
            f"backward pass goes from {story.result} back to the leaves. It multiplies local "
            "derivatives on the way.",
            "A leaf requires a gradient. A const is a constant without a gradient. A dot is a "
            "number that is not computed yet.",
        ],
    }


def _subject(story: Story) -> tuple[Any, str]:
    """Return what the tape computes, and the question that its story answers."""
    result, found = story.result, story.found
    entries = sum(t.size for t in story.leaves)
    if found and found.logits.op is None:
        return _logits(story), f"must each logit rise or fall to make {result} smaller?"
    sources = _named([story.name(t) for t in story.leaves])
    if _has_layers(story.trace):
        goal = f"compute {result}"
        if found:
            classes = found.logits.shape[-1]
            n = found.logits.size // classes
            goal = f"decide between {count(classes, 'class')} for {count(n, 'example')}"
        what = f"{count(entries, 'parameter')} ({sources}) {goal}"
        return f"{_upper(what)}.", f"must each of them rise or fall to make {result} smaller?"
    operations = sum(t.op is not None for t in story.trace.tape)
    verb = "computes" if operations == 1 else "compute"
    what = f"{count(operations, 'operation')} {verb} {result} from {sources}"
    moves = f"{'an entry of ' * (entries > 1)}{sources} changes"
    if len(story.leaves) > 1:
        moves = "they change"
    return f"{_upper(what)}.", f"how does {result} change if {moves} a little?"


def _logits(story: Story) -> Any:
    """Return the numbers of logits and examples, and the true class if there is only one."""
    assert story.example is not None
    n, classes = story.example.count, story.example.classes
    logits = _upper(count(classes, "logit"))
    if n > 1:
        return f"{_upper(count(n, 'example'))} with {count(classes, 'logit')} each."
    return story.choose("class", f"{logits}; the true class is #.", f"{logits}.")


def _named(names: Sequence[str]) -> str:
    """Return the names of the leaves, or their number if they are many."""
    if len(names) > _MOST_NAMES:
        return count(len(names), "leaf")
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]])) or "constants"


def _has_layers(trace: Trace) -> bool:
    """Return whether a matrix product has a matrix of parameters as a factor."""
    products = (t for t in trace.tape if t.op and t.op.name in ("matmul", "linear"))
    factors = (a for t in products for a in t.inputs if isinstance(a, Tensor))
    return any(a.op is None and a.ndim == 2 and a in trace.adjoints for a in factors)


def count(n: int, noun: str) -> str:
    """Return a number and a noun.

    Examples
    --------
    >>> count(3, "class"), count(1, "leaf"), count(1200, "example")
    ('three classes', 'one leaf', '1,200 examples')
    """
    number = _WORDS[n] if n < len(_WORDS) else f"{n:,}"
    return f"{number} {noun if n == 1 else _PLURALS.get(noun, f'{noun}s')}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
