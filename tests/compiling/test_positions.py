"""One entry a row by its position: only of the fused loss, and only of classes that exist."""

import numpy as np
import pytest

import autograd_mini as ag

same = np.testing.assert_array_equal


@pytest.mark.parametrize("classes", [3, 70])
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_a_class_that_does_not_exist_is_refused_as_by_the_node(classes, dtype):
    z = np.random.default_rng(0).normal(size=(4, classes))
    loss = ag.compile(ag.value_and_grad(lambda z, t: ag.softmax_cross_entropy(z, t)))
    expected = ag.value_and_grad(ag.softmax_cross_entropy)
    for t in ([0, 1, 2, 0], [0, 1, 2, -1], [0, 1, 2, classes], [0, 1, -classes, 0], [2, 2, 0, 1]):
        if np.dtype(dtype).kind == "u" and min(t) < 0:
            continue
        t = np.array(t, dtype)
        if t.min() >= 0 and t.max() < classes:
            for found, wanted in zip(loss(z, t), expected(z, t)):
                np.testing.assert_allclose(found.data, wanted.data, rtol=1e-13)
        else:
            with pytest.raises(IndexError, match=rf"from 0 to {classes - 1}; one is -?\d+\."):
                loss(z, t)


def test_indices_that_a_user_writes_mean_what_numpy_says():
    rows, classes = np.arange(4), np.arange(3)[:, None]
    taken = ag.compile(lambda x, t: np.exp(x)[t, rows])
    masked = ag.compile(lambda x, t: np.where(classes == t, 9.0, np.exp(x)))
    x = np.random.default_rng(0).normal(size=(3, 4))
    for t in ([0, 1, 2, 0], [0, -1, 2, -3]):
        same(taken(x, np.array(t)), np.exp(x)[t, rows])
        same(masked(x, np.array(t)), np.where(classes == np.array(t), 9.0, np.exp(x)))
    same(masked(x, np.array([0, 3, 7, -9])), masked(x, np.array([0, -1, -1, -1])))


def test_classes_of_other_losses():
    z = np.log(np.full((2, 3), 1 / 3))
    loss = ag.compile(lambda z, t: ag.nll_loss(z, t))
    np.testing.assert_allclose(loss(z, np.array([0, 2])), np.log(3))
    with pytest.raises(IndexError, match="class indices run from 0 to 2, not from -1 to 0"):
        loss(z, np.array([0, -1]))
    with pytest.raises(TypeError, match="source: nll_loss decides on numbers"):
        _ = loss.source
