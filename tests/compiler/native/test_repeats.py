"""Loops that occur several times are one function of C."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compiler.native import toolchain

from .programs import FLAGS

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def few_optimisations(monkeypatch):
    monkeypatch.setattr(toolchain, "FLAGS", FLAGS)


def agree(f, *args):
    compiled = ag.compile(f, target="c")
    for found, wanted in zip(compiled(*args), f(*args), strict=True):
        np.testing.assert_allclose(found, wanted, 1e-12, 1e-12)
    return compiled.source


def recurrent(x, w):
    h, every = np.zeros((9, 6)), []
    for row in x:
        h = np.tanh(row @ w + h) * 0.5
        every.append(np.sin(h) / (1 + h * h) - np.exp(-h))
    return np.sum(np.stack(every) * x)


def test_steps_of_a_network_over_time_are_calls_of_one_function():
    x, w = RNG.normal(size=(7, 9, 6)), RNG.normal(size=(6, 6)) / 2
    source = agree(ag.grad(recurrent, (0, 1)), x, w)
    assert re.search(r"// loops that occur [67] times, .*\nstatic void loops1\(", source)
    assert source.count("loops1(") in (7, 8)
    assert "x[3]" in source or "x[4]" in source  # a call gets a row


def test_equal_loops_of_other_lengths_are_other_functions():
    def f(*xs):
        return [np.exp(x @ x.T) / (1 + np.tanh(x @ x.T)) for x in xs]

    shapes = (12, 5), (12, 5), (12, 6), (12, 6), (9, 5)
    source = agree(f, *(RNG.normal(size=shape) / 4 for shape in shapes))
    assert source.count("\n// loops that occur 2 times") == 2


def test_gradients_of_slices_are_joined_without_zeros():
    def loss(z):
        a, b, c = (z[:, i * 8 : i * 8 + 8] for i in range(3))
        return np.sum(np.tanh(a) * b * np.cos(c))

    z = RNG.normal(size=(5, 24))
    assert "] = 0;" not in agree(lambda z: [ag.grad(loss)(z)], z)
    agree(lambda z: [ag.grad(lambda z: loss(z) + np.sum(z[:, 20:] ** 2))(z)], z)  # they overlap
    agree(lambda z: [ag.grad(lambda z: sum(np.sum(row**2) for row in z[1:]))(z)], z)


def test_joined_arrays_keep_their_lengths_in_a_function():
    """Even if one is reversed, no pointer lies before its first entry."""

    def f(x, y):
        joined = [np.concatenate([z, np.flip(z * z, 1), z], 1) for z in (np.sin(x), np.sin(y))]
        return [np.sum(np.tanh(z)) for z in joined]

    source = agree(f, *RNG.normal(size=(2, 1, 3)))
    (parameters,) = re.findall(r"static void loops1\(([^)]*)\)", source)
    assert re.findall(r"restrict (\d+)\]", parameters) == ["3", "3", "9"]
    assert source.count("loops1(") == 3
    assert "+ -" not in source
