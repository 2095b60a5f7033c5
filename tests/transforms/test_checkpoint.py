"""Checkpoints of nan and inf, and of calls with few or no tensors."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.cases import leaf


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_checkpoint_of_a_nonfinite_value_is_not_a_change(value):
    def f(x):
        return np.stack([x * 2, x * 0 + value])

    x = leaf([1.0, 3.0])
    y = ag.checkpoint(f)(x)
    np.testing.assert_array_equal(y.data, f(x).data)
    y[0].sum().backward()
    np.testing.assert_array_equal(x.grad, [2.0, 2.0])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_checkpoint_of_a_value_that_becomes_finite_raises(value):
    others = iter([value, 1.0])
    y = ag.checkpoint(lambda x: x * next(others))(leaf([1.0, 3.0]))
    with pytest.raises(RuntimeError, match="different value"):
        y.sum().backward()


def scaled(x, scale=1.0, *, shift=0.0):
    return x * scale + shift


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((3.0, 2.0), {}), ((3.0,), {"scale": 2.0}), ((), {"x": 3.0, "shift": 1.0}), ((3.0,), {})],
)
def test_checkpoint_passes_on_all_arguments(args, kwargs):
    expected = scaled(*args, **kwargs)
    assert ag.checkpoint(scaled)(*args, **kwargs) == expected
    if args:
        x = leaf(args[0])
        found = ag.checkpoint(scaled)(x, *args[1:], **kwargs)
        assert found.item() == expected
        found.backward()
        assert x.grad == (*args, kwargs.get("scale", 1.0))[1]


def test_checkpoint_passes_on_keywords_in_a_tree():
    def f(tree, names, *, flag):
        return tree["w"] * len(names) if flag else tree["w"]

    w = leaf([1.0, 2.0])
    for flag in (True, False):
        y = ag.checkpoint(f)({"w": w}, ["a", "b", "c"], flag=flag)
        np.testing.assert_array_equal(ag.gradients(y.sum(), w).data, [3.0, 3.0] if flag else 1.0)


def newton_step(x):
    """Return x - f/f', whose derivative is taken inside."""
    y = x**3 - 2 * x
    return x - y / ag.gradients(y, x, np.ones(x.shape))


def of_a_fit(x):
    """Return a function of a leaf that is made and trained inside."""
    w = ag.tensor([1.0, 1.0], requires_grad=True)
    for _ in range(3):
        w.zero_grad()
        ((w - 2.0) ** 2).sum().backward()
        w.data -= 0.1 * w.grad
    return x * w.detach() + (x * w) ** 2


INSIDE = {
    "gradients": newton_step,
    "grad": lambda x: x * ag.grad(lambda z: (np.sin(z) * z).sum())(x),
    "value_and_grad": lambda x: sum(ag.value_and_grad(lambda z: (z**3).sum())(x)),
    "vjp": lambda x: ag.vjp(np.sin, x)[1](x * x)[0],
    "jvp": lambda x: ag.jvp(np.sin, (x,), (x * x,))[1],
    "hvp": lambda x: ag.hvp(lambda z: (z**4).sum(), x, x),
    "jacobian": lambda x: ag.jacobian(np.cumprod)(x) @ x,
    "checkpoint": lambda x: ag.checkpoint(newton_step)(x) * x,
    "leaf made inside": lambda x: x * ag.tensor([1.0, 2.0], requires_grad=True) ** 2,
    "backward inside": of_a_fit,
}


@pytest.mark.parametrize("name", INSIDE)
def test_checkpoint_of_derivatives_taken_inside(name):
    f, data = INSIDE[name], [1.5, -2.0]

    def derivatives(f):
        x = leaf(data)
        y = f(x)
        weights = np.array([1.0, 3.0])
        first = ag.gradients((y * weights).sum(), x)
        second = ag.gradients((first * first).sum(), x)
        (y * weights).sum().backward()
        return [y.data, first.data, second.data, x.grad]

    for found, expected in zip(derivatives(ag.checkpoint(f)), derivatives(f)):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_checkpoint_of_a_captured_tensor_raises_next_to_leaves_made_inside():
    w = leaf([1.0, 2.0], "w")

    def f(x):
        return ag.gradients((x * x * w).sum(), x)

    with pytest.raises(TypeError, match="'w'"):
        ag.checkpoint(f)(leaf([1.0, 3.0]))
