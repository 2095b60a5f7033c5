"""The targets of softmax cross-entropy: their checks, and the options of the loss.

Every option changes the targets y, by one short function. `apply_options` applies them and then
calls a loss that has no options.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ..core.arrays import Array, as_array, concrete_value, holds_numbers, unwrap
from ..core.foreign import constant_like
from ..core.messages import describe, require_number
from ..core.tensor import Tensor

Reduction = Literal["mean", "sum", "none"]
#: (logits, targets, axis, reduction, where) -> the loss: the node, or its graph
Loss = Callable[[Array, Array, int, Reduction, Array | None], Array]


@dataclass(slots=True)
class Options:
    """The options of a cross-entropy; `softmax_cross_entropy` explains them."""

    axis: int = -1
    weight: Any = None
    ignore_index: int | None = None
    label_smoothing: float = 0.0
    reduction: Reduction = "mean"
    where: Any = None


def are_indices(targets: Array) -> bool:
    """Return whether the targets are class indices. If not, they are soft targets."""
    return targets.dtype.kind in "iu"


def are_classes_of_rows(t: Any, z: Any) -> bool:
    """Return whether `t` has an index of an existing class for each row of the matrix `z`.

    If not, or if these are not arrays of NumPy, `apply_options` checks them one by one.
    """
    if not (type(t) is type(z) is np.ndarray and z.ndim == 2 and z.size):
        return False
    if not (z.dtype.kind == "f" and t.dtype.kind in "iu" and t.shape == z.shape[:1]):
        return False
    return bool(t.item(t.argmin()) >= 0 and t.item(t.argmax()) < z.shape[1])


def drop_axis(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Return `shape` without the axis, which is negative."""
    return shape[:-1] if axis == -1 else shape[:axis] + shape[axis:][1:]


def reduce_entries(entries: Array, reduction: Reduction) -> Array:
    """Return the mean of the entries, or 0 if there are none; or their sum; or the entries."""
    if not isinstance(reduction, str) or reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r:.60}")
    if reduction == "none":
        return entries
    if reduction == "sum" or not entries.size:
        return entries.sum()
    # NumPy has no mean of symbols.
    return entries.sum() / entries.size if entries.dtype.kind == "O" else entries.mean()


# ---- the options: transforms of y ----------------------------------------------------------------


def smoothed(y: Array, epsilon: float, classes: Any) -> Array:
    """Return (1-ε) y + ε/C: all classes share a part ε of the weight [Szegedy et al. 2016]."""
    return (1 - epsilon) * y + epsilon / classes


def weighted(y: Array, w: Array) -> Array:
    """Return w ⊙ y: an error in class i counts w_i times."""
    return y * w


def without(y: Array, dropped: Array) -> Array:
    """Return y, but 0 where `dropped`, for an ignored row or a class that is left out."""
    return np.where(dropped, 0, y)


def apply_options(loss: Loss, name: str, logits: Any, targets: Any, options: Options) -> Array:
    """Return `loss` of targets that are smoothed, then weighted, then without dropped entries."""
    logits, targets, axis = _checked(name, logits, targets, options.axis)
    of_symbols = logits.dtype.kind == "O"
    if of_symbols and not any(isinstance(x, Tensor) for x in (logits, targets, options.weight)):
        # NumPy has no exponential of a symbol, but a Tensor has.
        return unwrap(apply_options(loss, name, Tensor(logits), targets, options))
    _check_options(name, targets, options)
    ignored = None
    if are_indices(targets):
        targets, ignored = _checked_indices(name, logits, targets, axis, options.ignore_index)
    if ignored is options.weight is options.where is None and not options.label_smoothing:
        return loss(logits, targets, axis, options.reduction, None)
    weight = _checked_weight(name, options.weight, logits, axis)
    where = _checked_where(name, options.where, logits)
    options = replace(options, axis=axis, weight=weight, where=where)
    return loss_of_transformed_targets(loss, logits, targets, ignored, options)


