"""Softmax cross-entropy of a matrix of rows: their losses, and their gradients, in NumPy.

What `SoftmaxCrossEntropy` computes in forward. `z` are logits, `y` weights, `t` class indices, and
`d` is the one array of the logits' size that is kept: exponents, then exponentials, then gradients
ŷ_i Σ_o y_o - y_i, each in place of the ones before.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..ops.products import ones
from .targets import are_indices, drop_axis

_BLOCK_BYTES = 1 << 21  # of logits at a time, so that the passes over a block stay in the cache
#: Classes. The largest logit of shorter rows is found, and subtracted, faster where they are laid
#: out class by class: NumPy's loop over an inner axis of 10 costs more than the work in it.
_SHORT_ROW = 64
_MODERATE = 32  # e^64 times the number of classes is far from the largest float32


def losses_and_gradients(z: Any, y: Any, axis: int) -> tuple[Any, Any]:
    """The losses of all rows, and the matrix of their gradients; a block of rows at a time.

    float16 is computed in float32.
    """
    c = z.shape[axis]
    n = z.size // c
    if not are_indices(y):
        work, y = _weighed, _target_rows(y, z, axis)
        rows, d = _matrices(z, n, c, axis, by_class=c < _SHORT_ROW)
    else:
        moderate = exp_is_safe(z)
        rows, d = _matrices(z, n, c, axis, by_class=c < _SHORT_ROW and not moderate)
        y = _positions(y.ravel(), d)
        work = partial(_moderate if moderate else _shifted, d.ravel("K"))  # a view
    step = max(1, _BLOCK_BYTES // (c * d.itemsize))
    if step >= n:
        return work(rows, y, d), d
    blocks = (slice(i, i + step) for i in range(0, n, step))
    return np.concatenate([work(rows[b], y[b], d[b]) for b in blocks]), d


def exp_is_safe(z: Any) -> bool:
    """Whether no e^z, no sum and no quotient of them leaves the range of float32; nan aside.

    Then the logits are best left as they are. Rounding z - m makes an error of up to m - z ULP in
    e^(z - m), and the subtraction takes as long as the exponential.
    """
    z = z.ravel("K")
    if not z.size:
        return True
    low, high = z.item(z.argmin()), z.item(z.argmax())  # a third of the time of min and max
    if low != low:
        low, high = np.fmin.reduce(z), np.fmax.reduce(z)
    return bool(low > -_MODERATE and high < _MODERATE)


def _matrices(z: Any, n: int, c: int, axis: int, by_class: bool) -> tuple[Any, Any]:
    """The logits as a matrix of rows, and a matrix to compute in.

    Rows that do not lie in memory one after the other are gathered in the second, which then is
    the first as well: the passes work in place, and nothing else of that size is needed.
    """
    dtype = z.dtype if z.itemsize > 2 else np.float32
    d = np.empty((c, n), dtype).T if by_class else np.empty((n, c), dtype)
    if axis == -1 and (z.ndim == 2 or z.flags.c_contiguous):
        return z if z.ndim == 2 else z.reshape(n, c), d
    from_rows(d, z.shape, axis)[...] = z
    return d, d


def _positions(t: Any, d: Any) -> Any:
    """Where the entries of the rows' own classes are in the memory of `d`.

    NumPy gathers by one index three times as fast as by a row and a column.
    """
    n, c = d.shape
    t = t.astype(np.intp, copy=False)
    return t + row_offsets(c, n) if d.flags.c_contiguous else t * n + row_offsets(1, n)


@lru_cache(maxsize=16)
def row_offsets(c: int, n: int) -> Any:
    """0, c, ..., (n - 1) c, for all batches of a size, as `ones` are."""
    starts = np.arange(0, n * c, c)
    starts.flags.writeable = False
    return starts


def _target_rows(y: Any, z: Any, axis: int) -> Any:
    """The weights as a matrix of rows; rows that broadcasting repeats stay one in memory."""
    if y.shape != z.shape:
        y = np.broadcast_to(y, z.shape)
    return (y if axis == -1 else np.moveaxis(y, axis, -1)).reshape(-1, z.shape[axis])


def _moderate(memory: Any, z: Any, own: Any, d: Any) -> Any:
    """For class indices: the losses, and into `d` the gradients, ŷ_i and ŷ_t - 1.

    With e_k = e^z_k and r = Σ_{k≠t} e_k, the loss is ln((r + e_t) / e_t) = log1p(r / e_t), and
    ŷ_t - 1 is -r / (r + e_t): both keep their digits when r is tiny.
    """
    np.exp(z, out=d, dtype=d.dtype)
    own_e = memory[own]
    memory[own] = 0
    rest = d.dot(ones(d.shape[1], d.dtype))
    memory[own] = -rest
    d /= (rest + own_e)[:, None]
    return np.log1p(rest / own_e)


def _shifted(memory: Any, z: Any, own: Any, d: Any) -> Any:
    """The same for logits that e^z might not hold: they are shifted by their largest, m.

    Then ln e_t is z_t - m, also where e_t is 0.
    """
    _shift(z, d)
    inner = memory[own]
    np.exp(d, out=d)
    own_e = memory[own]
    memory[own] = 0
    rest = _row_sums(d, d.dtype)
    memory[own] = -rest
    d /= (rest + own_e)[:, None]
    return np.log1p(rest + (own_e - 1)) - inner


def _weighed(z: Any, y: Any, d: Any) -> Any:
    """For weights: the losses, and into `d` the gradients ŷ_i Σ_o y_o - y_i.

    With e_k = e^(z_k - m), m the largest logit of the row, its loss is
    Σ_i y_i (ln Σ_k e_k - (z_i - m)). Neither term is negative where y is not: no digits cancel.
    """
    _shift(z, d)
    inner = _weighted_sum(y, d)
    np.exp(d, out=d)
    total, weight = _row_sums(d, d.dtype), _row_sums(y, inner.dtype)
    rest = total - 1
    sure = np.flatnonzero(rest < 0.5)
    if sure.size:
        top = sure, d[sure].argmax(axis=1)
        rest[sure] = _without_top(d, top)
    d *= (weight / total)[:, None]
    d -= y
    if sure.size:  # (Σ_{o≠j} y_o - y_j r) / Σe for the class j of the largest logit: no 1 - 1
        own = y[top]
        d[top] = ((weight[sure] - own) - own * rest[sure]) / (1 + rest[sure])
    return np.log1p(rest) * weight - inner


def _shift(z: Any, d: Any) -> None:
    """z - m into `d`, m being the largest logit of each row."""
    d[...] = z
    d -= np.maximum.reduce(d, axis=1, keepdims=True)


def _without_top(e: Any, top: Any) -> Any:
    """r = Σ_{k≠j} e_k for rows where e_j = 1 stands out: in 1 + r, a tiny r is rounded away."""
    others = e[top[0]]
    others[np.arange(len(others)), top[1]] = 0
    return _row_sums(others, e.dtype)


def _row_sums(x: Any, dtype: Any) -> Any:
    """Σ over the classes; of long rows by BLAS, three times as fast, and as exact to an ULP."""
    if x.shape[1] < _SHORT_ROW:
        return np.add.reduce(x, axis=1, dtype=dtype)
    return x @ ones(x.shape[1], dtype)


def _weighted_sum(y: Any, log_p: Any) -> Any:
    """Σ_i y_i ℓ_i for each row, with 0 ln 0 = 0."""
    with np.errstate(invalid="ignore"):  # 0 times -inf, which is put right
        inner = np.vecdot(y, log_p)
    if not np.isfinite(np.add.reduce(inner)):
        lost = ~np.isfinite(inner)
        terms = np.where(y[lost] == 0, 0, log_p[lost])
        inner[lost] = (terms * y[lost]).sum(axis=1)
    return inner


def from_rows(rows: Any, shape: tuple[int, ...], axis: int) -> Any:
    """A matrix of rows as an array of `shape` with the classes on `axis`: a view."""
    lead = drop_axis(shape, axis)
    if rows.flags.f_contiguous:  # laid out class by class
        return np.moveaxis(rows.T.reshape(shape[axis], *lead), 0, axis)
    return np.moveaxis(rows.reshape(*lead, shape[axis]), -1, axis)
