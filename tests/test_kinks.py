"""The conventions at kinks and poles: a test for each row of the table in ops/__init__.py."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import ops


def derivative(f, *inputs, cotangent=None):
    leaves = [ag.tensor(x, requires_grad=True) for x in inputs]
    y = f(*leaves)
    y.backward(np.ones(y.shape) if cotangent is None else cotangent)
    return [x.grad.tolist() for x in leaves]


def relu_at_0():
    assert derivative(ag.relu, [-1.0, 0.0, -0.0, 1.0]) == [[0, 0, 0, 1]]


def abs_at_0():
    assert derivative(abs, [-2.0, 0.0, 3.0]) == [[-1, 0, 1]]


def sqrt_at_0():
    with np.errstate(divide="ignore", invalid="ignore"):
        assert derivative(np.sqrt, [0.0]) == [[np.inf]]
        assert np.isnan(derivative(np.sqrt, [0.0], cotangent=[0.0])[0][0])


def power_0_at_0():
    for zero in (0, 0.0, np.zeros(2)):
        assert derivative(lambda x, zero=zero: x**zero, [0.0, 3.0]) == [[0, 0]]
    x, b = [0.0, 2.0], [0.0, 0.0]
    assert derivative(np.power, x, b)[0] == [0, 0]


def base_0_to_a_power():
    assert derivative(lambda b: 0.0**b, [0.0, 0.5, 2.0]) == [[0, 0, 0]]
    assert derivative(np.power, [0.0, 0.0], [2.0, 0.0])[1] == [0, 0]


def maximum_tied():
    assert derivative(np.maximum, [1.0, 2.0, 3.0], [1.0, 5.0, 0.0]) == [[0.5, 0, 1], [0.5, 1, 0]]
    assert derivative(np.minimum, [1.0, 2.0, 3.0], [1.0, 5.0, 0.0]) == [[0.5, 1, 0], [0.5, 0, 1]]


def max_tied():
    assert derivative(np.max, [2.0, 2.0]) == [[0.5, 0.5]]
    assert derivative(np.max, [3.0, 1.0, 3.0, 3.0]) == [[1 / 3, 0, 1 / 3, 1 / 3]]
    assert derivative(np.min, [3.0, 1.0, 1.0]) == [[0, 0.5, 0.5]]
    rows = [[1.0, 1.0], [0.0, 2.0]]
    assert derivative(lambda x: x.max(axis=1), rows) == [[[0.5, 0.5], [0, 1]]]
    assert derivative(lambda x: x.min(axis=0, keepdims=True), rows) == [[[0, 1], [1, 0]]]


def where_dead():
    x = [0.0, 4.0]
    assert derivative(lambda x: np.where(x > 1, x * 3, 7.0), x) == [[0, 3]]
    with np.errstate(divide="ignore", invalid="ignore"):
        naive = derivative(lambda x: np.where(x > 0, np.sqrt(x), 0), x)
    assert np.isnan(naive[0][0])
    safe = derivative(lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0), x)
    assert safe == [[0, 0.25]]


# The first words of each row -> its test.
ROWS = {
    "relu at 0": relu_at_0,
    "abs at 0": abs_at_0,
    "sqrt at 0": sqrt_at_0,
    "x**0 at x = 0": power_0_at_0,
    "0**y, y > 0": base_0_to_a_power,
    "maximum(a, a)": maximum_tied,
    "max of tied entries": max_tied,
    "where, dead branch": where_dead,
}


@pytest.mark.parametrize("row", ROWS)
def test_the_convention_holds(row):
    ROWS[row]()


def test_every_row_of_the_table_has_a_test():
    lines = ops.__doc__.split("\n")
    first, last = [i for i, line in enumerate(lines) if line.startswith("===")][1:]
    rows = [re.split(r"\s{2,}", line)[0] for line in lines[first + 1 : last]]
    assert rows == list(ROWS)
