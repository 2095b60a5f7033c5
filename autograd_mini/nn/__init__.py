"""Layers, the training loop, and the summary of a model."""

from sys import modules
from typing import Any

from ..core.answers import missing
from .layers import MLP, Linear, Sequential
from .training import accuracy, train, training_epochs

__all__ = ["MLP", "Linear", "Sequential", "accuracy", "train", "training_epochs"]


def __getattr__(name: str) -> Any:  # only called for a name that does not exist
    raise missing("nn", name, modules[__name__])
