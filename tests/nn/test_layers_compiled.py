"""Models of all kinds of layers, compiled: the bits of eager mode, in training and in use."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import optim
from tests.budget import few
from tests.nn.models import EXAMPLES, LABELS, MODELS, train_step


def same_state(a, b):
    a, b = a.state_dict(), b.state_dict()
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("name", few(MODELS, 2))
def test_compiled_training_has_the_bits_of_eager(name):
    x = EXAMPLES[name]
    if x.dtype == float:
        x = x.astype(np.float32)
    eager, compiled = (MODELS[name](dropout=0.3, dtype=np.float32) for _ in range(2))
    steps = []
    for model in (eager, compiled):
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        step = train_step(model, optimizer)
        steps.append(ag.compile(step, state=(model, optimizer)) if model is compiled else step)
    for _ in range(4):
        losses = [step(x, LABELS) for step in steps]
        assert losses[0].item() == losses[1].item()
        assert losses[0].dtype == np.float32
    assert same_state(eager, compiled)

    predict = ag.compile(lambda x: compiled(x), state=compiled)
    in_training = predict(x)
    np.testing.assert_array_equal(in_training.data, eager(x).data)
    assert same_state(eager, compiled)  # the running statistics moved
    eager.eval(), compiled.eval()
    np.testing.assert_array_equal(predict(x[:1]).data, eager(x[:1]).data)
    assert same_state(eager, compiled)
    compiled.train()
    assert not np.array_equal(predict(x).data, eager(x).data)  # it drops entries again
