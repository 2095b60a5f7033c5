"""C computes what NumPy does, for every primitive: results and gradients."""

import numpy as np
import pytest

from autograd_mini.compiler.source.source import traced_program
from autograd_mini.core.fused import FUSED
from tests.cases import CASES, FUSED_CASES, leaf

from .programs import LARGEST_CASES, of_cases, run

RTOL = {"float64": 1e-11, "float32": 2e-5}


def call_of(y, cotangent):
    """Return the program of a result with its arguments, and the arrays that it has to give."""
    program, _ = traced_program(y)
    cotangent = np.asarray(cotangent, y.dtype)
    arguments = [cotangent if v.name == "cotangent" else v.example for v in program.arguments]
    adjoints = y.tape().adjoints(None if y.size == 1 else cotangent)
    leaves = [t for t in y.tape() if t.is_leaf and t.requires_grad]
    return (program, arguments), [y.data, *(adjoints[t] for t in leaves)]


def check(monkeypatch, results):
    with np.errstate(all="ignore"):
        pairs = [call_of(y, cotangent) for _, y, cotangent in results]
    found = run(monkeypatch, [call for call, _ in pairs])
    for (case, y, _), (_, wanted), (arrays, native) in zip(results, pairs, found, strict=True):
        rtol = max(RTOL[t.dtype.name] for t in y.tape() if t.dtype.kind == "f")
        for array, right in zip(arrays, wanted, strict=True):
            where = f"{case}\n{native.source}"
            assert (np.shape(array), array.dtype) == (right.shape, right.dtype), where
            largest = np.abs(right[np.isfinite(right)]).max(initial=1)
            np.testing.assert_allclose(array, right, rtol, rtol * largest, err_msg=where)
    return [native for _, native in found]


def test_c_of_some_primitives_matches_the_engine(monkeypatch):
    natives = check(monkeypatch, of_cases([*LARGEST_CASES.values()][::4], "float64"))
    assert sum(bool(native.regions) for native in natives) > 0.8 * len(natives)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("part", range(2))
def test_c_of_every_case_matches_the_engine(monkeypatch, dtype, part):
    cases = CASES if dtype == "float64" else [*LARGEST_CASES.values()]
    check(monkeypatch, of_cases(cases[part::2], dtype))


@pytest.mark.slow
def test_c_of_all_fused_nodes_matches_the_engine(monkeypatch):
    results = []
    for node in FUSED:
        for args, kwargs in FUSED_CASES[node.name]:
            axis = kwargs.get("axis", -1)
            if node.name == "log_softmax" and not isinstance(axis, (int, np.integer)):
                continue  # its node with several axes decides on numbers
            real = [getattr(x, "dtype", None) == np.float64 for x in args]
            given = [leaf(x) if ok else x for x, ok in zip(args, real)]
            y = node(*given, **kwargs)
            results.append((node.name, y, np.cos(np.arange(y.size)).reshape(y.shape)))
    check(monkeypatch, results)
