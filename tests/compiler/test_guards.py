"""Captured state: a compiled function follows its changes, or refuses it."""

import collections
import contextvars
import dataclasses
import functools
import random
import types
import warnings

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


def test_an_optimizer_is_watched_by_its_own_settings_only():
    w = ag.tensor(X, requires_grad=True)
    optimizer = ag.optim.Adam([w])

    @ag.compile
    def f(x):
        return x * optimizer.eps + len(optimizer.state) if hasattr(optimizer, "state") else x

    f(X)
    names = [name for name, *_ in f._latest.guards._attributes.checks + f._latest.guards._checks]
    assert "optimizer.eps" in names
    assert not [name for name in names if name.startswith("optimizer.state.")]


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
            with pytest.warns(UserWarning, match=r"model\.scale, which changed"):
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


def test_generator_with_a_seed_gives_the_same_numbers_in_each_call():
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
    with pytest.raises(RuntimeError, match=f"stores a computed array in .*{where}.*Return the new"):
        ag.compile(f)(X)


def test_use_of_an_escaped_traced_array_raises():
    found = []
    with pytest.raises(RuntimeError, match="stores a computed array"):
        ag.compile(lambda x: [found.append(x * 2), x][1])(X)
    for use in (lambda x: x + 1, float, bool, np.asarray, lambda x: x.tobytes, hash, np.sum):
        with pytest.raises(RuntimeError, match="compiled function stored it"):
            use(found[0])


class Keeper:
    """Keeps a value in each of the ways that Python has."""

    of_all = None
    __slots__ = ("__dict__", "slot")

    def __init__(self):
        self.inner = types.SimpleNamespace(deep=types.SimpleNamespace())
        self.table, self.entries, self.members = {}, [], set()
        self.queue, self.objects = collections.deque(), np.array([None], object)
        self.cached = functools.cache(lambda x: None)
        self.error, self.variable = ValueError(), contextvars.ContextVar("kept")
        self.generator = self.collects()
        next(self.generator)

    def collects(self):
        got = []
        while True:
            got.append((yield))

    @property
    def parameter(self):
        return self._parameter

    @parameter.setter
    def parameter(self, value):
        self._parameter = value

    def __setitem__(self, key, value):
        self.table[key] = value


KEEPS = {
    "an attribute": lambda k, x: setattr(k, "a", x),
    "a computed name": lambda k, x: setattr(k, "layer" + str(1), x),
    "vars": lambda k, x: vars(k).update(b=x),
    "a nested attribute": lambda k, x: setattr(k.inner.deep, "a", x),
    "a slot": lambda k, x: setattr(k, "slot", x),
    "a class attribute": lambda k, x: setattr(type(k), "of_all", x),
    "a property": lambda k, x: setattr(k, "parameter", x),
    "a dict": lambda k, x: k.table.setdefault("deep", {}).update(a=[(x,)]),
    "a list": lambda k, x: k.entries.append(x),
    "a set": lambda k, x: k.members.add(ag.tensor(2.0) * x),
    "a deque": lambda k, x: k.queue.append(x),
    "an array of objects": lambda k, x: k.objects.__setitem__(0, x),
    "an operator": lambda k, x: k.__setitem__("item", x),
    "a cache": lambda k, x: k.cached(ag.tensor(2.0) * x),
    "an exception": lambda k, x: setattr(k.error, "args", (x,)),
    "a context variable": lambda k, x: k.variable.set(x),
    "a generator": lambda k, x: k.generator.send(x),
    "a closure": lambda k, x: k.entries.append(lambda: x),
    "a partial": lambda k, x: k.entries.append(functools.partial(np.add, x)),
    "a generator expression": lambda k, x: k.entries.append(y for y in [x]),
    "a bound method": lambda k, x: k.entries.append(x.sum),
}


OFTEN = ("a computed name", "a property", "a set", "a cache", "an exception", "a generator")


@pytest.mark.parametrize(
    "what", [x if x in OFTEN else pytest.param(x, marks=pytest.mark.slow) for x in KEEPS]
)
def test_no_traced_array_escapes(what, young):
    keeper, keep_it = type("Own", (Keeper,), {})(), KEEPS[what]

    def f(x):
        keep_it(keeper, x)
        return x * 3

    with pytest.raises(
        RuntimeError, match=r"^compile: f stores a computed array in .*Return the new"
    ):
        ag.compile(f)(X)


def test_arrays_that_die_with_the_call_do_not_escape(young):
    def f(x):
        def power(n):  # a cycle: it refers to itself
            return x if n == 0 else power(n - 1) * x

        values = [power(2)]
        local = types.SimpleNamespace(x=values)
        local.itself = local
        return values[0], values

    with ag.debug():
        ag.compile(f)(X)
    same(ag.compile(f)(X)[0], X**3)


# ---- more kinds of captured state ----------------------------------------------------------------


def signal(x):  # a name that a module of the standard library has too
    return x * SCALE


class token:
    value = 2.0


class Meta(type):
    @property
    def rate(cls):
        return cls._rate


class WithMeta(metaclass=Meta):
    _rate = 2.0


class Attributes(dict):
    """A dict with attributes: those that it lacks raise a KeyError."""

    __getattr__ = dict.__getitem__


