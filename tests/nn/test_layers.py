"""The layers: their sizes, states, modes, seeds, names, and errors."""

import io
import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from tests.nn.models import CLASSES, EXAMPLES, MODELS

RNG = np.random.default_rng(11)
ROWS = RNG.normal(size=(4, 6, 8))


def shaken(model):
    for p in model.parameters():
        nn.init.normal_(p, 0.3, 0.5, rng=RNG)
    return model


# ---- state and modes -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_state_can_be_saved_and_loaded(name):
    x, model = EXAMPLES[name], shaken(MODELS[name]())
    model(x)  # moves the running statistics
    file = io.BytesIO()
    np.savez(file, **model.state_dict())
    file.seek(0)
    other = MODELS[name]()
    other.load_state_dict(np.load(file))
    np.testing.assert_array_equal(other.eval()(x).data, model.eval()(x).data)


def test_running_statistics_are_buffers_and_follow_batches():
    layer = nn.BatchNorm1d(8, momentum=0.5)
    x = 3 + ROWS[:, 0]
    layer(x)
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]
    assert [*layer.state_dict()] == ["weight", "bias", "running_mean", "running_var"]
    np.testing.assert_allclose(layer.running_mean, 0.5 * x.mean(axis=0))
    np.testing.assert_allclose(layer.running_var, 0.5 + 0.5 * x.var(axis=0, ddof=1))
    before = layer.eval().state_dict()
    y = layer(x[:1])
    mean, var = layer.running_mean, layer.running_var
    np.testing.assert_allclose(y.data, (x[:1] - mean) / np.sqrt(var + 1e-5))
    assert all(np.array_equal(a, before[name]) for name, a in layer.state_dict().items())


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.BatchNorm1d(3), (1, 3)),
        (nn.BatchNorm1d(3), (1, 3, 5)),
        (nn.BatchNorm2d(3), (1, 3, 4, 4)),
    ],
)
def test_batch_norm_refuses_one_example_until_eval(layer, shape):
    before = layer.state_dict()
    with pytest.raises(ValueError, match=r"BatchNorm.*call model\.eval\(\)"):
        layer(np.ones(shape))
    assert all(np.array_equal(a, before[name]) for name, a in layer.state_dict().items())
    assert layer.eval()(np.ones(shape)).shape == shape


def test_dropout_follows_the_mode_and_its_generator():
    layer, x = nn.Dropout(0.25, rng=np.random.default_rng(3)), np.ones(4000)
    first, second = layer(x), layer(x)
    assert set(first) == {0.0, 1 / 0.75}
    assert abs((first == 0).mean() - 0.25) < 0.03
    assert not np.array_equal(first, second)
    assert np.array_equal(nn.Dropout(0.25, rng=3)(x), first)
    assert layer.eval()(x) is x
    assert not np.array_equal(nn.Dropout()(x), nn.Dropout()(x))


# ---- initial values ------------------------------------------------------------------------------

RANDOM = {
    "Embedding(5, 4": ROWS[:, :3, 0].astype(int) % 5,
    "Conv1d(6, 4, 3": ROWS,
    "Conv2d(4, 6, (2, 3)": ROWS[None],
    "MultiheadAttention(8, 4": ROWS,
    "TransformerBlock(8, 2, 0.1": ROWS,
}


@pytest.mark.parametrize("start", RANDOM)
def test_random_layer_repeats_itself_for_a_seed(start):
    def values(rng):
        layer = eval(f"nn.{start}, rng=rng)", {"nn": nn, "rng": rng})
        return [p.data for p in layer.parameters() if p.data.any()], layer(RANDOM[start])

    (a, y), (b, z), (c, _) = values(1), values(np.random.default_rng(1)), values(2)
    assert all(map(np.array_equal, a, b))
    assert np.array_equal(y, z)
    assert not any(np.array_equal(u, v) for u, v in zip(a, c) if u.std())
    assert len({u.tobytes() for u in a if u.std()}) == sum(u.std() > 0 for u in a)


@pytest.mark.parametrize("start", [*RANDOM, "BatchNorm1d(6", "LayerNorm(8", "RMSNorm(8"])
def test_layer_computes_in_its_dtype(start):
    layer = eval(f"nn.{start}, dtype=np.float32)")
    x = RANDOM.get(start, ROWS)
    y = layer(x if x.dtype.kind == "i" else x.astype(np.float32))
    y.sum().backward()
    assert y.dtype == np.float32
    assert {a.dtype for a in layer.state_dict().values()} == {np.dtype(np.float32)}
    assert all(p.grad.dtype == np.float32 for p in layer.parameters())


def test_initial_weights_are_the_same_on_every_machine():
    conv = [0.23722460113112098, -0.3987411083383735, -0.7950571785618099, -0.8373986993200457]
    row = [0.1257302210933933, -0.1321048632913019, 0.6404226504432821]
    weight = nn.Conv2d(1, 1, 2, rng=0).weight.data
    np.testing.assert_allclose(weight.ravel(), conv, rtol=1e-12)
    np.testing.assert_allclose(nn.Embedding(1, 3, rng=0).weight.data[0], row, rtol=1e-12)


