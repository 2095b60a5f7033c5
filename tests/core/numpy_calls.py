"""Calls of NumPy's functions: expressions in the names below.

Every function that has an implementation of ours has a row here or in the table of tests/cases.py.
"""

import re

import numpy as np

import autograd_mini as ag

RNG = np.random.default_rng(3)
V, W = RNG.normal(size=3), RNG.normal(size=3)
M, N = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3))
T = RNG.normal(size=(2, 3, 4))
S = RNG.normal(size=(3, 3)) + 3 * np.eye(3)  # far from singular
SS = RNG.normal(size=(2, 3, 3)) + 3 * np.eye(3)
P = np.array([0.3, 1.2, 2.1])
I = RNG.normal(size=7)
K = np.array([[0.1, 0.4, 0.2], [0.9, 0.3, 0.7]])
HOLES = np.array([[1.0, np.nan, 2.0], [3.0, 4.0, np.nan]])
E0 = np.zeros((2, 0))
ZEROS = np.array([[2.0, 0.0, 3.0], [0.0, 0.5, 0.0]])
R = RNG.normal(size=(2, 2, 3))
MASK = np.array([[True, False, True], [False, True, True]])
NAMES = {name: value for name, value in globals().items() if isinstance(value, np.ndarray)}
NAMES |= {"np": np, "ag": ag}

REDUCED = ["", ", axis=0", ", axis=-1", ", axis=(0, 2)", ", axis=(0, 2), keepdims=True",
           ", axis=1, keepdims=True", ", axis=(-1, 0, 1)"]  # fmt: skip
