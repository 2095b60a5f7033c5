"""A case: one call of a learner's function, and what the mathematics asks of its result.

What is asked comes from the engine, from a sweep over the function's own tape, so that no file
here holds a solution. So do most of the *suspects*: what a known mistake would have given instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import unwrap
from ..transforms.grad import vjp

Array = NDArray[Any]
#: A sentence, and the results that call for it, by their names in `Case.expected`.
Suspect = tuple[str, Mapping[str, Any]]


def _called_with(answer: Callable[..., Any], *arguments: Any) -> Any:
    return answer(*arguments)


@dataclass(frozen=True)
class Case:
    """One call of the learner's function, and what the mathematics asks of its result."""

    #: the arguments, by name, in the order in which they are passed
    given: Mapping[str, Any]
    #: the results by name: one is returned bare, several as a tuple in this order
    expected: Mapping[str, Any]
    #: the results are returned as a dict instead, under these names
    named: bool = False
    #: what known mistakes would have given, the first that fits is told
    suspects: Sequence[Suspect] = ()
    #: parts of a result, as masks: a mistake that fills one of them and no other is told so
    regions: Mapping[str, Array] = field(default_factory=dict)
    #: what is said when nothing else is recognised
    otherwise: str = ""
    #: how the answer is called, when it is not called with the arguments
    call: Callable[..., Any] = _called_with

    def suspecting(self, *suspects: Suspect) -> Case:
        """The case with more suspects, which go before those it has."""
        return replace(self, suspects=[*suspects, *self.suspects])


def cotangent(shape: tuple[int, ...], seed: int = 0) -> Any:
    """Random entries of either sign, no two alike and none near 0 or ±1.

    A cotangent of ones would let pass a rule that forgets it, or a softmax whose rule gives zeros.
    """
    rng = np.random.default_rng(seed)
    return rng.uniform(1.2, 2.8, shape) * rng.choice([-1.0, 1.0], shape)


def rule_case(f: Callable[..., Any], wrt: str, seed: int = 0, **arguments: Any) -> Case:
    """A call ``rule(g, y, *arguments)`` of the VJP rule of `f`, by the arguments named in `wrt`.

    Parameters
    ----------
    f : callable
        The operation, on Tensors.
    wrt : str
        The names of the arguments to differentiate by, with spaces between.
    seed : int
        Of the random cotangent.
    **arguments
        Those of `f`, in its order.
    """
    names = wrt.split()

    def of_chosen(*chosen: Any) -> Any:
        return f(*{**arguments, **dict(zip(names, chosen))}.values())

    def pulled(at: Mapping[str, Any], seed: Any) -> dict[str, Array]:
        pullback = vjp(of_chosen, *(at[name] for name in names))[1]
        return {f"∂L/∂{name}": unwrap(d) for name, d in zip(names, pullback(seed))}

    y = unwrap(vjp(of_chosen, *(arguments[name] for name in names))[0])
    g = cotangent(y.shape, seed)
    expected = pulled(arguments, g)
    suspects: list[Suspect] = [
        (
            "It looks like the upstream gradient g was not multiplied in: this is what g = 1 "
            "everywhere would give.",
            pulled(arguments, np.ones_like(g)),
        ),
        (
            "This is g itself, passed on as it came: the local derivative is not multiplied in.",
            dict.fromkeys(expected, g),
        ),
        ("It looks like g was multiplied in twice.", pulled(arguments, g * g)),
    ]
    if all(np.shape(arguments[name]) == y.shape for name in names):
        with np.errstate(all="ignore"):
            at_result = pulled(dict.fromkeys(names, y), g)
        suspects += [
            (
                "This is g times y, the value of the operation, and not g times its derivative.",
                dict.fromkeys(expected, g * y),
            ),
            ("This is the derivative taken at y, the result; take it at the argument.", at_result),
        ]
    return Case({"g": g, "y": y, **arguments}, expected, suspects=suspects)
