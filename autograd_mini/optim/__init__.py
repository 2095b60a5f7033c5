"""Optimisers: from gradients to the next parameters.

`p` is a parameter, `g` its gradient, `lr` the learning rate. Each step ends in ``p.data -= ...``,
which gives `p` a new version. A tape that was recorded with the old one is then out of date.

A parameter is skipped if it is frozen (``p.requires_grad = False``) or has no gradient. Steps and
state of float16 parameters are computed in float32: the square of a small gradient would be 0.
"""

from sys import modules
from typing import TYPE_CHECKING, Any

from ..core.answers import missing
from .adaptive import Adam, AdamW
from .gradient_descent import SGD
from .optimizer import Optimizer

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]


if not TYPE_CHECKING:  # a type checker still finds misspelt names

    def __getattr__(name: str) -> Any:
        raise missing("optim", name, modules[__name__])
