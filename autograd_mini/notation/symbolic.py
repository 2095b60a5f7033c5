"""Run rules on symbols: the tape that a rule leaves is its formula.

A symbol is a Tensor that represents a tensor of the tape. A rule computes with it as usual, and
the engine records the computation.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain, repeat
from math import inf
from typing import Any, NamedTuple

import numpy as np

from ..core.context import Observer, grad_mode, observing
from ..core.primitive import Primitive
from ..core.pytree import tree_map
from ..core.registry import UFUNCS
from ..core.tape import Tape
from ..core.tensor import Tensor

#: operations that only arrange entries: formulas leave them out
SILENT = {
    "reshape", "broadcast_to", "expand_dims", "squeeze", "alias", "astype", "copy", "positive",
}  # fmt: skip
#: operations that multiply their first argument, entry by entry
_SCALES = {"mul", "div", "neg"} | SILENT
_FEW = 64  # entries of an array that a rule's tape keeps


class SymbolicRule(NamedTuple):
    """A rule that has run on symbols."""

    op: str
    result: Any  #: None if the rule cannot run on Tensors; a constant if it depends on no symbol
    tape: Sequence[Tensor]  #: the tape behind the result
    cotangent: Tensor  #: the symbol of the cotangent
    symbols: Mapping[int, Tensor]  #: the tensor of each other symbol, by the symbol's order

    @property
    def is_unknown(self) -> bool:
        """True if the rule could not run on symbols."""
        return self.result is None

    def multiplies(self) -> bool:
        """Return whether the rule only multiplies the cotangent, entry by entry."""
        if not isinstance(self.result, Tensor):
            return False
        dependent = {self.cotangent.order}  # the nodes that depend on the cotangent
        for node in self.tape:
            into = [i for i, a in enumerate(node.inputs) if getattr(a, "order", -1) in dependent]
            if into and not _scales(node, into):
                return False
            if into:
                dependent.add(node.order)
        return True


def _scales(node: Tensor, into: Sequence[int]) -> bool:
    """Return whether a node multiplies its arguments at these positions by something."""
    assert node.op is not None
    name = node.op.name
    if name == "getitem":
        return node.inputs[0].size == 1 and keeps_all(node)
    return (into == [0] and name in _SCALES) or (len(into) == 1 and name == "mul")


def keeps_all(node: Tensor) -> bool:
    """Return whether an index takes all entries in order."""
    x, index = node.inputs
    parts = index if isinstance(index, tuple) else (index,)
    basic = all(i is None or i is ... or isinstance(i, (int, slice)) for i in parts)
    forward = all(not isinstance(i, slice) or (i.step or 1) > 0 for i in parts)
    return basic and forward and bool(node.size == x.size)


def is_outer(node: Tensor) -> bool:
    """Return whether a product is that of a column and a row, both made of vectors: v wᵀ."""
    if node.op is None or node.op.name != "mul":
        return False
    column, row = node.inputs
    both = _was_vector(column) and _was_vector(row)
    return both and column.shape[1:] == (1,) and row.shape[-1] == row.size > 1


def _was_vector(x: Any) -> bool:
    if not isinstance(x, Tensor):
        return isinstance(x, np.ndarray) and x.ndim == 2 and x.shape[1] == 1
    indexed = x.op is not None and x.op.name == "getitem"
    return (x.inputs[0] if indexed else x).ndim == 1


def symbolic_rules(t: Tensor) -> dict[int, SymbolicRule]:
    """Run the rules of a node on symbols, and return them by the position of their argument.

    The rules of a textbook are preferred, if the primitive has them.
    """
    assert t.op is not None
    symbols = _Symbols(t, masks=True)
    rules = {}
    for i, (rule, a) in enumerate(zip(t.op.vjps, t.inputs)):
        if rule is not None and getattr(a, "requires_grad", False):
            best = (t.op.display_rules[i : i + 1] or (None,))[0] or rule
            rules[i] = (
                _run(best, t, symbols)
                or _run(best, t, _Symbols(t, masks=False))  # a rule may fail on a symbolic mask
                or SymbolicRule(t.op.name, None, (), symbols.cotangent, {})
            )
    symbols.detach()
    return rules


def symbolic_definition(t: Tensor) -> SymbolicRule | None:
    """Run the textbook definition of a fused node on symbols; return None if it has none."""
    definition = t.op and t.op.display_graph
    if not definition:
        return None
    symbols = _Symbols(t, masks=False)
    return _run(lambda g, y, *args, **kwargs: definition(*args, **kwargs), t, symbols)


def _run(rule: Any, t: Tensor, symbols: _Symbols) -> SymbolicRule | None:
    """Run a rule on symbols; return None if it cannot use them."""
    assert t.op is not None
    watched = observing(_Recorder(symbols), alone=True)
    with watched, grad_mode(True), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            result = rule(symbols.cotangent, *symbols.arguments, **t.kwargs)
        except Exception:  # whatever a user's rule may raise
            return None
    if not isinstance(result, Tensor):
        return SymbolicRule(t.op.name, result, (), symbols.cotangent, symbols.of)
    tape = list(Tape(result))
    masked = [t for t in tape if any(isinstance(a, _Mask) for a in t.inputs)]
    for node in masked:
        node.inputs = tuple(a.symbol if isinstance(a, _Mask) else a for a in node.inputs)
    if masked:
        tape = list(Tape(result))
    for node in tape:
        if node.op is not None and node.size > _FEW:  # a formula needs no numbers
            node._array = np.broadcast_to(np.zeros((), node.dtype), node.shape)
    return SymbolicRule(t.op.name, result, tape, symbols.cotangent, symbols.of)


class _Recorder(Observer):
    """Lets masks that a rule computes from its intermediate results be recorded too."""

    def __init__(self, symbols: _Symbols) -> None:
        self.symbols = symbols

    def recorded(self, op: Primitive, args: tuple[Any, ...], result: Tensor) -> None:
        self.symbols.tag(result)


class _Symbols:
    """The arguments that the rules of a node are run on."""

    def __init__(self, t: Tensor, masks: bool) -> None:
        assert t.op is not None
        tensors = [a for a in (t, *t.inputs) if isinstance(a, Tensor)]
        symbols = {a: _leaf(a._array, a.dtype.kind in "fO") for a in tensors}
        self._masks = masks
        self._tagged: list[Tensor] = []
        for symbol in symbols.values():
            self.tag(symbol)
        self.cotangent = _leaf(_ones(t.shape, t.dtype), True)
        self.of = {symbol.order: a for a, symbol in symbols.items()}
        self.arguments = [
            symbols[a] if isinstance(a, Tensor) else _constant(a, name)
            for a, name in zip((t, *t.inputs), chain([""], parameters(t.op), repeat("")))
        ]

    def tag(self, t: Tensor) -> None:
        """Let masks that are computed from the data of a tensor be recorded."""
        if self._masks and isinstance(t._array, np.ndarray):
            t._array = values = t._array.view(_Values)
            values.symbol = t
            self._tagged.append(t)

    def detach(self) -> None:
        """Break the reference cycles of tensors and their arrays."""
        for t in self._tagged:
            t._array = t._array.view(np.ndarray)


@lru_cache
def _ones(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Return ones that take no memory, and cannot be written."""
    return np.broadcast_to(np.ones((), dtype), shape)


