"""Train the network of train_digits.py with a compiled step, in less time.

Run it with ``python examples/train_compiled.py``. With ``--eager``, the step is not compiled
(``pip install ".[examples]"``).
"""

import argparse
from time import perf_counter

import numpy as np

import autograd_mini as ag
from autograd_mini import data

EPOCHS, BATCH, LR, MOMENTUM = 60, 50, 0.05, 0.9


def logits(parameters, x):
    (w1, b1), (w2, b2) = parameters
    return ag.linear(ag.relu(ag.linear(x, w1, b1)), w2, b2)


def loss_of(parameters, x, targets):
    return ag.softmax_cross_entropy(logits(parameters, x), targets)


def step(parameters, velocity, x, targets):
    """Return the loss, and the parameters and velocity after a step of gradient descent.

    The step is v ← momentum v + g and p ← p - lr v, as in ``optim.SGD``.
    """
    loss, grads = ag.value_and_grad(loss_of)(parameters, x, targets)
    velocity = [
        (MOMENTUM * vw + gw, MOMENTUM * vb + gb) for (vw, vb), (gw, gb) in zip(velocity, grads)
    ]
    parameters = [(w - LR * vw, b - LR * vb) for (w, b), (vw, vb) in zip(parameters, velocity)]
    return loss, parameters, velocity


def start(rng):
    """Return weights for which a rectifier layer keeps the scale of its input [He et al. 2015]."""
    sizes = [(64, 256), (256, 10)]
    return [(rng.normal(size=s) * np.sqrt(2 / s[0]), np.zeros(s[1])) for s in sizes]


def train(step, parameters, x, targets, rng, epochs=EPOCHS):
    """Train for `epochs` epochs, and return the parameters."""
    velocity = [(np.zeros_like(w), np.zeros_like(b)) for w, b in parameters]
    for epoch in range(1, epochs + 1):
        order, total = rng.permutation(len(x)), 0.0
        for i in range(0, len(x), BATCH):
            rows = order[i : i + BATCH]
            loss, parameters, velocity = step(parameters, velocity, x[rows], targets[rows])
            total += loss.item() * len(rows)
        if epoch == 1 or epoch % 10 == 0:
            print(f"epoch {epoch:3} of {epochs}   loss {total / len(x):.4f}")
    return parameters


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--eager", action="store_true", help="do not compile the step")
    parser.add_argument("--seed", type=int, default=0, help="for split and weights (default: 0)")
    arguments = parser.parse_args()

    rng = np.random.default_rng(arguments.seed)
    x, labels, x_test, labels_test = data.split(*data.digits(), rng=rng)
    # Donated: the old parameters and velocity are not needed, so the new ones use their memory.
    train_step = step if arguments.eager else ag.compile(step, donate=(0, 1))
    targets = 0.9 * np.eye(10)[labels] + 0.1 / 10  # smoothed, as in train_digits.py

    began = perf_counter()
    parameters = train(train_step, start(rng), x, targets, rng)
    print(f"{len(x)} digits, {EPOCHS} epochs in {perf_counter() - began:.2f} seconds")
    predicted = np.argmax(logits(parameters, x_test), axis=-1)
    print(f"held-out accuracy {np.mean(predicted == labels_test):.4f} on {len(x_test)} digits")


if __name__ == "__main__":
    main()
