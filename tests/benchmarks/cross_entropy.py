"""The fused softmax cross-entropy, forward and backward: class indices and probabilities."""

from itertools import product

import numpy as np

import autograd_mini as ag

from .measure import Competitors, Row, compare
from .peers import jax, mygrad, torch

SHAPES = [(128, 10), (1024, 1000), (4096, 1000), (64, 50257)]
DTYPES = (np.float32, np.float64)
TARGETS = ("indices", "probabilities")


def problem(shape, dtype, kind):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=shape).astype(dtype)
    if kind == "indices":
        return logits, rng.integers(shape[1], size=shape[0])
    return logits, rng.dirichlet(np.ones(shape[1]), shape[0]).astype(dtype)


def competitors(logits, targets) -> Competitors:
    z = ag.tensor(logits, requires_grad=True)

    def ours():
        z.zero_grad()
        ag.softmax_cross_entropy(z, targets).backward()
        return z.grad

    found: Competitors = {"ours": ours}
    indexed = targets.ndim == 1
    if torch:
        z_torch = torch.tensor(logits, requires_grad=True)
        targets_torch = torch.from_numpy(targets)

        def in_torch():
            z_torch.grad = None
            torch.nn.functional.cross_entropy(z_torch, targets_torch).backward()
            return z_torch.grad

        found["PyTorch"] = in_torch
    if mygrad and indexed:  # its loss takes no probabilities
        from mygrad.nnet.losses import softmax_crossentropy

        z_mygrad = mygrad.tensor(logits)

        def in_mygrad():
            softmax_crossentropy(z_mygrad, targets).backward()
            return z_mygrad.grad

        found["MyGrad"] = in_mygrad
    if jax:
        import jax.numpy as jnp

        def loss_of(z, y):
            if not indexed:
                return -(y * jax.nn.log_softmax(z)).sum(axis=1).mean()
            own = jnp.take_along_axis(z, y[:, None], axis=1)[:, 0]
            return (jax.scipy.special.logsumexp(z, axis=1) - own).mean()

        gradient = jax.jit(jax.value_and_grad(loss_of))
        z_jax, y_jax = jnp.array(logits), jnp.array(targets)
        found["jax.jit"] = lambda: gradient(z_jax, y_jax)[1].block_until_ready()
    return found


def rows(rounds: int = 31) -> list[Row]:
    table = []
    for kind, dtype, shape in product(TARGETS, DTYPES, SHAPES):
        work = f"CE, {kind}, {dtype.__name__}, {shape}"
        table += compare(work, competitors(*problem(shape, dtype, kind)), {"PyTorch": 1.0}, rounds)
    return table
