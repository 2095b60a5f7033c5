"""The texts of error messages: how an argument is named, and which lesson explains the error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.exceptions import AxisError
from numpy.linalg import LinAlgError

from .arrays import NO_KWARGS, TensorBase, is_foreign, unwrap


class DetachedWarning(UserWarning):
    """Warn that a tensor became a number, as in ``float(t)``, and no gradient flows through it.

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
    >>> x.item()  # this conversion never warns
    2.0
    """


#: What went wrong -> the title of the lesson that explains it, and the topic.
LESSONS = {
    "many entries": ("A tape by hand", "why a backward pass starts from one number"),
    "not recorded": ("A tape by hand", "what is recorded on a tape"),
    "changed": ("A tape by hand", "why the tape needs the values of the forward pass"),
    "shapes": ("From scalars to arrays", "which shapes fit together"),
    "not finite": ("Softmax cross-entropy", "where NaN and inf come from, and how to avoid them"),
    "gradcheck": ("Second derivatives", "how to check a gradient by differences"),
    "no rule": ("Your own primitive", "how to write a rule"),
    "shape of a rule": ("Your own primitive", "what a rule returns"),
    "depends on numbers": ("The tape as a program", "which functions can be compiled"),
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
    if isinstance(x, np.ndarray) or hasattr(x, "__primitive__"):  # or a traced array
        return f"{_article(x.dtype)} array of shape {x.shape}"
    if is_foreign(x):  # its repr may have to compute it, or to copy it from a GPU
        return f"{_article(x.dtype)} array of shape {x.shape} and type {type(x).__name__}"
    return f"{(text := ' '.join(repr(x).split())):.60}" + "…" * (len(text) > 60)


def _article(dtype: Any) -> str:
    """Return the name of a dtype with its article: a float64, an int64."""
    return f"{'an' if str(dtype)[0] in 'io' else 'a'} {dtype}"


def heading(name: str, args: Sequence[Any], options: Mapping[str, Any] = NO_KWARGS) -> str:
    """Return how an error names a call: the operation, its arguments and its options.

    Examples
    --------
    >>> import numpy as np
    >>> heading("reshape", [np.ones(2)], {"shape": (4, 2)})
    'reshape of a float64 array of shape (2,) with shape=(4, 2)'
    """
    operands = [describe(x) for x in args]
    named = [f"{key}={describe(x)}" for key, x in options.items()]
    return (
        name
        + (f" of {listed(operands)}" if args else "")
        + (f" with {listed(named)}" if named else "")
    )


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    Examples
    --------
    >>> listed(["x", "w", "b"])
    'x, w and b'
    """
    return " and ".join([*filter(None, [", ".join(words[:-1])]), *words[-1:]])


def add_context(
    name: str,
    error: Exception,
    args: Sequence[Any],
    kwargs: Mapping[str, Any] = NO_KWARGS,
    options: Mapping[str, Any] = NO_KWARGS,
) -> Exception:
    """Return an error like `error` that also names the operation, its arguments and the fix.

    `options` are the positional arguments after `args`, by name, such as the shape of a reshape.
    """
    arrays = {key: x for key, x in kwargs.items() if isinstance(x, np.ndarray)}  # such as where=
    head = heading(name, args, {**options, **arrays})
    if isinstance(error, AxisError) and error.axis is not None and error.ndim is not None:
        return AxisError(error.axis, error.ndim, head)  # drops the head of an inner operation
    kind = next(k for k in (LinAlgError, *_KINDS) if isinstance(error, k))
    text = str(error).removeprefix(f"{name}: ").rstrip(" .")
    text = text.replace("<lambda>", name).replace(f"_{name}()", f"{name}()")
    if lesson("shapes") in text:  # of an inner operation
        return kind(f"{head}: {text}.")
    is_about_shapes = any(words in text for words in _ABOUT_SHAPES)
    if is_about_shapes:
        text = _how_shapes_fit(name, text, args)
    elif "integer" in text and isinstance(error, TypeError):
        text = _what_is_not_an_integer([*args, *options.values()], kwargs) or text
    elif any(words in text for words in ("ufunc", "operand type", "supported between", "NoneType")):
        scale = "an operand is a single number. To multiply by a number, write * instead of @"
        text = _what_is_not_a_number(args) or (scale if "(has 0" in text else text)
    foreign = [type(x).__name__ for x in map(unwrap, args) if is_foreign(x)]
    is_mixed = any(isinstance(x, (np.ndarray, list, tuple)) for x in map(unwrap, args))
    if foreign and is_mixed and "np.asarray" not in text:
        text += (
            f". If type {foreign[0]} does not combine with NumPy arrays or lists, convert these "
            "first, with a function of its library"
        )
    text += "" if text.endswith("?") else "."
    return kind(f"{head}: {text}{lesson('shapes') if is_about_shapes else ''}")


