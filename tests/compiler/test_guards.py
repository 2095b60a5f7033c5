"""Captured state: a compiled function follows its changes, or refuses it."""

import collections
import dataclasses
import functools
import random
import types

import numpy as np
import pytest

import autograd_mini as ag

same = np.testing.assert_array_equal
X = np.array([1.0, 2.0, 3.0])

SCALE = 2.0
WEIGHTS = np.zeros(3)
SETTINGS = {"scale": 2.0, "layers": [1.0, {"bias": 0.5}]}
config = types.ModuleType("config")
config.scale = 2.0


class Model:
    offset = 1.0

    def __init__(self):
        self.scale = 2.0
        self.weights = np.ones(3)
        self.calls = 0

    def __call__(self, x):
        return self.moved(x) * self.weights

    def moved(self, x):
        return x * self.scale + self.offset + self.bias

    @property
    def bias(self):
        return SETTINGS["scale"]


class Slotted:
    __slots__ = ("scale",)

    def __init__(self):
        self.scale = 2.0


def set_global(name, value):
    globals()[name] = value


def closures():
    """Return pairs of a function, and a function that changes its captured state."""
    scale, parameter = 2.0, ag.tensor([1.0, -1.0, 2.0], requires_grad=True)
    weights, constant = np.array([1.0, 2.0, 3.0]), ag.tensor([1.0, 2.0, 3.0])
    model, slotted, settings = Model(), Slotted(), types.SimpleNamespace(inner=Model())
    default, name = np.ones(3), "scale"

    def by_default(x, w=default, *, b=default):
        return x * (w * 2) + b

    def rescaled():
        nonlocal scale
        scale = 3.0

    def train(t=parameter):
        t.data -= [3.0, -3.0, 3.0]

    def quietly(x):
        with ag.no_grad():
            h = np.exp(parameter) * 2
        return x * h

    def helper(x):
        return x * SCALE

    def written(array=weights):
        array[:] = array[::-1].copy()  # the same numbers in another order

    return {
        "a variable around": (lambda x: x * scale, rescaled),
        "a global": (lambda x: x * SCALE, lambda: set_global("SCALE", SCALE + 1)),
        "a global of a helper": (lambda x: helper(x), lambda: set_global("SCALE", SCALE + 1)),
        "1 that becomes True": (lambda x: x * scale, rescaled),
        "a parameter compared": (lambda x: np.where(parameter > 0, x, -x), train),
        "a parameter without gradients": (quietly, train),
        "a parameter's largest entry": (lambda x: x * np.argmax(parameter), train),
        "a parameter detached": (lambda x: x * parameter.detach(), train),
        "a parameter's number": (lambda x: x * parameter.data.sum().item(), train),
        "a constant tensor": (lambda x: x * constant, lambda: train(constant)),
        "its memory": (lambda x: x * constant, lambda: constant.data.__setitem__(0, 9.0)),
        "an array": (lambda x: x * weights, written),
        "what was made of an array": (lambda x: x * (weights * 2), written),
        "an array of zeros": (lambda x: x - WEIGHTS, lambda: WEIGHTS.__iadd__(1)),
        "another array": (lambda x: x + WEIGHTS, lambda: set_global("WEIGHTS", WEIGHTS + 1)),
        "a default": (by_default, lambda: default.__iadd__(1)),
        "an attribute": (lambda x: model(x), lambda: setattr(model, "scale", 3.0)),
        "an attribute's array": (lambda x: model(x), lambda: model.weights.__iadd__(1)),
        "an attribute of the class": (model, lambda: setattr(Model, "offset", Model.offset + 1)),
        "a bound method": (model.moved, lambda: setattr(model, "scale", 3.0)),
        "a new method": (model, lambda: setattr(Model, "moved", lambda self, x: x / self.scale)),
        "an attribute within": (
            lambda x: settings.inner.moved(x), lambda: setattr(settings, "inner", Model()) or
            setattr(settings.inner, "scale", 5.0),
        ),
        "by its name": (
            lambda x: x * getattr(model, name), lambda: vars(model).update(scale=7),
        ),
        "an instance attribute": (model, lambda: setattr(model, "offset", 5.0)),
        "a slot": (lambda x: x * slotted.scale, lambda: setattr(slotted, "scale", 3.0)),
        "a dict": (
            lambda x: x * SETTINGS["scale"],
            lambda: SETTINGS.update(scale=SETTINGS["scale"] + 1),
        ),
        "deep in a dict": (
            lambda x: x + SETTINGS["layers"][1]["bias"],
            lambda: SETTINGS["layers"][1].update(bias=SETTINGS["layers"][1]["bias"] + 1),
        ),
        "a list": (lambda x: x * sum(SETTINGS["layers"][:1]),
                   lambda: SETTINGS["layers"].__setitem__(0, SETTINGS["layers"][0] + 1)),
        "a module": (lambda x: x * config.scale, lambda: setattr(config, "scale", 3.0)),
        "a partial": (functools.partial(lambda w, x: x * w * 2, weights), written),
        "a derivative's": (ag.grad(lambda x: (x * x * scale).sum()), rescaled),
        "a compiled function's": (ag.compile(lambda x: x * scale), rescaled),
        "a primitive's": (ag.primitive(lambda x: x * scale, lambda g, y, x: g), rescaled),
    }  # fmt: skip


