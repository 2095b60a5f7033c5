"""Softmax cross-entropy, compared with PyTorch, JAX, and 50 digits of mpmath."""

import tracemalloc
from itertools import product

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from tests.budget import examples, times

RNG = np.random.default_rng(1)
LOSSES = [ag.softmax_cross_entropy, ag.cross_entropy]
N, C = 6, 5
LOGITS = RNG.normal(size=(N, C))
LABELS = np.array([0, 3, 3, 1, 4, 2])
PROBABILITIES = RNG.dirichlet(np.ones(C), N)
WEIGHT = np.array([0.5, 1.0, 2.0, 0.0, 1.5])
KEPT = np.array([[1, 1, 0, 1, 0], [0, 0, 0, 1, 0], [1, 1, 1, 1, 1]] * 2, bool)


def leaf(data):
    return ag.tensor(data, requires_grad=True)


def run(loss, logits, targets, **options):
    """Return the loss and its gradient."""
    z = leaf(logits)
    y = loss(z, targets, **options)
    y.backward(np.ones(y.shape))
    return y.numpy(), z.grad


# ---- compared with PyTorch and JAX --------------------------------------------------------------

OPTIONS = [
    {"weight": w, "ignore_index": i, "label_smoothing": e, "reduction": r}
    for w, i, e, r in product(
        (None, WEIGHT), (None, 3, -100), (0.0, 0.1, 1.0), ("mean", "sum", "none")
    )
]


@pytest.mark.peers
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["indices", "probabilities", "images"])
def test_every_option_agrees_with_pytorch(loss, kind):
    torch = pytest.importorskip("torch")
    for options in OPTIONS:
        logits, targets, axis = LOGITS, LABELS, -1
        if kind == "images":
            logits = RNG.normal(size=(2, C, 3, 2))
            targets, axis = RNG.integers(C, size=(2, 3, 2)), 1
        if kind == "probabilities":
            targets = PROBABILITIES
            if options["ignore_index"] is not None:
                continue
        if options["ignore_index"] == -100:
            targets = np.where(targets == 1, -100, targets)
        found = run(loss, logits, targets, axis=axis, **options)
        z = torch.tensor(logits, requires_grad=True)
        given = {k: v for k, v in options.items() if v is not None}
        if "weight" in given:
            given["weight"] = torch.tensor(WEIGHT)
        y = torch.nn.functional.cross_entropy(z, torch.tensor(targets), **given)
        y.sum().backward()
        np.testing.assert_allclose(found[0], y.detach().numpy(), rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(found[1], z.grad.numpy(), rtol=1e-12, atol=1e-15)


@pytest.mark.peers
@pytest.mark.parametrize("loss", LOSSES)
def test_where_leaves_classes_out_of_both_sums_as_in_jax(loss):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)

    def in_jax(z):
        log_p = jax.nn.log_softmax(z, where=KEPT)
        return -(PROBABILITIES * log_p).sum(axis=-1, where=KEPT).mean()

    value, gradient = jax.value_and_grad(in_jax)(LOGITS)
    found = run(loss, LOGITS, PROBABILITIES, where=KEPT)
    np.testing.assert_allclose(found[0], value, rtol=1e-14)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-12, atol=1e-16)


# ---- all options are transforms of y ------------------------------------------------------------


@pytest.mark.parametrize("where", [None, KEPT, KEPT[0]])
@pytest.mark.parametrize("loss", LOSSES)
def test_loss_of_indices_is_that_of_transformed_one_hot_rows(loss, where):
    """y → (1-ε) y + ε/C → w ⊙ y → 0 where left out; a row that is ignored is 0."""
    kept = np.broadcast_to(True if where is None else where, LOGITS.shape)
    y = 0.8 * np.eye(C)[LABELS] + 0.2 / kept.sum(axis=1, keepdims=True)
    y = np.where(kept & (LABELS != 4)[:, None], y * WEIGHT, 0)
    log_p = ag.log_softmax(LOGITS, where=where)
    expected = -np.where(y == 0, 0, y * np.where(kept, log_p, 0)).sum(axis=1)
    options = {"weight": WEIGHT, "label_smoothing": 0.2, "ignore_index": 4, "where": where}
    for reduction in ("none", "sum", "mean"):
        found, _ = run(loss, LOGITS, LABELS, reduction=reduction, **options)
        reduced = {
            "none": expected,
            "sum": expected.sum(),
            "mean": expected.sum() / WEIGHT[LABELS[LABELS != 4]].sum(),
        }
        np.testing.assert_allclose(found, reduced[reduction], rtol=1e-13, atol=1e-16)