_KINDS = (AxisError, ValueError, IndexError, TypeError)
_ABOUT_SHAPES = ("broadcast", "core dimension", "not aligned")  #: words of NumPy's errors


def _how_shapes_fit(name: str, text: str, args: Sequence[Any]) -> str:
    """Return which lengths differ, or NumPy's text and the rule of broadcasting."""
    shapes = [np.shape(unwrap(x)) for x in args]
    if "broadcast" not in text:
        if name == "linear":
            x, w = shapes[:2]
            fix = ". Join its axes first: nn.Flatten()" if math.prod(x[1:]) == w[-2] else ""
            return f"the input has {x[-1]} features, but the weight of shape {w} needs {w[-2]}{fix}"
        return (name in ("matmul", "dot") and _lengths_of_a_product(*args[:2])) or text
    if name == "linear" and len(shapes) == 3:
        w, b = shapes[1:]
        return f"the output has {w[-1]} features, but the bias has shape {b}. It needs ({w[-1]},)"
    return (
        f"{text}. NumPy aligns the shapes at their right ends. In each pair of lengths, both must "
        "be equal, or one of them must be 1"
    )


def _what_is_not_a_number(args: Sequence[Any]) -> str:
    """Return the types of the arguments if one of them is a text or None, or an empty text."""
    kinds = [getattr(unwrap(x), "dtype", type(x)) for x in args]
    if not any(k in (str, type(None)) or getattr(k, "kind", "") in ("U", "S") for k in kinds):
        return ""
    names = ["None" if k is type(None) else getattr(k, "__name__", str(k)) for k in kinds]
    hint = ". Did you forget `return`?" * ("None" in names)
    return f"this operation needs numbers, got {listed(names)}{hint}"


