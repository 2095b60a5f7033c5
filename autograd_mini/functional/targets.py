"""The targets of softmax cross-entropy: what they may be, and what the options make of them.

Every option is a transform of y, one short function each; `apply_options` applies them and calls a
loss that has never heard of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from ..core.arrays import as_array, holds_numbers, unwrap
from ..core.messages import describe
from ..core.tensor import Tensor

Reduction = Literal["mean", "sum", "none"]


def are_indices(targets: Any) -> bool:
    return targets.dtype.kind in "iu"


def drop_axis(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return shape[:-1] if axis == -1 else shape[:axis] + shape[axis:][1:]


# ---- the options: transforms of y ----------------------------------------------------------------


def smoothed(y: Any, epsilon: float, classes: Any) -> Any:
    """(1-ε) y + ε/C: a part ε of the weight goes to all classes alike [Szegedy et al. 2016]."""
    return (1 - epsilon) * y + epsilon / classes


def weighted(y: Any, w: Any) -> Any:
    """w ⊙ y: an error in class i counts w_i times."""
    return y * w


def without(y: Any, dropped: Any) -> Any:
    """0·y where `dropped`: for a row that is ignored, or a class that is left out."""
    return np.where(dropped, 0, y)


#: (logits, targets, axis, reduction, where) -> the loss: the node, or its definition
Loss = Callable[[Any, Any, int, Reduction, Any], Any]


def apply_options(
    loss: Loss,
    name: str,
    logits: Any,
    targets: Any,
    axis: int,
    weight: Any,
    ignore_index: int | None,
    label_smoothing: float,
    reduction: Reduction,
    where: Any,
) -> Any:
    """`loss` of targets that are smoothed, then weighted, then without what is dropped."""
    logits, targets, axis = _checked(name, logits, targets, axis)
    of_symbols = logits.dtype.kind == "O"
    if of_symbols and not any(isinstance(x, Tensor) for x in (logits, targets, weight)):
        # NumPy has no exponential of a symbol, a Tensor has
        rest = weight, ignore_index, label_smoothing, reduction, where
        return unwrap(apply_options(loss, name, Tensor(logits), targets, axis, *rest))
    _check_options(name, targets, ignore_index, label_smoothing, reduction)
    ignored = None
    if are_indices(targets):
        targets, ignored = _checked_indices(name, logits, targets, axis, ignore_index)
    if ignored is weight is where is None and not label_smoothing:
        return loss(logits, targets, axis, reduction, None)
    return loss_of_transformed_targets(
        loss, name, logits, targets, axis, weight, ignored, label_smoothing, reduction, where
    )


def loss_of_transformed_targets(
    loss: Loss,
    name: str,
    logits: Any,
    targets: Any,
    axis: int,
    weight: Any,
    ignored: Any,
    label_smoothing: float,
    reduction: Reduction,
    where: Any,
) -> Any:
    """What is left of `apply_options` where there is an option."""
    weight = _checked_weight(name, weight, logits, axis)
    classes, left_in = logits.shape[axis], None
    if where is not None:
        left_in, where, classes = _classes_left(name, where, logits, axis)

    def transformed(y: Any) -> Any:
        if label_smoothing:
            y = smoothed(y, label_smoothing, classes)
        if weight is not None:
            y = weighted(y, np.expand_dims(weight, tuple(range(1, -axis))))
        return y if left_in is None else without(y, ~left_in)

    if not are_indices(targets):
        return loss(logits, transformed(targets), axis, reduction, where)

    # The transformed row is (1-ε) w_t e_t + (ε/C) w, and the loss is linear in it.
    t, dtype = targets, logits.dtype
    if dtype == np.float16:
        logits = logits.astype(np.float32)
    ignored = np.zeros(t.shape, bool) if ignored is None else ignored
    share = np.ones(t.shape, logits.dtype) if weight is None else _of_class(weight, t)
    share = share if share.dtype == logits.dtype else share.astype(logits.dtype)
    dropped = ignored | _without_weight(t, share, left_in, axis)
    rows = without(loss(logits, t, axis, "none", where), dropped) * share
    if label_smoothing:
        uniform = transformed(np.zeros((1,) * logits.ndim, logits.dtype))
        rest = without(loss(logits, uniform, axis, "none", where), ignored)
        rows = rows * (1 - label_smoothing) + rest
    rows = _averaged(rows, without(share, ignored), reduction)
    return rows if rows.dtype == dtype else rows.astype(dtype)


def _of_class(weight: Any, t: Any) -> Any:
    """w_t for each row, by a function that every kind of array dispatches."""
    return np.take_along_axis(weight, t.reshape(-1), 0).reshape(t.shape)


def _without_weight(t: Any, share: Any, left_in: Any, axis: int) -> Any:
    """The rows whose own class weighs nothing, or is left out: there 0·inf is 0."""
    nothing = np.zeros(t.shape, bool) if isinstance(share, Tensor) else share == 0
    if left_in is None:
        return nothing
    return nothing | ~np.take_along_axis(left_in, np.expand_dims(t, axis), axis).squeeze(axis)


def _averaged(rows: Any, share: Any, reduction: Reduction) -> Any:
    """The reduction of rows that were multiplied by their share: a mean divides by all shares."""
    if reduction == "none":
        return rows
    total = rows.sum()
    if reduction == "sum":
        return total
    return total / np.where(np.any(unwrap(share)), share.sum(), 1)


def _classes_left(name: str, where: Any, logits: Any, axis: int) -> tuple[Any, Any, Any]:
    """Which classes are left in; for which the logits stay; how many are left in each row.

    A row of which no class is left keeps its logits and loses all of its weight: its loss is 0.
    """
    where = np.asarray(where)
    if where.dtype != bool or not _broadcasts(where.shape, logits.shape):
        raise ValueError(
            f"{name}: where is {describe(where)}. It is bool, and broadcastable to the logits, "
            f"{logits.shape}: True for the classes to keep."
        )
    left_in = np.broadcast_to(where, logits.shape)
    count = left_in.sum(axis=axis, keepdims=True)
    stays = where if count.all() else left_in | (count == 0)
    return left_in, stays, np.maximum(count, 1).astype(logits.dtype)


# ---- what they refuse ---------------------------------------------------------------------------


def _checked(name: str, logits: Any, targets: Any, axis: int) -> tuple[Any, Any, int]:
    """Logits, targets and a negative axis as the node takes them, or what does not fit."""
    logits = logits if type(logits) is Tensor else as_array(logits)
    targets = targets if type(targets) is Tensor else as_array(targets)
    z, y = unwrap(logits), unwrap(targets)
    shape, kind = z.shape, y.dtype.kind
    if z.dtype.kind not in "fO" or (kind not in "biuf" and not holds_numbers(y)):
        why = "Logits are real floating, targets integers or real numbers."
        raise _unfit(TypeError, name, logits, targets, why)
    if not isinstance(axis, (int, np.integer)):
        why = f"The classes lie along one axis, an int, not {axis!r}."
        raise _unfit(TypeError, name, logits, targets, why)
    if not -z.ndim <= axis < z.ndim and shape:
        raise _unfit(ValueError, name, logits, targets, f"The logits have no axis {axis}.")
    if not shape or not shape[axis]:
        raise _unfit(ValueError, name, logits, targets, "A row needs at least one class.")
    axis = axis if axis < 0 else axis - z.ndim
    rows = drop_axis(shape, axis)
    if y.shape == rows and (kind in "iu" or not y.size):
        return logits, targets if kind in "iu" else y.astype(int), axis
    if y.shape == rows:
        remedy = f"y[..., None] or y[None] of a shape that broadcasts to {shape}"
        why = "Class indices are integers: .astype(int) makes them so. Weights that are to be "
        why += f"broadcast name the axis of the classes: {remedy}."
        raise _unfit(TypeError, name, logits, targets, why)
    if y.shape != shape and (kind not in "fO" or not _broadcasts(y.shape, shape)):
        why = f"For these logits class indices have shape {rows}, weights have shape {shape}, or "
        raise _unfit(ValueError, name, logits, targets, f"{why}are floating and broadcast to it.")
    if (isinstance(targets, Tensor) and kind in "fO") or kind == "O" or z.dtype.kind == "O":
        return logits, targets if kind in "fO" else y.astype(object), axis
    return logits, y.astype(z.dtype, copy=False), axis


def _unfit(kind: type[Exception], name: str, logits: Any, targets: Any, why: str) -> Exception:
    both = f"logits are {describe(logits)}, targets are {describe(targets)}"
    return kind(f"{name}: {both}. {why}")


def _check_options(
    name: str, targets: Any, ignore_index: int | None, label_smoothing: float, reduction: str
) -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{name}: reduction is 'mean', 'sum' or 'none', not {reduction!r}")
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing is from 0 to 1, not {label_smoothing!r}")
    if ignore_index is not None and not are_indices(targets):
        raise ValueError(
            f"{name}: ignore_index={ignore_index} is for class indices, but targets are "
            f"{describe(targets)}, which are weights: a row is ignored if they are 0."
        )


def _checked_weight(name: str, weight: Any, logits: Any, axis: int) -> Any:
    if weight is None:
        return None
    c = logits.shape[axis]
    array = as_array(unwrap(weight))
    if array.shape != (c,) or array.dtype.kind not in "biufO":
        raise ValueError(
            f"{name}: weight is {describe(weight)}. It has one real number per class, shape ({c},)."
        )
    return weight if isinstance(weight, Tensor) else array.astype(logits.dtype)


def _checked_indices(
    name: str, logits: Any, targets: Any, axis: int, ignore_index: int | None
) -> tuple[Any, Any]:
    """The indices, a 0 in place of each that is ignored; and where those were, None if nowhere."""
    t, c = unwrap(targets), logits.shape[axis]
    ignored = None if ignore_index is None else t == ignore_index
    if not t.size or not (isinstance(t, np.ndarray) or hasattr(t, "checked")):
        return t, ignored  # a lazy array is not computed to look at it
    if ignored is not None:
        t = np.where(ignored, 0, t)
        ignored = None if isinstance(ignored, np.ndarray) and not ignored.any() else ignored
    try:
        return existing(t, c, name), ignored
    except IndexError as error:
        both = f"logits are {describe(logits)}, targets are {describe(targets)}"
        remedy = "" if ignore_index is not None else " ignore_index= names one to pass over."
        raise IndexError(f"{name}: {both}: {error}.{remedy}") from None


def existing(t: Any, c: int, name: str) -> Any:
    """The class indices `t`, or an error if one of them is outside of 0 ... c-1.

    In a program that is being written, each call looks for itself, and says for whom: `name`.
    """
    return (
        t.checked(check_class_indices, c, f"{name}: ")
        if hasattr(t, "checked")
        else check_class_indices(t, c)
    )


def check_class_indices(t: Any, c: int, whose: str = "") -> Any:
    """The indices `t` if each is that of a class."""
    if t.size:
        lowest, highest = t.item(t.argmin()), t.item(t.argmax())  # quicker than min and max
        if lowest < 0 or highest >= c:
            raise IndexError(
                f"{whose}class indices run from 0 to {c - 1}, not from {lowest} to {highest}"
            )
    return t


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    lead = len(to) - len(shape)
    return lead >= 0 and all(n in (1, m) for n, m in zip(shape, to[lead:]))
