"""A chain of 1,200 operations on 4 floats, forward and backward: the cost of one operation."""

import numpy as np

import autograd_mini as ag

from .measure import Competitors, Row, compare
from .peers import anp, autograd, mygrad, torch

START = np.array([0.1, 0.4, 0.7, 0.9])


def arithmetic(x, sin):
    """Alternate mul, add and sub: the usual arithmetic."""
    for _ in range(400):
        x = ((x * 0.9) + 0.3) - 0.1
    return x.sum()


def functions(x, sin):
    """Alternate sin, mul and add."""
    for _ in range(400):
        x = sin(x) * 0.9 + 0.3
    return x.sum()


def products(x, sin):
    """Multiply two active arguments, as in a polynomial: two rules per operation."""
    w = x
    for _ in range(400):
        x = (x * w - w) + w
    return x.sum()


def competitors(chain) -> Competitors:
    def ours():
        x = ag.tensor(START, requires_grad=True)
        chain(x, ag.Tensor.sin).backward()
        return x.grad

    found: Competitors = {"ours": ours}
    if torch:

        def in_torch():
            x = torch.tensor(START, requires_grad=True)
            chain(x, torch.sin).backward()
            return x.grad

        found["PyTorch"] = in_torch
    if autograd:
        found["autograd"] = lambda: autograd.grad(lambda x: anp.sum(chain(x, anp.sin)))(START)
    if mygrad:

        def in_mygrad():
            x = mygrad.tensor(START)
            chain(x, mygrad.sin).backward()
            return x.grad

        found["MyGrad"] = in_mygrad
    return found


def rows(rounds: int = 15) -> list[Row]:
    targets = {"PyTorch": 0.70, "autograd": 0.35}
    table = []
    for chain in (arithmetic, functions, products):
        work = f"chain of 1,200 operations: {chain.__name__}"
        table += compare(work, competitors(chain), targets, rounds)
    return table