class Listed(list):
    scale = 2.0


def more_state():
    """Return pairs of a function of x and k, an object, and a change of that object."""
    t = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    t.grad = np.ones(3)
    variable = contextvars.ContextVar("scale", default=2.0)
    plain = {"scale": 2.0}

    def pair(k, f, change):
        return lambda x: f(x, k), lambda: change(k)

    return {
        "a deque": pair(
            collections.deque([2.0]), lambda x, k: x * k[0], lambda k: k.append(k.pop() + 1)
        ),
        "a set": pair({2.0}, lambda x, k: x * len(k), lambda k: k.add(1.0)),
        "a UserDict": pair(
            collections.UserDict(a=2.0), lambda x, k: x * k["a"], lambda k: k.update(a=3.0)
        ),
        "a ChainMap": pair(
            collections.ChainMap({"a": 2.0}), lambda x, k: x * k["a"], lambda k: k.update(a=3.0)
        ),
        "a view of a dict": pair(
            types.MappingProxyType(plain),
            lambda x, k: x * k["scale"],
            lambda k: plain.update(scale=3.0),
        ),
        "an array of objects": pair(
            np.array([2.0], object), lambda x, k: x * k[0], lambda k: k.__setitem__(0, 3.0)
        ),
        "an attribute that may be missing": pair(
            Model(), lambda x, k: x * getattr(k, "rate", 2.0), lambda k: setattr(k, "rate", 3.0)
        ),
        "an attribute that is asked for": pair(
            Model(), lambda x, k: x if hasattr(k, "rate") else -x, lambda k: setattr(k, "rate", 3.0)
        ),
        "a slot without a value": pair(
            Slotted.__new__(Slotted),
            lambda x, k: x * getattr(k, "scale", 2.0),
            lambda k: setattr(k, "scale", 3.0),
        ),
        "an attribute of a list": pair(
            Listed(), lambda x, k: x * k.scale, lambda k: setattr(k, "scale", 3.0)
        ),
        "a dict with attributes": pair(
            Attributes(scale=2.0), lambda x, k: x * k.scale, lambda k: k.update(scale=3.0)
        ),
        "a metaclass": pair(WithMeta, lambda x, k: x * k.rate, lambda k: setattr(k, "_rate", 9.0)),
        "a gradient": pair(t, lambda x, k: x * k.grad, lambda k: k.grad.__iadd__(1)),
        "another gradient": pair(t, lambda x, k: x * k.grad, lambda k: setattr(k, "grad", X)),
        "a tensor's name": pair(
            t, lambda x, k: x * len(k.name or ""), lambda k: setattr(k, "name", "w")
        ),
        "a context variable": pair(variable, lambda x, k: x * k.get(), lambda k: k.set(3.0)),
        "a function named as a module": (
            lambda x: signal(x),
            lambda: set_global("SCALE", SCALE + 1),
        ),
        "a class named as a module": (
            lambda x: x * token.value,
            lambda: setattr(token, "value", token.value + 1),
        ),
    }


@pytest.mark.parametrize("what", more_state())
def test_a_program_follows_state_of_this_kind(what, monkeypatch):
    monkeypatch.setitem(globals(), "SCALE", SCALE)
    monkeypatch.setattr(WithMeta, "_rate", 2.0)
    f, change = more_state()[what]
    compiled = ag.compile(f)
    before = compiled(X)
    same(before, f(X))
    change()
    same(compiled(X), f(X))
    assert not np.array_equal(before, f(X))


class Layers:
    def __init__(self):
        self.layers = [types.SimpleNamespace(scale=1.0) for _ in range(31)]

    def __call__(self, x):
        for layer in self.layers:
            x = x * layer.scale
        return x


def test_a_model_that_changes_warns_once():
    model = Layers()
    compiled = ag.compile(model)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for i in range(12):
            for layer in model.layers:
                layer.scale = float(i)
            compiled(X)
    (warning,) = heard
    names = "layers[0].scale, layers[1].scale, layers[2].scale and 28 more"
    assert f"{names}, which changed before 8 calls" in str(warning.message)
    assert f"after changes of {names}" in compiled.report()


class Scaled:
    """A model whose attribute may be missing, None or a number."""

    def __call__(self, x):
        if hasattr(self, "scale"):
            return x if self.scale is None else x * self.scale
        return -x


def test_an_attribute_that_is_missing_differs_from_none():
    model = Scaled()
    f, x = ag.compile(lambda x: model(x)), np.array([2.0])
    scales = ((..., -2.0), (None, 2.0), (..., -2.0), (3.0, 6.0), (float("3"), 6.0), (..., -2.0))
    for scale, y in scales:
        if scale is ...:
            vars(model).clear()
        else:
            model.scale = scale
        assert f(x) == y
    assert f(x) == -2.0
    Scaled.scale = 5.0
    try:
        assert f(x) == 10.0
    finally:
        del Scaled.scale
    assert f(x) == -2.0


def test_captured_variable_that_is_deleted_is_noticed():
    scale = 2.0

    def delete():
        nonlocal scale
        del scale

    f = ag.compile(lambda x: x * scale)
    assert f(np.ones(2)).tolist() == [2, 2]
    delete()
    with pytest.raises(NameError, match="scale"):
        f(np.ones(2))
