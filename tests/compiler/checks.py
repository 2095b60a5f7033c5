"""Helpers of the tests of compiled functions: a checker, and a training step."""

from itertools import pairwise

import numpy as np

import autograd_mini as ag
from autograd_mini.core.pytree import tree_leaves, tree_map

# There x ** n and np.power(x, n) differ, and strided arguments round in another way into `out`.
OLD = np.lib.NumpyVersion(np.__version__) < "2.3.0"


same = np.testing.assert_array_equal


def depends_on_values(case):
    """Return whether what the case computes depends on its numbers."""
    return case.op in ("det", "lstsq") or "% 2" in case.text or "a > 0]" in case.text


def arrays(tree):
    return [x.data if isinstance(x, ag.Tensor) else x for x in tree_leaves(tree)]


def check(f, *args, calls=2, compare=np.testing.assert_array_equal):
    """Check that each call of the compiled function returns the right bits, in new arrays."""
    compiled = ag.compile(f)
    before = []
    for _ in range(calls):
        expected, found = f(*args), compiled(*args)
        assert tree_map(lambda x: None, found) == tree_map(lambda x: None, expected)
        of_tensors = any(isinstance(x, ag.Tensor) for x in tree_leaves(args))
        for x, y in zip(tree_leaves(found), tree_leaves(expected)):
            as_array = isinstance(y, ag.Tensor) and not of_tensors  # arrays in, arrays out
            assert type(x) is (np.ndarray if as_array else type(y))
        for x, y in zip(arrays(found), arrays(expected)):
            assert (np.shape(x), x.dtype) == (np.shape(y), y.dtype)
            compare(x, y)
        for x, y in before:
            np.testing.assert_array_equal(x, y)  # results of earlier calls stay as they were
        before += [(x, np.copy(x)) for x in arrays(found)]
        args = tree_map(lambda x: x * 1.25 if np.asarray(x).dtype.kind == "f" else x, args)
    return compiled


def close(x, y, rtol=1e-10):
    np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol * (1 + np.abs(y).max(initial=0)))


def nearly(dtype, x, y):
    np.testing.assert_allclose(x, y, rtol=8 * np.finfo(dtype).eps)


def squared_step(parameters, x, t, lr):
    """Return a training step whose loss does not branch on numbers."""
    return step(parameters, x, t, lr, lambda y, t: np.mean((y - t) ** 2))


def step(parameters, x, t, lr, loss=ag.softmax_cross_entropy):
    def loss_of(parameters):
        h = x
        for w, b in parameters[:-1]:
            h = np.tanh(h @ w + b)
        return loss(h @ parameters[-1][0] + parameters[-1][1], t)

    loss, grads = ag.value_and_grad(loss_of)(parameters)
    new = [(w - lr * dw, b - lr * db) for (w, b), (dw, db) in zip(parameters, grads)]
    return loss, new


def network(sizes, n, dtype="d"):
    rng = np.random.default_rng(0)
    parameters = [
        (rng.normal(size=(a, b)).astype(dtype) / 4, np.zeros(b, dtype)) for a, b in pairwise(sizes)
    ]
    return parameters, rng.normal(size=(n, sizes[0])).astype(dtype), rng.integers(sizes[-1], size=n)


def written_out(z, y):
    e = np.exp(z)
    p = e / np.sum(e, axis=1, keepdims=True)
    return -np.mean(np.sum(y * np.log(p), axis=1))
