"""Slices in compiled functions: their cotangents are written into one array."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.core.test_pieces import X, disjoint, one_slice, overlapping, sliced_and_whole


def entries(x):
    return x[0, 1] * x[1, ..., 2] + x[..., 0].sum()


def in_a_loop(x):
    return sum(row * i for i, row in enumerate(x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize(
    "f", [disjoint, overlapping, sliced_and_whole, one_slice, entries, in_a_loop]
)
def test_compiled_slices_have_the_bits_of_eager_ones(f, dtype):
    gradient = ag.grad(lambda z: (f(-1.0 * z) ** 3).sum())
    compiled = ag.compile(gradient)
    x = X.astype(dtype)
    x[0] = -0.0
    for _ in range(2):
        assert compiled(x).tobytes() == gradient(x).data.tobytes()
    if f in (disjoint, in_a_loop):
        assert "scatter" not in compiled.plan
        assert compiled.plan.count(".fill(0)") == 1
