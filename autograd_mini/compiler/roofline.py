"""The roofline of this machine: how fast it reads, computes and calls, measured in three probes.

A call that computes F flops on B bytes takes at least F / peak and at least B / bandwidth seconds.
The roofline model says that it takes the larger of the two [Williams et al. 2009]. A call of NumPy
also takes a time that does not depend on its arrays, which is most of the time if they are small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from time import perf_counter

import numpy as np

#: entries of the arrays that measure the bandwidth: together 768 KB, which the processor's cache
#: holds, as it holds the arrays of a training step
_ENTRIES = 1 << 15
_ROWS = 64  #: of the matrices that measure the peak; OpenBLAS starts threads for more
_PROBE_SECONDS = 0.02
_FEWEST = 20  # measurements of a probe, of which other programs may disturb most


@dataclass(frozen=True)
class Machine:
    """The speed of this machine, as NumPy reaches it.

    Attributes
    ----------
    bandwidth : float
        The bytes that a second reads and writes.
    peak : dict of str to float
        The floating-point operations of a second, for each dtype.
    overhead : float
        The seconds that a call takes for a single number.
    """

    bandwidth: float
    peak: dict[str, float]
    overhead: float

    def seconds(self, flops: float, size: float, dtype: str, calls: float) -> float:
        """Return the time that the roofline predicts for some calls of NumPy."""
        peak = self.peak.get(dtype, self.peak["float64"])
        return calls * self.overhead + max(flops / peak, size / self.bandwidth)

    def __str__(self) -> str:
        peaks = ", ".join(f"{x / 1e9:.0f} Gflop/s in {name}" for name, x in self.peak.items())
        return (
            f"{self.bandwidth / 1e9:.0f} GB/s, {peaks}, {self.overhead * 1e6:.2f} µs for each call"
        )


@cache
def machine() -> Machine:
    """Measure this machine, once in a process. It takes less than a second."""
    one, number = np.ones(1), np.ones(1)
    overhead = _seconds(lambda: np.add(one, one, number))
    x, y, out = np.ones((3, _ENTRIES))
    bandwidth = 3 * x.nbytes / (_seconds(lambda: np.add(x, y, out)) - overhead)
    return Machine(bandwidth, {d: _peak(d) for d in ("float64", "float32")}, overhead)


def _peak(dtype: str) -> float:
    a = np.ones((_ROWS, _ROWS), dtype)
    out = a.copy()
    return 2 * _ROWS**3 / _seconds(lambda: np.dot(a, a, out))


def _seconds(work: Callable[[], object]) -> float:
    """Return the time of one call: the least of many measurements, because others disturb it."""
    start = perf_counter()
    work()
    repeats = max(1, int(_PROBE_SECONDS / 20 / max(perf_counter() - start, 1e-7)))
    found: list[float] = []
    end = perf_counter() + _PROBE_SECONDS
    while (start := perf_counter()) < end or len(found) < _FEWEST:
        for _ in range(repeats):
            work()
        found.append((perf_counter() - start) / repeats)
    return min(found)
