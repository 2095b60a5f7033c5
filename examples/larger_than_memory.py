"""Differentiate a loss over data larger than memory, with tensors over Dask's lazy arrays.

The data are cut into chunks. The arrays on the tape are lazy, and so are the gradients. Dask then
computes them a few chunks at a time: on threads, on processes or on a cluster.

Run it with ``python examples/larger_than_memory.py --rows 1_000_000``
(``pip install ".[dask]"``).
"""

import argparse

import dask
import dask.array as da
import numpy as np

import autograd_mini as ag

FEATURES, CLASSES, CHUNK = 20, 4, 50_000


def loss_of(x, y, weights, bias):
    """Return the cross-entropy of a linear classifier, written in NumPy."""
    logits = x @ weights + bias
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(np.sum(y * log_p, axis=1))


def generate(rows):
    """Return lazy points, with the one-hot labels and classes of a hidden linear classifier."""
    x = da.random.default_rng(0).normal(size=(rows, FEATURES), chunks=(min(rows, CHUNK), FEATURES))
    hidden = np.random.default_rng(1).normal(size=(FEATURES, CLASSES))
    labels = (x @ hidden).argmax(axis=1)
    return x, (labels[:, None] == np.arange(CLASSES)).astype(float), labels


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000, help="rows of data (default: 200,000)")
    parser.add_argument("--steps", type=int, default=20, help="gradient steps (default: 20)")
    options = parser.parse_args()
    x, y, labels = generate(options.rows)
    print(f"{options.rows:,} rows in {x.numblocks[0]} chunks, {x.nbytes / 1e6:,.0f} MB in total")

    weights = ag.tensor(np.zeros((FEATURES, CLASSES)), requires_grad=True, name="weights")
    bias = ag.tensor(np.zeros(CLASSES), requires_grad=True, name="bias")
    for step in range(1, options.steps + 1):
        loss = loss_of(x, y, weights, bias)
        lazy = ag.gradients(loss, [weights, bias])
        value, *grads = dask.compute(loss.data, *(g.data for g in lazy))  # one pass over the data
        for parameter, g in zip((weights, bias), grads):
            parameter.data -= 5.0 * g
        if step == 1 or step % 5 == 0:
            print(f"step {step:3}   loss {value:.4f}")
    predicted = (x @ weights.data + bias.data).argmax(axis=1)
    print(f"accuracy {(predicted == labels).mean().compute():.3f}")


if __name__ == "__main__":
    main()
