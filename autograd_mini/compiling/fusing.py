"""Fusing: softmax and cross-entropy that were written out, made stable.

    ŷ = e^z / Σ e^z         overflows for large z        →  e^(z - m) / Σ e^(z - m),  m = max z
    ln ŷ                    is -inf where ŷ underflows   →  (z - m) - ln Σ e^(z - m)
    ∂L/∂z = (a/s + b) e     with a = ∂L/∂ŷ, s = Σ e^z    →  ŷ (a - Σ a ŷ)
    a = ℓ/ŷ                 with ℓ = ∂L/∂ ln ŷ           →  ℓ - ŷ Σ ℓ

The chain rule through the quotient is b = Σ -a ŷ / s. In the last line the ŷ has cancelled: it is
the fused node's ŷ Σy - y, for any targets, since there ℓ is -y/N.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .rewriting import Call, Rule, made_by
from .steps import Step, Value, example_of

_SUMS = (np.sum, np.add.reduce)
_SILENT = (np.broadcast_to, np.reshape)


def softmax(step: Step) -> Any:
    """e^z / Σ e^z → e^(z - m) / Σ e^(z - m)."""
    if step.function is not np.divide:
        return None
    e, s = step.args
    z, axis = _exponent(e), _summed(s, e)
    if z is None or axis is None or _is_shifted(z):
        return None
    shifted = Call(np.exp, Call(np.subtract, z, Call(np.max, z, axis=axis, keepdims=True)))
    total = Call(np.sum, shifted, axis=axis, keepdims=True)
    return Call(np.divide, shifted, total)


def log_softmax(step: Step) -> Any:
    """ln (e^u / s) → u - ln s, with s = Σ e^u and u = z - m."""
    inner = made_by(step.args[0], np.divide) if step.function is np.log else None
    u = _exponent(inner[0]) if inner else None
    if u is None or inner is None or _summed(inner[1], inner[0]) is None:
        return None
    return Call(np.subtract, u, Call(np.log, inner[1]))


def through_softmax(step: Step) -> Any:
    """(a/s + Σ -aŷ/s) e → ℓ - ŷ Σ ℓ where a is ℓ/ŷ, else ŷ (a - Σ a ŷ)."""
    for first, second, e in _products(step):
        for direct, through in ((first, second), (second, first)):
            found = _cotangent(direct, through, e)
            if found:
                return _stable(*found)
    return None


def _products(step: Step) -> Any:
    """b, c, e with e an exponential, where the step is (b + c) e; or b e + c e, of two e^z."""
    if step.function is np.multiply:
        for total, e in (step.args, step.args[::-1]):
            parts = made_by(total, np.add)
            if parts is not None and _exponent(e) is not None:
                yield *parts, e
    if step.function is np.add:
        left, right = (made_by(x, np.multiply) or () for x in step.args)
        for e in left:
            if _exponent(e) is not None and any(x is e for x in right):
                yield *(x for pair in (left, right) for x in pair if x is not e), e


def _cotangent(direct: Any, through: Any, e: Any) -> Any:
    """a, ŷ and the axis, where `direct` is a/s and `through` is Σ -aŷ/s."""
    inner = made_by(direct, np.divide)
    axis = _summed(inner[1], e) if inner else None
    if axis is None:
        return None
    a, s = inner
    while isinstance(through, Value) and through.step and through.step.function in _SILENT:
        through = through.step.args[0]
    if not isinstance(through, Value) or not through.step or through.step.function not in _SUMS:
        return None
    quotient = made_by(through.step.args[0], np.divide)
    product = made_by(quotient[0], np.multiply) if quotient and quotient[1] is s else None
    if not product:
        return None
    minus_a, p = product
    negative = made_by(minus_a, np.negative)
    if not _is_softmax(p) or not (negative and negative[0] is a):
        return None
    return a, p, axis


def _stable(a: Any, p: Any, axis: Any) -> Any:
    def total(x: Any) -> Any:
        return Call(np.sum, x, axis=axis, keepdims=True)

    inner = made_by(a, np.divide)
    if inner and inner[1] is p:
        full = inner[0]
        if np.shape(example_of(full)) != p.shape:
            full = np.broadcast_to(full, p.shape) if not isinstance(full, Value) else None
        if full is not None:
            return Call(np.subtract, full, Call(np.multiply, p, total(full)))
    return Call(np.multiply, p, Call(np.subtract, a, total(Call(np.multiply, a, p))))


def _exponent(e: Any) -> Any:
    inner = made_by(e, np.exp)
    return inner[0] if inner else None


def _summed(s: Any, e: Any) -> Any:
    """The axis over which `s` is the sum of `e`, kept; None if it is not."""
    if isinstance(s, Value) and s.step and s.step.function in (np.reshape, operator.getitem):
        s = s.step.args[0] if np.size(s.example) == np.size(s.step.args[0].example) else s
    if not isinstance(s, Value) or s.step is None or s.step.function not in _SUMS:
        return None
    if s.step.args[0] is not e:
        return None
    axis = s.step.kwargs.get("axis", s.step.args[1] if len(s.step.args) > 1 else None)
    axis = tuple(range(len(e.shape))) if axis is None else axis
    kept = np.shape(np.sum(e.example, axis=axis, keepdims=True))
    return axis if np.broadcast_shapes(np.shape(s.example), kept) == kept else None


def _is_shifted(z: Any) -> bool:
    inner = made_by(z, np.subtract)
    return bool(inner and made_by(inner[1], np.max) and made_by(inner[1], np.max)[0] is inner[0])


def _is_softmax(p: Any) -> bool:
    inner = made_by(p, np.divide)
    return bool(
        inner and _exponent(inner[0]) is not None and _summed(inner[1], inner[0]) is not None
    )


FUSING: list[tuple[str, Rule]] = [
    ("stable softmax", softmax),
    ("stable log-softmax", log_softmax),
    ("softmax cancelled", through_softmax),
]
