"""The texts of error messages: how an argument is named, and which lesson explains the error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.exceptions import AxisError
from numpy.linalg import LinAlgError

from .arrays import TensorBase, is_foreign, unwrap


class DetachedWarning(UserWarning):
    """Warn that a tensor was converted to a plain number, so its gradient is lost.

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
    """Return how an error names an argument: by its name if it has one, with shape and dtype.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> describe(ag.tensor([1.0, 2.0])), describe(ag.tensor(3, name="n")), describe(2.5)
    ('a float64 tensor of shape (2,)', "'n' (int64, shape ())", '2.5')
    """
    if isinstance(x, TensorBase):
        if x.name:
            return f"{quoted(x.name)} ({x._array.dtype}, shape {x._array.shape})"
        return f"{_article(x._array.dtype)} tensor of shape {x._array.shape}"
    if isinstance(x, np.ndarray):
        return f"{_article(x.dtype)} array of shape {x.shape}"
    if is_foreign(x):  # its repr may have to compute it, or to copy it from a GPU
        return f"{_article(x.dtype)} array of shape {x.shape} and type {type(x).__name__}"
    return f"{x!r:.60}"


def _article(dtype: Any) -> str:
    """Return the name of a dtype with its article: a float64, an int64."""
    return f"{'an' if str(dtype)[0] in 'io' else 'a'} {dtype}"


def add_context(name: str, error: Exception, args: Sequence[Any]) -> Exception:
    """Return an error like `error` that also names the operation, its arguments and the fix."""
    text = str(error).replace("<lambda>", name).rstrip()
    if "broadcast" in text:
        text += ". Compare the shapes from the last axis backwards: in each pair, the lengths must "
        text += "be equal, or one of them must be 1"
        text += lesson("shapes")
    elif "did not contain a loop" in text:
        dtypes = [str(getattr(unwrap(x), "dtype", type(x).__name__)) for x in args]
        text = f"NumPy has no such operation on {' and '.join(dtypes)}. Pass numbers"
    elif "core dimension" in text or "not aligned" in text:
        if name == "linear":
            x, w = map(np.shape, map(unwrap, args[:2]))
            text = f"the input has {x[-1]} features, but the weight of shape {w} takes {w[-2]}"
        elif name in ("matmul", "dot"):
            text = _lengths_of_a_product(*args[:2]) or text
        text += lesson("shapes")
    foreign = [type(x).__name__ for x in map(unwrap, args) if is_foreign(x)]
    if foreign and any(isinstance(x, (np.ndarray, list, tuple)) for x in map(unwrap, args)):
        text += (
            f". If type {foreign[0]} does not combine with NumPy arrays or lists, convert the "
            f"arrays and lists first, with a function of the library of {foreign[0]}"
        )
    kinds = (LinAlgError, AxisError, ValueError, IndexError, TypeError)
    kind = next(k for k in kinds if isinstance(error, k))
    return kind(f"{name} of {' and '.join(map(describe, args))}: {text}")


def _lengths_of_a_product(*operands: Any) -> str:
    """Return which two lengths of a matrix product differ, or an empty text if they are equal."""
    shapes = [np.shape(unwrap(x)) for x in operands]
    if not all(shapes) or len(shapes) < 2:
        return ""
    i = max(len(shapes[1]) - 2, 0)  # the axis of the right operand that is summed over
    if shapes[0][-1] == shapes[1][i]:
        return ""
    left, right = ("the " + ("left", "right")[k] + " operand" for k in (0, 1))
    names = [x.name if isinstance(x, TensorBase) and x.name else "" for x in operands]
    if all(names) and names[0] != names[1]:
        left, right = map(quoted, names)
    axis = ("only" if len(shapes[1]) == 1 else "first" if not i else "second-to-last") + " axis"
    return (
        f"the last axis of {left} has length {shapes[0][-1]}, but the {axis} of {right} has "
        f"length {shapes[1][i]}: they must be equal"
    )


# ---- what the engine refuses ---------------------------------------------------------------------


def complex_result(y: Any) -> str:
    return (
        f"the result would be {y.dtype}, but tensors hold real numbers. Make one tensor of the "
        "real part and one of the imaginary part"
    )


def computed_from_old_data(leaf: Any, node: Any) -> str:
    return (
        f"{describe(leaf)} was modified after {describe(node)} was computed from it, so this tape "
        "is out of date. Run the forward pass again, and call backward(), draw or explore before "
        "you change a parameter." + lesson("changed")
    )


def not_recorded(t: Any) -> str:
    return (
        f"{describe(t)} has no gradient, because nothing was recorded. Make an input with "
        "ag.tensor(x, requires_grad=True), and compute outside of no_grad(). To update a parameter "
        "under no_grad(), write `w -= ...`, not `w = w - ...`." + lesson("not recorded")
    )


def needs_cotangent(t: Any) -> str:
    return (
        f"{describe(t)} has {t._array.size} entries, and a backward pass starts from a single "
        "number. Reduce it first, with .sum() or .mean(), or pass gradient=, an array of shape "
        f"{t._array.shape}." + lesson("many entries")
    )


def wrong_cotangent(t: Any, seed: Any) -> str:
    if seed.shape == t._array.shape:
        return f"gradient has dtype {seed.dtype}, but it must hold real numbers."
    return (
        f"gradient has shape {seed.shape}, but "
        f"{quoted(t.name) if t.name else 'the tensor'} has shape {t._array.shape}."
    )


def wrong_contribution(node: Any, argument: Any, c: Any) -> str:
    if c.dtype == object and c.shape == () and c.item() is None:
        return f"a rule of {node.op.name} returned None. Did you forget `return`?"
    return (
        f"a rule of {node.op.name} returned {describe(c)} for {describe(argument)}. A rule must "
        "return real numbers, in an array with the shape of its argument, or with the shape to "
        "which the argument was broadcast." + lesson("shape of a rule")
    )


def data_of_a_node(t: Any) -> str:
    return (
        f"{describe(t)} is the result of {t.op.name}, so its data cannot be replaced. "
        "Change the leaves that it was computed from, or call .detach() first."
    )


def data_of_another_shape(t: Any, value: Any) -> str:
    return (
        f"data: got shape {value.shape} for {describe(t)}. The shape of a tensor cannot change. "
        "Make a new tensor with ag.tensor(...)."
    )


def requires_grad_of_a_node(t: Any) -> str:
    return (
        f"{describe(t)} is the result of {t.op.name}, and requires_grad can only be set on leaves. "
        "Call .detach() for a copy that does not require a gradient."
    )


def no_gradient_of_integers(t: Any) -> str:
    fix = (
        "Write 3.0 instead of 3, or pass dtype=float."
        if t._array.dtype.kind in "iu"
        else ("Pass dtype=float, or leave out requires_grad.")
    )
    return f"{describe(t)} cannot require a gradient, because its dtype is not a float type. {fix}"


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
    name = t.name if t.name and t.name.isidentifier() else "t"
    leaf = f" To change this leaf, assign an array to {name}.data." if t.op is None else ""
    return (
        f"{describe(t)} cannot be changed in place, because a backward pass may still need its "
        f"values. To make a changed copy, write np.where(mask, new_values, {name}).{leaf}"
        + lesson("changed")
    )


def no_axis_to_iterate(t: Any) -> str:
    return f"{describe(t)} is a single number and cannot be iterated over. Use .item()."


def pickle_of_a_node(t: Any) -> str:
    return (
        f"{describe(t)} is the result of {t.op.name}, and a tape cannot be pickled. "
        "Pickle t.detach(), or the leaves that the tensor was computed from."
    )