# ---- embedding and attention ---------------------------------------------------------------------


def test_embedding_takes_rows_and_refuses_other_indices():
    layer = nn.Embedding(5, 3)
    assert np.array_equal(layer([[0, 4]]).data, layer.weight.data[[[0, 4]]])
    with pytest.raises(IndexError, match=r"index 5 at position \(1,\) is outside"):
        layer([0, 5])
    with pytest.raises(IndexError, match="index -1"):
        layer(-1)


def heads(x):
    """Divide rows of 8 features into 2 heads."""
    return x.reshape(*x.shape[:-1], 2, 4).swapaxes(-2, -3)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_attention_is_softmax_of_its_heads(dropout):
    layer = shaken(nn.MultiheadAttention(8, 2, dropout, rng=4))
    q, k, v = (heads(part(ROWS).data) for part in (layer.q, layer.k, layer.v))
    weights = ag.softmax(q @ k.swapaxes(-1, -2) / 2, where=np.tri(6, dtype=bool))
    rng = np.random.default_rng(4)
    for _ in range(4):  # the initial weights are drawn first
        rng.uniform(size=(8, 8))
    dropped = ag.dropout(weights, dropout, rng=rng) @ v
    for training, y in ((True, dropped), (False, weights @ v)):
        expected = layer.out(y.swapaxes(-2, -3).reshape(4, 6, 8))
        found = layer.train(training)(ROWS, is_causal=True)
        np.testing.assert_allclose(found.data, expected.data, rtol=1e-12)


def test_attention_masks_and_defaults_agree():
    layer, other = shaken(nn.MultiheadAttention(8, 2)), RNG.normal(size=(4, 3, 8))
    causal = layer(ROWS, is_causal=True).data
    np.testing.assert_allclose(layer(ROWS, mask=np.tri(6, dtype=bool)).data, causal)
    np.testing.assert_allclose(layer(ROWS[1], is_causal=True).data, causal[1])
    assert np.array_equal(layer(ROWS, other).data, layer(ROWS, other, other).data)
    keep = np.array([True, True, False])
    hidden = layer(ROWS, other, mask=np.broadcast_to(keep, (4, 1, 1, 3))).data
    np.testing.assert_allclose(hidden, layer(ROWS, other[:, :2]).data)


@pytest.mark.parametrize("is_causal", [False, True])
def test_attention_weights_give_the_output(is_causal):
    layer, x = shaken(nn.MultiheadAttention(8, 2)), RNG.normal(size=(4, 3, 8))
    weights = layer.weights(x, is_causal=is_causal)
    assert weights.shape == (4, 2, 3, 3)
    values = layer.v(x).reshape(4, 3, 2, 4).swapaxes(1, 2)
    output = layer.out((weights @ values).swapaxes(1, 2).reshape(4, 3, 8))
    np.testing.assert_allclose(output.data, layer(x, is_causal=is_causal).data, atol=1e-14)
    assert layer.weights(x, x[:, :2]).shape == (4, 2, 3, 2)


def test_causal_block_sees_no_later_position():
    block = shaken(nn.TransformerBlock(8, 2, is_causal=True))
    changed = ROWS.copy()
    changed[:, 4] += RNG.normal(size=8)
    before, after = block(ROWS).data, block(changed).data
    assert np.array_equal(before[:, :4], after[:, :4])
    assert (before[:, 4:] != after[:, 4:]).all()
    free = shaken(nn.TransformerBlock(8, 2))
    assert (free(ROWS).data != free(changed).data).all()
    np.testing.assert_allclose(
        block(ROWS).data[:, :3], block(ROWS[:, :3]).data, rtol=1e-12, atol=1e-14
    )


# ---- names ---------------------------------------------------------------------------------------


def test_layers_are_boxes_and_their_leaves_have_places():
    model = MODELS["gpt"]()
    tape = model(EXAMPLES["gpt"]).sum().tape()
    boxes = {".".join(s.name for s in node.scope[1:]) for node in tape if node.op}
    parts = {"norm1", "attention", "norm2", "mlp", "mlp.up", "mlp.down"}
    parts |= {f"attention.{name}" for name in ("q", "k", "v", "out")}
    parts = {f"block.{name}" for name in parts}
    assert boxes == {"", "wte", "wpe", "block", "norm", "head"} | parts
    names = {leaf.name for leaf in tape if leaf.is_leaf and leaf.requires_grad}
    assert names == {name for name, _ in model.named_parameters()}
    assert "block.attention.q.weight" in names


@pytest.mark.parametrize("name", MODELS)
def test_model_is_drawn_as_at_most_twelve_boxes(name):
    drawn = ag.draw(MODELS[name]()(EXAMPLES[name]).sum(), max_nodes=12)
    assert len(drawn.graph.cards) <= 12


