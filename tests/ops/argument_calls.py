"""The calls of tests/ops/argument_types.py: an expression for each way to call each function.

Capital letters are real arrays, small letters are integers or numbers; `SLOTS` says which. A slot
of a single number has one letter, or a letter and a digit, such as `i` or `a2`.
"""

import numpy as np

# ---- the slots ----------------------------------------------------------------------------------


def real(*shape, low=0.0, high=4.0, signed=True):
    """Draw distinct numbers whose fractions are not 0 or 1/2, so that no two of them are tied."""

    def draw(rng, whole):
        size = int(np.prod(shape))
        x = rng.permutation(size + 3)[:size] * (1 if whole else (high - low) / (size + 3))
        x = x + (np.ceil(low) if whole else low + rng.uniform(0.05, 0.45, size) / (size + 3))
        x = x * rng.choice([-1, 1], size) if signed else x
        return x.reshape(shape)

    return draw


def ones_and_zeros(*shape):
    return lambda rng, whole: rng.integers(0, 2, shape).astype(float)


def sorted_points(n):
    return lambda rng, whole: np.cumsum(
        rng.integers(1, 3, n) if whole else rng.uniform(0.3, 1.4, n)
    ).astype(float)


def matrix(*shape):
    """Draw matrices that are not near singular, with eigenvalues that are far apart."""

    def draw(rng, whole):
        x = rng.integers(-1, 2, shape).astype(float) if whole else rng.uniform(-1, 1, shape)
        return x + np.diag(np.arange(3.0, 3.0 * shape[-1] + 1, 3.0))

    return draw


def with_nan(*shape):
    def draw(rng, whole):
        x = real(*shape)(rng, whole)
        return x if whole else np.where(rng.random(shape) < 0.3, np.nan, x)

    return draw


#: The real arguments. Each may be a Tensor that requires a gradient.
REAL = {
    "V": real(3), "W": real(3), "M": real(2, 3), "N": real(2, 3), "T": real(2, 3, 2),
    "Y": real(7), "D": real(4, 3), "S": matrix(3, 3), "SS": matrix(2, 3, 3),
    "P": real(3, low=0.4, signed=False), "Q": real(3, low=0.4, signed=False),
    "PM": real(2, 3, low=0.4, signed=False),
    "U": real(3, low=0.1, high=0.9), "H": real(3, low=1.2, signed=False),
    "G": sorted_points(3), "A": with_nan(2, 3),
    "E": real(0), "F": real(0, 3), "C": real(2, 0),
    "x": real(), "y": real(), "p": real(low=0.4, signed=False), "u": real(low=0.1, high=0.9),
    "L": real(1, 3), "R": real(2, 1),
    "Z": real(300), "w": real(3, low=0.4, signed=False),
    "t": real(2, 3, low=0.1, high=0.9, signed=False),
}  # fmt: skip


def whole(low, high, *shape):
    """Draw integers from `low` to `high`; a third of the draws are 0 and 1 if these are allowed."""

    def draw(rng, _):
        few = low <= 0 and high >= 1 and rng.random() < 0.35
        return rng.integers(0 if few else low, (1 if few else high) + 1, shape)

    return draw


def permutation(n, count):
    return lambda rng, _: rng.permutation(n)[:count] - (n if rng.random() < 0.4 else 0)


#: The integer arguments: counts, axes, positions, labels, masks.
INTEGER = {
    "i": whole(-2, 2), "j": whole(-3, 2), "k": whole(0, 3), "n": whole(1, 3), "b": whole(0, 1),
    "a1": whole(-1, 0), "a2": whole(-2, 1), "a3": whole(-3, 2),
    "J": whole(-3, 2, 4), "K": whole(0, 2, 3), "KK": whole(0, 2, 2, 3), "JJ": whole(-3, 2, 2, 2),
    "I": whole(-2, 1, 3), "O": whole(0, 1, 3), "O2": whole(0, 1, 2), "OO": whole(0, 1, 2, 3),
    "B": whole(0, 1, 3), "BB": whole(0, 1, 2, 3), "J2": whole(-2, 2, 2), "K2": whole(0, 2, 2),
    "AX2": permutation(2, 2), "AX3": permutation(3, 3), "A3": permutation(3, 2),
    "K3": whole(0, 3, 3), "CUT": lambda rng, _: np.sort(rng.integers(0, 4, 2)),
    "K22": whole(0, 2, 2, 2), "Z8": whole(-128, 127, 5), "z": whole(-128, 127),
}  # fmt: skip
#: Slots that may also be arrays of booleans
MASKS = {"B", "BB", "O", "O2", "OO", "J", "I", "K", "KK", "K2", "K3", "K22", "JJ", "J2"}

# ---- the calls ----------------------------------------------------------------------------------

UNARY = {
    "V": "negative exp exp2 expm1 square absolute fabs positive conjugate sin cos arctan sinh cosh "
    "tanh arcsinh sinc deg2rad radians rad2deg degrees sign floor ceil trunc rint round around fix "
    "isnan isinf isfinite isposinf isneginf signbit iscomplex isreal real real_if_close imag modf "
    "frexp nan_to_num logical_not spacing",
    "P": "log log2 log10 log1p sqrt cbrt reciprocal",
    "U": "tan arcsin arccos arctanh",
    "H": "arccosh",
}
BINARY = {
    "V W": "add subtract multiply maximum minimum fmax fmin arctan2 logaddexp logaddexp2 hypot "
    "floor_divide equal not_equal less less_equal greater greater_equal isclose copysign "
    "logical_and logical_or logical_xor",
    "V P": "divide remainder fmod divmod",
    "P W": "power float_power",
    "K B": "gcd lcm bitwise_and bitwise_or bitwise_xor left_shift right_shift",
}
OTHER_LEFT = {"V": ["V", "M", "x", "L"], "P": ["P", "PM", "p"], "U": ["U", "u"],
              "H": ["H"], "K": ["K", "KK"]}  # fmt: skip
