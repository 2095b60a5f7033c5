"""Compare a fused node with the graph that it replaces."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.context import grad_mode, unobserved
from ..core.messages import describe
from ..core.tensor import Tensor
from ..transforms.grad import gradients
from .gradcheck import GradcheckError

#: a call that returns the result on fresh leaves, these leaves, and a cotangent
Run = Callable[[], tuple[Tensor, list[Tensor], Any]]
#: the error, in ULP of the largest entry, that sums with terms that cancel may have
_ROUNDING = 16
_TIMED = 7  #: passes whose median time is reported


@dataclass(frozen=True)
class Comparison:
    """A row of the table of `check_fused`: one array, computed by the node and by the graph.

    The array is the value, a gradient or a second derivative.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> value = ag.check_fused(ag.softplus, [1.0, 2.0]).rows[0]
    >>> value.what, value.agrees
    ('value', True)
    """

    what: str  #: "value", "gradient of logits", "2nd derivative of logits"
    difference: float  #: the largest difference; inf if only one of two entries is finite
    ulps: float  #: the same in units of the last place (ULP)
    node_error: float  #: the largest error of the node against the reference, in ULP
    graph_error: float  #: the largest error of the graph against the reference, in ULP
    agrees: bool  #: node and graph agree, or the node is the more accurate one

    @property
    def nearer(self) -> str:
        """The more accurate of the two: "node", "graph", or "same".

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
        columns = "".join(f"{x:>12.2g}" for x in numbers)
        return f"{self.what:28}{columns}  {self.nearer}{'' if self.agrees else '  WRONG'}"


@dataclass(frozen=True)
class FusedReport:
    """The result of `check_fused`. ``print`` shows it as a table.

    Attributes
    ----------
    records, graph_records : int
        The number of nodes on the tape, with the fused node and with its graph.
    rows : tuple of Comparison
        A row for the value, for each gradient, and for each second derivative.
    time : float
        The time of a forward and backward pass of the node, divided by the time of the graph.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> report = ag.check_fused(ag.softplus, [1.0, 2.0])
    >>> report.records, report.graph_records, [row.what for row in report.rows]
    (1, 3, ['value', 'gradient of x', '2nd derivative of x'])
    """

    node: str
    records: int
    graph_records: int
    rows: tuple[Comparison, ...]
    time: float

    @property
    def ok(self) -> bool:
        """True if node and graph agree, or if the node is the more accurate one where they differ.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.check_fused(ag.softplus, [1.0, 2.0]).ok
        True
        """
        return all(row.agrees for row in self.rows)

    def __str__(self) -> str:
        plural = "" if self.records == 1 else "s"
        return "\n".join(
            [
                f"{self.node}: {self.records} node{plural} instead of {self.graph_records}, "
                f"{self.time:.2f} times the time of the graph. Errors are in ULP",
                "(1 ULP is the distance from a float to the next one):",
                f"{'':28}  difference      in ULP  node error graph error  nearer",
                *map(str, self.rows),
            ]
        )


def check_fused(
    node: Any, *inputs: Any, strict: bool = False, tolerance: float = 64, **kwargs: Any
) -> FusedReport:
    """Compare a fused node with the operations that it replaces, on these inputs.

    A fused node is one operation that replaces several, which are called its graph. The report
    compares the value, the gradients and the second derivatives of node and graph. It also shows
    which of the two is nearer to a reference. The reference is the graph, computed with the dtype
    ``np.longdouble``. If the graph overflows, the reference is the node in this dtype.

    Parameters
    ----------
    node : Primitive or callable
        A node made with `ag.fused`, or a function that calls such a node. The graph of a function
        must be in its attribute ``unfused``, as in ``ag.softmax_cross_entropy.unfused``.
    *inputs : array_like or Tensor
        The arguments of the node. They are copied. The derivatives with respect to all float
        arguments are compared.
    strict : bool
        Whether to raise an error if the node is wrong. With False, only the report shows this.
    tolerance : float
        The largest allowed difference between node and graph, in ULP. A ULP (unit of the last
        place) is the distance from a number to the next larger number of its dtype. A larger
        difference is allowed if the distance from the node to the reference is small. One of these
        is enough: it is at most `tolerance`, or at most twice the distance from the graph to the
        reference, or at most 16 ULP of the largest entry.
    **kwargs
        Keyword arguments of the node.

    Returns
    -------
    FusedReport
        ``print`` shows it as a table. Differences are in ULP.

    Raises
    ------
    TypeError
        If `node` has no graph in an attribute `unfused`.
    GradcheckError
        With ``strict=True``, if the node is wrong. The message names the wrong value or gradient.

    References
    ----------
    Higham: Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, section 1.2.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> report = ag.check_fused(ag.SoftmaxCrossEntropy, np.array([2.0, 1.0, 0.1]), np.array(1))
    >>> report.ok, report.records  # the node is right, and it is one operation
    (True, 1)
    """
    graph = getattr(node, "unfused", None)
    if graph is None:
        raise TypeError(
            f"check_fused: {node!r} has no graph to compare with. Create it with "
            "ag.fused(forward, *vjps, unfused=graph)."
        )
    arrays: list[Any] = [x if x is None else np.array(unwrap(x)) for x in inputs]
    rules = getattr(node, "vjps", [node] * len(arrays))  # all arguments of a function are active
    active = [i for i, (x, rule) in enumerate(zip(arrays, rules)) if rule and _is_float(x)]
    long = [x.astype(np.longdouble) if _is_float(x) else x for x in arrays]
    names = [_argument_name(graph, i) for i in active]

    def runs(arrays: Sequence[Any]) -> list[Run]:
        return [partial(_run, f, arrays, active, kwargs) for f in (node, graph)]

    with unobserved(), np.errstate(all="ignore"):  # the graph may overflow
        ours, theirs = map(_derivatives, runs(arrays))
        ours_long, exact = map(_derivatives, runs(long))
        kinds = ["value", *(f"{k} of {n}" for k in ("gradient", "2nd derivative") for n in names)]
        rows = tuple(
            _comparison(what, a, b, r if np.isfinite(r).all() else other, tolerance)
            for what, a, b, r, other in zip(kinds, ours, theirs, exact, ours_long)
        )
        nodes, graph_nodes = map(_count_nodes, runs(arrays))
        time, graph_time = map(_time, runs(arrays))
    name = getattr(node, "name", None) or node.__name__
    report = FusedReport(name, nodes, graph_nodes, rows, time / graph_time)
    wrong = [row for row in rows if not row.agrees]
    if strict and wrong:
        raise GradcheckError(
            f"{name}: node and graph differ by {wrong[0].difference:.2g} in the {wrong[0].what}. "
            f"The graph is nearer to the reference.\n{report}"
        )
    return report


