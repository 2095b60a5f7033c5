"""Transforms, compared with HIPS autograd and with one another, and nested."""

import tracemalloc
from collections import namedtuple

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import autograd_mini as ag

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4))
V = RNG.normal(size=(3, 4))
W = RNG.normal(size=(4, 2))


def scalar(module):
    """Return the same function for two libraries: numbers in, one number out, all coupled."""
    return lambda x: module.sum(module.tanh(x @ W) ** 2 * module.exp(-x[:, :2])) + x[0, 0] ** 3


def vector(module):
    return lambda x: module.sin(x @ W) * module.sum(x, axis=1)[:, None]


def close(ours, theirs):
    np.testing.assert_allclose(ours.data, theirs, rtol=1e-11, atol=1e-13)


def test_grad_is_that_of_hips_autograd():
    close(ag.grad(scalar(np))(X), autograd.grad(scalar(anp))(X))


def test_value_and_grad_is_that_of_hips_autograd():
    value, gradient = ag.value_and_grad(scalar(np))(X)
    expected = autograd.value_and_grad(scalar(anp))(X)
    close(value, expected[0])
    close(gradient, expected[1])


def test_jacobian_is_that_of_hips_autograd():
    close(ag.jacobian(vector(np))(X), autograd.jacobian(vector(anp))(X))


def test_hessian_is_that_of_hips_autograd_and_symmetric():
    h = ag.hessian(scalar(np))(X)
    assert h.shape == (3, 4, 3, 4)
    close(h, autograd.hessian(scalar(anp))(X))
    matrix = h.data.reshape(12, 12)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-14)


def test_hvp_is_the_hessian_times_v():
    expected = np.tensordot(ag.hessian(scalar(np))(X).data, V)
    close(ag.hvp(scalar(np), X, V), expected)


def test_jvp_is_the_jacobian_times_v():
    y, dy = ag.jvp(vector(np), (X,), (V,))
    close(y, vector(np)(X))
    close(dy, np.tensordot(ag.jacobian(vector(np))(X).data, V))


def test_elementwise_grad():
    def f(module):
        return lambda x: module.tanh(x) * x

    close(ag.elementwise_grad(f(np))(X), autograd.elementwise_grad(f(anp))(X))
    third = ag.elementwise_grad(ag.elementwise_grad(ag.elementwise_grad(np.exp)))
    close(third(X), np.exp(X))


def test_nested_grad_does_not_confuse_its_arguments():
    """d/dx (x · d/dy (x + y)) is 1; engines that share a variable between levels give 0 or 2."""
    inner = ag.grad(lambda x: x * ag.grad(lambda y: x + y)(1.0))
    assert inner(1.0).item() == 1.0


def test_an_inner_grad_at_an_outer_variable():
    """d/dx [d/dy (x y²)] at y = x is d/dx (2 x · x) with the inner y held: 4x."""
    assert ag.grad(lambda x: ag.grad(lambda y: x * y * y)(x))(3.0).item() == 12.0


def test_an_inner_grad_that_closes_over_an_outer_variable():
    assert ag.grad(lambda a: ag.grad(lambda x: a * a * x**2)(3.0))(2.0).item() == 24.0


def test_many_levels():
    f = np.sin
    for _ in range(5):
        f = ag.grad(f)
    np.testing.assert_allclose(f(0.3).item(), np.cos(0.3))


def test_jacobian_of_grad_is_hessian():
    close(ag.jacobian(ag.grad(scalar(np)))(X), ag.hessian(scalar(np))(X).data)


def test_grad_of_jvp_and_jvp_of_grad_agree():
    def slope(x):
        return ag.jvp(scalar(np), (x,), (V,))[1]

    expected = ag.hvp(scalar(np), X, V).data
    close(ag.grad(slope)(X), expected)
    close(ag.jvp(ag.grad(scalar(np)), (X,), (V,))[1], expected)


def test_grad_of_a_function_that_calls_backward_inside():
    def f(x):
        w = ag.tensor(2.0, requires_grad=True)
        (w * w).backward()
        return x * w.grad

    assert ag.grad(f)(3.0).item() == 4.0


def test_no_grad_of_a_tensor_is_touched():
    x = ag.tensor(X, requires_grad=True)
    outside = ag.tensor(W, requires_grad=True)
    f = lambda x: ((x @ outside) ** 2).sum()  # noqa: E731
    ag.hessian(f)(x), ag.grad(f)(x), ag.jvp(f, (x,), (V,))
    assert x.grad is None
    assert outside.grad is None
    g = ag.grad(f)(x)
    (g * g).sum().backward()  # and yet the gradient is on the tape of both
    assert x.grad.shape == X.shape
    assert outside.grad.shape == W.shape


Point = namedtuple("Point", "x y")


