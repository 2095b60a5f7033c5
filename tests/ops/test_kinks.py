"""The conventions at kinks and poles: a test for each row of the table in `autograd_mini.ops`."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import ops

TESTED = {}


def row(where):
    """Mark a test as the one for the table's row that starts with `where`."""

    def mark(test):
        TESTED[where] = test.__name__
        return test

    return mark


def slopes(f, *points):
    """Return the gradients of Σ f at `points`, after comparing both kinds of sweep."""
    leaves = [ag.tensor(x, requires_grad=True, dtype=float) for x in points]
    y = f(*leaves)
    y.backward(np.ones(y.shape))
    for x, again in zip(leaves, ag.gradients(y, leaves, np.ones(y.shape))):
        np.testing.assert_array_equal(x.grad, again.data)
    grads = [x.grad.tolist() for x in leaves]
    return grads[0] if len(grads) == 1 else grads


def test_each_row_of_the_table_has_a_test():
    lines = ops.__doc__.splitlines()
    _, head_end, table_end = (i for i, line in enumerate(lines) if line.startswith("===="))
    width = lines[head_end].index(" ")
    rows = [line[:width].strip() for line in lines[head_end + 1 : table_end]]
    assert len(rows) >= 8
    assert rows == list(TESTED)


@row("relu at 0")
def test_relu():
    assert slopes(ag.relu, [-1.0, 0.0, -0.0, 1.0]) == [0.0, 0.0, 0.0, 1.0]


@row("abs at 0")
@pytest.mark.parametrize("f", [abs, np.abs, np.fabs])
def test_abs(f):
    assert slopes(f, [-1.0, 0.0, -0.0, 1.0]) == [-1.0, 0.0, 0.0, 1.0]


@row("sqrt at 0")
def test_sqrt():
    with np.errstate(divide="ignore", invalid="ignore"):
        assert slopes(np.sqrt, [0.0, 4.0]) == [np.inf, 0.25]
        assert np.isnan(slopes(lambda x: 0 * np.sqrt(x), 0.0))
        assert slopes(lambda x: x**0.5, [0.0, 4.0]) == [np.inf, 0.25]


@row("x**0 at x = 0")
@pytest.mark.parametrize("zero", [0, 0.0, False, np.float64(0), np.zeros(2), ag.tensor([0.0, 0.0])])
def test_x_to_the_0(zero):
    assert slopes(lambda x: x**zero, [0.0, 3.0]) == [0.0, 0.0]
    x = ag.tensor([0.0, 3.0], requires_grad=True)
    second = ag.gradients(ag.gradients(x**zero, x, [1.0, 1.0]), x, [1.0, 1.0])
    assert second.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("of", [int, float, np.array, lambda n: ag.tensor(float(n))])
@pytest.mark.parametrize(
    ("n", "derivatives"), [(1, [1, 0, 0]), (2, [0, 2, 0]), (3, [0, 0, 6]), (4, [0, 0, 0])]
)
def test_x_to_the_n_is_smooth_at_0(n, derivatives, of):
    x = ag.tensor(0.0, requires_grad=True)
    y = x ** of(n)
    for expected in derivatives:
        y = ag.gradients(y, x)
        assert y.item() == expected


@row("0**y, y > 0")
@pytest.mark.parametrize("base", [0, 0.0, np.zeros(3), ag.tensor(0.0)])
def test_0_to_the_y(base):
    assert slopes(lambda y: base**y, [2.0, 0.5, 0.0]) == [0.0, 0.0, 0.0]


