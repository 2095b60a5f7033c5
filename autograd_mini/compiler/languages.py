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
    """Return a program that computes `result` and its gradients, in Python, JavaScript or C.

    Parameters
    ----------
    result : Tensor
        The tensor to compute and to differentiate. If it has more than one entry, the program has
        one more argument, ``cotangent``. It is the gradient from which the backward pass starts.
    names : mapping, optional
        A dict of names and values, such as ``locals()``. It gives names to arrays, and to tensors
        that have no name.
    language : str
        With "numpy", "jax" or "torch", a Python program that imports NumPy, JAX or PyTorch. With
        "javascript", a module with a function ``program``, which takes a list of arrays and returns
        a list of arrays. With "c", a complete program that prints the result and the norm of each
        gradient.

    Returns
    -------
    Source
        A text that defines ``program(...)``. The arguments of ``program`` are first the leaves: the
        tensors that no operation computed. Then come the constant arrays. ``program`` returns the
        result, and the gradients of the leaves that require a gradient. ``.arguments`` is a dict
        with the values of the arguments. ``.modules`` is a dict of the files that a JavaScript
        program imports.

    Raises
    ------
    TypeError
        If the program needs a copy of a function of your own primitive, and the function cannot be
        copied, for example because it is a lambda. A copy is needed if the function writes into an
        array, or turns the entries of an array into Python numbers.
    UnknownOperation
        If the language has no function for an operation. This error is a subclass of TypeError.
    ValueError
        If `language` is not one of the words above.

    Notes
    -----
    Tensors are named as in ``print(result.tape())``. Gradients are named after their tensors:
    ``d_w`` is the gradient of ``w``. Other intermediate results are ``t1``, ``t2``, and so on.

    The program contains the operations on the tape. A loop of Python is not on the tape: its steps
    are written one after the other. An ``if`` is not on the tape either: only the branch that was
    run is written. The result of a comparison, such as ``x > 0``, is a constant of the program. So
    it does not change if you call ``program`` with other numbers.

    A NumPy program returns the same gradients as ``backward``, to the last bit. There is one
    exception: for `softmax_cross_entropy`, the results can differ by rounding errors. The results
    of programs in other languages can differ by rounding errors, too.

    The arguments of a "jax" program are arrays of JAX or NumPy. If an array on the tape is float64,
    a line of the program switches JAX to float64. This changes the setting for the whole process.

    The arguments of a "torch" program are tensors: ``{name: torch.tensor(x) for name, x in
    source.arguments.items()}``.

    Some operations do not exist in all languages. A C program, for example, cannot sort or call
    ``np.linalg``, and its arrays must not be empty. The guide *Read a tape in PyTorch, JAX,
    JavaScript or C* runs each program.

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