def _is_float(x: Any) -> bool:
    return x is not None and x.dtype.kind == "f"


def _argument_name(graph: Callable[..., Any], i: int) -> str:
    """Return the name of parameter number `i` of the graph's function."""
    parameters = list(inspect.signature(graph).parameters.values())
    if i < len(parameters) and parameters[i].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
        return parameters[i].name
    return f"argument {i}"


@grad_mode(True)
def _run(f: Callable[..., Any], arrays: Sequence[Any], active: Sequence[int], kwargs: Any) -> Any:
    """Return the result on fresh leaves, these leaves, and a cotangent.

    The entries of the cotangent differ: ones would miss a softmax with a rule that returns zeros.
    """
    leaves = {i: Tensor(arrays[i], requires_grad=True) for i in active}
    y = f(*(leaves.get(i, x) for i, x in enumerate(arrays)), **kwargs)
    if not isinstance(y, Tensor):
        which = getattr(f, "name", "the graph (unfused=)")
        raise TypeError(
            f"check_fused: {which} returned {describe(y)}, so the gradient was lost. Use NumPy's "
            "functions on the arguments, and return the result."
        )
    seed = np.linspace(0.5, 1.5, y.size, dtype=y.dtype).reshape(y.shape)
    return y, list(leaves.values()), seed


def _derivatives(run: Run) -> list[Any]:
    """Return the value, the gradients, and the gradients of a weighted sum of the gradients."""
    y, leaves, seed = run()
    y.backward(seed)
    with grad_mode(True):
        first = gradients(y, leaves, seed)
        mixed = [np.cos(np.arange(dx.size, dtype=dx.dtype)).reshape(dx.shape) for dx in first]
        total = sum((dx * w).sum() for dx, w in zip(first, mixed))
        second = gradients(total, leaves)
    return [unwrap(y), *(x.grad for x in leaves), *map(unwrap, second)]


def _comparison(what: str, ours: Any, theirs: Any, exact: Any, tolerance: float) -> Comparison:
    """Compare an array of the node (`ours`) with that of the graph (`theirs`)."""
    size = np.abs(exact)
    size = np.maximum(size, np.max(size, initial=0, where=np.isfinite(size)) / 1000)
    unit = np.maximum(np.spacing(size.astype(ours.dtype)), np.finfo(ours.dtype).tiny)

    def distance(a: Any, b: Any, unit: Any) -> float:
        a, b = a.astype(np.longdouble), b.astype(np.longdouble)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        distances = np.where(same, 0, np.abs(a - b) / unit)
        return float(np.max(np.where(np.isfinite(distances), distances, np.inf), initial=0))

    ulps = distance(ours, theirs, unit)
    errors = distance(ours, exact, unit), distance(theirs, exact, unit)
    largest = np.spacing(np.max(size, initial=0, where=np.isfinite(size)).astype(ours.dtype))
    agrees = (
        ulps <= tolerance
        or errors[0] <= max(tolerance, 2 * errors[1])
        or distance(ours, exact, largest) <= _ROUNDING
    )
    return Comparison(what, distance(ours, theirs, 1), ulps, errors[0], errors[1], agrees)


def _count_nodes(run: Run) -> int:
    return sum(t.op is not None for t in run()[0].tape())


def _time(run: Run) -> float:
    """Return the median time of a forward and backward pass, in seconds."""
    seconds = []
    for _ in range(_TIMED):
        start = perf_counter()
        y, _, seed = run()
        y.backward(seed)
        seconds.append(perf_counter() - start)
    return median(seconds)
