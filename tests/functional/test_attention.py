"""Attention: the formula by hand, masks, PyTorch, derivatives, dtypes, compilation and errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from tests.budget import examples, few
from tests.cases import leaf

attention = ag.scaled_dot_product_attention
RNG = np.random.default_rng(22)
B, H, T, S, D, E = 2, 3, 4, 5, 6, 2


def arrays(*lead, queries=T, keys=S, d=D, e=E, dtype=float):
    """Return queries, keys and values with these leading axes."""
    shapes = ((queries, d), (keys, d), (keys, e))
    return [RNG.normal(size=(*lead, *shape)).astype(dtype) for shape in shapes]


def by_hand(q, k, v, mask=None):
    """Compute attention one query at a time."""
    y = np.empty((len(q), v.shape[1]))
    for i, query in enumerate(q):
        scores = np.array([query @ key for key in k]) / np.sqrt(len(query))
        if mask is not None:
            scores = np.where(mask[i], scores, -np.inf) if mask.dtype == bool else scores + mask[i]
        p = np.exp(scores - scores.max())
        y[i] = p @ v / p.sum()
    return y


def derivatives(f, inputs, cotangent):
    """Return the value and the gradients."""
    leaves = [leaf(x, dtype=x.dtype) for x in inputs]
    y = f(*leaves)
    y.backward(cotangent)
    return [y.data, *(x.grad for x in leaves)]


# ---- values -------------------------------------------------------------------------------------

MASKS = {
    "none": None,
    "boolean": np.tri(T, S, 1, dtype=bool),
    "float": RNG.normal(size=(T, S)),
}


@pytest.mark.parametrize("kind", MASKS)
def test_attention_is_the_weighted_average_of_values(kind):
    q, k, v = arrays()
    expected = by_hand(q, k, v, MASKS[kind])
    np.testing.assert_allclose(attention(q, k, v, MASKS[kind]), expected, rtol=1e-13)
    np.testing.assert_allclose(attention.unfused(q, k, v, MASKS[kind]), expected, rtol=1e-13)


@pytest.mark.parametrize("queries", [3, 5, 8])
def test_causal_attention_sees_no_later_key(queries):
    q, k, v = arrays(queries=queries)
    y = attention(q, k, v, is_causal=True)
    np.testing.assert_array_equal(y, attention(q, k, v, np.tri(queries, S, dtype=bool)))
    k[2:], v[2:] = np.nan, 7  # a change of later keys does not reach the first two queries
    np.testing.assert_array_equal(y[:1], v[:1] * np.ones_like(y[:1]))
    np.testing.assert_allclose(y[1], attention(q, k[:2], v[:2])[1], rtol=1e-14)


def test_large_scores_do_not_overflow():
    q, k, v = arrays(B, H)
    inputs, cotangent = (1e4 * q, k, v), RNG.normal(size=(B, H, T, E))
    found, expected = (derivatives(f, inputs, cotangent) for f in (attention, attention.unfused))
    for a, b, scale in zip(found, expected, (1, 1, 1e4, 1)):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14 * scale)


def test_query_without_keys_has_a_row_of_nan():
    q, k, v = arrays()
    mask = np.ones((T, S), bool)
    mask[2] = False
    with np.errstate(invalid="ignore"):
        y = attention(q, k, v, mask)
    assert np.isnan(y).all(axis=1).tolist() == [False, False, True, False]
    np.testing.assert_allclose(y[:2], attention(q[:2], k, v), rtol=1e-14)


def test_masked_nan_of_large_scores_is_not_seen():
    q, k, v = arrays(16, 4, queries=16, keys=16)
    mask = np.tri(16, dtype=bool)
    expected = attention(q, k, v, mask)[..., :15, :]
    k[..., 15, :] = np.nan
    np.testing.assert_allclose(attention(q, k, v, mask)[..., :15, :], expected, atol=1e-14)


# ---- derivatives --------------------------------------------------------------------------------

LEADS = {
    "none": ((), (), ()),
    "heads": ((B, H), (B, H), (B, H)),
    "shared keys": ((B, H), (B, 1), (B, 1)),
    "shared queries": ((), (B, H), (H,)),
    "more values": ((1,), (1,), (B,)),
}


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("leads", few(LEADS, 2))
def test_attention_passes_gradcheck(leads, kind):
    q, k, v = (arrays(*lead, queries=2, keys=3, d=2)[i] for i, lead in enumerate(LEADS[leads]))
    mask = None if MASKS[kind] is None else MASKS[kind][:2, :3]
    rest = (mask,) if kind == "float" else ()  # its gradient is checked too
    assert ag.gradcheck(lambda q, k, v, m=mask: attention(q, k, v, m), q, k, v, *rest, order=2)


@pytest.mark.parametrize("shape", [(T, S), (H, 1, S), (1, 1), (S,), (B, 1, T, 1), ()])
def test_gradient_of_a_bias_has_its_shape(shape):
    inputs, cotangent = [*arrays(B, H), RNG.normal(size=shape)], RNG.normal(size=(B, H, T, E))
    found, expected = (derivatives(f, inputs, cotangent) for f in (attention, attention.unfused))
    assert found[-1].shape == shape
    np.testing.assert_allclose(found[-1], expected[-1], atol=1e-14)


@pytest.mark.parametrize("options", [{}, {"is_causal": True}])
@pytest.mark.parametrize("dtype", ["f", "d"])
def test_node_and_graph_agree(options, dtype):
    report = ag.check_fused(attention, *arrays(B, H, dtype=dtype), strict=True, **options)
    assert (report.records, report.graph_records) == (1, 9 if options else 8)


@examples(40)
@given(
    st.lists(st.integers(1, 3), max_size=2), st.integers(0, 9), st.integers(1, 9),
    st.integers(1, 5), st.sampled_from("efd"), st.booleans(), st.booleans(),
)  # fmt: skip
def test_any_shape_dtype_and_layout(lead, queries, keys, d, dtype, causal, strided):
    inputs = arrays(*lead, queries=queries, keys=keys, d=d, dtype=dtype)
    cotangent = RNG.normal(size=(*lead, queries, E)).astype(dtype)
    wide = [x.astype(float) for x in inputs]
    if strided:
        inputs = [np.stack([x, x], axis=-1)[..., 0].swapaxes(-1, -2).copy("K").swapaxes(-1, -2)
                  for x in inputs]  # fmt: skip
    found = derivatives(lambda *xs: attention(*xs, is_causal=causal), inputs, cotangent)
    expected = derivatives(
        lambda *xs: attention.unfused(*xs, is_causal=causal), wide, cotangent.astype(float)
    )
    for a, b in zip(found, expected):
        assert a.dtype == dtype
        scale = 1 + np.abs(b).max(initial=0)
        np.testing.assert_allclose(a, b, rtol=0, atol=8 * np.finfo(dtype).eps * scale)


def test_mask_array_widens_nothing_and_a_tensor_keeps_its_dtype():
    q, k, v = arrays(dtype=np.float32)
    assert attention(q, k, v, MASKS["float"]).dtype == np.float32
    bias = leaf(MASKS["float"])
    attention(q, k, v, bias).sum().backward()
    assert bias.grad.dtype == np.float64


def test_constant_arguments_get_no_gradient():
    q, k, v = arrays()
    x = leaf(k)
    attention(q, x, v).sum().backward()
    np.testing.assert_allclose(x.grad, derivatives(attention, (q, k, v), np.ones((T, E)))[2])


# ---- compared with PyTorch ----------------------------------------------------------------------


@pytest.mark.peers
@pytest.mark.parametrize("kind", [*MASKS, "causal"])
@pytest.mark.parametrize("leads", ["none", "heads", "shared keys"])
def test_attention_agrees_with_pytorch(leads, kind):
    torch = pytest.importorskip("torch")
    inputs = [arrays(*lead)[i] for i, lead in enumerate(LEADS[leads])]
    mask, cotangent = MASKS.get(kind), RNG.normal(size=(*LEADS[leads][0], T, E))
    found = derivatives(
        lambda *xs: attention(*xs, mask=mask, is_causal=kind == "causal"), inputs, cotangent
    )
    theirs = [torch.tensor(x, requires_grad=True) for x in inputs]
    y = torch.nn.functional.scaled_dot_product_attention(
        *theirs, attn_mask=None if mask is None else torch.tensor(mask), is_causal=kind == "causal"
    )
    y.backward(torch.tensor(cotangent))
    for a, b in zip(found, [y.detach(), *(x.grad for x in theirs)]):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-10, atol=1e-13)


# ---- compiled -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [3, 16])
@pytest.mark.parametrize("dtype", ["f", "d"])
@pytest.mark.parametrize("kind", ["none", "boolean", "float", "causal"])
def test_program_gives_the_bits_of_the_eager_call(kind, dtype, size):
    q, k, v = arrays(4, 2, queries=size, keys=size, dtype=dtype)
    rest = {"boolean": [np.tri(size, dtype=bool)], "float": [RNG.normal(size=(size, size))]}

    def step(q, k, v, *rest):
        y, pullback = ag.vjp(
            lambda *xs: (attention(*xs, is_causal=kind == "causal") ** 2).sum(), q, k, v, *rest
        )
        return y, pullback(1.0)

    arguments = (q, k, v) if kind != "float" else (q, k, v, *rest["float"])
    if kind == "boolean":
        step = _with_mask(rest["boolean"][0])
    for a, b in zip(_flat(step(*arguments)), _flat(ag.compile(step)(*arguments)), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def _with_mask(mask):
    return ag.grad(lambda q, k, v: (attention(q, k, v, mask) ** 2).sum(), argnums=(0, 1, 2))


def _flat(tree):
    if isinstance(tree, (tuple, list)):
        return [x for part in tree for x in _flat(part)]
    return [np.asarray(tree)]


def test_formulas_are_those_of_a_textbook():
    q, k, v = (leaf(x, name) for x, name in zip(arrays(), "QKV"))
    lines = ag.latex(attention(q, k, v, is_causal=True).sum()).text.splitlines()
    assert "P = softmax(Q @ Kᵀ / sqrt(d) + M)" in lines
    assert "v3 = P @ V" in lines
    assert any("dS = P · (dP - sum(P · dP" in line for line in lines)
    assert lines[-1].endswith("= dS @ K / sqrt(d)")


# ---- errors -------------------------------------------------------------------------------------

Q, K, V = arrays(B, H)
REFUSED = {
    "features": ((Q[..., :3], K, V), ValueError, "query has 3 entries, but a key has 6"),
    "values": ((Q, K, V[..., 1:, :]), ValueError, "5 keys, but 4 values"),
    "lead": ((Q, K[:, :2], V), ValueError, "leading axes"),
    "lead of values": ((Q, K, V[:, :2]), ValueError, "leading axes"),
    "vector": ((Q[0, 0, 0], K, V), ValueError, r"pass q\[None\]"),
    "text": ((Q, "a", V), TypeError, "k is .* real numbers"),
    "int mask": ((Q, K, V, np.ones((T, S), int)), TypeError, r"mask\.astype\(bool\)"),
    "mask shape": ((Q, K, V, np.ones((T, T), bool)), ValueError, r"\(2, 3, 4, 5\)"),
    "mask axes": ((Q, K, V, np.ones((4, B, H, T, S))), ValueError, r"\(2, 3, 4, 5\)"),
    "both": ((Q, K, V, np.ones((T, S), bool), True), ValueError, "both mask and is_causal"),
    "is_causal as mask": ((Q, K, V, True), ValueError, "entry for each query and.*is_causal=True"),
    "PyTorch's dropout_p": ((Q, K, V, None, 0.1), TypeError, r"is_causal must be .*ag\.dropout"),
    "text as is_causal": ((Q, K, V, None, "yes"), TypeError, "is_causal must be True or False"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_arguments_name_themselves(name):
    arguments, error, message = REFUSED[name]
    with pytest.raises(error, match=f"scaled_dot_product_attention: .*{message}"):
        attention(*arguments)


def test_pytorchs_name_of_the_mask_is_answered():
    with pytest.raises(TypeError, match="mask="):
        attention(Q, K, V, attn_mask=None)
