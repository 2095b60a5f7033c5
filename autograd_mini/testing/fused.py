"""A fused node against the graph that it replaces."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.context import grad_mode
from ..core.tensor import Tensor
from ..transforms.grad import gradients
from .gradcheck import Function, GradcheckError

_TIMED = 7  # passes, of which the median is reported


@dataclass(frozen=True)
class Comparison:
    """One array that node and graph both give: the value, a gradient, a second derivative.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> value = ag.check_fused(ag.softplus, [1.0, 2.0]).rows[0]
    >>> value.what, value.agrees
    ('value', True)
    """

    what: str  #: "value", "gradient of logits", "2nd derivative of logits"
    difference: float  #: the largest between node and graph; inf where only one is finite
    ulps: float  #: the same in units of the last place, as are the errors
    node_error: float  #: the node's, against the reference
    graph_error: float  #: the graph's
    agrees: bool  #: the two agree, or the node is right where they do not

    @property
    def nearer(self) -> str:
        """Which of the two is nearer to the reference.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.check_fused(ag.softplus, [1000.0]).rows[0].nearer  # the graph's is inf
        'node'
        """
        if self.node_error == self.graph_error:
            return "same"
        return "node" if self.node_error < self.graph_error else "graph"

    def __str__(self) -> str:
        numbers = (self.difference, self.ulps, self.node_error, self.graph_error)
        columns = "".join(f"{_short(x):>12}" for x in numbers)
        return f"{self.what:28}{columns}  {self.nearer}{'' if self.agrees else '  WRONG'}"


@dataclass(frozen=True)
class FusedReport:
    """What `check_fused` found; ``print`` it.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> report = ag.check_fused(ag.softplus, [1.0, 2.0])
    >>> report.records, report.graph_records, [row.what for row in report.rows]
    (1, 3, ['value', 'gradient of x', '2nd derivative of x'])
    """

    node: str
    records: int  #: on the tape of the node
    graph_records: int  #: on the tape of the graph
    rows: tuple[Comparison, ...]
    time: float  #: of the node's forward and backward pass, over the graph's

    @property
    def ok(self) -> bool:
        """Whether node and graph agree, or the node is right where they do not.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.check_fused(ag.softplus, [1.0, 2.0]).ok
        True
        """
        return all(row.agrees for row in self.rows)

    def __str__(self) -> str:
        many = "" if self.records == 1 else "s"
        return "\n".join(
            [
                f"{self.node}: {self.records} record{many}, its graph {self.graph_records}; "
                f"time, node over graph: {self.time:.2f}",
                f"{'':28}{'difference':>12}{'in ULP':>12}{'node off by':>12}{'graph':>12}  nearer",
                *map(str, self.rows),
            ]
        )


def check_fused(
    node: Any, *inputs: Any, strict: bool = False, tolerance: float = 64, **kwargs: Any
) -> FusedReport:
    """Compare a fused node with the graph that it replaces, on these inputs.

    Value, gradients and second derivatives of both, their differences, and which is nearer to a
    reference: the graph once more, in NumPy's longdouble, which on most machines has more digits
    and a far larger range (e^1000 is a number there; on Windows and some ARM it is float64). Where
    even that is not finite, it is the node in longdouble.

    Parameters
    ----------
    node : Primitive or callable
        Made with `ag.fused`; ours or yours. Or a function that calls one, and says as `unfused`
        what it replaces, like ``ag.softmax_cross_entropy`` with its options.
    *inputs : array_like or Tensor
        Its arguments. Floating ones are differentiated, in their own dtype; nothing of the
        caller's is changed.
    strict : bool
        Raise for a node that is wrong, instead of only reporting it.
    tolerance : float
        How many ULP (units of the last place) node and graph may be apart. Where they are further
        apart, the node is right if it is that near to the reference.
    **kwargs
        Passed to the node.

    Returns
    -------
    FusedReport
        Prints as a table. An ULP is taken of the reference's own entry, or of 1/1000 of the largest
        entry of that array where an entry is smaller: cancellation is the formula's own there.

    Raises
    ------
    TypeError
        When `node` has no unfused definition.
    GradcheckError
        With ``strict=True``, naming the derivative and the argument.

    References
    ----------
    Higham: Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, section 1.2.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> report = ag.check_fused(ag.SoftmaxCrossEntropy, np.array([2.0, 1.0, 0.1]), np.array(1))
    >>> report.ok, report.records
    (True, 1)
    """
    graph = getattr(node, "unfused", None)
    if graph is None:
        raise TypeError(
            f"check_fused: {node!r} names no graph that it replaces. Declare it with "
            "ag.fused(forward, *vjps, unfused=...)."
        )
    arrays = [np.array(unwrap(x)) for x in inputs]
    rules = getattr(node, "vjps", [node] * len(arrays))  # all arguments of a function are active
    active = [i for i, r in zip(range(len(arrays)), rules) if r and arrays[i].dtype.kind == "f"]
    long = [x.astype(np.longdouble) if x.dtype.kind == "f" else x for x in arrays]
    names = [_called(graph, i) for i in active]
    with np.errstate(all="ignore"):
        ours, theirs = (_derivatives(f, arrays, active, kwargs) for f in (node, graph))
        exact, ours_long = (_derivatives(f, long, active, kwargs) for f in (graph, node))
        kinds = ["value", *(f"{k} of {n}" for k in ("gradient", "2nd derivative") for n in names)]
        rows = tuple(
            _row(what, a, b, r if np.isfinite(r).all() else other, tolerance)
            for what, a, b, r, other in zip(kinds, ours, theirs, exact, ours_long)
        )
        records = tuple(_records(f, arrays, active, kwargs) for f in (node, graph))
        seconds = [_time(f, arrays, active, kwargs) for f in (node, graph)]
    name = getattr(node, "name", None) or node.__name__
    report = FusedReport(name, records[0], records[1], rows, seconds[0] / seconds[1])
    wrong = [row for row in rows if not row.agrees]
    if strict and wrong:
        raise GradcheckError(
            f"{name}: the {wrong[0].what} is {wrong[0].difference:.2g} away from its graph's, "
            f"which is nearer to the reference.\n{report}"
        )
    return report


def _called(graph: Function, i: int) -> str:
    """The name that the graph's definition has for its i-th argument."""
    names = list(inspect.signature(graph).parameters.values())
    named = i < len(names) and names[i].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    return names[i].name if named else f"argument {i}"


