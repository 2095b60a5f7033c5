"""Optimisers: compared with updates worked out by hand, and with PyTorch over fifty steps."""

import copy
import pickle

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import optim


def leaf(data, **kwargs):
    return ag.tensor(data, requires_grad=True, **kwargs)


def step_with(optimizer, *gradients):
    """Take one step with these gradients."""
    for p, g in zip(optimizer.parameters, gradients):
        p.grad = g
    optimizer.step()


# ---- the formulas -------------------------------------------------------------------------------


def test_sgd_subtracts_lr_times_the_gradient():
    w = leaf([1.0, 2.0])
    step_with(optim.SGD([w], lr=0.5), [0.2, -4.0])
    np.testing.assert_array_equal(w.data, [0.9, 4.0])


def test_sgd_momentum_accumulates_a_velocity():
    w = leaf(0.0)
    optimizer = optim.SGD([w], lr=0.1, momentum=0.5)
    positions = []
    for _ in range(3):
        step_with(optimizer, 1.0)
        positions.append(w.item())
    # v = 1, 1.5, 1.75
    np.testing.assert_allclose(positions, [-0.1, -0.25, -0.425], rtol=1e-15)


def test_adam_agrees_with_the_formula():
    w = leaf(1.0)
    optimizer = optim.Adam([w], lr=0.1, betas=(0.5, 0.75), eps=1.0)
    step_with(optimizer, 2.0)
    # m = 1, v = 1; corrected m̂ = 2, v̂ = 4: the step is 0.1 · 2 / (2 + 1)
    first = 1 - 0.2 / 3
    np.testing.assert_allclose(w.item(), first, rtol=1e-15)
    step_with(optimizer, -1.0)
    # m = 0, so only the state moves; v = 0.75 + 0.25
    np.testing.assert_allclose(w.item(), first, rtol=1e-15)
    step_with(optimizer, 3.0)
    # m = 1.5, v = 0.75 + 2.25; m̂ = 1.5 / (7/8), v̂ = 3 / (37/64)
    expected = first - 0.1 * (12 / 7) / (np.sqrt(192 / 37) + 1)
    np.testing.assert_allclose(w.item(), expected, rtol=1e-15)


def test_adam_first_step_is_lr_for_any_gradient_scale():
    w = leaf(np.zeros(3))
    step_with(optim.Adam([w], lr=0.01, eps=1e-30), [1e-12, -1.0, 1e12])
    np.testing.assert_allclose(w.data, [-0.01, 0.01, -0.01], rtol=1e-13)


def test_adam_counts_the_steps_of_each_parameter():
    w, late = leaf(0.0), leaf(0.0)
    optimizer = optim.Adam([w, late], lr=0.1)
    for _ in range(3):
        step_with(optimizer, 1.0, None)
    step_with(optimizer, 1.0, 1.0)
    np.testing.assert_allclose(late.item(), -0.1, rtol=1e-7)  # a first step, so of size lr


PEERS = {
    "SGD": (lambda o, p: o.SGD(p, lr=0.05)),
    "momentum": (lambda o, p: o.SGD(p, lr=0.05, momentum=0.9)),
    "SGD, decay": (lambda o, p: o.SGD(p, lr=0.05, weight_decay=0.1)),
    "momentum, decay": (lambda o, p: o.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.1)),
    "Adam": (lambda o, p: o.Adam(p, lr=0.05)),
    "Adam, other constants": (lambda o, p: o.Adam(p, lr=0.1, betas=(0.7, 0.9), eps=1e-4)),
    "Adam, decay": (lambda o, p: o.Adam(p, lr=0.05, weight_decay=0.1)),
    "AdamW": (lambda o, p: o.AdamW(p, lr=0.05)),
    "AdamW, decay": (lambda o, p: o.AdamW(p, lr=0.05, betas=(0.7, 0.9), weight_decay=0.3)),
}
every_peer = pytest.mark.parametrize("make", PEERS.values(), ids=PEERS)


