"""The derivation as formulas: each record, then the chain rule backward; in LaTeX or plain text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..core.tensor import Tensor
from ..notation import latex as tex
from ..notation import plain as formula
from ..notation.names import Formula, Names, name_of, taken
from ..text.format import Called
from ..text.terminal import transliterate
from .trace import Term, Trace


class Derivation(str):
    """A derivation in LaTeX, which a notebook shows as formulas; ``.text`` is the same in Unicode.

    Attributes
    ----------
    text : str
        For terminals, in letters that standard output can write.

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
    r"""How `result` is computed and differentiated, as formulas in LaTeX.

    Parameters
    ----------
    result : Tensor
        With one entry.
    names : mapping, optional
        Variables, as ``locals()`` gives them: what to call arrays, and tensors that have no name.

    Returns
    -------
    Derivation
        An ``aligned`` block: a line for each record, then one for each derivative, in the order of
        the sweep. A notebook shows it typeset, a terminal its ``.text``.

    Raises
    ------
    RuntimeError, ValueError
        For a result that was not recorded, or has more than one entry.

    Notes
    -----
    ``a \odot b`` is the product entry by entry. A sum without an index is over all entries.

    A fused node is written as a textbook defines it. What has a name there, as ŷ has, keeps it in
    all lines that follow. The same symbol stands for the same thing: constants of a shape are
    ``c_{3}``, ``c^{(2)}_{3}``, and so on, each with other entries.

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
    forward, backward = _lines(trace, _LATEX)
    found = Derivation(
        "\\begin{aligned}\n"
        + " \\\\\n".join(forward)
        + (" \\\\[3ex]\n" if backward else "")
        + " \\\\[1.5ex]\n".join(backward)
        + "\n\\end{aligned}"
    )
    found.text = transliterate("\n".join(map("\n".join, _lines(trace, _PLAIN))), sys.stdout)
    return found


class _Notation(NamedTuple):
    """How the lines of a derivation are written."""

    name: Callable[[str], str]
    definition: Callable[[Tensor, Called, Names], Formula]
    rule: Callable[[Any, Called, str, Names], Formula]
    derivative: Callable[[Tensor, Tensor, Called], str]
    bound: Callable[[tuple[str, Any], int], str]
    sum: str
    equals: str
    where: str


_LATEX = _Notation(
    name_of,
    tex.of_definition,
    tex.of_rule,
    tex.derivative,
    tex.bound,
    r"\sum",
    "{} &= {}",
    r" \quad \text{where } ",
)
_PLAIN = _Notation(
    str,
    formula.of_definition,
    formula.in_names,
    lambda t, of, called: f"∂{called[of.order]}/∂{called[t.order]}",
    formula.bound,
    "Σ",
    "{} = {}",
    " where ",
)


def _lines(trace: Trace, write: _Notation) -> tuple[list[str], list[str]]:
    """The lines of the forward pass, and those of the sweep."""
    called = {order: write.name(name) for order, name in trace.called.items()}
    names = Names(taken(called))
    forward = _forward(trace, called, names, write)
    backward = _backward(trace, called, names, write)
    return [write.equals.format(*line) for line in forward], list(backward)


def _forward(trace: Trace, called: Called, names: Names, write: _Notation) -> list[tuple[str, str]]:
    """A line for each record, and before it one for each thing that it gives a name."""
    lines: list[tuple[str, str]] = []
    for t in trace.tape:
        if t.op is not None:
            text, _, where = write.definition(t, called, names)
            lines += [*where, (called[t.order], text)]
    return lines


def _backward(trace: Trace, called: Called, names: Names, write: _Notation) -> Iterator[str]:
    """A line for each derivative: the sum of all that flows into it."""
    for t, given in _by_target(trace).items():
        total = ""
        said: list[tuple[str, str]] = []
        for c in given:
            is_seed = c.source is trace.result
            arrived = "1" if is_seed else write.derivative(c.source, trace.result, called)
            term, binds, where = write.rule(c.rule, called, arrived, names)
            if c.summed:
                term = f"{write.sum} {write.bound((term, binds), 2)}"
            total += term if not total or term.startswith("-") else f" + {term}"
            total = total.replace("+ -", "- ")
            said += where
        line = write.equals.format(write.derivative(t, trace.result, called), total)
        yield line + (write.where + ", ".join(map(" = ".join, said)) if said else "")


def _by_target(trace: Trace) -> dict[Tensor, list[Term]]:
    """All that flows into each derivative, in the order in which these are complete."""
    found: dict[Tensor, list[Term]] = {}
    for step in trace.backward:
        for c in step.contributions:
            found.setdefault(c.target, []).append(c)
    return dict(sorted(found.items(), key=lambda item: -item[0].order))
