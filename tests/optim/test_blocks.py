"""Blocks: joined parameters move exactly as each of them moves alone."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import optim
from autograd_mini.optim.blocks import MAX_ENTRIES, blocks_of
from tests.budget import few

SHAPES = [(2, 3), (), (0,), (4,), (1, 5), (3, 2)]


def leaves(dtypes=(np.float64,), shapes=SHAPES):
    rng = np.random.default_rng(0)
    return [
        ag.tensor(rng.normal(size=shape), dtype=dtypes[i % len(dtypes)], requires_grad=True)
        for i, shape in enumerate(shapes)
    ]


OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, weight_decay=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
    "Adam": lambda p: optim.Adam(p, lr=0.1, weight_decay=0.1),
    "AdamW": lambda p: optim.AdamW(p, lr=0.1),
}
every_optimizer = pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)


def gradients(step, parameters):
    """Return a gradient for each parameter; in some steps, some have none."""
    rng = np.random.default_rng(step)
    grads = [rng.normal(size=p.shape).astype(p.dtype) for p in parameters]
    return [None if step in (2, 5) and i % 3 == step % 2 else g for i, g in enumerate(grads)]


def assert_same(x, y):
    assert x.dtype == y.dtype
    assert x.tobytes() == y.tobytes()


@every_optimizer
@pytest.mark.parametrize(
    "dtypes", [[np.float64], [np.float32], [np.float16], [np.float32, np.float32, np.float64]]
)
def test_joined_parameters_move_as_each_does_alone(make, dtypes):
    together, alone = leaves(dtypes), leaves(dtypes)
    optimizer, single = make(together), [make([p]) for p in alone]
    for step in range(8):
        for p, q, g in zip(together, alone, gradients(step, alone)):
            p.grad = q.grad = g
            p.requires_grad = step != 6 or p.ndim != 1
        optimizer.step()
        for one in single:
            if one.parameters[0]._grad is not None and (step != 6 or one.parameters[0].ndim != 1):
                one.step()
    for p, q in zip(together, alone):
        assert_same(p.data, q.data)
    for name in ("m", "v", "velocity"):
        for x, one in zip(getattr(optimizer, name, ()), single):
            assert_same(x, getattr(one, name)[0])


@every_optimizer
@pytest.mark.parametrize("unused", few([1, None], 2))
def test_compiled_steps_of_blocks_equal_eager_ones(make, unused):
    """One parameter is not used in the first steps, so it has no gradient there."""

    def trained(wrap):
        p = leaves()
        optimizer = make(p)

        def step(x, used):
            optimizer.zero_grad()
            loss = sum((q * q * x).sum() for i, q in enumerate(p) if used or i != unused)
            loss.backward()
            optimizer.step()
            return loss

        step = wrap(step, (p, optimizer))
        losses = [step(float(n), n > 2).item() for n in range(1, 6)]
        return losses, p, optimizer.state_dict()

    losses, p, state = trained(lambda step, _: step)
    again, q, compiled_state = trained(lambda step, state: ag.compile(step, state=state))
    assert losses == again
    for x, y in zip(p, q):
        assert_same(x.data, y.data)
    assert repr(state) == repr(compiled_state)


@every_optimizer
def test_compiled_step_uses_a_state_loaded_later(make):
    p = leaves()
    optimizer = make(p)

    def step():
        optimizer.zero_grad()
        sum((q * q).sum() for q in p).backward()
        optimizer.step()

    compiled = ag.compile(step, state=(p, optimizer))
    compiled()
    saved, data = optimizer.state_dict(), [q.data.copy() for q in p]
    compiled()
    expected = [q.data.copy() for q in p]
    for q, x in zip(p, data):
        q.data = x
    optimizer.load_state_dict(saved)
    compiled()
    for q, x in zip(p, expected):
        assert_same(q.data, x)


def test_state_of_each_parameter_is_a_view():
    p = leaves()
    optimizer = optim.Adam(p)
    assert [m.shape for m in optimizer.m] == SHAPES
    assert len(optimizer.m.flat) == 1
    optimizer.m[3][:] = 2.0
    assert optimizer.m.flat[0].sum() == 8
    saved = optimizer.state_dict()["m"]
    assert type(saved) is list
    assert all(m.base is None for m in saved)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([3, 4, 5], [3]),
        ([3, MAX_ENTRIES, 5, 6], [1, 1, 2]),
        ([MAX_ENTRIES // 2] * 5, [2, 2, 1]),
        ([MAX_ENTRIES + 1, MAX_ENTRIES + 1], [1, 1]),
    ],
)
def test_block_has_a_largest_size(sizes, expected):
    p = [ag.tensor(np.zeros(n), requires_grad=True) for n in sizes]
    found = blocks_of(p, [0] * len(p))
    assert [len(block.numbers) for block in found] == expected
    assert [i for block in found for i in block.numbers] == list(range(len(p)))


def test_parameter_that_is_frozen_at_first_is_a_block():
    p = leaves(shapes=[(2,)] * 5)
    p[2].requires_grad = False
    found = blocks_of(p, [0, 0, 0, 0, 1])
    assert [list(block.numbers) for block in found] == [[0, 1], [2], [3], [4]]


def test_parameter_added_after_construction_raises():
    p = leaves()
    optimizer = optim.SGD(p[:2], lr=0.1)
    optimizer.parameters.append(p[2])
    p[0].grad = np.ones((2, 3))
    with pytest.raises(ValueError, match=r"3 entries, but it had 2.*new optimiser"):
        optimizer.step()
