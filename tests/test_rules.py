"""Every primitive, by one table of cases and one checker.

A case is a function of arrays, written once and run on arrays and on tensors alike, and the inputs
to differentiate it by. The checker compares with NumPy, with central differences at orders 1 and
2, and holds dtypes, shapes, aliasing and constness.
"""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import make_vjp

import autograd_mini as ag
from autograd_mini.ops import indexing
from autograd_mini.tensor import PRIMITIVES

RNG = np.random.default_rng(7)


def normal(*shape):
    return RNG.normal(size=shape)


def positive(*shape):
    return RNG.uniform(0.5, 2.0, size=shape)


def inside(*shape):
    """In (-1, 1), where arcsin and arctanh live; away from 0, where abs has its kink."""
    return RNG.uniform(0.2, 0.8, size=shape) * RNG.choice([-1, 1], size=shape)


MASK = np.array([[True, False, True], [False, False, True]])
ROWS = np.array([2, 0, 2, 1])

SHAPES = [(), (3,), (2, 3), (2, 1, 3), (0,), (2, 0)]
PAIRS = [  # what broadcasts, in both directions
    ((), ()), ((), (3,)), ((3,), ()), ((2, 3), (2, 3)), ((2, 3), (3,)), ((3,), (2, 3)),
    ((2, 1), (1, 3)), ((2, 1, 3), (4, 1)), ((1,), (3,)), ((0, 3), (1, 3)), ((2, 0), (2, 1)),
]  # fmt: skip
UNARY = {
    inside: "absolute fabs arcsin arccos arctanh exp exp2 expm1 sin cos tan arctan sinh cosh tanh "
    "arcsinh square negative positive deg2rad rad2deg radians degrees",
    positive: "log log2 log10 log1p sqrt cbrt reciprocal",
    lambda *shape: 1 + positive(*shape): "arccosh",
}
BINARY = {
    (normal, normal): "add subtract multiply maximum minimum fmax fmin logaddexp logaddexp2",
    (normal, positive): "divide hypot arctan2 remainder",
    (positive, normal): "power",
}
AXES = [None, 0, 1, -1, (0, 2), (-1, 0), (0, 1, 2)]

CASES = []


def case(name, f, *inputs):
    CASES.append(pytest.param(name, f, inputs, id=f"{name}-{len(CASES)}"))


def ufunc(name):
    """np.exp on arrays and tensors, autograd.numpy's exp on its boxes: `f(module, *args)`."""
    return lambda np, *args: getattr(np, name)(*args)


for draw, names in UNARY.items():
    for name in names.split():
        for shape in SHAPES:
            case(name, ufunc(name), draw(*shape))
for (left, right), names in BINARY.items():
    for name in names.split():
        for a, b in PAIRS:
            case(name, ufunc(name), left(*a), right(*b))
for a, b in PAIRS:
    case("where", lambda np, a, b: np.where(np.ones(a.shape) > 2, a, b * 2), normal(*a), normal(*b))
case("where", lambda np, a, b: np.where(MASK, a, b), normal(2, 3), normal(3))

case("pow", lambda np, x: x**3, normal(2, 3))
case("pow", lambda np, x: x**-1.5, positive(2, 3))
case("pow", lambda np, x: x**0, normal(3))
case("pow", lambda np, x: x**1, normal(3))
case("rpow", lambda np, x: 2.0**x, normal(2, 3))
case("scalars", lambda np, x: (2 - x) / 3 + 1 / (4.0 + x * x) - 5 % (x * x + 1), normal(2, 3))
case("clones", lambda np, x: x * x / (x + 3) + x, positive(3))

for axis in AXES:
    for keepdims in (False, True):
        for name in ("sum", "mean", "max", "min"):
            case(
                name,
                lambda np, x, n=name, a=axis, k=keepdims: getattr(np, n)(x, axis=a, keepdims=k),
                normal(2, 3, 4),
            )
