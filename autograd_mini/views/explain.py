"""Describe the backward pass in sentences: a paragraph for each node, with formulas and numbers."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from typing import Any

from ..core.tensor import Tensor
from ..text.format import format_array, made_by, wrap
from ..text.terminal import transliterate
from .trace import Step, Term, Trace, require_node

_NARROWEST, _WIDEST = 20, 80  # columns of a line


def explain(result: Tensor, names: Mapping[str, Any] | None = None) -> str:
    """Describe backpropagation from `result` step by step.

    Parameters
    ----------
    result : Tensor
        The tensor to differentiate, with one entry. No ``.grad`` changes.
    names : mapping, optional
        A dict of names and values, such as ``locals()``. It gives names to arrays, and to tensors
        that have no name.

    Returns
    -------
    str
        A paragraph for each operation, from the last to the first. It shows the value, the gradient
        of the value, and what the operation contributes to the gradients of its arguments. If a
        tensor is used several times, its gradient is the sum of such contributions. The last line
        lists the gradients of the leaves, which are the inputs of the computation. If the terminal
        cannot print a symbol such as ∂, the text contains a replacement, such as d.

    Raises
    ------
    RuntimeError, ValueError
        If no operation was recorded for the result, or if it has more than one entry.

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 3.2.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> square = x * x
    >>> print(ag.explain(square + x, names={"square": square}))
    The backward pass starts at v2 = 12, with ∂v2/∂v2 = 1.
    <BLANKLINE>
    1. add computed v2 = square + x = 12. Incoming gradient: ∂v2/∂v2 = 1.
       To square: ∂v2/∂square = ∂v2/∂v2 = 1.
       To x: ∂v2/∂x = ∂v2/∂v2 = 1. This gradient needs 2 more contributions.
    <BLANKLINE>
    2. mul computed square = x · x = 9. Incoming gradient: ∂v2/∂square = 1.
       To x: ∂v2/∂x += ∂v2/∂square · x = 3. The sum is 4. This gradient needs 1 more
          contribution.
       To x: ∂v2/∂x += ∂v2/∂square · x = 3. The sum is 7.
    <BLANKLINE>
    Gradients of the leaves: ∂v2/∂x = 7.
    """
    trace = Trace.of(result, names)
    require_node("explain", result)
    last = trace.names[result.order]
    value = format_array(result.data)
    start = f"The backward pass starts at {last} = {value}, with ∂{last}/∂{last} = 1."
    steps = [_paragraph(i, step, trace) for i, step in enumerate(trace.backward, start=1)]
    complete = {c.target: c for step in trace.backward for c in step.contributions if c.open == 0}
    leaves = "; ".join(
        f"{trace.derivative(t)} = {format_array(c.total)}" for t, c in complete.items() if t.is_leaf
    )
    return "\n\n".join([_line(start, 0), *steps, _line(f"Gradients of the leaves: {leaves}.", 0)])


def _paragraph(number: int, step: Step, trace: Trace) -> str:
    """Describe a node: its value, its incoming gradient, and its contributions."""
    t = step.tensor
    value = f"{trace.names[t.order]} = {trace.forward_formula(t)} = {format_array(t.data)}"
    head = (
        f"{number}. {made_by(t)} computed {value}. "
        f"Incoming gradient: {trace.derivative(t)} = {format_array(step.value)}."
    )
    indent = len(f"{number}. ")
    sentences = (" " * indent + _sentence(c, trace) for c in step.contributions)
    return "\n".join([_line(head, indent), *(_line(line, indent + 3) for line in sentences)])


def _line(text: str, indent: int) -> str:
    """Return the text in lines that fit the terminal, with a hanging indent."""
    columns = max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size().columns))
    return wrap(transliterate(text, sys.stdout), indent, columns)


def _sentence(c: Term, trace: Trace) -> str:
    """Describe one contribution: its formula, its value, and the sum so far."""
    sign = "=" if c.is_first else "+="
    text = f"To {trace.names[c.target.order]}: {trace.derivative(c.target)} {sign} "
    text += trace.backward_formula(c)
    text += f" ({c.summed})" if c.summed else ""
    text += f" = {format_array(c.value)}."
    if not c.is_first:
        text += f" The sum is {format_array(c.total)}."
    if c.open:
        text += f" This gradient needs {c.open} more contribution{'s' * (c.open > 1)}."
    return text