ROWS = """
np.clip(M, -0.5, 0.5)
np.clip(M, None, 0.2)
np.clip(M, a_min=0.1, a_max=None)
np.clip(M, V, 2.0)
np.clip(0.3, V, 2.0)
np.float_power(P, W)
np.float_power(2, W)
np.divmod(M, 0.7)[1]
np.divmod(P, V)[1]
np.modf(M)[0]
np.frexp(M)[0]
np.ldexp(M, 2)
np.ldexp(M, [1, 2, 3])
np.real(M) * np.real_if_close(M)
M * np.imag(M) + M
np.multiply.outer(V, M)
np.subtract.outer(V, 2.0)
np.reshape(M, (3, 2), order="F")
np.reshape(T, -1, order="F")
np.reshape(T, (4, -1), "F")
np.ravel(M)
np.ravel(T, order="F")
np.broadcast_arrays(V, M)[0]
np.broadcast_arrays(V, 1.0)[0]
np.copy(M)
np.full_like(M, V[0])
np.full_like(M, V[0], shape=(3,)) * V
np.atleast_1d(V[0])
np.atleast_1d(V, M)[1]
np.atleast_2d(V)
np.atleast_3d(V)
np.atleast_3d(M)
np.atleast_3d(T) * np.atleast_3d(2.0)
np.concatenate([M, N], axis=None)
np.concatenate((M, N), dtype=float)
np.stack([V, W], axis=1, dtype=float)
np.vstack([V, M])
np.vstack([V, W])
np.hstack([M, N[:, :2]])
np.hstack([V, W, 1.0])
np.dstack([M, N])
np.dstack([V, W])
np.column_stack([M[:, 0], N])
np.append(M, V)
np.append(M, N, axis=1)
np.append(V, 2.0)
np.block([[S, S[:, :1]], [V, 1.0]])
np.block([V, W])
np.block(M)
np.block([M[:1], V])
np.meshgrid(V)[0]
np.meshgrid(V, W)[0]
np.meshgrid(V, W[:2], indexing="ij")[1]
np.meshgrid(V, W, sparse=True)[1]
np.meshgrid(V, W, M[0, :2])[2]
np.array_split(I, 3)[0]
np.array_split(I, 10)[9]
np.array_split(T, 3, axis=-1)[2]
np.split(T, 2, axis=2)[1]
np.split(I, [2, 3])[2]
np.split(I, [2, 9])[2]
np.hsplit(M, 3)[1]
np.hsplit(V, 3)[1]
np.vsplit(M, 2)[1]
np.dsplit(T, 2)[0]
np.compress([True, False, True], M, axis=1)
np.compress([0, 1, 1, 0], M)
np.extract(MASK, M)
np.resize(M, (3, 4))
np.insert(V, 1, 2.0)
np.insert(V, [0, 2, 2], W)
np.insert(M, 1, V, axis=0)
np.insert(M, 1, 5.0)
np.insert(M, [0, 3], N[:, :2], axis=1)
np.insert(M, [1], [[1.0], [2.0]], axis=1)
np.insert(M, 1, N[:, 0], axis=1)
np.diag(V)
np.diag(V, 1)
np.diag(V, -2)
np.diag(S, 1)
np.diagflat(M, 1)
np.tril(S)
np.tril(SS, -1)
np.triu(S, 1)
np.triu(V)
np.choose([0, 1, 0], [V, W])
np.choose([[0], [2]], [V, W, 1.0])
np.choose([0, 4, -1], (V, W), mode="clip")
np.choose([0, 4, -1], (V, W), mode="wrap")
np.select([MASK, M > 0], [M, N * N], 2.0)
np.select([MASK], [M], default=V)
np.bincount([0, 2, 0], V)
np.bincount([1, 1, 3], weights=V, minlength=6)
np.pad(V, 2)
np.pad(M, ((1, 2), (0, 3)), constant_values=((1, 2), (3, 4)))
np.pad(V, (7, 4), "reflect")
np.pad(V, (7, 4), "reflect", reflect_type="odd")
np.pad(M, 5, "symmetric")
np.pad(M, (3, 1), "symmetric", reflect_type="odd")
np.pad(M, 4, mode="wrap")
np.pad(M, ((2, 0), (1, 1)), "edge")
np.pad(T, 1, "linear_ramp")
np.pad(M, ((2, 1), (0, 3)), "linear_ramp", end_values=(1, -2))
np.pad(M, 2, "mean")
np.pad(T, (1, 2), "mean", stat_length=2)
np.pad(M, 1, "maximum")
np.pad(M, 2, "minimum", stat_length=((1, 2), (2, 4)))
np.pad(I, 2, "median", stat_length=(3, 4))
np.pad(M, 2, "median")
np.diff(I)
np.diff(I, 3)
np.diff(M, axis=0)
np.diff(M, n=2, prepend=0.5)
np.diff(M, append=N[:, :1])
np.diff(T, axis=1, prepend=1, append=2)
np.diff(V, 0)
np.diff([1.0, 2.0], append=V)
np.average([1.0, 2.0, 4.0], weights=P)
np.cov([1.0, 2.0, 4.0], V)
np.linalg.lstsq([[1.0, 2.0], [0.0, 1.0], [1.0, 1.0]], V)[0]
np.insert([1.0, 2.0], 1, V)
np.gradient([1.0, 2.0, 4.0], P)
np.dot([1.0, 2.0, 4.0], V)
np.kron([1.0, 2.0], V)
np.cross([1.0, 2.0, 4.0], V)
np.trapezoid([1.0, 2.0, 4.0], P)
np.linalg.solve([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 2.0]], V)
np.ediff1d(M)
np.ediff1d(V, to_begin=[1.0, 2.0], to_end=W)
np.gradient(I)
np.gradient(I, 0.5)
np.gradient(I, [0.0, 0.1, 0.5, 1.0, 1.1, 2.0, 4.0])
np.gradient(I, edge_order=2)
np.gradient(I, [0.0, 0.1, 0.5, 1.0, 1.1, 2.0, 4.0], edge_order=2)
np.gradient(M)[0] * np.gradient(M)[1]
np.gradient(T, 2.0, 0.5, axis=(2, 0))[0]
np.gradient(T, P, axis=1)
np.gradient(V, P)
np.trapezoid(V)
np.trapezoid(M, P)
np.trapezoid(M, dx=0.5, axis=0)
np.trapezoid(M, np.cumsum(np.square(N), axis=0), axis=0)
np.trapezoid(M, np.cumsum(np.square(N), axis=1), axis=1)
np.interp(V, P, W)
np.interp(I, P, W, left=-1.0, right=5.0)
np.interp(0.5, P, W)
np.convolve(V, I)
np.convolve(I, V, "same")
np.convolve(V, I, "same")
np.convolve(I, V[:2], "same")
np.convolve(I, V, "valid")
np.convolve(V[0], 2.0)
np.inner(E0, E0) + M[0, 0]
np.tensordot(E0, E0.T, 1) + S[:2, :2]
np.correlate(I, V)
np.correlate(V, I)
np.correlate(I, V, "full")
np.correlate(V, I, "full")
np.correlate(I, V, "same")
np.correlate(V[:2], I, "same")
np.linspace(V, W, 4)
np.linspace(V, 1.0, 3, endpoint=False, axis=-1)
np.linspace(0, V, 5, retstep=True)[1]
np.logspace(V, W, 3)
np.logspace(0.0, V, 4, base=2.0, axis=1)
np.vander(V)
np.vander(V, 4, increasing=True)
np.trim_zeros(np.where([False, True, True, False], I[:4], 0))
np.trim_zeros(np.where([False, True, True, False], I[:4], 0), "f")
np.fft.fftshift(I)
np.fft.ifftshift(M, axes=1)
np.polyval(V, M)
np.polyval(V, 2.0)
np.sum(M, axis=1, initial=2.0)
np.sum(M, 0, where=MASK)
np.sum(M, None, np.float64)
np.sum(a=M, axis=0)
np.add.reduce(T)
np.add.reduce(M, 0, np.float64)
np.add.reduce(M, axis=None, keepdims=True)
np.mean(M, where=MASK)
np.mean(T, axis=(0, 1), where=MASK[..., None])
np.max(M, axis=1, initial=0.1)
np.max(M, 0, where=MASK, initial=-9.0)
np.amin(M, axis=1, initial=0.1, where=MASK)
np.min(a=M)
np.logaddexp.reduce(M)
np.logaddexp.reduce(T, axis=(0, 2), keepdims=True)
np.max(E0, initial=2.0) + V
np.min(E0, axis=1, initial=2.0) + M[:, 0]
np.sum(V[0], axis=0) + np.prod(V[1], axis=-1) * np.max(V[2], axis=0)
np.cumprod(V[0], axis=0) * np.cumsum(V[1], axis=-1)
np.maximum.reduce(M)
np.minimum.reduce(T, axis=(0, 2))
np.prod(M, where=MASK, initial=2.0)
np.multiply.reduce(M)
np.add.accumulate(M)
np.multiply.accumulate(M, 1)
np.cumsum(E0, axis=1)
np.cumprod(E0, axis=1)
np.var(M, axis=1, ddof=1)
np.var(M, where=MASK, axis=1)
np.std(M, ddof=1)
np.std(M, correction=1)
np.var(M, axis=0, mean=np.mean(N, axis=0, keepdims=True))
np.average(M)
np.average(M, axis=0)
np.average(M, weights=np.abs(N))
np.average(M, axis=1, weights=P)
np.average(T, axis=(2, 0), weights=np.square(T[:, 0].T), keepdims=True)
np.average(M, 1, np.exp(N), returned=True)[1] + 0 * M[:, 0]
np.quantile(I, 0.3)
np.quantile(I, [0.0, 0.31, 1.0])
np.quantile(M, [[0.2, 0.4]], axis=1, keepdims=True)
np.percentile(I, 37.0)
np.percentile(T, [20, 50], axis=(0, 2))
np.median(M)
np.median(T, axis=2)
np.median(T, axis=(0, 1), keepdims=True)
np.cov(M)
np.cov(V)
np.cov(V, W)
np.cov(M, N, rowvar=False, ddof=0)
np.cov(M, bias=True)
np.cov(M, fweights=[1, 2, 3], aweights=P)
np.corrcoef(T[0])
np.corrcoef(V, W)
np.dot(V, W)
np.dot(M, V)
np.dot(2.0, M)
np.dot(M.T, N)
np.dot(T, T.reshape(3, 4, 2))
np.dot(T, T[0, 0])
np.outer(V, M)
np.inner(M, V)
np.inner(M, 3.0)
np.inner(M, N)
np.vdot(M, N.T.reshape(2, 3))
np.tensordot(T, T[0])
np.tensordot(M, T[0], axes=1)
np.tensordot(V, M, axes=0)
np.tensordot(T, T.transpose(2, 1, 0), axes=((2, 0), (0, -1)))
np.trace(S)
np.trace(T, 1, 0, 2)
np.einsum("ij,kj->ik", M, N)
np.einsum("ij,kj", M, N)
np.einsum("ba", M)
np.einsum("ii", S)
np.einsum("ii->i", S)
np.einsum("iij->j", np.reshape(SS, (3, 3, 2)))
np.einsum("iji,j->i", np.reshape(SS, (3, 2, 3)), V[:2])
np.einsum("ij->", M)
np.einsum("ij->j", M)
np.einsum("i,i,i->i", V, W, P)
np.einsum("i,j,k->", V, W, P)
np.einsum("...ij,...j->...i", SS, V)
np.einsum("...i,...i", M, N)
np.einsum("...i,...i->...", R, M)
np.einsum("...ij,jk", SS, S)
np.einsum("i...->...", T)
np.einsum("ij,jk,kl->il", M, S, S, optimize=True)
np.einsum("ij,jk,kl", M, S, N.T, optimize="greedy")
np.einsum(M, [0, 1], S, [1, 2], [0, 2])
np.einsum(M, [0, 1], V, [1])
np.einsum(T, [..., 0], V[0] * np.ones(4), [0])
np.einsum("ij,ij->ij", M, N[:1])
np.einsum(" a b , b -> a ", M, V)
np.einsum("ij,k->ik", M, V)
np.kron(M, S)
np.kron(V, M)
np.kron(T[:, :2, :2], V)
np.cross(V, W)
np.cross(M, V)
np.cross(M.T, N.T, axis=0)
np.cross(M, N.T, axisb=0, axisc=0)
np.vecdot(M, V)
np.vecdot(S, S, axis=0)
np.matvec(SS, M)
np.vecmat(M, SS)
np.matrix_transpose(T)
np.linalg.matrix_transpose(T)
np.linalg.multi_dot([V, S, M.T, N])
np.linalg.multi_dot([M, S, V])
np.linalg.multi_dot([M, S])
np.linalg.multi_dot([V, S, W])
np.linalg.matrix_power(S, 5)
np.linalg.matrix_power(SS, -2)
np.linalg.matrix_power(S, 1) + np.linalg.matrix_power(S, 0)
np.linalg.matmul(M, S)
np.linalg.outer(V, W)
np.linalg.cross(M, N)
np.linalg.tensordot(M, S, axes=1)
np.linalg.vecdot(M, V)
np.linalg.trace(T)
np.linalg.diagonal(SS, offset=1)
np.linalg.solve(S, V)
np.linalg.solve(SS, V)
np.linalg.solve(S, M.T)
np.linalg.solve(SS, S)
np.linalg.solve(S, SS)
np.linalg.lstsq(M.T, V)[0]
np.linalg.lstsq(M.T, S)[0]
np.linalg.lstsq(M, V[:2])[0]
np.linalg.lstsq(M.T, S)[1]
np.linalg.lstsq(M.T, V)[1]
np.linalg.lstsq(M, N)[3] + 0 * N[:, 0]
np.linalg.tensorsolve(np.reshape(np.kron(S, SS[0][:2, :2]), (2, 3, 6)), M)
np.linalg.tensorsolve(np.reshape(np.kron(S, SS[0][:2, :2]), (6, 2, 3)), V[:2, None] * W, axes=(0,))
np.linalg.tensorinv(np.reshape(np.kron(S, SS[0][:2, :2]), (2, 3, 6)))
np.linalg.tensorinv(np.reshape(S, (3, 3, 1)), ind=1)
np.linalg.slogdet(S)[1]
np.linalg.slogdet(-SS).logabsdet
np.linalg.cholesky(S @ S.T)
np.linalg.cholesky(SS @ np.swapaxes(SS, 1, 2))
np.linalg.eigh(S @ S.T)[0]
np.linalg.eigh(S + S.T).eigenvectors ** 2
np.linalg.eigh(SS)[1] ** 2
np.linalg.eigh(S, "U").eigenvalues
np.linalg.eigh(S, UPLO="u")[1] ** 2
np.linalg.eigvalsh(SS @ np.swapaxes(SS, 1, 2))
np.linalg.svd(S)[1]
np.linalg.svd(S).U ** 2
np.linalg.svd(M, full_matrices=False)[0] ** 2
np.linalg.svd(M.T, full_matrices=False).Vh ** 2
np.linalg.svd(M.T, full_matrices=False)[0] ** 2
np.linalg.svd(SS, full_matrices=False)[2] ** 2
np.linalg.svd(T, compute_uv=False)
np.linalg.svdvals(T)
np.linalg.qr(S).R
np.linalg.qr(M.T)[0]
np.linalg.qr(M)[0] @ np.linalg.qr(M)[1]
np.linalg.qr(M).R
np.linalg.qr(SS, mode="r")
np.linalg.qr(M, "complete").Q
np.linalg.norm(T)
np.linalg.norm(V, 3)
np.linalg.norm(M, 2.5, axis=0)
np.linalg.norm(V, 1) * np.linalg.norm(V, 0)
np.linalg.norm(V, np.inf) + np.linalg.norm(V, -np.inf)
np.linalg.norm(M, 2, axis=1, keepdims=True)
np.linalg.norm(V, -2)
np.linalg.norm(M, "fro")
np.linalg.norm(M, "nuc")
np.linalg.norm(M, 2)
np.linalg.norm(M, -2)
np.linalg.norm(M, 1) + np.linalg.norm(M, -1)
np.linalg.norm(M, np.inf) + np.linalg.norm(M, -np.inf)
np.linalg.norm(T, axis=(0, 2), keepdims=True)
np.linalg.norm(T, "nuc", axis=(2, 0), keepdims=True)
np.linalg.norm(T, 1, axis=(2, 1))
np.linalg.vector_norm(T)
np.linalg.vector_norm(T, axis=(0, 2), ord=3, keepdims=True)
np.linalg.vector_norm(M, axis=0, ord=1)
np.linalg.matrix_norm(T, ord="nuc")
np.linalg.matrix_norm(T, keepdims=True)
np.linalg.cond(S)
np.linalg.cond(SS, -2)
np.linalg.cond(S, 1) + np.linalg.cond(S, np.inf) + np.linalg.cond(S, "fro")
""".strip().splitlines()  # fmt: skip
ROWS += [f"np.{f}(R{axis})" for f in ("var", "std", "ptp", "prod", "median", "average")
         for axis in REDUCED]  # fmt: skip
