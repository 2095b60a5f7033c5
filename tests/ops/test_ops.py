"""Every primitive with a rule, on the table of `tests/cases.py`.

First and second derivatives are compared with finite differences and with HIPS autograd.
"""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import ops
from autograd_mini.core.fused import FUSED
from autograd_mini.core.registry import PRIMITIVES
from tests.cases import (
    CASES,
    FEW,
    LARGEST,
    LAYOUTS,
    MANY,
    OTHERS,
    PLAIN,
    TAPE,
    assert_close,
    dialect,
    differences,
    dtypes,
    every,
    every_case,
    layouts,
    leaf,
)

# Primitives that the peer lacks, at least on NumPy 2, and expressions that its rules fail on.
PEER_LACKS = {
    "scatter", "cbrt", "fabs", "hypot", "fmax", "fmin", "positive", "rollaxis", "take",
    "take_along_axis", "astype", "broadcast_to", "diagonal", "flip", "tile", "sort",
    "n.where(a>b,a,b)", "n.where([[True], [False]], a, b)", "n.add.reduce(a)",
    "a.transpose(-1, 0, 1)", "n.transpose(a, axes=(0, -1, -2))", "a[[True, False, True, True]]",
    "a[[False] * 4]", "n.concatenate((a, b), axis=None)", "n.repeat(a, [1, 0, 2], axis=0)",
    "n.roll(a, (1, -2), axis=(0, 1))", "fmod", "copysign", "heaviside", "convolve", "norm",
    "power_norm", "fftshift", "ifftshift",
    "sinc_derivative", "unwrap", "delete", "copy", "cumprod", "lstsq", "eigvalsh",
    "svdvals", "svd", "qr", "prod", "partition", "n.linalg.det(a)", "n.linalg.cholesky(a)",
    "n.linalg.solve(a, b)", "pad", "sliding_window_view", "fold_windows",
    "conv", "conv_input", "conv_weight", "spread_windows", "gather_windows",
    "n.repeat(a, 2, axis=-1)", "n.rot90(a, -1, (1, 0))", "n.rot90(a, 1, axes=(2, 0))",
    "a[[[True, False, True], [False] * 3]]",
}  # fmt: skip
# Tested elsewhere: fused nodes against their graphs, in test_softmax.py; stop_gradient, which has
# no derivative to compare, in test_semantics.py; alias by nested transforms; sign, whose derivative
# is 0 or nan, in test_kinks.py.
EXCLUDED = {node.name for node in FUSED} - {"logsumexp"} | {"stop_gradient", "alias", "sign"}


# ---- the checker --------------------------------------------------------------------------------


@every_case
def test_value_and_first_derivatives(case):
    for layout in layouts(case) if case in LARGEST else ["contiguous"]:
        check_first_derivatives(case, layout)


@pytest.mark.slow
@every(OTHERS)
def test_value_and_first_derivatives_in_other_layouts(case):
    for layout in layouts(case)[1:]:
        check_first_derivatives(case, layout)


def check_first_derivatives(case, layout):
    store, view = LAYOUTS[layout]
    leaves = [leaf(store(x)) for x in case.inputs]
    stored = [x.numpy() for x in leaves]
    args = [view(x).retain_grad() for x in leaves]
    y, expected = case.f(TAPE, *args), case.f(PLAIN, *case.inputs)
    assert case.op in [t.op.name for t in y.tape() if t.op]
    assert type(y) is ag.Tensor
    assert (y.shape, y.dtype) == (np.shape(expected), np.asarray(expected).dtype)
    assert_close(y.data, expected, rtol=1e-13, atol=1e-14)

    cotangent = case.cotangent.copy()
    y.backward(cotangent)
    grads = [a.grad for a in args]
    recorded = ag.gradients(y, args, cotangent)
    for a, numerical, g, again in zip(args, case.gradients(), grads, recorded):
        assert type(g) is np.ndarray
        assert type(again) is ag.Tensor
        assert g.shape == again.shape == a.shape
        assert g.dtype == again.dtype == a.dtype
        assert_close(g, numerical, rtol=1e-6, atol=1e-8)
        assert_close(again.data, g, rtol=1e-13, atol=1e-14)

    arrays = [cotangent, y.data, *(t.data for t in y.tape())]
    grads = list({id(t): t.grad for t in (*args, *leaves)}.values())
    for i, g in enumerate(grads):
        assert not any(np.shares_memory(g, other) for other in (*arrays, *grads[:i]))
    np.testing.assert_array_equal(cotangent, case.cotangent)
    for x, before in zip(leaves, stored):
        np.testing.assert_array_equal(x.data, before)

    with ag.no_grad():
        silent = case.f(TAPE, *args)
    assert (silent.op, silent.inputs, silent.requires_grad) == (None, (), False)


