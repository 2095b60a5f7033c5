"""Programs written for micrograd, run by micrograd and by this library.

A program is a function of the module that it would import.
"""

import random

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compat import micrograd as ours


def numbers(x):
    """Return the result of a program as one row of numbers."""
    if isinstance(x, (list, tuple)):
        return np.concatenate([numbers(one) for one in x])
    return np.ravel(np.asarray(x, float))


@pytest.fixture
def their_micrograd():
    engine = pytest.importorskip("micrograd.engine")
    nn = pytest.importorskip("micrograd.nn")
    engine.MLP, engine.Neuron, engine.Layer = nn.MLP, nn.Neuron, nn.Layer
    return engine


def readme(m):
    a, b = m.Value(-4.0), m.Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert [f"{g.data:.4f}", f"{a.grad:.4f}", f"{b.grad:.4f}"] == [
        "24.7041",
        "138.8338",
        "645.5773",
    ]
    return float(g.data), float(a.grad), float(b.grad)


def every_operator(m):
    x, y = m.Value(1.5), m.Value(-0.5)
    z = -x + 2 - (3 - y) * 2 * x / 4 + 1 / x + x / y + x**-2 + sum([x, y, x]) + 1 * y - y
    z.backward()
    return float(z.data), float(x.grad), float(y.grad)


def unused_and_set_anew(m):
    x, unused = m.Value(3), m.Value(2.0)
    assert unused.grad == 0
    (x * x).backward()
    first = float(x.grad)
    x.grad = 0
    x.data += 1.0
    (x * x).backward()
    return first, float(x.grad), float(unused.grad)


def a_neuron(m):
    random.seed(3)
    neuron = m.Neuron(3)
    out = neuron([m.Value(1.0), m.Value(-2.0), m.Value(0.5)])
    out.backward()
    return float(out.data), *(float(p.grad) for p in neuron.parameters())


def moons_demo(m, steps=3, count=20):
    """Run micrograd's demo: a max-margin loss with L2 on two moons, number by number."""
    x, labels = ag.data.moons(count, noise=0.1)
    y = labels * 2 - 1
    random.seed(1337)
    model = m.MLP(2, [8, 8, 1])
    assert len(model.parameters()) == 3 * 8 + 9 * 8 + 9

    def loss():
        inputs = [list(map(m.Value, row)) for row in x]
        scores = list(map(model, inputs))
        losses = [(1 + -float(yi) * s).relu() for yi, s in zip(y, scores)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = 1e-4 * sum(p * p for p in model.parameters())
        accuracy = [(yi > 0) == (s.data > 0) for yi, s in zip(y, scores)]
        return data_loss + reg_loss, sum(accuracy) / len(accuracy)

    found = []
    for k in range(steps):
        total, accuracy = loss()
        model.zero_grad()
        total.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        found += [float(total.data), float(accuracy)]
    return found, [float(p.data) for p in model.parameters()]


@pytest.mark.parametrize(
    "program", [readme, every_operator, unused_and_set_anew, a_neuron, moons_demo]
)
def test_micrograd_programs(program, request):
    found = numbers(program(ours))  # runs also where micrograd is not installed
    theirs = program(request.getfixturevalue("their_micrograd"))
    np.testing.assert_allclose(found, numbers(theirs), rtol=1e-9)


def test_repr_of_networks_equals_micrograds(their_micrograd):
    assert repr(ours.MLP(2, [3, 1])) == repr(their_micrograd.MLP(2, [3, 1]))


def test_backward_twice_doubles_gradients_unlike_micrograd(their_micrograd):
    def twice(m):
        x = m.Value(2.0)
        y = (x * x) * (x * x)
        y.backward()
        y.backward()
        return float(x.grad)

    assert twice(ours) == 2 * 32
    assert twice(their_micrograd) != 2 * 32


def test_chain_of_ten_thousand_does_not_recurse(their_micrograd):
    def chain(m):
        x = m.Value(1.0)
        y = x
        for _ in range(10_000):
            y = y + 0.0
        y.backward()
        return float(x.grad)

    assert chain(ours) == 1.0
    with pytest.raises(RecursionError):
        chain(their_micrograd)


def test_value_of_an_array_raises():
    with pytest.raises(TypeError):
        ours.Value([1.0, 2.0])
    assert ours.Value(1, label="a").name == "a"
    with pytest.raises(ValueError, match="shorter"):
        ours.Neuron(2)([1.0])


def test_every_public_name_is_documented():
    for name in ("Value", "Module", "Neuron", "Layer", "MLP"):
        assert getattr(ours, name).__doc__
