"""Arguments and results: trees of arrays, Tensors and numbers, flattened and rebuilt."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from copy import deepcopy
from typing import Any

import numpy as np

from ..core.arrays import NO_KWARGS, as_array, is_foreign, require_protocol, unwrap
from ..core.context import SCOPES
from ..core.pytree import tree_map
from ..core.tensor import Tensor, _new, _next_order
from .captures import is_of_a_library
from .ir import Value, example_of
from .native.binding import layouts
from .traced_array import TracedArray
from .traced_generator import TracedGenerator
from .tracer import Tracer


def flatten(tree: Any, leaves: list[Any]) -> Any:
    """Append the arrays and floats of a tree to `leaves`; return a key of everything else.

    The key holds the strides of arrays, because NumPy and BLAS may round otherwise for others.
    """
    kind = type(tree)
    if kind is np.ndarray:
        leaves.append(tree)
        return tree.shape, tree.dtype, tree.strides
    if kind is float:
        leaves.append(tree)
        return kind
    if kind is Tensor and not is_foreign(tree._array):
        leaves.append(tree)
        return kind, tree.shape, tree.dtype, getattr(tree._array, "strides", None)
    if isinstance(tree, dict):
        return kind, *[(key, flatten(part, leaves)) for key, part in tree.items()]
    if isinstance(tree, (list, tuple)):
        return kind, *[flatten(part, leaves) for part in tree]
    if isinstance(tree, np.generic):
        leaves.append(tree)
        return kind, tree.dtype
    if kind is np.random.Generator:
        leaves.append(tree)
        return kind
    if kind is slice:
        return kind, tree.start, tree.stop, tree.step
    if isinstance(tree, np.ndarray):  # such as np.memmap
        return kind, flatten(as_array(tree), leaves)
    is_container = kind.__hash__ is None and is_of_a_library(kind.__module__)
    if is_container or is_foreign(unwrap(require_protocol(tree))):
        raise TypeError(
            f"compile: the arguments must be arrays or numbers, got type {kind.__name__}."
        )
    return kind, tree if kind in _BY_VALUE else _Same(tree)


#: types of settings that are compared by value; others are compared by identity
_BY_VALUE = {bool, int, str, bytes, type(None), slice}


class _Same:
    """A key that is equal for the same object only."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, _Same) and other.x is self.x

    def __hash__(self) -> int:
        return id(self.x)


def traced_argument(tracer: Tracer, x: Any, name: str) -> Any:
    """Return what the function is given for an argument while it is traced."""
    if isinstance(x, Tensor):
        return leaf_over(tracer.argument(_copy_with_layout(x._array), name))
    if isinstance(x, np.ndarray):
        return tracer.argument(_copy_with_layout(x), name)
    if isinstance(x, np.random.Generator):
        return TracedGenerator(tracer, tracer.value(deepcopy(x), name))
    return tracer.argument(x, name) if isinstance(x, (float, np.generic)) else x


def again(x: Any) -> Any:
    """Return another traced array, or Tensor over one, of the same value."""
    array = unwrap(x)
    if isinstance(array, TracedArray):
        array = TracedArray(array._tracer, array._value)
    return leaf_over(array) if isinstance(x, Tensor) else array


def _copy_with_layout(x: Any) -> Any:
    """Return a copy of an array with the same strides, gaps and all."""
    ends = [(n - 1) * s for n, s in zip(x.shape, x.strides)] if x.size else []
    start = -sum(min(end, 0) for end in ends)
    memory = np.zeros(start + sum(max(end, 0) for end in ends) + x.itemsize, np.uint8)
    copy: Any = np.ndarray(x.shape, x.dtype, memory, start, x.strides)
    copy[...] = x
    return copy


def argument_fast_path(
    args: tuple[Any, ...],
    taken: Container[int] = (),
    unread: Container[int] = (),
    are_alike: Any = None,
) -> Callable[[Any], Any]:
    """Return a function that flattens arguments like these, and returns None for others.

    It also returns None if leaves that are `taken`, to be overwritten, may share memory. Leaves
    that are `unread` are passed on without checks. It takes a fifth of the time of `flatten` and
    `check_no_aliasing`, which accept any arguments. `are_alike`, a function of C, checks all arrays
    at once.
    """
    lines: list[str] = []
    leaves: list[str] = []
    arrays: dict[int, tuple[str, Any]] = {}
    bound: dict[str, Any] = {
        "Tensor": Tensor,
        "ndarray": np.ndarray,
        "asarray": np.asarray,
        "scopes": SCOPES,
    }

    def bind(x: Any) -> str:
        bound[f"c{len(bound)}"] = x
        return f"c{len(bound) - 1}"

    def check(condition: str) -> None:
        lines.append(f"if {condition}: return None")

    def visit(tree: Any, name: str) -> None:
        kind = type(tree)
        if kind is np.ndarray and len(leaves) in unread:
            leaves.append(name)
            return
        if kind is not np.ndarray or not are_alike:
            check(f"type({name}) is not {bind(kind)}")
        if isinstance(tree, (list, tuple, dict)):
            parts = [f"{name}_{i}" for i in range(len(tree))]
            check(f"len({name}) != {len(tree)}")
            if isinstance(tree, dict):
                check(f"list({name}) != {bind(list(tree))}")
            if parts:
                of = f"{name}.values()" if isinstance(tree, dict) else name
                lines.append(f"{', '.join(parts)}, = {of}")
            for part, own in zip(tree.values() if isinstance(tree, dict) else tree, parts):
                visit(part, own)
            return
        array = name
        if kind is Tensor:
            check(f"{name}._active and scopes.get() is not None")
            lines.append(f"{name}_a = {name}._array")
            array = f"{name}_a"
            if not are_alike:
                check(f"type({array}) is not ndarray")
        if isinstance(tree, np.ndarray) and kind is not np.ndarray:
            lines.append(f"{name} = asarray({name})")
        if isinstance(tree, (Tensor, np.ndarray)):
            x = np.asarray(unwrap(tree))
            arrays[len(leaves)] = array, x
            if not are_alike:
                check(f"{array}.strides != {x.strides} or {array}.shape != {x.shape}")
                check(f"{array}.dtype is not {bind(x.dtype)}")
        elif kind not in (float, np.random.Generator) and not isinstance(tree, np.generic):
            check(f"{name} {'!=' if kind in _BY_VALUE else 'is not'} {bind(tree)}")
            return
        leaves.append(name)

    visit(args, "a")
    own = [array for i, (array, _) in arrays.items() if i in taken]
    others = [array for i, (array, _) in arrays.items() if i not in taken]
    if are_alike:
        examples = dict(arrays.values())
        table = layouts([examples[name] for name in (*own, *others)], len(own))
        bind([x.dtype for x in examples.values()])  # which stay, as the table has their addresses
        names = ", ".join([bind(table), *own, *others])
        check(f"not {bind(are_alike)}(({names},))")
        own = []
    for condition in _sharing(own, others):
        check(condition)
    text = ["def enter(a):", *lines, f"return {''.join(f'{name}, ' for name in leaves) or '()'}"]
    exec("\n    ".join(text), bound)
    enter: Callable[..., Any] = bound["enter"]
    return enter


