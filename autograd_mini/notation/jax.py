"""Expressions as Python with ``jax.numpy``, whose functions are named after NumPy's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from .expression import ATOM, Call, Formula
from .numpy import NumPy, repeated


class Jax(NumPy):
    """NumPy's notation with ``jnp``. A ``scatter`` adds to zeros, because arrays never change."""

    module: ClassVar[str] = "jnp"

    def write_scatter(self, call: Call, parts: Sequence[Formula]) -> Formula:
        """Write the sum of zeros and x at an index: ``zeros(shape, dtype).at[index].add(x)``."""
        index = ", ".join(self.write(i, "getitem").text for i in call.args[1:-2]) or "()"
        x, shape, dtype = (parts[k].text for k in (0, -2, -1))
        return Formula(f"jnp.zeros({shape}, {dtype}).at[{index}].add({x})", ATOM)

    def array(self, x: Any) -> str | None:
        """Return a constant array, with its dtype: without one, jax may choose a smaller one."""
        n = repeated(x)
        if n is None or (x.dtype == float and n in (0, 1) and any(x.strides)):
            return super().array(x)
        return f"jnp.full({x.shape}, {self.number(n)}, {self.dtype(x.dtype)})"
