"""nn.init fills tensors in place. The spread is compared with PyTorch's elsewhere."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn

RANDOM = ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_"]
RANDOM += ["normal_", "uniform_"]


@pytest.mark.parametrize("name", RANDOM)
def test_random_values_depend_on_the_seed_only(name):
    fill = getattr(nn.init, name)
    layers = [nn.Linear(30, 20, dtype=np.float32) for _ in range(4)]
    filled = [fill(layer.weight, rng=rng) for layer, rng in zip(layers, (1, 1, None, None))]
    assert all(w is layer.weight for w, layer in zip(filled, layers))
    assert {w.dtype for w in filled} == {np.dtype(np.float32)}
    assert np.array_equal(filled[0], filled[1])
    assert not np.array_equal(filled[2], filled[3])


def test_one_generator_gives_different_tensors():
    rng = np.random.default_rng(0)
    a, b = (nn.init.normal_(nn.Linear(3, 3).weight, rng=rng).data for _ in range(2))
    assert not np.array_equal(a, b)


def test_constants_fill_all_entries():
    weight = nn.Linear(2, 3).weight
    for fill, value in ((nn.init.zeros_, 0), (nn.init.ones_, 1)):
        assert np.array_equal(fill(weight).data, np.full((2, 3), value))
    assert np.array_equal(nn.init.constant_(weight, 0.5).data, np.full((2, 3), 0.5))


def test_limits_count_inputs_and_outputs():
    limits = {(100, 50): (100, 50), (8, 4, 3, 5): (4 * 15, 8 * 15)}
    for shape, (inputs, outputs) in limits.items():
        w = ag.tensor(np.zeros(shape))
        largest = [
            (nn.init.xavier_uniform_(w, rng=0).data.max(), np.sqrt(6 / (inputs + outputs))),
            (nn.init.kaiming_uniform_(w, rng=0).data.max(), np.sqrt(6 / inputs)),
            (nn.init.kaiming_uniform_(w, mode="fan_out", rng=0).data.max(), np.sqrt(6 / outputs)),
        ]
        assert all(0.97 * limit < x <= limit for x, limit in largest)


def test_tape_before_new_values_is_refused():
    layer = nn.Linear(2, 2)
    loss = (layer(np.ones(2)) ** 2).sum()
    nn.init.ones_(layer.weight)
    with pytest.raises(RuntimeError, match="weight"):
        loss.backward()


def test_wrong_arguments_change_nothing():
    weight, bias = nn.Linear(2, 2).weight, nn.Linear(2, 2).bias
    before = weight.data.copy()
    wrong = [
        (lambda: nn.init.xavier_normal_(bias), ValueError, "two axes.*inputs.*normal_"),
        (lambda: nn.init.kaiming_normal_(weight, mode="fan"), ValueError, "mode must be"),
        (lambda: nn.init.kaiming_normal_(weight, nonlinearity="x"), ValueError, "leaky_relu"),
        (lambda: nn.init.normal_(weight.data), TypeError, "expected a Tensor"),
        (lambda: nn.init.normal_(weight * 2), TypeError, "mul"),
        (lambda: nn.init.zeros_(None), TypeError, "expected a Tensor"),
    ]
    for call, error, match in wrong:
        with pytest.raises(error, match=match):
            call()
    assert np.array_equal(weight.data, before)
