"""Shared by several test files: tables of cases, their leaves, and small graphs.

A case of the first table is an expression, evaluated three times with the same inputs: by NumPy on
arrays, which says what value, shape and dtype are right and gives the differences; by NumPy on
Tensors, which is what is tested; and by HIPS autograd.
"""

import math
import xml.etree.ElementTree as ET
from functools import cache
from zlib import crc32

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.core.registry import PRIMITIVES
from tests import windows
from tests.budget import each

A = np.array([1.0, 2.0, 3.0])
M = np.arange(1.0, 7.0).reshape(2, 3)


def leaf(x=A, name=None, dtype=None):
    """Return a tensor that requires a gradient; integers become float64."""
    if dtype is None and np.asarray(x).dtype.kind in "iub":
        dtype = float
    return ag.tensor(x, requires_grad=True, name=name, dtype=dtype)


def named(name, t):
    t.name = name
    return t


def run(text, **names):
    """Evaluate an expression; tables of expressions read better than tables of lambdas."""
    return eval(text, {"np": np, "ag": ag, "math": math, "A": A, "M": M, "leaf": leaf, **names})


# ---- the inputs ---------------------------------------------------------------------------------


def drawn(low, high, signed):
    """A maker of inputs: ``real(2, 3)`` draws an array of that shape once its case is known.

    The numbers are exact in float32, so that both dtypes are tested at one point, and not closer
    to 0 than `low`, so that no difference is taken across a kink there.
    """

    def of_shape(*shape):
        def draw(rng):
            x = rng.uniform(low, high, shape) * (rng.choice([-1, 1], shape) if signed else 1)
            return np.asarray(x, np.float32).astype(float)

        return draw

    return of_shape


real, positive = drawn(0.2, 2, True), drawn(0.3, 2, False)
unit, above_one, zero = drawn(0.2, 0.8, True), drawn(1.2, 3, False), drawn(0, 0, False)


def matrix(*shape):
    """Return square matrices, far from singular, with eigenvalues and singular values far apart."""

    def draw(rng):
        spread = np.diag(np.arange(3.0, 3.0 * shape[-1] + 1, 3.0))
        return np.asarray(rng.uniform(-1, 1, shape) + spread, np.float32).astype(float)

    return draw


SHAPES = [(), (1,), (3,), (2, 3), (2, 1, 3), (0,), (2, 0, 3)]
PAIRS = [
    ((), ()), ((), (3,)), ((3,), ()), ((1,), (3,)), ((3,), (1,)), ((2, 3), (3,)), ((3,), (2, 3)),
    ((2, 1), (1, 3)), ((2, 3), (2, 3)), ((2, 1, 3), (4, 1)), ((4, 1), (2, 1, 3)), ((), (1, 1)),
    ((0,), ()), ((), (0, 2)), ((0, 3), (1, 3)), ((1, 3), (0, 3)), ((2, 0), (2, 1)),
]  # fmt: skip
MATRICES = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((1, 1), (1, 1)),
    ((2, 2, 3), (3,)), ((3,), (2, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)),
    ((2, 2, 3), (2, 3, 2)), ((1, 2, 3), (2, 3, 2)), ((2, 2, 3), (1, 3, 2)), ((1, 3), (2, 3, 2)),
    ((2, 1, 2, 3), (3,)), ((3,), (2, 1, 3, 2)), ((2, 1, 2, 3), (3, 2)), ((2, 3), (2, 1, 3, 2)),
    ((2, 1, 2, 3), (2, 3, 1)), ((2, 3, 1), (2, 1, 1, 2)), ((2, 1, 2, 3), (1, 2, 3, 1)),
    ((2, 0), (0, 3)), ((0, 2), (2, 3)), ((0,), (0,)), ((0, 2, 3), (3, 2)), ((2, 3), (0, 3, 2)),
]  # fmt: skip
#: stride, padding and dilation of windows, and an entry of each of 2 by 2 by 4 windows
WINDOWS = "(2, 1), ((1, 1), (0, 2)), (1, 2)"
NUMBERS = "n.array([[[3, 2, 4, 0], [2, 1, 0, 3]]] * 2)"
AXES = ["", ", 0", ", axis=-1", ", axis=(0, 2)", ", axis=(-1, 1)", ", axis=()",
        ", keepdims=True", ", axis=1, keepdims=True", ", axis=(-3, -1), keepdims=True"]  # fmt: skip

# ---- the table: primitive, expression in n (NumPy) and a b c, inputs ----------------------------

