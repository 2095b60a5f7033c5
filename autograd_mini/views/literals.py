"""Literals: constants as NumPy reads them back, and lines that are not too long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..compiling.rewriting import number

WIDTH = 100

# ---- constants -----------------------------------------------------------------------------------


def literal(x: Any) -> str:
    """A number with the digits that it takes to read the same number back."""
    if isinstance(x, (bool, np.bool_, int, np.integer)):
        return str(x)
    if not np.isfinite(x):
        return {"inf": "np.inf", "-inf": "-np.inf"}.get(str(float(x)), "np.nan")
    return str(x) if isinstance(x, np.floating) else repr(x)


def dtype_text(dtype: Any) -> str:
    return "bool" if dtype.kind == "b" else f"np.{dtype.name}"


def scalar(dtype: Any, x: Any) -> str:
    return f"{dtype_text(dtype)}({literal(x)})"


def uniform(x: Any) -> str | None:
    """An array that consists of one number, or counts 0, 1, 2, ...; else None."""
    n, dtype = number(x), "" if x.dtype == float else f", {dtype_text(x.dtype)}"
    shape = f"{x.shape[0]}" if x.ndim == 1 else f"{x.shape}"
    if n is not None and x.size > 1 and not any(x.strides):  # np.matmul sees the difference
        return f"np.broadcast_to({literal(n) if x.dtype == float else scalar(x.dtype, n)}, {shape})"
    if n is not None:
        name = {"0": "zeros", "1": "ones"}.get(f"{float(n):g}") if not np.signbit(n) else None
        return f"np.{name}({shape}{dtype})" if name else f"np.full({shape}, {literal(n)}{dtype})"
    if x.dtype == int and np.array_equal(x.reshape(-1), np.arange(x.size)):
        if x.ndim == 2 and x.shape[1] == 1:
            return f"np.arange({x.size})[:, None]"
        return f"np.arange({x.size})" + (f".reshape{x.shape}" if x.ndim > 1 else "")
    return None


# ---- lines ---------------------------------------------------------------------------------------


def listed(results: Sequence[str]) -> str:
    """The line that returns them, or lines."""
    line = f"    return {', '.join(results)}"
    if len(line) <= WIDTH:
        return line
    inner = wrapped(f"        {', '.join(results)},", 8)
    return f"    return (\n{inner}\n    )"


def wrapped(text: str, indent: int) -> str:
    """A line that is too long, broken after commas."""
    lines = []
    while len(text) > WIDTH:
        at = text.rfind(", ", 0, WIDTH) + 1
        if at <= indent:
            break
        lines.append(text[:at])
        text = " " * indent + text[at + 1 :]
    return "\n".join([*lines, text])
