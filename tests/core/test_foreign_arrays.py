"""Arrays of other libraries are kept, or refused: never converted to NumPy's arrays silently."""

import copy
import pickle

import array_api_strict as strict
import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import data, nn, optim
from tests.budget import each
from tests.conformance import all_rows, compare, outcome, some_rows
from tests.device_array import DeviceArray, asdevice

RNG = np.random.default_rng(0)
X = RNG.normal(size=3)
M = RNG.normal(size=(4, 3))

#: Rows that combine device arrays with a NumPy array, or join them with a number.
REFUSED = {
    "np.atleast_3d(T) * np.atleast_3d(2.0)",
    "np.hstack([V, W, 1.0])",
    "np.append(V, 2.0)",
    "np.block([[S, S[:, :1]], [V, 1.0]])",
    "np.choose([[0], [2]], [V, W, 1.0])",
    "np.convolve(V[0], 2.0)",
    "np.einsum(T, [..., 0], V[0] * np.ones(4), [0])",
}
#: Functions whose steps depend on numbers, so they copy one from the device.
COPYING = {"lstsq", "np.linalg.lstsq", "np.linalg.det", "np.average", "np.trim_zeros", "nll_loss",
           "SoftmaxCrossEntropy", "embedding", "max_pool2d", "spread_windows",
           "gather_windows"}  # fmt: skip


def device_leaf(x, **options):
    return ag.tensor(asdevice(x), requires_grad=True, **options)


def on_host(x):
    x = x.data if isinstance(x, ag.Tensor) else x
    assert isinstance(x, DeviceArray)
    return x._host


def check(rows):
    for row in rows:
        if row.text in REFUSED:
            with pytest.raises(TypeError, match="not combine with NumPy arrays"):
                compare(row)
            continue
        try:
            transfers = compare(row)
        except Exception as error:
            raise AssertionError(f"in the row {row.text}") from error
        assert not transfers or row.name in COPYING, row.text


def test_device_array_operations_agree_with_numpy():
    check(some_rows()[::3])


@pytest.mark.slow
def test_device_array_operations_agree_in_all_rows():
    rows = all_rows()
    assert {row.text for row in rows} >= REFUSED
    check(rows)


def test_outcome_of_a_conversion_is_a_refusal():
    row = next(row for row in some_rows() if row.name == "np.exp")
    converted = row._replace(on_device=lambda a: np.exp(np.asarray(a.data)))
    assert outcome(row) == "works"
    assert outcome(converted).startswith("refused: Implicit conversion")


# ---- the double itself ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "convert",
    [np.asarray, np.array, float, lambda x: [0, 1, 2][x], lambda x: np.add(x, np.ones(2)),
     lambda x: np.ones(2) * x, lambda x: np.where(np.ones(2) > 0, x, x),
     lambda x: x.sum(where=True), lambda x: np.concatenate([x[None], np.ones(1)]),
     lambda x: np.add.at(np.ones(3), 0, x)],
)  # fmt: skip
def test_device_array_refuses_what_cupy_refuses(convert):
    with pytest.raises(TypeError):
        convert(asdevice(1.0))


def test_device_array_counts_copies_to_the_host():
    before = DeviceArray.transfers
    x = asdevice(1.0)
    assert (x.item(), x.tolist(), int(x), bool(x), x.get()) == (1.0, 1.0, 1, True, np.array(1.0))
    assert DeviceArray.transfers == before + 5


# ---- tensors of device arrays --------------------------------------------------------------------


def test_device_array_is_compared_with_an_array_without_axes():
    t = ag.tensor(asdevice(np.array([1.0, 2.0])), requires_grad=True)
    for found in (t > np.asarray(1.5), np.less(np.asarray(1.5), t)):
        assert isinstance(found, DeviceArray)
        assert found.tolist() == [False, True]


