"""Rules run on symbols: the tape that a rule leaves is its formula.

A symbol is a Tensor that represents one of the tape. A rule cannot tell them apart, so its
computation is recorded, and no formula needs to be typed a second time.
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

#: operations that only arrange entries: formulas leave them out
SILENT = {"reshape", "broadcast_to", "expand_dims", "squeeze", "alias", "astype", "copy"}
#: operations that multiply their first argument, entry by entry
_SCALES = {"mul", "div", "neg"} | SILENT
_FEW = 64  # entries of an array that is kept


class SymbolicRule(NamedTuple):
    """A rule that has run on symbols.

    Attributes
    ----------
    op : str
        The name of the operation.
    result : Tensor or constant
        The end of the rule's tape; or a number or array, if that depends on no symbol. None for a
        rule that cannot run on Tensors, as a user's may be.
    tape : sequence of Tensor
        The tape behind the result; empty if that is not a Tensor.
    cotangent : Tensor
        The symbol of the cotangent.
    symbols : mapping of int to Tensor
        The tensor that each of the other symbols represents, by the symbol's creation number.
    """

    op: str
    result: Any
    tape: Sequence[Tensor]
    cotangent: Tensor
    symbols: Mapping[int, Tensor]

    @property
    def is_unknown(self) -> bool:
        """Whether the rule could not run on symbols."""
        return self.result is None

    def multiplies(self) -> bool:
        """Whether the rule multiplies the cotangent, entry by entry, and does nothing else."""
        if not isinstance(self.result, Tensor):
            return False
        follows = {self.cotangent.order}  # the nodes that depend on the cotangent
        for node in self.tape:
            into = [k for k, a in enumerate(node.inputs) if getattr(a, "order", None) in follows]
            if into and not _scales(node, into):
                return False
            follows |= {node.order} if into else set()
        return True


def _scales(node: Tensor, into: Sequence[int]) -> bool:
    """Whether a node multiplies its arguments at these positions."""
    assert node.op is not None
    name = node.op.name
    if name == "getitem":
        return node.inputs[0].size == 1 and keeps_all(node)
    return (into == [0] and name in _SCALES) or (len(into) == 1 and name == "mul")


def keeps_all(node: Tensor) -> bool:
    """Whether an index takes every entry in order, and only adds or drops axes of length 1."""
    x, index = node.inputs
    parts = index if isinstance(index, tuple) else (index,)
    basic = all(i is None or i is ... or isinstance(i, (int, slice)) for i in parts)
    forward = all(not isinstance(i, slice) or (i.step or 1) > 0 for i in parts)
    return basic and forward and bool(node.size == x.size)


def is_outer(node: Tensor) -> bool:
    """Whether a product is that of a column and a row, both made of vectors: v wᵀ."""
    if node.op is None or node.op.name != "mul":
        return False
    column, row = node.inputs
    both = _was_vector(column) and _was_vector(row)
    return both and column.shape[1:] == (1,) and row.shape[-1] == row.size > 1


def _was_vector(x: Any) -> bool:
    if not isinstance(x, Tensor):
        return False
    indexed = x.op is not None and x.op.name == "getitem"
    return (x.inputs[0] if indexed else x).ndim == 1


def symbolic_rules(t: Tensor) -> dict[int, SymbolicRule]:
    """Run the rules of a node on symbols; return them by the position of their argument.

    If the primitive has rules as a textbook writes them, these are run.
    """
    assert t.op is not None
    rules: list[Any] = [rule for rule, _ in zip(t.op.vjps, t.inputs)]
    rules = [*map(_or, t.op.display_rules, rules), *rules[len(t.op.display_rules) :]]
    active = [i for i, a in enumerate(t.inputs[: len(rules)]) if getattr(a, "requires_grad", False)]
    symbols = _Symbols(t, _Values)
    run = {
        i: _run(rules[i], t, symbols)
        or _run(rules[i], t, _Symbols(t, np.ndarray))  # a mask may be what a rule cannot use
        or SymbolicRule(t.op.name, None, (), symbols.cotangent, {})
        for i in active
        if rules[i] is not None
    }
    symbols.detach()
    return run


def symbolic_definition(t: Tensor) -> SymbolicRule | None:
    """Run a fused node's definition in a textbook on symbols; return None if it has none."""
    definition = t.op and t.op.display_graph
    if not definition:
        return None
    return _run(
        lambda g, y, *args, **kwargs: definition(*args, **kwargs), t, _Symbols(t, np.ndarray)
    )


