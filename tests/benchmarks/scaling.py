"""Costs that do not depend on size: an operation on tapes of 10^3 to 10^6 nodes, and the import."""

import os
import subprocess
import sys
from statistics import median

import autograd_mini as ag

from .measure import Row, medians

SIZES = (10**3, 10**4, 10**5, 10**6)


def chain(records: int) -> None:
    x = ag.tensor([0.1, 0.4, 0.7, 0.9], requires_grad=True)
    y = x
    for _ in range(records // 2):
        y = y * 0.9 + 0.3
    y.sum().backward()


def costs(rounds: int) -> list[float]:
    """Return the seconds per operation for each size."""
    times = medians({n: (lambda n=n: chain(n)) for n in SIZES}, rounds, round_seconds=0.2)
    return [times[n] / n for n in SIZES]


def per_record(rounds: int) -> list[Row]:
    """Run in a new process, or the collector would also walk through all modules of the peers."""
    program = f"from tests.benchmarks import scaling; print(*scaling.costs({rounds}))"
    smallest, *others = map(float, printed(program).split())
    return [
        Row(f"cost of an operation, {n:,} records", "1,000", cost / smallest, 1.6)
        for n, cost in zip(SIZES[1:], others)
    ]


def import_milliseconds(rounds: int) -> float:
    """Return the time that `import autograd_mini` adds to `import numpy` in a new interpreter."""
    program = (
        "import numpy, time; t = time.perf_counter(); import autograd_mini; "
        "print((time.perf_counter() - t) * 1000)"
    )
    printed(program)  # compiles, as installing does
    return median(float(printed(program)) for _ in range(rounds))


def printed(program: str, **settings: str) -> str:
    """Return the output of a new interpreter, whose environment has more settings."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | settings
    run = subprocess.run(
        [sys.executable, "-c", program], env=env, check=True, capture_output=True, text=True
    )
    return run.stdout


def rows(rounds: int = 5) -> list[Row]:
    milliseconds = import_milliseconds(max(rounds, 3))
    return [
        *per_record(rounds),
        Row("import autograd_mini, after NumPy's", "20 ms", milliseconds / 20, 1.0),
    ]
