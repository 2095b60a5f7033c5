"""Products of vectors, matrices and arrays of any rank.

`a` and `b` are the arguments, `y` is the result, and `g` the gradient of the result.
"""

import math
import string
from collections.abc import Sequence
from functools import lru_cache
from operator import index as as_int
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..core.arrays import Array, Cotangent, TensorBase, as_array_or_tensor, in_dtype, unwrap_nested
from ..core.foreign import constant_like
from ..core.fused import fused
from ..core.primitive import primitive
from ..core.registry import implements


def transposed(a: Any) -> Any:
    """Return the transposes of a stack of matrices."""
    return a.T if a.ndim == 2 else np.swapaxes(a, -1, -2)


# If a stack is multiplied by one matrix, the rules multiply all rows of the stack at once. This is
# faster than a product for each matrix of the stack, and a sum over these products.


def _rows(x: Any) -> Any:
    """Return the matrix of all rows of `x`."""
    return x if x.ndim == 2 else x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


def _times_transposed(g: Any, w: Any, shape: tuple[int, ...]) -> Any:
    """Return g Wᵀ in a shape, for the rows of any number of leading axes.

    OpenBLAS multiplies small matrices without rearranging them first. This is faster, but only if
    the rows of Wᵀ are contiguous.
    """
    small = g.ndim > 2 and g.shape[-2] >= _SOME_ROWS and g.shape[-2] * w.size <= SMALL_PRODUCT
    if small and not isinstance(w, TensorBase):
        return np.matmul(g, w.T.copy()).reshape(shape)
    return _product(_rows(g), w.T).reshape(shape)


def _is_one_matrix(x: Any) -> bool:
    return bool(math.prod(x.shape[:-2]) == 1)


def _matmul_left(g: Cotangent, y: Array, a: Array, b: Array) -> Cotangent:
    """Compute g Bᵀ [Giles 2008, section 2.2.1], also for vectors and stacks of matrices."""
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (b @ g[..., None])[..., 0]
    if a.ndim > 2 and _is_one_matrix(b):
        return _times_transposed(g, _rows(b), a.shape)
    if b.ndim > 2 and _is_one_matrix(a):
        return (_rows(transposed(g)).T @ _rows(transposed(b))).reshape(a.shape)
    return g @ transposed(b)


def _matmul_right(g: Cotangent, y: Array, a: Array, b: Array) -> Cotangent:
    """Compute Aᵀ g."""
    if a.ndim == 1:
        return a[:, None] * g[..., None, :] if b.ndim > 1 else a * g
    if b.ndim == 1:
        return _rows(a).T @ g.reshape(-1)
    if a.ndim > 2 and _is_one_matrix(b):
        return (_rows(a).T @ _rows(g)).reshape(b.shape)
    return transposed(a) @ g


def _matmul(a: Any, b: Any) -> Any:
    """Return a @ b. BLAS multiplies all rows of a stack at once if its matrices have few rows."""
    if _have_few_rows(a, b):
        return np.matmul(_rows(a), b).reshape((*a.shape[:-1], b.shape[1]))
    return np.matmul(a, b)


def _have_few_rows(a: Any, b: Any) -> bool:
    """Return whether `a` is a stack of matrices with few rows, and `b` is one matrix."""
    return getattr(b, "ndim", 0) == 2 < getattr(a, "ndim", 0) and bool(a.shape[-2] < _FEW_ROWS)


#: the number of rows from which BLAS multiplies the matrices of a stack as fast as one matrix
_FEW_ROWS = 4
#: the number of rows from which the matrices of a stack are multiplied faster than all rows at once
_SOME_ROWS = 16
#: the number of products of entries up to which a product of matrices is small for OpenBLAS
SMALL_PRODUCT = 1_000_000

matmul = primitive(
    _matmul, _matmul_left, _matmul_right, name="matmul", implements=(np.matmul, np.linalg.matmul)
)


def _linear(x: Any, w: Any, b: Any) -> Any:
    r"""Compute x W + b as one operation.

    Parameters
    ----------
    x : Tensor or array_like, shape (..., n)
    w : Tensor or array_like, shape (n, m)
    b : Tensor or array_like, shape (m,)

    Returns
    -------
    Tensor or array, shape (..., m)
        It is a Tensor if an argument is a Tensor, and otherwise an array.

    Raises
    ------
    ValueError
        If the shapes of the arguments do not fit together.

    Notes
    -----
    Let L be the loss, and g = ∂L/∂y the gradient of the result:

    $$
    y = x W + b \qquad
    \frac{\partial L}{\partial x} = g\,W^\top \qquad
    \frac{\partial L}{\partial W} = x^\top g \qquad
    \frac{\partial L}{\partial b} = \sum_{\text{rows}} g
    $$

    References
    ----------
    Giles: An extended collection of matrix derivative results, 2008, section 2.2.1.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.linear(np.ones(2), np.eye(2), np.array([0.5, -0.5]))
    array([1.5, 0.5])
    """
    if type(x) is type(w) and x.ndim == w.ndim == 2:
        y = x.dot(w)
    elif _have_few_rows(x, w) and getattr(b, "ndim", 0) < 2:
        return _linear(_rows(x), w, b).reshape((*x.shape[:-1], w.shape[1]))
    else:
        y = np.dot(x, w) if w.ndim == 2 == np.ndim(x) else np.matmul(x, w)
    if y.dtype != getattr(b, "dtype", None):  # a number has none
        return y + b
    y += b  # saves an array of the size of y
    return y


