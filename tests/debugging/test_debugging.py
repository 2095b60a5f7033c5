"""debug finds the operation that computed the first NaN or inf, and arrays that were changed."""

import asyncio
import gc
import inspect
import re
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import core, data, nn, optim
from autograd_mini.compiler.compiled import Compiled
from autograd_mini.core.context import ALL_OBSERVERS, observers
from autograd_mini.core.messages import lesson
from autograd_mini.debugging import provenance
from tests.cases import A, M, leaf


def line():
    return inspect.currentframe().f_back.f_lineno


def fault(f, *, error=FloatingPointError):
    """Return the message of the error that `f` raises inside a debug block."""
    with ag.debug(), pytest.raises(error) as caught:
        f()
    return str(caught.value)


def values(name, *numbers):
    return ag.tensor(np.array(numbers), requires_grad=True, name=name)


# ---- forward: the operation that computed it -----------------------------------------------------

INF, NAN = np.inf, np.nan
MADE = {
    "log of 0": (lambda: np.log(values("p", 1.0, 0.0)), "log returned -inf at [1] for p = 0.0"),
    "log of -1": (lambda: np.log(values("p", -1.0)), "log returned nan at [0] for p = -1.0"),
    "0 / 0": (
        lambda: values("a", 1.0, 0.0) / values("b", 1.0, 0.0),
        "div returned nan at [1] for a = 0.0 and b = 0.0",
    ),
    "by a constant": (lambda: values("a", 1.0) / 0, "div returned inf at [0] for a = 1.0 and 0"),
    "a power": (
        lambda: values("a", -8.0) ** (1 / 3),
        "pow returned nan at [0] for a = -8.0 and",
    ),
    "broadcast": (
        lambda: values("a", [1.0], [2.0]) / values("b", 3.0, 0.0),
        "div returned inf at [0, 1] for a = 1.0 and b = 0.0",
    ),
    "overflow": (lambda: np.exp(values("z", 1.0, 800.0)), "exp returned inf at [1] for z = 800.0"),
    "a sum": (lambda: values("a", 1e308, 1e308).sum(), "sum returned inf\n"),
    "a product of matrices": (
        lambda: values("a", [1e200, 0.0]) @ values("b", [1e200], [0.0]),
        "matmul returned inf at [0, 0]\n",
    ),
    "a cast": (lambda: values("a", 1e5).astype(np.float16), "astype returned inf at [0]\n"),
    "one number": (lambda: np.log(leaf(0.0, name="s")), "log returned -inf for s = 0.0"),
    "nan out of inf": (
        lambda: values("a", INF) - values("b", INF),
        "sub returned nan at [0] for a = inf and b = inf",
    ),
    "next to an inf that came in": (
        lambda: np.log(np.where([True, False], values("p", 0.0, 1.0), INF)),
        "log returned -inf at [0] for an argument of 0.0",
    ),
    "without a gradient": (lambda: np.log(ag.tensor([0.0], name="c")), "log returned -inf at [0]"),
}


@pytest.mark.parametrize("case", MADE)
@pytest.mark.parametrize("recorded", [True, False])
def test_operation_is_named_with_its_entry(case, recorded):
    f, head = MADE[case]
    text = fault(f if recorded else ag.no_grad()(f))
    assert text.startswith(head)
    assert f'File "{__file__}", line ' in text
    assert "entries are not finite" in text


def test_message_shows_line_arguments_and_their_origin():
    def model():
        z = ag.tensor([[0.0, -800.0]], requires_grad=True, name="z")
        e = np.exp(z)
        p = e / np.sum(e)
        with ag.scope("loss"):
            return np.log(p), line()

    with ag.debug(), pytest.raises(FloatingPointError) as caught:
        model()
    number = model.__code__.co_firstlineno + 5
    assert str(caught.value).splitlines() == [
        "log returned -inf at [0, 1] for an argument of 0.0",
        "",
        f'  File "{__file__}", line {number}, in model',
        "    return np.log(p), line()",
        "",
        "  a tensor: (1, 2) float64, from 0.0 to 1.0, "
        f"computed by div in line {number - 2}: p = e / np.sum(e)",
        "  result: (1, 2) float64, 1 of 2 entries are not finite",
        "  in the scope loss",
        *lesson("not finite").split("\n")[1:],
    ]


