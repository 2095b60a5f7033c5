"""What a tensor promises beside right derivatives: each sentence of the design, a test."""

import copy
import gc
import inspect
import math
import pickle
import threading
import time
import weakref

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.tensor import DetachedWarning

A = np.array([1.0, 2.0, 3.0])
M = np.arange(1.0, 7.0).reshape(2, 3)


def leaf(x=A, name=None, dtype=float):
    return ag.tensor(x, requires_grad=True, name=name, dtype=dtype)


def ones(y):
    return np.ones(y.shape, y.dtype)


# ---- sweeps: each one alone, each use once ------------------------------------------------------


def test_backward_twice_gives_exactly_twice_the_gradient():
    x, w = leaf(), leaf(M)
    y = np.tanh(w @ np.exp(x)).sum() / x.sum()
    y.backward()
    once = [x.grad.copy(), w.grad.copy()]
    y.backward()
    np.testing.assert_array_equal(x.grad, 2 * once[0])
    np.testing.assert_array_equal(w.grad, 2 * once[1])


def test_a_fresh_graph_accumulates_and_zero_grad_forgets():
    x = leaf()
    (x * x).sum().backward()
    (3 * x).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0, 9.0]
    x.zero_grad()
    assert x.grad is None
    (3 * x).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0, 3.0]


@pytest.mark.parametrize("shape", [(), (3,)])
def test_grad_is_an_array_after_every_sweep(shape):
    x = leaf(np.ones(shape))
    for _ in range(3):
        y = (x * 2).retain_grad()
        y.sum().backward()
        y.sum().backward()
        for t in (x, y):
            assert type(t.grad) is np.ndarray
            assert t.grad.shape == shape


def test_24_doublings_take_24_steps():
    calls = []

    def rule(g, y, a, b):
        calls.append(1)
        return g

    add = ag.primitive(lambda a, b: a + b, rule, rule, name="counted")
    x = y = leaf(1.0)
    for _ in range(24):
        y = add(y, y)
    y.backward()
    assert x.grad == 2.0**24
    assert len(calls) == 48
    assert ag.gradients(y, x).item() == 2.0**24
    assert len(calls) == 96


def test_diamonds_and_fan_out_sum_over_all_paths():
    x = leaf(2.0)
    a, b = x * x, x * 3
    y = a * b + a / b + a
    y.backward()
    np.testing.assert_allclose(x.grad, 9 * 4 + 1 / 3 + 4)
    x.zero_grad()
    sum(x * float(k) for k in range(1000)).backward()
    assert x.grad == 999 * 500


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x / x, 0), (lambda x: x - x, 0), (lambda x: x * x, 2 * A),
        (lambda x: x**x, A**A * (np.log(A) + 1)), (lambda x: x @ x, 2 * A),
        (lambda x: np.where(x > 1, x, x), 1), (lambda x: np.maximum(x, x), 1),
        (lambda x: np.concatenate([x, x, x]), 3), (lambda x: np.stack([x, x]), 2),
        (lambda x: x[:, None] * x, 12), (lambda x: x[[0, 0, 0]], [3, 0, 0]),
    ],
)  # fmt: skip
def test_one_tensor_as_several_arguments(f, expected):
    x = leaf()
    y = f(x)
    y.backward(ones(y))
    np.testing.assert_allclose(x.grad, expected * np.ones(3))


# ---- Tensors among arrays, lists and scalars ----------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        lambda t: A * t, lambda t: t * A, lambda t: np.float64(2) * t, lambda t: t - np.float64(2),
        lambda t: np.float32(2) / t, lambda t: [1, 2, 3] + t, lambda t: t**[1, 2, 3],
        lambda t: M @ t, lambda t: [[1, 2, 3]] @ t, lambda t: np.exp(t), lambda t: np.sum(t, 0),
        lambda t: np.add(A, t), lambda t: np.where([True, False, True], t, 0), lambda t: 2**t,
        lambda t: np.concatenate([A, t, [1.0]]), lambda t: np.stack([A, t]), lambda t: sum(t),
    ],
)  # fmt: skip
def test_numpy_on_both_sides_gives_tensors_of_floats(f):
    y = f(leaf())
    assert type(y) is ag.Tensor
    assert y.dtype == np.float64
    assert y.requires_grad
    np.testing.assert_array_equal(y.data, f(A))


