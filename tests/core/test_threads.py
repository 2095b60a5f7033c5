"""Backward passes of several threads into shared leaves: each contribution is counted."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np

import autograd_mini as ag

THREADS = 8


class Slow(np.ndarray):
    """An array that lets other threads run, and calls `then`, before it is added to."""

    then = staticmethod(lambda: None)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        time.sleep(0.01)
        self.then()
        return getattr(ufunc, method)(*(np.asarray(x) for x in inputs), **kwargs)


def test_backward_in_eight_threads_counts_every_gradient():
    leaves = [ag.tensor(np.full(3, x), requires_grad=True) for x in (1.0, 2.0, 3.0)]
    for leaf in leaves:
        leaf._grad = np.zeros(3).view(Slow)
    started = Barrier(THREADS)

    def passes(_):
        started.wait()
        for _ in range(5):
            (leaves[0] * leaves[1] + leaves[2]).sum().backward()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(passes, range(THREADS)))
    for leaf, slope in zip(leaves, (2.0, 1.0, 1.0)):
        np.testing.assert_array_equal(leaf.grad, slope * THREADS * 5)


def test_backward_inside_a_backward_pass_does_not_wait():
    inner, x = (ag.tensor(a, requires_grad=True) for a in (1.0, 3.0))
    x._grad = np.asarray(1.0).view(Slow)
    x._grad.then = lambda: (2 * inner).backward()
    (x * x).backward()
    assert (float(x.grad), float(inner.grad)) == (7.0, 2.0)