def test_operation_in_a_layer_shows_the_line_of_the_user():
    model = nn.MLP([2, 3, 1])
    model.layers[0].weight.data[0, 0] = 1e308
    text = fault(lambda: model(np.full((1, 2), 10.0)))
    assert text.startswith("linear returned inf at [0, 0]")
    assert "lambda: model(np.full((1, 2), 10.0))" in text
    assert "in the scope MLP" in text


@pytest.mark.parametrize("x", [values("x", 1.0, NAN), ag.tensor([1.0, NAN], name="x")])
@pytest.mark.parametrize("f", [lambda x: x * 2, lambda x: x.sum(), np.sort, lambda x: x[1:]])
def test_nan_that_came_in_names_the_argument(x, f):
    assert fault(lambda: f(x)).startswith("x was already nan at [1] when ")


def test_nan_of_a_constant_or_older_result_names_it():
    given = np.array([NAN, 1.0])
    text = fault(lambda: leaf([1.0, 2.0]) * given)
    assert text.startswith("an array was already nan at [0] when mul used it")
    text = fault(lambda: leaf([1.0]) * NAN)
    assert text.startswith("mul received nan. No operation in the ag.debug() block computed")
    with np.errstate(invalid="ignore"):
        early = np.log(values("x", -1.0))
    text = fault(lambda: early + 1)
    assert text.startswith("a tensor was already nan at [0] when add used it")
    assert "a tensor: (1,) float64, computed by log" in text


FINE = {
    "a mask of -inf": lambda: ag.softmax(leaf(A) + np.array([0.0, -INF, 0.0])).sum().backward(),
    "where": lambda: np.exp(np.where(A > 1, leaf(A), -INF)).sum().backward(),
    "an inf that is passed on": lambda: (values("x", INF, 1.0) * 2).sum(),
    "fused": lambda: ag.softmax_cross_entropy(leaf([[1e3, 0.0, -1e3]]), [1]).backward(),
    "nansum": lambda: np.nansum(values("x", NAN, 1.0)).backward(),
    "integers": lambda: ag.tensor([1, 2]) * 3,
    "no entries": lambda: leaf(np.zeros((0, 3))).sum().backward(),
    "a comparison": lambda: values("x", NAN) > 0,
}


@pytest.mark.parametrize("case", FINE)
def test_intended_inf_or_nan_does_not_raise(case):
    with ag.debug():
        FINE[case]()


# ---- backward: the rule that computed it ---------------------------------------------------------


def sqrt_at_zero(differentiate):
    x = values("x", 4.0, 0.0)
    y = np.sqrt(x)
    differentiate(y.sum(), x)


WAYS = {
    "backward": lambda y, x: y.backward(),
    "gradients": ag.gradients,
    "adjoints": lambda y, x: y.tape().adjoints(),
    "tape": lambda y, x: y.tape().backward(),
}


@pytest.mark.parametrize("way", WAYS)
def test_rule_is_named_with_both_lines(way):
    text = fault(lambda: sqrt_at_zero(WAYS[way]))
    first = sqrt_at_zero.__code__.co_firstlineno
    head = "the rule of sqrt returned inf at [1] of the gradient of x"
    assert text.startswith(f"backward: {head}\n")
    assert f'recorded in File "{__file__}", line {first + 2}, in sqrt_at_zero' in text
    assert "    y = np.sqrt(x)\n" in text
    assert "differentiated in File" in text
    assert "rule: g / (2 · v1), where g is" in text or "rule: g / (2 · y), where g is" in text
    assert "g: (2,) float64, 1.0 at this entry" in text
    assert "x: (2,) float64, 0.0 at this entry, a leaf" in text