def _or(textbook: Any, rule: Any) -> Any:
    return rule and (textbook or rule)


def _run(rule: Any, t: Tensor, symbols: _Symbols) -> SymbolicRule | None:
    """Run a rule on symbols; return None if it cannot use them."""
    assert t.op is not None
    with (
        unobserved(),
        grad_mode(True),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        try:
            result = rule(symbols.cotangent, *symbols.arguments, **t.kwargs)
        except Exception:  # whatever a user's rule may raise
            return None
    if not isinstance(result, Tensor):
        return SymbolicRule(t.op.name, result, (), symbols.cotangent, symbols.of)
    tape = list(Tape(result))
    _forget(tape)
    return SymbolicRule(t.op.name, result, tape, symbols.cotangent, symbols.of)


class _Symbols:
    """The arguments that the rules of a node are run on."""

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

    def detach(self) -> None:
        """Replace the arrays of the symbols by plain ones, which do not refer back to them."""
        for symbol in self._symbols:
            if isinstance(symbol._array, _Values):
                symbol._array = symbol._array.view(np.ndarray)


def _leaf(array: Any, active: bool) -> Tensor:
    """Return a leaf around an array, without a copy."""
    leaf = Tensor(0.0, requires_grad=active)
    leaf._array = array
    return leaf


def _symbol(t: Tensor, values: type[np.ndarray[Any, Any]]) -> Tensor:
    """Return a leaf that represents a tensor, with its values."""
    symbol = _leaf(t._array, t.dtype.kind in "fO")
    if isinstance(t._array, np.ndarray):
        symbol._array = t._array.view(values)
        if isinstance(symbol._array, _Values):
            symbol._array.symbol = symbol
    return symbol


def _constant(a: Any, name: str) -> Any:
    """Return an argument; a bare array as a Tensor that has the name of the parameter."""
    if not name or not isinstance(a, np.ndarray) or not a.ndim:
        return a
    constant = _leaf(a, a.dtype.kind in "fO")
    constant.name = name
    return constant


def _forget(tape: Sequence[Tensor]) -> None:
    """Drop the numbers: a formula needs only operations, shapes and constants."""
    for t in tape:
        if t.op is not None and t.size > _FEW:
            t._array = np.broadcast_to(np.zeros((), t.dtype), t.shape)


def parameters(op: Primitive) -> Mapping[str, Any]:
    """Return the names of a fused node's arguments, with their defaults.

    Other operations need no names: x · 2, x[0].
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


#: functions without a derivative that rules compute masks and signs with
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
    """The values of a symbol, which know their symbol.

    A rule computes masks with plain arrays. With these arrays, masks are recorded too.
    """

    symbol: Tensor | None = None

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if "out" in kwargs:
            kwargs["out"] = tuple(map(_plain, kwargs["out"]))
        result = getattr(ufunc, method)(*map(_plain, args), **kwargs)
        if method != "__call__" or ufunc not in _MASKS:
            return result
        inputs = [a.symbol if isinstance(a, _Values) else a for a in args]
        if any(a is None for a in inputs):
            return result
        if not isinstance(inputs[0], Tensor):  # NumPy turned x > 0 into 0 < x
            ufunc, inputs = _MIRRORED.get(ufunc, ufunc), inputs[::-1]
        mask = _leaf(result, False)
        mask.op, mask.inputs = _MASKS[ufunc], tuple(inputs)
        return mask


def _plain(a: Any) -> Any:
    return a.view(np.ndarray) if isinstance(a, _Values) else a
