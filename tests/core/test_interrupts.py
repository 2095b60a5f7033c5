"""Ctrl-C at any line or bytecode: blocks close, and nothing half changed looks whole.

A trace function raises KeyboardInterrupt at the n-th line (or bytecode) that runs in the package,
for every n.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import optim
from autograd_mini.core.accumulation import LOCK
from autograd_mini.core.context import SCOPES, grad_mode, observers
from tests.budget import few

FILES = str(Path(ag.__file__).parent), "<compiled>"  # the package, and compiled programs


def interrupt(action, n, event):
    """Run `action`, and raise KeyboardInterrupt at the n-th event; return whether it came."""
    left = n

    def trace(frame, kind, arg):
        nonlocal left
        if not frame.f_code.co_filename.startswith(FILES):
            return None
        frame.f_trace_opcodes = event == "opcode"
        if kind == event:
            left -= 1
            if not left:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    except KeyboardInterrupt:
        if event == "line":
            assert not LOCK._is_owned()
        elif LOCK._is_owned():  # at a bytecode where no signal is handled
            LOCK.release()
        return True
    finally:
        sys.settrace(before)
    return False


def interrupts(start, event="line", first=1, stride=1):
    """Yield what `start` returned, after an interrupt of its action at each `stride`-th place."""
    interrupt(start()[1], sys.maxsize, event)  # Python 3.12 traces bytecodes from the second run on
    came, n = True, first
    while came:
        state, action = start()
        came = interrupt(action, n, event)
        n += stride
        yield state


def assert_all_blocks_are_closed():
    assert SCOPES.get() == ()
    assert observers() == ()
    assert np.geterr()["invalid"] == "warn"


BLOCKS = {
    "no_grad": ag.no_grad,
    "grad_mode": lambda: grad_mode(True),
    "scope": lambda: ag.scope("a"),
    "debug": ag.debug,
}


@pytest.mark.parametrize("outer", few(["no_grad", None, "debug"], 3))
@pytest.mark.parametrize("inner", BLOCKS)
def test_interrupt_of_a_block_leaves_none_open(outer, inner):
    def start():
        def action():
            with BLOCKS[inner]():
                pass

        def nested():
            with BLOCKS[outer]():
                action()

        return None, nested if outer else action

    places = 0
    for _ in interrupts(start, "opcode"):
        assert_all_blocks_are_closed()
        places += 1
    assert places > 20


def test_block_dropped_late_closes_no_other_block():
    left_open = ag.no_grad()
    left_open.__enter__()
    with ag.no_grad(), ag.scope("a"):
        pass
    SCOPES.set(())
    with ag.scope("b"):
        inside = SCOPES.get()
        del left_open
        assert SCOPES.get() is inside
    assert_all_blocks_are_closed()


# ---- a training step ----------------------------------------------------------------------------

OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
    "Adam": lambda p: optim.Adam(p, lr=0.1),
    "AdamW": lambda p: optim.AdamW(p, lr=0.1),
}


class Training:
    """Three parameters, their optimiser, and a loss whose gradients are already in ``.grad``."""

    def __init__(self, make):
        self.parameters = [ag.tensor(np.full(2, x), requires_grad=True) for x in (1.0, 2.0, 3.0)]
        self.optimizer = make(self.parameters)
        self.loss().backward()
        self.data = [p.data.copy() for p in self.parameters]
        self.grads = [p.grad for p in self.parameters]
        self.versions = [p.order for p in self.parameters]

    def loss(self):
        a, b, c = self.parameters
        with ag.scope("loss"):
            return ((a * b - c) ** 2).sum()

    def step(self):
        loss = self.loss()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def check(self):
        """Check that changed data have a new version, and gradients are all old or all new."""
        for p, data, version in zip(self.parameters, self.data, self.versions):
            assert (p.data == data).all() or p.order > version
        found = {
            "none" if p.grad is None else "old" if p.grad is g else "new"
            for p, g in zip(self.parameters, self.grads)
        }
        assert len(found) == 1
        assert_all_blocks_are_closed()
        return found.pop()


@pytest.mark.parametrize(
    ("name", "event"),
    [("Adam", "line"), *(pytest.param(x, "opcode", marks=pytest.mark.slow) for x in OPTIMIZERS)],
)
def test_interrupt_of_a_training_step_is_never_silent(name, event):
    """Of three bytecodes, each optimiser is interrupted at another one."""

    def start():
        training = Training(OPTIMIZERS[name])
        return training, training.step

    places = {"first": 1 + [*OPTIMIZERS].index(name), "stride": 3} if event == "opcode" else {}
    seen = [training.check() for training in interrupts(start, event, **places)]
    assert len(seen) > 150
    assert set(seen) == {"old", "none", "new"}


def test_interrupt_of_accumulation_adds_to_all_gradients_or_none():
    def start():
        training = Training(OPTIMIZERS["SGD"])
        return training, training.loss().backward

    seen = [training.check() for training in interrupts(start)]
    assert set(seen) == {"old", "new"}


def test_interrupt_of_a_compiled_step_is_never_silent():
    step = ag.compile(lambda w, v: (w - 0.1 * np.sin(v), v * 0.9 + w), donate=(0, 1))
    step(*(ag.tensor(np.ones(2)) for _ in range(2)))

    def start():
        pair = [ag.tensor(np.full(2, x)) for x in (1.0, 2.0)]
        old = [(t, t.data.copy(), t.order) for t in pair]
        return old, lambda: step(*pair)

    for places, old in enumerate(interrupts(start)):  # noqa: B007 - counted below
        for t, data, version in old:
            assert (t.data == data).all() or t.order > version
    assert places > 5


def test_interrupt_of_a_compiled_training_step_is_never_silent():
    training = Training(OPTIMIZERS["Adam"])
    (a, b, c), optimizer = training.parameters, training.optimizer

    def step():  # it does not name `training`, whose attributes change
        optimizer.zero_grad()
        ((a * b - c) ** 2).sum().backward()
        optimizer.step()

    compiled = ag.compile(step, state=([a, b, c], optimizer))
    compiled()

    def start():
        training.data = [p.data.copy() for p in training.parameters]
        training.grads = [p.grad for p in training.parameters]
        training.versions = [p.order for p in training.parameters]
        return training, compiled

    seen = [training.check() for training in interrupts(start)]
    assert len(seen) > 40
    assert set(seen) == {"old", "new"}
