"""One training step of a tanh network with softmax cross-entropy and SGD.

The hand-derived step is what a person who knows the formulas writes in NumPy: each layer's
gradient line by line, nothing recorded, parameters updated in place.
"""

from itertools import pairwise

import numpy as np

import autograd_mini as ag
from autograd_mini import nn, optim

from .measure import Competitors, Row, compare
from .peers import jax, torch

LR = 0.01
SIZES = {
    "[2,16,16,2], batch 100, float64": ([2, 16, 16, 2], 100, np.float64),
    "[784,256,10], batch 128, float32": ([784, 256, 10], 128, np.float32),
}


def problem(sizes, batch, dtype):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, sizes[0])).astype(dtype)
    labels = rng.integers(sizes[-1], size=batch)
    weights = [(rng.normal(size=(a, b)) / np.sqrt(a)).astype(dtype) for a, b in pairwise(sizes)]
    return x, labels, weights, [np.zeros(b, dtype) for b in sizes[1:]]


def by_hand(x, labels, weights, biases):
    n = len(x)

    def step():
        activations = [x]
        for w, b in zip(weights[:-1], biases[:-1]):
            activations.append(np.tanh(activations[-1] @ w + b))
        z = activations[-1] @ weights[-1] + biases[-1]
        e = np.exp(z - np.max(z, axis=1, keepdims=True))
        p = e / np.sum(e, axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(n), labels]))
        dz = p.copy()
        dz[np.arange(n), labels] -= 1
        dz /= n
        for i in range(len(weights) - 1, -1, -1):
            h = activations[i]
            dw, db = h.T @ dz, np.sum(dz, axis=0)
            if i:
                dz = (dz @ weights[i].T) * (1 - h**2)
            weights[i] -= LR * dw
            biases[i] -= LR * db
        return loss

    return step


def ours(x, labels, weights, biases):
    layers = []
    for w, b in zip(weights, biases):
        layer = nn.Linear(*w.shape, dtype=w.dtype)
        layer.weight.data, layer.bias.data = w, b
        layers += [layer, ag.Tensor.tanh]
    model = nn.Sequential(*layers[:-1])
    optimizer = optim.SGD(model.parameters(), lr=LR)

    def step():
        optimizer.zero_grad()
        loss = ag.softmax_cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def in_torch(x, labels, weights, biases):
    layers = []
    for w, b in zip(weights, biases):
        layer = torch.nn.Linear(*w.shape, dtype=torch.from_numpy(w).dtype)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(w.T))
            layer.bias.copy_(torch.from_numpy(b))
        layers += [layer, torch.nn.Tanh()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    x, labels = torch.from_numpy(x), torch.from_numpy(labels)

    def step():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def in_jax(x, labels, weights, biases):
    import jax.numpy as jnp

    def loss_of(parameters):
        h = x
        for w, b in parameters[:-1]:
            h = jnp.tanh(h @ w + b)
        w, b = parameters[-1]
        z = h @ w + b
        own = jnp.take_along_axis(z, labels[:, None], axis=1)[:, 0]
        return (jax.scipy.special.logsumexp(z, axis=1) - own).mean()

    @jax.jit
    def update(parameters):
        loss, grads = jax.value_and_grad(loss_of)(parameters)
        new = [(w - LR * dw, b - LR * db) for (w, b), (dw, db) in zip(parameters, grads)]
        return loss, new

    state = [[(jnp.array(w), jnp.array(b)) for w, b in zip(weights, biases)]]

    def step():
        loss, state[0] = update(state[0])
        return float(loss)

    return step


def competitors(sizes, batch, dtype) -> Competitors:
    found = {"ours": ours(*problem(sizes, batch, dtype))}
    found["NumPy"] = by_hand(*problem(sizes, batch, dtype))
    if torch:
        found["PyTorch"] = in_torch(*problem(sizes, batch, dtype))
    if jax:
        found["jax.jit"] = in_jax(*problem(sizes, batch, dtype))
    return found


def rows(rounds: int = 31) -> list[Row]:
    table = []
    for (name, arguments), limit in zip(SIZES.items(), (1.12, 1.05)):
        targets = {"NumPy": limit, "PyTorch": 1.0}
        table += compare(f"step of {name}", competitors(*arguments), targets, rounds)
    return table
