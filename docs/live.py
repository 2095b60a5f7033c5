"""The live pages of the site, written by `ag.explore` when the site is built."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import autograd_mini as ag
from autograd_mini import data, nn


def diamond() -> Any:
    """Return a result that depends on its argument by two paths."""
    x = ag.tensor(2.0, requires_grad=True, name="x")
    return np.exp(x) * x**2


def softmax_cross_entropy() -> Any:
    """Return the loss of three logits, as one fused node."""
    z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
    return ag.softmax_cross_entropy(z, np.array([0.0, 1.0, 0.0]))


def moons() -> Any:
    """Return the loss of a network that the page trains."""
    x, labels = data.moons(100, rng=0)
    return ag.softmax_cross_entropy(nn.MLP([2, 16, 16, 2], rng=1)(x), labels)


#: Name -> the function that computes it, its title, and whether to show the unfused graph too.
PAGES: dict[str, tuple[Callable[[], Any], str, bool]] = {
    "diamond": (diamond, "Two paths into x", False),
    "softmax_cross_entropy": (softmax_cross_entropy, "Softmax cross-entropy", True),
    "moons": (moons, "Train a network for two moons", False),
}


def save(folder: Path) -> None:
    """Write all live pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (compute, title, compare) in PAGES.items():
        result = compute()
        page = ag.explore(result, names={"L": result}, compare=compare, title=title)
        page.save(folder / f"{name}.html")