@pytest.mark.parametrize(
    "f",
    [
        lambda: ag.grad(np.sqrt)(0.0),
        lambda: ag.jvp(np.sqrt, (np.zeros(2),), (np.ones(2),)),
        lambda: ag.jacobian(np.sqrt)(np.zeros(2)),
        lambda: ag.hessian(lambda x: np.sum(np.abs(x) ** 1.5))(np.zeros(2)),
        lambda: ag.grad(ag.grad(lambda x: x**1.5))(0.0),
        lambda: ag.elementwise_grad(np.sqrt)(np.zeros(2)),
        lambda: ag.vjp(np.sqrt, np.zeros(2))[1](np.ones(2)),
        lambda: ag.hvp(lambda x: np.sum(x**1.5), np.zeros(2), np.ones(2)),
        lambda: ag.checkpoint(np.sqrt)(leaf(0.0)).backward(),
    ],
)
def test_transforms_are_checked(f):
    assert re.match(r"backward: the rule of (sqrt|pow|sign) returned", fault(f))


def test_failed_pass_leaves_grad_unchanged():
    x, w = values("x", 0.0), values("w", 1.0)
    x.grad, w.grad = [7.0], [8.0]
    fault(lambda: (np.sqrt(x) * w).backward())
    assert (x.grad.tolist(), w.grad.tolist()) == ([7.0], [8.0])


def test_sum_that_overflows_is_named():
    def reused(x):
        (x * 1e308 + x * 1e308).backward()

    x = leaf(1e-9, name="x")
    for f in (lambda: reused(x), lambda: (x * np.full(2, 1e308)).backward(np.ones(2))):
        text = fault(f)
        assert text.startswith(
            "backward: the gradient of x is inf. The contributions to it are finite"
        )


def test_gradient_argument_that_is_not_finite_is_named():
    text = fault(lambda: (leaf(A) * 2).backward([1.0, NAN, 0.0]))
    assert text.startswith("backward: the `gradient` argument is nan at [1]")


def test_gradients_are_the_same_in_a_block():
    def all_derivatives():
        w, x = leaf(M, name="w"), leaf(A, name="x")
        y = np.tanh(w @ x) @ np.array([1.0, 2.0])
        y.backward()
        second = ag.gradients(ag.gradients(y, x).sum(), w)
        return [w.grad, x.grad, second.data, *y.tape().adjoints().values()]

    plain = all_derivatives()
    with ag.debug():
        watched = all_derivatives()
    for a, b in zip(plain, watched, strict=True):
        np.testing.assert_array_equal(a, b)


# ---- arrays that were changed after they were used -----------------------------------------------


def write_to_leaf(x, c):
    x.data[0] = 5.0


def write_to_constant(x, c):
    c *= 2


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (write_to_leaf, "'x' (float64, shape (2,))"),
        (write_to_constant, "a float64 array of shape (2,)"),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_changed_array_is_named_with_both_lines(write, name, way):
    def changed():
        x, c = values("x", 1.0, 2.0), np.array([3.0, 4.0])
        x.grad = [7.0, 7.0]
        y = np.sum(x * c)
        write(x, c)
        try:
            WAYS[way](y, x)
        finally:
            assert x.grad.tolist() == [7.0, 7.0]

    text = fault(changed, error=RuntimeError)
    number = changed.__code__.co_firstlineno + 3
    assert text.startswith(f"{name} was changed in place after mul had used it")
    assert f'used in File "{__file__}", line {number}, in changed\n    y = np.sum(x * c)' in text
    assert "differentiated in File" in text


def test_changed_index_or_list_is_detected():
    for use, write in [
        (lambda x, k: x[k], [1, 0]),
        (lambda x, k: np.stack([x, k]), [3, 4]),
        (lambda x, k: x[(k,)], [1, 0]),
    ]:
        x, k = values("x", 1.0, 2.0), np.array([0, 1])

        def changed(use=use, write=write, x=x, k=k):
            y = use(x, k)
            k[:] = write
            y.sum().backward()

        assert fault(changed, error=RuntimeError).startswith("an int64 array of shape (2,) was")


