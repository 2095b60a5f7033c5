"""Arguments that have a rule may be passed by name."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.cases import leaf


def test_arguments_by_name_are_recorded_by_position():
    x, t = leaf([1.0, 2.0], "x"), leaf([0.0, 4.0], "t")
    y = ag.mse_loss(t=t, x=x, reduction="sum")
    assert y.inputs == (x, t)
    assert y.kwargs == {"reduction": "sum"}
    y.backward()
    np.testing.assert_array_equal(t.grad, [-2.0, 4.0])
    assert ag.softmax(z=x).inputs == (x,)


def test_argument_after_a_gap_gets_the_defaults_before_it():
    def forward(x, w=2.0, b=1.0, scale=1.0):
        return scale * (x * w + b)

    rules = [lambda g, y, *args, **kwargs: g] * 3
    op = ag.primitive(forward, *rules, name="affine")
    b = leaf(3.0)
    y = op(5.0, b=b, scale=2.0)
    assert y.inputs[1:] == (2.0, b)
    assert y.item() == 26.0


def test_tensor_as_an_option_raises():
    scale = leaf(2.0, "scale")
    op = ag.primitive(lambda x, scale: x * scale, lambda g, y, x, scale: g * scale, name="scaled")
    with pytest.raises(TypeError, match="Pass scale by position"):
        op(leaf(1.0), scale=scale)
    assert op(leaf(1.0), scale=scale.detach()).item() == 2.0


def test_missing_and_repeated_arguments_raise():
    x = leaf([1.0])
    with pytest.raises(TypeError, match="needs the argument 'x'"):
        ag.mse_loss(t=np.ones(1))
    with pytest.raises(TypeError, match="multiple values for argument 'z'"):
        ag.softmax(x, z=np.ones(1))