def test_tensor_of_a_device_array_is_a_copy():
    x = asdevice(X)
    t = ag.tensor(x)
    x[0] = 99.0
    np.testing.assert_array_equal(on_host(t), X)
    assert ag.tensor(x, dtype=np.float32).dtype == np.float32
    for duplicate in (copy.copy(t), copy.deepcopy(t), pickle.loads(pickle.dumps(t)), t.detach()):
        assert not np.shares_memory(on_host(duplicate), on_host(t))


def test_gradients_of_device_arrays_share_no_memory():
    a, b = device_leaf(X), device_leaf(X)
    (a + b).sum().backward()
    assert not np.shares_memory(a.grad._host, b.grad._host)
    with ag.no_grad():
        view = a[1:]
        same = a.reshape(3)
    for t in (view, same):
        assert not np.shares_memory(on_host(t), on_host(a))


def test_data_and_grad_keep_device_arrays():
    t = device_leaf(X)
    t.data -= 1.0
    np.testing.assert_array_equal(on_host(t), X - 1)
    t.grad = asdevice(X)
    np.testing.assert_array_equal(t.grad._host, X)
    plain = ag.tensor(X, requires_grad=True)
    plain.data = asdevice(2 * X)
    np.testing.assert_array_equal(on_host(plain), 2 * X)
    with pytest.raises(ValueError, match="shape"):
        t.data = asdevice(X[1:])


def test_numbers_are_read_by_item_and_tolist_only():
    t = device_leaf(X, name="t")
    assert (t.tolist(), t[0].item(), f"{t[0]:.3f}") == (X.tolist(), X[0], f"{X[0]:.3f}")
    assert "DeviceArray(3,)" in repr(t)
    for convert in (np.asarray, lambda t: t.numpy(), ag.tensor):
        with pytest.raises(TypeError, match="Implicit conversion"):
            convert(t.detach())


def test_operators_of_device_arrays_leave_tensors_to_record():
    t = device_leaf(X)
    for y, expected in [(asdevice(M) @ t, M @ X), (asdevice(X) + t, 2 * X), (2.0 - t, 2 - X),
                        (t * np.float64(2), 2 * X), (np.float32(1) * t, X)]:  # fmt: skip
        assert y.requires_grad
        np.testing.assert_allclose(on_host(y), expected)
    assert isinstance(t > 0, DeviceArray)
    np.testing.assert_array_equal(on_host(t[asdevice(np.array([0, 0]))]), X[[0, 0]])


@pytest.mark.parametrize("other", [np.ones(3), [1.0, 2.0, 3.0]])
def test_numpy_array_next_to_a_device_array_raises(other):
    t = device_leaf(X, name="t")
    for f in (lambda: t * other, lambda: other * t, lambda: np.hypot(other, t)):
        with pytest.raises(
            TypeError, match=r"'t' \(float64, shape \(3,\)\).* not combine with NumPy"
        ):
            f()


def f(x):
    return (np.tanh(x) * x).sum()


@pytest.mark.parametrize(
    "transform",
    [lambda x: ag.vjp(np.sin, x)[1](x)[0], lambda x: ag.jvp(np.sin, (x,), (x,))[1],
     lambda x: ag.grad(f)(x), lambda x: ag.value_and_grad(f)(x)[0], lambda x: ag.hessian(f)(x),
     lambda x: ag.jacobian(np.sin)(x), lambda x: ag.hvp(f, x, x),
     lambda x: ag.elementwise_grad(np.sin)(x), lambda x: ag.jacobian(lambda x: x[:0])(x)],
)  # fmt: skip
def test_transforms_of_device_arrays_agree_with_numpy(transform):
    np.testing.assert_allclose(on_host(transform(asdevice(X))), transform(X).data, rtol=1e-13)


def test_checkpoint_of_device_arrays_agrees_with_numpy():
    def run(convert):
        x = ag.tensor(convert(X), requires_grad=True)
        a, b = ag.checkpoint(lambda x: (np.exp(np.sin(x)) * x, x.sum()))(x)
        loss = a.sum() * b
        loss.backward()
        first = ag.gradients(loss, x)
        return [x.grad, first.data, ag.gradients((first * first).sum(), x).data]

    for found, expected in zip(run(asdevice), run(np.array)):
        np.testing.assert_allclose(on_host(found), expected, rtol=1e-13)


