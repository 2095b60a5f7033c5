"""A training step of each model of a course: eager, compiled, in PyTorch and in JAX.

The losses of all forms are compared first. Numbers are float32, except for microgpt.
"""

from collections.abc import Callable

import numpy as np

from .frameworks import Problem, eager, in_jax, in_torch
from .measure import Row, medians
from .models import PROBLEMS
from .peers import jax, torch

#: allowed relative difference of losses after some steps
TOLERANCE = {np.float32: 2e-4, np.float64: 1e-10}


def forms(problem: Problem) -> dict[str, Callable[[], float]]:
    """Return the training steps, by the name of the form."""
    found = {"eager": eager(problem), "compiled": eager(problem, compiled=True)}
    if torch:
        found["PyTorch"] = in_torch(problem)
    if jax:
        found["jax.jit"] = in_jax(problem)
    return found


def compare_losses(steps: dict[str, Callable[[], float]], dtype: type, n: int = 3) -> None:
    """Raise an error unless all forms have equal losses."""
    losses = {name: [step() for _ in range(n)] for name, step in steps.items()}
    assert losses["compiled"] == losses["eager"]
    for found in losses.values():
        np.testing.assert_allclose(found, losses["eager"], rtol=TOLERANCE[dtype])


def rows(rounds: int = 21) -> list[Row]:
    table = []
    for name, problem in PROBLEMS.items():
        dtype = np.float64 if "float64" in name else np.float32
        steps = forms(problem.cast(dtype))
        compare_losses(steps, dtype)
        times = medians(steps, rounds)
        for form, peer, target in zip(
            ("eager", "compiled", "compiled"), ("PyTorch", "PyTorch", "jax.jit"), problem.targets
        ):
            if peer in times:
                table.append(Row(f"{name}, {form}", peer, times[form] / times[peer], target))
    return table
