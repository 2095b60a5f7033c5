"""Sums at an index, short rows, and products of stacks: fast paths, against the plain ones."""

from itertools import product

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.arrays import unwrap
from autograd_mini.ops.indexing import add_at
from autograd_mini.ops.reductions import has_short_rows
from tests.budget import each
from tests.cases import run


def differentiated(f, g, *xs):
    """Return the value of `f`, and the derivatives of ``sum(f(*xs) * g)``, as arrays."""
    y, pull = ag.vjp(f, *xs)
    d = pull(g)
    return unwrap(y), [unwrap(part) for part in (d if isinstance(d, tuple) else (d,))]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


INDICES = [
    "[2, 0, 2]", "np.array([[1, -1], [1, 1]])", "np.array([3, 3], np.uint8)", "([0, 0], [1, 1])",
    "(slice(None), [0, 0, -1])", "(..., [1, 1])", "([0, 0], slice(1, None))", "(None, [1, 1])",
    "([0, 0], slice(None), [1, 1])", "(0, [2, 2])", "(np.array([True, False, True, True]), 1)",
    "([True, False, True, True], [0, 0, 0])", "np.array([], int)", "([1, 1], None, [2, 2], None)",
    "(np.arange(12).reshape(4, 3) % 5 == 0, [1, 1, 1])", "(1, ..., [0, 0])", "((0, 0), (1, 1))",
]  # fmt: skip


@each(product(INDICES, ["f2", "f4", "f8", ">f8", "g", "i4"]))
def test_add_at_gives_the_bits_of_numpy(text, dtype):
    rng = np.random.default_rng(0)
    index = run(text)
    y = np.zeros((4, 3, 2), dtype)
    x = (10 * rng.normal(size=y[index].shape)).astype(dtype)
    expected = np.zeros(y.shape, np.float32 if dtype == "f2" else dtype)
    np.add.at(expected, index, x)
    add_at(y, index, x)
    np.testing.assert_array_equal(y, expected.astype(dtype))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("spoiled", [False, True])
def test_rows_of_a_small_table_are_added_in_blocks(rng, dtype, spoiled):
    index = rng.integers(-5, 5, size=(3, 900))
    x = rng.normal(size=(3, 900, 4)).astype(dtype)
    if spoiled:  # only its own row is spoiled
        x[1, 7, 2], index[1, 7], index[index == -3] = np.inf, 2, 1
    y, expected = np.zeros((5, 4), dtype), np.zeros((5, 4))
    np.add.at(expected, index, x.astype(float))
    add_at(y, index, x)
    np.testing.assert_allclose(y, expected, rtol=1e-4 if dtype == "f4" else 1e-12)
    assert np.isinf(y).sum() == spoiled


def test_add_at_an_index_out_of_bounds_raises():
    for index in ([4], [-5], (slice(None), [3])):
        with pytest.raises(IndexError):
            add_at(np.zeros((4, 3)), index, np.ones((1, 3)))


@pytest.mark.parametrize("f", [
    lambda x: x[np.zeros(4096, int)], lambda x: np.take(x, np.zeros(4096, int), axis=0),
    lambda x: np.take_along_axis(x, np.zeros((4096, 2), int), 0), lambda x: np.repeat(x, 4096, 0),
    lambda x: np.pad(x, ((4095, 0), (0, 0)), "edge"),
])  # fmt: skip
def test_float16_sum_of_repeated_rows_is_not_rounded(f):
    """In float16 the sum would stop at 2048, where adding 1 changes nothing."""
    g = ag.grad(lambda x: f(x).astype(np.float32).sum())(np.ones((1, 2), np.float16))
    assert g.dtype == np.float16
    assert g.tolist() == [[4096, 4096]]


def test_float16_windows_are_summed_in_float32():
    view = np.lib.stride_tricks.sliding_window_view
    g = ag.grad(lambda x: view(x, 3000).astype(np.float32).sum())(np.ones(6000, np.float16))
    assert (g.dtype, g.max()) == (np.float16, 3000)


# ---- reductions of short rows --------------------------------------------------------------------

AXES = [-1, 2, (0, 2), (1, 2), (2, 1), (-1,)]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", ["max", "min"])
def test_extremum_of_short_rows_is_that_of_long_ones(rng, name, axis):
    """A transposed view has long rows. Some entries are tied, some are nan."""
    x = rng.integers(0, 9, size=(40, 7, 4)).astype(float)
    x[3, 2, 1] = np.nan
    back = np.asfortranarray(x)
    assert has_short_rows(x, axis) != has_short_rows(back, axis)
    for keepdims in (False, True):

        def f(x, keepdims=keepdims):
            return getattr(np, name)(x, axis=axis, keepdims=keepdims)

        g = rng.normal(size=f(x).shape)
        (y, (d,)), (expected, (slow,)) = differentiated(f, g, x), differentiated(f, g, back)
        np.testing.assert_array_equal(y, f(x))
        np.testing.assert_array_equal(y, expected)
        np.testing.assert_array_equal(d, slow)


def test_max_of_windows_differentiates_twice(rng):
    def pooled(x):
        return (x.reshape(8, 16, 2, 8, 2).max(axis=(2, 4)) ** 3).sum()

    x = rng.normal(size=(8, 32, 16))
    v = rng.normal(size=x.shape)
    h = 1e-6
    slope = (ag.grad(pooled)(x + h * v) - ag.grad(pooled)(x - h * v)) / (2 * h)
    _, along = ag.jvp(ag.grad(pooled), (x,), (v,))
    np.testing.assert_allclose(unwrap(along), unwrap(slope), rtol=1e-6, atol=1e-6)


