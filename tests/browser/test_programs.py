"""The JavaScript program of a tape gives the numbers of the engine, in a browser."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compiler.source.javascript import javascript
from autograd_mini.compiler.source.operation import UnknownOperation
from autograd_mini.compiler.source.source import traced_program
from tests.budget import each, few
from tests.cases import CASES
from tests.compiler.languages import of_cases, of_fused_nodes, of_random_programs

from .programs import run

#: operations that JavaScript does not know
UNKNOWN = {"eigh", "eigvalsh", "lstsq", "partition", "pinv", "qr", "svd", "svdvals", "unwrap"}
RTOL = {"float64": 1e-12, "float32": 1e-5}


def call_of(y, cotangent):
    """Return the program of a result with its arguments, and the arrays that it has to give."""
    program, _ = traced_program(y)
    cotangent = np.asarray(cotangent, y.dtype)
    arguments = [cotangent if v.name == "cotangent" else v.example for v in program.arguments]
    adjoints = y.tape().adjoints(None if y.size == 1 else cotangent)
    leaves = [t for t in y.tape() if t.is_leaf and t.requires_grad]
    return (javascript(program), arguments), [y.data, *(adjoints[t] for t in leaves)]


def check(browser, results):
    """The programs give these results, and their gradients; all of them run in one page."""
    with np.errstate(all="ignore"):
        pairs = [call_of(y, cotangent) for _, y, cotangent in results]
    found = run(browser, [call for call, _ in pairs])
    for (case, y, _), ((text, _), wanted), arrays in zip(results, pairs, found, strict=True):
        where = f"{case}\n{text}"
        assert not isinstance(arrays, str), f"{arrays} in {where}"
        rtol = max(RTOL[t.dtype.name] for t in y.tape() if t.dtype.kind == "f")
        for array, right in zip(arrays, wanted, strict=True):
            assert (array.shape, array.dtype) == (right.shape, right.dtype), where
            largest = np.abs(right[np.isfinite(right)]).max(initial=1)
            np.testing.assert_allclose(array, right, rtol, rtol * largest, err_msg=where)


KNOWN = [case for case in CASES if case.op not in UNKNOWN]
LARGEST = {case.op: case for case in sorted(KNOWN, key=lambda c: sum(x.size for x in c.inputs))}


@pytest.mark.parametrize("dtype", few(RTOL, 2))
def test_program_of_each_primitive_matches_the_engine(browser, dtype):
    assert len(LARGEST) >= 102
    check(browser, [*of_cases(LARGEST.values(), dtype)])


@pytest.mark.slow
def test_program_of_every_case_matches_the_engine(browser):
    check(browser, [*of_cases(KNOWN, "float64")])


def test_programs_of_all_fused_nodes_match_the_engine(browser):
    check(browser, [*of_fused_nodes()])


@each(sorted(UNKNOWN))
def test_program_of_an_unknown_operation_names_it(op):
    (case, *_) = (c for c in CASES if c.op == op)
    ((_, y, _),) = of_cases([case], "float64")
    name = "svd" if op == "svdvals" else op
    with pytest.raises(UnknownOperation, match=rf"JavaScript .* np\.(linalg\.)?{name}"):
        ag.source(y, language="javascript")


@pytest.mark.parametrize("seeds", few([range(30), range(30, 300)], 2), ids=["few", "many"])
def test_random_programs_match_the_engine(browser, seeds):
    results = [*of_random_programs(seeds)]
    assert len(results) > len(seeds) / 4
    check(browser, results)


@pytest.mark.slow
def test_program_of_a_network_matches_the_engine(browser):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 2)), rng.integers(0, 3, 20)
    for activation in ("tanh", "relu", "gelu", "sigmoid"):
        model = ag.nn.MLP([2, 16, 16, 3], activation=activation, rng=0)
        loss = ag.softmax_cross_entropy(model(x), y)
        check(browser, [(activation, loss, 1.0)])
