"""Operations whose shape or result needs the numbers are refused with their line."""

import inspect

import numpy as np
import pytest

import autograd_mini as ag

X, I = np.array([1.0, 0.0, 2.0, 2.0]), np.array([1, 2, 0, 1])


#: the name of the parameter, which NumPy 2.1 has changed
RESHAPES_TO = list(inspect.signature(np.reshape).parameters)[1]


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
        (lambda x, i: x.reshape(i[1], -1), f"np.reshape(..., {RESHAPES_TO})"),
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
        (lambda x: f"{x.sum():.2f}", "formatting an array"),
        (lambda x: round(x.sum()), "converting an array to a Python number"),
        (lambda x: x.sum() in {3.0, 5.0}, "an array as a key of a dict or set"),
        (lambda x: np.zeros(2).__setitem__(0, x[0]), "converting an array to a Python number"),
    ],
)
def test_what_needs_numbers(f, what):
    with pytest.raises(TypeError, match=f"^{what}.* cannot be compiled") as caught:
        ag.compile(f)(X)
    assert "test_refusals.py" in str(caught.value)


def test_error_describes_a_traced_array_as_an_array():
    with pytest.raises(ValueError, match=r"got a float64 array of shape \(4,\) for logits"):
        ag.compile(lambda z: ag.softmax_cross_entropy(z, np.ones(2)))(X)


def test_what_is_traced_may_be_printed():
    assert ag.compile(lambda x: f"{x}")(X) == "<traced float64 array of shape (4,)>"


def on_a_copy(change):
    def f(x):
        y = x * 1.0
        change(y)
        return y + 0

    return f


WRITES = {
    "np.copyto": lambda y: np.copyto(y, y * 2, where=y > 1),
    "np.copyto by name": lambda y: np.copyto(dst=y, src=7.0),
    "out of a sum": lambda y: np.cumsum(y, 0, None, y),
    "out of clip": lambda y: np.clip(y, 0, 1, y),
    "out of round": lambda y: np.round(y * 1.3, 0, y),
    "out of dot": lambda y: np.dot(y * 2, np.eye(4), y),
    "out of choose": lambda y: np.choose([0, 0, 0, 0], [y * 2], y),
    "one out of two": lambda y: np.divmod(y, 2, out=(y, None)),
    "a median": lambda y: y.__iadd__(np.median(y * 1, overwrite_input=True)),
}


@pytest.mark.parametrize("what", WRITES)
def test_a_function_that_writes_into_an_array_of_its_own(what):
    f = on_a_copy(WRITES[what])
    compiled = ag.compile(f)
    for k in (1, 2):
        np.testing.assert_array_equal(compiled(X * k), f(X * k))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda y: np.put(y, [0], 9.0), "np.put"),
        (lambda y: np.place(y, y > 1, [9.0]), "np.place"),
        (lambda y: np.putmask(y, y > 1, 9.0), "np.putmask"),
        (lambda y: np.fill_diagonal(y.reshape(2, 2), 9.0), "np.fill_diagonal"),
        (lambda y: np.nan_to_num(y, copy=False), "np.nan_to_num"),
        (lambda y: np.minimum.at(y, 0, 1.0), "np.minimum.at"),
    ],
)
def test_a_function_that_writes_is_refused_by_its_name(change, name):
    with pytest.raises(TypeError, match=f"{name}, which writes into an array, cannot"):
        ag.compile(on_a_copy(change))(X)


def test_a_mask_that_is_not_known_is_refused_by_name():
    f = ag.grad(lambda x: np.log(x, where=x > 0).sum())
    with pytest.raises(TypeError, match=r"where= .*Write np.where\(mask, np.log\(np.where"):
        ag.compile(f)(X)
    known = X > 0
    f = ag.grad(lambda x: np.log(x, where=known).sum())
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(ag.compile(f)(X), f(X).data)


def test_a_number_repeated_by_numpy_is_refused_with_a_remedy():
    with pytest.raises(TypeError, match=r"(?s)np.full or .*np.broadcast_to"):
        ag.compile(lambda x: np.full_like(I, x[0]))(X)


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

    with pytest.raises(
        TypeError, match=r"into a constant NumPy array[^$]*write y = y \+ x instead"
    ):
        gradient(adds_in_place)
    np.testing.assert_array_equal(gradient(as_told), 2 * X + X)


def test_gradients_that_are_constant_arrays():
    f = ag.grad(lambda a, b: (b * b).sum(), argnums=(0, 1))
    a, b = ag.compile(f)(np.ones(3), np.ones(2))
    np.testing.assert_array_equal(a, np.zeros(3))
    np.testing.assert_array_equal(b, [2.0, 2.0])


def test_ufuncs_of_an_array_and_an_integer():
    np.testing.assert_array_equal(ag.compile(lambda x: np.ldexp(x, 2))(X), np.ldexp(X, 2))
