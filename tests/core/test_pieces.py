"""Slices of one tensor: the adjoint is put together from pieces, with the bits of a sum."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.context import Observer, observing
from autograd_mini.core.pieces import Pieces
from tests.core.slices import X, disjoint, masked, one_slice, overlapping, sliced_and_whole


@pytest.mark.parametrize("leaf", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("f", [disjoint, overlapping, sliced_and_whole, masked, one_slice])
def test_adjoint_of_slices_has_the_bits_of_a_sum(f, dtype, leaf):
    """An observer sees arrays, so that with one the contributions are added one by one."""
    grads = []
    for observed in (False, True):
        x = ag.tensor(X, requires_grad=True, dtype=dtype)
        y = f(x if leaf else 1 * x)
        if observed:
            with observing(Observer()):
                y.backward(np.ones(y.shape))
        else:
            y.backward(np.ones(y.shape))
        grads.append(x.grad)
    assert grads[0].dtype == dtype
    assert grads[0].tobytes() == grads[1].tobytes()


def test_retained_gradient_of_a_sliced_node_is_an_array():
    x = ag.tensor(X, requires_grad=True)
    h = 2 * x
    h.retain_grad()
    (h[0] + h[1]).sum().backward()
    np.testing.assert_array_equal(h.grad, np.ones(X.shape) * [[1], [1], [0], [0]])


def test_pieces_are_kept_until_all_have_arrived(monkeypatch):
    made = []
    whole = Pieces.whole
    monkeypatch.setattr(Pieces, "whole", lambda self: made.append(len(self.parts())) or whole(self))
    x = 1 * ag.tensor(X, requires_grad=True)
    sum(row.sum() for row in x).backward()
    assert made == [4]


def test_adding_a_piece_does_not_copy_the_others():
    first = Pieces((3,), 0, np.ones(()))
    second = first + Pieces((3,), 1, np.full((), 2.0))
    total = second + (Pieces((3,), 2, np.full((), 4.0)) + Pieces((3,), 0, np.full((), 8.0)))
    assert second.before is first
    assert total.before.before is second
    assert first.whole().tolist() == [1, 0, 0]  # an observer may have kept it
    assert total.whole().tolist() == [9, 2, 4]


def test_observer_sees_arrays_of_slices():
    kinds = set()

    class Kinds(Observer):
        def contributed(self, contribution):
            kinds.update({type(contribution.value), type(contribution.total)})

    x = 1 * ag.tensor(X, requires_grad=True)
    with observing(Kinds()):
        (x[0] + x[1]).sum().backward()
    assert kinds == {np.ndarray}
