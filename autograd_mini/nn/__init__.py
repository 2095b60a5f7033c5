"""Layers, the training loop, and the summary of a model."""

from sys import modules
from typing import TYPE_CHECKING, Any

from ..core.answers import missing
from .layers import MLP, Linear, Sequential
from .module import Module, ModuleList
from .training import accuracy, train, training_epochs

__all__ = [
    "MLP",
    "Linear",
    "Module",
    "ModuleList",
    "Sequential",
    "accuracy",
    "train",
    "training_epochs",
]


if not TYPE_CHECKING:  # a type checker still finds misspelt names

    def __getattr__(name: str) -> Any:
        raise missing("nn", name, modules[__name__])
