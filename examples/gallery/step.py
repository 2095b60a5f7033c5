"""Write a training step of a small network in C: ``python examples/gallery/step.py``."""

from itertools import pairwise
from pathlib import Path

import numpy as np

import autograd_mini as ag
from autograd_mini import data

SIZES = (2, 16, 16, 2)


def loss(parameters, x, labels):
    """Return the cross-entropy of a network with two hidden layers."""
    w1, b1, w2, b2, w3, b3 = parameters
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    return ag.softmax_cross_entropy(h2 @ w3 + b3, labels)


def step(parameters, x, labels, lr):
    """Return the loss, and the parameters after a step of gradient descent."""
    value, gradients = ag.value_and_grad(loss)(parameters, x, labels)
    return value, [p - lr * g for p, g in zip(parameters, gradients)]


def source():
    """Return the step in C. The new parameters are written over the old ones."""
    rng = np.random.default_rng(0)
    parameters = []
    for i, (n, m) in enumerate(pairwise(SIZES), 1):
        w, b = rng.normal(size=(n, m)) / n**0.5, np.zeros(m)
        parameters += [ag.tensor(w, name=f"w{i}"), ag.tensor(b, name=f"b{i}")]
    compiled = ag.compile(step, donate=0, target="c")
    compiled(parameters, *data.moons(100), 0.1)
    return compiled.source


if __name__ == "__main__":
    path = Path(__file__).parent / "step.c"
    path.write_text(f"{source()}\n".replace("\n\n\n", "\n\n"), encoding="utf-8")
    print(path)
