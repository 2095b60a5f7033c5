"""Arrays other than NumPy arrays of numbers: lazy Dask arrays, SymPy symbols, mpmath numbers."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import autograd_mini as ag
from tests.budget import few

RNG = np.random.default_rng(0)


def leaf(x, **kwargs):
    return ag.tensor(x, requires_grad=True, **kwargs)


# ---- symbols -------------------------------------------------------------------------------------


@pytest.mark.slow  # the tests of fused nodes of symbols are in the default suite
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_softmax_cross_entropy_of_symbols_has_its_formula(classes):
    """The engine derives the equation itself: ŷ_i Σ_o y_o - y_i, for any targets."""
    sympy = pytest.importorskip("sympy")
    z = np.array(sympy.symbols(f"z1:{classes + 1}", real=True), dtype=object)
    y = np.array(sympy.symbols(f"y1:{classes + 1}", real=True), dtype=object)
    p = np.array([sympy.exp(v) for v in z]) / sum(sympy.exp(v) for v in z)
    logits = leaf(z)
    loss = -np.sum(y * np.log(np.exp(logits) / np.sum(np.exp(logits))))
    loss.backward()
    recorded = ag.gradients(loss, logits)
    for i in range(classes):
        expected = p[i] * sum(y) - y[i]
        assert sympy.simplify(logits.grad[i] - expected) == 0
        assert sympy.simplify(recorded.data[i] - expected) == 0
    second = ag.gradients(recorded[0], logits)
    for i in range(classes):
        expected = p[0] * (int(i == 0) - p[i]) * sum(y)
        assert sympy.simplify(second.data[i] - expected) == 0


ELEMENTWISE = ["exp", "log", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh",
               "tanh", "arcsinh", "sqrt", "absolute"]  # fmt: skip


@pytest.mark.parametrize("name", few(ELEMENTWISE, 3))
def test_function_of_symbols_has_sympys_derivative(name):
    sympy = pytest.importorskip("sympy")
    x = sympy.Symbol("x", positive=True)
    t = leaf(np.array([x, 2 * x], dtype=object))
    getattr(np, name)(t).sum().backward()
    spelled = {"absolute": "Abs"}.get(name, name.replace("arc", "a"))
    value = getattr(sympy, spelled)(x)
    assert sympy.simplify(t.grad[0] - value.diff(x)) == 0
    assert sympy.simplify(t.grad[1] - value.diff(x).subs(x, 2 * x)) == 0


def test_transforms_of_symbols_return_formulas():
    sympy = pytest.importorskip("sympy")
    x = sympy.Symbol("x")
    assert ag.grad(lambda x: np.sin(x) * x)(x).item() == sympy.sin(x) + x * sympy.cos(x)
    assert ag.grad(ag.grad(np.sin))(x).item() == -sympy.sin(x)
    z = np.array(sympy.symbols("z1:3"), dtype=object)
    hessian = ag.hessian(lambda z: np.log(np.sum(np.exp(z))))(z)
    p = np.array([sympy.exp(v) for v in z]) / sum(sympy.exp(v) for v in z)
    for i, j in np.ndindex(2, 2):
        assert sympy.simplify(hessian.data[i, j] - p[i] * (int(i == j) - p[j])) == 0
    assert not hessian.requires_grad


def test_products_and_means_of_symbols_are_differentiated():
    sympy = pytest.importorskip("sympy")
    a = np.array(sympy.symbols("a1:5"), dtype=object).reshape(2, 2)
    t = leaf(a)
    np.mean((t @ t) ** 2).backward()
    value = sum(v**2 for v in sympy.Matrix(a) ** 2) / 4
    for found, symbol in zip(t.grad.ravel(), a.ravel()):
        assert sympy.expand(found - value.diff(symbol)) == 0


def test_mpmath_numbers_keep_their_digits():
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(50):
        x = [mpmath.mpf("0.1"), mpmath.mpf(2)]
        t = leaf(np.array(x, dtype=object))
        np.sum(np.exp(np.sin(t)) / (1 + abs(t))).backward()
        for found, v in zip(t.grad, x):
            expected = mpmath.diff(lambda u: mpmath.exp(mpmath.sin(u)) / (1 + u), v)
            assert mpmath.fabs(found - expected) < mpmath.mpf(10) ** -40


def symbols_and_points(*shape):
    """Return symbols, numbers for them, and the function that substitutes these."""
    sympy = pytest.importorskip("sympy")
    count = int(np.prod(shape))
    s = np.array(sympy.symbols(f"s1:{count + 1}", real=True), dtype=object).reshape(shape)
    x = RNG.normal(size=shape)
    at = dict(zip(s.flat, x.flat))

    def numbers(found):
        formulas = [sympy.sympify(v) for v in np.ravel(found)]
        return np.array(sympy.lambdify(list(at), formulas, "math", cse=True)(*at.values()), float)

    return s, x, numbers


T = np.array([0.25, 1.0, 0.0])
OF_SYMBOLS = {
    "sigmoid": ag.sigmoid,
    "softplus": ag.softplus,
    "gelu": ag.gelu,
    "softmax": ag.softmax,
    "softmax, several axes": lambda z: ag.softmax(z, (0, 1), temperature=2),
    "softmax, where": lambda z: ag.softmax(z, where=[True, True, False]),
    "log_softmax": lambda z: ag.log_softmax(z, axis=0),
    "logsumexp": ag.logsumexp,
    "logsumexp, an axis": lambda z: ag.logsumexp(z, -1, True),
    "layer_norm": lambda z: ag.layer_norm(z, 3, T, T),
    "rms_norm": lambda z: ag.rms_norm(z, T, eps=0.25),
    "batch_norm": lambda z: ag.batch_norm(z, weight=T, training=True),
    "attention": lambda z: ag.scaled_dot_product_attention(z, z, T * z),
    "attention, masked": lambda z: ag.scaled_dot_product_attention(z, z, z, is_causal=True),
    "dropout": lambda z: ag.dropout(z, rng=np.random.default_rng(0)),
    "embedding": lambda z: ag.embedding([1, 0, 1], z),
    "lstm_cell": lambda z: ag.lstm_cell(np.concatenate([z] * 4, -1), z),
    "lstm_output": lambda z: ag.lstm_output(np.concatenate([z] * 4, -1), z),
    "gru_cell": lambda z: ag.gru_cell(*[np.concatenate([z] * 3, -1)] * 2, z),
    "mse_loss": lambda z: ag.mse_loss(z, np.broadcast_to(T, z.shape)),
    "nll_loss": lambda z: ag.nll_loss(ag.log_softmax(z), np.array([1, 0])),
    "sigmoid_binary_cross_entropy": lambda z: ag.sigmoid_binary_cross_entropy(z, T),
    "SoftmaxCrossEntropy": lambda z: ag.SoftmaxCrossEntropy(z, np.array([1, 0])),
    "cross_entropy": lambda z: ag.cross_entropy(z, T),
    "softmax_cross_entropy": lambda z: ag.softmax_cross_entropy(z, [1, 0]),
    "softmax_cross_entropy, its options": lambda z: ag.softmax_cross_entropy(
        z, [1, 0], weight=[1.0, 2.0, 3.0], label_smoothing=0.1, where=[True, True, False]
    ),
}


@pytest.mark.parametrize("name", few(OF_SYMBOLS, 3))
def test_fused_node_of_symbols_evaluates_to_its_value(name):
    """The formulas evaluate to the same value and gradient, also for a plain array."""
    f = OF_SYMBOLS[name]
    symbols, points, numbers = symbols_and_points(2, 3)
    z, x = leaf(symbols), leaf(points)
    y, expected = f(z), f(x)
    np.testing.assert_allclose(numbers(y.data), np.ravel(expected.data), rtol=1e-12)
    bare = f(symbols)
    assert not isinstance(bare, ag.Tensor)
    np.testing.assert_allclose(numbers(bare), np.ravel(expected.data), rtol=1e-12)
    y.backward(np.ones(y.shape, object))
    expected.backward(np.ones(expected.shape))
    np.testing.assert_allclose(numbers(z.grad), np.ravel(x.grad), rtol=1e-9, atol=1e-12)


def test_hessian_of_a_fused_node_of_symbols_is_exact():
    z, _, numbers = symbols_and_points(3)
    p = numbers(ag.softmax(z))
    hessian = ag.hessian(lambda z: ag.SoftmaxCrossEntropy(z, np.array(1)))(z)
    np.testing.assert_allclose(
        numbers(hessian.data).reshape(3, 3), np.diag(p) - np.outer(p, p), atol=1e-15
    )


def test_extremum_of_symbols_has_no_silent_derivative():
    sympy = pytest.importorskip("sympy")
    x = sympy.Symbol("x", real=True)
    t = leaf(np.array([x], dtype=object))
    y = np.maximum(t, 0)
    assert y.data[0] == sympy.Max(0, x)
    with pytest.raises(TypeError, match="truth value of Relational"):
        y.backward()
    with pytest.raises(TypeError, match=r"relu of an object tensor of shape \(1,\): .*Relational"):
        ag.relu(t)


@pytest.mark.parametrize("f", [np.exp, ag.sigmoid, ag.softmax, ag.logsumexp])
def test_objects_without_the_function_raise(f):
    t = leaf(np.array([Fraction(1, 2)]), name="t")
    with pytest.raises(TypeError, match=r" of 't' \(object, shape \(1,\)\): .*needs numbers"):
        f(t)


# ---- lazy arrays ---------------------------------------------------------------------------------


@pytest.fixture(params=["threads", pytest.param("distributed", marks=pytest.mark.slow)])
def dask(request):
    """Return dask.array with the threaded scheduler and with a local cluster."""
    array = pytest.importorskip("dask.array")
    import dask as configured

    if request.param == "threads":
        with configured.config.set(scheduler="threads"):
            yield array
        return
    distributed = pytest.importorskip("distributed")
    settings = {"n_workers": 1, "threads_per_worker": 2, "processes": False}
    with (
        distributed.LocalCluster(**settings, dashboard_address=":0") as cluster,
        distributed.Client(cluster),
    ):
        yield array


def network(x, w1, b1, w2, b2, y):
    """Return the loss of a perceptron, as a user writes it in NumPy."""
    logits = np.tanh(x @ w1 + b1) @ w2 + b2
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    return -np.mean(
        np.sum(y * (shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))), axis=1)
    )


def test_network_on_chunked_data_agrees_with_numpy(dask):
    n, shapes = 150, [(5, 8), (8,), (8, 3), (3,)]
    x, y = RNG.normal(size=(n, 5)), np.eye(3)[RNG.integers(0, 3, n)]
    arrays = [RNG.normal(size=s) for s in shapes]
    plain = [leaf(a) for a in arrays]
    network(x, *plain, y).backward()

    lazy = [leaf(a) for a in arrays]
    chunked_x, chunked_y = dask.from_array(x, chunks=(64, 5)), dask.from_array(y, chunks=(64, 3))
    loss = network(chunked_x, *lazy, chunked_y)
    assert "dask.array" in repr(loss)
    recorded = ag.gradients(loss, lazy)
    assert not any(isinstance(g.data, np.ndarray) for g in recorded)
    loss.backward()
    for a, b, again in zip(plain, lazy, recorded):
        assert type(b.grad) is np.ndarray
        np.testing.assert_allclose(b.grad, a.grad, rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(again.numpy(), a.grad, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(loss.item(), network(x, *plain, y).item(), rtol=1e-13)


def test_gradient_of_a_lazy_leaf_stays_lazy(dask):
    z = RNG.normal(size=(200, 4))
    lazy, plain = leaf(dask.from_array(z, chunks=(50, 4))), leaf(z)
    for t in (lazy, plain):
        np.sum(np.log(np.sum(np.exp(t), axis=1)) ** 2).backward()
    assert type(lazy.grad) is type(lazy.data)
    np.testing.assert_allclose(np.asarray(lazy.grad), plain.grad, rtol=1e-12)


@pytest.mark.parametrize(
    "f",
    [lambda t: t[1:3] ** 2, lambda t: t[2] * t, lambda t: np.concatenate([t, t * t]),
     lambda t: np.prod(t, axis=0), lambda t: np.tril(t[:4]), lambda t: np.var(t, axis=0),
     lambda t: ag.SoftmaxCrossEntropy(t, np.array([0, 1, 2, 3, 0, 1]))],
)  # fmt: skip
def test_gradients_of_lazy_leaves_stay_lazy(f):
    array = pytest.importorskip("dask.array")
    x = RNG.normal(size=(6, 4))
    lazy, plain = leaf(array.from_array(x, chunks=(2, 4))), leaf(x)
    for t in (lazy, plain):
        f(t).sum().backward()
    assert isinstance(lazy.grad, array.Array)
    np.testing.assert_allclose(lazy.grad.compute(), plain.grad, rtol=1e-12)


def test_gradients_next_to_lazy_arrays_have_the_dtype_of_their_leaf():
    array = pytest.importorskip("dask.array")
    x = array.from_array(np.ones((6, 2)), chunks=(2, 2))
    leaves = [leaf(np.ones(2, dtype), dtype=dtype) for dtype in (np.float32, np.float64)]
    y = np.sum(x * leaves[0] * leaves[1])
    y.backward()
    for t, g in y.tape().adjoints().items():
        assert g.dtype == t.dtype
    assert [t.grad.dtype for t in leaves] == [np.float32, np.float64]
    assert [t.grad.tolist() for t in leaves] == [[6.0, 6.0]] * 2


def test_recorded_gradients_of_chunks_can_be_differentiated_again():
    array = pytest.importorskip("dask.array")
    x = RNG.normal(size=(6, 4))
    lazy = leaf(array.from_array(x, chunks=(2, 4)))
    first = ag.gradients(np.sum(lazy) ** 2, lazy)
    assert isinstance(first, ag.Tensor)
    assert first.data.chunks == lazy.data.chunks
    second = ag.gradients(np.sum(first * x), lazy)
    np.testing.assert_allclose(np.asarray(second.data), np.full(x.shape, 2 * x.sum()), rtol=1e-12)


def test_backward_computes_shared_chunks_once():
    array = pytest.importorskip("dask.array")
    calls = []

    def counted(block):
        calls.append(block.shape)
        return block

    x = array.from_array(np.ones((8, 2)), chunks=(4, 2)).map_blocks(
        counted, dtype=float, meta=np.ones((0, 0))
    )
    w1, w2 = leaf(np.ones((2, 3))), leaf(np.ones((3, 1)))
    np.sum(np.tanh(x @ w1) @ w2).backward()
    assert len(calls) == 2


MEMORY = """
import resource, sys
import numpy as np, dask, dask.array as da
import autograd_mini as ag
rows, classes = 1_500_000, 40                  # 480 MB of logits
limit = 400 * 2**20
base = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (base + limit, base + limit))
dask.config.set(scheduler="threads", num_workers=1)
z = da.random.default_rng(0).normal(size=(rows, classes), chunks=(50_000, classes))
y = da.eye(classes, chunks=classes)[0]
logits = ag.tensor(z, requires_grad=True)
log_p = np.log(np.exp(logits) / np.sum(np.exp(logits), axis=1, keepdims=True))
loss = -np.mean(np.sum(y * log_p, axis=1))
loss.backward()
p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
g = logits.grad
value, norm, apart = dask.compute(loss.data, abs(g).sum(), abs(g - (p - y) / rows).max())
assert apart < 1e-18, apart
print(float(value), float(norm))
"""


@pytest.mark.slow
def test_loss_over_more_logits_than_memory_works():
    pytest.importorskip("dask.array")
    run = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
    value, norm = map(float, run.stdout.split())
    assert 4.0 < value < 4.4
    assert 1.8 < norm < 2.0


@pytest.mark.parametrize(
    ("f", "shapes"),
    [
        (ag.conv1d, [(2, 3, 6), (4, 3, 3)]),
        (ag.conv2d, [(2, 3, 6, 6), (4, 3, 3, 3)]),
        (lambda x: ag.max_pool2d(x, 2), [(2, 3, 6, 6)]),
        (lambda x: ag.avg_pool2d(x, 2), [(2, 3, 6, 6)]),
        (lambda w: ag.embedding(np.array([0, 2, 0]), w), [(5, 6)]),
    ],
    ids=["conv1d", "conv2d", "max_pool2d", "avg_pool2d", "embedding"],
)
def test_function_that_writes_in_place_refuses_lazy_arrays(f, shapes):
    """The gradient is refused, if not the call: it would be 0, as ``block += g`` has no effect."""
    da = pytest.importorskip("dask.array")
    arrays = [RNG.normal(size=shape) for shape in shapes]
    for i in range(len(arrays)):
        mixed = [da.from_array(x) if i == j else x for j, x in enumerate(arrays)]
        with pytest.raises(TypeError, match=r"dask.array.core.Array.*np.asarray\(x\)"):
            f(*map(leaf, mixed)).sum().backward()
