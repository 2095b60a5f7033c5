"""The emitted program runs on jax, under jax.jit, as it is."""

import pytest

import autograd_mini as ag
from autograd_mini.compiling.steps import leaves_of

from .checks import close, network, step


def test_the_program_runs_on_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    parameters, x, t = network([3, 5, 4], 7)
    compiled = ag.compile(step)
    loss, new = compiled(parameters, x, t, 0.1)
    space = {}
    exec(compiled.source.replace("import numpy as np", "import jax.numpy as np"), space)
    value, *theirs = jax.jit(space["program"])(*leaves_of(parameters), x, t, 0.1)
    close(value, loss.data)
    for a, b in zip(theirs, leaves_of(new)):
        close(a, b.data)
