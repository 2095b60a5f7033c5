"""Transforms: from a function to its derivatives, with JAX's names and signatures.

Everything here is one sweep or several over the tape that a function leaves. Each argument enters
as a tensor of its own, a fresh leaf or an `alias` record, and so transforms nest: an inner `grad`
differentiates with respect to its own argument, and what it computed from an outer one stays on
the tape of the outer.

Arguments and results may be nested dicts, lists and tuples of arrays (*trees*), as in JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from operator import index
from typing import Any

import numpy as np

from ..core.arrays import as_array, unwrap
from ..core.backward import ancestors, initial_cotangent, sweep
from ..core.context import grad_mode
from ..core.messages import describe, lesson
from ..core.pytree import leaves_like, tree_leaves, tree_map
from ..core.tape import Tape
from ..core.tensor import Tensor
from ..ops.elementwise import alias

Function = Callable[..., Any]
ArgNums = int | tuple[int, ...]


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    r"""The value of `f`, and its pullback: from a cotangent of the value to those of the arguments.

    Parameters
    ----------
    f : callable
        From trees of tensors to a tree of tensors.
    *primals : tree of array_like
        Where to evaluate `f`.
    has_aux : bool
        `f` returns ``(value, aux)``; `aux` is handed on as it is.

    Returns
    -------
    y : tree of Tensor
        The value.
    pullback : callable
        ``pullback(cotangent)``, for a tree like `y`, gives a tuple of trees like `primals`.
    aux
        Only with `has_aux`.

    Raises
    ------
    TypeError
        For arguments that are not real floating.
    ValueError
        From the pullback, for a cotangent of another shape than the value's.

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
    entered, y, aux = _recorded(f, primals, has_aux)
    inputs = tree_leaves(entered)
    pulls = [pullback_at(out, inputs) for out in tree_leaves(y)]

    def pullback(cotangent: Any) -> Any:
        cotangents = leaves_like(y, cotangent, "the pullback: a cotangent")
        found = [pull(c) for pull, c in zip(pulls, cotangents)]
        grads = iter([sum(parts[1:], parts[0]) for parts in zip(*found)])
        return tree_map(lambda _: next(grads), entered)

    return y, pullback, *aux


def value_and_grad(f: Function, argnums: ArgNums = 0, has_aux: bool = False) -> Function:
    """The function that gives the value of `f`, one number, and its gradient.

    Parameters
    ----------
    f : callable
        Returns a Tensor of shape (), or ``(value, aux)`` with `has_aux`.
    argnums : int or tuple of int
        With respect to which positional arguments.
    has_aux : bool
        Give ``((value, aux), gradient)``.

    Returns
    -------
    callable
        Takes the arguments of `f`; gives ``(value, gradient)``, the gradient a tree like the
        argument, or a tuple of them for a tuple of `argnums`.

    Raises
    ------
    TypeError
        When `f` does not return a single number, or an argument is not real floating.

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 3.2.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> value, g = ag.value_and_grad(lambda w: (w["a"] * w["b"]).sum())({"a": 2.0, "b": 3.0})
    >>> value.item(), {name: d.item() for name, d in g.items()}
    (6.0, {'a': 3.0, 'b': 2.0})
    """

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        y, pullback, *aux = _vjp_in(f, argnums, args, kwargs, has_aux)
        if not isinstance(y, Tensor) or y.shape != ():
            raise TypeError(
                f"grad: the function returned {describe(y)}, and a gradient is of one number on "
                "the tape. Reduce a tensor with .sum() or .mean(), or use jacobian; a plain number "
                "has lost its derivative on the way, in float(), .item() or math."
                + lesson("many entries")
            )
        grads = select_argnums(pullback(np.ones((), y.dtype)), argnums)
        return ((y, *aux), grads) if has_aux else (y, grads)

    return derivative


