"""`-=` on a tensor changes a leaf in place, but only in a `no_grad` block."""

import numpy as np
import pytest

import autograd_mini as ag


def test_leaf_changes_in_place_only_in_no_grad():
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    same, array = w, w.data
    y = (w * w).sum()
    with ag.no_grad():
        w += 1.0
        w -= np.array([0.5, 0.0])
        w *= 2.0
        w /= ag.tensor([1.0, 3.0])
    assert w is same
    assert w.requires_grad
    assert w.data.tolist() == [3.0, 2.0]
    assert array.tolist() == [1.0, 2.0]
    with pytest.raises(RuntimeError, match="was modified after"):
        y.backward()
    outside = w
    outside -= 1.0
    assert outside is not w
    assert outside.op.name == "sub"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_new_data_and_grad_keep_the_dtype(dtype):
    w = ag.tensor([1.0, 2.0], requires_grad=True, dtype=dtype)
    w.data = [3, 4]
    w.grad = np.array([5, 6])
    assert w.dtype == w.grad.dtype == dtype
    w.data, w.grad = np.float64([0.1, 0.2]), np.float64([0.3, 0.4])
    assert w.dtype == w.grad.dtype == dtype
    np.testing.assert_array_equal(w.data, np.array([0.1, 0.2], dtype))
    np.testing.assert_array_equal(w.grad, np.array([0.3, 0.4], dtype))


def test_array_of_a_constant_is_read_only():
    t = ag.tensor([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(t)[0] = 5.0
    np.array(t)[0] = 5.0
    assert t.tolist() == [1.0, 2.0]


def test_in_place_on_a_constant_or_node_rebinds_the_name():
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    record = w * 2
    constant = ag.tensor([1.0, 2.0])
    with ag.no_grad():
        a, b = record, constant
        a += 1.0
        b += 1.0
    assert a is not record
    assert b is not constant
    assert constant.data.tolist() == [1.0, 2.0]
    assert record.data.tolist() == [2.0, 4.0]


def test_step_of_another_shape_raises():
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    with ag.no_grad(), pytest.raises(ValueError, match="shape of a tensor cannot change"):
        w -= np.ones((3, 2))
    assert w.data.tolist() == [1.0, 2.0]
    half = ag.tensor(np.float32(1.0), requires_grad=True)
    with ag.no_grad():
        half -= 0.25
    assert half.dtype == np.float32


def test_in_place_on_an_array_needs_a_constant():
    w = np.array([1.0, 2.0])
    w -= ag.tensor([0.5, 0.5])
    np.multiply(w, ag.tensor(2.0), out=w)
    assert w.tolist() == [1.0, 3.0]
    with pytest.raises(TypeError, match="Write a = a - t instead"):
        w -= ag.tensor([0.5, 0.5], requires_grad=True)
    with pytest.raises(TypeError, match="cannot write its result into an array"):
        np.add(w, 1.0, out=ag.tensor([0.0, 0.0]))
    assert w.tolist() == [1.0, 3.0]