@grad_mode(True)
def _run(f: Function, arrays: Sequence[Any], active: Sequence[int], kwargs: Any) -> Any:
    """The result on fresh leaves, these leaves, and a cotangent.

    The cotangent's entries differ: one of ones would miss a softmax whose rule returns zeros.
    """
    leaves = {i: Tensor(arrays[i], requires_grad=True) for i in active}
    y = f(*(leaves.get(i, x) for i, x in enumerate(arrays)), **kwargs)
    seed = np.linspace(0.5, 1.5, y.size, dtype=y.dtype).reshape(y.shape)
    return y, list(leaves.values()), seed


def _derivatives(
    f: Function, arrays: Sequence[Any], active: Sequence[int], kwargs: Any
) -> list[Any]:
    """The value, the gradients, and the gradients of a weighted sum of the gradients."""
    y, leaves, seed = _run(f, arrays, active, kwargs)
    y.backward(seed)
    with grad_mode(True):
        first = gradients(y, leaves, seed)
        mixed = [np.cos(np.arange(dx.size, dtype=dx.dtype)).reshape(dx.shape) for dx in first]
        total = sum((dx * w).sum() for dx, w in zip(first, mixed))
        second = gradients(total, leaves)
    return [unwrap(y), *(x.grad for x in leaves), *map(unwrap, second)]


def _row(what: str, ours: Any, theirs: Any, exact: Any, tolerance: float) -> Comparison:
    """One line of the report."""
    size = np.abs(exact)
    size = np.maximum(size, np.max(size, initial=0, where=np.isfinite(size)) / 1000)
    unit = np.maximum(np.spacing(size.astype(ours.dtype)), np.finfo(ours.dtype).tiny)

    def apart(a: Any, b: Any, unit: Any) -> float:
        a, b = a.astype(np.longdouble), b.astype(np.longdouble)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        far = np.where(same, 0, np.abs(a - b) / unit)
        return float(np.max(np.where(np.isfinite(far), far, np.inf), initial=0))

    ulps = apart(ours, theirs, unit)
    errors = apart(ours, exact, unit), apart(theirs, exact, unit)
    agrees = ulps <= tolerance or errors[0] <= max(tolerance, 2 * errors[1])
    return Comparison(what, apart(ours, theirs, 1), ulps, errors[0], errors[1], agrees)


def _records(f: Function, arrays: Sequence[Any], active: Sequence[int], kwargs: Any) -> int:
    return sum(t.op is not None for t in _run(f, arrays, active, kwargs)[0].tape())


def _time(f: Function, arrays: Sequence[Any], active: Sequence[int], kwargs: Any) -> float:
    """The median seconds of a forward and backward pass."""
    seconds = []
    for _ in range(_TIMED):
        start = perf_counter()
        y, _, seed = _run(f, arrays, active, kwargs)
        y.backward(seed)
        seconds.append(perf_counter() - start)
    return median(seconds)


def _short(x: float) -> str:
    return f"{x:.2g}"
