"""ag.compile(step, state=(model, optimizer)): the student's own step, compiled."""

import copy
import pickle
import threading
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import data, nn, optim
from autograd_mini.compiler.errors import (
    CapturedParameterError,
    EscapedTracerError,
    TracingError,
)
from tests.budget import few

X, LABELS = data.moons(60, rng=0)

OPTIMISERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    "adam": lambda p: optim.Adam(p, lr=0.01),
    "adamw": lambda p: optim.AdamW(p, lr=0.01),
}


class Noisy(nn.Module):
    """A network with noise, a buffer that follows the mean, and a counter in an array."""

    def __init__(self, rng=0):
        self.hidden = nn.Linear(2, 8, rng=1)
        self.out = nn.Linear(8, 2, rng=2)
        self.mean = np.zeros(8)
        self.calls = np.array(0)
        self.rng = np.random.default_rng(rng)
        self.scale = 0.1

    def forward(self, x):
        h = np.tanh(self.hidden(x))
        if self.training:
            h = h * (1 + self.scale * self.rng.normal(size=h.shape))
            self.mean *= 0.9
            self.mean += 0.1 * h.detach().mean(axis=0).data
            self.calls += 1
        return self.out(h - self.mean)


class PartlyUsed(nn.Module):
    """A model with parameters that never get a gradient, so optimisers count no steps of them."""

    def __init__(self):
        self.used, self.unused = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, x):
        return self.used(x)


def trainer(model, optimizer, **options):
    def step(x, y):
        optimizer.zero_grad()
        loss = ag.softmax_cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def state_of(model, optimizer):
    arrays = {**model.state_dict(), "lr": optimizer.lr}
    arrays.update((f"grad {name}", p.grad) for name, p in model.named_parameters())
    arrays.update(optimizer.state_dict())
    return arrays


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name, x in a.items():
        for u, v in zip(x, b[name]) if isinstance(x, list) else [(x, b[name])]:
            assert type(u) is type(v), name
            np.testing.assert_array_equal(u, v, err_msg=name)


def pair(make_model=lambda: nn.MLP([2, 8, 2]), make_optimizer=OPTIMISERS["adam"]):
    """Return two equal models with their optimisers, and the steps: plain and compiled."""
    found = []
    for compiled in (False, True):
        model = make_model()
        optimizer = make_optimizer(model.parameters())
        step = trainer(model, optimizer)
        found.append(
            (
                model,
                optimizer,
                ag.compile(step, state=(model, optimizer)) if compiled else step,
            )
        )
    return found


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("model", [lambda: nn.MLP([2, 8, 2]), Noisy, PartlyUsed])
def test_compiled_step_has_the_bits_of_the_eager_one(name, model):
    (m1, o1, eager), (m2, o2, compiled) = pair(model, OPTIMISERS[name])
    for i in range(6):
        if i == 3:
            o1.lr = o2.lr = 0.03
        batch = slice(i, i + 40)
        a, b = eager(X[batch], LABELS[batch]), compiled(X[batch], LABELS[batch])
        assert a.item() == b.item()
        assert_same(state_of(m1, o1), state_of(m2, o2))
    if model is Noisy:
        assert m1.rng.bit_generator.state == m2.rng.bit_generator.state
        assert m2.calls == 6


def test_compile_with_options_is_a_decorator():
    model = nn.MLP([2, 8, 2])
    optimizer = optim.Adam(model.parameters(), lr=0.01)

    @ag.compile(state=(model, optimizer))
    def step(x, y):
        """Train once."""
        optimizer.zero_grad()
        loss = ag.softmax_cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    (_, _, eager), _ = pair()
    assert (step.__name__, step.__doc__) == ("step", "Train once.")
    for _ in range(3):
        assert step(X, LABELS).item() == eager(X, LABELS).item()
    assert len(step._programs) == 2  # without and with gradients


def test_compile_as_a_decorator_checks_its_options():
    with pytest.raises(TypeError, match="position of an argument"):
        ag.compile(donate="x")(np.sin)
    with pytest.raises(ValueError, match="target must be"):
        ag.compile(target="cuda")(np.sin)
    with pytest.raises(TypeError, match="needs a function"):
        ag.compile(state=nn.Linear(2, 2))(3)
    assert ag.compile()(np.sin)(np.zeros(1)) == 0


