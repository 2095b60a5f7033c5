"""Results with their programs in a language, which tests run to compare them with the engine."""

import numpy as np

import autograd_mini as ag
from autograd_mini.core.fused import FUSED
from tests.cases import FUSED_CASES, TAPE, leaf
from tests.compiler.fuzz import Program

RTOL = {"float64": 1e-10, "float32": 2e-5, "float16": 2e-2}


def of_cases(cases, dtype="float64"):
    """Yield each case with its result and the cotangent of it."""
    for case in cases:
        with np.errstate(all="ignore"):
            yield case, case.f(TAPE, *(leaf(x, dtype=dtype) for x in case.inputs)), case.cotangent


def of_fused_nodes():
    """Yield results of all fused nodes, except those that choose their steps by numbers."""
    for node in FUSED:
        for args, kwargs in FUSED_CASES[node.name]:
            axis = kwargs.get("axis", -1)
            if node.name == "log_softmax" and not isinstance(axis, (int, np.integer)):
                continue
            y = node(*(leaf(x) if _is_real(x) else x for x in args), **kwargs)
            yield (node.name, kwargs), y, np.cos(np.arange(y.size)).reshape(y.shape)


def _is_real(x):
    return getattr(x, "dtype", None) == np.float64


def of_random_programs(seeds):
    """Yield losses of random programs with two leaves each; none computes with float16."""
    for program in map(Program, seeds):
        if program.kind == "value" or program.captured.dtype == np.float16:
            continue
        leaves = [leaf(x.array()) for x in program.inputs]
        with np.errstate(all="ignore"):
            y = program.loss(*leaves, program.integers)
        if all(t.dtype != np.float16 for t in y.tape()):
            yield program.seed, y, 1.0


def text_and_wanted(y, cotangent, language):
    """Return the program of a result, its arguments, and the arrays that it must return."""
    text = ag.source(y, language=language)
    cotangent = np.asarray(cotangent, y.dtype)
    arguments = dict(text.arguments)
    if "cotangent" in arguments:
        arguments["cotangent"] = cotangent
    adjoints = y.tape().adjoints(None if y.size == 1 else cotangent)
    leaves = [t for t in y.tape() if t.is_leaf and t.requires_grad]
    return text, arguments, [y.data, *(adjoints[t] for t in leaves)]


def program_of(text):
    """Return the function that the text of a Python program defines."""
    space = {}
    exec(str(text), space)
    return space["program"]


def check(result, text, found, wanted):
    """The arrays of a program are those that it must return, up to rounding."""
    rtol = max(RTOL[t.dtype.name] for t in result.tape() if t.dtype.kind == "f")
    for array, right in zip(found, wanted, strict=True):
        array = np.asarray(array)
        assert (array.shape, array.dtype) == (right.shape, right.dtype), text
        largest = np.abs(right[np.isfinite(right)]).max(initial=1)
        np.testing.assert_allclose(array, right, rtol, rtol * largest, err_msg=str(text))
