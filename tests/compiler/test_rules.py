"""Rewriting: each rule by its name, and that it keeps the result."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from tests.compiler.checks import check

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
    """Of one exponent for all, NumPy takes another way: a product, a quotient, a root."""
    x = np.random.default_rng(0).uniform(0.1, 2, size=5000).astype(dtype)
    check(lambda x: np.power(x, np.full(x.shape, n, dtype)), x)

    def f(x):
        return np.power(np.abs(x) + 1, np.full(x.shape, n, dtype)) * 1.5

    compiled = ag.compile(f)
    for i in range(300):
        np.testing.assert_array_equal(compiled(x[i : i + 1]), f(x[i : i + 1]))
