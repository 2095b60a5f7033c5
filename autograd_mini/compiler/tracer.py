"""Tracing: record what NumPy does to traced arrays.

Each call on a `TracedArray` is recorded as a `Step`, and the list of steps is a program. The engine
accepts any array that dispatches, so a Tensor may hold a traced array. Then the primitives, the
rules, the sweep and every transform record what *they* do, and nothing has to be described a second
time.
"""

from __future__ import annotations

import operator
import weakref
from collections.abc import Sequence
from copy import deepcopy
from itertools import zip_longest
from typing import Any

import numpy as np

from ..core.arrays import read_only
from ..core.context import Observer
from ..core.messages import describe
from ..core.primitive import Primitive
from ..core.pytree import tree_leaves, tree_map
from ..core.registry import name_of
from ..core.tape import Tape
from ..core.tensor import Tensor, _next_order
from .errors import (
    USE_COPY,
    USE_NEW_ARRAY,
    CapturedParameterError,
    EscapedTracerError,
    decides_shape,
    random_numbers,
    refuse_shape,
    refused,
    user_line,
)
from .ir import Step, Value, memory_of, values_in
from .traced_array import TracedArray
from .traced_functions import positional
from .traced_generator import TracedGenerator


class Tracer(Observer):
    """A program while it is recorded: its arguments, and the steps so far.

    If `concrete`, the examples are the only numbers that the program will see, as for
    ``ag.source``. If `unfuse`, a fused node that depends on numbers is recorded as its graph,
    except the nodes in `whole`.
    """

    def __init__(
        self, concrete: bool = False, unfuse: bool = False, whole: Sequence[str] = ()
    ) -> None:
        self.concrete = concrete
        self.unfuse = concrete or unfuse
        self.whole = whole
        self.arguments: list[Value] = []
        self.steps: list[Step] = []
        self.part = "forward"
        self.captured: set[int] = set()  # ids of generators, and of the memory of arrays
        self.inputs: list[tuple[Any, Value]] = []  # those, and views of them, that it reads
        self.baked: set[int] = set()  # the memory of those whose numbers decide on a shape
        self.has_fused_calls = False  # whether a node with a stable graph is one call
        self.closed = False  # the function has returned
        self.made: list[weakref.ref[TracedArray]] = []
        self._outer_parts: list[str] = []
        self._began = _next_order()  # tensors with smaller numbers were made elsewhere
        self._viewed: set[int] = set()  # memory that more than one value looks at
        self._owned: set[int] = set()  # memory of the state of a step, which may be overwritten
        self._stale: set[int] = set()  # memory of it that has been

    def argument(self, example: Any, name: str | None = None) -> TracedArray:
        """Return an array that the program takes."""
        return TracedArray(self, self.value(example, name))

    def generator(self, rng: Any) -> TracedGenerator:
        """Return a captured generator of random numbers, as an input of the program."""
        if isinstance(rng, TracedGenerator):
            return rng
        if id(rng) not in self.captured:
            raise random_numbers("the function creates a generator, which")
        for x, value in self.inputs:
            if x is rng:
                return TracedGenerator(self, value)
        self.inputs.append((rng, Value(deepcopy(rng))))
        return self.generator(rng)

    def value(self, example: Any, name: str | None = None) -> Value:
        """Return the value of an argument of the program."""
        value = Value(example, name=name)
        self.arguments.append(value)
        self._viewed.add(id(memory_of(example)))
        return value

    def call(self, function: Any, args: Any, kwargs: Any, name: str | None = None) -> Any:
        """Run a function on the examples, and record the call."""
        self.refuse_if_closed()
        args, kwargs = self._lifted(function, args, kwargs)
        step = Step(function, args, kwargs, name, self.part)
        y = _result_of_examples(step)
        made: list[Value] = []

        def out(part: Any) -> TracedArray:
            made.append(Value(part, step))
            return TracedArray(self, made[-1])

        result = tree_map(out, y)
        step.several = isinstance(y, (list, tuple))
        for value in made:
            if any(np.may_share_memory(value.example, x.example) for x in step.inputs):
                self._viewed.add(id(memory_of(value.example)))
        step.outs = tuple(made)
        self.steps.append(step)
        return result

    def refuse_if_closed(self) -> None:
        """Raise if the function has returned: a traced array was left behind."""
        if self.closed:
            raise EscapedTracerError(
                "this array has no values. A compiled function stored it while it was traced, in "
                "its first call. Return the array from that function instead."
            )

    def lift(self, x: Any) -> Any:
        """Return the value of a traced or captured array, and anything else as it is."""
        if isinstance(x, TracedArray):
            if id(memory_of(x._value.example)) in self._stale:
                raise refused("a view of an array that was changed afterwards", USE_COPY)
            return x._value
        if not isinstance(x, np.ndarray) or id(memory_of(x)) not in self.captured:
            return x
        for array, value in self.inputs:
            if array is x:
                return value
        value = Value(x)
        self._viewed.add(id(memory_of(x)))
        self.inputs.append((x, value))
        return value

    def _lifted(self, function: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """Return arguments as values and constants; one that decides on a shape is a constant."""
        of_masks = function is operator.getitem and _has_mask(args[1])
        names = positional(function)

        def lifted(i: int, name: str, x: Any) -> Any:
            if not (i == 1 and of_masks) and not decides_shape(function, i, name):
                return tree_map(self.lift, x)
            x = tree_map(self._bake, x)
            if values_in(x) and not self.concrete:
                refuse_shape(function, name)
            return x

        found = [lifted(i, *pair) for i, pair in enumerate(zip_longest(names, args))][: len(args)]
        return tuple(found), {key: lifted(-1, key, x) for key, x in kwargs.items()}

    def _bake(self, x: Any) -> Any:
        """As `lift`, but a captured array stays a constant: its numbers decide on a shape."""
        if isinstance(x, np.ndarray) and id(memory_of(x)) in self.captured:
            self.baked.add(id(memory_of(x)))
        return x._value if isinstance(x, TracedArray) else x

    def alive(self, known: set[int]) -> list[TracedArray]:
        """Return the arrays that something still refers to, except those with `known` ids."""
        made = (reference() for reference in self.made)
        return [x for x in made if x is not None and id(x) not in known]

    # ---- as an observer of the engine ------------------------------------------------------------

    def recorded(self, op: Primitive, args: tuple[Any, ...], result: Tensor) -> None:
        if isinstance(result._array, TracedArray):
            value = result._array._value
            if isinstance(value.example, np.generic):  # a Tensor holds an array without axes
                value.example = np.asarray(value.example)
            for x in tree_leaves(args):
                self.refuse_parameter(x)

    def backward_begins(self, tensors: Sequence[Tensor], seed: Any) -> None:
        self._outer_parts.append(self.part)
        self.part = "backward"

    def backward_ends(self) -> None:
        outer = self._outer_parts.pop()
        self.part = "then" if outer == "forward" else outer

    def refuse_parameter(self, x: Any) -> None:
        """Raise for a tensor that depends on a captured one that requires a gradient."""
        if not isinstance(x, Tensor) or isinstance(x._array, TracedArray) or not x._active:
            return
        for leaf in Tape(x):
            if leaf.order < self._began and leaf.requires_grad:
                raise CapturedParameterError(
                    f"compile: {describe(leaf)} requires a gradient, but it is not an argument of "
                    "the function, and not in state=. The program would treat it as a constant, "
                    f"even while it is trained.\n  {user_line()}\nList the models and optimisers "
                    "that the function uses: ag.compile(step, state=(model, optimizer)). Or pass "
                    "the tensor as an argument. If it is a constant, use .detach()."
                )

    # ---- who else looks at the memory of a value -------------------------------------------------

    def may_change(self, value: Value) -> bool:
        """Return whether a write into this value's memory would be seen by no other value."""
        return id(memory_of(value.example)) not in self._viewed or self.owns(value)

    def owns(self, value: Value) -> bool:
        """Return whether a value is in the memory of a step's state."""
        return id(memory_of(value.example)) in self._owned

    def own(self, value: Value, instead_of: Value | None = None) -> None:
        """Allow writes into an array of a step's state, or into its new value.

        Views of the old value, such as w.T, would see the new numbers: from now on, using such a
        view is refused.
        """
        self._owned.add(id(memory_of(value.example)))
        if instead_of is not None:
            self._stale.add(id(memory_of(instead_of.example)))


def _result_of_examples(step: Step) -> Any:
    """Return the result of a call on examples, which are read-only: a write into one is refused."""

    def example(x: Any) -> Any:
        y = x.example if isinstance(x, Value) else x
        return read_only(y) if isinstance(y, (np.ndarray, np.generic)) else y

    try:
        with np.errstate(all="ignore"):  # the program itself will warn when it runs
            y = step.function(*tree_map(example, step.args), **tree_map(example, step.kwargs))
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        y = None
    if y is None:
        what = f"{name_of(step.function)}, which writes into an array,"
        raise refused(f"np.{what}", USE_NEW_ARRAY)
    return y


def _has_mask(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(i, np.ndarray) and i.dtype == bool for i in parts)