# Two arrays of one type are multiplied by the method `dot`, which has half of the overhead of `@`.
# This saves a twentieth of the training step of a small network.


def _product(a: Any, b: Any) -> Any:
    """Return a @ b. `np.dot` dispatches on both arguments, so it multiplies two matrices."""
    return np.dot(a, b) if b.ndim == 2 == np.ndim(a) else _matmul(a, b)


def _linear_input(g: Cotangent, y: Array, x: Array, w: Array, b: Array) -> Cotangent:
    """g Wᵀ."""
    if g.ndim == 2 and type(g) is type(w):
        return g.dot(w.T)
    return _times_transposed(g, w, x.shape) if w.ndim == 2 else g @ transposed(w)


def _linear_weight(g: Cotangent, y: Array, x: Array, w: Array, b: Array) -> Cotangent:
    """xᵀ g, where the rows of all leading axes count alike."""
    if x.ndim != 2:
        x, g = _rows(x), _rows(g)
    return x.T.dot(g) if g.ndim == 2 and type(x) is type(g) else _product(x.T, g)


def _linear_bias(g: Cotangent, y: Array, x: Array, w: Array, b: Array) -> Cotangent:
    """1ᵀ g, the sum of the rows of g, as a product: BLAS is faster than a sum over axis 0."""
    if b.ndim != 1:
        return g  # the sweep sums over the axes along which b was repeated
    if g.ndim != 2:
        g = _rows(g)
    row = ones(g.shape[0], g.dtype)
    return row.dot(g) if type(g) is np.ndarray else np.dot(constant_like(row, g), g)


def _linear_bias_display(g: Cotangent, y: Array, x: Array, w: Array, b: Array) -> Cotangent:
    return g.sum(axis=tuple(range(g.ndim - 1))) if g.ndim > 1 == b.ndim else g


@lru_cache(maxsize=16)
def ones(n: int, dtype: Any) -> Any:
    """Return a row of ones, cached: making one takes as long as the product."""
    row = np.ones(n, dtype)
    row.flags.writeable = False
    return row


def _linear_graph(x: Array, w: Array, b: Array) -> Array:
    return x @ w + b


linear = fused(
    _linear,
    _linear_input,
    _linear_weight,
    _linear_bias,
    display_graph=_linear_graph,
    display_rules=(None, None, _linear_bias_display),
    name="linear",
    unfused=_linear_graph,
)


# ---- composed of the above ----------------------------------------------------------------------


@implements(np.dot)
def _dot(a: Any, b: Any, out: None = None) -> Any:
    """Multiply scalars, vectors and matrices; otherwise sum over the last and second-last axis."""
    a, b = as_array_or_tensor(a), as_array_or_tensor(b)
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    if np.ndim(a) <= 2 and np.ndim(b) <= 2:
        return matmul(a, b)
    return np.tensordot(a, b, ((-1,), (-2 if np.ndim(b) > 1 else -1,)))


@implements(np.inner)
def _inner(a: Any, b: Any, /) -> Any:
    a, b = as_array_or_tensor(a), as_array_or_tensor(b)
    return np.tensordot(a, b, ((-1,), (-1,))) if np.ndim(a) and np.ndim(b) else a * b


