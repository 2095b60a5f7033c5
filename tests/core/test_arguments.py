"""Arguments of a call: passed by name, as Python numbers, or None by mistake."""

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


KERNEL = np.ones((3, 2, 2, 2), np.float32)
IMAGES = np.ones((1, 2, 4, 4), np.float32)


@pytest.mark.parametrize("f", [ag.sigmoid, ag.gelu, ag.relu, ag.softplus, ag.logsumexp])
@pytest.mark.parametrize("x", [0.5, 2])
def test_python_number_gives_the_result_of_an_array(f, x):
    assert f(x) == f(np.array(x)) == f(leaf(float(x))).item()
    assert ag.compile(lambda w: f(x) * w)(np.ones(1)) == f(x)


def test_python_number_widens_no_float32():
    def scaled(x, w):
        return x * w.astype(w.dtype)  # a Python number has no astype

    op = ag.primitive(scaled, lambda g, y, x, w: g * w, lambda g, y, x, w: g * x, name="scaled")
    x = ag.tensor([1.0, 2.0], requires_grad=True, dtype=np.float32)
    y = op(x, 0.5)
    assert y.dtype == np.float32
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, np.float32([0.5, 0.5]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ag.conv2d(IMAGES, KERNEL, 1.0), r"^conv2d of .*bias must have the shape \(3,\)"),
        (lambda: ag.conv2d(1.0, KERNEL), r"^conv2d of .*got \(\)"),
        (lambda: ag.max_pool2d(2.0, 2), r"^max_pool2d of .*got \(\)"),
        (lambda: ag.embedding([0], 1.0), r"^embedding of .*must be a matrix"),
        (lambda: ag.log_softmax(1.0), "^log_softmax of .*axis -1"),
        (lambda: ag.conv2d(None, KERNEL), r"^conv2d of None.*got None and float32.*`return`\?"),
        (lambda: ag.conv2d(IMAGES, None), r"^conv2d of .* and None.*`return`\?"),
        (lambda: ag.avg_pool2d(None, 2), r"^avg_pool2d of None.*`return`\?"),
        (lambda: ag.embedding([0], None), r"^embedding of .*`return`\?"),
        (lambda: ag.sigmoid(None), r"^sigmoid of None.*`return`\?"),
        (lambda: ag.compile(lambda x: ag.conv2d(x, KERNEL, 1.0))(IMAGES), r"^conv2d of .*\(3,\)"),
    ],
)
def test_number_or_none_for_an_array_raises_with_the_operation(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_attribute_error_of_a_primitive_is_not_changed():
    op = ag.primitive(lambda x: x.foo, lambda g, y, x: g, name="broken")
    for x in (leaf([1.0]), 1.0):
        with pytest.raises(AttributeError, match=r"has no attribute 'foo'$"):
            op(x)
