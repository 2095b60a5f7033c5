"""Solutions of all exercises, for teachers. The wheel that students install does not contain them.

This file is also a submission. To grade it:

    python -m autograd_mini.exercises grade tests/exercises/solutions.py
"""

import numpy as np

import autograd_mini as ag

# ---- numbers: the chain rule by hand ------------------------------------------------------------


def quotient(a, b):
    return 1 / b, -a / b**2


def two_paths(x, w):
    return w + np.cos(x), x


def reciprocal_rule(g, y, x):
    return -g * y**2


# ---- arrays: rules ------------------------------------------------------------------------------


def exp_rule(g, y, x):
    return g * y


def log_rule(g, y, x):
    return g / x


def mul_rule(g, y, a, b):
    return g * b, g * a


def sum_rule(g, y, x, axis):
    return np.broadcast_to(g if axis is None else np.expand_dims(g, axis), x.shape)


def unbroadcast(g, shape):
    lead = g.ndim - len(shape)
    axes = tuple(i for i in range(g.ndim) if i < lead or shape[i - lead] == 1)
    return g.sum(axis=axes, keepdims=True).reshape(shape)


def matmul_rule(g, y, a, b):
    return g @ b.T, a.T @ g


# ---- find the bug -------------------------------------------------------------------------------


def bug_in_sigmoid(g, y, x):
    return g * y * (1 - y)


def bug_in_tanh(g, y, x):
    return g * (1 - y**2)


def bug_in_bias(g, y, x, b):
    return g, g.reshape(-1, g.shape[-1]).sum(axis=0)


def bug_in_indexing(g, y, x, index):
    dx = np.zeros_like(x)
    np.add.at(dx, index, g)
    return dx


def gradient_check(f, rule, x):
    g = np.random.default_rng(5).normal(size=f(x).shape)
    numerical = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        h = 1e-6 * max(1.0, abs(x[i]))
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        numerical[i] = ((f(above) - f(below)) * g).sum() / (above[i] - below[i])
    return np.allclose(rule(g, x), numerical, rtol=1e-5, atol=1e-6)


# ---- softmax and cross-entropy ------------------------------------------------------------------


def stable_softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_sum_exp(z):
    m = z.max(axis=-1)
    return m + np.log(np.exp(z - m[:, None]).sum(axis=-1))


def softmax_jacobian(z):
    p = stable_softmax(z)
    return np.diag(p) - np.outer(p, p)


def softmax_rule(g, y, z):
    return y * (g - (g * y).sum(axis=-1, keepdims=True))


def cross_entropy_gradient(z, y):
    return (stable_softmax(z) * y.sum(axis=1, keepdims=True) - y) / len(z)


def one_hot_gradient(z, labels):
    p = stable_softmax(z)
    p[np.arange(len(z)), labels] -= 1
    return p / len(z)


def cross_entropy_hessian(z, label):
    return softmax_jacobian(z)


def newton_step(w, g, h):
    return w - np.linalg.solve(h, g)


# ---- the engine ---------------------------------------------------------------------------------


def sweep(tape):
    adjoints = dict.fromkeys((name for name, _ in tape), 0.0)
    adjoints[tape[-1][0]] = 1.0
    for name, uses in reversed(tape):
        for used, local in uses:
            adjoints[used] += adjoints[name] * local
    return adjoints


def sweep_of_a_graph(graph, result):
    waiting = {}
    for uses in graph.values():
        for used, _ in uses:
            waiting[used] = waiting.get(used, 0) + 1
    adjoints = dict.fromkeys(graph, 0.0)
    adjoints[result] = 1.0
    ready = [name for name in graph if name not in waiting]
    while ready:
        name = ready.pop()
        for used, local in graph[name]:
            adjoints[used] += adjoints[name] * local
            waiting[used] -= 1
            if not waiting[used]:
                ready.append(used)
    return adjoints


own_primitive = ag.primitive(
    lambda x: np.log(1 + x**2), lambda g, y, x: g * 2 * x / (1 + x**2), name="log1p_square"
)


# ---- convolution --------------------------------------------------------------------------------


def im2col(x, kh, kw, stride):
    _, height, width = x.shape
    return np.array(
        [
            x[:, i : i + kh, j : j + kw].ravel()
            for i in range(0, height - kh + 1, stride)
            for j in range(0, width - kw + 1, stride)
        ]
    )


def convolution_rule(g, y, x, w):
    return np.convolve(g, w, "full"), np.correlate(x, g, "valid")


def max_pool_rule(g, y, x, k, stride):
    dx = np.zeros_like(x)
    for i, j in np.ndindex(g.shape):
        window = x[i * stride : i * stride + k, j * stride : j * stride + k]
        row, column = divmod(window.argmax(), k)
        dx[i * stride + row, j * stride + column] += g[i, j]
    return dx


def batch_norm_rule(g, y, x, weight, bias, eps):
    root = np.sqrt(x.var(axis=0) + eps)
    normal = (x - x.mean(axis=0)) / root
    h = g * weight
    dx = (h - h.mean(axis=0) - normal * (h * normal).mean(axis=0)) / root
    return dx, (g * normal).sum(axis=0), g.sum(axis=0)


# ---- sequences ----------------------------------------------------------------------------------


def embedding_rule(g, y, ids, weight):
    dw = np.zeros_like(weight)
    np.add.at(dw, ids, g)
    return dw


def lstm_cell(gh, gc, c, i, f, z, o):
    t = np.tanh(f * c + i * z)
    g = gh * o * (1 - t**2) + gc
    return g * f, g * z, g * c, g * i, gh * t


# ---- attention and a GPT ------------------------------------------------------------------------


def causal_mask(s):
    s = np.where(np.tri(s.shape[-1], dtype=bool), s, -np.inf)
    return stable_softmax(s)


def attention_rule(g, y, q, k, v):
    root = np.sqrt(q.shape[-1])
    p = stable_softmax(q @ k.T / root)
    ds = softmax_rule(g @ v.T, p, None) / root
    return ds @ k, ds.T @ q, p.T @ g


def rms_norm_rule(g, y, x, eps):
    root = np.sqrt((x**2).mean(axis=-1, keepdims=True) + eps)
    return (g - y * (g * y).mean(axis=-1, keepdims=True)) / root


def sampling(z, temperature, u):
    p = stable_softmax(z / temperature)
    return (np.cumsum(p, axis=-1) > u[:, None]).argmax(axis=-1)
