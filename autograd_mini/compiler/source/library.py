"""Print a program for an array library of Python other than NumPy.

The steps are those of the NumPy program. The libraries differ from it in names, in what they write
into, and in the dtype of a result whose operands have different dtypes: so operands are cast here.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...core.pytree import tree_leaves, tree_map
from ...notation.expression import Call, Expression, Name
from ...ops.convolution import _conv, _conv_input, _conv_weight
from ..ir import Program, Step, Value, dtype_of, example_of
from ..passes.rewrite import is_elementwise
from .calls import OPERATIONS, is_short, is_strong
from .operation import Language, Operation
from .portable import portable
from .printer import LONGEST, Writer

#: names of operations for which the notation has an operator
_OPERATORS = {
    "subtract": "sub", "multiply": "mul", "divide": "div", "negative": "neg", "power": "pow",
    "floor_divide": "floordiv", "remainder": "mod", "absolute": "abs",
}  # fmt: skip
#: functions whose operands must have the same dtype; some libraries refuse to mix dtypes
_STRICT = {
    np.matmul, np.dot, np.einsum, np.linalg.solve, np.heaviside, _conv, _conv_input, _conv_weight,
}  # fmt: skip
_MIXES = {np.where, np.concatenate, np.stack, np.mean, *_STRICT, *OPERATIONS}


class LibraryWriter(Writer):
    """Writes the calls of a library, as the `language` says."""

    language: ClassVar[Language]

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.step: Step  # the one that is being written

    def _call(self, step: Step) -> Expression:
        self.step = step
        return self._expression(cast_operands(step, portable(step, self.language)))

    def _expression(self, x: Any) -> Expression:
        if isinstance(x, Operation) and (special := getattr(self, f"_write_{x.name}", None)):
            x = special(x)
        if isinstance(x, Call):
            return x
        if not isinstance(x, Operation):
            return super()._expression(x)
        op = _OPERATORS.get(x.name, x.name)
        return Call(op, [*map(self._operand, x.args)], self._options(x.options))

    def _operand(self, x: Any) -> Expression:
        """Return an operand. A long operation gets a line."""
        expression = self._expression(x)
        text = self.notation.write(expression).text if isinstance(x, Operation) else ""
        if len(text) <= LONGEST:
            return expression
        name = self._new_name(self.other)
        self._head(self.step.part)
        self._line(f"{name} = {text}")
        return Name(name)

    def _write_astype(self, x: Operation) -> Operation:
        operand, dtype = x.args
        return Operation("astype", [operand, np.dtype(dtype)])

    def _write_reshape(self, x: Operation) -> Operation:
        operand, shape = x.args
        return Operation("reshape", [operand, tuple(shape) if isinstance(shape, list) else shape])


def part_of_index(i: Any) -> Any:
    """Return a part of an index. A short array is written entry by entry."""
    return Operation("array", [i.tolist()]) if is_short(i) else i


def cast_operands(step: Step, operation: Any) -> Any:
    """Cast the operands whose dtypes would give a result of another dtype than in NumPy.

    All libraries agree on operands of one dtype, and on a number that meets an array of floats.
    They differ for integers with float32, and for arrays without axes.
    """
    mixes = step.function in _MIXES or is_elementwise(step)
    if not (isinstance(operation, Operation) and mixes):
        return operation
    first = 1 if step.function is np.where else 0  # the condition has no part in the dtype
    operands = [x for x in tree_leaves([*step.args[first:]]) if is_strong(x)]
    wanted = step.outs[0].dtype
    if wanted.kind == "b":
        wanted = np.result_type(*(dtype_of(example_of(x)) for x in operands))

    def decides(x: Any, other: Any) -> bool:
        """Return whether `x` has the wanted dtype, and `other` is promoted to it."""
        if dtype_of(example_of(x)) != wanted or step.function in _STRICT:
            return False
        lower = wanted.kind == "f" and dtype_of(example_of(other)).kind in "biu"
        return lower or np.ndim(example_of(x)) > 0

    def cast(x: Any) -> Any:
        if not isinstance(x, Value) or not is_strong(x) or x.dtype == wanted:
            return x
        return x if any(decides(o, x) for o in operands) else Operation("astype", [x, wanted])

    args = [*operation.args[:first], *(tree_map(cast, x) for x in operation.args[first:])]
    return operation._replace(args=args)
