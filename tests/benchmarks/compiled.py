"""Compiled training steps and chains compared with hand-derived NumPy, PyTorch and ``jax.jit``.

All do the same work: the loss, its gradient, and parameters that are updated; jax returns new ones,
the others write into the old. The steps by hand are an expert's NumPy: see
`mlp`.
"""

from ctypes import CDLL
from itertools import pairwise
from pathlib import Path

import numpy as np

import autograd_mini as ag

from .chain import START, arithmetic, functions, products
from .measure import Competitors, Row, compare
from .mlp import LR, competitors, in_torch, problem
from .mlp import ours as eager
from .peers import torch
from .scaling import printed

#: sizes, batch, dtype, and at most: against NumPy, PyTorch, jax.jit
STEPS = {
    "[2,16,16,2], batch 100, float64": (
        [2, 16, 16, 2], 100, np.float64,
        {"gradient": (1.45, 0.25, 0.50), "step": (1.45, 0.25, 0.50)},
    ),
    "[64,32,10], batch 64, float32": (
        [64, 32, 10], 64, np.float32,
        {"gradient": (1.40, 0.25, 0.50), "step": (1.40, 0.25, 0.50)},
    ),
    "[784,256,10], batch 128, float32": (
        [784, 256, 10], 128, np.float32,
        {"gradient": (1.1, 0.85, 1.1), "step": (1.1, 0.85, 1.1)},
    ),
    "[784,512,512,10], batch 512, float32": (
        [784, 512, 512, 10], 512, np.float32, {"step": (None, 1.02, None)},
    ),
}  # fmt: skip


def ours(x, labels, weights, biases, update=True, **options):
    """Return a compiled step; `options` are those of `ag.compile`."""

    def loss_of(parameters, x, labels):
        h = x
        for w, b in parameters[:-1]:
            h = np.tanh(ag.linear(h, w, b))
        return ag.softmax_cross_entropy(ag.linear(h, *parameters[-1]), labels)

    gradient = ag.value_and_grad(loss_of)

    def updated(parameters, x, labels):
        loss, grads = gradient(parameters, x, labels)
        new = [(w - LR * dw, b - LR * db) for (w, b), (dw, db) in zip(parameters, grads)]
        return loss, new

    state = [[(ag.tensor(w), ag.tensor(b)) for w, b in zip(weights, biases)]]
    if not update:
        gradient = ag.compile(gradient, **options)
        return lambda: gradient(state[0], x, labels)[0].item()
    run = ag.compile(updated, donate=0, **options)

    def step():
        loss, state[0] = run(state[0], x, labels)
        return loss.item()

    return step


# Numbers as arrays, because NumPy converts a Python number in each call.
FACTOR, PLUS, MINUS = np.array(0.9), np.array(0.3), np.array(0.1)


def arithmetic_by_hand(x):
    """Differentiate by hand: every step has the same factor."""
    x, g = x.copy(), np.ones(x.shape)
    for _ in range(400):
        np.multiply(x, FACTOR, x)
        np.add(x, PLUS, x)
        np.subtract(x, MINUS, x)
    for _ in range(400):
        np.multiply(g, FACTOR, g)
    return np.add.reduce(x), g


def functions_by_hand(x):
    inner, g = np.empty((401, *x.shape)), np.ones(x.shape)
    inner[0] = x
    for x, y in pairwise(inner):
        np.sin(x, y)
        np.multiply(y, FACTOR, y)
        np.add(y, PLUS, y)
    np.cos(inner[:-1], inner[:-1])
    for c in inner[-2::-1]:
        np.multiply(g, FACTOR, g)
        np.multiply(g, c, g)
    return np.add.reduce(y), g


def products_by_hand(x):
    w, inner = x, np.empty((401, *x.shape))
    inner[0] = x
    for x, y in pairwise(inner):
        np.multiply(x, w, y)
        np.subtract(y, w, y)
        np.add(y, w, y)
    g, gw, term = np.ones(x.shape), np.zeros(x.shape), np.empty(x.shape)
    for x in inner[-2::-1]:
        np.multiply(g, x, term)
        np.add(gw, term, gw)
        np.multiply(g, w, g)
    return np.add.reduce(y), g + gw


CHAINS = {
    arithmetic: arithmetic_by_hand,
    functions: functions_by_hand,
    products: products_by_hand,
}


def chain_competitors(chain, **options) -> Competitors:
    compiled = ag.compile(ag.value_and_grad(lambda x: chain(x, np.sin)), **options)
    found: Competitors = {
        "ours": lambda: compiled(START),
        "NumPy": lambda: CHAINS[chain](START),
    }
    if torch:

        def in_torch():
            x = torch.tensor(START, requires_grad=True)
            chain(x, torch.sin).backward()
            return x.grad

        found["PyTorch"] = in_torch
    return found


def captured() -> Competitors:
    """Compare a captured array of 8 MB with the same array as an argument."""
    points, w = np.ones((1000, 1000)), np.ones(1000)
    inside = ag.compile(lambda w: points @ w)
    passed = ag.compile(lambda points, w: points @ w)
    return {"ours": lambda: inside(w), "argument": lambda: passed(points, w)}


def megabytes(who: str) -> float:
    """Measure the memory that a step of a network of 20 layers of 512 adds to a new process.

    The C library returns a freed array to the system at once, so that only live arrays count.
    """
    program = f"from tests.benchmarks import compiled; print(compiled.grown({who!r}))"
    return float(printed(program, MALLOC_MMAP_THRESHOLD_="65536"))


def grown(who: str) -> float:
    """Return the growth of the peak of the process: activations, gradients, planned buffers.

    Parameters are there before. A step of a tiny network comes first, because it loads the
    library's kernels. What the first large step needs to trace is not counted.
    """
    form = {"PyTorch": in_torch, "eager": eager, "compiled": ours}[who]
    form(*problem([8, 8, 8], 8, np.float32))()
    step = form(*problem([512] * 21, 512, np.float32))
    CDLL(None).malloc_trim(0)
    before = _status("VmRSS")
    step()
    CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # reset the peak
    for _ in range(3):
        step()
    return _status("VmHWM") - before


def _status(key: str) -> float:
    """Return a figure of the memory of this process on Linux, in megabytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024


def rows(rounds: int = 31) -> list[Row]:
    table = []
    for name, (*arguments, limits) in STEPS.items():
        few = rounds if arguments[1] < 500 else max(1, rounds // 3)
        for what, at_most in limits.items():
            targets = {k: v for k, v in zip(("NumPy", "PyTorch", "jax.jit"), at_most) if v}
            found = competitors(*arguments, what == "step", ours)
            table += compare(f"{what} of {name}", found, targets, few)
    for chain in CHAINS:
        targets = {"NumPy": 1.15, "PyTorch": 0.20}
        work = f"chain of 1,200 operations: {chain.__name__}"
        table += compare(work, chain_competitors(chain), targets, max(1, rounds // 2))
    table += compare("a captured array of 8 MB", captured(), {"argument": 1.1}, rounds)
    if torch and Path("/proc/self/clear_refs").exists():
        theirs = megabytes("PyTorch")
        for who, limit in (("compiled", 1.25), ("eager", 3.0)):
            work = f"memory of a 20x512 step, batch 512, {who}"
            table.append(Row(work, "PyTorch", megabytes(who) / theirs, limit))
    return table