@pytest.mark.parametrize(
    "optimizer", [lambda p: optim.SGD(p, 0.1, momentum=0.9), lambda p: optim.Adam(p, 0.1)]
)
def test_training_on_device_arrays_agrees_with_numpy(optimizer):
    labels = np.array([0, 1, 1, 0])

    def run(convert):
        model, x, y = nn.MLP([3, 4, 2]), convert(M), convert(labels)
        for p in model.parameters():
            p.data = convert(p.data)
        losses = nn.train(model, x, y, optimizer(model.parameters()), epochs=3, batch_size=3)
        return losses, [p.data for p in model.parameters()], nn.accuracy(model, x, y)

    found, expected = run(asdevice), run(np.array)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    assert found[2] == expected[2]
    for a, b in zip(found[1], expected[1]):
        np.testing.assert_allclose(on_host(a), b, rtol=1e-9, atol=1e-12)


def test_cross_entropy_options_of_device_arrays():
    def run(convert):
        z = ag.tensor(convert(M), requires_grad=True)
        loss = ag.softmax_cross_entropy(
            z, convert(np.array([0, -1, 1, 0])), ignore_index=-1, label_smoothing=0.1,
            weight=convert(np.array([1.0, 2.0, 0.5])), where=convert(np.array([True, True, False])),
        )  # fmt: skip
        loss.backward()
        return [loss.data, z.grad]

    for found, expected in zip(run(asdevice), run(np.array)):
        np.testing.assert_allclose(on_host(found), expected, rtol=1e-12)
    for loss in (ag.softmax_cross_entropy, ag.SoftmaxCrossEntropy, ag.nll_loss):
        with pytest.raises(IndexError, match="from 0 to 2"):  # CuPy itself wraps around
            loss(asdevice(M), asdevice(np.array([0, 3, 1, 1])))


def test_compile_refuses_device_arrays():
    for x in (asdevice(X), ag.tensor(asdevice(X))):
        with pytest.raises(TypeError, match=r"compile: .* got type"):
            ag.compile(f)(x)


# ---- arrays without NumPy's protocols ------------------------------------------------------------

