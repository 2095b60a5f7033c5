"""The backward pass: gather the tape of a result, walk it from its end, add gradients.

The gradient of the result with respect to a tensor is called the tensor's *adjoint* or *cotangent*.
This module uses the fields of a tensor (`arrays.TensorBase`), but not the class `Tensor`.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy import array, ndarray, ones_like

from . import messages
from .accumulation import add_to_grads
from .arrays import NOT_RETAINED, Cotangent, TensorBase, add, as_array, holds_numbers, unwrap, widen
from .context import ALL_OBSERVERS, Contribution, grad_mode, observers
from .foreign import compute_lazy, constant_like, rechunk_like
from .pieces import Pieces, without_pieces

if TYPE_CHECKING:
    from .tensor import Tensor

Adjoints: TypeAlias = "dict[Tensor, Cotangent]"


def backward(result: Tensor, gradient: Any = None) -> None:
    """Add the gradient of `result` to ``.grad``: the body of `Tensor.backward`."""
    tensors = ancestors(result)
    add_to_grads(compute_adjoints(tensors, initial_cotangent(result, gradient), keep=()))


def ancestors(result: Tensor) -> list[Tensor]:
    """Return all tensors that `result` was computed from, and itself, in order of creation."""
    tensor = type(result)  # the class of inputs that are not constants
    found, seen = [result], {result.order}
    for t in found:  # the loop also visits what it appends
        for a in t.inputs:
            if type(a) is tensor:
                n = a.order
                if n > t.order:
                    raise RuntimeError(messages.computed_from_old_data(a, t))
                if n not in seen:
                    seen.add(n)
                    found.append(a)
    found.sort(key=attrgetter("order"))
    return found


def initial_cotangent(result: Tensor, gradient: Any) -> Any:
    """Return the cotangent that the pass starts with: `gradient`, or by default 1."""
    if not result._active:
        raise RuntimeError(messages.not_recorded(result))
    y = result._array
    if gradient is None:
        if y.size != 1:
            raise ValueError(messages.needs_cotangent(result))
        # ones_like takes three times as long, but it returns a lazy array for a lazy array.
        return array(1, y.dtype, ndmin=y.ndim) if type(y) is ndarray else ones_like(y)
    seed = constant_like(as_array(unwrap(gradient)), y)
    if seed.shape != y.shape or not holds_numbers(seed):
        raise ValueError(messages.wrong_cotangent(result, seed))
    return seed.astype(y.dtype)


def compute_adjoints(tensors: Sequence[Tensor], seed: Any, keep: Container[Tensor]) -> Adjoints:
    """Run `sweep`, and return adjoints as arrays, for any kind of array on the tape."""
    result = tensors[-1]
    if type(result._array) is not ndarray:
        return compute_lazy(sweep(tensors, seed, keep))
    if result._array.dtype.kind != "O":
        return sweep(tensors, seed, keep)
    with grad_mode(False):  # NumPy cannot compute the sine of a symbol, but a Tensor can
        adjoints = sweep(tensors, type(result)(seed), keep, recorded=True)
    return {t: unwrap(g) for t, g in adjoints.items()}


def sweep(
    tensors: Sequence[Tensor], seed: Any, keep: Container[Tensor], recorded: bool = False
) -> Adjoints:
    """Walk the tape from its end; return the adjoints of leaves, `keep` and retained nodes.

    The rules run on arrays. With `recorded`, they run on Tensors, so the pass itself is recorded.
    """
    watching = observers() if ALL_OBSERVERS else ()
    for o in watching:
        o.backward_begins(tensors, seed)
    tensor = type(tensors[-1])  # the class of inputs that are not constants
    try:
        # The walk starts with the gradient of the result with respect to itself.
        adjoints = {tensors[-1]: seed}
        for t in reversed(tensors):
            # The pass ends at a leaf: its adjoint is a result.
            if (op := t.op) is None:
                continue
            # All uses of a node were recorded after it, so by now its adjoint is complete.
            kept = t._grad is not NOT_RETAINED or t in keep
            g = adjoints.get(t) if kept else adjoints.pop(t, None)
            if g is None:  # the result does not depend on `t`
                continue
            if type(g) is Pieces:  # `t` was sliced
                g = g.whole()
            # A rule gets this adjoint, the output, and the arguments of the call.
            inputs, kwargs = t.inputs, t.kwargs
            if recorded:
                args = [g, t, *inputs]
            else:
                args = [g, t._array]
                for a in inputs:  # a comprehension would take 0.15 us more: 10% of a short step
                    args.append(a._array if type(a) is tensor else a)
                if t.residuals is not None:  # rules on Tensors compute them again
                    kwargs = {**(kwargs or {}), "residuals": t.residuals}
            rules, i = iter(op.vjps), -1  # zip would take 0.15 us more
            for a in inputs:
                i += 1  # noqa: SIM113  # enumerate would take 4% of the pass
                rule = next(rules, None)  # arguments beyond the rules are parameters
                if type(a) is tensor and a._active and rule is not None:
                    # The rule returns what this use of the argument contributes to its adjoint.
                    value = c = rule(*args, **kwargs) if kwargs else rule(*args)
                    x = a._array
                    if type(c) is not ndarray or c.shape != x.shape or c.dtype is not x.dtype:
                        c = unbroadcast(c, t, a)
                    # The chain rule: an adjoint is the sum of the contributions of all uses.
                    before = adjoints.get(a)
                    adjoints[a] = c if before is None else add(before, c)
                    if watching:  # saves 2% of the pass
                        for o in watching:
                            o.contributed(Contribution(t, i, g, value, adjoints[a]))
        return without_pieces(adjoints)
    finally:
        for o in watching:
            o.backward_ends()


def unbroadcast(c: Cotangent, t: Tensor, a: Tensor) -> Cotangent:
    """Return a contribution of node `t` to its argument `a` in the shape and dtype of `a`.

    If broadcasting repeated an argument along an axis, its contribution is the sum over that axis.
    Only this function undoes broadcasting. It sums, but never repeats: a lost axis is an error.
    """
    if type(c) is Pieces:
        return c
    c = c if isinstance(c, TensorBase) else as_array(c)
    x = a._array
    # Broadcasting compares shapes from the last axis. It repeats axes of length 1 and missing ones.
    lead = c.ndim - x.ndim
    repeated, wrong = tuple(range(lead)), lead < 0
    if stretched := c.shape[lead:] != x.shape:
        lengths = list(zip(c.shape[lead:], x.shape))
        repeated += tuple([i for i, (n, m) in enumerate(lengths, lead) if n != m])
        wrong = wrong or any(n != m != 1 for n, m in lengths)
    if wrong or c.dtype.kind not in ("biufO" if x.dtype.kind == "O" else "biuf"):
        raise ValueError(messages.wrong_contribution(t, a, c))
    if repeated:
        c = widen(c).sum(axis=repeated, keepdims=stretched or not x.ndim)
    if c.shape != x.shape:
        c = c.reshape(x.shape)
    c = c if c.dtype == x.dtype else c.astype(x.dtype)
    return c if type(x) is ndarray else rechunk_like(c, x)
