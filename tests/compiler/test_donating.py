"""Donated arguments: which result is written into which, and when they are refused."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.pytree import tree_leaves, tree_map
from tests.compiler.checks import network, same, squared_step


def test_donated_parameters_are_updated_in_place():
    parameters, x, t = network([3, 5, 4], 7)
    own = [(w.copy(), b.copy()) for w, b in parameters]
    compiled, t = ag.compile(squared_step, donate=0), np.eye(4)[t]
    for _ in range(5):
        loss, parameters = compiled(parameters, x, t, 0.1)
        expected, own = squared_step(tree_map(lambda p: getattr(p, "data", p), own), x, t, 0.1)
        same(loss.data, expected.data)
    first = tree_leaves(parameters)[0].data
    _, parameters = compiled(parameters, x, t, 0.1)
    assert np.shares_memory(first, tree_leaves(parameters)[0].data)
    assert re.search(r"allocated: +0 values in each call", compiled.report())


def test_donated_arrays_are_the_results():
    a, b = np.ones(3), np.arange(3.0)
    swapped = ag.compile(lambda a, b: (b, a), donate=(0, 1))
    found = swapped(a, b)
    assert found[0] is a
    assert found[1] is b
    np.testing.assert_array_equal(a, [0, 1, 2])
    np.testing.assert_array_equal(b, [1, 1, 1])
    m = np.arange(4.0).reshape(2, 2)
    turned = ag.compile(lambda m: m @ m.T + m, donate=0)
    expected = m @ m.T + m
    assert turned(m) is m
    np.testing.assert_array_equal(m, expected)


def test_donate_says_which_result_is_meant():
    x = np.ones(3)
    with pytest.raises(ValueError, match="2 results have the same shapes as argument 0"):
        ag.compile(lambda x: (x * 2, x * 3), donate=0)(x)
    with pytest.raises(ValueError, match="too few results"):
        ag.compile(lambda x: x.sum(), donate=0)(x)
    with pytest.raises(TypeError, match="must contain only arrays, got float"):
        ag.compile(lambda x: x, donate=0)(1.0)
    with pytest.raises(ValueError, match=r"donate=3: the call has only 1 positional"):
        ag.compile(lambda x: x, donate=3)(x)
    for wrong in (-1, "x", 1.5, (0, 0), True):
        with pytest.raises(TypeError, match="compile: donate must be the position of an argument"):
            ag.compile(lambda x: x, donate=wrong)


def test_dicts_are_donated_by_their_keys():
    compiled = ag.compile(lambda p: {k: p[k] * 2 for k in reversed(p)}, donate=0)
    p = {"a": np.ones(2), "b": np.zeros(2)}
    found = compiled(p)
    assert found["a"] is p["a"]
    same(p["a"], [2.0, 2.0])
    same(p["b"], [0.0, 0.0])


def test_donated_arrays_that_share_memory_are_refused():
    two = ag.compile(lambda a, b: (b + 1, a * 2), donate=(0, 1))
    one = ag.compile(lambda a, b: (a * 2, b.sum()), donate=0)
    x = np.arange(6.0)
    for f, a, b in [(two, x, x), (one, x, x), (one, x[:4], x[2:]), (one, x, x[1:3]),
                    (two, x[:4], x[2:])]:  # fmt: skip
        with pytest.raises(
            ValueError, match=r"donate: .* a float64 array .* shares memory with another"
        ):
            f(a, b)
    same(x, np.arange(6.0))
    m = np.arange(6.0).reshape(3, 2)
    two(m[:, 0], m[:, 1])  # interleaved, but apart
    same(m, [[2.0, 0.0], [4.0, 4.0], [6.0, 8.0]])
    frozen = np.ones(2)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match=r"is read-only.*Pass a copy"):
        two(np.ones(2), frozen)
    repeated = np.lib.stride_tricks.as_strided(np.ones(6), (4, 2), (8, 8), writeable=True)
    with pytest.raises(ValueError, match=r"entries of a float64 array .* share memory"):
        one(repeated, x)


def test_a_donated_parameter_that_requires_a_gradient_is_refused():
    step = ag.compile(lambda w, g: w - 0.1 * g, donate=0)
    w = ag.tensor([1.0, 2.0], requires_grad=True, name="w")
    with pytest.raises(
        TypeError, match=r"'w' \(float64, shape \(2,\)\) is donated, .* requires a gradient"
    ):
        step(w, np.ones(2))
    np.testing.assert_array_equal(w.data, [1.0, 2.0])
    np.testing.assert_array_equal(step(w.detach(), np.ones(2)).data, [0.9, 1.9])
    with ag.no_grad():  # here nothing is recorded: it may be
        np.testing.assert_array_equal(step(w, np.ones(2)).data, [0.9, 1.9])


def test_a_call_that_raises_leaves_donated_arrays_as_they_were():
    def update(w, b, x, i):
        w, b = w * 2, b + 1
        return w, b, np.exp(x)[i].sum()  # the last step may raise, so nothing was written before

    compiled = ag.compile(update, donate=(0, 1))
    w, b, x = np.ones(3), np.zeros(4), np.arange(3.0)
    compiled(w, b, x, np.array([0, 2]))
    same(w, [2.0, 2.0, 2.0])
    with pytest.raises(IndexError):
        compiled(w, b, x, np.array([0, 3]))
    same(w, [2.0, 2.0, 2.0])
    same(b, [1.0, 1.0, 1.0, 1.0])


def test_a_donated_array_may_lie_in_memory_in_any_way():
    """Entries that are written by position go into known memory, never into a copy."""
    for f in (
        lambda x, y: (y.reshape(x.shape), 0),
        lambda x, y: (x.T.reshape(-1)[::-1].reshape(x.shape), 0),
        lambda x, y: (x.T.copy().T * 2, y),
    ):
        compiled = ag.compile(f, donate=0)
        y = np.arange(12.0)[::-1].copy()
        for x in (np.arange(12.0).reshape(3, 4), np.arange(12.0).reshape(4, 3).T,
                  np.arange(24.0).reshape(3, 8)[:, ::2]):  # fmt: skip
            expected = f(x.copy(), y)[0].copy()
            assert compiled(x, y)[0] is x
            same(x, expected)


def test_an_error_of_donate_says_what_to_do():
    x = np.ones(3)
    with pytest.raises(
        ValueError,
        match=r"2 results have the same shapes as .* Put the donated argument in a dict",
    ):
        ag.compile(lambda x: (x * 2, x * 3), donate=0)(x)
    with pytest.raises(
        ValueError, match="Return a new value for each donated argument, in the same order"
    ):
        ag.compile(lambda x: x.sum(), donate=0)(x)
    told = ag.compile(lambda p: ({"w": p["w"] * 2}, p["w"] * 3), donate=0)
    new, other = told({"w": x})
    assert new["w"] is x
    same(x, [2.0, 2.0, 2.0])
    same(other, [3.0, 3.0, 3.0])


def test_results_that_are_one_value_go_into_separate_arrays():
    def both(a, b, c):
        return c * 2, 2 * c

    a, b = np.zeros(3), np.zeros(3)
    found = ag.compile(both, donate=(0, 1))(a, b, np.ones(3))
    assert found[0] is a
    assert found[1] is b
    same(a, [2.0, 2.0, 2.0])
    same(b, a)
    p = {"w": np.ones(3)}
    step = ag.compile(lambda p: ({"w": p["w"] * 2}, p["w"] * 2), donate=0)
    _, other = step(p)
    step(p)
    same(other, [2.0, 2.0, 2.0])
    same(p["w"], [4.0, 4.0, 4.0])


def test_trees_within_trees():
    """The state of an optimiser holds trees like the parameters, and a count of the steps."""

    def step(w, state, g):
        m, n = state
        m = {"a": m["a"] + g}
        return {"a": w["a"] - m["a"] / (n + 1)}, (m, n + 1)

    for zero in (0.0, np.float64(0), np.zeros(())):
        w, m, n = {"a": np.ones(2)}, {"a": np.zeros(2)}, zero
        first, moment = w["a"], m["a"]
        compiled = ag.compile(step, donate=(0, 1))
        for _ in range(3):
            w, (m, n) = compiled(w, (m, n), np.full(2, 0.5))
            assert type(n) is type(zero)
        assert n == 3
        assert (w["a"] is first, m["a"] is moment) == (True, True)
        same(m["a"], [1.5, 1.5])
        same(w["a"], [-0.5, -0.5])
    with pytest.raises(TypeError, match="must contain only arrays, got float"):
        ag.compile(lambda x, n: (x, n + 1), donate=1)(np.ones(2), 1.0)
    with pytest.raises(TypeError, match="must contain only arrays, got int"):
        ag.compile(lambda x: [x[0] + 1, x[1]], donate=0)([np.ones(2), 1])


@pytest.mark.parametrize("active", [True, False])
def test_nodes_of_a_donated_tensor_are_out_of_date(active):
    """As after ``w.data -= step``: nodes of the old numbers cannot be differentiated."""
    w = ag.tensor([1.0, 2.0], requires_grad=active, name="w")
    x = ag.tensor([3.0, 4.0], requires_grad=True)
    before = (x * w * w).sum()
    step = ag.compile(lambda w: w - 0.5, donate=0)
    with ag.no_grad():
        moved = step(w)
    assert moved is w
    with pytest.raises(RuntimeError, match=r"'w' .* was modified after"):
        before.backward()
    assert w.grad is x.grad is None
    after = (x * w * w).sum()
    after.backward()
    np.testing.assert_array_equal(x.grad, [0.25, 2.25])


def test_a_call_that_raises_leaves_what_was_recorded():
    w = ag.tensor([1.0, 2.0], name="w")
    x = ag.tensor([3.0, 4.0], requires_grad=True)
    y = (w * x).sum()
    step = ag.compile(lambda w, i: (w - 0.5, np.take(w, i)), donate=0)
    w = step(w, np.array([0]))[0]
    y = (w * x).sum()
    with pytest.raises(IndexError):
        step(w, np.array([7]))
    y.backward()
    np.testing.assert_array_equal(x.grad, [0.5, 1.5])
