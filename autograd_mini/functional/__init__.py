"""Functions on tensors: activations, softmax, losses. Each fused node with its graph."""

from sys import modules
from typing import TYPE_CHECKING, Any

from ..core.answers import missing

if not TYPE_CHECKING:  # a type checker still finds misspelt names

    def __getattr__(name: str) -> Any:
        raise missing("functional", name, modules[__name__])