def loss_of_transformed_targets(
    loss: Loss, logits: Array, targets: Array, ignored: Array | None, options: Options
) -> Array:
    """Return `loss` of checked arguments, with at least one option to apply."""
    axis, weight = options.axis, options.weight
    kept, where, classes = _kept_classes(options.where, logits, axis)

    def transformed(y: Array) -> Array:
        if options.label_smoothing:
            y = smoothed(y, options.label_smoothing, classes)
        if weight is not None:
            y = weighted(y, np.expand_dims(weight, tuple(range(1, -axis))))
        return y if kept is None else without(y, ~kept)

    if not are_indices(targets):
        return loss(logits, transformed(targets), axis, options.reduction, where)

    # The transformed row is (1-ε) w_t e_t + (ε/C) w, and the loss is linear in it.
    t, dtype = targets, logits.dtype
    if dtype == np.float16:
        logits = logits.astype(np.float32)
    ignored = constant_like(np.zeros(t.shape, bool), t) if ignored is None else ignored
    if weight is None:
        share = constant_like(np.ones(t.shape, logits.dtype), logits)
    else:  # w_t, by a function that every kind of array dispatches
        share = np.take_along_axis(weight, t.reshape(-1), 0).reshape(t.shape)
    share = share if share.dtype == logits.dtype else share.astype(logits.dtype)
    dropped = ignored | _without_weight(t, share, kept, axis)
    rows = without(loss(logits, t, axis, "none", where), dropped) * share
    if options.label_smoothing:
        nothing = np.zeros((1,) * logits.ndim, logits.dtype)
        uniform = transformed(constant_like(nothing, logits))
        rest = without(loss(logits, uniform, axis, "none", where), ignored)
        rows = rows * (1 - options.label_smoothing) + rest
    y = _reduced(rows, without(share, ignored), options.reduction)
    return y if y.dtype == dtype else y.astype(dtype)


def _without_weight(t: Array, share: Array, kept: Array | None, axis: int) -> Array:
    """Return a mask of the rows whose class has weight 0 or is left out, where 0·inf is 0."""
    nothing = constant_like(np.zeros(t.shape, bool), t) if isinstance(share, Tensor) else share == 0
    if kept is None:
        return nothing
    return nothing | ~np.take_along_axis(kept, np.expand_dims(t, axis), axis).squeeze(axis)


def _reduced(rows: Array, share: Array, reduction: Reduction) -> Array:
    """Reduce rows that were multiplied by their share: a mean divides by the sum of the shares."""
    if reduction == "none":
        return rows
    total = rows.sum()
    if reduction == "sum":
        return total
    return total / np.where(np.any(unwrap(share)), share.sum(), 1)


def _kept_classes(where: Array | None, logits: Array, axis: int) -> tuple[Any, Any, Any]:
    """Return masks of the classes and of the logits to keep, and the number of classes per row.

    A row without any class keeps its logits and loses all of its weight, so its loss is 0.
    """
    if where is None:
        return None, None, logits.shape[axis]
    kept = np.broadcast_to(where, logits.shape)
    count = kept.sum(axis=axis, keepdims=True)
    with_logits = where if concrete_value(count.all()) else kept | (count == 0)
    return kept, with_logits, np.maximum(count, 1).astype(logits.dtype)


# ---- checks --------------------------------------------------------------------------------------


