"""Rewriting: each rule by its name, and that it keeps the result."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from tests.compiler.checks import check, close

RULES = {
    "neutral numbers": lambda x: (x * 1 / 1 - 0) ** 1,
    "signs": lambda x: np.negative(-(x * -1)) + (-x),
    "nothing done": lambda x: x.reshape(x.shape).copy() + x.T.T,
    "turned twice": lambda x: x.reshape(-1).reshape(3, 2) * 2,
    "repeated numbers": lambda x: x + np.broadcast_to(x.sum(), (2, 3)),
    "shared": lambda x: np.sin(x) * np.sin(x),
    "cheaper powers": lambda x: x**2 + (x * x) ** 0.5 + x**-1,
    "joined numbers": lambda x: (x * 3 * 0.5 + 1.0 - 3.0) * 2,
    "quotients by a number": lambda x: x / 3.0,
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_applied_and_keeps_the_result(name):
    x = np.linspace(0.5, 3.0, 6).reshape(2, 3)
    report = check(RULES[name], x, compare=close).report().replace("dropped", "dead")
    assert re.search(rf"\b{name}:? +[1-9]", report)


def test_a_number_is_not_joined_across_dtypes():
    x = np.float32([1.1, 2.2, 3.3])
    check(lambda x: (x * np.float64(1 / 3)) * 2.0, x, compare=close)
    check(lambda x: (x * 2.0).astype("d") * (1 / 3), x, compare=close)


def test_parts_of_an_adjoint_that_cancel_are_not_added():
    """But what a user wrote so, to find what rounding lost, is computed as it is written."""

    def loss(w):
        h = w
        for _ in range(5):
            h = (h * w - w) + w
        return np.sum(h)

    w = np.linspace(0.5, 1.0, 4)
    report = check(ag.value_and_grad(loss), w, compare=close).report()
    assert "opposite parts 4" in report

    def lost(x, y):
        total = x + y
        return (total - x) - y, (x - y) + y

    x, y = np.array([1e16, 1.0]), np.array([1.0, 1e-17])
    check(lost, x, y)
    found, _ = ag.compile(lost)(x, y)
    assert found.all()


@pytest.mark.parametrize("dtype", "df")
@pytest.mark.parametrize("n", [2, -1, 0.5])
def test_an_exponent_for_each_entry_stays_one(dtype, n, exact):
    """Of one exponent for all, NumPy takes another way: a product, a quotient, a root."""
    x = np.random.default_rng(0).uniform(0.1, 2, size=5000).astype(dtype)
    check(lambda x: np.power(x, np.full(x.shape, n, dtype)), x)

    def f(x):
        return np.power(np.abs(x) + 1, np.full(x.shape, n, dtype)) * 1.5

    compiled = ag.compile(f)
    for i in range(300):
        np.testing.assert_array_equal(compiled(x[i : i + 1]), f(x[i : i + 1]))
