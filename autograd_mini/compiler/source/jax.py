"""Print a program for jax.numpy: NumPy's calls, except where jax does not follow NumPy."""

from __future__ import annotations

import keyword
import operator
from typing import ClassVar

import numpy as np

from ...core.registry import is_numpy, name_of
from ...notation.jax import Jax
from ..ir import Program, Step, Value, astype, example_of, values_in
from .calls import OPERATIONS, as_written, without_defaults
from .library import LibraryWriter, part_of_index
from .operation import Language, Operation
from .portable import DTYPES

#: functions that jax.numpy lacks, or whose arguments it wants in another form
_OTHERS = {
    operator.getitem, np.take, np.lib.stride_tricks.sliding_window_view, np.take_along_axis,
    np.delete, np.repeat,
}  # fmt: skip
#: functions that read one triangle of a matrix in NumPy, and the mean of both in jax
_TRIANGLE = {np.linalg.cholesky, np.linalg.eigh, np.linalg.eigvalsh}


def _own(step: Step) -> Operation | None:
    """Return the call of the function of jax.numpy with the name of NumPy's."""
    f, args, kwargs = as_written(step)
    if step.name or step.function in _OTHERS or f is astype:
        return None
    if f is np.dot and all(0 < np.ndim(example_of(a)) < 3 for a in args):
        return Operation("matmul", args)
    if f in OPERATIONS and not kwargs:
        return Operation(OPERATIONS[f], args)
    if not is_numpy(f):
        return None
    if f in _TRIANGLE:
        kwargs = {**kwargs, "symmetrize_input": False}
    if f is np.partition and kwargs.get("axis", 0) is None:  # which jax does not take
        return Operation("partition", [Operation("ravel", args[:1]), *args[1:]])
    return Operation(name_of(f), args, without_defaults(f, kwargs))


class JaxWriter(LibraryWriter):
    """Writes a program that imports only jax."""

    notation: ClassVar = Jax()
    reserved: ClassVar = frozenset(["jax", "jnp", "program", *keyword.kwlist])
    language: ClassVar = Language("JAX", DTYPES | {"float16"}, _own)

    @property
    def imports(self) -> str:
        """The lines above the program. Without the last one, jax computes in float32."""
        if all(x.dtype != np.float64 for x in _values(self.program)):
            return "import jax.numpy as jnp"
        return (
            "import jax\nimport jax.numpy as jnp\n\n"
            'jax.config.update("jax_enable_x64", True)  # float64, as on the tape'
        )

    def _write_getitem(self, x: Operation) -> Operation:
        operand, index = x.args
        return Operation("getitem", [operand, *map(part_of_index, index)])

    def _write_scatter(self, x: Operation) -> Operation:
        operand, index, shape = x.args
        parts = map(part_of_index, index)
        return Operation("scatter", [operand, *parts, tuple(shape), self.step.outs[0].dtype])


def _values(program: Program) -> list[Value]:
    """Return all values of a program."""
    made = [value for step in program.steps for value in step.outs]
    return [*program.arguments, *made, *values_in(program.results)]
