"""Rules of indexing, layout, padding and short rows, against PyTorch's; and steps that need them."""

import numpy as np

import autograd_mini as ag

from .measure import Row, compare
from .peers import torch

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


# ---- one function, forward and backward ----------------------------------------------------------

IMAGES, ROWS = normal(16, 3, 32, 32), normal(4096, 16)
INDICES = RNG.integers(16, size=(4096, 4))


def windows(x):
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))


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
    "log_softmax, rows of 16": (ag.log_softmax, lambda x: x.log_softmax(-1), ROWS, 2.5),
    "max over two axes": (lambda x: x.max((2, 3)), lambda x: x.amax((2, 3)), IMAGES, 1.5),
    "np.take_along_axis": (
        lambda x: np.take_along_axis(x, INDICES, 1),
        lambda x: torch.gather(x, 1, torch.from_numpy(INDICES)),
        ROWS, None,
    ),
    "sliding windows of (3,3)": (
        windows, lambda x: x.unfold(2, 3, 1).unfold(3, 3, 1), IMAGES, 2.0,
    ),
}  # fmt: skip


def one_function(rounds: int) -> list[Row]:
    table = []
    for work, (f, in_torch, x, limit) in WORK.items():
        ours = ag.tensor(x, requires_grad=True)
        theirs = torch.tensor(x, requires_grad=True)
        g = normal(*f(x).shape)

        def run(f=f, x=ours, g=g):
            x.grad = None
            f(x).backward(g)

        def run_torch(f=in_torch, x=theirs, g=torch.from_numpy(g)):
            x.grad = None
            f(x).backward(g)

        table += compare(work, {"ours": run, "PyTorch": run_torch}, {"PyTorch": limit}, rounds)
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


def steps(rounds: int) -> list[Row]:
    table = []
    for work, (loss_of, weights, data, limit) in STEPS.items():
        ours = [ag.tensor(w, requires_grad=True) for w in weights]
        theirs = [torch.tensor(w, requires_grad=True) for w in weights]
        in_torch = [torch.from_numpy(x) for x in data]

        def step(loss_of=loss_of, ps=ours, data=data):
            for p in ps:
                p.grad = None
            loss_of(ps, ag.softmax_cross_entropy, *data).backward()
            with ag.no_grad():
                for p in ps:
                    p -= 0.1 * p.grad

        def step_torch(loss_of=loss_of, ps=theirs, data=in_torch):
            for p in ps:
                p.grad = None
            loss_of(ps, torch.nn.functional.cross_entropy, *data).backward()
            with torch.no_grad():
                for p in ps:
                    p -= 0.1 * p.grad

        table += compare(work, {"ours": step, "PyTorch": step_torch}, {"PyTorch": limit}, rounds)
    return table


def rows(rounds: int = 31) -> list[Row]:
    return [*steps(rounds), *one_function(rounds)] if torch else []