def test_learning_rate_and_counts_do_not_retrace():
    _, (_, optimizer, step) = pair()
    step(X, LABELS)
    step(X, LABELS)  # now the parameters have a .grad
    traced = len(step._programs)
    for i in range(10):
        optimizer.lr = 0.01 / (i + 1)
        step(X, LABELS)
    assert len(step._programs) == traced
    assert "captured state" not in step.report()


def test_step_that_ends_with_zero_grad_is_traced_once():
    model = nn.MLP([2, 4, 2])
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @lambda f: ag.compile(f, state=(model, optimizer))
    def step(x, y):
        ag.softmax_cross_entropy(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()

    for _ in range(3):
        assert step(X, LABELS) is None
    assert len(step._programs) == 1
    assert all(p.grad is None for p in model.parameters())


def test_forgotten_zero_grad_accumulates_as_in_eager_mode():
    def forgetful(model, optimizer):
        def step(x, y):
            loss = ag.softmax_cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

        return step

    m1, m2 = nn.MLP([2, 4, 2]), nn.MLP([2, 4, 2])
    o1, o2 = optim.SGD(m1.parameters(), lr=0.1), optim.SGD(m2.parameters(), lr=0.1)
    eager, compiled = forgetful(m1, o1), ag.compile(forgetful(m2, o2), state=(m2, o2))
    for _ in range(4):
        held = [p.grad for p in m2.parameters()]
        before = copy.deepcopy(held)
        assert eager(X, LABELS).item() == compiled(X, LABELS).item()
        assert_same(state_of(m1, o1), state_of(m2, o2))
        for g, old in zip(held, before):  # arrays that a user still holds are not overwritten
            np.testing.assert_array_equal(g, old)


def test_parameters_get_a_new_version():
    _, (model, _, step) = pair()
    old = model(X).sum()
    step(X, LABELS)
    with pytest.raises(RuntimeError, match="W2"):
        old.backward()


def test_modes_settings_and_new_parts_are_noticed():
    (m1, o1, eager), (m2, o2, compiled) = pair(Noisy, OPTIMISERS["sgd"])

    def both():
        assert eager(X, LABELS).item() == compiled(X, LABELS).item()
        assert_same(state_of(m1, o1), state_of(m2, o2))

    both()
    m1.eval(), m2.eval()
    both()
    m1.train(), m2.train()
    m1.scale = m2.scale = 0.5
    both()
    m1.mean, m2.mean = np.ones(8), np.ones(8)
    both()
    for m in (m1, m2):
        m.hidden.requires_grad_(False)
    both()
    for m in (m1, m2):
        m.hidden.requires_grad_()
        m.out = nn.Linear(8, 2, rng=9)
    both()
    for m in (m1, m2):
        m.hidden.weight = ag.tensor(np.ones((2, 8)), requires_grad=True, name="new")
    both()
    for m in (m1, m2):
        m.rng = np.random.default_rng(7)
    both()


def clipped_trainer(model, optimizer, schedule=None):
    def step(x, y):
        optimizer.zero_grad()
        loss = ag.softmax_cross_entropy(model(x), y)
        loss.backward()
        norm = optim.clip_grad_norm_(model.parameters(), 0.3)
        if schedule:
            model.count += 1
            optimizer.lr = schedule(model.count)
        optimizer.step()
        return loss, norm

    return step


GROUPED = {
    "momentum": lambda groups: optim.SGD(groups, lr=0.1, momentum=0.9, weight_decay=0.01),
    "adamw": lambda groups: optim.AdamW(groups, lr=0.01),
}


def grouped_pair(make, dtype, schedule=None):
    """Return two equal models whose weights and biases are groups, and the steps."""
    found = []
    for compiled in (False, True):
        model = nn.MLP([2, 8, 2], dtype=dtype)
        model.count = np.array(0)
        weights = [p for p in model.parameters() if p.ndim == 2]
        biases = [p for p in model.parameters() if p.ndim == 1]
        optimizer = make([{"params": weights, "lr": 0.03}, {"params": biases, "weight_decay": 0.0}])
        step = clipped_trainer(model, optimizer, schedule)
        step = ag.compile(step, state=(model, optimizer)) if compiled else step
        found.append((model, optimizer, step))
    return found


@pytest.mark.parametrize("dtype", few([np.float32, np.float64], 2))
@pytest.mark.parametrize("name", GROUPED)
def test_groups_and_clipping_have_the_bits_of_eager_mode(name, dtype):
    (m1, o1, eager), (m2, o2, compiled) = grouped_pair(GROUPED[name], dtype)
    schedule, x = optim.cosine(lr=0.05, steps=10, warmup=3), X.astype(dtype)
    for t in range(12):
        for o in (o1, o2):
            # a float64 of NumPy widens float32, as in eager mode
            o.lr = schedule(t) if t < 8 else np.float64(0.01)
            o.groups[0]["lr"] = 0.01 / (t + 1)
            if t == 9:
                o.groups[1]["weight_decay"] = 0.5
            if t == 10:
                o.load_state_dict(o.state_dict())
        (a, a_norm), (b, b_norm) = eager(x, LABELS), compiled(x, LABELS)
        assert (a.item(), a_norm, a_norm.dtype) == (b.item(), b_norm, b_norm.dtype)
        assert_same(state_of(m1, o1), state_of(m2, o2))


@pytest.mark.parametrize("dtype", few([np.float32, np.float64], 2))
def test_schedule_inside_of_a_step_has_the_bits_of_eager_mode(dtype):
    schedule = optim.cosine(lr=0.05, steps=10, warmup=3)
    (m1, o1, eager), (m2, o2, compiled) = grouped_pair(GROUPED["adamw"], dtype, schedule)
    for t in range(8):
        eager(X.astype(dtype), LABELS)
        compiled(X.astype(dtype), LABELS)
        assert_same(state_of(m1, o1), state_of(m2, o2))
        assert o2.lr == schedule(t + 1)
    assert len(compiled._programs) <= 3


def test_learning_rates_of_groups_do_not_retrace():
    _, (_, optimizer, step) = grouped_pair(GROUPED["adamw"], np.float64)
    step(X, LABELS)
    step(X, LABELS)
    traced = len(step._programs)
    for i in range(5):
        optimizer.lr = optimizer.groups[0]["lr"] = 0.01 / (i + 1)
        step(X, LABELS)
    assert len(step._programs) == traced
    assert "captured state" not in step.report()


def test_option_of_a_group_that_a_step_changes_is_refused():
    _, (model, optimizer, _) = grouped_pair(GROUPED["adamw"], np.float64)

    @lambda f: ag.compile(f, state=(model, optimizer))
    def step(x):
        optimizer.groups[1]["weight_decay"] += 0.1
        return model(x).sum()

    with pytest.raises(EscapedTracerError, match="weight_decay"):
        step(X)
    assert optimizer.groups[1] == {"weight_decay": 0.0}


def test_loaded_state_is_used_by_a_compiled_step():
    (m1, o1, eager), (m2, o2, compiled) = pair(make_optimizer=OPTIMISERS["momentum"])
    saved = copy.deepcopy(o1.state_dict())
    for _ in range(3):
        for o, step in ((o1, eager), (o2, compiled)):
            step(X, LABELS)
            step(X, LABELS)
            o.load_state_dict(saved)
        assert_same(state_of(m1, o1), state_of(m2, o2))
    eager(X, LABELS)
    compiled(X, LABELS)
    assert_same(state_of(m1, o1), state_of(m2, o2))


def test_each_length_keeps_its_program():
    (m1, o1, eager), (m2, o2, compiled) = pair()
    for n in (10, 20, 10, 20, 30, 10):
        assert eager(X[:n], LABELS[:n]).item() == compiled(X[:n], LABELS[:n]).item()
    assert len(compiled._programs) <= 6
    assert_same(state_of(m1, o1), state_of(m2, o2))


def test_own_update_under_no_grad():
    def make():
        model = nn.Linear(2, 2)
        velocity = [np.zeros(p.shape) for p in model.parameters()]

        def step(x, y):
            model.zero_grad()
            ag.softmax_cross_entropy(model(x), y).backward()
            with ag.no_grad():
                for p, v in zip(model.parameters(), velocity):
                    v *= 0.9
                    v += p.grad
                    p -= 0.1 * ag.tensor(v)

        return model, velocity, step

    m1, v1, eager = make()
    m2, v2, step = make()
    compiled = ag.compile(step, state=(m2, v2))
    for _ in range(4):
        eager(X, LABELS)
        compiled(X, LABELS)
    assert_same(m1.state_dict(), m2.state_dict())
    assert_same({"v": v1}, {"v": v2})


# ---- errors --------------------------------------------------------------------------------------


def test_error_while_tracing_changes_nothing():
    model = nn.MLP([2, 4, 2])
    optimizer = optim.Adam(model.parameters())

    @lambda f: ag.compile(f, state=(model, optimizer))
    def step(x, y):
        optimizer.zero_grad()
        loss = ag.softmax_cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    before = state_of(model, optimizer)
    orders = [p.order for p in model.parameters()]
    with pytest.raises(TracingError, match=r"\.item\(\)"):
        step(X, LABELS)
    assert_same(before, state_of(model, optimizer))
    assert orders == [p.order for p in model.parameters()]
    assert all(type(p._array) is np.ndarray for p in model.parameters())


def test_error_in_a_later_call_changes_nothing():
    _, (model, optimizer, step) = pair()
    step(X, LABELS)
    step(X, LABELS)
    before = copy.deepcopy(state_of(model, optimizer))
    with pytest.raises(IndexError, match="from 0 to 1"):
        step(X, LABELS + 5)
    assert_same(before, state_of(model, optimizer))


def test_number_that_a_step_changes_is_refused():
    model = nn.Linear(2, 2)
    model.count = 0

    @lambda f: ag.compile(f, state=model)
    def step(x):
        model.count += 1
        return model(x).sum()

    with pytest.raises(EscapedTracerError, match=r"count.*np\.array\(0\)"):
        step(X)
    assert model.count == 0


@pytest.mark.parametrize("state", [(), (3,), (np.tanh,), ([],)])
def test_state_without_arrays_is_refused(state):
    with pytest.raises(TypeError, match="state"):
        ag.compile(lambda x: x, state=state)


def test_state_and_donate_together_are_refused():
    with pytest.raises(TypeError, match="donate"):
        ag.compile(lambda x: x, state=nn.Linear(2, 2), donate=0)


def test_old_view_of_a_changed_array_is_refused():
    model = nn.Linear(2, 2)

    @lambda f: ag.compile(f, state=model)
    def step(x):
        array = model.weight.data
        old = array.T
        array -= 1.0
        return x @ old

    with pytest.raises(TracingError, match="copy"):
        step(X)


def test_model_that_is_not_in_the_state_is_refused():
    model, other = nn.MLP([2, 4, 2]), nn.MLP([2, 4, 2])
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    step = ag.compile(trainer(model, optimizer), state=(other,))
    with pytest.raises(RuntimeError, match="W1"):
        step(X, LABELS)


# ---- as other compiled functions -----------------------------------------------------------------


def test_generator_as_an_argument_draws_new_numbers():
    f = ag.compile(lambda rng, x: x + rng.normal(size=x.shape))
    mine, theirs = np.random.default_rng(3), np.random.default_rng(3)
    for _ in range(3):
        np.testing.assert_array_equal(f(mine, X), X + theirs.normal(size=X.shape))
    g = ag.compile(lambda rng: (rng.random(3), rng.random(3)))
    first, second = g(np.random.default_rng(0))
    assert (first != second).all()
    assert "random" in g.source


def test_threads_take_turns():
    (m1, o1, eager), (m2, o2, compiled) = pair(make_optimizer=OPTIMISERS["sgd"])
    threads = [
        threading.Thread(target=lambda: [compiled(X, LABELS) for _ in range(5)]) for _ in range(4)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for _ in range(20):
        eager(X, LABELS)
    assert_same(state_of(m1, o1), state_of(m2, o2))


def test_step_inside_of_a_transform_runs_itself():
    _, (_, _, step) = pair(make_optimizer=OPTIMISERS["sgd"])
    x = ag.tensor(X, requires_grad=True)
    step(x, LABELS)
    assert x.grad is not None
    assert "uncompiled" in step.report()


def test_source_shows_the_step_with_the_users_names():
    _, (_, _, step) = pair()
    step(X, LABELS)
    assert "W1" in step.source
    assert "tanh" in step.source


class Trainer:
    """A picklable step, as a class."""

    def __init__(self):
        self.model = nn.MLP([2, 4, 2])
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)

    def __call__(self, x, y):
        return trainer(self.model, self.optimizer)(x, y)


def test_callable_object_that_owns_model_and_optimizer():
    one, two = Trainer(), Trainer()
    step = ag.compile(two, state=(two.model, two.optimizer))
    for _ in range(3):
        assert one(X, LABELS).item() == step(X, LABELS).item()
    again = pickle.loads(pickle.dumps(two))
    assert again(X, LABELS).item() == one(X, LABELS).item()


# ---- models alone, and parts that are shared -----------------------------------------------------


def test_model_without_an_optimizer_keeps_its_gradients():
    """Gradients have the names and shapes of the parameters; one of them is a constant."""
    for zero_grad in (True, False):
        models = nn.Linear(3, 2), nn.Linear(3, 2)

        def accumulate(model, x, zero_grad=zero_grad):
            if zero_grad:
                model.zero_grad()
            loss = model(x).sum()
            loss.backward()
            return loss

        eager, compiled = partial(accumulate, models[0]), partial(accumulate, models[1])
        compiled = ag.compile(compiled, state=models[1])
        for i in range(3):
            x = np.full((4, 3), i + 1.0)
            assert eager(x).item() == compiled(x).item()
            assert_same(*(state_of(m, optim.SGD(m.parameters(), lr=0.1)) for m in models))
            models[0].bias.grad[:] = models[1].bias.grad[:] = 7  # it is not the constant itself


class Shared(nn.Module):
    """It has two parts with one generator and one buffer."""

    def __init__(self):
        self.one, self.two = Noisy(), Noisy()
        self.two.mean, self.two.rng = self.one.mean, self.one.rng

    def forward(self, x):
        return self.one(x) + self.two(x)


def test_shared_generators_and_buffers_stay_shared():
    (m1, o1, eager), (m2, o2, compiled) = pair(Shared)
    for _ in range(4):
        assert eager(X, LABELS).item() == compiled(X, LABELS).item()
    assert_same(state_of(m1, o1), state_of(m2, o2))
    assert m2.one.mean is m2.two.mean
    assert m2.one.rng is m2.two.rng
    assert m1.one.rng.bit_generator.state == m2.one.rng.bit_generator.state
    m1.two.rng, m2.two.rng = np.random.default_rng(8), np.random.default_rng(8)
    m1.two.mean, m2.two.mean = np.zeros(8), np.zeros(8)
    for _ in range(2):
        assert eager(X, LABELS).item() == compiled(X, LABELS).item()
    assert_same(state_of(m1, o1), state_of(m2, o2))


def test_shared_buffer_with_two_new_values_is_refused():
    model = Shared()

    def step(x):
        model.two.mean = model.two.mean + 1
        return model(x)

    with pytest.raises(EscapedTracerError, match="are the same array"):
        ag.compile(step, state=model)(X)
    assert model.one.mean is model.two.mean


class Constants(nn.Module):
    """A model with constant buffers: some are read-only, or share memory."""

    def __init__(self):
        self.linear = nn.Linear(3, 2)
        self.mask = np.broadcast_to(np.array([1.0, 0.5, 2.0]), (4, 3))
        self.lower = np.tri(3)
        self.upper = self.lower.T
        self.windows = np.lib.stride_tricks.sliding_window_view(np.arange(5.0), 3)
        self.windows.flags.writeable = False

    def forward(self, x):
        return self.linear((x * self.mask) @ (self.lower + self.upper) + self.windows[0])


def test_constant_buffers_may_be_read_only_and_share_memory():
    images = np.random.default_rng(0).normal(size=(4, 3))
    (m1, o1, eager), (m2, o2, compiled) = pair(Constants)
    for _ in range(3):
        assert eager(images, LABELS[:4]).item() == compiled(images, LABELS[:4]).item()
    assert_same(state_of(m1, o1), state_of(m2, o2))


@pytest.mark.parametrize("target", ["numpy", "auto"])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda a: a.view(),
            r"'(total|other)' \(float64, shape .*'(total|other)'.*Store a",
        ),
        (lambda a: np.broadcast_to(np.zeros(1), 3), r"'other' .* is read-only.*np\.array\(x\)"),
    ],
)
def test_buffer_that_cannot_be_overwritten_is_named(target, spoil, message):
    model = nn.Linear(3, 2)
    model.total = np.zeros(3)
    model.other = np.zeros(3)

    def step(x):
        model.total = model.total + x.sum(axis=0)
        model.other = model.other + 1
        return model(x).sum()

    step = ag.compile(step, state=model, target=target)
    images = np.ones((4, 3))
    step(images)
    model.other = spoil(model.total)
    before = model.state_dict()
    for _ in range(2):
        with pytest.raises(ValueError, match=message):
            step(images)
    assert_same(before, model.state_dict())


