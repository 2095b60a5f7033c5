"""Arguments and results: trees of arrays, Tensors and numbers, and whose memory they are."""

import dataclasses
from typing import Any

import numpy as np
import pytest

import autograd_mini as ag
from tests.compiler.checks import close, same


def test_trees_of_all_kinds():
    def f(p, x, *, scale):
        return {"a": [p["w"] * x, (p["b"], 3, None, "text")], "n": np.sum(x) * scale}

    compiled = ag.compile(f)
    p = {"w": np.arange(3.0), "b": ag.tensor([1.0, 2.0])}
    found = compiled(p, np.ones(3), scale=2.0)
    assert found["a"][1][1:] == (3, None, "text")
    assert type(found["a"][1][0]) is ag.Tensor
    assert type(found["n"]) is np.float64
    assert found["n"] == 6.0
    assert compiled(p, np.ones(3), scale=3.0)["n"] == 9.0
    with pytest.raises(KeyError):
        compiled({"w": np.ones(3)}, np.ones(3), scale=1.0)


def test_new_shapes_dtypes_and_settings_are_retraced():
    traced = []

    def f(x, n):
        traced.append((x.shape, x.dtype.char, n if isinstance(n, int) else "float"))
        return x * n

    compiled = ag.compile(f)
    for x, n in [(np.ones(2), 2), (np.zeros(2), 2), (np.ones(3), 2), (np.float32([1, 2]), 2),
                 (np.ones(2), 3), (np.ones(2), 2.0), (np.ones(2), 2.5),
                 (np.ones(2), 2)]:  # fmt: skip
        y = compiled(x, n)
        np.testing.assert_array_equal(y, x * n)
        assert y.dtype == x.dtype
    assert traced == [((2,), "d", 2), ((3,), "d", 2), ((2,), "f", 2), ((2,), "d", 3),
                      ((2,), "d", "float")]  # fmt: skip


def test_arguments_may_lie_in_memory_in_any_way():
    compiled = ag.compile(lambda a, b: (a @ b + a.reshape(4, 4).T, a.T.reshape(-1) * 2))
    a = np.arange(16.0).reshape(4, 4)
    for x in (a, a.T, np.asfortranarray(a), np.stack([a, a], -1)[..., 0], a[::-1]):
        for found, expected in zip(compiled(x, a), (x @ a + x.T, x.T.reshape(-1) * 2)):
            np.testing.assert_array_equal(found, expected)


def test_results_share_memory_with_nothing():
    x = np.arange(6.0).reshape(2, 3)
    constant = np.ones(3)

    def f(x):
        y = np.exp(x)
        return x, x.T, y, y.T, y[0], np.broadcast_to(y[0], (4, 3)), constant, y

    compiled = ag.compile(f)
    found = [*compiled(x), *compiled(x)]
    for i, a in enumerate(found):
        assert not np.shares_memory(a, x)
        assert not np.shares_memory(a, constant)
        assert not any(np.shares_memory(a, b) for b in found[:i])
        a[...] = 7  # and may be written to
    for a, b in zip(compiled(x), f(x)):
        np.testing.assert_array_equal(a, b)


def test_result_of_python_floats_alone_is_an_array():
    value, slope = ag.compile(ag.value_and_grad(lambda r, x: r * x * (1 - x)))(3.0, 0.25)
    assert repr(value) == "array(0.5625)"
    assert slope.dtype == np.float64
    assert slope.item() == 0.1875


def test_arrays_in_arrays_out_and_tensors_in_tensors_out():
    traced = []

    def step(w, x):
        traced.append(type(w))
        value, gradient = ag.value_and_grad(lambda w: np.mean((x @ w - 1) ** 2))(w)
        return value, {"w": w - 0.1 * gradient}

    compiled, w, x = ag.compile(step), np.zeros(3), np.eye(3)
    for _ in range(3):
        value, new = compiled(w, x)
        w = new["w"]
        assert [type(value), value.shape, type(w)] == [np.ndarray, (), np.ndarray]
    assert len(traced) == 1
    value, new = compiled(ag.tensor(np.zeros(3)), x)
    assert type(value) is type(new["w"]) is ag.Tensor


def test_arrays_without_axes_and_numbers_stay_what_they_are():
    f = ag.compile(lambda x: (np.copy(np.max(x)), np.max(x), np.max(x).astype("f"), x[0] ** 2))
    for found, wanted in zip(f(np.arange(3.0)), (np.ndarray, np.float64, np.float32, np.float64)):
        assert type(found) is wanted


def test_an_argument_that_the_function_changes_is_refused():
    def pops(p):
        return p["x"] * p.pop("scale")

    with pytest.raises(RuntimeError, match="pops changes a dict or list"):
        ag.compile(pops)({"x": np.ones(2), "scale": 2.0})
    with pytest.raises(RuntimeError, match="changes a dict or list"):
        ag.compile(lambda xs: [xs.append(xs[0] * 2), xs[0]][1])([np.ones(2)])


def test_python_floats_widen_nothing():
    x = np.float32([1.0, 2.0])
    for f in (lambda x, lr: x * (lr * 2), lambda x, lr: x - (-lr / 3) ** 2, lambda x, lr: lr + 1):
        found, expected = ag.compile(f)(x, 0.1), f(x, 0.1)
        assert type(found) is type(expected)
        assert np.asarray(found).dtype == np.asarray(expected).dtype
        close(found, expected, 1e-6)


@dataclasses.dataclass
class Settings:
    rate: float
    weights: Any


def test_objects_and_slices_are_parts_of_the_program():
    compiled = ag.compile(lambda x, s, part=slice(None): x[part] * s.rate + s.weights[part])
    first, second = Settings(2.0, np.ones(3)), Settings(3.0, np.zeros(3))
    x = np.arange(3.0)

    def sees(s, part):
        same(compiled(x, s, part), x[part] * s.rate + s.weights[part])

    for part in (slice(1, None), slice(0, 2), slice(None, None, -1)):
        sees(first, part)
        sees(second, part)
    first.rate = 5.0
    sees(first, part)
    second.weights[1] = 9.0
    sees(second, part)
    with pytest.raises(TypeError, match="arrays or numbers, got type set"):
        compiled(x, {1, 2})