def test_float32_stays_float32_beside_python_scalars():
    def net(x, w, b):
        h = np.maximum(2 * x @ w + b, 0.1)
        h = h**2 + h**0.5 - 1 / (h + 1) + 2.0**-h + np.where(h > 1, h, 0.0) % 3
        h = np.tanh(ag.sigmoid(h) - ag.relu(h) / 7) * np.pi + h.mean(axis=0) * 0.5
        return ag.softmax_cross_entropy(h, [1, 0]) + 0.01 * np.sqrt((w**2).sum() + 1e-3)

    args = [leaf(np.ones(s), dtype=np.float32) for s in ((2, 3), (3, 4), (4,))]
    loss = net(*args)
    assert {t.dtype for t in loss.tape() if t.requires_grad} == {np.dtype(np.float32)}
    loss.backward()
    assert {t.grad.dtype for t in args} == {np.dtype(np.float32)}
    for g in ag.gradients(loss, args):
        assert g.dtype == np.float32
        assert {t.dtype for t in g.tape() if t.requires_grad} == {np.dtype(np.float32)}
    assert (np.float64(2) * args[0]).dtype == np.float64  # as NEP 50 says: a NumPy scalar is strong


def test_comparisons_give_plain_bool_arrays():
    t = leaf()
    for y in (
        t < 2,
        t <= 2,
        t > A,
        t >= [1, 2, 3],
        t == t,
        t != 1.0,
        A < t,
        2.0 >= t,
        np.equal(t, A),
    ):
        assert type(y) is np.ndarray
        assert y.dtype == bool
    assert type(np.sign(t)) is np.ndarray


def test_python_protocols():
    t, s = leaf(name="t"), leaf(2.0, name="s")
    assert len(t) == 3
    a, b, _c = t
    (a * b).backward()
    assert t.grad.tolist() == [2.0, 1.0, 0.0]
    for f in (lambda: list(s), lambda: len(s)):
        with pytest.raises(TypeError):
            f()
    assert bool(s)
    assert bool(ag.tensor([[1.0]]))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(t)
    assert f"{s:.2f}" == "2.00"
    assert "name='t', requires_grad=True" in repr(t)
    assert "op=mul" in f"{t * 2}"
    table = {t: 1, s: 2}
    assert (table[t], table[s], t in table, t * 1 in table) == (1, 2, True, False)
    assert ["a", "b", "c"][ag.tensor(1)] == "b"


# ---- copies: nobody else's memory ---------------------------------------------------------------


def test_leaves_detach_and_numpy_copy():
    source = A.copy()
    x = leaf(source)
    source[0] = 99
    x.numpy()[0] = x.detach().data[0] = ag.tensor(x.detach()).data[0] = 99
    assert x.data.tolist() == A.tolist()
    y = x * 2
    y.numpy()[0] = y.detach().data[0] = 99
    assert y.data.tolist() == [2.0, 4.0, 6.0]
    assert not y.detach().requires_grad
    c = ag.tensor(A)
    for view in (c.T, c[:2], c.reshape(3, 1), ag.stop_gradient(x), np.broadcast_to(c, (2, 3))):
        assert not np.shares_memory(view.data, c.data)
        assert not np.shares_memory(view.data, x.data)


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: a + b, lambda a, b: a + a, lambda a, b: a + b + a, lambda a, b: a.reshape(3, 1),
        lambda a, b: a[None].T, lambda a, b: a[...], lambda a, b: a[:], lambda a, b: a * 1.0,
        lambda a, b: np.broadcast_to(a, (2, 3)), lambda a, b: a.sum(), lambda a, b: np.positive(a),
        lambda a, b: np.stack([a, b]), lambda a, b: np.concatenate([a, b]), lambda a, b: a - b,
        lambda a, b: np.expand_dims(a, 0).squeeze(), lambda a, b: a.astype(float) + b, lambda a, b: a,
    ],
)  # fmt: skip
def test_grad_is_never_an_alias(f):
    a, b = leaf(), leaf(A + 3)
    y = f(a, b)
    if y is not a:
        y.retain_grad()
    z = y + 0 if y is not a else y
    given = np.full(z.shape, 2.0)
    z.backward(given)
    grads = [t.grad for t in (a, b, y) if t.grad is not None and not (t is y and y is a)]
    expected = [g.copy() for g in grads]
    given[...] = 99
    for i, g in enumerate(grads):
        np.testing.assert_array_equal(g, expected[i])
        g[...] = 77  # shows in no other
        expected[i][...] = 77
    assert a.data.tolist() == A.tolist()


