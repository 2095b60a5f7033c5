"""Random programs agree with NumPy up to rounding when they run as C."""

import warnings

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compiler.native import toolchain
from autograd_mini.core.pytree import tree_leaves, tree_map
from tests.budget import few
from tests.compiler.fuzz import Program, same_bits

from .programs import FLAGS

RTOL = {2: 5e-2, 4: 1e-4, 8: 1e-10}


def lowest(program):
    """Return the size of the smallest float that a program may compute with."""
    half = any(move.__code__.co_consts and "efd" in move.__code__.co_consts
               for move, *_ in program.moves)  # fmt: skip
    sizes = [x.numbers.dtype.itemsize for x in program.inputs]
    return 2 if half else min([*sizes, program.captured.dtype.itemsize])


def near(found, wanted, rtol):
    a, b = (np.asarray(getattr(x, "_array", x)) for x in (found, wanted))
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    if a.dtype.kind == "f":
        largest = np.abs(b[np.isfinite(b)]).max(initial=1).astype(float)
        np.testing.assert_allclose(a, b, rtol, rtol * largest)
    else:
        np.testing.assert_array_equal(a, b)


def run(seed):
    """Compare three calls of a program. Return the number of its moves."""
    program = Program(seed)
    f, rtol = program.function(), RTOL[lowest(program)]
    compiled = ag.compile(f, donate=0 if program.kind == "step" else (), target="c")
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for scale in (1, 1.5, -0.5):
            try:
                wanted = f(*program.arguments(scale))
            except np.linalg.LinAlgError:
                break
            args = program.arguments(scale)
            found = compiled(*args)
            assert tree_map(lambda x: None, found) == tree_map(lambda x: None, wanted)
            for x, y in zip(tree_leaves(found), tree_leaves(wanted)):
                near(x, y, rtol)
            if program.kind != "step":
                for x, y in zip(args, program.arguments(scale)):
                    assert same_bits(x, y), "an argument was written to"
            program.captured += program.captured.dtype.type(0.25)
            if scale == 1.5:
                program.scale = 3.0
    return len(program.moves)


@pytest.mark.parametrize("seeds", few([range(2), range(2, 40)], 2))
def test_random_programs_agree_up_to_rounding(seeds, monkeypatch):
    monkeypatch.setattr(toolchain, "FLAGS", FLAGS)
    assert sum(map(run, seeds)) > 3 * len(seeds)