class Stateful(nn.Module):
    """A recurrent network that keeps its state from step to step."""

    def __init__(self, keep):
        self.cell, self.out = nn.GRUCell(2, 3), nn.Linear(3, 2)
        self.state = np.zeros((60, 3))
        self.keep = keep

    def forward(self, x):
        h = self.cell(x, self.state)
        self.state = self.keep(h)
        return self.out(h)


def test_state_that_is_stored_with_its_tape_is_refused():
    (_, _, step), (other, after, compiled) = pair(lambda: Stateful(lambda h: h))
    step(X, LABELS)
    with pytest.raises(RuntimeError, match="modified after"):
        step(X, LABELS)
    before = state_of(other, after)
    with pytest.raises(EscapedTracerError, match=r"in state, so its tape.*x\.detach\(\)"):
        compiled(X, LABELS)
    assert_same(before, state_of(other, after))


@pytest.mark.parametrize("keep", [lambda h: h.detach(), lambda h: h.data, ag.stop_gradient])
def test_state_without_a_tape_is_kept_from_step_to_step(keep):
    (_, _, eager), (_, _, compiled) = pair(lambda: Stateful(keep))
    for _ in range(4):
        assert eager(X, LABELS).item() == compiled(X, LABELS).item()


class Pair(NamedTuple):
    h: Any
    c: Any