@pytest.mark.parametrize("what", closures())
def test_a_program_follows(what, monkeypatch):
    for name in ("SCALE", "WEIGHTS", "SETTINGS"):
        monkeypatch.setitem(globals(), name, globals()[name])
    for name in ("offset", "moved"):
        monkeypatch.setattr(Model, name, vars(Model)[name])
    f, change = closures()[what]
    compiled = ag.compile(lambda x: f(x))
    before = np.asarray(getattr(f(X), "data", f(X)))
    for call in range(3):
        found, expected = compiled(X), f(X)
        same(getattr(found, "data", found), getattr(expected, "data", expected))
        if not call:
            change()
    assert not np.array_equal(before, getattr(expected, "data", expected))


def test_numbers_that_are_equal_but_of_other_types():
    lr = 1

    def f(x):
        return x * lr

    for x in (np.arange(3), np.float32([1, 2])):
        compiled = ag.compile(f)
        for lr in (1, 1.0, True, np.float64(1), 1):  # noqa: B007  f reads it
            found, expected = compiled(x), f(x)
            assert found.dtype == expected.dtype
            same(found, expected)


@dataclasses.dataclass(frozen=True)
class Options:
    scale: float
    bias: bool = False


def test_settings_that_are_equal_but_of_other_types():
    compiled = ag.compile(lambda x, n: x * (n.scale if isinstance(n, Options) else n))
    numbers = 1, 1.0, True, np.float64(1), 1, float("nan")
    for n in (*numbers, Options(1), Options(1.0), Options(True)):
        for x in (np.arange(3), np.float32([1, 2])):
            expected = x * (n.scale if isinstance(n, Options) else n)
            for _ in range(2):
                found = compiled(x, n)
                assert found.dtype == expected.dtype
                same(found, expected)


def test_a_setting_whose_attribute_is_changed():
    model = Model()
    compiled = ag.compile(lambda model, x: model.moved(x))
    for scale in (1.0, 2.0, 3.0):
        model.scale = scale
        same(compiled(model, X), model.moved(X))


def test_positions_are_not_keywords():
    compiled = ag.compile(lambda a, b=None, k=3.0: a[0] * b["k"] if b else a * k)
    same(compiled((X,), {"k": 2.0}), X * 2)
    same(compiled(X, k=2.0), X * 2)
    same(compiled((X,), {"k": 4.0}), X * 4)


def count(f):
    """Return the compiled function, and a list with an entry for each time that it was traced."""
    counted = []

    @functools.wraps(f)
    def wrapper(*args):
        counted.append(1)
        return f(*args)

    return ag.compile(wrapper), counted


def test_state_that_the_function_does_not_read_may_change():
    model = Model()
    compiled, counted = count(model.moved)
    for _ in range(4):
        compiled(X)
        model.calls += 1
        model.history = [model.calls]
    assert len(counted) == 1


def test_equal_numbers_in_new_objects_change_nothing():
    model = Model()
    compiled, counted = count(lambda x: x * model.scale * model.weights)
    for _ in range(3):
        model.scale, model.weights = float("2.0"), np.ones(3)
        compiled(X)
    assert len(counted) == 1


def test_state_that_the_function_itself_changes_is_not_watched():
    history, state = [], {"calls": 0}

    @ag.compile
    def f(x):
        history.append(x.shape)
        state["calls"] += 1
        return x * 2

    for x in (X, X, X[:2], X, X[:2]):
        same(f(x), x * 2)
    assert history == [(3,), (2,)]


def test_a_variable_that_changes_all_the_time_is_named():
    model = Model()
    compiled = ag.compile(lambda x: x * model.scale)
    for i in range(12):
        model.scale = float(i)
        if i == 8:
            with pytest.warns(UserWarning, match=r"model\.scale, which is not an argument"):
                compiled(X)
        same(compiled(X), X * i)
    assert "retraces:               11, after changes of model.scale" in compiled.report()


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * np.random.rand(3),  # noqa: NPY002
        lambda x: x * RNG.normal(size=3),
        lambda x: x + random.random(),
        functools.partial(lambda rng, x: x * rng.normal(size=3), RNG),
        ag.grad(lambda x: (x * x * RNG.normal(size=3)).sum()),
    ],
)
def test_random_numbers_are_refused(f):
    compiled = ag.compile(f)
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"draws random numbers.*pass them as arguments"):
            compiled(X)


def test_a_generator_that_is_an_argument_is_refused_too():
    compiled = ag.compile(lambda x, rng: x * rng.normal(size=3))
    with pytest.raises(RuntimeError, match="draws random numbers"):
        compiled(X, np.random.default_rng(0))
    seeded = ag.compile(lambda x: x * np.random.default_rng(0).normal(size=3))
    same(seeded(X), X * np.random.default_rng(0).normal(size=3))


