"""Normalisations, compared with PyTorch, with their definitions and with differences."""

from functools import partial
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from tests.cases import leaf

RNG = np.random.default_rng(5)
X = RNG.normal(size=(4, 3, 2, 5))
W, B = RNG.normal(size=(2, 3))
ROW_W, ROW_B = RNG.normal(size=(2, 5))
SHAPES = [(4, 3), (4, 3, 5), (4, 3, 2, 5), (2, 3)]


def definition(x, axis, weight=1.0, bias=0.0, eps=1e-5, centre=True):
    """Return the textbook's formula in extended precision."""
    x = x.astype(np.longdouble)
    mean = x.mean(axis=axis, keepdims=True) if centre else 0
    s = np.sqrt(np.square(x - mean).mean(axis=axis, keepdims=True) + eps)
    return (x - mean) / s * weight + bias


def with_gradients(f, *arrays):
    """Return the value and the gradients of a function, for a cotangent that differs by entry."""
    leaves = [leaf(a, dtype=a.dtype) for a in arrays]
    y = f(*leaves)
    y.backward(np.cos(np.arange(y.size)).reshape(y.shape).astype(y.dtype))
    return [y.numpy(), *(t.grad for t in leaves)]


def in_torch(f, *arrays):
    torch = pytest.importorskip("torch")
    leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = f(torch.nn.functional, *leaves)
    y.backward(torch.cos(torch.arange(y.numel(), dtype=y.dtype)).reshape(y.shape))
    return [y.detach().numpy(), *(t.grad.numpy() for t in leaves)]


def assert_close(found, expected, rtol=1e-10):
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)


# ---- PyTorch -------------------------------------------------------------------------------------


@pytest.mark.peers
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_agrees_with_pytorch(shape, dtype):
    torch = pytest.importorskip("torch")
    x, w, b = (a.astype(dtype) for a in (np.resize(X, shape), W, B))
    mean, var = np.array([0.5, -1, 2], dtype), np.array([1, 2, 0.5], dtype)
    their_mean, their_var = torch.tensor(mean), torch.tensor(var)
    for training in (True, True, False):
        options = {"training": training, "momentum": 0.3, "eps": 1e-3}
        ours = partial(ag.batch_norm, **options)
        theirs = partial(torch.nn.functional.batch_norm, **options)
        assert_close(
            with_gradients(lambda x, *p, f=ours: f(x, mean, var, *p), x, w, b),
            in_torch(lambda _, x, *p, f=theirs: f(x, their_mean, their_var, *p), x, w, b),
            1e-10 if dtype == "float64" else 2e-5,
        )
        assert_close([mean, var], [their_mean.numpy(), their_var.numpy()], 1e-6)


@pytest.mark.peers
@pytest.mark.parametrize("shape", [(5,), (2, 5), (3, 2, 5)])
def test_layer_norm_agrees_with_pytorch(shape):
    w, b = RNG.normal(size=(2, *shape))
    for parameters in ((), (w,), (w, b)):
        assert_close(
            with_gradients(lambda x, *p: ag.layer_norm(x, shape, *p), X, *parameters),
            in_torch(lambda f, x, *p: f.layer_norm(x, shape, *p), X, *parameters),
        )
    assert_close(
        with_gradients(lambda x, b: ag.layer_norm(x, shape, None, b), X, b),
        in_torch(lambda f, x, b: f.layer_norm(x, shape, None, b), X, b),
    )


@pytest.mark.peers
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rms_norm_agrees_with_pytorch(dtype):
    x, w = X.astype(dtype), ROW_W.astype(dtype)
    for eps, parameters in product((None, 0.25), ((), (w,))):
        assert_close(
            with_gradients(partial(ag.rms_norm, eps=eps), x, *parameters),
            in_torch(lambda f, x, *p, eps=eps: f.rms_norm(x, (5,), *p, eps=eps), x, *parameters),
            1e-10 if dtype == "float64" else 2e-5,
        )


# ---- definitions and differences -----------------------------------------------------------------

CALLS = {
    "layer_norm": lambda x, w, b: ag.layer_norm(x, None, w[:1] * ROW_W, b[:1] + ROW_B),
    "layer_norm, two axes": lambda x, w, b: ag.layer_norm(x, (2, 5), eps=0.1) * w.sum() + b.sum(),
    "rms_norm": lambda x, w, b: ag.rms_norm(x, w[:1] * ROW_W) + b.sum(),
    "batch_norm": lambda x, w, b: ag.batch_norm(x, None, None, w, b, training=True),
    "batch_norm, running": lambda x, w, b: ag.batch_norm(x, W, W * W, w, b),
}


@pytest.mark.parametrize("name", CALLS)
def test_derivatives_are_those_of_differences(name):
    f = CALLS[name]
    ag.gradcheck(f, X[:2], W, B, order=2)