def test_trees_of_arguments_and_results():
    def f(p, q):
        return {"sum": p["a"] * q[0] + q[1].y, "list": [p["a"] ** 2, q[1].x * 3.0]}

    p, q = {"a": 2.0}, (5.0, Point(7.0, 11.0))
    y, pullback = ag.vjp(f, p, q)
    assert y["sum"].item() == 21.0
    dp, dq = pullback({"sum": 1.0, "list": [10.0, 100.0]})
    assert dp["a"].item() == 5.0 + 10.0 * 4.0
    assert dq[0].item() == 2.0
    assert dq[1] == Point(*dq[1])
    assert (dq[1].x.item(), dq[1].y.item()) == (300.0, 1.0)


def test_gradient_of_another_dtype_is_converted():
    x = ag.tensor([1.0, 2.0], requires_grad=True, dtype=np.float32)
    y = x * x
    for active in (False, True):
        c = ag.tensor([0.1, 0.3], requires_grad=active)
        for g, wanted in zip(ag.gradients(y, [x, y], c), ([0.2, 1.2], [0.1, 0.3])):
            assert g.dtype == np.float32
            np.testing.assert_array_equal(g.data, np.float32(wanted))


def test_argnums_and_has_aux():
    def f(a, b, *, c):
        return a**2 * b * c, {"b": b}

    (value, aux), (da, db) = ag.value_and_grad(f, argnums=(0, 1), has_aux=True)(3.0, 5.0, c=2.0)
    assert (value.item(), da.item(), db.item()) == (90.0, 60.0, 18.0)
    assert aux["b"].item() == 5.0
    db, aux = ag.grad(f, argnums=-1, has_aux=True)(3.0, 5.0, c=2.0)
    assert db.item() == 18.0


def test_dtypes_are_kept():
    x = X.astype(np.float32)
    assert ag.grad(lambda x: (x * x).sum())(x).dtype == np.float32
    assert ag.hessian(lambda x: (x * x).sum())(x[0]).dtype == np.float32


def test_a_constant_function_has_zero_derivatives():
    assert ag.grad(lambda x: ag.tensor(3.0))(1.0).item() == 0.0
    assert ag.hessian(lambda x: 3 * x.sum())(X[0]).tolist() == np.zeros((4, 4)).tolist()
    assert ag.jvp(lambda x: ag.tensor([1.0, 2.0]), (3.0,), (1.0,))[1].tolist() == [0.0, 0.0]


def test_hessian_of_cross_entropy_is_diag_p_minus_p_p():
    z = RNG.normal(size=10)
    p = ag.softmax(z)
    for loss in (ag.softmax_cross_entropy, ag.cross_entropy):
        h = ag.hessian(lambda z, loss=loss: loss(z, 3))(z)
        np.testing.assert_allclose(h.data, np.diag(p) - np.outer(p, p), atol=1e-15)


def test_newtons_method_with_the_exact_hessian():
    def f(x):
        return np.sum(x**4 - x) + (x[0] * x[1])

    x = np.array([1.0, 2.0])
    for _ in range(20):
        x = x - np.linalg.solve(ag.hessian(f)(x).data, ag.grad(f)(x).data)
    np.testing.assert_allclose(ag.grad(f)(x).data, 0, atol=1e-12)


def test_no_grad_outside_does_not_make_a_derivative_zero():
    x = ag.tensor(3.0, requires_grad=True)
    with ag.no_grad():
        assert ag.grad(lambda x: x * x)(3.0).item() == 6.0
        inside = ag.grad(lambda x: x * x)(x)
        assert inside.item() == 6.0
        assert ag.hessian(lambda x: (x**3).sum())(X[0]).data.trace() != 0
        assert ag.jvp(np.sin, (0.0,), (2.0,))[1].item() == 2.0
        assert ag.gradcheck(np.sin, X)
    assert not inside.requires_grad
    assert ag.grad(lambda x: x * ag.no_grad()(lambda: x * 1.0)())(3.0).item() == 3.0