@implements(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Compute one product of matrices, with the summed axes last in a and first in b."""
    a, b, axes = as_array_or_tensor(a), as_array_or_tensor(b), unwrap_nested(axes)
    n, m = a.ndim, b.ndim
    if not isinstance(axes, (list, tuple)) and np.ndim(axes) == 0:
        axes = as_int(axes)
        axes = (tuple(range(n - axes, n)), tuple(range(axes)))
    left, right = normalize_axis_tuple(axes[0], n), normalize_axis_tuple(axes[1], m)
    if [np.shape(a)[i] for i in left] != [np.shape(b)[i] for i in right]:
        raise ValueError(
            f"tensordot sums over axes {left} of shape {np.shape(a)} and axes {right} of shape "
            f"{np.shape(b)} together, so these axes must have equal lengths"
        )
    rest_a = [i for i in range(n) if i not in left]
    rest_b = [i for i in range(m) if i not in right]
    shape = [np.shape(a)[i] for i in rest_a] + [np.shape(b)[i] for i in rest_b]
    summed = int(np.prod([np.shape(a)[i] for i in left]))
    rows, columns = (int(np.prod(part)) for part in (shape[: len(rest_a)], shape[len(rest_a) :]))
    a = np.transpose(a, (*rest_a, *left)).reshape((rows, summed))
    b = np.transpose(b, (*right, *rest_b)).reshape((summed, columns))
    return (a @ b).reshape(tuple(shape))


@implements(np.trace)
def _trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None
) -> Any:
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@implements(np.kron)
def _kron(a: Any, b: Any) -> Any:
    """Multiply every entry of a by all of b."""
    a, b = as_array_or_tensor(a), as_array_or_tensor(b)
    n = max(a.ndim, b.ndim)
    a = np.reshape(a, (1,) * (n - np.ndim(a)) + np.shape(a))
    b = np.reshape(b, (1,) * (n - np.ndim(b)) + np.shape(b))
    shape = tuple(i * j for i, j in zip(a.shape, b.shape))
    a = np.expand_dims(a, tuple(range(1, 2 * n, 2)))
    return (a * np.expand_dims(b, tuple(range(0, 2 * n, 2)))).reshape(shape)


@implements(np.cross)
def _cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """Compute y_i = a_j b_k - a_k b_j for (i, j, k) in cyclic order."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = as_array_or_tensor(a), as_array_or_tensor(b)
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(
            f"cross: expected vectors of 3 components, got {a.shape[-1]} and {b.shape[-1]}"
        )
    j, k = [1, 2, 0], [2, 0, 1]
    y = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return np.moveaxis(y, -1, axisc)


@implements(np.linalg.multi_dot)
def _multi_dot(arrays: Sequence[Any], *, out: None = None) -> Any:
    """Multiply all arrays in the order of least work, which NumPy's einsum_path finds."""
    if len(arrays) < 2:
        raise ValueError(f"multi_dot: expected at least two arrays, got {len(arrays)}")
    shapes = [np.shape(a) for a in arrays]
    ends = [(shape[-2:][:1], shape[-1:]) for shape in shapes]
    if any(ends[i][1] != first for i, (first, _) in enumerate(ends[1:])):  # einsum broadcasts a 1
        raise ValueError(f"multi_dot: arrays of shapes {shapes} cannot be multiplied in this order")
    names = [string.ascii_letters[i : i + 2] for i in range(len(arrays))]
    names[0] = names[0][2 - np.ndim(arrays[0]) :]
    names[-1] = names[-1][: np.ndim(arrays[-1])]
    result = names[0][:-1] + names[-1][1:]
    return np.einsum(f"{','.join(names)}->{result}", *arrays, optimize="greedy")


@implements(np.linalg.matrix_power)
def _matrix_power(a: Any, n: int) -> Any:
    """Square repeatedly, and multiply for each binary digit of n that is 1."""
    n = as_int(n)
    if n < 0:
        return _matrix_power(np.linalg.inv(a), -n)
    if n == 0:  # a constant, but a Tensor as for other n
        return np.where(False, a, constant_like(np.eye(a.shape[-1], dtype=a.dtype), a))
    y: Any = None
    while n:
        if n % 2:
            y = a if y is None else y @ a
        n //= 2
        a = a @ a if n else a
    return y


@implements(np.vecdot)
def _vecdot(x1: Any, x2: Any, /, axis: int = -1) -> Any:
    x1, x2 = (np.moveaxis(as_array_or_tensor(x), axis, -1) for x in (x1, x2))
    if x1.shape[-1] != x2.shape[-1]:
        raise ValueError(
            f"vecdot: the vectors need equal lengths, got {x1.shape[-1]} and {x2.shape[-1]}"
        )
    y = x1 * x2
    return in_dtype(np.sum(y, axis=-1), y.dtype)


if hasattr(np, "matvec"):  # NumPy 2.2
    implements(np.matvec)(lambda x1, x2, /: matmul(x1, as_array_or_tensor(x2)[..., None])[..., 0])
    implements(np.vecmat)(
        lambda x1, x2, /: matmul(as_array_or_tensor(x1)[..., None, :], x2)[..., 0, :]
    )


def _flat(x: Any) -> Any:
    return np.reshape(as_array_or_tensor(x), -1)


implements(np.outer)(lambda a, b, out=None: _flat(a)[:, None] * _flat(b))
implements(np.vdot)(lambda a, b, /: matmul(_flat(a), _flat(b)))
implements(np.linalg.matrix_transpose, np.matrix_transpose)(lambda x, /: np.swapaxes(x, -1, -2))
# np.linalg has these functions too.
implements(np.linalg.outer)(lambda x1, x2, /: np.outer(x1, x2))
implements(np.linalg.cross)(lambda x1, x2, /, *, axis=-1: _cross(x1, x2, axis=axis))
implements(np.linalg.tensordot)(lambda x1, x2, /, *, axes=2: _tensordot(x1, x2, axes))
implements(np.linalg.vecdot)(lambda x1, x2, /, *, axis=-1: _vecdot(x1, x2, axis))
implements(np.linalg.trace)(lambda x, /, *, offset=0, dtype=None: _trace(x, offset, -2, -1, dtype))
implements(np.linalg.diagonal)(lambda x, /, *, offset=0: np.diagonal(x, offset, -2, -1))
