"""Fused nodes: one primitive with a closed form, and the graph of primitives that it replaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .arrays import Rule
from .primitive import Primitive, VariadicRule, primitive
from .tensor import Tensor

#: Every fused primitive. A test compares each of them with its graph.
FUSED: list[Primitive] = []


def fused(
    forward: Callable[..., Any],
    *vjps: Rule | VariadicRule | None,
    unfused: Callable[..., Any],
    stable_graph: Callable[..., Any] | None = None,
    display_graph: Callable[..., Any] | None = None,
    display_rules: Sequence[Rule | None] = (),
    name: str | None = None,
    implements: Any = None,
    residuals: bool = False,
) -> Primitive:
    """Make a fused node: one operation that replaces several operations.

    The operations that a fused node replaces are called its *graph*. The node is faster or more
    accurate than its graph. Pictures can show the node or the graph.

    Parameters
    ----------
    forward : callable
        Computes the result from arrays.
    *vjps : callable or None
        A derivative rule for each argument, as in `primitive`.
    unfused : callable
        The graph: the same function, written with operations that have rules, such as `np.exp`.
        ``ag.check_fused(node, *inputs)`` compares the fused node with it.
    stable_graph : callable, optional
        The graph that programs of ``ag.source`` and ``ag.compile`` contain if they cannot contain
        `forward`. You only need it if `forward` writes into an array, or depends on the entries of
        an array, as with an ``if`` or ``.item()``. In this graph, nothing should overflow.
    display_graph : callable, optional
        The graph that tables, pictures and formulas show, if `unfused` is longer than the
        definition in a textbook. It may use other fused nodes. Results are not computed with it.
    display_rules : sequence of callable or None, optional
        The rules that formulas show, if `vjps` are written for speed or accuracy, and not as in a
        textbook. Gradients are not computed with them.
    name : str, optional
        The name in tables and pictures. The default is the name of `forward`.
    implements : NumPy function or tuple of NumPy functions, optional
        NumPy functions that call the fused node if an argument is a Tensor.
    residuals : bool
        Whether `forward` returns ``(y, residuals)``. The residuals are intermediate results that
        the rules need, too. See `primitive`.

    Returns
    -------
    Primitive

    Raises
    ------
    TypeError
        If no rule is given, or if a rule is neither None nor callable as ``rule(g, y, *args)``.

    Examples
    --------
    The graph of this hinge function has two nodes, a subtraction and a `relu`:

    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> hinge = ag.fused(
    ...     lambda x: np.maximum(1 - x, 0),
    ...     lambda g, y, x: np.where(y > 0, -g, 0),
    ...     unfused=lambda x: ag.relu(1 - x),
    ...     name="hinge",
    ... )
    >>> t = ag.tensor([0.25, 2.0], requires_grad=True)
    >>> hinge(t).backward(np.ones(2))
    >>> t.grad
    array([-1.,  0.])
    """
    made = primitive(forward, *vjps, name=name, implements=implements, residuals=residuals)
    made.unfused, made.stable_graph = unfused, stable_graph
    made.display_graph, made.display_rules = display_graph, display_rules
    FUSED.append(made)
    return made


def labelled(x: Any, name: str) -> Tensor:
    """Return `x` as a tensor with this name, which formulas show."""
    t = x if isinstance(x, Tensor) else Tensor(x, requires_grad=x.dtype.kind == "f")
    t.name = name
    return t
