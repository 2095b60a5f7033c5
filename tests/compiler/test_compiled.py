"""Compiled functions return the same results as the functions themselves, in each call."""

import copy
import pickle
import threading
import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini.compiler import compiled
from autograd_mini.core.pytree import tree_leaves
from tests.budget import examples
from tests.cases import CASES, FEW, LARGEST, TAPE, every
from tests.compiler.checks import (
    OLD,
    arrays,
    check,
    close,
    depends_on_values,
    nearly,
    network,
    same,
    step,
    written_out,
)
from tests.programs import (
    PROGRAMS,
    attention,
    gaussian_process,
    kalman_filter,
    lstm,
    mixture,
    orbit,
    principal_components,
    recurrent_network,
)


def check_case(case, dtype):
    def value_and_cotangents(*xs):
        y, pull = ag.vjp(lambda *xs: case.f(TAPE, *xs), *xs)
        return y, pull(np.asarray(case.cotangent, y.dtype))

    compare = partial(nearly, dtype) if OLD and "pow" in case.op else np.testing.assert_array_equal
    with np.errstate(all="ignore"):
        check(value_and_cotangents, *[np.asarray(x, dtype) for x in case.inputs], compare=compare)


@every([c for c in FEW if not depends_on_values(c)])
def test_every_primitive_to_the_last_bit(case):
    check_case(case, "d")


@pytest.mark.slow
@every([c for c in CASES if not depends_on_values(c)])
def test_every_primitive_at_every_case_to_the_last_bit(case):
    for dtype in "df" if case in LARGEST else "d":
        check_case(case, dtype)


LONG = [attention, gaussian_process, kalman_filter, lstm, mixture, orbit, principal_components,
        recurrent_network]  # fmt: skip


@pytest.mark.parametrize(
    "program", [pytest.param(p, marks=pytest.mark.slow) if p in LONG else p for p in PROGRAMS]
)
def test_programs_of_numpys_users(program):
    f, x = program(np)
    v = np.cos(np.arange(x.size))
    transforms = [
        (ag.value_and_grad(f), x),
        (lambda x, v: ag.hvp(f, x, v), x, v),
        (lambda x, v: ag.jvp(ag.grad(f), (x,), (v,)), x, v),
        (ag.hessian(f), x),
    ]
    for g, *args in transforms[: 4 if x.size < 20 else 3]:
        check(g, *args)


@examples(60)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 90), st.sampled_from("df"),
       st.sampled_from([1, 60]), st.sampled_from(["mean", "sum"]), st.booleans())  # fmt: skip
def test_softmax_cross_entropy(seed, n, c, dtype, scale, reduction, onehot):
    rng = np.random.default_rng(seed)
    z = (scale * rng.normal(size=(n, c))).astype(dtype)
    t = rng.integers(c, size=n)
    t = np.eye(c, dtype=dtype)[t] if onehot else t
    loss = ag.value_and_grad(lambda z, t: ag.softmax_cross_entropy(z, t, reduction=reduction))
    check(loss, z, t)


