"""State: compile a training step that changes a model and an optimiser, as students write it.

    def step(x, y):
        optimizer.zero_grad()
        loss = ag.softmax_cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

Such a step becomes a function without side effects: it takes all arrays of the model and of the
optimiser, and returns their new values. While it is traced, traced arrays lie in the places of the
real ones. Each call of the program reads the arrays from their places, and overwrites them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from inspect import Parameter, Signature
from operator import attrgetter, getitem, is_
from typing import Any

import numpy as np

from ..core.accumulation import set_grads
from ..core.messages import describe
from ..core.pytree import tree_map
from ..core.registry import parameters_of
from ..core.tensor import Tensor
from ..optim import Optimizer
from ..optim.blocks import FlatArrays
from .captures import GENERATORS, writers
from .errors import EscapedTracerError
from .slots import Entry, Numbers, Slot

#: what a program takes of the state; the arrays are overwritten
PARTS = ("arrays", "numbers", "generators", "grads", "trained")


class StateChanged(Exception):
    """The model has got other parts since the state was looked for."""


class State:
    """All arrays, numbers and generators that a training step may change.

    Parameters
    ----------
    roots : list
        Models (objects with ``parameters()``), optimisers, generators of random numbers, and lists
        and dicts of these.

    Attributes
    ----------
    tensors, arrays, numbers, generators : list of Slot
        Leaves, plain arrays, numbers and generators, each once. Of the numbers, the `lr` of an
        optimiser and of its groups and its lists of ints are state; all others are settings.
    """

    def __init__(self, roots: list[Any]) -> None:
        self.roots = roots
        self.find()

    def find(self) -> None:
        """Look for all places of the state, as it is now."""
        self.tensors: list[Slot] = []
        self.arrays: list[Slot] = []
        self.numbers: list[Numbers] = []
        self.generators: list[Slot] = []
        self.settings: list[Slot] = []  # numbers that a step may read, but not change
        self.holders: list[Any] = []  # lists and dicts, also those of the attributes
        #: ids of objects, and (id of an object, attribute), which guards do not compare
        self.lifted: set[Any] = set()
        self._met: dict[int, Slot] = {}
        for i, root in enumerate(self.roots):
            name = "" if len(self.roots) == 1 or not isinstance(root, Optimizer) else "optimizer"
            self._visit(Slot(name or f"state{i}", self.roots, i), top=True)
        fixed = [*self.tensors, *self.generators]
        self._fixed = [[getattr(x, key) for x in fixed] for key in ("owner", "key", "seen")]
        self._leaves = [slot.seen for slot in self.tensors]
        self._shared = [slot for slot in [*self.arrays, *self.generators] if slot.others]
        names: dict[str, int] = {}
        for slot in [*self.tensors, *self.arrays, *self.numbers, *self.generators]:
            names[slot.name] = names.get(slot.name, 0) + 1
            if names[slot.name] > 1:
                slot.name = f"{slot.name}_{names[slot.name]}"
        if not self.tensors and not self.arrays:
            raise TypeError(
                "compile: state holds no Tensors or arrays. Pass the objects that the "
                "step changes, such as state=(model, optimizer)."
            )
        self._names = [slot.name for slot in self.tensors]

    def _visit(self, slot: Slot, top: bool = False) -> None:
        x = slot.seen
        if id(x) in self._met and not isinstance(x, (float, int)):
            self._met[id(x)].others.append(slot)
            return
        self._met[id(x)] = slot
        if isinstance(x, Tensor):
            if x.is_leaf:
                slot.name = x.name or slot.name
                self.tensors.append(slot)
                self.lifted.add(id(x))
        elif isinstance(x, np.ndarray) and x.dtype != object:
            self.arrays.append(slot)
            if not top:  # at the top, the step finds the array in a variable, which is compared
                self.lifted.add(id(x))
        elif isinstance(x, GENERATORS):
            self.generators.append(slot)
            self.lifted.add(id(x))
        elif isinstance(x, FlatArrays):
            self._visit_entries(Slot(slot.name, vars(x), "flat"))
            self.lifted.add(id(x))  # the arrays are all that changes in it
        elif isinstance(x, (list, tuple, dict)):
            self._visit_entries(slot)
        elif isinstance(x, Optimizer) or callable(getattr(x, "parameters", None)):
            self._visit_attributes(slot.name, x, top)
        elif top:
            raise TypeError(
                f"compile: state takes models, optimisers, arrays and generators, "
                f"got {describe(x)}."
            )

    def _visit_entries(self, slot: Slot) -> None:
        x = slot.seen
        if isinstance(x, tuple):
            for i in range(len(x)):
                self._visit(Entry(f"{slot.name}.{i}", slot, i))
            return
        self.holders.append(x)
        for key in list(x) if isinstance(x, dict) else range(len(x)):
            self._visit(Slot(f"{slot.name}.{key}", x, key))

    def _visit_attributes(self, name: str, x: Any, top: bool) -> None:
        own = getattr(x, "__dict__", {})
        self.holders.append(own)
        for key, value in list(own.items()):
            slot = Slot(key if top and not isinstance(x, Optimizer) else f"{name}.{key}", own, key)
            if isinstance(x, Optimizer) and (key == "lr" or _are_counts(value)):
                self.numbers.append(Numbers(slot.name, own, key))
                self.lifted.add((id(x), key))
            elif isinstance(x, Optimizer) and key == "groups":
                self._visit_groups(slot.name, value)
            elif type(value) in (bool, int, float):
                self.settings.append(slot)
            else:
                self._visit(slot)

    def _visit_groups(self, name: str, groups: list[dict[str, Any]]) -> None:
        self.holders += [groups, *groups]
        for i, group in enumerate(groups):
            for key in group:
                if key == "lr":
                    self.numbers.append(Numbers(f"{name}.{i}.lr", group, key))
                    self.lifted.add((id(group), key))
                else:
                    self.settings.append(Slot(f"{name}.{i}.{key}", group, key))

    def places(self) -> list[Any]:
        """Return the names of all parts, and which tensors they are or which objects hold them."""
        others = [*self.arrays, *self.numbers, *self.generators]
        tensors = [(slot.name, id(slot.seen)) for slot in self.tensors]
        return [*tensors, *((slot.name, id(slot.owner)) for slot in others)]

    def read(self) -> tuple[Any, ...]:
        """Return the parts of the state as a program takes them."""
        owners, keys, seen = self._fixed
        if not all(map(is_, map(getitem, owners, keys), seen)):
            self.find()
        if not all(map(Slot.is_one, self._shared)):
            self.find()
        arrays = dict(zip(self._names, map(_array_of, self._leaves)))
        for slot in self.arrays:
            arrays[slot.name] = slot.owner[slot.key]
        numbers = {slot.name: slot.read() for slot in self.numbers}
        generators = {slot.name: slot.seen for slot in self.generators}
        grads = {
            name: g for name, g in zip(self._names, map(_grad_of, self._leaves)) if g is not None
        }
        return arrays, numbers, generators, grads, bytes(map(_is_active, self._leaves))

    def held(self) -> list[tuple[Any, Any]]:
        """Return lists and dicts with copies, and tensors with whether they require a gradient."""
        return [*((x, x.copy()) for x in self.holders), *((x, x._active) for x in self._leaves)]

    def advance(self, names: Set[str]) -> None:
        """Give new versions to the tensors of these names, before their arrays are overwritten."""
        for slot in self.tensors:
            if slot.name in names:
                slot.seen._advance(slot.seen._array)

    def write(self, numbers: dict[str, Any], grads: dict[str, Any]) -> None:
        """Take over what a program has computed. The arrays have been overwritten already."""
        set_grads(self._leaves, map(grads.get, self._names))
        for number in self.numbers:
            if number.name in numbers:
                number.write(numbers[number.name])


_array_of, _grad_of, _is_active = map(attrgetter, ("_array", "_grad", "_active"))


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(n) is int for n in value)


class PureStep:
    """A training step as a function of its state, without side effects."""

    def __init__(self, f: Callable[..., Any], state: State) -> None:
        self.f, self.state = f, state
        self.__name__ = getattr(f, "__name__", type(f).__name__)
        of_state = [Parameter(name, Parameter.POSITIONAL_ONLY) for name in PARTS]
        self.__signature__ = Signature([*of_state, *parameters_of(f).values()])

    def __call__(
        self,
        arrays: Any,
        numbers: Any,
        generators: Any,
        grads: Any,
        trained: bytes,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Return the new state, and the result.

        `trained` says which tensors require a gradient. If this changes, the step is traced again.
        """
        state = self.state
        now = State(state.roots)
        if now.places() != state.places():
            raise StateChanged
        before = list(self._before())
        settings = [(slot, slot.seen) for slot in now.settings]
        try:
            for slot in state.tensors:
                slot.seen._array, slot.seen._grad = arrays[slot.name], grads.get(slot.name)
            for slot in state.arrays:
                slot.put(arrays[slot.name])
            for number in state.numbers:
                number.enter(numbers[number.name])
            entered = {id(slot.seen): generators[slot.name] for slot in state.generators}
            for put, old, *_ in before:
                if id(old) in entered:
                    put(entered[id(old)])
            for x in arrays.values():
                x._tracer.own(x._value)
            own = set(map(id, state._leaves))  # of a parameter, the values are returned
            y = tree_map(lambda x: x.detach() if id(x) in own else x, self.f(*args, **kwargs))
            self._refuse_changes(settings)
            return self._collected(numbers), y
        finally:
            for restore, *old in [*before, *((slot.put, x) for slot, x in settings)]:
                restore(*old)

    def _before(self) -> Iterator[tuple[Any, ...]]:
        """Yield functions and arguments that put everything back after tracing."""
        for slot in self.state.tensors:
            leaf = slot.seen
            yield _restore, leaf, leaf._array, leaf._grad, leaf.order
        for slot in self.state.generators:  # also in global variables, for example
            yield from ((put, slot.seen) for put in writers(self.f, slot.seen))
        entered = [*self.state.arrays, *self.state.numbers, *self.state.generators]
        yield from ((slot.put, slot.get()) for slot in entered)
        for place in (place for slot in entered for place in (slot, *slot.others)):
            while isinstance(place, Entry):  # the same tuple as before
                place = place.whole
                yield place.put_here, place.get()

    def _refuse_changes(self, settings: list[tuple[Slot, Any]]) -> None:
        """Raise if the step has changed a number, which a call of the program would not change."""
        for slot, before in settings:
            if slot.get() is not before and slot.get() != before:
                fix = "Store it as an array, np.array(0), and change it in place, with +=."
                if slot.key == "training":
                    fix = "Call model.train() and model.eval() outside of the step."
                raise EscapedTracerError(
                    f"compile: {self.__name__} changes the value of {slot.name}, which is a "
                    f"constant in the program. Later calls would not change it. {fix}"
                )
        for slot in self.state.tensors:
            if slot.get() is not slot.seen:
                fix = "Change its values instead: `with ag.no_grad(): w -= ...`, or w.data = ..."
                raise EscapedTracerError(
                    f"compile: {self.__name__} replaces the tensor {slot.name} by another. {fix}"
                )
        for slot in self.state.arrays:
            x = slot.get()
            if isinstance(x, Tensor) and x.requires_grad:
                raise EscapedTracerError(
                    f"compile: {self.__name__} stores {describe(x)} in {slot.name}, so its tape "
                    "would grow from step to step. Store it without its tape: x.detach()."
                )
            if not slot.is_one():
                raise EscapedTracerError(
                    f"compile: {slot.name} and {slot.others[0].name} are the same array, but "
                    f"{self.__name__} gives them different values. Make a copy for each of them."
                )

    def _collected(self, numbers: dict[str, Any]) -> tuple[Any, ...]:
        state = self.state
        arrays = {slot.name: slot.seen._array for slot in state.tensors}
        arrays.update((slot.name, slot.get()) for slot in state.arrays)
        left = {number.name: number.leave() for number in state.numbers}
        changed = {name: x for name, x in left.items() if x is not numbers[name]}
        grads = {s.name: s.seen._grad for s in state.tensors if s.seen._grad is not None}
        return arrays, changed, grads


@contextmanager
def undone_on_error(f: Any) -> Iterator[None]:
    """Undo all that a training step has changed in its state if the block raises an error."""
    held = f.state.held() if isinstance(f, PureStep) else []
    try:
        yield
    except BaseException:
        for x, before in held:
            if isinstance(x, Tensor):
                x._active = before
            elif isinstance(x, list):
                x[:] = before
            else:
                x.clear()
                x.update(before)
        raise


def _restore(leaf: Tensor, array: Any, grad: Any, order: int) -> None:
    leaf._array, leaf._grad, leaf.order = array, grad, order