@pytest.mark.peers
@every_peer
def test_fifty_steps_agree_with_pytorch(make):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    start = rng.normal(size=(3, 4)), rng.normal(size=4)
    ours = [leaf(a) for a in start]
    theirs = [torch.tensor(a, requires_grad=True) for a in start]
    our_optimizer, their_optimizer = make(optim, ours), make(torch.optim, theirs)
    for i in range(50):
        for p, q in zip(ours, theirs):
            absent = i == 7 and p.ndim == 1  # skipped, so its state does not change
            g = None if absent else rng.normal(size=p.shape) * 10.0 ** rng.integers(-3, 3)
            p.grad, q.grad = g, None if absent else torch.tensor(g)
        our_optimizer.step()
        their_optimizer.step()
        for p, q in zip(ours, theirs):
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-12, atol=1e-14)


class Plain:
    """The formulas of ``torch.optim``, with the names and defaults of its options."""

    @staticmethod
    def SGD(p, lr, momentum=0.0, weight_decay=0.0):
        velocity = 0.0
        for g in p.gradients:
            velocity = momentum * velocity + (g + weight_decay * p.data)
            p.data = p.data - lr * velocity

    @staticmethod
    def Adam(p, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False):
        m = v = 0.0
        for t, g in enumerate(p.gradients, 1):
            p.data = p.data * (1 - lr * weight_decay) if decoupled else p.data
            g = g if decoupled else g + weight_decay * p.data
            m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
            m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
            p.data = p.data - lr * m_hat / (np.sqrt(v_hat) + eps)

    @staticmethod
    def AdamW(p, lr, weight_decay=0.01, **options):
        Plain.Adam(p, lr, weight_decay=weight_decay, decoupled=True, **options)


@every_peer
def test_fifty_steps_agree_with_the_formulas(make):
    rng = np.random.default_rng(1)
    ours, plain = leaf(rng.normal(size=(3, 2))), Plain()
    plain.data, plain.gradients = ours.data.copy(), rng.normal(size=(50, 3, 2))
    make(Plain, plain)
    optimizer = make(optim, [ours])
    for g in plain.gradients:
        step_with(optimizer, g)
    np.testing.assert_allclose(ours.data, plain.data, rtol=1e-12)


@every_peer
def test_float16_state_is_kept_in_float32(make):
    """The steps are those of float32, each rounded once into the parameter."""
    gradients = [0.0, 1e-3, 6e4, -1e-7, 3.0]
    half, wide = (leaf(np.ones(5), dtype=d) for d in (np.float16, np.float32))
    optimizers = make(optim, [half]), make(optim, [wide])
    for scale in (1, -0.5, 0.25):
        for optimizer, w in zip(optimizers, (half, wide)):
            step_with(optimizer, (np.float16(scale) * np.float16(gradients)).astype(w.dtype))
        assert np.isfinite(half.data).all()
        np.testing.assert_array_equal(half.data, wide.data.astype(np.float16))
        wide.data = half.data.astype(np.float32)
    assert half.data.dtype == np.float16
    for x in optimizers[0].state_dict().values():
        assert not isinstance(x, list) or all(np.asarray(a).dtype != np.float16 for a in x)


@pytest.mark.parametrize(("g", "expected"), [(0.0, 1.0), (1e-3, 0.99)])
def test_adam_of_float16_takes_steps_of_size_lr(g, expected):
    w = leaf(1.0, dtype=np.float16)
    step_with(optim.Adam([w], lr=0.01), g)
    np.testing.assert_allclose(w.item(), expected, rtol=1e-3)


def test_sgd_of_float16_scales_gradients_in_float32():
    w = leaf(0.0, dtype=np.float16)
    step_with(optim.SGD([w], lr=1e-8), 6e4)  # this lr is 0 in float16
    np.testing.assert_allclose(w.item(), -6e-4, rtol=1e-3)


# ---- what a step does to its parameters ---------------------------------------------------------

OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "Adam": lambda p: optim.Adam(p, lr=0.1),
    "AdamW": lambda p: optim.AdamW(p, lr=0.1, weight_decay=1e-4),
}
every_optimizer = pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)