case("sum", lambda np, x: np.sum(x, 0), normal(2, 3))
case("sum", lambda np, x: np.sum(x), normal())
case("sum", lambda np, x: np.sum(x, axis=0), normal(0, 3))
case("add.reduce", lambda np, x: np.sum(x, axis=0) * 1.0, normal(2, 3))

MATMULS = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((5, 2, 3), (3,)),
    ((3,), (5, 3, 2)), ((1, 1), (1, 1)), ((2, 0), (0, 3)), ((0, 2), (2, 3)), ((1, 2, 3), (5, 3, 4)),
]  # fmt: skip
for a, b in MATMULS:
    case("matmul", lambda np, a, b: np.matmul(a, b), normal(*a), normal(*b))
case("matmul", lambda np, x: x @ x, normal(3, 3))
case("matmul", lambda np, x: x @ x.T, normal(2, 3))

case("reshape", lambda np, x: np.reshape(x, (3, -1)), normal(2, 3))
case("reshape", lambda np, x: x.reshape(6), normal(2, 3))
case("reshape", lambda np, x: x.reshape(()), normal(1, 1))
case("transpose", lambda np, x: np.transpose(x), normal(2, 3, 4))
case("transpose", lambda np, x: np.transpose(x, (1, 2, 0)), normal(2, 3, 4))
case("transpose", lambda np, x: np.transpose(x, (-1, 0, 1)), normal(2, 3, 4))
case("transpose", lambda np, x: x.T, normal(2, 3))
case("broadcast_to", lambda np, x: np.broadcast_to(x, (4, 2, 3)), normal(2, 1))
case("expand_dims", lambda np, x: np.expand_dims(x, 1), normal(2, 3))
case("expand_dims", lambda np, x: np.expand_dims(x, (0, -1)), normal(2, 3))
case("squeeze", lambda np, x: np.squeeze(x), normal(1, 2, 1))
case("squeeze", lambda np, x: np.squeeze(x, axis=-1), normal(1, 2, 1))
case("concatenate", lambda np, a, b: np.concatenate([a, b, a]), normal(2, 3), normal(1, 3))
case("concatenate", lambda np, a, b: np.concatenate((a, b), axis=-1), normal(2, 3), normal(2, 2))
case("concatenate", lambda np, a: np.concatenate([a, np.ones((2, 3))], axis=0), normal(2, 3))
case("concatenate flat", lambda np, *xs: np.concatenate(xs, axis=None), normal(2, 3), normal(2))
case("stack", lambda np, a, b: np.stack([a, b, a * 2]), normal(2, 3), normal(2, 3))
case("stack", lambda np, a, b: np.stack([a, b], axis=-1), normal(2, 3), normal(2, 3))
case("stack", lambda np, a, b: np.stack([a, b], axis=1), normal(2, 3), normal(2, 3))

INDICES = {
    "an int": 1, "from the end": -1, "a slice": slice(1, 3), "a step": slice(None, None, -2),
    "a new axis": (None, 1), "an ellipsis": (..., 0), "two slices": (slice(2), slice(1, None)),
    "a mask": np.arange(4) % 2 == 0, "an entry": (2, 1), "repeats": [0, 2, 0],
    "an array": ROWS, "two arrays": (ROWS, np.array([0, 0, 1, 2])), "mixed": (slice(None), [2, 0]),
    "grid": np.ix_([0, 3], [1, 1, 2]), "none of it": slice(0, 0), "numpy's int": np.int64(2),
    "all": (), "a mask of entries": np.arange(12).reshape(4, 3) % 5 == 1,
}  # fmt: skip
for index in INDICES.values():
    case("getitem", lambda np, x, i=index: x[i] * 1.0, normal(4, 3))
case("getitem", lambda np, x: x[()] * 1.0, normal())