def check_second_derivatives(case):
    """d/dx of v·∇(w·f), and its derivative by w, which is the directional derivative of f."""

    def slope(xs):
        leaves = [leaf(x) for x in xs]
        case.f(TAPE, *leaves).backward(case.cotangent)
        return sum(np.sum(v * x.grad) for v, x in zip(case.directions, leaves))

    leaves, w = [leaf(x) for x in case.inputs], leaf(case.cotangent)
    first = ag.gradients(case.f(TAPE, *leaves), leaves, w)
    contracted = sum((v * g).sum() for v, g in zip(case.directions, first))
    *second, along = ag.gradients(contracted, [*leaves, w])
    for found, numerical in zip(second, differences(slope, case.inputs)):
        assert_close(found.data, numerical, rtol=1e-6, atol=1e-7)

    def gradient(*xs):
        return ag.gradients(case.f(TAPE, *xs), xs, case.cotangent)

    _, pushed = ag.jvp(gradient, tuple(case.inputs), tuple(case.directions))
    for found, forward in zip(second, pushed):  # H v, once as ∇(v·∇f), once along v
        assert_close(forward.data, found.data, rtol=1e-9, atol=1e-9)

    def at(step):
        return case.f(PLAIN, *[x + step * v for x, v in zip(case.inputs, case.directions)])

    rise = (at(1e-6) - at(-1e-6)) / 2e-6
    assert_close(along.data, rise, rtol=1e-6, atol=1e-7)


@every(FEW)
def test_second_derivatives(case):
    check_second_derivatives(case)


@pytest.mark.slow
@every(MANY)
def test_second_derivatives_of_other_cases(case):
    check_second_derivatives(case)


def check_dtypes(case):
    for kinds in dtypes(case, "ff", "fd", "df"):
        xs = [np.asarray(x, d) for x, d in zip(case.inputs, kinds)]
        leaves = [leaf(x) for x in xs]
        y, expected = case.f(TAPE, *leaves), np.asarray(case.f(PLAIN, *xs))
        assert y.dtype == expected.dtype, kinds
        y.backward(case.cotangent)
        recorded = ag.gradients(y, leaves, case.cotangent)
        for x, t, again, numerical in zip(xs, leaves, recorded, case.gradients()):
            assert t.grad.dtype == again.dtype == x.dtype, kinds
            assert_close(t.grad, numerical, rtol=1e-4, atol=1e-5)
            assert_close(again.data, numerical, rtol=1e-4, atol=1e-5)


@every(LARGEST)
def test_dtypes_are_numpys(case):
    check_dtypes(case)


@pytest.mark.slow
@every(OTHERS)
def test_dtypes_in_other_shapes_are_numpys(case):
    check_dtypes(case)


@every([c for c in CASES if len(c.inputs) == 2])
def test_argument_next_to_a_constant_array(case):
    """The constant is a read-only view with strides, and must not change."""
    for i in (0, 1):
        args = [np.stack([x, x], axis=-1)[..., 0] for x in case.inputs]
        constant = args[1 - i]
        constant.flags.writeable = False
        args[i] = t = leaf(case.inputs[i])
        y = case.f(TAPE, *args)
        assert type(y) is ag.Tensor
        y.backward(case.cotangent)
        assert_close(t.grad, case.gradients()[i], rtol=1e-6, atol=1e-8)
        np.testing.assert_array_equal(constant, case.inputs[1 - i])


