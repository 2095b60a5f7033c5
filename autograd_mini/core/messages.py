"""The words of error messages: how an argument is named, and which lesson explains the error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.exceptions import AxisError
from numpy.linalg import LinAlgError

from .arrays import TensorBase, is_foreign, unwrap


class DetachedWarning(UserWarning):
    """Warn that a plain number was made of a tensor that requires a gradient, and loses it.

    Examples
    --------
    >>> import warnings
    >>> import autograd_mini as ag
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     number = float(x)
    >>> caught[0].category.__name__
    'DetachedWarning'
    >>> x.item()  # on purpose, so without a warning
    2.0
    """


#: What went wrong -> the title of the lesson that explains it, and the topic.
LESSONS = {
    "many entries": ("A tape by hand", "why a backward pass starts from one number"),
    "not recorded": ("A tape by hand", "what is recorded on a tape"),
    "changed": ("A tape by hand", "why the tape needs the values of the forward pass"),
    "shapes": ("From scalars to arrays", "which shapes fit, and how broadcasting is undone"),
    "not finite": ("Softmax cross-entropy", "where NaN and inf come from, and how to avoid them"),
    "gradcheck": ("Second derivatives", "how to check a gradient by differences"),
    "no rule": ("Your own primitive", "how to write a rule"),
    "shape of a rule": ("Your own primitive", "what a rule returns"),
    "depends on numbers": ("The tape as a program", "what a compiled function may do"),
}


def lesson(what: str) -> str:
    """Return the last line of an error message, which names the lesson that explains it.

    Examples
    --------
    >>> print("np.nanmedian has no derivative rule." + lesson("no rule"))
    np.nanmedian has no derivative rule.
    See the notebook "Your own primitive" in the documentation: how to write a rule.
    """
    title, topic = LESSONS[what]
    return f'\nSee the notebook "{title}" in the documentation: {topic}.'


LONGEST_NAME = 300  #: characters of a name that texts show


def one_line(text: str) -> str:
    r"""Return the text with unprintable characters escaped.

    Examples
    --------
    >>> print(one_line("first\nsecond"))
    first\nsecond
    """
    if text.isprintable():
        return text
    joiners = "\u200c\u200d"  # part of words in some scripts, and of some emoji
    return "".join(
        c if c.isprintable() or c in joiners else c.encode("unicode_escape").decode() for c in text
    )


def shown(name: Any) -> str:
    r"""Return a name as texts show it: on one line, and only its start if it is very long.

    Examples
    --------
    >>> print(shown("\x1b[31mred"), len(shown("a" * 100_000)))
    \x1b[31mred 300
    """
    text = one_line(str(name)[: LONGEST_NAME + 1])
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


def quoted(name: Any) -> str:
    """Return a name in quotes; see `shown`."""
    text = str(name)
    return repr(text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…")


def describe(x: Any) -> str:
    """Return how an error names an argument: by its name if it has one, with shape and dtype."""
    if isinstance(x, TensorBase):
        return f"{quoted(x.name) if x.name else 'a tensor'} {x._array.shape} {x._array.dtype}"
    if isinstance(x, np.ndarray):
        return f"an array {x.shape} {x.dtype}"
    if is_foreign(x):  # its repr may have to compute it, or to copy it from a GPU
        return f"an array {x.shape} {x.dtype} ({type(x).__name__})"
    return f"{x!r:.60}"


def add_context(name: str, error: Exception, args: Sequence[Any]) -> Exception:
    """Return an error like `error` that also names the operation, its arguments and the fix."""
    text = str(error).replace("<lambda>", name).rstrip()
    if "broadcast" in text:
        text += ". Compared from the last axis, two lengths must be equal, or one of them 1"
        text += lesson("shapes")
    elif "core dimension" in text or "not aligned" in text:
        if name == "linear":
            x, w = map(np.shape, map(unwrap, args[:2]))
            text = f"the input has {x[-1]} features, but the weight of shape {w} takes {w[-2]}"
        elif name in ("matmul", "dot"):
            text = "the last axis of the left operand must have the same length as the "
            text += "second-to-last axis of the right operand (or its only axis)"
        text += lesson("shapes")
    foreign = [type(x).__name__ for x in map(unwrap, args) if is_foreign(x)]
    if foreign and any(isinstance(x, (np.ndarray, list, tuple)) for x in map(unwrap, args)):
        text += (
            f". If type {foreign[0]} does not combine with NumPy arrays or lists, convert these "
        )
        text += "first, with a function of its library"
    kinds = (LinAlgError, AxisError, ValueError, IndexError, TypeError)
    kind = next(k for k in kinds if isinstance(error, k))
    return kind(f"{name} of {' and '.join(map(describe, args))}: {text}")


# ---- what the engine refuses ---------------------------------------------------------------------


def complex_result(y: Any) -> str:
    return f"{y.dtype} is not real. Make the real and the imaginary part a tensor each"


def computed_from_old_data(leaf: Any, node: Any) -> str:
    return (
        f"{describe(leaf)} was modified after {describe(node)} was computed from it, so this tape "
        "is out of date. Run the forward pass again, and use its tape (backward, draw, explore) "
        "before you change parameters." + lesson("changed")
    )


def not_recorded(t: Any) -> str:
    return (
        f"{describe(t)} has no gradient, because nothing was recorded. Make an input with "
        "ag.tensor(x, requires_grad=True), and compute outside of no_grad(). To update a parameter "
        "under no_grad(), write `w -= ...`, not `w = w - ...`." + lesson("not recorded")
    )


def needs_cotangent(t: Any) -> str:
    return (
        f"{describe(t)} has {t._array.size} entries, and backward() starts from a single number. "
        "Reduce it first, with .sum() or .mean(), or call backward(gradient=...) with that shape."
        + lesson("many entries")
    )


def wrong_cotangent(t: Any, seed: Any) -> str:
    return (
        f"gradient: got shape {seed.shape} {seed.dtype}, expected real numbers of the shape of "
        f"{describe(t)}."
    )


def wrong_contribution(node: Any, argument: Any, c: Any) -> str:
    if c.dtype == object and c.shape == () and c.item() is None:
        return f"a rule of {node.op.name} returned None. Did you forget `return`?"
    return (
        f"a rule of {node.op.name} returned shape {c.shape} {c.dtype} for {describe(argument)}. A "
        "rule must return the shape of its argument, or the shape it was broadcast to."
        + lesson("shape of a rule")
    )


def data_of_a_node(t: Any) -> str:
    return (
        f"{describe(t)} is the result of {t.op.name}, so its data cannot be replaced. "
        "Change the leaves that it was computed from, or call .detach() first."
    )


def data_of_another_shape(t: Any, value: Any) -> str:
    return (
        f"data: got shape {value.shape} for {describe(t)}, whose shape cannot change. "
        "Make a new tensor with ag.tensor(...)."
    )


def requires_grad_of_a_node(t: Any) -> str:
    return (
        f"{describe(t)} is the result of {t.op.name}, and requires_grad can only be set on leaves. "
        "Call .detach() for a copy that requires no gradient."
    )


def no_gradient_of_integers(t: Any) -> str:
    return (
        f"{describe(t)} cannot require a gradient, because its dtype is not real floating. "
        "Write 3.0 instead of 3, or pass dtype=float."
    )


def gradient_of_another_shape(t: Any, value: Any) -> str:
    return f"grad: got shape {value.shape} for {describe(t)}. Assign an array of the same shape."


def gradient_not_retained(t: Any) -> str:
    return (
        f"{describe(t)} is the result of {t.op.name}, not a leaf, so it has no .grad. To update a "
        "parameter, write `with ag.no_grad(): w -= ...` (not `w = w - ...`, which makes a new "
        "tensor). To keep the gradient of an intermediate result, call .retain_grad() before "
        "backward(). loss.tape().adjoints() returns all gradients."
    )


def nothing_to_retain(t: Any) -> str:
    return f"{describe(t)} does not require a gradient, so none can be retained."


def array_would_lose_gradient(t: Any) -> str:
    return (
        f"converting {describe(t)} to a NumPy array would lose its gradient. To do that on "
        "purpose, call .numpy() or .detach(). To keep the gradient, pass the tensor to NumPy's "
        "functions directly, such as np.stack and np.where."
    )


def number_loses_gradient(t: Any, call: str) -> str:
    return (
        f"{call} of {describe(t)} loses its gradient. To do that on purpose, call .item(). To keep "
        "the gradient, use NumPy's functions on the tensor itself."
    )


def changed_in_place(t: Any) -> str:
    return (
        f"{describe(t)} cannot be changed in place, because a backward pass may still need its "
        "values. Use np.where(mask, new, t) or np.concatenate, or assign to the .data of a leaf."
        + lesson("changed")
    )


def no_axis_to_iterate(t: Any) -> str:
    return f"{describe(t)} is a single number and cannot be iterated over. Use .item()."


def pickle_of_a_node(t: Any) -> str:
    return (
        f"{describe(t)} is the result of {t.op.name}, and a tape cannot be pickled. "
        "Pickle its .detach(), or the leaves that it was computed from."
    )
