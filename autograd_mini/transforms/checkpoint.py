"""checkpoint: recompute in the backward pass instead of storing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ..core.answers import explains_keywords
from ..core.arrays import unwrap
from ..core.context import grad_mode
from ..core.messages import describe
from ..core.primitive import JointRule, primitive
from ..core.pytree import tree_leaves, tree_map
from ..core.tape import Tape
from ..core.tensor import Tensor, _next_order
from .arguments import require_function, require_value
from .grad import vjp


@explains_keywords
def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function like `f` that recomputes intermediate results in the backward pass.

    This saves memory. Only the arguments and the result of a call are stored. The backward pass
    calls `f` a second time to get the intermediate results. For example, divide a chain of n steps
    into √n functions of √n steps each, and apply `checkpoint` to each function. Then about 2√n
    results are stored at a time, instead of n.

    Parameters
    ----------
    f : callable
        Takes and returns tensors, or lists, tuples and dicts of tensors. The second call must
        return the same result, so `f` must not use random numbers. All tensors that require a
        gradient must be arguments, passed by position, also the parameters of a model.

    Returns
    -------
    callable
        Takes the arguments of `f`, and returns the same result.

    Raises
    ------
    TypeError
        If `f` uses a tensor that requires a gradient, and that is not one of its arguments.
    RuntimeError
        In the backward pass, if the second call of `f` returns a different result.

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, chapter 12;
    Chen, Xu, Zhang, Guestrin: Training deep nets with sublinear memory cost, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> x = ag.tensor([0.5, 1.0], requires_grad=True, name="x")
    >>> block = ag.checkpoint(lambda x: np.exp(np.sin(x)) * x)
    >>> y = block(x).sum()
    >>> [t.op.name for t in y.tape() if t.op]
    ['checkpoint', 'sum']
    >>> y.backward()
    >>> x.grad.round(4)
    array([2.3239, 3.5732])
    """
    require_function("checkpoint", f)

    @wraps(f)
    def one_node(*args: Any, **kwargs: Any) -> Any:
        tensors = [x for x in tree_leaves(args) if isinstance(x, Tensor)]
        if not tensors:
            return f(*args, **kwargs)
        layout: list[Any] = []  # the tree of the value, which forward fills in

        def flat(*found: Any) -> Any:
            arguments = iter(found)
            full = tree_map(lambda x: next(arguments) if isinstance(x, Tensor) else x, args)
            y = require_value("checkpoint", f(*full, **kwargs))
            # Arrays of the same shapes and dtypes, which take no memory.
            layout[:] = [tree_map(lambda x: np.broadcast_to(np.zeros((), x.dtype), x.shape), y)]
            first, *others = parts = tree_leaves(y)
            # A node has one value, so several are joined.
            return np.concatenate([np.reshape(p, -1) for p in parts]) if others else first

        packed = primitive(_forward_of(flat), JointRule(_replay(flat)), name="checkpoint")(*tensors)
        return _unpacked(packed, layout[0])

    return one_node


def _forward_of(flat: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that computes the value without its tape, and checks captured tensors."""

    def forward(*arrays: Any) -> Any:
        began = _next_order()
        inputs = [Tensor(x, requires_grad=x.dtype.kind == "f") for x in arrays]
        with grad_mode(True):
            y = flat(*inputs)
        for t in Tape(y) if isinstance(y, Tensor) else ():
            if t.requires_grad and t.is_leaf and t.order < began:
                raise TypeError(
                    f"the function computes with {describe(t)}, which requires a gradient but is "
                    "not an argument. Pass the tensor as an argument, by position and not by name, "
                    "or use its .detach()."
                )
        return unwrap(y)

    return forward


def _replay(flat: Callable[..., Any]) -> Callable[..., Any]:
    """Return the rule for all arguments together, which runs the function again."""

    def rule(g: Any, y: Any, *args: Any) -> Any:
        real = [i for i, x in enumerate(args) if x.dtype.kind == "f"]

        def of_real(*primals: Any) -> Any:
            full = list(args)
            for i, x in zip(real, primals):
                full[i] = x
            return flat(*full)

        again, pullback = vjp(of_real, *(args[i] for i in real))
        known = isinstance(unwrap(y), (np.ndarray, np.generic))  # not traced, not lazy
        if known and not np.array_equal(unwrap(again), unwrap(y), equal_nan=True):
            raise RuntimeError(
                "checkpoint: the function returned a different value in the backward pass. It must "
                "not use random numbers, or anything else that changes between the two passes."
            )
        grads = dict(zip(real, pullback(g)))
        cotangents = [grads.get(i) for i in range(len(args))]
        return cotangents if isinstance(g, Tensor) else [unwrap(c) for c in cotangents]

    return rule


def _unpacked(packed: Any, layout: Any) -> Any:
    """Return the tree that was packed, in the shapes and dtypes of `layout`."""
    if len(tree_leaves(layout)) == 1:
        return tree_map(lambda _: packed, layout)
    ends = iter(np.cumsum([part.size for part in tree_leaves(layout)]).tolist())

    def piece(part: Any) -> Any:
        end = next(ends)
        entries = packed[end - part.size : end].reshape(part.shape)
        return entries if entries.dtype == part.dtype else entries.astype(part.dtype)

    return tree_map(piece, layout)