class Tupled(nn.Module):
    """A model that keeps a pair of arrays, and a generator, in tuples."""

    def __init__(self, kind, keeps):
        self.kind, self.keeps = kind, keeps
        self.cell, self.out = nn.LSTMCell(2, 3), nn.Linear(3, 2)
        self.state = kind(np.zeros((60, 3)), np.zeros((60, 3)))
        self.noise = ((np.random.default_rng(0), "normal"), 0.1)
        self.constants = (np.ones(2), (np.ones(2),))

    def forward(self, x):
        x = x * self.constants[0] + self.constants[1][0]
        x = x + self.noise[1] * self.noise[0][0].normal(size=x.shape)
        h, c = self.cell(x, self.state)
        if self.keeps:
            self.state = self.kind(h.detach(), c.detach())
        return self.out(h)


def pair_of(h, c):
    return h, c


@pytest.mark.parametrize("kind", [Pair, pair_of])
@pytest.mark.parametrize("keeps", [True, False])
def test_arrays_in_tuples_are_state(kind, keeps):
    (m1, o1, eager), (m2, o2, compiled) = pair(lambda: Tupled(kind, keeps))
    for i in range(6):
        assert eager(X, LABELS).item() == compiled(X, LABELS).item()
        if i == 3:
            m1.state, m2.state = (kind(np.ones((60, 3)), np.zeros((60, 3))) for _ in range(2))
    assert_same(state_of(m1, o1), state_of(m2, o2))
    for mine, theirs in zip(m1.state, m2.state):
        np.testing.assert_array_equal(np.asarray(mine), theirs)


