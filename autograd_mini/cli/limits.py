"""Bound the time and memory of a computation.

One NumPy call can run for hours, and no Python code can interrupt it. So the computation runs in a
thread that is abandoned after a time: NumPy releases the interpreter lock in its long loops, so the
main thread can report that and end the process. This works on every platform. Memory is limited
where the system can do so (Linux); elsewhere the time limit has to suffice.
"""

from __future__ import annotations

import atexit
import contextlib
import contextvars
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, TimeoutError
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")


def run_within(seconds: float, compute: Callable[[], Result]) -> Result:
    """Return `compute()`, or raise `concurrent.futures.TimeoutError` after that many seconds."""
    future: Future[Result] = Future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            future.set_result(context.run(compute))
        except BaseException as error:  # raised again in the caller's thread
            future.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # WebAssembly has no threads
        return compute()
    try:
        return future.result(timeout=seconds)
    except (TimeoutError, KeyboardInterrupt) as error:
        atexit.register(_exit_if_alive, thread, 130 if isinstance(error, KeyboardInterrupt) else 2)
        raise


def _exit_if_alive(thread: threading.Thread, status: int) -> None:
    """End the process without the exit handlers of C libraries, if the thread still runs.

    BLAS would wait there for a call in this thread, which may take hours.
    """
    if thread.is_alive():
        os._exit(status)


@contextlib.contextmanager
def limited_memory(extra: int) -> Iterator[None]:
    """Raise MemoryError if the block allocates more than `extra` bytes, where the system can."""
    try:
        import resource

        used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, OSError):  # Windows and macOS do not count
        yield
        return
    limits = [used + extra, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
