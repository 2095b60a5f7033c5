"""Find which entries of its operands each entry of an array was computed from, and how.

No table of operations is needed. An operation is run again, each time with NaN in one slice of one
argument: the entries of the result that change depend on that slice. The page shows it when the
reader points at a number (static/written.js).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ...core.arrays import Array, unwrap
from ...core.context import unobserved
from ...core.tensor import Tensor

#: for each axis of an operand, for each entry of the result: the positions along the axis that it
#: depends on, as the bits of a number. The product of the axes is the set of entries.
Reads: TypeAlias = list[list[int]]

_LONGEST = 8  # axes, and rows of the tables, that the page shows as numbers
_OURS = ("numpy", __name__.partition(".")[0])  # packages whose operations may be run again


class Dependence(NamedTuple):
    """How the entries of a result depend on those of the arguments.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> y = np.ones((2, 3)) @ ag.tensor(np.ones((3, 1)), requires_grad=True)
    >>> found = dependence(y)
    >>> [as_bits(each) for each in found.arguments]
    [[[1, 2], [7, 7]], [[7, 7], [1, 1]]]
    >>> found.form
    'products'
    """

    #: an array for each argument: ``[i, *k]`` is True if entry i of the result depends on entry k.
    #: It is None if the page does not show all entries, or nothing is known.
    arguments: Sequence[Array | None]
    form: str = ""  #: "sum", "mean", "products" or "copy" of these entries, or another formula


def as_bits(depends: Array) -> Reads:
    """Return a dependence as the page reads it."""
    axes = range(1, depends.ndim)
    found = [depends.any(axis=tuple(a for a in axes if a != axis)) for axis in axes]
    return [(each @ (1 << np.arange(each.shape[1]))).tolist() for each in found]


def is_small(x: Any) -> bool:
    """Return whether the page shows the entries of an array as numbers."""
    if not isinstance(x, np.ndarray) or not x.size:
        return False
    rows = x.size // x.shape[-1] if x.ndim > 1 else 1
    return bool(max(rows, *x.shape, 1) <= _LONGEST)


def dependence(t: Tensor) -> Dependence:
    """Return the dependence of a node on its arguments."""
    op, unknown = t.op, Dependence([None] * len(t.inputs))
    assert op is not None
    if not is_small(t.data) or not _may_run(op.forward):
        return unknown
    elementwise = _is_elementwise(op.forward)
    inputs = list(map(unwrap, t.inputs))
    arrays = [_drawn(a, i, elementwise, 0.2, 0.8) for i, a in enumerate(inputs)]
    wide = [_drawn(a, i, elementwise, -90, 90) for i, a in enumerate(inputs)]
    with unobserved(), np.errstate(all="ignore"):
        try:
            run = _broadcast if elementwise else lambda *args: op(*args, **t.kwargs)
            found = [_depends(run, arrays, i) for i in range(len(arrays))]
            if not any(d is not None for d in found):
                return unknown
            result = np.asarray(op(*wide, **t.kwargs))
            known = [(d, a) for d, a in zip(found, wide) if d is not None]
            complete = all(d is not None for d, a in zip(found, t.inputs) if isinstance(a, Tensor))
            form = _form(known, result) if complete and known else ""
            if form or elementwise:
                return Dependence(found, form)
            # In the opposite order, the entries of a sorted array depend on others.
            opposite = [a if a is b else 1 - a for a, b in zip(arrays, inputs)]
            again = [_depends(run, opposite, i) for i in range(len(arrays))]
        except Exception:  # the operation refuses these numbers
            return unknown
    return Dependence([_same(*both) for both in zip(found, again)])


def _same(found: Array | None, again: Array | None) -> Array | None:
    """Return a dependence, or None if it changes with the numbers."""
    if found is None or again is None:
        return None
    return found if np.array_equal(found, again) else None


def _is_float(a: Any) -> bool:
    return isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind == "f"


def _may_run(forward: Callable[..., Any]) -> bool:
    """Return whether to run an operation: LAPACK prints messages about NaN; others are users'."""
    package, _, module = (getattr(forward, "__module__", None) or "numpy").partition(".")
    return package in _OURS and "linalg" not in module


def _is_elementwise(forward: Any) -> bool:
    return forward is np.where or (isinstance(forward, np.ufunc) and not forward.signature)


def _drawn(a: Any, nth: int, elementwise: bool, low: float, high: float) -> Any:
    """Return other numbers of the same shape, because only the structure of an operation matters.

    Most operations are smooth from 0.2 to 0.8. A formula holds for numbers of both signs.
    """
    is_number = isinstance(a, float) or _is_float(a)
    if is_number or (elementwise and isinstance(a, (int, np.ndarray, np.generic))):
        return np.random.default_rng(nth).uniform(low, high, np.shape(a))
    return a


def _broadcast(*arrays: Any) -> Any:
    return sum(arrays)


def _depends(run: Callable[..., Any], arrays: Sequence[Any], nth: int) -> Array | None:
    """Return how the entries of a result depend on those of one argument."""
    x = np.asarray(arrays[nth]) if isinstance(arrays[nth], (float, np.ndarray)) else None
    if x is None or x.dtype.kind != "f" or not is_small(x):
        return None
    before = np.asarray(run(*arrays))
    depends = np.ones((before.size, *(x.shape or (1,))), bool)
    for axis in range(1, depends.ndim):
        for k in range(depends.shape[axis]):
            changed = x.reshape(depends.shape[1:]).copy()
            changed[(slice(None),) * (axis - 1) + (k,)] = np.nan
            after = run(*arrays[:nth], changed.reshape(x.shape), *arrays[nth + 1 :])
            rest = depends[(slice(None),) * axis + (k,)]
            rest[np.ravel(after == before)] = False
    return depends


def _form(known: Sequence[tuple[Array, Any]], result: Array) -> str:
    """Return how a result was computed from entries, found from numbers that have no pattern."""
    y = result.ravel()
    tables = [d.reshape(len(d), -1) for d, _ in known]
    arrays = [np.ravel(a) for _, a in known]
    counts = sum(d.sum(1) for d in tables)
    total = sum(d @ a for d, a in zip(tables, arrays))
    if np.allclose(total, y):
        return "copy" if (counts == 1).all() else "sum"
    if np.allclose(total, y * counts):
        return "mean"
    if len(known) < 2 or (tables[0].sum(1) != tables[1].sum(1)).any():
        return ""
    (rows, left), (_, right) = map(np.nonzero, tables[:2])
    total = np.bincount(rows, arrays[0][left] * arrays[1][right], len(y))
    rest = sum((d @ a for d, a in zip(tables[2:], arrays[2:])), start=np.zeros(()))
    return "products" if np.allclose(total + rest, y) else ""