def _leaf(array: Any, active: bool) -> Tensor:
    """Return a leaf around an array, without a copy."""
    leaf = Tensor(0.0, requires_grad=active)
    leaf._array = array
    return leaf


def _constant(a: Any, name: str) -> Any:
    """Return an argument; an array becomes a Tensor with the name of the parameter."""
    if not name or not isinstance(a, np.ndarray) or not a.ndim:
        return a
    constant = _leaf(a, a.dtype.kind in "fO")
    constant.name = name
    return constant


def parameters(op: Primitive) -> Mapping[str, Any]:
    """Return the names and defaults of a fused node's parameters; nothing for other operations."""
    if op.unfused is None:
        return {}
    return {p.name: p.default for p in inspect.signature(op.forward).parameters.values()}


def options(t: Tensor) -> dict[str, Any]:
    """Return the keywords of a node, such as ``axis=0``, without those at their defaults."""
    assert t.op is not None
    defaults = parameters(t.op) if t.kwargs else {}
    return {
        key: value
        for key, value in t.kwargs.items()
        if value is not None and value is not False and value is not defaults.get(key, ...)
    }


#: functions without a derivative, which rules use for masks and signs
_MASKS: dict[Any, Primitive] = {
    f: Primitive(f, (None,) * f.nin, f.__name__)
    for f in (
        np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.sign,
        np.bitwise_or, np.bitwise_and, np.invert, np.floor_divide, np.isfinite,
    )
}  # fmt: skip
#: x > 0 -> 0 < x, as NumPy mirrors a comparison with a number
_MIRRORED = {
    np.less: np.greater, np.greater: np.less, np.equal: np.equal, np.not_equal: np.not_equal,
    np.less_equal: np.greater_equal, np.greater_equal: np.less_equal,
}  # fmt: skip


