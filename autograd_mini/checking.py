"""The tape's derivatives against central differences, and a fused node against its graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .lessons import lesson
from .tape import gradients
from .tensor import Tensor, raw, recording

Function = Callable[..., Any]
Array = NDArray[np.float64]

# The step that balances truncation (h^2) against rounding (eps / h) is the cube root of eps
# [Press et al.: Numerical Recipes, 3rd ed., 2007, section 5.7].
_TIMED = 7  # passes, of which the median is reported
_STEP = float(np.finfo(float).eps) ** (1 / 3)


class GradcheckError(AssertionError):
    """A derivative of the tape differs from the numerical one. The message shows where.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> wrong = ag.primitive(np.sin, lambda g, y, x: -g * np.cos(x), name="sine", of=())
    >>> ag.gradcheck(wrong, [1.0])
    Traceback (most recent call last):
        ...
    autograd_mini.checking.GradcheckError: ...
    """


@recording(True)  # also inside of a no_grad block
def gradcheck(
    f: Function,
    *inputs: ArrayLike | Tensor,
    order: int = 1,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    seed: int = 0,
) -> bool:
    """Compare the derivatives of `f` with central differences, for every entry of every input.

    Works in float64, whatever the inputs' dtype. Each result of `f` is contracted with random
    cotangents, different for every entry: a cotangent of ones would miss a softmax whose rule
    returns zeros, since its entries always sum to one. The plain backward sweep and the recorded
    one of `gradients` are both compared.

    Parameters
    ----------
    f : callable
        Takes as many Tensors as there are `inputs`; returns a Tensor of any shape, or a tuple.
        Must give the same result every time, and be smooth near the inputs (not at a kink).
    *inputs : array_like or Tensor
        Where to check. Copied; nothing of the caller's is changed, no ``.grad`` either.
    order : int
        2 also checks the derivatives of the derivatives, and so on.
    rtol, atol : float
        Two numbers agree when they differ by at most ``atol + rtol * |numerical|``.
    seed : int
        Of the random cotangents.

    Returns
    -------
    bool
        True, so that ``assert gradcheck(...)`` reads well; a disagreement raises.

    Raises
    ------
    GradcheckError
        Names the order, the input, the entry, both numbers and the tolerance.
    TypeError
        For inputs that are not real floating, or an `f` that does not return Tensors.

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 1.2 (differences
    lose half of the digits or more: hence the tolerances).

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.gradcheck(lambda x, w: np.tanh(x @ w), np.ones((2, 3)), [0.1, 0.2, 0.3], order=2)
    True
    """
    points = [_point(x, i) for i, x in enumerate(inputs)]
    if order < 1 or not points:
        raise ValueError("gradcheck needs at least one input, and order >= 1")
    rng = np.random.default_rng(seed)
    for k in range(1, order + 1):
        weights = _cotangents(f, points, rng)
        numerical = _differences(_contracted(f, weights), points)
        for sweep, analytic in _SWEEPS.items():
            for i, (a, n) in enumerate(zip(analytic(f, weights, points), numerical)):
                _compare(a, n, f"order {k}, input {i}", sweep, rtol, atol)
        f = _gradient(f, weights)
    return True


def _point(x: Any, i: int) -> Array:
    array = np.asarray(raw(x))
    if array.dtype.kind not in "f":
        raise TypeError(
            f"gradcheck: input {i} is {array.dtype}. Only real floating inputs have derivatives; "
            "close over the others: gradcheck(lambda x: f(x, labels), x)."
        )
    return array.astype(np.float64)


def _results(f: Function, points: Sequence[Any]) -> tuple[Tensor, ...]:
    found = f(*points)
    found = found if isinstance(found, tuple) else (found,)
    if not all(isinstance(y, Tensor) for y in found):
        raise TypeError(
            f"gradcheck: f returned {[type(y).__name__ for y in found]}, not Tensors. If it "
            "returned an array, its derivative was lost on the way."
        )
    return found


def _leaves(points: Sequence[Array]) -> list[Tensor]:
    return [Tensor(x, requires_grad=True, name=f"input {i}") for i, x in enumerate(points)]


def _cotangents(f: Function, points: Sequence[Array], rng: np.random.Generator) -> list[Array]:
    """Random cotangents for the results of `f`: of either sign, none close to zero."""
    shapes = [y.shape for y in _results(f, _leaves(points))]
    return [rng.uniform(0.5, 1.5, s) * rng.choice([-1.0, 1.0], s) for s in shapes]


def _contracted(f: Function, weights: Sequence[Array]) -> Function:
    """The number Σ w·f whose gradient all of this file compares, as a sum of its terms."""

    def terms(points: Sequence[Array]) -> Array:
        results = _results(f, _leaves(points))
        return np.concatenate([(w * raw(y)).ravel() for w, y in zip(weights, results)])

    return terms


def _differences(terms: Function, points: Sequence[Array]) -> list[Array]:
    """Central differences (F(x + h) - F(x - h)) / 2h, an entry of an input at a time.

    The difference is taken term by term, before the sum, where fewer digits cancel.
    """
    moved = [x.copy() for x in points]
    found = []
    for x in moved:
        slopes = np.empty(x.shape)
        for index in np.ndindex(x.shape):
            at = x[index]
            h = _STEP * max(1.0, abs(at))
            x[index] = above = at + h
            f_above = terms(moved)
            x[index] = below = at - h
            slopes[index] = (f_above - terms(moved)).sum() / (above - below)
            x[index] = at
        found.append(slopes)
    return found


def _backward(f: Function, weights: Sequence[Array], points: Sequence[Array]) -> list[Array]:
    leaves = _leaves(points)
    for y, w in zip(_results(f, leaves), weights):
        if y.requires_grad:
            y.backward(w)
    return [np.zeros(x.shape) if x.grad is None else x.grad for x in leaves]


def _recorded(f: Function, weights: Sequence[Array], points: Sequence[Array]) -> list[Array]:
    return [raw(dx) for dx in _gradient(f, weights)(*_leaves(points))]


_SWEEPS = {"its sweep over arrays": _backward, "its recorded sweep": _recorded}


def _gradient(f: Function, weights: Sequence[Array]) -> Function:
    """The function that gives the gradients of Σ w·f to all its arguments, on the tape."""

    def derivative(*leaves: Tensor) -> tuple[Tensor, ...]:
        total = [Tensor(np.zeros(x.shape)) for x in leaves]
        for y, w in zip(_results(f, leaves), weights):
            if y.requires_grad:
                found = gradients(y, leaves, w)
                total = [t + dx for t, dx in zip(total, found)]
        return tuple(total)

    return derivative


def _compare(
    tape: Array, numerical: Array, where: str, sweep: str, rtol: float, atol: float
) -> None:
    """Raise for the worst entry in which the two differ by more than the tolerance."""
    allowed = atol + rtol * np.abs(numerical)
    error = np.abs(tape - numerical)
    wrong = ~(error <= allowed)  # so that nan is wrong too
    if not wrong.any():
        return
    worst = np.unravel_index(np.argmax(np.where(wrong, error, -1.0)), error.shape)
    entry = f"entry {tuple(int(i) for i in worst)}" if worst else "its only entry"
    raise GradcheckError(
        f"{where}, {entry}: the tape says {tape[worst]:.10g} ({sweep}), central differences say "
        f"{numerical[worst]:.10g}. They differ by {error[worst]:.2g}, and {allowed[worst]:.2g} "
        f"(rtol {rtol:g}, atol {atol:g}) is allowed; {wrong.sum()} of {wrong.size} entries differ."
        + lesson("gradcheck")
    )


# ---- a fused node beside its graph --------------------------------------------------------------


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
    arrays = [np.array(raw(x)) for x in inputs]
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


@recording(True)
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
    with recording(True):
        first = gradients(y, leaves, seed)
        mixed = [np.cos(np.arange(dx.size, dtype=dx.dtype)).reshape(dx.shape) for dx in first]
        total = sum((dx * w).sum() for dx, w in zip(first, mixed))
        second = gradients(total, leaves)
    return [raw(y), *(x.grad for x in leaves), *map(raw, second)]


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
