"""Print a tape as a program in a language: `source`, and the table of languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..core.tensor import Tensor
from .ir import Program, Value
from .native.whole_file import c_file
from .source.javascript import javascript_module
from .source.jax import JaxWriter
from .source.operation import UnknownOperation
from .source.printer import Source, written
from .source.source import traced_program
from .source.torch import TorchWriter

_LANGUAGES: dict[str, Callable[[Program, Sequence[Value]], Source]] = {
    "numpy": written,
    "javascript": lambda program, by: javascript_module(program),
    "jax": lambda program, by: JaxWriter(program).text(by),
    "torch": lambda program, by: TorchWriter(program).text(by),
    "c": c_file,
}


def source(
    result: Tensor, names: Mapping[str, Any] | None = None, language: str = "numpy"
) -> Source:
    """Return the tape of `result`, forward and backward, as a program in a language.

    Parameters
    ----------
    result : Tensor
        The tensor that the program computes and differentiates. If it has more than one entry, the
        program also takes ``cotangent``: the gradient that its backward pass starts with.
    names : mapping, optional
        A dict of names and values, such as ``locals()``. It gives names to arrays, and to tensors
        that have no name.
    language : str
        "numpy", "jax" and "torch" are Python programs with one import. "javascript" is a module
        with a function ``program``, which takes a list of arrays and returns a list of arrays. "c"
        is a complete file, whose ``main`` prints the result and the norm of each gradient. (If the
        result has several entries, it prints the norm of the result.) See the notes.

    Returns
    -------
    Source
        Text that defines ``program(...)``. The program takes the leaves, and then the arrays that
        were constants. It returns the result and the gradient for each leaf that requires a
        gradient. ``.arguments`` has the values of these arguments, by name. ``.modules`` has the
        texts of the files that a JavaScript program imports, by name.

    Raises
    ------
    TypeError
        If an operation takes different steps for different values, so that no program can be
        written.
    UnknownOperation
        If the language has no function for an operation. This error is a subclass of TypeError.
    ValueError
        If `language` is not one of these words.

    Notes
    -----
    Tensors are named as in ``print(result.tape())``. Gradients are named after their tensors:
    ``d_w`` is the gradient of ``w``. Other intermediate results are ``t1``, ``t2``, and so on.

    The program contains the operations on the tape. Anything that Python decided while the tape was
    recorded is a constant in the program. Examples are the length of a loop, and a mask from a
    comparison.

    The NumPy program returns the same bits as ``backward``, with one exception. The node of
    `softmax_cross_entropy` chooses its steps by the size of the logits. The program has no such
    choice, and always subtracts the largest logit first. The loss and the gradients are the same up
    to rounding. The results of programs in other languages are also the same up to rounding.

    The arguments of a "jax" program are arrays of jax or NumPy, and ``jax.jit(program)`` compiles
    it. If an array on the tape is float64, the program contains a line that switches jax to float64
    for the whole process. The arguments of a "torch" program are tensors:
    ``{name: torch.tensor(x) for name, x in source.arguments.items()}``. PyTorch has no function for
    ``np.partition`` and ``np.unwrap``. JavaScript has no function for these two, and for some
    functions of ``np.linalg``. A C program cannot call ``np.linalg`` or sort, and its arrays must
    have at least one entry. The guide *Read a tape in PyTorch, JAX, JavaScript or C* runs each
    program.

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 6.2: source
    transformation.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> y = np.sum(np.sin(x) * x)
    >>> print(ag.source(y))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def program(x):
        \"\"\"The result, and its derivative with respect to x.\"\"\"
        # forward
        v1 = np.sin(x)  # (2,)
        v3 = np.sum(v1 * x)  # scalar
    <BLANKLINE>
        # backward
        d_x = v1 + x * np.cos(x)  # ∂v3/∂x
    <BLANKLINE>
        return v3, d_x
    >>> print(ag.source(y, language="torch"))
    import torch
    <BLANKLINE>
    <BLANKLINE>
    def program(x):
        \"\"\"The result, and its derivative with respect to x.\"\"\"
        # forward
        v1 = torch.sin(x)  # (2,)
        v3 = torch.sum(v1 * x)  # scalar
    <BLANKLINE>
        # backward
        d_x = v1 + x * torch.cos(x)  # ∂v3/∂x
    <BLANKLINE>
        return v3, d_x
    """
    if language not in _LANGUAGES:
        known = ", ".join(map(repr, _LANGUAGES))
        raise ValueError(f"source: language must be one of {known}, got {language!r}.")
    program, by = traced_program(result, names)
    try:
        return _LANGUAGES[language](program, by)
    except UnknownOperation as error:
        advice = "Pass language='numpy', which knows all operations."
        raise UnknownOperation(f"source: {error}. {advice}") from None
