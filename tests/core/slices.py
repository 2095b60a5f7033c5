"""Functions that slice an array."""

import numpy as np

X = np.random.default_rng(0).normal(size=(4, 6))


def disjoint(x):
    return x[:, :2] * 2 + x[:, 2:4] * x[:, 4:]


def overlapping(x):
    return x[0, 1:4] * x[1, ::2] + x[0, :3] * x[-1, 3:]


def sliced_and_whole(x):
    return (x * x)[1:] + x[:-1] * x[1:].sum() + x.sum()


def masked(x):
    return x[x.detach().data > 0].sum() + x[2] * x[..., None, 0].sum()


def one_slice(x):
    return (-0.0 * x)[1:3]
