"""Programs written for HIPS autograd run unchanged, except for their imports.

A program is a function of the modules `autograd` and `autograd.numpy`.
"""

import numpy as np
import pytest

import autograd_mini as ag


def numbers(x):
    """Return the result of a program as one row of numbers."""
    if isinstance(x, (list, tuple)):
        return np.concatenate([numbers(one) for one in x])
    return np.ravel(np.asarray(x.detach() if isinstance(x, ag.Tensor) else x, float))


@pytest.fixture
def their_autograd():
    autograd = pytest.importorskip("autograd")
    return autograd, pytest.importorskip("autograd.numpy")


def tanh_and_its_derivatives(autograd, np):
    def tanh(x):
        y = np.exp(-2.0 * x)
        return (1.0 - y) / (1.0 + y)

    x = np.linspace(-3, 3, 7)
    found, f = [autograd.grad(tanh)(1.0)], tanh
    for _ in range(4):
        f = autograd.elementwise_grad(f)
        found.append(f(x))
    return found


def a_taylor_series(autograd, np):
    def sine(x):
        ans = term = x
        i = 0
        while np.abs(term) > 0.001:
            term = -term * x**2 / ((2 * i + 3) * (2 * i + 2))
            ans = ans + term
            i += 1
        return ans

    return autograd.grad(sine)(2.0), autograd.value_and_grad(sine)(1.0)


def logistic_regression(autograd, np):
    inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.3]])
    targets = np.array([True, True, False])

    def training_loss(weights):
        preds = 0.5 * (np.tanh(np.dot(inputs, weights) / 2.0) + 1)
        label_probabilities = preds * targets + (1 - preds) * (1 - targets)
        return -np.sum(np.log(label_probabilities))

    gradient = autograd.grad(training_loss)
    weights = np.array([0.0, 0.0, 0.0])
    for _ in range(20):
        weights -= gradient(weights) * 0.1
    return weights, training_loss(weights)


def jacobians_and_hessians(autograd, np):
    def f(x):
        return np.stack([np.sum(x**2), x[0] * np.sin(x[1]), np.exp(x[2])])

    x = np.array([0.5, -1.0, 0.3])
    return autograd.jacobian(f)(x), autograd.hessian(lambda x: np.prod(f(x)))(x)


def a_second_argument(autograd, np):
    def f(a, b):
        return np.sum(a * b**2)

    return autograd.grad(f, 1)(np.ones(2), np.array([3.0, 4.0]))


@pytest.mark.parametrize(
    "program",
    [
        tanh_and_its_derivatives,
        a_taylor_series,
        logistic_regression,
        jacobians_and_hessians,
        a_second_argument,
    ],
)
def test_autograd_programs(their_autograd, program):
    np.testing.assert_allclose(
        numbers(program(ag, np)), numbers(program(*their_autograd)), rtol=1e-9, atol=1e-12
    )
