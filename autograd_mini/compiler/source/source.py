"""The program of a tape, forward and backward.

The tape runs again on traced arrays (`tracer`), which record every call that the primitives and
their rules make. Calls without a use are dropped, and those that are made twice are shared
(`passes.rewrite`). A writer, such as the one in `printer`, writes the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy as np

from ...core.backward import sweep
from ...core.primitive import Primitive
from ...core.registry import parameters_of
from ...core.tape import Tape, replay
from ...core.tensor import Tensor, record
from ...notation.numpy import repeated
from ...text.format import Names, labels, names_of, variable
from ..ir import Program, Step, Value
from ..passes.algebra import EXACT
from ..passes.rewrite import simplify
from ..traced_array import TracedArray
from ..tracer import Tracer


def traced_program(
    result: Tensor, names: Mapping[str, Any] | None = None
) -> tuple[Program, list[Value]]:
    """Return the program of a tape, and the arguments whose gradients follow its result."""
    tensors = list(Tape(result))
    trace, again = _traced(tensors, names_of(tensors, names))
    y = again[result]
    leaves = [t for t in tensors if t.op is None and t.requires_grad]
    gradients: dict[Tensor, Any] = {}
    if result.requires_grad:
        trace.part = "backward"
        gradients = _gradients(y, trace)
    program = Program(trace, [_value(y), *gradients.values()])
    known = simplify(program, [("repeated numbers", repeated_number)]).results
    gradients = dict(zip(gradients, known[1:]))
    by_leaf = [gradients.get(again[t], np.zeros_like(t._array)) for t in leaves]
    program.results = [known[0], *(by_leaf if result.requires_grad else ())]
    program.constant_gradients = [
        (g, _value(t)) for t, g in gradients.items() if isinstance(g, np.ndarray) and g.ndim
    ]
    return simplify(program, EXACT), [_value(again[t]) for t in leaves]


def repeated_number(step: Step) -> Any:
    """np.ones(3) * 2 → np.full(3, 2.0): a call without values, whose result repeats a number."""
    if step.inputs or len(step.outs) != 1:
        return None
    x = step.outs[0].example
    is_array = isinstance(x, (np.ndarray, np.generic))
    return x if is_array and repeated(x) is not None else None


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
        # a call, so that gradients that never change are computed too
        seed: Any = trace.call(np.ones, (y.shape, y.dtype), {})
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
