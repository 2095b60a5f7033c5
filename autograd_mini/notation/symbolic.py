"""A rule, run on symbols: the tape that it leaves is what formulas are written from.

A symbol is a Tensor that stands for one of the tape's. A rule cannot tell them apart, so what it
computes is recorded, and nothing about it needs to be typed again.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

import numpy as np

from ..core.context import grad_mode, unobserved
from ..core.primitive import Primitive
from ..core.tape import Tape
from ..core.tensor import Tensor

#: what only arranges entries, and is not written: what it does shows in the shapes
SILENT = {"reshape", "broadcast_to", "expand_dims", "squeeze", "alias", "astype", "copy"}
#: what multiplies its first argument, entry by entry
_SCALES = {"mul", "div", "neg"} | SILENT
_FEW = 64  # entries that are not worth letting go of


class Ruled(NamedTuple):
    """What a rule made of symbols.

    Attributes
    ----------
    op : str
        The name of the operation.
    found : Tensor or constant
        The result of the rule: the end of its tape, or a number or array that depends on no symbol.
        None for a rule that cannot run on Tensors, as a user's may be.
    tape : sequence of Tensor
        What it left behind; empty if the result is not a Tensor.
    cotangent : Tensor
        The symbol of the derivative that arrives.
    of : mapping of int to Tensor
        What each of the other symbols stands for, by the symbol's creation number.
    """

    op: str
    found: Any
    tape: Sequence[Tensor]
    cotangent: Tensor
    of: Mapping[int, Tensor]

    @property
    def is_unknown(self) -> bool:
        """Whether the rule could not run on symbols."""
        return self.found is None

    def multiplies(self) -> bool:
        """Whether the rule multiplies the cotangent, entry by entry, and does nothing else."""
        if not isinstance(self.found, Tensor):
            return False
        follows = {self.cotangent.order}  # the records that the cotangent goes into
        for record in self.tape:
            into = [k for k, a in enumerate(record.inputs) if getattr(a, "order", None) in follows]
            if into and not _scales(record, into):
                return False
            follows |= {record.order} if into else set()
        return True


def _scales(record: Tensor, into: Sequence[int]) -> bool:
    """Whether a record multiplies what goes into it at these positions."""
    assert record.op is not None
    name = record.op.name
    if name == "getitem":
        return record.inputs[0].size == 1 and keeps_all(record)
    return (into == [0] and name in _SCALES) or (len(into) == 1 and name == "mul")


def keeps_all(record: Tensor) -> bool:
    """Whether an index takes every entry as it stands, and only adds or drops axes of length 1."""
    x, index = record.inputs
    parts = index if isinstance(index, tuple) else (index,)
    basic = all(i is None or i is ... or isinstance(i, (int, slice)) for i in parts)
    forward = all(not isinstance(i, slice) or (i.step or 1) > 0 for i in parts)
    return basic and forward and bool(record.size == x.size)


def is_outer(record: Tensor) -> bool:
    """Whether a product is that of a column and a row, both made of vectors: v wᵀ."""
    if record.op is None or record.op.name != "mul":
        return False
    column, row = record.inputs
    both = _was_vector(column) and _was_vector(row)
    return both and column.shape[1:] == (1,) and row.shape[-1] == row.size > 1


def _was_vector(x: Any) -> bool:
    if not isinstance(x, Tensor):
        return False
    indexed = x.op is not None and x.op.name == "getitem"
    return (x.inputs[0] if indexed else x).ndim == 1


def ruled(t: Tensor) -> dict[int, Ruled]:
    """What the rules of a record make of symbols, by the position of the argument they are for.

    The rules as a textbook writes them, where the primitive knows that.
    """
    assert t.op is not None
    rules: list[Any] = [rule for rule, _ in zip(t.op.vjps, t.inputs)]
    rules = [*map(_or, t.op.display_rules, rules), *rules[len(t.op.display_rules) :]]
    active = [i for i, a in enumerate(t.inputs[: len(rules)]) if getattr(a, "requires_grad", False)]
    symbols = _Symbols(t, _Values)
    found = {
        i: _run(rules[i], t, symbols)
        or _run(rules[i], t, _Symbols(t, np.ndarray))  # a mask may be what a rule cannot use
        or Ruled(t.op.name, None, (), symbols.cotangent, {})
        for i in active
        if rules[i] is not None
    }
    symbols.let_go()
    return found


def defined(t: Tensor) -> Ruled | None:
    """What a fused node computes, as a textbook defines it; None for what is no such node."""
    definition = t.op and t.op.display_graph
    if not definition:
        return None
    return _run(
        lambda g, y, *args, **kwargs: definition(*args, **kwargs), t, _Symbols(t, np.ndarray)
    )


def _or(textbook: Any, rule: Any) -> Any:
    return rule and (textbook or rule)


def _run(rule: Any, t: Tensor, symbols: _Symbols) -> Ruled | None:
    """What a rule makes of symbols; None if it cannot use them."""
    assert t.op is not None
    with (
        unobserved(),
        grad_mode(True),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        try:
            found = rule(symbols.cotangent, *symbols.arguments, **t.kwargs)
        except Exception:  # whatever a user's rule may raise
            return None
    if not isinstance(found, Tensor):
        return Ruled(t.op.name, found, (), symbols.cotangent, symbols.of)
    tape = list(Tape(found))
    _forget(tape)
    return Ruled(t.op.name, found, tape, symbols.cotangent, symbols.of)


class _Symbols:
    """What the rules of a record are run on."""

    def __init__(self, t: Tensor, values: type[np.ndarray[Any, Any]]) -> None:
        assert t.op is not None
        tensors = {id(a): a for a in (*t.inputs, t) if isinstance(a, Tensor)}
        symbols = {key: _symbol(a, values) for key, a in tensors.items()}
        names = chain(parameters(t.op), repeat(""))
        self.cotangent = _leaf(np.broadcast_to(np.ones((), t.dtype), t.shape), True)
        self.of = {symbol.order: tensors[key] for key, symbol in symbols.items()}
        self.arguments = [
            symbols[id(t)],
            *(
                symbols[id(a)] if id(a) in symbols else _constant(a, name)
                for a, name in zip(t.inputs, names)
            ),
        ]
        self._symbols = symbols.values()

    def let_go(self) -> None:
        """Have plain arrays, which do not refer back to their symbols."""
        for symbol in self._symbols:
            if isinstance(symbol._array, _Values):
                symbol._array = symbol._array.view(np.ndarray)


def _leaf(array: Any, active: bool) -> Tensor:
    """A leaf around an array that is not copied."""
    leaf = Tensor(0.0, requires_grad=active)
    leaf._array = array
    return leaf


def _symbol(t: Tensor, values: type[np.ndarray[Any, Any]]) -> Tensor:
    """A leaf that stands for a tensor, with its values."""
    symbol = _leaf(t._array, t.dtype.kind in "fO")
    if isinstance(t._array, np.ndarray):
        symbol._array = t._array.view(values)
        if isinstance(symbol._array, _Values):
            symbol._array.symbol = symbol
    return symbol


def _constant(a: Any, name: str) -> Any:
    """An argument; if it is a bare array, as a Tensor that is called like the parameter."""
    if not name or not isinstance(a, np.ndarray) or not a.ndim:
        return a
    constant = _leaf(a, a.dtype.kind in "fO")
    constant.name = name
    return constant


def _forget(tape: Sequence[Tensor]) -> None:
    """Let go of the numbers: a formula is written from operations, shapes and constants."""
    for t in tape:
        if t.op is not None and t.size > _FEW:
            t._array = np.broadcast_to(np.zeros((), t.dtype), t.shape)


def parameters(op: Primitive) -> Mapping[str, Any]:
    """What a fused node calls its arguments, and their defaults.

    Of other operations the places of the arguments say enough: x · 2, x[0].
    """
    if op.unfused is None:
        return {}
    return {p.name: p.default for p in inspect.signature(op.forward).parameters.values()}


def options(t: Tensor) -> dict[str, Any]:
    """Return the keywords of a node, ``axis=0``, except those with their usual values."""
    assert t.op is not None
    usual = parameters(t.op)
    return {
        key: value
        for key, value in t.kwargs.items()
        if value is not None and value is not False and value is not usual.get(key, ...)
    }


#: functions that have no derivative, of which rules make masks and signs
_MASKS = {
    f: Primitive(f, (None,) * f.nin, f.__name__)
    for f in (
        np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.sign,
    )
}  # fmt: skip
_MIRRORED = {
    np.less: np.greater,
    np.greater: np.less,
    np.less_equal: np.greater_equal,
    np.greater_equal: np.less_equal,
}


class _Values(np.ndarray[Any, Any]):
    """The values of a symbol, which know what they are values of.

    What has no derivative comes to a rule as a plain array. Made of these it is recorded too.
    """

    symbol: Tensor | None = None

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if "out" in kwargs:
            kwargs["out"] = tuple(map(_plain, kwargs["out"]))
        found = getattr(ufunc, method)(*map(_plain, args), **kwargs)
        if method != "__call__" or ufunc not in _MASKS:
            return found
        inputs = [a.symbol if isinstance(a, _Values) else a for a in args]
        if any(a is None for a in inputs):
            return found
        if not isinstance(inputs[0], Tensor):  # it was x > 0, which came as 0 < x
            ufunc, inputs = _MIRRORED.get(ufunc, ufunc), inputs[::-1]
        mask = _leaf(found, False)
        mask.op, mask.inputs = _MASKS[ufunc], tuple(inputs)
        return mask


def _plain(a: Any) -> Any:
    return a.view(np.ndarray) if isinstance(a, _Values) else a
