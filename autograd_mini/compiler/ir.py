"""A program as data: values, and the steps that compute them.

Each value carries an example: the array that the call returned while it was traced. It has the
shape, the dtype and the layout in memory of the arrays that the program will compute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.pytree import tree_leaves, tree_map

if TYPE_CHECKING:
    from .tracer import Tracer


@dataclass(eq=False, repr=False, slots=True)
class Value:
    """An argument of a program, or a result of one of its steps."""

    example: Any
    step: Step | None = None
    name: str | None = None
    of: Value | None = None  #: the value whose gradient it is
    label: str | None = None  #: its name in tables; a value with a label alone may need no line

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.example)

    @property
    def dtype(self) -> Any:
        return dtype_of(self.example)


@dataclass(eq=False, repr=False, slots=True)
class Step:
    """One call of a NumPy function. Among its arguments are values, and constants as they are."""

    function: Callable[..., Any]
    args: Any
    kwargs: Any
    name: str | None  #: of one of our own functions, taken whole
    part: str  #: forward or backward
    outs: tuple[Value, ...] = ()
    several: bool = False  #: whether it returns a tuple or list, even of one

    @property
    def inputs(self) -> list[Value]:
        """The values among the arguments, in their order."""
        return values_in((self.args, self.kwargs))


class OtherBranch(Exception):
    """The numbers of this call lead to another branch than those that were traced."""


def check_branch(x: Any, traced: Any) -> Any:
    """Return `x`, on which library code branches, if it is what it was when it was traced."""
    if x != traced:
        raise OtherBranch
    return x


def draw(generator: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    """Return random numbers, ``generator.method(*args, **kwargs)``: others in each call."""
    return getattr(generator, method)(*args, **kwargs)


#: functions that do more than return a result, so each of their calls stays in a program
EFFECTS = {check_branch, draw}


def number_pow(x: Any, n: Any) -> Any:
    """Return ``x ** n`` of bare numbers, whose power may round in another way than an array's."""
    return (x[()] if hasattr(x, "dtype") else x) ** (n[()] if hasattr(n, "dtype") else n)


def array_pow(x: Any, n: Any) -> Any:
    """Return ``x ** n`` of arrays without axes, which in a program may be bare numbers."""
    return (np.asarray(x) if hasattr(x, "dtype") else x) ** (
        np.asarray(n) if hasattr(n, "dtype") else n
    )


def astype(x: Any, dtype: Any) -> Any:
    """Return ``x.astype(dtype)``; a bare number becomes one of NumPy's."""
    return x.astype(dtype) if hasattr(x, "dtype") else np.asarray(x).astype(dtype)[()]


def values_in(tree: Any) -> list[Value]:
    """Return the values in a tree, from left to right, without building a tree."""
    found: list[Value] = []
    todo = [tree]
    while todo:
        x = todo.pop()
        if type(x) is Value:
            found.append(x)
        elif isinstance(x, (list, tuple)):
            todo += x[::-1]
        elif isinstance(x, dict):
            todo += reversed(x.values())
    return found


def example_of(x: Any) -> Any:
    """Return the example of a value, and anything else as it is."""
    return x.example if isinstance(x, Value) else x


def dtype_of(x: Any) -> Any:
    """Return the dtype of an array or a number."""
    return x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype


def memory_of(array: Any) -> Any:
    """Return the array that owns the memory of `array`."""
    while getattr(array, "base", None) is not None:
        array = array.base
    return array


def layout(x: Any) -> Any:
    """Return a key that is equal for two arrays that can share memory, entry by entry."""
    x = np.asarray(x)
    return x.dtype, x.shape, x.strides


def axes_in_memory(x: Any) -> tuple[int, ...]:
    """Return the axes from the longest stride to the shortest: (0, 1, 2) is C's order."""
    x = np.asarray(x)
    long = [i for i in range(x.ndim) if x.shape[i] > 1]
    # The stride of an axis of one entry means nothing, so that axis stays in place.
    found = iter(sorted(long, key=lambda i: -abs(x.strides[i])))
    return tuple(next(found) if x.shape[i] > 1 else i for i in range(x.ndim))


def for_blas(a: Any, b: Any) -> bool:
    """Return whether np.dot and np.matmul give the same bits: both then call BLAS on a and b.

    np.dot copies other arrays for BLAS, and np.matmul multiplies them itself.
    """
    a, b = np.asarray(a), np.asarray(b)
    plain = 1 <= a.ndim <= 2 and 1 <= b.ndim <= 2 and a.ndim + b.ndim > 2 and a.size * b.size > 1
    return bool(
        plain and a.flags.forc and b.flags.forc and a.dtype == b.dtype and a.dtype.kind == "f"
    )


class Program:
    """Straight-line NumPy: its arguments, its steps in order, and its results."""

    def __init__(self, tracer: Tracer, results: list[Any]) -> None:
        self.arguments = tracer.arguments
        self.steps = tracer.steps
        self.results = results  # values, and constants as they are
        #: gradients that are constant arrays, with the values whose gradients they are
        self.constant_gradients: list[tuple[Any, Value]] = []
        self.done: Counter[str] = Counter()  #: how often each rule was applied, by its name

    def run_examples(self) -> None:
        """Compute the examples again: after a rewrite, a view may share memory with an old one.

        A bare number becomes an array, as it is in planned memory.
        """
        with np.errstate(all="ignore"):
            for step in self.steps:
                y = step.function(
                    *tree_map(example_of, step.args), **tree_map(example_of, step.kwargs)
                )
                parts = tree_leaves(y) if step.several else [y]
                for value, example in zip(step.outs, parts):
                    bare = isinstance(example, np.generic)
                    value.example = np.asarray(example) if bare else example

    def steps_behind(self, results: list[Any]) -> list[Step]:
        """Return the steps that the results depend on, and those with effects."""
        needed, found = set(values_in(results)), []
        for step in reversed(self.steps):
            if step.function in EFFECTS or not needed.isdisjoint(step.outs):
                needed.update(step.inputs)
                found.append(step)
        return found[::-1]

    def drop_dead(self) -> None:
        """Keep only the steps that a result depends on, and those with effects."""
        kept = self.steps_behind(self.results)
        self.done["dead code"] += len(self.steps) - len(kept)
        self.steps = kept

    def uses(self) -> Counter[Value]:
        """Count how often each value is an argument of a step, or a result."""
        found = Counter(v for step in self.steps for v in step.inputs)
        found.update(values_in(self.results))
        return found


def options(step: Step, **defaults: Any) -> dict[str, Any]:
    """Return the arguments after the first, by name, without an `out` of None."""
    places = ("axis", "dtype", "out", "keepdims", "initial", "where")
    found = {**defaults, **dict(zip(places, step.args[1:])), **step.kwargs}
    return {key: value for key, value in found.items() if key != "out" or value is not None}
