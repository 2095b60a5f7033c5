"""Compare the gradients of a tape with central differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.answers import explains_keywords
from ..core.arrays import as_array, unwrap
from ..core.context import grad_mode
from ..core.messages import lesson
from ..core.tensor import Tensor
from ..transforms.arguments import require_function
from ..transforms.grad import gradients

Array = NDArray[np.float64]

# The step that balances truncation (h^2) against rounding (eps / h) is the cube root of eps
# [Press et al.: Numerical Recipes, 3rd ed., 2007, section 5.7].
_STEP = float(np.finfo(float).eps) ** (1 / 3)


class GradcheckError(AssertionError):
    """Raised by `gradcheck` and `check_fused` if a gradient or a value is wrong.

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


@explains_keywords
@grad_mode(True)  # also inside of a no_grad block
def gradcheck(
    f: Callable[..., Any],
    *inputs: ArrayLike | Tensor,
    order: int = 1,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    seed: int = 0,
) -> bool:
    """Compare the gradients of `f` with (f(x + h) - f(x - h)) / 2h, for each entry x of the inputs.

    Here h is a small step. The quotient is called a *central difference*. The check always runs in
    float64, also if the inputs have a different dtype. Both ``backward()`` and `gradients` are
    checked. If the result has several entries, each entry is multiplied by a random number, and the
    sum is differentiated.

    Parameters
    ----------
    f : callable
        Takes one Tensor for each of the `inputs`, and returns a Tensor of any shape or a tuple of
        Tensors. It must return the same result every time. It must be smooth near the inputs, so do
        not check at a kink, such as 0 for ``relu``.
    *inputs : array_like or Tensor
        The point to check at. The inputs are copied, so they and their ``.grad`` do not change.
    order : int
        1 checks the first derivatives, 2 also checks the second derivatives, and so on.
    rtol, atol : float
        A gradient is right if it differs from the central difference d by at most
        ``atol + rtol * |d|``.
    seed : int
        The seed of the random numbers.

    Returns
    -------
    bool
        True. If a gradient is wrong, an error is raised instead.

    Raises
    ------
    GradcheckError
        If a gradient is wrong. The message names the input and the entry. It shows the gradient,
        the central difference and the tolerance.
    TypeError
        If an input does not have a float dtype, or if `f` does not return Tensors.
    ValueError
        If `inputs` is empty, or if `order` is less than 1.

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 1.2 (central
    differences have few correct digits, so the tolerances are wide).

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.gradcheck(lambda x, w: np.tanh(x @ w), np.ones((2, 3)), [0.1, 0.2, 0.3], order=2)
    True
    """
    require_function("gradcheck", f)
    points = [_point(x, i) for i, x in enumerate(inputs)]
    if not points:
        raise ValueError("gradcheck needs at least one input. Write ag.gradcheck(f, x).")
    if order < 1:
        raise ValueError(f"gradcheck: order must be at least 1, got {order}.")
    rng = np.random.default_rng(seed)
    for k in range(1, order + 1):
        weights = _cotangents(f, points, rng)
        numerical = _differences(_weighted_outputs(f, weights), points)
        for name, differentiate in _PASSES.items():
            for i, (a, n) in enumerate(zip(differentiate(f, weights, points), numerical)):
                _compare(a, n, f"derivative of order {k}, input {i}", name, rtol, atol)
        f = _gradient(f, weights)
    return True


def _point(x: Any, i: int) -> Array:
    """Return input number `i` as a float64 copy. Raise TypeError if it has no float dtype."""
    array = np.asarray(as_array(unwrap(x)))
    if array.dtype.kind != "f":
        raise TypeError(
            f"gradcheck: input {i} has dtype {array.dtype}, but only floats have gradients. Write "
            "[1.0, 2.0] instead of [1, 2]. If you need no gradient of this input, put it into a "
            "lambda: gradcheck(lambda x: f(x, labels), x)."
        )
    return array.astype(np.float64)


def _results(f: Callable[..., Any], points: Sequence[Any]) -> tuple[Tensor, ...]:
    """Return `f(*points)` as a tuple of Tensors."""
    results = f(*points)
    results = results if isinstance(results, tuple) else (results,)
    if not all(isinstance(y, Tensor) for y in results):
        fix = "If f returned an array, the gradient was lost inside of f. Use NumPy's functions."
        if any(y is None for y in results):
            fix = "Did you forget `return`?"
        raise TypeError(
            f"gradcheck: f must return Tensors, but it returned {_types(results)}. {fix}"
        )
    return results