shapes = st.tuples(st.integers(2, 5), st.integers(1, 4), st.integers(1, 3), st.integers(1, 4))
layouts = st.sampled_from([lambda x: x, lambda x: x[..., ::-1], np.asfortranarray])


@given(shapes, st.integers(1, 4), st.sampled_from("efd"), layouts, st.integers(0, 99))
def test_norms_of_any_shape_equal_their_definitions(shape, ndim, dtype, layout, seed):
    x = layout(np.random.default_rng(seed).normal(size=shape[-max(ndim, 2) :]).astype(dtype))
    tolerance = {"e": 4e-3, "f": 1e-4, "d": 1e-10}[dtype]
    calls = [
        (lambda x: ag.layer_norm(x, x.shape[-1:], eps=0.1), -1, {}),
        (lambda x: ag.rms_norm(x, eps=0.1), -1, {"centre": False}),
    ]
    if x.size > x.shape[1]:
        over = (0, *range(2, x.ndim))
        calls.append((lambda x: ag.batch_norm(x, training=True, eps=0.1), over, {}))
    for f, axis, options in calls:
        expected = definition(x, axis, eps=0.1, **options)
        for y in (f(x), f(leaf(x, dtype=x.dtype)).data):
            assert y.dtype == x.dtype
            np.testing.assert_allclose(y, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_large_offset_costs_no_digits(dtype):
    x = (np.resize(X, (64, 16)) + np.arange(64)[:, None] * 1e-2 + 1e6).astype(dtype)
    tolerance = 20 * np.finfo(dtype).eps
    for y, axis in ((ag.layer_norm(x, eps=0.0), -1), (ag.batch_norm(x, training=True, eps=0.0), 0)):
        np.testing.assert_allclose(y, definition(x, axis, eps=0), rtol=0, atol=tolerance * 4)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_equal_entries_have_finite_gradients(dtype):
    x, w = np.full((4, 3), 7.3, dtype), np.ones(3, dtype)
    for f in (
        lambda x, w: ag.layer_norm(x, 3, w),
        lambda x, w: ag.batch_norm(x, weight=w, training=True),
        lambda x, w: ag.rms_norm(x * 0, w),
    ):
        y, *gradients = with_gradients(f, x, w)
        np.testing.assert_allclose(y, 0, atol=1e-2)
        assert all(np.isfinite(g).all() and g.dtype == dtype for g in gradients)


def test_parameters_of_other_dtypes_promote():
    x = X[:, :, 0, 0].astype(np.float32)
    assert ag.layer_norm(leaf(x, dtype=x.dtype), 3, W).dtype == np.float64
    assert ag.rms_norm(x, W.astype(np.float16)).dtype == np.float32
    assert ag.batch_norm(x, W, W * W).dtype == np.float32  # statistics are not parameters
    assert ag.batch_norm(x, training=True, eps=np.float64(0.1)).dtype == np.float32
    assert ag.layer_norm([[1, 2, 3]], weight=[1, 1, 2]).dtype == np.float64


# ---- running statistics --------------------------------------------------------------------------


def test_training_moves_running_statistics_by_momentum():
    x, mean, var = X[:, :, 0, 0], np.zeros(3), np.ones(3)
    ag.batch_norm(leaf(x), mean, var, training=True, momentum=0.25)
    np.testing.assert_allclose(mean, 0.25 * x.mean(axis=0))
    np.testing.assert_allclose(var, 0.75 + 0.25 * x.var(axis=0, ddof=1))


def test_only_calls_in_training_move_running_statistics():
    x, mean, var = leaf(X), np.zeros(3, np.float32), np.ones(3, np.float32)
    with ag.no_grad():
        ag.batch_norm(x, mean, var, training=True)
    once = mean.copy(), var.copy()
    mean[:], var[:] = 0, 1
    y = ag.batch_norm(x, mean, var, training=True)
    np.testing.assert_allclose([mean, var], once, rtol=1e-6)
    once = mean.copy(), var.copy()
    ag.batch_norm(x, mean, var)
    ag.gradients(y.sum(), x)
    y.sum().backward()
    ag.latex(y.sum()), ag.source(y.sum()), ag.draw(y.sum(), unfuse=True)
    np.testing.assert_array_equal([mean, var], once)


REFUSED = {
    "one value": (lambda x, m, v: ag.batch_norm(x[:1], m, v, training=True), "more than one value"),
    "no values": (lambda x, m, v: ag.batch_norm(x[:0], m, v, training=True), "got 0"),
    "no channels": (lambda x, m, v: ag.batch_norm(x[:, :0], training=True), "no entries"),
    "no batch": (lambda x, m, v: ag.batch_norm(x[0], m, v, training=True), "Add an axis"),
    "one statistic": (lambda x, m, v: ag.batch_norm(x, m, training=True), "both"),
    "no statistics": (lambda x, m, v: ag.batch_norm(x), "pass training=True"),
    "statistics of another shape": (
        lambda x, m, v: ag.batch_norm(x, m, v[:1], training=True),
        r"running_var is a float64 array of shape \(1,\), but it must have shape \(3,\)",
    ),
    "a read-only statistic": (
        lambda x, m, v: ag.batch_norm(x, m, np.broadcast_to(1.0, 3), training=True),
        "running_var is read-only",
    ),
    "weight of another shape": (
        lambda x, m, v: ag.batch_norm(x, m, v, np.ones(1), training=True),
        r"'x' \(float64, shape \(4, 3\)\): weight is .* must have shape \(3,\)",
    ),
    "bias of another shape": (lambda x, m, v: ag.layer_norm(x, 3, bias=np.ones((1, 3))), "bias is"),
    "another normalized_shape": (lambda x, m, v: ag.layer_norm(x, 4), r"pass \(3,\)"),
    "an empty row": (lambda x, m, v: ag.layer_norm(x[:, :0]), "no mean"),
    "a number": (lambda x, m, v: ag.rms_norm(2.0), "at least one axis"),
    "weights of another row": (lambda x, m, v: ag.rms_norm(x, np.ones(4)), "weight is"),
}
TEXT = np.full((4, 3), "a")
WRONG_TYPES = {
    "a list": (lambda x, m, v: ag.batch_norm(x, [0.0] * 3, v, training=True), "NumPy array of"),
    "integers": (lambda x, m, v: ag.batch_norm(x, m.astype(int), v, training=True), "of floats"),
    "a tensor": (lambda x, m, v: ag.batch_norm(x, ag.tensor(m), v), "a float64 tensor"),
    "momentum": (lambda x, m, v: ag.batch_norm(x, m, v, training=True, momentum=None), "momentum"),
    "eps": (lambda x, m, v: ag.layer_norm(x, 3, m, v, m), "eps must be a number"),
    "parameters in place of a shape": (lambda x, m, v: ag.layer_norm(x, m, v), "weight="),
    "text": (
        lambda x, m, v: ag.batch_norm(np.array([["a"] * 3] * 4), m, v, training=True),
        "batch_norm of",
    ),
}


@pytest.mark.parametrize("name", [*REFUSED, *WRONG_TYPES])
def test_wrong_arguments_raise_and_change_nothing(name):
    f, message = {**REFUSED, **WRONG_TYPES}[name]
    mean, var = np.zeros(3), np.ones(3)
    with pytest.raises(ValueError if name in REFUSED else TypeError, match=message):
        f(leaf(X[:, :, 0, 0], "x"), mean, var)
    np.testing.assert_array_equal([mean, var], [np.zeros(3), np.ones(3)])


# ---- programs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CALLS)
def test_compiled_norms_give_the_eager_bits(name, dtype):
    f = ag.value_and_grad(lambda x, w, b: (CALLS[name](x, w, b) ** 3).sum(), argnums=(0, 1, 2))
    arrays = [a.astype(dtype) for a in (X, W, B)]
    (value, gradients), (compiled, others) = f(*arrays), ag.compile(f)(*arrays)
    assert value == compiled
    for a, b in zip(gradients, others):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("active", [*product((True, False), repeat=3)][:-1])
def test_compiled_norms_take_constants_for_any_argument(active):
    """A constant of the program is a plain array, which nothing traced can be written into."""
    arrays = [np.resize(X, (6, 3)), W, B]
    moving = [a for a, is_moving in zip(arrays, active) if is_moving]

    def loss(*moved):
        left = iter(moved)
        x, w, b = (next(left) if is_moving else a for a, is_moving in zip(arrays, active))
        y = ag.layer_norm(x, 3, w, b) + ag.batch_norm(x, weight=w, bias=b, training=True)
        return (y + ag.rms_norm(x, w)).sum()

    f = ag.value_and_grad(loss, argnums=tuple(range(len(moving))))
    (value, gradients), (compiled, others) = f(*moving), ag.compile(f)(*moving)
    assert value == compiled
    for a, b in zip(gradients, others):
        np.testing.assert_array_equal(a, b)


def test_compiled_evaluation_sees_new_running_statistics():
    mean, var = np.zeros(3), np.ones(3)
    compiled = ag.compile(lambda x: ag.batch_norm(x, mean, var))
    for _ in range(2):
        np.testing.assert_array_equal(compiled(X), ag.batch_norm(X, mean, var))
        ag.batch_norm(X, mean, var, training=True)


def test_check_fused_takes_the_public_functions():
    x = X[:, :, 0, 0]
    for f, *arguments, options in (
        (ag.layer_norm, None, W, B, {}),
        (ag.layer_norm, 3, {"weight": W, "bias": B}),
        (ag.rms_norm, W, {}),
        (ag.batch_norm, None, None, W, B, {"training": True}),
        (ag.batch_norm, {"running_mean": W, "running_var": W * W}),
    ):
        report = ag.check_fused(f, x, *arguments, strict=True, **options)
        assert report.records == 1
        assert report.graph_records > 1
