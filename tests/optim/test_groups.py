"""Parameter groups: each parameter takes the options of its group, else the optimiser's."""

import copy
import pickle

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import optim


def leaf(data, **kwargs):
    return ag.tensor(data, requires_grad=True, **kwargs)


#: optimisers of a torch-like module with two groups
GROUPED = {
    "SGD": lambda o, v, w: o.SGD(
        [{"params": v, "lr": 0.2}, {"params": w, "momentum": 0.5, "weight_decay": 0.1}],
        lr=0.05, momentum=0.9,
    ),
    "Adam": lambda o, v, w: o.Adam(
        [{"params": v, "betas": (0.5, 0.7)}, {"params": w, "eps": 1e-3, "weight_decay": 0.1}],
        lr=0.05,
    ),
    "AdamW": lambda o, v, w: o.AdamW(
        [{"params": v}, {"params": w, "weight_decay": 0.0, "lr": 0.01}], lr=0.05, weight_decay=0.3
    ),
}  # fmt: skip
every_grouped = pytest.mark.parametrize("make", GROUPED.values(), ids=GROUPED)


def start():
    rng = np.random.default_rng(0)
    return [leaf(rng.normal(size=(3, 4)))], [leaf(rng.normal(size=4)), leaf(rng.normal(size=()))]


