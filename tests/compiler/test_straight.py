"""The fused loss in straight lines: as exact as the node, for numbers it has not seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag


def exactly(z, y):
    """Loss and gradient of each row, where nothing cancels, in twice the digits."""
    z, y = z.astype(np.longdouble), y.astype(np.longdouble)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    others = np.where(np.eye(z.shape[1], dtype=bool), 0, e[:, None, :]).sum(axis=2)
    total = e + others
    logs = np.log1p(others / np.where(e > 0, e, 1))
    rest = y.sum(axis=1, keepdims=True) - y
    return (y * np.where(y == 0, 0, logs)).sum(axis=1), (e * rest - y * others) / total


@pytest.fixture(scope="module")
def compiled():
    """A program for weights that it cannot see, used for all rows of a shape."""

    def step(z, y):
        f = ag.value_and_grad(lambda z: ag.softmax_cross_entropy(z, y, reduction="sum"))
        return f(z)

    return ag.compile(step)


@given(
    gap=st.sampled_from([0.0, 1e-3, 1.0, 5.0, 17.0, 60.0, 95.0]),
    c=st.sampled_from([1, 2, 3, 10, 70]),
    kind=st.sampled_from(["one hot", "probabilities", "any", "tie"]),
    seed=st.integers(0, 99),
)
def test_no_digits_are_lost(compiled, gap, c, kind, seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(5, c)).astype(np.float32)
    top = rng.integers(c, size=5)
    z[np.arange(5), top] = z.max(axis=1) + np.float32(gap)
    if kind == "tie":
        z[:, 0] = z[np.arange(5), top]
    y = {"one hot": np.eye(c)[top], "any": rng.normal(size=(5, c))}.get(
        kind, rng.dirichlet(np.ones(c), size=5)
    )
    y = y.astype(np.float32)
    losses, gradient = exactly(z, y)
    loss, found = compiled(z, y)
    size = np.abs(y).sum(axis=1, keepdims=True)  # what is added up, and rounded, besides
    rounding = 2e-6 + 1e-7 * gap  # of e^(z - m), where z - m is rounded
    assert abs(loss.item() - losses.sum()) <= 1e-6 * (size * (gap + 10)).sum()
    if kind == "one hot":  # all terms have one sign: not a digit less
        np.testing.assert_allclose(found, gradient.astype(np.float32), rtol=rounding, atol=1e-37)
        assert loss.item() == pytest.approx(float(losses.sum()), rel=rounding)
    else:
        assert np.all(np.abs(found - gradient) <= 1e-6 * size)


def test_the_report_says_that_the_loss_is_written_otherwise():
    """As the rules that keep results within rounding are counted, so is this."""
    f = ag.compile(ag.grad(lambda z: ag.softmax_cross_entropy(z, np.array([0, 2]))))
    f(np.eye(3)[:2])
    assert "losses in straight lines 1" in f.report()


def test_a_class_left_out_and_a_row_without_numbers(compiled):
    z = np.array([[0.0, -np.inf, 1.0], [np.nan, 0.0, 1.0], [2.0, 2.0, 2.0]], np.float32)
    y = np.array([[0.5, 0.0, 0.5], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]], np.float32)
    loss, found = compiled(z, y)
    eager = ag.tensor(z, requires_grad=True)
    ag.softmax_cross_entropy(eager, y, reduction="sum").backward()
    assert np.isnan(loss)
    np.testing.assert_allclose(found, eager.grad, rtol=1e-6, atol=1e-7)
    assert found[0, 1] == 0
    assert np.isnan(found[1]).all()