def test_the_data_of_a_record_is_read_only():
    x = leaf()
    for y in (x * 2, x[...], x.T, np.positive(x)):
        before = y.numpy()
        with pytest.raises(ValueError, match="read-only"):
            y.data[0] = 1
        with pytest.raises(ValueError, match="read-only"):
            y.data += 1
        with pytest.raises(ValueError, match="read-only"):
            np.add(y.data, 1, out=y.data)
        with pytest.raises(TypeError, match="its data cannot be replaced"):
            y.data = A
        with pytest.raises(TypeError, match=r"cannot be changed in place.*np\.where"):
            y[0] = 1
        np.testing.assert_array_equal(y.data, before)
    with pytest.raises(TypeError, match=r"'w' \(3,\) float64 cannot be changed in place"):
        leaf(name="w")[0] = 1


def test_new_data_of_a_leaf_make_old_records_refuse():
    w, u = leaf(name="w"), leaf()
    old = (w * w).sum()
    w.data -= 0.1 * A
    newer = old * w.sum()  # w is younger than `old`, and older than this
    for y in (old, newer, (old + u).sum()):
        with pytest.raises(RuntimeError, match=r"'w' \(3,\) float64 was given new data .*again"):
            y.backward()
        with pytest.raises(RuntimeError, match="was given new data"):
            ag.gradients(y, w)
    assert w.grad is u.grad is None
    (w * w).sum().backward()
    np.testing.assert_allclose(w.grad, 1.8 * A)
    with pytest.raises(ValueError, match="shape of a tensor is fixed"):
        w.data = [1.0]


@pytest.mark.parametrize("view", [lambda t: t.T, lambda t: t[:], lambda t: t.reshape(3)])
@pytest.mark.parametrize("active", [True, False])
def test_a_view_kept_as_a_constant_does_not_follow_its_leaf(view, active):
    w, u = ag.tensor(A, requires_grad=active), leaf()
    with ag.no_grad():
        v = view(w)
    y = (v * u).sum()
    w.data *= 10
    y.backward()
    assert u.grad.tolist() == A.tolist()


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_copies_arrive_as_leaves_with_the_values(duplicate):
    x = leaf(name="x")
    (x * x).sum().backward()
    for t in (x, x * 2, ag.tensor([1, 2])):
        c = duplicate(t)
        assert c.is_leaf
        assert (c.dtype, c.name, c.requires_grad) == (t.dtype, t.name, t.requires_grad)
        np.testing.assert_array_equal(c.data, t.data)
        assert not np.shares_memory(c.data, t.data)
        c.data[0] = 99  # and it is writable
    grad = duplicate(x).grad
    assert grad.tolist() == x.grad.tolist()
    assert not np.shares_memory(grad, x.grad)


# ---- gradients of intermediates -----------------------------------------------------------------


def test_a_gradient_that_was_not_kept_says_so():
    x = leaf()
    y = x * 2
    y.name = "y"
    kept = (x * 3).retain_grad()
    (y * kept).sum().backward()
    with pytest.raises(
        RuntimeError, match=r"gradient of 'y' \(3,\) float64, made by mul, was not .*retain"
    ):
        _ = y.grad
    assert kept.grad.tolist() == [2.0, 4.0, 6.0]
    kept.zero_grad()
    assert kept.grad is None
    with pytest.raises(RuntimeError, match="requires no gradient"):
        (ag.tensor(1.0) * 2).retain_grad()


# ---- no_grad ------------------------------------------------------------------------------------


def records():
    return (leaf() * 2).requires_grad


def test_no_grad_nests_ends_with_an_exception_and_decorates():
    with ag.no_grad():
        with ag.no_grad():
            assert not records()
        assert not records()
        with pytest.raises(ZeroDivisionError), ag.no_grad():
            _ = 1 / 0
        assert not records()
    assert records()
    assert not ag.no_grad()(records)()
    assert records()


