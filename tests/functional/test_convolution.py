"""Convolution, compared with its definition, with PyTorch, and with its graph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini.functional.windows import windows_over
from autograd_mini.ops import convolution
from autograd_mini.ops.shaping import with_batch_last
from tests.budget import examples
from tests.cases import leaf
from tests.compiler.checks import check
from tests.windows import DEFINITIONS

RNG = np.random.default_rng(8)
X, W, B = RNG.normal(size=(2, 4, 6, 7)), RNG.normal(size=(6, 4, 3, 2)), RNG.normal(size=6)
OPTIONS = {
    "default": {},
    "stride": {"stride": (2, 3)},
    "padding": {"padding": (1, 2)},
    "dilation": {"dilation": (2, 1), "padding": 2},
    "groups": {"groups": 2, "padding": 1},
    "valid": {"padding": "valid", "dilation": 2},
    "same": {"padding": "same"},
    "same, dilated": {"padding": "same", "dilation": 2, "groups": 2},
    "all": {"stride": 2, "padding": 2, "dilation": 2, "groups": 2},
}


def arrays_for(options):
    """Return the input, the weight and the bias."""
    return X, W[:, : 4 // options.get("groups", 1)], B


@pytest.mark.parametrize("name", OPTIONS)
def test_conv2d_equals_its_graph(name):
    options = OPTIONS[name]
    for arrays in (arrays_for(options), (X[0], *arrays_for(options)[1:])):
        ours, graph = [list(map(leaf, arrays)) for _ in range(2)]
        y, z = ag.conv2d(*ours, **options), ag.conv2d.unfused(*graph, **options)
        np.testing.assert_allclose(y.data, z.data, atol=1e-13)
        cotangent = np.cos(np.arange(y.size)).reshape(y.shape)
        y.backward(cotangent)
        z.backward(cotangent)
        for a, b in zip(ours, graph):
            np.testing.assert_allclose(a.grad, b.grad, atol=1e-12)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("axes", [1, 2])
def test_convolutions_agree_with_pytorch(axes, name):
    torch = pytest.importorskip("torch")
    x, w, b = arrays_for(OPTIONS[name])
    options = OPTIONS[name]
    if axes == 1:
        x, w = x[:, :, 0], w[..., 0]
        options = {k: v[1] if isinstance(v, tuple) else v for k, v in options.items()}
    ours, theirs = [leaf(a) for a in (x, w, b)], [torch.tensor(a) for a in (x, w, b)]
    for t in theirs:
        t.requires_grad_()
    y = getattr(ag, f"conv{axes}d")(*ours, **options)
    z = getattr(torch.nn.functional, f"conv{axes}d")(*theirs, **options)
    np.testing.assert_allclose(y.data, z.detach().numpy(), atol=1e-12)
    (y**2).sum().backward()
    (z**2).sum().backward()
    for a, t in zip(ours, theirs):
        np.testing.assert_allclose(a.grad, t.grad.numpy(), atol=1e-11)


def test_convolution_passes_gradcheck_of_order_2():
    x, w, b = RNG.normal(size=(2, 2, 4)), RNG.normal(size=(2, 1, 2)), RNG.normal(size=2)
    options = {"stride": 2, "padding": 1, "groups": 2}
    ag.gradcheck(lambda *args: ag.conv1d(*args, **options), x, w, b, order=2)
    ag.gradcheck(lambda *args: ag.conv2d(*args, padding="same"), x[:, :, None], w[:, :, None]
                 .repeat(2, 1), b, order=2)  # fmt: skip


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("axes", [1, 2])
def test_convolution_of_a_large_batch_equals_its_parts(axes, name):
    """A batch of 12, 28 or 40 examples is arranged in memory in three ways."""
    options = OPTIONS[name]
    x, w, b = RNG.normal(size=(40, 4, 6, 7)), np.concatenate([W] * 6)[:32], np.ones(32)
    w = w[:, : 4 // options.get("groups", 1)]
    if axes == 1:
        x, w = x[:, :, 0], w[..., 0]
        options = {k: v[1] if isinstance(v, tuple) else v for k, v in options.items()}
    w, conv = leaf(w), getattr(ag, f"conv{axes}d")
    whole = conv(x, w, b, **options)
    parts = [conv(a, w, b, **options) for a in (x[:12], x[12:])]
    np.testing.assert_allclose(whole.data, np.concatenate(parts).data, atol=1e-13)
    cotangent = np.cos(np.arange(whole.size)).reshape(whole.shape)
    whole.backward(cotangent)
    of_whole, w.grad = w.grad, None
    np.concatenate(parts).backward(cotangent)
    np.testing.assert_allclose(of_whole, w.grad, atol=1e-12)


@pytest.mark.parametrize("lengths", [(0, 1), (1, 0), (0, 0)])
def test_gradients_of_an_empty_batch_have_the_right_shapes(lengths):
    x = ag.tensor(np.zeros((0, 2, *lengths)), requires_grad=True)
    w = ag.tensor(np.ones((2, 1, 2, 2)), requires_grad=True)
    ag.conv2d(x, w, padding=1, groups=2).sum().backward()
    assert x.grad.shape == x.shape
    assert not w.grad.any()


SMALL = st.integers(1, 3)


@examples(40)
@given(st.data())
def test_bilinear_functions_are_transposes_for_any_windows(data):
    """⟨g, conv(x, w)⟩ = ⟨conv_input(g, w), x⟩ = ⟨conv_weight(x, g), w⟩, in one block or many."""
    n, groups = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))
    kernel, stride, dilation = (tuple(data.draw(SMALL) for _ in range(n)) for _ in range(3))
    padding = tuple((data.draw(st.integers(0, 2)), data.draw(st.integers(0, 2))) for _ in range(n))
    lengths = tuple(
        max(data.draw(st.integers(0, 5)), d * (k - 1) + 1 - sum(p))
        for k, d, p in zip(kernel, dilation, padding)
    )
    channels, outputs = data.draw(SMALL), data.draw(SMALL)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = rng.normal(size=(data.draw(st.integers(0, 3)), channels * groups, *lengths))
    w = rng.normal(size=(outputs * groups, channels, *kernel))
    options = (stride, padding, dilation, groups)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolution, "_BLOCK", data.draw(st.sampled_from([1, 300, 2**19])))
        y = convolution.conv(x, w, *options)
        g = rng.normal(size=y.shape)
        for_x = convolution.conv_input(g, w, lengths, *options)
        for_w = convolution.conv_weight(x, g, kernel, *options)
    if len(x):
        np.testing.assert_allclose(y, DEFINITIONS["conv"](x, w, *options), atol=1e-12)
    assert (for_x.shape, for_w.shape) == (x.shape, w.shape)
    total = np.sum(g * y)
    np.testing.assert_allclose([np.sum(for_x * x), np.sum(for_w * w)], [total] * 2, atol=1e-10)


def test_conv2d_takes_all_arguments_by_name():
    x, w, b = map(leaf, (X, W, B))
    y = ag.conv2d(bias=b, input=x, weight=w, stride=2)
    np.testing.assert_array_equal(y.data, ag.conv2d(X, W, B, 2))
    y.sum().backward()
    assert all(t.grad.any() for t in (x, w, b))
    z = ag.conv2d(x, weight=w, groups=1)
    assert z.inputs == (x, w)
    assert ag.conv2d(x, w, None, 1).inputs[2] is None


@pytest.mark.parametrize("active", [0, 1, 2])
def test_conv2d_differentiates_a_single_argument(active):
    arrays = [X, W, B]
    every = [*map(leaf, arrays)]
    ag.conv2d(*every).sum().backward()
    arrays[active] = leaf(arrays[active])
    ag.conv2d(*arrays).sum().backward()
    np.testing.assert_array_equal(arrays[active].grad, every[active].grad)


@pytest.mark.parametrize(("dtype", "rtol"), [("e", 4e-3), ("f", 1e-5), ("d", 1e-12)])
def test_conv2d_keeps_the_dtype(dtype, rtol):
    x, w, b = (leaf(a.astype(dtype)) for a in (X, W, B))
    y = ag.conv2d(x, w, b, padding=1)
    y.backward(np.ones(y.shape))
    assert y.dtype == x.grad.dtype == w.grad.dtype == b.grad.dtype == dtype
    right = ag.conv2d(*(t.data.astype(float) for t in (x, w, b)), padding=1)
    np.testing.assert_allclose(y.data, right, rtol, rtol * np.abs(right).max())


@pytest.mark.parametrize("kind", ["uint8", "int64", "bool"])
def test_conv2d_of_integers_has_the_dtype_of_the_weight(kind):
    x, w = (10 * np.abs(X)).astype(kind), leaf(W.astype(np.float32))
    y = ag.conv2d(x, w)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y.data, ag.conv2d(x.astype(np.float32), w.data))
    y.sum().backward()
    assert w.grad.dtype == np.float32
    assert ag.conv2d(x, np.ones(W.shape, int)).dtype == np.float64


def test_conv2d_reads_any_memory_layout():
    right = ag.conv2d(X, W, B, padding=1)
    for turned in (np.asfortranarray, lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
                   lambda a: np.ascontiguousarray(a[::-1])[::-1]):  # fmt: skip
        x, w, b = leaf(turned(X)), leaf(turned(W)), turned(B)
        y = ag.conv2d(x, w, b, padding=1)
        np.testing.assert_allclose(y.data, right, rtol=1e-12, atol=1e-14)
        y.backward(turned(np.cos(np.arange(y.size)).reshape(y.shape)))
        plain = leaf(X)
        ag.conv2d(plain, W, B, padding=1).backward(np.cos(np.arange(y.size)).reshape(y.shape))
        np.testing.assert_allclose(x.grad, plain.grad, atol=1e-12)


def test_conv2d_of_no_examples_is_empty():
    x, w, b = leaf(X[:0]), leaf(W), leaf(B)
    y = ag.conv2d(x, w, b)
    assert y.shape == (0, 6, 4, 6)
    y.sum().backward()
    assert x.grad.shape == X[:0].shape
    assert not w.grad.any()
    assert not b.grad.any()
    assert ag.conv2d(np.ones((1, 4, 0, 2)), W, padding=(2, 0)).shape == (1, 6, 2, 1)
    np.testing.assert_array_equal(ag.conv2d(X[:, :0], W[:, :0], B)[1, :, 0, 0], B)


def test_conv2d_propagates_nan_to_the_windows_that_see_it():
    x = X.copy()
    x[0, 0, 0, 0] = np.nan
    y = ag.conv2d(x, W)
    assert np.isnan(y[0, :, 0, 0]).all()
    assert np.isnan(y).sum() == 6


def test_compiled_network_returns_the_bits_of_the_eager_call():
    def loss(w, v, b, x, t):
        h = ag.max_pool2d(ag.relu(ag.conv2d(x, w, bias=b, padding=1)), 2)
        h = ag.avg_pool2d(ag.conv2d(h, v, padding="same"), 3, stride=1, padding=1)
        return ag.softmax_cross_entropy(h.reshape(len(h), -1), t)

    w, v, b = W[:3, :1], W[:5, :3], B[:3]
    x, t = X[:, :1].astype(np.float32), np.array([0, 7])
    arrays = [a.astype(np.float32) for a in (w, v, b)]
    check(lambda *arrays: ag.value_and_grad(loss, argnums=(0, 1, 2))(*arrays, x, t), *arrays)


# ---- errors -------------------------------------------------------------------------------------

WRONG = {
    "channels": ((X, W[:, :3]), {}, ValueError, "takes 3 channels, but the input has 4"),
    "groups": ((X, W), {"groups": 2}, ValueError, r"each of 2 groups.*shape \(outputs, 2, "),
    "outputs": ((X, W[:5, :2]), {"groups": 2}, ValueError, "5 outputs cannot be divided"),
    "bias": ((X, W, B[:5]), {}, ValueError, r"must have the shape \(6,\).*got \(5,\)"),
    "kernel": ((X[..., :1], W), {}, ValueError, "window of length 2 .* has length 1"),
    "dilation": ((X, W), {"dilation": 9}, ValueError, "window of length 19"),
    "axes": ((X[0, 0], W), {}, ValueError, r"\(channels, height, width\), got \(6, 7\)"),
    "weight axes": ((X, W[0]), {}, ValueError, r"\(outputs, channels, height, width\)"),
    "no entries": ((X, W[..., :0]), {}, ValueError, "must have entries"),
    "stride": ((X, W), {"stride": 1.5}, TypeError, "integer.*1.5"),
    "no stride": ((X, W), {"stride": 0}, ValueError, "stride must be .* at least 1.*got 0"),
    "three": ((X, W), {"stride": (1, 2, 3)}, ValueError, r"got \(1, 2, 3\)"),
    "padding": ((X, W), {"padding": -1}, ValueError, "padding must be .* at least 0.*got -1"),
    "word": ((X, W), {"padding": "full"}, ValueError, '"valid" or "same".*got \'full\''),
    "same": ((X, W), {"padding": "same", "stride": 2}, ValueError, "needs stride 1"),
    "dtype": ((X, W.astype("f")), {}, TypeError, "input is float64, but the weight is float32"),
    "bias dtype": ((X, W, B.astype("f")), {}, TypeError, "bias is float32, but the weight is"),
    "option": ((X, W), {"kernel_size": 3}, TypeError, "has no argument 'kernel_size'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_conv2d_of_wrong_arguments_raises(name):
    arrays, options, kind, message = WRONG[name]
    w = leaf(arrays[1], "w") if arrays[1].dtype == float else arrays[1]
    for weight in (arrays[1], w):
        with pytest.raises(kind, match=message) as info:
            ag.conv2d(arrays[0], weight, *arrays[2:], **options)
        assert "conv2d" in str(info.value)
    with pytest.raises(kind):
        ag.compile(lambda *arrays: ag.conv2d(*arrays, **options))(*arrays)


def test_windows_over_counts_the_places():
    windows = windows_over(X, (3, 2), 2, 1, 2)
    assert windows == ((3, 2), (2, 2), ((1, 1), (1, 1)), (2, 2))
    assert windows.size == 6


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8])
@pytest.mark.parametrize(
    "shape", [(64, 16, 8, 8), (48, 1024), (3, 5, 7), (1, 4096), (0, 3), (3, 0)]
)
def test_copies_with_the_batch_last_have_the_same_entries(shape, dtype):
    x = RNG.integers(-9, 9, shape).astype(dtype)
    for each in (x, x[::-1], np.asfortranarray(x)):
        copy = with_batch_last(each)
        assert np.moveaxis(copy, 0, -1).flags.c_contiguous
        assert not np.shares_memory(copy, each)
        np.testing.assert_array_equal(copy, each)