for f in [
    lambda np, x: np.flip(x), lambda np, x: np.flip(x, axis=1), lambda np, x: np.fliplr(x),
    lambda np, x: np.flipud(x), lambda np, x: np.ravel(x), lambda np, x: np.roll(x, 2),
    lambda np, x: np.roll(x, (1, 2), axis=(0, 1)), lambda np, x: np.rot90(x, 3),
    lambda np, x: np.swapaxes(x, 0, -1), lambda np, x: np.moveaxis(x, 0, -1),
    lambda np, x: np.rollaxis(x, 1), lambda np, x: np.repeat(x, 3),
    lambda np, x: np.repeat(x, [1, 0, 2], axis=0), lambda np, x: np.tile(x, (2, 1, 2)),
    lambda np, x: np.take(x, [0, 2, 0], axis=1), lambda np, x: np.diagonal(x),
    lambda np, x: np.sort(x), lambda np, x: np.sort(x, axis=0), lambda np, x: np.sort(x, axis=None),
    lambda np, x: np.resize(x, (5, 3)),
    lambda np, x: np.take_along_axis(x, np.array([[0, 0], [1, 2], [3, 3]]), axis=1),
]:  # fmt: skip
    case("rearrange", f, normal(3, 4))


# What NumPy has no name for: only tensors and our own functions run these.
OWN = [
    pytest.param(name, f, inputs, id=f"{name}-{i}")
    for i, (name, f, inputs) in enumerate([
        ("sigmoid", ag.sigmoid, [normal(2, 3)]),
        ("sigmoid", ag.sigmoid, [normal()]),
        ("relu", ag.relu, [inside(2, 3)]),
        ("softmax", ag.softmax, [normal(2, 3)]),
        ("softmax", lambda z: ag.softmax(z, axis=0), [normal(2, 3)]),
        ("log_softmax", ag.log_softmax, [normal(2, 3)]),
        ("logsumexp", ag.logsumexp, [normal(2, 3)]),
        ("logsumexp", lambda z: ag.logsumexp(z, axis=(0, -1), keepdims=True), [normal(2, 3, 2)]),
        ("scatter", lambda g: indexing.scatter(g, ([0, 1, 0],), (4,)), [normal(3)]),
        ("scatter", lambda g: indexing.scatter(g, slice(1, 3), (4, 2)), [normal(2, 2)]),
        ("abs", lambda x: abs(x), [inside(3)]),
        ("np.add.reduce", lambda x: np.add.reduce(x), [normal(3, 2)]),
    ])
]  # fmt: skip


def same_memory(a, b):
    return a.size and np.shares_memory(a, b)


def check(f, inputs, expected):
    """All that a case promises, for inputs in float64."""
    inputs = [np.asarray(x) for x in inputs]
    leaves = [ag.tensor(x, requires_grad=True) for x in inputs]
    y = f(*leaves)
    np.testing.assert_allclose(y.data, expected, rtol=1e-14, atol=1e-15)
    assert y.shape == np.shape(expected)

    cotangent = np.asarray(RNG.uniform(0.5, 1.5, size=y.shape))
    given = cotangent.copy()
    y.backward(cotangent)
    recorded = ag.gradients(y, leaves, cotangent)
    grads = [x.grad for x in leaves]
    for x, leaf, grad, again in zip(inputs, leaves, grads, recorded):
        assert type(grad) is np.ndarray
        assert grad.shape == x.shape
        assert grad.dtype == x.dtype
        np.testing.assert_allclose(again.data, grad, rtol=1e-13, atol=1e-14)
        np.testing.assert_array_equal(leaf.data, x)
        others = [cotangent, *(other.data for other in leaves)]
        others += [other for other in grads if other is not grad]
        assert not any(same_memory(grad, other) for other in others)
    np.testing.assert_array_equal(cotangent, given)
    assert ag.gradcheck(f, *inputs, order=2)
    with ag.no_grad():
        assert not f(*leaves).requires_grad


@pytest.mark.parametrize(("name", "f", "inputs"), CASES)
def test_value_and_derivatives(name, f, inputs):
    check(lambda *xs: f(np, *xs), inputs, f(np, *inputs))


@pytest.mark.parametrize(("name", "f", "inputs"), OWN)
def test_value_and_derivatives_of_our_own(name, f, inputs):
    check(f, inputs, f(*inputs))


