"""Typical NumPy programs, as functions of the module `n` that they call."""

import numpy as np

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(8, 3)), RNG.normal(size=8)


def logistic_regression(n):
    targets = Y > 0

    def loss(w):
        p = 0.5 * (n.tanh(n.dot(X, w[:-1]) + w[-1]) + 1)
        return -n.sum(n.log(p * targets + (1 - p) * (1 - targets))) + 0.1 * n.sum(w**2)

    return loss, RNG.normal(size=4)


def gaussian_process(n):
    def negative_log_likelihood(theta):
        amplitude, length, noise = n.exp(theta)
        squares = n.sum((X[:, None, :] - X[None, :, :]) ** 2, axis=2)
        k = amplitude * n.exp(-0.5 * squares / length**2) + noise * n.eye(len(X))
        chol = n.linalg.cholesky(k)
        alpha = n.linalg.solve(chol.T, n.linalg.solve(chol, Y))
        return 0.5 * n.dot(Y, alpha) + n.sum(n.log(n.diag(chol)))

    return negative_log_likelihood, np.array([0.1, 0.3, -1.0])


def recurrent_network(n):
    def loss(w):
        h = n.zeros(4)
        total = 0.0
        for x, y in zip(X[:5], Y):
            h = n.tanh(n.concatenate([x, h]) @ w[:28].reshape((7, 4)))
            total = total + (n.dot(h, w[28:]) - y) ** 2
        return total / len(X)

    return loss, RNG.normal(size=32) / 2


def lstm(n):
    def sigmoid(x):
        return 1 / (1 + n.exp(-x))

    def loss(w):
        w = n.reshape(w, (6, 12))
        h, c = n.zeros(3), n.zeros(3)
        for x in X[:4]:
            gates = n.hstack((x, h)) @ w
            i, f, o, g = n.split(gates, 4)
            c = sigmoid(f) * c + sigmoid(i) * n.tanh(g)
            h = sigmoid(o) * n.tanh(c)
        return n.sum(h**2)

    return loss, RNG.normal(size=72) / 3


def attention(n):
    def loss(w):
        q, k, v = (X @ part for part in n.reshape(w, (3, 3, 2)))
        scores = q @ k.T / n.sqrt(2.0)
        scores = n.where(n.tril(n.ones((8, 8))) > 0, scores, -1e9)
        weights = n.exp(scores - n.max(scores, axis=1, keepdims=True))
        weights = weights / n.sum(weights, axis=1, keepdims=True)
        return n.mean((weights @ v) ** 2)

    return loss, RNG.normal(size=18)


def convolution(n):
    images = RNG.normal(size=(2, 6, 6))

    def loss(kernel):
        patches = n.stack([images[:, i : i + 4, j : j + 4] for i in range(3) for j in range(3)], -1)
        maps = n.maximum(n.einsum("nijk,kc->nijc", patches, n.reshape(kernel, (9, 2))), 0)
        pooled = n.max(n.reshape(maps, (2, 2, 2, 2, 2, 2)), axis=(2, 4))
        return n.sum(pooled**2)

    return loss, RNG.normal(size=18)


def mixture(n):
    def loss(theta):
        means, scales = n.reshape(theta[:6], (2, 3)), n.exp(theta[6:8])
        log_weights = theta[8:] - n.log(n.sum(n.exp(theta[8:])))
        squares = n.sum((X[:, None] - means) ** 2, axis=-1) / scales**2
        logs = log_weights - 0.5 * squares - 3 * n.log(scales)
        top = n.max(logs, axis=1, keepdims=True)
        return -n.sum(top[:, 0] + n.log(n.sum(n.exp(logs - top), axis=1)))

    return loss, RNG.normal(size=10)


def kalman_filter(n):
    def loss(theta):
        a, noise = n.reshape(theta[:4], (2, 2)), n.exp(theta[4:])
        mean, cov, total = n.zeros(2), n.eye(2), 0.0
        for y in Y[:3]:
            mean, cov = a @ mean, a @ cov @ a.T + noise[0] * n.eye(2)
            s = cov[0, 0] + noise[1]
            gain, off = cov[:, 0] / s, y - mean[0]
            total = total + n.log(s) + off**2 / s
            mean, cov = mean + gain * off, cov - n.outer(gain, cov[0])
        return total

    return loss, np.array([0.9, 0.1, -0.2, 0.8, -1.0, -0.5])


def orbit(n, rounds=4):
    """Return the distance between the ends of a planet's path (leapfrog method)."""

    def loss(state):
        position, velocity = state[:2], state[2:]
        for _ in range(rounds):
            velocity = velocity - 0.05 * position / n.sum(position**2) ** 1.5
            position = position + 0.1 * velocity
            velocity = velocity - 0.05 * position / n.sum(position**2) ** 1.5
        return n.sum((position - state[:2]) ** 2)

    return loss, np.array([1.0, 0.2, -0.1, 0.9])


def rosenbrock(n):
    def f(x):
        return n.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    return f, RNG.normal(size=5)


def layer_norm(n):
    def loss(w):
        h = X @ n.reshape(w, (3, 4))
        h = (h - n.mean(h, axis=1, keepdims=True)) / n.sqrt(n.var(h, axis=1, keepdims=True) + 1e-5)
        return n.sum(n.sin(h) * h[:, ::-1])

    return loss, RNG.normal(size=12)


def principal_components(n):
    def loss(w):
        centred = X * w - n.mean(X * w, axis=0)
        values = n.linalg.svd(centred, full_matrices=False)[1]
        return n.sum(values[:1] ** 2) / n.sum(values**2)

    return loss, np.array([1.0, 0.7, 1.3])


def variational_inference(n):
    noise = RNG.normal(size=(16, 2))

    def loss(theta):
        sample = theta[:2] + noise * n.exp(theta[2:])
        log_density = -0.5 * sample[:, 0] ** 2 - 0.5 * (sample[:, 1] / n.exp(sample[:, 0] / 2)) ** 2
        return -n.mean(log_density - 0.5 * sample[:, 0]) - n.sum(theta[2:])

    return loss, np.array([0.1, -0.2, -0.3, 0.2])


PROGRAMS = [logistic_regression, gaussian_process, recurrent_network, lstm, attention, convolution,
            mixture, kalman_filter, orbit, rosenbrock, layer_norm, principal_components,
            variational_inference]  # fmt: skip