def test_0_to_the_0_with_both_active():
    assert slopes(lambda a, b: a**b, [0.0, 0.0], [0.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]


def test_pow_at_exponent_0_is_smooth_in_both_arguments():
    """∂/∂b of b a^(b-1) is 1/a at b = 0, though the first derivative by a vanishes there."""
    a = ag.tensor([2.0, 5.0], requires_grad=True)
    b = ag.tensor([0.0, 0.0], requires_grad=True)
    da, db = ag.gradients(a**b, [a, b], [1.0, 1.0])
    np.testing.assert_allclose(ag.gradients(da, b, [1.0, 1.0]).data, [0.5, 0.2])
    np.testing.assert_allclose(ag.gradients(db, a, [1.0, 1.0]).data, [0.5, 0.2])


@row("maximum(a, a)")
@pytest.mark.parametrize("f", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_maximum_and_minimum(f):
    assert slopes(f, [1.0, 0.0], [1.0, -0.0]) == [[0.5, 0.5], [0.5, 0.5]]
    assert slopes(lambda x: f(x, x), [1.0, 2.0]) == [1.0, 1.0]
    assert slopes(lambda x: f(x, 1), [1.0]) == [0.5]
    assert slopes(lambda a, b: f(a, b), [[1.0], [1.0]], [1.0, 1.0]) == [[[1.0], [1.0]], [1.0, 1.0]]


@row("max of tied entries")
@pytest.mark.parametrize("sign", [1, -1], ids=["max", "min"])
def test_max_and_min(sign):
    def f(x, **kwargs):
        return np.max(x, **kwargs) if sign == 1 else np.min(x, **kwargs)

    s = float(sign)
    third = 1 / 3
    assert slopes(f, [s, s, 0.0]) == [0.5, 0.5, 0.0]
    assert slopes(f, [s, s, s]) == [third, third, third]
    two_and_three = [[s, 0.0, s], [0.0, 0.0, 0.0]]
    assert slopes(lambda x: f(x, axis=1), two_and_three) == [[0.5, 0.0, 0.5], [third] * 3]
    assert slopes(lambda x: f(x, axis=0), two_and_three) == [[1.0, 0.5, 1.0], [0.0, 0.5, 0.0]]
    assert slopes(lambda x: f(x, axis=(0, 1)), two_and_three) == [[0.5, 0.0, 0.5], [0.0] * 3]
    assert slopes(lambda x: f(x, axis=1, keepdims=True), two_and_three)[0] == [0.5, 0.0, 0.5]


@row("max_pool2d, ties")
def test_max_pool2d():
    def pool(x):
        return ag.max_pool2d(x.reshape(1, 2, 4), 2)

    assert slopes(pool, [0.0, 1.0, 3.0, 2.0, 1.0, 0.0, 3.0, 3.0]) == [0, 1, 1, 0, 0, 0, 0, 0]
    assert slopes(pool, [0.0, np.nan, 0.0, 0.0, np.nan, 1.0, 0.0, 0.0]) == [0, 1, 1, 0, 0, 0, 0, 0]


@row("std of equal entries")
def test_std():
    with np.errstate(invalid="ignore", divide="ignore"):
        assert np.isnan(slopes(np.std, [2.0, 2.0])).all()
    assert slopes(np.var, [2.0, 2.0]) == [0.0, 0.0]


@row("arctan2(0, 0)")
def test_arctan2():
    with np.errstate(invalid="ignore", divide="ignore"):
        assert np.isnan(slopes(np.arctan2, 0.0, 0.0)).all()


@row("logaddexp, equal inf")
@pytest.mark.parametrize("f", [np.logaddexp, np.logaddexp2])
def test_logaddexp(f):
    for infinity in (np.inf, -np.inf):
        assert slopes(f, infinity, infinity) == [0.5, 0.5]
        assert slopes(f, infinity, 3.0) == ([1.0, 0.0] if infinity > 0 else [0.0, 1.0])


@pytest.mark.parametrize("f", [np.logaddexp, np.logaddexp2])
def test_logaddexp_of_equal_arguments_is_smooth(f):
    assert ag.gradcheck(f, [1.0, 0.0, -2.0], [1.0, 0.0, -2.0], order=3)


@row("sort of tied entries")
def test_sort():
    weights = np.array([1.0, 2.0, 3.0])
    for f in (np.sort, lambda x: np.partition(x, 1)):
        assert slopes(lambda x, f=f: f(x) * weights, [5.0, 2.0, 2.0]) == [3.0, 1.0, 2.0]
    assert slopes(lambda x: np.median(x, keepdims=True), [2.0, 2.0, 9.0, 1.0]) == [
        0.5,
        0.5,
        0.0,
        0.0,
    ]


@row("norm at 0, hypot")
def test_norm():
    for order in (None, 2, 3, 1.5):
        assert slopes(lambda x, p=order: np.linalg.norm(x, p), [0.0, 0.0]) == [0.0, 0.0]
    with np.errstate(divide="ignore", invalid="ignore"):
        assert slopes(lambda x: np.linalg.norm(x, 0.5), [0.0, 0.0]) == [0.0, 0.0]
        assert slopes(lambda x: np.linalg.norm(x, -1), [0.0, 2.0]) == [0.0, 0.0]
    assert slopes(np.hypot, [0.0], [0.0]) == [[0.0], [0.0]]
    assert slopes(np.hypot, [0.0], [2.0]) == [[0.0], [1.0]]


def squared(norm):
    """Return a function with a gradient everywhere, and no second derivative at the norm's tip."""
    return lambda x: norm(x) ** 2


CONES = {
    **{f"norm {p}": lambda x, p=p: np.linalg.norm(x, p)
       for p in (None, 1, 1.5, 2, 2.5, 3, 4, 0.5, np.inf, -np.inf)},
    **{f"matrix norm {p}": lambda x, p=p: np.linalg.norm(x.reshape(2, 2), p)
       for p in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)},
    "norm, axis": lambda x: np.linalg.norm(x.reshape(2, 2), axis=0).sum(),
    "norm, keepdims": lambda x: np.linalg.norm(x.reshape(2, 2), axis=1, keepdims=True).sum(),
    "svdvals": lambda x: np.linalg.svdvals(x.reshape(2, 2)).sum(),
    "svd of a column": lambda x: np.linalg.svd(x[:, None], compute_uv=False).sum(),
    "hypot": lambda x: np.hypot(x[0], x[1:]).sum(),
    "abs": lambda x: np.abs(x).sum(), "fabs": lambda x: np.fabs(x).sum(),
    "abs of hypot": lambda x: np.abs(np.hypot(x[:2], x[2:])).sum(),
    "sqrt of squares": lambda x: np.sqrt((x * x).sum()), "power": lambda x: (x @ x) ** 0.5,
    "std": np.std, "std, ddof": lambda x: np.std(x, ddof=1), "nanstd": np.nanstd,
}  # fmt: skip


@row("second, norm at 0")
@pytest.mark.parametrize("norm", CONES.values(), ids=CONES)
def test_second_derivative_at_a_tip_is_nan(norm):
    with np.errstate(divide="ignore", invalid="ignore"):
        assert not np.isfinite(ag.hessian(squared(norm))(np.zeros(4))).any()


@pytest.mark.parametrize("name", ["norm None", "norm 3", "norm, axis", "hypot", "abs", "fabs"])
@pytest.mark.filterwarnings("error")
def test_first_derivative_at_a_tip_stays_0(name):
    x = np.zeros(4)
    assert slopes(squared(CONES[name]), x) == slopes(CONES[name], x) == [0.0] * 4
    tangent = ag.jvp(CONES[name], (x,), (np.ones(4),))[1]
    assert float(tangent.data) == 0.0


@pytest.mark.parametrize("name", [n for n in CONES if n != "norm 0.5"])
def test_second_derivative_off_the_tip_is_right(name):
    rng = np.random.default_rng(3)
    assert ag.gradcheck(squared(CONES[name]), rng.uniform(0.5, 2, 4) * [1, -1, 1, -1], order=2)


@pytest.mark.parametrize("name", ["norm None", "norm 3", "norm 4", "matrix norm fro", "hypot"])
def test_second_derivative_on_an_axis_is_right(name):
    """Zeros among the entries are not the tip."""
    x = np.array([2.0, 0.0, 0.0, 0.0])
    hessian = ag.hessian(squared(CONES[name]))(x)
    gradient = ag.grad(squared(CONES[name]))
    step = 1e-6 * np.eye(4)
    expected = [(gradient(x + e).data - gradient(x - e).data) / 2e-6 for e in step]
    np.testing.assert_allclose(hessian, expected, atol=1e-5)


@row("second, relu at 0")
def test_second_derivative_of_linear_pieces():
    for f in (ag.relu, lambda x: np.maximum(x, 0), lambda x: np.max(x) + np.min(x)):
        np.testing.assert_array_equal(ag.hessian(lambda x, f=f: f(x).sum())(np.zeros(2)), 0.0)


@row("clip, on a bound")
def test_clip():
    assert slopes(lambda x: np.clip(x, 0, 1), [-1.0, 0.0, 0.5, 1.0, 2.0]) == [
        0.0,
        1.0,
        1.0,
        1.0,
        0.0,
    ]


@row("prod at 0")
def test_prod():
    assert slopes(np.prod, [0.0, 2.0, 3.0]) == [6.0, 0.0, 0.0]
    assert slopes(np.prod, [0.0, 2.0, 0.0]) == [0.0, 0.0, 0.0]
    assert slopes(np.cumprod, [0.0, 2.0, 3.0]) == [9.0, 0.0, 0.0]
    assert slopes(np.linalg.det, [[1.0, 1.0], [1.0, 1.0]]) == [[1.0, -1.0], [-1.0, 1.0]]


@row("equal eigenvalues")
def test_equal_eigenvalues():
    assert slopes(np.linalg.eigvalsh, np.eye(2)) == np.eye(2).tolist()
    assert slopes(lambda x: np.linalg.eigh(x)[0], np.eye(2)) == np.eye(2).tolist()
    weights = np.array([[1.0, 2.0], [3.0, 5.0]])
    with np.errstate(divide="ignore", invalid="ignore"):
        turned = slopes(lambda x: np.linalg.eigh(x)[1] * weights, np.eye(2))
    assert not np.isfinite(turned).all()


@row("cholesky, eigh")
def test_the_triangle_that_is_read():
    x = [[4.0, 7.0], [1.0, 3.0]]
    for f in (np.linalg.cholesky, np.linalg.eigvalsh, lambda x: np.linalg.eigh(x)[0] ** 2):
        (_, upper), (lower, _) = slopes(f, x)
        assert upper == 0.0 != lower
    assert slopes(lambda x: np.linalg.eigvalsh(x, "U") ** 2, x)[1][0] == 0.0


@row("softmax of no class")
def test_softmax_of_no_class():
    rows = [[True, False], [False, False]]
    x = np.ones((2, 2))
    expected = [[False, False], [True, True]]
    for f in (
        lambda x: ag.softmax(x, where=rows),
        lambda x: ag.scaled_dot_product_attention(x, np.eye(2), np.eye(2), rows),
    ):
        with np.errstate(invalid="ignore"):
            assert np.isnan(f(x)).tolist() == np.isnan(slopes(f, x)).tolist() == expected


@row("where, dead branch")
def test_where():
    assert slopes(lambda x: np.where(x > 0, x * x, 3 * x), [2.0, -2.0]) == [4.0, 3.0]
    with np.errstate(divide="ignore", invalid="ignore"):
        behind = slopes(lambda x: np.where(x > 0, np.sqrt(x), 0), [0.0, 4.0])
    assert np.isnan(behind[0])
    assert behind[1] == 0.25
    remedy = slopes(lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0), [0.0, 4.0])
    assert remedy == [0.0, 0.25]