def _what_is_not_an_integer(args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Return the float or string in a call that needs an integer, or an empty text."""
    parts = [("", part) for x in args for part in (x if isinstance(x, tuple) else (x,))]
    axes = [(f"{key}=", x) for key, x in kwargs.items() if key.startswith("ax")]
    others = [(f"{key}=", x) for key, x in kwargs.items() if not key.startswith("ax")]
    wrong = (f"{key}{x!r:.60}" for key, x in axes + parts + others if isinstance(x, (float, str)))
    return f"expected an integer, got {given}" if (given := next(wrong, "")) else ""


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
        f"length {shapes[1][i]}. They must be equal"
    )


def require_number(name: str, value: Any) -> None:
    """Raise TypeError if the value of an option is not a single number."""
    is_number = hasattr(value, "__float__") and not isinstance(value, TensorBase)
    if not is_number or getattr(value, "ndim", 0) > 0:
        raise TypeError(f"{name} must be a number, got {describe(value)}.")


# ---- what the engine refuses ---------------------------------------------------------------------


def complex_result(y: Any) -> str:
    fix = "Compute the real part and the imaginary part as two tensors"
    return f"the result would be {y.dtype}, but a tensor holds real numbers. {fix}"


def computed_from_old_data(leaf: Any, node: Any) -> str:
    result = describe(node) if node.name else f"the result of {node.op.name}"
    return (
        f"{describe(leaf)} was modified after {result} was computed from it, so the "
        "values on the tape are old. Run the forward pass again. Then call backward(), ag.draw() "
        "or ag.explore() before you change this tensor.\nIf you use the state of an LSTM from an "
        "earlier step, detach the state: state = tuple(s.detach() for s in state)."
        + lesson("changed")
    )


def not_recorded(t: Any) -> str:
    return (
        f"{describe(t)} has no gradient, because nothing was recorded. Create an input with "
        "ag.tensor(x, requires_grad=True), and compute the result outside of no_grad().\nTo "
        "update a parameter in a block with no_grad(), write `w -= ...`. (`w = w - ...` makes a "
        "new tensor without a gradient.)" + lesson("not recorded")
    )


def needs_cotangent(t: Any) -> str:
    return (
        f"{describe(t)} has {t._array.size} entries, but a backward pass starts from a single "
        "number. Reduce the tensor first, with .sum() or .mean(). Or pass gradient=g, where g is "
        f"an array of shape {t._array.shape}." + lesson("many entries")
    )


def wrong_cotangent(t: Any, seed: Any) -> str:
    if seed.shape == t._array.shape:
        return f"gradient has dtype {seed.dtype}. Pass real numbers."
    owner = quoted(t.name) if t.name else "the tensor"
    return f"gradient has shape {seed.shape}, but {owner} has shape {t._array.shape}."


def wrong_contribution(node: Any, argument: Any, c: Any) -> str:
    if c.dtype == object and c.shape == () and c.item() is None:
        return f"a rule of {node.op.name} returned None. Did you forget `return`?"
    return (
        f"a rule of {node.op.name} returned {describe(c)} for {describe(argument)}. A rule must "
        "return an array of real numbers. Its shape must be the shape of the argument, or the "
        "shape to which the argument was broadcast." + lesson("shape of a rule")
    )


def data_of_a_node(t: Any) -> str:
    return (
        f"{describe(t)} is the result of {t.op.name}, so its data cannot be replaced. Change the "
        "data of the leaves that it was computed from, or of a copy: t.detach()."
    )


def data_of_another_shape(t: Any, value: Any) -> str:
    return (
        f"data: cannot assign an array of shape {value.shape} to {describe(t)}, because the shape "
        "of a tensor cannot change. Make a new tensor with ag.tensor(...)."
    )


def requires_grad_of_a_node(t: Any) -> str:
    return (
        f"{describe(t)} is the result of {t.op.name}, but requires_grad can only be set on a "
        "leaf. Call .detach() for a copy that does not require a gradient."
    )


def no_gradient_of_integers(t: Any) -> str:
    fix = "Write 3.0 instead of 3" if t._array.dtype.kind in "iu" else "Leave requires_grad out"
    return (
        f"{describe(t)} cannot require a gradient, because its dtype is not a float type. {fix}, "
        "or pass dtype=float."
    )


def gradient_of_another_shape(t: Any, value: Any) -> str:
    return f"grad: the gradient of {describe(t)} needs the same shape, got shape {value.shape}."


def gradient_not_retained(t: Any) -> str:
    return (
        f"{describe(t)} is the result of {t.op.name}, not a leaf, so it has no .grad. To keep the "
        "gradient of a result, call .retain_grad() before backward(). To update a parameter, write "
        "`with ag.no_grad(): w -= ...`, because `w = w - ...` makes a new tensor."
    )


def nothing_to_retain(t: Any) -> str:
    why = "so there is nothing to retain. Create it, or its inputs, with requires_grad=True."
    return f"{describe(t)} does not require a gradient, {why}"


def array_would_lose_gradient(t: Any) -> str:
    return (
        f"converting {describe(t)} to a NumPy array would lose its gradient. To keep the gradient, "
        "pass the tensor itself to NumPy's functions. If it is in a list, join the list into one "
        "tensor: np.stack(tensors). If it is in a tuple, as in the result of an LSTM, take it out "
        "of the tuple. If you do not need the gradient, call .numpy()."
    )


def number_loses_gradient(t: Any) -> str:
    return (
        f"{describe(t)} became a number without a gradient, as in float(t), math.exp(t) and "
        "array[i] = t. To keep the gradient, use NumPy's functions, such as np.exp(t), and "
        "np.stack(tensors) for an array of tensors. If you need no gradient, call .item()."
    )


def not_a_single_number(t: Any) -> str:
    return (
        f"{describe(t)} has {t._array.size} entries, so it cannot be converted to a single number. "
        "Use NumPy's functions instead of those of math: np.exp(), not math.exp(). If you need "
        "plain numbers, call .numpy()."
    )


def changed_in_place(t: Any) -> str:
    name = t.name if t.name and t.name.isidentifier() else "t"
    leaf = f" Or assign new data: {name}.data = new_values." if t.op is None else ""
    return (
        f"{describe(t)} cannot be changed in place, because a backward pass may still need its "
        f"values. Make a changed copy: np.where(condition, new_values, {name}).{leaf}"
        + lesson("changed")
    )


def no_axis_to_iterate(t: Any) -> str:
    return f"{describe(t)} is a single number. It has no length, and no entries to loop over."


def pickle_of_a_node(t: Any) -> str:
    return (
        f"{describe(t)} is the result of {t.op.name}, and its tape cannot be pickled. Pickle "
        "t.detach(), or the leaves that the tensor was computed from."
    )
