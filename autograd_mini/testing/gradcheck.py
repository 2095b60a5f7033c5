"""The tape's derivatives against central differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.arrays import unwrap
from ..core.context import grad_mode
from ..core.messages import lesson
from ..core.tensor import Tensor
from ..transforms.grad import gradients

Function = Callable[..., Any]
Array = NDArray[np.float64]

# The step that balances truncation (h^2) against rounding (eps / h) is the cube root of eps
# [Press et al.: Numerical Recipes, 3rd ed., 2007, section 5.7].
_STEP = float(np.finfo(float).eps) ** (1 / 3)


class GradcheckError(AssertionError):
    """A derivative of the tape differs from the numerical one. The message shows where.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> wrong = ag.primitive(np.sin, lambda g, y, x: -g * np.cos(x), name="sine", implements=())
    >>> ag.gradcheck(wrong, [1.0])
    Traceback (most recent call last):
        ...
    autograd_mini.testing.gradcheck.GradcheckError: ...
    """


@grad_mode(True)  # also inside of a no_grad block
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
    array = np.asarray(unwrap(x))
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
        return np.concatenate([(w * unwrap(y)).ravel() for w, y in zip(weights, results)])

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
    return [unwrap(dx) for dx in _gradient(f, weights)(*_leaves(points))]


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
