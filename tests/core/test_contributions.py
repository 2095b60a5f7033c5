"""Contributions wider than their argument are summed first and rounded last."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.cases import leaf


def entries(wide, large):
    """Return entries that are inf in a narrower dtype, and whose sums along both axes are not."""
    x = large * np.array([[1, -1, 0], [-1, 1, 0], [0, 0, 0]])
    return (x + np.array([[0, 0, 3], [0, 0, 4], [5, 6, 7]])).astype(wide)


WIDE = {
    "float16 in float32": (np.float16, entries(np.float32, 1e5)),
    "float16 in float64": (np.float16, entries(np.float64, 1e5)),
    "float32 in float64": (np.float32, entries(np.float64, 1e39)),
}


@pytest.mark.parametrize(("shape", "axes"), [((), (0, 1)), ((1,), (0, 1)), ((1, 1), (0, 1)),
                                             ((3, 1), 1), ((3,), 0), ((1, 3), 0)])  # fmt: skip
@pytest.mark.parametrize("what", WIDE)
def test_broadcast_argument_gets_the_rounded_sum(what, shape, axes):
    narrow, factors = WIDE[what]
    x = leaf(np.ones(shape, narrow))
    y = x * factors
    assert y.dtype == factors.dtype
    expected = factors.sum(axis=axes).reshape(shape).astype(narrow)
    assert np.isfinite(expected).all()
    cotangent = np.ones_like(factors)
    y.backward(cotangent)
    for found in (x.grad, ag.gradients(y, x, cotangent).data, y.tape().adjoints(cotangent)[x]):
        assert found.dtype == narrow
        np.testing.assert_array_equal(found, expected)
