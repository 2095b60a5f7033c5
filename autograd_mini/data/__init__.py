"""The small data sets that the examples train on, and batches of them. Nothing is downloaded."""

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
