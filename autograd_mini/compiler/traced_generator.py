"""Generators of random numbers in a program: each call of the program draws new numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .ir import Value, draw

if TYPE_CHECKING:
    from .tracer import Tracer


class TracedGenerator:
    """A `numpy.random.Generator` in a program that is being recorded.

    Its methods, such as ``random`` and ``normal``, record a step that draws from the generator that
    a call of the program gets. The numbers are those that the function itself would draw.
    """

    def __init__(self, tracer: Tracer, value: Value) -> None:
        self._tracer, self._value = tracer, value

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_") or not hasattr(self._value.example, name):
            raise AttributeError(f"a random number generator has no attribute {name!r}")

        def method(*args: Any, **kwargs: Any) -> Any:
            return self._tracer.call(draw, (self._value, name, *args), kwargs)

        return method
