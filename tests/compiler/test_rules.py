"""Rewriting: each rule is applied under its name, and keeps the result."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from tests.compiler.checks import check, same

RULES = {
    "identities": lambda x: (x * 1 / 1 - 0) ** 1,
    "negations": lambda x: np.negative(-(x * -1)) + (-x),
    "no-ops": lambda x: x.reshape(x.shape).copy() + x.T.T,
    "double transposes": lambda x: x.reshape(-1).reshape(3, 2) * 2,
    "broadcasts": lambda x: x + np.broadcast_to(x.sum(), (2, 3)),
    "common subexpressions": lambda x: np.sin(x) * np.sin(x),
    "powers": lambda x: x**2 + (x * x) ** 0.5 + x**-1,
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_applied_and_keeps_the_result(name):
    x = np.linspace(0.5, 3.0, 6).reshape(2, 3)
    report = check(RULES[name], x).report()
    assert re.search(rf"\b{name}:? +[1-9]", report)


@pytest.mark.parametrize("dtype", "df")
@pytest.mark.parametrize("n", [2, -1, 0.5])
def test_an_exponent_for_each_entry_stays_one(dtype, n):
    """For a single exponent, NumPy computes a product, a quotient or a root."""
    x = np.random.default_rng(0).uniform(0.1, 2, size=5000).astype(dtype)
    check(lambda x: np.power(x, np.full(x.shape, n, dtype)), x)

    def f(x):
        return np.power(np.abs(x) + 1, np.full(x.shape, n, dtype)) * 1.5

    compiled = ag.compile(f)
    for i in range(300):
        np.testing.assert_array_equal(compiled(x[i : i + 1]), f(x[i : i + 1]))


SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.5, 65504.0])
PRESERVED = {
    "a constant far from the numbers": lambda x: (x + 6755399441055744.0) - 6755399441055744.0,
    "a small rate": lambda x: 1e-4 * (x * 10) * 0.1,
    "a quotient": lambda x: x / 3.0 / 7,
    "no negative zero": lambda x: (x - (-0.0), x + 0.0, x - 0.0),
    "zeros of both signs": lambda x: x * np.where(np.arange(8) % 2, 0.0, -0.0).astype(x.dtype),
    "signs": lambda x: (x * -1, np.negative(-x), x + (-x), x - (-x)),
    "powers": lambda x: (x**2, x**0.5, x**-1, x**1, x**3),
    "numbers repeated": lambda x: (
        np.fmax(x, np.full(8, -0.0, x.dtype)), x + np.full(8, -0.0, x.dtype),
        np.maximum(x, 0.0), np.hypot(x, np.full(8, 3.0, x.dtype)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["e", "f", "d"])
@pytest.mark.parametrize("what", PRESERVED)
def test_no_bit_of_a_result_changes(what, dtype):
    with np.errstate(all="ignore"):
        x = SPECIAL.astype(dtype)
        found, wanted = ag.compile(PRESERVED[what])(x), PRESERVED[what](x)
        for a, b in zip(np.atleast_1d(found), np.atleast_1d(wanted), strict=True):
            np.testing.assert_array_equal(a, b)
            number = ~np.isnan(b)  # the sign of a nan means nothing
            np.testing.assert_array_equal(np.signbit(a)[number], np.signbit(b)[number])


def test_signs_of_small_integers_are_not_widened():
    a, b = np.arange(4), np.array([0, 1, 200, 128], np.uint8)
    check(lambda a, b: (a + (-b), a - (-b), np.negative(-b)), a, b)


OF_KEEPDIMS = (np.sum, np.prod, np.max, np.min, np.mean, np.any, np.all, np.argmax, np.argmin,
               np.var, np.std, np.median, np.ptp, np.linalg.norm, np.add.reduce,
               np.maximum.reduce)  # fmt: skip


@pytest.mark.parametrize("f", OF_KEEPDIMS)
def test_any_true_keepdims_is_one(f):
    x, calls = np.arange(6.0).reshape(2, 3), []
    for keep in (True, 1, -1, np.True_, np.int64(1), "x", 0, None, np.array(0), ""):
        for options in ({"axis": 1}, {}):
            try:
                f(x, **options, keepdims=keep)
            except (TypeError, DeprecationWarning):  # NumPy raises it too
                continue
            calls.append(options | {"keepdims": keep})
    check(lambda x: tuple(f(x, **options) for options in calls), x, calls=1)


def test_options_that_are_arrays_decide_on_the_shape():
    keep, axis = np.array(0), np.array(1)
    compiled = ag.compile(lambda x: np.sum(x, axis=axis, keepdims=keep))
    for _ in range(2):
        same(compiled(np.eye(2, 3)), np.sum(np.eye(2, 3), axis=axis, keepdims=keep))
        axis[...] = 0
    with pytest.raises(TypeError, match=r"the shape of np.sum\(..., axis\) cannot be compiled"):
        ag.compile(lambda x, n: x.sum(axis=n))(np.eye(2, 3), np.int64(1))


@pytest.mark.parametrize("n", [-0.5, 0.5, 3, -1])
def test_power_of_one_entry_is_that_of_an_array(n):
    """NumPy rounds the power of a bare float32 in another way than that of an array."""
    f = ag.value_and_grad(lambda x: x[0] ** n)
    compiled = ag.compile(f)
    for x in np.random.default_rng(0).uniform(0.1, 3, (40, 1)).astype(np.float32):
        for found, wanted in zip(compiled(x), f(x)):
            same(found.data, wanted.data)


@pytest.mark.parametrize("kind", ["vjp", "jvp", "hvp", "grad"])
def test_leaf_of_an_argument_with_gaps_is_compact(kind):
    """BLAS and NumPy sum an array with gaps in another order than its copy in a leaf."""
    x = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)[::2, ::2]
    f = {
        "vjp": lambda x: ag.vjp(lambda x: np.dot(x[0], x[1]), x)[0],
        "jvp": lambda x: ag.jvp(lambda x: np.dot(x[0], x[1]), (x,), (x,)),
        "hvp": lambda x: ag.hvp(lambda x: np.sum(x @ x.T) ** 2, x, x),
        "grad": ag.value_and_grad(lambda x: np.sum((x @ x.T) ** 3)),
    }[kind]
    check(f, x, calls=1)
    check(f, np.asfortranarray(x), calls=1)


def test_products_of_equal_arrays_keep_their_bits():
    """BLAS multiplies a matrix by its own transpose in another way than by that of a copy."""

    def products(x):
        a, b = np.sin(x), np.sin(x)
        return a @ b.T, a @ a.copy().T, a @ a.T, np.dot(a, np.copy(a).T), np.inner(a, a.copy())

    x = np.random.default_rng(0).normal(size=(40, 40))
    for found, wanted in zip(ag.compile(products)(x), products(x)):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("shapes", [((1, 1), (1, 1)), ((1,), (1, 1)), ((1, 1), (1,))])
def test_products_of_single_entries_keep_the_sign_of_zero(shapes):
    a, b = (np.full(shape, x) for shape, x in zip(shapes, (-1.0, 0.0)))
    for f in (np.matmul, np.dot):
        assert np.signbit(ag.compile(f)(a, b)).tolist() == np.signbit(f(a, b)).tolist()