@pytest.mark.parametrize(("name", "f", "inputs"), CASES)
def test_float32_stays_float32(name, f, inputs):
    leaves = [ag.tensor(x, dtype=np.float32, requires_grad=True) for x in inputs]
    y = f(np, *leaves)
    with_arrays = f(np, *[np.asarray(x, np.float32) for x in inputs])
    assert y.dtype == np.asarray(with_arrays).dtype
    for g in ag.gradients(y, leaves, np.ones(y.shape)):
        assert g.dtype == np.float32
    y.backward(np.ones(y.shape))
    assert all(x.grad.dtype == np.float32 for x in leaves)


@pytest.mark.parametrize(("name", "f", "inputs"), CASES)
def test_layout_does_not_matter(name, f, inputs):
    """Strided and read-only arrays give what contiguous ones give, and are left as they were."""

    def strided(x):
        x = np.asarray(x)
        wide = np.full([2 * n for n in x.shape], np.nan)
        view = wide[(..., *(slice(None, None, 2) for _ in x.shape))].T
        view[...] = x.T
        view.flags.writeable = False
        return view.T

    plain = [ag.tensor(x, requires_grad=True) for x in inputs]
    odd = [ag.tensor(0.0, requires_grad=True) for _ in inputs]
    for leaf, x in zip(odd, inputs):
        leaf._data = strided(x)
    for leaves in (plain, odd):
        y = f(np, *leaves)
        y.backward(np.ones(y.shape))
    for a, b in zip(plain, odd):
        np.testing.assert_allclose(a.grad, b.grad, rtol=1e-13, atol=1e-14)


NOT_IN_THE_PEER = {
    "where": "it does not undo broadcasting",
    "broadcast_to": "it does not sum where a length of 1 was repeated beside new axes",
    "transpose": "negative axes give it a wrong permutation",
    "concatenate flat": "axis=None raises",
    "rearrange": "diagonal, sort(axis=None) and take_along_axis are missing or raise",
    **dict.fromkeys(["cbrt", "positive", "fmax", "fmin", "hypot"], "it has no rule for these"),
}
PEERED = [case for case in CASES if case.values[0] not in NOT_IN_THE_PEER]


@pytest.mark.parametrize(("name", "f", "inputs"), PEERED)
def test_gradients_are_those_of_hips_autograd(name, f, inputs):
    pull, y = make_vjp(lambda xs: f(anp, *xs))(tuple(map(np.asarray, inputs)))
    cotangent = RNG.uniform(0.5, 1.5, size=np.shape(y))
    leaves = [ag.tensor(x, requires_grad=True) for x in inputs]
    f(np, *leaves).backward(cotangent)
    for x, theirs in zip(leaves, pull(cotangent)):
        np.testing.assert_allclose(x.grad, theirs, rtol=1e-12, atol=1e-13)


COVERED_ELSEWHERE = {
    "SoftmaxCrossEntropy": "test_softmax.py",
    "linear": "test_softmax.py, beside its unfused definition",
    "stop_gradient": "test_kinks.py and test_semantics.py: it has no derivative to compare",
    "alias": "test_transforms.py",
    "astype": "test_semantics.py: differences of float32 are too coarse to compare with",
}


def test_every_registered_primitive_has_a_case():
    """A new primitive without a case fails here."""
    used = set()
    runs = [(lambda *xs, f=c.values[1]: f(np, *xs), c.values[2]) for c in CASES]
    runs += [(c.values[1], c.values[2]) for c in OWN]
    for f, inputs in runs:
        y = f(*[ag.tensor(x, requires_grad=True) for x in inputs])
        used |= {t.op.name for t in y.tape() if t.op}
        if y.size == 1 and y.requires_grad:  # some are used by rules only
            first = ag.gradients(y, y.tape()[0])
            used |= {t.op.name for t in first.tape() if t.op}
    registered = {p.name for p in PRIMITIVES.values() if isinstance(p, ag.Primitive)}
    assert registered - used - set(COVERED_ELSEWHERE) == set()
