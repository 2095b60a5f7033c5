"""Layers, the training loop, and the summary of a model."""

from .layers import MLP, Linear, Sequential
from .training import accuracy, train, training_epochs

__all__ = ["MLP", "Linear", "Sequential", "accuracy", "train", "training_epochs"]
