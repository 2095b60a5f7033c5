"""Compare the speed with hand-written NumPy and with the peers that are installed.

``python -m tests.benchmarks`` prints the table. Every figure is a ratio of medians, taken from
rounds in which the competitors take turns, on one thread.
"""

import os

for library in ("OMP", "OPENBLAS", "MKL"):  # read once, when NumPy and the peers are imported
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
