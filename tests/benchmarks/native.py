"""Steps compiled to C, compared with NumPy's target, PyTorch, ``jax.jit`` and hand-written C."""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np

import autograd_mini as ag

from . import by_hand_in_c, compiled, mlp
from .chain import START
from .compiled import CHAINS, STEPS
from .frameworks import Problem, eager, in_jax, in_torch
from .measure import Competitors, Row, compare
from .models import PROBLEMS, letters, microgpt, microgpt_weights
from .peers import jax, torch
from .scaling import printed

#: work -> at most, against NumPy's target, PyTorch and jax.jit
NETWORKS = {
    "[2,16,16,2], batch 100, float64": (0.28, 0.05, 0.15),
    "[64,32,10], batch 64, float32": (0.40, 0.06, 0.18),
    "[784,256,10], batch 128, float32": (1.0, 0.75, 0.95),
}
CHAIN = 0.10, 0.01, 0.5
BY_HAND = 1.3  #: at most, against hand-written C
BATCH = Problem({"": microgpt}, microgpt_weights(), (letters(16, 8), letters(16, 8)))
MODELS = {
    "microgpt, 1 x 8 tokens": (PROBLEMS["microgpt, float64"], (0.40, 0.12, 0.4)),
    "microgpt, 16 x 8 tokens": (BATCH, (0.40, 0.12, 0.4)),
    "GPT d 32, T 16": (PROBLEMS["GPT d 32, T 16"], (0.7, 0.4, 0.6)),
    "LeNet 8x8": (PROBLEMS["LeNet 8x8"], (0.6, 0.4, 0.6)),
    "LSTM, T 20": (PROBLEMS["LSTM, T 20"], (0.6, 0.4, 0.6)),
}


def networks(sizes, batch, dtype) -> Competitors:
    """Return a training step of each form."""
    forms = {"ours": partial(compiled.ours, target="c"), "target numpy": compiled.ours}
    if tuple(sizes) in by_hand_in_c.NETWORKS:
        forms["C by hand"] = by_hand_in_c.step
    forms |= {"PyTorch": mlp.in_torch} if torch else {}
    forms |= {"jax.jit": mlp.in_jax} if jax else {}
    return {name: form(*mlp.problem(sizes, batch, dtype)) for name, form in forms.items()}


def chains(chain) -> Competitors:
    found = compiled.chain_competitors(chain, target="c")
    found["target numpy"] = compiled.chain_competitors(chain)["ours"]
    del found["NumPy"]
    if jax:
        run = jax.jit(jax.value_and_grad(lambda x: chain(x, jax.numpy.sin)))
        found["jax.jit"] = lambda: jax.block_until_ready(run(START))
    return found


def models(problem: Problem) -> Competitors:
    problem = problem.cast(np.float32)
    found = {
        "ours": eager(problem, compiled=True, target="c"),
        "target numpy": eager(problem, compiled=True),
    }
    found |= {"PyTorch": in_torch(problem)} if torch else {}
    found |= {"jax.jit": in_jax(problem)} if jax else {}
    return found


def same_losses(found: Competitors) -> None:
    """Raise an error unless all forms compute equal losses, up to rounding."""
    losses = {name: [float(run()) for _ in range(3)] for name, run in found.items()}
    for name, values in losses.items():
        np.testing.assert_allclose(values, losses["target numpy"], rtol=2e-4, err_msg=name)


# ---- the first call ------------------------------------------------------------------------------


def first_call(target: str) -> float:
    """Return the seconds of the first call of a step, in a process that has compiled before."""
    from time import perf_counter

    tiny = ag.compile(lambda x: np.sin(x) + 1, target=target)
    tiny(np.ones(3))
    step = compiled.ours(*mlp.problem([2, 16, 16, 2], 100, np.float64), target=target)
    start = perf_counter()
    step()
    return perf_counter() - start


def first_calls(rounds: int) -> list[Row]:
    """Compare the first call with 1 s. If the library is cached: with 50 ms more than NumPy's."""

    def seconds(target: str, folder: str) -> float:
        program = f"from tests.benchmarks import native; print(native.first_call({target!r}))"
        return float(printed(program, XDG_CACHE_HOME=folder))

    with tempfile.TemporaryDirectory(dir=Path.home()) as folder:  # others may not write there
        built = seconds("c", folder)
        more = min(seconds("c", folder) - seconds("numpy", folder) for _ in range(min(rounds, 5)))
    return [
        Row("first call of a step, in C", "1 s", built, 1.0),
        Row("the same, with the library cached", "NumPy + 50 ms", more / 0.05, 1.0),
    ]


# ---- the table -----------------------------------------------------------------------------------


def row(work: str, found: Competitors, limits: tuple[float, ...], rounds: int) -> list[Row]:
    targets = dict(zip(("target numpy", "PyTorch", "jax.jit"), limits))
    return compare(work, found, {**targets, "C by hand": BY_HAND}, rounds)


def rows(rounds: int = 31) -> list[Row]:
    table = []
    for name, limits in NETWORKS.items():
        same_losses(found := networks(*STEPS[name][:3]))
        table += row(f"step of {name}", found, limits, rounds)
    for chain in CHAINS:
        work = f"chain of 1,200 operations: {chain.__name__}"
        table += row(work, chains(chain), CHAIN, max(1, rounds // 2))
    for name, (problem, limits) in MODELS.items():
        same_losses(found := models(problem))
        table += row(name, found, limits, rounds)
    return table + first_calls(rounds)
