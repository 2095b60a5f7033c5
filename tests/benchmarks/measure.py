"""Time competitors on a noisy machine: runs are interleaved and medians are compared."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time

Competitors = dict[str, Callable[[], object]]


@dataclass
class Row:
    """A row of the table: the ratio of our time to a competitor's, and its limit."""

    work: str
    against: str
    ratio: float
    target: float | None = None

    def __str__(self) -> str:
        target = "" if self.target is None else f"{self.target:5.2f}"
        verdict = "" if self.target is None else ("ok" if self.ratio <= self.target else "MISSED")
        return f"{self.work:46} {self.against:12} {self.ratio:6.3f} {target:>7}  {verdict}"


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the processor time of one call, averaged over `repeats`.

    While another program runs on the processor, this clock stands still.
    """
    start = process_time()
    for _ in range(repeats):
        work()
    return (process_time() - start) / repeats


def medians(competitors: Competitors, rounds: int, round_seconds: float = 0.02) -> dict[str, float]:
    """Return the median time of a call for each competitor, over interleaved rounds.

    Training repeats its step. So the first quarter of a turn is not timed: what it needs is not in
    the processor's caches, but what the competitor before it needed.
    """
    repeats = {}
    for name, work in competitors.items():
        work()  # warm up: caches, lazy imports, compilers
        repeats[name] = max(1, int(round_seconds / max(seconds(work, min(rounds, 3)), 1e-9)))
    times: dict[str, list[float]] = {name: [] for name in competitors}
    gc.collect()
    for _ in range(rounds):
        for name, work in competitors.items():
            for _ in range(repeats[name] // 4):
                work()
            times[name].append(seconds(work, repeats[name]))
    return {name: median(values) for name, values in times.items()}


def compare(
    work: str, competitors: Competitors, targets: dict[str, float], rounds: int = 31
) -> list[Row]:
    """Return the rows of a table: the ratio of 'ours' to each other competitor."""
    times = medians(competitors, rounds)
    ours = times.pop("ours")
    return [Row(work, name, ours / time, targets.get(name)) for name, time in times.items()]
