"""NumPy's functions on Tensors: the values, shapes and dtypes of NumPy, and their derivatives."""

import inspect
import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.registry import PRIMITIVES, NonDifferentiable, name_of
from tests.budget import each
from tests.cases import CASES, assert_close, every
from tests.core.numpy_calls import (
    FIRST,
    HOLES,
    MASK,
    NAMES,
    NAN_ROWS,
    ROWS,
    ZEROS,
    M,
    S,
    V,
    function_in,
    function_of,
)


def dtypes_agree(f, inputs):
    single = [np.asarray(x, np.float32) for x in inputs]
    y = f(*[ag.tensor(x, requires_grad=True) for x in single])
    assert y.dtype == np.asarray(f(*single)).dtype
    y.backward(np.ones(y.shape))


TWICE = sorted(FIRST)[::4]  # whose second derivatives are in the default suite


@every(ROWS, function_in)
def test_value_and_derivatives(text):
    f, inputs = function_of(text)
    leaves = [ag.tensor(x, requires_grad=True) for x in inputs]
    y, expected = f(*leaves), f(*inputs)
    assert isinstance(y, ag.Tensor)
    assert y.requires_grad
    assert (y.shape, y.dtype) == (np.shape(expected), np.asarray(expected).dtype)
    assert_close(y.data, expected, rtol=1e-12, atol=1e-13)
    order = 2 if text in TWICE else 1
    assert ag.gradcheck(f, *inputs, order=order, rtol=1e-4, atol=1e-5)
    dtypes_agree(f, inputs)
    for leaf, x in zip(leaves, inputs):
        np.testing.assert_array_equal(leaf.data, x)


@pytest.mark.slow
@each([row for row in ROWS if row not in TWICE])
def test_second_derivatives_of_other_rows(text):
    f, inputs = function_of(text)
    assert ag.gradcheck(f, *inputs, order=2, rtol=1e-4, atol=1e-5)


# NumPy does not ask the fill value, nor a default, what to do with them: an error follows.
NOT_ASKED = ("np.full_like", "np.select([MASK], [M], default=V)")


@each([row for row in ROWS if not row.startswith(NOT_ASKED)])
def test_other_arguments_may_be_arrays(text):
    """Any one argument may be a Tensor while the others are arrays."""
    f, inputs = function_of(text)
    for i, x in enumerate(inputs):
        args = [x.copy() for x in inputs]
        args[i] = ag.tensor(x, requires_grad=True)
        y = f(*args)
        if not isinstance(y, ag.Tensor):  # the row takes a part that this one has no share in
            args[i] = x + 1e-3
            np.testing.assert_array_equal(f(*args), y)
            continue
        assert_close(y.data, f(*inputs), rtol=1e-12, atol=1e-13)


IMPLEMENTED = {
    name_of(f): f
    for f, run in PRIMITIVES.items()
    if not isinstance(f, str) and not isinstance(run, NonDifferentiable)
}


def test_every_function_has_a_row():
    texts = [*ROWS, *NAN_ROWS, *(case.text.replace("n.", "np.") for case in CASES)]
    text = " ".join(texts)
    called = set(re.findall(r"\bnp\.([\w.]+)\(", text)) | {case.op for case in CASES}
    operators = {
        "add",
        "subtract",
        "multiply",
        "divide",
        "negative",
        "power",
        "remainder",
        "matmul",
    }
    runs = run_by(called)
    called |= {name for name, f in IMPLEMENTED.items() if PRIMITIVES[f] in runs}
    assert set(IMPLEMENTED) - called - operators - {"absolute"} == set()


def run_by(names):
    """Return the implementations of these functions, without aliases."""
    return {PRIMITIVES[f] for name, f in IMPLEMENTED.items() if name in names}


def has_signature(name):
    """Return True for a composition. A primitive has the arguments of the function it wraps."""
    f = IMPLEMENTED[name]
    return inspect.isfunction(PRIMITIVES[f]) and isinstance(f, type(np.concatenate))


WITH_SIGNATURE = set(filter(has_signature, IMPLEMENTED)) - {"where", "einsum", "linalg.multi_dot"}
of_this_numpy = pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="earlier NumPy has arguments it gave up"
)