def grad(f: Function, argnums: ArgNums = 0, has_aux: bool = False) -> Function:
    """The gradient of `f`, as a function: `value_and_grad` without the value.

    Parameters
    ----------
    f, argnums, has_aux
        As for `value_and_grad`.

    Returns
    -------
    callable
        Takes the arguments of `f`; gives the gradient, or ``(gradient, aux)`` with `has_aux`.

    Raises
    ------
    TypeError
        As `value_and_grad`.

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 3.2.

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


def jvp(f: Function, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    r"""The value of `f`, and its derivative along `tangents`: the pushforward.

    From pullbacks alone. The pullback u → uᵀJ is linear in u, so its own pullback, at any u, is
    its transpose: v → Jv.

    Parameters
    ----------
    f : callable
        From trees of tensors to a tree of tensors.
    primals, tangents : tuple of trees of array_like
        Where to evaluate `f`, and in which direction to move.

    Returns
    -------
    y, dy : trees of Tensor

    Raises
    ------
    ValueError
        When the tangents are not a tree of the shapes of the primals.
    TypeError
        For primals that are not real floating.

    Notes
    -----
    $$\dot y = \frac{\partial y}{\partial x}\,\dot x$$

    References
    ----------
    J. Townsend, A new trick for calculating Jacobian vector products, 2017.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> y, dy = ag.jvp(lambda a, b: a * b, (2.0, 3.0), (1.0, 10.0))
    >>> y.item(), dy.item()
    (6.0, 23.0)
    """
    directions = leaves_like(tuple(primals), tuple(tangents), "jvp: tangents")
    shapes = [[np.shape(x) for x in leaves] for leaves in (tree_leaves(primals), directions)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"jvp: tangents of shapes {shapes[1]} for primals of {shapes[0]}")
    y, pullback = vjp(f, *primals)
    u = tree_map(lambda out: Tensor(np.zeros_like(unwrap(out)), requires_grad=True), y)
    _, pushforward = vjp(pullback, u)
    (dy,) = pushforward(tuple(tangents))
    return y, dy


def jacobian(f: Function, argnums: ArgNums = 0) -> Function:
    r"""The function that gives all first derivatives of `f`: ∂y_i/∂x_j, a sweep for each y_i.

    Parameters
    ----------
    f : callable
        Returns a tree of Tensors of any shapes.
    argnums : int or tuple of int
        With respect to which positional arguments.

    Returns
    -------
    callable
        Takes the arguments of `f`; gives a tree like the value, in which a tree like the argument
        stands for each array `y`, with a Tensor of shape ``y.shape + x.shape`` for each array `x`.

    Raises
    ------
    TypeError
        For arguments that are not real floating.

    Notes
    -----
    $$J_{ij} = \frac{\partial y_i}{\partial x_j}$$

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> p = ag.softmax(np.array([2.0, 1.0, 0.1]))
    >>> J = ag.jacobian(ag.softmax)(np.array([2.0, 1.0, 0.1]))
    >>> np.allclose(J.data, np.diag(p) - np.outer(p, p))
    True
    """

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        of_chosen, primals = _of_chosen(f, argnums, args, kwargs)
        entered, y, _ = _recorded(of_chosen, primals, False)
        inputs = tree_leaves(entered)

        def rows(out: Any) -> Any:
            found = iter(_jacobians(out, inputs))
            return select_argnums(tree_map(lambda _: next(found), entered), argnums)

        return tree_map(rows, y)

    return derivative


def _jacobians(y: Any, inputs: list[Tensor]) -> list[Tensor]:
    """∂y/∂x for each x: a row for each entry of y, which a cotangent with a single 1 brings out."""
    shape, size = np.shape(y), np.size(y)
    if not size:
        return [Tensor(np.zeros(shape + x.shape, x.dtype)) for x in inputs]
    pull, dtype = pullback_at(y, inputs), getattr(y, "dtype", float)
    basis = np.eye(size, dtype=dtype).reshape(size, *shape)
    rows = zip(*(pull(e) for e in basis))
    return [np.stack(r).reshape(shape + x.shape) for r, x in zip(rows, inputs)]


def hessian(f: Function, argnums: ArgNums = 0) -> Function:
    r"""The function that gives all second derivatives of `f`: the Jacobian of its gradient.

    Parameters
    ----------
    f, argnums
        As for `grad`.

    Returns
    -------
    callable
        Takes the arguments of `f`; gives a Tensor of shape ``x.shape + x.shape``. For trees it is a
        tree of trees, ``h["w"]["b"]`` being ∂²f/∂w∂b.

    Raises
    ------
    TypeError
        As `grad`.

    Notes
    -----
    $$H_{ij} = \frac{\partial^2 f}{\partial x_i\,\partial x_j}$$

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 5.4.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0])).tolist()
    [[10.0, 6.0], [6.0, 0.0]]
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Function, x: Any, v: Any) -> Any:
    r"""The Hessian of `f` at `x` times `v`, without forming the Hessian: two sweeps.

    Parameters
    ----------
    f : callable
        From a tree of tensors to one number.
    x, v : tree of array_like
        Where, and in which direction: a tree like `x`.

    Returns
    -------
    tree of Tensor
        H v, like `x`.

    Raises
    ------
    TypeError
        When `f` does not return a single number, or `x` is not real floating.
    ValueError
        When `v` is not a tree of the shapes of `x`.

    Notes
    -----
    $$H v = \nabla_x \left( \nabla f(x)^\top v \right)$$

    References
    ----------
    B. A. Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6(1), 1994.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.hvp(lambda x: (x**3).sum(), np.array([1.0, 2.0]), np.array([1.0, 1.0])).tolist()
    [6.0, 12.0]
    """
    _, pullback = vjp(grad(f), x)
    return pullback(v)[0]  # the Hessian is symmetric: its transpose will do


