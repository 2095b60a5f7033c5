"""Every NumPy function with a rule compiles: value, gradient and second derivative."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.compiler.checks import OLD, same
from tests.core.numpy_calls import FIRST, NAN_ROWS, ROWS, function_of

#: functions whose result has a shape that depends on numbers
REFUSED = [row for row in ROWS if row.startswith("np.trim_zeros")]
#: functions that branch on numbers, and a few that do not
SOME = {
    "np.average(M, weights=np.abs(N))", "np.interp(V, P, W)", "np.linalg.lstsq(M.T, V)[0]",
    "np.bincount([0, 2, 0], V)", "np.compress([True, False, True], M, axis=1)",
    "np.extract(MASK, M)", "np.sum(a=M, axis=0)", "np.quantile(I, 0.3)",
}  # fmt: skip


def weighted(y):
    return np.sum(y * np.cos(np.arange(y.size)).reshape(y.shape).astype(y.dtype))


def orders(f, n):
    """Return the function of n arrays, its gradient, and that of the weighted gradient."""
    which = tuple(range(n))

    def loss(*xs):
        return weighted(f(*xs))

    def first(*xs):
        return sum(map(weighted, ag.grad(loss, argnums=which)(*xs)))

    return f, ag.value_and_grad(loss, argnums=which), ag.value_and_grad(first, argnums=which)


def leaves(y):
    return [np.asarray(getattr(x, "_array", x)) for x in ag.core.pytree.tree_leaves(y)]


def check_orders(f, inputs, lowest=0):
    for g in orders(f, len(inputs))[lowest:]:
        compiled = ag.compile(g)
        for _ in range(2):
            for found, wanted in zip(leaves(compiled(*inputs)), leaves(g(*inputs)), strict=True):
                assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
                same(found, wanted)


def of_one(f, inputs, i):
    """Return the function of its i-th argument, while the others are captured."""
    return lambda x: f(*inputs[:i], x, *inputs[i + 1 :])


@pytest.mark.parametrize("text", sorted(SOME))
def test_a_function_and_its_derivatives(text):
    f, inputs = function_of(text)
    check_orders(f, inputs)


@pytest.mark.slow
@pytest.mark.skipif(OLD, reason="powers round in another way there")
@pytest.mark.parametrize("text", [x for x in ROWS + NAN_ROWS if x not in REFUSED])
def test_every_function_and_its_derivatives(text):
    f, inputs = function_of(text)
    with np.errstate(all="ignore"):
        # the second derivatives of a function's other rows contain its value and its gradient
        check_orders(f, inputs, lowest=0 if text in FIRST else 2)
        for i in range(len(inputs)) if text in FIRST and len(inputs) > 1 else ():
            # NumPy writes the traced number into memory, or the result depends on one argument only
            if not text.startswith(("np.full_like", "np.broadcast_arrays", "np.meshgrid")):
                check_orders(of_one(f, inputs, i), inputs[i : i + 1])


@pytest.mark.parametrize("text", REFUSED[:1])
def test_a_shape_that_depends_on_numbers_is_refused(text):
    f, inputs = function_of(text)
    for g in orders(f, len(inputs)):
        with pytest.raises(TypeError, match="trim_zeros"):
            ag.compile(g)(*inputs)


S = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 2.0]])
SINGULAR = np.ones((3, 3))
BRANCHES = {
    "det": (ag.value_and_grad(np.linalg.det), (S, SINGULAR, 2 * S, 3 * SINGULAR)),
    "second det": (
        ag.grad(lambda a: weighted(ag.grad(np.linalg.det)(a))), (S, SINGULAR, 2 * S, SINGULAR),
    ),
    "lstsq": (
        ag.value_and_grad(lambda a: sum(map(np.sum, np.linalg.lstsq(a, np.arange(4.0))[:2]))),
        (np.vander([1.0, 2.0, 4.0, 5.0], 3), np.ones((4, 3)), np.vander([1.0, 2.0, 4.0, 8.0], 3)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BRANCHES)
def test_a_rule_that_branches_takes_the_right_branch(name):
    """A rule may depend on the rank: a call with another rank is traced again."""
    f, matrices = BRANCHES[name]
    compiled = ag.compile(f)
    for a in matrices:
        for found, wanted in zip(leaves(compiled(a)), leaves(f(a)), strict=True):
            same(found, wanted)
    assert "after changes of numbers on which a NumPy function branches" in compiled.report()


def test_a_branch_that_raises_also_raises_compiled():
    f = ag.compile(ag.grad(lambda w: np.average(np.arange(3.0), weights=w)))
    same(f(np.ones(3)), np.array([-1.0, 0.0, 1.0]) / 3)
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        f(np.array([1.0, -1.0, 0.0]))
    same(f(np.ones(3)), np.array([-1.0, 0.0, 1.0]) / 3)


def test_a_donated_array_survives_another_branch():
    """The check runs before anything is written."""
    step = ag.compile(lambda a: a - 0.5 * ag.grad(np.linalg.det)(a), donate=0)
    for a in (S.copy(), SINGULAR + 0.0, S.copy()):
        wanted = a - 0.5 * ag.grad(np.linalg.det)(a).data
        assert step(a) is a
        same(a, wanted)
