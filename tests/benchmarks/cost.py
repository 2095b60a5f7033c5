"""How far the times that ``ag.cost`` predicts for compiled steps are from the measured ones."""

import numpy as np

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.compiler import roofline

from . import mlp
from .compiled import STEPS
from .frameworks import training_step
from .measure import Row, seconds
from .models import PROBLEMS

MOST_ERROR = 0.30  #: of a prediction, relative to the measured time
NETWORKS = list(STEPS)[:3]
MODELS = ["microgpt, float64", "GPT d 32, T 16", "LeNet 8x8", "LSTM, T 20"]


def network(sizes, batch, dtype):
    """Return a training step as students write it, and its data."""
    x, labels, *_ = mlp.problem(sizes, batch, dtype)
    model = nn.MLP(sizes, dtype=dtype)
    optimizer = optim.SGD(model.parameters(), lr=mlp.LR)

    def step(x, labels):
        optimizer.zero_grad()
        loss = ag.softmax_cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss

    return ag.compile(step, state=(model, optimizer)), (x, labels)


def error(step, data, rounds: int) -> float:
    """Return the relative error of a prediction.

    The machine is measured right before the step. The least times are compared, because other
    programs disturb both.
    """
    for _ in range(2):  # the first call has no gradients to overwrite, so it has another program
        step(*data)
    roofline.machine.cache_clear()
    predicted = ag.cost(step, *data).total.seconds
    repeats = max(1, int(0.02 / predicted))
    measured = min(seconds(lambda: step(*data), repeats) for _ in range(rounds))
    print(f"predicted {predicted * 1e6:,.0f} µs, measured {measured * 1e6:,.0f} µs")
    return abs(predicted / measured - 1)


def rows(rounds: int = 31) -> list[Row]:
    found = {name: network(*STEPS[name][:3]) for name in NETWORKS}
    for name in MODELS:
        problem = PROBLEMS[name].cast(np.float32)
        found[name] = training_step(problem, compiled=True), problem.data
    return [
        Row(f"ag.cost off, {name}", "measured", error(*step, rounds), MOST_ERROR)
        for name, step in found.items()
    ]
