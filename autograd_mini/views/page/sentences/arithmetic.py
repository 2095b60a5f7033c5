"""Sentences about arithmetic, comparisons and copies: operation -> (forward, backward)."""

ARITHMETIC = {
    "add": ("Add entry by entry.", "Both sides receive the gradient unchanged."),
    "sub": (
        "Subtract entry by entry.",
        "The left side receives the gradient. The right side receives it with a minus sign.",
    ),
    "mul": (
        "Multiply entry by entry.",
        "Each factor receives the gradient times the other factor.",
    ),
    "div": (
        "Divide entry by entry.",
        "The numerator receives the gradient divided by the denominator. The denominator receives "
        "this result, times minus the quotient.",
    ),
    "neg": ("Change the sign.", "The sign of the gradient changes too."),
    "positive": ("Keep the sign: the result equals the input.", "The gradient is unchanged."),
    "pow": (
        "Raise to a power, entry by entry.",
        "The slope of xⁿ is n xⁿ⁻¹. An exponent n that needs a gradient has the slope xⁿ ln x.",
    ),
    "square": ("Square each entry.", "The slope of x² is 2x, so large inputs count more."),
    "reciprocal": (
        "Divide 1 by each entry.",
        "The slope of 1/x is -1/x². Near 0 it is very steep.",
    ),
    "mod": (
        "Take the remainder of a division, with the sign of the divisor.",
        "The dividend receives the gradient unchanged. The divisor receives the gradient times "
        "minus the integer quotient.",
    ),
    "fmod": (
        "Take the remainder of a division, with the sign of the dividend.",
        "The dividend receives the gradient unchanged. The divisor receives the gradient times "
        "minus the integer quotient.",
    ),
    "divisor": (
        "Return the divisor, and 1 where it is 0.",
        "The gradient is unchanged. Where the divisor is 0, the gradient is nan.",
    ),
    "maximum": (
        "Take the larger of two, entry by entry.",
        "The larger one receives the gradient. The other one receives 0. Equal entries share the "
        "gradient.",
    ),
    "minimum": (
        "Take the smaller of two, entry by entry.",
        "The smaller one receives the gradient. The other one receives 0. Equal entries share the "
        "gradient.",
    ),
    "fmax": (
        "Take the larger of two, entry by entry, and ignore nan.",
        "The larger one receives the gradient. The other one receives 0. Equal entries share the "
        "gradient.",
    ),
    "fmin": (
        "Take the smaller of two, entry by entry, and ignore nan.",
        "The smaller one receives the gradient. The other one receives 0. Equal entries share the "
        "gradient.",
    ),
    "hypot": (
        "Compute √(a² + b²): the length of the vector (a, b).",
        "Each side receives the gradient times its share of the length: a/y and b/y.",
    ),
    "arctan2": (
        "Compute the angle of the point (x, y).",
        "Let h be the gradient divided by x² + y², the squared distance. Then y receives x h, and "
        "x receives -y h.",
    ),
    "logaddexp": (
        "Compute ln(eᵃ + eᵇ) without overflow.",
        "Each side receives the gradient times its share of eᵃ + eᵇ. The two shares sum to 1.",
    ),
    "logaddexp2": (
        "Compute log₂(2ᵃ + 2ᵇ) without overflow.",
        "Each side receives the gradient times its share of 2ᵃ + 2ᵇ. The two shares sum to 1.",
    ),
    "copysign": (
        "Give each entry of the first array the sign of the second.",
        "The sign of the gradient changes where the sign of the entry changed.",
    ),
    "heaviside": (
        "Return 0 for negative entries, 1 for positive ones, and the second array at 0.",
        "The step is flat, so its input receives 0. Where the input is 0, the second array "
        "receives the gradient.",
    ),
    "where": (
        "Choose between two arrays, entry by entry. The choice is recorded as a constant: it stays "
        "the same when the numbers change.",
        "The chosen array receives the gradient. The other one receives 0.",
    ),
    "equal": (
        "Test whether entries are equal.",
        "The result is a constant, so no gradient passes.",
    ),
    "not_equal": (
        "Test whether entries differ.",
        "The result is a constant, so no gradient passes.",
    ),
    "less": (
        "Test whether entries are smaller.",
        "The result is a constant, so no gradient passes.",
    ),
    "less_equal": (
        "Test whether entries are at most as large.",
        "The result is a constant, so no gradient passes.",
    ),
    "greater": (
        "Test whether entries are larger.",
        "The result is a constant, so no gradient passes.",
    ),
    "greater_equal": (
        "Test whether entries are at least as large.",
        "The result is a constant, so no gradient passes.",
    ),
    "alias": ("Return the same values.", "The gradient is unchanged."),
    "copy": ("Copy the values.", "The gradient is unchanged."),
    "astype": (
        "Convert to another number type.",
        "The gradient is converted back to the type of the input.",
    ),
    "stop_gradient": (
        "Keep the value, but stop the backward pass here.",
        "No gradient passes: the input counts as a constant.",
    ),
    "nan_to_num": (
        "Replace nan and infinity with finite numbers.",
        "Entries that were kept receive the gradient. Replaced entries receive 0.",
    ),
}
