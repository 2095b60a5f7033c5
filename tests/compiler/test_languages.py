"""The text of programs for jax and PyTorch. test_libraries.py runs them."""

from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compiler.source.operation import UnknownOperation
from tests.cases import leaf

ONE_LAYER = '''\
import torch


def program(w, b, x):
    """The result, and its derivatives with respect to w, b."""
    # forward
    h = torch.tanh(x @ w + b)  # (4, 2)
    loss = torch.sum(h ** 2)  # scalar

    # backward
    d_v3 = 2 * h * (1 - h * h)  # ∂loss/∂v3
    d_b = torch.sum(d_v3, dim=0)  # ∂loss/∂b
    d_w = x.T @ d_v3  # ∂loss/∂w

    return loss, d_w, d_b'''


def text_of(y, language):
    return str.__str__(ag.source(y, language=language))


def test_program_of_a_layer_reads_like_pytorch():
    x, w, b = np.ones((4, 3)), leaf(np.ones((3, 2)), "w"), leaf(np.zeros(2), "b")
    h = np.tanh(x @ w + b)
    loss = np.sum(h**2)
    text = ag.source(loss, locals(), language="torch")
    assert text == ONE_LAYER
    assert loss.tape().source(locals(), language="torch") == ONE_LAYER
    assert [*text.arguments] == ["w", "b", "x"]


MATRIX = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("f", "torch", "jax"),
    [
        (lambda x: x.sum(0, keepdims=True), "torch.sum(x, dim=0, keepdim=True)",
         "jnp.sum(x, axis=0, keepdims=True)"),
        (lambda x: x.max(axis=(0, 1)), "torch.amax(x, dim=(0, 1))", "jnp.max(x, axis=(0, 1))"),
        (lambda x: x.prod(axis=(0, 1)), "torch.prod(torch.prod(x, dim=1), dim=0)",
         "jnp.prod(x, axis=(0, 1))"),
        (lambda x: np.sum(x, axis=()), "x", "jnp.sum(x, axis=())"),
        (lambda x: np.maximum(x, 0.5), "torch.clamp(x, min=0.5)", "jnp.maximum(x, 0.5)"),
        (lambda x: np.arctan2(x, 0.5), "torch.atan2(x, torch.tensor(0.5, dtype=torch.float64))",
         "jnp.arctan2(x, 0.5)"),
        (lambda x: x[::-1, 0], "torch.flip(x, [0])[:, 0]", "x[::-1, 0]"),
        (lambda x: x[[1, 0]], "x[torch.tensor([1, 0])]", "x[jnp.array([1, 0])]"),
        (lambda x: x[None, 1], "x[None, 1]", "x[None, 1]"),
        (lambda x: np.transpose(np.stack([x, x]), (2, 0, 1)),
         "torch.stack((x, x), dim=0).permute(2, 0, 1)",
         "jnp.transpose(jnp.stack((x, x)), (2, 0, 1))"),
        (lambda x: np.concatenate([x, x]), "torch.cat((x, x), dim=0)", "jnp.concatenate((x, x)"),
        (lambda x: np.sort(x, axis=0), "torch.sort(x, dim=0).values", "jnp.sort(x, axis=0)"),
        (lambda x: x.astype("f"), "x.to(torch.float32)", "x.astype(jnp.float32)"),
        (lambda x: np.roll(x, 1, axis=1), "torch.roll(x, 1, dims=1)", "jnp.roll(x, 1, axis=1)"),
    ],
)  # fmt: skip
def test_call_is_written_in_the_names_of_the_library(f, torch, jax):
    y = f(leaf(MATRIX, "x"))
    assert f" {torch}" in text_of(y, "torch")
    assert f" {jax}" in text_of(y, "jax")


