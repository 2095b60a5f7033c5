"""The words of error messages: how an argument is named, and which notebook explains the error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.exceptions import AxisError
from numpy.linalg import LinAlgError

from .arrays import TensorBase


class DetachedWarning(UserWarning):
    """A number was taken out of a tensor that requires a gradient; the gradient stays behind.

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
    >>> x.item()  # says that it is meant
    2.0
    """


#: what went wrong -> the notebook that explains it, and the topic
LESSONS = {
    "many entries": ("01_a_tape_by_hand.ipynb", "why a backward pass starts from one number"),
    "not recorded": ("01_a_tape_by_hand.ipynb", "what is on a tape, and what is not"),
    "changed": ("01_a_tape_by_hand.ipynb", "why the tape needs the values of the forward pass"),
    "shapes": ("02_from_scalars_to_arrays.ipynb", "which shapes fit, and how that is undone"),
    "not finite": ("03_softmax_cross_entropy.ipynb", "where such numbers come from, and the cure"),
    "gradcheck": ("06_second_derivatives.ipynb", "how a gradient is checked by differences"),
    "no rule": ("07_your_own_primitive.ipynb", "how to write a rule of your own"),
    "shape of a rule": ("07_your_own_primitive.ipynb", "what a rule returns"),
    "depends on numbers": ("08_the_tape_as_a_program.ipynb", "what a compiled function may do"),
}


def lesson(what: str) -> str:
    """Return the last line of an error message, which names the notebook that explains it.

    Examples
    --------
    >>> print("add of (3,) and (4,)" + lesson("shapes"))
    add of (3,) and (4,)
    examples/02_from_scalars_to_arrays.ipynb explains which shapes fit, and how that is undone.
    """
    notebook, explains = LESSONS[what]
    return f"\nexamples/{notebook} explains {explains}."


def describe(x: Any) -> str:
    """Return how an error names an argument: by its name if it has one, with shape and dtype."""
    if isinstance(x, TensorBase):
        return f"{repr(x.name) if x.name else 'a tensor'} {x._array.shape} {x._array.dtype}"
    if isinstance(x, np.ndarray):
        return f"an array {x.shape} {x.dtype}"
    return f"{x!r:.60}"


def add_context(name: str, error: Exception, args: Sequence[Any]) -> Exception:
    """Return an error like `error` that also names the operation, its arguments and the fix."""
    text = str(error).replace("<lambda>", name)
    if "broadcast" in text:
        text += ". From the right, lengths must be equal, or one of them 1: reshape to fit"
        text += lesson("shapes")
    elif "core dimension" in text or "not aligned" in text:
        text += ". The last axis of the left must be as long as the second last of the right"
        text += lesson("shapes")
    kinds = (LinAlgError, AxisError, ValueError, IndexError, TypeError)
    kind = next(k for k in kinds if isinstance(error, k))
    return kind(f"{name} of {' and '.join(map(describe, args))}: {text}")


# ---- what the engine refuses ---------------------------------------------------------------------


def computed_from_old_data(leaf: Any, node: Any) -> str:
    return (
        f"{describe(leaf)} was given new data after {describe(node)} had been computed "
        "from the old: run the forward pass again, and differentiate before the "
        f"next change.{lesson('changed')}"
    )


def not_recorded(t: Any) -> str:
    return (
        f"{describe(t)} has no derivatives: no leaf it was computed from has "
        "requires_grad=True, or it was computed under no_grad()." + lesson("not recorded")
    )


def needs_cotangent(t: Any) -> str:
    return (
        f"{describe(t)} has {t._array.size} entries: pass a cotangent of that shape as "
        "`gradient`, or reduce it to one number first, with .sum() or .mean()."
        + lesson("many entries")
    )


def wrong_cotangent(t: Any, seed: Any) -> str:
    return (
        f"gradient of shape {seed.shape} {seed.dtype} for {describe(t)}: it must have "
        "that very shape, and real numbers."
    )


def wrong_contribution(node: Any, argument: Any, c: Any) -> str:
    return (
        f"a rule of {node.op.name} returned shape {c.shape} {c.dtype} for {describe(argument)}. "
        "A rule returns its argument's shape, or the shape that the argument was broadcast to."
        + lesson("shape of a rule")
    )


def data_of_a_node(t: Any) -> str:
    return (
        f"{describe(t)} was computed by {t.op.name}: its data cannot be replaced. "
        "Change the leaves it was computed from, or take .detach() first."
    )


def data_of_another_shape(t: Any, value: Any) -> str:
    return (
        f"new data of shape {value.shape} for {describe(t)}: the shape of a tensor "
        "is fixed. Make a new one with ag.tensor(...)."
    )


def requires_grad_of_a_node(t: Any) -> str:
    return (
        f"{describe(t)} was computed by {t.op.name}: requires_grad is set on leaves. "
        "Take .detach() for a copy that requires none."
    )


def no_gradient_of_integers(t: Any) -> str:
    return (
        f"{describe(t)} cannot require a gradient: only real floating dtypes have "
        "derivatives. Write 3.0 for 3, or pass dtype=float."
    )


def gradient_not_retained(t: Any) -> str:
    return (
        f"the gradient of {describe(t)}, made by {t.op.name}, was not kept. Call "
        ".retain_grad() on it before backward(), or read loss.tape().adjoints()."
    )


def array_would_lose_gradient(t: Any) -> str:
    return (
        f"an array of {describe(t)} would leave its derivative behind. Say so with "
        ".numpy() or .detach(), or build with np.stack and np.where, which record."
    )


def number_loses_gradient(t: Any, call: str) -> str:
    return (
        f"{call} of {describe(t)} leaves its derivative behind. If that is meant, "
        "say .item(); to keep the derivative, use NumPy's functions on the tensor itself."
    )


def changed_in_place(t: Any) -> str:
    return (
        f"{describe(t)} cannot be changed in place: a backward pass may still need its "
        "values. Use np.where(mask, new, t) or np.concatenate; or assign to a leaf's .data."
        + lesson("changed")
    )