@pytest.mark.parametrize(
    "flat", [ag.relu, lambda x: np.maximum(x, 0), lambda x: -np.minimum(-x, 0)]
)
def test_an_infinite_derivative_meets_a_flat_side(flat):
    with np.errstate(divide="ignore", invalid="ignore"):
        assert np.isnan(slopes(lambda x: np.sqrt(flat(x)), -1.0)).all()


def test_derivative_at_a_nan_that_is_the_result_is_not_0():
    """If an entry makes the result nan, the derivative of that entry is not 0."""
    assert np.isnan(slopes(lambda x: ag.relu(x) ** 2, [np.nan])[0])
    assert slopes(np.max, [np.nan, 2.0]) == slopes(np.min, [np.nan, 2.0]) == [1.0, 0.0]
    for f in (np.maximum, np.minimum):
        assert slopes(lambda x, f=f: f(x, 1.0), [np.nan])[0] != 0.0
    for f in (np.fmax, np.fmin):
        assert slopes(lambda x, f=f: f(x, 1.0), [np.nan]) == [0.0]
        assert slopes(f, [np.nan], [np.nan]) == [[1.0], [0.0]]


def test_replaced_entries_have_the_derivative_0():
    assert slopes(np.nan_to_num, [np.inf, -np.inf, np.nan, 2.0]) == [0.0, 0.0, 0.0, 1.0]