UNARY = {
    real: "neg=negative exp exp2 expm1 square abs=absolute fabs positive sin cos arctan sinh cosh "
    "tanh arcsinh sinc deg2rad deg2rad=radians rad2deg rad2deg=degrees sigmoid relu",
    positive: "log log2 log10 log1p sqrt cbrt reciprocal",
    unit: "tan arcsin arccos arctanh",
    above_one: "arccosh",
}
BINARY = {
    (real, real): "a+b:add a-b:sub a*b:mul a/b:div n.maximum(a,b):maximum n.minimum(a,b):minimum "
    "n.fmax(a,b):fmax n.fmin(a,b):fmin n.hypot(a,b):hypot n.arctan2(a,b):arctan2 "
    "n.logaddexp(a,b):logaddexp n.logaddexp2(a,b):logaddexp2 a%b:mod n.where(a>b,a,b):where "
    "n.fmod(a,b):fmod n.copysign(a,a*b)+0*b:copysign",
    (positive, real): "a**b:pow",
}
TABLE = [
    *((op.split("=")[0], f"n.{op.split('=')[-1]}(a)", draw(*shape))
      for draw, ops in UNARY.items() for op in ops.split() for shape in SHAPES),
    *((row.split(":")[1], row.split(":")[0], left(*a), right(*b))
      for (left, right), rows in BINARY.items() for row in rows.split() for a, b in PAIRS),
    *(("matmul", "a @ b", real(*a), real(*b)) for a, b in MATRICES),
    *((f, f"n.{f}(a{axis})", real(2, 3, 2))
      for f in ("sum", "mean", "max", "min", "prod", "logsumexp") for axis in AXES),
    *((f, f"n.{f}(a{axis})", real(*shape))
      for f in ("sum", "mean", "max", "min", "prod", "logsumexp")
      for axis, shape in [("", ()), ("", (1,)), (", axis=0", (1, 3)), (", axis=1", (0, 3))]),
    ("sum", "n.sum(a)", real(0, 3)), ("sum", "n.sum(a, axis=0)", real(0, 3)),
    ("sum", "n.add.reduce(a)", real(2, 3)), ("max", "n.amax(a, 0)", real(2, 3)),
    ("add", "a + a"), ("sub", "a - a * 2.0"), ("mul", "a * a"), ("div", "a / a"),
    ("div", "1 / a"), ("sub", "2 - a"), ("add", "1.5 + a"), ("neg", "-a"), ("abs", "abs(a)"),
    ("pow", "a ** a", positive(3)), ("pow", "2.0 ** a"), ("pow", "a ** 2"), ("pow", "a ** 3.0"),
    ("pow", "a ** 1"), ("pow", "a ** 0"), ("pow", "a ** -2"), ("pow", "a ** 0.5", positive(3)),
    ("pow", "a ** n.array([3.0, 1.0, 2.0])"), ("pow", "a ** n.array([3.0, 1.0, 2.0])", zero(3)),
    ("pow", "a ** 2", zero(3)), ("pow", "a ** 3", zero()), ("pow", "a ** b", positive(3), zero(3)),
    ("hypot", "n.hypot(a, b)", zero(3), positive(3)), ("square", "n.square(a)", zero(3)),
    ("arctan2", "n.arctan2(a, b)", zero(3), positive(3)), ("mod", "2 % a"),
    ("maximum", "n.maximum(a, 0)"), ("minimum", "n.minimum(0.5, a)"),
    ("where", "n.where(a > 0, a, a * a)"), ("where", "n.where([True, False, True], a, 0)"),
    ("where", "n.where(True, 1.0, a)"),
    ("where", "n.where([[True], [False]], a, b)", real(3), real(2, 1)),
    ("matmul", "a @ a", real(3)), ("matmul", "a @ a", real(2, 2)), ("matmul", "a @ a.T"),
    ("reshape", "n.reshape(a, -1)", real(2, 3)), ("reshape", "a.reshape(3, 2)", real(2, 3)),
    ("reshape", "a.reshape((1, -1, 1))"), ("reshape", "a.reshape(())", real(1, 1)),
    ("reshape", "a.reshape(1)", real()), ("reshape", "a.reshape(3, 0)", real(0, 2)),
    ("transpose", "a.T", real()), ("transpose", "a.T", real(2, 3, 2)),
    ("transpose", "n.transpose(a, (1, 2, 0))", real(2, 3, 4)), ("transpose", "a.T", real(0, 2)),
    ("transpose", "a.transpose(-1, 0, 1)", real(2, 3, 4)),
    ("transpose", "n.transpose(a, axes=(0, -1, -2))", real(2, 3, 1)),
    ("broadcast_to", "n.broadcast_to(a, (2, 3))"), ("broadcast_to", "n.broadcast_to(a, (3,))"),
    ("broadcast_to", "n.broadcast_to(a, (4, 2, 3))", real(2, 1)),
    ("broadcast_to", "n.broadcast_to(a, (2, 2))", real()),
    ("broadcast_to", "n.broadcast_to(a, (0, 3))"), ("broadcast_to", "n.broadcast_to(a, 3)", real()),
    ("expand_dims", "n.expand_dims(a, 0)"), ("expand_dims", "n.expand_dims(a, (0, -1))"),
    ("expand_dims", "n.expand_dims(a, axis=0)", real()),
    ("squeeze", "n.squeeze(a)", real(1, 3, 1)), ("squeeze", "n.squeeze(a, -1)", real(1, 3, 1)),
    ("squeeze", "a.squeeze(axis=(0, 2))", real(1, 3, 1)), ("squeeze", "n.squeeze(a)", real(1)),
    *(("getitem", f"a[{i}]", real(4, 3)) for i in (
        "1", "-1", "1:3", "::-2", "...", "..., 0", "None, 1", "2, 1", "[0, 2, 0]",
        "[[0, 1], [1, 1]]", "n.array([1, 1, 1])", "[0, 0], 1:", ":, [2, 0]", "[0, 0], [1, 1]",
        "[True, False, True, True]", "n.arange(12).reshape(4, 3) % 2 == 0", "None, ..., ::-1, None",
        "[[0], [3]], [1, 1]", "0:0", "[False] * 4", "n.int64(2)", "[0, 2], None, [1, 1]",
        "1, ..., [0, 0]", "a > 0", "True", "n.array([], int)",
    )),
    ("getitem", "a[()]", real()), ("getitem", "a[..., None]", real()),
    ("getitem", "a[1:]", real(1)), ("getitem", "a[0] * a[0] * a[2]"),
    ("scatter", "n.scatter(a, [1, 3, 1], (4,))"), ("scatter", "n.scatter(a, slice(0, 3), (5,))"),
    ("scatter", "n.scatter(a, ([0, 1, 0], [1, 1, 1]), (2, 3))"),
    ("concatenate", "n.concatenate([a, b])", real(2, 3), real(1, 3)),
    ("concatenate", "n.concatenate([a, b, a], axis=-1)", real(2, 3), real(2, 1)),
    ("concatenate", "n.concatenate((a, b), axis=None)", real(2, 3), real()),
    ("concatenate", "n.concatenate([a, b], 1)", real(2, 0), real(2, 3)),
    ("concatenate", "n.concatenate([a, [1.0, 2.0], b])", real(1), real(3)),
    ("concatenate", "n.concatenate([a])"), ("stack", "n.stack([a, a, b])", real(), real()),
    ("stack", "n.stack([a, b], axis=-1)", real(2, 3), real(2, 3)),
    ("stack", "n.stack([a, n.ones(3), b], 1)", real(3), real(3)),
    ("stack", "n.stack((a, b), axis=-2)", real(0, 3), real(0, 3)),
    ("astype", "n.astype(a, float)"),
    *((f.split("(")[0].split(".")[-1], f"n.{f}", real(3, 4)) for f in (
        "diagonal(a)", "diagonal(a, 1)", "flip(a)", "flip(a, axis=1)", "fliplr(a)", "flipud(a)",
        "moveaxis(a, 0, -1)", "delete(a, 1)", "delete(a, [0, 2], axis=1)", "cumprod(a)",
        "cumprod(a, axis=0)", "copy(a)", "unwrap(a)", "unwrap(a, axis=0, period=0.7)",
        "partition(a, 2)", "partition(a, 1, axis=0)", "partition(a, 5, axis=None)",
        "repeat(a, 2)", "repeat(a, [1, 0, 2], axis=0)",
        "roll(a, 2)", "roll(a, (1, -2), axis=(0, 1))", "rollaxis(a, 1)",
        "rot90(a)", "rot90(a, 3)", "rot90(a, 2)", "rot90(a, -1, (1, 0))", "swapaxes(a, 0, -1)",
        "rollaxis(a, 1, 2)", "rollaxis(a, -1, -2)", "moveaxis(a, (0, 1), (1, 0))",
        "take(a, [0, 5, 0])",
        "take(a, [[2, 0]], axis=1)", "tile(a, 2)", "tile(a, (2, 1, 2))", "sort(a)",
        "sort(a, axis=0)", "sort(a, axis=None)", "cumsum(a)", "cumsum(a, axis=1)",
        "take_along_axis(a, n.array([[0, 0], [1, 2], [3, 3]]), axis=1)",
        "nan_to_num(a)", "fft.fftshift(a)", "fft.ifftshift(a, axes=1)",
        "norm(a)", "norm(a, axis=0, keepdims=True)", "power_norm(a, 3, axis=1)",
        "power_norm(a, -1.5, axis=0, keepdims=True)",
    )),
    *((f.split("(")[0], f"n.{f}", real(2, 3, 4)) for f in (
        "moveaxis(a, 0, 1)", "moveaxis(a, source=(0, -1), destination=(1, 0))", "rollaxis(a, 2)",
        "rollaxis(a, 0, 3)", "rollaxis(a, 1, 1)", "flip(a, (0, 2))", "swapaxes(a, 2, 1)",
        "rot90(a, 1, axes=(2, 0))", "take(a, [1, 1, -1], axis=1)", "repeat(a, 2, axis=-1)",
        "max(a, axis=(0, 1))", "min(a, axis=(2, 1), keepdims=True)",
    )),
    *(("getitem", f"a[{i}]", real(2, 3, 4)) for i in (
        "[1, 0, 1]", "[[1], [1]]", ":, [0, -1, 0]", "[1, 1], [2, 2]", "[1, 1], :, [2, 2]",
        "..., [0, 0]", "[1, 1], None, 1:", "[[True, False, True], [False] * 3]",
        "[True, True], [0, 0]",
    )),
    *(("pad", f"n.pad(a, {options})", real(2, 3)) for options in (
        "1", "((0, 2), (1, 0))", "((2, 1), (0, 3)), constant_values=((1, 2), (3, 4))",
        "(1, 2), 'edge'", "(4, 1), 'reflect'", "(4, 3), 'symmetric'", "5, 'wrap'",
        "0", "2, mode='reflect', reflect_type='even'",
    )),
    ("pad", "n.pad(a, 2)", real(0)),
    *(("sliding_window_view", f"n.lib.stride_tricks.sliding_window_view(a, {options})", real(4, 5))
      for options in ("(2, 3)", "2, 0", "(3,), axis=-1", "(2, 2), axis=(1, 1)", "[1, 4], (1, 0)",
                      "(4, 5)", "(0, 2)")),
    ("fold_windows", "n.fold_windows(a, (2, 3), (0, 1), (4, 5))", real(3, 3, 2, 3)),
    ("fold_windows", "n.fold_windows(a, (2, 2), (0, 0), (4,))", real(2, 2, 2)),
    ("conv", "n.conv(a, b, (1,), ((1, 0),), (1,), 1)", real(2, 2, 4), real(3, 2, 2)),
    ("conv", f"n.conv(a, b, {WINDOWS}, 2)", real(2, 2, 3, 4), real(2, 1, 3, 2)),
    ("conv_input", "n.conv_input(a, b, (5,), (2,), ((1, 0),), (1,), 1)", real(2, 3, 3),
     real(3, 2, 2)),
    ("conv_input", f"n.conv_input(a, b, (3, 4), {WINDOWS}, 2)", real(2, 2, 2, 4),
     real(2, 1, 3, 2)),
    ("conv_weight", "n.conv_weight(a, b, (2,), (2,), ((1, 0),), (1,), 1)", real(2, 2, 5),
     real(2, 3, 3)),
    ("conv_weight", f"n.conv_weight(a, b, (3, 2), {WINDOWS}, 2)", real(2, 2, 3, 4),
     real(2, 2, 2, 4)),
    *(("spread_windows", f"n.spread_windows(a, {number}, (2, 3, 4), (3, 2), {WINDOWS})",
       real(2, 2, 4)) for number in ("None", NUMBERS)),
    *(("gather_windows", f"n.gather_windows(a, {number}, (3, 2), {WINDOWS})", real(2, 3, 4))
      for number in ("None", NUMBERS)),
    ("prod", "n.prod(a)", zero(3)), ("prod", "n.prod(a, axis=1)", real(2, 0)),
    ("cumprod", "n.cumprod(a, axis=1)", zero(2, 3)), ("copy", "n.copy(a)", real()),
    ("divisor", "n.divisor(a)"),
    ("heaviside", "n.heaviside([0.0, -1.0, 0.0], a)"),
    ("sinc_derivative", "n.sinc_derivative(a, 1)"), ("sinc_derivative", "n.sinc_derivative(a, 4)"),
    ("convolve", "n.convolve(a, b)", real(3), real(5)),
    ("convolve", "n.convolve(a, b)", real(4), real(1)),
    ("einsum", "n.einsum('ij,jk->ik', a, b)", real(2, 3), real(3, 2)),
    ("einsum", "n.einsum('ij,kj->k', a, b)", real(2, 3), real(4, 3)),
    ("einsum", "n.einsum('...i,i->...', a, b)", real(2, 3, 2), real(2)),
    ("einsum", "n.einsum('ij,jk->', a, b)", real(1, 3), real(3, 2)),
    ("inv", "n.linalg.inv(a)", matrix(3, 3)), ("inv", "n.linalg.inv(a)", matrix(2, 2, 2)),
    ("inv", "n.linalg.inv(a)", real(0, 0)), ("inv", "n.linalg.inv(a)", matrix(0, 2, 2)),
    ("solve", "n.linalg.solve(a, b)", matrix(3, 3), real(3)),
    ("solve", "n.linalg.solve(a, b)", matrix(3, 3), real(3, 2)),
    ("solve", "n.linalg.solve(a, b)", matrix(2, 2, 2), real(2, 1)),
    ("solve", "n.linalg.solve(a, b)", matrix(2, 2), real(3, 2, 1)),
    ("pinv", "n.linalg.pinv(a)", matrix(3, 3)), ("pinv", "n.linalg.pinv(a)", real(2, 3)),
    ("pinv", "n.linalg.pinv(a)", real(2, 3, 2)),
    ("lstsq", "n.linalg.lstsq(a, b)[0]", real(4, 2), real(4)),
    ("lstsq", "n.linalg.lstsq(a, b, rcond=None)[0]", real(2, 3), real(2, 2)),
    ("det", "n.linalg.det(a)", matrix(3, 3)), ("det", "n.linalg.det(a)", matrix(2, 2, 2)),
    ("det", "n.linalg.det(a)", zero(3, 3)), ("det", "n.linalg.det(a)", matrix(1, 1)),
    ("det", "n.linalg.det(a)", real(0, 0)),
    ("logabsdet", "n.linalg.slogdet(a)[1]", matrix(3, 3)),
    ("logabsdet", "n.linalg.slogdet(a)[1]", matrix(2, 2, 2)),
    ("cholesky", "n.linalg.cholesky(a)", matrix(3, 3)),
    ("cholesky", "n.linalg.cholesky(a)", matrix(2, 2, 2)),
    ("cholesky", "n.linalg.cholesky(a @ n.swapaxes(a, -1, -2))", matrix(3, 3)),
    ("eigh", "n.linalg.eigh(a)[0]", matrix(3, 3)), ("eigh", "n.linalg.eigh(a)[1]**2", matrix(3, 3)),
    ("eigh", "n.linalg.eigh(a, 'U')[1]**2", matrix(2, 2, 2)),
    ("eigvalsh", "n.linalg.eigvalsh(a)", matrix(3, 3)),
    ("eigvalsh", "n.linalg.eigvalsh(a, 'U')", matrix(2, 2, 2)),
    ("svdvals", "n.linalg.svd(a, compute_uv=False)", real(2, 3)),
    ("svdvals", "n.linalg.svd(a, compute_uv=False)", matrix(2, 2, 2)),
    ("svd", "n.linalg.svd(a)[0]**2", matrix(3, 3)),
    ("svd", "n.linalg.svd(a)[1]", matrix(2, 2, 2)),
    ("svd", "n.linalg.svd(a, full_matrices=False)[0]**2", matrix(3, 3)),
    ("svd", "n.linalg.svd(a, full_matrices=False)[2]**2", real(3, 2)),
    ("qr", "n.linalg.qr(a)[0]", matrix(3, 3)), ("qr", "n.linalg.qr(a)[1]", real(3, 2)),
    ("qr", "n.linalg.qr(a)[1]", matrix(2, 2, 2)), ("qr", "n.linalg.qr(a)[0]", real(2, 3)),
    *(("einsum", f"n.einsum('{subscripts}', a, b)", real(*a), real(*b))  # a length of one repeats
      for subscripts in ("ij,jk->ik", "ij,ij->i", "...j,...j->...")
      for a, b in [((3, 3), (1, 3)), ((3, 1), (3, 3)), ((3, 1), (1, 3)), ((3, 3), (1, 1))]),
]  # fmt: skip


