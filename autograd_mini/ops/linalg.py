"""Linear algebra on stacks of matrices: inverses, determinants, decompositions.

`a` and `b` are the arguments, `y` is the result, and `g` the gradient of the result. The rules are
those of [Giles 2008]: M. B. Giles, An extended collection of matrix derivative results for forward
and reverse mode automatic differentiation, Oxford 2008. Other rules name their own source.

NumPy's `cholesky`, `eigh` and `eigvalsh` read only one triangle of the matrix. Their rules return
the derivative in this triangle and zeros in the other, as numerical differences do.
"""

from collections import namedtuple
from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, as_array_or_tensor, concrete_value, in_dtype, in_float
from ..core.foreign import constant_like
from ..core.primitive import primitive
from ..core.registry import NonDifferentiable, implements, not_differentiable
from .elementwise import sign
from .products import transposed as _t

# The results of NumPy's functions that return several arrays.
SlogdetResult = namedtuple("SlogdetResult", "sign logabsdet")
EighResult = namedtuple("EighResult", "eigenvalues eigenvectors")
SVDResult = namedtuple("SVDResult", "U S Vh")
QRResult = namedtuple("QRResult", "Q R")


def _identity(n: int, x: Array, dtype: Any = None) -> Array:
    """Return the unit matrix, as an array of the library and the dtype of `x`."""
    return constant_like(np.eye(n, dtype=dtype or x.dtype), x)


def _half_diagonal(n: int, x: Array) -> Array:
    """Return 1 below the diagonal, 1/2 on it and 0 above."""
    return constant_like(np.tri(n, dtype=x.dtype) - np.eye(n, dtype=x.dtype) / 2, x)


# ---- inverses and solutions ----------------------------------------------------------------------

inv = primitive(np.linalg.inv, lambda g, y, a: -_t(y) @ g @ _t(y))


def _solve_matrix(g: Cotangent, y: Array, a: Array, b: Array) -> Cotangent:
    """Compute -A⁻ᵀ g yᵀ [Giles 2008, section 2.3.1]."""
    return -np.linalg.solve(_t(a), g) @ _t(y)


solve = primitive(
    np.linalg.solve,
    _solve_matrix,
    lambda g, y, a, b: np.linalg.solve(_t(a), g),
    name="solve",
    implements="solve",
)


@implements(np.linalg.solve)
def _solve_any(a: Any, b: Any) -> Any:
    """Solve for a vector on the right as for a matrix with one column."""
    a, b = as_array_or_tensor(a), as_array_or_tensor(b)
    if np.ndim(b) == 1:
        return solve(a, b[..., None])[..., 0]
    return solve(a, b)


def _pinv_vjp(
    g: Cotangent,
    p: Array,
    a: Array,
    rcond: Any = None,
    hermitian: bool = False,
    *,
    rtol: Any = None,
) -> Cotangent:
    """Apply theorem 4.3 of G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10(2), 1973.

    It requires a constant rank, because a pseudo-inverse jumps where the rank changes.
    """
    if hermitian:  # NumPy reads the lower triangle only
        a = np.tril(a) + _t(np.tril(a, -1))
    left, right = _identity(a.shape[-2], a) - a @ p, _identity(a.shape[-1], a) - p @ a
    full = -_t(p) @ g @ _t(p) + left @ _t(g) @ p @ _t(p) + _t(p) @ p @ _t(g) @ right
    return _triangle(full, lower=True) if hermitian else full


pinv = primitive(np.linalg.pinv, _pinv_vjp)


def _lstsq_matrix(g: Cotangent, x: Array, a: Array, b: Array, rcond: float) -> Cotangent:
    """Apply the rule of the pseudo-inverse P to P b, with the residual r = b - A x."""
    p = np.linalg.pinv(a, rcond)
    pg, px, r = _t(p) @ g, _t(p) @ x, b - a @ x
    return -pg @ _t(x) + r @ _t(p @ pg) + px @ _t(g - p @ (a @ g))


lstsq = primitive(
    lambda a, b, rcond: np.linalg.lstsq(a, b, rcond)[0],
    _lstsq_matrix,
    lambda g, x, a, b, rcond: _t(np.linalg.pinv(a, rcond)) @ g,
    name="lstsq",
    implements="lstsq",
)


@implements(np.linalg.lstsq)
def _lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """Return solution, squared residuals, rank and singular values, with NumPy's default rcond."""
    a, b = in_float(as_array_or_tensor(a)), in_float(as_array_or_tensor(b))
    dtype = np.result_type(a.dtype, b.dtype)
    a, b = in_dtype(a, dtype), in_dtype(b, dtype)
    if rcond is None:
        rcond = float(np.finfo(dtype).eps) * max(a.shape)
    m, n = a.shape
    columns = b[:, None] if b.ndim == 1 else b
    x = lstsq(a, columns, rcond)
    values = np.linalg.svdvals(a)
    above = concrete_value(np.count_nonzero(values > rcond * values.max())) if values.size else 0
    rank = np.intc(int(above))
    full = rank == n < m  # NumPy returns residuals in this case only
    residuals = np.sum(np.square(columns - a @ x), axis=0) if full else np.zeros(0, x.dtype)
    return x[..., 0] if b.ndim == 1 else x, residuals, rank, values


