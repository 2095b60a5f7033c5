"""``ag.compile(f, target="c")``: the same results as NumPy's target, up to rounding."""

import pickle
import re
import runpy
import threading
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.compiler.native import native, toolchain
from autograd_mini.core.pytree import tree_leaves
from tests.budget import few
from tests.compiler.checks import arrays, network, step

from .programs import FLAGS, without_ziglang

GALLERY = Path(__file__).parents[3] / "examples" / "gallery"


@pytest.fixture(autouse=True)
def few_optimisations(monkeypatch):
    monkeypatch.setattr(toolchain, "FLAGS", FLAGS)


def agree(found, wanted, rtol=1e-12, atol=1e-12):
    for x, y in zip(arrays(found), arrays(wanted), strict=True):
        assert (np.shape(x), x.dtype) == (np.shape(y), y.dtype)
        np.testing.assert_allclose(x, y, rtol, atol)


def with_c(f, **options):
    return ag.compile(f, target="c", **options)


# ---- the text ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mlp():
    """Return a compiled step of a network, after three calls that agree with NumPy's target."""
    found = {}
    for target in ("numpy", "c"):
        update = ag.compile(step, donate=0, target=target)
        parameters, x, t = network([2, 16, 16, 2], 100)
        losses = []
        for _ in range(3):
            loss, parameters = update(parameters, x, t, 0.1)
            losses.append(loss)
        found[target] = losses, parameters
    agree(found["c"], found["numpy"])
    return update


def test_source_of_a_network_is_short_and_has_loops(mlp):
    lines = mlp.source.splitlines()
    assert len(lines) <= 200
    assert max(map(len, lines)) <= 100
    assert sum(line.startswith("static int step1(") for line in lines) == 1
    assert "const double x[restrict 100][2]" in mlp.source


def test_source_has_a_comment_with_the_names_of_the_user(mlp):
    assert "// v1 = x @ parameters_0_0" in mlp.source
    assert "// v2 = np.tanh(v1 + parameters_0_1)" in mlp.source
    assert re.search(r"v2\[.*\] = am_tanh\(tile\[j\]\[k\] \+ parameters_0_1\[k\]\);", mlp.source)


def test_example_of_a_step_is_up_to_date():
    """``python examples/gallery/step.py`` writes it."""
    written = runpy.run_path(str(GALLERY / "step.py"))["source"]()
    assert (GALLERY / "step.c").read_text("utf-8").split() == str(written).split()


def test_report_counts_functions_and_calls(mlp):
    assert re.search(r"functions of C: +1, of \d+ steps\ncalls of NumPy: +none", mlp.report())


def test_product_in_tiles_that_overlap_matches():
    rng = np.random.default_rng(0)
    sizes = [(5, 3, 2), (9, 7, 10), (16, 8, 27), (2, 40, 70)]
    w, a, b = ([rng.normal(size=(s[i], s[j])) for s in sizes] for i, j in ((0, 2), (0, 1), (1, 2)))
    w[2], a[2], b[2] = (x[2].astype(np.float32) for x in (w, a, b))

    def f(w, a, b):  # each entry of the old w must be read once before it is written over
        new = [w - x @ y for w, x, y in zip(w, a, b)]
        return new, [(x.T @ (x @ y) * 2, np.tanh((x @ y).T)) for x, y in zip(a, b)]

    new = ag.compile(f, donate=0, target="c")([x.copy() for x in w], a, b)
    agree(new, f(w, a, b), 1e-5, 1e-5)


def test_gradient_of_an_array_with_one_entry_collects_all_uses():
    def f(x):
        return np.sum(np.tanh(x)[np.array([0, 0, 0])] ** 2)

    for x in (np.array([2.0]), np.array([[3.0]])):
        agree(with_c(ag.grad(f))(x), ag.grad(f)(x))


def test_program_is_the_same_in_each_trace():
    """Else the library in the cache would not fit."""
    rng = np.random.default_rng(0)
    w, x = rng.normal(size=(16, 16)) / 4, rng.normal(size=(5, 12, 16))

    def f(w, x):
        h = x[0] @ w
        for n in range(1, 5):
            h = np.tanh(x[n] @ w) * h
        return h, w @ w

    first, second = with_c(f), with_c(f)
    agree(first(w, x), f(w, x))
    second(w, x)
    assert first.source == second.source


