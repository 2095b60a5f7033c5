"""Rules of indexing, layout, padding and short rows; and steps of training that need them."""

import numpy as np

import autograd_mini as ag

from .measure import Row, compare
from .peers import torch

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


# ---- one function, forward and backward ----------------------------------------------------------

IMAGES, ROWS = normal(16, 3, 32, 32), normal(1024, 16)
INDICES = RNG.integers(16, size=(1024, 4))


def windows(x):
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))


def pooled(x):
    """Return the entries in squares of 2 by 2, over which the axes 3 and 5 run."""
    return x.reshape(16, 3, 16, 2, 16, 2)


#: work -> our function, PyTorch's, the argument, the limit
WORK = {
    "np.pad of (16,3,32,32) by 1": (
        lambda x: np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))),
        lambda x: torch.nn.functional.pad(x, (1, 1, 1, 1)),
        IMAGES, 2.0,
    ),
    "np.moveaxis": (lambda x: np.moveaxis(x, 1, -1), lambda x: x.movedim(1, -1), IMAGES, 1.5),
    "np.swapaxes": (lambda x: np.swapaxes(x, 1, 2), lambda x: x.swapaxes(1, 2), IMAGES, 1.5),
    "np.flip": (lambda x: np.flip(x, -1), lambda x: x.flip(-1), IMAGES, 1.5),
    "np.rot90": (
        lambda x: np.rot90(x, 1, (2, 3)), lambda x: torch.rot90(x, 1, (2, 3)), IMAGES, None,
    ),
    "np.roll": (lambda x: np.roll(x, 3, -1), lambda x: x.roll(3, -1), IMAGES, None),
    "softmax, rows of 16": (ag.softmax, lambda x: x.softmax(-1), ROWS, 2.5),
    "log_softmax, rows of 16": (ag.log_softmax, lambda x: x.log_softmax(-1), ROWS, 3.5),
    "max over two axes": (lambda x: x.max((2, 3)), lambda x: x.amax((2, 3)), IMAGES, 1.5),
    "max over two axes, pooling 2 by 2": (
        lambda x: pooled(x).max((3, 5)), lambda x: pooled(x).amax((3, 5)), IMAGES, 1.5,
    ),
    "np.take_along_axis": (
        lambda x: np.take_along_axis(x, INDICES, 1),
        lambda x: torch.gather(x, 1, torch.from_numpy(INDICES)),
        ROWS, None,
    ),
    "sliding windows of (3,3)": (
        windows, lambda x: x.unfold(2, 3, 1).unfold(3, 3, 1), IMAGES, 2.0,
    ),
}  # fmt: skip


def backward(f, x, g):
    """Return a function that runs `f` forward and backward, with our tensors or PyTorch's."""

    def run():
        x.grad = None
        f(x).backward(g)

    return run


def one_function(rounds: int) -> list[Row]:
    table = []
    for work, (f, in_torch, x, limit) in WORK.items():
        g = normal(*f(x).shape)
        found = {
            "ours": backward(f, ag.tensor(x, requires_grad=True), g),
            "PyTorch": backward(in_torch, torch.tensor(x, requires_grad=True), torch.from_numpy(g)),
        }
        table += compare(work, found, {"PyTorch": limit}, rounds)
    return table


# ---- steps of training ---------------------------------------------------------------------------

LETTERS = 65
TOKENS, NEXT = RNG.integers(LETTERS, size=(2, 32, 32))
NAMES, LAST = RNG.integers(27, size=(32, 8)), RNG.integers(27, size=32)


def bigram(parameters, cross_entropy, tokens, following):
    """Return the loss of a table of logits, one row a letter."""
    (table,) = parameters
    return cross_entropy(table[tokens].reshape(-1, LETTERS), following)


def wavenet(parameters, cross_entropy, names, last):
    """Return the loss of a network that joins pairs of letters three times [van den Oord 2016]."""
    embedding, *weights, top = parameters
    x = embedding[names]
    for w in weights:
        x = x.reshape(len(names), x.shape[1] // 2, -1) @ w
        axes = (0, 1)
        x = x - x.mean(axes)
        x = (x / ((x * x).mean(axes) + 1e-5) ** 0.5).tanh()
    return cross_entropy(x.reshape(len(names), -1) @ top, last)


STEPS = {
    "bigram step, (32,32) of 65 letters": (bigram, [normal(65, 65)], (TOKENS, NEXT.ravel()), 1.3),
    "WaveNet-like step, 3 layers of 128": (
        wavenet,
        [normal(27, 24), normal(48, 128) / 7, normal(256, 128) / 16, normal(256, 128) / 16,
         normal(128, 27) / 11],
        (NAMES, LAST),
        1.1,
    ),
}  # fmt: skip


def step(loss_of, no_grad, parameters, cross_entropy, data):
    """Return a function that makes one step of gradient descent, with our tensors or PyTorch's."""

    def run():
        for p in parameters:
            p.grad = None
        loss_of(parameters, cross_entropy, *data).backward()
        with no_grad():
            for p in parameters:
                p -= 0.1 * p.grad

    return run


def steps(rounds: int) -> list[Row]:
    table = []
    for work, (loss_of, weights, data, limit) in STEPS.items():
        ours = [ag.tensor(w, requires_grad=True) for w in weights]
        theirs = [torch.tensor(w, requires_grad=True) for w in weights]
        in_torch = [torch.from_numpy(x) for x in data]
        losses = ag.softmax_cross_entropy, torch.nn.functional.cross_entropy
        found = {
            "ours": step(loss_of, ag.no_grad, ours, losses[0], data),
            "PyTorch": step(loss_of, torch.no_grad, theirs, losses[1], in_torch),
        }
        table += compare(work, found, {"PyTorch": limit}, rounds)
    return table


def rows(rounds: int = 31) -> list[Row]:
    return [*steps(rounds), *one_function(rounds)] if torch else []