SOFTMAXES = [ag.softmax, ag.log_softmax, lambda z: ag.logsumexp(z, axis=-1)]


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("n", [3, 16, 40])
@pytest.mark.parametrize("f", SOFTMAXES, ids=["softmax", "log_softmax", "logsumexp"])
def test_softmax_of_short_rows_is_that_of_extended_precision(rng, f, n, dtype):
    """Logits are up to 30 apart, so that 1 - ŷ would have no digits. One row has only -inf."""
    z = rng.uniform(-30, 0, size=(2048 // n, n)).astype(dtype)
    z[0] = -np.inf
    with np.errstate(all="ignore"):
        g = rng.normal(size=f(z).shape).astype(dtype)
        y, (d,) = differentiated(f, g, z)
        exact, (expected,) = differentiated(f, g.astype("g"), z.astype("g"))
    assert y.dtype == d.dtype == z.dtype
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(y, exact.astype(dtype), rtol=64 * eps, atol=64 * eps)
    # g_i - ŷ_i Σ_o g_o may cancel, as a difference of any two numbers.
    scale = np.abs(g if f is ag.log_softmax else expected).max(axis=-1, keepdims=True)
    with np.errstate(all="ignore"):
        assert (np.abs(d - expected)[1:] <= 32 * eps * scale[1:]).all()
    np.testing.assert_array_equal(d[0], expected[0])


def test_gradient_of_a_certain_row_keeps_its_digits():
    """ŷ = 1 - 3e-13 in the first class: in float32, the formula would give 0 for it."""
    z = np.tile(np.array([30, 0, 0, 0], np.float32), (512, 1))
    g = np.tile(np.array([1, 3, -2, 5], np.float32), (512, 1))
    for f in SOFTMAXES[:2]:
        _, (found,) = differentiated(f, g, z)
        _, (expected,) = differentiated(f, g.astype("g"), z.astype("g"))
        np.testing.assert_allclose(found, expected.astype(np.float32), rtol=1e-5)


# ---- products ------------------------------------------------------------------------------------

STACKS = [((5, 4, 3), (3, 2)), ((5, 4, 3), (1, 3, 2)), ((4, 3), (5, 3, 2)), ((1, 4, 3), (5, 3, 2)),
          ((2, 5, 4, 3), (1, 3, 2)), ((5, 4, 3), (3,)), ((5, 4, 0), (0, 2)), ((5, 0, 3), (3, 2)),
          ((1, 1, 4, 3), (5, 3, 2)), ((0, 4, 3), (3, 2)), ((4, 3), (0, 3, 2))]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), STACKS)
def test_rules_of_a_stack_sum_the_products(rng, left, right):
    """Repeated to the full stack, the other matrix needs a product each, and a sum."""
    a, b = rng.normal(size=left), rng.normal(size=right)
    g = rng.normal(size=(a @ b).shape)

    def product_each(a, b):
        lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        if b.ndim == 1:
            return np.sum(a * b, axis=-1)
        a = np.broadcast_to(a, lead + a.shape[-2:])[..., None]
        return np.sum(a * np.broadcast_to(b, lead + b.shape[-2:])[..., None, :, :], axis=-2)

    pairs = (differentiated(f, g, a, b)[1] for f in (np.matmul, product_each))
    for found, expected in zip(*pairs):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("subscripts", ["bij,jk->bik", "bij,bjk->ik", "bij,jk->", "bii,ij->bj"])
def test_einsum_of_many_terms_has_the_derivatives_of_few(rng, subscripts):
    """A large sum lets NumPy search for an order, and a slice of it does not."""
    n = 26
    b_shape = (n, n, n) if "bjk" in subscripts else (n, n)
    a, b = rng.normal(size=(n, n, n)), rng.normal(size=b_shape)
    g = rng.normal(size=np.einsum(subscripts, a, b).shape)
    _, (da, db) = differentiated(lambda a, b: np.einsum(subscripts, a, b), g, a, b)
    v, w, h = rng.normal(size=a.shape), rng.normal(size=b.shape), 1e-6
    rise = np.einsum(subscripts, a + h * v, b + h * w) - np.einsum(subscripts, a - h * v, b - h * w)
    along = (da * v).sum() + (db * w).sum()
    np.testing.assert_allclose(along, (rise * g).sum() / (2 * h), rtol=1e-6, atol=1e-5)


# ---- compiled ------------------------------------------------------------------------------------

ROWS, WINDOW = (
    np.random.default_rng(0).normal(size=(256, 6)).astype("f4"),
    np.lib.stride_tricks.sliding_window_view,
)


@pytest.mark.parametrize("f", [
    *SOFTMAXES, lambda x: x.reshape(32, 8, 3, 2).max((1, 3)), lambda x: x[[0, 5, 5, 0]],
    lambda x: x[:, [1, 1, 0]], lambda x: np.take(x, [[2, 2]], axis=1), lambda x: x.min(-1),
    lambda x: np.pad(x, 1), lambda x: np.pad(x, 2, "reflect"), lambda x: np.rot90(x, 3),
    lambda x: np.moveaxis(x, 0, 1), lambda x: np.flip(x, 1), lambda x: WINDOW(x, (3, 2)),
    lambda x: WINDOW(x, 200, axis=0), lambda x: x.reshape(8, 32, 6) @ x[:6],
    lambda x: np.einsum("ij,kj->ik", x, x[:9]),
])  # fmt: skip
def test_compiled_rules_give_the_bits_of_eager_ones(rng, f):
    weight = rng.normal(size=f(ROWS).shape).astype("f4")
    step = ag.value_and_grad(lambda x: (f(x * x) * weight).sum())
    y, d = map(unwrap, step(ROWS))
    compiled = ag.compile(step)
    for _ in range(2):
        again, found = map(unwrap, compiled(ROWS))
        assert again == y
        np.testing.assert_array_equal(found, d)