def test_no_grad_is_of_one_thread():
    inside, done, seen = threading.Event(), threading.Event(), []

    def other():
        with ag.no_grad():
            inside.set()
            done.wait(10)
            seen.append(records())

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(10)
    seen.append(records())
    done.set()
    thread.join()
    assert seen == [True, False]


def test_threads_share_no_creation_number():
    made = [[] for _ in range(4)]

    def work(mine):
        x = leaf()
        for _ in range(2000):
            x = x * 1.0
            mine.append(x.order)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({n for mine in made for n in mine}) == 8000


# ---- no way out without a sign ------------------------------------------------------------------


@pytest.mark.parametrize("f", [float, int, math.exp, math.floor, complex])
def test_a_number_that_leaves_warns_with_the_callers_line(f):
    s = leaf(2.0, name="s")
    with pytest.warns(DetachedWarning, match=r"of 's' \(\) float64.*\.item\(\)") as caught:
        found, line = f(s), inspect.currentframe().f_lineno
    assert found == f(2.0)
    assert [(w.filename, w.lineno) for w in caught] == [(__file__, line)]
    assert f(s.item()) == f(s.detach()) == f(2.0)  # says so itself: no warning, or it were an error
    assert f(ag.tensor(2.0)) == f(2.0)


def test_an_array_does_not_take_a_tensor_in_silence():
    t, s, array = leaf(name="t"), leaf(2.0, name="s"), np.zeros(3)
    for f in (np.asarray, np.array, np.float64, ag.tensor):
        with pytest.raises(
            TypeError, match=r"'t' \(3,\).*leave its derivative behind.*\.numpy\(\)"
        ):
            f(t)
    with pytest.raises(TypeError, match="leave its derivative behind"):
        np.array([s, s])
    with pytest.raises(TypeError, match="leave its derivative behind"):
        array[:] = t
    with pytest.raises((TypeError, ValueError)):
        array[0] = t[0]
    assert array.tolist() == [0.0, 0.0, 0.0]
    np.testing.assert_array_equal(np.asarray(ag.tensor(A)), A)


def in_place(t):
    array = np.zeros(3)
    array += t


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda t: np.cumsum(t), r"np\.cumsum has no derivative rule here. The nearest .* np\.sum"),
        (lambda t: np.linalg.norm(t), r"np\.linalg\.norm has no derivative rule"),
        (lambda t: np.vstack([t, t]), r"np\.vstack .* np\.stack\."),
        (lambda t: np.frexp(t), r"np\.frexp has no derivative rule"),
        (lambda t: np.multiply.reduce(t), r"np\.multiply\.reduce has no derivative rule"),
        (lambda t: np.add.accumulate(t), r"np\.add\.accumulate has no derivative rule"),
        (lambda t: np.add.at(np.zeros(3), [0], t), r"np\.add\.at has no derivative rule"),
        (lambda t: np.add(t, 1, out=np.zeros(3)), r"np\.add: out= and in-place"),
        (lambda t: np.add(A, 1, out=t), r"np\.add: out= and in-place"),
        (lambda t: np.sum(t, out=np.zeros(())), r"np\.sum: out= and in-place"),
        (in_place, r"np\.add: out= and in-place"),
        (lambda t: np.exp(t, where=A > 1), r"np\.exp: where="),
        (lambda t: np.exp(t, dtype=np.float32), r"np\.exp: dtype="),
        (lambda t: np.sum(t, axis=leaf(0.0, "k")), "'k'.* keyword 'axis', where no derivative"),
        (lambda t: t * 1j, r"mul\('t' \(3,\) float64, 1j\) is complex128"),
        (lambda t: t.astype(int), "is int64, through which no derivative flows"),
        (lambda t: np.ma.masked_array(A) * t, ""),
        (lambda t: t * np.ma.masked_array(A), "mask"),
        (lambda t: np.where(t), ""),
        (lambda t: ag.primitive(lambda x, k: x * k, lambda g, y, x, k: g, name="half")(A, t),
         "half: argument 1, 't' .*, requires a gradient, but half has no rule for it"),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded_is_refused(f, message):
    t = leaf(name="t")
    t.grad = A
    with pytest.raises(TypeError, match=message):
        f(t)
    assert t.grad.tolist() == A.tolist()


