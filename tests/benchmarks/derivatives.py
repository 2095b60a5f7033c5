"""Functions written for NumPy: gradients, Jacobians and Hessians; dispatch; checkpoints."""

import tracemalloc

import numpy as np

import autograd_mini as ag

from .measure import Row, compare, medians
from .peers import anp, autograd, jax

RNG = np.random.default_rng(0)
Z, Y = RNG.normal(size=10), np.eye(10)[3]
POINTS, CENTRES = RNG.normal(size=(200, 3)), RNG.normal(size=(5, 3))
MATRIX, RIGHT = RNG.normal(size=(20, 20)) + 20 * np.eye(20), RNG.normal(size=20)


TARGETS = {"exp": 1.0}


def cross_entropy(n):
    return lambda z: -n.sum(Y * n.log(n.exp(z) / n.sum(n.exp(z))))


def softmax(n):
    return lambda z: n.exp(z) / n.sum(n.exp(z))


def mixture(n):
    """Return the negative log-likelihood of points under a mixture of Gaussians."""

    def loss(centres):
        squares = n.sum((POINTS[:, None, :] - centres) ** 2, axis=-1)
        return -n.mean(n.log(n.mean(n.exp(-squares / 2), axis=1)))

    return loss


def gaussian(n):
    """Return the log-density of a Gaussian: a determinant and a linear solve."""

    def density(a):
        s = a @ a.T
        return n.linalg.slogdet(s)[1] + RIGHT @ n.linalg.solve(s, RIGHT)

    return density


WORK = [
    ("gradient of a mixture's likelihood", "grad", mixture, CENTRES),
    ("gradient of a Gaussian's density", "grad", gaussian, MATRIX),
    ("Jacobian of softmax, 10 logits", "jacobian", softmax, Z),
    ("Hessian of softmax-CE, 10 logits", "hessian", cross_entropy, Z),
]


def against_peers(rounds: int) -> list[Row]:
    table = []
    for work, transform, f, x in WORK:
        ours = getattr(ag, transform)(f(np))
        found = {"ours": lambda ours=ours, x=x: ours(x)}
        if autograd:
            theirs = getattr(autograd, transform)(f(anp))
            found["autograd"] = lambda theirs=theirs, x=x: theirs(x)
        if jax:
            compiled = jax.jit(getattr(jax, transform)(f(jax.numpy)))
            found["jax.jit"] = lambda compiled=compiled, x=x: compiled(x).block_until_ready()
        table += compare(work, found, {"autograd": 1.0}, rounds)
    return table


def dispatch(rounds: int) -> list[Row]:
    """Measure the overhead of NumPy's protocols over a method call, in units of 0.4 microseconds.

    The target is of a ufunc. For np.sum, NumPy runs its own Python code before it asks the Tensor.
    """
    t = ag.tensor([1.0, 2.0], requires_grad=True)
    pairs = {"exp": (lambda: np.exp(t), t.exp), "sum": (lambda: np.sum(t), t.sum)}
    table = []
    for name, (function, method) in pairs.items():
        times = medians({"function": function, "method": method}, rounds, round_seconds=0.005)
        cost = times["function"] - times["method"]
        table.append(
            Row(f"np.{name}(t) over t.{name}()", "0.4 us", cost / 0.4e-6, TARGETS.get(name))
        )
    return table


def checkpoints(rounds: int) -> list[Row]:
    """Compute a chain of 256 steps in 16 pieces, each recomputed instead of stored."""
    x = ag.tensor(np.full(20_000, 0.5), requires_grad=True)

    def piece(x):
        for _ in range(16):
            x = np.sin(x)
        return x

    def whole(step):
        y = x
        for _ in range(16):
            y = step(y)
        y.sum().backward()

    stored, again = (lambda: whole(piece)), (lambda: whole(ag.checkpoint(piece)))
    times = medians({"stored": stored, "again": again}, rounds)
    return [
        Row("memory of 256 steps, 16 checkpoints", "stored", peak(again) / peak(stored), 0.25),
        Row("time of 256 steps, 16 checkpoints", "stored", times["again"] / times["stored"]),
    ]


def peak(work) -> int:
    """Return the peak of the allocated bytes."""
    tracemalloc.start()
    work()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def rows(rounds: int = 31) -> list[Row]:
    return [*against_peers(rounds), *dispatch(rounds), *checkpoints(rounds)]
