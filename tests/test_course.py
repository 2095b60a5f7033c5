"""Models of the benchmark `course` learn as in PyTorch. The benchmark compares all losses."""

import numpy as np
import pytest

from tests.benchmarks.frameworks import eager, in_torch
from tests.benchmarks.models import PROBLEMS
from tests.benchmarks.peers import torch

STEPS = 100


@pytest.mark.peers
@pytest.mark.slow
@pytest.mark.skipif(torch is None, reason="needs PyTorch")
@pytest.mark.parametrize("name", ["makemore MLP", "GPT d 32, T 16"])
def test_losses_equal_those_of_pytorch(name):
    problem = PROBLEMS[name].cast(np.float64)
    steps = eager(problem), eager(problem, compiled=True), in_torch(problem)
    ours, compiled, theirs = ([step() for _ in range(STEPS)] for step in steps)
    assert compiled == ours
    np.testing.assert_allclose(theirs, ours, rtol=1e-10)
    assert ours[-1] < ours[0]
