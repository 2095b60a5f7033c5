"""clip_grad_norm_: one factor for all gradients, as in PyTorch."""

import math

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import optim
from tests.device_array import DeviceArray, asdevice


def leaves(*grads, dtype=np.float64):
    found = []
    for g in grads:
        shape = np.shape(g) if g is not None else ()
        p = ag.tensor(np.zeros(shape), dtype=dtype, requires_grad=True)
        p.grad = g
        found.append(p)
    return found


def test_clip_scales_all_gradients_by_one_factor():
    v, w = leaves([3.0, 0.0], 4.0)
    assert optim.clip_grad_norm_([v, w], 1.0) == 5.0
    np.testing.assert_allclose(v.grad, [0.6, 0.0], rtol=1e-6)
    np.testing.assert_allclose(w.grad, 0.8, rtol=1e-6)


@pytest.mark.parametrize("max_norm", [5.1, math.inf, np.float64(6.0)])
def test_clip_keeps_small_gradients_bit_for_bit(max_norm):
    v, w = leaves([3.0, 0.1], 4.0)
    before = v.grad.copy()
    optim.clip_grad_norm_([v, w], max_norm)
    np.testing.assert_array_equal(v.grad, before)
    assert w.grad == 4.0


def test_clip_to_zero_sets_gradients_to_zero():
    (v,) = leaves([3.0, 4.0])
    assert optim.clip_grad_norm_([v], 0) == 5.0
    assert not v.grad.any()


def test_clip_skips_parameters_without_a_gradient():
    v, w = leaves([3.0, 4.0], None)
    assert optim.clip_grad_norm_((p for p in (v, w)), 1.0) == 5.0
    assert w.grad is None
    assert optim.clip_grad_norm_([w], 1.0) == 0


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_clip_keeps_dtype_and_shape_of_gradients(dtype, shape):
    v, w = leaves(np.full(shape, 300.0), [400.0], dtype=dtype)
    norm = optim.clip_grad_norm_([v, w], np.float64(10.0))
    n = v.grad.size
    np.testing.assert_allclose(norm, np.sqrt(9e4 * n + 16e4), rtol=1e-3)  # 400² is inf in float16
    for p in (v, w):
        assert type(p.grad) is np.ndarray
        assert (p.grad.dtype, p.grad.shape) == (dtype, p.shape)
    np.testing.assert_allclose(w.grad, [4000 / norm], rtol=2e-3)


def test_clip_of_mixed_dtypes_keeps_each():
    (v,), (w,) = leaves([3.0], dtype=np.float32), leaves([4.0])
    assert optim.clip_grad_norm_([v, w], 1.0) == 5.0
    assert (v.grad.dtype, w.grad.dtype) == (np.float32, np.float64)


def test_clip_does_not_write_into_arrays_that_a_user_holds():
    (v,) = leaves([3.0, 4.0])
    held = v.grad
    optim.clip_grad_norm_([v], 1.0)
    assert held.tolist() == [3.0, 4.0]


def test_clip_of_device_arrays_copies_nothing_to_the_host():
    v = ag.tensor(asdevice(np.zeros(2)), requires_grad=True)
    (v * asdevice(np.array([3.0, 4.0]))).sum().backward()
    before = DeviceArray.transfers
    norm = optim.clip_grad_norm_([v], 1.0)
    assert DeviceArray.transfers == before
    assert norm.item() == 5.0
    np.testing.assert_allclose(v.grad.get(), [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize(
    ("grads", "norm", "expected"),
    [
        (([1.0, np.nan], 2.0), np.nan, ([np.nan, np.nan], np.nan)),
        (([1.0, np.inf], 2.0), np.inf, ([0.0, np.nan], 0.0)),
    ],
)
def test_clip_of_a_nonfinite_norm_does_as_its_notes_say(grads, norm, expected):
    parameters = leaves(*grads)
    found = optim.clip_grad_norm_(parameters, 1.0)
    np.testing.assert_array_equal(found, norm)
    for p, g in zip(parameters, expected):
        np.testing.assert_array_equal(p.grad, g)


@pytest.mark.peers
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bad", [1.0, np.inf, np.nan, 1e-9])
def test_clip_agrees_with_pytorch(dtype, bad):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    grads = [rng.normal(size=(3, 4)).astype(dtype), np.array([bad, 1e-9], dtype)]
    for max_norm in (0.5, 100.0, 0.0):
        ours = leaves(*grads, dtype=dtype)
        theirs = [torch.zeros(g.shape, dtype=getattr(torch, g.dtype.name)) for g in grads]
        for q, g in zip(theirs, grads):
            q.grad = torch.tensor(g)
        norm = optim.clip_grad_norm_(ours, max_norm)
        their_norm = torch.nn.utils.clip_grad_norm_(theirs, max_norm)
        np.testing.assert_allclose(norm, their_norm, rtol=1e-6)
        for p, q in zip(ours, theirs):
            np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ((leaves(1.0)[0], 1.0), TypeError, "must be a list of tensors.*parameters()"),
        (([np.ones(2)], 1.0), TypeError, "parameter 0 must be a Tensor"),
        (([], 1.0), ValueError, "the list is empty"),
        ((leaves(1.0), -1.0), ValueError, "max_norm must be at least 0, got -1.0"),
        ((leaves(1.0), math.nan), ValueError, "max_norm must be at least 0, got nan"),
        ((leaves(1.0), "1"), TypeError, "max_norm must be a number, got '1'"),
        (([leaves(1.0)[0] * 2], 1.0), ValueError, "the result of mul, not a leaf"),
    ],
)
def test_clip_with_bad_arguments_raises(arguments, kind, text):
    with pytest.raises(kind, match=text):
        optim.clip_grad_norm_(*arguments)


def test_clip_that_fails_changes_no_gradient():
    v, w = leaves([3.0], [4.0])
    with pytest.raises(TypeError, match="parameter 2"):
        optim.clip_grad_norm_([v, w, 3], 1.0)
    assert (v.grad, w.grad) == (3.0, 4.0)
