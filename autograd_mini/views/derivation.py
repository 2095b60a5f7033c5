"""Write a derivation: the formula of each node, then the chain rule, in LaTeX or plain text."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from ..core.tensor import Tensor
from ..notation.expression import Formula
from ..notation.latex import LaTeX
from ..notation.names import Definitions, taken
from ..notation.plain import Plain
from ..text.format import Names
from ..text.terminal import transliterate
from .trace import Term, Trace, require_node

_MOST_TERMS = 12  # of a sum that is written in full
_FIRST = 3  # terms of a longer sum, before its last one


class Derivation(str):
    """A derivation in LaTeX, which a notebook shows as formulas.

    Attributes
    ----------
    text : str
        The same formulas in plain characters, for terminals.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> derivation = ag.latex(x * x)
    >>> print(derivation.text.splitlines()[0])
    v1 = x · x
    """

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$${self}$$"


def latex(result: Tensor, names: Mapping[str, Any] | None = None) -> Derivation:
    r"""Return formulas for `result` and for the derivatives of `result`, in LaTeX.

    Parameters
    ----------
    result : Tensor
        A tensor with one entry.
    names : mapping, optional
        A dict of names and values, such as ``locals()``. It gives names to arrays, and to tensors
        that have no name.

    Returns
    -------
    Derivation
        LaTeX with a line for each operation, and then a line for each derivative, in the order of
        the backward pass. A notebook shows the formulas. A terminal shows ``.text``, where they are
        written in plain characters.

    Raises
    ------
    TypeError
        If `result` is not a Tensor.
    RuntimeError
        If `result` does not require a gradient.
    ValueError
        If no operation was recorded for `result`, or if it has more than one entry.

    Notes
    -----
    ``a \odot b`` is the elementwise product. ⊤ swaps the last two axes. A sum without an index is
    the sum of all entries. ``\mathbf{1}[c]`` is 1 where c is true, and 0 elsewhere. ``x_i`` is
    ``x[i]``, and ``\delta_i g`` is an array of zeros with g at the index i.

    A fused node is one operation that replaces several, such as `softmax_cross_entropy`. It is
    written as in textbooks, with names such as ŷ. Constant arrays are named ``c``, ``c_{2}``, and
    so on, unless `names` contains them.

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> L = np.sum(np.log(x))
    >>> print(ag.latex(L, {"L": L}))
    \begin{aligned}
    v_{1} &= \ln x \\
    L &= \sum v_{1} \\[3ex]
    \frac{\partial L}{\partial v_{1}} &= 1 \\[1.5ex]
    \frac{\partial L}{\partial x} &= \frac{\partial L}{\partial v_{1}} \odot \frac{1}{x}
    \end{aligned}
    >>> ag.latex(L, {"L": L})
    v1 = log(x)
    L = sum(v1)
    ∂L/∂v1 = 1
    ∂L/∂x = ∂L/∂v1 / x

    A fused node:

    >>> z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
    >>> y = ag.tensor([0.0, 1.0, 0.0], name="y")
    >>> L = ag.softmax_cross_entropy(z, y)
    >>> ag.latex(L, {"L": L})
    ŷ = softmax(z)
    L = -sum(y · log(ŷ))
    ∂L/∂z = ŷ - y
    """
    trace = Trace.of(result, names)
    require_node("latex", result)
    forward, backward = _lines(trace, LaTeX)
    derivation = Derivation(
        "\\begin{aligned}\n"
        + " \\\\\n".join(forward)
        + (" \\\\[3ex]\n" if backward else "")
        + " \\\\[1.5ex]\n".join(backward)
        + "\n\\end{aligned}"
    )
    derivation.text = transliterate("\n".join(map("\n".join, _lines(trace, Plain))), sys.stdout)
    return derivation


def _lines(trace: Trace, notation: type[Plain]) -> tuple[list[str], list[str]]:
    """Return the lines of the forward pass, and those of the backward pass."""
    names = notation().spell_all(trace.names)
    write = notation(Definitions(taken(names)))
    forward: list[tuple[str, str]] = []
    for t in trace.tape:
        if t.op is not None:
            text, _, where = write.format_definition(t, names)
            forward += [*where, (names[t.order], text)]
    backward = _backward(trace, names, write)
    return [write.equals.format(*line) for line in forward], list(backward)


def _backward(trace: Trace, names: Names, write: Plain) -> Iterator[str]:
    """Yield a line for each gradient: the sum of all contributions to it."""

    def derivative(t: Tensor) -> str:
        return write.derivative(names[trace.result.order], names[t.order])

    def write_term(c: Term) -> Formula:
        incoming = "1" if c.source is trace.result else derivative(c.source)
        return write.format_sum(c.rule, names, incoming, c.spread.shape, c.axes)

    for t, terms in _by_target(trace).items():
        is_long = len(terms) > _MOST_TERMS
        written = [write_term(c) for c in ([*terms[:_FIRST], terms[-1]] if is_long else terms)]
        texts, where = [term.text for term in written], [w for term in written for w in term.where]
        if is_long:
            texts.insert(_FIRST, write.ellipsis)
        total = " + ".join(texts).replace("+ -", "- ")
        line = write.equals.format(derivative(t), total)
        yield line + (write.where + ", ".join(map(" = ".join, where)) if where else "")


def _by_target(trace: Trace) -> dict[Tensor, list[Term]]:
    """Return the contributions to each gradient, in the order in which gradients are complete."""
    terms: dict[Tensor, list[Term]] = {}
    for step in trace.backward:
        for c in step.contributions:
            terms.setdefault(c.target, []).append(c)
    return dict(sorted(terms.items(), key=lambda item: -item[0].order))
