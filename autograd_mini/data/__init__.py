"""Small data sets to train models on, and batches of them. Nothing is downloaded."""

from sys import modules
from typing import TYPE_CHECKING, Any

from ..core.answers import missing
from .batching import Batches, Seed, batches, paired, split
from .classes import digits, moons
from .language import names, text

__all__ = [
    "Batches",
    "Seed",
    "batches",
    "digits",
    "moons",
    "names",
    "paired",
    "split",
    "text",
]


if not TYPE_CHECKING:  # a type checker still finds misspelt names

    def __getattr__(name: str) -> Any:
        raise missing("data", name, modules[__name__])