def elementwise_grad(f: Function, argnums: ArgNums = 0) -> Function:
    """The derivative of each entry of ``f(x)`` by the same entry of `x`, for elementwise `f`.

    Parameters
    ----------
    f : callable
        Whose every entry depends on the entry of its place in `x` alone, as ``np.tanh``.
    argnums : int or tuple of int
        With respect to which positional arguments.

    Returns
    -------
    callable
        Takes the arguments of `f`; gives a Tensor of the shape of the argument.

    Raises
    ------
    TypeError
        For arguments that are not real floating.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> ag.elementwise_grad(np.square)(np.array([1.0, 2.0, 3.0])).tolist()
    [2.0, 4.0, 6.0]
    """

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        y, pullback = _vjp_in(f, argnums, args, kwargs)
        return select_argnums(pullback(tree_map(lambda out: np.ones_like(unwrap(out)), y)), argnums)

    return derivative


# ---- entering and leaving ------------------------------------------------------------------------


def lift(x: Any) -> Tensor:
    """An argument under an identity of its own: on the outer tape when it was on one."""
    if isinstance(x, Tensor) and x.requires_grad:
        entered: Tensor = alias(x)  # a constant when nothing is recorded, as in a no_grad block
        if entered.requires_grad:
            return entered
    return Tensor(unwrap(x), requires_grad=True)


def _vjp_in(
    f: Function, argnums: ArgNums, args: tuple[Any, ...], kwargs: Any, has_aux: bool = False
) -> Any:
    """`vjp` with respect to the arguments at `argnums`, the others held fixed."""
    of_chosen, primals = _of_chosen(f, argnums, args, kwargs)
    return vjp(of_chosen, *primals, has_aux=has_aux)


def _recorded(f: Function, primals: Any, has_aux: bool) -> tuple[Any, Any, list[Any]]:
    """The arguments as they entered, the value of `f` at them, and the auxiliary result."""
    entered = tree_map(lift, primals)
    with grad_mode(True):  # a derivative was asked for, also inside of a no_grad block
        y = f(*entered)
    if not has_aux:
        return entered, y, []
    if not isinstance(y, tuple) or len(y) != 2:
        raise TypeError(f"has_aux: the function must return (value, aux), not {describe(y)}")
    return entered, y[0], [y[1]]


def _of_chosen(f: Function, argnums: ArgNums, args: tuple[Any, ...], kwargs: Any) -> Any:
    """`f` as a function of the arguments at `argnums`, and those arguments."""
    chosen = _tuple(argnums)
    for i in chosen:
        if not -len(args) <= i < len(args):
            raise TypeError(f"argnums {argnums}: the call has {len(args)} positional arguments")
    if len({i % len(args) for i in chosen}) < len(chosen):
        raise TypeError(f"argnums {argnums} names an argument twice")

    def of_chosen(*primals: Any) -> Any:
        full = list(args)
        for i, x in zip(chosen, primals):
            full[i] = x
        return f(*full, **kwargs)

    return of_chosen, tuple(args[i] for i in chosen)


