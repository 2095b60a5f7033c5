"""Normalisations, forward and backward, in float32, compared with PyTorch."""

from functools import partial

import numpy as np

import autograd_mini as ag

from .measure import Row, compare
from .peers import torch

RNG = np.random.default_rng(0)
#: function -> the shapes of its input
SHAPES = {
    "batch_norm": [(32, 200), (64, 16, 8, 8)],
    "layer_norm": [(256, 32), (512, 64)],
    "rms_norm": [(256, 32), (512, 64)],
}


def calls(library, zeros):
    """Return the functions of an input, a weight and a bias, in one of the libraries."""

    return {
        "batch_norm": lambda x, w, b: library.batch_norm(x, *zeros, w, b, training=True),
        "layer_norm": lambda x, w, b: library.layer_norm(x, w.shape, w, b),
        "rms_norm": lambda x, w, b: (
            ag.rms_norm(x, w) if library is ag else library.rms_norm(x, w.shape, w)
        ),
    }


def step(f, leaves, cotangent):
    """Run `f` forward and backward."""
    for x in leaves:
        x.grad = None
    f(*leaves).backward(cotangent)


def rows(rounds: int = 31) -> list[Row]:
    if torch is None:
        return []
    table = []
    for name, shapes in SHAPES.items():
        for shape in shapes:
            channels = shape[1]
            x, g = RNG.normal(size=(2, *shape)).astype(np.float32)
            parameters = RNG.normal(size=(2, channels)).astype(np.float32)
            zeros = np.zeros((2, channels), np.float32)
            ours = [ag.tensor(a, requires_grad=True) for a in (x, *parameters)]
            theirs = [torch.tensor(a, requires_grad=True) for a in (x, *parameters)]
            in_torch = calls(torch.nn.functional, torch.tensor(zeros))
            found = {
                "ours": partial(step, calls(ag, zeros)[name], ours, g),
                "PyTorch": partial(step, in_torch[name], theirs, torch.tensor(g)),
            }
            table += compare(f"{name} of {shape}", found, {}, rounds)
    return table