@every_optimizer
def test_optimizer_reaches_the_minimum_of_a_parabola(make):
    w = leaf([3.0, -2.0])
    optimizer = make([w])
    for _ in range(300):
        optimizer.zero_grad()
        ((w - [1.0, 0.5]) ** 2).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(w.data, [1.0, 0.5], atol=1e-3)


@every_optimizer
def test_float32_stays_float32(make):
    w = leaf(np.ones(3, np.float32))
    optimizer = make([w])
    for _ in range(3):
        step_with(optimizer, [1.0, 2.0, 3.0])
    assert w.data.dtype == np.float32
    for name in ("velocity", "m", "v"):
        assert all(a.dtype == np.float32 for a in getattr(optimizer, name, []))


@every_optimizer
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_step_changes_parameters_of_any_shape_in_place(make, shape):
    w = leaf(np.ones(shape))
    before = w.data
    optimizer = make([w])
    g = np.full(shape, 2.0)
    step_with(optimizer, g)
    assert w.data is before
    assert w.data.shape == shape
    assert (w.data < 1).all()
    np.testing.assert_array_equal(w.grad, g)  # the gradient is read, not used up


@every_optimizer
def test_step_skips_a_parameter_without_a_gradient(make):
    w, b = leaf([1.0]), leaf([2.0])
    optimizer = make([w, b])
    step_with(optimizer, [1.0], None)
    assert w.data != 1
    assert b.data == 2


@every_optimizer
def test_step_skips_a_frozen_parameter(make):
    w, frozen = leaf([1.0]), leaf([2.0])
    frozen.requires_grad = False
    optimizer = make([w, frozen])
    step_with(optimizer, [1.0], [1.0])
    assert w.data != 1
    assert frozen.data == 2
    frozen.requires_grad, w.requires_grad = True, False
    before = w.data.copy()
    step_with(optimizer, [1.0], [1.0])
    assert w.data == before
    assert frozen.data != 2


@every_optimizer
@pytest.mark.parametrize("why", ["no backward pass", "frozen"])
def test_step_without_any_gradient_warns_at_the_call(make, why):
    w = leaf([1.0])
    optimizer = make([w])
    w.grad = [1.0] if why == "frozen" else None
    w.requires_grad = why != "frozen"
    with pytest.warns(UserWarning, match=r"no parameter has a gradient.*backward\(\)") as caught:
        optimizer.step()
    assert caught[0].filename == __file__
    assert w.data == 1


@every_optimizer
def test_backward_of_an_old_tape_after_a_step_raises(make):
    w = leaf(3.0)
    loss = w * w
    loss.backward()
    make([w]).step()
    with pytest.raises(RuntimeError, match="modified after"):
        loss.backward()


@every_optimizer
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nonfinite_gradient_makes_a_nonfinite_parameter(make, bad):
    w = leaf([1.0, 1.0])
    with np.errstate(invalid="ignore"):  # Adam's inf / inf
        step_with(make([w]), [bad, 1.0])
    assert not np.isfinite(w.data[0])
    assert np.isfinite(w.data[1])


def test_zero_grad_resets_all_gradients():
    w, b = leaf(1.0), leaf(2.0)
    optimizer = optim.SGD([w, b], lr=0.1)
    (w * b).backward()
    optimizer.zero_grad()
    assert w.grad is None
    assert b.grad is None


def test_learning_rate_may_change_between_steps():
    w = leaf(0.0)
    optimizer = optim.SGD([w], lr=1.0)
    step_with(optimizer, 1.0)
    optimizer.lr = 0.25
    step_with(optimizer, 1.0)
    assert w.item() == -1.25


def test_parameters_may_come_from_a_generator():
    optimizer = optim.Adam(leaf(float(i)) for i in range(3))
    assert [p.item() for p in optimizer.parameters] == [0.0, 1.0, 2.0]