def test_logsumexp_at_infinities():
    assert slopes(ag.logsumexp, [-np.inf, 1.0]) == [0.0, 1.0]
    assert slopes(ag.logsumexp, [-np.inf, -np.inf]) == [0.0, 0.0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_log_softmax_of_infinite_logits_has_no_finite_gradient():
    x = ag.tensor(np.full(3, -np.inf), requires_grad=True)
    y = ag.log_softmax(x)
    y.backward(np.ones(3))
    assert not np.isfinite([x.grad, ag.gradients(y, x, np.ones(3)).data]).any()


@pytest.mark.parametrize("size", [1e4, 1e8, 1e16])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logsumexp_shares_do_not_depend_on_magnitude(size, dtype):
    x = ag.tensor([size, size, -size], dtype=dtype, requires_grad=True)
    ag.logsumexp(x).backward()
    np.testing.assert_allclose(x.grad, [0.5, 0.5, 0.0], rtol=1e-6)


@pytest.mark.parametrize("f", [np.logaddexp, np.logaddexp2])
@pytest.mark.parametrize("size", [1e4, 1e16])
def test_logaddexp_shares_do_not_depend_on_magnitude(f, size):
    a, b = (ag.tensor(size, dtype=np.float32, requires_grad=True) for _ in range(2))
    f(a, b).backward()
    assert (a.grad, b.grad) == (0.5, 0.5)


def test_arctan2_of_large_numbers_does_not_overflow():
    a, b = (ag.tensor(1e200, requires_grad=True) for _ in range(2))
    np.arctan2(a, b).backward()
    np.testing.assert_allclose([a.grad, b.grad], [5e-201, -5e-201])