def _sharing(own: list[str], others: list[str]) -> Iterator[str]:
    """Yield conditions that hold if an array that is overwritten may share memory."""
    for x in own:
        yield f"{x}.base is not None or not {x}.flags.writeable"
    if own:
        yield f"len(ids := {{{', '.join(f'id({x})' for x in own)}}}) < {len(own)}"
    if own and others:
        owners = ", ".join(f"id({x} if {x}.base is None else {x}.base)" for x in others)
        yield f"not ids.isdisjoint(({owners},))"


# ---- results -------------------------------------------------------------------------------------


class ResultTree:
    """The tree that a function returned: the places of its arrays, and which are Tensors."""

    def __init__(self, tree: Any, tensors: set[int], bare: set[int], arrays: set[int]) -> None:
        self.tree = tree  # of the numbers 0, 1, 2, ...
        self._tensors = tensors
        self._bare = bare  # those that NumPy returns as a number, not as an array
        self._arrays = arrays  # those that are arrays without axes

    def as_arrays(self) -> None:
        """Return arrays where the function returned Tensors: it was given none."""
        self._tensors = set()

    def leave_out(
        self, values: set[Value], donated: Container[Value], results: list[Any]
    ) -> set[Value]:
        """Return those of the values that are Tensors in the tree, and forget them: they exist.

        A donated array without axes is returned as an array, not as a number.
        """
        self._bare -= {i for i in self._bare if results[i] in donated}
        found = {i for i in self._tensors if isinstance(results[i], Value) and results[i] in values}
        self._tensors -= found
        return {results[i] for i in found}

    def written(self, texts: list[str], name: Callable[[Any], str]) -> str:
        """Return an expression that builds the tree from an expression for each array."""

        def write(tree: Any) -> str:
            if tree is None:
                return "None"
            if isinstance(tree, dict):
                pairs = ", ".join(f"{name(key)}: {write(x)}" for key, x in tree.items())
                return f"{{{pairs}}}" if type(tree) is dict else f"{name(type(tree))}({{{pairs}}})"
            if isinstance(tree, (list, tuple)):
                parts = "".join(f"{write(x)}, " for x in tree)
                if type(tree) in (list, tuple):
                    return f"[{parts}]" if isinstance(tree, list) else f"({parts})"
                return f"{name(type(tree))}" + (
                    f"({parts})" if hasattr(tree, "_fields") else f"([{parts}])"
                )
            text = texts[tree] + "[()]" * (tree in self._bare)
            made = leaf_over if tree in self._tensors else np.asarray
            return f"{name(made)}({text})" if tree in self._tensors | self._arrays else text

        return write(self.tree)


def flat_results(tracer: Tracer, y: Any) -> tuple[list[Any], ResultTree]:
    """Return the arrays of a result, and its tree."""
    found: list[Any] = []
    tensors, bare, arrays = set(), set(), set()

    def put(x: Any) -> int:
        n, value = len(found), tracer.lift(unwrap(x))
        example = example_of(value)
        if isinstance(x, Tensor):
            tensors.add(n)
        elif isinstance(value, Value) and isinstance(example, np.generic):
            bare.add(n)
        if np.ndim(example) == 0 and (isinstance(example, np.ndarray) or n in tensors):
            arrays.add(n)
        found.append(value)
        return n

    return found, ResultTree(tree_map(put, y), tensors, bare, arrays)


_NUMBERS = (np.generic, float)  # that a Tensor holds as arrays


def leaf_over(array: Any) -> Tensor:
    """Return a leaf that holds this very array."""
    out = _new(Tensor)
    is_array = type(array) is np.ndarray  # this takes less time than the other test
    out._array = array if is_array or not isinstance(array, _NUMBERS) else np.asarray(array)
    out._active = False
    out._grad = out.op = out.residuals = out.name = None
    out.inputs = out.scope = ()
    out.kwargs = NO_KWARGS
    out.order = _next_order()
    return out
