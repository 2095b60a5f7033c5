"""Reverse mode as functions of functions, with JAX's names and signatures.

Each transform runs the function and sweeps over the tape that it leaves. An argument enters as a
fresh leaf, or as an `alias` node if it is on a tape already. That is why transforms nest: an inner
`grad` differentiates with respect to its own argument, and the outer tape still sees the nodes
that were computed from the outer argument.

Arguments and results may be nested dicts, lists and tuples of arrays (*trees*), as in JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from operator import index
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Cotangent, as_array, unwrap
from ..core.backward import ancestors, initial_cotangent, sweep
from ..core.context import grad_mode
from ..core.foreign import constant_like
from ..core.messages import describe, lesson
from ..core.pytree import leaves_like, tree_leaves, tree_map, tree_unflatten
from ..core.tape import Tape
from ..core.tensor import Tensor, _next_order
from ..ops.elementwise import alias

Function = Callable[..., Any]
ArgNums = int | tuple[int, ...]


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    r"""Return `f(*primals)` and a function that maps an output cotangent to input cotangents.

    Parameters
    ----------
    f : callable
        From trees of tensors to a tree of tensors.
    *primals : tree of array_like
        Where to evaluate `f`.
    has_aux : bool
        `f` returns ``(value, aux)``. The tensors in `aux`, a tree, are detached like `y`.

    Returns
    -------
    y : tree of Tensor
        The value, detached from the tape of this call: no gradient flows to the primals through it.
    pullback : callable
        ``pullback(cotangent)`` takes a tree like `y` and returns a tuple of trees like `primals`.
    aux
        Only with `has_aux`.

    Raises
    ------
    TypeError
        If an argument is not real floating.
    ValueError
        If the pullback gets a cotangent whose shape differs from that of the value.

    Notes
    -----
    $$\bar x = \bar y^\top \frac{\partial y}{\partial x}$$

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
    call = call_lifted(f, primals, has_aux)
    value, pullback = pullback_of(call.value, call.lifted, call.began)
    return value, pullback, *(detached(x, call.began) for x in call.aux)


def value_and_grad(f: Function, argnums: ArgNums = 0, has_aux: bool = False) -> Function:
    """Return a function that computes the value of `f`, a single number, and its gradient.

    Parameters
    ----------
    f : callable
        Returns a Tensor of shape (), or ``(value, aux)`` with `has_aux`.
    argnums : int or tuple of int
        With respect to which positional arguments.
    has_aux : bool
        `f` returns ``(value, aux)``, and the result is ``((value, aux), gradient)``.

    Returns
    -------
    callable
        Takes the arguments of `f` and returns ``(value, gradient)``. The value is detached. The
        gradient is a tree like the argument; for a tuple of `argnums`, a tuple of such trees.

    Raises
    ------
    TypeError
        If `f` does not return a single number, or an argument is not real floating.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> value, g = ag.value_and_grad(lambda w: (w["a"] * w["b"]).sum())({"a": 2.0, "b": 3.0})
    >>> value.item(), {name: d.item() for name, d in g.items()}
    (6.0, {'a': 3.0, 'b': 2.0})
    """

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        y, pullback, *aux = _vjp_of_argnums(f, argnums, args, kwargs, has_aux)
        if y is None:
            raise TypeError("grad: the function returned None. Did you forget `return`?")
        if not isinstance(y, Tensor) or y.shape != ():
            raise TypeError(
                f"grad: the function must return a scalar Tensor, but it returned {describe(y)}. "
                "Reduce a tensor with .sum() or .mean(), or use jacobian. A plain number has lost "
                "its derivative in float(), .item() or math." + lesson("many entries")
            )
        grads = select_argnums(pullback(np.ones((), y.dtype)), argnums)
        return ((y, *aux), grads) if has_aux else (y, grads)

    return derivative