@of_this_numpy
@each(sorted(WITH_SIGNATURE))
def test_arguments_are_numpys(name):
    """Names, order and kinds of the arguments are those of NumPy."""
    ours, theirs = PRIMITIVES[IMPLEMENTED[name]], IMPLEMENTED[name]
    expected, found = inspect.signature(theirs).parameters, inspect.signature(ours).parameters
    named = [p for p in expected.values() if p.kind is not p.VAR_KEYWORD]
    assert {p.name for p in named} <= set(found)
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    by_place = [p.name for p in named if p.kind in kinds]
    positions = [p.name for p in found.values() if p.kind in kinds]
    assert positions[: len(by_place)] == by_place


# ---- nan -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", NAN_ROWS)
def test_nan_functions_ignore_nan(text):
    f, _ = function_of(text)
    x = ag.tensor(HOLES, requires_grad=True)
    y = f(x)
    np.testing.assert_allclose(y.data, f(HOLES), rtol=1e-13)
    y.backward(np.ones(y.shape))
    assert not x.grad[np.isnan(HOLES)].any()
    known = np.isfinite(HOLES)

    def of_the_others(values):
        """Return the same function of the four numbers, with nan in the other places."""
        places = np.zeros(HOLES.shape, int)
        places[known] = range(len(HOLES[known]))
        return f(np.where(known, values[places], HOLES))

    if "std" not in text:
        assert ag.gradcheck(of_the_others, HOLES[known])


def test_quantile_of_an_empty_array_is_nan():
    x = ag.tensor(np.zeros((0, 3)), requires_grad=True)
    for y in (
        np.median(x),
        np.median(x, axis=0),
        np.quantile(x, [0.1, 0.2], axis=0, keepdims=True),
    ):
        assert np.isnan(y.data).all()
    assert y.shape == (2, 1, 3)
    assert np.quantile(ag.tensor(np.zeros((3, 0))), [0.1, 0.9], axis=0).shape == (2, 0)


def test_quantile_of_nan_is_nan():
    x = ag.tensor(HOLES, requires_grad=True)
    np.testing.assert_array_equal(np.median(x, axis=0).data, [2.0, np.nan, np.nan])


# ---- what the formulas would get wrong -----------------------------------------------------------


@pytest.mark.parametrize("f", [np.prod, np.cumprod])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_products_with_zeros_among_the_factors(f, axis):
    assert ag.gradcheck(lambda x: f(x, axis=axis), ZEROS, order=2)


SINGULAR = [np.zeros((2, 2)), np.diag([0.0, 2.0, 3.0]), np.ones((3, 3)), np.zeros((1, 1)),
            np.stack([np.eye(2), np.ones((2, 2))])]  # fmt: skip


@pytest.mark.parametrize("matrix", SINGULAR, ids=range(len(SINGULAR)))
def test_the_determinant_of_a_singular_matrix(matrix):
    assert ag.gradcheck(np.linalg.det, matrix, order=2)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_sinc_is_smooth_at_zero(order):
    x = ag.tensor([0.0, 1e-9, 0.4, 0.9, 1.5, 30.0], requires_grad=True)
    y = np.sinc(x)
    for _ in range(order):
        y = ag.gradients(y, x, np.ones(6))
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(60):
        expected = [float(mpmath.diff(mpmath.sincpi, mpmath.mpf(v), order)) for v in x.tolist()]
    np.testing.assert_allclose(y.data, expected, rtol=1e-11, atol=1e-10)


def test_ufunc_with_where():
    for text in ("np.exp(M, where=MASK)", "np.multiply(M, V, where=MASK)",
                 "np.log(ZEROS, where=ZEROS > 0)", "np.exp(M, where=MASK[0])",
                 "np.exp(M, where=MASK[:, :1])", "np.exp(V, where=MASK)"):  # fmt: skip
        f, inputs = function_of(text)
        leaves = [ag.tensor(x, requires_grad=True) for x in inputs]
        y, whole = f(*leaves), np.zeros((2, 3))
        eval(text.replace("where", "out=whole, where"), {**NAMES, "whole": whole})
        np.testing.assert_allclose(y.data, whole, rtol=1e-14)
        y.backward(np.ones((2, 3)))
        recorded = ag.gradients(y, leaves, np.ones((2, 3)))
        assert all(np.isfinite(x.grad).all() for x in leaves)
        assert all(np.array_equal(x.grad, again.data) for x, again in zip(leaves, recorded))
    assert ag.gradcheck(lambda a, b: np.multiply(a, b, where=MASK), M, V, order=2)
    assert np.add(ag.tensor(M), 1, dtype=np.float32).dtype == np.float32
    with pytest.raises(TypeError, match="where must be an array of bool"):
        np.exp(ag.tensor(V), where=[1, 0, 1])


