"""Convolution and pooling, forward and backward; and steps of LeNet and of a residual block.

Images have 8 by 8 or 28 by 28 pixels, and a batch has 64 of them.
"""

from itertools import pairwise

import numpy as np

import autograd_mini as ag

from .measure import Row, compare
from .peers import torch
from .rules import backward, normal

N = 64


def weight(outputs, channels, size):
    return normal(outputs, channels, size, size) / np.float32(channels * size**2) ** 0.5


def convolution(outputs, channels, pixels, size, padding):
    """Return our function of images, PyTorch's, and images."""
    w = weight(outputs, channels, size)
    return (
        lambda x: ag.conv2d(x, w, padding=padding),
        lambda x: torch.nn.functional.conv2d(x, torch.from_numpy(w), padding=padding),
        normal(N, channels, pixels, pixels),
    )


#: work -> our function, PyTorch's, the argument
WORK = {
    "conv2d 3x3, 6 to 16 channels, (4,4)": convolution(16, 6, 4, 3, 1),
    "conv2d 5x5, 6 to 16 channels, (14,14)": convolution(16, 6, 14, 5, 0),
    "conv2d 3x3, 16 to 32 channels, (8,8)": convolution(32, 16, 8, 3, 1),
    "max_pool2d 2x2 of 6 channels, (28,28)": (
        lambda x: ag.max_pool2d(x, 2),
        lambda x: torch.nn.functional.max_pool2d(x, 2),
        normal(N, 6, 28, 28),
    ),
}


class Ours:
    """The functions of a network, with our tensors."""

    conv, pool, relu, linear = ag.conv2d, ag.max_pool2d, ag.relu, ag.linear
    loss = staticmethod(ag.softmax_cross_entropy)

    @staticmethod
    def tensor(array, **options):
        return ag.tensor(array, **options)

    @staticmethod
    def step(parameters):
        for p in parameters:
            p.data -= np.float32(0.01) * p.grad
            p.grad = None


class Torchs:
    """The same functions of PyTorch."""

    @staticmethod
    def tensor(array, **options):
        return torch.tensor(array, **options)

    @staticmethod
    def conv(x, w, b, **options):
        return torch.nn.functional.conv2d(x, w, b, **options)

    @staticmethod
    def pool(x, size):
        return torch.nn.functional.max_pool2d(x, size)

    @staticmethod
    def relu(x):
        return torch.nn.functional.relu(x)

    @staticmethod
    def linear(x, w, b):
        return torch.addmm(b, x, w)

    @staticmethod
    def loss(z, t):
        return torch.nn.functional.cross_entropy(z, t)

    @staticmethod
    def step(parameters):
        with torch.no_grad():
            for p in parameters:
                p -= 0.01 * p.grad
                p.grad = None


def lenet(f, p, x, t, padding):
    """Return the loss of two convolutions and three layers [LeCun 1998, with relu and maxima]."""
    h = f.pool(f.relu(f.conv(x, p[0], p[1], padding=padding[0])), 2)
    h = f.pool(f.relu(f.conv(h, p[2], p[3], padding=padding[1])), 2)
    h = h.reshape(N, -1)
    for i in (4, 6):
        h = f.relu(f.linear(h, p[i], p[i + 1]))
    return f.loss(f.linear(h, p[8], p[9]), t)


def residual_block(f, p, x, t):
    """Return the loss of a block of two convolutions, with a third one around it [He 2015]."""
    h = f.conv(f.relu(f.conv(x, p[0], p[1], padding=1)), p[2], p[3], padding=1)
    h = f.relu(h + f.conv(x, p[4], p[5]))
    return f.loss(h.reshape(N, -1) @ p[6], t)


def _layers(*sizes):
    return [a for n, m in pairwise(sizes) for a in (normal(n, m) / n**0.5, normal(m))]


def _lenet_arrays(size, flat):
    return [weight(6, 1, size), normal(6), weight(16, 6, size), normal(16),
            *_layers(flat, 120, 84, 10)]  # fmt: skip


BLOCK = [weight(32, 16, 3), normal(32), weight(32, 32, 3), normal(32), weight(32, 16, 1),
         normal(32), normal(2048, 10) / 45]  # fmt: skip
#: work -> loss, parameters, images, options, limits eager and compiled
STEPS = {
    "LeNet step, (8,8)": (
        lenet, _lenet_arrays(3, 64), normal(N, 1, 8, 8), {"padding": (1, 1)}, 1.0, 0.7,
    ),
    "LeNet step, (28,28)": (
        lenet, _lenet_arrays(5, 400), normal(N, 1, 28, 28), {"padding": (2, 0)}, 1.5, 1.2,
    ),
    "residual block step, (8,8)": (residual_block, BLOCK, normal(N, 16, 8, 8), {}, 1.5, 1.1),
}  # fmt: skip
LABELS = np.arange(N) % 10


def training(f, loss, arrays, x, options):
    """Return a function that takes a step of training, and returns the loss."""
    parameters = [f.tensor(a, requires_grad=True) for a in arrays]
    x, t = f.tensor(x), f.tensor(LABELS)

    def step():
        value = loss(f, parameters, x, t, **options)
        value.backward()
        f.step(parameters)
        return value.item()

    return step


def compiled_training(loss, arrays, x, options):
    """Return the same step, compiled; its parameters stay in its own arrays."""

    def update(parameters, x):
        value, slopes = ag.value_and_grad(lambda p: loss(Ours, p, x, LABELS, **options))(parameters)
        return value, [p - np.float32(0.01) * g for p, g in zip(parameters, slopes)]

    program = ag.compile(update, donate=0)
    state = [[a.copy() for a in arrays]]

    def step():
        value, state[0] = program(state[0], x)
        return float(value)

    return step


def rows(rounds: int = 31) -> list[Row]:
    if torch is None:
        return []
    table = []
    for work, (f, in_torch, x) in WORK.items():
        g = normal(*f(x).shape)
        found = {
            "ours": backward(f, ag.tensor(x, requires_grad=True), g),
            "PyTorch": backward(in_torch, torch.tensor(x, requires_grad=True), torch.from_numpy(g)),
        }
        table += compare(work, found, {}, rounds)
    for work, (loss, arrays, x, options, eager, fast) in STEPS.items():
        theirs = training(Torchs, loss, arrays, x, options)
        for name, ours, limit in (
            (work, training(Ours, loss, arrays, x, options), eager),
            (f"{work}, compiled", compiled_training(loss, arrays, x, options), fast),
        ):
            table += compare(name, {"ours": ours, "PyTorch": theirs}, {"PyTorch": limit}, rounds)
    return table