def test_changes_before_and_after_do_not_raise():
    w, c = values("w", 1.0, 2.0), np.ones(2)
    with ag.debug():
        for _ in range(3):
            loss = np.sum((w * c) ** 2)
            w.grad = None
            loss.backward()
            w.data -= 0.1 * w.grad
            c += 1.0
            w.data[0] = 0.5


# ---- blocks --------------------------------------------------------------------------------------


def test_nothing_observes_outside_a_block():
    parts = core.tensor.record, core.backward.sweep, core.tape.sweep, Compiled.__call__
    for _ in range(2):
        assert not ALL_OBSERVERS
        assert observers() == ()
        with ag.debug():
            inside = observers()
            assert [inside] == [block().watchers for block in ALL_OBSERVERS]
            with ag.debug():
                assert observers() == inside
            now = core.tensor.record, core.backward.sweep, core.tape.sweep, Compiled.__call__
            assert now == parts  # nothing is patched
            assert observers() == inside


def test_blocks_nest_and_decorate():
    @ag.debug()
    def careless():
        with ag.debug(), ag.no_grad():
            np.log(ag.tensor([1.0]))
        np.log(ag.tensor([0.0]))

    for _ in range(2):
        with pytest.raises(FloatingPointError):
            careless()
        with np.errstate(divide="ignore"):
            assert np.log(ag.tensor([0.0])).tolist() == [-INF]


def test_debug_needs_no_parentheses():
    with ag.debug, ag.debug, pytest.raises(FloatingPointError):
        np.log(leaf(0.0))
    with pytest.raises(FloatingPointError):
        ag.debug(np.log)(leaf(0.0))
    with np.errstate(divide="ignore"):
        assert np.log(leaf(0.0)).item() == -np.inf
    assert ALL_OBSERVERS == []


def test_debug_of_a_generator_or_coroutine_raises():
    async def coroutine():
        pass

    async def asynchronous_generator():
        yield

    def generator():
        yield

    for f in (coroutine, asynchronous_generator, generator):
        with pytest.raises(TypeError, match=rf"@debug\(\) cannot decorate {f.__name__}"):
            ag.debug()(f)


def test_block_belongs_to_its_thread():
    opened, done = threading.Event(), threading.Event()

    def other():
        opened.wait(10)
        with np.errstate(divide="ignore"):
            y = np.log(values("x", 0.0))
        done.set()
        return y.item()

    with ThreadPoolExecutor() as pool:
        found = pool.submit(other)
        with ag.debug():
            opened.set()
            assert done.wait(10)
            with pytest.raises(FloatingPointError):
                np.log(values("x", 0.0))
        assert found.result() == -INF


def test_blocks_of_many_threads_are_independent():
    def work(i):
        for _ in range(50):
            with ag.debug():
                x = values("x", 1.0, 2.0)
                np.sum(np.log(x) * x).backward()
        return x.grad.tolist()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))
    assert found == [found[0]] * 8
    assert not ALL_OBSERVERS


