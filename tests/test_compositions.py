"""NumPy functions that are made up of primitives: NumPy's values, and derivatives of two orders."""

import numpy as np
import pytest

import autograd_mini as ag

RNG = np.random.default_rng(3)
V, M, T = RNG.normal(size=3), RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3, 4))
HOLES = np.array([[1.0, np.nan, 2.0], [3.0, 4.0, np.nan]])

CASES = [
    (lambda x: np.clip(x, -0.5, 0.5), [M]),
    (lambda x: np.clip(x, None, 0.2), [M]),
    (lambda x: np.clip(x, a_min=0.1, a_max=None), [M]),
    (lambda x, low: np.clip(x, low, 2.0), [M, V]),
    *[
        (lambda x, f=f, a=axis, k=keepdims: f(x, axis=a, keepdims=k), [T])
        for f in (np.var, np.std, np.ptp)
        for axis in (None, 0, -1, (0, 2))
        for keepdims in (False, True)
    ],
    (lambda x: np.var(x, axis=1, ddof=1), [M]),
    (lambda x: np.std(x, ddof=1), [M]),
    (lambda x: np.cumsum(x), [M]),
    (lambda x: np.cumsum(x, axis=0), [M]),
    (lambda x: np.cumsum(x, axis=-1), [T]),
    (lambda x: np.cumsum(x, axis=1), [np.zeros((2, 0))]),
    (lambda a, b: np.vstack([a, b]), [V, M]),
    (lambda a, b: np.vstack([a, b]), [V, V]),
    (lambda a, b: np.hstack([a, b]), [M, M[:, :2]]),
    (lambda a, b: np.hstack([a, b]), [V, V]),
    (lambda a, b: np.column_stack([a, b]), [M[:, 0], M]),
    (lambda a, b: np.dot(a, b), [V, V]),
    (lambda a, b: np.dot(a, b), [M, V]),
    (lambda a, b: np.dot(a, b), [2.0, M]),
    (lambda a, b: np.dot(a, b), [M.T, M]),
    (lambda a, b: np.dot(a, b), [T, T.reshape(3, 4, 2)]),
    (lambda a, b: np.dot(a, b), [T, T[0, 0]]),
    (lambda a, b: np.outer(a, b), [V, M]),
    (lambda a, b: np.inner(a, b), [M, V]),
    (lambda a, b: np.inner(a, b), [M, 3.0]),
    (lambda a, b: np.inner(a, b), [M, M]),
    (lambda a, b: np.vdot(a, b), [M, M.T.reshape(2, 3)]),
    (lambda a, b: np.tensordot(a, b), [T, T[0]]),
    (lambda a, b: np.tensordot(a, b, axes=1), [M, T[0]]),
    (lambda a, b: np.tensordot(a, b, axes=0), [V, M]),
    (lambda a, b: np.tensordot(a, b, axes=((2, 0), (0, -1))), [T, T.transpose(2, 1, 0)]),
    (lambda x: np.trace(x), [M]),
    (lambda x: np.trace(x, 1, 0, 2), [T]),
]  # fmt: skip


@pytest.mark.parametrize(("f", "inputs"), CASES, ids=range(len(CASES)))
def test_value_and_derivatives(f, inputs):
    y = f(*[ag.tensor(x, requires_grad=True) for x in inputs])
    assert isinstance(y, ag.Tensor)
    assert y.requires_grad
    expected = f(*inputs)
    np.testing.assert_allclose(y.data, expected, rtol=1e-13, atol=1e-15)
    assert y.shape == np.shape(expected)
    assert ag.gradcheck(f, *inputs, order=2)


@pytest.mark.parametrize("f", [np.nansum, np.nanmean])
def test_nan_entries_count_for_nothing(f):
    for axis in (None, 0, 1):
        x = ag.tensor(HOLES, requires_grad=True)
        y = f(x, axis=axis)
        np.testing.assert_allclose(y.data, f(HOLES, axis=axis))
        y.backward(np.ones(y.shape))
        assert not x.grad[np.isnan(HOLES)].any()
        assert np.isfinite(x.grad).all()


def test_clip_on_a_bound_is_not_clipped():
    x = ag.tensor([0.0, 0.5, 1.0, 2.0], requires_grad=True)
    np.clip(x, 0, 1).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0, 0.0]