ROWS += [f"np.quantile(I, [0.1, 0.37, 0.9], method={method!r})" for method in
         ("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "hazen", "weibull",
          "interpolated_inverted_cdf", "linear", "median_unbiased", "normal_unbiased", "lower",
          "higher", "midpoint", "nearest")]  # fmt: skip
# Functions of later versions of NumPy.
LATER = {"astype": "np.astype(M, float)", "cumulative_sum": "np.cumulative_sum(M, axis=1)",
         "cumulative_prod": "np.cumulative_prod(V, include_initial=True)",
         "unstack": "np.unstack(M, axis=1)[2]"}  # fmt: skip
ROWS += [row for name, row in LATER.items() if hasattr(np, name)]
ROWS = [row for row in ROWS if hasattr(np, re.match(r"(?:np\.)?(\w+)", row)[1]) or row[0] in "M"]
NAN_ROWS = [
    f"np.{f}(HOLES{axis})"
    for f in ("nansum", "nanmean", "nanprod", "nanmax", "nanmin", "nanvar", "nanstd")
    for axis in ("", ", axis=0", ", axis=1", ", axis=1, keepdims=True")
    if (f, axis) != ("nanstd", ", axis=0")  # of one number, where a root has no derivative
] + ["np.nancumsum(HOLES, axis=1)", "np.nancumprod(HOLES)"]


def function_of(text):
    """Return the expression as a function of its arrays, and these arrays."""
    names = sorted(set(re.findall(r"(?<![.\"\w])[A-Z]+0?\b", text)) & set(NAMES))
    constant = {"MASK"} if "MASK" in names else set()
    names = [n for n in names if n not in constant]
    f = eval(f"lambda {', '.join(names)}: {text}", dict(NAMES))
    return f, [NAMES[n] for n in names]


def function_in(row):
    """Return the function that a row calls."""
    return row.split("(")[0]


def first_rows():
    """Return the first row of each function."""
    first = {function_in(row): row for row in reversed(ROWS)}
    return set(first.values())


FIRST = first_rows()
