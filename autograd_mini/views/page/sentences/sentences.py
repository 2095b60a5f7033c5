"""The sentences of a step: what its operation does, and how its contributions are added."""

from __future__ import annotations

from ...trace import Term
from .arithmetic import ARITHMETIC
from .elementwise import ELEMENTWISE
from .functional import FUNCTIONAL
from .products import PRODUCTS
from .reductions import REDUCTIONS
from .shaping import SHAPING

#: operation -> what it computes, and what its rule does with the incoming gradient
OPERATIONS: dict[str, tuple[str, str]] = (
    ARITHMETIC | ELEMENTWISE | REDUCTIONS | SHAPING | PRODUCTS | FUNCTIONAL
)
CHAIN_RULE = (
    "From here on, each step multiplies the incoming gradient by a local derivative. The product "
    "is a contribution to the gradient of an argument."
)
UPDATE = (
    "The loss grows in the direction of the gradient, so each parameter moves a little in the "
    "opposite direction. The learning rate η determines how far. The next forward pass uses the "
    "new values."
)
LEARNING_RATE = (
    "With a small learning rate, training takes many steps. With a large one, a step goes too far: "
    "the loss jumps, or grows until it is not finite. Try both."
)
OTHER_UPDATE = (
    "The optimiser computes new parameters from the gradients. The next frame shows them."
)
SHIFT = " The largest logit is subtracted so that exp cannot overflow. ŷ stays the same."
_TIMES = {2: "twice", 3: "three times", 4: "four times"}
_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}


def forward(op: str, fused: bool) -> str:
    """Return what an operation computes. A user's own primitive has only its name."""
    other = f"{op} is one fused node, computed at once." if fused else f"Compute {op}."
    return OPERATIONS[op][0] if op in OPERATIONS else other


def backward(op: str, fused: bool) -> str:
    """Return what the rules of an operation do."""
    if op in OPERATIONS:
        return OPERATIONS[op][1]
    if fused:
        return "One node replaces a whole graph. Its gradient has a closed form."
    return f"The rule of {op} turns the gradient of the result into a gradient for each argument."


def accumulated(c: Term, name: str, nth: int) -> str:
    """Return how a contribution is added, unless it is the only one."""
    if nth == 1:
        return f"This is the first contribution to {name}. {_open(c.open)}" if c.open else ""
    which = _ORDINALS.get(nth, f"{nth}th")
    rest = _open(c.open) if c.open else "Now the gradient is complete."
    return (
        f"The {which} contribution to {name} is added to the sum so far, because a change of "
        f"{name} acts through every use. {rest}"
    )


def contributions(name: str, uses: int, still_open: int) -> str:
    """Return why the contributions to a gradient add, or how many have not arrived yet."""
    if still_open:
        return f"{_open(still_open)} The gradient of {name} is complete after the last one."
    if uses < 2:
        return f"{name} was used once, so this is its whole gradient."
    return (
        f"{name} was used {_TIMES.get(uses, f'{uses} times')}, so it receives {uses} "
        f"contributions. A small change of {name} reaches the result through each use, and "
        "the effects add up."
    )


def _open(count: int) -> str:
    if count == 1:
        return "One contribution is still missing."
    return f"{count} contributions are still missing."