def test_integers_stay_integers():
    t = ag.tensor([[3, 1, 2], [0, 5, 4]])
    for text in ("np.max(t, where=MASK, initial=1)", "np.sum(t, axis=0)", "np.prod(t)",
                 "np.sort(t)", "np.cumsum(t, 1)", "np.median(t)", "np.pad(t, 1)", "np.mean(t)",
                 "np.concatenate([t, t])", "np.diff(t)", "np.tril(t)", "np.clip(t, 1, 3)",
                 "np.var(t)", "np.einsum('ij->j', t)", "np.polyval([2, 1], t)",
                 "np.percentile(t, 30)", "t @ t.T", "np.pad(t, 1, 'mean')"):  # fmt: skip
        y, expected = (np.asarray(eval(text, {**NAMES, "t": x})) for x in (t, t.numpy()))
        assert y.dtype == expected.dtype, text
        np.testing.assert_allclose(y, expected, rtol=1e-14)


def test_methods_of_ufuncs_without_a_derivative_give_arrays():
    found = np.logical_and.reduce(ag.tensor(M, requires_grad=True) > -9)
    assert found.tolist() == [True, True, True]
    assert np.less.outer(ag.tensor(V, requires_grad=True), V).shape == (3, 3)
    assert np.logical_or.reduce(ag.tensor(V, requires_grad=True)) == np.True_


def test_positional_out_raises():
    t, buffer = ag.tensor(M, requires_grad=True), np.zeros(3)
    for call in (lambda: np.sum(t, 0, None, buffer), lambda: np.max(t, 0, buffer),
                 lambda: np.add(t, 1, buffer), lambda: np.cumsum(t, 0, None, buffer)):  # fmt: skip
        with pytest.raises(TypeError, match="cannot write its result into an array"):
            call()
    assert not buffer.any()
    assert np.sum(t, 0, None, None).shape == (3,)


@pytest.mark.parametrize("triangle", "LUlu")
@pytest.mark.parametrize("f", [np.linalg.eigvalsh, lambda x, UPLO: np.linalg.eigh(x, UPLO)[0]])
def test_uplo_in_lower_case_is_accepted(f, triangle):
    assert ag.gradcheck(lambda x: f(x, UPLO=triangle), S, order=2)


def test_hermitian_pinv_reads_one_triangle():
    f = lambda x: np.linalg.pinv(x, hermitian=True)  # noqa: E731
    assert ag.gradcheck(f, S + S.T, order=2)


def test_no_function_writes_into_a_tensor():
    t = ag.tensor([np.nan, 1.0], requires_grad=True)
    y = np.nan_to_num(t, copy=False)
    np.testing.assert_array_equal(t.data, [np.nan, 1.0])
    assert y.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("x", [M, ag.tensor(M), ag.tensor(M, requires_grad=True)])
def test_the_exponent_of_ldexp_may_be_a_tensor(x):
    y = np.ldexp(x, ag.tensor([1, 2, 3]))
    np.testing.assert_array_equal(y if type(y) is np.ndarray else y.data, np.ldexp(M, [1, 2, 3]))


def test_einsum_with_a_path():
    path = ["einsum_path", (0, 2), (0, 1)]
    f = lambda a, b, c: np.einsum("ij,jk,kl->il", a, b, c, optimize=path)  # noqa: E731
    assert ag.gradcheck(f, M, S, S, order=2)


@pytest.mark.parametrize(
    "text",
    [
        "np.tensordot(t, np.ones((6, 1)))",  # as many entries on either side
        "np.tensordot(t, np.ones((0, 2)), axes=((1,), (0,)))",
        "np.tensordot(t, np.ones((3, 2)), axes=((1,), (2,)))",
        "np.inner(t[:, :0], np.ones((0, 3)))",
        "np.dot(t[None], np.ones((2, 0)))",
    ],
)
def test_contracted_axes_of_different_lengths_raise(text):
    for x in (M, ag.tensor(M, requires_grad=True)):
        with pytest.raises((ValueError, IndexError), match=r"shape|axis|index"):
            eval(text, {"np": np, "t": x})


