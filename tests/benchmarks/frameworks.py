"""The same functions in autograd_mini, PyTorch and JAX, and a training step over them.

A model is a function ``loss(f, p, *data)``. `f` is one of the frameworks here, `p` a dict of
parameters. So each model is written once, and all frameworks compute the same. Each framework uses
its own fused functions, such as PyTorch's `lstm_cell`.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

import autograd_mini as ag
from autograd_mini import optim

from .peers import jax, torch

LR = 0.003
BETAS = 0.9, 0.999


@dataclass
class Problem:
    """A model, its data and its targets.

    Attributes
    ----------
    losses : dict of str to function
        The losses, each with the beginning of the names of the parameters that it trains: "" for
        all. A GAN has two.
    """

    losses: dict[str, Any]
    weights: dict[str, Any]
    data: tuple[Any, ...]
    optimizer: str = "Adam"
    targets: tuple[float, ...] = field(default=())

    def trained(self, prefix: str) -> list[str]:
        return [name for name in self.weights if name.startswith(prefix)]

    def cast(self, dtype: Any) -> "Problem":
        """Return the problem with all floats in a dtype."""

        def as_dtype(x: Any) -> Any:
            return x.astype(dtype) if x.dtype.kind == "f" else x.copy()

        weights = {name: as_dtype(w) for name, w in self.weights.items()}
        data = tuple(map(as_dtype, self.data))
        return Problem(self.losses, weights, data, self.optimizer, self.targets)


def _lstm(x, h, c, wx, wh, b):
    gates = ag.linear(h, wh, ag.linear(x, wx, b))
    c = ag.lstm_cell(gates, c)
    return ag.lstm_output(gates, c), c


ours = SimpleNamespace(
    embedding=ag.embedding,
    linear=ag.linear,
    tanh=np.tanh,
    sigmoid=ag.sigmoid,
    relu=ag.relu,
    gelu=ag.gelu,
    exp=np.exp,
    swap=lambda x: np.swapaxes(x, 1, 2),
    mean=np.mean,
    stack=np.stack,
    detach=ag.Tensor.detach,
    layer_norm=lambda x, w, b: ag.layer_norm(x, w.shape, w, b),
    rms_norm=lambda x: ag.rms_norm(x, eps=1e-5),
    batch_norm=lambda x, w, b: ag.batch_norm(x, None, None, w, b, training=True),
    conv=ag.conv2d,
    pool=lambda x: ag.max_pool2d(x, 2),
    attention=lambda q, k, v: ag.scaled_dot_product_attention(q, k, v, is_causal=True),
    cross_entropy=ag.softmax_cross_entropy,
    binary=lambda x, t: ag.sigmoid_binary_cross_entropy(x, t),
    lstm=_lstm,
    gru=lambda x, h, wx, wh, b: ag.gru_cell(ag.linear(x, wx, b), h @ wh, h),
)


def _in_torch() -> Any:
    f = torch.nn.functional
    return SimpleNamespace(
        embedding=f.embedding,
        linear=lambda x, w, b: torch.addmm(b, x, w) if x.ndim == 2 else x @ w + b,
        tanh=torch.tanh,
        sigmoid=torch.sigmoid,
        relu=torch.relu,
        gelu=lambda x: f.gelu(x, approximate="tanh"),
        exp=torch.exp,
        swap=lambda x: x.transpose(1, 2),
        mean=torch.mean,
        stack=torch.stack,
        detach=torch.Tensor.detach,
        layer_norm=lambda x, w, b: f.layer_norm(x, w.shape, w, b),
        rms_norm=lambda x: f.rms_norm(x, x.shape[-1:], eps=1e-5),
        batch_norm=lambda x, w, b: f.batch_norm(x, None, None, w, b, training=True),
        conv=f.conv2d,
        pool=lambda x: f.max_pool2d(x, 2),
        attention=lambda q, k, v: f.scaled_dot_product_attention(q, k, v, is_causal=True),
        cross_entropy=f.cross_entropy,
        binary=f.binary_cross_entropy_with_logits,
        lstm=lambda x, h, c, wx, wh, b: torch.lstm_cell(x, (h, c), wx.T, wh.T, b),
        gru=lambda x, h, wx, wh, b: torch.gru_cell(x, h, wx.T, wh.T, b),
    )


def _in_jax() -> Any:
    jnp, f = jax.numpy, jax.nn

    def layer_norm(x, w, b):
        off = x - x.mean(-1, keepdims=True)
        return off / jnp.sqrt((off * off).mean(-1, keepdims=True) + 1e-5) * w + b

    def batch_norm(x, w, b):
        off = x - x.mean(0)
        return off / jnp.sqrt((off * off).mean(0) + 1e-5) * w + b

    def attention(q, k, v):
        scores = q @ jnp.swapaxes(k, -1, -2) / q.shape[-1] ** 0.5
        mask = np.tri(*scores.shape[-2:], dtype=bool)
        return f.softmax(jnp.where(mask, scores, -jnp.inf)) @ v

    def conv(x, w, b, padding=0):
        edges = [(padding, padding)] * 2
        return jax.lax.conv_general_dilated(x, w, (1, 1), edges) + b[:, None, None]

    def pool(x):
        window = (1, 1, 2, 2)
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")

    def cross_entropy(z, t):
        own = jnp.take_along_axis(z, t[..., None], axis=-1)[..., 0]
        return (jax.scipy.special.logsumexp(z, axis=-1) - own).mean()

    def lstm(x, h, c, wx, wh, b):
        i, g, new, o = jnp.split(x @ wx + b + h @ wh, 4, axis=1)
        c = f.sigmoid(g) * c + f.sigmoid(i) * jnp.tanh(new)
        return f.sigmoid(o) * jnp.tanh(c), c

    def gru(x, h, wx, wh, b):
        (r, u, n), (hr, hu, hn) = (jnp.split(z, 3, axis=1) for z in (x @ wx + b, h @ wh))
        r, u = f.sigmoid(r + hr), f.sigmoid(u + hu)
        return (1 - u) * jnp.tanh(n + r * hn) + u * h

    return SimpleNamespace(
        embedding=lambda indices, w: w[indices],
        linear=lambda x, w, b: x @ w + b,
        tanh=jnp.tanh,
        sigmoid=f.sigmoid,
        relu=f.relu,
        gelu=f.gelu,
        exp=jnp.exp,
        swap=lambda x: jnp.swapaxes(x, 1, 2),
        mean=jnp.mean,
        stack=jnp.stack,
        detach=jax.lax.stop_gradient,
        layer_norm=layer_norm,
        rms_norm=lambda x: x / jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-5),
        batch_norm=batch_norm,
        conv=conv,
        pool=pool,
        attention=attention,
        cross_entropy=cross_entropy,
        binary=lambda x, t: (f.softplus(x) - x * t).mean(),
        lstm=lstm,
        gru=gru,
    )


# ---- training steps ------------------------------------------------------------------------------


def eager(problem: Problem, compiled: bool = False, **options: Any) -> Any:
    """Return a training step of autograd_mini, which returns the loss.

    If it is compiled, `options` are those of `ag.compile`.
    """
    step = training_step(problem, compiled, **options)
    return lambda: step(*problem.data).item()


def training_step(problem: Problem, compiled: bool, **options: Any) -> Any:
    """Return the same step as a function of the data, which returns the loss as a Tensor."""
    p = {name: ag.tensor(w, requires_grad=True) for name, w in problem.weights.items()}
    make = {
        "Adam": lambda part: optim.Adam(part, lr=LR, betas=BETAS),
        "SGD": lambda part: optim.SGD(part, lr=LR),
    }[problem.optimizer]
    phases = [
        (loss, make([p[name] for name in problem.trained(prefix)]))
        for prefix, loss in problem.losses.items()
    ]

    def step(*data):
        for loss_of, optimizer in phases:
            optimizer.zero_grad()
            loss = loss_of(ours, p, *data)
            loss.backward()
            optimizer.step()
        return loss

    if compiled:
        step = ag.compile(step, state=(p, *(optimizer for _, optimizer in phases)), **options)
    return step


def in_torch(problem: Problem) -> Any:
    """Return the same step in PyTorch."""
    f = _in_torch()
    p = {name: torch.tensor(w, requires_grad=True) for name, w in problem.weights.items()}
    make = {
        "Adam": lambda part: torch.optim.Adam(part, lr=LR, betas=BETAS),
        "SGD": lambda part: torch.optim.SGD(part, lr=LR),
    }[problem.optimizer]
    phases = [
        (loss, make([p[name] for name in problem.trained(prefix)]))
        for prefix, loss in problem.losses.items()
    ]
    data = [torch.from_numpy(x) for x in problem.data]

    def step():
        for loss_of, optimizer in phases:
            optimizer.zero_grad()
            loss = loss_of(f, p, *data)
            loss.backward()
            optimizer.step()
        return loss.item()

    return step


def in_jax(problem: Problem) -> Any:
    """Return the same step in JAX, as one program."""
    f, jnp = _in_jax(), jax.numpy

    def adam(p, g, state, t):
        m = BETAS[0] * state[0] + (1 - BETAS[0]) * g
        v = BETAS[1] * state[1] + (1 - BETAS[1]) * g * g
        scale = LR / (1 - BETAS[0] ** t)
        return p - scale * m / (jnp.sqrt(v) / jnp.sqrt(1 - BETAS[1] ** t) + 1e-8), (m, v)

    def descend(p, g, state, t):
        return p - LR * g, state

    change = adam if problem.optimizer == "Adam" else descend

    def update(p, states, t, *data):
        t = t + 1
        for prefix, loss_of in problem.losses.items():
            names = problem.trained(prefix)
            others = {name: x for name, x in p.items() if name not in names}

            def of_trained(own, loss_of=loss_of, others=others):
                return loss_of(f, {**others, **own}, *data)

            loss, grads = jax.value_and_grad(of_trained)({name: p[name] for name in names})
            for name, g in grads.items():
                new, states[name] = change(p[name], g, states[name], t)
                p = {**p, name: new}
        return loss, p, states, t

    compiled = jax.jit(update, donate_argnums=(0, 1, 2))
    p = {name: jnp.array(w) for name, w in problem.weights.items()}
    dtype = next(iter(p.values())).dtype
    states = {name: (jnp.zeros_like(x), jnp.zeros_like(x)) for name, x in p.items()}
    kept = [p, states, jnp.array(0, dtype)]
    data = [jnp.array(x) for x in problem.data]

    def step():
        loss, *kept[:] = compiled(*kept, *data)
        return float(loss)

    return step