def test_a_weighted_mean_has_two_denominators():
    by_index = ag.softmax_cross_entropy(LOGITS, LABELS, weight=WEIGHT)
    by_row = ag.softmax_cross_entropy(LOGITS, np.eye(C)[LABELS], weight=WEIGHT)
    np.testing.assert_allclose(by_index * WEIGHT[LABELS].sum(), by_row * N, rtol=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_loss_of_rows_that_do_not_count_is_0_with_gradient_0(loss, reduction):
    for logits, targets in ((LOGITS, np.full(N, 7)), (LOGITS[:0], LABELS[:0])):
        value, gradient = run(loss, logits, targets, ignore_index=7, reduction=reduction)
        assert value == 0
        np.testing.assert_array_equal(gradient, np.zeros_like(logits))
    assert run(loss, LOGITS[:0], LABELS[:0], reduction="none")[0].shape == (0,)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("targets", [LABELS, PROBABILITIES])
def test_row_without_any_class_has_loss_0_with_gradient_0(loss, reduction, targets):
    kept = KEPT.copy()
    kept[1] = False
    value, gradient = run(loss, LOGITS, targets, where=kept, reduction=reduction)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()
    assert not gradient[1].any()
    if reduction == "none":
        assert value[1] == 0


@pytest.mark.parametrize("targets", [LABELS, PROBABILITIES])
def test_a_weight_that_requires_a_gradient_gets_it(targets):
    def f(z, w):
        return ag.softmax_cross_entropy(z, targets, weight=w, label_smoothing=0.1)

    assert ag.gradcheck(f, LOGITS, WEIGHT, order=2)


def test_index_targets_with_options_are_never_made_dense():
    z = leaf(RNG.normal(size=(50, 1000)))
    t = RNG.integers(1000, size=50)
    w = RNG.uniform(size=1000)
    loss = ag.softmax_cross_entropy(z, t, weight=w, label_smoothing=0.1, ignore_index=0)
    largest = [
        a.size
        for record in loss.tape()
        for a in (*record.inputs, *record.kwargs.values())
        if a is not z and hasattr(a, "size")
    ]
    assert max(largest) == 1000


# ---- arrays that are not NumPy's ----------------------------------------------------------------


def test_symbols_give_the_closed_form():
    sympy = pytest.importorskip("sympy")
    z = np.array(sympy.symbols("z1:4", real=True), dtype=object)
    y = np.array(sympy.symbols("y1:4", real=True), dtype=object)
    p = np.array([sympy.exp(v) for v in z]) / sum(sympy.exp(v) for v in z)
    for loss in LOSSES:
        _, gradient = run(loss, z, y)
        for found, expected in zip(gradient, p * y.sum() - y):
            assert sympy.simplify(found - expected) == 0


def test_dask_arrays_stay_lazy():
    dask = pytest.importorskip("dask.array")
    for targets in (LABELS, PROBABILITIES):
        z = leaf(dask.from_array(LOGITS, chunks=(2, C)))
        loss = ag.softmax_cross_entropy(z, targets)
        loss.backward()
        value, gradient = run(ag.softmax_cross_entropy, LOGITS, targets)
        np.testing.assert_allclose(np.asarray(loss.data), value)
        np.testing.assert_allclose(np.asarray(z.grad), gradient, atol=1e-16)


# ---- where another library is wrong -------------------------------------------------------------


def test_tensorflows_test_data_has_the_true_derivative():
    """xent_op_test_base.py, testLabelsBroadcast: expected there is ŷ - y, whatever Σy is.

    Its labels [[0], [2], [0.25]] are broadcast over four classes: Σy is 0, 8 and 1. Only where it
    is 1 is TensorFlow's answer the derivative of the loss.
    """
    logits = np.array([[1.0, 1, 1, 1], [1, 2, 3, 4], [1, 2, 3, 4]])
    labels = np.array([[0.0], [2.0], [0.25]])
    tensorflow = np.array(
        [
            [0.25, 0.25, 0.25, 0.25],
            [-1.968, -1.913, -1.763, -1.355],
            [-0.218, -0.163, -0.013, 0.394],
        ]
    )
    _, gradient = run(ag.softmax_cross_entropy, logits, labels, reduction="sum")
    p = ag.softmax(logits)
    np.testing.assert_allclose(tensorflow, p - labels, atol=2e-3)
    np.testing.assert_allclose(gradient[2], tensorflow[2], atol=1e-3)
    assert np.abs(gradient[:2] - tensorflow[:2]).max(axis=1).min() > 0.2
    assert ag.gradcheck(lambda z: ag.softmax_cross_entropy(z, labels, reduction="sum"), logits)


# ---- numerics, against 50 digits ----------------------------------------------------------------


def reference(z, y):
    """Return loss, gradient and diag(ŷ) - ŷŷᵀ of a row, with 50 digits."""
    with mpmath.workdps(50 + 50):
        e = [mpmath.exp(mpmath.mpf(float(v)) - float(max(z))) for v in z]
        s = mpmath.fsum(e)
        p = [v / s for v in e]
        log_p = [mpmath.mpf(float(v)) - float(max(z)) - mpmath.log(s) for v in z]
        weight = mpmath.fsum(map(float, y))
        loss = -mpmath.fsum(float(w) * q for w, q in zip(y, log_p) if w)
        gradient = [q * weight - float(w) for w, q in zip(y, p)]
        hessian = [weight * p[0] * ((i == 0) - q) for i, q in enumerate(p)]
    return loss, gradient, hessian


def in_ulps(found, exact, dtype):
    """Return the largest error in units of the last place; tiny numbers count as 0."""
    worst = 0.0
    for a, b in zip(np.ravel(found), exact):
        unit = max(np.spacing(np.abs(dtype(float(b)))), np.finfo(dtype).tiny)
        worst = max(worst, float(abs(mpmath.mpf(float(a)) - b) / mpmath.mpf(float(unit))))
    return worst


ROWS = {
    "random": lambda r: r.normal(size=10),
    "random, 200 classes": lambda r: r.normal(size=200),
    "random, 1000 classes": lambda r: r.normal(size=1000),
    "nearly tied": lambda r: 1 + 1e-6 * r.normal(size=10),
    "huge, 1e4": lambda r: r.choice([-1e4, 0, 1e4], size=10),
    "huge, 1e30": lambda r: r.choice([-1e30, 0, 1e30], size=10),
    "tiny": lambda r: 1e-30 * r.normal(size=10),
    "masked, -inf": lambda r: np.where(np.arange(10) < 4, -np.inf, r.normal(size=10)),
    "confident": lambda r: np.where(np.arange(10) == 4, 46.0, r.integers(-2, 3, size=10)),
    "spread by 60": lambda r: r.uniform(-30, 30, size=10),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "name", [pytest.param(row, marks=pytest.mark.slow) if "classes" in row else row for row in ROWS]
)
def test_errors_are_a_few_ulps(name, dtype):
    """At most 6 + d ULP in every entry, with d = max z - z_i the distance to the largest logit.

    e^(z - m) has the error of z - m, which is d/2 ULP of it once d is rounded; the rest is that of
    a sum and a quotient. Second derivatives, products of two such numbers, have twice that. The
    table of what was measured is printed with -s.
    """
    rng = np.random.default_rng(7)
    worst = dict.fromkeys(("loss", "gradient", "2nd derivative"), 0.0)
    for _ in range(4 if "classes" in name else 12):
        logits = ROWS[name](rng).astype(dtype)
        own = int(logits.argmax()) if rng.random() < 0.5 else len(logits) - 1
        one_hot = np.eye(len(logits), dtype=dtype)[own]
        distances = np.where(np.isfinite(logits), logits.max() - logits, 0)
        allowed = 6 + distances[distances < -np.log(np.finfo(dtype).tiny)].max()
        exact = reference(logits, one_hot)
        for targets in (own, one_hot):
            z = leaf(logits)
            loss = ag.softmax_cross_entropy(z, targets)
            loss.backward()
            first = ag.gradients(loss, z)
            second = ag.gradients(first[0], z)
            found = (loss.data, z.grad, second.data)
            for what, a, b in zip(worst, found, ([exact[0]], exact[1], exact[2])):
                error = in_ulps(a, b, dtype)
                worst[what] = max(worst[what], error)
                assert error <= allowed * (2 if what == "2nd derivative" else 1), (what, targets)
            assert in_ulps(first.data, exact[1], dtype) <= allowed
    print(f"{name:22}{dtype.__name__:9}", *(f"{k} {v:5.1f} ULP" for k, v in worst.items()))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_moderate_logits_are_not_rounded_by_a_shift(dtype):
    """Below 32 and for class indices, the error does not grow with the spread of the logits."""
    rng = np.random.default_rng(8)
    for _ in range(times(20)):
        logits = rng.uniform(-30, 30, size=10).astype(dtype)
        for own in range(10):
            exact = reference(logits, np.eye(10)[own])
            value, gradient = run(ag.softmax_cross_entropy, logits, own)
            assert in_ulps(value, [exact[0]], dtype) <= 4
            assert in_ulps(gradient, exact[1], dtype) <= 5


@pytest.mark.parametrize("labels", [np.uint8, np.int8, np.int32, np.uint64])
@pytest.mark.parametrize("shape", [(300, 3), (300, 100), (50_000, 3), (2000, 100)])
def test_labels_of_any_integer_dtype_find_their_class(labels, shape):
    """Test one block of rows and many, laid out class by class and row by row."""
    rng = np.random.default_rng(9)
    logits, t = rng.normal(size=shape), rng.integers(shape[1], size=shape[0])
    value, gradient = run(ag.softmax_cross_entropy, logits, t.astype(labels))
    expected, its_gradient = run(ag.softmax_cross_entropy, logits, np.eye(shape[1])[t])
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    np.testing.assert_allclose(gradient, its_gradient, rtol=1e-10, atol=1e-18)


def test_float16_is_computed_in_float32():
    """The results are those of float32, rounded once."""
    rng = np.random.default_rng(10)
    for shape in ((50, 10), (50, 100)):
        logits, t = rng.normal(size=shape).astype(np.float16), rng.integers(10, size=50)
        for targets in (t, np.eye(shape[1], dtype=np.float16)[t]):
            found = run(ag.softmax_cross_entropy, logits, targets, reduction="none")
            wider = logits.astype(np.float32)
            exact = run(ag.softmax_cross_entropy, wider, targets, reduction="none")
            for a, b in zip(found, exact):
                assert a.dtype == np.float16
                np.testing.assert_array_equal(a, b.astype(np.float16))


def test_a_confident_row_keeps_its_digits():
    logits = np.array([46.0, 0.0, -1.0])
    exact = reference(logits, [1, 0, 0])
    assert 1e-21 < exact[0] < 1e-19
    for targets in (0, np.array([1.0, 0, 0])):
        value, gradient = run(ag.softmax_cross_entropy, logits, targets)
        assert in_ulps(value, [exact[0]], np.float64) < 3
        assert in_ulps(gradient, exact[1], np.float64) < 3
    assert run(ag.cross_entropy, logits, 0)[0] == 0  # the graph has rounded it away


def test_masked_classes():
    logits = np.array([[-np.inf, 0.0, 1.0], [2.0, -np.inf, 0.0]])
    one_hot = np.array([[0.0, 1, 0], [1, 0, 0]])
    for targets in (np.array([1, 0]), one_hot):
        value, gradient = run(ag.softmax_cross_entropy, logits, targets)
        assert np.isfinite(value)
        assert gradient[0, 0] == gradient[1, 1] == 0
    for targets in (0, np.array([1.0, 0, 0])):  # the row's own class is masked
        assert run(ag.softmax_cross_entropy, logits[0], targets)[0] == np.inf


def test_nan_stays_in_its_row():
    logits = LOGITS.copy()
    logits[1, 2] = np.nan
    for targets in (LABELS, PROBABILITIES):
        value, gradient = run(ag.softmax_cross_entropy, logits, targets, reduction="none")
        clean, clean_gradient = run(ag.softmax_cross_entropy, LOGITS, targets, reduction="none")
        others = np.arange(N) != 1
        assert np.isnan(value[1])
        assert np.isnan(gradient[1]).all()
        np.testing.assert_array_equal(value[others], clean[others])
        np.testing.assert_array_equal(gradient[others], clean_gradient[others])


@pytest.mark.filterwarnings("ignore:invalid value")
def test_rows_without_a_softmax_have_loss_inf_or_nan():
    rows = {"own": [np.inf, 0.0], "other": [0.0, np.inf], "none": [-np.inf, -np.inf]}
    for targets in (0, np.array([1.0, 0.0])):
        values = {k: run(ag.softmax_cross_entropy, np.array(z), targets) for k, z in rows.items()}
        assert np.isnan(values["own"][0])
        assert not np.isfinite(values["other"][0])
        assert np.isnan(values["none"][0])
        assert np.isnan(values["none"][1]).all()


def test_float16_is_summed_in_float32():
    logits = np.zeros((70_000, 4), np.float16)  # 70,000 does not exist in float16
    for targets in (np.zeros(70_000, int), np.eye(4)[np.zeros(70_000, int)]):
        z = leaf(logits)
        loss = ag.softmax_cross_entropy(z, targets)
        loss.backward()
        assert loss.dtype == z.grad.dtype == np.float16
        np.testing.assert_allclose(loss.item(), np.log(4), rtol=1e-3)
        np.testing.assert_allclose(z.grad[0, 0], -0.75 / 70_000, rtol=0.01)
    loss = ag.softmax_cross_entropy(leaf(logits), np.zeros(70_000, int), weight=np.ones(4))
    np.testing.assert_allclose(loss.item(), np.log(4), rtol=1e-3)


# ---- memory -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["indices", "probabilities", "axis 1"])
def test_memory_is_at_most_the_gradient_and_one_more_array(kind):
    shape, axis = ((8, 1000, 500), 1) if kind == "axis 1" else ((4000, 1000), -1)
    z = leaf(np.zeros(shape, np.float32))
    targets = np.zeros(shape[0] if kind == "indices" else (shape[0], *shape[2:]), int)
    if kind == "probabilities":
        targets = np.full(shape, 1e-3, np.float32)
    tracemalloc.start()
    try:
        ag.softmax_cross_entropy(z, targets, axis=axis).backward()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - z.grad.nbytes <= 1.15 * z.data.nbytes


# ---- properties ---------------------------------------------------------------------------------

logits_of = st.lists(st.floats(-50, 50), min_size=1, max_size=6)


@examples(60)
@given(logits_of, st.floats(-1e3, 1e3), st.data())
def test_shift_of_the_logits_changes_nothing(z, shift, data):
    z = np.round(np.array(z), 3)
    t = data.draw(st.integers(0, len(z) - 1))
    value, gradient = run(ag.softmax_cross_entropy, z, t)
    moved, moved_gradient = run(ag.softmax_cross_entropy, z + shift, t)
    assert value >= 0
    np.testing.assert_allclose(moved, value, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(moved_gradient, gradient, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(gradient.sum(), 0, atol=1e-14)


@examples(60)
@given(logits_of, st.data())
def test_the_loss_is_linear_in_y(z, data):
    z = np.array(z)
    rows = st.lists(st.floats(-3, 3), min_size=len(z), max_size=len(z)).map(np.array)
    a, b = data.draw(rows), data.draw(rows)
    parts = [run(ag.softmax_cross_entropy, z, y) for y in (a, b, 2 * a - b)]
    for first, second, both in zip(*parts):
        np.testing.assert_allclose(both, 2 * first - second, rtol=1e-9, atol=1e-11)


# ---- what is refused ----------------------------------------------------------------------------

REFUSED = {
    "reduction": ({"reduction": "avg"}, ValueError, "'mean', 'sum' or 'none', got 'avg'"),
    "smoothing": ({"label_smoothing": 1.5}, ValueError, "label_smoothing .* got 1.5"),
    "weight": ({"weight": [1.0]}, ValueError, r"shape \(5,\)"),
    "where's shape": ({"where": [True]  * 3}, ValueError, "broadcasts to the shape of the logits"),
    "where's dtype": ({"where": np.ones(C)}, ValueError, "where must be an array of bool.*float64"),
    "axis": ({"axis": 2}, ValueError, "no axis 2"),
    "an index": ({"ignore_index": 0, "targets": LABELS + 1}, IndexError, "from 1 to 5"),
    "ignored weights": (
        {"ignore_index": 0, "targets": PROBABILITIES},
        ValueError,
        "ignore_index=0 .*class indices",
    ),
    "ambiguous": (
        {"targets": np.ones(N)},
        TypeError,
        r"astype\(int\).*robabilities.* shape \(6, 5\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", REFUSED)
def test_invalid_options_raise(loss, name):
    options, error, message = REFUSED[name]
    options = {"targets": LABELS, **options}
    with pytest.raises(error, match=message) as caught:
        loss(leaf(LOGITS), **options)
    assert str(caught.value).startswith(loss.__name__ + ":")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weights", ["cancel", "cancel to a little", "tiny", "huge", "zero"])
def test_targets_of_any_sum_have_the_gradient_of_the_formula(weights, dtype):
    y = {
        "cancel": [1.0, -1.0, 0.0],
        "cancel to a little": [1e10, -1e10, 1e-30],
        "tiny": [1e-30, 0.0, 0.0],
        "huge": [1e30, 1e30, 0.0],
        "zero": [0.0, 0.0, 0.0],
    }[weights]
    y, z = np.array(y, dtype), np.array([0.3, -0.2, 1.0], dtype)
    p = np.exp(z.astype(np.longdouble))
    expected = p / p.sum() * y.astype(np.longdouble).sum() - y
    _, gradient = run(ag.softmax_cross_entropy, z, y)
    largest = np.abs(y).max()
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=4 * np.finfo(dtype).eps * largest)
