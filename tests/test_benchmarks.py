"""The steps and chains that the benchmarks differentiate by hand compute what the engine does."""

import shutil

import numpy as np
import pytest

import autograd_mini as ag
from tests.benchmarks import by_hand_in_c, compiled, mlp
from tests.benchmarks.chain import START

STEPS = 20
#: layers, batch, dtype, tolerance
NETWORKS = [
    ([2, 16, 16, 2], 100, np.float64, 1e-13),
    ([64, 32, 10], 64, np.float32, 1e-5),
]


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_steps_in_numpy_have_the_losses_of_the_engine(network):
    step, expected = (form(*mlp.problem(*network[:3])) for form in (mlp.by_hand, mlp.ours))
    losses = [step() for _ in range(STEPS)]
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(losses, [expected() for _ in range(STEPS)], rtol=network[3])


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_gradients_in_numpy_are_those_of_the_step(network):
    before, after = mlp.problem(*network[:3]), mlp.problem(*network[:3])
    loss, grads = mlp.by_hand(*before, update=False)()
    assert mlp.by_hand(*after)() == pytest.approx(loss, rel=network[3])
    for i, pair in enumerate(grads):
        for old, new, g in zip((before[2][i], before[3][i]), (after[2][i], after[3][i]), pair):
            np.testing.assert_allclose(old - mlp.LR * g, new, atol=network[3])


@pytest.mark.parametrize("chain", compiled.CHAINS, ids=lambda chain: chain.__name__)
def test_chains_in_numpy_are_those_of_the_engine(chain):
    value, gradient = compiled.CHAINS[chain](START)
    expected = ag.value_and_grad(lambda x: chain(x, np.sin))(START)
    np.testing.assert_allclose(value, float(expected[0]), rtol=1e-13)
    np.testing.assert_allclose(gradient, expected[1].data, rtol=1e-13, atol=1e-15)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_steps_in_c_are_those_in_numpy(network):
    in_c, in_numpy = mlp.problem(*network[:3]), mlp.problem(*network[:3])
    step, expected = by_hand_in_c.step(*in_c), mlp.by_hand(*in_numpy)
    losses = [step() for _ in range(STEPS)]
    np.testing.assert_allclose(losses, [expected() for _ in range(STEPS)], rtol=network[3])
    for x, y in zip([*in_c[2], *in_c[3]], [*in_numpy[2], *in_numpy[3]]):
        np.testing.assert_allclose(x, y, rtol=network[3], atol=network[3])
