"""Arguments and results: trees of arrays, Tensors and numbers, taken apart and put together."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import numpy as np

from ..core.arrays import NO_KWARGS
from ..core.context import SCOPES
from ..core.tensor import Tensor, _new, _next_order
from .guards import is_of_a_library
from .ir import Value, mapped
from .tracer import Trace, Traced


def flatten(tree: Any, leaves: list[Any]) -> Any:
    """Put the numbers of a tree into `leaves`; what is left of it is equal for equal programs."""
    kind = type(tree)
    if kind is np.ndarray:
        leaves.append(tree)
        return tree.shape, tree.dtype
    if kind is float:
        leaves.append(tree)
        return kind
    if kind is tuple or kind is list:
        return kind, *[flatten(part, leaves) for part in tree]
    if kind is Tensor:
        leaves.append(tree)
        return kind, tree.shape, tree.dtype
    if isinstance(tree, dict):
        return kind, *[(key, flatten(part, leaves)) for key, part in tree.items()]
    if isinstance(tree, (list, tuple)):
        return kind, *[flatten(part, leaves) for part in tree]
    if isinstance(tree, np.generic):
        leaves.append(tree)
        return kind, tree.dtype
    if kind is slice:
        return kind, tree.start, tree.stop, tree.step
    if isinstance(tree, np.ndarray) or (kind.__hash__ is None and is_of_a_library(kind.__module__)):
        raise TypeError(f"compile: an argument of type {kind.__name__}; pass arrays and numbers")
    return kind, tree if kind in _BY_VALUE else _Same(tree)


#: settings that are what they are equal to; of others, the very same object must come again
_BY_VALUE = {bool, int, str, bytes, type(None), slice}


class _Same:
    """Equal for the same object only: two that call themselves equal may differ inside."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, _Same) and other.x is self.x

    def __hash__(self) -> int:
        return id(self.x)


def traced_argument(trace: Trace, x: Any, name: str) -> Any:
    """An argument while the function is traced; its example is nobody else's."""
    if isinstance(x, Tensor):
        return leaf_over(trace.argument(np.array(x._array), name))
    if isinstance(x, np.ndarray):
        return trace.argument(np.array(x), name)
    return trace.argument(x, name) if isinstance(x, (float, np.generic)) else x


def entry(args: tuple[Any, ...], taken: Container[int] = ()) -> Callable[[Any], Any]:
    """What takes arguments like these apart; it gives None for others. Also straight-line code.

    And it gives None where the leaves that are `taken`, to be overwritten, may share their memory:
    arrays that own theirs share it with no other one, nor with what looks at a third. `flatten` and
    `refuse_shared` say the same of any arguments, in five times the time.
    """
    lines: list[str] = []
    leaves: list[str] = []
    arrays: dict[int, str] = {}
    bound: dict[str, Any] = {"Tensor": Tensor, "ndarray": np.ndarray, "scopes": SCOPES}

    def bind(x: Any) -> str:
        bound[f"c{len(bound)}"] = x
        return f"c{len(bound) - 1}"

    def check(condition: str) -> None:
        lines.append(f"if {condition}: return None")

    def visit(tree: Any, name: str) -> None:
        kind = type(tree)
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
            check(f"type({array}) is not ndarray")
        if kind in (Tensor, np.ndarray):
            arrays[len(leaves)] = array
            check(f"{array}.shape != {tree.shape} or {array}.dtype is not {bind(tree.dtype)}")
        elif kind is not float and not isinstance(tree, np.generic):
            check(f"{name} {'!=' if kind in _BY_VALUE else 'is not'} {bind(tree)}")
            return
        leaves.append(name)

    visit(args, "a")
    own = [array for i, array in arrays.items() if i in taken]
    others = [array for i, array in arrays.items() if i not in taken]
    lines += [f"if {x}.base is not None or not {x}.flags.writeable: return None" for x in own]
    if own:
        check(f"len(ids := {{{', '.join(f'id({x})' for x in own)}}}) < {len(own)}")
    if own and others:
        owners = ", ".join(f"id({x} if {x}.base is None else {x}.base)" for x in others)
        check(f"not ids.isdisjoint(({owners},))")
    text = ["def enter(a):", *lines, f"return {''.join(f'{name}, ' for name in leaves) or '()'}"]
    exec("\n    ".join(text), bound)
    enter: Callable[..., Any] = bound["enter"]
    return enter


# ---- results -------------------------------------------------------------------------------------


class Layout:
    """The tree that a function returned: where its arrays stood, and which were Tensors."""

    def __init__(self, tree: Any, tensors: set[int], bare: set[int]) -> None:
        self.tree = tree  # of the numbers 0, 1, 2, ...
        self._tensors = tensors
        self._bare = bare  # what NumPy gives as a number, not as an array

    def leave_out(
        self, values: set[Value], donated: Container[Value], results: list[Any]
    ) -> set[Value]:
        """Those of the values that are Tensors in the tree: they need not be made, they are.

        And an array that was donated is an array again, without axes too.
        """
        self._bare -= {i for i in self._bare if results[i] in donated}
        found = {i for i in self._tensors if isinstance(results[i], Value) and results[i] in values}
        self._tensors -= found
        return {results[i] for i in found}

    def written(self, texts: list[str], name: Callable[[Any], str]) -> str:
        """The expression that builds the tree from one expression for each array."""

        def write(tree: Any) -> str:
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
            return f"{name(leaf_over)}({text})" if tree in self._tensors else text

        return write(self.tree)


def flat_results(y: Any) -> tuple[list[Any], Layout]:
    found: list[Any] = []
    tensors, bare = set(), set()

    def put(x: Any) -> int:
        if isinstance(x, Tensor):
            tensors.add(len(found))
            x = x._array
        elif isinstance(x, Traced) and isinstance(x._value.example, np.generic):
            bare.add(len(found))
        found.append(x._value if isinstance(x, Traced) else x)
        return len(found) - 1

    return found, Layout(mapped(put, y), tensors, bare)


def leaf_over(array: Any) -> Tensor:
    """A leaf that takes the array as it is: nobody else has it."""
    out = _new(Tensor)
    out._array = np.asarray(array) if isinstance(array, (np.generic, float)) else array
    out._active = False
    out._grad = out.op = out.residuals = out.name = None
    out.inputs = out.scope = ()
    out.kwargs = NO_KWARGS
    out.order = _next_order()
    return out
