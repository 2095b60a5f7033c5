"""Names of tensors and parameters that mean something else in C."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compiler.native import toolchain

from .programs import FLAGS

RESERVED = """
    double register restrict main exp log expf am_exp am_tanhf am_fma NAN INFINITY INT64_MAX
    _Bool int64_t bool step1 total maximum maximumf square_int64 i j __x given
    SIZE_MAX WINT_MAX M_PI asm math_errhandling
"""
ODD = ["x y", "3x", "a*/b", "new\nline", "//", "back\\", "ŷ", "😀", "", "a" * 300, "??/"]


@pytest.mark.parametrize("dtype", ["d", "f"])
def test_names_that_c_knows_are_changed(dtype, monkeypatch):
    monkeypatch.setattr(toolchain, "FLAGS", FLAGS)

    def f(*args):
        total = np.sum(np.stack([np.exp(x) * np.maximum(x, 0.5) for x in args]), axis=0)
        return total + np.tanh(args[0]), np.log(total), total @ total

    arguments = [ag.tensor(np.ones(3, dtype), name=name) for name in [*RESERVED.split(), *ODD]]
    compiled = ag.compile(f, target="c")
    for found, wanted in zip(compiled(*arguments), f(*arguments), strict=True):
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), 1e-6)
    assert max(map(len, compiled.source.splitlines())) <= 100
    assert re.search(r"\bŷ\b", compiled.source)