def test_short_rows_are_computed_side_by_side():
    rng = np.random.default_rng(0)
    xs = [rng.normal(size=s) for s in ((9, 2), (2, 16, 27), (4, 5))]
    for x in xs:
        x[..., 0, 0] = -np.inf  # such as an entry that a mask leaves out

    def softmax(x):
        e = np.exp(x - np.max(x, axis=-1, keepdims=True))
        p = e / np.sum(e, axis=-1, keepdims=True)
        return p, p @ np.swapaxes(p, -1, -2), np.sum(p, axis=0), np.min(p.T * 2, axis=0)

    def f(xs):
        return [softmax(x) for x in xs]

    agree(with_c(f)(xs), f(xs))


def test_mask_is_kept_and_multiplied():
    x = np.linspace(-1, 1, 200).reshape(10, 20)

    def f(x):
        y = np.maximum(x, 0)
        return y @ y.T, (y != 0) * x, y > 0.5

    agree(with_c(f)(x), f(x))


def test_reshape_and_transpose_are_read_in_place():
    f = with_c(lambda x: np.sum(x.T.reshape(3, 2, 1) * 2.0, axis=0))
    x = np.arange(6.0).reshape(2, 3)
    agree(f(x), np.sum(x.T.reshape(3, 2, 1) * 2.0, axis=0))
    assert "x[j][i]" in f.source or "x[i][j]" in f.source


# ---- calls of NumPy ------------------------------------------------------------------------------


def test_unknown_step_stays_a_call_of_numpy():
    def f(x):
        return np.exp(np.sort(np.sin(x)) + 1.0)

    compiled, x = with_c(f), np.linspace(3, 0, 7)
    agree(compiled(x), f(x))
    assert re.search(r"functions of C: +2, of \d", compiled.report())
    assert "1, because C code cannot compute np.sort" in compiled.report()


def test_large_product_is_left_to_blas():
    compiled = with_c(lambda a, b: np.tanh(a @ b) * 2.0)
    a = np.full((128, 128), 0.01)
    agree(compiled(a, a), np.tanh(a @ a) * 2.0)
    assert "1, because BLAS is faster for a product of this size" in compiled.report()


def test_program_without_a_known_step_runs():
    x = np.array([3.0, 1.0, 2.0])
    agree(with_c(np.sort)(x), np.sort(x))
    agree(with_c(lambda x: x)(x), x)
    assert with_c(lambda x: 3.0)(x) == 3.0


@pytest.mark.parametrize("dtype", [np.float16, ">f8", np.complex128, np.uint16])
def test_dtype_that_c_lacks_is_computed_by_numpy(dtype):
    x = np.arange(1, 5).astype(dtype)
    compiled = with_c(lambda x: x * x + x)
    found = compiled(x)
    np.testing.assert_array_equal(found, x * x + x)
    assert found.dtype == (x * x + x).dtype
    assert f"2, because C has no type for {np.dtype(dtype)}" in compiled.report()


# ---- arrays --------------------------------------------------------------------------------------


def test_arrays_in_any_layout_are_right():
    f = with_c(lambda x, y: np.sum(x * y, axis=-1))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 4, 6))
    for a in (x, np.asfortranarray(x), x[::-1, ::-1], np.repeat(x, 2, 1)[:, ::2]):
        agree(f(a, y), np.sum(a * y, axis=-1))


def test_arrays_that_are_not_aligned_are_copied():
    memory = np.zeros(8 * 5 + 1, np.uint8)
    x = memory[1:].view(float)
    x[:] = np.arange(5.0)
    agree(with_c(lambda x: x * 2.0)(x), np.arange(5.0) * 2)
    for a in (2.5, np.float64(2.5)):
        agree(with_c(lambda x, a: x * a)(x, a), np.arange(5.0) * 2.5)
    update = with_c(lambda x: x * 2.0, donate=0)
    assert update(x) is x
    agree(x, np.arange(5.0) * 2)


def test_numbers_and_arrays_without_axes_keep_their_types():
    f = with_c(lambda x, lr, n: (x * lr, lr * 2, np.sum(x) * n, x[0]))
    x = np.arange(3, dtype=np.float32)
    wanted = (x * 0.5, 1.0, np.sum(x) * np.float64(2), x[0])
    for y, z in zip(f(x, 0.5, np.float64(2)), wanted):
        assert type(y) is type(z)
        assert getattr(y, "dtype", None) == getattr(z, "dtype", None)
        np.testing.assert_array_equal(y, z)


def test_nan_and_infinity_are_those_of_numpy():
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0])

    def f(x):
        return (np.maximum(x, 0.0), np.minimum(x, 1.0), np.max(x), np.argmax(x), np.isnan(x),
                np.sign(x), np.where(np.isfinite(x), x, 7.0))  # fmt: skip

    for y, z in zip(with_c(f)(x), f(x)):
        np.testing.assert_array_equal(y, z)


