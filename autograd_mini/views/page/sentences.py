"""The sentences of the page: what each operation does, forward and backward."""

from __future__ import annotations

from ..trace import Term

#: operation -> what it does, and what its rule does with the incoming gradient
_SAID: dict[str, tuple[str, str]] = {
    "exp": (
        "Raise e to the power of each entry: all become positive.",
        "exp is its own derivative: multiply by the output.",
    ),
    "log": (
        "Take the natural logarithm of each entry.",
        "The slope of ln x is 1/x: divide by the input. Small inputs get large derivatives.",
    ),
    "sum": (
        "Add up the entries.",
        "Each entry went into the sum with weight 1, so each receives the same derivative.",
    ),
    "mean": (
        "Take the average.",
        "Each entry went into the mean with weight 1/n, and receives that share.",
    ),
    "add": (
        "Add the two, entry by entry.",
        "A sum passes the derivative on, unchanged, to both sides.",
    ),
    "sub": (
        "Subtract, entry by entry.",
        "A difference passes the derivative on: unchanged to the left, with a minus to the right.",
    ),
    "mul": (
        "Multiply, entry by entry.",
        "Each factor receives the derivative times the other factor.",
    ),
    "div": (
        "Divide, entry by entry.",
        "The numerator receives the derivative divided by the denominator; the denominator, with "
        "a minus, times quotient over denominator.",
    ),
    "neg": ("Change the sign.", "Change the sign on the way back too."),
    "pow": ("Raise to a power, entry by entry.", "The slope of xⁿ is n·xⁿ⁻¹."),
    "square": ("Square each entry.", "The slope of x² is 2x."),
    "sqrt": ("Take the square root of each entry.", "The slope of √x is 1/(2√x)."),
    "matmul": (
        "A matrix product: rows on the left meet columns on the right.",
        "Each factor receives the derivative times the other one, transposed.",
    ),
    "linear": (
        "x·W + b: a weighted sum for each unit, and its offset.",
        "x and W receive the derivative times the other one, transposed; b its sum over examples.",
    ),
    "tanh": (
        "Squash each entry between -1 and 1.",
        "The slope 1 - y² is read off the output: flat where the unit is saturated.",
    ),
    "sigmoid": (
        "Squash each entry between 0 and 1.",
        "The slope y(1 - y) is read off the output: flat where the unit is saturated.",
    ),
    "relu": (
        "Keep what is positive, set the rest to 0.",
        "The derivative passes where the unit was on, and stops where it was off.",
    ),
    "sin": ("Take the sine of each entry.", "The slope of sin is cos."),
    "cos": ("Take the cosine of each entry.", "The slope of cos is -sin."),
    "max": ("Take the largest entry.", "The largest entry gets the derivative; ties share it."),
    "min": ("Take the smallest entry.", "The smallest entry gets the derivative; ties share it."),
    "maximum": (
        "Take the larger, entry by entry.",
        "The derivative goes to the larger one; a tie is shared.",
    ),
    "getitem": (
        "Pick entries.",
        "The derivative goes back to where the entries came from; all others get 0.",
    ),
    "where": ("Choose between two, entry by entry.", "The derivative goes to the one chosen."),
    "reshape": ("Arrange the same entries in another shape.", "Arrange them back."),
    "transpose": ("Swap the axes.", "Swap the axes back."),
    "SoftmaxCrossEntropy": (
        "Softmax and cross-entropy in one node: neither e^z nor ŷ is ever formed unshifted.",
        "Multiplied out by hand once, the whole chain is ŷ - y (for targets that sum to one): "
        "prediction minus truth.",
    ),
}
_FUSED = "One node for a whole graph: its derivative was worked out once, in closed form."
CHAIN_RULE = (
    "From here each step multiplies the derivative that has arrived by one local derivative, and "
    "hands the product to the operation before it."
)
_TIMES = {2: "twice", 3: "three times", 4: "four times"}
_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}


def forward(op: str, fused: bool) -> str:
    """Return what an operation does."""
    said, _ = _SAID.get(op, ("", ""))
    return said or (f"{op}: one fused node, computed at once." if fused else f"Compute {op}.")


def backward(op: str, fused: bool) -> str:
    """Return what its rules do."""
    _, said = _SAID.get(op, ("", ""))
    if said:
        return said
    return _FUSED if fused else f"The rule of {op} turns the derivative into one for each argument."


def accumulated(c: Term, name: str, nth: int) -> str:
    """Return how a contribution is added, unless it is the only one."""
    if nth == 1 and not c.open:
        return ""
    if nth == 1:
        rest = "one path is" if c.open == 1 else f"{c.open} paths are"
        return f"This is the first path into {name}: {rest} still open."
    which = _ORDINALS.get(nth, f"{nth}th")
    text = f"The {which} path into {name}: it is added to what is already there."
    if c.open:
        return f"{text} {c.open} still open."
    return f"{text} Now all are in."


def paths(name: str, uses: int, still_open: int) -> str:
    """Return why contributions to a gradient add, or that some have not arrived yet."""
    if still_open:
        rest = "One path is" if still_open == 1 else f"{still_open} paths are"
        return f"{rest} still open: {name} waits, and passes nothing on yet."
    if uses < 2:
        return f"{name} was used once, so this is all of it."
    times = _TIMES.get(uses, f"{uses} times")
    return (
        f"{name} was used {times}, so it collects {uses} contributions: a small change of {name} "
        "reaches the result on each of these paths, and their effects add."
    )
