"""Derivatives of typical NumPy programs agree with those of HIPS autograd."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import autograd_mini as ag
from tests.programs import PROGRAMS, RNG


@pytest.mark.parametrize("program", PROGRAMS)
def test_gradient_and_hessian_agree_with_hips_autograd(program):
    state = RNG.bit_generator.state
    ours, x = program(np)
    RNG.bit_generator.state = state
    theirs, _ = program(anp)
    value, gradient = ag.value_and_grad(ours)(x)
    np.testing.assert_allclose(value.item(), ours(x), rtol=1e-12)
    near = {"rtol": 1e-9, "atol": 1e-10 * (1 + np.abs(gradient.data).max())}
    np.testing.assert_allclose(gradient.data, autograd.grad(theirs)(x), **near)
    v = np.cos(np.arange(x.size))
    along = autograd.grad(lambda x: anp.sum(v * autograd.grad(theirs)(x)))(x)
    near["atol"] = 1e-9 * (1 + np.abs(along).max())
    np.testing.assert_allclose(ag.hvp(ours, x, v).data, along, **near)
    again = ag.jvp(ag.grad(ours), (x,), (v,))[1]
    np.testing.assert_allclose(again.data, along, **near)