def test_gradient_of_an_index_is_added_to_zeros():
    y = np.sum(leaf(MATRIX, "x")[1:, ::2] ** 2)
    assert "jnp.zeros((2, 3), jnp.float64).at[1:, ::2].add(" in text_of(y, "jax")
    text = text_of(y, "torch")
    assert "def scatter(x, index, shape):" in text
    assert "(slice(1, None), slice(None, None, 2)), (2, 3))" in text


@pytest.mark.parametrize(
    ("dtypes", "casts"), [("fi", 2), ("fd", 0), ("di", 0), ("d?", 0), ("f?", 0)]
)
@pytest.mark.parametrize(("language", "name"), [("torch", "torch"), ("jax", "jnp")])
def test_operands_are_cast_where_libraries_disagree(dtypes, casts, language, name):
    """An array of int32 times one of float32 is float64 in NumPy only."""
    one, other = (np.ones(3, dtype) for dtype in dtypes)
    text = text_of(leaf(one, "x", dtype=one.dtype) * other, language)
    forward = text[text.index("# forward") : text.index("# backward")]
    assert forward.count(f"({name}.float64)") == casts


def test_array_without_axes_decides_on_the_dtype():
    y = leaf(np.ones(3, "f"), "x", dtype="f") * leaf(2.0, "s")
    assert "x.to(torch.float64) * s" in ag.source(y, language="torch")


def test_jax_computes_in_float64_if_the_tape_does():
    line = 'jax.config.update("jax_enable_x64", True)'
    assert line in ag.source(leaf(MATRIX).sum(), language="jax")
    single = ag.source(leaf(MATRIX, dtype="f").sum(), language="jax")
    assert single.startswith("import jax.numpy as jnp\n\n\ndef program(")


def test_source_in_an_unknown_language_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'numpy', .*'jax', 'torch', 'c', got 'fortran'"):
        ag.source(leaf(1.0) * 2, language="fortran")


@pytest.mark.parametrize(
    ("language", "f", "name"),
    [
        ("torch", np.unwrap, r"PyTorch .* np\.unwrap"),
        ("torch", lambda x: np.partition(x, 1), r"PyTorch .* np\.partition"),
        ("javascript", np.linalg.pinv, r"JavaScript .* np\.linalg\.pinv"),
        ("c", np.linalg.pinv, r"C .* np\.linalg\.pinv"),
        ("c", lambda x: np.exp(x[:0]), r"C .* np\.exp, because .* is empty"),
        ("jax", ag.primitive(lambda x: x.view(), lambda g, y, x: g), r"JAX .*"),
        ("torch", lambda x: x.astype(np.longdouble), r"PyTorch .* longdouble|float128"),
        ("javascript", lambda x: x.astype("e"), r"JavaScript has no float16 arrays, as in astype"),
        ("c", lambda x: x.astype("e"), "C .* compute astype, because C has no type for float16"),
    ],
)
def test_unknown_operation_is_named_with_the_remedy(language, f, name):
    y = f(leaf(MATRIX))
    with pytest.raises(UnknownOperation, match=f"source: .*{name}.*language='numpy'"):
        ag.source(y, language=language)


def test_guide_shows_these_programs():
    guide = (Path(ag.__file__).parents[1] / "docs/guides/other_languages.md").read_text("utf-8")
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, -0.5])
    weights = leaf([0.1, -0.2], "weights")
    h = np.tanh(x @ weights)
    loss = np.mean((h - y) ** 2)
    for language in ("numpy", "torch", "jax", "javascript", "c"):
        text = str.__str__(ag.source(loss, locals(), language=language))
        text = text if language != "c" else text[text.index("int main(") :]
        text = text.replace(" ** ", "**")  # as the formatter of the guide writes it
        assert f"\n{text}\n```" in guide, language


def test_leaf_whose_layout_is_not_compact_is_an_argument():
    x = leaf(np.ones((2, 1, 3)).swapaxes(1, 2), "x")
    x._array = np.ones((2, 1, 3)).swapaxes(1, 2)
    assert list(ag.source(np.sum(x)).arguments) == ["x"]
