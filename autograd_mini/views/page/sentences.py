"""The sentences of the page: what each operation does, forward and backward."""

from __future__ import annotations

from ..trace import Term

#: operation -> what it computes, and what its rule does with the incoming gradient
_SENTENCES: dict[str, tuple[str, str]] = {
    "exp": (
        "Raise e to the power of each entry. All results are positive.",
        "exp is its own derivative: multiply by the output.",
    ),
    "log": (
        "Take the natural logarithm of each entry.",
        "The slope of ln x is 1/x: divide by the input. Small inputs get large gradients.",
    ),
    "sum": ("Add up the entries.", "Each entry has weight 1, so each receives the same gradient."),
    "mean": (
        "Take the average.",
        "Each entry has weight 1/n in the mean, and receives that share.",
    ),
    "add": ("Add entry by entry.", "A sum passes the gradient on to both sides unchanged."),
    "sub": (
        "Subtract entry by entry.",
        "The left side receives the gradient unchanged, the right side with a minus sign.",
    ),
    "mul": (
        "Multiply entry by entry.",
        "Each factor receives the gradient times the other factor.",
    ),
    "div": (
        "Divide entry by entry.",
        "The numerator receives the gradient divided by the denominator. The denominator receives "
        "the same, times minus the quotient.",
    ),
    "neg": ("Change the sign.", "Change the sign of the gradient too."),
    "pow": ("Raise to a power, entry by entry.", "The slope of xⁿ is n·xⁿ⁻¹."),
    "square": ("Square each entry.", "The slope of x² is 2x."),
    "sqrt": ("Take the square root of each entry.", "The slope of √x is 1/(2√x)."),
    "matmul": (
        "Multiply matrices: rows of the left times columns of the right.",
        "Each factor receives the product of the gradient and the other factor, transposed.",
    ),
    "linear": (
        "x·W + b: a weighted sum for each unit, plus a bias.",
        "x and W receive the gradient times the other one, transposed. b receives the sum over "
        "the examples.",
    ),
    "tanh": (
        "Map each entry to between -1 and 1.",
        "The slope is 1 - y², computed from the output. It is near 0 if the unit is saturated.",
    ),
    "sigmoid": (
        "Map each entry to between 0 and 1.",
        "The slope is y(1 - y), computed from the output. It is near 0 if the unit is saturated.",
    ),
    "relu": (
        "Keep positive entries and set the others to 0.",
        "The gradient passes where the unit was on, and stops where it was off.",
    ),
    "sin": ("Take the sine of each entry.", "The slope of sin is cos."),
    "cos": ("Take the cosine of each entry.", "The slope of cos is -sin."),
    "max": ("Take the largest entry.", "The largest entry gets the gradient. Ties share it."),
    "min": ("Take the smallest entry.", "The smallest entry gets the gradient. Ties share it."),
    "maximum": ("Take the larger, entry by entry.", "The larger gets the gradient. Ties share it."),
    "getitem": ("Select entries.", "The selected entries get the gradient. All others get 0."),
    "where": ("Choose between two, entry by entry.", "The chosen one gets the gradient."),
    "reshape": ("Arrange the entries in another shape.", "Restore the shape of the input."),
    "transpose": ("Swap the axes.", "Swap the axes back."),
    "SoftmaxCrossEntropy": (
        "Softmax and cross-entropy in one node. The logits are shifted first, so e^z cannot "
        "overflow.",
        "The derivatives of the whole graph multiply to ŷ - y (for targets that sum to 1): "
        "prediction minus truth.",
    ),
}
CHAIN_RULE = (
    "From here on, each step multiplies the incoming gradient by a local derivative, and passes "
    "the product to the operation before it."
)
UPDATE = (
    "The gradient points to where the loss grows, so each parameter moves a little in the opposite "
    "direction. The learning rate η sets how far. The next forward pass uses the new values."
)
LEARNING_RATE = (
    "With a small learning rate, training takes many steps. With a large one, a step goes too far: "
    "the loss jumps, or grows until it is not finite. Try both."
)
OTHER_UPDATE = (
    "The optimiser moves each parameter, guided by its gradient. The new values are those of the "
    "next frame."
)
_TIMES = {2: "twice", 3: "three times", 4: "four times"}
_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}


def forward(op: str, fused: bool) -> str:
    """Return what an operation does."""
    other = f"{op} is one fused node, computed at once." if fused else f"Compute {op}."
    return _SENTENCES[op][0] if op in _SENTENCES else other


def backward(op: str, fused: bool) -> str:
    """Return what its rules do."""
    if op in _SENTENCES:
        return _SENTENCES[op][1]
    if fused:
        return "One node replaces a whole graph. Its gradient has a closed form."
    return f"The rule of {op} turns the gradient into one for each argument."


def accumulated(c: Term, name: str, nth: int) -> str:
    """Return how a contribution is added, unless it is the only one."""
    if nth == 1:
        return f"This is the first path into {name}. {_open(c.open)}" if c.open else ""
    which = _ORDINALS.get(nth, f"{nth}th")
    rest = _open(c.open) if c.open else "All paths have arrived."
    return f"The {which} path into {name} is added to the sum so far. {rest}"


def paths(name: str, uses: int, still_open: int) -> str:
    """Return why the contributions to a gradient add, or how many have not arrived yet."""
    if still_open:
        return f"{_open(still_open)} {name} is not propagated until the last path has arrived."
    if uses < 2:
        return f"{name} was used once, so this is its whole gradient."
    return (
        f"{name} was used {_TIMES.get(uses, f'{uses} times')}, so it receives {uses} "
        f"contributions. A small change of {name} reaches the result on each of these paths, and "
        "the effects add."
    )


def _open(count: int) -> str:
    return "One path is still open." if count == 1 else f"{count} paths are still open."
