"""Print a tape as a program, forward and backward, as a person writes it.

The tape runs again on traced arrays (`tracer`), which record every call that the primitives and
their rules make. Calls without a use are dropped, and those that are made twice are shared
(`passes.rewrite`). The `printer` writes the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from ...core.backward import sweep
from ...core.primitive import Primitive
from ...core.registry import parameters_of
from ...core.tape import Tape, replay
from ...core.tensor import Tensor, record
from ...text.format import Names, labels, names_of, variable
from ..ir import Program, Value
from ..passes.algebra import EXACT
from ..passes.rewrite import simplify
from ..traced_array import TracedArray
from ..tracer import Tracer
from .c import c_file
from .javascript import javascript_module
from .jax import JaxWriter
from .operation import UnknownOperation
from .printer import Source, written
from .torch import TorchWriter


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
        "numpy", "jax" and "torch" are Python, with one import. "javascript" is a module, whose
        program takes a list of arrays and returns one. "c" is a whole file with a ``main``, which
        prints the result, or its norm, and the norm of each gradient. See the notes.

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
        If the language has no function for an operation. It is a TypeError.
    ValueError
        If `language` is not one of these.

    Notes
    -----
    Tensors are named as in ``print(result.tape())``. Gradients are named after their tensors:
    ``d_w`` is the gradient of ``w``. Other intermediate results are ``t1``, ``t2``, and so on.

    The program contains what is on the tape. Decisions that Python made while the tape was recorded
    are constants in the program. Examples are the length of a loop, and a mask from a comparison.

    The NumPy program computes the bits of ``backward``, with one exception.
    The node of `softmax_cross_entropy` chooses its steps by the size of the logits. The program has
    no such choice, and always subtracts the largest logit first. The loss and the gradients are the
    same up to rounding. The programs in other languages compute the same up to rounding too.

    The arguments of a "jax" program are arrays of jax or NumPy, and ``jax.jit(program)`` compiles
    it. If an array of the tape is float64, a line of the text makes jax compute in float64, in the
    whole process. The arguments of a "torch" program are tensors:
    ``{name: torch.tensor(x) for name, x in source.arguments.items()}``. PyTorch has no function for
    ``np.partition`` and ``np.unwrap``. JavaScript has none for these, and for some of
    ``np.linalg``. C has none for ``np.linalg``, for functions that sort, and for arrays without
    entries.

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


_LANGUAGES: dict[str, Callable[[Program, Sequence[Value]], Source]] = {
    "numpy": written,
    "javascript": lambda program, by: javascript_module(program),
    "jax": lambda program, by: JaxWriter(program).text(by),
    "torch": lambda program, by: TorchWriter(program).text(by),
    "c": c_file,
}


def traced_program(
    result: Tensor, names: Mapping[str, Any] | None = None
) -> tuple[Program, list[Value]]:
    """Return the program of a tape, and the arguments whose gradients follow its result."""
    tensors = list(Tape(result))
    trace, again = _traced(tensors, names_of(tensors, names))
    y = again[result]
    leaves = [t for t in tensors if t.op is None and t.requires_grad]
    results: list[Any] = [_value(y)]
    constants: list[tuple[Any, Value]] = []
    if result.requires_grad:
        trace.part = "backward"
        gradients = _gradients(y, trace)
        results += [gradients.get(again[t], np.zeros_like(t._array)) for t in leaves]
        constants = [
            (g, _value(t)) for t, g in gradients.items() if isinstance(g, np.ndarray) and g.ndim
        ]
    by = [_value(again[t]) for t in leaves]
    program = Program(trace, results)
    program.constant_gradients = constants
    return simplify(program, EXACT), by


def forward_program(result: Tensor) -> Program:
    """Return the program that computes `result`, without gradients."""
    tensors = list(Tape(result))
    trace, again = _traced(tensors, labels(tensors))
    return simplify(Program(trace, [_value(again[result])]), EXACT)


def _traced(tensors: list[Tensor], names: Names) -> tuple[Tracer, dict[Tensor, Tensor]]:
    """Run the tape again on traced arrays; constant arrays are arguments of the program too."""
    trace = Tracer(concrete=True)
    constants: dict[int, TracedArray] = {}
    numbers = labels(tensors)  # the names of tensors that no user has named

    def leaf(t: Tensor) -> Tensor:
        new = Tensor(0.0, requires_grad=t.requires_grad)
        array: Any = trace.argument(t._array, names[t.order])
        new._array = array  # not a compact copy of it
        return new

    def argument(op: Primitive, i: int, a: Any) -> Any:
        if not isinstance(a, np.ndarray) or not a.ndim or i >= op.arity:
            return a
        if id(a) not in constants:
            constants[id(a)] = trace.argument(a, variable(a, names) or _parameter(op, i))
        return constants[id(a)]

    def call(t: Tensor, args: list[Any]) -> Tensor:
        assert t.op is not None
        args = [argument(t.op, i, a) for i, a in enumerate(args)]
        y: Tensor = record(t.op, tuple(args), t.kwargs)
        value = _value(y)
        if isinstance(value, Value) and value.step is not None:
            value.label = value.label or names[t.order]
            if t.name or names[t.order] != numbers[t.order]:
                value.name = value.name or names[t.order]
        return y

    return trace, replay(tensors, leaf, call)


def _parameter(op: Primitive, i: int) -> str:
    """Return the name that a function of ours has for its i-th argument; ``c`` for NumPy's."""
    names = list(parameters_of(op.forward)) if isinstance(op.forward, FunctionType) else []
    return names[i] if i < len(names) else "c"


def _gradients(y: Tensor, trace: Tracer) -> dict[Tensor, Any]:
    """Return the gradient of `y` by each tensor, as a value that knows of what it is the gradient.

    The sweep runs on traced arrays: the program computes what the engine does.
    """
    if y.size == 1:
        seed: Any = np.ones(y.shape, y.dtype)
    else:
        seed = trace.argument(np.ones(y.shape, y.dtype), "cotangent")
    tensors = list(y.tape())
    with np.errstate(all="ignore"):
        adjoints = sweep(tensors, seed, keep=set(tensors))
    values = {t: g._value if isinstance(g, TracedArray) else g for t, g in adjoints.items()}
    # Tensors that share a gradient: one with a name first, or else the last one.
    for t in sorted(tensors, key=lambda t: (not getattr(_value(t), "name", None), -t.order)):
        g = values.get(t)
        if isinstance(g, Value) and g.step is not None and g.of is None:
            g.of = _value(t)
    return values


def _value(t: Tensor) -> Any:
    return t._array._value if isinstance(t._array, TracedArray) else t._array