# ---- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam])
@pytest.mark.parametrize("lr", [0.0, -0.1, np.nan, np.inf])
def test_learning_rate_that_is_not_positive_raises(make, lr):
    with pytest.raises(ValueError, match="lr must be a positive number, got"):
        make([leaf(1.0)], lr)


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, optim.AdamW])
@pytest.mark.parametrize("decay", [-0.1, np.nan, np.inf])
def test_weight_decay_out_of_range_raises(make, decay):
    with pytest.raises(ValueError, match=r"weight_decay must be .* at least 0"):
        make([leaf(1.0)], lr=0.1, weight_decay=decay)


@pytest.mark.parametrize("momentum", [-0.1, 1.0, np.nan])
def test_momentum_outside_0_to_1_raises(momentum):
    with pytest.raises(ValueError, match="momentum must be at least 0 and"):
        optim.SGD([leaf(1.0)], lr=0.1, momentum=momentum)


@pytest.mark.parametrize(
    ("constants", "text"),
    [
        ({"betas": (1.0, 0.9)}, r"betas\[0\] must be .*, got 1.0"),
        ({"betas": (0.9, -1.0)}, r"betas\[1\] must be .*, got -1.0"),
        ({"eps": 0.0}, "eps must be .*, got 0.0"),
    ],
)
def test_adam_with_bad_constants_raises(constants, text):
    with pytest.raises(ValueError, match=text):
        optim.Adam([leaf(1.0)], **constants)


@pytest.mark.parametrize("value", ["0.1", None, [0.1], 1j, leaf(0.1), np.array([0.1, 0.2])])
@pytest.mark.parametrize(
    ("make", "option"),
    [
        *((make, "lr") for make in (optim.SGD, optim.Adam, optim.AdamW)),
        *((make, "weight_decay") for make in (optim.SGD, optim.Adam, optim.AdamW)),
        (optim.SGD, "momentum"),
        (optim.Adam, "eps"),
    ],
)
def test_option_that_is_not_a_number_raises(make, option, value):
    with pytest.raises(TypeError, match=f"{option} must be a number, got"):
        make([leaf(1.0)], **{"lr": 0.1, option: value})


@pytest.mark.parametrize("betas", [0.9, "ab", ("0.9", 0.9), (0.9, None)])
def test_betas_that_are_not_numbers_raise(betas):
    with pytest.raises(TypeError, match=r"betas.* must be .*number.*, got"):
        optim.Adam([leaf(1.0)], betas=betas)


def test_state_that_is_not_a_dict_raises():
    with pytest.raises(TypeError, match=r"state_dict\(\), got 3"):
        optim.SGD([leaf(1.0)], lr=0.1).load_state_dict(3)


def record():
    return leaf(1.0, name="w") * 2


W = leaf(1.0)


@pytest.mark.parametrize(
    ("parameters", "kind", "text"),
    [
        ([], ValueError, "the list is empty"),
        (leaf([1.0], name="w"), TypeError, r"got 'w' \(float64, shape \(1,\)\).*list of tensors"),
        ([leaf(1.0), np.ones(2)], TypeError, r"parameter 1 .* a float64 array of shape \(2,\)"),
        ([record()], ValueError, "parameter 0, .*, is the result of mul, not a leaf"),
        ([ag.tensor(1.0, name="w")], ValueError, "no parameter requires a gradient.*'w'"),
        ([W, leaf(2.0), W], ValueError, "listed twice"),
    ],
)
def test_parameters_that_cannot_be_trained_raise(parameters, kind, text):
    with pytest.raises(kind, match=text):
        optim.SGD(parameters, lr=0.1)


@pytest.mark.parametrize(
    "make", [lambda p: optim.SGD(p, 0.1), lambda p: optim.SGD(p, 0.1, momentum=0.9), optim.Adam]
)
def test_step_gives_a_new_version_before_new_data(make):
    w = leaf([1.0, 2.0])
    loss = (w * w).sum()
    loss.backward()
    before = w.order
    w._array.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        make([w]).step()
    assert w.order > before
    with pytest.raises(RuntimeError, match="forward pass again"):
        loss.backward()


