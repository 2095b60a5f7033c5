"""The digits network trained from start to end, compiled, compared with PyTorch and ``jax.jit``.

All start from the same weights, see the same batches in the same order, in arrays of their own, and
take the same steps of SGD with momentum. What is compiled was compiled in a run before; a row of
its own times a first run, where tracing and compiling count too.
"""

from functools import partial
from itertools import pairwise

import numpy as np

import autograd_mini as ag
from autograd_mini import data, nn, optim

from .measure import Competitors, Row, compare
from .peers import jax, torch

SIZES, BATCH, EPOCHS, LR, MOMENTUM = [64, 256, 10], 50, 60, 0.05, 0.9


class Problem:
    """Return batches, initial weights and the held-out digits."""

    def __init__(self, dtype, epochs):
        rng = np.random.default_rng(0)
        x, labels, x_test, self.labels = data.split(*data.digits(), rng=rng)
        x, self.x_test = x.astype(dtype), x_test.astype(dtype)
        targets = (0.9 * np.eye(10)[labels] + 0.01).astype(dtype)
        orders = [rng.permutation(len(x)) for _ in range(epochs)]
        rows = [order[i : i + BATCH] for order in orders for i in range(0, len(x), BATCH)]
        self.batches = [(x[r], targets[r]) for r in rows]
        self.parameters = [
            ((rng.normal(size=(n, m)) * np.sqrt(2 / n)).astype(dtype), np.zeros(m, dtype))
            for n, m in pairwise(SIZES)
        ]

    def copies(self):
        """Return the initial parameters and velocities of zero."""
        copied = [(w.copy(), b.copy()) for w, b in self.parameters]
        return copied, [(np.zeros_like(w), np.zeros_like(b)) for w, b in self.parameters]

    def accuracy(self, parameters):
        (w1, b1), (w2, b2) = [(np.asarray(w), np.asarray(b)) for w, b in parameters]
        read = np.argmax(np.maximum(self.x_test @ w1 + b1, 0) @ w2 + b2, axis=1)
        return float(np.mean(read == self.labels))


def moved(parameters, velocity, grads):
    """Return v ← momentum v + g and p ← p - lr v, as expressions."""
    velocity = [
        (MOMENTUM * vw + gw, MOMENTUM * vb + gb) for (vw, vb), (gw, gb) in zip(velocity, grads)
    ]
    return [(w - LR * vw, b - LR * vb) for (w, b), (vw, vb) in zip(parameters, velocity)], velocity


def compiled_step():
    def loss_of(parameters, x, targets):
        (w1, b1), (w2, b2) = parameters
        return ag.softmax_cross_entropy(ag.linear(ag.relu(ag.linear(x, w1, b1)), w2, b2), targets)

    @partial(ag.compile, donate=(0, 1))
    def step(parameters, velocity, x, targets):
        loss, grads = ag.value_and_grad(loss_of)(parameters, x, targets)
        return loss, *moved(parameters, velocity, grads)

    return step


def jitted_step():
    def loss_of(parameters, x, targets):
        (w1, b1), (w2, b2) = parameters
        z = jax.nn.relu(x @ w1 + b1) @ w2 + b2
        return -(targets * jax.nn.log_softmax(z)).sum(axis=1).mean()

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(parameters, velocity, x, targets):
        loss, grads = jax.value_and_grad(loss_of)(parameters, x, targets)
        return loss, *moved(parameters, velocity, grads)

    return step


def trained(step, batches, state):
    """Return the parameters for the accuracy. Losses are not copied."""
    parameters, velocity = state
    for x, targets in batches:
        _loss, parameters, velocity = step(parameters, velocity, x, targets)
    return parameters


def ours(problem, step=None):
    step = step or compiled_step()
    return problem.accuracy(trained(step, problem.batches, problem.copies()))


def in_jax(problem, batches, step=None):
    state = jax.tree.map(jax.numpy.array, problem.copies())
    return problem.accuracy(trained(step or jitted_step(), batches, state))


def eager(problem):
    model = nn.MLP(SIZES, activation=ag.relu, dtype=problem.x_test.dtype)
    leaves = list(model.parameters())
    for p, start in zip(leaves, (p for layer in problem.parameters for p in layer), strict=True):
        p.data = start.copy()
    optimizer = optim.SGD(leaves, lr=LR, momentum=MOMENTUM)
    for x, targets in problem.batches:
        optimizer.zero_grad()
        ag.softmax_cross_entropy(model(x), targets).backward()
        optimizer.step()
    return problem.accuracy([[p.data for p in leaves[i : i + 2]] for i in (0, 2)])


def in_torch(problem, batches):
    layers = []
    for w, b in problem.parameters:
        layer = torch.nn.Linear(*w.shape, dtype=torch.from_numpy(w).dtype)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(w.T))
            layer.bias.copy_(torch.from_numpy(b))
        layers.append(layer)
    model = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=MOMENTUM)
    for x, targets in batches:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), targets).backward()
        optimizer.step()
    return problem.accuracy([(la.weight.detach().T, la.bias.detach()) for la in layers])


def competitors(problem, ready: bool) -> Competitors:
    """Return training runs that return the accuracy on the held-out digits.

    Where the steps are not `ready`, each training traces and compiles its own.
    """
    found: Competitors = {"ours": partial(ours, problem, compiled_step() if ready else None)}
    if ready:
        found["ours, eager"] = partial(eager, problem)
    if torch:
        batches = [tuple(map(torch.from_numpy, batch)) for batch in problem.batches]
        found["PyTorch"] = partial(in_torch, problem, batches)
    if jax:
        batches = [tuple(map(jax.numpy.array, batch)) for batch in problem.batches]
        found["jax.jit"] = partial(in_jax, problem, batches, jitted_step() if ready else None)
    return found


def rows(rounds: int = 9) -> list[Row]:
    table = []
    epochs = EPOCHS if rounds > 1 else 2  # a quick run only shows that everything runs
    targets = {"PyTorch": 1.0, "jax.jit": 1.0}
    for dtype in (np.float64, np.float32):
        problem = Problem(dtype, epochs)
        work = f"digits, {epochs} epochs, {np.dtype(dtype)}"
        found = competitors(problem, ready=True)
        table += compare(work, found, targets, rounds)
        uncompiled = competitors(problem, ready=False)
        table += compare(f"{work}, compiling too", uncompiled, targets, max(1, rounds // 3))
        reached = {name: train() for name, train in found.items()}
        table += [
            Row(f"{work}: accuracies apart", name, abs(reached["ours"] - other), 0.01)
            for name, other in reached.items()
            if name != "ours"
        ]
        print(f"{work}: {reached['ours']:.2%} of the digits that were held out are read right")
    return table
