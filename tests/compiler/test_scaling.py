"""Factors move back to where they cost least."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini.compiler import scaling
from tests.compiler.checks import check, close, network, step
from tests.programs import orbit


def test_a_learning_rate_moves_to_where_it_costs_least():
    def update(parameters, x, t):
        return step(parameters, x, t, 0.01)[1]

    parameters, x, t = network([3, 5, 5, 4], 10)
    compiled = check(update, parameters, x, t, compare=close, calls=1)
    assert "factors moved 1" in compiled.report()
    assert compiled.source.count("0.0") == 1  # 0.01 / 10, once


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 20))
def test_factors_move_through_any_program(seed, n):
    """A random program of linear and other steps, with the same factor here and there."""
    rng = np.random.default_rng(seed)
    moves = [
        lambda x, y: 0.25 * x, lambda x, y: x @ y, lambda x, y: x * y, lambda x, y: x + y,
        lambda x, y: x - y, lambda x, y: np.tanh(x), lambda x, y: x.T, lambda x, y: -x,
        lambda x, y: 0.25 * (x @ y), lambda x, y: x / (1 + y * y), lambda x, y: x[::-1] * 0.25,
    ]  # fmt: skip
    state = rng.bit_generator.state

    def f(a, b):
        rng.bit_generator.state = state
        made = [a, b]
        for _ in range(n):
            x, y = (made[-i] for i in rng.integers(1, min(len(made), 6) + 1, size=2))
            made.append(moves[rng.integers(len(moves))](x, y))
        return made[-1], 0.25 * made[-2], 0.25 * made[-3]

    check(f, *rng.normal(size=(2, 3, 3)) / 4, compare=close)


def test_moving_factors_looks_at_each_step_a_few_times(monkeypatch):
    """What is not linear spreads from the end of a program: not one walk for each step of it."""
    looked_at = []
    passes_on = scaling._passes_on
    monkeypatch.setattr(scaling, "_passes_on", lambda *a: looked_at.append(a) or passes_on(*a))

    f, x = orbit(np, rounds=8)
    compiled = ag.compile(ag.value_and_grad(f))
    compiled(x)
    steps = int(compiled.report().split()[1])
    assert steps > 200
    assert len(looked_at) < 50 * steps
