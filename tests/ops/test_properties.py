"""Gradients are right for all shapes, indices and programs that hypothesis draws.

The judges are central differences of what NumPy computes, and HIPS autograd on the same function.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_mini as ag
from autograd_mini.ops.indexing import scatter
from tests.budget import examples


def some(n):
    """Return the settings for `n` examples, the same on every run and every machine."""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    return examples(n, derandomize=True, database=None, suppress_health_check=checks)


def entries(seed, *shapes):
    """Return arrays of distinct numbers not near 0, so that no entry is tied or at a kink."""
    rng = np.random.default_rng(seed)
    sizes = [int(np.prod(shape)) for shape in shapes]
    pool = rng.permutation(np.arange(1, sum(sizes) + 1)) * rng.choice([-1, 1], sum(sizes))
    pieces = np.split(pool / (1 + sum(sizes) / 2), np.cumsum(sizes)[:-1])
    return [piece.reshape(shape) for piece, shape in zip(pieces, shapes)]


def check(f, *xs):
    """Compare `f` on arrays and on Tensors: value, shapes, dtypes, both sweeps, differences."""
    expected = np.asarray(f(*xs))
    w = np.random.default_rng(1).uniform(0.5, 1.5, expected.shape)
    leaves = [ag.tensor(x, requires_grad=True) for x in xs]
    y = f(*leaves)
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(y.data, expected, rtol=1e-13, atol=1e-14)
    y.backward(w)
    recorded = ag.gradients(y, leaves, w)
    for i, (x, leaf, again) in enumerate(zip(xs, leaves, recorded)):
        assert type(leaf.grad) is np.ndarray
        assert (leaf.grad.shape, leaf.grad.dtype) == (x.shape, x.dtype)
        numerical = differences(lambda z, i=i: np.sum(w * f(*xs[:i], z, *xs[i + 1 :])), x)
        np.testing.assert_allclose(leaf.grad, numerical, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(again.data, leaf.grad, rtol=1e-13, atol=1e-14)


def differences(f, x, step=6e-6):
    found = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[i] += step
        below[i] -= step
        found[i] = (f(above) - f(below)) / (above[i] - below[i])
    return found


seeds = st.integers(0, 2**32 - 1)
BINARY = [
    np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.arctan2, np.logaddexp,
    np.hypot, lambda a, b: a / (b * b + 1), lambda a, b: (a * a + 0.5) ** b,
    lambda a, b: np.where(a > b, a, b),
]  # fmt: skip


@some(75)
@given(
    st.sampled_from(BINARY),
    hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=3, max_dims=4),
    seeds,
)
def test_binary_operations_broadcast(f, shapes, seed):
    check(f, *entries(seed, *shapes.input_shapes))


@some(75)
@given(st.data(), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3), seeds)
def test_reductions(data, shape, seed):
    axes = st.integers(-len(shape), len(shape) - 1) if shape else st.nothing()
    tuples = hnp.valid_tuple_axes(len(shape))
    axis = data.draw(st.none() | axes | tuples, label="axis")
    keepdims = data.draw(st.booleans(), label="keepdims")
    f = data.draw(st.sampled_from([np.sum, np.mean, np.max, np.min]), label="function")
    (x,) = entries(seed, shape)
    reduced = range(len(shape)) if axis is None else np.atleast_1d(axis).astype(int)
    if f is not np.sum and any(shape[i] == 0 for i in reduced):
        return  # NumPy refuses, or gives nan and a warning
    check(lambda x: f(x, axis=axis, keepdims=keepdims), x)


@some(30)
@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=3), seeds)
def test_softmax_and_logsumexp_along_any_axis(data, shape, seed):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1), label="axis")
    (x,) = entries(seed, shape)
    check(lambda x: ag.logsumexp(x, axis=axis), x)
    check(lambda x: ag.softmax(x, axis=axis), x)
    check(lambda x: ag.log_softmax(x, axis=axis), x)


@some(50)
@given(st.data(), seeds)
def test_matmul_of_any_ranks(data, seed):
    shapes = data.draw(
        hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, max_side=3),
        label="shapes",
    ).input_shapes
    check(lambda a, b: a @ b, *entries(seed, *shapes))


def indices(shape):
    """Draw any index that NumPy accepts."""
    masks = hnp.arrays(bool, shape)
    fancy = hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3))
    basic = hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)
    repeats = st.lists(st.integers(-shape[0], shape[0] - 1), min_size=1, max_size=5)
    nothing = st.just(np.array([], int))

    def mixed(axis):
        """Draw an integer list or a mask for one axis, and slices of either sign for the others."""
        n = shape[axis]
        chosen = st.lists(st.integers(-n, n - 1), min_size=1, max_size=4)
        chosen |= st.lists(st.booleans(), min_size=n, max_size=n)
        others = [st.slices(m) for m in shape]
        return st.tuples(*others[:axis], chosen, *others[axis + 1 :])

    return masks | fancy | basic | repeats | nothing | st.integers(0, len(shape) - 1).flatmap(mixed)


@some(125)
@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3), seeds)
def test_indexing(data, shape, seed):
    index = data.draw(indices(shape), label="index")
    (x,) = entries(seed, shape)
    check(lambda x: x[index] * 1.0, x)  # times one, for an entry of an array is a scalar


@some(50)
@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3), seeds)
def test_scatter_is_the_transpose_of_indexing(data, shape, seed):
    """⟨scatter(v), x⟩ = ⟨v, x[index]⟩ for every index, with repeats too."""
    index = data.draw(indices(shape), label="index")
    (x,) = entries(seed, shape)
    (v,) = entries(seed, np.shape(x[index]))
    returned, sent = (scatter(v, index, shape) * x).sum(), (v * x[index]).sum()
    np.testing.assert_allclose(returned, sent, rtol=1e-12, atol=1e-12)


@some(50)
@given(st.data(), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3), seeds)
def test_shaping(data, shape, seed):
    order = data.draw(st.permutations(range(len(shape))), label="order")
    signs = data.draw(st.tuples(*[st.booleans() for _ in order]), label="signs")
    order = tuple(i - len(shape) if negative else i for i, negative in zip(order, signs))
    larger = data.draw(hnp.broadcastable_shapes(shape, max_dims=4, max_side=3), label="larger")
    (x,) = entries(seed, shape)
    check(lambda x: np.transpose(x, order), x)
    check(lambda x: np.reshape(x, -1), x)
    check(np.squeeze, x)
    if np.broadcast_shapes(shape, larger) == larger:
        check(lambda x: np.broadcast_to(x, larger), x)


# ---- random programs ----------------------------------------------------------------------------

UNARY = ["sin", "cos", "tanh", "arctan", "square", "exp"]
SHAPES = {1: [()], 2: [(2,), ()], 3: [(2, 2), (2,), ()]}


def step(n, op, a, b):
    """Draw a smooth operation that keeps numbers bounded, in the functions of `n`."""
    if op == "exp":
        return n.exp(-n.square(a))
    if op in UNARY:
        return getattr(n, op)(n.tanh(a) if op == "square" else a)
    return {
        "add": lambda: a + b,
        "sub": lambda: a - 0.5 * b,
        "mul": lambda: a * n.tanh(b),
        "div": lambda: a / (2.0 + n.sin(b)),
        "pow": lambda: (1.5 + n.cos(a)) ** n.tanh(b),
        "matmul": lambda: n.tanh(a) @ b if n.ndim(a) and n.ndim(b) else a * n.cos(b),
        "sum": lambda: n.sum(n.sin(a), axis=-1) if n.ndim(a) else a + b,
        "reverse": lambda: a[::-1] if n.ndim(a) else -b,
        "stack": lambda: n.sum(n.stack([n.sin(a), n.cos(a), a * 0.1]), axis=0),
        "transpose": lambda: n.transpose(a) * n.tanh(b),
        "einsum": lambda: (
            n.einsum("...i,...i->...i", n.sin(a), n.cos(b)) if min(n.ndim(a), n.ndim(b)) else b - a
        ),
        "cumsum": lambda: n.cumsum(n.sin(a), axis=-1) if n.ndim(a) else a * 0.5,
        "var": lambda: n.tanh(a) * n.var(n.sin(b)),
        "hypot": lambda: n.sqrt(1.0 + n.square(n.tanh(a)) + n.square(n.tanh(b))),
        "join": lambda: n.concatenate([n.reshape(a, -1), n.reshape(b, -1)])[:2],
    }[op]()


BOTH = ["add", "sub", "mul", "div", "pow", "matmul", "sum", "reverse", "stack", "transpose", "join",
        "einsum", "cumsum", "var", "hypot"]  # fmt: skip
LINE = st.tuples(st.sampled_from(UNARY + BOTH), st.integers(0, 40), st.integers(0, 40))
PROGRAM = st.lists(LINE, min_size=10, max_size=30)


def runs(lines):
    """Draw a program in which each line applies an operation to two earlier results."""

    def program(n, *leaves):
        made = list(leaves)
        for op, i, j in lines:
            a, b = made[-1 - i % len(made)], made[-1 - j % len(made)]
            if op == "matmul" and n.ndim(a) and n.ndim(b) and n.shape(a)[-1] != n.shape(b)[0]:
                op = "add"
            if op == "join" and n.size(a) + n.size(b) < 2:
                op = "mul"
            shapes = {n.shape(a), n.shape(b)} - {()}
            made.append(step(n, op, a, b if all(s[-1] == 2 for s in shapes) else a))
        return sum(n.sum(n.tanh(y)) for y in made)

    return program


@some(75)
@given(PROGRAM, st.integers(1, 3), seeds)
def test_random_programs(lines, count, seed):
    program = runs(lines)
    xs = entries(seed, *SHAPES[count])
    every = tuple(range(count))
    leaves = [ag.tensor(x, requires_grad=True) for x in xs]
    y = program(np, *leaves)
    np.testing.assert_allclose(y.item(), program(np, *xs), rtol=1e-13)
    y.backward()
    recorded = ag.gradients(y, leaves)
    theirs = autograd.grad(lambda *xs: program(anp, *xs), every)(*xs)
    for i, (leaf, again, expected) in enumerate(zip(leaves, recorded, theirs)):
        near = {"rtol": 1e-10, "atol": 1e-11 * (1 + np.abs(expected).max())}
        np.testing.assert_allclose(leaf.grad, expected, **near)
        np.testing.assert_allclose(again.data, leaf.grad, **near)
        numerical = differences(lambda z, i=i: program(np, *xs[:i], z, *xs[i + 1 :]), xs[i])
        np.testing.assert_allclose(leaf.grad, numerical, rtol=1e-4, atol=1e-6 * abs(y.item()))


@some(25)
@given(PROGRAM, st.integers(1, 3), seeds)
def test_second_derivatives_of_random_programs(lines, count, seed):
    program = runs(lines)
    xs = entries(seed, *SHAPES[count])
    vs = entries(seed + 1, *SHAPES[count])
    every = tuple(range(count))

    def slope(*xs):
        grads = autograd.grad(lambda *xs: program(anp, *xs), every)(*xs)
        return sum(anp.sum(v * g) for v, g in zip(vs, grads))

    leaves = [ag.tensor(x, requires_grad=True) for x in xs]
    first = ag.gradients(program(np, *leaves), leaves)
    second = ag.gradients(sum((v * g).sum() for v, g in zip(vs, first)), leaves)
    for found, expected in zip(second, autograd.grad(slope, every)(*xs)):
        scale = 1 + np.abs(expected).max()
        np.testing.assert_allclose(found.data, expected, rtol=1e-8, atol=1e-9 * scale)


# ---- derivatives of derivatives ------------------------------------------------------------------


S, C = np.sin(0.7), np.cos(0.7)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x**5, [5 * 0.7**4, 20 * 0.7**3, 60 * 0.7**2, 120 * 0.7, 120, 0]),
        (
            lambda x: np.exp(np.sin(x)) / np.exp(S),
            [C, C**2 - S, C**3 - 3 * S * C - C, C**4 - 6 * S * C**2 + 3 * S**2 - 4 * C**2 + S],
        ),
    ],
)
def test_derivatives_of_any_order(f, expected):
    x = ag.tensor(0.7, requires_grad=True)
    y = f(x)
    for value in expected:
        y = ag.gradients(y, x)
        np.testing.assert_allclose(y.item(), value, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "(np.exp(a) * np.sin(b) / (1 + c * c)).sum()", "(a @ b) * np.tanh(c @ a) - b @ c",
        "((a * a + 1) ** b).sum() * np.sqrt((c * c).sum())", "ag.logsumexp(a * b * c)",
        "np.log((ag.sigmoid(a) * ag.softmax(b * c)).mean())", "np.max(a * b) * np.min(b * c)",
        "(np.concatenate([a, b])[[0, 4, 4]] * np.stack([c, a], 1).T[0] ** 3).sum()",
        "np.where(a > 0, a * b, b * c).sum() ** 2", "ag.softmax_cross_entropy(a * b, c * c) * a[1]",
        "(a[:, None] * (b @ c)).sum() ** 3 / np.cos(a * c).sum()",
    ],
)  # fmt: skip
def test_mixed_partial_derivatives_commute(text):
    rng = np.random.default_rng(0)
    xs = [ag.tensor(rng.uniform(0.3, 1.3, 3), requires_grad=True) for _ in range(3)]
    y = eval(text, {"np": np, "ag": ag, **dict(zip("abc", xs))})
    first = ag.gradients(y, xs)
    rows = [ag.gradients(g[i], xs) for g in first for i in range(3)]
    hessian = np.array([np.concatenate([h.data for h in row]) for row in rows])
    assert np.abs(hessian[:3, 3:]).max() > 0.01
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-11, atol=1e-12)


def test_the_draws_are_distinct_and_not_near_0():
    x = np.concatenate([a.ravel() for a in entries(3, (3, 3), (2,), ())])
    assert np.abs(x).min() > 0.1
    assert np.diff(np.sort(np.abs(x))).min() == pytest.approx(1 / 7)


@some(5)
@given(st.lists(PROGRAM, min_size=8, max_size=8), seeds)
def test_eight_threads_at_once(programs, seed):
    """Each thread records, sweeps and turns recording off without affecting the others."""
    xs = entries(seed, *SHAPES[3])
    start = threading.Barrier(8)

    def gradients(lines):
        leaves = [ag.tensor(x, requires_grad=True) for x in xs]
        with ag.no_grad():
            assert not runs(lines)(np, *leaves).requires_grad
        y = runs(lines)(np, *leaves)
        y.backward()
        return [*(leaf.grad for leaf in leaves), *(g.data for g in ag.gradients(y, leaves))]

    def at_once(lines):
        start.wait()
        return [gradients(lines) for _ in range(3)]

    alone = [gradients(lines) for lines in programs]
    with ThreadPoolExecutor(8) as pool:
        for expected, repeats in zip(alone, pool.map(at_once, programs)):
            for found in repeats:
                for a, b in zip(found, expected):
                    np.testing.assert_array_equal(a, b)
