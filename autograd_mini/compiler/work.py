"""The work of a step: its floating-point operations, the bytes that it moves, its calls of NumPy.

All three follow from the shapes. Each array is read or written once. A number that is computed from
others with one operation counts as one, and a product of matrices as 2 m n k.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import isqrt, prod
from typing import Any

import numpy as np

from ..core.pytree import tree_leaves
from .ir import Step, Value, example_of
from .memory.lowering import CHECKS, is_view
from .passes.slices import put, put_too

#: Operations for each entry of functions that are not one instruction, such as a polynomial. They
#: are rough: the time of an entry, in operations of a product of matrices.
_OF_AN_ENTRY: dict[Any, int] = {
    np.divide: 8, np.sqrt: 8, np.exp: 50, np.expm1: 80, np.log: 60, np.log1p: 80, np.tanh: 80,
    np.sin: 100, np.cos: 100, np.where: 100,
    "SoftmaxCrossEntropy": 100, "softmax": 80, "log_softmax": 80,
}  # fmt: skip

#: Calls of NumPy in a step that is not one. A call of `np.add` counts as one.
_CALLS: dict[Any, float] = {
    operator.getitem: 3, np.where: 2, np.take: 2, np.einsum: 10, np.mean: 4, np.var: 20, np.std: 20,
    "SoftmaxCrossEntropy": 35, "softmax": 15, "log_softmax": 15, "scatter": 40,
    "conv": 200, "conv_input": 300, "conv_weight": 200, "max_pool2d": 200, "spread_windows": 300,
}  # fmt: skip

#: Inner loops of NumPy for each row of the first argument, of functions that work row by row
_LOOPS_OF_A_ROW: dict[Any, int] = {
    np.take: 1, "scatter": 4, "SoftmaxCrossEntropy": 7, "softmax": 4, "log_softmax": 4,
}  # fmt: skip

_LOOPS_OF_A_CALL = 25  #: of NumPy's inner loops, those that start in the time of one call


def is_free(step: Step) -> bool:
    """Return whether a step is a view, which is made once, before the first call."""
    return step.function not in CHECKS and is_view(step)


# ---- operations ----------------------------------------------------------------------------------


def flops(step: Step) -> int:
    """Return the number of floating-point operations."""
    if is_free(step) or step.function in CHECKS:
        return 0
    f = step.name or step.function
    if f in _COUNTED:
        return _COUNTED[f](step)
    entries = max(map(_size, step.outs)) if step.outs else 0
    return entries * _OF_AN_ENTRY.get(f, 1)


def _matmul(step: Step) -> int:
    """Return 2 k for each entry, which is a sum of k products."""
    return 2 * _size(step.outs[0]) * _shape(_first(step))[-1]


def _product(step: Step) -> int:
    """Return 2 m n k for arrays of m k, k n and m n entries."""
    return 2 * isqrt(_size(step.args[0]) * _size(step.args[1]) * _size(step.outs[0]))


def _einsum(step: Step) -> int:
    """Return one operation for each argument and each combination of the indices."""
    if not isinstance(step.args[0], str):  # indices as lists of numbers
        return 2 * max(map(_size, step.inputs))
    terms = step.args[0].replace(" ", "").partition("->")[0].split(",")
    shapes = [*map(_shape, step.args[1:])]
    lengths: dict[Any, int] = {}
    for term, shape in zip(terms, shapes):
        before, _, after = term.partition("...")
        rest = range(len(before) + len(after) - len(shape), 0)  # counted from the last one
        lengths |= dict(zip((*before, *rest, *after), shape))
    return len(terms) * prod(lengths.values())


def _cubic(factor: float) -> Callable[[Step], int]:
    """Return the count for an n by n matrix, `factor` n^3 [Golub, Van Loan 2013]."""

    def count(step: Step) -> int:
        return int(factor * _size(_first(step)) * _shape(_first(step))[-1])

    return count


def _power(step: Step) -> int:
    """Return one operation for each entry of a square, and otherwise those of a polynomial."""
    n = step.args[1]
    square = not isinstance(n, Value) and np.ndim(n) == 0 and n == 2
    return _size(step.outs[0]) * (1 if square else 100)


def _reduction(step: Step) -> int:
    return _size(_first(step))


def _windows(result: Any, weight: Any) -> int:
    """Return 2 c k for each entry of a convolution: an output has c k weights."""
    return 2 * _size(result) * (_size(weight) // _shape(weight)[0])


def _nothing(step: Step) -> int:
    return 0


_REDUCTIONS = {np.sum, np.mean, np.prod, np.max, np.min, np.argmax, np.argmin, np.all, np.any}
_REDUCTIONS |= {np.var, np.std, np.linalg.norm}
_REDUCTIONS |= {f.reduce for f in (np.add, np.multiply, np.maximum, np.minimum)}
_MOVES = {np.reshape, np.copy, np.take, np.stack, np.concatenate, operator.getitem}
_COUNTED: dict[Any, Callable[[Step], int]] = {
    np.matmul: _matmul,
    **dict.fromkeys((np.dot, np.inner, np.outer, np.tensordot), _product),
    np.vecdot: lambda step: 2 * _reduction(step),
    np.einsum: _einsum,
    np.power: _power,
    operator.pow: _power,
    **dict.fromkeys(_REDUCTIONS, _reduction),
    **dict.fromkeys(_MOVES, _nothing),
    **dict.fromkeys((np.linalg.solve, np.linalg.det, np.linalg.slogdet), _cubic(2 / 3)),
    np.linalg.cholesky: _cubic(1 / 3),
    np.linalg.inv: _cubic(2),
    np.linalg.eigh: _cubic(9),
    np.linalg.svd: _cubic(21),
    put: _reduction,
    put_too: lambda step: _size(step.args[1]),
    "scatter": _reduction,
    "conv": lambda step: _windows(step.outs[0], step.args[1]),
    "conv_input": lambda step: _windows(step.args[0], step.args[1]),
    "conv_weight": lambda step: _windows(step.args[1], step.outs[0]),
    "max_pool2d": _reduction,
    "spread_windows": lambda step: _size(step.outs[0]),
}


# ---- bytes and calls -----------------------------------------------------------------------------


def bytes_read(step: Step) -> int:
    """Return the bytes of the arrays among the arguments, each counted once."""
    if is_free(step):
        return 0
    if step.function in (np.take, operator.getitem):  # only the chosen entries
        return bytes_written(step)
    if step.function is put_too:  # the slice, and what is added to it
        return 2 * _bytes(step.args[1])
    arrays = {id(x): x for x in tree_leaves((step.args, step.kwargs)) if _is_array(x)}
    return sum(map(_bytes, arrays.values()))


def bytes_written(step: Step) -> int:
    """Return the bytes of the results."""
    if is_free(step) or step.function in CHECKS:
        return 0
    if step.function is put_too:
        return _bytes(step.args[1])
    return sum(map(_bytes, step.outs))


def calls(step: Step) -> float:
    """Return the calls of NumPy, and the starts of its inner loops as parts of a call."""
    if is_free(step):
        return 0
    f = step.name or step.function
    if f in (np.stack, np.concatenate):
        count: float = 6 * len(step.inputs)
    else:
        count = _CALLS.get(f, 3 if f in _REDUCTIONS or f in CHECKS else 1)
    return count + _loops(step) / _LOOPS_OF_A_CALL


def _loops(step: Step) -> int:
    """Return how many inner loops NumPy starts: one for each row.

    Arrays that lie in memory in the same way are one long row.
    """
    f = step.name or step.function
    if f in _LOOPS_OF_A_ROW:
        rows = step.outs[0].shape if f is np.take else _shape(_first(step))
        return _LOOPS_OF_A_ROW[f] * prod(rows[:-1])
    if f in _REDUCTIONS:
        return prod(_shape(_first(step))[:-1])
    if not isinstance(f, np.ufunc) or f.signature:
        return 1
    arrays = [a for a in map(example_of, (*step.args, *step.outs)) if np.ndim(a)]
    if len({(a.shape, tuple(s // a.itemsize for s in a.strides)) for a in arrays}) <= 1:
        return 1
    return prod(step.outs[0].shape[:-1])


def _first(step: Step) -> Any:
    """Return the first argument, which may have been passed by name."""
    return next(iter((*step.args, *step.kwargs.values())))


def _shape(x: Any) -> tuple[int, ...]:
    return np.shape(example_of(x))


def _size(x: Any) -> int:
    return int(np.size(example_of(x)))


def _is_array(x: Any) -> bool:
    """Return whether `x` is a value or a constant array. Constant numbers are in the program."""
    return isinstance(x, Value) or (isinstance(x, np.ndarray) and x.ndim > 0)


def _bytes(x: Any) -> int:
    return int(np.asarray(example_of(x)).nbytes)
