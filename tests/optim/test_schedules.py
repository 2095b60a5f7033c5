"""Schedules: their formulas, at the ends and in between."""

import math

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import optim


def test_cosine_falls_from_lr_to_final():
    schedule = optim.cosine(lr=0.5, steps=8, final=0.1)
    assert schedule(0) == 0.5
    assert schedule(4) == pytest.approx(0.3, rel=1e-15)
    assert schedule(2) == pytest.approx(0.1 + 0.2 * (1 + math.cos(math.pi / 4)), rel=1e-15)
    assert [schedule(t) for t in (8, 9, 1000)] == pytest.approx([0.1] * 3, rel=1e-15)


def test_cosine_with_warmup_rises_first_and_has_no_jump():
    rates = optim.cosine(lr=1.0, steps=100, warmup=10)(np.arange(101))
    np.testing.assert_allclose(rates[:10], np.arange(1, 11) / 10, rtol=1e-15)
    assert rates[9] == rates[10] == 1.0
    assert (np.diff(rates[10:]) < 0).all()
    assert abs(np.diff(rates)).max() <= 0.1 + 1e-15
    assert rates[100] == 0


def test_warmup_rises_in_equal_steps_and_stays():
    rates = [optim.warmup(0.4, 4)(t) for t in range(7)]
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4], rtol=1e-15)
    assert optim.warmup(0.4, 0)(0) == 0.4


@pytest.mark.parametrize(
    "schedule", [optim.cosine(0.1, 10), optim.cosine(0.1, 10, warmup=3), optim.warmup(0.1, 3)]
)
def test_schedule_of_a_number_is_a_python_float(schedule):
    """A NumPy float64 as `lr` would compute the steps of float32 parameters in float64."""
    rates = schedule(np.arange(12))
    for t in range(12):
        for number in (t, np.int64(t), np.uint8(t), float(t)):
            assert type(schedule(number)) is float
            assert schedule(number) == rates[t]


@pytest.mark.peers
def test_cosine_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.01)
    ours = optim.cosine(lr=0.3, steps=20, final=0.01)
    for t in range(20):
        assert ours(t) == pytest.approx(theirs.get_last_lr()[0], rel=1e-12)
        optimizer.step()
        theirs.step()


@pytest.mark.peers
def test_warmup_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    theirs = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1 / 6, total_iters=5)
    ours = optim.warmup(lr=0.3, steps=6)
    for t in range(10):
        assert ours(t) == pytest.approx(theirs.get_last_lr()[0], rel=1e-12)
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: optim.cosine(0.1, 10.0), TypeError, "cosine: steps must be an integer, got 10.0"),
        (lambda: optim.cosine(0.1, 0), ValueError, "steps must be larger than warmup=0, got 0"),
        (lambda: optim.cosine(0.1, 5, warmup=5), ValueError, "larger than warmup=5, got 5"),
        (lambda: optim.cosine(0.1, 5, warmup=-1), ValueError, "warmup must be at least 0, got -1"),
        (lambda: optim.cosine(0.0, 5), ValueError, "cosine: lr must be a positive number, got 0"),
        (lambda: optim.cosine(0.1, 5, final=-1), ValueError, "final must be .* at least 0"),
        (lambda: optim.cosine("a", 5), TypeError, "cosine: lr must be a number, got 'a'"),
        (lambda: optim.warmup(0.1, -5), ValueError, "warmup: steps must be at least 0, got -5"),
        (lambda: optim.warmup(math.nan, 5), ValueError, "warmup: lr must be a positive number"),
    ],
)
def test_schedules_with_bad_arguments_raise(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


@pytest.mark.parametrize("rate", ["a", None, [0.1], optim.cosine(0.1, 10)])
@pytest.mark.parametrize("place", ["optimizer", "group"])
@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.AdamW])
def test_step_with_a_rate_that_is_not_a_number_changes_nothing(kind, place, rate):
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    optimizer = kind([{"params": [w]}], lr=0.1)
    (w * w).sum().backward()
    optimizer.step()
    before, data = repr(optimizer.state_dict()), w.data.copy()
    if place == "optimizer":
        optimizer.lr = rate
    else:
        optimizer.groups[0]["lr"] = rate
    with pytest.raises(TypeError, match=r"^step: lr must be a number, got "):
        optimizer.step()
    optimizer.lr = 0.1
    optimizer.groups[0].clear()
    assert repr(optimizer.state_dict()) == before
    assert (w.data == data).all()