OTHER_RIGHT = {"W": ["W", "N", "y", "R"], "P": ["P", "PM", "p"], "B": ["B", "BB", "b"]}

ROWS = """
V.repeat(K); M.take(J); T.transpose(list(AX3)); M.var(a2, ddof=int(b)); M.std(axis=a2); V.round(b)
M.reshape([n, -1]); M.reshape(3, n - n - 1); M.argmin(a2); M.min(a2, keepdims=b); M.squeeze()
M.diagonal(i); T.swapaxes(a3, 1); T.prod(tuple(A3)); V.astype('>f8'); V.argmax(); SS.trace(i, 1, 2)
np.array_str(V)[-1]; np.may_share_memory(V, W); np.unpackbits(K); np.exp(E); np.add(E, x)
np.maximum(F, V); np.divide(C, R); E * E; np.where(E > 0, E, x); np.clip(F, -1, x); np.power(E, 2)
np.sum(K, dtype='i2'); np.sum(M, a2, dtype='i1'); np.prod(K, dtype='i2'); np.cumsum(K, dtype='i1')
np.trace(S, dtype='i2'); np.mean(K, dtype='f4'); np.add.reduce(K, 0, 'i2')
np.multiply(K, n, dtype='i2'); np.add(M, k, dtype='f4'); np.add.accumulate(K, dtype='i2')
np.concatenate([V, K], dtype='f4'); np.stack([K, O], dtype='i1'); V + W; x - V; V * x; V / P
P ** W; P ** x; np.power(V, k); p ** V; V % P; V // P; -V; abs(V); V @ W; M @ V; W @ S; SS @ V
M @ S
SS @ SS; L @ S; V < W; M == N; divmod(V, P); round(V, n); 2 * V; V * 2.5; W ** 3; V ** -1
P ** 0.5; 1 - V; 2.0 ** V; V ** J[:3]; P ** I; np.clip(V, -1, 2); np.clip(V, x, None)
np.clip(V, None, W); np.clip(V, min=x); V.clip(k, 3); np.clip(M, L, 2.5); np.where(B, V, W)
np.where(BB, M, x); np.where(B, x, W); np.where(V > 0, V, y); np.where(BB, M, V); np.where(OO)
np.heaviside(B, x); np.ldexp(V, i); np.ldexp(V, I); np.heaviside(V, W)
np.add(V, W, where=np.asarray(B, bool))[np.asarray(B, bool)]; np.multiply(V, W, dtype=np.float32)
np.exp(V, dtype='f4'); np.multiply.outer(V, W); np.add.outer(x, V); np.power.outer(P, I)
np.maximum.outer(V, M); np.nan_to_num(A); np.nan_to_num(A, True, x); np.nan_to_num(A, nan=2)
np.astype(V, np.float32); V.astype('f4'); V.astype(int) * 1.0; V.astype(bool); np.delete(V, i)
np.delete(V, j); np.delete(M, i, a2); np.delete(D, J, 0); np.delete(V, B); np.delete(V, O2)
np.delete(V, KK); np.delete(M, j); np.delete(V, slice(0, n)); np.delete(D, I, axis=a2)
np.diagonal(S); np.diagonal(S, i); np.diagonal(SS, i, 1, -1); S.diagonal(i)
np.diagonal(T, i, *A3); np.fft.fftshift(V); np.fft.ifftshift(M, a2); np.fft.fftshift(T, A3)
np.fft.ifftshift(Y); np.flip(M); np.flip(M, a2); np.flip(T, A3); np.fliplr(M); np.flipud(V)
np.flip(M, tuple(AX2)); np.moveaxis(T, a3, 0); np.moveaxis(T, a3, a3); np.moveaxis(T, A3, [0, 1])
np.lib.stride_tricks.sliding_window_view(V, 2); np.lib.stride_tricks.sliding_window_view(M, 2, a2)
np.moveaxis(T, [0, 1], A3); np.rollaxis(T, a3); np.rollaxis(T, a3, int(k)); np.swapaxes(T, a3, a3)
np.swapaxes(M, a2, 0); T.swapaxes(a3, 0); np.rot90(M); np.rot90(M, i); np.rot90(T, k, tuple(A3))
np.rot90(T, i, A3); np.repeat(V, k); np.repeat(V, K); np.repeat(M, k, a2); np.repeat(M, K2, 0)
V.repeat(n); np.repeat(V, B); np.repeat(x, n); np.tile(V, k); np.tile(M, K2); np.tile(V, (k, n))
np.tile(M, n); np.tile(x, n); np.roll(V, i); np.roll(M, i); np.roll(M, i, a2); np.roll(T, J2, A3)
np.roll(M, J2, AX2); np.roll(T, i, A3); np.roll(M, J2, a2); np.roll(V, I); np.take(V, j)
np.take(V, J); np.take(V, K); np.take(V, B); np.take(M, J, 1); np.take(M, I, a2)
np.take(M, JJ, axis=a2); np.take(V, J, mode='wrap'); np.take(V, J, mode='clip')
np.take(M, K3, a2, mode='wrap'); np.take(M, i, a2); V.take(J); np.take(M, K3, a2, mode='clip')
M.take(I, axis=a2); np.take(V, O2); np.take(M, B, 1); np.take(T, KK, a3, mode='wrap'); V[i]; V[j]
V[J]; V[K]; V[JJ]; M[i]; M[I]; M[:, J]; M[I, K]; M[i, j]; M[i, K]; M[None, I]; T[I, :, O]; T[:, J]
T[..., O]; V[B]; M[BB]; M[:, B]; M[O2]; M[b]; V[i:]; V[:n]; V[::n]; V[k:n]; V[None]; M[..., i]
D[K3, None, K]; V[np.asarray(B, bool)]; V[J, None]; M[i, ..., None]; V[i:j]; M[b, B]; T[b, K]
D[np.asarray(I), np.newaxis]; np.sort(V); np.sort(M, a2); np.sort(M, None)
np.sort(M, axis=a2, kind='stable'); np.sort(T, a3); np.partition(Y, k); np.partition(Y, K)
np.partition(M, b, a2); np.partition(M, k, None); np.partition(Y, i); np.take_along_axis(M, KK, 1)
np.take_along_axis(M, OO, 0); np.take_along_axis(V, K, 0); np.take_along_axis(V, J, None)
np.take_along_axis(M, KK, a2); np.take_along_axis(M, J, axis=None); np.take_along_axis(V, J, a1)
np.compress(B, V); np.compress(B, M, 1); np.compress(O2, M, a2); np.compress(B, M)
np.compress(O, D, axis=0); np.extract(B, V); np.extract(BB, M); np.extract(OO, T[..., 0])
np.resize(V, k); np.resize(M, (n, k)); np.resize(V, K2); np.resize(x, n); np.trim_zeros(V * B)
np.trim_zeros(V * B, 'f'); np.trim_zeros(V, 'b'); np.trim_zeros(E); np.insert(V, i, x)
np.insert(V, j, W); np.insert(V, J, x); np.insert(V, K, W); np.insert(M, i, V, 0)
np.insert(M, i, x, a2); np.insert(V, B, x); np.insert(M, O2, N, 0); np.insert(V, I, W)
np.insert(M, J2, x, 1); np.insert(M, k, 7.5); np.insert(V, O, W); np.insert(M, [b], N, 0)
np.insert(V, k, [1, 2]); np.insert(M, I, x, axis=a2); np.insert(M, b, M[:, 0], 1); np.diag(V)
np.diag(V, i); np.diag(S); np.diag(S, i); np.diagflat(M, i); np.diagflat(V, k); np.tril(S)
np.tril(S, i); np.triu(S, i); np.tril(V); np.triu(SS, k); np.triu(M); np.tril(BB); np.triu(BB, i)
np.tril(OO); np.choose(O, [V, W]); np.choose(K, [V, W, x]); np.choose(K3, [V, W], mode='wrap')
np.choose(I, (V, W), mode='clip'); np.choose(b, [V, W]); np.choose(OO, [V, W]); np.choose(O, M)
np.choose(KK, [M, V, x]); np.select([np.asarray(B, bool)], [V])
np.select([np.asarray(B, bool), np.asarray(W) > 0], [V, W], x)
np.select([np.asarray(BB, bool)], [M], y); np.select([np.asarray(B, bool)], [V], W)
np.select([B], [V], W); np.bincount(K); np.bincount(K, V); np.bincount(K, V, k)
np.bincount(K3, minlength=k); np.bincount(B, V); np.bincount(K, weights=V, minlength=n)
np.einsum('ij,j->i', M, V); np.einsum('ij,ij', M, N); np.einsum('ii->i', S)
np.einsum(M, [0, 1], V, [1]); np.einsum('i->', V); np.einsum('i,i->', V, K)
np.einsum('...j,j', T[..., 0], V); np.einsum('ij->ji', M); np.einsum('i,j', V, B, optimize=True)
np.dot(V, W); np.dot(M, V); np.dot(x, V); np.dot(M, S); np.dot(T, L[0, :2]); np.dot(V, K)
np.dot(SS, S); V.dot(W); np.dot(S, B); np.inner(V, W); np.inner(M, V); np.inner(M, N)
np.inner(x, V); np.inner(T, M[0, :2]); np.tensordot(M, V, 1); np.tensordot(M, N)
np.tensordot(M, N, 0); np.tensordot(T, M, b); np.tensordot(T, M, ((0, 1), (0, 1)))
np.tensordot(M, S, b); np.tensordot(T, T, (A3, A3)); np.tensordot(M, N, (a2, a2))
np.tensordot(T, T, (a3, a3)); np.tensordot(S, V, [[1], [0]]); np.tensordot(M, N, [[0, 1], [0, 1]])
np.trace(S); np.trace(S, i); np.trace(SS, i, 1, 2); np.trace(T, i, *A3); np.trace(S, dtype='f4')
S.trace(i); np.trace(OO); np.kron(V, M); np.kron(M, V); np.kron(V, K); np.kron(V, W)
np.kron(x, V); np.cross(V, W); np.cross(M, V); np.cross(M, N, axis=-1); np.cross(V, K)
np.cross(D, V, axisc=0); np.cross(M, N, axisc=a2); np.linalg.multi_dot([M, S, V])
np.linalg.multi_dot([V, S]); np.linalg.multi_dot((M, S, S)); np.linalg.multi_dot([V, S, W])
np.linalg.matrix_power(S, k); np.linalg.matrix_power(S, i); np.linalg.matrix_power(SS, n)
np.linalg.matrix_power(S, b); np.vecdot(V, W); np.vecdot(M, V); np.vecdot(M, N, axis=a2)
np.matvec(S, V); np.vecmat(V, S); np.matvec(SS, M); np.vecmat(M, SS); np.outer(V, W)
np.outer(M, V); np.outer(x, V); np.vdot(V, W); np.vdot(M, N); np.outer(V, K)
np.linalg.matrix_transpose(M); np.matrix_transpose(T); np.linalg.matmul(M, S)
np.linalg.outer(V, W); np.linalg.cross(V, W); np.linalg.tensordot(M, N); np.linalg.vecdot(V, W)
np.linalg.trace(S, offset=i); np.linalg.diagonal(S, offset=i); np.linalg.tensordot(M, N, axes=b)
np.linalg.trace(SS); np.linalg.vecdot(M, N, axis=a2); np.matmul(M, S); np.matmul(V, S)
np.linalg.inv(S); np.linalg.inv(SS); np.linalg.solve(S, V); np.linalg.solve(SS, S)
np.linalg.solve(SS, V); np.linalg.solve(S, K); np.linalg.pinv(S); np.linalg.pinv(M)
np.linalg.pinv(S, 0.01); np.linalg.pinv(S, rtol=1e-4); np.linalg.lstsq(D, S[0, 0] * D[:, 0])[0]
np.linalg.lstsq(S, V); np.linalg.lstsq(S, S); np.linalg.lstsq(D, [1, 2, 3, 4], None)[:1]
np.linalg.tensorsolve(np.reshape(S, (3, 1, 3)), R[:1] * V[:, None]); np.linalg.tensorinv(S, 1)
np.linalg.tensorinv(S, ind=1); np.linalg.det(S); np.linalg.det(SS); np.linalg.slogdet(S)
np.linalg.slogdet(SS); np.linalg.cholesky(S + S.T); np.linalg.eigvalsh(S); np.linalg.eigh(S)[0]
np.linalg.eigvalsh(SS, 'U'); np.linalg.svdvals(S); np.linalg.svd(S, compute_uv=False)
np.linalg.svd(SS)[1]; np.linalg.qr(S)[1] ** 2; np.linalg.qr(D)[1] ** 2; np.linalg.eigh(S)[1] ** 2
np.linalg.qr(S, 'r') ** 2; np.linalg.svd(D, False)[2] ** 2; np.linalg.matrix_rank(S); np.sum(M)
np.sum(M, a2); np.sum(T, tuple(A3)); np.sum(M, a2, keepdims=b); np.sum(M, dtype='f4')
np.sum(M, initial=x); np.sum(M, where=np.asarray(BB, bool)); M.sum(); M.sum(a2)
M.sum(axis=a2, keepdims=True); T.sum(tuple(A3)); np.sum(M, where=np.asarray(B, bool), axis=a2)
np.sum(E); np.sum(F, 0); np.sum(x, 0); np.sum([V, W]); np.sum([V, W], 0); np.sum([x, y])
np.sum(M, initial=k); np.sum((V, V)); np.prod(M); np.prod(M, a2); np.prod(T, tuple(A3))
np.prod(M, a2, keepdims=True); np.prod(M, initial=x); np.prod(V, where=np.asarray(B, bool))
M.prod(a2); np.prod(E); np.prod(M, dtype='f4'); np.prod(M, initial=k); np.prod([V, W], a2)
np.mean(M); np.mean(M, a2); np.mean(T, tuple(A3)); np.mean(M, a2, keepdims=b)
np.mean(M, dtype='f4'); M.mean(a2); np.mean([V, W], 0); np.mean(F, 1)
np.mean(M, where=np.asarray([[1, 0, 1]], bool)); np.mean(M, 0, where=np.asarray([1, 1, 1], bool))
np.max(M); np.max(M, a2); np.max(T, tuple(A3)); np.max(M, a2, keepdims=True); np.amax(M, a2)
M.max(a2); np.max(M, initial=x); np.max([V, W], 0)
np.max(M, initial=k, where=np.asarray(BB, bool))
np.max(M, a2, initial=-k, where=np.asarray(BB, bool)); np.max(E, initial=x); np.max(E, initial=k)
np.min(M); np.min(M, a2); np.min(T, tuple(A3)); np.min(M, a2, keepdims=True); np.amin(M, a2)
M.min(a2); np.min(M, initial=x); np.min([V, W], 0)
np.min(M, initial=k, where=np.asarray(BB, bool)); np.min(V, initial=i); np.max(V, initial=i)
np.cumsum(V); np.cumsum(M); np.cumsum(M, a2); np.cumsum(M, dtype='f4'); M.cumsum(a2); np.cumsum(x)
np.cumsum(E); np.cumsum([V, W], a2); np.cumprod(V); np.cumprod(M); np.cumprod(M, a2)
M.cumprod(a2); np.cumprod(V, dtype='f4'); np.cumprod([V, W], a2); np.cumprod(F, a2)
np.cumulative_sum(V); np.cumulative_sum(M, axis=a2)
np.cumulative_sum(M, axis=a2, include_initial=b); np.cumulative_prod(V, include_initial=True)
np.cumulative_prod(M, axis=a2, dtype='f4'); np.cumulative_sum(V, include_initial=True)
np.cumulative_sum(V, dtype='f8'); np.add.reduce(M); np.add.reduce(M, a2)
np.add.reduce(M, axis=None, initial=x); np.multiply.reduce(M, a2); np.add.accumulate(M, a2)
np.multiply.accumulate(V); np.maximum.reduce(M, a2); np.minimum.reduce(M, a2, keepdims=True)
np.maximum.reduce(M, a2, initial=x); np.logaddexp.reduce(M, a2); np.add.reduce(M, a2, 'f4')
np.minimum.reduce(M, axis=None); np.logaddexp.reduce(V); np.linalg.norm(V); np.linalg.norm(M)
np.linalg.norm(V, n); np.linalg.norm(M, axis=a2); np.linalg.norm(M, n, a2)
np.linalg.norm(M, 'fro'); np.linalg.norm(V, 3); np.linalg.norm(S, n); np.linalg.norm(M, np.inf)
np.linalg.norm(V, np.inf); np.linalg.norm(S, 'nuc'); np.linalg.norm(T, axis=tuple(A3))
np.linalg.norm(M, a2, keepdims=True); np.linalg.norm(V, 2.5); np.linalg.norm(V, k)
np.linalg.norm(V, -int(n)); np.linalg.norm(x); np.linalg.norm(T); np.linalg.norm(T, 2, tuple(A3))
np.linalg.norm(T, 1, A3); np.linalg.vector_norm(M); np.linalg.vector_norm(M, axis=a2)
np.linalg.vector_norm(T, axis=tuple(A3), ord=n); np.linalg.matrix_norm(M)
np.linalg.matrix_norm(SS, ord=n); np.linalg.vector_norm(M, keepdims=True, ord=n)
np.linalg.matrix_norm(SS, keepdims=True); np.linalg.cond(S); np.linalg.cond(S, n)
np.linalg.cond(SS, -2); np.linalg.cond(S, 'fro'); np.linalg.cond(S, np.inf); np.pad(V, n)
np.pad(V, K2); np.pad(M, K22); np.pad(M, ((1, 0), (0, 2)), constant_values=k)
np.pad(V, n, constant_values=2.5); np.pad(M, K2, 'edge'); np.pad(V, k, 'reflect')
np.pad(V, (n, b), 'linear_ramp', end_values=i); np.pad(M, b, 'mean')
np.pad(V, n, 'maximum', stat_length=n); np.pad(V, n, 'median'); np.pad(M, n, 'symmetric')
np.pad(V, k, 'wrap'); np.pad(V, n, 'minimum'); np.pad(V, n, 'mean', stat_length=n)
np.pad(V, n, 'reflect', reflect_type='odd'); np.pad(M, {0: n, 1: (b, k)})
np.pad(V, n, constant_values=(1, k)); np.pad(BB, n); np.pad(OO, n, 'edge')
np.pad(M, n, 'linear_ramp', end_values=2.5); np.pad(V, n, 'symmetric', reflect_type='odd')
np.expand_dims(V, b); np.expand_dims(M, a2); np.expand_dims(M, (0, a2)); np.squeeze(L)
np.squeeze(L, 0); np.squeeze(R, -1); np.expand_dims(V, AX2); L.squeeze(0); np.transpose(M)
np.transpose(T, AX3); np.transpose(T, tuple(AX3)); T.transpose(*AX3); T.transpose(AX3)
np.transpose([V, W]); M.T; T.mT; np.transpose(M, AX2); np.reshape(M, -1); np.reshape(M, (n, -1))
np.reshape(M, (3, 2), 'F'); np.reshape(M, (n, -1), order='F'); M.reshape(3, -1); np.reshape(M, 6)
np.reshape([V, W], 6); M.reshape((n, -1)); np.ravel(M); np.ravel(M, 'F'); np.ravel([V, W])
M.ravel(); M.flatten(); np.ravel(x); np.reshape(V, (n, -1)); np.broadcast_to(V, (n, 3))
np.broadcast_to(x, K2); np.broadcast_to(x, n); np.broadcast_to(V, [2, 3])
np.broadcast_to(L, (n, k, 3)); np.copy(V); V.copy(); np.broadcast_arrays(V, x)
np.broadcast_arrays(M, V, R); np.broadcast_arrays(V, K); np.full_like(V, x)
np.full_like(V, x, dtype='f4'); np.full_like(K, x); np.full_like(V, x, shape=(n, 2))
np.full_like(V, W); np.full_like(V, k); np.full_like(V, x, shape=n); np.full_like(V, x, shape=K2)
np.atleast_1d(x); np.atleast_1d(x, V); np.atleast_2d(V); np.atleast_3d(M, x); np.atleast_2d(x, M)
np.atleast_3d(V); np.concatenate([V, W]); np.concatenate((V, K)); np.concatenate([M, N], a2)
np.concatenate([M, V], None); np.concatenate([V, W], dtype='f4'); np.concatenate([M, L])
np.concatenate(M); np.concatenate([E, V]); np.concatenate([F, M]); np.concatenate([C, M], 1)
np.concatenate([V, W, E], axis=a1); np.concatenate([M, V, E], None)
np.concatenate([C, R], axis=1); np.concatenate([F, M], None); np.stack([V, W])
np.stack([V, K], a2); np.stack([x, y]); np.stack((M, N), a3); np.stack([V, W], dtype='f4')
np.stack(M); np.stack([V, W], axis=a1); np.vstack([V, M]); np.vstack((V, K)); np.hstack([V, W])
np.hstack([x, V]); np.hstack([M, R]); np.dstack([M, N]); np.dstack((V, W))
np.column_stack([V, W]); np.column_stack([R, M]); np.hstack([E, V]); np.vstack([M, N], dtype='f4')
np.vstack([F, M]); np.dstack([V, K]); np.column_stack([V, K]); np.vstack(M); np.hstack(M)
np.hstack([V, K], dtype='f4'); np.append(V, W); np.append(V, x); np.append(M, L, 0)
np.append(M, V); np.append(V, K); np.append(V, [1, 2]); np.append(E, V); np.append(M, N, a2)
np.block([V, W]); np.block([[M], [N]]); np.block([[x, V], [K, y]]); np.block(V)
np.block([[S, V[:, None]]]); np.meshgrid(V, W); np.meshgrid(V, K, indexing='ij')
np.meshgrid(V, x, sparse=True); np.meshgrid(V); np.meshgrid(V, M, B); np.array_split(Y, n)
np.array_split(Y, CUT); np.array_split(M + 0, n, a2); np.split(V, 3); np.split(Y, CUT)
np.split(D, 2, 0); np.split(M + 0, n, 1); np.hsplit(M, 3); np.vsplit(M, CUT); np.dsplit(T, 2)
np.split(Y, list(CUT)); np.array_split(M + 0, K2, 1); np.hsplit(V, CUT); np.dsplit(T, CUT)
np.split(Y, tuple(CUT)); np.split(M + 0, CUT, axis=a2); np.array_split(Y, k + 1); np.vsplit(D, 2)
np.split(Y, I); np.unstack(M); np.unstack(M, axis=a2); np.unwrap(V); np.unwrap(M, axis=a2)
np.unwrap(V, period=2.5); np.unwrap(M, 1.5); np.unwrap(Y, period=n); np.diff(V); np.diff(Y, n)
np.diff(M, axis=a2); np.diff(V, prepend=x); np.diff(V, append=W); np.diff(M, n, a2, prepend=k)
np.diff(V, prepend=B); np.diff(B); np.diff(M, append=R); np.diff(OO, axis=a2)
np.diff(M, axis=0, append=L); np.diff(K, append=V); np.diff(B, append=V); np.ediff1d(V)
np.ediff1d(M, to_begin=x); np.ediff1d(V, to_end=W); np.ediff1d(V, k, x); np.ediff1d(K, to_end=k)
np.ediff1d(V, to_begin=K); np.gradient(V); np.gradient(M); np.gradient(M, axis=a2)
np.gradient(V, p); np.gradient(V, G); np.gradient(M, p, axis=a2); np.gradient(Y, edge_order=2)
np.gradient(M, 0.5, G); np.gradient(M, G, axis=1); np.gradient(D, axis=tuple(AX2))
np.gradient(V, n); np.gradient(Y, n, edge_order=n); np.gradient(V, [0, 1, 3])
np.gradient(D, 2, 3, axis=AX2); np.gradient(V, G, edge_order=2)
np.gradient(S, [1, 2, 4], 2, axis=(1, 0)); np.trapezoid(V); np.trapezoid(V, G)
np.trapezoid(M, axis=a2); np.trapezoid(M, G); np.trapezoid(M, dx=p); np.trapezoid(V, dx=n)
np.trapezoid(M, N, axis=a2); np.trapezoid(V, K); np.trapezoid(V, B)
np.trapezoid(M, dx=[1, 2], axis=1); np.interp(V, G, W); np.interp(x, G, V); np.interp(M, G, V)
np.interp(K, G, V); np.interp(V, G, W, x, y); np.interp(V, [-1, 0, 2], K)
np.interp(V, G, W, left=k, right=2); np.interp(V, [0, 1, 3], W); np.convolve(V, Y)
np.convolve(V, W, 'same'); np.convolve(V, K); np.convolve(Y, V, 'valid'); np.correlate(V, Y)
np.correlate(V, W, 'full'); np.correlate(Y, K, 'same'); np.convolve(x, V); np.convolve(V, B)
np.linspace(V, W, n); np.linspace(x, y, k); np.linspace(x, 2, n, False)
np.linspace(V, 5, n, axis=a2); np.linspace(x, y, n, dtype='f4')
np.linspace(x, K, n + 1, retstep=True); np.linspace(i, V, n); np.linspace(x, y, n, endpoint=b)
np.logspace(u, 1, n); np.logspace(U, u, n, base=2); np.logspace(u, k, n, base=p)
np.logspace(u, 1, n, axis=0, dtype='f4'); np.logspace(0, u, k); np.vander(V); np.vander(V, k)
np.vander(V, n, True); np.vander(K, n); np.vander(B); np.vander(V, N=n, increasing=b)
np.polyval(V, W); np.polyval(V, x); np.polyval(K, V); np.polyval(V, K); np.polyval(B, V)
np.polyval([2, 0, 1], V); np.polyval([200, 1], K); np.polyval(V, M); np.polyval(E, V)
np.polyval(I, x); np.polyval([x], V); np.var(M); np.var(M, a2); np.var(M, ddof=b)
np.var(T, tuple(A3)); np.std(M, a2, keepdims=True); np.std(V, ddof=b); np.var(M, dtype='f4')
M.var(a2); M.std(); np.var([V, W], 0); np.std([V, W], 0); np.var(M, correction=b)
np.var(M, where=np.asarray([[1], [1]], bool)); np.std(M, mean=R, axis=1)
np.var(M, mean=L, axis=0); np.ptp(M); np.ptp(M, a2); np.ptp(M, a2, keepdims=True); np.average(V)
np.average(M, a2); np.average(V, weights=P); np.average(M, 1, P); np.average(M, weights=PM)
np.average(V, weights=n + np.asarray(K)); np.average(M, a2, returned=True)
np.average(V, weights=P, returned=True); np.average(M, 1, P, keepdims=True)
np.average(T, (0, 1), PM); np.average(T, tuple(A3), keepdims=b)
np.average(V, weights=[200, 100, 50]); np.average(M, 0, [1, 1]); np.quantile(Y, 0.3)
np.quantile(M, 0.4, a2); np.quantile(M, [0.2, 0.7]); np.quantile(M, b)
np.quantile(T, 0.6, tuple(A3), keepdims=True); np.quantile(Y, B); np.quantile(Y, [0.0, 1.0])
np.quantile(M, 0.25, axis=a2, keepdims=b); np.quantile(Y, 0.4, method='nearest')
np.percentile(Y, 30); np.percentile(M, [10, 60], a2); np.percentile(Y, k); np.percentile(Y, K)
np.percentile(Y, 33.3); np.percentile(M, n, axis=a2, keepdims=True); np.median(V)
np.median(M, a2); np.median(T, tuple(A3)); np.median(M); np.median(D, 0, keepdims=True)
np.median([V, W]); np.percentile([V, W], 40, 0); np.quantile([V, W], 0.3, 1)
np.percentile(Y, 20 * K); np.quantile(Y, 0.3, method='lower')
np.quantile(Y, 0.3, method='higher'); np.quantile(Y, 0.3, method='midpoint'); np.median(K)
np.median(OO, a2); np.nansum(A); np.nansum(A, a2); np.nanprod(A, a2); np.nancumsum(A)
np.nancumsum(A, a2); np.nancumprod(A, a2); np.nanmean(A); np.nanmean(A, a2); np.nanvar(A)
np.nanstd(A, ddof=b); np.nanmax(A); np.nanmax(A, a2); np.nanmin(A, a2, keepdims=True)
np.nanmin(A); np.nanmax(A, initial=x); np.nanmin(V, initial=k); np.nansum(V, initial=x)
np.nanvar(A, a2); np.nanmax(K); np.nanmin(OO, a2); np.nanmean(K); np.nansum(B); np.nanprod(K)
np.nanmax([V, W], 0); np.nanmean([V, W], 1); np.nanstd(M, a2); np.nancumprod(A); np.cov(V)
np.cov(M); np.cov(V, W); np.cov(M, rowvar=b); np.cov(M, bias=b); np.cov(M, ddof=int(b))
np.cov(M, fweights=K + 1); np.cov(M, aweights=P); np.corrcoef(V, W); np.corrcoef(M)
np.corrcoef(S, rowvar=b); np.cov(V, K); np.cov(M, dtype='f4')
np.cov(M, fweights=[1, 2, 1], aweights=[1, 3, 2]); np.allclose(V, W); np.array_equal(V, W)
np.array_equiv(V, x); np.packbits(B); np.bitwise_count(K); np.invert(K); np.searchsorted(G, V)
np.searchsorted(G, x, 'right'); np.digitize(V, G); np.lexsort([V, W]); np.lexsort((K, V))
np.ix_(K, O2); np.isin(V, W); np.isin(K, B); np.ravel_multi_index((b, b), (2, 3))
np.unravel_index(K, (2, 3)); np.ravel_multi_index((O, K), (2, 3)); np.unravel_index(k, (n + 3, 3))
np.tril_indices_from(S); np.triu_indices_from(S, i); np.tril_indices_from(S, k)
np.diag_indices_from(S); np.einsum_path('ij,j', M, V); np.argmax(M); np.argmax(M, a2)
M.argmax(a2); np.argmin(M, axis=a2, keepdims=True); np.argsort(M); np.argsort(M, a2)
np.argpartition(Y, k)[:0]; np.any(BB); np.any(BB, a2); np.all(M, a2); np.count_nonzero(BB)
np.count_nonzero(M, a2); np.nonzero(OO); np.flatnonzero(B); np.argwhere(BB); np.nanargmax(V)
np.nanargmin(M, a2); np.shape(M); np.ndim(V); np.size(M); np.size(M, a2); np.zeros_like(V)
np.ones_like(K); np.zeros_like(M, dtype='f4'); np.zeros_like(V, shape=(n, 2))
np.empty_like(V).shape; np.iscomplexobj(V); np.isrealobj(K); np.result_type(V, W)
np.can_cast(V, 'f8'); np.round(V, n); np.round(V, b); V.round(k); np.around(M, k)
np.common_type(V, W); np.min_scalar_type(V); np.shares_memory(V, W); np.array_repr(V)[-1]
np.array2string(V)[0]; V.argsort(); M.any(a2); M.all(); K.nonzero(); np.array_equal(M, N)
np.linalg.matrix_norm(M, ord=n); np.linalg.svdvals(M); np.modf(M); np.frexp(M); np.divmod(M, P)
np.real(M); np.imag(V); np.positive(M); np.take(Z, Z8); np.take(Z, Z8, mode='wrap')
np.take(Z, Z8, 0, mode='clip'); np.roll(Z, z); np.roll(Z, Z8); Z[Z8]; np.delete(Z, Z8)
np.insert(Z, Z8, x); np.take_along_axis(Z, Z8, 0); np.diagonal(S, z); np.tril(S, z)
np.choose(Z8, [V[0], x], mode='wrap'); np.polyval(Z8, u); np.gradient(Z8, p)
np.trapezoid(Z8, dx=p); np.median(Z8); np.average(Z8, weights=None); np.diff(Z8, append=Z)
np.partition(Z, abs(z))[abs(z)]; np.linalg.norm(Z8, 1); np.cumsum(Z8); np.quantile(Z8, 0.3)
np.cross(Z8[:3], V); Z8[:3] * V; V ** (Z8[:3] % 4); np.convolve(Z8, V); np.interp(Z8, G, V)
np.bincount(abs(Z8[:3]), V)[:3]; np.repeat(Z[:3], abs(Z8[:3]))
"""  # fmt: skip

