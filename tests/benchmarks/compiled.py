"""Compiled training steps and chains compared with hand-derived NumPy, PyTorch and ``jax.jit``.

All do the same work: the loss, its gradient, and parameters that are updated; jax returns new ones,
the others write into the old. `by_hand` is NumPy as a person writes it, memory and all.
"""

from ctypes import CDLL
from functools import partial
from pathlib import Path

import numpy as np

import autograd_mini as ag

from .chain import START, arithmetic, functions, products
from .measure import Competitors, Row, compare
from .mlp import LR, by_hand, in_jax, in_torch, problem
from .mlp import ours as eager
from .peers import jax, torch
from .scaling import _printed

#: sizes, batch, dtype, and at most: against NumPy, PyTorch, jax.jit
STEPS = {
    "[2,16,16,2], batch 100, float64": ([2, 16, 16, 2], 100, np.float64, (0.60, 0.20, 0.40)),
    "[64,32,10], batch 64, float32": ([64, 32, 10], 64, np.float32, (0.60, 0.20, 0.35)),
    "[784,256,10], batch 128, float32": ([784, 256, 10], 128, np.float32, (0.95, 0.85, 0.95)),
    "[784,512,512,10], batch 512, float32": (
        [784, 512, 512, 10], 512, np.float32, (None, 1.02, None),
    ),
}  # fmt: skip


def ours(x, labels, weights, biases):
    def loss_of(parameters, x, labels):
        h = x
        for w, b in parameters[:-1]:
            h = np.tanh(ag.linear(h, w, b))
        return ag.softmax_cross_entropy(ag.linear(h, *parameters[-1]), labels)

    @partial(ag.compile, donate=0)
    def update(parameters, x, labels):
        loss, grads = ag.value_and_grad(loss_of)(parameters, x, labels)
        new = [(w - LR * dw, b - LR * db) for (w, b), (dw, db) in zip(parameters, grads)]
        return loss, new

    state = [[(ag.tensor(w), ag.tensor(b)) for w, b in zip(weights, biases)]]

    def step():
        loss, state[0] = update(state[0], x, labels)
        return loss.item()

    return step


def competitors(sizes, batch, dtype) -> Competitors:
    found = {"ours": ours(*problem(sizes, batch, dtype))}
    found["NumPy"] = by_hand(*problem(sizes, batch, dtype))
    if torch:
        found["PyTorch"] = in_torch(*problem(sizes, batch, dtype))
    if jax:
        found["jax.jit"] = in_jax(*problem(sizes, batch, dtype))
    return found


def arithmetic_by_hand(x):
    """Differentiate by hand: every step has the same factor."""
    for _ in range(400):
        x = ((x * 0.9) + 0.3) - 0.1
    g = np.ones(x.shape)
    for _ in range(400):
        g = g * 0.9
    return x.sum(), g


def functions_by_hand(x):
    inner = []
    for _ in range(400):
        inner.append(x)
        x = np.sin(x) * 0.9 + 0.3
    g = np.ones(x.shape)
    for x in reversed(inner):
        g = g * 0.9 * np.cos(x)
    return x.sum(), g


def products_by_hand(x):
    w, inner = x, []
    for _ in range(400):
        inner.append(x)
        x = (x * w - w) + w
    g, gw = np.ones(x.shape), np.zeros(x.shape)
    for x in reversed(inner):
        gw = gw + g * x
        g = g * w
    return x.sum(), g + gw


CHAINS = {
    arithmetic: arithmetic_by_hand,
    functions: functions_by_hand,
    products: products_by_hand,
}


def chain_competitors(chain) -> Competitors:
    compiled = ag.compile(ag.value_and_grad(lambda x: chain(x, np.sin)))
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
    """Measure the memory that a step of a network of 20 layers of 512 adds to a new process."""
    program = f"from tests.benchmarks import compiled; print(compiled.grown({who!r}))"
    return float(_printed(program))


def grown(who: str) -> float:
    """Return the growth of the peak of the process after a first step.

    All copy the parameters. What the first step, which traces, took and gave back is not counted:
    the C library keeps such memory for later, unless it is configured not to.
    """
    arguments = problem([512] * 21, 512, np.float32)
    before = _status("VmRSS")
    step = {"PyTorch": in_torch, "eager": eager, "compiled": ours}[who](*arguments)
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
    for name, (sizes, batch, dtype, limits) in STEPS.items():
        targets = {k: v for k, v in zip(("NumPy", "PyTorch", "jax.jit"), limits) if v}
        few = rounds if batch < 500 else max(1, rounds // 3)
        table += compare(f"step of {name}", competitors(sizes, batch, dtype), targets, few)
    for chain in CHAINS:
        targets = {"NumPy": 1.0, "PyTorch": 0.20}
        work = f"chain of 1,200 operations: {chain.__name__}"
        table += compare(work, chain_competitors(chain), targets, max(1, rounds // 2))
    table += compare("a captured array of 8 MB", captured(), {"argument": 1.1}, rounds)
    if torch and Path("/proc/self/clear_refs").exists():
        theirs = megabytes("PyTorch")
        for who, limit in (("compiled", 1.0), ("eager", 1.5)):
            work = f"memory of a 20x512 step, batch 512, {who}"
            table.append(Row(work, "PyTorch", megabytes(who) / theirs, limit))
    return table
