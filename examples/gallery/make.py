"""Draw the pictures of this folder: ``python examples/gallery/make.py``."""

import sys
from pathlib import Path

import numpy as np

import autograd_mini as ag
from autograd_mini import data, nn


def softmax_chain():
    """Return softmax cross-entropy in NumPy, with names, scopes and two paths that meet."""
    z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
    y = ag.tensor([0.0, 1.0, 0.0], name="y")
    with ag.scope("softmax"):
        e = np.exp(z)
        s = np.sum(e)
        ŷ = e / s
    with ag.scope("cross-entropy"):
        l = np.log(ŷ)
        p = y * l
        S = np.sum(p)
        L = -S
    return L, locals()


def softmax_fused():
    """Return the same loss as one fused node, whose derivative is ŷ - y."""
    z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
    y = ag.tensor([0.0, 1.0, 0.0], name="y")
    L = ag.softmax_cross_entropy(z, y)
    return L, locals()


def micrograd():
    """Return a neuron with two inputs, as in micrograd."""
    x1, x2 = ag.tensor(2.0, requires_grad=True), ag.tensor(0.0, requires_grad=True)
    w1, w2 = ag.tensor(-3.0, requires_grad=True), ag.tensor(1.0, requires_grad=True)
    b = ag.tensor(6.8813735870195432, requires_grad=True)
    x1w1 = x1 * w1
    x2w2 = x2 * w2
    n = x1w1 + x2w2 + b
    o = np.tanh(n)
    return o, locals()


def residual_block():
    """Return the loss of a residual block, h + f(h). The gradient of h has two contributions."""
    rng = np.random.default_rng(0)
    x = ag.tensor(rng.normal(size=(4, 3)), name="x")
    W0 = ag.tensor(rng.normal(size=(3, 3)), requires_grad=True)
    h = np.tanh(x @ W0)
    with ag.scope("block"):
        W = ag.tensor(rng.normal(size=(3, 3)), requires_grad=True)
        f = ag.relu(h @ W)
    r = h + f
    L = np.mean(r**2)
    return L, locals()


def moons():
    """Return the loss of a network, whose picture is folded by its scopes."""
    x, labels = data.moons(100, rng=0)
    model = nn.MLP([2, 16, 16, 2])
    L = ag.softmax_cross_entropy(model(x), labels)
    return L, locals()


def deep():
    """Return a result of 2,000 nodes, in eight stages of five blocks, folded by scope."""
    h = x = ag.tensor([1.0, -0.5, 0.25], requires_grad=True, name="x")
    for i in range(8):
        with ag.scope(f"stage {i + 1}"):
            for j in range(5):
                with ag.scope(f"block {j + 1}"):
                    for _ in range(25):
                        h = np.tanh(h) * 1.1
    L = np.sum(h)
    return L, locals()


PICTURES = {
    "softmax_chain": (softmax_chain, {}),
    "softmax_chain_animated": (softmax_chain, {"animate": True}),
    "softmax_chain_dark": (softmax_chain, {"theme": "dark"}),
    "softmax_fused": (softmax_fused, {}),
    "softmax_opened": (softmax_fused, {"unfuse": True}),
    "micrograd": (micrograd, {}),
    "residual_block": (residual_block, {}),
    "moons": (moons, {"depth": 1}),
    "deep": (deep, {}),
}


def main(folder: Path) -> None:
    for name, (build, options) in PICTURES.items():
        result, names = build()
        print(ag.draw(result, names=names, **options).save(folder / f"{name}.svg"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
