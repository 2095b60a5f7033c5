"""Reverse mode as functions that take a function, with JAX's names and signatures.

Each transform runs the function, and then a backward pass over its tape. An argument enters as a
fresh leaf, or as an `alias` node if it is on a tape already. That is why transforms nest: an inner
`grad` differentiates with respect to its own argument, and the outer tape still sees the nodes that
were computed from the outer argument.

Arguments and results may be nested dicts, lists and tuples of arrays (*trees*), as in JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from ..core.answers import explains_keywords
from ..core.arrays import Cotangent, as_array, unwrap
from ..core.backward import ancestors, initial_cotangent, sweep
from ..core.context import grad_mode
from ..core.foreign import constant_like
from ..core.messages import describe, lesson
from ..core.pytree import leaves_like, tree_leaves, tree_map, tree_unflatten
from ..core.tape import Tape
from ..core.tensor import Tensor
from .arguments import (
    LiftedCall,
    call_lifted,
    detached,
    require_argnums,
    require_function,
    restrict,
    select_argnums,
)


@explains_keywords
def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    r"""Return the value of `f`, and a function that computes the gradients of the arguments.

    Arguments and results may be arrays, or lists, tuples and dicts of arrays, also nested. Below,
    all of these are called *trees*.

    Parameters
    ----------
    f : callable
        Takes trees of tensors and returns a tree of tensors.
    *primals : tree of array_like
        The arguments of `f`.
    has_aux : bool
        If True, `f` returns ``(value, aux)``. `aux` is a tree of any other results that you want
        back. They are not differentiated.

    Returns
    -------
    y : tree of Tensor
        The value of `f`. It is not on the tape, so you cannot differentiate it further.
    pullback : callable
        ``pullback(g)`` takes g = ∂L/∂y for a loss L, with the structure and shapes of `y`. It
        returns a tuple with ∂L/∂x for each argument x of `f`.
    aux : tree
        Only with `has_aux`. You cannot differentiate its tensors, either.

    Raises
    ------
    TypeError
        If an argument does not have a float dtype.
    ValueError
        If the pullback gets a gradient whose structure or shapes differ from those of `y`.

    Notes
    -----
    For each argument x of `f`, the pullback computes

    $$\frac{\partial L}{\partial x} = g^\top \frac{\partial y}{\partial x}$$

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> y, pullback = ag.vjp(lambda a, b: a * b, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    >>> [g.tolist() for g in pullback(np.array([1.0, 10.0]))]
    [[3.0, 40.0], [1.0, 20.0]]
    """
    require_function("vjp", f)
    if not primals:
        raise TypeError("vjp needs the arguments of the function too. Write ag.vjp(f, x).")
    return pulled_back("vjp", call_lifted("vjp", f, primals, has_aux))


def pulled_back(caller: str, call: LiftedCall) -> Any:
    """Return what `vjp` returns: the value, the pullback to the arguments, and `aux`, if any."""
    value, pullback = pullback_of(caller, call.value, call.lifted, call.began)
    return value, pullback, *(detached(x, call.began) for x in call.aux)


@explains_keywords
def value_and_grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes the value and the gradient of `f`.

    `f` must return a single number. Arguments may be arrays, or lists, tuples and dicts of arrays,
    also nested. Below, all of these are called *trees*.

    Parameters
    ----------
    f : callable
        Returns a single number: a Tensor of shape (). With `has_aux`, it returns ``(value, aux)``.
    argnums : int or tuple of int
        The positions of the arguments to differentiate with respect to, counted from 0.
    has_aux : bool
        If True, `f` returns ``(value, aux)``, and you get ``((value, aux), gradient)``. `aux` is a
        tree of any other results that you want back. They are not differentiated.

    Returns
    -------
    callable
        Takes the arguments of `f` and returns ``(value, gradient)``. The value is not on the tape,
        so you cannot differentiate it further. The gradient is a tree like the argument. If
        `argnums` is a tuple, the gradient is a tuple with one such tree for each position.

    Raises
    ------
    TypeError
        If `f` does not return a number, or if an argument of `argnums` does not have a float dtype.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> value, g = ag.value_and_grad(lambda w: (w["a"] * w["b"]).sum())({"a": 2.0, "b": 3.0})
    >>> value.item(), {name: d.item() for name, d in g.items()}
    (6.0, {'a': 3.0, 'b': 2.0})
    """
    return value_and_gradient("value_and_grad", f, argnums, has_aux)


def value_and_gradient(
    caller: str, f: Callable[..., Any], argnums: int | tuple[int, ...], has_aux: bool
) -> Callable[..., Any]:
    """Return what `value_and_grad` returns, for the transform that `caller` names in errors."""
    require_function(caller, f)
    require_argnums(caller, argnums)

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        y, pullback, *aux = _vjp_of_argnums(caller, f, argnums, args, kwargs, has_aux)
        if not isinstance(y, Tensor) or y.shape != ():
            raise TypeError(
                f"{caller}: the function must return a scalar Tensor, but it returned "
                f"{describe(y)}. {_how_to_return_a_scalar(y)}"
            )
        grads = select_argnums(pullback(np.ones((), y.dtype)), argnums)
        return ((y, *aux), grads) if has_aux else (y, grads)

    return derivative


def _how_to_return_a_scalar(y: Any) -> str:
    """Return what to write instead of a function that returns `y`."""
    if isinstance(y, Tensor):
        return "Reduce it with .sum() or .mean(), or use ag.jacobian." + lesson("many entries")
    if isinstance(y, (list, tuple, dict)):
        return "To return a second result, pass has_aux=True and return (value, aux)."
    gone = "float(), .item() and math" if np.ndim(y) == 0 else ".numpy() and .data"
    return f"The gradient was lost. Use NumPy's functions on tensors instead of {gone}."


@explains_keywords
def grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes the gradient of `f`. `f` must return a single number.

    The arguments of `f` may be arrays, or lists, tuples and dicts of arrays, also nested. Below,
    all of these are called *trees*.

    Parameters
    ----------
    f : callable
        Returns a single number: a Tensor of shape (). With `has_aux`, it returns ``(value, aux)``.
    argnums : int or tuple of int
        The positions of the arguments to differentiate with respect to, counted from 0.
    has_aux : bool
        If True, `f` returns ``(value, aux)``, and you get ``(gradient, aux)``. `aux` is a tree of
        any other results that you want back. They are not differentiated.

    Returns
    -------
    callable
        Takes the arguments of `f` and returns the gradient, a tree like the argument. If `argnums`
        is a tuple, the gradient is a tuple with one such tree for each position.

    Raises
    ------
    TypeError
        If `f` does not return a number, or if an argument of `argnums` does not have a float dtype.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.grad(np.tanh)(0.0).item()
    1.0
    >>> ag.grad(ag.grad(ag.grad(np.sin)))(0.0).item()
    -1.0
    """
    return gradient_function("grad", f, argnums, has_aux)


def gradient_function(
    caller: str, f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return what `grad` returns, for the transform that `caller` names in errors."""
    both = value_and_gradient(caller, f, argnums, has_aux)

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        value, grads = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return derivative


@explains_keywords
def elementwise_grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0
) -> Callable[..., Any]:
    """Return a function that differentiates each ``f(x)[i]`` with respect to ``x[i]``.

    Parameters
    ----------
    f : callable
        An elementwise function: each entry of ``f(x)`` depends only on the same entry of `x`.
    argnums : int or tuple of int
        The positions of the arguments to differentiate with respect to, counted from 0.

    Returns
    -------
    callable
        Takes the arguments of `f` and returns a Tensor, or several if `argnums` is a tuple.

    Raises
    ------
    TypeError
        If an argument does not have a float dtype.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.elementwise_grad(np.square)(np.array([1.0, 2.0, 3.0])).tolist()
    [2.0, 4.0, 6.0]
    """
    require_function("elementwise_grad", f)
    require_argnums("elementwise_grad", argnums)

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        y, pullback = _vjp_of_argnums("elementwise_grad", f, argnums, args, kwargs)
        return select_argnums(pullback(tree_map(lambda out: np.ones_like(unwrap(out)), y)), argnums)

    return derivative


