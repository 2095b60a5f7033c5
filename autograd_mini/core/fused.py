"""Fused nodes: one primitive with a closed form, and the graph of primitives that it replaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .arrays import Rule
from .primitive import Primitive, VariadicRule, primitive
from .tensor import Tensor

#: Every fused primitive, for the test that compares each with its unfused definition.
FUSED: list[Primitive] = []


def fused(
    forward: Callable[..., Any],
    *vjps: Rule | VariadicRule | None,
    unfused: Callable[..., Any],
    display_graph: Callable[..., Any] | None = None,
    display_rules: Sequence[Rule | None] = (),
    name: str | None = None,
    implements: Any = None,
    residuals: bool = False,
) -> Primitive:
    """One node in place of a graph: a primitive that knows the function it replaces.

    Parameters
    ----------
    forward, *vjps, name, implements, residuals
        As for `primitive`.
    unfused : callable
        The same function of the same arguments, written in primitives: what the node is held to,
        by ``ag.check_fused(node, *inputs)``.
    display_graph : callable, optional
        The same function once more, as one reads it in a book, where that is shorter than the
        graph. It may use other fused nodes.
    display_rules : sequence of callable or None, optional
        Rules that say the same as those of the node, as one reads them in a book, where the node's
        are written so as to be fast or to lose no digits. Like `display_graph` they never compute
        anything: views run them on symbols, and write what they find.

    Returns
    -------
    Primitive

    Examples
    --------
    A hinge, where the graph would be three records:

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
    made.unfused, made.display_graph, made.display_rules = unfused, display_graph, display_rules
    FUSED.append(made)
    return made


def labelled(x: Any, name: str) -> Tensor:
    """`x` under a name by which formulas write it: for what a textbook has."""
    t = x if isinstance(x, Tensor) else Tensor(x, requires_grad=x.dtype.kind == "f")
    t.name = name
    return t
