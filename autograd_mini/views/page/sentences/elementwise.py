"""Sentences about functions of one entry at a time: operation -> (forward, backward)."""

ELEMENTWISE = {
    "exp": (
        "Apply exp to each entry. All results are positive.",
        "exp is its own derivative: multiply by the output.",
    ),
    "exp2": (
        "Compute 2 to the power of each entry.",
        "The slope is the output times ln 2.",
    ),
    "expm1": (
        "Compute exp x - 1, accurately near 0.",
        "The slope is exp x, which is the output plus 1.",
    ),
    "log": (
        "Take the natural logarithm of each entry.",
        "The slope of ln x is 1/x: divide by the input. Small inputs receive large gradients.",
    ),
    "log2": ("Take the logarithm to base 2.", "The slope is 1/(x ln 2)."),
    "log10": ("Take the logarithm to base 10.", "The slope is 1/(x ln 10)."),
    "log1p": ("Compute ln(1 + x), accurately near 0.", "The slope is 1/(1 + x)."),
    "sqrt": (
        "Take the square root of each entry.",
        "The slope of √x is 1/(2√x). It is infinite at 0.",
    ),
    "cbrt": ("Take the cube root of each entry.", "The slope is y/(3x), with y the output."),
    "abs": (
        "Remove the sign of each entry.",
        "The gradient keeps its sign where x is positive, and changes it where x is negative.",
    ),
    "fabs": (
        "Remove the sign of each entry.",
        "The gradient keeps its sign where x is positive, and changes it where x is negative.",
    ),
    "sign": (
        "Return -1, 0 or 1 for each entry.",
        "The steps are flat: no gradient passes.",
    ),
    "sin": ("Take the sine of each entry.", "The slope of sin x is cos x."),
    "cos": ("Take the cosine of each entry.", "The slope of cos x is -sin x."),
    "tan": ("Take the tangent of each entry.", "The slope is 1 + y², computed from the output."),
    "arcsin": (
        "Return the angle with this sine.",
        "The slope is 1/√(1 - x²). It is infinite at -1 and 1.",
    ),
    "arccos": (
        "Return the angle with this cosine.",
        "The slope is -1/√(1 - x²). It is infinite at -1 and 1.",
    ),
    "arctan": ("Return the angle with this tangent.", "The slope is 1/(1 + x²)."),
    "sinh": ("Take the hyperbolic sine of each entry.", "The slope of sinh x is cosh x."),
    "cosh": ("Take the hyperbolic cosine of each entry.", "The slope of cosh x is sinh x."),
    "tanh": (
        "Map each entry to a number between -1 and 1.",
        "The slope is 1 - y², computed from the output. It is near 0 if the input is far from 0.",
    ),
    "arcsinh": ("Invert the hyperbolic sine.", "The slope is 1/√(x² + 1)."),
    "arccosh": ("Invert the hyperbolic cosine.", "The slope is 1/√(x² - 1). It is infinite at 1."),
    "arctanh": (
        "Invert the hyperbolic tangent.",
        "The slope is 1/(1 - x²). It is infinite at -1 and 1.",
    ),
    "sigmoid": (
        "Map each entry to a number between 0 and 1.",
        "The slope is y(1 - y), at most 1/4. It is near 0 if the input is far from 0.",
    ),
    "relu": (
        "Keep positive entries and set the others to 0.",
        "The gradient passes where the input was positive, and stops elsewhere.",
    ),
    "sinc": (
        "Compute sin(πx)/(πx), and 1 at x = 0.",
        "The gradient is multiplied by the slope of sinc, which is 0 at x = 0.",
    ),
    "sinc_derivative": (
        "Compute the slope of sinc, or a higher derivative.",
        "The gradient is multiplied by the next higher derivative of sinc.",
    ),
    "deg2rad": ("Convert degrees to radians.", "The slope is the constant π/180."),
    "rad2deg": ("Convert radians to degrees.", "The slope is the constant 180/π."),
    "unwrap": (
        "Add whole turns so that neighbouring angles differ by at most half a turn.",
        "Added turns are constants, so the gradient is unchanged.",
    ),
}
