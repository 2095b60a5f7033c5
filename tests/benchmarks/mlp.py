"""One training step of a tanh network with softmax cross-entropy and SGD, and its gradient alone.

The step by hand is what an expert who knows the formulas writes in NumPy: each layer's gradient
line by line, nothing recorded, and no array allocated that could be written into.
"""

from functools import reduce
from itertools import pairwise

import numpy as np

import autograd_mini as ag
from autograd_mini import nn, optim

from .measure import Competitors, Row, compare
from .peers import jax, torch

LR = 0.01
#: what is measured -> its limits against NumPy, one for each network
LIMITS = {"gradient": (3.4, 1.4), "step": (3.4, 1.4)}
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


def by_hand(x, labels, weights, biases, update=True):
    """Return the step as an expert writes it: arrays are allocated once, and lines write in place.

    A sum is a product with ones, which BLAS computes in a third of the time of `np.sum`. The
    learning rate is multiplied in once, with 1/N, and not for each parameter.
    """
    n, dtype = len(x), x.dtype
    rows, classes = np.ones(n, dtype), np.ones(len(biases[-1]), dtype)
    outputs = [np.empty((n, len(b)), dtype) for b in biases]
    inputs = [x, *outputs[:-1]]
    d_inputs = [np.empty_like(h) for h in inputs]
    grads = [(np.empty_like(w), np.empty_like(b)) for w, b in zip(weights, biases)]
    z, total = outputs[-1], np.empty(n, dtype)
    own = np.arange(n) * len(classes) + labels  # places of the true classes in the memory of z
    scale = np.asarray((LR if update else 1) / n, dtype)

    def step():
        for h, w, b, y in zip(inputs, weights, biases, outputs):
            np.dot(h, w, out=y)
            np.add(y, b, out=y)
            if y is not z:
                np.tanh(y, out=y)
        np.subtract(z, reduce(np.maximum, z.T)[:, None], out=z)
        losses = z.take(own)
        np.exp(z, out=z)
        np.dot(z, classes, out=total)
        np.subtract(np.log(total), losses, out=losses)
        np.divide(z, total[:, None], out=z)
        z.reshape(-1)[own] -= 1
        np.multiply(z, scale, out=z)
        dy = z
        for i in range(len(weights) - 1, -1, -1):
            h, (dw, db) = inputs[i], grads[i]
            np.dot(h.T, dy, out=dw)
            np.dot(rows, dy, out=db)
            if i:
                dy = np.dot(dy, weights[i].T, out=d_inputs[i])
                np.multiply(h, h, out=h)
                np.subtract(1, h, out=h)
                np.multiply(dy, h, out=dy)
            if update:
                np.subtract(weights[i], dw, out=weights[i])
                np.subtract(biases[i], db, out=biases[i])
        loss = losses.dot(rows) / n
        return loss if update else (loss, grads)

    return step


def ours(x, labels, weights, biases, update=True):
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
        if update:
            optimizer.step()
        return loss.item()

    return step


def in_torch(x, labels, weights, biases, update=True):
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
        if update:
            optimizer.step()
        return loss.item()

    return step


def in_jax(x, labels, weights, biases, update=True):
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
    def updated(parameters):
        loss, grads = jax.value_and_grad(loss_of)(parameters)
        new = [(w - LR * dw, b - LR * db) for (w, b), (dw, db) in zip(parameters, grads)]
        return loss, new if update else grads

    state = [[(jnp.array(w), jnp.array(b)) for w, b in zip(weights, biases)]]

    def step():
        loss, found = updated(state[0])
        if update:
            state[0] = found
        return float(loss)

    return step


def competitors(sizes, batch, dtype, update=True, ours=ours) -> Competitors:
    """Return the steps of all that are installed, or only their losses and gradients."""
    forms = {"ours": ours, "NumPy": by_hand}
    forms |= {"PyTorch": in_torch} if torch else {}
    forms |= {"jax.jit": in_jax} if jax else {}
    return {name: form(*problem(sizes, batch, dtype), update) for name, form in forms.items()}


def rows(rounds: int = 31) -> list[Row]:
    table = []
    for i, (name, arguments) in enumerate(SIZES.items()):
        for what, limits in LIMITS.items():
            targets = {"NumPy": limits[i], "PyTorch": 1.0}
            found = competitors(*arguments, what == "step")
            table += compare(f"{what} of {name}", found, targets, rounds)
    return table
