"""Pooling, compared with its graph and with PyTorch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from tests.budget import examples
from tests.cases import leaf

RNG = np.random.default_rng(9)
X = RNG.integers(0, 4, size=(2, 3, 6, 7)) * 1.0  # with many ties
OPTIONS = {
    "default": {"kernel_size": 2},
    "overlapping": {"kernel_size": (3, 2), "stride": 1},
    "padding": {"kernel_size": 3, "stride": 2, "padding": 1},
    "a row": {"kernel_size": (1, 4), "stride": (2, 3), "padding": (0, 2)},
}
POOLS = {"max_pool2d": {"dilation": 2}, "avg_pool2d": {"count_include_pad": False}}
CASES = [(pool, {**options, **more}) for pool, own in POOLS.items()
         for options in OPTIONS.values() for more in ({}, own)]  # fmt: skip


@pytest.mark.parametrize(("pool", "options"), CASES)
def test_pools_equal_their_graphs_also_at_ties(pool, options):
    node = getattr(ag, pool)
    for array in (X, X[0], X.astype(np.float32)):
        x, z = leaf(array), leaf(array)
        y, other = node(x, **options), node.unfused(z, **options)
        np.testing.assert_allclose(y.data, other.data, rtol=1e-6)
        assert y.dtype == array.dtype
        cotangent = np.cos(np.arange(y.size, dtype=array.dtype)).reshape(y.shape)
        (again,) = ag.gradients(node(x, **options), [x], cotangent)
        y.backward(cotangent)
        other.backward(cotangent)
        np.testing.assert_allclose(x.grad, z.grad, atol=1e-6)
        np.testing.assert_allclose(again.data, z.grad, atol=1e-6)


@pytest.mark.peers
@pytest.mark.parametrize(("pool", "options"), CASES)
def test_pools_agree_with_pytorch(pool, options):
    torch = pytest.importorskip("torch")
    x, t = leaf(X), torch.tensor(X, requires_grad=True)
    y, z = getattr(ag, pool)(x, **options), getattr(torch.nn.functional, pool)(t, **options)
    np.testing.assert_allclose(y.data, z.detach().numpy(), rtol=1e-13)
    (y**2).sum().backward()
    (z**2).sum().backward()
    np.testing.assert_allclose(x.grad, t.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("pool", POOLS)
def test_pools_pass_gradcheck_of_order_2(pool):
    x = RNG.normal(size=(2, 4, 3))
    options = {"kernel_size": 2, "stride": 1, "padding": 1}
    ag.gradcheck(lambda x: getattr(ag, pool)(x, **options) ** 2, x, order=2)


@examples(30)
@given(st.data())
def test_pools_equal_their_graphs_for_any_windows(data):
    kernel = (data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3)))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    stride = data.draw(st.one_of(st.none(), st.integers(1, 4)))
    shape = tuple(data.draw(st.integers(max(0, k - 2 * p), 6)) for k, p in zip(kernel, padding))
    x = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 3, (2, 1, *shape)) * 1.0
    for pool in POOLS:
        node, a, b = getattr(ag, pool), leaf(x), leaf(x)
        y, z = node(a, kernel, stride, padding), node.unfused(b, kernel, stride, padding)
        np.testing.assert_allclose(y.data, z.data)
        y.sum().backward()
        z.sum().backward()
        np.testing.assert_allclose(a.grad, b.grad)


def test_max_pool2d_of_nan_is_nan():
    x = X.copy()
    x[0, 0, 1, 1] = x[0, 0, 0, 1] = np.nan
    t = leaf(x)
    y = ag.max_pool2d(t, 2)
    assert np.isnan(y.data).sum() == 1
    y.backward(np.ones(y.shape))
    assert (t.grad[0, 0, :2, :2] == [[0, 1], [0, 0]]).all()


def test_max_pool2d_with_infinite_gradients_leaves_others_at_0():
    x = leaf(X)
    y = ag.max_pool2d(x, 2)
    y.backward(np.full(y.shape, np.inf))
    assert np.isinf(x.grad).sum() == y.size
    assert not np.isnan(x.grad).any()


def test_max_pool2d_with_negative_gradients_has_no_negative_zero():
    x = ag.tensor(np.arange(16.0).reshape(1, 4, 4), requires_grad=True)
    (-ag.max_pool2d(x, 2)).sum().backward()
    assert x.grad.sum() == -4
    assert np.signbit(x.grad).sum() == 4


def test_max_pool2d_of_minus_infinity_ignores_the_padding():
    y = ag.max_pool2d(np.full((1, 2, 2), -np.inf), 2, padding=1)
    assert (y == -np.inf).all()
    assert (ag.max_pool2d(-np.ones((1, 2, 2)), 2, padding=1) == -1).all()


def test_max_pool2d_of_negative_integers_ignores_the_padding():
    y = ag.max_pool2d(np.full((1, 4, 4), -5, np.int8), 3, padding=1)
    assert y.dtype == np.int8
    assert (y == -5).all()


def test_max_pool2d_of_more_than_256_entries():
    x = leaf(np.arange(400.0).reshape(1, 20, 20))
    ag.max_pool2d(x, 20).sum().backward()
    assert x.grad[0, -1, -1] == x.grad.sum() == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, bool])
def test_pools_of_integers(dtype):
    x = X.astype(dtype)
    assert ag.max_pool2d(x, 2, padding=1).dtype == dtype
    np.testing.assert_array_equal(ag.max_pool2d(x, 2), ag.max_pool2d(x * 1.0, 2))
    assert ag.avg_pool2d(x, 2).dtype == np.float64
    np.testing.assert_array_equal(ag.avg_pool2d(x, 2), ag.avg_pool2d(x * 1.0, 2))


@pytest.mark.parametrize("pool", POOLS)
def test_pools_of_float16_and_of_no_examples(pool):
    x, empty = leaf(X.astype(np.float16)), leaf(X[:0])
    for t in (x, empty):
        y = getattr(ag, pool)(t, 3, stride=1)
        y.backward(np.ones(y.shape))
        assert (y.dtype, t.grad.dtype, t.grad.shape) == (t.dtype, t.dtype, t.shape)
    assert x.grad.max() <= 9


WRONG = {
    "kernel": ({"kernel_size": 8}, ValueError, "window of length 8 .* has length 6"),
    "a number": ({"kernel_size": 2.0}, TypeError, "integer.*2.0"),
    "no entry": ({"kernel_size": 0}, ValueError, "at least 1.*got 0"),
    "stride": ({"kernel_size": 2, "stride": 0}, ValueError, "stride must be .* at least 1"),
    "padding": ({"kernel_size": 2, "padding": 2}, ValueError, "at most half of kernel_size"),
    "option": ({"kernel_size": 2, "ceil_mode": True}, TypeError, "has no argument 'ceil_mode'"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("pool", POOLS)
def test_pools_of_wrong_arguments_raise(pool, name):
    options, kind, message = WRONG[name]
    with pytest.raises(kind, match=message):
        getattr(ag, pool)(leaf(X), **options)


def test_pytorchs_fifth_argument_of_avg_pool2d_raises():
    """In PyTorch it is ceil_mode, so count_include_pad can only be passed by name."""
    with pytest.raises(TypeError, match="positional arguments but 5 were given"):
        ag.avg_pool2d(leaf(X), 2, 2, 1, False)


@pytest.mark.parametrize("pool", POOLS)
def test_pools_of_wrong_axes_raise(pool):
    with pytest.raises(ValueError, match=r"\(channels, height, width\), got \(6, 7\)"):
        getattr(ag, pool)(leaf(X[0, 0]), 2)