def replace_weight(model):
    model.weight = model.weight * 2


def replace_buffer(model):
    model.fixed = model.fixed + model.weight.detach()


STORES = {
    "a parameter": (replace_weight, "replaces the tensor weight"),
    "a tensor": (replace_buffer, "replaces the tensor fixed"),
    "a new attribute": (lambda m: setattr(m, "new", m.weight.data * 2), r"model\.new"),
    "None": (lambda m: setattr(m, "last", m.weight.data * 2), r"model\.last"),
    "a new list": (lambda m: setattr(m, "kept", [m.weight.data * 2]), r"model\.kept"),
    "an entry": (lambda m: m.kept.append(m.weight.data * 2), r"model\.kept\[1\]"),
    "a key": (lambda m: m.parts.update(new=m.weight.data * 2), r"model\.parts\['new'\]"),
    "a tuple": (lambda m: setattr(m, "last", (m.weight.data * 2,)), r"model\.last\[0\]"),
}


@pytest.mark.parametrize("call", ["call", "cost"])
@pytest.mark.parametrize("name", STORES)
def test_refused_store_leaves_no_traced_array(name, call):
    store, message = STORES[name]
    model = nn.Linear(2, 2)
    model.fixed = ag.tensor(np.zeros((2, 2)))
    model.last, model.kept, model.parts = None, [np.zeros((2, 2))], {"a": np.zeros((2, 2))}
    optimizer = optim.Adam(model.parameters())

    def step(x):
        optimizer.zero_grad()
        loss = (model(x) ** 2).sum()
        loss.backward()
        optimizer.step()
        model.uses = model.last, model.kept, model.parts, getattr(model, "new", None)
        store(model)
        return loss

    before, attributes = state_of(model, optimizer), {**vars(model)}
    compiled = ag.compile(step, state=(model, optimizer))
    with pytest.raises(EscapedTracerError, match=message):
        (compiled if call == "call" else partial(ag.cost, compiled))(X)
    assert {k: id(x) for k, x in vars(model).items()} == {k: id(x) for k, x in attributes.items()}
    assert (len(model.kept), len(model.parts)) == (1, 1)
    assert_same(before, state_of(model, optimizer))


