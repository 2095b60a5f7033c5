"""A case: one call of your function, and the expected results.

The engine computes the expected results from the function's tape, so that no file here contains a
solution. It also computes most of the *misconceptions*: the wrong results of known mistakes.
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
#: A sentence about a mistake, and the results that the mistake leads to, as in `Case.expected`. A
#: list of results means any of them.
Misconception = tuple[str, Mapping[str, Any]]


class InvalidAnswer(TypeError):
    """Raised by `Case.call` if the answer is not of the right kind; the message is the verdict."""


@dataclass(frozen=True)
class Case:
    """A test case of an exercise: one call of your function, and the expected results.

    Attributes
    ----------
    given : mapping
        The arguments by name, in the order in which they are passed.
    expected : mapping
        The results by name. Several results are returned as a tuple in this order.
    named : bool
        Whether the results are returned as a dict with these names instead.
    misconceptions : sequence of pairs
        Known mistakes. A pair consists of a sentence about the mistake, and the wrong results that
        the mistake leads to. If a wrong answer is equal to them, the sentence is reported.
    regions : mapping
        Parts of a result, as masks. If all wrong entries are in one part, its name is reported.
    fallback_hints : mapping
        The hint for each wrong result, if no known mistake is recognised.
    linear_in : str
        The argument that every result is proportional to, if there is one.
    call : callable, optional
        If given, ``call(answer, *arguments)`` runs instead of ``answer(*arguments)``.
    """

    given: Mapping[str, Any]
    expected: Mapping[str, Any]
    named: bool = False
    misconceptions: Sequence[Misconception] = ()
    regions: Mapping[str, Array] = field(default_factory=dict)
    fallback_hints: Mapping[str, str] = field(default_factory=dict)
    linear_in: str = ""
    call: Callable[..., Any] | None = None

    def with_misconceptions(self, label: str, results: Mapping[str, Any]) -> Case:
        """Return a copy with more known mistakes (misconceptions) in the result `label`.

        `results` maps a sentence about each mistake to the wrong result that the mistake leads to,
        or to a list of such results. A wrong answer is compared with these mistakes first, and then
        with those that the case had before.
        """
        added = [(text, {label: result}) for text, result in results.items()]
        return replace(self, misconceptions=[*added, *self.misconceptions])


def cotangent(shape: tuple[int, ...], seed: int = 0) -> Any:
    """Return random entries of either sign, no two alike and none near 0 or ±1.

    With a cotangent of ones, two wrong rules would pass: a rule that ignores the cotangent, and a
    rule of softmax that returns zeros.
    """
    rng = np.random.default_rng(seed)
    return rng.uniform(1.2, 2.8, shape) * rng.choice([-1.0, 1.0], shape)


def pull_back(f: Callable[..., Any], g: Any, *arguments: Any) -> list[Array]:
    """Return ∂L/∂(each argument) of `f`, from the gradient `g` of its result."""
    return [unwrap(d) for d in vjp(f, *arguments)[1](g)]


def rule_case(
    f: Callable[..., Any],
    wrt: str,
    seed: int = 0,
    inverse: Callable[[Any], Any] | None = None,
    **arguments: Any,
) -> Case:
    """Return a case that calls the VJP rule of `f` as ``rule(g, y, *arguments)``.

    `wrt` has the names of the arguments to differentiate by, separated by spaces. If `f`
    has one argument, `inverse` may be its inverse. Then the case recognises a formula that holds
    for y, but was evaluated at x.
    """
    names = wrt.split()

    def f_of(*chosen: Any) -> Any:
        return f(*{**arguments, **dict(zip(names, chosen))}.values())

    def gradients_at(at: Mapping[str, Any], seed: Any) -> dict[str, Array]:
        pullback = vjp(f_of, *(at[name] for name in names))[1]
        return {f"∂L/∂{name}": unwrap(d) for name, d in zip(names, pullback(seed))}

    y = unwrap(vjp(f_of, *(arguments[name] for name in names))[0])
    g = cotangent(y.shape, seed)
    expected = gradients_at(arguments, g)
    local = gradients_at(arguments, np.ones_like(g))
    same_shape = all(np.shape(arguments[name]) == y.shape for name in names)
    fix = "Multiply it by the local derivative." if same_shape else "A local derivative is missing."
    mistakes: dict[str, Mapping[str, Any]] = {
        "You did not multiply by g, the gradient of the result.": local,
        f"This is g itself. {fix}": dict.fromkeys(expected, g),
        "You multiplied by g twice.": gradients_at(arguments, g * g),
    }
    if same_shape:
        mistakes |= _entrywise_mistakes(expected, local, g, y)
        text = "You took the derivative at the result y. Take it at the argument."
        mistakes[text] = gradients_at(dict.fromkeys(names, y), g)
        if len(names) == 1:
            second = vjp(lambda x: vjp(f_of, x)[1](np.ones_like(g))[0], arguments[names[0]])[1](g)
            mistakes["You differentiated twice."] = dict.fromkeys(expected, unwrap(second[0]))
    if inverse is not None:
        text = "You used x instead of y. This formula holds for y, the value of the operation."
        of_x = derivative_at_value(inverse, arguments[names[0]])
        mistakes = {text: dict.fromkeys(expected, g * of_x), **mistakes}
    return Case(
        {"g": g, "y": y, **arguments},
        expected,
        misconceptions=list(mistakes.items()),
        linear_in="g",
    )


def _entrywise_mistakes(
    expected: Mapping[str, Array], local: Mapping[str, Array], g: Array, y: Array
) -> dict[str, Mapping[str, Any]]:
    """Return the common mistakes in the rule of an elementwise function."""
    return {
        "This is g times y, the value of the operation. Multiply g by the derivative.": (
            dict.fromkeys(expected, g * y)
        ),
        "You added g, the gradient of the result. Multiply by g instead.": (
            {label: d + g for label, d in local.items()}
        ),
        "You divided g by the local derivative. Multiply them.": (
            {label: g / d for label, d in local.items()}
        ),
        "You divided the local derivative by g. Multiply them.": (
            {label: d / g for label, d in local.items()}
        ),
    }


def derivative_at_value(inverse: Callable[[Any], Any], y: Any) -> Array:
    """Return the derivative of a function as a formula in its value `y`: f'(x) = 1 / (f⁻¹)'(y)."""
    slope: Array = unwrap(vjp(inverse, y)[1](np.ones_like(y))[0])
    return 1 / slope
