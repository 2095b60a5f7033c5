"""Formulas, read off the tape: a record as one writes it, and a rule as what it computes.

No derivative is typed here. To show one, the rule runs on Tensors that stand for symbols, and the
tape that it leaves is written out. Only the notation of an operation is given by hand, and an
operation without one is written as a call, ``tanh(x)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.tensor import Tensor
from ..text.format import MOST_ENTRIES, Called, argument, listed, number, values, variable
from .names import Formula, Names
from .symbolic import SILENT, Ruled, defined, is_outer, keeps_all, options, parameters

#: operation -> how it is written, how tightly that binds, and how tightly its operands must
_NOTATION: dict[str, tuple[str, int, tuple[int, ...]]] = {
    "add": ("{} + {}", 1, (1, 1)),
    "sub": ("{} - {}", 1, (1, 2)),
    "mul": ("{} · {}", 2, (2, 2)),
    "div": ("{} / {}", 2, (2, 3)),
    "matmul": ("{} @ {}", 2, (2, 3)),
    "neg": ("-{}", 2, (2,)),
    "pow": ("{}^{}", 3, (4, 4)),
    "square": ("{}²", 3, (4,)),
    "reciprocal": ("1 / {}", 2, (3,)),
    "abs": ("|{}|", 4, (0,)),
    "less": ("{} < {}", 0, (1, 1)),
    "less_equal": ("{} ≤ {}", 0, (1, 1)),
    "greater": ("{} > {}", 0, (1, 1)),
    "greater_equal": ("{} ≥ {}", 0, (1, 1)),
    "equal": ("{} = {}", 0, (1, 1)),
    "not_equal": ("{} ≠ {}", 0, (1, 1)),
}
_ATOM = 4
_UNIT = "1"  # the name of a factor that need not be written
_LONGEST = 300  # characters of a formula
_LONGEST_NUMBER = 8  # characters of one that is written out; a longer one is rounded

Written = tuple[str, int]


def of_record(t: Tensor, called: Called) -> str:
    """A record as a formula in the names of its arguments: ``e / s``.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.text.format import labels
    >>> x, w = (ag.tensor(2.0, requires_grad=True, name=name) for name in "xw")
    >>> y = (x + w) * x
    >>> print(of_record(y, labels(y.tape())))
    v2 · x
    """
    return _written(t, called, lambda a: (called[a.order], _ATOM))[0]


def of_operands(t: Tensor, texts: Sequence[str]) -> str:
    """A record as a formula in other texts for its arguments, which are Tensors: numbers, say."""
    found = {id(a): text for a, text in zip(t.inputs, texts)}
    return _written(t, {}, lambda a: (found[id(a)], 1 if found[id(a)].startswith("-") else _ATOM))[
        0
    ]


def of_rule(rule: Ruled, called: Called, cotangent: str) -> str:
    """What a rule computes, as one formula: what it gives a name is written out.

    Parameters
    ----------
    rule : Ruled
        What it makes of symbols.
    called : mapping
        What to call the tensors, by creation number.
    cotangent : str
        What to call the derivative that arrives.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.notation.symbolic import ruled
    >>> from autograd_mini.text.format import labels
    >>> a, b = (ag.tensor(2.0, requires_grad=True, name=name) for name in "ab")
    >>> y = a / b
    >>> called = labels(y.tape())
    >>> print(of_rule(ruled(y)[0], called, "g"), of_rule(ruled(y)[1], called, "g"))
    g / b -g · v2 / b
    """
    return _of_tape(rule, called, cotangent, lambda t, text: "")[0]


def local(rule: Ruled, called: Called) -> str:
    """The local derivative: what a rule multiplies the cotangent by.

    A rule that does more than multiply, as that of a matrix product, is written with `g` for the
    cotangent. What it gives a name is not written out.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.notation.symbolic import ruled
    >>> from autograd_mini.text.format import labels
    >>> a, b = (ag.tensor([2.0], requires_grad=True, name=name) for name in "ab")
    >>> y, p = a / b, a @ b
    >>> print(local(ruled(y)[0], labels(y.tape())), local(ruled(y)[1], labels(y.tape())))
    1 / b -v2 / b
    """
    cotangent = _UNIT if rule.multiplies() else "g"
    return _of_tape(rule, called, cotangent, lambda t, text: t.name or "")[0]


def in_names(rule: Ruled, called: Called, cotangent: str, names: Names) -> Formula:
    """What a rule computes, in what it gives a name; and what that stands for, where it is new.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.notation.symbolic import ruled
    >>> from autograd_mini.text.format import labels
    >>> z = ag.tensor([2.0, 1.0], requires_grad=True, name="z")
    >>> y = ag.log_softmax(z)
    >>> in_names(ruled(y)[0], labels(y.tape()), "g", Names())
    Formula(text='g - ŷ · sum(g, axis=-1, keepdims=True)', binds=1, where=(('ŷ', 'softmax(z)'),))
    """

    def call(t: Tensor, text: str) -> str:
        assert t.name
        return (
            names.give(t.name, text, text) if t.op else names.give(t.name, t.data, values(t.data))
        )

    text, binds = _of_tape(rule, called, cotangent, call, names)
    return Formula(text, binds, names.said())


def of_definition(t: Tensor, called: Called, names: Names) -> Formula:
    """A record as a textbook defines it; as `of_record` where it is no fused node."""
    rule = defined(t)
    if rule:
        return in_names(rule, called, "", names)
    return Formula(*_written(t, called, lambda a: (called[a.order], _ATOM), names))


def _of_tape(
    rule: Ruled,
    called: Called,
    cotangent: str,
    call: Callable[[Tensor, str], str],
    names: Names | None = None,
) -> Written:
    """The whole tape of a rule as one formula in its leaves, and in the records that `call` gives a
    name."""
    found = rule.found
    if not isinstance(found, Tensor):
        return f"{found}({cotangent})" if rule.is_unknown else found, _ATOM
    written: dict[int, Written] = {rule.cotangent.order: (cotangent, _ATOM)}
    for t in rule.tape:
        if t is rule.cotangent:
            continue
        if t.order in rule.of:
            written[t.order] = (called[rule.of[t.order].order], _ATOM)
        elif t.op is None:
            known = _variable(t._array, called)
            named = (call(t, "") or t.name, _ATOM) if t.name and not known else None
            written[t.order] = known or named or _constant(t.data)
        else:
            text, binds = _written(t, called, lambda a: written[a.order], names)
            long = len(text) > _LONGEST  # what is used twice is written twice, and that adds up
            written[t.order] = (f"{t.op.name}(…)", _ATOM) if long else (text, binds)
            if t.name and (name := call(t, written[t.order][0])):
                written[t.order] = (name, _ATOM)
    return written[found.order]


def _written(
    t: Tensor, called: Called, of: Callable[[Tensor], Written], names: Names | None = None
) -> Written:
    """A record in the texts of its arguments, and how tightly the text binds."""
    assert t.op is not None
    parts = [
        of(a) if isinstance(a, Tensor) else _variable(a, called) or _constant(a, names)
        for a in t.inputs
    ]
    name = t.op.name
    if name in SILENT or (name == "getitem" and keeps_all(t)):
        return parts[0]
    if is_outer(t):
        return f"{bound(parts[0], 2)} @ {bound(parts[1], _ATOM)}ᵀ", 2
    if name in ("pow", "div") and parts[1][0] == _UNIT:
        return parts[0]
    if name == "mul" and any(text.lstrip("-") == _UNIT for text, _ in parts):
        return _scaled(*parts)
    if name == "getitem":
        return f"{bound(parts[0], _ATOM)}{_index(t.inputs[1])}", _ATOM
    if name == "transpose" and len(t.inputs) == 1:
        return f"{bound(parts[0], _ATOM)}ᵀ", _ATOM
    if name in _NOTATION and len(parts) == len(_NOTATION[name][2]):
        template, binds, least = _NOTATION[name]
        return template.format(*map(bound, parts, least)), binds
    return f"{name}({_arguments(t, called, parts)})", _ATOM


def _arguments(t: Tensor, called: Called, parts: Sequence[Written]) -> str:
    """The arguments of a call."""
    assert t.op is not None
    texts = [text for text, _ in parts]
    for i, (a, parameter) in enumerate(zip(t.inputs, parameters(t.op))):
        if isinstance(a, np.ndarray) and a.ndim and not variable(a, called):
            texts[i] = f"{parameter}={texts[i]}"
    return ", ".join([listed(texts), *options(t)])


def _variable(x: Any, called: Called) -> Written | None:
    """An array that is in a variable, or is one of those transposed."""
    if name := variable(x, called):
        return name, _ATOM
    if isinstance(x, np.ndarray) and x.ndim > 1 and (name := variable(x.swapaxes(-1, -2), called)):
        return f"{name}ᵀ", _ATOM
    return None


def _constant(x: Any, names: Names | None = None) -> Written:
    """A number or an array; in a product, a negative number needs parentheses."""
    text = argument(x)
    if names and isinstance(x, np.ndarray) and x.size > MOST_ENTRIES:
        text = names.give(text, x, another="{}#{}".format)
    if isinstance(x, float) and len(text) > _LONGEST_NUMBER:
        text = number(x)
    return text, 1 if text.startswith("-") else _ATOM


def _scaled(a: Written, b: Written) -> Written:
    """A product of which one factor is 1 or -1, without it."""
    unit, (text, binds) = (a, b) if a[0].lstrip("-") == _UNIT else (b, a)
    return (f"-{bound((text, binds), 2)}", 2) if unit[0].startswith("-") else (text, binds)


def _index(index: Any) -> str:
    text = argument(index)
    return text if text.startswith("[") else f"[{text}]"


def bound(part: Written, least: int) -> str:
    """A text as an operand: in parentheses where it binds less tightly than it must."""
    text, binds = part
    return text if binds >= least else f"({text})"
