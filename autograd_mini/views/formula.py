"""Formulas, read off the tape: a record as one writes it, and a rule as what it computes.

No derivative is typed here. To show one, the rule runs on Tensors that stand for symbols, and the
tape that it leaves is written out. Only the notation of an operation is given by hand, and an
operation without one is written as a call, ``tanh(x)``.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..tape import Tape
from ..tensor import Tensor, recording
from .writing import argument, number

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
}
#: what only arranges entries, and is not written: what it does shows in the shapes
_SILENT = {"reshape", "broadcast_to", "expand_dims", "squeeze", "alias", "astype", "copy"}
#: what multiplies its first argument, entry by entry
_SCALES = {"mul", "div", "neg"} | _SILENT
_ATOM = 4
_UNIT = "1"  # the name of a factor that need not be written
_LONGEST = 300  # characters of a formula
_LONGEST_NUMBER = 8  # characters of one that is written out; a longer one is rounded

Written = tuple[str, int]


def of_record(t: Tensor, called: Mapping[int, str]) -> str:
    """A record as a formula in the names of its arguments: ``e / s``.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.views.writing import labels
    >>> x, w = (ag.tensor(2.0, requires_grad=True, name=name) for name in "xw")
    >>> y = (x + w) * x
    >>> print(of_record(y, labels(y.tape())))
    v2 · x
    """
    return _written(t, lambda a: (called[a.order], _ATOM))[0]


def of_operands(t: Tensor, texts: Sequence[str]) -> str:
    """A record as a formula in other texts for its arguments, which are Tensors: numbers, say."""
    found = {id(a): text for a, text in zip(t.inputs, texts)}
    return _written(t, lambda a: (found[id(a)], 1 if found[id(a)].startswith("-") else _ATOM))[0]


def of_rule(t: Tensor, i: int, called: Mapping[int, str], cotangent: str) -> str:
    """What the i-th rule of a record computes, as a formula.

    Parameters
    ----------
    t : Tensor
        A record whose i-th argument is active.
    called : mapping
        What to call the tensors, by creation number.
    cotangent : str
        What to call the derivative that arrives.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.views.writing import labels
    >>> a, b = (ag.tensor(2.0, requires_grad=True, name=name) for name in "ab")
    >>> y = a / b
    >>> print(of_rule(y, 0, labels(y.tape()), "g"), of_rule(y, 1, labels(y.tape()), "g"))
    g / b -g · v2 / b
    """
    found, _ = ruled(t, i, called, cotangent)
    return _of_tape(found) if isinstance(found, Tensor) else found


def local(t: Tensor, i: int, called: Mapping[int, str]) -> str:
    """The local derivative: what the i-th rule of a record multiplies the cotangent by.

    A rule that does more than multiply, as that of a matrix product, is written with `g` for the
    cotangent.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.views.writing import labels
    >>> a, b = (ag.tensor([2.0], requires_grad=True, name=name) for name in "ab")
    >>> y, p = a / b, a @ b
    >>> print(local(y, 0, labels(y.tape())), local(y, 1, labels(y.tape())), sep=" and ")
    1 / b and -v2 / b
    """
    found, g = ruled(t, i, called, "g")
    if not isinstance(found, Tensor):
        return found
    if multiplies(found, g):
        g.name = _UNIT
    return _of_tape(found)


def multiplies(found: Tensor | str, g: Tensor) -> bool:
    """Whether what a rule made of the cotangent `g` is that, multiplied entry by entry."""
    if not isinstance(found, Tensor):
        return False
    follows = {g.order}  # the records that the cotangent goes into
    for record in Tape(found):
        into = [k for k, a in enumerate(record.inputs) if getattr(a, "order", None) in follows]
        if into:
            follows.add(record.order)
            name = record.op.name if record.op else ""
            if (into != [0] and (name != "mul" or len(into) > 1)) or name not in _SCALES:
                return False
    return True


def ruled(
    t: Tensor, i: int, called: Mapping[int, str], cotangent: str
) -> tuple[Tensor | str, Tensor]:
    """What the i-th rule makes of symbols, and the one that stands for the cotangent.

    Text instead, ``tanh′(g)``, for a rule that cannot run on Tensors: it may be a user's.
    """
    assert t.op is not None
    g = Tensor(np.ones(t.shape, t.dtype), requires_grad=True, name=cotangent)
    rule: Any = next(r for j, r in enumerate(t.op.vjps) if j == i)
    for values in (_Values, np.ndarray):  # the rule may do with a mask what a Tensor cannot
        symbols = {id(a): _symbol(a, called, values) for a in (*t.inputs, t) if _is_tensor(a)}
        args = [symbols.get(id(a), a) for a in t.inputs]
        with recording(True), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            with contextlib.suppress(Exception):
                found = rule(g, symbols[id(t)], *args, **t.kwargs)
                return (found if isinstance(found, (Tensor, str)) else argument(found)), g
    return f"{t.op.name}′({cotangent})", g


def _is_tensor(a: Any) -> bool:
    return isinstance(a, Tensor)


def _symbol(t: Tensor, called: Mapping[int, str], values: type[np.ndarray[Any, Any]]) -> Tensor:
    """A leaf that stands for a tensor: its values, and what it is called."""
    symbol = Tensor(t._array, requires_grad=t.dtype.kind in "fO", name=called[t.order])
    if isinstance(t._array, np.ndarray):
        symbol._array = t._array.view(values)
        if isinstance(symbol._array, _Values):
            symbol._array.text = called[t.order]
    return symbol


#: functions that have no derivative, of which rules make masks and signs
_MASKS = {
    np.less: "{} < {}",
    np.less_equal: "{} ≤ {}",
    np.greater: "{} > {}",
    np.greater_equal: "{} ≥ {}",
    np.equal: "{} = {}",
    np.not_equal: "{} ≠ {}",
    np.sign: "sign({})",
}
_MIRRORED = {
    np.less: np.greater,
    np.greater: np.less,
    np.less_equal: np.greater_equal,
    np.greater_equal: np.less_equal,
}


class _Values(np.ndarray[Any, Any]):
    """The values of a symbol, which know what they are called.

    What has no derivative comes to a rule as a plain array. Made of these it is a symbol too.
    """

    text = ""

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        plain = [np.asarray(a) if isinstance(a, _Values) else a for a in args]
        found = getattr(ufunc, method)(*plain, **kwargs)
        texts = [a.text if isinstance(a, _Values) else argument(a) for a in args]
        if method != "__call__" or ufunc not in _MASKS or not all(texts):
            return found
        if not isinstance(args[0], _Values):  # it was x > 0, which came as 0 < x
            ufunc, texts = _MIRRORED.get(ufunc, ufunc), texts[::-1]
        text = _MASKS[ufunc].format(*texts)
        return Tensor(found, name=text if text.endswith(")") else f"({text})")


def _of_tape(result: Tensor) -> str:
    """The whole tape of a result as one formula in its leaves."""
    written: dict[int, Written] = {}
    for t in Tape(result):
        if t.op is None:
            written[t.order] = (t.name, _ATOM) if t.name else _constant(t.data)
        else:
            text, binds = _written(t, lambda a: written[a.order])
            long = len(text) > _LONGEST  # what is used twice is written twice, and that adds up
            written[t.order] = (f"{t.op.name}(…)", _ATOM) if long else (text, binds)
    return written[result.order][0]


def _written(t: Tensor, of: Callable[[Tensor], Written]) -> Written:
    """A record in the texts of its arguments, and how tightly the text binds."""
    assert t.op is not None
    parts = [of(a) if isinstance(a, Tensor) else _constant(a) for a in t.inputs]
    name = t.op.name
    if name in _SILENT:
        return parts[0]
    if name in ("pow", "div") and parts[1][0] == _UNIT:
        return parts[0]
    if name == "mul" and any(text.lstrip("-") == _UNIT for text, _ in parts):
        return _scaled(*parts)
    if name == "getitem":
        return f"{_bound(parts[0], _ATOM)}{_index(t.inputs[1])}", _ATOM
    if name == "transpose" and len(t.inputs) == 1:
        return f"{_bound(parts[0], _ATOM)}ᵀ", _ATOM
    if name in _NOTATION and len(parts) == len(_NOTATION[name][2]):
        template, binds, least = _NOTATION[name]
        return template.format(*map(_bound, parts, least)), binds
    said = {k: v for k, v in t.kwargs.items() if v is not None and v is not False}
    settings = [f"{k}={argument(v)}" for k, v in said.items()]
    return f"{name}({', '.join([text for text, _ in parts] + settings)})", _ATOM


def _constant(x: Any) -> Written:
    """A number or an array; in a product, a negative number needs parentheses."""
    text = argument(x)
    if isinstance(x, float) and len(text) > _LONGEST_NUMBER:
        text = number(x)
    return text, 1 if text.startswith("-") else _ATOM


def _scaled(a: Written, b: Written) -> Written:
    """A product of which one factor is 1 or -1, without it."""
    unit, (text, binds) = (a, b) if a[0].lstrip("-") == _UNIT else (b, a)
    return (f"-{_bound((text, binds), 2)}", 2) if unit[0].startswith("-") else (text, binds)


def _index(index: Any) -> str:
    text = argument(index)
    return text if text.startswith("[") else f"[{text}]"


def _bound(part: Written, least: int) -> str:
    """A text as an operand: in parentheses where it binds less tightly than it must."""
    text, binds = part
    return text if binds >= least else f"({text})"