def _types(results: Sequence[Any]) -> str:
    return ", ".join(type(y).__name__ for y in results)


def _leaves(points: Sequence[Array]) -> list[Tensor]:
    return [Tensor(x, requires_grad=True, name=f"input {i}") for i, x in enumerate(points)]


def _cotangents(
    f: Callable[..., Any], points: Sequence[Array], rng: np.random.Generator
) -> list[Array]:
    """Return random cotangents for the results of `f`, of both signs and none close to zero."""
    shapes = [y.shape for y in _results(f, _leaves(points))]
    return [rng.uniform(0.5, 1.5, s) * rng.choice([-1.0, 1.0], s) for s in shapes]


def _weighted_outputs(f: Callable[..., Any], weights: Sequence[Array]) -> Callable[..., Any]:
    """Return the function w·f. Its sum is the number that this module differentiates."""

    def terms(points: Sequence[Array]) -> Array:
        results = _results(f, _leaves(points))
        return np.concatenate([(w * unwrap(y)).ravel() for w, y in zip(weights, results)])

    return terms


def _differences(terms: Callable[..., Any], points: Sequence[Array]) -> list[Array]:
    """Return central differences (F(x + h) - F(x - h)) / 2h of the sum of `terms`.

    The difference is taken term by term, before the sum, because fewer digits cancel then.
    """
    moved = [x.copy() for x in points]
    slopes_of_inputs = []
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
        slopes_of_inputs.append(slopes)
    return slopes_of_inputs


def _backward(
    f: Callable[..., Any], weights: Sequence[Array], points: Sequence[Array]
) -> list[Array]:
    """Return the gradients of Σ w·f that the plain backward pass computes."""
    leaves = _leaves(points)
    for y, w in zip(_results(f, leaves), weights):
        if y.requires_grad:
            y.backward(w)
    return [np.zeros(x.shape) if x.grad is None else x.grad for x in leaves]


def _recorded(
    f: Callable[..., Any], weights: Sequence[Array], points: Sequence[Array]
) -> list[Array]:
    """Return the gradients of Σ w·f that the recorded pass computes."""
    return [unwrap(dx) for dx in _gradient(f, weights)(*_leaves(points))]


_PASSES = {"backward()": _backward, "gradients()": _recorded}


def _gradient(f: Callable[..., Any], weights: Sequence[Array]) -> Callable[..., Any]:
    """Return the function that computes the gradients of Σ w·f, recorded on the tape."""

    def gradient(*leaves: Tensor) -> tuple[Tensor, ...]:
        total = [Tensor(np.zeros(x.shape)) for x in leaves]
        for y, w in zip(_results(f, leaves), weights):
            if y.requires_grad:
                total = [t + dx for t, dx in zip(total, gradients(y, leaves, w))]
        return tuple(total)

    return gradient


def _only_in(backward_pass: str) -> str:
    """Return which backward pass differs, if it is the second. (The first has passed then.)"""
    return (
        "" if backward_pass == "backward()" else f" backward() passed, but {backward_pass} did not."
    )


def _compare(
    tape: Array, numerical: Array, where: str, backward_pass: str, rtol: float, atol: float
) -> None:
    """Raise for the worst of the entries that differ by more than the tolerance."""
    allowed = atol + rtol * np.abs(numerical)
    error = np.abs(tape - numerical)
    wrong = ~(error <= allowed)  # written so that nan is wrong too
    if not wrong.any():
        return
    worst = np.unravel_index(np.argmax(np.where(wrong, error, -1.0)), error.shape)
    entry = f"entry {tuple(int(i) for i in worst)}" if worst else "its only entry"
    if not np.isfinite(error[worst]):
        raise GradcheckError(
            f"{where}, {entry}: the rules give {tape[worst]:.10g}, and central differences give "
            f"{numerical[worst]:.10g}. Check a point where both are finite." + lesson("gradcheck")
        )
    raise GradcheckError(
        f"{where}, {entry}: the rules give {tape[worst]:.10g}, but central differences give "
        f"{numerical[worst]:.10g}.{_only_in(backward_pass)} To get one number from the function, "
        "gradcheck multiplies each entry of the result by a random number, and adds the products. "
        f"The difference {error[worst]:.2g} exceeds the tolerance {allowed[worst]:.2g} (rtol "
        f"{rtol:g}, atol {atol:g}). {wrong.sum()} of {wrong.size} entries fail. If the slope of "
        "the function jumps at this point, as the slope of relu does at 0, check another point."
        + lesson("gradcheck")
    )