@pytest.mark.parametrize(
    "change",
    [
        lambda model, optimizer: model.eval(),
        lambda model, optimizer: setattr(optimizer, "lr", 0.5),
        lambda model, optimizer: setattr(optimizer, "betas", (0.5, 0.5)),
        lambda model, optimizer: optimizer.groups[0].update(weight_decay=0.7),
        lambda model, optimizer: optimizer.parameters.pop(),
        lambda model, optimizer: model.requires_grad_(False),
        lambda model, optimizer: setattr(model, "layers", model.layers[:1]),
        lambda model, optimizer: setattr(model, "last", model.layers[0].weight.data * 2),
    ],
)
@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_step_that_raises_while_traced_changes_nothing(change, error):
    (m1, o1, eager), (m2, o2, _) = pair()

    def step(x, y, fails=False):
        loss = trainer(m2, o2)(x, y)
        if fails:
            change(m2, o2)
            raise error
        return loss

    step = ag.compile(step, state=(m2, o2))
    for i in range(4):
        assert eager(X, LABELS).item() == step(X, LABELS).item()
        if i % 2:
            with pytest.raises(error):
                step(X, LABELS, fails=True)
    assert_same(state_of(m1, o1), state_of(m2, o2))
    assert m2.training
    assert vars(m2).keys() == vars(m1).keys()
    assert all(p.requires_grad for p in m2.parameters())


