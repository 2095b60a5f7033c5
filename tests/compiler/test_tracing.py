"""Operations that cannot be recorded are refused, with the line and a remedy."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from tests.compiler.checks import check, close


def branching(x):
    y = x * 2
    return y if y.sum() > 0 else -y  # the line


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (branching, "a condition on the numbers in an array (if, while, and, or)"),
        (ag.grad(lambda x: branching(x).sum()), "condition on the numbers"),
        (lambda x: x * float(x.sum()), "converting an array to a Python number"),
        (lambda x: x[x > 0], "the shape of x[mask]"),
        (lambda x: np.flatnonzero(x), "the shape of np.flatnonzero"),
        (lambda x: np.array([x[0], x[1]]), "plain NumPy array"),
        (lambda x: x.__setitem__(0, 1.0), "assignment to entries"),
        (lambda x: np.add.at(x, [0], 1.0), "np.add.at, which writes"),
        (lambda x: x.__iadd__(1.0), "writing into an array that the function did not create"),
        (lambda x: np.sin(x, out=np.zeros(2)), "writing into a constant NumPy array"),
        (lambda x: range(x[0]), "converting an array to a Python number"),
        (lambda x: [v for v in x if v], "condition on the numbers"),
    ],
)  # fmt: skip
def test_operation_that_depends_on_numbers_is_refused(f, what):
    compiled = ag.compile(f)
    with pytest.raises(TypeError) as caught:
        compiled(np.array([1.0, 2.0]))
    first, asked, *_ = str(caught.value).splitlines()
    assert what in first
    assert "test_tracing.py" in asked


def test_while_loop_over_numbers_is_answered_with_a_for_loop():
    def halved(x):
        while x.max() > 1:
            x = x / 2
        return x

    with pytest.raises(TypeError, match="Write a `for` loop"):
        ag.compile(halved)(np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    ("f", "fix"),
    [
        (lambda x: max(x, 0), r"Write np\.maximum\(a, b\) instead of Python's max"),
        (lambda x: sorted(x), r"Write np\.sort\(a\)"),
        (lambda x: x if max(1, 2) > x.sum() else -x, r"Write np\.where"),
    ],
)
def test_condition_inside_a_function_of_python_names_that_of_numpy(f, fix):
    with pytest.raises(TypeError, match=fix):
        ag.compile(f)(np.array([1.0, 2.0]))


def test_captured_optimiser_is_refused():
    w = ag.tensor([1.0], requires_grad=True)
    sgd = optim.SGD([w], lr=0.1)

    @ag.compile
    def train(x):
        loss = (w * x).sum()
        loss.backward()
        sgd.step()
        return loss

    with pytest.raises(RuntimeError, match="not an argument of the function"):
        train(np.array([1.0]))
    assert w.grad is None


W = ag.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, name="W")


LAYER = nn.Linear(2, 2)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x @ W,
        lambda x: (W * 2 + x).sum(),
        lambda x: W,
        lambda x: (x, {"all": np.exp(W)}),
        lambda x: np.argmax(LAYER(x), axis=-1),
        lambda x: np.concatenate([x, W]),
        lambda x: np.einsum("i,ij", x[0], W),
        lambda x: ag.softmax_cross_entropy(x, np.array([0, 1]), weight=W[0]),
        ag.grad(lambda x: (x @ W).sum()),
        ag.no_grad()(lambda x: x @ W),
        ag.compile(lambda x: x @ W),
    ],
)
def test_a_parameter_that_is_no_argument_is_refused(f):
    """It would be a constant of the program, and would not follow its training."""
    compiled = ag.compile(f)
    for _ in range(2):
        with pytest.raises(RuntimeError) as caught:
            compiled(np.ones((2, 2)))
    text = str(caught.value)
    assert re.search(r"float64.* shape \(2, 2\).* requires a gradient, .* not an arg", text)
    assert "test_tracing.py" in text
    assert ".detach()" in text


def test_constants_and_tensors_made_inside_keep_their_values():
    c = ag.tensor([3.0, 4.0])
    x = np.array([1.0, 2.0])
    check(lambda x: x * c + W.detach()[0] + W.data[1], x)
    check(lambda x: ag.grad(lambda u: (np.exp(u) * x).sum())(np.ones(2)), x)
    check(lambda x: ag.tensor([1.0, 2.0], requires_grad=True).detach() * x, x)
    own = lambda x: np.sum(np.sin(ag.tensor([1.0, 2.0], requires_grad=True)) * x)  # noqa: E731
    assert ag.compile(own)(x).item() == own(x).item()


def test_parameters_that_are_arguments_follow_their_training():
    loss = ag.compile(ag.value_and_grad(lambda w, x: np.mean((x @ w) ** 2)))
    w, x = ag.tensor([1.0, 2.0], requires_grad=True), np.eye(2)
    for _ in range(3):
        value, gradient = loss(w, x)
        expected = np.mean(w.data**2)
        close(value.data, expected)
        w.data -= 0.1 * gradient.data
