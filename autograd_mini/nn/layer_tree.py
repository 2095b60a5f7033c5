"""Find all layers of a model, and observe each of them in a run."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.context import Observer, grad_mode, observing
from ..core.primitive import Primitive
from ..core.pytree import tree_leaves
from ..core.tensor import Tensor
from .module import Module, ModuleList

Path = tuple[str, ...]


def children(layer: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names of the layers in a layer, and those layers."""
    for name, value in _fields(layer):
        yield from _layers_in("" if name == "layers" else name, value)


def _fields(layer: Any) -> list[tuple[str, Any]]:
    """Return the attributes of a layer that may hold layers. Those with an underscore are private.

    A `ModuleList` has its entries instead.
    """
    if isinstance(layer, list):
        return [("", layer)]
    fields = vars(layer) if is_trained(layer) and hasattr(layer, "__dict__") else {}
    return [(name, value) for name, value in fields.items() if not name.startswith("_")]


def _layers_in(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a layer, or the layers in lists, tuples and dicts. There, functions are layers too."""
    if not isinstance(value, (list, tuple, dict)):
        if is_trained(value):
            yield name, value
        return
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        place = f"{name}.{key}" if name else str(key)
        if _is_function(part):
            yield place, part
        else:
            yield from _layers_in(place, part)


def _is_function(layer: Any) -> bool:
    return callable(layer) and not isinstance(layer, type) and not is_trained(layer)


def is_trained(layer: Any) -> bool:
    return (
        callable(layer)
        and callable(getattr(layer, "parameters", None))
        and not isinstance(layer, type)
    )


# ---- a run on an example ------------------------------------------------------------------------


class Seen:
    """The output of one layer in a run, and the memory that it kept."""

    def __init__(self) -> None:
        self.output: tuple[int, ...] | None = None  # the shape of its last output
        self.memories: dict[int, int] | None = None  # id of memory that is kept -> its bytes

    @property
    def kept(self) -> int | None:
        return None if self.memories is None else sum(self.memories.values())


def observed(model: Any, x: Any, paths: Iterable[Path]) -> list[Seen]:
    """Run a copy of the model on `x`, and return what each layer did, for the layers at `paths`.

    The model itself does not change: neither its buffers nor its generators.
    """
    copied = copy.deepcopy(model)
    run = _Run({path: Seen() for path in paths})
    arrays = [unwrap(x), *(p.data for p in copied.parameters())]
    run.known = {id(_memory(array)) for array in arrays if isinstance(array, np.ndarray)}
    with grad_mode(True), observing(run):
        run.prepared(copied, ())(x)
    return list(run.seen.values())


class _Run(Observer):
    """Sees what each layer of a copied model returns, and what its nodes keep.

    Modules announce their calls. Other layers do not, so the copy has functions in their place that
    announce the call.
    """

    def __init__(self, seen: dict[Path, Seen]) -> None:
        self.seen = seen
        self.places: dict[int, list[Seen]] = {}  # id of a Module -> its places: it may be shared
        self.nodes: list[Tensor] = []
        self.began: list[int] = []  # the number of nodes before each layer that runs now
        self.known: set[int] = set()  # memory of parameters and of the example

    def recorded(self, op: Primitive, args: tuple[Any, ...], result: Tensor) -> None:
        if result.op is not None:
            self.nodes.append(result)

    def module_begins(self, module: Any) -> None:
        self.began.append(len(self.nodes))

    def module_ran(self, module: Any, result: Any) -> None:
        self._ran(self.places.get(id(module), ()), result)

    def _ran(self, places: Iterable[Seen], result: Any) -> None:
        """Store the output of a layer, and the memory of the nodes that it recorded."""
        nodes = self.nodes[self.began.pop() :]
        arrays = [x for t in nodes for x in tree_leaves((unwrap(t), t.residuals))]
        owners = [_memory(x) for x in arrays if isinstance(x, np.ndarray)]
        while isinstance(result, (tuple, list)) and result:  # of an LSTM: the first is the output
            result = result[0]
        for seen in places:
            seen.output = getattr(result, "shape", None)
            new = {id(x): x.nbytes for x in owners if id(x) not in self.known}
            seen.memories = {**(seen.memories or {}), **new}

    def prepared(self, layer: Any, path: Path) -> Any:
        """Return a layer of the copy, which announces its calls."""
        if isinstance(layer, list):
            layer[:] = self._replaced("", list(layer), path)
        else:
            for name, value in _fields(layer):
                if any(_layers_in("", value)):
                    prefix = "" if name == "layers" else name
                    setattr(layer, name, self._replaced(prefix, value, path))
        if isinstance(layer, Module):
            self.places.setdefault(id(layer), []).append(self.seen[path])
            return layer

        def run(*args: Any, **kwargs: Any) -> Any:
            self.module_begins(layer)
            result = layer(*args, **kwargs)
            self._ran([self.seen[path]], result)
            return result

        return run

    def _replaced(self, name: str, value: Any, path: Path) -> Any:
        """Return a layer, or a list, tuple or dict of layers, with prepared layers instead."""
        if not isinstance(value, (list, tuple, dict)):
            return self.prepared(value, (*path, name)) if (*path, name) in self.seen else value
        items = value.items() if isinstance(value, dict) else enumerate(value)
        parts = [self._replaced(f"{name}.{k}" if name else str(k), v, path) for k, v in items]
        if isinstance(value, ModuleList):
            value[:] = parts
            return value
        return dict(zip(value, parts)) if isinstance(value, dict) else type(value)(parts)


def _memory(x: Any) -> Any:
    """Return the array that owns the memory of `x`."""
    while isinstance(x.base, np.ndarray):
        x = x.base
    return x