def test_block_belongs_to_its_asyncio_task():
    async def watched(opened, done):
        with ag.debug():
            opened.set()
            await done.wait()
            with pytest.raises(FloatingPointError):
                np.log(values("x", 0.0))

    async def other(opened, done):
        await opened.wait()
        with np.errstate(divide="ignore"):
            x = values("x", 0.0)
            y = np.log(x)
            y.backward([1.0])
            assert ag.compile(np.log)(np.zeros(1)).tolist() == [-INF]
        done.set()
        return y, x.grad

    async def main():
        opened, done = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(other(opened, done), watched(opened, done))

    (y, grad), _ = asyncio.run(main())
    assert (y.tolist(), grad.tolist()) == ([-INF], [INF])
    assert ag.debug.where(y) is None
    assert not ALL_OBSERVERS


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_block_is_closed_by_an_exception(error):
    @ag.debug()
    def stopped():
        raise error

    before = np.geterr()
    for block in (stopped, lambda: ag.debug()(stopped)()):
        with pytest.raises(error):
            block()
        assert not ALL_OBSERVERS
        assert observers() == ()
        assert np.geterr() == before


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_operations_are_checked_after_a_failed_recorded_pass(error):
    def rule(g, y, x):
        raise error

    fails = ag.primitive(lambda x: x * 1.0, rule, name="fails")
    x = leaf(A)
    with ag.debug():
        y = fails(x).sum()
        with pytest.raises(error):
            ag.gradients(y, x)
        with pytest.raises(FloatingPointError, match="log returned -inf"):
            np.log(values("p", 0.0))


def test_rules_of_a_recorded_pass_may_mask_nan():
    masked = ag.primitive(
        lambda x: np.abs(x), lambda g, y, x: np.where(x == 0, 0.0, g * y / x), name="masked"
    )
    x = values("x", 0.0, 2.0)
    with ag.debug():
        assert ag.gradients(masked(x).sum(), x).tolist() == [0.0, 1.0]
        with pytest.raises(FloatingPointError, match="div returned nan"):
            x / x


def test_numpy_warnings_as_errors_do_not_come_first():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fault(lambda: np.log(values("p", 0.0))).startswith("log returned -inf")
        assert fault(lambda: sqrt_at_zero(WAYS["backward"])).startswith(
            "backward: the rule of sqrt"
        )
        with np.errstate(all="raise"):
            assert fault(lambda: np.exp(values("p", 1e3))).startswith("exp returned inf")


def test_where_returns_the_line_of_a_result():
    with ag.debug() as debug:
        x = values("x", 1.0)
        y, number = np.exp(x), line()
        z = ag.no_grad()(lambda: y + 1)()
    assert debug is ag.debug
    found = ag.debug.where(y)
    assert (found.file, found.number, found.text) == (
        __file__, number, "y, number = np.exp(x), line()",
    )  # fmt: skip
    assert ag.debug.where(z).number == number + 1
    assert ag.debug.where(x) is None
    assert ag.debug.where(np.exp(x)) is None


def test_origins_live_as_long_as_their_tensors(young):
    with ag.debug():
        x = values("x", 1.0)
        for _ in range(100):
            x = x * 1.0
    assert ag.debug.where(x) is not None
    del x
    gc.collect()
    assert not [origin for origin in provenance._ORIGINS.values() if origin.tensor() is None]


# ---- other arrays, other ways to run -------------------------------------------------------------


def test_results_of_a_compiled_function_are_checked():
    @ag.compile
    def ratio(a, b):
        return {"ratio": a / b, "sum": a + b}

    a, b = np.ones(2), np.array([1.0, 0.0])
    text = fault(lambda: ratio(a, b))
    assert text.startswith(
        "the compiled function ratio returned inf at [1] in a float64 result of shape (2,)"
    )
    assert "ratio.__wrapped__(...)" in text
    assert fault(lambda: ratio.__wrapped__(ag.tensor(a), b)).startswith("div returned inf at [1]")
    with ag.debug():
        assert ratio(a, a)["ratio"].tolist() == [1.0, 1.0]
    with np.errstate(divide="ignore"):
        assert ratio(a, b)["ratio"].tolist() == [1.0, INF]


def test_compiled_numbers_and_trees_are_checked():
    total = ag.compile(lambda z: np.sum(np.exp(z)))
    for _ in range(2):  # traced, and run again
        text = fault(lambda: total(np.array([1000.0])))
        assert text.startswith(
            "the compiled function <lambda> returned inf in a float64 result of shape ()"
        )
        assert "total(np.array([1000.0]))" in text
    nested = ag.compile(lambda z: {"a": (z, [z * 0, np.log(z)]), "b": None})
    with np.errstate(divide="ignore"):
        nested(np.zeros(2))
    assert "returned -inf at [0]" in fault(lambda: nested(np.zeros(2)))