@every([c for c in CASES if not {c.op, c.text} & PEER_LACKS])
def test_gradients_are_those_of_hips_autograd(case):
    anp = pytest.importorskip("autograd.numpy")
    from autograd import make_vjp

    peer = dialect(anp)
    pull, _ = make_vjp(lambda xs: case.f(peer, *xs))(tuple(case.inputs))
    leaves = [leaf(x) for x in case.inputs]
    case.f(TAPE, *leaves).backward(case.cotangent)
    for t, theirs in zip(leaves, pull(case.cotangent)):
        assert_close(t.grad, theirs, rtol=1e-10, atol=1e-12)


def test_every_registered_primitive_has_a_case():
    modules = [getattr(ops, name) for name in ops.__all__]
    found = [*PRIMITIVES.values(), *(p for module in modules for p in vars(module).values())]
    names = {p.name for p in found if isinstance(p, ag.Primitive)}
    assert names - EXCLUDED == {case.op for case in CASES}


METHODS = (
    "exp log sqrt square sin cos tanh abs sigmoid relu sum mean max min logsumexp squeeze "
    "transpose prod var std cumsum cumprod trace diagonal copy ravel"
)


@pytest.mark.parametrize("name", METHODS.split(" "))
def test_a_method_is_the_function(name):
    x = leaf([[0.3, 0.7]])
    by_method, by_function = getattr(x, name)(), getattr(TAPE, name)(x)
    assert by_method.op is by_function.op
    np.testing.assert_array_equal(by_method.data, by_function.data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x.sum(0, keepdims=True)", [[4.0, 6.0]]), ("x.max(axis=1)", [2.0, 4.0]),
        ("x.sum(axis=1, where=[True, False])", [1.0, 3.0]), ("x.min(initial=0.5)", 0.5),
        ("x.clip(2.0, 3.0)", [[2.0, 2.0], [3.0, 3.0]]), ("x.dot([1.0, 1.0])", [3.0, 7.0]),
        ("x.take([3, 0])", [4.0, 1.0]), ("x.repeat(2, axis=0)[1]", [1.0, 2.0]),
        ("x.swapaxes(0, 1)[0]", [1.0, 3.0]), ("x.flatten(order='F')", [1.0, 3.0, 2.0, 4.0]),
        ("x.reshape(4, order='F')", [1.0, 3.0, 2.0, 4.0]), ("x.mean(dtype=np.float64)", 2.5),
        ("divmod(x, 3.0)[1][0]", [1.0, 2.0]), ("divmod(5.0, x)[1][1]", [2.0, 1.0]),
    ],
)  # fmt: skip
def test_methods_take_numpys_arguments(text, expected):
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    y = eval(text, {"x": x, "np": np})
    assert isinstance(y, ag.Tensor)
    assert y.requires_grad
    assert y.tolist() == expected
    elsewhere = np.array([[1.1, 2.2], [3.3, 4.4]])
    assert ag.gradcheck(lambda x: eval(text, {"x": x, "np": np}), elsewhere)


PLAIN_METHODS = ["argmax(axis=0)", "argmin()", "argsort(1)", "any()", "all(axis=1)", "nonzero()[0]",
                 "round(1)", "__round__()", "__floordiv__(2)"]  # fmt: skip


@pytest.mark.parametrize("text", PLAIN_METHODS)
def test_methods_without_a_derivative_return_arrays(text):
    x = np.array([[1.0, 0.26], [3.0, 4.0]])
    found = eval(f"x.{text}", {"x": leaf(x)})
    assert not isinstance(found, ag.Tensor)
    text = text.replace("__round__()", "round()")
    np.testing.assert_array_equal(found, eval(f"x.{text}", {"x": x}))


def test_method_with_out_raises():
    with pytest.raises(TypeError, match="cannot write its result into an array"):
        leaf([1.0, 2.0]).sum(out=np.zeros(()))


def test_matrix_power_0_is_a_tensor_of_gradient_zero():
    for shape in ((2, 2), (3, 2, 2)):
        x = ag.tensor(np.full(shape, np.inf), requires_grad=True)
        y = np.linalg.matrix_power(x, 0)
        assert isinstance(y, ag.Tensor)
        np.testing.assert_array_equal(y.data, np.broadcast_to(np.eye(2), shape))
        y.backward(np.ones(shape))
        np.testing.assert_array_equal(x.grad, np.zeros(shape))
