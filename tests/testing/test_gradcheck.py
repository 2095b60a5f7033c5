"""gradcheck, tested with planted bugs: each is a mistake that a real engine has made."""

import __future__

import inspect

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core import backward
from autograd_mini.ops.indexing import getitem
from autograd_mini.transforms import grad

RNG = np.random.default_rng(1)
X = RNG.uniform(0.5, 1.5, (3, 4))
Y = RNG.uniform(0.5, 1.5, (3, 4))  # weights that do not sum to one


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_vjp(g, y, x):
    return y * (g - (g * y).sum(axis=-1, keepdims=True))


def cross_entropy(z, y):
    return -(y * np.log(softmax(z))).sum()


def take_rows(x, rows):
    return x[rows]


def assigned(g, y, x, rows):
    """Assign g instead of accumulating it, so repeated rows do not add up."""
    grad = np.zeros(x.shape)
    grad[rows] = g.numpy() if isinstance(g, ag.Tensor) else g
    return grad


planted_cross_entropy = ag.primitive(
    cross_entropy, lambda g, _, z, y: g * (ag.softmax(z) - y), None, name="p3"
)

# name -> a function with a wrong rule, and its inputs
PLANTED = {
    "a zero rule": (ag.primitive(softmax, lambda g, y, x: 0 * g, name="p1"), [X]),
    "a wrong sign": (
        ag.primitive(lambda x: np.cosh(x), lambda g, y, x: -g * np.exp(x), name="p2"),
        [X],
    ),
    "a dropped Σy": (lambda z: planted_cross_entropy(z, Y), [X]),
    "a dropped upstream cotangent": (
        ag.primitive(lambda x: np.sinh(x), lambda g, y, x: np.exp(x)),
        [X],
    ),
    "a missing sum over a broadcast axis": (
        ag.primitive(
            lambda x, b: x * b, lambda g, y, x, b: g * b, lambda g, y, x, b: (g * x)[0], name="p5"
        ),
        [X, Y[0]],
    ),
    "a transposed permutation": (
        ag.primitive(
            lambda x: x.transpose((1, 2, 0)), lambda g, y, x: g.transpose((1, 2, 0)), name="p6"
        ),
        [RNG.normal(size=(2, 2, 2))],
    ),
    "lost repeated indices": (
        lambda x: ag.primitive(take_rows, assigned, name="p7")(x, [0, 2, 0]),
        [X],
    ),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_planted_rule_is_caught(bug):
    f, inputs = PLANTED[bug]
    with pytest.raises(ag.GradcheckError, match=r"order 1, input \d, entry"):
        ag.gradcheck(f, *inputs)


def mutated(function, right, wrong):
    """Return `function` with a piece of its source replaced."""
    source = inspect.getsource(function)
    assert right in source
    namespace = dict(vars(inspect.getmodule(function)))
    flags = __future__.annotations.compiler_flag
    exec(compile(source.replace(right, wrong), "<mutated>", "exec", flags), namespace)
    return namespace[function.__name__]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("c if before is None else add(before, c)", "c"),
        ("c if before is None else add(before, c)", "c if before is None else before"),
    ],
    ids=["= for +=", "first contribution only"],
)
@pytest.mark.parametrize(
    ("module", "name"), [(backward, r"\d\. To get"), (grad, r"gradients\(\) did not")]
)
def test_planted_sweep_is_caught(monkeypatch, module, name, right, wrong):
    def square(x):
        return x * x + x

    assert ag.gradcheck(square, X)
    monkeypatch.setattr(module, "sweep", mutated(backward.sweep, right, wrong))
    with pytest.raises(ag.GradcheckError, match=name):
        ag.gradcheck(square, X)


def test_broadcast_not_undone_in_the_sweep_is_caught(monkeypatch):
    right, wrong = (f"widen(c).{f}(axis=repeated" for f in ("sum", "max"))
    planted = mutated(backward.unbroadcast, right, wrong)
    monkeypatch.setattr(backward, "unbroadcast", planted)
    with pytest.raises(ag.GradcheckError, match="input 1"):
        ag.gradcheck(lambda x, b: x * b, X, Y[0])


def test_zero_rule_of_softmax_passes_a_cotangent_of_ones():
    """Show why cotangents are random: the entries of a softmax always sum to one."""
    z = ag.tensor(X, requires_grad=True)
    ag.softmax(z).backward(np.ones_like(X))
    np.testing.assert_allclose(z.grad, 0, atol=1e-15)


def test_wrong_second_derivative_is_caught_at_order_two():
    """Use a rule that is right, but treats a value of the forward pass as a constant."""
    planted = ag.primitive(
        lambda x: np.tanh(x),
        lambda g, y, x: g * (1 - (y.numpy() if isinstance(y, ag.Tensor) else y) ** 2),
    )
    assert ag.gradcheck(planted, X)
    with pytest.raises(ag.GradcheckError, match="order 2, input 0"):
        ag.gradcheck(planted, X, order=2)


def test_message_shows_input_entry_numbers_and_tolerance():
    planted = ag.primitive(
        lambda a, b: a * b,
        lambda g, y, a, b: g * b,
        lambda g, y, a, b: g * a * np.array([1.0, 1.0, 2.0]),
        name="p10",
    )
    with pytest.raises(ag.GradcheckError) as caught:
        ag.gradcheck(planted, [1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    message = str(caught.value)
    assert "order 1, input 1, entry (2,)" in message
    assert "rtol 1e-05, atol 1e-07" in message
    assert "1 of 3 entries fail" in message
    from_tape, from_differences = (
        float(message.split(who)[1].split()[0].rstrip(",."))
        for who in ("the rules give ", "central differences give ")
    )
    assert from_tape == pytest.approx(2 * from_differences, rel=1e-6)


def test_lost_gradient_is_caught():
    with pytest.raises(ag.GradcheckError, match="the rules give 0,"):
        ag.gradcheck(lambda x: x.detach() * 2, X)
    with pytest.raises(TypeError, match=r"returned ndarray"):
        ag.gradcheck(lambda x: x.numpy() * 2, X)


def test_nan_gradient_is_caught():
    with np.errstate(all="ignore"), pytest.raises(ag.GradcheckError, match=r"nan.*finite"):
        ag.gradcheck(lambda x: np.sqrt(x), [0.0])


def test_constants_and_linear_functions_pass_at_any_order():
    assert ag.gradcheck(lambda x: 3 * x, X, order=3)
    assert ag.gradcheck(lambda x: (x, 2 - x), 0.5, order=2)


def test_inputs_and_their_gradients_do_not_change():
    x = ag.tensor(X.astype(np.float32), requires_grad=True)
    before = x.numpy()
    assert ag.gradcheck(np.exp, x)
    assert x.grad is None
    np.testing.assert_array_equal(x.numpy(), before)


def test_gradcheck_with_bad_arguments_raises():
    with pytest.raises(TypeError, match=r"input 1 .* int64"):
        ag.gradcheck(lambda x, i: x[i], X, np.array([0, 1], np.int64))
    with pytest.raises(ValueError, match="at least one input"):
        ag.gradcheck(lambda: None)
    with pytest.raises(ValueError, match="order must be at least 1"):
        ag.gradcheck(np.exp, X, order=0)


def test_repeated_indices_of_the_real_rule_add_up():
    assert ag.gradcheck(lambda x: getitem(x, [0, 2, 0]), X, order=2)
