"""Observers are notified of each recorded node and of each backward pass."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.context import ALL_OBSERVERS, Observer, observers, observing, unobserved


class Log(Observer):
    def __init__(self):
        self.events = []

    def recorded(self, op, args, result):
        self.events.append(op.name)

    def backward_begins(self, tensors, seed):
        self.events.append(("begins", len(tensors), seed.tolist()))

    def contributed(self, contribution):
        node, i, g, value, total = contribution
        self.events.append((node.op.name, i, g.tolist(), value.tolist(), total.tolist()))

    def backward_ends(self):
        self.events.append("ends")

    def compiled_ran(self, function, results):
        self.events.append((function, results.tolist()))


def test_observer_sees_both_passes():
    log, x = Log(), ag.tensor(3.0, requires_grad=True)
    with observing(log):
        (x * x).backward()
    begins = ("begins", 2, 1.0)
    assert log.events == ["mul", begins, ("mul", 0, 1, 3, 3), ("mul", 1, 1, 3, 6), "ends"]


def test_observer_sees_the_end_of_a_failed_pass():
    def rule(g, y, x):
        raise KeyboardInterrupt

    fails = ag.primitive(lambda x: x * 1.0, rule, name="fails")
    log, x = Log(), ag.tensor(3.0, requires_grad=True)
    with observing(log), pytest.raises(KeyboardInterrupt):
        fails(x).backward()
    assert log.events == ["fails", ("begins", 2, 1.0), "ends"]


def test_observer_sees_each_call_of_a_compiled_function():
    f = ag.compile(lambda x: x + 1)
    f(np.zeros(2))
    log = Log()
    with observing(log):
        f(np.zeros(2))
        f(np.ones(2))
    f(np.zeros(2))
    assert log.events == [(f, [1.0, 1.0]), (f, [2.0, 2.0])]


def test_unobserved_hides_a_block_from_all_observers():
    log, x = Log(), ag.tensor(3.0, requires_grad=True)
    with observing(log):
        with unobserved():
            (x * x).backward()
        np.exp(x)
    assert log.events == ["exp"]


def test_observers_of_nested_blocks_all_watch():
    outer, inner, x = Log(), Log(), ag.tensor(3.0, requires_grad=True)
    with observing(outer):
        with observing(inner):
            np.exp(x)
        np.sin(x)
    assert outer.events == ["exp", "sin"]
    assert inner.events == ["exp"]


def test_observing_ends_with_an_exception():
    log = Log()
    with pytest.raises(KeyboardInterrupt), observing(log), observing(Log()):
        raise KeyboardInterrupt
    assert observers() == ()
    assert not ALL_OBSERVERS
