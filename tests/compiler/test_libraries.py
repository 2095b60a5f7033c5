"""The programs for PyTorch and jax give the numbers of the engine."""

import re
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.pytree import tree_leaves
from tests.cases import CASES, leaf
from tests.compiler.languages import (
    check,
    of_cases,
    of_fused_nodes,
    of_random_programs,
    program_of,
    text_and_wanted,
)

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
pytestmark = pytest.mark.peers

#: operations that PyTorch does not know
UNKNOWN = {"partition", "unwrap"}
KNOWN = [case for case in CASES if case.op not in UNKNOWN]
BY_SIZE = sorted(CASES, key=lambda case: sum(x.size for x in case.inputs))
#: of each operation, the case with most numbers. The order within the parts of a partition is free.
ON_JAX = {case.op: case for case in BY_SIZE if case.op != "partition"}


@pytest.fixture(autouse=True)
def _double_precision():
    jax.config.update("jax_enable_x64", True)


def check_on_torch(results):
    for name, y, cotangent in results:
        with np.errstate(all="ignore"):
            text, arguments, wanted = text_and_wanted(y, cotangent, "torch")
        found = program_of(text)(**{key: torch.tensor(x) for key, x in arguments.items()})
        assert "np." not in text, name
        check(y, text, [x.numpy() for x in tree_leaves(found)], wanted)


def check_on_jax(results):
    """Compile all programs as one function, because that takes jax less time."""
    results = list(results)
    with np.errstate(all="ignore"):
        texts = [text_and_wanted(y, cotangent, "jax") for _, y, cotangent in results]
    programs = [program_of(text) for text, _, _ in texts]

    def run(arguments):
        return [program(**given) for program, given in zip(programs, arguments, strict=True)]

    quick = {"xla_backend_optimization_level": 0}
    found = jax.jit(run, compiler_options=quick)([arguments for _, arguments, _ in texts])
    for (_, y, _), (text, _, wanted), arrays in zip(results, texts, found, strict=True):
        check(y, text, tree_leaves(arrays), wanted)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_torch_program_of_each_primitive_matches_the_engine(dtype):
    assert len({case.op for case in KNOWN}) >= 114
    few = {case.op: case for case in BY_SIZE if case.op not in UNKNOWN}
    check_on_torch(of_cases(KNOWN if dtype == "float64" else few.values(), dtype))


def test_jax_program_of_each_primitive_matches_the_engine():
    assert len(ON_JAX) >= 115
    check_on_jax(of_cases(ON_JAX.values()))


def without_constants(results):
    """Leave out results without a gradient."""
    return [(name, y, cotangent) for name, y, cotangent in results if y.requires_grad]


def test_torch_programs_of_fused_nodes_match_the_engine():
    check_on_torch(of_fused_nodes())


def test_jax_programs_of_fused_nodes_match_the_engine():
    first = {case[0][0]: case for case in reversed([*of_fused_nodes()])}
    check_on_jax(first.values())


def test_torch_random_programs_match_the_engine():
    check_on_torch(without_constants(of_random_programs(range(200))))


def test_jax_random_programs_match_the_engine():
    check_on_jax(without_constants(of_random_programs(range(20))))


@pytest.mark.parametrize("language", ["torch", "jax"])
def test_example_of_the_guide_runs(language):
    guide = (Path(ag.__file__).parents[1] / "docs/guides/other_languages.md").read_text("utf-8")
    (example,) = re.findall(
        rf"```python\n(import {language}\n\nexec\(source\)\n.*?)```", guide, re.S
    )
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, -0.5])
    weights = leaf([0.1, -0.2], "weights")
    loss = np.mean((np.tanh(x @ weights) - y) ** 2)
    space = {"source": ag.source(loss, locals(), language=language)}
    exec(example, space)
    loss.backward()
    np.testing.assert_allclose(np.asarray(space["d_weights"]), weights.grad)


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "sigmoid"])
def test_program_of_a_network_matches_the_engine(activation):
    rng = np.random.default_rng(0)
    model = ag.nn.MLP([2, 8, 3], activation=activation, rng=0)
    loss = ag.softmax_cross_entropy(model(rng.normal(size=(20, 2))), rng.integers(0, 3, 20))
    check_on_torch([(activation, loss, 1.0)])
    check_on_jax([(activation, loss, 1.0)])
