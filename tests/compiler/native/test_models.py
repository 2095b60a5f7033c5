"""Training steps of the models of a course have the same losses as C."""

import numpy as np
import pytest

from autograd_mini.compiler.native import toolchain
from tests.benchmarks.frameworks import training_step
from tests.benchmarks.models import PROBLEMS

from .programs import FLAGS


def losses_of(problem, target):
    step = training_step(problem, compiled=True, target=target)
    return [step(*problem.data).item() for _ in range(4)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("microgpt, float64", np.float64),
        ("BatchNorm net", np.float32),
        ("GAN", np.float32),
        ("LeNet 8x8", np.float32),
        ("LSTM, T 20", np.float32),
    ],
)
def test_training_step_of_a_model_matches(name, dtype, monkeypatch):
    monkeypatch.setattr(toolchain, "FLAGS", FLAGS)
    found, wanted = (losses_of(PROBLEMS[name].cast(dtype), t) for t in ("c", "numpy"))
    np.testing.assert_allclose(found, wanted, 2e-4 if dtype == np.float32 else 1e-10)
