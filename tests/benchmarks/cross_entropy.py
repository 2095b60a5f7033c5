"""The fused softmax cross-entropy, forward and backward, with class indices, in float32."""

import numpy as np

import autograd_mini as ag

from .measure import Competitors, Row, compare
from .peers import jax, mygrad, torch

SHAPES = [(128, 10), (1024, 1000), (4096, 1000), (64, 50257)]


def competitors(shape) -> Competitors:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=shape).astype(np.float32)
    labels = rng.integers(shape[1], size=shape[0])
    z = ag.tensor(logits, requires_grad=True)

    def ours():
        z.zero_grad()
        ag.softmax_cross_entropy(z, labels).backward()
        return z.grad

    found: Competitors = {"ours": ours}
    if torch:
        z_torch = torch.tensor(logits, requires_grad=True)
        labels_torch = torch.from_numpy(labels)

        def in_torch():
            z_torch.grad = None
            torch.nn.functional.cross_entropy(z_torch, labels_torch).backward()
            return z_torch.grad

        found["PyTorch"] = in_torch
    if mygrad:
        from mygrad.nnet.losses import softmax_crossentropy

        z_mygrad = mygrad.tensor(logits)

        def in_mygrad():
            softmax_crossentropy(z_mygrad, labels).backward()
            return z_mygrad.grad

        found["MyGrad"] = in_mygrad
    if jax:
        import jax.numpy as jnp

        def loss_of(z):
            own = jnp.take_along_axis(z, labels[:, None], axis=1)[:, 0]
            return (jax.scipy.special.logsumexp(z, axis=1) - own).mean()

        gradient = jax.jit(jax.value_and_grad(loss_of))
        z_jax = jnp.array(logits)
        found["jax.jit"] = lambda: gradient(z_jax)[1].block_until_ready()
    return found


def rows(rounds: int = 31) -> list[Row]:
    table = []
    for shape in SHAPES:
        table += compare(
            f"softmax cross-entropy {shape}", competitors(shape), {"PyTorch": 1.0}, rounds
        )
    return table
