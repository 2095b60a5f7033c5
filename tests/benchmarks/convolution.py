"""Convolution and pooling, forward and backward, of batches of 64 images."""

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
    return table
