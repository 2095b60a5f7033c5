"""Constants of compiled code are applied one after the other, as they are written."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.compiler.checks import check

ROUNDS = 6755399441055744.0  # adding and subtracting it rounds a float64 to an integer
CHAINS = {
    "added and subtracted": lambda x: (x + ROUNDS) - ROUNDS,
    "added twice": lambda x: (x + 1e16) + 1.0 + 1.0,
    "multiplied twice": lambda x: x * 1e-200 * 1e-200 * 1e300,
    "multiplied and divided": lambda x: x * 3.0 / 7.0,
    "divided twice": lambda x: x / 3.0 / 5.0,
    "divided into": lambda x: 2.0 / x * 0.1,
    "a power of a power": lambda x: (np.abs(x) ** 0.5) ** 3.0,
    "a factor of a sum": lambda x: np.sum(x * 0.1) * 0.3,
    "a factor of a product": lambda x: (x * 0.1) @ (x * 0.7) * 0.3,
    "a small factor": lambda x: (1e-4 * x) * 1e3,
    "negated": lambda x: -(0.1 - x) * -0.3,
}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("what", CHAINS)
def test_constants_are_not_joined(what, dtype):
    x = np.array([0.3, 1.7, -2.9, 1e-3], dtype)
    with np.errstate(all="ignore"):
        check(CHAINS[what], x)
        check(ag.value_and_grad(lambda x: np.sum(CHAINS[what](x))), x)
