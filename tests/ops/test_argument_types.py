"""Arguments of every type that NumPy takes: random calls, and the faults that they found."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.registry import PRIMITIVES, name_of
from tests.ops.argument_types import CALLS, run

V, M = np.array([2.0, 5.0, 7.0]), np.arange(1.0, 7.0).reshape(2, 3)
WEIGHTS = np.array([1.0, 10.0, 100.0])
#: what NumPy's arrays, or those of some versions, do not have
LACKING = {"round(V, n)", "np.pad(M, {0: n, 1: (b, k)})"}


def test_calls_with_every_type_agree_with_numpy():
    findings, _ = run(0, 400)
    assert not findings, "\n".join(map(str, findings))


@pytest.mark.slow
def test_many_calls_with_every_type_agree_with_numpy():
    findings, counts = run(1, 30_000)
    assert not findings, "\n".join(map(str, findings))
    compared = {text for text, outcome in counts if outcome in ("value", "gradient")}
    assert {text for text, _, _ in CALLS} - compared <= LACKING


def test_a_wrong_rule_and_a_wrong_value_are_found(monkeypatch):
    roll = PRIMITIVES[np.roll]
    rolls = [call for call in CALLS if call[0] == "np.roll(V, i)"]
    assert not run(0, 20, rolls)[0]
    monkeypatch.setattr(roll, "vjps", (lambda g, y, x, shift, axis=None: g,))
    assert any("∂/∂V" in str(finding) for finding in run(0, 20, rolls)[0])
    monkeypatch.setattr(roll, "forward", lambda x, shift, axis=None: np.roll(x, 1))
    assert any("NumPy returns" in str(finding) for finding in run(0, 20, rolls)[0])


def test_every_function_of_the_registry_is_called():
    texts = " ".join(text for text, _, _ in CALLS)
    called = {name.removeprefix("np.") for name in re.findall(r"np(?:\.\w+)+", texts)}
    numpys = {name_of(f) for f in PRIMITIVES if not isinstance(f, str)}
    assert numpys - called - {"trapz"} == set()  # the old name of trapezoid


# ---- one row for each kind of fault that the calls have found -----------------------------------


def gradient(f, x=V):
    """Return the gradient of Σ w y, with a weight of each entry that tells the entries apart."""
    t = ag.tensor(x, requires_grad=True)
    y = f(t)
    y.backward(np.resize(WEIGHTS, y.shape))
    return t.grad.tolist()


@pytest.mark.parametrize("form", [list, tuple, np.array, ag.tensor])
def test_booleans_as_positions_are_zero_and_one(form):
    assert gradient(lambda t: np.take(t, form([True, True, False]))) == [100, 11, 0]
    assert gradient(lambda t: np.bincount(form([True, False, True]), t)) == [10, 1, 10]


@pytest.mark.parametrize("number", [np.uint8, np.int8, np.array, ag.tensor])
def test_arithmetic_on_narrow_integers_does_not_wrap(number):
    if number is not np.uint8 or np.lib.NumpyVersion(np.__version__) >= "2.1.0":  # a NumPy fault
        assert gradient(lambda t: np.roll(t, number(1))) == [10, 100, 1]
    assert gradient(lambda t: np.take(t, [number(1), 400], mode="wrap")) == [0, 11, 0]
    assert np.linalg.matrix_power(ag.tensor(np.eye(2) * 2), number(3)).tolist() == [[8, 0], [0, 8]]


def test_matrix_power_leaves_its_exponent_as_it_was():
    n = np.array(5)
    np.linalg.matrix_power(ag.tensor(np.eye(2)), n)
    assert n == 5


@pytest.mark.parametrize("dtype", ["u1", "i1", "u8", "?"])
def test_functions_of_narrow_integers_compute_in_floats(dtype):
    x = np.array([1, 0, 1], dtype)
    f = x.astype(float)
    half = ag.tensor(0.5, requires_grad=True)
    np.testing.assert_allclose(np.gradient(x, half).data, np.gradient(f, 0.5))
    np.testing.assert_allclose(ag.sigmoid(ag.tensor(x)).data, 1 / (1 + np.exp(-f)), rtol=1e-3)
    np.testing.assert_allclose(ag.softplus(ag.tensor(x)).data, np.log1p(np.exp(f)), rtol=1e-3)
    np.testing.assert_allclose(ag.logsumexp(ag.tensor(x)).data, np.log(np.exp(f).sum()))
    np.testing.assert_allclose(ag.softmax(ag.tensor(x)).data, np.exp(f) / np.exp(f).sum())
    np.testing.assert_allclose(ag.mse_loss(ag.tensor(x), x[::-1].copy() * 0 + x[:1]).data, 1 / 3)
    np.testing.assert_allclose(np.polyval(ag.tensor(x), 300.0).data, 90001)


@pytest.mark.parametrize("f", [np.tril, np.triu, lambda m: np.pad(m, 1), np.nanmax, np.nanmin])
@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_integers_keep_their_dtype(f, dtype):
    x = np.array([[1, 0], [1, 1]], dtype)
    y, expected = f(ag.tensor(x)), f(x)
    assert (y.dtype, y.tolist()) == (expected.dtype, expected.tolist())


@pytest.mark.parametrize(
    "call",
    [
        "np.bincount(t)", "np.bincount(t, minlength=4)", "np.split(V, t[:1])", "np.split(s, t[:1])",
        "np.array_split(s, t)", "np.choose(t, [V, s, V])", "np.insert(s, t, s)", "np.take(V, t)",
        "np.tensordot(V, s, t[1])", "np.repeat(s, t)", "np.delete(s, t)", "np.pad(s, t[:2])",
        "np.quantile(s, t[1])", "s[t]", "np.moveaxis(M, t[0], t[1])", "np.diag(s, t[2])",
        "np.linalg.norm(s, t[2])", "np.hsplit(s, t)", "np.ravel(s)[t[0] : t[2]]",
    ],
)  # fmt: skip
def test_tensors_as_integer_arguments_are_accepted(call):
    t, s = ag.tensor([0, 1, 2]), ag.tensor(V)
    names = {"np": np, "V": V, "M": M}
    found = eval(call, names, {"t": t, "s": s})
    expected = eval(call, names, {"t": t.data, "s": V})
    for a, b in zip(*(y if isinstance(y, list) else [y] for y in (found, expected)), strict=True):
        np.testing.assert_array_equal(np.asarray(a), b)


class Quantity(np.ndarray):
    def __array_ufunc__(self, *args, **kwargs):
        return NotImplemented


@pytest.mark.parametrize(
    "x", [np.ones((1, 2)).view(np.matrix), np.ma.array([[1.0, 2.0]], mask=[[0, 1]]),
          np.ones((1, 2)).view(Quantity)], ids=["matrix", "masked", "with units"],
)  # fmt: skip
def test_arrays_with_another_arithmetic_are_refused(x):
    t = ag.tensor([[3.0], [4.0]], requires_grad=True)
    for call in [lambda: t * x, lambda: t @ x, lambda: np.add(t, x), lambda: ag.tensor(x),
                 lambda: np.where(t > 3, t, x), lambda: np.vstack([t.T, x]),
                 lambda: ag.softmax(x), lambda: ag.compile(np.sin)(x),
                 lambda: ag.grad(lambda z: (z * z).sum())(x)]:  # fmt: skip
        with pytest.raises(TypeError, match=r"np\.asarray"):
            call()


@pytest.mark.parametrize("dtype", [">f8", ">f4", "<f8"])
def test_gradients_have_the_byte_order_of_their_tensor(dtype):
    x = V.astype(dtype)
    t = ag.tensor(x, requires_grad=True)
    for _ in range(2):
        (t * t + t).sum().backward()
    assert (t.grad.dtype, t.grad.tolist()) == (t.dtype, (2 * (2 * V + 1)).tolist())
    number = x[:1].reshape(())
    u = ag.tensor(number, requires_grad=True)
    (u * u + u).backward()
    assert u.grad.dtype == ag.grad(lambda u: u * u + u)(number).dtype == u.dtype
    for f in (ag.grad(lambda t: (t * t + t).sum()), ag.compile(ag.grad(lambda t: (t * t).sum()))):
        assert f(x).dtype == x.dtype
    assert ag.gradients((t * t + t).sum(), t).dtype == t.dtype


@pytest.mark.parametrize("dtype", [">f8", ">f4"])
@pytest.mark.parametrize("targets", [np.array([2, 0]), np.array([2, 0], ">i4"), M / 7])
def test_cross_entropy_of_big_endian_logits(dtype, targets):
    z, native = M.astype(dtype), M.astype(dtype[1:])
    t = ag.tensor(z, requires_grad=True)
    loss = ag.softmax_cross_entropy(t, targets)
    loss.backward()
    expected, (g,) = ag.value_and_grad(ag.softmax_cross_entropy, argnums=(0,))(native, targets)
    assert (loss.item(), t.grad.tolist()) == (expected.item(), g.tolist())


@pytest.mark.parametrize("kind", [np.memmap, np.recarray])
def test_subclasses_that_are_storage_are_arrays(kind, tmp_path):
    x = np.memmap(tmp_path / "x", float, "w+", shape=3) if kind is np.memmap else np.empty(3)
    x[:] = V
    x = x.view(kind)
    assert ag.grad(lambda t: (t * t).sum())(x).tolist() == (2 * V).tolist()
    f = ag.compile(lambda t, u: np.sin(t) * u)
    for _ in range(3):  # the first call traces, and later calls check their arguments in brief
        np.testing.assert_array_equal(f(x, V), np.sin(V) * V)
        x[0] += 1
        assert f(x, V)[0] == np.sin(x[0]) * 2
        x[0] -= 1
    assert type(f(x, V)) is np.ndarray


@pytest.mark.parametrize("shape", [(0,), (5, 0), (0, 5), (5, 0, 0), (0, 3, 2)])
@pytest.mark.parametrize("f", [ag.softmax, ag.log_softmax])
def test_softmax_of_an_empty_array_is_empty(f, shape):
    for axis in [*range(len(shape)), None, tuple(range(len(shape)))]:
        t = ag.tensor(np.zeros(shape), requires_grad=True)
        y = f(t, axis=axis)
        y.backward(np.zeros(shape))
        recorded = ag.gradients(y, t, np.zeros(shape))
        assert y.shape == t.grad.shape == recorded.shape == shape


def test_empty_and_trivial_cases_return_what_numpy_returns():
    e = ag.tensor(np.zeros(0), requires_grad=True)
    assert ag.logsumexp(ag.tensor([])).item() == ag.logsumexp(e).item() == -np.inf
    assert np.linalg.norm(e, np.inf).item() == 0
    assert np.linalg.vector_norm(np.reshape(e, (0, 2)), axis=0).tolist() == [0, 0]
    assert np.resize(e, (2, 2)).tolist() == [[0, 0], [0, 0]]
    if hasattr(np, "cumulative_sum"):  # since NumPy 2.1
        assert np.cumulative_sum(e, include_initial=True).tolist() == [0]
    power = np.linalg.matrix_power(ag.tensor(np.eye(2), requires_grad=True), 0)
    assert isinstance(power, ag.Tensor)
    assert power.tolist() == [[1, 0], [0, 1]]