def test_calls_from_several_threads_do_not_meet():
    compiled = ag.compile(lambda x: np.sin(np.cos(x * 2) + x) * x)
    xs = [np.random.default_rng(i).normal(size=20_000) for i in range(4)]
    expected = [compiled(x) for x in xs]
    wrong = []

    def work(i):
        wrong.extend(k for k in range(60) if not np.array_equal(compiled(xs[i]), expected[i]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_call_that_raises_leaves_the_next_one_right():
    compiled = ag.compile(lambda x: np.log(x) * 2 + np.sqrt(x))
    expected = compiled(np.array([1.0, 2.0]))
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        compiled(np.array([-1.0, 2.0]))
    np.testing.assert_array_equal(compiled(np.array([1.0, 2.0])), expected)
    boom = ag.compile(lambda x: x @ x)
    with pytest.raises(ValueError, match="matmul"):
        boom(np.ones((2, 3)))
    np.testing.assert_array_equal(boom(np.eye(2)), np.eye(2))


def test_call_with_a_tensor_that_requires_grad_is_recorded():
    compiled = ag.compile(lambda x: (x * x).sum())
    x = ag.tensor([1.0, 3.0], requires_grad=True)
    for _ in range(2):
        same(ag.grad(compiled)(np.array([1.0, 3.0])), [2.0, 6.0])
        same(ag.gradients(compiled(x), x).detach(), [2.0, 6.0])
        same(ag.hessian(compiled)(x.data), 2 * np.eye(2))
        with ag.no_grad():
            assert compiled(x).item() == 10.0


def test_compiled_functions_within_compiled_functions():
    inner = ag.compile(lambda x: np.sin(x) * 2)
    check(lambda x: inner(x) + inner(x * 2), np.arange(3.0))
    check(ag.grad(lambda x: np.sum(inner(x))), np.arange(3.0))
    check(ag.grad(lambda x: np.sum(ag.checkpoint(np.sin)(x))), np.arange(3.0))


def test_methods_are_bound():
    class Model:
        scale = 3.0

        @ag.compile
        def __call__(self, x):
            return x * self.scale

    same(Model()(np.ones(2)), [3.0, 3.0])
    with pytest.raises(TypeError, match="compile needs a function, got 3"):
        ag.compile(3)


def test_old_programs_are_forgotten(monkeypatch):
    monkeypatch.setattr(compiled, "MAX_PROGRAMS", 3)
    twice = ag.compile(lambda x: x * 2)
    for n in [*range(1, 8), 1, 7]:
        same(twice(np.ones(n)), 2 * np.ones(n))
    assert len(twice._programs) == 3


def test_there_is_no_program_before_the_first_call():
    compiled = ag.compile(np.sin)
    for ask in (lambda: compiled.source, lambda: compiled.plan, compiled.report):
        with pytest.raises(RuntimeError, match="call the function once"):
            ask()


def test_the_program_is_shown():
    parameters, x, t = network([3, 5, 4], 7)
    compiled = ag.compile(step, donate=0)
    loss, _ = compiled(parameters, x, t, 0.1)
    space = {}
    exec(compiled.source, space)
    parameters, x, t = network([3, 5, 4], 7)
    value, *_ = space["program"](*tree_leaves(parameters), x, t, 0.1)
    close(value, loss.data)
    assert "np.tanh(" in compiled.source
    names = "parameters_0_0, parameters_0_1, parameters_1_0, parameters_1_1, x, t, lr"
    assert f"def program({names}):" in compiled.source
    parts = [line.strip() for line in compiled.source.splitlines() if line.startswith("    # ")]
    assert parts == ["# forward", "# backward", "# then"]
    assert "subtract" in compiled.plan


REPORT = """\
steps:                  2 of 5 traced
common subexpressions:  1
dead code:              1 steps
rewritten:              identities 1
fused:                  nothing, because fuse=False
buffers:                1, together 24 bytes, used for 1 value
allocated:              0 values in each call, in addition to the results"""


def test_the_report_says_what_became_of_the_program():
    def f(x):
        np.cos(x)
        return np.exp(x) * np.exp(x) * 1

    compiled = ag.compile(f)
    compiled(np.arange(3.0))
    assert compiled.report() == REPORT
    fused = ag.compile(f, fuse=True)
    fused(np.arange(3.0))
    assert fused.report() == REPORT.replace(
        "nothing, because fuse=False", "nothing was found to fuse"
    )
    written = ag.compile(written_out, fuse=True)
    written(np.ones((2, 3)), np.eye(3)[:2])
    assert "fused:                  stable log-softmax 1, stable softmax 1\n" in written.report()
    assert "stable" not in written.report().split("rewritten:")[1].split("fused:")[0]


def test_threads_with_several_shapes_at_once():
    """All meet in one function, which traces some of the shapes while others run."""
    compiled = ag.compile(ag.value_and_grad(lambda x: np.sum(np.sin(np.cos(x * 2) + x) * x)))
    xs = [np.random.default_rng(n).normal(size=(n, 50)) for n in range(1, 9)]
    expected = [[y.data for y in ag.compile(compiled.__wrapped__)(x)] for x in xs]
    wrong, start = [], threading.Barrier(4)

    def work(seed):
        start.wait()
        for n in np.random.default_rng(seed).integers(len(xs), size=60):
            found = [y.data for y in compiled(xs[n])]
            if not all(map(np.array_equal, found, expected[n])):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


RAISING = {
    "an index": (lambda x, i: np.exp(x)[i] * 2, (np.arange(3.0), np.array([0, 1])),
                 (np.arange(3.0), np.array([0, 5])), IndexError),
    "a singular matrix": (lambda x: np.linalg.inv(x) @ (x * 2), (np.eye(2),), (np.ones((2, 2)),),
                          np.linalg.LinAlgError),
    "a class": (ag.value_and_grad(lambda z, t: ag.softmax_cross_entropy(z, t)),
                (np.eye(3), np.array([0, 1, 2])), (np.eye(3), np.array([0, 1, 7])), IndexError),
}  # fmt: skip


@pytest.mark.parametrize("what", RAISING)
def test_a_call_that_raises_midway_leaves_the_next_one_right(what):
    f, good, bad, error = RAISING[what]
    compiled = ag.compile(f)
    expected = [np.copy(x) for x in arrays(compiled(*good))]
    for _ in range(3):
        with pytest.raises(error):
            compiled(*bad)
        for found, wanted in zip(arrays(compiled(*good)), expected):
            same(found, wanted)


def test_calls_that_were_followed_are_counted():
    compiled = ag.compile(lambda x: (x * x).sum())
    x = ag.tensor([1.0, 3.0], requires_grad=True)
    compiled(x).backward()
    same(x.grad, [2.0, 6.0])
    said = "uncompiled calls:       1, recorded on a tape or in another program"
    assert compiled.report() == said
    compiled(x.data)
    assert compiled.report().endswith(f"\n{said}")


def doubled(x):
    return x * 2


def test_a_compiled_function_is_copied_and_pickled():
    compiled = ag.compile(doubled)
    compiled(np.ones(2))
    for other in (copy.copy(compiled), copy.deepcopy({"step": compiled})["step"],
                  pickle.loads(pickle.dumps(compiled))):  # fmt: skip
        same(other(np.ones(3)), [2.0, 2.0, 2.0])
        assert other.__name__ == "doubled"


def test_the_first_call_warns_once():
    compiled = ag.compile(np.log)
    for _ in range(2):
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            compiled(-np.ones(2))
        assert len(heard) == 1
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        ag.compile(np.log)(-np.ones(2))