def test_jacobian_of_nothing():
    assert ag.jacobian(lambda x: x[:0])(X[0]).shape == (0, 4)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.grad(np.exp)(X), TypeError, "must return a scalar Tensor"),
        (lambda: ag.grad(lambda x: 1.0)(2.0), TypeError, "but it returned 1.0"),
        (lambda: ag.grad(np.exp)(3), TypeError, "cannot require a gradient"),
        (lambda: ag.grad(np.exp, argnums=1)(3.0), TypeError, "1 positional argument"),
        (lambda: ag.grad(np.multiply, argnums=(0, 0))(3.0, 2.0), TypeError, "twice"),
        (lambda: ag.grad(np.multiply, argnums=(1, -1))(3.0, 2.0), TypeError, "twice"),
        (lambda: ag.grad(np.multiply, argnums=-1)(3.0, 2), TypeError, "grad: argument 1: an int64"),
        (lambda: ag.vjp(np.exp, X)[1](np.ones(3)), ValueError, r"got \(3,\)"),
        (lambda: ag.vjp(np.exp, X)[1]((X, X)), ValueError, "the gradient needs the shape"),
        (
            lambda: ag.jvp(np.exp, (X,), (np.ones(3),)),
            ValueError,
            r"jvp: the tangents have .*\(3,\)",
        ),
        (
            lambda: ag.jvp(np.exp, (X,), (X, X)),
            ValueError,
            "jvp: tangents .* a tuple of length 1, got a tuple of length 2",
        ),
        (lambda: ag.vjp(np.exp, X, has_aux=True), TypeError, r"must return \(value, aux\)"),
        (lambda: ag.grad(lambda x: x.item() ** 2)(2.0), TypeError, "instead of float"),
    ],
)
def test_invalid_calls_raise(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_pullback_after_a_leaf_changed_raises():
    w = ag.tensor(3.0, requires_grad=True)
    _, pullback = ag.vjp(lambda x: x * w, 2.0)
    w.data = 9.0
    with pytest.raises(RuntimeError, match="was modified"):
        pullback(1.0)


def test_jacobian_and_hessian_of_trees():
    def f(p, x):
        return {"a": p["w"] * x, "b": [np.sum(p["w"]) * p["c"]]}

    p, x = {"w": V[0], "c": 2.0}, X[0]
    found = ag.jacobian(f)(p, x)
    close(found["a"]["w"], np.diag(x))
    close(found["a"]["c"], np.zeros(4))
    close(found["b"][0]["w"], np.full(4, 2.0))
    close(found["b"][0]["c"], V[0].sum())
    by_both = ag.jacobian(f, argnums=(0, 1))(p, x)
    close(by_both["a"][1], np.diag(V[0]))

    h = ag.hessian(lambda p: np.sum(p["w"] ** 3) * p["c"] ** 2)(p)
    close(h["w"]["w"], np.diag(6 * V[0] * 4))
    close(h["w"]["c"], 3 * V[0] ** 2 * 4)
    close(h["c"]["c"], 2 * np.sum(V[0] ** 3))
    pair = ag.hessian(lambda a, b: a * a * b, argnums=(0, 1))(3.0, 5.0)
    assert [[entry.item() for entry in row] for row in pair] == [[10.0, 6.0], [6.0, 0.0]]


def test_a_tangent_may_be_on_a_tape():
    """The derivative of a directional derivative with respect to the direction is the gradient."""
    along = ag.grad(lambda v: ag.jvp(scalar(np), (X,), (v,))[1])(V)
    close(along, ag.grad(scalar(np))(X).data)


# ---- checkpoint ----------------------------------------------------------------------------------


def deep(x, w, steps=6):
    for _ in range(steps):
        x = np.tanh(x @ w) * 1.1
    return x


SQUARE = RNG.normal(size=(4, 4)) / 2


def test_checkpoint_keeps_values_and_all_derivatives():
    piece = ag.checkpoint(deep)

    def plain(x, w):
        return np.sum(deep(deep(x, w), w) ** 2)

    def stored(x, w):
        return np.sum(piece(piece(x, w), w) ** 2)

    assert stored(X, SQUARE) == plain(X, SQUARE)
    for transform in (ag.grad, ag.hessian):
        for i in (0, 1):
            close(transform(stored, i)(X, SQUARE), transform(plain, i)(X, SQUARE).data)
    close(
        ag.jvp(stored, (X, SQUARE), (V, SQUARE))[1], ag.jvp(plain, (X, SQUARE), (V, SQUARE))[1].data
    )
    x, w = (ag.tensor(a, requires_grad=True) for a in (X, SQUARE))
    y = stored(x, w)
    assert [t.op.name for t in y.tape() if t.op].count("checkpoint") == 2
    assert len(y.tape()) < 10
    y.backward()
    close(ag.tensor(x.grad), ag.grad(plain)(X, SQUARE).data)


def test_checkpoint_of_trees_labels_and_flags():
    def f(p, labels, flag, scale=1.0):
        h = np.tanh(p["w"] * scale)
        return {
            "loss": ag.softmax_cross_entropy(h, labels),
            "parts": (h[0] if flag else h, h.sum()),
        }

    w = ag.tensor(X, requires_grad=True)
    labels = ag.tensor([0, 3, 1])
    for flag in (True, False):
        plain, again = (
            f({"w": w}, labels, flag, 2.0),
            ag.checkpoint(f)({"w": w}, labels, flag, scale=2.0),
        )
        total = [np.sum(t["loss"] * t["parts"][0]) + t["parts"][1] for t in (plain, again)]
        assert total[0].item() == total[1].item()
        np.testing.assert_allclose(*(ag.gradients(t, w).data for t in total), rtol=1e-14)
    mixed = ag.checkpoint(lambda a, b: (a * 2, b * 3))
    a, b = ag.tensor([1.0], dtype="f4", requires_grad=True), ag.tensor(2.0, requires_grad=True)
    assert [t.dtype.name for t in mixed(a, b)] == ["float32", "float64"]


def test_checkpoint_of_captured_tensors_raises():
    w = ag.tensor(2.0, requires_grad=True, name="w")
    x = ag.tensor(X, requires_grad=True)
    with pytest.raises(TypeError, match=r"'w' .* not an argument"):
        ag.checkpoint(lambda x: x * w)(x)
    with pytest.raises(TypeError, match=r"'w' .* by position and not by name"):
        ag.checkpoint(lambda x, w: x * w)(x, w=w)
    with pytest.raises(TypeError, match="not an argument"):
        ag.checkpoint(lambda x: x * (w * 3))(x)
    numbers = np.random.default_rng(0)
    y = ag.checkpoint(lambda x: x * numbers.random())(x).sum()
    with pytest.raises(RuntimeError, match="different value"):
        y.backward()
    assert x.grad is None
    assert ag.checkpoint(lambda x: x * 2)(3.0) == 6.0


def test_checkpoint_keeps_less_memory():
    """A chain of 64 products in 8 pieces: the peak is far below that of the whole tape."""
    x = ag.tensor(np.full(20_000, 0.5), requires_grad=True)

    def chain(x, steps):
        for _ in range(steps):
            x = np.sin(x)
        return x

    def pieces(x):
        for _ in range(8):
            x = ag.checkpoint(chain)(x, 8)
        return x

    assert traced(lambda: pieces(x)) < 0.5 * traced(lambda: chain(x, 64))


def traced(f):
    """Return the peak memory in bytes from the call of `f` to the end of its backward sweep."""
    tracemalloc.start()
    try:
        f().sum().backward()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# ---- trees --------------------------------------------------------------------------------------


def test_trees_are_matched_by_their_keys():
    """The order of keys in the dicts does not matter."""
    p, v = {"a": 2.0, "b": 3.0}, {"b": 10.0, "a": 1.0}
    f = lambda p: p["a"] ** 2 * p["b"]  # noqa: E731
    assert ag.jvp(f, (p,), (v,))[1].item() == 12 * 1 + 4 * 10
    product = ag.hvp(f, p, v)
    assert {k: x.item() for k, x in product.items()} == {"a": 6 * 1 + 4 * 10, "b": 4 * 1}
    _, pullback = ag.vjp(lambda p: {"x": 2 * p["a"], "y": 5 * p["b"]}, p)
    (g,) = pullback({"y": 1.0, "x": 100.0})
    assert {k: x.item() for k, x in g.items()} == {"a": 200.0, "b": 5.0}


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (
            lambda p: ag.jvp(lambda p: p["a"], (p,), ({"a": 1.0},)),
            "a dict with keys 'a', 'b'.* got a dict",
        ),
        (lambda p: ag.jvp(lambda p: p["a"], (p,), ([1.0, 2.0],)), "got a list of length 2"),
        (
            lambda p: ag.hvp(lambda p: p["a"] ** 2, p, {"a": 1.0, "c": 1.0}),
            "got a dict with keys 'a', 'c'",
        ),
        (
            lambda p: ag.vjp(lambda p: p["a"], p)[1]({"a": 1.0}),
            "float64 .* got a dict with keys 'a'",
        ),
        (lambda p: ag.vjp(lambda p: (p["a"],), p)[1](None), "a tuple of length 1, got None"),
    ],
)
def test_trees_of_another_structure_are_refused(call, why):
    with pytest.raises(ValueError, match=why):
        call({"a": 2.0, "b": 3.0})


def test_trees_may_hold_none_and_lists_of_numbers():
    g = ag.grad(lambda p: p["w"] ** 2)({"w": 3.0, "bias": None})
    assert (g["w"].item(), g["bias"]) == (6.0, None)
    (g,) = ag.vjp(np.exp, np.zeros(2))[1]([1.0, 2.0])
    assert g.tolist() == [1.0, 2.0]


def test_argnums_may_be_an_integer_of_numpys():
    assert ag.grad(lambda a, b: a * b, np.int64(1))(2.0, 3.0).item() == 2.0


def test_grad_of_a_function_without_return_names_it():
    with pytest.raises(TypeError, match="Did you forget `return`"):
        ag.grad(lambda x: None)(1.0)


def test_grad_with_an_array_as_argnums_raises():
    with pytest.raises(
        TypeError, match=r"grad: argnums must be .* got a float64 array of shape \(2,\)"
    ):
        ag.grad(lambda x: x * x, np.array([1.0, 2.0]))(1.0)