# ---- one expression, three readers --------------------------------------------------------------


class Dialect:
    """The namespace `n` of an expression: a module, and the functions that NumPy lacks."""

    def __init__(self, module, **own):
        self.__dict__.update(own, module=module)

    def __getattr__(self, name):
        return getattr(self.module, name)


def _scatter(x, index, shape):
    y = np.zeros(shape, x.dtype)
    np.add.at(y, index, x)
    return y


def _fold_windows(x, window_shape, axis, shape):
    y = np.zeros(shape, x.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(y, window_shape, axis, writeable=True)
    for i in np.ndindex(x.shape):  # one by one: windows share entries
        windows[i] += x[i]
    return y


def dialect(module, **own):
    """Define relu, sigmoid and logsumexp with the functions of `module`."""
    return Dialect(
        module,
        relu=lambda x: (x > 0) * x,
        sigmoid=lambda x: 1 / (1 + module.exp(-x)),
        logsumexp=lambda x, *args, **kw: module.log(module.sum(module.exp(x), *args, **kw)),
        astype=lambda x, dtype: x.astype(dtype),
        norm=lambda x, *args, **kw: module.linalg.norm(x, None, *args, **kw),
        divisor=lambda y: y + (y == 0),
        power_norm=lambda x, p, *args, **kw: module.linalg.norm(x, p, *args, **kw),
        **own,
    )


def _sinc_derivative(x, n):
    """Return the n-th derivative of ∫ cos(πxt) dt from 0 to 1, by Gauss's quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(30)
    t = np.pi * (nodes + 1) / 2
    values = t**n * np.cos(np.multiply.outer(x, t) + n * np.pi / 2) @ (weights / 2)
    return values.astype(x.dtype)


PLAIN = dialect(
    np,
    scatter=_scatter,
    fold_windows=_fold_windows,
    sinc_derivative=_sinc_derivative,
    **windows.DEFINITIONS,
)
_EXTRA = [
    *windows.DEFINITIONS,
    "scatter",
    "fold_windows",
    "sinc_derivative",
    "norm",
    "power_norm",
    "divisor",
]
TAPE = Dialect(
    np,
    relu=ag.relu,
    sigmoid=ag.sigmoid,
    logsumexp=ag.logsumexp,
    **{name: PRIMITIVES[name] for name in _EXTRA},
    astype=lambda x, dtype: x.astype(dtype),
)


class Case:
    def __init__(self, op, text, *inputs):
        self.op, self.text = op, text
        self.f = eval(f"lambda n, a, b=None: {text}")
        rng = np.random.default_rng(crc32(text.encode()))
        self.inputs = [draw(rng) for draw in inputs or (real(3),)]
        self.cotangent = np.asarray(rng.uniform(0.5, 1.5, np.shape(self.f(PLAIN, *self.inputs))))
        self.directions = [rng.normal(size=x.shape) for x in self.inputs]

    def __repr__(self):
        return f"{self.text} {' '.join(str(x.shape).replace(' ', '') for x in self.inputs)}"

    @cache  # noqa: B019
    def gradients(self):
        """Return central differences of NumPy's values."""
        return differences(lambda xs: np.sum(self.f(PLAIN, *xs) * self.cotangent), self.inputs)


def assert_close(x, y, rtol, atol):
    """Call `np.testing.assert_allclose` only if it could fail, because it is slow."""
    if np.shape(x) != np.shape(y) or not np.allclose(x, y, rtol, atol, equal_nan=True):
        np.testing.assert_allclose(x, y, rtol, atol)


def differences(f, xs):
    """Return central differences of the number f(xs) for every entry."""
    xs = [x.copy() for x in xs]
    found = [np.empty(x.shape) for x in xs]
    for x, slopes in zip(xs, found):
        for i in np.ndindex(x.shape):
            at = x[i]
            x[i] = above = at + 6e-6
            value = f(xs)
            x[i] = below = at - 6e-6
            slopes[i] = (value - f(xs)) / (above - below)
            x[i] = at
    return found


CASES = [Case(*row) for row in TABLE]
#: of each expression, the case with most numbers; and the other cases
LARGEST = list(
    {c.text: c for c in sorted(CASES, key=lambda c: sum(x.size for x in c.inputs))}.values()
)
OTHERS = [c for c in CASES if c not in LARGEST]
#: of each primitive, the case with most numbers; and the other cases
FEW = list({c.op: c for c in sorted(LARGEST, key=lambda c: sum(x.size for x in c.inputs))}.values())
MANY = [c for c in CASES if c not in FEW]


def every(cases, group=lambda case: case.op):
    """Run a test of one case for each of `cases`; all cases of a primitive are one pytest item."""
    groups = {}
    for case in cases:
        groups.setdefault(group(case), []).append(case)

    def decorated(test):
        def run_all(op):
            each(groups[op])(test)()

        run_all.__doc__ = test.__doc__
        return pytest.mark.parametrize("op", groups)(run_all)

    return decorated


every_case = every(CASES)

# How the data of an argument lie in memory: what the leaf holds, and its view that is the argument.
LAYOUTS = {
    "contiguous": (lambda x: x, lambda t: t),
    "transposed": (lambda x: x.T, lambda t: t.T),
    "strided": (lambda x: np.stack([x, x - 7], axis=-1), lambda t: t[..., 0]),
}


def layouts(case):
    """Return the layouts that differ: a transposed scalar or vector has the same layout."""
    several = any(x.ndim > 1 for x in case.inputs)
    return [name for name in LAYOUTS if several or name != "transposed"]


def dtypes(case, *several):
    """Return the pairs of dtypes that differ if there is only one argument."""
    return list(dict.fromkeys(d[: len(case.inputs)] for d in several))


# ---- fused nodes ---------------------------------------------------------------------------------

RNG = np.random.default_rng(0)
Z = RNG.normal(size=5)
N, C = 4, 5
BATCH = RNG.normal(size=(N, C))
INDICES = np.array([0, 3, 3, 1])
ONE_HOT = np.eye(C)[INDICES]
WEIGHTS = RNG.normal(size=(N, C))  # any real numbers: rows sum to anything
KEPT = np.array([[1, 1, 0, 1, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0]], bool)
IMAGES, FILTERS = RNG.normal(size=(2, 2, 3, 3)), RNG.normal(size=(3, 2, 2, 3))
P = np.exp(BATCH) / np.exp(BATCH).sum(axis=1, keepdims=True)

#: name of the node -> the inputs to compare at, and which of them are differentiable
FUSED_CASES = {
    "logsumexp": [
        ((BATCH,), {}),
        ((BATCH,), {"axis": 0}),
        ((BATCH,), {"axis": (0, -1)}),
        ((BATCH,), {"axis": 1, "keepdims": True}),
        ((BATCH,), {"axis": 1, "where": KEPT}),
        ((Z,), {}),
        ((Z[0],), {}),
    ],
    "softmax": [
        ((BATCH,), {}),
        ((BATCH,), {"axis": 0}),
        ((BATCH,), {"where": KEPT}),
        ((BATCH,), {"temperature": 0.5, "where": KEPT[0]}),
        ((Z,), {"temperature": 3.0}),
        ((BATCH.reshape(2, 2, C),), {"axis": (0, -1), "temperature": 0.5}),
        ((BATCH,), {"axis": None}),
    ],
    "log_softmax": [
        ((BATCH,), {}),
        ((BATCH,), {"axis": 0}),
        ((BATCH,), {"temperature": 0.5}),
        ((Z,), {}),
        ((BATCH.reshape(2, 2, C),), {"axis": (2, 0), "temperature": 0.5}),
        ((BATCH,), {"axis": None}),
        ((BATCH,), {"axis": np.int64(0)}),
    ],
    "SoftmaxCrossEntropy": [
        ((BATCH, INDICES), {}),
        ((BATCH, ONE_HOT), {}),
        ((BATCH, WEIGHTS), {}),
        ((Z, np.array(2)), {}),
        ((Z, WEIGHTS[0]), {}),
        ((BATCH.reshape(2, 2, C), INDICES.reshape(2, 2)), {}),
        ((BATCH.reshape(2, 2, C), WEIGHTS.reshape(2, 2, C)), {}),
        ((BATCH[:, :1], WEIGHTS[:, :1]), {}),
        ((BATCH.T, WEIGHTS.T), {}),
        ((BATCH[::2], INDICES[::2]), {}),
        ((np.tile(BATCH, (2, 20)), np.tile(INDICES, 2)), {}),
        ((BATCH, INDICES), {"reduction": "sum"}),
        ((BATCH, INDICES), {"reduction": "none"}),
        ((BATCH, WEIGHTS), {"reduction": "none"}),
        ((BATCH.T, INDICES), {"axis": 0}),
        ((BATCH.reshape(2, C, 2), INDICES.reshape(2, 2)), {"axis": 1, "reduction": "none"}),
        ((BATCH.reshape(2, C, 2), WEIGHTS.reshape(2, C, 2)), {"axis": 1}),
        ((np.tile(BATCH, (2, 20)).reshape(2, 100, 4), INDICES[None].repeat(2, 0)), {"axis": 1}),
        ((BATCH, WEIGHTS[0]), {}),
        ((BATCH, WEIGHTS[:, :1]), {"reduction": "sum"}),
        ((BATCH.reshape(2, 2, C), WEIGHTS[:2].reshape(2, 1, C)), {"reduction": "none"}),
        ((BATCH[:0], INDICES[:0]), {}),
        ((BATCH[:0], WEIGHTS[:0]), {"reduction": "sum"}),
    ],
    "mse_loss": [
        ((BATCH, WEIGHTS), {}),
        ((BATCH, WEIGHTS[0]), {"reduction": "sum"}),
        ((BATCH, WEIGHTS[:, :1]), {"reduction": "none"}),
    ],
    "nll_loss": [
        ((np.log(P), INDICES), {}),
        ((np.log(P), INDICES), {"reduction": "none"}),
        ((Z, np.array(2)), {"reduction": "sum"}),
    ],
    "sigmoid_binary_cross_entropy": [
        ((BATCH, P), {}),
        ((BATCH, ONE_HOT), {"reduction": "sum"}),
        ((BATCH, P[0]), {"pos_weight": np.linspace(1, 2, C), "reduction": "none"}),
    ],
    "softplus": [((BATCH,), {})],
    "conv1d": [
        ((IMAGES[:, :, 0], FILTERS[:, :, 0], WEIGHTS[:3, 0]), {}),
        ((IMAGES[0, :, 0], FILTERS[:, :, 0]), {"padding": "same", "dilation": 2}),
    ],
    "conv2d": [
        ((IMAGES, FILTERS, WEIGHTS[:3, 0]), {}),
        ((IMAGES, FILTERS), {"stride": (2, 1), "padding": 1, "dilation": (1, 2)}),
        ((IMAGES[0], FILTERS[:2, :1], WEIGHTS[:2, 0]), {"groups": 2, "padding": "same"}),
    ],
    "max_pool2d": [
        ((-IMAGES,), {"kernel_size": 2}),  # its first entry is a maximum
        ((IMAGES[0],), {"kernel_size": (3, 2), "stride": 1, "padding": 1, "dilation": (1, 2)}),
    ],
    "avg_pool2d": [
        ((IMAGES,), {"kernel_size": 2}),
        ((IMAGES[0],), {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    ],
    "gelu": [((BATCH,), {})],
    "layer_norm": [
        ((BATCH, WEIGHTS[0], WEIGHTS[1]), {}),
        ((Z, WEIGHTS[0], WEIGHTS[1]), {"eps": 0.1}),
        ((BATCH.reshape(2, 2, C), WEIGHTS[:2], WEIGHTS[2:]), {"axes": 2}),
        ((BATCH, WEIGHTS[0]), {}),
        ((BATCH,), {}),
    ],
    "rms_norm": [
        ((BATCH, WEIGHTS[0]), {}),
        ((BATCH.reshape(2, 2, C),), {"eps": 0.1}),
        ((Z, WEIGHTS[0]), {}),
    ],
    "batch_norm": [
        ((BATCH, WEIGHTS[0], WEIGHTS[1]), {}),
        ((BATCH, WEIGHTS[0]), {"eps": 0.1}),
        ((BATCH,), {"mean": WEIGHTS[1], "var": np.square(WEIGHTS[2])}),
        ((WEIGHTS.reshape(N, 1, C), WEIGHTS[0, :1], WEIGHTS[1, :1]), {}),
        ((np.tile(WEIGHTS, 2).reshape(N, 5, 2, 1), WEIGHTS[0], WEIGHTS[1]), {"eps": 0.1}),
        ((BATCH.reshape(2, 2, C), Z[:2], Z[3:]), {"mean": Z[:2], "var": np.square(Z[2:4])}),
    ],
    "linear": [
        ((BATCH, WEIGHTS.T, WEIGHTS[:, 0]), {}),
        ((Z, WEIGHTS.T, WEIGHTS[:, 0]), {}),
        ((BATCH.reshape(2, 2, C), WEIGHTS.T, WEIGHTS[:, 0]), {}),
        ((BATCH[:1, :1], WEIGHTS[:1, :3], WEIGHTS[0, :3]), {}),
        ((BATCH, WEIGHTS.T, WEIGHTS[:1, :4]), {}),
        ((BATCH, WEIGHTS.T, WEIGHTS[0, 0]), {}),
    ],
    "attention": [
        ((BATCH, WEIGHTS, BATCH[:, :3]), {}),
        ((BATCH, WEIGHTS, BATCH[:, :3]), {"is_causal": True}),
        ((BATCH[:2], WEIGHTS[:3], BATCH[:3], BATCH[:2, :3]), {}),
        ((BATCH, WEIGHTS[:3], BATCH[:3], KEPT[:, [0, 3, 1]]), {}),
        ((BATCH.reshape(2, 1, 2, C), WEIGHTS.reshape(1, 2, 2, C), WEIGHTS.reshape(2, 2, C)), {}),
    ],
    "dropout": [
        ((BATCH, KEPT), {"p": 0.25}),
        ((BATCH, np.zeros_like(KEPT)), {"p": 1.0}),
    ],
    "lstm_cell": [((BATCH[:, :4], BATCH[:, 4:]), {}), ((Z[:4], Z[4:]), {})],
    "lstm_output": [((BATCH[:, :4], BATCH[:, 4:]), {}), ((Z[:4], Z[4:]), {})],
    "gru_cell": [
        ((BATCH[:, :3], WEIGHTS[:4, :3], BATCH[:, 4:]), {}),
        ((Z[:3], WEIGHTS[0, :3], Z[4:]), {}),
    ],
    "embedding": [
        ((INDICES, BATCH), {}),
        ((INDICES.reshape(2, 1, 2), BATCH), {}),
        ((INDICES[0], BATCH), {}),
        ((INDICES[:0], BATCH), {}),
    ],
}


def differentiated(f, arrays, kwargs, order):
    """Return value, gradients, and at order 2 the gradients of the contracted gradients."""
    leaves = [leaf(a) if a.dtype.kind == "f" else a for a in arrays]
    active = [x for x in leaves if isinstance(x, ag.Tensor)]
    y = f(*leaves, **kwargs)
    cotangent = np.linspace(0.5, 1.5, y.size).reshape(y.shape).astype(y.dtype)
    if order == 1:
        y.backward(cotangent)
        return [y.numpy(), *(x.grad for x in active)]
    first = ag.gradients(y, active, cotangent)
    total = sum((g * np.cos(np.arange(g.size)).reshape(g.shape)).sum() for g in first)
    return [g.data for g in (*first, *ag.gradients(total, active))]


# ---- graphs to draw ------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def softmax_chain():
    z, y = leaf([2.0, 1.0, 0.1], "z"), ag.tensor([0.0, 1.0, 0.0], name="y")
    with ag.scope("softmax"):
        e = named("e", np.exp(z))
        p = named("ŷ", e / named("s", e.sum()))
    with ag.scope("cross-entropy"):
        weighted = named("p", y * named("ℓ", np.log(p)))
        return named("L", -named("S", weighted.sum()))


def stages():
    h = leaf([1.0, -0.5], "x")
    for i in range(4):
        with ag.scope(f"stage {i}"):
            for j in range(3):
                with ag.scope(f"block {j}"):
                    h = np.tanh(h) * leaf(1.1)
    return named("L", h.sum())


def texts(svg):
    """Return the texts of a picture in the order of the file."""
    return ["".join(t.itertext()) for t in ET.fromstring(svg).iter(f"{SVG}text")]


# ---- the variables of the pairs in core/remedies.py and core/remedies_jax.py ---------------------


def pytorch_names():
    """Return the variables of a line that is written for PyTorch, and our modules."""
    x = np.array([[1.0, -2.0, 6.0], [3.5, 4.0, -5.0]])
    t = np.array([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]])
    w = leaf(x)
    np.sum(w * w).backward()
    arrays = {
        "x": leaf(x),
        "t": ag.tensor(t),
        "u": ag.tensor(2 * t),
        "w": w,
        "p": ag.tensor(t[::-1]),
    }
    arrays |= {"a": ag.tensor(t[0]), "b": ag.tensor(x[1]), "m": ag.tensor([[2.0, 1.0], [1.0, 3.0]])}
    arrays |= {"c": np.array([0, 2]), "i": np.array([[0, 2], [1, 1]])}
    rng = np.random.default_rng(0)
    modules = {"np": np, "ag": ag, "nn": nn, "optim": optim, "rng": rng}
    modules["model"] = nn.Sequential(nn.Linear(3, 2), np.tanh)
    return {**arrays, **modules, "f": lambda x: np.sum(np.exp(x) * x)}


def jax_names(np):
    """Return the variables of a line that is written for JAX or autograd, with their NumPy."""
    return {
        "f": lambda x: np.sum(np.exp(x) * x),
        "h": lambda x: np.sin(x) * 2,
        "s": lambda x: (np.sum(x**2), np.array(7.0)),
        "p": lambda a, b: np.sum(a * b**2),
        "x": np.array([0.5, -1.0, 2.0]),
        "v": np.array([1.0, 2.0, -0.5]),
        "t": np.array([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]]),
        "c": np.array([0, 2]),
        "lr": 0.1,
        "np": np,
        "ag": ag,
    }
