"""A softmax cross-entropy that was written out is made stable."""

import numpy as np
import pytest

import autograd_mini as ag

from .checks import close, written_out


def written_twice(z, y):
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -(y * np.log(p)).sum() / len(z)


@pytest.mark.parametrize("f", [written_out, written_twice, lambda z, y: ag.cross_entropy(z, y)])
def test_fuse_makes_a_written_out_softmax_stable(f):
    z = np.array([[2.0, 1.0, 0.1], [0.0, 3.0, 1.0]])
    y = np.eye(3)[[0, 2]] * 1.5 + 0.1  # rows need not sum to one
    compiled = ag.compile(ag.value_and_grad(f), fuse=True)
    node = ag.value_and_grad(lambda z, y: ag.softmax_cross_entropy(z, y))
    for scale in (1, 1000):
        for found, expected in zip(compiled(scale * z, y), node(scale * z, y)):
            close(found.data, expected.data)
