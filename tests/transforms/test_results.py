"""Results of transforms: leaves that NumPy and SciPy take, and that keep no tape in memory."""

import gc
import weakref

import numpy as np
import pytest

import autograd_mini as ag
from tests.cases import leaf

X = np.array([0.5, -1.0, 2.0])


def loss(x):
    return (np.tanh(x) * x).sum()


def with_aux(x):
    y = np.exp(x)
    return y.sum(), {"y": y, "x": x, "list": [y * 2, None, "text", X]}


#: Each returns a tree of results, of a call with a NumPy array.
CALLS = {
    "value_and_grad": lambda: ag.value_and_grad(loss)(X),
    "value_and_grad, aux": lambda: ag.value_and_grad(with_aux, has_aux=True)(X),
    "value_and_grad of a gradient": lambda: ag.value_and_grad(lambda x: ag.grad(loss)(x).sum())(X),
    "value_and_grad with gradients": lambda: ag.value_and_grad(
        lambda x: ag.gradients(loss(x), x).sum()
    )(X),
    "grad, aux": lambda: ag.grad(with_aux, has_aux=True)(X),
    "vjp": lambda: ag.vjp(np.sin, X)[0],
    "vjp, aux": lambda: ag.vjp(with_aux, X, has_aux=True)[::2],
    "pullback": lambda: ag.vjp(np.sin, X)[1](X),
    "jvp": lambda: ag.jvp(np.sin, (X,), (X,)),
    "jvp of a tree": lambda: ag.jvp(lambda t: {"y": t["x"] * X}, ({"x": X},), ({"x": X},)),
    "jacobian": lambda: ag.jacobian(np.sin)(X),
    "hessian": lambda: ag.hessian(loss)(X),
    "hvp": lambda: ag.hvp(loss, X, X),
    "elementwise_grad": lambda: ag.elementwise_grad(np.sin)(X),
}


def tensors(tree):
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        return [t for part in tree for t in tensors(part)]
    return [tree] if isinstance(tree, ag.Tensor) else []


@pytest.mark.parametrize("name", CALLS)
def test_result_of_a_transform_is_a_leaf_without_gradient(name):
    found = tensors(CALLS[name]())
    assert found
    for t in found:
        assert t.is_leaf
        assert not t.requires_grad
        np.testing.assert_array_equal(np.asarray(t), t.data)


def traced_by_weakref(made):
    """Return the exponential, and note the tensor that a function computes on the way."""

    def f(x):
        y = np.exp(x)
        made.append(weakref.ref(y))
        return y * 2.0

    return f


@pytest.mark.parametrize(
    "call",
    [
        lambda f: ag.value_and_grad(lambda x: f(x).sum())(X),
        lambda f: ag.value_and_grad(lambda x: (f(x).sum(), f(x)), has_aux=True)(X),
        lambda f: ag.grad(lambda x: (f(x).sum(), {"y": f(x)}), has_aux=True)(X),
        lambda f: ag.vjp(f, X)[0],
        lambda f: ag.vjp(f, X)[1](X),
        lambda f: ag.jvp(f, (X,), (X,)),
        lambda f: ag.jacobian(f)(X),
        lambda f: ag.hessian(lambda x: f(x).sum())(X),
        lambda f: ag.hvp(lambda x: f(x).sum(), X, X),
        lambda f: ag.elementwise_grad(f)(X),
    ],
)
def test_results_kept_do_not_keep_the_tape_alive(call):
    made = []
    gc.disable()  # no reference cycles either
    try:
        kept = [call(traced_by_weakref(made)) for _ in range(5)]
        assert len(kept) == 5
        assert made
        assert not any(ref() is not None for ref in made)
    finally:
        gc.enable()


def test_pullback_still_works_after_its_value_changes():
    y, pullback = ag.vjp(np.exp, X)
    expected = pullback(np.ones(3))[0].data
    y.data[:] = 0.0
    np.testing.assert_array_equal(pullback(np.ones(3))[0].data, expected)


def test_value_that_depends_on_an_outer_tensor_stays_on_its_tape():
    w = leaf(X, "w")
    value, gradient = ag.value_and_grad(lambda x: (x * w**2).sum())(X)
    value.backward()
    np.testing.assert_allclose(w.grad, 2 * X * X)
    gradient.sum().backward()
    np.testing.assert_allclose(w.grad, 2 * X * X + 2 * X)
    (_, aux), _ = ag.value_and_grad(lambda x: (x.sum(), [x * w, x]), has_aux=True)(X)
    assert [t.requires_grad for t in aux] == [True, False]


def test_nested_value_and_grad_stays_differentiable():
    def outer(x):
        value, gradient = ag.value_and_grad(lambda z: (z**3).sum())(x)
        return value + gradient.sum()

    np.testing.assert_allclose(ag.grad(outer)(X).data, 3 * X**2 + 6 * X)
    (_, tangent) = ag.jvp(lambda x: ag.value_and_grad(loss)(x)[0], (X,), (X,))
    np.testing.assert_allclose(tangent.item(), (ag.grad(loss)(X).data * X).sum())


def test_aux_without_tensors_is_returned_as_it_is():
    aux = {"n": 3, "x": X, "none": None}
    ((_, found), _) = ag.value_and_grad(lambda x: (x.sum(), aux), has_aux=True)(X)
    assert found == aux
    assert found["x"] is X


@pytest.mark.parametrize("method", ["BFGS", "CG", "Newton-CG", "TNC", "trust-constr"])
def test_value_and_grad_runs_in_scipys_minimize(method):
    optimize = pytest.importorskip("scipy.optimize")
    wanted = np.array([1.0, -2.0])
    found = optimize.minimize(
        ag.value_and_grad(lambda x: ((x - wanted) ** 4).sum() + ((x - wanted) ** 2).sum()),
        np.zeros(2), jac=True, method=method,
    )  # fmt: skip
    np.testing.assert_allclose(np.asarray(found.x), wanted, atol=1e-3)


@pytest.mark.parametrize("method", ["L-BFGS-B", "SLSQP"])
def test_arrays_of_value_and_grad_run_in_scipys_compiled_methods(method):
    optimize = pytest.importorskip("scipy.optimize")
    f = ag.value_and_grad(lambda x: ((x - 1.0) ** 2).sum())
    found = optimize.minimize(
        lambda x: tuple(map(np.asarray, f(x))), np.zeros(2), jac=True, method=method
    )
    np.testing.assert_allclose(found.x, 1.0, atol=1e-5)
