"""Functions of float16 are right if their result is in range, although their sums are not.

Each is compared with itself on the same numbers in float64.
"""

from itertools import product

import numpy as np
import pytest

import autograd_mini as ag
from tests.budget import each
from tests.cases import leaf

N = 2048
RNG = np.random.default_rng(16)
SPREAD = RNG.normal(0, 20, N).astype(np.float16)
MIXED = RNG.choice([-64.0, 64.0], N)
TWO = (2, N // 2)
ONES, KEPT = np.ones(N // 2, np.float16), np.arange(N) % 2 == 0

FUNCTIONS = {
    "softmax": ag.softmax,
    "softmax, temperature": lambda x: ag.softmax(x, temperature=8.0),
    "softmax, where": lambda x: ag.softmax(x, where=KEPT),
    "softmax, all axes": lambda x: ag.softmax(x.reshape(TWO), axis=None),
    "softmax, first axis": lambda x: ag.softmax(x.reshape(-1, 2), axis=0),
    "log_softmax": lambda x: ag.log_softmax(x / 16),
    "log_softmax, temperature": lambda x: ag.log_softmax(x, temperature=8.0),
    "log_softmax, all axes": lambda x: ag.log_softmax(x.reshape(TWO) / 16, axis=None),
    "log_softmax, first axis": lambda x: ag.log_softmax(x.reshape(-1, 2), axis=0),
    "logsumexp": ag.logsumexp,
    "logsumexp, axis": lambda x: ag.logsumexp(x.reshape(TWO), axis=1),
    "logaddexp.reduce": np.logaddexp.reduce,
    "softmax_cross_entropy": lambda x: ag.softmax_cross_entropy(x, 3),
    "its weights": lambda x: ag.softmax_cross_entropy(x, np.full(N, 1 / N)),
    "its smoothing": lambda x: ag.softmax_cross_entropy(x, 3, label_smoothing=0.1),
    "its where": lambda x: ag.softmax_cross_entropy(x, 2, where=KEPT),
    "its rows": lambda x: ag.softmax_cross_entropy(x.reshape(TWO), [1, 2], reduction="none"),
    "cross_entropy": lambda x: ag.cross_entropy(x / 4, 3),
    "nll_loss": lambda x: ag.nll_loss(ag.log_softmax(x), np.array(3)),
    "mse_loss": lambda x: ag.mse_loss(x * KEPT[:8].repeat(N // 8) * 4, np.float16(1)),
    "sigmoid_binary_cross_entropy": lambda x: ag.sigmoid_binary_cross_entropy(x, KEPT),
    "layer_norm": lambda x: ag.layer_norm(x.reshape(TWO), None, ONES, ONES),
    "rms_norm": lambda x: ag.rms_norm(x.reshape(TWO), ONES),
    "batch_norm": lambda x: ag.batch_norm(x.reshape(TWO).T, training=True),
    "gelu": lambda x: ag.gelu(20 * x),
    "attention": lambda x: ag.scaled_dot_product_attention(*[x.reshape(4, -1) / 32] * 3),
    "embedding": lambda x: ag.embedding(np.arange(N) % 4, x.reshape(4, -1)[:, :2]),
    "lstm_cell": lambda x: ag.lstm_cell(x.reshape(-1, 4), x.reshape(4, -1)[:1].T),
    "lstm_output": lambda x: ag.lstm_output(x.reshape(-1, 4), x.reshape(4, -1)[:1].T),
    "gru_cell": lambda x: ag.gru_cell(*[x.reshape(-1, 4)[:, 1:]] * 2, x.reshape(4, -1)[:1].T),
    "mean": np.mean, "var": np.var, "std": lambda x: np.std(16 * x),
    "nanstd": lambda x: np.nanstd(16 * x), "average": lambda x: np.average(9 * abs(x)[:1024],
                                                                           weights=ONES),
    **{f"norm {p}": lambda x, p=p: np.linalg.norm(16 * x, p) for p in (None, 1.5, 2, 3)},
    "norm, rows": lambda x: np.linalg.norm(16 * x.reshape(TWO), axis=1),
    "norm, fro": lambda x: np.linalg.norm(16 * x.reshape(TWO), "fro"),
}  # fmt: skip
if hasattr(np.linalg, "vector_norm"):
    FUNCTIONS["vector_norm"] = lambda x: np.linalg.vector_norm(16 * x)
    FUNCTIONS["matrix_norm"] = lambda x: np.linalg.matrix_norm(16 * x.reshape(TWO))


def derivatives(f, dtype, cotangent):
    """Return the value, the gradient by both kinds of sweep, and the second derivative."""
    x = leaf(SPREAD.astype(dtype), dtype=dtype)
    y = f(x)
    c = np.resize(cotangent, y.shape).astype(dtype)
    y.backward(c)
    first = ag.gradients(y, x, c)
    if first.requires_grad:
        second = ag.gradients(first, x, np.sign(MIXED).astype(dtype)).data
    else:
        second = np.zeros(N)
    return y.data, x.grad, first.data, second


@each(product(FUNCTIONS, [np.array(64.0), MIXED]))
def test_float16_agrees_with_float64(name, cotangent):
    found = derivatives(FUNCTIONS[name], np.float16, cotangent)
    expected = derivatives(FUNCTIONS[name], np.float64, cotangent)
    assert found[0].dtype == found[1].dtype == found[2].dtype == np.float16
    for a, b in zip(found, expected):
        assert np.abs(b).max() < 65504
        np.testing.assert_allclose(a, b, rtol=4e-3, atol=4e-3 * np.abs(b).max() + 1e-5)


@pytest.mark.parametrize("function", [ag.softmax, ag.log_softmax, ag.logsumexp])
def test_row_of_more_entries_than_float16_counts(function):
    """Check a row of 70,000 equal logits, whose exponentials sum to more than 65,504."""
    y = function(np.zeros(70_000, np.float16))
    assert y.dtype == np.float16
    expected = {ag.softmax: 1 / 70_000}.get(function, np.log(70_000))
    np.testing.assert_allclose(np.abs(y), expected, rtol=5e-3)


def test_float16_attention_keeps_the_digits_of_large_values():
    """The gradient of a query is a difference of products with the values and with the result."""
    rng = np.random.default_rng(0)
    q, k = rng.normal(size=(2, 3, 4)).astype(np.float16)
    v = (500 + rng.normal(size=(3, 4))).astype(np.float16)
    found = []
    for dtype in (np.float16, np.float64):
        x = leaf(q.astype(dtype), dtype=dtype)
        y = ag.scaled_dot_product_attention(x, k.astype(dtype), v.astype(dtype))
        y.backward(np.ones_like(y.data))
        found.append([x.grad, ag.gradients(y, x, np.ones_like(y.data)).data])
    np.testing.assert_allclose(found[0], found[1], rtol=2e-3, atol=2e-3)


def test_bias_gradient_of_float16_counts_the_whole_batch():
    """A running sum of float16 ones stops at 2,048."""
    for f in (lambda x, b: x + b, lambda x, b: x * b, lambda x, b: ag.linear(x, np.eye(2), b)):
        b = leaf(np.zeros(2, np.float16))
        x = np.ones((5000, 2), np.float16)
        y = f(x, b)
        y.backward(np.ones_like(y.data))
        for found in (b.grad, ag.gradients(y, b, np.ones_like(y.data)).data):
            assert found.dtype == np.float16
            np.testing.assert_array_equal(found, 5000)


@pytest.mark.parametrize("name", ["log_softmax", "layer_norm", "batch_norm", "norm 2"])
def test_compiled_float16_gives_the_eager_bits(name):
    f = lambda x: FUNCTIONS[name](x).mean()  # noqa: E731
    x = SPREAD.copy()
    eager, compiled = ag.value_and_grad(f)(x), ag.compile(ag.value_and_grad(f))(x)
    for a, b in zip(eager, compiled):
        np.testing.assert_array_equal(ag.core.arrays.unwrap(a), ag.core.arrays.unwrap(b))
