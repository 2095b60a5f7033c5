"""The tape as a NumPy program: forward and backward in straight lines, as a person writes them.

The tape is replayed on traced arrays (`tracing`), which write down every call that the primitives
and their rules make; what nobody needs is dropped, what is there twice is shared (`rewriting`), and
here the rest is put into words. No operation has a text of its own but for operators and methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy as np

from ...core.backward import sweep
from ...core.context import grad_mode
from ...core.primitive import Primitive
from ...core.registry import parameters_of
from ...core.tape import Tape
from ...core.tensor import Tensor, record
from ..ir import Program, Value
from ..passes.algebra import EXACT
from ..passes.rewrite import simplify
from ..tracer import TracedArray, Tracer
from .printer import Source, written


def source(result: Tensor, names: Mapping[str, Any] | None = None) -> Source:
    """The tape of `result`, forward and backward, as a NumPy program that runs by itself.

    Parameters
    ----------
    result : Tensor
        What the program computes and differentiates. With more entries than one, the program also
        takes the cotangent to start from.
    names : mapping, optional
        Variables, as ``locals()`` gives them: what to call arrays, and tensors that have no name.

    Returns
    -------
    Source
        Text that defines ``program(...)``: it takes the leaves, then arrays that were constants,
        and gives the result and its derivative with respect to each leaf that requires one, to the
        last bit what ``backward`` finds. ``.arguments`` has their values, by name.

    Raises
    ------
    TypeError
        When an operation decides on numbers, and its text does not stand by itself.

    Notes
    -----
    The program is that of the records. What was decided in Python when they were made, such as the
    length of a loop or a mask from a comparison, is a constant in it.

    References
    ----------
    Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 6.2: source
    transformation.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> print(ag.source(np.sum(np.sin(x) * x)))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def program(x):
        \"\"\"The result, and its derivative with respect to x.\"\"\"
        # forward
        v1 = np.sin(x)  # (2,)
        result = np.sum(v1 * x)  # scalar
    <BLANKLINE>
        # backward
        d_x = v1 + x * np.cos(x)  # ∂result/∂x
    <BLANKLINE>
        return result, d_x
    """
    tensors = list(Tape(result))
    trace, again = _replayed(tensors, {id(x): name for name, x in (names or {}).items()})
    y = again[result]
    leaves = [t for t in tensors if t.op is None and t.requires_grad]
    results: list[Any] = [_value(y)]
    if result.requires_grad:
        trace.part = "backward"
        found = _derivatives(y, trace)
        results += [found.get(again[t], np.zeros_like(t._array)) for t in leaves]
    by = [_value(again[t]) for t in leaves]
    return written(simplify(Program(trace, results), EXACT), by)


def _replayed(
    tensors: list[Tensor], called: Mapping[int, str]
) -> tuple[Tracer, dict[Tensor, Tensor]]:
    """The same tape over traced arrays: a new tensor for each of the old."""
    trace, again = Tracer(concrete=True), {}
    constants: dict[int, TracedArray] = {}
    with grad_mode(True), np.errstate(all="ignore"):
        for t in tensors:
            name = t.name or called.get(id(t))
            if t.op is None:
                again[t] = Tensor(trace.argument(t._array, name), requires_grad=t.requires_grad)
                continue
            args: list[Any] = []
            for i, a in enumerate(t.inputs):
                if isinstance(a, Tensor):
                    a = again[a]
                elif isinstance(a, np.ndarray) and a.ndim and i < t.op.arity:
                    if id(a) not in constants:
                        name_of_a = called.get(id(a)) or _parameter(t.op, i)
                        constants[id(a)] = trace.argument(a, name_of_a)
                    a = constants[id(a)]
                args.append(a)
            again[t] = record(t.op, tuple(args), t.kwargs)
            value = _value(again[t])
            if isinstance(value, Value) and value.step is not None:
                value.name = value.name or name
    return trace, again


def _parameter(op: Primitive, i: int) -> str:
    """What a function of ours calls its i-th argument; of NumPy's, a constant."""
    names = list(parameters_of(op.forward)) if isinstance(op.forward, FunctionType) else []
    return names[i] if i < len(names) else "c"


def _derivatives(y: Tensor, trace: Tracer) -> dict[Tensor, Any]:
    """The values that the sweep finds for all tensors; each knows of what it is the derivative."""
    if y.size == 1:
        seed: Any = np.ones(y.shape, y.dtype)
    else:
        seed = trace.argument(np.ones(y.shape, y.dtype), "cotangent")
    tensors = list(y.tape())
    with np.errstate(all="ignore"):
        found = sweep(tensors, seed, keep=set(tensors))
    values = {t: g._value if isinstance(g, TracedArray) else g for t, g in found.items()}
    for t in sorted(tensors, key=lambda t: not getattr(_value(t), "name", None)):
        g = values.get(t)
        if isinstance(g, Value) and g.step is not None and g.of is None:
            g.of = _value(t)
    return values


def _value(t: Tensor) -> Any:
    return t._array._value if isinstance(t._array, TracedArray) else t._array