#: the library's functions, with the same function written in NumPy
OWN = {
    "ag.relu(V)": "np.maximum(V, 0)",
    "ag.sigmoid(V)": "1 / (1 + np.exp(0.0 - np.asarray(V)))",
    "ag.softplus(V)": "np.log1p(np.exp(np.asarray(V) * 1.0))",
    "ag.gelu(V)": "gelu(np.asarray(V) * 1.0)",
    "ag.softmax(M)": "softmax(M, -1)",
    "ag.softmax(M, a2)": "softmax(M, a2)",
    "ag.softmax(M, axis=a2, where=np.asarray(BB, bool))": None,
    "ag.softmax(T, tuple(A3))": "softmax(T, tuple(A3))",
    "ag.softmax(V, temperature=p)": "softmax(np.asarray(V) / p, -1)",
    "ag.log_softmax(M, a2)": "np.log(softmax(M, a2))",
    "ag.log_softmax(T, tuple(A3))": "np.log(softmax(T, tuple(A3)))",
    "ag.log_softmax(V, temperature=n)": "np.log(softmax(np.asarray(V) / n, -1))",
    "ag.logsumexp(M)": "np.log(np.sum(np.exp(np.asarray(M) * 1.0)))",
    "ag.logsumexp(M, a2)": "np.log(np.sum(np.exp(np.asarray(M) * 1.0), a2))",
    "ag.logsumexp(T, tuple(A3), True)":
        "np.log(np.sum(np.exp(np.asarray(T) * 1.0), tuple(A3), keepdims=True))",
    "M.logsumexp(a2)": "np.log(np.sum(np.exp(np.asarray(M) * 1.0), a2))",
    "ag.mse_loss(V, W)": "mean(np.square(np.subtract(V, W)))",
    "ag.mse_loss(M, K, 'sum')": "np.sum(np.square(np.subtract(M, K)))",
    "ag.mse_loss(M, N, reduction='none')": "np.square(np.subtract(M, N))",
    "ag.nll_loss(M, K2)": "-mean(np.multiply(M, 1.0)[[0, 1], np.asarray(K2)])",
    "ag.nll_loss(V, k % 3)": "-np.multiply(V, 1.0)[k % 3]",
    "ag.sigmoid_binary_cross_entropy(M, t)": "bce(M, t)",
    "ag.sigmoid_binary_cross_entropy(V, B)": "bce(V, B)",
    "ag.sigmoid_binary_cross_entropy(V, B, p)": "bce(V, B, p)",
    "ag.sigmoid_binary_cross_entropy(V, B, pos_weight=n)": "bce(V, B, n)",
    "ag.sigmoid_binary_cross_entropy(V, B, w)": "bce(V, B, w)",
    "ag.softmax_cross_entropy(M, K2)": "ce(M, onehot(K2))",
    "ag.cross_entropy(M, K2)": "ce(M, onehot(K2))",
    "ag.softmax_cross_entropy(M, O, axis=0)": "ce(np.transpose(M), onehot(O, 2))",
    "ag.softmax_cross_entropy(M, t)": "ce(M, t)",
    "ag.cross_entropy(M, t)": "ce(M, t)",
    "ag.softmax_cross_entropy(M, OO)": "ce(M, OO)",
    "ag.softmax_cross_entropy(Z, abs(z))": "ce(Z, onehot(abs(z), 300))",
    "ag.nll_loss(Z, abs(z))": "-np.multiply(Z, 1.0)[abs(z)]",
    "ag.softmax_cross_entropy(V, k % 3)": "ce(V, onehot(k % 3))",
    "ag.softmax_cross_entropy(M, K2, label_smoothing=0.25)":
        "ce(M, 0.75 * onehot(K2) + 0.25 / 3)",
    "ag.softmax_cross_entropy(M, K2, weight=w, reduction='sum')":
        "2 * ce(M, onehot(K2) * np.asarray(w, float))",
    "ag.softmax_cross_entropy(M, K2, ignore_index=k)": None,
    "ag.softmax_cross_entropy(M, K2, where=np.asarray([[1, 1, 1]], bool))":
        "ce(M, onehot(K2))",
    "ag.layer_norm(M, 3, V, W)": "layer_norm(M, V, W)",
    "ag.layer_norm(M, 3, V, bias=W)": "layer_norm(M, V, W)",
    "ag.rms_norm(M, V, 0.5)": "M / np.sqrt(np.mean(M * 1.0 * M, -1, keepdims=True) + 0.5) * V",
    "ag.scaled_dot_product_attention(M, S, S)": "attention(M, S, S, 0.0)",
    "ag.scaled_dot_product_attention(M, S, S, V)": "attention(M, S, S, V)",
    "ag.embedding(K2, S)": "np.asarray(S)[np.asarray(K2)]",
    "ag.embedding(k % 3, S)": "np.asarray(S)[k % 3]",
    "ag.linear(M, S, V)": "np.matmul(M, S) + np.asarray(V)",
    "ag.linear(V, S, W)": "np.matmul(V, S) + np.asarray(W)",
    "ag.linear(T, M, V)": "np.matmul(T, M) + np.asarray(V)",
    "ag.linear(M, S, K)": "np.matmul(M, S) + np.asarray(K)",
    "ag.linear(M, S, x)": "np.matmul(M, S) + np.asarray(x)",
}  # fmt: skip