def _checked(name: str, logits: Any, targets: Any, axis: int) -> tuple[Array, Array, int]:
    """Return logits, targets and a negative axis as the node takes them, or raise."""
    logits = logits if type(logits) is Tensor else as_array(logits)
    targets = targets if type(targets) is Tensor else as_array(targets)
    z, y = unwrap(logits), unwrap(targets)
    shape, kind = z.shape, y.dtype.kind

    def unfit(why: str) -> str:
        return f"{name}: {_both(logits, targets)}. {why}"

    if not (z.dtype.kind in "fO" and holds_numbers(z) and holds_numbers(y)):
        raise TypeError(unfit(_wrong_kinds(name, z, y)))
    if not isinstance(axis, (int, np.integer)):
        raise TypeError(unfit(f"axis must be an integer, the axis of the classes, got {axis!r}."))
    if not -z.ndim <= axis < z.ndim and shape:
        raise ValueError(unfit(f"The logits have no axis {axis}, only axes 0 to {z.ndim - 1}."))
    if not shape or not shape[axis]:
        raise ValueError(unfit("Each row of logits needs at least one class."))
    axis = axis if axis < 0 else axis - z.ndim
    if y.shape == drop_axis(shape, axis):  # class indices
        if kind not in "iu" and y.size:
            raise TypeError(
                unfit(
                    "Class indices must be integers. To convert them, write y.astype(int). For "
                    f"probabilities, pass one number for each class, in an array of shape {shape}."
                )
            )
        return logits, targets if kind in "iu" else y.astype(int), axis
    fits = y.shape == shape or (kind in "fO" and _broadcasts(y.shape, shape))
    if not fits or _are_column_of_indices(y, shape, axis):
        raise ValueError(unfit(_wrong_shape(y, shape, axis)))
    if (isinstance(targets, Tensor) and kind in "fO") or kind == "O" or z.dtype.kind == "O":
        return logits, targets if kind in "fO" else y.astype(object), axis
    return logits, y.astype(z.dtype, copy=False), axis


def _wrong_kinds(name: str, z: Array, y: Array) -> str:
    """Return the fix for logits or targets that are not numbers of the right kind."""
    if any(x.dtype.kind == "O" and x.shape == () and x.item() is None for x in (z, y)):
        return "One of them is None. Did you forget `return`?"
    if y.dtype.kind in "US":
        return (
            "Targets must be class indices (integers) or probabilities (floats). To number the "
            "classes, write names, y = np.unique(y, return_inverse=True)."
        )
    if z.dtype.kind in "biu" and y.dtype.kind == "f":
        return f"The order of the arguments is {name}(logits, targets)."
    return (
        "Logits must have a float dtype. Targets must be class indices (integers) or "
        "probabilities (floats)."
    )


def _are_column_of_indices(y: Array, shape: tuple[int, ...], axis: int) -> bool:
    """Return whether the targets are a column of whole numbers, one for each row of many classes.

    They would broadcast: the number would be the probability of every class.
    """
    column = (*drop_axis(shape, axis), 1)
    if not isinstance(y, np.ndarray) or y.shape != column or y.dtype.kind != "f":
        return False
    return shape[axis] > 1 and bool((y == np.floor(y)).all())


def _wrong_shape(y: Array, shape: tuple[int, ...], axis: int) -> str:
    """Return the fix for targets of a wrong shape."""
    rows = drop_axis(shape, axis)
    if y.shape in ((*rows, 1), (1, *rows)):
        ints = "" if y.dtype.kind in "iu" else ".astype(int)"
        return f"Class indices need shape {rows}: write y.reshape{rows}{ints}."
    for other in range(len(shape)) if len(shape) > 2 else ():
        if y.shape == drop_axis(shape, other - len(shape)):
            return f"If the classes are on axis {other} of the logits, pass axis={other}."
    return (
        f"Pass one class index (an integer) for each row, in an array of shape {rows}. Or pass "
        f"probabilities, in a float array of shape {shape}."
    )


def _both(logits: Array, targets: Array) -> str:
    return f"got {describe(logits)} for logits and {describe(targets)} for targets"


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    lead = len(to) - len(shape)
    return lead >= 0 and all(n in (1, m) for n, m in zip(shape, to[lead:]))


def _check_options(name: str, targets: Array, options: Options) -> None:
    if not isinstance(options.reduction, str) or options.reduction not in ("mean", "sum", "none"):
        raise ValueError(
            f"{name}: reduction must be 'mean', 'sum' or 'none', got {options.reduction!r}."
        )
    require_number(f"{name}: label_smoothing", options.label_smoothing)
    if not 0 <= options.label_smoothing <= 1:
        raise ValueError(
            f"{name}: label_smoothing must be from 0 to 1, got {options.label_smoothing!r}."
        )
    if options.ignore_index is not None and not are_indices(targets):
        raise ValueError(
            f"{name}: ignore_index={options.ignore_index} only works with class indices "
            f"(integers), but targets is {describe(targets)}. To ignore a row of probabilities, "
            "set all of them to 0."
        )