@explains_keywords
def gradients(result: Tensor, tensors: Tensor | Sequence[Tensor], gradient: Any = None) -> Any:
    """Return the derivatives of `result` with respect to `tensors`, as Tensors.

    You can differentiate the derivatives again. No ``.grad`` changes.

    Parameters
    ----------
    result : Tensor
        The tensor to differentiate.
    tensors : Tensor or sequence of Tensor
        They must require a gradient. If `result` does not depend on a tensor, its derivative is 0.
    gradient : array_like or Tensor, optional
        The gradient that the backward pass starts with. It has the shape of `result`. If `result`
        has one entry, the default is 1.

    Returns
    -------
    Tensor or tuple of Tensor
        One derivative for each of the `tensors`, with the shape and dtype of that tensor.

    Raises
    ------
    RuntimeError
        If `result` does not require a gradient.
    ValueError
        If `gradient` is missing or has the wrong shape. If a tensor does not require a gradient.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> first = ag.gradients(x ** 3, x)
    >>> second = ag.gradients(first, x)
    >>> first.item(), second.item()
    (12.0, 12.0)
    """
    single = not isinstance(tensors, (list, tuple))
    wanted: list[Any] = [tensors] if single else list(tensors)
    for t in (result, *wanted):
        if not isinstance(t, Tensor):
            fix = " For a function, use ag.grad(f)(x)." * callable(t)
            raise TypeError(f"gradients: expected a Tensor, got {describe(t)}.{fix}")
        if t is not result and not t.requires_grad:
            fix = "Create it with requires_grad=True."
            raise ValueError(f"gradients: {describe(t)} does not require a gradient. {fix}")
    # Active, because a derivative is a linear function of its seed: a jvp is a VJP of this VJP.
    try:
        seed = Tensor(initial_cotangent(result, gradient), requires_grad=True, name="seed")
    except ValueError as error:
        raise ValueError(f"gradients: {error}") from error
    if isinstance(gradient, Tensor) and gradient.requires_grad:
        seed = gradient if gradient.dtype == result.dtype else gradient.astype(result.dtype)
    adjoints = sweep(ancestors(result), seed, keep=set(wanted), recorded=True)
    grads = tuple(
        adjoints[t] if t in adjoints else Tensor(np.zeros_like(t._array), requires_grad=True)
        for t in wanted
    )
    return grads[0] if single else grads