def test_step_may_return_a_parameter():
    (m1, _, eager), (m2, o2, _) = pair()
    step = ag.compile(
        lambda x, y: (trainer(m2, o2)(x, y), m2.parameters(), {"w": m2.layers[0].weight}),
        state=(m2, o2),
    )
    for _ in range(3):
        loss = eager(X, LABELS)
        found, parameters, named = step(X, LABELS)
        assert found == loss.item()
        for mine, theirs in zip(parameters, m1.parameters()):
            np.testing.assert_array_equal(mine, theirs.data)
        np.testing.assert_array_equal(named["w"], m1.layers[0].weight.data)
        assert not np.shares_memory(named["w"], m2.layers[0].weight.data)


def test_step_that_returns_a_parameter_of_another_model_is_refused():
    model, other = nn.Linear(2, 2), nn.Linear(2, 2)
    with pytest.raises(CapturedParameterError):
        ag.compile(lambda x: (model(x), other.weight), state=model)(X)


NOISE = np.random.default_rng(0)


class Source:
    """An object that is not a model, and holds a generator."""

    def __init__(self):
        self.rng = np.random.default_rng(0)


def drawer(place, model, optimizer):
    """Return a step that draws from a generator in some place, and the generator."""
    closure, source, kept = np.random.default_rng(0), Source(), [np.random.default_rng(0)]
    draws = {
        "a closure": (lambda: closure, closure),
        "a global": (lambda: NOISE, NOISE),
        "an object": (lambda: source.rng, source.rng),
        "a list": (lambda: kept[0], kept[0]),
    }
    draw, rng = draws[place]

    def step(x, y):
        x = x + draw().normal(size=x.shape) * draw().uniform(size=(len(x), 1))
        return trainer(model, optimizer)(x, y)

    return step, rng


