"""Donated arguments: find the result for each, and check that it may be overwritten.

A result is written into a donated array, as new parameters over the old ones. No other array may
share this memory. If one does, an error is raised before anything is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.arrays import unwrap
from ...core.messages import describe, quoted
from ...core.pytree import leaves_like, tree_leaves, tree_map
from ...core.tensor import Tensor
from ..ir import Program, Step, Value
from ..traced_array import TracedArray


def match_donations(tree: Any, results: list[Any], args: Any, donate: Any) -> dict[Value, Value]:
    """Return which result is to be written into which donated argument.

    The results are looked for in `tree`, whose leaves are their numbers.

    Larger trees choose first: the moments of Adam, which are trees like the parameters in a tuple,
    are then not taken for the parameters.
    """
    found: dict[Value, Value] = {}
    if donate and max(donate) >= len(args):
        raise ValueError(
            f"donate={max(donate)}: the call has only {len(args)} positional "
            f"argument{'s' if len(args) != 1 else ''}. donate counts from 0: for the first "
            "argument, write donate=0. Pass a donated argument by position, not by keyword."
        )
    free = dict(enumerate(results))

    def kind(n: int) -> Any:
        return _kind(free.get(n))

    chosen = [(i, _donated_tree(args[i])) for i in donate]
    chosen.sort(key=lambda pair: -_nodes(pair[1]))
    for i, given in chosen:
        shapes = tree_map(_kind, given)
        same = [other for _, other in chosen if tree_map(_kind, other) == shapes]
        same = same[next(k for k, other in enumerate(same) if other is given) :]
        fitting = _parts(tree, kind, shapes)
        if len(fitting) != len(same):
            alike = sorted(n for n, other in chosen if tree_map(_kind, other) == shapes)
            raise ValueError(_wrong_number(i, len(fitting) - len(same), alike))
        for n, target in zip(tree_leaves(fitting[0]), leaves_like(fitting[0], given, "donate")):
            value = free.pop(n)
            if isinstance(target.example, np.ndarray):
                found[value] = target
    return found


def _wrong_number(i: int, surplus: int, alike: list[int]) -> str:
    """Return the message for donated arguments that more or fewer results fit than there are."""
    which = "argument" if len(alike) == 1 else "arguments"
    which += " " + " and ".join(map(str, alike))
    if surplus < 0:
        return (
            f"donate={i}: too few results have the same shapes as {which}. The memory of a donated "
            "argument is used for a result. Return a new value for each donated argument, in the "
            "same order, and in the same dicts and lists."
        )
    return (
        f"donate={i}: {surplus + len(alike)} results have the same shapes as {which}, so it is not "
        "clear which result should use this memory. Put the donated argument in a dict, {'w': w}, "
        "and return a dict with the same key."
    )


def copy_duplicate_results(program: Program) -> None:
    """Copy a value that is returned again: one of the two will be written into an argument."""
    seen: set[Value] = set()
    for n, v in enumerate(program.results):
        if not isinstance(v, Value):
            continue
        if v in seen:
            step = Step(np.copy, (v,), {}, None, "then")
            step.outs = (Value(np.copy(v.example), step),)
            program.steps.append(step)
            program.results[n] = step.outs[0]
        elif isinstance(v.example, np.ndarray):
            seen.add(v)


def _nodes(tree: Any) -> int:
    parts = tree.values() if isinstance(tree, dict) else tree
    return 1 + sum(map(_nodes, parts)) if isinstance(tree, (dict, list, tuple)) else 1


def _donated_tree(tree: Any) -> Any:
    """Return the values of a donated argument. Numbers among its arrays are not overwritten."""
    leaves = list(map(unwrap, tree_leaves(tree)))
    examples = [x._value.example if isinstance(x, TracedArray) else x for x in leaves]
    numbers = [x for x in examples if not isinstance(x, np.ndarray)]
    if len(numbers) == len(leaves) or not all(isinstance(x, TracedArray) for x in leaves):
        kind = next((type(x).__name__ for x in numbers), "nothing")
        raise TypeError(f"donate: a donated argument must contain only arrays, got {kind}.")
    return tree_map(lambda x: unwrap(x)._value, tree)


def _kind(x: Any) -> Any:
    return (x.shape, x.dtype) if isinstance(x, Value) else None


def _parts(tree: Any, kind: Any, shapes: Any) -> list[Any]:
    """Return the parts of a tree that are trees of these shapes, from left to right."""
    if tree_map(kind, tree) == shapes:
        return [tree]
    if isinstance(tree, dict):
        tree = list(tree.values())
    if type(tree) not in (list, tuple):
        return []
    return [x for part in tree for x in _parts(part, kind, shapes)]


def refuse_recorded(donated: Any) -> None:
    """Raise for a parameter that requires a gradient: it is recorded, and cannot be updated."""
    for x in tree_leaves(donated):
        if isinstance(x, Tensor) and x.is_leaf and x.requires_grad:
            raise TypeError(
                f"compile: {describe(x)} is donated, but it requires a gradient. Call the function "
                "inside `with ag.no_grad():`, or detach it: x.detach()."
            )


def check_no_aliasing(leaves: Sequence[Any], taken: Sequence[int], names: Sequence[str]) -> None:
    """Raise if an array that will be overwritten is read-only, or shares another's memory.

    `names` are the names of the first leaves, if these are the state of a training step.
    """
    arrays = [x._array if type(x) is Tensor else x for x in leaves]
    caller, fix = ("compile", "Store a copy, np.array(x)") if names else ("donate", "Pass a copy")

    def named(i: int) -> str:
        x = arrays[i]
        return f"{quoted(names[i])} ({x.dtype}, shape {x.shape})" if i < len(names) else describe(x)

    for i in taken:
        x = arrays[i]
        if not x.flags.writeable:
            raise ValueError(
                f"{caller}: {named(i)} is read-only, so it cannot be overwritten. {fix}."
            )
        if _overlaps_itself(x):
            raise ValueError(f"{caller}: some entries of {named(i)} share memory. {fix}.")
        for j, other in enumerate(arrays):
            if j != i and isinstance(other, np.ndarray) and _share(x, other):
                raise ValueError(
                    f"{caller}: the call would overwrite {named(i)}, but it shares memory with "
                    f"another array, {named(j)}. {fix} of one of them."
                )


def _share(x: Any, y: Any) -> bool:
    try:
        # the stubs of some releases of NumPy take no limit, and those of others do
        return bool(np.shares_memory(x, y, max_work=100_000))  # type: ignore[call-overload, arg-type, unused-ignore]
    except np.exceptions.TooHardError:
        return True


def _overlaps_itself(x: Any) -> bool:
    """Return whether two entries may share memory, as those of a repeated axis do."""
    end = x.itemsize
    for stride, n in sorted((abs(s), n) for s, n in zip(x.strides, x.shape) if n > 1):
        if stride < end:
            return bool(x.size)
        end += stride * (n - 1)
    return False
