"""Softmax cross-entropy in straight lines: what its node computes, without a look at the numbers.

The node chooses between formulas by the size of the logits (`entropy_rows`), and a program cannot.
Where examples are all there will ever be, as for a tape that is printed, the choice is that of the
examples, and the program gives the node's very bits. (Logits of more than two megabytes are an
exception: the node takes them in blocks, and BLAS may add up a block in another order.) Otherwise
the logits are always shifted by their largest, which is right for all of them, and within rounding
of what the node gives: the report of a compiled function counts it.

`z` are logits, `y` weights, `t` class indices. Rows of fewer than 64 classes are laid out class by
class where they are shifted: NumPy's loop over a short inner axis costs more than the work in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..functional.cross_entropy import SoftmaxCrossEntropy
from ..functional.cross_entropy_rows import _SHORT_ROW, exp_is_safe
from ..functional.targets import Reduction, are_indices, drop_axis
from .positions import counted
from .tracer import STRAIGHT, Traced

#: of which BLAS takes the mean in half the time of NumPy, and as exactly
_FEW_ROWS = 1024


class _Rows:
    """How a matrix with a row of classes for each case lies in memory."""

    def __init__(self, n: int, c: int, moderate: bool) -> None:
        self.n, self.c, self.moderate = n, c, moderate
        self.classes = 0 if c < _SHORT_ROW and not moderate else 1  # the axis

    def matrix(self, z: Any, axis: int) -> Any:
        m = (z if axis == -1 else np.moveaxis(z, axis, -1)).reshape(self.n, self.c)
        return m if self.classes else np.copy(m.T, order="C")

    def each(self, r: Any) -> Any:
        """A number for each row, beside the matrix."""
        return r[:, None] if self.classes else r

    def at(self, t: Any) -> Any:
        """Where the class is that a row names."""
        classes = counted(self.c) if self.classes else counted(self.c, 1)
        return np.equal(classes, self.each(t))

    def take(self, x: Any, t: Any) -> Any:
        rows = counted(self.n)
        return x[rows, t] if self.classes else x[t, rows]

    def sums(self, x: Any) -> Any:
        if not self.classes and _known(x) is None:
            return np.ones(self.c, x.dtype) @ x  # a third of the time of a sum over so few
        return x @ np.ones(self.c, x.dtype) if self.classes else np.sum(x, axis=0)

    def largest(self, x: Any) -> Any:
        """Of each row, with the axis of the classes kept."""
        if self.c == 2 and not self.classes:
            return np.maximum(x[:1], x[1:])  # a third of the time
        return np.max(x, axis=self.classes, keepdims=True)

    def upright(self, x: Any) -> Any:
        """With a row for each case, whatever the memory."""
        return x if self.classes else x.T


def _forward(z: Any, y: Any, axis: int = -1, reduction: Reduction = "mean") -> Any:
    """What `SoftmaxCrossEntropy` gives: the loss, and the matrix of each row's own gradient."""
    c = z.shape[axis]
    n = z.size // c
    moderate = are_indices(y) and _known(z) is not None and exp_is_safe(_known(z))
    rows = _Rows(n, c, moderate)
    dtype = z.dtype if are_indices(y) else np.result_type(z, y)
    x = rows.matrix(z if z.dtype.itemsize > 2 else z.astype(np.float32), axis)
    if are_indices(y):
        losses, d = _indexed(rows, x, y.reshape(n))
    else:
        y = y if y.shape == z.shape else np.broadcast_to(y, z.shape)
        losses, d = _weighed(rows, x, np.moveaxis(y, axis, -1).reshape(n, c))
    if reduction == "none":
        loss = losses.reshape(drop_axis(z.shape, axis))
    elif reduction == "mean" and 0 < n <= _FEW_ROWS and _known(losses) is None:
        loss = np.dot(losses, np.full(n, 1 / n, losses.dtype))
    else:
        loss = np.sum(losses) / (max(n, 1) if reduction == "mean" else 1)
    return loss if loss.dtype == dtype else loss.astype(dtype), rows.upright(d)


def _indexed(rows: _Rows, z: Any, t: Any) -> Any:
    """-ln ŷ_t for each row, and ŷ - e_t: as `entropy_rows._moderate` and `_shifted`."""
    if not rows.moderate:
        z = z - rows.largest(z)
    e = np.exp(z)
    at, own = rows.at(t), rows.take(e, t)
    rest = rows.sums(np.where(at, 0, e))
    d = np.where(at, rows.each(-rest), e) / rows.each(rest + own)
    if rows.moderate:
        return np.log1p(rest / own), d
    return np.log1p(rest + (own - 1)) - rows.take(z, t), d


def _weighed(rows: _Rows, z: Any, y: Any) -> Any:
    """-Σ_i y_i ln ŷ_i for each row, and ŷ Σy - y: as `entropy_rows._weighed`, which says why."""
    s = z - rows.largest(z)
    y_at = rows.upright(y)
    inner = np.vecdot(y, rows.upright(np.where(y_at == 0, 0, s)))  # 0 ln 0 = 0
    e = np.exp(s)
    if _known(e) is None:
        weight = y @ np.ones(rows.c, y.dtype)
        rest, d = _of_any(rows, e, y_at, weight)
    else:
        weight = _weights(rows, y, inner.dtype)
        rest, d = _of_known(rows, e, y_at, weight)
    return np.log1p(rest) * weight - inner, d


def _of_any(rows: _Rows, e: Any, y: Any, weight: Any) -> Any:
    """r = Σ_k e_k - 1, and (ŷ Σy - y)(1 + r) = (e Σy - y) - y r, over 1 + r.

    The largest e is 1, and is not added to r: no digits of a tiny r are lost. Nor is it multiplied
    by anything: if it has all of the weight, Σy - y is 0, and -r what is left. Where t classes
    share it, t - 1 of them belong to r.
    """
    top = np.floor(e)  # 1 where e is, else 0
    rest = rows.sums(e - top) + (rows.sums(top) - 1)
    d = e * rows.each(weight) - y - y * rows.each(rest)
    return rest, (d / rows.each(1 + rest)).astype(e.dtype)  # whatever the dtype of the weights


def _of_known(rows: _Rows, e: Any, y: Any, weight: Any) -> Any:
    """The same in the node's own steps, which look at the numbers to save passes over them."""
    total = rows.sums(e)
    rest = total - 1
    d = (e * rows.each(weight / total)).astype(e.dtype)
    d = (d - y).astype(e.dtype)
    if not (_known(rest) < 0.5).any():
        return rest, d
    sure = rest < 0.5
    top = np.equal(e, 1)  # of a sure row, that one class; and np.argmax takes three times as long
    others = np.where(top, 0, e)
    if rows.classes:
        rest = np.where(sure, rows.sums(others), rest)
    else:  # in the order in which the node adds them up
        rest = np.where(sure, np.sum(np.copy(others.T, order="C"), axis=1), rest)
    own = rows.sums(np.where(top, y, 0))
    at_top = (((weight - own) - own * rest) / (1 + rest)).astype(e.dtype)
    return rest, np.where(top & rows.each(sure), rows.each(at_top), d)


def _weights(rows: _Rows, y: Any, dtype: Any) -> Any:
    if rows.classes:
        return y @ np.ones(rows.c, dtype)
    return np.sum(y, axis=1, dtype=dtype)


def _known(x: Any) -> Any:
    """The numbers behind a traced array where a choice may depend on them; else None."""
    return x.known if isinstance(x, Traced) else None


STRAIGHT[SoftmaxCrossEntropy] = _forward