@implements(np.linalg.tensorsolve)
def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    if axes is not None:
        a = np.moveaxis(a, axes, range(a.ndim - len(axes), a.ndim))
    rest = a.shape[np.ndim(b) :]
    return solve(a.reshape((b.size, -1)), b.reshape((-1, 1))).reshape(rest)


@implements(np.linalg.tensorinv)
def _tensorinv(a: Any, ind: int = 2) -> Any:
    if ind <= 0:
        raise ValueError(f"tensorinv: ind must be positive, got {ind}")
    n = int(np.prod(a.shape[ind:]))
    return inv(a.reshape((-1, n))).reshape(a.shape[ind:] + a.shape[:ind])


# ---- determinants --------------------------------------------------------------------------------


def _adjugate(a: Any) -> Any:
    """Return the transposed matrix of cofactors, without dividing by the determinant.

    The Faddeev-LeVerrier recurrence computes it [Gantmacher: The Theory of Matrices, 1959,
    volume 1, IV.5].
    """
    n = a.shape[-1]
    eye = _identity(n, a)
    m = np.broadcast_to(eye, a.shape)
    for k in range(1, n):
        product = a @ m
        trace = np.trace(product, axis1=-2, axis2=-1)[..., None, None]
        m = product - eye * trace / k
    return m if n % 2 else -m


def _det_vjp(g: Cotangent, y: Array, a: Array) -> Cotangent:
    """Return the cofactors: det A times A⁻ᵀ if A is regular [Giles 2008, section 2.2.4]."""
    if concrete_value(np.all(y != 0)):
        return (g * y)[..., None, None] * _t(np.linalg.inv(a))
    return g[..., None, None] * _t(_adjugate(a))


det = primitive(np.linalg.det, _det_vjp)
logabsdet = primitive(
    lambda a: np.linalg.slogdet(a)[1],
    lambda g, y, a: g[..., None, None] * _t(np.linalg.inv(a)),
    name="logabsdet",
)
_sign = NonDifferentiable(lambda a: np.linalg.slogdet(a)[0])


implements(np.linalg.slogdet)(lambda a: SlogdetResult(_sign(a), logabsdet(a)))

# ---- decompositions ------------------------------------------------------------------------------
#
# A node has one result. If NumPy returns several arrays, the primitive stacks them on axis -2, and
# the caller slices them, so that their cotangents reach the rule together.


def _below(*parts: Any) -> Any:
    return np.concatenate(parts, axis=-2)


def _over(a: Any, b: Any) -> Any:
    """Return a / b, and 0 where both are 0: there the quotient has no influence."""
    return a / np.where((a == 0) & (b == 0), 1, b)


def _triangle(s: Any, lower: bool) -> Any:
    """Return the derivative by one triangle of a symmetric matrix, given that by all entries."""
    n = s.shape[-1]
    share = _half_diagonal(n, s)
    return (s + _t(s)) * (share if lower else share.T)


def _cholesky_vjp(g: Cotangent, y: Array, a: Array, *, upper: bool = False) -> Cotangent:
    """Apply I. Murray, Differentiation of the Cholesky decomposition, 2016, equation 10."""
    l, g = (_t(y), _t(g)) if upper else (y, g)
    n = l.shape[-1]
    phi = (_t(l) @ g) * _half_diagonal(n, l)
    s = np.linalg.solve(_t(l), _t(np.linalg.solve(_t(l), _t(phi))))  # L⁻ᵀ Φ L⁻¹
    return _triangle(s, lower=not upper)


cholesky = primitive(np.linalg.cholesky, _cholesky_vjp)


def _eigh_vjp(g: Cotangent, y: Array, a: Array, UPLO: Any = "L") -> Cotangent:
    """Compute V (diag ḡ + F∘VᵀḠ) Vᵀ with F_ij = 1 / (λ_j - λ_i) [Giles 2008, section 3.1].

    The vectors of equal eigenvalues may be rotated freely, so they have no derivative.
    """
    w, v = y[..., 0, :], y[..., 1:, :]
    eye = _identity(v.shape[-1], v, bool)
    turn = np.where(eye, 0, _t(v) @ g[..., 1:, :])
    inner = np.where(eye, g[..., :1, :], _over(turn, w[..., None, :] - w[..., :, None]))
    return _triangle(v @ inner @ _t(v), lower=UPLO.upper() == "L")