@pytest.mark.parametrize("target", ["numpy", "auto"])
@pytest.mark.parametrize("place", ["a closure", "a global", "an object"])
def test_generator_that_is_state_draws_new_numbers(place, target, monkeypatch):
    """A generator may be in state= and be used through any variable or attribute."""
    losses = []
    for is_compiled in (False, True):
        monkeypatch.setitem(globals(), "NOISE", np.random.default_rng(0))
        ((model, optimizer, _), _), noise = pair(), NOISE
        step, rng = drawer(place, model, optimizer)
        if is_compiled:
            step = ag.compile(step, state=(model, optimizer, rng), target=target)
        losses.append([round(step(X, LABELS).item(), 9) for _ in range(5)])
        losses.append(rng.bit_generator.state)
        assert NOISE is noise
    assert losses[:2] == losses[2:]
    assert len(set(losses[0])) == 5


def test_generator_that_is_drawn_from_elsewhere_is_refused():
    (model, optimizer, _), _ = pair()
    step, rng = drawer("a list", model, optimizer)
    with pytest.raises(RuntimeError, match="draws random numbers"):
        ag.compile(step, state=(model, optimizer, rng))(X, LABELS)


def test_gradient_penalty_has_the_bits_of_eager_mode():
    """A step may differentiate a gradient: a leaf is made inside, and `gradients` has a seed."""
    found = []
    for model, optimizer, is_compiled in [(*p[:2], i) for i, p in enumerate(pair())]:

        def step(x, model=model, optimizer=optimizer):
            x = ag.tensor(x, requires_grad=True)
            slope = ag.gradients(model(x).sum(), x)
            loss = ((slope**2).sum(axis=1) - 1) ** 2
            optimizer.zero_grad()
            loss.mean().backward()
            optimizer.step()
            return loss.mean()

        if is_compiled:
            step = ag.compile(step, state=(model, optimizer))
        found.append(([step(X).item() for _ in range(4)], state_of(model, optimizer)))
    assert found[0][0] == found[1][0]
    assert_same(found[0][1], found[1][1])


def test_array_that_is_state_is_read_through_a_variable():
    """A step may read an array of state= as a variable. Changes from outside are seen."""
    losses = []
    for (model, optimizer, _), is_compiled in zip(pair(), (False, True)):
        offset, plain = np.zeros(2), trainer(model, optimizer)

        def step(x, y, plain=plain, offset=offset):
            return plain(x + offset, y)

        if is_compiled:
            step = ag.compile(step, state=(model, optimizer, offset))
        losses.append([])
        for _ in range(5):
            offset += 0.5
            losses[-1].append(step(X, LABELS).item())
    assert losses[0] == losses[1]
