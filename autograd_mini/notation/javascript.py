"""Expressions as JavaScript, in calls of the functions of ``nd``, which are named after NumPy's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .expression import ATOM, Call, Formula, Notation

_LITERALS = {True: "true", False: "false", None: "null"}
_SHORT = 3  # entries of an array that are written one by one, even if they count


class JavaScript(Notation):
    """JavaScript: every operation is a call, and an option is a property of its last argument.

    A tuple or list of expressions is a call of ``tuple`` or ``list``. An index is a list of
    numbers, arrays, ``null`` for a new axis, and slices as text, as in ``[0, "1:3"]``.
    """

    templates: ClassVar = {}

    def function(self, call: Call, parts: Sequence[str]) -> str:
        if call.op in ("list", "tuple"):
            return f"[{', '.join(parts)}]"
        options = [f"{key}: {self.write(value).text}" for key, value in call.kwargs.items()]
        given = [f"{{ {', '.join(options)} }}"] if options else []
        return f"nd.{call.op}({', '.join([*parts, *given])})"

    def constant(self, value: Any, op: str) -> Formula:
        """Write a number, a word or an array, which becomes a call."""
        return Formula(_text(value), ATOM)


def _text(x: Any) -> str:
    if isinstance(x, (np.ndarray, np.generic)):
        return _array(np.asarray(x))
    if isinstance(x, (list, tuple)):
        return f"[{', '.join(map(_text, x))}]"
    if x is None or isinstance(x, bool):
        return _LITERALS[x]
    if isinstance(x, slice):
        ends = ["" if end is None else str(end) for end in (x.start, x.stop)]
        return f'"{":".join(ends if x.step is None else [*ends, str(x.step)])}"'
    return f'"{x}"' if isinstance(x, str) else _number(x)


def _array(x: Any) -> str:
    """Return an array, briefly if it repeats one number."""
    words = [str(list(x.shape))] + [f'"{x.dtype.name}"'] * (x.dtype != float)
    if x.size and (x == (first := x.flat[0])).all() and (x.ndim == 0 or x.size > 1):
        return f"nd.full({words[0]}, {', '.join([_number(first), *words[1:]])})"
    if x.dtype == int and x.size > _SHORT and np.array_equal(x.reshape(-1), np.arange(x.size)):
        numbers = f"nd.arange({x.size})"
        return numbers if x.ndim == 1 else f"nd.reshape({numbers}, {words[0]})"
    return f"nd.array([{', '.join(map(_number, x.flat))}], {', '.join(words)})"


def _number(x: Any) -> str:
    """Return a number with all digits that are needed to read the same number back."""
    if isinstance(x, (bool, np.bool_)):
        return str(int(x))
    if isinstance(x, (int, np.integer)):
        return str(x)
    if not np.isfinite(x):
        return {"inf": "Infinity", "-inf": "-Infinity"}.get(str(float(x)), "NaN")
    return str(x).removesuffix(".0") if isinstance(x, np.floating) else repr(x).removesuffix(".0")
