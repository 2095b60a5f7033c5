"""The computations that the tests open, from a softmax chain to a tape of 20,000 nodes."""

from functools import cache
from unittest import mock

import numpy as np

import autograd_mini as ag
from autograd_mini.views.page import bundle


def tensors(**arrays):
    return {k: ag.tensor(v, requires_grad=True, name=k) for k, v in arrays.items()}


def softmax_chain(logits=(2.0, 1.0, 0.1)):
    """Softmax cross-entropy of three logits, one operation at a time."""
    z = ag.tensor(list(logits), requires_grad=True, name="z")
    y = ag.tensor([0.0, 1.0, 0.0], name="y")
    e = np.exp(z)
    s = e.sum()
    p = e / s
    return named(-(y * np.log(p)).sum(), e=e, s=s, ŷ=p)


def fused():
    """The same computation as one fused node."""
    z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
    return named(ag.softmax_cross_entropy(z, np.array([0.0, 1.0, 0.0])))


def network():
    """A small network with a batch of four, a bias that is broadcast, and two scopes."""
    rng = np.random.default_rng(0)
    x = ag.tensor(rng.normal(size=(4, 3)), name="x")
    t = tensors(w1=rng.normal(size=(3, 5)), b1=rng.normal(size=5), w2=rng.normal(size=(5, 2)))
    with ag.scope("hidden"):
        h = np.tanh(x @ t["w1"] + t["b1"])
    with ag.scope("head"):
        loss = ((h @ t["w2"]) ** 2).mean()
    return named(loss, h=h)


def batch():
    """A network with a batch of six examples, which is shown as heat maps."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(6, 2)), rng.integers(0, 3, 6)
    return named(ag.softmax_cross_entropy(ag.nn.MLP([2, 5, 3], rng=0)(x), labels))


def heat_maps():
    """Arrays that are shown as heat maps."""
    rng = np.random.default_rng(0)
    w = ag.tensor(rng.normal(size=(30, 40)), requires_grad=True, name="w")
    x = ag.tensor(rng.normal(size=40), requires_grad=True, name="x")
    return named((np.maximum(w @ x, 0.0) ** 2).sum())


def overflow():
    """Logits whose exponential is infinite, so that NaN spreads backward."""
    z = ag.tensor([1000.0, 0.0, -1000.0], requires_grad=True, name="z")
    with np.errstate(all="ignore"):
        e = np.exp(z)
        return named(-np.log(e / e.sum())[1], e=e)


def frame(weights):
    """One step of a training run."""
    w = ag.tensor(weights, requires_grad=True, name="w")
    x = ag.tensor([[1.0, 2.0], [-1.0, 0.5], [0.5, 1.5]], name="x")
    return named(((x @ w - 1.0) ** 2).mean())


def dead():
    """A unit that is off, so that its gradient is 0."""
    x = ag.tensor([-1.0, -2.0], requires_grad=True, name="x")
    w = ag.tensor([1.0, 3.0], requires_grad=True, name="w")
    with ag.scope("units"):
        off = ag.relu(x * w)
    return named((off + w[0]).sum(), off=off)


def deep(nodes):
    """A chain of nodes in consecutive scopes: about forty of them, each of at least four nodes."""
    x = ag.tensor([0.1, 0.4, 0.7, 0.9], requires_grad=True, name="x")
    y, size = x, max(4, nodes // 40)
    for first in range(0, nodes - 1, size):
        with ag.scope(f"block{first // size}"):
            for i in range(first, min(first + size, nodes - 1)):
                y = np.tanh(y) if i % 2 else y * 0.9
    return named(y.sum())


def hundred():
    """Too many steps for one button each."""
    return deep(100)


def thousand():
    return deep(1_000)


def moons():
    """A network with a batch of 64 points of the plane."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(64, 2)), rng.integers(0, 2, 64)
    return named(ag.softmax_cross_entropy(ag.nn.MLP([2, 16, 16, 2], rng=0)(x), labels))


def attention():
    """One block of self-attention, in scopes."""
    rng = np.random.default_rng(0)
    shapes = dict.fromkeys(("W_q", "W_k", "W_v", "W_o"), (8, 8))
    w = tensors(**{name: 0.3 * rng.normal(size=shape) for name, shape in shapes.items()})
    x = ag.tensor(rng.normal(size=(6, 8)), name="x")
    with ag.scope("attention"):
        q, k, v = (x @ w[name] for name in ("W_q", "W_k", "W_v"))
        weights = ag.softmax(q @ k.T / np.sqrt(8.0))
        h = x + weights @ v @ w["W_o"]
    with ag.scope("norm"):
        centred = h - h.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return named((centred / scale).sum(), h=h)


def recurrent(steps=8):
    """Eight named steps that share their weights."""
    rng = np.random.default_rng(0)
    w = tensors(W=rng.normal(size=(4, 4)), U=rng.normal(size=(3, 4)), b=rng.normal(size=4))
    h = np.zeros((2, 4))
    for i in range(steps):
        with ag.scope(f"step{i}"):
            h = np.tanh(h @ w["W"] + rng.normal(size=(2, 3)) @ w["U"] + w["b"])
    return named((h * h).sum())


def stacked():
    """One tensor that an operation uses two hundred times, with a long name."""
    x = ag.tensor([1.0, 2.0], requires_grad=True, name="a_rather_long_name_of_a_small_tensor")
    return named(np.stack([x] * 200).sum())


def named(result, **names):
    """Return the result and the names of its variables."""
    return result, {**names, "L": result}


def recording():
    """The page of a training run of five steps."""
    recorder = ag.Recorder()
    w = ag.tensor([2.0, -1.0], requires_grad=True, name="w")
    for _ in range(5):
        loss = ((w - 1.0) ** 2).sum()
        recorder.add(loss)
        w.grad = None
        loss.backward()
        w.data -= 0.2 * w.grad
    return ag.explore(frames=recorder)


@cache
def explore(story, **options):
    """Return the page of a computation, cached for all tests."""
    result, names = story()
    return ag.explore(result, names=names, **options)


def searchable(story):
    """Return the page of a small tape with the search field that large ones have."""
    result, names = story()
    page = ag.explore(result, names=names)
    with mock.patch.object(bundle, "_MANY_NODES", 0):
        page.html()  # which is kept
    return page


#: the pages that are checked in windows of all sizes
PAGES = {
    "softmax chain": lambda: explore(softmax_chain),
    "compared": lambda: explore(fused, compare=True),
    "network": lambda: explore(network),
    "heat maps": lambda: explore(heat_maps),
    "overflow": lambda: explore(overflow),
    "recording": recording,
    "a hundred records": lambda: explore(hundred),
    "moons": lambda: explore(moons),
    "attention": lambda: explore(attention),
    "recurrent": lambda: explore(recurrent),
    "stacked": lambda: explore(stacked),
}
