"""The first step of a story, with nothing computed: what is computed, and what to press."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.tensor import Tensor
from ..trace import Trace
from .arrays import Pool
from .cross_entropy import CrossEntropy, find_cross_entropy, first_example
from .ending import Names

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PLURALS = {"class": "classes", "leaf": "leaves"}
_MOST_NAMES = 4  # leaves that the leading sentence names

Description = dict[str, Any]


def opening(trace: Trace, names: Names, pool: Pool) -> Description:
    """Return the first step. Its sentences are made from the tape."""
    leaves = [t for t in trace.tape if t.op is None]
    active = [t for t in leaves if t in trace.adjoints]
    result = names.plain[trace.result.order]
    what, asks = _subject(trace, active, names)
    return {
        "phase": "start",
        "node": names.positions[(active or leaves)[0].order],
        "way": "nothing is computed yet",
        "titles": ["Step 0", "It starts from these numbers", "Two passes"],
        "lead": pool.text(what),
        "say": f"Press →: {asks}",
        "leaves": [names.positions[t.order] for t in leaves[:_MOST_NAMES]],
        "notes": [
            f"The forward pass computes {result}, one operation a step. Then the backward pass "
            f"goes from {result} back to the leaves. It multiplies local derivatives on the way.",
            "A leaf requires a gradient. A const is a constant, and has none. A dot is a number "
            "that is not computed yet.",
        ],
    }


def _subject(trace: Trace, active: list[Tensor], names: Names) -> tuple[str, str]:
    """Return what the tape computes, and the question that its story answers."""
    result = names.plain[trace.result.order]
    found = find_cross_entropy(trace)
    entries = sum(t.size for t in active)
    if found and found.logits.op is None:
        return _logits(trace, found), f"what does {result} ask of each logit?"
    if any(_is_parameter(t, trace) for t in active):
        goal = f"compute {result}"
        if found:
            classes, n = found.logits.shape[-1], found.logits.size // found.logits.shape[-1]
            goal = f"decide between {count(classes, 'class')} for {count(n, 'example')}"
        what = f"{count(entries, 'parameter')} ({_named(active, names)}) {goal}"
        return f"{_upper(what)}.", f"which way does {result} ask each of them to move?"
    operations = sum(t.op is not None for t in trace.tape)
    verb = "computes" if operations == 1 else "compute"
    sources = _named(active, names)
    what = f"{count(operations, 'operation')} {verb} {result} from {sources}"
    moves = f"{sources} changes" if entries == 1 else "they change"
    return f"{_upper(what)}.", f"how does {result} change if {moves} a little?"


def _logits(trace: Trace, found: CrossEntropy) -> str:
    """Return the numbers of logits and examples, and the true class if there is only one."""
    classes = found.logits.shape[-1]
    example = first_example(trace, found)
    if example.count > 1:
        return f"{_upper(count(example.count, 'example'))} with {count(classes, 'logit')} each."
    is_one_hot = np.count_nonzero(example.target) == 1
    truth = f"; the true class is {np.argmax(example.target)}" if is_one_hot else ""
    return f"{_upper(count(classes, 'logit'))}{truth}."


def _named(leaves: list[Tensor], names: Names) -> str:
    """Return the names of the leaves, or their number if they are many."""
    if len(leaves) > _MOST_NAMES:
        return count(len(leaves), "leaf")
    texts = [names.plain[t.order] for t in leaves]
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]])) or "constants"


def _is_parameter(t: Tensor, trace: Trace) -> bool:
    """Return whether a leaf is a matrix that something is multiplied by."""
    return t.ndim == 2 and any(
        node.op.name in ("matmul", "linear") and any(a is t for a in node.inputs)
        for node in trace.tape
        if node.op is not None
    )


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