def _eigvalsh_vjp(g: Cotangent, y: Array, a: Array, UPLO: Any = "L") -> Cotangent:
    """Compute V diag(ḡ) Vᵀ: each eigenvalue moves with the square of its vector."""
    v = np.linalg.eigh(a, UPLO)[1]
    return _triangle((v * g[..., None, :]) @ _t(v), lower=UPLO.upper() == "L")


def _eigh_parts(a: Any, UPLO: Any = "L") -> Any:
    values, vectors = np.linalg.eigh(a, UPLO)
    return _below(values[..., None, :], vectors)


eigh = primitive(_eigh_parts, _eigh_vjp, name="eigh")
eigvalsh = primitive(np.linalg.eigvalsh, _eigvalsh_vjp)


@implements(np.linalg.eigh)
def _eigh(a: Any, UPLO: Any = "L") -> Any:
    y = eigh(a, UPLO=UPLO)
    return EighResult(y[..., 0, :], y[..., 1:, :])


def _svd_parts(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return _below(u, s[..., None, :], _t(vh))


def _svd_vjp(g: Cotangent, y: Array, a: Array) -> Cotangent:
    """Apply J. Townsend, Differentiating the singular value decomposition, 2016, equation 31."""
    m = a.shape[-2]
    u, s, v = y[..., :m, :], y[..., m : m + 1, :], y[..., m + 1 :, :]
    gu, gs, gv = g[..., :m, :], g[..., m : m + 1, :], g[..., m + 1 :, :]
    eye = _identity(s.shape[-1], s, bool)
    gap = np.where(eye, 0, (s - _t(s)) * (s + _t(s)))  # σ_j² - σ_i², with all its digits
    turn_u, turn_v = _t(u) @ gu, _t(v) @ gv
    inner = (
        np.where(eye, gs, 0)
        + _over(turn_u - _t(turn_u), gap) * s
        + _over(turn_v - _t(turn_v), gap) * _t(s)
    )
    off_u, off_v = gu - u @ turn_u, gv - v @ turn_v  # the parts outside of the span of the vectors
    return u @ inner @ _t(v) + _over(off_u, s) @ _t(v) + u @ _t(_over(off_v, s))


def _svdvals_vjp(g: Cotangent, y: Array, a: Array) -> Cotangent:
    """U diag(ḡ) Vᵀ, with 0 for a singular value of 0, which is the tip of a cone."""
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return (u * (g * sign(y))[..., None, :]) @ vh


svd = primitive(_svd_parts, _svd_vjp, name="svd")
svdvals = primitive(
    lambda a: np.linalg.svd(a, compute_uv=False),
    _svdvals_vjp,
    name="svdvals",
    implements=np.linalg.svdvals,
)


@implements(np.linalg.svd)
def _svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    if hermitian:
        raise TypeError("svd: hermitian=True has no derivative rule. Use np.linalg.eigh.")
    if not compute_uv:
        return svdvals(a)
    m, n = a.shape[-2:]
    if full_matrices and m != n:
        raise TypeError(
            f"svd: the matrices are {m} by {n}. With full_matrices=True, some singular vectors are "
            "not unique, so they have no derivative. Pass full_matrices=False."
        )
    y = svd(a)
    return SVDResult(y[..., :m, :], y[..., m, :], _t(y[..., m + 1 :, :]))


def _qr_parts(a: Any) -> Any:
    q, r = np.linalg.qr(a)
    return _below(q, _t(r))


def _qr_vjp(g: Cotangent, y: Array, a: Array) -> Cotangent:
    """Apply S. F. Walter, L. Lehmann, R. Lamour, Optim. Methods Softw. 27, 2012, for full rank."""
    m = a.shape[-2]
    q, r = y[..., :m, :], _t(y[..., m:, :])
    gq, gr = g[..., :m, :], _t(g[..., m:, :])
    inner = r @ _t(gr) - _t(gq) @ q
    below = np.tril(inner, -1)
    symmetric = below + _t(below) + np.where(_identity(r.shape[-1], r, bool), inner, 0)
    return _t(np.linalg.solve(r, _t(gq + q @ symmetric)))


qr = primitive(_qr_parts, _qr_vjp, name="qr")


@implements(np.linalg.qr)
def _qr(a: Any, mode: str = "reduced") -> Any:
    m, n = a.shape[-2:]
    if mode not in ("reduced", "r") and not (mode == "complete" and m <= n):
        raise TypeError(
            f"qr: for {m} by {n} matrices, mode {mode!r} has no derivative. Use 'reduced'."
        )
    y = qr(a[..., :m])  # the first columns of a wide matrix determine Q
    q, r = y[..., :m, :], _t(y[..., m:, :])
    if n > m:
        r = np.concatenate([r, _t(q) @ a[..., m:]], axis=-1)
    return r if mode == "r" else QRResult(q, r)


not_differentiable(np.linalg.matrix_rank)
