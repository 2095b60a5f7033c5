"""``ag.cost``: operations and bytes are exact; the prediction is a benchmark, not a test."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.compiler import roofline
from autograd_mini.compiler.roofline import Machine
from tests.cases import LARGEST, TAPE, every
from tests.compiler.checks import depends_on_values

SLOW = Machine(bandwidth=1e9, peak={"float64": 1e9, "float32": 2e9}, overhead=1e-6)


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """Measure nothing: a known machine makes the seconds exact."""
    monkeypatch.setattr("autograd_mini.compiler.cost.machine", lambda: SLOW)


def only(f, *args):
    (step,) = ag.cost(f, *args).steps
    return step


def normal(*shape, dtype=np.float64):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


# ---- one step ------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["C", "F"])
def test_mask_of_an_array_is_computed_in_one_loop(order):
    x = np.ones((500, 3), order=order)
    mask = only(lambda x: x > 0, x)
    moved = (mask.read + mask.written) / SLOW.bandwidth
    assert mask.seconds == pytest.approx(SLOW.overhead * (1 + 1 / 25) + moved)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_product_counts_2mnk_operations_and_its_arrays(dtype):
    size = np.dtype(dtype).itemsize
    step = only(lambda x, w: x @ w, normal(5, 3, dtype=dtype), normal(3, 7, dtype=dtype))
    assert step.step == "v1 = matmul(x, w)"
    assert step.shape == (5, 7)
    assert step.flops == 2 * 5 * 7 * 3
    assert (step.read, step.written) == ((5 * 3 + 3 * 7) * size, 5 * 7 * size)


@pytest.mark.parametrize(
    ("f", "shapes", "flops"),
    [
        (lambda x, y: x + y, [(4, 6), (6,)], 24),
        (lambda x: x * x, [(4, 6)], 24),
        (lambda x: np.sum(x, axis=0), [(4, 6)], 24),
        (lambda x, y: np.einsum("ij,kj->ik", x, y), [(4, 6), (5, 6)], 2 * 4 * 6 * 5),
        (lambda x, y: np.einsum("...j,jk->...k", x, y), [(3, 4, 6), (6, 5)], 2 * 3 * 4 * 6 * 5),
        (lambda x, y: np.dot(x, y), [(), (4, 6)], 2 * 24),
        (lambda x, y: np.tensordot(x, y, 2), [(4, 6, 5), (6, 5, 3)], 2 * 4 * 6 * 5 * 3),
        (lambda x, y: np.outer(x, y), [(4,), (6,)], 2 * 4 * 6),
        (lambda x: np.linalg.inv(x), [(4, 4)], 2 * 4**3),
        (lambda x, y: x @ y, [(2, 4, 6), (2, 6, 3)], 2 * 2 * 4 * 6 * 3),
        (lambda x, y: x @ y, [(6,), (6,)], 2 * 6),
        (
            lambda x, w: ag.conv2d(x, w),
            [(2, 3, 8, 8), (4, 3, 3, 3)],
            2 * (2 * 4 * 6 * 6) * (3 * 3 * 3),
        ),
    ],
)  # fmt: skip
def test_operations_follow_from_the_shapes(f, shapes, flops):
    arrays = [normal(*shape) for shape in shapes]
    *_, step = ag.cost(f, *arrays).steps  # a convolution first copies its images
    assert step.flops == flops
    assert step.read == 8 * sum({id(x): x.size for x in arrays}.values())
    assert step.written == 8 * np.size(f(*arrays))


def test_argument_that_is_used_twice_is_read_once():
    assert only(lambda x: x * x, np.ones(10)).read == 80


def test_constant_array_is_read():
    ones = np.ones((3, 4))
    assert only(lambda x: x * np.arange(4.0), ones).read == (12 + 4) * 8


def test_views_have_no_row():
    cost = ag.cost(lambda x, w: x.T @ w.reshape(5, 2), normal(5, 3), normal(10))
    assert [step.step for step in cost.steps] == ["v1 = matmul(x, w)"]


def test_time_is_the_longer_of_operations_and_bytes():
    x = np.ones((100, 100))
    product = only(lambda x: x @ x, x)
    assert product.seconds == pytest.approx(1e-6 + 2e6 / 1e9, rel=0.1)
    total = only(lambda x: x + 1, x)
    assert total.seconds == pytest.approx(1e-6 + 160_000 / 1e9, rel=0.1)
    half = only(lambda x: x @ x, x.astype(np.float32))
    assert half.seconds == pytest.approx(1e-6 + 2e6 / 2e9, rel=0.1)


@pytest.mark.slow
@every([c for c in LARGEST if not depends_on_values(c)])
def test_every_primitive_has_a_cost(case):
    def value_and_cotangents(*xs):
        y, pull = ag.vjp(lambda *xs: case.f(TAPE, *xs), *xs)
        return y, pull(np.asarray(case.cotangent, y.dtype))

    cost = ag.cost(value_and_cotangents, *case.inputs)
    for step in (*cost.steps, cost.total):
        assert min(step.flops, step.read, step.written, step.kept, step.seconds) >= 0
    assert f"{cost.total.written:,}" in str(cost)


# ---- a program -----------------------------------------------------------------------------------


def loss(w, x):
    return np.sum(np.tanh(x @ w))


def test_forward_keeps_what_backward_reads():
    cost = ag.cost(ag.value_and_grad(loss), normal(3, 4), normal(5, 3))
    kept = {step.step: step.kept for step in cost.steps if step.kept}
    assert kept == {"v2 = tanh(v1)": 5 * 4 * 8}
    assert {step.part for step in cost.steps} == {"forward", "backward"}


def test_forward_alone_keeps_nothing():
    cost = ag.cost(loss, normal(3, 4), normal(5, 3))
    assert cost.total.kept == 0
    assert {step.part for step in cost.steps} == {"forward"}


def test_total_sums_the_steps():
    cost = ag.cost(ag.value_and_grad(loss), normal(3, 4), normal(5, 3))
    for name in ("flops", "read", "written", "kept"):
        assert getattr(cost.total, name) == sum(getattr(step, name) for step in cost.steps)
    seconds = sum(step.seconds for step in cost.steps)
    assert cost.total.seconds == pytest.approx(cost.call + seconds)


def test_printed_cost_has_a_line_for_each_step():
    cost = ag.cost(ag.value_and_grad(loss), normal(3, 4), normal(5, 3))
    lines = str(cost).splitlines()
    assert lines[0].split() == ["step", "shape", "flops", "read", "written", "kept", "µs"]
    assert len(lines) == 1 + 2 + len(cost.steps) + 2 + 2
    assert f"{cost.total.flops:,}" in lines[-3]
    assert "1 GB/s" in lines[-1]


def test_printed_cost_of_a_long_program_hides_fast_steps():
    def chain(x):
        for _ in range(100):
            x = np.sin(x)
        return x

    cost = ag.cost(chain, np.ones(3))
    assert len(cost.steps) == 100
    assert len(str(cost).splitlines()) < 60
    assert "50 faster steps" in str(cost)


def test_compiled_function_has_the_cost_of_its_function():
    f = ag.value_and_grad(loss)
    w, x = normal(3, 4), normal(5, 3)
    assert ag.cost(ag.compile(f), w, x) == ag.cost(f, w, x)


def test_cost_of_a_training_step_changes_nothing():
    model = nn.MLP([3, 4, 2])
    optimizer = optim.Adam(model.parameters(), lr=0.1)

    def step(x, y):
        optimizer.zero_grad()
        loss = ag.softmax_cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    before = [p.data.copy() for p in model.parameters()]
    compiled = ag.compile(step, state=(model, optimizer))
    cost = ag.cost(compiled, normal(5, 3), np.zeros(5, int))
    assert {step.part for step in cost.steps} == {"forward", "backward", "then"}
    for p, old in zip(model.parameters(), before, strict=True):
        assert p.grad is None
        np.testing.assert_array_equal(p.data, old)


def test_cost_of_a_non_function_raises():
    with pytest.raises(TypeError, match=r"needs a function, got .*ag\.cost\(f, x\)"):
        ag.cost(3.0)


# ---- the machine ---------------------------------------------------------------------------------


def test_machine_is_measured_once():
    first = roofline.machine()
    assert first is roofline.machine()
    assert first.bandwidth > 1e8
    assert 1e-8 < first.overhead < 1e-3
    assert set(first.peak) == {"float64", "float32"}
