"""Softmax cross-entropy: a test for each equation, and for the fused node against its graph."""

import re

import mpmath
import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.arrays import unwrap
from autograd_mini.core.backward import unbroadcast
from autograd_mini.core.fused import FUSED
from autograd_mini.functional import cross_entropy_rows
from tests.budget import each
from tests.cases import (
    BATCH,
    FUSED_CASES,
    INDICES,
    ONE_HOT,
    WEIGHTS,
    C,
    N,
    P,
    Z,
    differentiated,
    leaf,
)


def by_hand(z, y):
    """Compute the loss as a user writes it: exp, sum, div, log, mul, sum, neg."""
    p = np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True)
    return -np.sum(y * np.log(p)) / (z.size // z.shape[-1])


def jacobian(f, z):
    """Return the rows ∂f_o/∂z, each by one backward sweep."""
    x = leaf(z)
    y = f(x)
    rows = []
    for o in range(y.size):
        x.zero_grad()
        y.backward(np.eye(y.size)[o])
        rows.append(x.grad)
    return np.array(rows)


# ---- the equations, line by line ----------------------------------------------------------------


def test_softmax_is_exp_over_the_sum_of_exp():
    np.testing.assert_allclose(ag.softmax(leaf(Z)).data, np.exp(Z) / np.exp(Z).sum(), rtol=1e-15)


def test_loss_is_the_mean_of_minus_y_ln_p():
    expected = -(WEIGHTS * np.log(P)).sum() / N
    for loss in (ag.cross_entropy, ag.softmax_cross_entropy, by_hand):
        np.testing.assert_allclose(loss(leaf(BATCH), WEIGHTS).item(), expected, rtol=1e-14)


def test_softmax_jacobian_on_the_diagonal_is_p_times_1_minus_p():
    p = np.exp(Z) / np.exp(Z).sum()
    np.testing.assert_allclose(np.diag(jacobian(ag.softmax, Z)), p * (1 - p), rtol=1e-13)


def test_softmax_jacobian_off_the_diagonal_is_minus_p_p():
    p = np.exp(Z) / np.exp(Z).sum()
    found = jacobian(ag.softmax, Z)
    for o in range(len(Z)):
        for i in range(len(Z)):
            if i != o:
                np.testing.assert_allclose(found[o, i], -p[o] * p[i], rtol=1e-13)


def test_gradient_to_p_is_minus_y_over_p():
    p = leaf(P[0])
    (-(WEIGHTS[0] * np.log(p)).sum()).backward()
    np.testing.assert_allclose(p.grad, -WEIGHTS[0] / P[0], rtol=1e-15)


LOSSES = [ag.cross_entropy, ag.softmax_cross_entropy, by_hand]


@pytest.mark.parametrize("loss", LOSSES)
def test_general_gradient_is_p_times_sum_of_y_minus_y(loss):
    z, y = leaf(BATCH[0]), WEIGHTS[0]
    loss(z, y).backward()
    np.testing.assert_allclose(z.grad, P[0] * y.sum() - y, rtol=1e-12, atol=1e-15)
    assert not np.allclose(z.grad, P[0] - y)  # which holds only where the targets sum to one


@pytest.mark.parametrize("loss", LOSSES)
def test_one_hot_gradient_is_p_minus_y(loss):
    z = leaf(BATCH[0])
    loss(z, ONE_HOT[0]).backward()
    np.testing.assert_allclose(z.grad, P[0] - ONE_HOT[0], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_batch_divides_by_n(loss):
    z = leaf(BATCH)
    loss(z, WEIGHTS).backward()
    expected = (P * WEIGHTS.sum(axis=1, keepdims=True) - WEIGHTS) / N
    np.testing.assert_allclose(z.grad, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("loss", [ag.cross_entropy, ag.softmax_cross_entropy])
def test_hessian_of_a_one_hot_row_is_diag_p_minus_p_p(loss):
    z = leaf(BATCH[0])
    first = ag.gradients(loss(z, ONE_HOT[0]), z)
    hessian = [ag.gradients(first[i], z).data for i in range(C)]
    np.testing.assert_allclose(hessian, np.diag(P[0]) - np.outer(P[0], P[0]), atol=1e-15)


# ---- every fused node against its unfused definition --------------------------------------------

EACH = [
    pytest.param(node, *case, id=f"{node.name}-{i}")
    for node in FUSED
    for i, case in enumerate(FUSED_CASES[node.name])
]
SLOW = pytest.mark.slow
every_fused_case = pytest.mark.parametrize(("node", "arrays", "kwargs"), EACH)


def in_dtype(tree, dtype):
    """Return the arguments with all floating arrays converted to `dtype`."""
    if isinstance(tree, dict):
        return {key: in_dtype(value, dtype) for key, value in tree.items()}
    if isinstance(tree, tuple):
        return tuple(in_dtype(value, dtype) for value in tree)
    return tree.astype(dtype) if getattr(tree, "dtype", None) == np.float64 else tree


@every_fused_case
def test_fused_equals_unfused(node, arrays, kwargs):
    for dtype in (np.float64, np.float32):
        for order in (1, 2):
            check_fused(node, arrays, kwargs, dtype, order)


def check_fused(node, arrays, kwargs, dtype, order):
    arrays, kwargs = in_dtype((arrays, kwargs), dtype)
    fused = differentiated(node, arrays, kwargs, order)
    unfused = differentiated(node.unfused, arrays, kwargs, order)
    tolerance = 50 * np.finfo(dtype).eps
    for a, b in zip(fused, unfused):
        assert a.dtype == b.dtype == dtype
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("node", "arrays", "kwargs"),
    [
        pytest.param(*case.values, id=case.id, marks=() if case.id.endswith("-0") else SLOW)
        for case in EACH
    ],
)
def test_fused_passes_gradcheck(node, arrays, kwargs):
    if np.asarray(arrays[0]).size > 50:
        arrays = [a[..., :6] if a.ndim > 1 else a for a in arrays]
    floating = [a for a in arrays if a.dtype.kind == "f"]

    def f(*xs):
        found = iter(xs)
        return node(*(next(found) if a.dtype.kind == "f" else a for a in arrays), **kwargs)

    assert ag.gradcheck(f, *floating, order=2)


@every_fused_case
def test_display_rule_computes_what_the_rule_computes(node, arrays, kwargs):
    y = node(*(leaf(a) if a.dtype.kind == "f" else a for a in arrays), **kwargs)
    g = np.linspace(0.5, 1.5, y.size).reshape(y.shape)
    args = [unwrap(a) for a in y.inputs]
    for rule, textbook, a in zip(node.vjps, node.display_rules, y.inputs):
        if rule is not None and textbook is not None and isinstance(a, ag.Tensor):
            expected, found = (
                unbroadcast(unwrap(f(g, y.data, *args, **kwargs)), y, a) for f in (rule, textbook)
            )
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@each([case.values for case in EACH if case.values[0].display_graph])
def test_display_graph_computes_what_the_node_computes(node, arrays, kwargs):
    found = unwrap(node.display_graph(*arrays, **kwargs))
    np.testing.assert_allclose(found, node(*arrays, **kwargs), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("node", [ag.mse_loss, ag.sigmoid_binary_cross_entropy])
def test_display_graph_divides_by_the_broadcast_size(node):
    row, rows = np.array([0.5, 2.0]), np.array([[0.0, 1.0], [0.25, 0.5], [1.0, 0.0]])
    np.testing.assert_allclose(unwrap(node.display_graph(row, rows)), node(row, rows), rtol=1e-12)


def test_fused_call_records_one_node():
    loss = ag.softmax_cross_entropy(leaf(BATCH), INDICES)
    assert loss.op is ag.SoftmaxCrossEntropy
    assert len(loss.tape()) == 2


# ---- where the unfused graph overflows: against 50 digits ---------------------------------------


def reference(z, y):
    """Return the loss and its gradient with 50 digits."""
    with mpmath.workdps(50):
        e = [mpmath.exp(mpmath.mpf(float(v))) for v in z]
        p = [v / mpmath.fsum(e) for v in e]
        loss = -mpmath.fsum(w * mpmath.log(q) for w, q in zip(y, p) if w)
        s = mpmath.fsum(map(float, y))
        return float(loss), np.array([float(q * s - w) for q, w in zip(p, y)])


HARD = {
    "1000, 0, -1000": [1000.0, 0.0, -1000.0],
    "±1e4": [1e4, -1e4, 0.0, 9999.0],
    "all 1e4": [1e4, 1e4, 1e4],
    "all -1e4": [-1e4, -1e4],
    "nearly tied": [1.0, 1.0 + 1e-12, 1.0 - 1e-12],
    "one class": [3.0],
}


@pytest.mark.parametrize("name", HARD)
def test_fused_is_exact_where_the_graph_overflows(name):
    logits = np.array(HARD[name])
    for t in range(len(logits)):
        y = np.eye(len(logits))[t]
        value, gradient = reference(logits, y)
        for targets in (t, y):
            z = leaf(logits)
            loss = ag.softmax_cross_entropy(z, targets)
            loss.backward()
            np.testing.assert_allclose(loss.item(), value, rtol=1e-15, atol=1e-15)
            np.testing.assert_allclose(z.grad, gradient, rtol=1e-15, atol=3e-16)


def test_unfused_graph_overflows():
    with np.errstate(all="ignore"):
        naive = by_hand(leaf([1000.0, 0.0, -1000.0]), np.array([0.0, 1.0, 0.0]))
        shifted = ag.cross_entropy(leaf([1000.0, 0.0, -1000.0]), 1)
    assert np.isnan(naive.item())
    assert shifted.item() == np.inf
    assert ag.softmax_cross_entropy(leaf([1000.0, 0.0, -1000.0]), 1).item() == 1000.0


def test_logsumexp_of_infinities():
    z = leaf([[-np.inf, -np.inf], [-np.inf, 1.0], [0.0, 0.0]])
    y = z.logsumexp(axis=1)
    np.testing.assert_allclose(y.data, [-np.inf, 1.0, np.log(2)])
    y.backward(np.ones(3))
    np.testing.assert_array_equal(z.grad, [[0, 0], [0, 1], [0.5, 0.5]])


def test_blocks_and_layouts_give_one_answer(monkeypatch):
    """The result does not depend on the block size or the memory layout."""
    answers = []
    for block, short in [(1, 0), (1, 99), (1 << 19, 0), (1 << 19, 99), (100, 99)]:
        monkeypatch.setattr(cross_entropy_rows, "_BLOCK_BYTES", block)
        monkeypatch.setattr(cross_entropy_rows, "_SHORT_ROW", short)
        for y in (INDICES, WEIGHTS):
            answers.append((y.ndim, differentiated(ag.softmax_cross_entropy, [BATCH, y], {}, 1)))
    for ndim, found in answers:
        first = next(other for n, other in answers if n == ndim)
        for a, b in zip(found, first):
            np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-16)


# ---- targets -----------------------------------------------------------------------------------


def test_index_one_hot_and_weight_targets_agree():
    z = leaf(BATCH)
    values = [
        ag.softmax_cross_entropy(z, y).item()
        for y in (
            INDICES,
            list(INDICES),
            ag.tensor(INDICES),
            INDICES.astype(np.uint8),
            ONE_HOT,
            ONE_HOT.astype(int),
            ONE_HOT.astype(bool),
            ag.tensor(ONE_HOT),
        )
    ]
    np.testing.assert_allclose(values, values[0], rtol=1e-15)


def test_gradient_to_targets_is_minus_ln_p_over_n():
    z, y = leaf(BATCH), leaf(WEIGHTS)
    ag.softmax_cross_entropy(z, y).backward()
    np.testing.assert_allclose(y.grad, -np.log(P) / N, rtol=1e-14)


def test_float32_logits_keep_dtype_for_any_targets():
    z = leaf(BATCH.astype(np.float32))
    for y in (INDICES, ONE_HOT, ONE_HOT.astype(int)):
        z.zero_grad()
        loss = ag.softmax_cross_entropy(z, y)
        loss.backward()
        assert loss.dtype == z.grad.dtype == np.float32


BAD = {
    "too large": ([[0.0, 1.0]], [2], IndexError, "from 0 to 1, got 2.*y - 1"),
    "negative": ([[0.0, 1.0]], [-1], IndexError, "from 0 to 1, .*ignore_index=-1"),
    "wrong shape": ([[0.0, 1.0]], [0, 1], ValueError, r"class index .* shape \(1,\)"),
    "wrong rank": ([[0.0, 1.0]], [[[0]]], ValueError, "class index .* shape"),
    "float indices": ([[0.0, 1.0]], [1.0], TypeError, r"integers.*y.astype\(int\).*shape \(1, 2\)"),
    "integers to broadcast": (
        [[0.0, 1.0]],
        [0, 1],
        ValueError,
        r"probabilities, in a float array of shape \(1, 2\)",
    ),
    "bool indices": ([[0.0, 1.0]], [True], TypeError, "Class indices must be integers"),
    "complex weights": ([[0.0, 1.0]], [[0.0, 1j]], TypeError, "integers.*floats"),
    "text": ([[0.0, 1.0]], ["cat"], TypeError, "integers.*floats"),
    "integer logits": ([[0, 1]], [0], TypeError, "Logits must have a float dtype"),
    "no classes": (np.zeros((3, 0)), np.zeros(3, int), ValueError, "at least one class"),
    "scalar logits": (1.0, 0, ValueError, "at least one class"),
}


@pytest.mark.parametrize("loss", [ag.cross_entropy, ag.softmax_cross_entropy])
@pytest.mark.parametrize("name", BAD)
def test_invalid_targets_raise(name, loss):
    logits, targets, error, message = BAD[name]
    logits = np.asarray(logits)
    z = ag.tensor(logits, requires_grad=logits.dtype.kind == "f", name="scores")
    with pytest.raises(error, match=message) as caught:
        loss(z, targets)
    assert "scores" in str(caught.value)
    assert loss.__name__ in str(caught.value)
    assert z.grad is None


@pytest.mark.parametrize("f", [ag.softmax, ag.softmax.unfused, ag.log_softmax])
def test_softmax_of_a_number_along_an_axis_raises(f):
    for x in (np.array(1.0), ag.tensor(1.0, requires_grad=True)):
        with pytest.raises(np.exceptions.AxisError, match="axis -1"):
            f(x)


@pytest.mark.parametrize("f", [ag.softmax, ag.log_softmax, ag.logsumexp])
@pytest.mark.parametrize(
    ("axis", "error", "words"),
    [
        (2, np.exceptions.AxisError, "axis 2 is out of bounds"),
        ((0, 2), np.exceptions.AxisError, "axis 2 is out of bounds"),
        (0.5, TypeError, "integer, got axis=0.5"),
        ("0", TypeError, "integer, got axis='0'"),
    ],
)
def test_axis_that_does_not_exist_names_only_the_call(f, axis, error, words):
    z = ag.tensor(BATCH, requires_grad=True, name="scores")
    with pytest.raises(error, match=words) as caught:
        f(z, axis=axis)
    assert str(caught.value).startswith(f"{f.name} of 'scores'")
    assert ": max of" not in str(caught.value)


@pytest.mark.parametrize(
    ("targets", "fix"),
    [
        ([1, 2, 3], "y - 1"),
        ([0, -1, 2], "ignore_index=-1"),
        ([0, 255, 2], "ignore_index=255"),
        ([0, 3, 2], "4 entries"),
    ],
)
def test_index_of_no_class_is_answered_with_its_fix(targets, fix):
    with pytest.raises(IndexError, match=re.escape(fix)) as caught:
        ag.softmax_cross_entropy(np.zeros((3, 3)), targets)
    assert ("count classes from 1" in str(caught.value)) == (fix == "y - 1")


@pytest.mark.parametrize(
    ("targets", "fix"),
    [
        ([[0], [1]], "y.reshape(2,)"),
        ([0.2, 0.8], "shape (2, 3)"),
        ([0, 1, 2], "shape (2,)"),
    ],
)
def test_targets_of_another_shape_are_answered_with_a_shape_that_fits(targets, fix):
    with pytest.raises((TypeError, ValueError), match=re.escape(fix)) as caught:
        ag.softmax_cross_entropy(np.zeros((2, 3)), np.array(targets))
    assert "None]" not in str(caught.value)  # a class axis of length 1 is not a distribution


def test_the_classes_of_a_loss_lie_along_one_axis():
    for loss in (ag.softmax_cross_entropy, ag.cross_entropy):
        with pytest.raises(TypeError, match=r"axis must be an integer.* got \(0, 1\)"):
            loss(BATCH, INDICES, axis=(0, 1))


@pytest.mark.parametrize("where", [None, True])
def test_logsumexp_of_no_entries_is_minus_infinity(where):
    for shape, axis, expected in (((0,), None, ()), ((3, 0), 1, (3,)), ((0, 2), (0, 1), ())):
        x = leaf(np.zeros(shape))
        y = ag.logsumexp(x, axis=axis, where=where)
        assert y.shape == expected
        assert (y.data == -np.inf).all()
        y.backward(np.ones(expected))
        assert x.grad.shape == shape
        (second,) = np.atleast_1d(ag.logsumexp(np.zeros(0, np.float32), keepdims=True))
        assert (second, second.dtype) == (-np.inf, np.float32)


@pytest.mark.parametrize("shape", [(32, 33), (3, 32, 33), (33,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_many_rows_leaves_out_classes(shape, dtype):
    """Many moderate logits are not shifted. A nan that is left out does not enter."""
    rng = np.random.default_rng(0)
    z, where = rng.normal(size=(32, 33)).astype(dtype), rng.uniform(size=shape) < 0.7
    expected = ag.softmax.unfused(z, where=where)
    assert expected.shape == np.broadcast_shapes(z.shape, shape)
    for kept in (where, where.tolist()):
        y = ag.softmax(z, where=kept)
        assert y.dtype == dtype
        np.testing.assert_allclose(y, expected, rtol=20 * np.finfo(dtype).eps)
    where[..., 5] = False
    expected = ag.softmax(z, where=where)
    z[:, 5] = np.nan
    np.testing.assert_allclose(ag.softmax(z, where=where), expected, rtol=20 * np.finfo(dtype).eps)