def drawn_steps(optimizer, n=5, seed=1):
    """Take n steps with random gradients."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        for p in optimizer.parameters:
            p.grad = rng.normal(size=p.shape)
        optimizer.step()


@every_grouped
def test_groups_train_as_one_optimizer_for_each(make):
    """Groups differ from the defaults in some options: two optimisers with all of them agree."""
    v, w = start()
    drawn_steps(optimizer := make(optim, v, w))
    kind, shared = type(optimizer), vars(optimizer)
    v2, w2 = start()
    single = []
    for group, tensors in zip(optimizer.groups, (v2, w2)):
        options = {name: group.get(name, shared[name]) for name in kind.group_options}
        single.append(kind(tensors, **options))
    rng = np.random.default_rng(1)
    for _ in range(5):
        for p in (*v2, *w2):
            p.grad = rng.normal(size=p.shape)
        for one in single:
            one.step()
    for p, q in zip(v + w, v2 + w2):
        np.testing.assert_array_equal(p.data, q.data)


@pytest.mark.peers
@every_grouped
def test_fifty_steps_with_groups_agree_with_pytorch(make):
    """Gradients are clipped, and the learning rate follows a schedule."""
    torch = pytest.importorskip("torch")
    v, w = start()
    theirs = [[torch.tensor(p.data.copy(), requires_grad=True) for p in part] for part in (v, w)]
    our, their = make(optim, v, w), make(torch.optim, *theirs)
    own_lr = ["lr" in group for group in our.groups]
    schedule = optim.cosine(lr=0.05, steps=50, warmup=5, final=0.001)
    scale = torch.optim.lr_scheduler.LambdaLR(
        their, [(lambda t: 1.0) if own else (lambda t: schedule(t) / 0.05) for own in own_lr]
    )
    rng = np.random.default_rng(2)
    for t in range(50):
        for p, q in zip(v + w, [*theirs[0], *theirs[1]]):
            g = rng.normal(size=p.shape) * 10.0 ** rng.integers(-2, 2)
            p.grad, q.grad = g, torch.tensor(g)
        norm = optim.clip_grad_norm_(v + w, 1.0)
        their_norm = torch.nn.utils.clip_grad_norm_([*theirs[0], *theirs[1]], 1.0)
        np.testing.assert_allclose(norm, their_norm, rtol=1e-14)
        our.lr = schedule(t)
        our.step()
        their.step()
        scale.step()
        for p, q in zip(v + w, [*theirs[0], *theirs[1]]):
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-11, atol=1e-14)


def test_lr_of_the_optimizer_is_that_of_groups_without_one():
    v, w = leaf(0.0), leaf(0.0)
    optimizer = optim.SGD([{"params": [v]}, {"params": [w], "lr": 1.0}], lr=0.5)
    optimizer.lr = 0.25
    v.grad = w.grad = 1.0
    optimizer.step()
    assert (v.item(), w.item()) == (-0.25, -1.0)
    optimizer.groups[1]["lr"] = 2.0
    optimizer.groups[0]["lr"] = 3.0
    optimizer.step()
    assert (v.item(), w.item()) == (-3.25, -3.0)


@pytest.mark.parametrize("key", ["params", "parameters"])
def test_group_may_be_empty_and_hold_a_generator(key):
    tensors = [leaf(1.0), leaf(2.0)]
    optimizer = optim.SGD([{key: (p for p in tensors)}, {key: [], "lr": 1.0}], lr=0.1)
    assert optimizer.parameters == tensors
    assert optimizer.groups == [{}, {"lr": 1.0}]
    assert optimizer.group_of == (0, 0)


def test_groups_given_by_the_user_are_not_changed():
    group = {"params": [leaf(1.0)], "lr": 0.3}
    optimizer = optim.SGD([group], lr=0.1)
    optimizer.groups[0]["lr"] = 0.7
    assert group["lr"] == 0.3


@every_grouped
@pytest.mark.parametrize("saved", ["state_dict", "pickle", "deepcopy"])
def test_training_with_groups_continues_bit_for_bit(make, saved):
    v, w = start()
    drawn_steps(optimizer := make(optim, v, w))
    if saved == "state_dict":
        again = pickle.loads(pickle.dumps((v, w)))
        continued = make(optim, *again)
        continued.groups[1]["weight_decay"] = 0.9
        continued.load_state_dict(pickle.loads(pickle.dumps(optimizer.state_dict())))
    elif saved == "pickle":
        again, continued = pickle.loads(pickle.dumps(((v, w), optimizer)))
    else:
        again, continued = copy.deepcopy(((v, w), optimizer))
    assert continued.groups == optimizer.groups
    drawn_steps(optimizer, seed=3)
    drawn_steps(continued, seed=3)
    for p, q in zip(v + w, [*again[0], *again[1]]):
        np.testing.assert_array_equal(p.data, q.data)


def test_state_of_other_groups_raises_and_changes_nothing():
    v, w, x = (leaf(1.0) for _ in range(3))
    ours = optim.SGD([{"params": [v]}, {"params": [w, x], "lr": 0.3}], lr=0.1)
    theirs = optim.SGD([{"params": [v, w]}, {"params": [x], "lr": 0.4}], lr=0.2)
    before = repr(ours.state_dict())
    with pytest.raises(ValueError, match=r"group numbers .*\(0, 1, 1\).*saved state .*\(0, 0, 1\)"):
        ours.load_state_dict(theirs.state_dict())
    assert repr(ours.state_dict()) == before


W = leaf([1.0])


@pytest.mark.parametrize(
    ("groups", "kind", "text"),
    [
        ([{"param": [W]}], TypeError, "group 0 must be a dict with the key 'params', got {'param'"),
        ([{"params": [W]}, W], TypeError, "group 1 must be a dict"),
        ([{"params": [W], "parameters": [W]}], TypeError, "group 0 must be"),
        ([{"params": W}], TypeError, "group 0: params must be a list of tensors"),
        ([{"params": [W], "beta": 1}], TypeError, "group 0: SGD has no option 'beta'.*momentum"),
        ([{"params": [W], "lr": 0}], ValueError, "group 0: lr must be a positive number, got 0"),
        ([{"params": [W], "momentum": "a"}], TypeError, "group 0: momentum must be a number"),
        ([{"params": [W]}, {"params": [W]}], ValueError, "listed twice"),
        ([{"params": []}], ValueError, "the list is empty"),
        ({"params": [W]}, TypeError, "parameters must be a list"),
    ],
)
def test_wrong_groups_raise(groups, kind, text):
    with pytest.raises(kind, match=text):
        optim.SGD(groups, lr=0.1)


def test_wrong_betas_of_a_group_raise():
    with pytest.raises(ValueError, match=r"group 0: betas\[1\] must be"):
        optim.Adam([{"params": [W], "betas": (0.9, 1.0)}])


def test_options_of_groups_are_refused_by_a_class_without_them():
    class Signs(optim.Optimizer):
        def step(self):
            raise AssertionError

    assert Signs([{"params": [W]}], lr=0.1).parameters == [W]
    with pytest.raises(TypeError, match="Signs has no option 'lr' for groups"):
        Signs([{"params": [W], "lr": 0.2}], lr=0.1)