@every_optimizer
def test_state_without_a_gradient_does_not_change(make):
    """Check that steps without ``.grad`` do not change the later steps of a parameter."""
    paused, steady = leaf([1.0, -2.0]), leaf([1.0, -2.0])
    for w, pauses in ((paused, (0, 3)), (steady, (0, 0))):
        other = leaf(0.0)
        optimizer = make([w, other])
        for gradient, pause in zip(([1.0, 2.0], [-0.5, 3.0]), pauses):
            for _ in range(pause):
                before = w.data.copy()
                step_with(optimizer, None, 1.0)
                np.testing.assert_array_equal(w.data, before)
            step_with(optimizer, gradient, 1.0)
    np.testing.assert_array_equal(paused.data, steady.data)


# ---- copies and saved states --------------------------------------------------------------------


class Model:
    """A model as users write it: a class that holds leaves."""

    def __init__(self):
        rng = np.random.default_rng(4)
        self.w, self.b = leaf(rng.normal(size=(3, 2)), name="w"), leaf(np.zeros(2), name="b")

    def parameters(self):
        return [self.w, self.b]


def train(model, optimizer, steps, seed):
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        optimizer.zero_grad()
        x = rng.normal(size=(5, 3))
        ag.mse_loss(x @ model.w + model.b, x[:, :2] ** 2).backward()
        optimizer.step()


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


@every_peer
@pytest.mark.parametrize("saved", ["state_dict", "together", "deepcopy", "optimizer first"])
def test_training_continues_bit_for_bit(make, saved):
    model = Model()
    optimizer = make(optim, model.parameters())
    train(model, optimizer, 5, seed=0)
    if saved == "state_dict":
        again = pickled(model)
        continued = make(optim, again.parameters())
        continued.load_state_dict(pickled(optimizer.state_dict()))
    elif saved == "optimizer first":
        continued, again = pickled((optimizer, model))
    else:
        again, continued = (pickled if saved == "together" else copy.deepcopy)((model, optimizer))
    before = model.w.data.copy()
    train(again, continued, 5, seed=1)
    np.testing.assert_array_equal(model.w.data, before)  # the copy does not train the original
    train(model, optimizer, 5, seed=1)
    for p, q in zip(model.parameters(), again.parameters()):
        np.testing.assert_array_equal(p.data, q.data)
        assert (p.data != before).any()


@every_optimizer
@pytest.mark.parametrize("copied", [pickled, copy.deepcopy], ids=["pickle", "deepcopy"])
def test_optimizer_copied_without_its_model_raises(make, copied):
    model = Model()
    optimizer = make(model.parameters())
    train(model, optimizer, 1, seed=0)
    again, alone = copied(model), copied(optimizer)
    before = again.w.data.copy()
    for use in ("step", "zero_grad"):
        with pytest.raises(RuntimeError, match=r"without its model.*state_dict\(\)"):
            getattr(alone, use)()
    with pytest.raises(RuntimeError, match="without its model"):
        copied(alone)
    np.testing.assert_array_equal(again.w.data, before)
    assert again.w.grad is not None
    alone.parameters = again.parameters()  # its state is that of the original
    alone.step()
    optimizer.step()
    np.testing.assert_array_equal(again.w.data, model.w.data)


def test_copy_of_a_copied_optimizer_trains_its_model():
    model = Model()
    model, optimizer = pickled(pickled((model, optim.Adam(model.parameters()))))
    before = model.w.data.copy()
    train(model, copy.copy(optimizer), 1, seed=0)
    assert (model.w.data != before).all()