# ---- one sweep -----------------------------------------------------------------------------------


def _vjp_of_argnums(
    caller: str,
    f: Callable[..., Any],
    argnums: int | tuple[int, ...],
    args: tuple[Any, ...],
    kwargs: Any,
    has_aux: bool = False,
) -> Any:
    """Call `vjp` with respect to the arguments at `argnums`, with the others held fixed."""
    restricted, primals, numbers = restrict(caller, f, argnums, args, kwargs)
    return pulled_back(caller, call_lifted(caller, restricted, primals, has_aux, numbers))


def pullback_of(caller: str, y: Any, lifted: Any, began: int) -> tuple[Any, Callable[..., Any]]:
    """Return `y` detached, and a function that maps a tree like it to a tree like `lifted`."""
    value, inputs = detached(y, began), tree_leaves(lifted)
    pairs = zip(tree_leaves(y), tree_leaves(value))
    pulls = [pullback_at(out, inputs, outside=out is kept) for out, kept in pairs]

    def pullback(cotangent: Any) -> Any:
        cotangents = leaves_like(y, cotangent, f"{caller}: the cotangent")
        found = [pull(c) for pull, c in zip(pulls, cotangents)]  # per output, then per input
        grads = [sum(parts[1:], parts[0]) for parts in zip(*found)]
        return tree_unflatten(lifted, grads)

    return value, pullback


def pullback_at(y: Any, inputs: list[Tensor], outside: bool) -> Callable[[Any], list[Tensor]]:
    """Return a function that maps a cotangent of `y` to those of `inputs`, by one sweep.

    The sweep is recorded if there is something to differentiate it by: an active cotangent, or an
    active tensor from `outside`, such as the argument of an enclosing transform.
    """
    if not isinstance(y, Tensor) or not y.requires_grad:
        return lambda cotangent: [Tensor(np.zeros_like(x._array)) for x in inputs]
    own = set(inputs)

    def pull(cotangent: Any) -> list[Tensor]:
        if np.shape(cotangent) != y.shape:
            raise ValueError(
                f"vjp: the gradient needs the shape {y.shape}, got {np.shape(cotangent)}."
            )
        active = isinstance(cotangent, Tensor) and cotangent.requires_grad
        recorded = outside or active
        seed = cotangent if active else constant_like(as_array(unwrap(cotangent)), y)
        seed = seed if seed.dtype == y.dtype else seed.astype(y.dtype)
        if recorded and not active:
            seed = Tensor(seed)
        # The tape is gathered in every call, because leaves may have new data.
        adjoints = sweep_over(Tape(y), seed, own, recorded)
        grads = [adjoints.get(x, np.zeros_like(x._array)) for x in inputs]
        return [g if isinstance(g, Tensor) else Tensor(g) for g in grads]

    return pull


def sweep_over(
    tape: Tape, seed: Cotangent, keep: set[Tensor], recorded: bool
) -> dict[Tensor, Cotangent]:
    """Call `sweep`, on Tensors for symbols, because NumPy cannot take the sine of a symbol."""
    if recorded or tape.result.dtype.kind != "O":
        return sweep(tape, seed, keep, recorded)
    with grad_mode(False):
        return sweep(tape, Tensor(seed), keep, recorded=True)
