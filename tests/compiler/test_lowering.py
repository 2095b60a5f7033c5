"""Calls that write into memory return the bits of those that allocate."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.compiler.checks import check


def test_products_of_views_and_rules_in_place_to_the_last_bit():
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(40, 18))
    for _ in range(5):
        x = np.asfortranarray(rng.normal(size=(4, 3, 3)))
        b = np.asarray(rng.normal())
        check(ag.grad(lambda b, x: (ag.softplus(x * b).reshape(-1) * 0.5).sum()), b, x)
        v = rng.normal(size=(7, 1)).astype("f")
        check(ag.grad(lambda v: (np.sqrt(np.abs(v))[::-1].T @ v).sum()), v)
        w, b = rng.normal(size=(9, 5)), rng.normal(size=5)
        check(ag.grad(lambda w, b: (ag.linear(wide[:, ::2], w, b) ** 2).sum(), (0, 1)), w, b)
        check(ag.grad(lambda x, w, b: ag.linear(x[:, ::2], w, b).sum(), (0, 1, 2)), wide, w, b)


@pytest.mark.parametrize("f", [np.max, np.min, lambda x, axis=None: np.sum(x, axis=axis)])
def test_reductions_of_reversed_arrays(f):
    """NumPy before 2.2 writes a wrong extremum of a reversed view into `out`."""
    for axis in (0, 1, None):
        x = np.random.default_rng(0).normal(size=(4, 3))
        check(lambda x, axis=axis: (f(x[::-1], axis=axis), f(x[:, ::-1], axis=axis)), x)
