"""Which entries an entry is computed from: compared with the Jacobian, for all primitives."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.views.page.reads import as_bits, dependence, is_small
from tests.cases import TABLE, TAPE, Case, leaf

RNG = np.random.default_rng(0)
#: expression -> the entries of `a` that entry 1 of the result depends on, and the form
KNOWN = {
    "a + b": ([1], "sum"),
    "a * b": ([1], "products"),
    "a - b": ([1], ""),
    "n.exp(a)": ([1], ""),
    "n.maximum(a, 0.0)": ([1], ""),
    "a @ b": ([0, 1], "products"),
    "a.sum(axis=1)": ([2, 3], "sum"),
    "a.mean(axis=0)": ([1, 3], "mean"),
    "a.max(axis=1)": ([2, 3], ""),
    "a.T": ([2], "copy"),
    "a.reshape(-1)": ([1], "copy"),
    "a[::-1]": ([3], "copy"),
    "n.take(a, [1, 0], axis=0)": ([3], "copy"),
    "n.concatenate([a, b])": ([1], "copy"),
    "n.concatenate([b, a])": ([], "copy"),
    "n.stack([b, a])": ([], "copy"),
    "ag.softmax(a)": ([0, 1], ""),
    "ag.linear(a, b, b[0])": ([0, 1], "products"),
    "n.linalg.inv(a)": (None, ""),
    "n.sort(a, axis=0)": (None, ""),  # it changes with the numbers, which a slider moves
}


def entries(t, argument, entry):
    found = dependence(t).arguments[argument]
    return None if found is None else np.flatnonzero(found[entry]).tolist()


@pytest.mark.parametrize("text", KNOWN)
def test_dependence_of_an_entry_of_known_operations(text):
    a, b = leaf(RNG.normal(size=(2, 2))), leaf(RNG.normal(size=(2, 2)))
    t = eval(text, {"a": a, "b": b, "n": np, "ag": ag})
    argument = next(i for i, x in enumerate(t.inputs) if x is a)
    assert (entries(t, argument, 1), dependence(t).form) == KNOWN[text]


def test_dependence_covers_the_jacobian_of_every_primitive():
    """An entry with a derivative that is not 0 is among those that are lit."""
    known = {}
    for case in [Case(*row) for row in TABLE][::7]:
        leaves = [leaf(x) for x in case.inputs]
        t = case.f(TAPE, *leaves)
        if t.op is None or not all(any(x is a for a in leaves) for x in t.inputs[:1]):
            continue
        found = dependence(t).arguments[0]
        known[t.op.name] = found is not None or known.get(t.op.name, False)
        if found is not None:
            slopes = np.reshape(ag.jacobian(alone(t))(t.inputs[0].data), (len(found), -1))
            assert not (slopes != 0)[~found.reshape(len(found), -1)].any(), case
    assert sum(known.values()) > 30


def alone(t):
    """Return the operation of a node as a function of its first argument."""
    others = [x.data if isinstance(x, ag.Tensor) else x for x in t.inputs[1:]]
    return lambda x: t.op(x, *others, **t.kwargs)


def test_dependence_runs_no_operation_of_the_user():
    runs = []

    def double(x):
        runs.append(x)
        return 2 * x

    double_op = ag.primitive(double, lambda g, y, x: 2 * g)
    t = double_op(leaf([1.0, 2.0]))
    runs.clear()
    assert dependence(t).arguments == [None]
    assert runs == []


def test_bits_are_the_positions_along_each_axis():
    x = leaf(RNG.normal(size=(2, 3)))
    (found, *_) = dependence(x[1, 1:]).arguments
    assert as_bits(found) == [[2, 2], [2, 4]]


@pytest.mark.parametrize(
    ("shape", "small"),
    [((), True), ((8,), True), ((9,), False), ((8, 8), True), ((2, 4, 3), True), ((3, 3, 2), False),
     ((0, 3), False)],
)  # fmt: skip
def test_small_arrays_are_those_shown_as_numbers(shape, small):
    assert is_small(np.ones(shape)) is small
    data = ag.explore((leaf(np.ones(shape)) * 2.0).sum()).data
    if np.prod(shape):
        assert ("text" in data["pools"][0][0][0]) is small
