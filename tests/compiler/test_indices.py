"""Indices that are arguments: classes, entries along an axis, bins, shifts."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.budget import few
from tests.compiler.checks import arrays, check

same = np.testing.assert_array_equal


@pytest.mark.parametrize("classes", [3, 70])
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_a_class_that_does_not_exist_is_refused_as_by_the_node(classes, dtype):
    z = np.random.default_rng(0).normal(size=(4, classes))
    loss = ag.compile(ag.value_and_grad(lambda z, t: ag.softmax_cross_entropy(z, t)))
    expected = ag.value_and_grad(ag.softmax_cross_entropy)
    for t in ([0, 1, 2, 0], [0, 1, 2, -1], [0, 1, 2, classes], [0, 1, -classes, 0], [2, 2, 0, 1]):
        if np.dtype(dtype).kind == "u" and min(t) < 0:
            continue
        t = np.array(t, dtype)
        if t.min() >= 0 and t.max() < classes:
            for found, wanted in zip(loss(z, t), expected(z, t)):
                np.testing.assert_allclose(found.data, wanted.data, rtol=1e-13)
        else:
            with pytest.raises(
                IndexError, match=f"cross_entropy: class .* from 0 to {classes - 1}, "
            ):
                loss(z, t)


@pytest.mark.parametrize(("t", "fix"), [([1, 2, 3], "pass y - 1"), ([0, 1, -1], "ignore_index=-1")])
def test_first_call_with_a_wrong_class_names_the_fix(t, fix):
    loss = ag.compile(lambda z, t: ag.softmax_cross_entropy(z, t))
    with pytest.raises(IndexError, match=f"^(?!.*entropy.*entropy).*{fix}"):
        loss(np.zeros((3, 3)), np.array(t))


def test_mask_of_classes_may_be_an_argument():
    def loss(z, where):
        return ag.softmax_cross_entropy(z, np.array([0, 1, 2]), where=where)

    compiled, z = ag.compile(loss), np.random.default_rng(0).normal(size=(3, 3))
    for where in ([True, True, True], [False, False, False], [True, True, False]):
        same(compiled(z, np.array(where)), loss(z, np.array(where)))


def test_indices_that_a_user_writes_mean_what_numpy_says():
    rows, classes = np.arange(4), np.arange(3)[:, None]
    taken = ag.compile(lambda x, t: np.exp(x)[t, rows])
    masked = ag.compile(lambda x, t: np.where(classes == t, 9.0, np.exp(x)))
    x = np.random.default_rng(0).normal(size=(3, 4))
    for t in ([0, 1, 2, 0], [0, -1, 2, -3]):
        same(taken(x, np.array(t)), np.exp(x)[t, rows])
        same(masked(x, np.array(t)), np.where(classes == np.array(t), 9.0, np.exp(x)))
    same(masked(x, np.array([0, 3, 7, -9])), masked(x, np.array([0, -1, -1, -1])))


def test_classes_of_other_losses():
    z = np.log(np.full((2, 3), 1 / 3))
    loss = ag.compile(lambda z, t: ag.nll_loss(z, t))
    np.testing.assert_allclose(loss(z, np.array([0, 2])), np.log(3))
    with pytest.raises(IndexError, match=r"class indices .* from 0 to 2, .* from -1 to 0"):
        loss(z, np.array([0, -1]))
    assert "return result" in loss.source


#: what takes entries of z, of shape (4, 3), by the numbers in t, of shape (4,)
BY_INDEX = {
    "cross_entropy": lambda z, t: ag.cross_entropy(z, t),
    "the fused loss": lambda z, t: ag.softmax_cross_entropy(z, t),
    "the fused loss, 2 axes": lambda z, t: ag.softmax_cross_entropy(
        z.reshape(2, 2, 3), t.reshape(2, 2)
    ),
    "the fused loss, axis 1": lambda z, t: ag.softmax_cross_entropy(
        z.reshape(2, 2, 3).swapaxes(1, 2), t.reshape(2, 2), axis=1
    ),
    "of classes found otherwise": lambda z, t: ag.softmax_cross_entropy(
        z, np.argmax(np.arange(5) == t[:, None], axis=1)
    ),
    "nll_loss": lambda z, t: ag.nll_loss(np.log(np.abs(z)), t),
    "rows": lambda z, t: ag.nll_loss(z, t, reduction="none") * np.arange(4),
    "x[t]": lambda z, t: np.exp(z)[t],
    "x[:, t]": lambda z, t: z[:, t],
    "x[rows, t]": lambda z, t: np.exp(z)[np.arange(4), t],
    "one entry": lambda z, t: z[t[0], t[1]],
    "take": lambda z, t: np.take(np.exp(z), t),
    "take of an axis": lambda z, t: np.take(z, t, -1),
    "take and clip": lambda z, t: np.take(z, t, 1, mode="clip"),
    "take and wrap": lambda z, t: np.exp(z).take(t, mode="wrap"),
    "take_along_axis": lambda z, t: np.take_along_axis(np.exp(z), t[:, None], 1),
    "choose": lambda z, t: np.choose(t, [z[:, 0], z[:, 1], z[:, 2]]),
    "choose and wrap": lambda z, t: np.choose(t, [z[:, 0], z[:, 1]], mode="wrap"),
    "positions": lambda z, t: z.reshape(-1)[np.ravel_multi_index((np.arange(4), t), (4, 3))],
}
OTHER = [[0, 1, 2, -1], [0, -3, 2, 1], [0, 1, 2, 3], [0, -4, 2, 1], [4, 0, 0, 0], [-5, 0, 1, 2],
         [0, 5, 1, 11], [12, 0, 1, 2], [-13, 0, 0, 1]]  # fmt: skip


def outcome(f, *args):
    try:
        return [np.asarray(x) for x in arrays(f(*args))], None
    except (IndexError, ValueError) as error:
        return [], type(error)


@pytest.mark.parametrize("what", BY_INDEX)
def test_an_index_means_what_it_means_eagerly(what):
    """It raises, counts from the end, wraps or clips, as the function itself does."""
    f = BY_INDEX[what]
    z = np.random.default_rng(0).normal(size=(4, 3))
    for g in (f, ag.value_and_grad(lambda z, t: np.sum(f(z, t)))):
        compiled = ag.compile(g)
        for t in map(np.array, ([2, 1, 0, 2], *OTHER, [1, 1, 1, 1])):
            (found, error), (wanted, refused) = outcome(compiled, z, t), outcome(g, z, t)
            assert error is refused
            for x, y in zip(found, wanted, strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-13, atol=1e-15)


def test_put_along_axis_matches_numpy():
    def put(x, t):
        y = np.exp(x)
        np.put_along_axis(y, t[:, None], 9.0, 1)
        return y

    x, compiled = np.random.default_rng(0).normal(size=(4, 3)), ag.compile(put)
    for t in map(np.array, ([0, 1, 2, 0], *OTHER)):
        (found, error), (wanted, refused) = outcome(compiled, x, t), outcome(put, x, t)
        assert error is refused
        same(found, wanted)
    first = ag.compile(lambda x: put(x, np.array([0, -1, 2, -3])))
    same(first(x), put(x, np.array([0, -1, 2, -3])))
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 1 with size 3"):
        ag.compile(lambda x: put(x, np.array([0, 1, 2, 3])))(x)


def test_a_table_that_is_indexed_is_an_argument():
    table = np.arange(6.0).reshape(3, 2)
    with pytest.raises(TypeError, match=r"constant array c .*write ag.tensor\(c\)\[x\]"):
        ag.compile(lambda t: table[t])(np.array([0, 2]))
    same(ag.compile(lambda c, t: c[t])(table, np.array([0, -1])), table[[0, -1]])
    of_tensor = ag.compile(lambda t: ag.tensor(table)[t])
    for t in ([0, 2], [1, -1]):
        same(of_tensor(np.array(t)).data, table[t])
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        of_tensor(np.array([0, 3]))
    assert "c[t]" in of_tensor.source


def test_bins_are_counted_where_their_number_is_known():
    def f(w, t):
        return (np.bincount(t, minlength=3) * np.bincount(t, w, minlength=3) ** 2).sum()

    eager, w = ag.value_and_grad(f), np.arange(4.0)
    compiled = ag.compile(eager)
    for t in ([0, 1, 1, 2], [2, 2, 0, 2], [0, 0, 0, 0]):
        for x, y in zip(compiled(w, np.array(t)), eager(w, np.array(t))):
            np.testing.assert_allclose(x.data, y.data, rtol=1e-13)
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 0 with size 3"):
        compiled(w, np.array([0, 1, 2, 3]))
    with pytest.raises(ValueError, match="negative"):
        compiled(w, np.array([0, 1, 2, -1]))
    with pytest.raises(TypeError, match="Pass minlength=n if all numbers are below n"):
        ag.compile(lambda t: np.bincount(t))(np.array([0, 1]))


def test_a_shift_that_is_an_argument():
    eager = ag.value_and_grad(lambda x, n: (np.roll(x, n) * x).sum())
    compiled, x = ag.compile(eager), np.arange(5.0)
    for n in (1, 2, -1):
        for found, wanted in zip(compiled(x, np.array(n)), eager(x, n)):
            same(found.data, wanted.data)


@pytest.mark.parametrize("loss", few([ag.softmax_cross_entropy, ag.cross_entropy], 2))
@pytest.mark.parametrize("dtype", few("df", 2))
@pytest.mark.parametrize(
    "options",
    [
        {"ignore_index": -100},
        {"ignore_index": 1},
        {"weight": np.array([0.5, 0, 2])},
        {"label_smoothing": 0.1},
        {"label_smoothing": 0.2, "weight": np.array([0.5, 1, 2]), "ignore_index": -1},
        {"where": np.array([True, False, True]), "ignore_index": 1},
    ],
    ids=repr,
)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_options_of_the_losses(loss, dtype, options, reduction):
    """Each call finds the rows that count, if there are any."""
    ignored = options.get("ignore_index")

    def f(z, t):
        rows = loss(z, t, reduction=reduction, **options)
        return np.sum(rows * rows)

    eager = ag.value_and_grad(f)
    compiled = ag.compile(eager)
    rng = np.random.default_rng(0)
    for some in (0, 0.5, 1):
        z = rng.normal(size=(8, 3)).astype(dtype)
        t = 2 * rng.integers(2, size=8)
        t = np.where(rng.random(8) < some, t if ignored is None else ignored, t)
        for found, wanted in zip(arrays(compiled(z, t)), arrays(eager(z, t)), strict=True):
            assert found.dtype == wanted.dtype
            tolerance = 100 * np.finfo(dtype).eps
            np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
    for wrong in (3, -2):
        with pytest.raises(IndexError, match=f"{loss.__name__}: class indices .* from 0 to 2"):
            compiled(z, np.array([*t[:7], wrong]))
    compiled(z, t)


def test_weights_of_classes_that_are_an_argument():
    def f(z, w, t):
        return ag.softmax_cross_entropy(z, t, weight=w, ignore_index=9, label_smoothing=0.1)

    z, t = np.random.default_rng(0).normal(size=(5, 3)), np.array([0, 1, 9, 2, 1])
    for argnums in (0, 1, (0, 1)):
        eager = ag.grad(f, argnums)
        compiled = ag.compile(eager)
        for w in (np.array([1.0, 2.0, 0.5]), np.array([0.0, 1.0, 3.0])):
            for x, y in zip(arrays(compiled(z, w, t)), arrays(eager(z, w, t)), strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.uint64, np.int8, ">i8"])
@pytest.mark.parametrize("options", [{}, {"weight": np.arange(1.0, 6.0)}, {"ignore_index": 1}])
def test_labels_that_numpy_does_not_cast_safely(dtype, options):
    """On a 32-bit machine NumPy does not cast int64 to an index safely, nor uint64 elsewhere."""
    z, t = np.random.default_rng(0).normal(size=(4, 5)), np.array([0, 4, 1, 2]).astype(dtype)
    check(ag.value_and_grad(lambda z: ag.softmax_cross_entropy(z, t, **options)), z)
    check(lambda z, t: ag.hvp(lambda z: ag.softmax_cross_entropy(z, t, **options), z, z), z, t)
