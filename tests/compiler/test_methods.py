"""Traced arrays have the methods of NumPy's arrays, or raise with a remedy."""

import copy
import operator

import numpy as np
import pytest

import autograd_mini as ag
from tests.compiler.checks import check

X = np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.0]])
N = np.arange(1, 7).reshape(2, 3)


def changed(change):
    def f(x):
        y = x * 1.5
        change(y)
        return y + 1

    return f


ANSWERED = {
    "divmod": (lambda x: np.stack(divmod(x, 2.0)), X),
    "reflected divmod": (lambda x: np.stack(divmod(2.0, x)), X),
    "<<": (lambda n: (n << 2) + (1 << n), N),
    ">>": (lambda n: (n >> 1) + (64 >> n), N),
    "<<=": (lambda n: operator.ilshift(n + 1, 1), N),
    "&|^~": (lambda n: (n & 3) | (n ^ 1) | ~n, N),
    "real and imag": (lambda x: x.real + x.imag, X),
    "conj": (lambda x: x.conj() * x.conjugate(), X),
    "flat": (lambda x: x.flat[1:] * sum(x.flat), X),
    "flatten": (lambda x: x.flatten() + x.flatten("F"), X),
    "ravel": (lambda x: x.ravel(), X),
    "nbytes": (lambda x: x * x.nbytes, X),
    "sort": (changed(lambda y: y.sort()), X),
    "sort, axis 0": (changed(lambda y: y.sort(axis=0)), X),
    "partition": (changed(lambda y: y.partition(1)), X),
    "argpartition": (lambda x: x.argpartition(1), X),
    "fill": (changed(lambda y: y.fill(2)), X),
    "fill with a value": (lambda x: [y := x * 2, y.fill(x[0, 0])][0], X),
    "searchsorted": (lambda x: x[0].searchsorted(x[1]), np.sort(X)),
    "conj is the array itself": (changed(lambda y: y.conj().fill(2)), X),
    "np.conj is a copy": (changed(lambda y: np.conj(y).fill(2)), X),
    "compress": (lambda x: x.compress([True, False, True], axis=1).sum() + x.compress([1]), X),
    "copies": (lambda x: copy.copy(x) + copy.deepcopy(x), X),
    "choose": (lambda n: (n % 2).choose([n, -n]), N),
}


@pytest.mark.parametrize("what", ANSWERED)
@pytest.mark.parametrize("dtype", [None, np.float32])
def test_it_answers_as_an_array_does(what, dtype):
    f, x = ANSWERED[what]
    x = x if dtype is None or x.dtype == int else x.astype(dtype)
    compiled = ag.compile(f)
    for k in (1, 2, 3):
        found, expected = compiled(x * k), f(x * k)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "name", ["tobytes", "tofile", "data", "view", "resize", "setflags", "put", "byteswap", "ctypes"]
)
def test_what_it_does_not_answer_is_refused_by_name(name):
    with pytest.raises(TypeError) as caught:
        ag.compile(lambda x: getattr(x, name))(X)
    text = str(caught.value)
    assert f"the attribute {name} of an array cannot be compiled" in text
    assert "test_methods.py" in text
    assert "NumPy's functions, such as np.sort" in text
    assert not ag.compile(lambda x: hasattr(x, name))(X)


def test_what_no_array_has_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"an array has no attribute 'nothing'$"):
        ag.compile(lambda x: x.nothing)(X)
    with pytest.raises(AttributeError, match=r"'backward'\. Make a tensor of it"):
        ag.compile(lambda x: x.backward())(X)
    with pytest.raises(AttributeError, match=r"'numpy'\. Leave it out"):
        ag.compile(lambda x: x.numpy())(X)


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: 3.0 in x, "`number in array`"),
        (lambda x: complex(x[0, 0]), "converting an array to a Python number"),
        (lambda x: x.compress(x[0] > 0, 1), "the shape of np.compress(..., condition)"),
        (lambda x: x.sort(), "an array that the function did not create"),
        (lambda x: x.fill(1.0), "an array that the function did not create"),
    ],
)
def test_what_needs_numbers_is_refused(f, what):
    with pytest.raises(TypeError) as caught:
        ag.compile(f)(X)
    assert what in str(caught.value).splitlines()[0]  # the next one is the line that asked


def in_part(x):
    y = x * 2
    np.add(x, 1, where=np.arange(3) > 0, out=y)
    return y


def into_two(x):
    y, z = x * 2, x * 3
    q, r = np.divmod(x, 0.3, out=(y, z))
    return y, z, q + r


@pytest.mark.parametrize("f", [in_part, into_two])
def test_a_ufunc_told_where_to_write(f):
    check(f, np.arange(3.0))
