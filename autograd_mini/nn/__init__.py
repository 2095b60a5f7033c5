"""Layers, their initial values, the training loop, and the summary of a model.

- Models: `Module`, `ModuleList`, `Sequential`, `MLP`.
- Any data: `Linear`, `Dropout`, `BatchNorm1d`, `LayerNorm`, `RMSNorm`, `ReLU`, `GELU`, `Sigmoid`,
  `Tanh`.
- Images: `Conv2d`, `MaxPool2d`, `AvgPool2d`, `BatchNorm2d`, `Flatten`.
- Sequences: `Conv1d`, `Embedding`, `RNN`, `LSTM`, `GRU` and their cells, `MultiheadAttention`,
  `TransformerBlock`.
- Training: `train`, `training_epochs`, `accuracy`, and initial values in `init`.

The losses are in `autograd_mini`, and the optimisers in `autograd_mini.optim`.
"""

from sys import modules
from typing import TYPE_CHECKING, Any

from ..core.answers import missing
from .convolutional import AvgPool2d, Conv1d, Conv2d, Flatten, MaxPool2d
from .elementwise import GELU, Dropout, ReLU, Sigmoid, Tanh
from .layers import MLP, Linear, Sequential
from .module import Module, ModuleList
from .normalising import BatchNorm1d, BatchNorm2d, LayerNorm, RMSNorm
from .recurrent import GRU, LSTM, RNN
from .recurrent_cells import GRUCell, LSTMCell, RNNCell
from .training import accuracy, train, training_epochs
from .transformer import Embedding, MultiheadAttention, TransformerBlock

# isort: split
from . import init  # it exists now: before, this line would ask `__getattr__` for it

__all__ = [
    "GELU",
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv1d",
    "Conv2d",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "LSTMCell",
    "LayerNorm",
    "Linear",
    "MaxPool2d",
    "Module",
    "ModuleList",
    "MultiheadAttention",
    "RMSNorm",
    "RNNCell",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "TransformerBlock",
    "accuracy",
    "init",
    "train",
    "training_epochs",
]


if not TYPE_CHECKING:  # a type checker still finds misspelt names

    def __getattr__(name: str) -> Any:
        raise missing("nn", name, modules[__name__])