def pullback_at(y: Any, inputs: list[Tensor]) -> Callable[[Any], list[Tensor]]:
    """From a cotangent of `y` to those of `inputs`: a sweep over the tape that `y` has now.

    The sweep is recorded where there is something to differentiate it by: an active tensor that
    came from outside, such as the argument of an enclosing transform, or an active cotangent.
    """
    if not isinstance(y, Tensor) or not y.requires_grad:
        return lambda cotangent: [Tensor(np.zeros_like(x._array)) for x in inputs]
    own = set(inputs)
    outside = any(t.requires_grad and t.is_leaf and t not in own for t in Tape(y))

    def pull(cotangent: Any) -> list[Tensor]:
        if np.shape(cotangent) != y.shape:
            raise ValueError(f"a cotangent of shape {np.shape(cotangent)} for {describe(y)}")
        active = isinstance(cotangent, Tensor) and cotangent.requires_grad
        recorded = outside or active
        seed = cotangent if active else as_array(unwrap(cotangent))
        seed = seed if seed.dtype == y.dtype else seed.astype(y.dtype)
        if recorded and not active:
            seed = Tensor(seed)
        found = sweep_over(Tape(y), seed, own, recorded)  # gathered anew: leaves may have new data
        adjoints = [found.get(x, np.zeros_like(x._array)) for x in inputs]
        return [g if isinstance(g, Tensor) else Tensor(g) for g in adjoints]

    return pull


def sweep_over(tape: Tape, seed: Any, own: set[Tensor], recorded: bool) -> dict[Tensor, Any]:
    """What `sweep` finds; over symbols it runs on Tensors, since NumPy has no sine of a symbol."""
    if recorded or tape.result.dtype.kind != "O":
        return sweep(tape, seed, own, recorded)
    with grad_mode(False):
        return sweep(tape, Tensor(seed), own, recorded=True)


def _tuple(argnums: ArgNums) -> tuple[int, ...]:
    return tuple(argnums) if np.iterable(argnums) else (index(argnums),)


def select_argnums(grads: tuple[Any, ...], argnums: ArgNums) -> Any:
    """All of them for a tuple of `argnums`, the only one for an int."""
    return grads if np.iterable(argnums) else grads[0]


def gradients(result: Tensor, tensors: Tensor | Sequence[Tensor], gradient: Any = None) -> Any:
    """The derivatives of `result` with respect to `tensors`, as Tensors on the tape.

    The sweep itself is recorded: the rules run on Tensors, and what they compute can be
    differentiated again, to any order. Touches no ``.grad``.

    Parameters
    ----------
    result : Tensor
        What to differentiate.
    tensors : Tensor or sequence of Tensor
        With respect to what; leaves or records that require a gradient. Where `result` does not
        depend on one of them its derivative is zero.
    gradient : array_like or Tensor, optional
        The cotangent of `result` to start from; one when not given, for a result of one entry.

    Returns
    -------
    Tensor or tuple of Tensor
        One for each of `tensors`, of its shape and dtype.

    Raises
    ------
    RuntimeError
        When `result` was not recorded.
    ValueError
        When `gradient` is missing or of the wrong shape, or a tensor requires no gradient.

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
            raise TypeError(f"gradients are of a Tensor, to Tensors, not {describe(t)}")
        if t is not result and not t.requires_grad:
            raise ValueError(f"{describe(t)} requires no gradient: there is none to compute")
    # Active, because a derivative is a linear function of its seed: a jvp is a VJP of this VJP.
    seed = Tensor(initial_cotangent(result, gradient), requires_grad=True, name="seed")
    if isinstance(gradient, Tensor) and gradient.requires_grad:
        seed = gradient if gradient.dtype == result.dtype else gradient.astype(result.dtype)
    found = sweep(ancestors(result), seed, keep=set(wanted), recorded=True)
    grads = tuple(found[t] if t in found else _zero(t) for t in wanted)
    return grads[0] if single else grads


def _zero(t: Tensor) -> Tensor:
    """The derivative by a tensor that the result does not depend on; active, as the others are."""
    return Tensor(np.zeros_like(t._array), requires_grad=True)
