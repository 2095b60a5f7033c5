"""Who made a number that is not finite, forward or backward, and how that is told.

An operation is to blame for a NaN or an inf when the numbers it was given are finite. So is one
that made a NaN out of an inf; but not one that hands on an inf, as of a mask, or a NaN.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from types import FrameType
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.backward import unbroadcast
from ..core.context import grad_mode
from ..core.messages import lesson
from ..core.primitive import Primitive
from ..core.tensor import Tensor, record
from ..text.callers import Line, frames_of_callers, line_of
from .provenance import Note, leaves, note_of

Index = tuple[int, ...]


# ---- what is finite ------------------------------------------------------------------------------


def is_finite(x: Any) -> bool:
    """Whether no entry of an array is nan or infinite; of a lazy one, that is computed."""
    if x.dtype.kind == "O":
        return not _faults(x).any()
    return x.dtype.kind != "f" or bool(np.all(np.isfinite(x)))


def _faults(x: Any) -> Any:
    """Where an array is not finite."""
    x = np.asarray(x)
    if x.dtype.kind == "f":
        return ~np.isfinite(x)
    if x.dtype.kind != "O":
        return np.zeros(x.shape, bool)
    return np.array([_is_fault(entry) for entry in x.flat], bool).reshape(x.shape)


def _is_fault(entry: Any) -> bool:
    if getattr(entry, "is_finite", None) is False:  # SymPy's word; its zoo is not even a float
        return True
    try:
        return not math.isfinite(float(entry))
    except (TypeError, ValueError, OverflowError):  # a symbol; an int that is too long for a float
        return False


def _nans(x: Any) -> Any:
    """Where an array is nan."""
    x = np.asarray(x)
    if x.dtype.kind == "f":
        return np.isnan(x)
    return _faults(x) & np.array([str(entry) == "nan" for entry in x.flat], bool).reshape(x.shape)


def _first(where: Any) -> Index:
    return tuple(int(i) for i in np.argwhere(where)[0])


def _worst(x: Any) -> Index:
    """The first entry of an array that is nan; or else, that is infinite."""
    nans = _nans(x)
    return _first(nans if nans.any() else _faults(x))


# ---- forward -------------------------------------------------------------------------------------


def forward_fault(
    op: Primitive, args: tuple[Any, ...], t: Tensor, frame: FrameType
) -> FloatingPointError | None:
    """What to say of a result that is not finite; nothing where an inf is handed on."""
    given = [a for a in leaves(args) if _faults(unwrap(a)).any()]
    if _is_elementwise(op):
        came = [np.broadcast_to(_faults(unwrap(a)), t.shape) for a in args]
        made = _faults(t._array) & ~np.logical_or.reduce(came)
    else:
        made = _faults(t._array) if not given else np.zeros(t.shape, bool)
    if not made.any() and not any(_nans(unwrap(a)).any() for a in given):
        made = _nans(t._array)
    if made.any():
        return _made(op, args, t, _first(made), frame)
    if _nans(t._array).any():
        return _came(op, next(a for a in given if _nans(unwrap(a)).any()), frame)
    return None


def _made(
    op: Primitive, args: tuple[Any, ...], t: Tensor, at: Index, frame: FrameType
) -> FloatingPointError:
    numbers = list(leaves(args[: int(min(op.arity, len(args)))]))
    entries = [_entry(a, at, t.shape) for a in numbers] if _is_elementwise(op) else []
    of = " and ".join(
        entry if np.ndim(a) == 0 and not isinstance(a, Tensor) else f"{_called(a, frame)} = {entry}"
        for a, entry in zip(numbers, entries)
    )
    rows = [_row(_called(a, frame), a) for a in numbers if hasattr(a, "dtype")]
    count = f"{_faults(t._array).sum()} of {t.size} entries are not finite"
    scopes = " / ".join(s.name for s in t.scope)
    return FloatingPointError(
        f"{op.name} made {_spelled(np.asarray(t._array)[at])}{_at(at)}{of and f', of {of}'}\n\n"
        f"{_shown(line_of(frame))}\n\n"
        + "\n".join([*rows, f"  result: {t.shape} {t.dtype}, {count}"])
        + (f"\n  in the scope {scopes}" if scopes else "")
        + lesson("not finite")
    )


def _came(op: Primitive, x: Any, frame: FrameType) -> FloatingPointError:
    if not hasattr(x, "dtype"):
        return FloatingPointError(
            f"{op.name} was given the number {x}: no operation here made it\n\n"
            f"{_shown(line_of(frame))}{lesson('not finite')}"
        )
    at = _worst(unwrap(x))
    return FloatingPointError(
        f"{_called(x, frame)} was {_spelled(np.asarray(unwrap(x))[at])}{_at(at)} already when "
        f"{op.name} used it: no operation here made it\n\n{_shown(line_of(frame))}\n\n"
        f"{_row(_called(x, frame), x)}{lesson('not finite')}"
    )


def _is_elementwise(op: Primitive) -> bool:
    return isinstance(op.forward, np.ufunc) and op.forward.signature is None


# ---- backward ------------------------------------------------------------------------------------


def backward_fault(
    tensors: Sequence[Tensor], seed: Any, adjoints: Mapping[Tensor, Any], frame: FrameType
) -> FloatingPointError:
    """The first rule of a sweep that made a number that is not finite, or the first sum."""
    if not is_finite(seed):
        at = _worst(seed)
        return FloatingPointError(
            f"backward: the gradient that it was given is {_spelled(np.asarray(seed)[at])}{_at(at)}"
            f"\n\n{_shown(line_of(frame), 'differentiated in ')}"
        )
    for t in reversed(tensors):
        if t in adjoints and not is_finite(
            unwrap(adjoints[t])
        ):  # while all that it is a sum of was
            return _of_sum(t, unwrap(adjoints[t]), frame)
        for i, c in _contributions(t, adjoints):
            if not is_finite(c):
                return _of_rule(tensors, t, i, unwrap(adjoints[t]), c, frame)
            x = t.inputs[i]
            if not is_finite(unbroadcast(c, t, x)):
                return _of_sum(x, unbroadcast(c, t, x), frame)
    raise AssertionError("an adjoint is not finite, and nothing made it so")


def _contributions(t: Tensor, adjoints: Mapping[Tensor, Any]) -> Iterator[tuple[int, Any]]:
    """What the rules of a record give, each with the number of its argument, as in `sweep`."""
    if t.op is None or t not in adjoints:
        return
    kwargs = t.kwargs if t.residuals is None else {**t.kwargs, "residuals": t.residuals}
    args = [unwrap(adjoints[t]), t._array, *map(unwrap, t.inputs)]
    if t.dtype.kind == "O":  # NumPy cannot take the sine of a symbol, and a Tensor can
        args, kwargs = [adjoints[t], t, *t.inputs], t.kwargs
    for i, (a, rule) in enumerate(zip(t.inputs, t.op.vjps)):
        if isinstance(a, Tensor) and a.requires_grad and rule is not None:
            yield i, np.asarray(unwrap(rule(*args, **kwargs)))


def _of_rule(
    tensors: Sequence[Tensor], t: Tensor, i: int, g: Any, c: Any, frame: FrameType
) -> FloatingPointError:
    from ..text.format import labels

    assert t.op is not None
    called = labels(tensors)
    for a in tensors:
        called[a.order] = _called(a, frame, called[a.order])
    at = _worst(c)
    rows = [_row("g", g, at, c.shape), _row(called[t.order], t, at, c.shape)]
    for a in dict.fromkeys(x for x in t.inputs if isinstance(x, Tensor)):
        rows.append(_row(called[a.order], a, at, c.shape))
    note = note_of(t)
    return FloatingPointError(
        f"backward: the rule of {t.op.name} made {_spelled(c[at])}{_at(at)} of the derivative "
        f"with respect to {called[t.inputs[i].order]}\n\n"
        + (f"{_shown(note.line, 'recorded in ')}\n" if note else "")
        + f"{_shown(line_of(frame), 'differentiated in ')}\n\n"
        + _formula(t, i, called)
        + "\n".join(rows)
        + lesson("not finite")
    )


def _formula(t: Tensor, i: int, called: Mapping[int, str]) -> str:
    """What the i-th rule of a record computes, of g: read off a tape of this record alone."""
    from ..views.trace import Trace

    assert t.op is not None
    fresh = {
        a: Tensor(a._array, requires_grad=a.requires_grad, name=called[a.order])
        for a in t.inputs
        if isinstance(a, Tensor)
    }
    inputs = tuple(fresh[a] if isinstance(a, Tensor) else a for a in t.inputs)
    try:
        with grad_mode(True):
            y = record(t.op, inputs, t.kwargs)
        y.name = called[t.order]
        (step,) = Trace.of(y, gradient=np.ones(y.shape)).backward
        (rule,) = (c.formula for c in step.contributions if c.argument == i)
    except Exception:  # the fault is told without its formula, rather than not at all
        return ""
    g = rule.replace(f"∂{y.name}/∂{y.name}", "g")
    return f"  rule: {g}, where g is the derivative that arrived\n"


def _of_sum(t: Tensor, total: Any, frame: FrameType) -> FloatingPointError:
    at = _worst(total)
    return FloatingPointError(
        f"backward: the derivative with respect to {_called(t, frame)} is "
        f"{_spelled(np.asarray(total)[at])}{_at(at)}: it is a sum of finite numbers that is too "
        f"large for {t.dtype}\n\n"
        f"{_shown(line_of(frame), 'differentiated in ')}\n\n{_row(_called(t, frame), t)}"
        f"{lesson('not finite')}"
    )


# ---- arrays that were changed, and compiled functions --------------------------------------------


def changed_fault(note: Note, frame: FrameType) -> RuntimeError:
    """An array was written to after an operation had used it."""
    x = note.changed[0]
    new = "a leaf takes one by x.data = new" if isinstance(x, Tensor) else "pass a copy"
    return RuntimeError(
        f"{_called(x, frame)} {x.shape} {x.dtype} was written to after {note.op} had used it: the "
        "derivative would be computed from numbers that the forward pass never saw\n\n"
        f"{_shown(note.line, 'used in ')}\n{_shown(line_of(frame), 'differentiated in ')}\n\n"
        "Write before the forward pass, or after the backward pass; or into a new array: "
        f"{new}.{lesson('changed')}"
    )


def compiled_fault(f: Any, y: Any, frame: FrameType) -> FloatingPointError:
    """A result of a compiled function is not finite."""
    at = _worst(y)
    name = getattr(f, "__name__", "f")
    return FloatingPointError(
        f"{name}, compiled, gave {_spelled(y[at])}{_at(at)} of a result {y.shape} {y.dtype}\n\n"
        f"{_shown(line_of(frame), 'called in ')}\n\n"
        "Its program is not made of single operations. To find the one to blame, call the function "
        f"itself on tensors: {name}.__wrapped__(...){lesson('not finite')}"
    )


# ---- how it is said ------------------------------------------------------------------------------


def _called(x: Any, frame: FrameType, otherwise: str = "") -> str:
    """A tensor's name, or that of the variable which holds it in the user's functions."""
    if isinstance(x, Tensor) and x.name:
        return x.name
    for user in frames_of_callers(frame):
        for name, value in chain(user.f_locals.items(), user.f_globals.items()):
            if value is x and not name.startswith("_"):  # _ is a notebook's, for its last value
                return name
    return otherwise or ("a tensor" if isinstance(x, Tensor) else "an array")


def _row(name: str, x: Any, at: Index | None = None, shape: Index = ()) -> str:
    """What there is to know of an array: its shape, the entry that matters, who made it."""
    facts = f"  {name}: {x.shape} {x.dtype}"
    if at is None:
        facts += _range(unwrap(x))
    elif x.shape:
        facts += f", {_entry(x, at, shape)} there"
    else:
        facts += f", {_entry(x, at, shape)}"
    note = note_of(x)
    if note is not None:
        return f"{facts}, made by {note.op} in line {note.line.number}: {note.line.text:.50}"
    if isinstance(x, Tensor):
        return f"{facts}, {f'made by {x.op.name}' if x.op else 'a leaf'}"
    return facts


def _range(x: Any) -> str:
    x = np.asarray(x)
    if x.dtype.kind not in "iuf" or x.size < 2 or not np.isfinite(x).any():
        return ""
    x = x[np.isfinite(x)]
    return f", from {_spelled(x.min())} to {_spelled(x.max())}"


def _entry(x: Any, at: Index, shape: Index) -> str:
    """The entry of an argument behind an entry of a result of that shape; or its range."""
    x = np.asarray(unwrap(x))
    try:
        return _spelled(np.broadcast_to(x, shape)[at])
    except ValueError:  # not entry by entry
        return _range(x).removeprefix(", ")


def _spelled(x: Any) -> str:
    return repr(x.item()) if isinstance(x, (np.ndarray, np.generic)) else str(x)


def _at(index: Index) -> str:
    return f" at [{', '.join(map(str, index))}]" if index else ""


def _shown(line: Line, what: str = "") -> str:
    """A line as a traceback shows it."""
    return f"  {what}{line}\n    {line.text}"