def test_repr_shows_options_and_parts():
    assert repr(nn.Conv2d(1, 6, 5)) == "Conv2d(1, 6, kernel_size=(5, 5))"
    options = "Conv1d(2, 4, kernel_size=(3,), stride=2, padding='valid', groups=2)"
    assert repr(nn.Conv1d(2, 4, 3, 2, "valid", groups=2)) == options
    assert repr(nn.LayerNorm((2, 3))) == "LayerNorm(normalized_shape=(2, 3), eps=1e-05)"
    assert repr(nn.ReLU()) == "ReLU()"
    assert "q=Linear(8, 8)" in repr(nn.TransformerBlock(8, 2))


# ---- errors --------------------------------------------------------------------------------------

WRONG = {
    "nn.Embedding(0, 3)": "Embedding: num_embeddings must be at least 1, got 0",
    "nn.Embedding(3.0, 3)": "Embedding: num_embeddings must be an int, got 3.0",
    "nn.Conv2d(3, 4, 0)": "Conv2d: kernel_size",
    "nn.Conv2d(3, 4, 2.5)": "Conv2d: kernel_size must be an integer",
    "nn.Conv2d(3, 4, (2, 2, 2))": "Conv2d: kernel_size",
    "nn.Conv1d(3, 4, (2, 2))": "Conv1d: kernel_size",
    "nn.Conv1d(0, 4, 2)": "Conv1d: in_channels",
    "nn.Conv2d(3, 4, 2, stride=0)": "Conv2d: stride",
    "nn.Conv2d(3, 4, 2, padding=-1)": "Conv2d: padding",
    "nn.Conv2d(3, 4, 2, padding='full')": "Conv2d: padding",
    "nn.Conv2d(3, 4, 2, stride=2, padding='same')": "Conv2d: padding=",
    "nn.Conv2d(3, 4, 2, groups=2)": "in_channels=3 cannot be divided by groups=2",
    "nn.Conv2d(4, 3, 2, groups=2)": "out_channels=3 cannot be divided by groups=2",
    "nn.MaxPool2d(0)": "MaxPool2d: kernel_size",
    "nn.MaxPool2d(2, 0)": "MaxPool2d: stride",
    "nn.AvgPool2d(2, padding=2)": "AvgPool2d: padding must be at most half",
    "nn.Flatten(1.5)": "Flatten: start_dim",
    "nn.Flatten(3)(ROWS)": "Flatten of .* more than 3 axes",
    "nn.BatchNorm2d(0)": "BatchNorm2d: num_features",
    "nn.BatchNorm1d(3, momentum='a')": "BatchNorm1d: momentum must be a number",
    "nn.BatchNorm1d(3)(ROWS)": r"BatchNorm1d of .*\(4, 6, 8\): expected .*C = 3",
    "nn.BatchNorm2d(6)(ROWS)": r"BatchNorm2d of .*\(N, C, H, W\)",
    "nn.LayerNorm((3, 0))": "LayerNorm: normalized_shape must be at least 1",
    "nn.LayerNorm(())": "LayerNorm: normalized_shape is",
    "nn.LayerNorm(3)(ROWS)": "layer_norm of .*normalized_shape",
    "nn.RMSNorm((2, 3))": "RMSNorm: normalized_shape must be one int",
    "nn.RMSNorm(3)(ROWS)": "RMSNorm of .*rows of 3 entries",
    "nn.Dropout(1.5)": "Dropout: p must be a number from 0 to 1",
    "nn.Dropout('a')": "Dropout: p must be a number",
    "nn.MultiheadAttention(8, 3)": "embed_dim=8 cannot be divided by num_heads=3.*embed_dim=9",
    "nn.MultiheadAttention(8, 0)": "num_heads must be at least 1",
    "nn.MultiheadAttention(6, 2)(ROWS)": "embed_dim=6 features",
    "nn.MultiheadAttention(8, 2)(ROWS[0, 0])": r"expected the shape \(\.\.\., T, 8\)",
    "nn.MultiheadAttention(8, 2)(ROWS, mask=np.ones((5, 5), bool))": "mask",
    "nn.MultiheadAttention(8, 2)(ROWS, mask=True, is_causal=True)": "both mask and is_causal",
    "nn.TransformerBlock(0, 2)": "TransformerBlock: embed_dim",
    "nn.TransformerBlock(8, 3)": "TransformerBlock: embed_dim=8 cannot be divided",
    "nn.Conv2d(3, 4, 3)(np.ones((2, 1, 5, 5)))": "weight.*takes 3 channels, but the input has 1",
    "nn.Conv2d(1, 4, 6)(np.ones((2, 1, 5, 5)))": "does not fit into the padded input",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_sizes_are_explained(text):
    with pytest.raises((TypeError, ValueError)) as caught:
        eval(text)
    assert re.search(WRONG[text], str(caught.value))


def test_mlp_takes_an_activation_layer_with_the_weights_of_its_function():
    one, other = (nn.MLP([3, 4, 2], activation=f) for f in (ag.relu, nn.ReLU()))
    assert np.array_equal(one.parameters()[0].data, other.parameters()[0].data)
    x = ROWS[0, :, :3]
    assert np.array_equal(one(x).data, other(x).data)


@pytest.mark.parametrize("name", MODELS)
def test_empty_batch_gives_no_logits(name):
    assert MODELS[name]().eval()(EXAMPLES[name][:0]).shape == (0, CLASSES)