def test_integers_overflow_and_divide_as_in_numpy():
    x, y = np.array([2**62, -7, 7, 5]), np.array([4, 2, -2, 0])
    with np.errstate(all="ignore"):
        for f in (lambda x, y: x * y, lambda x, y: x // y, lambda x, y: x % y):
            np.testing.assert_array_equal(with_c(f)(x, y), f(x, y))


def test_results_of_earlier_calls_stay():
    f, x = with_c(lambda x: np.exp(x)), np.zeros(4)
    first = f(x)
    f(x + 1)
    np.testing.assert_array_equal(first, 1)


# ---- donation, state and threads -----------------------------------------------------------------


def test_donated_array_that_is_read_later_is_right():
    """The new w is known before the last use of the old one."""

    def f(w, x):
        new = w * 0.5
        return new, np.sum(x @ w.T + w)

    w, x = np.arange(9.0).reshape(3, 3), np.eye(3)
    _, wanted = f(w.copy(), x)
    found, total = with_c(f, donate=0)(w, x)
    assert found is w
    agree(total, wanted)
    agree(w, np.arange(9.0).reshape(3, 3) * 0.5)


def test_donated_array_is_written_from_its_transpose():
    w = np.arange(9.0).reshape(3, 3)
    assert with_c(lambda w: w.T + 1.0, donate=0)(w) is w
    agree(w, np.arange(9.0).reshape(3, 3).T + 1)


def test_index_error_leaves_donated_arrays_unchanged():
    def f(w, i):
        return w - 0.5, ag.embedding(i, w)

    compiled, w = with_c(f, donate=0), np.ones((3, 2))
    compiled(w, np.array([0, 2]))
    before = w.copy()
    with pytest.raises(IndexError, match="index 3 at position"):
        compiled(w, np.array([0, 3]))
    np.testing.assert_array_equal(w, before)
    _, rows = compiled(w, np.array([1, 1]))
    agree(rows, before[[1, 1]])


@pytest.mark.parametrize("make", few([optim.AdamW, optim.Adam, optim.SGD], 3))
def test_training_step_with_state_matches(make):
    losses = {}
    for target in ("numpy", "c"):
        rng = np.random.default_rng(0)
        model = nn.Sequential(nn.Linear(3, 8, rng=rng), nn.Tanh(), nn.Linear(8, 4, rng=rng))
        optimizer = make(model.parameters(), lr=0.1)
        x, t = rng.normal(size=(8, 3)), rng.integers(4, size=8)

        def train(x, t, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            loss = ag.softmax_cross_entropy(model(x), t)
            loss.backward()
            optimizer.step()
            return loss

        train = ag.compile(train, state=(model, optimizer), target=target)
        losses[target] = [train(x, t).item() for _ in range(4)]
        optimizer.lr = 0.01
        losses[target] += [train(x, t).item(), *(p.data.sum() for p in model.parameters())]
    np.testing.assert_allclose(losses["c"], losses["numpy"], 1e-10, 1e-12)


def test_threads_have_memory_of_their_own():
    f = with_c(lambda x: np.sum(np.exp(np.cumsum(x)) * x.reshape(-1, 1), axis=0))
    wanted = [f(np.full(200, i / 1000)) for i in range(4)]
    wrong = []

    def work(i):
        x = np.full(200, i / 1000)
        if not all(np.array_equal(f(x), wanted[i]) for _ in range(50)):
            wrong.append(i)

    threads = [threading.Thread(target=work, args=[i]) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_each_shape_has_its_program():
    f = with_c(lambda x: x * 2.0)
    for shape in [(3,), (2, 3), (3,), (0,), ()]:
        agree(f(np.ones(shape)), np.full(shape, 2.0))


def test_second_derivative_matches():
    f = ag.grad(lambda x: np.sum(ag.grad(lambda x: np.sum(np.tanh(x) ** 3))(x)))
    x = np.linspace(-1, 1, 5)
    agree(with_c(f)(x), f(x))


# ---- the compiler --------------------------------------------------------------------------------


def test_target_that_is_unknown_raises():
    with pytest.raises(ValueError, match="'numpy', 'c' or 'auto', got 'cuda'"):
        ag.compile(np.sin, target="cuda")


def test_target_without_a_compiler(monkeypatch):
    """ "auto" falls back to NumPy, and "c" names both remedies."""
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")
    without_ziglang(monkeypatch)
    x = np.ones(3)
    auto = ag.compile(lambda x: x * 3.5 - 1.0, target="auto")
    agree(auto(x), x * 3.5 - 1)
    assert "functions of C" not in auto.report()
    with pytest.raises(toolchain.NoCompiler, match=r"autograd_mini\[native\]"):
        ag.compile(lambda x: x * 3.5 - 2.0, target="c")(x)


def test_target_auto_falls_back_when_the_build_fails(monkeypatch):
    def fail(*args):
        raise toolchain.BuildError("no space left")

    monkeypatch.setattr(native, "build", fail)
    x = np.ones(3)
    w = ag.tensor(x, requires_grad=True, name="w")
    optimizer = optim.SGD([w], lr=0.5)

    def step():
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()

    with pytest.raises(toolchain.BuildError, match="no space"):
        ag.compile(step, state=(w, optimizer), target="c")()
    assert w.data.tolist() == [1, 1, 1]
    ag.compile(step, state=(w, optimizer), target="auto")()
    assert w.data.tolist() == [0, 0, 0]


def test_arguments_of_another_layout_leave_the_fast_path():
    f = ag.compile(lambda w, x: w - x, donate=0, target="c")
    w, x = np.ones((2, 3)), np.ones((2, 3))
    f(w.copy(), x)
    enter = f._latest.enter
    assert [a is b for a, b in zip(enter((w, x)), (w, x))] == [True, True]
    fixed = w.copy()
    fixed.flags.writeable = False
    base = np.ones((4, 3))
    others = [
        (w, x.T), (w, np.ones((3, 2)).T), (w, x.astype(np.float32)), (w, x[0]), (w, x.tolist()),
        (w, 1.0), (w, None), (w, x.view(np.recarray)), (w, w), (w, w[:]), (fixed, x),
        (base[:2], x), (ag.tensor(w), x),
    ]  # fmt: skip
    assert [enter(pair) for pair in others] == [None] * len(others)
    agree(f(w.copy(), 2 * np.ones((3, 2)).T), -np.ones((2, 3)))


def test_target_auto_uses_a_compiler():
    auto = ag.compile(lambda x: x * 3.5 + 1.0, target="auto")
    agree(auto(np.ones(3)), np.full(3, 4.5))
    assert "functions of C" in auto.report()


def test_compiled_function_is_pickled_with_its_target():
    f = pickle.loads(pickle.dumps(ag.compile(np.exp, target="c")))
    agree(f(np.zeros(2)), np.ones(2))
    assert "#include" in f.source


def test_tensors_come_back_as_tensors():
    f = with_c(lambda x: (x * 2.0, np.sum(x)))
    found = f(ag.tensor([1.0, 2.0]))
    assert all(isinstance(x, ag.Tensor) for x in tree_leaves(found))
    agree(found, (np.array([2.0, 4.0]), np.array(3.0)))


def test_long_chain_of_functions_is_divided():
    """The time of a compiler grows with the square of the length of a function."""

    def f(x):
        for _ in range(100):
            x = np.tanh(x) * 1.01
        return x

    compiled, x = with_c(f), np.linspace(-1, 1, 4)
    agree(compiled(x), f(x))
    assert re.search(r"functions of C: +2, of 200 steps", compiled.report())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sine_of_rows_is_one_call_for_each_row(dtype):
    def f(x, y):
        rows = np.sin(x * 2) * np.cos(x)
        columns = np.cos(x.T) + np.sin(y)  # neighbours of x.T are not neighbours in memory
        return rows, columns, np.sin(x[:, 1:]), np.sin(x[2:] @ x[2:].T), np.cos(y[:2])

    x = np.linspace(-9, 9, 30).reshape(6, 5).astype(dtype)
    x[0], x[1, 3] = [1e30, -1e7, np.inf, np.nan, -0.0], 2**20
    compiled, y = with_c(f), np.linspace(-3, 3, 6).astype(dtype)
    with np.errstate(invalid="ignore"):
        found, wanted = compiled(x, y), f(x, y)
    rtol = 1e-12 if dtype == np.float64 else 1e-5
    agree((found[0], *found[1:]), wanted, rtol, 10 * rtol)
    end = "" if dtype == np.float64 else "f"
    assert f"am_sin{end}_all(5, " in compiled.source
    assert f"cos{end}(x[" in compiled.source


def test_sine_may_take_the_place_of_a_donated_argument():
    f = with_c(lambda x: np.sin(x), donate=0)
    x = np.array([[1e30, 1.0, np.pi, -2.0, 3e9]])
    agree(f(x.copy()), np.sin(x))
    chain = with_c(lambda x: np.sin(np.cos(x) + x), donate=0)
    agree(chain(x.copy()), np.sin(np.cos(x) + x))