def test_state_dict_is_a_copy():
    w = leaf([1.0, 2.0])
    optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
    saved = optimizer.state_dict()
    step_with(optimizer, [1.0, 1.0])
    assert saved["velocity"][0].tolist() == [0.0, 0.0]
    optimizer.load_state_dict(saved)
    step_with(optimizer, [1.0, 1.0])
    assert saved["velocity"][0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (lambda: optim.Adam([leaf([1.0, 2.0])]), "betas.* but SGD needs .*velocity"),
        (lambda: optim.SGD([leaf(1.0)], lr=0.2), r"velocity: .* shapes \[\(\)\].*\[\(2,\)\]"),
        (lambda: optim.SGD([leaf([1.0, 2.0]), leaf(1.0)], lr=0.2), "velocity: the state has"),
    ],
)
def test_state_of_another_optimizer_raises(other, text):
    optimizer = optim.SGD([leaf([1.0, 2.0])], lr=0.1)
    before = repr(optimizer.state_dict())
    with pytest.raises(ValueError, match=text):
        optimizer.load_state_dict(other().state_dict())
    assert repr(optimizer.state_dict()) == before


@pytest.mark.parametrize(("ours", "theirs"), [("Adam", "AdamW"), ("AdamW", "Adam")])
def test_state_of_a_class_with_the_same_attributes_raises(ours, theirs):
    ours, theirs = (getattr(optim, name)([leaf([1.0, 2.0])]) for name in (ours, theirs))
    before = repr(ours.state_dict())
    with pytest.raises(ValueError, match=f"the state of {type(theirs).__name__} contains"):
        ours.load_state_dict(theirs.state_dict())
    assert repr(ours.state_dict()) == before


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("lr", "a", "^lr must be a number, got 'a'"),
        ("lr", optim.cosine(0.1, 10), "^lr must be a number"),
        ("betas", (0.9, None), "^betas must be a number, got None"),
        ("groups", None, "^groups must be a list of 1 dicts, got None"),
        ("groups", [], "^groups must be a list of 1 dicts"),
        ("group_of", None, "saved state they are None"),
        ("m", None, "^m: the state has shapes"),
        ("m", [np.array(["a", "b"])], "^m: the state has dtype <U1, expected float64"),
        ("v", [np.ones(2) * 1j], "^v: the state has dtype complex128"),
        ("v", [np.ones(2), np.ones(2)], "^v: the state has shapes"),
        ("t", ["a"], "^t must be a number"),
    ],
)
def test_state_with_a_wrong_value_raises_and_changes_nothing(name, value, text):
    optimizer = optim.Adam([leaf([1.0, 2.0])])
    saved = optim.Adam([leaf([1.0, 2.0])], lr=0.5, betas=(0.5, 0.5)).state_dict()
    before = repr(optimizer.state_dict())
    with pytest.raises((ValueError, TypeError), match=text):
        optimizer.load_state_dict({**saved, name: value})
    assert repr(optimizer.state_dict()) == before


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_loaded_state_keeps_the_dtypes_of_the_optimizer(dtype):
    wide, w = leaf([1.0, 2.0]), leaf([1.0, 2.0], dtype=dtype)
    saved, optimizer = optim.Adam([wide]), optim.Adam([w])
    step_with(saved, [1.0, 3.0])
    dtypes = [x.dtype for x in (*optimizer.m, *optimizer.v)]
    as_json = {
        k: [x.tolist() for x in v] if k in "mv" else v for k, v in saved.state_dict().items()
    }
    for state in (saved.state_dict(), as_json):
        optimizer.load_state_dict(state)
        assert [x.dtype for x in (*optimizer.m, *optimizer.v)] == dtypes
        np.testing.assert_allclose(optimizer.v[0], saved.v[0], rtol=1e-6)


def test_state_without_a_class_is_loaded():
    saved = {k: x for k, x in optim.SGD([leaf(1.0)], lr=0.5).state_dict().items() if k != "class"}
    optimizer = optim.SGD([leaf(1.0)], lr=0.1)
    optimizer.load_state_dict(saved)
    assert optimizer.lr == 0.5


def test_optimizer_of_a_user_has_a_state_dict():
    class Signs(optim.Optimizer):
        def __init__(self, parameters, lr):
            super().__init__(parameters, lr)
            self.steps = 0

        def step(self):
            self.steps += 1

    optimizer = Signs([leaf(1.0)], lr=0.1)
    optimizer.step()
    expected = {"class": "Signs", "lr": 0.1, "steps": 1, "groups": [{}], "group_of": (0,)}
    assert optimizer.state_dict() == expected
