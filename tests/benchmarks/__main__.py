"""Print the table: ``python -m tests.benchmarks [PART ...] [--quick]``."""

import argparse
import os

from . import (
    chain,
    compiled,
    convolution,
    cost,
    course,
    cross_entropy,
    derivatives,
    digits,
    fused,
    mlp,
    native,
    norms,
    page,
    rules,
    scaling,
)
from .peers import autograd, jax, mygrad, torch

PARTS = {
    "chain": chain,
    "mlp": mlp,
    "compiled": compiled,
    "native": native,
    "cost": cost,
    "digits": digits,
    "convolution": convolution,
    "cross_entropy": cross_entropy,
    "derivatives": derivatives,
    "fused": fused,
    "rules": rules,
    "course": course,
    "norms": norms,
    "scaling": scaling,
    "page": page,
}
ALL_PROCESSORS = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def processors(part: str) -> set[int]:
    """Return the processors for a part: one, so that XLA's threads take turns with ours.

    A browser needs several processes.
    """
    return ALL_PROCESSORS if part == "page" else {max(ALL_PROCESSORS)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="one round: does everything run?")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    installed = [peer.__name__ for peer in (torch, autograd, mygrad, jax) if peer]
    print(f"peers: {', '.join(installed) or 'none installed (extra bench)'}; one thread\n")
    print(f"{'work':46} {'against':12} {'ratio':>6} {'at most':>7}")
    for name in arguments.parts or PARTS:
        if ALL_PROCESSORS:
            os.sched_setaffinity(0, processors(name))
        for row in PARTS[name].rows(1) if arguments.quick else PARTS[name].rows():
            print(row, flush=True)


if __name__ == "__main__":
    main()
