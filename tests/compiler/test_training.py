"""Training by compiled steps: after many of them, the parameters are those of the optimisers."""

from functools import partial

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import optim

LR, MOMENTUM, BETA1, BETA2, EPS, STEPS = 0.05, 0.9, 0.9, 0.99, 1e-8, 50
OPTIONS = {"ignore_index": -1, "label_smoothing": 0.1, "weight": np.array([1.0, 2.0, 0.5])}


def loss_of(parameters, x, t):
    (w1, b1), (w2, b2) = parameters
    return ag.softmax_cross_entropy(ag.linear(ag.relu(ag.linear(x, w1, b1)), w2, b2), t, **OPTIONS)


def each(f, *trees):
    return [tuple(f(*arrays) for arrays in zip(*layers)) for layers in zip(*trees)]


def with_momentum(parameters, state, x, t):
    (v,) = state
    loss, grads = ag.value_and_grad(loss_of)(parameters, x, t)
    v = each(lambda v, g: MOMENTUM * v + g, v, grads)
    return loss, each(lambda p, v: p - LR * v, parameters, v), (v,)


def by_adam(parameters, state, x, t):
    m, v, n = state
    loss, grads = ag.value_and_grad(loss_of)(parameters, x, t)
    m = each(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, grads)
    v = each(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, grads)
    n = n + 1
    rate = LR / (1 - BETA1**n)
    parameters = each(
        lambda p, m, v: p - rate * m / (np.sqrt(v) / np.sqrt(1 - BETA2**n) + EPS), parameters, m, v
    )
    return loss, parameters, (m, v, n)


OPTIMISERS = {
    "momentum": (with_momentum, 1, partial(optim.SGD, lr=LR, momentum=MOMENTUM)),
    "adam": (by_adam, 2, partial(optim.Adam, lr=LR, betas=(BETA1, BETA2), eps=EPS)),
}


def problem(dtype):
    rng = np.random.default_rng(0)
    parameters = [
        (rng.normal(size=(a, b)).astype(dtype), np.zeros(b, dtype)) for a, b in ((4, 8), (8, 3))
    ]
    batches = [
        (rng.normal(size=(16, 4)).astype(dtype), rng.integers(-1, 3, size=16)) for _ in range(STEPS)
    ]
    return parameters, batches


def by_the_optimiser(optimiser, dtype):
    """Return the parameters after steps of the optimiser, with a tape for each step."""
    parameters, batches = problem(dtype)
    parameters = each(partial(ag.tensor, requires_grad=True), parameters)
    optimiser = optimiser([p for layer in parameters for p in layer])
    for x, t in batches:
        optimiser.zero_grad()
        loss = loss_of(parameters, x, t)
        loss.backward()
        optimiser.step()
    return loss.item(), [p.data for layer in parameters for p in layer]


def near(found, wanted, dtype):
    np.testing.assert_allclose(found, wanted, rtol=1e-9 if dtype == "d" else 2e-3, atol=1e-5)


@pytest.mark.parametrize("dtype", "df")
@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_step_that_is_compiled_whole(name, dtype):
    step, moments, optimiser = OPTIMISERS[name]
    parameters, batches = problem(dtype)
    state = tuple(each(np.zeros_like, parameters) for _ in range(moments))
    if name == "adam":
        state = *state, np.zeros((), dtype)
    own = [p for layer in parameters for p in layer]
    compiled = ag.compile(step, donate=(0, 1))
    for x, t in batches:
        loss, parameters, state = compiled(parameters, state, x, t)
    wanted, expected = by_the_optimiser(optimiser, dtype)
    near(loss.item(), wanted, dtype)
    found = [p for layer in parameters for p in layer]
    assert all(p is first for p, first in zip(found, own, strict=True))
    for p, q in zip(found, expected, strict=True):
        assert p.dtype == q.dtype
        near(p, q, dtype)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_compiled_gradients_for_an_optimiser(name):
    parameters, batches = problem("d")
    leaves = each(partial(ag.tensor, requires_grad=True), parameters)
    flat = [p for layer in leaves for p in layer]
    optimiser = OPTIMISERS[name][2](flat)
    compiled = ag.compile(ag.value_and_grad(loss_of))
    for x, t in batches:
        loss, grads = compiled(each(ag.Tensor.detach, leaves), x, t)
        for p, g in zip(flat, (g for layer in grads for g in layer), strict=True):
            p.grad = g.data
        optimiser.step()
    wanted, expected = by_the_optimiser(OPTIMISERS[name][2], "d")
    near(loss.item(), wanted, "d")
    for p, q in zip(flat, expected, strict=True):
        near(p.data, q, "d")
