"""Numbers at the edge of their dtypes: C gives NumPy's results, or leaves the step to NumPy."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compiler.native import toolchain

from .programs import FLAGS


@pytest.fixture(autouse=True)
def few_optimisations(monkeypatch):
    monkeypatch.setattr(toolchain, "FLAGS", FLAGS)


def check(f, *args):
    """Compare the results in C with those of NumPy's target, also in the signs of zeros."""
    with np.errstate(all="ignore"):
        found, wanted = (ag.compile(f, target=target)(*args) for target in ("c", "numpy"))
    for x, y in zip(found, wanted, strict=True):
        assert (type(x), x.dtype) == (type(y), y.dtype)
        np.testing.assert_allclose(x, y, 1e-13)
        if y.dtype.kind == "f":
            np.testing.assert_array_equal(np.signbit(x), np.signbit(y))


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "uint8"])
def test_functions_of_integers_match(dtype):
    """C has some of them for floats only."""
    x = np.array([0, 1, 7, 100]).astype(dtype)
    check(lambda x: (np.fmax(x, 3), np.fmin(x, x), np.fmod(x, 3), np.isnan(x), np.sqrt(x)), x)


def test_reciprocal_of_an_integer_zero_matches():
    check(lambda x: (np.reciprocal(x),), np.array([0, 1, -2]))


def test_number_outside_of_the_dtype_is_compared_right():
    check(lambda x: (x < -3, x > 300, np.equal(-1, x)), np.array([0, 255], np.uint8))


def test_sign_of_zero_is_positive():
    check(lambda x: (np.sign(x), np.sign(-x)), np.array([0.0, -0.0, np.nan, -2.0]))


def test_constant_of_zeros_keeps_their_signs():
    def f(x):
        zeros = np.array([0.0, -0.0])
        return x * zeros, np.copysign(x, zeros)

    check(f, np.array([1.0, 2.0]))


def test_sum_with_a_dtype_casts_before_it_adds():
    x = np.array([2**24, 1.5, 0.25], np.float32)
    check(lambda x: (np.sum(x, dtype="d"), np.prod(x, dtype="d"), np.sum(x, dtype=int)), x)


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64"])
def test_nan_to_num_of_integers_is_a_copy(dtype):
    check(lambda x: (np.nan_to_num(x), np.nan_to_num(x) * 2), np.array([0, 1, 5]).astype(dtype))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64"])
def test_extremum_of_a_long_row_of_integers_matches(dtype):
    """Infinity is not a first value: as an integer it is undefined, and as a boolean true."""

    def f(x):
        return np.max(x), np.min(x), np.max(x, axis=1), np.min(x, axis=0), np.max(x[0, :1])

    for number in (0, 1):
        check(f, np.full((3, 20), number, dtype))
    largest = np.array([[np.iinfo(np.int64).max] * 9, [np.iinfo(np.int64).min] * 9])
    check(f, (largest if dtype == "int64" else largest % 100).astype(dtype))
    source = ag.compile(f, target="c")
    source(np.zeros((3, 20), dtype))
    assert "INFINITY" not in source.source


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
def test_narrow_integers_overflow_before_they_are_cast(dtype):
    def f(x):
        return [y.astype(float) for y in (np.square(x), x * x, x + x, -x, np.abs(x), x - 5 * x)]

    info = np.iinfo(dtype)
    check(f, np.array([info.min, info.max, info.max // 2, 3], dtype))


def test_logaddexp_of_zero_and_a_small_exponent_keeps_its_digits():
    def f(x):
        return np.logaddexp2(0.0, x), np.logaddexp2(x, 0.0), np.logaddexp(0.0, x)

    check(f, np.array([-20.0, -40, -60, -500, 0, 3, np.inf, -np.inf, np.nan]))
