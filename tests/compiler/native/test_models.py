"""Training steps of the models of a course have the same losses as C."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import optim
from autograd_mini.compiler.native import toolchain
from tests.benchmarks.frameworks import ours
from tests.benchmarks.models import PROBLEMS

from .programs import FLAGS


def losses_of(problem, target):
    p = {name: ag.tensor(w.copy(), requires_grad=True) for name, w in problem.weights.items()}
    phases = [
        (loss, optim.Adam([p[name] for name in problem.trained(prefix)], lr=0.003))
        for prefix, loss in problem.losses.items()
    ]

    def step(*data):
        for loss_of, optimizer in phases:
            optimizer.zero_grad()
            loss = loss_of(ours, p, *data)
            loss.backward()
            optimizer.step()
        return loss

    step = ag.compile(step, state=(p, *(optimizer for _, optimizer in phases)), target=target)
    return [step(*problem.data).item() for _ in range(4)]


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("microgpt, float64", np.float64),
        *(
            pytest.param(name, np.float32, marks=pytest.mark.slow)
            for name in ("BatchNorm net", "VAE", "GAN", "WaveNet-like", "LeNet 8x8", "RNN, T 16")
        ),
    ],
)
def test_training_step_of_a_model_matches(name, dtype, monkeypatch):
    monkeypatch.setattr(toolchain, "FLAGS", FLAGS)
    problem = PROBLEMS[name].cast(dtype)
    rtol = 2e-4 if dtype == np.float32 else 1e-10
    np.testing.assert_allclose(losses_of(problem, "c"), losses_of(problem, "numpy"), rtol)