def test_captured_arrays_are_compared_only_if_numpy_used_them():
    points, few = np.ones((1000, 4)), np.ones(4)
    compiled = ag.compile(lambda w: np.sum(points @ w))
    compiled(np.ones(4))
    assert "captured arrays" not in compiled.report()
    compiled = ag.compile(lambda w: np.sum((points * 2) @ (w * few)))
    compiled(np.ones(4))
    said = "captured arrays:        32,032 bytes compared in each call: points, few. Pass them"
    assert said in compiled.report()
    compiled = ag.compile(lambda w: np.sum(w * few))
    compiled(np.ones(4))
    assert "captured arrays" not in compiled.report()


def test_a_captured_array_is_an_input():
    """New numbers in it, or another array of its shape, do not retrace the function."""
    model = Model()
    compiled, counted = count(lambda x: (x * model.weights.reshape(3)) @ model.weights)
    for _ in range(3):
        same(compiled(X), (X * model.weights) @ model.weights)
        model.weights += 1
    compiled, counted = count(lambda x: x * model.weights)
    for _ in range(3):
        same(compiled(X), X * model.weights)
        model.weights = model.weights + 1
    assert len(counted) == 1
    model.weights = np.float32([1, 2, 3])
    same(compiled(X), X * model.weights)
    assert len(counted) == 2
    assert "def program(x, model_weights):" in compiled.source


def test_one_array_under_two_names_that_diverge():
    left = right = np.ones(3)
    compiled = ag.compile(lambda x: x * left + right)
    same(compiled(X), X + 1)
    left = np.zeros(3)
    same(compiled(X), right)


def test_a_view_of_a_captured_array_follows_it():
    w = np.arange(6.0).reshape(2, 3)
    compiled = ag.compile(lambda x: x @ w.T)
    for change in (lambda: None, lambda: w.__imul__(-1)):
        change()
        same(compiled(X), X @ w.T)
    w = w + 1
    same(compiled(X), X @ w.T)


def test_zeros_that_are_captured_are_not_left_out():
    bias = np.zeros(3)
    compiled = ag.compile(lambda x: (x - bias) * (x + bias[::-1]))
    for _ in range(2):
        same(compiled(X), (X - bias) * (X + bias[::-1]))
        bias[0] = 1.0


def test_a_captured_array_that_decides_on_a_shape():
    counts, mask = np.array([1, 2, 1]), np.array([True, False, True])
    compiled = ag.compile(lambda x: (np.repeat(x, counts), x[mask]))
    for _ in range(2):
        for found, wanted in zip(compiled(X), (np.repeat(X, counts), X[mask])):
            same(found, wanted)
        counts[1], mask[1] = 3, True


def test_a_donated_array_that_is_also_captured_is_refused():
    w = np.ones(3)
    compiled = ag.compile(lambda p: p * 2 + w, donate=0)
    same(compiled(np.ones(3)), [3.0, 3.0, 3.0])
    with pytest.raises(ValueError, match="shares memory with another"):
        compiled(w)


class Base:
    offset = 1.0


class Derived(Base):
    def __call__(self, x):
        return x + self.offset


def scaled(x):
    from tests.compiler.test_guards import SCALE

    return x * SCALE * scaled.factor


scaled.factor = 1.0


def test_state_that_appears_or_is_replaced_is_seen(monkeypatch):
    def helper(x):
        return x + 1

    def reloaded(x):
        return x + 2

    model = Derived()
    compiled = ag.compile(lambda x: helper(scaled(model(x))))
    changes = [
        lambda: monkeypatch.setattr(Derived, "offset", 5.0, raising=False),
        lambda: monkeypatch.setitem(globals(), "SCALE", 7.0),
        lambda: monkeypatch.setattr(scaled, "factor", 3.0),
        lambda: setattr(helper, "__code__", reloaded.__code__),
    ]
    for change in changes:
        before = compiled(X)
        change()
        found = compiled(X)
        assert not np.array_equal(before, found)
        same(found, helper(scaled(model(X))))


class Norm:
    def __init__(self):
        self.running_mean = np.zeros(())
        self.history = []

    def __call__(self, x):
        self.running_mean = 0.9 * self.running_mean + 0.1 * np.mean(x)
        return x - np.mean(x)

    def remember(self, x):
        self.history.append(x * 2)
        return x


KEPT = None
NORM = Norm()


def keep(x):
    global KEPT
    KEPT = ag.tensor(1.0) * x
    return x


def kept_around():
    last = None

    def f(x):
        nonlocal last
        last = x * 2
        return x

    return f


@pytest.mark.parametrize(
    ("f", "where"),
    [
        (Norm(), "running_mean"),
        (lambda x: NORM(x), "running_mean"),
        (Norm().remember, "history"),
        (keep, "KEPT"),
        (kept_around(), "last"),
    ],
)
def test_a_traced_array_that_escapes_is_refused(f, where):
    with pytest.raises(RuntimeError, match=f"leaves a traced array in .*{where}.*Return the new"):
        ag.compile(f)(X)


def test_use_of_an_escaped_traced_array_raises():
    found = collections.deque()
    compiled = ag.compile(lambda x: [found.append(x), x * 2][1])
    compiled(X)
    with pytest.raises(RuntimeError, match="a compiled function left it behind"):
        found[0] + 1
