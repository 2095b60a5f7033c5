"""Slices in compiled functions: their cotangents are written into one array."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.core.slices import X, disjoint, one_slice, overlapping, sliced_and_whole


def entries(x):
    return x[0, 1] * x[1, ..., 2] + x[..., 0].sum()


def in_a_loop(x):
    return sum(row * i for i, row in enumerate(x))


def with_a_gap(x):
    return x[:, :2] * x[:, 4:]


def transposed(x):
    """As the heads of attention: the slices are seen in another shape."""
    parts = [x[:, i : i + 2].reshape(2, 2, 2).swapaxes(0, 1) for i in (0, 2, 4)]
    return parts[0] * parts[1] + parts[2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize(
    "f",
    [
        disjoint,
        overlapping,
        sliced_and_whole,
        one_slice,
        entries,
        in_a_loop,
        with_a_gap,
        transposed,
    ],
)
def test_compiled_slices_have_the_bits_of_eager_ones(f, dtype):
    gradient = ag.grad(lambda z: (f(-1.0 * z) ** 3).sum())
    compiled = ag.compile(gradient)
    x = X.astype(dtype)
    x[0] = -0.0
    for _ in range(2):
        assert compiled(x).tobytes() == gradient(x).data.tobytes()
    if f in (disjoint, in_a_loop, with_a_gap, transposed):
        assert "scatter" not in compiled.plan
        assert (".fill(0)" in compiled.plan) == (f is with_a_gap)  # other slices leave no gap


@pytest.mark.parametrize("f", [disjoint, in_a_loop, with_a_gap, transposed, entries])
def test_slices_of_a_result_have_the_bits_of_eager_ones(f):
    gradient = ag.grad(lambda z: (f(z) ** 3).sum())
    compiled = ag.compile(gradient)
    for x in (X, -X, X + 1):  # a result is a new array, and not in the memory of the program
        assert compiled(x).tobytes() == gradient(x).data.tobytes()