A, I, MASK = strict.asarray([1.0, 2.0]), strict.asarray([0, 1]), strict.asarray([True, False])
CALLS = """
ag.tensor(a) | ag.tensor([a, a]) | ag.tensor([[1.0, 2.0], a]) | ag.tensor([strict.asarray(1.0)])
t * a | t + [a] | t ** a | t // a | t % a | t == a | t < a | t[i] | t[m] | T[i, i] | T[..., i]
np.add(a, t) | np.maximum(a, t) | np.where(m, t, 0) | np.where(t > 0, t, a) | np.clip(t, a, None)
np.exp(t, where=m) | np.sum(t, where=m) | np.mean(t, where=m) | np.var(t, where=m)
np.nanmean(t, where=m) | np.prod(t, where=m) | np.max(t, where=m, initial=0.0) | np.any(t, where=m)
np.sum(t, initial=a[0]) | np.add.outer(t, a) | np.logical_and(t, m) | np.full_like(t, a[0])
np.concatenate([t, a]) | np.stack([t, a]) | np.hstack([t, a]) | np.append(t, a) | np.block([t, a])
np.column_stack([t, a]) | np.meshgrid(t, a) | np.broadcast_arrays(t, a) | np.atleast_1d(t, a)
np.take(t, i) | np.take(t, indices=i) | np.repeat(t, i) | np.repeat(t, repeats=i) | np.roll(t, i)
np.take_along_axis(t, i, 0) | np.delete(t, i) | np.insert(t, 0, a) | np.insert(t, i, 5.0)
np.choose(i, [t, t]) | np.select([m], [t], 0) | np.compress(m, t) | np.extract(m, t)
np.bincount(i, t) | np.searchsorted(t, a) | np.digitize(a, t) | np.isin(t, a) | np.pad(t, i)
np.resize(t, i) | np.reshape(t, i) | np.tile(t, i) | np.partition(t, i) | np.allclose(t, a)
np.dot(t, a) | np.matmul(T, a) | np.einsum('i,i', t, a) | np.tensordot(t, a, 1) | np.outer(t, a)
np.kron(t, a) | np.cross(np.append(t, 1.0), strict.asarray([1.0, 2.0, 3.0])) | np.vdot(a, t)
np.linalg.solve(T, a) | np.interp(a, t, t) | np.quantile(t, a) | np.percentile(t, a)
np.average(t, weights=a) | np.cov(t, a) | np.polyval(a, t) | np.gradient(t, a)
np.diff(t, append=a) | np.trapezoid(t, a) | np.ediff1d(t, to_end=a) | np.linspace(t, a, 3)
np.convolve(t, a) | np.correlate(a, t) | np.ldexp(t, i) | np.heaviside(a, t)
ag.softmax(a) | ag.softmax(t, where=m) | ag.logsumexp(a) | ag.relu(a) | ag.sigmoid(a) | ag.gelu(a)
ag.mse_loss(t, a) | ag.nll_loss(T, i) | ag.SoftmaxCrossEntropy(T, i)
ag.layer_norm(T, 2, a, a) | ag.rms_norm(T, a) | ag.batch_norm(T, weight=a, training=True)
ag.softmax_cross_entropy(T, i) | ag.softmax_cross_entropy(T, [0, 1], weight=a)
ag.softmax_cross_entropy(T, [0, 1], where=m) | ag.sigmoid_binary_cross_entropy(t, a)
ag.scaled_dot_product_attention(T, a, T) | ag.embedding(i, T) | ag.dropout(a)
ag.lstm_cell(np.tile(t, 4), a) | ag.lstm_output(np.tile(t, 4), a)
ag.gru_cell(np.tile(t, 3), np.tile(t, 3), a)
ag.sigmoid_binary_cross_entropy(t, t, pos_weight=a) | ag.linear(a, T, t) | nn.Linear(2, 2)(a)
ag.grad(np.sum)(a) | ag.jvp(np.sin, (t,), (a,)) | ag.vjp(np.sin, t)[1](a)
ag.gradients(t * t, t, a) | ag.hvp(np.prod, t, a) | ag.hessian(np.sum)(a)
ag.checkpoint(lambda x: x * a)(t) | ag.gradcheck(np.sum, a)
t.sum().backward(a[0]) | setattr(t, "data", a) | setattr(t, "grad", a) | t.dot(a) | t.take(i)
ag.compile(np.sum)(a) | ag.compile(lambda z: z["k"].sum())({"k": a}) | data.paired(a, i)
"""
CALLS = [call.strip() for line in CALLS.strip().splitlines() for call in line.split(" | ")]


@each(CALLS)
def test_array_without_the_protocols_raises(call):
    t, matrix = (ag.tensor(x, requires_grad=True) for x in (np.array([1.0, 2.0]), np.ones((2, 2))))
    modules = {"np": np, "ag": ag, "nn": nn, "data": data, "strict": strict}
    with pytest.raises(TypeError, match=r"np\.asarray"):
        eval(call, {**modules, "a": A, "i": I, "m": MASK, "t": t, "T": matrix})
    np.testing.assert_array_equal(t.data, [1.0, 2.0])
    assert t.grad is None


def test_list_of_lazy_arrays_raises():
    array = pytest.importorskip("dask.array")
    with pytest.raises(TypeError, match=r"Join them with np.stack"):
        ag.tensor([array.ones(2), array.ones(2)])
    with pytest.raises(TypeError, match=r"Join them with np.stack"):
        ag.tensor([[1.0, 2.0], (array.ones(()), 2.0)])
    assert isinstance(ag.tensor(np.stack([array.ones(2)] * 2)).data, array.Array)