def _checked_weight(name: str, weight: Any, logits: Array, axis: int) -> Array | None:
    if weight is None:
        return None
    c = logits.shape[axis]
    array = as_array(unwrap(weight))
    if array.shape != (c,) or array.dtype.kind not in "biufO":
        raise ValueError(
            f"{name}: weight must be an array of shape ({c},), with one real number for each "
            f"class. Got {describe(weight)}."
        )
    return weight if isinstance(weight, Tensor) else array.astype(logits.dtype)


def _checked_where(name: str, where: Any, logits: Array) -> Array | None:
    if where is None:
        return None
    where = as_array(where)
    if where.dtype != bool or not _broadcasts(where.shape, logits.shape):
        raise ValueError(
            f"{name}: where must be an array of bool that broadcasts to the shape of the logits, "
            f"{logits.shape}. True marks the classes to keep. Got {describe(where)}."
        )
    return where


def _checked_indices(
    name: str, logits: Array, targets: Array, axis: int, ignore_index: int | None
) -> tuple[Array, Array | None]:
    """Return the indices, with 0 for ignored ones, and a mask of the ignored ones, or None."""
    t, c = unwrap(targets), logits.shape[axis]
    ignored = None if ignore_index is None else t == ignore_index
    if ignored is not None:
        t = np.where(ignored, 0, t)
        ignored = None if isinstance(ignored, np.ndarray) and not ignored.any() else ignored
    try:
        return existing(t, c, name), ignored
    except IndexError as error:
        remedy = _remedy_for_indices(unwrap(targets), c) if ignore_index is None else ""
        problem = str(error).removeprefix(f"{name}: ")
        raise IndexError(f"{name}: {_both(logits, targets)}: {problem}.{remedy}") from None


def _remedy_for_indices(t: Array, c: int) -> str:
    """Return how to repair class indices of which some are not in 0 ... c-1."""
    lowest, highest = int(concrete_value(t.min())), int(concrete_value(t.max()))  # t may be traced
    if lowest > 0 and highest == c:
        return " If you count classes from 1, pass y - 1."
    wrong = lowest if lowest < 0 else highest
    needed = f" For class {highest}, a row of logits needs {highest + 1} entries." * (lowest >= 0)
    return f"{needed} To leave out the rows with index {wrong}, pass ignore_index={wrong}."


def existing(t: Array, c: int, name: str) -> Array:
    """Return the class indices `t`, or raise if one of them is outside of 0 ... c-1.

    A traced array records the check, which every call of the compiled program then makes.
    """
    if not isinstance(t, np.ndarray) and hasattr(t, "checked"):
        return t.checked(check_class_indices, c, f"{name}: ")
    is_lazy = not hasattr(t, "item")  # a lazy array is not computed to look at it
    return t if is_lazy else check_class_indices(t, c)


def check_class_indices(t: Array, c: int, prefix: str = "") -> Array:
    """Return the class indices `t`, or raise an IndexError if one of them is not in 0 ... c-1."""
    if t.size:
        lowest, highest = limits(t)
        if lowest < 0 or highest >= c:
            raise IndexError(
                f"{prefix}class indices must be from 0 to {c - 1}, got {_span(lowest, highest)}"
            )
    return t


def limits(t: Array) -> tuple[Any, Any]:
    """Return the smallest and the largest entry, as Python numbers."""
    if isinstance(t, np.ndarray):
        return t.item(t.argmin()), t.item(t.argmax())  # quicker than min and max
    return t.min().item(), t.max().item()


def _span(lowest: int, highest: int) -> str:
    return f"{lowest}" if lowest == highest else f"indices from {lowest} to {highest}"
