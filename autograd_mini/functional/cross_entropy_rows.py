"""Softmax cross-entropy of a matrix of rows: the losses and gradients of the rows, in NumPy.

This is the forward function of `SoftmaxCrossEntropy`. `z` are logits, `y` soft targets, and `t`
class indices. The only new array of the size of the logits is `d`: it holds exponents, then
exponentials, then the gradients ŷ_i Σ_o y_o - y_i. Its entries lie in the flat array `memory`, in
which `own` are the positions of the rows' own classes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ..core.arrays import Array, unwrap
from ..core.foreign import constant_like
from ..ops.products import ones
from .softmax_numerics import exp_is_safe
from .targets import are_indices, drop_axis

_BLOCK_BYTES = 1 << 21  # of logits at a time, so that the passes over a block stay in the cache
#: The number of classes below which rows are laid out class by class: NumPy's loop over an inner
#: axis of 10 costs more than the work in it.
_SHORT_ROW = 64


def losses_and_gradients(z: Array, y: Array, axis: int) -> tuple[Array, Array]:
    """Return the losses of all rows and the matrix of their gradients, computed in blocks of rows.

    float16 is computed in float32.
    """
    c = z.shape[axis]
    n = z.size // c
    work: Callable[..., Array]
    if are_indices(y):
        work = _unshifted if exp_is_safe(z) else _shifted
        by_class = c < _SHORT_ROW and work is _shifted
        y = _positions(y, n, c, by_class)
    else:
        work, by_class = _with_weights, c < _SHORT_ROW
        y = _target_rows(y, z, axis)
    dtype = z.dtype.type if z.itemsize > 2 else np.float32  # in the byte order of the machine
    memory = np.empty(n * c, dtype)
    d = memory.reshape(c, n).T if by_class else memory.reshape(n, c)
    rows = _rows(z, d, axis)
    step = _BLOCK_BYTES // (c * d.itemsize) or 1
    if step >= n:
        return work(rows, y, d, memory), d
    blocks = (slice(i, i + step) for i in range(0, n, step))
    return np.concatenate([work(rows[b], y[b], d[b], memory) for b in blocks]), d


def _rows(z: Array, d: Array, axis: int) -> Array:
    """Return the logits as a matrix of rows, in the dtype of `d`.

    If they have to be copied for this, they are copied into the matrix `d`, which is then returned.
    The passes work in place, so no other array of that size is needed.
    """
    if axis == -1 and z.dtype == d.dtype and (z.ndim == 2 or z.flags.c_contiguous):
        return z if z.ndim == 2 else z.reshape(d.shape)
    from_rows(d, z.shape, axis)[...] = z
    return d


def _positions(t: Array, n: int, c: int, by_class: bool) -> Array:
    """Return the positions of the rows' own classes in the memory of `n` rows of `c` entries.

    NumPy gathers by one index three times as fast as by a row and a column.
    """
    t = t if t.dtype == np.intp else t.astype(np.intp)
    t = t if t.ndim == 1 else t.ravel()
    return t * n + row_offsets(1, n) if by_class else t + row_offsets(c, n)


@lru_cache(maxsize=16)
def row_offsets(c: int, n: int) -> Array:
    """Return 0, c, ..., (n - 1) c, cached for all batches of a size, as `ones` are."""
    starts = np.arange(0, n * c, c)
    starts.flags.writeable = False
    return starts


def _target_rows(y: Array, z: Array, axis: int) -> Array:
    """Return soft targets as a matrix. Rows that broadcasting repeats are not copied."""
    if y.shape != z.shape:
        y = np.broadcast_to(y, z.shape)
    return (y if axis == -1 else np.moveaxis(y, axis, -1)).reshape(-1, z.shape[axis])


def _unshifted(z: Array, own: Array, d: Array, memory: Array) -> Array:
    """Return the losses for class indices, and write the gradients, ŷ_i and ŷ_t - 1, into `d`.

    With e_k = e^z_k and r = Σ_{k≠t} e_k, the loss is ln((r + e_t) / e_t) = log1p(r / e_t), and
    ŷ_t - 1 is -r / (r + e_t): both keep their digits when r is tiny.
    """
    np.exp(z, d)
    own_e = memory[own]
    memory[own] = 0
    rest = d.dot(ones(d.shape[1], d.dtype))
    memory[own] = -rest
    d /= (rest + own_e)[:, None]
    return np.log1p(rest / own_e)


def _shifted(z: Array, own: Array, d: Array, memory: Array) -> Array:
    """Do the same for logits whose e^z may overflow: the largest one, m, is subtracted first.

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


def _with_weights(z: Array, y: Array, d: Array, memory: Array) -> Array:
    """Return the losses for soft targets, and write the gradients ŷ_i Σ_o y_o - y_i into `d`.

    Let m be the largest logit of a row, and e_k = e^(z_k - m). The loss of the row is
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


def _shift(z: Array, d: Array) -> None:
    """Write z - m into `d`, where m is the largest logit of each row."""
    d[...] = z
    d -= np.maximum.reduce(d, axis=1, keepdims=True)


def _without_top(e: Array, top: Any) -> Array:
    """Return r = Σ_{k≠j} e_k for rows where e_j = 1 dominates: 1 + r would round a tiny r away."""
    others = e[top[0]]
    others[np.arange(len(others)), top[1]] = 0
    return _row_sums(others, e.dtype)


def _row_sums(x: Array, dtype: Any) -> Array:
    """Sum over the classes. BLAS does it for long rows, three times as fast, within an ULP."""
    if x.shape[1] < _SHORT_ROW:
        return np.add.reduce(x, axis=1, dtype=dtype)
    return x @ ones(x.shape[1], dtype)


def _weighted_sum(y: Array, log_p: Array) -> Array:
    """Return Σ_i y_i ℓ_i for each row, with 0 ln 0 = 0."""
    with np.errstate(invalid="ignore"):  # 0 times -inf, which is corrected below
        inner = np.vecdot(y, log_p)
    if not np.isfinite(np.add.reduce(inner)):
        lost = ~np.isfinite(inner)
        terms = np.where(y[lost] == 0, 0, log_p[lost])
        inner[lost] = (terms * y[lost]).sum(axis=1)
    return inner


def own_entries(z: Array, t: Array, axis: int) -> Array:
    """Return a mask of the entries of the rows' own classes, also for tensors."""
    shape = [1] * z.ndim
    shape[axis] = -1
    classes = constant_like(np.arange(z.shape[axis]).reshape(shape), z)
    return classes == np.expand_dims(unwrap(t), axis)


def from_rows(rows: Array, shape: tuple[int, ...], axis: int) -> Array:
    """Return a view of a matrix of rows as an array of `shape` with the classes on `axis`."""
    lead = drop_axis(shape, axis)
    if rows.flags.f_contiguous:  # laid out class by class
        return np.moveaxis(rows.T.reshape(shape[axis], *lead), 0, axis)
    return np.moveaxis(rows.reshape(*lead, shape[axis]), -1, axis)