def grad(f: Function, argnums: ArgNums = 0, has_aux: bool = False) -> Function:
    """Return a function that computes the gradient of `f`, which returns a single number.

    Parameters
    ----------
    f : callable
        Returns a Tensor of shape (), or ``(value, aux)`` with `has_aux`.
    argnums : int or tuple of int
        With respect to which positional arguments.
    has_aux : bool
        `f` returns ``(value, aux)``, and the result is ``(gradient, aux)``.

    Returns
    -------
    callable
        Takes the arguments of `f` and returns the gradient, a tree like the argument; for a tuple
        of `argnums`, a tuple of such trees.

    Raises
    ------
    TypeError
        If `f` does not return a single number, or an argument is not real floating.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.grad(np.tanh)(0.0).item()
    1.0
    >>> ag.grad(ag.grad(ag.grad(np.sin)))(0.0).item()
    -1.0
    """
    value_and_gradient = value_and_grad(f, argnums, has_aux)

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        value, grads = value_and_gradient(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return derivative


def elementwise_grad(f: Function, argnums: ArgNums = 0) -> Function:
    """Return a function that differentiates each entry of ``f(x)`` by the same entry of `x`.

    Parameters
    ----------
    f : callable
        Elementwise, as ``np.tanh``: each entry of its value depends on one entry of `x`.
    argnums : int or tuple of int
        With respect to which positional arguments.

    Returns
    -------
    callable
        Takes the arguments of `f` and returns a Tensor of the shape of the argument.

    Raises
    ------
    TypeError
        If an argument is not real floating.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.elementwise_grad(np.square)(np.array([1.0, 2.0, 3.0])).tolist()
    [2.0, 4.0, 6.0]
    """

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        y, pullback = _vjp_of_argnums(f, argnums, args, kwargs)
        return select_argnums(pullback(tree_map(lambda out: np.ones_like(unwrap(out)), y)), argnums)

    return derivative


def gradients(result: Tensor, tensors: Tensor | Sequence[Tensor], gradient: Any = None) -> Any:
    """Return the derivatives of `result` with respect to `tensors`, as Tensors on the tape.

    The sweep itself is recorded: the rules run on Tensors, so their results can be differentiated
    again, to any order. No ``.grad`` is changed.

    Parameters
    ----------
    result : Tensor
        The tensor to differentiate.
    tensors : Tensor or sequence of Tensor
        Leaves or nodes that require a gradient. If `result` does not depend on one of them, its
        derivative is zero.
    gradient : array_like or Tensor, optional
        The cotangent of `result` to start from. A result of one entry needs none: it starts at 1.

    Returns
    -------
    Tensor or tuple of Tensor
        One for each of `tensors`, of its shape and dtype.

    Raises
    ------
    RuntimeError
        If `result` was not recorded.
    ValueError
        If `gradient` is missing or has the wrong shape, or a tensor does not require a gradient.

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
            raise TypeError(f"gradients: expected Tensors, got {describe(t)}")
        if t is not result and not t.requires_grad:
            raise ValueError(f"gradients: {describe(t)} does not require a gradient")
    # Active, because a derivative is a linear function of its seed: a jvp is a VJP of this VJP.
    seed = Tensor(initial_cotangent(result, gradient), requires_grad=True, name="seed")
    if isinstance(gradient, Tensor) and gradient.requires_grad:
        seed = gradient if gradient.dtype == result.dtype else gradient.astype(result.dtype)
    adjoints = sweep(ancestors(result), seed, keep=set(wanted), recorded=True)
    grads = tuple(
        adjoints[t] if t in adjoints else Tensor(np.zeros_like(t._array), requires_grad=True)
        for t in wanted
    )
    return grads[0] if single else grads


# ---- entering and leaving ------------------------------------------------------------------------


def lift(x: Any) -> Tensor:
    """Return an argument as a new tensor, on the outer tape if `x` is on one."""
    if isinstance(x, Tensor) and x.requires_grad:
        lifted: Tensor = alias(x)  # a constant if nothing is recorded, as in a no_grad block
        if lifted.requires_grad:
            return lifted
    return Tensor(unwrap(x), requires_grad=True)


class LiftedCall(NamedTuple):
    """A call of a function on lifted arguments, a tree. `aux` is empty without `has_aux`."""

    began: int  #: the creation number before the call: tensors with larger ones are private to it
    lifted: Any
    value: Any
    aux: list[Any]


def call_lifted(f: Function, primals: Any, has_aux: bool = False) -> LiftedCall:
    """Lift the arguments, and call `f` on them."""
    began = _next_order()
    lifted = tree_map(lift, primals)
    with grad_mode(True):  # a derivative was asked for, so record inside of a no_grad block too
        y = f(*lifted)
    if not has_aux:
        return LiftedCall(began, lifted, y, [])
    if not isinstance(y, tuple) or len(y) != 2:
        raise TypeError(f"has_aux: the function must return (value, aux), got {describe(y)}")
    return LiftedCall(began, lifted, y[0], [y[1]])


def is_private(x: Any, began: int) -> bool:
    """Return whether gradients flow from `x`, and none to a leaf that is older than `began`."""
    if not isinstance(x, Tensor) or not x.requires_grad:
        return False
    return not any(t.requires_grad and t.is_leaf and t.order < began for t in Tape(x))


def detached(tree: Any, began: int) -> Any:
    """Return a tree whose tensors do not keep the tape of a call that began then in memory.

    A tensor that also depends on one from outside, such as the argument of an enclosing transform,
    stays on its tape.
    """
    return tree_map(lambda x: x.detach() if is_private(x, began) else x, tree)


def restrict(
    f: Function, argnums: ArgNums, args: tuple[Any, ...], kwargs: Any
) -> tuple[Function, tuple[Any, ...]]:
    """Return `f` as a function of the arguments at `argnums` alone, and those arguments."""
    numbers = tuple(map(index, argnums)) if np.iterable(argnums) else (index(argnums),)
    for i in numbers:
        if not -len(args) <= i < len(args):
            raise TypeError(f"argnums={argnums}: the call has {len(args)} positional arguments")
    if len({i % len(args) for i in numbers}) < len(numbers):
        raise TypeError(f"argnums={argnums} names an argument twice")

    def restricted(*primals: Any) -> Any:
        full = list(args)
        for i, x in zip(numbers, primals):
            full[i] = x
        return f(*full, **kwargs)

    return restricted, tuple(args[i] for i in numbers)


def select_argnums(grads: tuple[Any, ...], argnums: ArgNums) -> Any:
    """Return all gradients for a tuple of `argnums`, the only one for an int."""
    return grads if np.iterable(argnums) else grads[0]


def _vjp_of_argnums(
    f: Function, argnums: ArgNums, args: tuple[Any, ...], kwargs: Any, has_aux: bool = False
) -> Any:
    """Call `vjp` with respect to the arguments at `argnums`, with the others held fixed."""
    restricted, primals = restrict(f, argnums, args, kwargs)
    return vjp(restricted, *primals, has_aux=has_aux)


def pullback_of(y: Any, lifted: Any, began: int) -> tuple[Any, Function]:
    """Return `y` detached, and a function that maps a tree like it to a tree like `lifted`."""
    value, inputs = detached(y, began), tree_leaves(lifted)
    pairs = zip(tree_leaves(y), tree_leaves(value))
    pulls = [pullback_at(out, inputs, outside=out is kept) for out, kept in pairs]

    def pullback(cotangent: Any) -> Any:
        cotangents = leaves_like(y, cotangent, "the pullback: a cotangent")
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
                f"the cotangent has shape {np.shape(cotangent)}, but the value is {describe(y)}"
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