class _Values(np.ndarray[Any, Any]):
    """The array of a tensor of a formula. A mask that a rule computes with it is recorded."""

    symbol: Tensor | None = None

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        return _record_mask(ufunc, method, args, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function(*(tree_map(_plain, a) for a in args), **kwargs)

    def __getitem__(self, index: Any) -> Any:
        return _plain(self)[index]

    def __getattribute__(self, name: str) -> Any:
        """Return a method of the plain array, because other results have no formula."""
        own = super().__getattribute__
        return own(name) if name == "symbol" else getattr(own("view")(np.ndarray), name)


class _Mask(np.lib.mixins.NDArrayOperatorsMixin):
    """A mask with its formula. The engine takes it as an array of another library."""

    def __init__(self, symbol: Tensor) -> None:
        self.symbol = symbol

    def __getattr__(self, name: str) -> Any:
        return getattr(self.symbol._array, name)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        return _record_mask(ufunc, method, args, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if Tensor in types:  # which records the call
            return NotImplemented
        return function(*(tree_map(_plain, a) for a in args), **kwargs)


def _record_mask(ufunc: Any, method: str, args: Any, kwargs: dict[str, Any]) -> Any:
    """Run a ufunc. Return its result with its formula if it is a mask, or computed from one."""
    if any(isinstance(a, Tensor) for a in args):  # which records the call
        return NotImplemented
    if "out" in kwargs:
        kwargs["out"] = tuple(map(_plain, kwargs["out"]))
    result = getattr(ufunc, method)(*map(_plain, args), **kwargs)
    op = _MASKS.get(ufunc)
    if op is None and any(isinstance(a, _Mask) for a in args):
        op = UFUNCS.get(ufunc)
    if op is None or method != "__call__" or kwargs:
        return result
    inputs = [a.symbol if isinstance(a, (_Values, _Mask)) else a for a in args]
    if any(a is None for a in inputs):
        return result
    if ufunc in _MIRRORED and _place(inputs[0]) > _place(inputs[1]):
        op, inputs = _MASKS[_MIRRORED[ufunc]], inputs[::-1]
    mask = _leaf(np.asarray(result), False)
    mask.op, mask.inputs = op, tuple(inputs)
    return _Mask(mask)


def _place(a: Any) -> float:
    """Return where an operand of a comparison stands: tensors in their order, then numbers."""
    return a.order if isinstance(a, Tensor) else inf


def _plain(a: Any) -> Any:
    if isinstance(a, _Mask):
        return a.symbol._array
    return a.view(np.ndarray) if isinstance(a, _Values) else a
