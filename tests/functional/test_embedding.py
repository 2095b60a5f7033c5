"""Embedding: rows of a table, repeated indices, dtypes, PyTorch, compilation and errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini.ops.indexing import add_at
from tests.budget import examples
from tests.cases import leaf

RNG = np.random.default_rng(5)
V, D = 7, 3
TABLE = RNG.normal(size=(V, D))
TOKENS = np.array([[0, 6, 2, 2], [2, 5, 0, 0]])


def test_embedding_is_the_product_of_one_hot_rows():
    w = leaf(TABLE)
    y = ag.embedding(TOKENS, w)
    np.testing.assert_array_equal(y.data, np.eye(V)[TOKENS] @ TABLE)
    g = RNG.normal(size=y.shape)
    y.backward(g)
    np.testing.assert_allclose(w.grad, np.einsum("ijv,ijd->vd", np.eye(V)[TOKENS], g), rtol=1e-13)


@pytest.mark.parametrize("tokens", [4, [1, 1], TOKENS, TOKENS[None], [[]], np.uint8([6, 0])])
def test_indices_of_any_shape(tokens):
    w = leaf(TABLE)
    indices = np.asarray(tokens, int)
    y = ag.embedding(tokens, w)
    assert y.shape == (*indices.shape, D)
    np.testing.assert_array_equal(y.data, TABLE[indices])
    y.sum().backward()
    np.testing.assert_array_equal(w.grad[:, 0], np.bincount(indices.ravel(), minlength=V))


def test_embedding_passes_gradcheck():
    assert ag.gradcheck(lambda w: np.tanh(ag.embedding(TOKENS, w)), TABLE, order=2)
    assert ag.check_fused(ag.embedding, TOKENS, TABLE, strict=True).records == 1


@examples(60)
@given(
    st.integers(0, 10**6), st.lists(st.integers(0, 6), max_size=3), st.integers(1, 9),
    st.integers(0, 5), st.sampled_from("efd"), st.booleans(),
)  # fmt: skip
def test_gradient_adds_up_the_uses_of_a_row(seed, shape, v, d, dtype, strided):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(v, size=shape)
    table = rng.normal(size=(v, d)).astype(dtype)
    w = leaf(table.T.copy().T if strided else table, dtype=dtype)
    y = ag.embedding(tokens, w)
    g = rng.normal(size=y.shape).astype(dtype)
    y.backward(g)
    expected = np.zeros((v, d))
    np.add.at(expected, tokens, g)
    assert w.grad.dtype == y.dtype == dtype
    np.testing.assert_allclose(w.grad, expected, rtol=0, atol=200 * np.finfo(dtype).eps)


@examples(80)
@given(st.data())
def test_add_at_is_numpys(data):
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    depth = data.draw(st.integers(1, len(shape)))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    length = data.draw(st.integers(0, 6))
    parts = [rng.integers(-n, n, size=length) for n in shape[:depth]]
    if data.draw(st.booleans()) and depth > 1:
        parts[data.draw(st.integers(0, depth - 1))] = slice(None, None, -1)
    if data.draw(st.booleans()):
        parts.append(...)
    index = tuple(parts) if len(parts) > 1 else parts[0]
    y = np.zeros(shape)
    x = rng.normal(size=y[index].shape)
    expected = y.copy()
    add_at(y, index, x)
    np.add.at(expected, index, x)
    np.testing.assert_allclose(y, expected, rtol=1e-14)


@pytest.mark.peers
def test_embedding_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    w, theirs = leaf(TABLE), torch.tensor(TABLE, requires_grad=True)
    y, their = ag.embedding(TOKENS, w), torch.nn.functional.embedding(torch.tensor(TOKENS), theirs)
    g = RNG.normal(size=y.shape)
    y.backward(g)
    their.backward(torch.tensor(g))
    np.testing.assert_array_equal(y.data, their.detach().numpy())
    np.testing.assert_allclose(w.grad, theirs.grad.numpy(), rtol=1e-14)


# ---- compiled -----------------------------------------------------------------------------------


def slope(w, tokens):
    return ag.grad(lambda w: (ag.embedding(tokens, w) ** 2).sum())(w)


@pytest.mark.parametrize("dtype", ["f", "d"])
def test_program_gives_the_bits_of_the_eager_call(dtype):
    w = TABLE.astype(dtype)
    np.testing.assert_array_equal(ag.compile(slope)(w, TOKENS), slope(w, TOKENS))


def test_program_checks_the_indices_of_each_call():
    f = ag.compile(slope)
    before = f(TABLE, TOKENS)
    with pytest.raises(IndexError, match=r"embedding: index 8 at position \(0, 1\) .* 7 words"):
        f(TABLE, TOKENS + 2)
    np.testing.assert_array_equal(f(TABLE, TOKENS), before)
    assert "check" not in ag.source(ag.embedding(TOKENS, leaf(TABLE)).sum())


# ---- errors -------------------------------------------------------------------------------------

W = leaf(TABLE, "wte")
REFUSED = {
    "too large": ((TOKENS + 1, W), IndexError, r"index 7 at position \(0, 1\) .* 7 words.* 0 to 6"),
    "negative": (([0, 1, -1], W), IndexError, r"index -1 at position \(2,\)"),
    "one": ((7, W), IndexError, "index 7 is outside"),
    "float": (([0.0, 1.0], W), TypeError, r"float64.*astype\(int\)"),
    "boolean": (([True], W), TypeError, "dtype bool"),
    "other order": ((W, TOKENS), TypeError, r"embedding\(indices, weight\)"),
    "vector": ((TOKENS, W[0]), ValueError, "must be a matrix"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_arguments_name_themselves(name):
    arguments, error, message = REFUSED[name]
    with pytest.raises(error, match=f"embedding of .*{message}"):
        ag.embedding(*arguments)
    assert W.grad is None
