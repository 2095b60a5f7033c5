"""Forward mode and higher orders: Jacobian- and Hessian-vector products, whole Jacobians, Hessians.

All of them use vector-Jacobian products (`vjp`), so each operation needs only its reverse rule.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ..core.answers import explains_keywords
from ..core.arrays import unwrap
from ..core.context import grad_mode
from ..core.messages import describe
from ..core.pytree import leaves_like, tree_leaves, tree_map, tree_unflatten
from ..core.tensor import Tensor
from .arguments import (
    call_lifted,
    is_private,
    require_argnums,
    require_function,
    restrict,
    select_argnums,
)
from .grad import gradient_function, pullback_at, pullback_of, pulled_back


@explains_keywords
def jvp(
    f: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[Any, Any]:
    r"""Return the value of `f`, and its derivative in a direction: the Jacobian times a vector.

    Arguments and results may be arrays, or lists, tuples and dicts of arrays, also nested. Below,
    all of these are called *trees*. The derivative has the same structure as the value.

    Parameters
    ----------
    f : callable
        Takes trees of tensors and returns a tree of tensors.
    primals, tangents : tuple of trees of array_like
        The arguments of `f`, and the direction in which they change.

    Returns
    -------
    y, dy : trees of Tensor

    Raises
    ------
    ValueError
        If the tangents do not have the same structure and shapes as the primals.
    TypeError
        If a primal does not have a float dtype.

    Notes
    -----
    Let x be the arguments of `f`, and ẋ the direction:

    $$\dot y = \frac{\partial y}{\partial x}\,\dot x$$

    The reference explains how two calls of `vjp` compute this product.

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
    require_function("jvp", f)
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(
                f"jvp: {name} must be a tuple with one entry for each argument of the function, "
                f"got {describe(given)}. Write ag.jvp(f, (x,), (v,))."
            )
    directions = leaves_like(tuple(primals), tuple(tangents), "jvp: tangents")
    shapes = [[np.shape(x) for x in leaves] for leaves in (tree_leaves(primals), directions)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"jvp: the tangents have shapes {shapes[1]}, but the primals have shapes {shapes[0]}. "
            "Pass one tangent of the same shape for each primal."
        )
    call = call_lifted("jvp", f, tuple(primals))
    y, pullback = pullback_of("jvp", call.value, call.lifted, call.began)
    u = tree_map(lambda out: Tensor(np.zeros_like(unwrap(out)), requires_grad=True), y)
    with grad_mode(True):
        _, pushforward = pullback_of("jvp", pullback(u), u, call.began)
    return y, pushforward(tuple(tangents))


@explains_keywords
def jacobian(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    r"""Return a function that computes all first derivatives ∂y_i/∂x_j of y = f(x).

    The function runs one backward pass for each entry y_i of y.

    Parameters
    ----------
    f : callable
        Returns a Tensor of any shape, or a list, tuple or dict of such Tensors.
    argnums : int or tuple of int
        The positions of the arguments to differentiate with respect to, counted from 0.

    Returns
    -------
    callable
        Takes the arguments of `f` and returns the Jacobian, a Tensor of shape ``y.shape + x.shape``
        for a value `y` and an argument `x`. If `f` returns several Tensors, if an argument is a
        dict, or if `argnums` is a tuple, the result is nested. For example, ``J["u"]["w"]`` is
        ∂u/∂w, if `f` takes ``{"w": w}`` and returns ``{"u": u}``.

    Raises
    ------
    TypeError
        If an argument of `argnums` does not have a float dtype.

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
    return _jacobian_function("jacobian", f, argnums)


def _jacobian_function(
    caller: str, f: Callable[..., Any], argnums: int | tuple[int, ...]
) -> Callable[..., Any]:
    """Return what `jacobian` returns, for the transform that `caller` names in errors."""
    require_function(caller, f)
    require_argnums(caller, argnums)

    @wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        restricted, primals, numbers = restrict(caller, f, argnums, args, kwargs)
        call = call_lifted(caller, restricted, primals, numbers=numbers)
        inputs = tree_leaves(call.lifted)

        def rows(out: Any) -> Any:
            found = _jacobians(out, inputs, call.began)
            return select_argnums(tree_unflatten(call.lifted, found), argnums)

        return tree_map(rows, call.value)

    return derivative


def _jacobians(y: Any, inputs: list[Tensor], began: int) -> list[Tensor]:
    """Return ∂y/∂x for each x. A cotangent with a single 1 gives the row of one entry of y."""
    shape, size = np.shape(y), np.size(y)
    if not size:
        return [Tensor(np.zeros_like(x._array, shape=shape + x.shape)) for x in inputs]
    pull, dtype = pullback_at(y, inputs, not is_private(y, began)), getattr(y, "dtype", float)
    basis = np.eye(size, dtype=dtype).reshape(size, *shape)
    rows = zip(*(pull(e) for e in basis))
    return [np.stack(r).reshape(shape + x.shape) for r, x in zip(rows, inputs)]


@explains_keywords
def hessian(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    r"""Return a function that computes the Hessian of `f`: all second derivatives.

    Parameters
    ----------
    f : callable
        Returns a Tensor of shape ().
    argnums : int or tuple of int
        The positions of the arguments to differentiate with respect to, counted from 0.

    Returns
    -------
    callable
        Takes the arguments of `f` and returns a Tensor of shape ``x.shape + x.shape`` for an
        argument x. For a dict ``x = {"w": w, "b": b}``, the result h is a dict of dicts:
        ``h["w"]["b"]`` is ∂²f/∂w∂b. The same holds for a list or tuple. If `argnums` is a tuple,
        ``h[i][j]`` is for the arguments ``argnums[i]`` and ``argnums[j]``.

    Raises
    ------
    TypeError
        If `f` does not return a number, or if an argument of `argnums` does not have a float dtype.

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
    return _jacobian_function("hessian", gradient_function("hessian", f, argnums), argnums)


@explains_keywords
def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    r"""Return the product H v, where H is the Hessian of `f` at `x`. H itself is not computed.

    Two backward passes are enough. `x` and `v` may be arrays, or lists, tuples and dicts of arrays,
    also nested. Below, all of these are called *trees*.

    Parameters
    ----------
    f : callable
        Takes a tree of tensors and returns a single number.
    x, v : tree of array_like
        The point, and the vector to multiply. Both have the same structure and shapes.

    Returns
    -------
    tree of Tensor
        H v, with the structure and shapes of `x`.

    Raises
    ------
    TypeError
        If `f` does not return a single number, or if `x` does not have a float dtype.
    ValueError
        If `v` does not have the same structure and shapes as `x`.

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
    shapes = [np.shape(leaf) for leaf in tree_leaves(x)]
    if shapes != [np.shape(leaf) for leaf in leaves_like(x, v, "hvp: v")]:
        raise ValueError(
            f"hvp: v must have the same shapes as x, got {describe(v)} for {describe(x)}."
        )
    gradient = gradient_function("hvp", f)
    _, pullback = pulled_back("hvp", call_lifted("hvp", gradient, (x,)))
    return pullback(v)[0]  # the Hessian is symmetric, so it is its own transpose
