"""Operations whose shape or result needs the numbers are refused with their line."""

import numpy as np
import pytest

import autograd_mini as ag

X, I = np.array([1.0, 0.0, 2.0, 2.0]), np.array([1, 2, 0, 1])


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x, i: np.where(x > 1)[0], "np.where(...)"),
        (lambda x, i: np.unique_values(x), "np.unique_values(...)"),
        (lambda x, i: np.setxor1d(x, X), "np.setxor1d(...)"),
        (lambda x, i: np.roots(x), "np.roots(...)"),
        (lambda x, i: np.repeat(x, i), "np.repeat(..., repeats)"),
        (lambda x, i: x.repeat(repeats=i), "np.repeat(..., repeats)"),
        (lambda x, i: ag.vjp(lambda x: np.repeat(x, i), x)[0], "np.repeat(..., repeats)"),
        (lambda x, i: np.delete(x, i), "np.delete(..., obj)"),
        (lambda x, i: np.split(x, i)[0], "np.split(..., indices_or_sections)"),
        (lambda x, i: np.tile(x, i[0]), "np.tile(..., reps)"),
        (lambda x, i: np.pad(x, ((0, i[1]),)), "np.pad(..., pad_width)"),
        (lambda x, i: x.reshape(i[1], -1), "np.reshape(..., shape)"),
    ],
)
def test_a_shape_that_numbers_decide_on(f, what):
    with pytest.raises(TypeError) as caught:
        ag.compile(f)(X, I)
    text = str(caught.value)
    assert f"the shape of {what} cannot be compiled" in text
    assert "test_refusals.py" in text


def test_shapes_from_constants_are_known():
    f = ag.compile(
        lambda x, n: (np.repeat(x, I), np.split(x, n)[1], x.reshape(n, -1), np.pad(x, n))
    )
    for found, wanted in zip(f(X, 2), (np.repeat(X, I), X[2:], X.reshape(2, 2), np.pad(X, 2))):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: f"{x.sum():.2f}", "a number in a text"),
        (lambda x: round(x.sum()), "a plain Python number"),
        (lambda x: x.sum() in {3.0, 5.0}, "a key of a dict or set"),
        (lambda x: np.zeros(2).__setitem__(0, x[0]), "a plain Python number"),
    ],
)
def test_what_needs_numbers(f, what):
    with pytest.raises(TypeError, match=f"^{what} cannot be compiled") as caught:
        ag.compile(f)(X)
    assert "test_refusals.py" in str(caught.value)


def test_what_is_traced_may_be_printed():
    assert ag.compile(lambda x: f"{x}")(X) == "TracedArray(4,) float64"


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (ag.grad(np.linalg.det), "ops.linalg._det"),
        (ag.grad(lambda a: np.linalg.lstsq(a, np.ones(3), rcond=None)[0].sum()), "ops.linalg._"),
        (ag.grad(lambda a: np.interp(a, np.arange(3.0), np.ones(3)).sum()), "ops."),
    ],
)
def test_a_rule_that_needs_numbers_is_named(f, name):
    with pytest.raises(TypeError, match=r"It runs autograd_mini\.\S+, which needs") as caught:
        ag.compile(f)(np.diag([1.0, 2.0, 3.0]))
    assert name in str(caught.value)


def adds_in_place(g, y, x):
    out = np.zeros(x.shape)
    out[...] += g
    return out


def test_rule_that_adds_in_place_is_refused_with_a_remedy():
    def as_told(g, y, x):
        out = np.zeros(x.shape)
        return out + g

    def gradient(rule):
        op = ag.primitive(lambda x: x * 2, rule, name="double")
        return ag.compile(ag.grad(lambda x: (op(x) * x).sum()))(X).data

    with pytest.raises(TypeError, match=r"into a NumPy array[^$]*Write y = y \+ x instead"):
        gradient(adds_in_place)
    np.testing.assert_array_equal(gradient(as_told), 2 * X + X)


def test_gradients_that_are_constant_arrays():
    f = ag.grad(lambda a, b: (b * b).sum(), argnums=(0, 1))
    a, b = ag.compile(f)(np.ones(3), np.ones(2))
    np.testing.assert_array_equal(a.data, np.zeros(3))
    np.testing.assert_array_equal(b.data, [2.0, 2.0])


def test_ufuncs_of_an_array_and_an_integer():
    np.testing.assert_array_equal(ag.compile(lambda x: np.ldexp(x, 2))(X), np.ldexp(X, 2))