AXES = """np.sum(t, axis=2) np.mean(t, axis=-3) np.max(t, axis=2) np.median(t, axis=2)
    np.quantile(t, 0.5, axis=2) np.insert(t, 0, 1.0, axis=2) np.linalg.vector_norm(t, axis=2)
    np.std(t, axis=2) np.sort(t, axis=2) np.flip(t, 2) np.take(t, [0], axis=2)
    np.cumprod(t, axis=2) ag.softmax(t, axis=2) ag.logsumexp(t, axis=2)"""


@pytest.mark.parametrize("text", re.split(r"\s+(?=np|ag)", AXES))
def test_axis_out_of_range_raises_as_in_numpy(text):
    with pytest.raises(np.exceptions.AxisError, match="axis"):
        eval(text, {"np": np, "ag": ag, "t": ag.tensor(M, requires_grad=True)})


@pytest.mark.parametrize(
    ("f", "kind", "why"),
    [
        (lambda t: np.linalg.inv(t * 0), np.linalg.LinAlgError, "inv of a .*tensor.*Singular"),
        (lambda t: np.linalg.cholesky(-t), np.linalg.LinAlgError, "cholesky of a .*tensor"),
        (lambda t: np.linalg.multi_dot([t, M[:1], S]), ValueError, "multi_dot: .* shapes"),
        (lambda t: np.vecdot(t, t[:, :1]), ValueError, "vecdot: .* 3 and 1"),
        (lambda t: np.quantile(V, t[0, 0]), TypeError, r"quantile: q .*q.numpy\(\)"),
    ],
)
def test_call_that_numpy_rejects_raises(f, kind, why):
    if "vecdot" in why and not hasattr(np, "vecdot"):
        pytest.skip("NumPy has no vecdot")
    with pytest.raises(kind, match=why):
        f(ag.tensor(S, requires_grad=True))


@pytest.mark.parametrize("a", [S, M, M.T, np.diag([1.0, 0.5, 3e-16])])
def test_lstsq_has_the_residuals_and_the_rank_of_numpy(a):
    b = V[: len(a)]
    found, expected = np.linalg.lstsq(ag.tensor(a), b), np.linalg.lstsq(a, b)
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-12)


def test_lists_are_arrays():
    t = ag.tensor(S, requires_grad=True)
    np.testing.assert_allclose(np.linalg.solve(t, [1, 2, 3]).data, np.linalg.solve(S, [1, 2, 3]))
    assert type(np.atleast_1d(t, [1, 2])[1]) is np.ndarray
    if hasattr(np, "matvec"):
        np.testing.assert_allclose(np.matvec(t, [1, 2, 3]).data, S @ [1, 2, 3])
        np.testing.assert_allclose(np.vecmat([1, 2, 3], t).data, [1, 2, 3] @ S)


def test_nan_bound_and_start_dtype_agree_with_numpy():
    t = ag.tensor([1.0, 2.0, 3.0], requires_grad=True, dtype=np.float32)
    np.testing.assert_array_equal(np.clip(t, np.nan, 2.5).data, np.clip(t.data, np.nan, 2.5))
    for f in (np.sum, np.prod, np.max, np.min):
        assert f(t, initial=np.float64(2)).dtype == f(t.data, initial=np.float64(2)).dtype
        assert f(t, initial=np.float64(2)).item() == f(t.data, initial=np.float64(2))


def test_argument_may_be_passed_by_numpys_name():
    t = ag.tensor(M[:1], requires_grad=True)
    for y, expected in (
        (np.squeeze(a=t), np.squeeze(M[:1])), (np.squeeze(a=t, axis=0), M[0]),
        (np.transpose(a=t), M[:1].T), (np.transpose(a=t, axes=(1, 0)), M[:1].T),
        (np.flip(m=t, axis=1), M[:1, ::-1]), (np.repeat(a=t, repeats=2), np.repeat(M[0], 2)),
    ):  # fmt: skip
        assert y.requires_grad
        np.testing.assert_array_equal(y.data, expected)
