"""Which notebook explains an error: the one place that says so.

The errors that a learner meets end in one line, ``examples/... explains ...``. The notebooks are in
the repository, beside the library; this module imports nothing.
"""

#: what went wrong -> the notebook, and what it explains
LESSONS = {
    "many entries": ("01_a_tape_by_hand.ipynb", "why a backward pass starts from one number"),
    "not recorded": ("01_a_tape_by_hand.ipynb", "what is on a tape, and what is not"),
    "changed": ("01_a_tape_by_hand.ipynb", "why the tape needs the values of the forward pass"),
    "shapes": ("02_from_scalars_to_arrays.ipynb", "which shapes fit, and how that is undone"),
    "not finite": ("03_softmax_cross_entropy.ipynb", "where such numbers come from, and the cure"),
    "gradcheck": ("06_second_derivatives.ipynb", "how a gradient is checked by differences"),
    "no rule": ("07_your_own_primitive.ipynb", "how to write a rule of your own"),
    "shape of a rule": ("07_your_own_primitive.ipynb", "what a rule returns"),
    "depends on numbers": ("08_the_tape_as_a_program.ipynb", "what a compiled function may do"),
}


def lesson(what: str) -> str:
    """The line for the end of an error's text, on a line of its own.

    Examples
    --------
    >>> print("add of (3,) and (4,)" + lesson("shapes"))
    add of (3,) and (4,)
    examples/02_from_scalars_to_arrays.ipynb explains which shapes fit, and how that is undone.
    """
    notebook, explains = LESSONS[what]
    return f"\nexamples/{notebook} explains {explains}."
