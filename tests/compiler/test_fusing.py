"""A softmax cross-entropy that was written out is made stable."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.compiler.checks import close, written_out


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


T = np.array([0, 2])
ROWS = np.arange(2)
BY_CLASS = {
    "its logarithm's entries": lambda z: -np.mean(np.log(softmax(z))[ROWS, T]),
    "the logarithm of entries": lambda z: -np.mean(np.log(softmax(z)[ROWS, T])),
    "entries along an axis": lambda z: (
        -np.take_along_axis(np.log(softmax(z)), T[:, None], 1).mean()
    ),
    "an axis added": lambda z: -np.mean(np.log(np.exp(z) / np.exp(z).sum(1)[:, None])[ROWS, T]),
    "a reshape": lambda z: -np.log(np.exp(z) / np.exp(z).sum(1).reshape(-1, 1))[ROWS, T].sum() / 2,
    "a log-sum": lambda z: np.mean(np.log(np.exp(z).sum(axis=1)) - z[ROWS, T]),
    "a log-sum, axis kept": lambda z: (
        -np.mean((z - np.log(np.sum(np.exp(z), axis=1, keepdims=True)))[ROWS, T])
    ),
    "other entries than those": lambda z: -np.mean(np.log(softmax(z)[ROWS][ROWS, T])),
}


def softmax(z):
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("what", BY_CLASS)
def test_ways_to_write_the_loss_of_classes(what):
    z = np.array([[2.0, 1.0, 0.1], [0.0, 3.0, 1.0]])
    compiled = ag.compile(ag.value_and_grad(BY_CLASS[what]), fuse=True)
    node = ag.value_and_grad(lambda z: ag.softmax_cross_entropy(z, T))
    for scale in (1, 1000) if what != "other entries than those" else (1, 2):
        for found, expected in zip(compiled(scale * z), node(scale * z)):
            close(found.data, expected.data)


MASK = np.array([[True, False, True], [True, True, True]])
ONLY_ALIKE = {
    "a sum of some": lambda z: np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True, where=MASK),
    "a log-sum of some": lambda z: np.log(np.sum(np.exp(z), axis=1, where=MASK)),
    "a sum that begins with a number": lambda z: np.exp(z) / np.exp(z).sum(initial=5.0),
    "another axis": lambda z: np.exp(z[:, :2]) / np.exp(z[:, :2]).sum(axis=1),
    "a reduction, of the first axis": lambda z: np.exp(z) / np.add.reduce(np.exp(z)),
    "its log": lambda z: np.log(np.add.reduce(np.exp(z))),
    "weights over a sum": lambda z: (
        (np.array([1.0, 2.0]) / np.exp(z).sum(1)).reshape(2, 1) * np.exp(z)
    ),
    "a number over a sum": lambda z: (2 / np.exp(z).sum(0)) * np.exp(z),
}


@pytest.mark.parametrize("what", ONLY_ALIKE)
def test_expression_that_resembles_a_softmax_is_not_fused(what):
    f, z = ONLY_ALIKE[what], np.random.default_rng(0).normal(size=(2, 3))
    close(ag.compile(f, fuse=True)(z), f(z))
    g = ag.grad(lambda z: (f(z) ** 2).sum())
    close(ag.compile(g, fuse=True)(z).data, g(z).data)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_sums_of_exponentials(axis, keepdims):
    def f(z):
        y = np.log(np.sum(np.exp(z), axis=axis, keepdims=keepdims))
        return (y * y * np.cos(np.arange(y.size)).reshape(y.shape)).sum()

    z = np.random.default_rng(0).normal(size=(3, 4))
    eager = ag.value_and_grad(f)
    compiled = ag.compile(eager, fuse=True)
    for found, expected in zip(compiled(z), eager(z)):
        close(found.data, expected.data)
    assert all(np.isfinite(x.data).all() for x in compiled(1000 * z))
    assert "stable gradient of a log-sum 1, stable log-sum 1" in compiled.report()
