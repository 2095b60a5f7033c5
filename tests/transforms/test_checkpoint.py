"""Checkpoints of nan and inf, and of calls with few or no tensors."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.cases import leaf


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_checkpoint_of_a_nonfinite_value_is_not_a_change(value):
    def f(x):
        return np.stack([x * 2, x * 0 + value])

    x = leaf([1.0, 3.0])
    y = ag.checkpoint(f)(x)
    np.testing.assert_array_equal(y.data, f(x).data)
    y[0].sum().backward()
    np.testing.assert_array_equal(x.grad, [2.0, 2.0])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_checkpoint_of_a_value_that_becomes_finite_raises(value):
    others = iter([value, 1.0])
    y = ag.checkpoint(lambda x: x * next(others))(leaf([1.0, 3.0]))
    with pytest.raises(RuntimeError, match="different value"):
        y.sum().backward()


def scaled(x, scale=1.0, *, shift=0.0):
    return x * scale + shift


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((3.0, 2.0), {}), ((3.0,), {"scale": 2.0}), ((), {"x": 3.0, "shift": 1.0}), ((3.0,), {})],
)
def test_checkpoint_passes_on_all_arguments(args, kwargs):
    expected = scaled(*args, **kwargs)
    assert ag.checkpoint(scaled)(*args, **kwargs) == expected
    if args:
        x = leaf(args[0])
        found = ag.checkpoint(scaled)(x, *args[1:], **kwargs)
        assert found.item() == expected
        found.backward()
        assert x.grad == (*args, kwargs.get("scale", 1.0))[1]


def test_checkpoint_passes_on_keywords_in_a_tree():
    def f(tree, names, *, flag):
        return tree["w"] * len(names) if flag else tree["w"]

    w = leaf([1.0, 2.0])
    for flag in (True, False):
        y = ag.checkpoint(f)({"w": w}, ["a", "b", "c"], flag=flag)
        np.testing.assert_array_equal(ag.gradients(y.sum(), w).data, [3.0, 3.0] if flag else 1.0)
