"""Arguments on their way into a transform, and the value of the function on its way out.

Each error names the transform that was called, the argument, and what it must be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Number
from operator import index
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import as_array_or_tensor, holds_numbers, unwrap
from ..core.context import grad_mode
from ..core.messages import describe
from ..core.pytree import tree_leaves, tree_map
from ..core.tape import Tape
from ..core.tensor import Tensor, _next_order
from ..ops.elementwise import alias


def require_function(caller: str, f: Any) -> None:
    """Raise TypeError if `f` cannot be called."""
    if not callable(f):
        fix = "Pass a function of the arguments, such as lambda x: (x**2).sum()."
        if isinstance(f, Tensor):
            fix = "To differentiate a tensor, write ag.gradients(loss, w) or loss.backward()."
        raise TypeError(f"{caller} needs a function, got {describe(f)}. {fix}")


def require_argnums(caller: str, argnums: Any) -> None:
    """Raise TypeError if `argnums` is not an int or a tuple of ints."""
    numbers = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    if not numbers or not all(map(_is_position, numbers)):
        raise TypeError(
            f"{caller}: argnums must be the position of an argument (counted from 0), or a tuple "
            f"of positions, got {describe(argnums)}. To pass x, write ag.{caller}(f)(x)."
        )


def restrict(
    caller: str,
    f: Callable[..., Any],
    argnums: int | tuple[int, ...],
    args: tuple[Any, ...],
    kwargs: Any,
) -> tuple[Callable[..., Any], tuple[Any, ...], tuple[int, ...]]:
    """Return `f` as a function of only the arguments at `argnums`, these, and their positions."""
    numbers = tuple(map(index, argnums)) if np.iterable(argnums) else (index(argnums),)
    for i in numbers:
        if not -len(args) <= i < len(args):
            ordinal = ("first", "second", "third", "fourth")[i] if 0 <= i < 4 else ""
            which = f"argnums={i}" + (ordinal and f" is the {ordinal} argument")
            n = len(args)
            raise TypeError(
                f"{caller}: {which}, but the call has {n or 'no'} positional "
                f"argument{'s' * (n != 1)}. argnums counts from 0: for the first argument, write "
                "argnums=0. If you passed the argument by keyword, pass it by position."
            )
    if len({i % len(args) for i in numbers}) < len(numbers):
        raise TypeError(f"{caller}: argnums={argnums} contains a position twice.")

    def restricted(*primals: Any) -> Any:
        full = list(args)
        for i, x in zip(numbers, primals):
            full[i] = x
        return f(*full, **kwargs)

    return restricted, tuple(args[i] for i in numbers), tuple(i % len(args) for i in numbers)


def select_argnums(grads: tuple[Any, ...], argnums: int | tuple[int, ...]) -> Any:
    """Return all gradients for a tuple of `argnums`, the only one for an int."""
    return grads if np.iterable(argnums) else grads[0]


class LiftedCall(NamedTuple):
    """A call of a function on lifted arguments, a tree. `aux` is empty without `has_aux`."""

    began: int  #: the creation number before the call: tensors with larger ones are private to it
    lifted: Any
    value: Any
    aux: list[Any]


def call_lifted(
    caller: str,
    f: Callable[..., Any],
    primals: Any,
    has_aux: bool = False,
    numbers: Sequence[int] | None = None,
) -> LiftedCall:
    """Lift the arguments, and call `f` on them. `numbers` are their positions, for errors."""
    began = _next_order()
    numbers = range(len(primals)) if numbers is None else numbers
    lifted = tuple(_lift_argument(caller, i, x) for i, x in zip(numbers, primals))
    try:
        with grad_mode(True):  # a derivative was asked for, so record in a no_grad block too
            y = f(*lifted)
    except (TypeError, AttributeError) as error:
        if lists := [i for i, x in zip(numbers, primals) if _is_list_of_numbers(x)]:
            raise TypeError(
                f"{caller}: argument {lists[0]} is a list of numbers, so the function gets a list "
                f"of tensors. Pass np.array([...]). (The function raised {type(error).__name__}: "
                f"{str(error).rstrip('.')}.)"
            ) from error
        raise
    if not has_aux:
        return LiftedCall(began, lifted, require_value(caller, y), [])
    if not isinstance(y, tuple) or len(y) != 2:
        raise TypeError(
            f"{caller}: with has_aux=True the function must return (value, aux), where aux is any "
            f"second result. Got {describe(y)}."
        )
    return LiftedCall(began, lifted, require_value(caller, y[0]), [y[1]])


def is_private(x: Any, began: int) -> bool:
    """Return whether `x` requires a gradient, but depends on no leaf older than `began`."""
    if not isinstance(x, Tensor) or not x.requires_grad:
        return False
    return not any(t.requires_grad and t.is_leaf and t.order < began for t in Tape(x))


def detached(tree: Any, began: int) -> Any:
    """Return the tree without the tape of the call that began with creation number `began`.

    A tensor that also depends on an older leaf, such as the argument of an enclosing transform,
    stays on its tape.
    """
    return tree_map(lambda x: x.detach() if is_private(x, began) else x, tree)


def lift(x: Any) -> Tensor:
    """Return `x` as a new tensor. If `x` is on a tape, the new tensor is on this tape too."""
    if isinstance(x, Tensor) and x.requires_grad:
        lifted: Tensor = alias(x)  # a constant if nothing is recorded, as in a no_grad block
        if lifted.requires_grad:
            return lifted
    return Tensor(unwrap(x), requires_grad=True)


def _lift_argument(caller: str, i: int, tree: Any) -> Any:
    """Lift the arrays in an argument; an error names its position."""
    if tree is None:
        raise TypeError(f"{caller}: argument {i} is None. Pass floats.")
    try:
        return tree_map(lift, tree)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{caller}: argument {i}: {error}") from error


def require_value(caller: str, y: Any) -> Any:
    """Return the value of a function; raise TypeError if it is None or not made of numbers."""
    if y is None:
        raise TypeError(f"{caller}: the function returned None. Did you forget `return`?")
    for leaf in tree_leaves(y):
        if not isinstance(leaf, Tensor) and not holds_numbers(as_array_or_tensor(leaf)):
            raise TypeError(
                f"{caller}: the function must return Tensors, but it returned {describe(leaf)}."
            )
    return y


def _is_position(i: Any) -> bool:
    return hasattr(i, "__index__") and np.ndim(i) == 0 and not isinstance(i, (bool, np.bool_))


def _is_list_of_numbers(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and all(isinstance(e, Number) for e in x)
