"""Optimisers, which compute new parameters from gradients.

The optimisers are `SGD`, `Adam` and `AdamW`. `cosine` and `warmup` are schedules of the learning
rate. `clip_grad_norm_` limits the norm of the gradients.

In the formulas, `p` is a parameter, `g` is its gradient, and `lr` is the learning rate. Each step
replaces the data of the parameters. Run the forward pass again after a step, because ``backward``
raises an error for results that were computed from the old data.

A parameter is skipped if it is frozen (``p.requires_grad = False``) or has no gradient. For float16
parameters, a step is computed in float32, because the square of a small gradient would be 0 in
float16. The averages of `Adam` are float32, too.
"""

from sys import modules
from typing import TYPE_CHECKING, Any

from ..core.answers import missing
from .adaptive import Adam, AdamW
from .clipping import clip_grad_norm_
from .gradient_descent import SGD
from .optimizer import Optimizer
from .schedules import cosine, warmup

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "clip_grad_norm_", "cosine", "warmup"]


if not TYPE_CHECKING:  # a type checker still finds misspelt names

    def __getattr__(name: str) -> Any:
        raise missing("optim", name, modules[__name__])
