"""The tape as a list, its adjoints, and its size."""

import gc
import weakref

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.tape import replay


def chain():
    """Return the tape of z -> exp -> sum -> div -> log -> mul -> sum -> neg, with names."""
    z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
    y = ag.tensor([0.0, 1.0, 0.0], name="y")
    e = np.exp(z)
    return -(y * np.log(e / e.sum())).sum()


def test_a_tape_is_a_list_of_tensors_in_the_order_of_computation():
    loss = chain()
    tape = loss.tape()
    assert isinstance(tape, ag.Tape)
    assert [t.op.name if t.op else t.name for t in tape] == [
        "z", "y", "exp", "sum", "div", "log", "mul", "sum", "neg",
    ]  # fmt: skip
    assert len(tape) == 9
    assert tape[-1] is tape.result is loss
    assert tape[2:4][0] is tape[2]
    assert [t.order for t in tape] == sorted(t.order for t in tape)
    for t in tape:
        assert all(a.order < t.order for a in t.inputs if isinstance(a, ag.Tensor))
    assert repr(tape) == f"<Tape of 9 tensors, ending in {loss!r}>"
    assert str(tape) == tape.table()


def test_a_tape_knows_its_tensors_by_identity():
    x = ag.tensor([2.0, 3.0], requires_grad=True)
    y = x * x
    tape = y.sum().tape()
    assert [tape.index(t) for t in tape] == [0, 1, 2]
    assert y in tape
    assert (tape.count(y), tape.count(x * x), tape.index(y, -2)) == (1, 0, 1)
    assert list(tape[::-1]) == list(reversed(tape))
    for missing, start in ((x * x, 0), (x, 1), (None, 0)):
        with pytest.raises(ValueError, match="not on this tape"):
            tape.index(missing, start)


def test_adjoints_are_those_of_every_active_tensor_and_touch_no_grad():
    loss = chain()
    tape = loss.tape()
    adjoints = tape.adjoints()
    assert list(adjoints) == [t for t in tape if t.requires_grad]
    for t, g in adjoints.items():
        assert g.shape == t.shape
        assert g.dtype == t.dtype
        np.testing.assert_allclose(g, ag.gradients(loss, t).data, rtol=1e-15)
    assert tape[0].grad is None
    adjoints[tape[0]][...] = 7  # theirs to keep: nothing else changes
    assert tape.adjoints()[tape[0]][0] != 7


def test_adjoints_of_what_the_result_does_not_vary_with_are_zero():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = np.where(x > 5, x, 3.0) + ag.stop_gradient(x)
    assert y.tape().adjoints([1.0, 1.0])[x].tolist() == [0.0, 0.0]


def test_replay_shows_no_warnings():
    """The warnings of the forward pass have been shown already."""
    x = ag.tensor([0.0, -1.0], requires_grad=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.log(x)
    again = replay(y.tape(), lambda t: t)[y]
    np.testing.assert_array_equal(again.data, y.data)


def test_a_leaf_is_a_tape_of_one():
    x = ag.tensor(2.0, requires_grad=True)
    assert list(x.tape()) == [x]
    x.backward()
    assert x.grad.item() == 1.0


@pytest.mark.slow
def test_a_million_records():
    """Forward pass, backward pass and freeing need neither recursion nor the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        x = ag.tensor(np.zeros(4), requires_grad=True)
        y = x
        for _ in range(500_000):
            y = y * 1.0 + 1.0
        middle = weakref.ref(y.inputs[0])
        assert len(y.tape()) == 1_000_001
        y.backward(np.ones(4))
        assert x.grad.tolist() == [1.0] * 4
        assert y.data.tolist() == [500_000.0] * 4
        del y
        assert middle() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("x", [3.0, np.float64(3.0), np.ones(2), None, "x"], ids=repr)
@pytest.mark.parametrize("view", [ag.Tape, ag.source, ag.latex, ag.explain])
def test_tape_of_a_non_tensor_raises(view, x):
    with pytest.raises(TypeError, match=r"expected a Tensor, got"):
        view(x)
