"""The emitted program runs unchanged on jax, under jax.jit."""

from collections import Counter

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.pytree import tree_leaves
from tests.cases import CASES, TAPE
from tests.compiler.checks import close, network, step

jax = pytest.importorskip("jax")
pytestmark = pytest.mark.peers


@pytest.fixture(autouse=True)
def _double_precision():
    jax.config.update("jax_enable_x64", True)


def on_jax(text):
    """Return the program with jax.numpy instead of NumPy."""
    space = {}
    exec(str(text).replace("import numpy as np", "import jax.numpy as np"), space)
    return jax.jit(space["program"])


def test_a_training_step():
    parameters, x, t = network([3, 5, 4], 7)
    compiled = ag.compile(step)
    loss, new = compiled(parameters, x, t, 0.1)
    value, *theirs = on_jax(compiled.source)(*tree_leaves(parameters), x, t, 0.1)
    close(value, loss.data)
    for a, b in zip(theirs, tree_leaves(new)):
        close(a, b.data)


def check(case):
    """Return the value and the gradients of a case from its program, on NumPy and on jax."""
    leaves = [ag.tensor(np.asarray(x, float), requires_grad=True) for x in case.inputs]
    space = {}
    with np.errstate(all="ignore"):
        text = ag.source((case.f(TAPE, *leaves) * case.cotangent).sum())
        exec(text, space)
        expected = space["program"](**text.arguments)
    for x, y in zip(tree_leaves(on_jax(text)(**text.arguments)), tree_leaves(expected)):
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-9)


X = np.arange(12.0).reshape(3, 4) / 7
SCATTERED = {
    "a slice": lambda x: (x[1:, ::2] ** 2).sum(),
    "entries": lambda x: (x[np.array([0, 2, 0])] ** 2).sum(),
    "a row and a column": lambda x: (x[np.array([0, 2, 0]), np.array([1, 1, 1])] ** 2).sum(),
    "along an axis": lambda x: ag.nll_loss(ag.log_softmax(x), np.array([0, 3, 1])),
    "sorted": lambda x: (np.sort(x) * X).sum(),
}


@pytest.mark.parametrize("what", SCATTERED)
def test_what_is_put_back_in_its_place(what):
    """jax writes into no array: the cotangents of entries are added up in its own way."""
    text = ag.source(SCATTERED[what](ag.tensor(np.sin(X), requires_grad=True, name="x")))
    space = {}
    exec(text, space)
    for x, y in zip(on_jax(text)(**text.arguments), space["program"](**text.arguments)):
        close(np.asarray(x), np.asarray(y))


#: of a symmetric matrix, jax takes the mean of both triangles
SYMMETRIC = {"cholesky", "eigh", "eigvalsh"}
#: of each thirtieth case, what jax takes: numbers that decide on nothing, no list for an index
SOME = [c for c in CASES[::30] if c.op not in {"sinc", *SYMMETRIC} and "[[" not in c.text]


@pytest.mark.parametrize("case", SOME, ids=repr)
def test_programs_of_primitives(case):
    check(case)


@pytest.mark.slow
def test_programs_of_all_primitives():
    """All run, except those that use functions that jax.numpy lacks or defines differently."""
    found = Counter()
    for case in CASES:
        try:
            check(case)
        except AssertionError:
            assert case.op in SYMMETRIC, case
        except (
            TypeError, AttributeError, NotImplementedError, jax.errors.JAXTypeError, IndexError
        ) as error:  # fmt: skip
            found[type(error).__name__] += 1
    assert found.total() < 0.12 * len(CASES), found