def test_a_constant_keyword_may_be_a_tensor():
    assert np.sum(leaf(M), axis=ag.tensor(0)).shape == (3,)


# ---- bad input: what was wrong, with which tensors, and no .grad changed ------------------------


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda t: (t * 2).backward(), ValueError, r"\(3,\) .* has 3 entries: pass .*\.sum\(\)"),
        (lambda t: (t * 2).backward([1.0]), ValueError, r"gradient of shape \(1,\).*\(3,\)"),
        (lambda t: (t * 2).backward([1j] * 3), ValueError, "real numbers"),
        (lambda t: ag.tensor(A).sum().backward(), RuntimeError, "has no derivatives.*requires_grad"),
        (lambda t: t.detach().sum().backward(), RuntimeError, "has no derivatives"),
        (lambda t: ag.gradients(t * 2, t), ValueError, "has 3 entries"),
        (lambda t: ag.gradients(t.sum(), ag.tensor(1.0)), ValueError, "requires no gradient"),
        (lambda t: ag.gradients(t.sum(), 1.0), TypeError, ""),
        (lambda t: t + leaf(np.ones(4), "u"), ValueError, r"add of 't' \(3,\) .* 'u' \(4,\).*broadcast"),
        (lambda t: M @ leaf(M, "u"), ValueError, r"matmul of .* \(2, 3\) .* 'u' \(2, 3\)"),
        (lambda t: t @ 2.0, ValueError, r"matmul of 't' \(3,\) float64 and 2\.0"),
        (lambda t: t.reshape(2, 2), ValueError, r"reshape of 't' \(3,\)"),
        (lambda t: t.sum(axis=1), ValueError, r"sum of 't' \(3,\).*axis 1 is out of bounds"),
        (lambda t: t[3], IndexError, r"getitem of 't' \(3,\).*index 3"),
        (lambda t: t[t], IndexError, "getitem of 't'"),
        (lambda t: t * "a", TypeError, "mul of 't'"),
        (lambda t: np.concatenate([t, M]), ValueError, r"concatenate of 't' \(3,\).*\(2, 3\)"),
        (lambda t: ag.tensor(1, requires_grad=True), TypeError, r"int64 cannot require .*3\.0 for 3"),
        (lambda t: ag.tensor(True, requires_grad=True), TypeError, "bool cannot require"),
        (lambda t: ag.tensor([1j]), TypeError, "complex"),
        (lambda t: ag.tensor("a"), TypeError, "real numbers"),
        (lambda t: ag.tensor(None), TypeError, "real numbers"),
        (lambda t: setattr(t * 2, "requires_grad", False), TypeError, "requires_grad is set on leaves"),
        (lambda t: setattr(t, "grad", [1.0]), ValueError, r"gradient of shape \(1,\)"),
        (lambda t: ag.softmax_cross_entropy(t, 3), IndexError, "from 0 to 2, not from 3"),
        (lambda t: ag.softmax_cross_entropy(t, [0, 1]), ValueError, r"'t' \(3,\).*\(2,\)"),
        (lambda t: ag.softmax_cross_entropy(t, 0.5), TypeError, "integers"),
        (lambda t: ag.softmax_cross_entropy(leaf(np.ones((0, 3))), []), ValueError, "at least one row"),
    ],
)  # fmt: skip
def test_bad_input_is_explained(f, error, message):
    t = leaf(name="t")
    t.grad = A
    with pytest.raises(error, match=message):
        f(t)
    assert t.grad.tolist() == A.tolist()


def test_a_sweep_that_fails_changes_no_grad():
    def broken(g, y, x):
        raise RuntimeError("broken rule")

    a, b = leaf(), leaf()
    for rule, message in (
        (broken, "broken rule"),
        (lambda g, y, x: g[0], r"wide returned shape \(\)"),
    ):
        y = ag.primitive(lambda x: x + 1, rule, name="wide")(a) + b
        z = (y * b).retain_grad().sum()
        with pytest.raises((RuntimeError, ValueError), match=message):
            z.backward()
        assert a.grad is b.grad is None