def test_function_traced_in_a_block_returns_the_same():
    step = ag.compile(ag.value_and_grad(lambda w: np.sum(np.exp(w) * w)))
    with ag.debug():
        value, gradient = step(A)
    np.testing.assert_allclose(gradient, np.exp(A) * (A + 1))
    assert value.item() == pytest.approx(np.sum(np.exp(A) * A))


def test_operation_in_a_checkpoint_shows_its_line():
    def block(x):
        return np.log(x) * 2

    text = fault(lambda: ag.checkpoint(block)(values("x", 0.0)))
    assert text.startswith("log returned -inf at [0] for an argument of 0.0")
    assert "in block\n    return np.log(x) * 2" in text


def test_symbols_that_sympy_calls_infinite_raise():
    sympy = pytest.importorskip("sympy")
    a = sympy.Symbol("a")
    text = fault(lambda: np.log(ag.tensor(np.array([a, sympy.Integer(0)]), name="x")))
    assert text.startswith("log returned zoo at [1] for x = 0")
    x = ag.tensor(np.array([a, 2 * a]), requires_grad=True)
    with ag.debug():
        np.sum(np.sin(x) * x).backward()
    assert x.grad[0] == sympy.sin(a) + a * sympy.cos(a)


def test_rule_on_symbols_is_named():
    sympy = pytest.importorskip("sympy")
    x = ag.tensor(np.array([sympy.Symbol("a"), sympy.Integer(0)]), requires_grad=True, name="x")
    text = fault(lambda: np.sum(np.sqrt(x) * np.sin(x)).backward())
    assert text.startswith("backward: the rule of sqrt returned ")
    assert "x: (2,) object, 0 at this entry, a leaf" in text


def test_views_are_the_same_in_a_block():
    def shown():
        x, w = leaf([0.0, 4.0], name="x"), leaf([2.0, 3.0], name="w")
        y = np.sum(np.hypot(x, w) / w**2 + np.sqrt(x + 1.0))
        texts = ag.latex(y), ag.source(y), ag.explain(y), ag.draw(y).source
        texts += y.tape().table(adjoints=True), ag.explore(y).data
        broken = np.sum(np.sqrt(x))  # 1 / (2 · 0) in its rule
        texts += ag.latex(broken), ag.source(broken), ag.explain(broken), ag.draw(broken).source
        return [*texts, broken.tape().table(adjoints=True)]

    plain = shown()
    with ag.debug():
        watched = shown()
    assert watched == plain


def test_gradcheck_and_training_run_in_a_block():
    with ag.debug():
        assert ag.gradcheck(lambda x: np.sum(np.tanh(x) * x), A, order=2)
        x, labels = data.moons(40)
        model = nn.MLP([2, 4, 2])
        optimizer = optim.SGD(model.parameters(), lr=0.5)
        losses = nn.train(model, x, labels, optimizer, epochs=3)
    assert losses[-1] < losses[0]


def test_lazy_arrays_are_computed_and_checked():
    da = pytest.importorskip("dask.array")
    w = leaf(1.0, name="w")
    x = ag.tensor(da.from_array(np.array([1.0, 2.0]), chunks=1), name="x")
    with ag.debug():
        np.sum(np.log(x * w)).backward()
    assert w.grad.item() == 2.0
    text = fault(lambda: np.exp(x * 800 * w))
    assert text.startswith("exp returned inf at [0] for an argument of 800.0")


def test_own_primitives_are_checked():
    bad = ag.primitive(lambda x: x * 1.0, lambda g, y, x: g * np.where(x > 1, 1.0, NAN), name="bad")
    text = fault(lambda: bad(leaf(A, name="t")).sum().backward())
    head = "the rule of bad returned nan at [0] of the gradient of t"
    assert text.startswith(f"backward: {head}")
