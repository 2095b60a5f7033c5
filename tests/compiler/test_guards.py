"""What a compiled function finds elsewhere than in its arguments: never what it was, in silence."""

import dataclasses
import functools
import random
import sys
import types

import numpy as np
import pytest
from numpy.random import default_rng

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
    """Pairs: a function, and what changes something that it finds around it."""
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
        "an attribute of its own": (model, lambda: setattr(model, "offset", 5.0)),
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
    """A function that counts how often it was traced."""
    counted = []

    @functools.wraps(f)
    def wrapper(*args):
        counted.append(1)
        return f(*args)

    return ag.compile(wrapper), counted


def test_what_the_function_does_not_read_may_change():
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


def test_what_the_function_itself_changes_is_not_watched():
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
            with pytest.warns(UserWarning, match=r"model\.scale, which is not an argument of <lambda>"):
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


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * np.random.default_rng().normal(size=3),
        lambda x: x * default_rng().normal(size=3),
        lambda x: x * np.random.RandomState().normal(size=3),
        ag.grad(lambda x: (x * (np.random.Generator(np.random.PCG64()).random(3) > 0.5)).sum()),
    ],
)
def test_a_generator_that_is_made_without_a_seed_is_refused(f):
    before = sys.getprofile()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="draws random numbers"):
            ag.compile(f)(X)
    assert sys.getprofile() is before


def test_a_generator_that_is_an_argument_is_refused_too():
    compiled = ag.compile(lambda x, rng: x * rng.normal(size=3))
    with pytest.raises(RuntimeError, match="draws random numbers"):
        compiled(X, np.random.default_rng(0))
    seeded = ag.compile(lambda x: x * np.random.default_rng(0).normal(size=3))
    same(seeded(X), X * np.random.default_rng(0).normal(size=3))


def test_large_arrays_around_are_named_with_what_they_cost():
    points, few = np.ones((1000, 4)), np.ones(4)
    compiled = ag.compile(lambda w: np.sum(points @ (w * few)))
    compiled(np.ones(4))
    assert "read:      32032 bytes in each call" in compiled.report()
    assert "points, few. Pass them as arguments" in compiled.report()
    compiled = ag.compile(lambda w: np.sum(w * few))
    compiled(np.ones(4))
    assert "read:" not in compiled.report()
