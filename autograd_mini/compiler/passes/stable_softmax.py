"""Fusing: make a softmax or cross-entropy that was written out stable.

    ŷ = e^z / Σ e^z         overflows for large z        →  e^(z - m) / Σ e^(z - m),  m = max z
    ln ŷ                    is -inf where ŷ underflows   →  (z - m) - ln Σ e^(z - m)
    ∂L/∂z = (a/s + b) e     with a = ∂L/∂ŷ, s = Σ e^z    →  ŷ (a - Σ a ŷ)
    a = ℓ/ŷ                 with ℓ = ∂L/∂ ln ŷ           →  ℓ - ŷ Σ ℓ
    ln Σ e^z                overflows for large z        →  m + ln Σ e^(z - m)
    (a/s) e                 with a = ∂L/∂ ln s           →  a ŷ

The chain rule through the quotient is b = Σ -a ŷ / s. In the last line the ŷ has cancelled: it is
the fused node's ŷ Σy - y, for any targets, since there ℓ is -y/N.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ...core.pytree import tree_leaves
from ...core.registry import PRIMITIVES
from ..ir import Step, Value, example_of, options
from .rewrite import Call, Rule, made_by

_SUMS = (np.sum, np.add.reduce)
_RESHAPES = (np.broadcast_to, np.reshape)


def softmax(step: Step) -> Any:
    """e^z / Σ e^z → e^(z - m) / Σ e^(z - m)."""
    if step.function is not np.divide:
        return None
    e, s = step.args
    z, axis = _exponent(e), _summed(s, e)
    if z is None or axis is None or _is_shifted(z):
        return None
    return Call(np.divide, *_shifted(z, axis))


def log_sum(step: Step) -> Any:
    """ln Σ e^z → m + ln Σ e^(z - m)."""
    e = _terms(step.args[0]) if step.function is np.log else None
    z = _exponent(e)
    if z is None or _is_shifted(z):
        return None
    axis = _axis(step.args[0])
    largest, total = Call(np.max, z, axis=axis, keepdims=True), _shifted(z, axis)[1]
    return Call(np.reshape, Call(np.add, largest, Call(np.log, total)), step.outs[0].shape)


def through_log_sum(step: Step) -> Any:
    """(a / Σ e^z) e^z → a ŷ."""
    if step.function is not np.multiply:
        return None
    for quotient, e in (step.args, step.args[::-1]):
        z, inner = _exponent(e), made_by(_unshaped(quotient), np.divide)
        if z is None or inner is None or _is_shifted(z) or _terms(inner[1]) is not e:
            continue
        a, s = inner
        axis = _axis(s)
        kept = np.shape(np.sum(e.example, axis=axis, keepdims=True))
        if np.shape(quotient.example) == kept and np.shape(example_of(a)) in ((), s.shape):
            if np.shape(example_of(a)):
                a = Call(np.reshape, a, kept) if isinstance(a, Value) else np.reshape(a, kept)
            return Call(np.multiply, a, Call(np.divide, *_shifted(z, axis)))
    return None


def log_softmax(step: Step) -> Any:
    """ln (e^u / s) → u - ln s, with s = Σ e^u and u = z - m."""
    inner = made_by(step.args[0], np.divide) if step.function is np.log else None
    u = _exponent(inner[0]) if inner else None
    if u is None or inner is None or _summed(inner[1], inner[0]) is None:
        return None
    return Call(np.subtract, u, Call(np.log, inner[1]))


def log_of_entries(step: Step) -> Any:
    """ln (e^u / s)[i] → (u - ln s)[i]."""
    inner = made_by(step.args[0], operator.getitem) if step.function is np.log else None
    if inner is None or not _is_softmax(inner[0]):
        return None
    e, s = inner[0].step.args
    return Call(operator.getitem, Call(np.subtract, _exponent(e), Call(np.log, s)), inner[1])


def through_softmax(step: Step) -> Any:
    """(a/s + Σ -aŷ/s) e → ℓ - ŷ Σ ℓ where a is ℓ/ŷ, else ŷ (a - Σ a ŷ)."""
    for first, second, e in _products(step):
        for direct, through in ((first, second), (second, first)):
            found = _cotangent(direct, through, e)
            if found:
                return _stable(*found)
    return None


def _products(step: Step) -> Any:
    """Yield b, c, e with e an exponential, if the step is (b + c) e or b e + c e."""
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
    """Return a, ŷ and the axis, if `direct` is a/s and `through` is Σ -aŷ/s."""
    inner = made_by(direct, np.divide)
    axis = _summed(inner[1], e) if inner else None
    if axis is None:
        return None
    a, s = inner
    through = _unshaped(through)
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

    full = _by_softmax(a, p)
    if full is not None:
        return Call(np.subtract, full, Call(np.multiply, p, total(full)))
    return Call(np.multiply, p, Call(np.subtract, a, total(Call(np.multiply, a, p))))


def _by_softmax(a: Any, p: Any) -> Any:
    """Return ℓ if a = ℓ/ŷ, also if that was scattered into the entries [i] of ŷ; else None."""
    inner = made_by(a, np.divide)
    if inner and inner[1] is p:
        return _of_shape(inner[0], p.shape)
    entries = made_by(a, PRIMITIVES["scatter"].forward)
    inner = made_by(entries[0], np.divide) if entries else None
    taken = made_by(inner[1], operator.getitem) if inner else None
    if not (entries and inner and taken) or taken[0] is not p:
        return None
    if list(map(id, tree_leaves(taken[1]))) != list(map(id, tree_leaves(entries[1]))):
        return None
    full = Call(a.step.function, _of_shape(inner[0], inner[1].shape), *entries[1:])
    full.name = a.step.name
    return full if full.args[0] is not None else None


def _of_shape(x: Any, shape: tuple[int, ...]) -> Any:
    """Return a value or a number as an array of that shape; None for a value of another."""
    if np.shape(example_of(x)) == shape:
        return x
    return np.broadcast_to(x, shape) if not isinstance(x, Value) else None


def _shifted(z: Any, axis: Any) -> Any:
    """Return e^(z - m), and its sum."""
    e = Call(np.exp, Call(np.subtract, z, Call(np.max, z, axis=axis, keepdims=True)))
    return e, Call(np.sum, e, axis=axis, keepdims=True)


def _unshaped(x: Any) -> Any:
    """Return the value before it was reshaped or broadcast."""
    while isinstance(x, Value) and x.step and x.step.function in _RESHAPES:
        x = x.step.args[0]
    return x


def _terms(s: Any) -> Any:
    """Return what a plain sum adds up, or None."""
    made = s.step if isinstance(s, Value) else None
    if made is None or made.function not in _SUMS:
        return None
    others = [x for key, x in options(made).items() if key not in ("axis", "keepdims")]
    return made.args[0] if all(x is None for x in others) else None


def _axis(s: Any) -> Any:
    """Return the axis of a sum, all of them if it names none."""
    axis = options(s.step, axis=0 if s.step.function == np.add.reduce else None)["axis"]
    return tuple(range(np.ndim(s.step.args[0].example))) if axis is None else axis


def _exponent(e: Any) -> Any:
    inner = made_by(e, np.exp)
    return inner[0] if inner else None


def _summed(s: Any, e: Any) -> Any:
    """Return the axis over which `s` is the sum of `e`, kept, or None."""
    given = np.shape(example_of(s))
    if isinstance(s, Value) and s.step and s.step.function in (np.reshape, operator.getitem):
        s = s.step.args[0] if np.size(s.example) == np.size(s.step.args[0].example) else s
    if e is None or _terms(s) is not e:
        return None
    axis = _axis(s)
    kept = np.shape(np.sum(e.example, axis=axis, keepdims=True))
    return axis if given == kept or given == () else None


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
    ("stable log-softmax of entries", log_of_entries),
    ("softmax cancelled", through_softmax),
    ("stable log-sum", log_sum),
    ("stable gradient of a log-sum", through_log_sum),
]
