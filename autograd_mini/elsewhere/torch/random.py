"""The one generator behind ``torch.manual_seed``: NumPy's, so its numbers are not PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...tensor import Tensor

_generator = np.random.default_rng(0)


def generator() -> np.random.Generator:
    """The generator that is in use."""
    return _generator


def manual_seed(seed: int) -> None:
    """Begin anew: the same seed gives the same numbers."""
    global _generator
    _generator = np.random.default_rng(seed)


def randn(*shape: Any, requires_grad: bool = False, dtype: Any = float) -> Tensor:
    """Normally distributed entries: ``randn(2, 3)``, ``randn((2, 3))``, ``randn(())``."""
    return Tensor(generator().normal(size=sizes(shape)), requires_grad=requires_grad, dtype=dtype)


def rand(*shape: Any, requires_grad: bool = False, dtype: Any = float) -> Tensor:
    """Entries uniform in [0, 1)."""
    return Tensor(generator().uniform(size=sizes(shape)), requires_grad=requires_grad, dtype=dtype)


def randperm(n: int) -> Tensor:
    """The integers below `n`, in a random order."""
    return Tensor(generator().permutation(n))


def sizes(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape given as one tuple, or as that many numbers."""
    return tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
