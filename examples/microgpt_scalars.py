"""Train the GPT of microgpt.py without arrays: every number is a node of the tape.

Run it with ``python examples/microgpt_scalars.py``. Each formula is written out with Python lists.
It computes the same losses, a few hundred times slower.
"""

import argparse
import math
from itertools import pairwise

import numpy as np
from microgpt import GPT, MOST, NAMES, encode

from autograd_mini.compat.micrograd import Value

# ---- the model -----------------------------------------------------------------------------------


def dot(u, v):
    """Return Σ_i u_i v_i."""
    total = u[0] * v[0]
    for a, b in zip(u[1:], v[1:]):
        total = total + a * b
    return total


def matvec(x, w):
    """Return x W, for a row x and a matrix W, which is a list of rows."""
    return [dot(x, column) for column in zip(*w)]


def add(u, v):
    return [a + b for a, b in zip(u, v)]


def norm(x):
    """Scale a row to a mean square of 1."""
    scale = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [a * scale for a in x]


def softmax(z):
    """Return e^z / Σ e^z. Subtracting the largest number changes nothing, and avoids overflow."""
    largest = max(a.item() for a in z)
    e = [(a - largest).exp() for a in z]
    total = sum(e[1:], e[0])
    return [a / total for a in e]


def attention(w, x, heads, keys, values):
    """Return the sum of the values, weighted by how well their keys match the query of `x`.

    The lists `keys` and `values` hold those of all earlier letters. The row `x` adds its own.
    """
    query = matvec(x, w["query"])
    keys.append(matvec(x, w["key"]))
    values.append(matvec(x, w["value"]))
    size, y = len(x) // heads, []
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        weights = softmax([dot(query[part], key[part]) / math.sqrt(size) for key in keys])
        y += [dot(weights, column) for column in zip(*(value[part] for value in values))]
    return matvec(y, w["out"])


def loss_of(model, tokens):
    """Return the mean of -log p, where p is the probability of each next letter."""
    memory = [([], []) for _ in model["blocks"]]  # the keys and values of each block
    terms = []
    for place, (token, following) in enumerate(pairwise(tokens)):
        x = add(model["letter"][token], model["place"][place])
        for w, (keys, values) in zip(model["blocks"], memory):
            x = add(x, attention(w, norm(x), model["heads"], keys, values))
            hidden = [a.relu() for a in matvec(norm(x), w["up"])]
            x = add(x, matvec(hidden, w["down"]))
        p = softmax(matvec(norm(x), model["head"]))
        terms.append(-p[following].log())
    return sum(terms[1:], terms[0]) / len(terms)


def from_arrays(gpt):
    """Return the weights of a GPT of microgpt.py as lists of lists of `Value`."""

    def matrix(name):
        return [[Value(a) for a in row] for row in gpt.state_dict()[name].tolist()]

    def block(i):
        parts = ("query", "key", "value", "out")
        w = {part: matrix(f"blocks.{i}.attention.{part}.weight") for part in parts}
        return {**w, **{part: matrix(f"blocks.{i}.{part}.weight") for part in ("up", "down")}}

    return {
        "letter": matrix("letter"), "place": matrix("place"), "head": matrix("head.weight"),
        "blocks": [block(i) for i in range(len(gpt.blocks))],
        "heads": gpt.blocks[0].attention.heads,
    }  # fmt: skip


# ---- training ------------------------------------------------------------------------------------


def leaves(tree):
    """Return all numbers of nested lists and dicts."""
    if isinstance(tree, (list, dict)):
        parts = tree.values() if isinstance(tree, dict) else tree
        return [leaf for part in parts for leaf in leaves(part)]
    return [tree] if hasattr(tree, "grad") else []


class Adam:
    """Adam for scalars [Kingma, Ba 2015, algorithm 1]."""

    def __init__(self, parameters, lr=0.01, beta1=0.85, beta2=0.99, eps=1e-8):
        self.parameters, self.lr, self.eps = parameters, lr, eps
        self.beta1, self.beta2, self.t = beta1, beta2, 0
        self.m, self.v = [0.0] * len(parameters), [0.0] * len(parameters)

    def step(self):
        self.t += 1
        for i, p in enumerate(self.parameters):
            g = p.grad.item()
            self.m[i] += (1 - self.beta1) * (g - self.m[i])
            self.v[i] += (1 - self.beta2) * (g * g - self.v[i])
            m = self.m[i] / (1 - self.beta1**self.t)
            v = self.v[i] / (1 - self.beta2**self.t)
            p.data = p.item() - self.lr * m / (math.sqrt(v) + self.eps)
            p.grad = 0.0


def make_step(model, optimizer):
    """Return a function that takes a step of training on the tokens of one name."""

    def step(tokens):
        loss = loss_of(model, tokens)
        loss.backward()
        optimizer.step()
        return loss

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20, help="of training (default: 20)")
    arguments = parser.parse_args()

    rng = np.random.default_rng(0)
    model = from_arrays(GPT(rng=rng))
    optimizer = Adam(leaves(model))
    step = make_step(model, optimizer)
    print(f"{len(optimizer.parameters)} numbers to train, names of up to {MOST} letters")
    for i in range(arguments.steps):
        loss = step(encode(rng.choice(NAMES)))
        print(f"step {i + 1:3}   loss {loss.item():.4f}")


if __name__ == "__main__":
    main()
