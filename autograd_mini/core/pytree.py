"""Trees: nested dicts, lists and tuples that hold arrays, as JAX has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .messages import describe


def tree_map(f: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with `f` applied to each of its leaves. None holds nothing, and stays."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {key: tree_map(f, value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        parts = [tree_map(f, part) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return f(tree)


def tree_leaves(tree: Any) -> list[Any]:
    """What the tree holds, from left to right."""
    found: list[Any] = []
    tree_map(found.append, tree)
    return found


def leaves_like(pattern: Any, tree: Any, what: str) -> list[Any]:
    """What the tree holds, in the order of another of the same structure: dicts go by their keys.

    Where the pattern has a leaf, anything is one: a list of numbers is an array there.

    Raises
    ------
    ValueError
        Beginning with `what`, when the structures differ.
    """
    if pattern is None and tree is None:
        return []
    if isinstance(pattern, dict):
        if not isinstance(tree, dict) or tree.keys() != pattern.keys():
            raise ValueError(f"{what} for {_kind(pattern)} is {_kind(tree)}: pass a tree like it")
        return [x for key in pattern for x in leaves_like(pattern[key], tree[key], what)]
    if isinstance(pattern, (list, tuple)):
        if not isinstance(tree, (list, tuple)) or len(tree) != len(pattern):
            raise ValueError(f"{what} for {_kind(pattern)} is {_kind(tree)}: pass a tree like it")
        return [x for pair in zip(pattern, tree) for x in leaves_like(*pair, what)]
    if isinstance(tree, dict) or tree is None:
        raise ValueError(f"{what} for {describe(pattern)} is {_kind(tree)}: pass a tree like it")
    return [tree]


def _kind(tree: Any) -> str:
    """How an error message calls a tree."""
    if isinstance(tree, dict):
        return f"a dict of {', '.join(map(repr, tree)) or 'nothing'}"
    if isinstance(tree, (list, tuple)):
        return f"a {type(tree).__name__} of {len(tree)}"
    return describe(tree)
