"""Convolutions and pools in C compute what NumPy does, and need no call of NumPy."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.compiler.native import toolchain
from autograd_mini.core.pytree import tree_leaves

from .programs import FLAGS

RNG = np.random.default_rng(0)
#: shape of the images, shape of the weight, options
CONVOLUTIONS = [
    ((20, 4, 8), (2, 2, 3), {"dilation": 2, "groups": 2}),
    ((1, 1, 9), (3, 1, 2), {"stride": 2, "padding": 1}),
    ((16, 1, 6, 6), (6, 1, 3, 3), {"padding": 1}),
    ((33, 3, 5, 7), (4, 3, 2, 3), {"stride": (1, 2), "padding": (2, 0)}),
    ((8, 4, 6, 5), (6, 2, 3, 1), {"groups": 2, "dilation": (2, 1)}),
    ((2, 2, 5, 12), (3, 2, 1, 1), {}),
]
#: shape of the images, kernel, stride and padding of a pool
POOLS = [
    ((16, 2, 4, 6), 2, None, 0),
    ((16, 2, 7, 5), 2, None, 0),
    ((3, 2, 7, 7), 3, 2, 1),
    ((2, 6, 5), (2, 1), None, 0),
]
NONE = "calls of NumPy:         none"


@pytest.fixture(autouse=True)
def few_optimisations(monkeypatch):
    monkeypatch.setattr(toolchain, "FLAGS", FLAGS)


def weighted(y):
    return np.sum(y * np.cos(np.arange(y.size)).reshape(y.shape))


def agree(f, *args):
    """Compare C with NumPy, and return the compiled function."""
    compiled = ag.compile(f, target="c")
    pairs = zip(tree_leaves(compiled(*args)), tree_leaves(f(*args)), strict=True)
    for found, wanted in pairs:
        np.testing.assert_allclose(found, wanted, 1e-11, 1e-11)
    return compiled


def test_convolutions_and_their_gradients_match():
    def loss(xs, ws, bs):
        made = [
            (ag.conv1d if x.ndim == 3 else ag.conv2d)(x, w, b, **options)
            for x, w, b, (*_, options) in zip(xs, ws, bs, CONVOLUTIONS)
        ]
        return sum(weighted(np.log1p(np.tanh(y) ** 2)) for y in made)

    xs, ws = ([RNG.normal(size=row[i]) for row in CONVOLUTIONS] for i in (0, 1))
    bs = [RNG.normal(size=len(w)) for w in ws]
    compiled = agree(ag.value_and_grad(loss, (0, 1, 2)), xs, ws, bs)
    assert NONE in compiled.report()


def test_pools_match_where_entries_are_equal_or_nan():
    def loss(xs):
        pairs = [*zip(xs, POOLS)]
        largest = [ag.max_pool2d(x, *options) for x, (_, *options) in pairs]
        return sum(map(weighted, largest)), sum(
            weighted(np.sin(ag.avg_pool2d(x, *options))) for x, (_, *options) in pairs
        )

    xs = [np.round(RNG.normal(size=shape)) for shape, *_ in POOLS]
    xs[2][0, 1, 2:4, 3] = np.nan
    for i in range(2):
        agree(ag.grad(lambda xs, i=i: loss(xs)[i]), xs)
    compiled = agree(
        lambda xs: [ag.max_pool2d(x, *options) for x, (_, *options) in zip(xs, POOLS)], xs
    )
    assert NONE in compiled.report()


def test_step_of_a_convolutional_network_needs_no_numpy():
    x, t = RNG.normal(size=(32, 1, 8, 8)), RNG.integers(3, size=32)
    losses = []
    for target in ("numpy", "c"):
        model = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(4, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3),
        )  # fmt: skip
        optimizer = optim.SGD(model.parameters(), lr=0.1)

        @ag.compile(state=(model, optimizer), target=target)
        def step(x, t, model=model, optimizer=optimizer):
            loss = ag.softmax_cross_entropy(model(x), t)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        losses.append([step(x, t).item() for _ in range(4)])
    np.testing.assert_allclose(losses[1], losses[0], 1e-10)
    assert NONE in step.report()


def test_large_convolutions_stay_with_numpy():
    x, w = RNG.normal(size=(64, 3, 32, 32)), RNG.normal(size=(8, 3, 3, 3))
    compiled = agree(lambda x, w: np.maximum(ag.conv2d(x, w), 0), x, w)
    assert "because BLAS is faster for convolutions of this size" in compiled.report()
