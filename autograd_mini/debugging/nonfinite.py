"""Find the operation or rule that computed the first NaN or inf, and explain it.

An operation is to blame for a NaN or an inf if its arguments are finite, and for a NaN that it
computes from an inf. It is not to blame if it only passes on an inf (of a mask, say) or a NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array, Cotangent, as_array, unwrap
from ..core.context import Contribution, Observer, unobserved
from ..core.messages import describe, lesson, shown
from ..core.primitive import Primitive
from ..core.pytree import tree_leaves
from ..core.tensor import Tensor
from ..notation.plain import Plain
from ..notation.symbolic import symbolic_rules
from ..text.callers import quote, user_line
from ..text.format import labels
from .provenance import is_traced, origin_of

Index = tuple[int, ...]


class _Pass(NamedTuple):
    """A backward pass that is running."""

    tensors: Sequence[Tensor]
    recorded: bool  #: its rules run on Tensors, and may mask numbers that are not finite


#: the backward passes that are running in this thread or task, the innermost last
_PASSES: ContextVar[tuple[_Pass, ...]] = ContextVar("passes", default=())


class NonfiniteDetector(Observer):
    """Raise a FloatingPointError as soon as an operation or a rule returns a new NaN or inf."""

    def recorded(self, op: Primitive, args: tuple[Any, ...], result: Tensor) -> None:
        if is_finite(result._array) or any(p.recorded for p in _PASSES.get()):
            return
        with unobserved():
            problem = explain_nonfinite_forward(op, args, result)
        if problem is not None:
            raise FloatingPointError(problem)

    def backward_begins(self, tensors: Sequence[Tensor], seed: Cotangent) -> None:
        if not is_finite(unwrap(seed)):
            raise FloatingPointError(_explain_seed(unwrap(seed)))
        _PASSES.set((*_PASSES.get(), _Pass(tensors, recorded=isinstance(seed, Tensor))))

    def contributed(self, contribution: Contribution) -> None:
        if not is_finite(as_array(unwrap(contribution.value))):
            explain = explain_nonfinite_rule
        elif not is_finite(unwrap(contribution.total)):
            explain = explain_nonfinite_sum
        else:
            return
        with unobserved():
            raise FloatingPointError(explain(contribution, _PASSES.get()[-1].tensors))

    def backward_ends(self) -> None:
        _PASSES.set(_PASSES.get()[:-1])

    def compiled_ran(self, function: Any, results: Any) -> None:
        for y in tree_leaves(results):
            y = as_array(unwrap(y))
            if not is_finite(y):
                raise FloatingPointError(explain_nonfinite_result(function, y))


# ---- which entries are not finite ----------------------------------------------------------------


def is_finite(x: Array) -> bool:
    """Return whether no entry is NaN or infinite. A lazy array is computed; a traced one passes."""
    if is_traced(x):
        return True
    if x.dtype.kind == "O":
        return not _nonfinite(x).any()
    return x.dtype.kind != "f" or bool(np.all(np.isfinite(x)))


def _nonfinite(x: Any) -> Any:
    """Return a mask of the entries that are NaN or infinite."""
    x = np.asarray(x)
    if x.dtype.kind == "f":
        return ~np.isfinite(x)
    if x.dtype.kind == "O":
        return np.array([_is_nonfinite(entry) for entry in x.flat], bool).reshape(x.shape)
    return np.zeros(x.shape, bool)


def _is_nonfinite(entry: Any) -> bool:
    if getattr(entry, "is_finite", None) is False:  # SymPy's; its zoo cannot become a float
        return True
    try:
        return not math.isfinite(float(entry))
    except (TypeError, ValueError, OverflowError):  # a symbol, or an int too large for a float
        return False


def _nans(x: Any) -> Any:
    """Return a mask of the entries that are NaN."""
    x = np.asarray(x)
    if x.dtype.kind == "f":
        return np.isnan(x)
    is_nan = np.array([str(entry) == "nan" for entry in x.flat], bool)
    return _nonfinite(x) & is_nan.reshape(x.shape)


def _first(mask: Any) -> Index:
    return tuple(int(i) for i in np.argwhere(mask)[0])


def _worst(x: Any) -> Index:
    """Return the index of the first NaN; if there is none, of the first infinite entry."""
    nans = _nans(x)
    return _first(nans if nans.any() else _nonfinite(x))


# ---- forward -------------------------------------------------------------------------------------


def explain_nonfinite_forward(op: Primitive, args: tuple[Any, ...], result: Tensor) -> str | None:
    """Return the message for a result that is not finite, or None if an inf was passed on."""
    y = np.asarray(result._array)
    given = [a for a in tree_leaves(args) if _nonfinite(unwrap(a)).any()]
    nan = next((a for a in given if _nans(unwrap(a)).any()), None)
    new = _nonfinite(y)
    if _is_elementwise(op):
        for a in given:
            new = new & ~_nonfinite(unwrap(a))
    elif given:
        new = np.zeros(y.shape, bool)
    if not new.any() and nan is None:
        new = _nans(y)  # computed from an inf
    if new.any():
        return _explain_new(op, args, result, _first(new))
    return _explain_passed_on(op, nan) if _nans(y).any() else None


def _is_elementwise(op: Primitive) -> bool:
    return isinstance(op.forward, np.ufunc) and op.forward.signature is None


def _explain_new(op: Primitive, args: tuple[Any, ...], result: Tensor, at: Index) -> str:
    numbers = tree_leaves(args[: int(min(op.arity, len(args)))])
    arrays = [a for a in numbers if hasattr(a, "dtype")]
    entries = []
    for a in numbers if _is_elementwise(op) else ():
        named = f"{shown(a.name)} = " if isinstance(a, Tensor) and a.name else "an argument of "
        is_number = np.ndim(a) == 0 and not isinstance(a, Tensor)
        entries.append(("" if is_number else named) + _entry(a, at, result.shape))
    y = np.asarray(result._array)
    of = f" for {' and '.join(entries)}" if entries else ""
    scopes = " / ".join(shown(s.name) for s in result.scope)
    return (
        f"{op.name} returned {_describe_entry(y, at)}{of}\n\n{quote(user_line())}\n\n"
        + "".join(f"{_row(_name(a), a, _range(a))}\n" for a in arrays)
        + f"  result: {y.shape} {y.dtype}, {_nonfinite(y).sum()} of {y.size} entries are not finite"
        + (f"\n  in the scope {scopes}" if scopes else "")
        + lesson("not finite")
    )


_OLDER = "No operation in the ag.debug() block computed this value."


def _explain_passed_on(op: Primitive, x: Any) -> str:
    """Return the message for a NaN that came in with an argument."""
    line, end = quote(user_line()), lesson("not finite")
    if not hasattr(x, "dtype"):
        return f"{op.name} received {x}. {_OLDER}\n\n{line}{end}"
    already = f"{_name(x)} was already {_describe_entry(unwrap(x), _worst(unwrap(x)))}"
    return (
        f"{already} when {op.name} used it. {_OLDER}\n\n"
        f"{line}\n\n{_row(_name(x), x, _range(x))}{end}"
    )


# ---- backward ------------------------------------------------------------------------------------


def _explain_seed(seed: Array) -> str:
    entry = _describe_entry(seed, _worst(seed))
    line = quote(user_line(), "differentiated in ")
    return f"backward: the `gradient` argument is {entry}\n\n{line}"


def explain_nonfinite_rule(contribution: Contribution, tensors: Sequence[Tensor]) -> str:
    """Return the message for a rule that computed a NaN or an inf from finite numbers."""
    node, i, g, value, _ = contribution
    assert node.op is not None
    value = np.asarray(unwrap(value))
    at, names = _worst(value), labels(tensors)
    origin = origin_of(node)
    inputs = dict.fromkeys(a for a in node.inputs if isinstance(a, Tensor))
    rows = [("g", unwrap(g)), *((names[t.order], t) for t in (node, *inputs))]
    rule = Plain().format_rule(symbolic_rules(node)[i], names, "g").text
    return (
        f"backward: the rule of {node.op.name} returned {_describe_entry(value, at)} "
        f"{'of' if at else 'for'} the gradient of {names[node.inputs[i].order]}\n\n"
        + (f"{quote(origin.line, 'recorded in ')}\n" if origin else "")
        + f"{quote(user_line(), 'differentiated in ')}\n\n"
        + f"  rule: {rule}, where g is the gradient of "
        + f"{names[node.order]}\n"
        + "\n".join(_row(name, x, _entry_there(x, at, value.shape)) for name, x in rows)
        + lesson("not finite")
    )


def explain_nonfinite_sum(contribution: Contribution, tensors: Sequence[Tensor]) -> str:
    """Return the message for finite contributions with a sum that is not finite."""
    node, i, _, _, total = contribution
    x, total = node.inputs[i], np.asarray(unwrap(total))
    name = labels(tensors)[x.order]
    return (
        f"backward: the gradient of {name} is {_describe_entry(total, _worst(total))}. "
        f"The contributions to it are finite, but their sum is too large for {x.dtype}.\n\n"
        f"{quote(user_line(), 'differentiated in ')}\n\n{_row(name, x, _range(x))}"
        f"{lesson('not finite')}"
    )


# ---- compiled functions --------------------------------------------------------------------------


def explain_nonfinite_result(function: Any, y: Array) -> str:
    """Return the message for a result of a compiled function."""
    name = getattr(function, "__name__", "f")
    return (
        f"the compiled function {name} returned {_describe_entry(y, _worst(y))} "
        f"in {describe(y).replace(' array', ' result')}\n\n{quote(user_line(), 'called in ')}\n\n"
        "The operations inside a compiled function are not checked. To find the operation, call "
        f"the original function on tensors: {name}.__wrapped__(...){lesson('not finite')}"
    )


# ---- text ----------------------------------------------------------------------------------------


def _name(x: Any) -> str:
    if isinstance(x, Tensor):
        return shown(x.name) if x.name else "a tensor"
    return "an array"


def _row(name: str, x: Any, numbers: str) -> str:
    """Return a line on an argument: its shape, its numbers, and the line that computed it."""
    text = f"  {name}: {x.shape} {x.dtype}{numbers and ', ' + numbers}"
    origin = origin_of(x)
    if origin is not None:
        line = origin.line
        return f"{text}, computed by {origin.op} in line {line.number}: {line.text:.50}"
    if isinstance(x, Tensor):
        return f"{text}, computed by {x.op.name}" if x.op else f"{text}, a leaf"
    return text


def _range(x: Any) -> str:
    """Return the smallest and largest finite entry of an array, in words, and count the others."""
    x = np.asarray(unwrap(x))
    if x.dtype.kind not in "iuf" or x.size < 2 or not np.isfinite(x).any():
        return ""
    finite = x[np.isfinite(x)]
    lost = x.size - finite.size
    others = f" ({lost} of {x.size} are inf or nan)" if lost else ""
    return f"from {_number(finite.min())} to {_number(finite.max())}{others}"


def _entry(x: Any, at: Index, shape: Index) -> str:
    """Return the entry that is broadcast to index `at` of a result of that shape."""
    return _number(np.broadcast_to(np.asarray(unwrap(x)), shape)[at])


def _entry_there(x: Any, at: Index, shape: Index) -> str:
    """Return the entry at `at` if the result is computed entry by entry, else the range."""
    try:
        return _entry(x, at, shape) + (" at this entry" if x.shape else "")
    except ValueError:
        return _range(x)


def _describe_entry(x: Any, at: Index) -> str:
    """Return an entry with its index: ``inf at [1, 0]``."""
    where = f" at [{', '.join(map(str, at))}]" if at else ""
    return f"{_number(np.asarray(x)[at])}{where}"


def _number(x: Any) -> str:
    return repr(x.item()) if isinstance(x, (np.ndarray, np.generic)) else str(x)
