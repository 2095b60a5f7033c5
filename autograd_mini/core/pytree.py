"""Trees: nested dicts, lists and tuples that hold arrays, as JAX has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .messages import describe


def tree_map(f: Callable[[Any], Any], tree: Any) -> Any:
    """Return the tree with `f` applied to each of its leaves. None is not a leaf, and is kept."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {key: tree_map(f, value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        parts = [tree_map(f, part) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return f(tree)


def tree_leaves(tree: Any) -> list[Any]:
    """Return the leaves of a tree, from left to right."""
    leaves: list[Any] = []
    tree_map(leaves.append, tree)
    return leaves


def tree_unflatten(pattern: Any, leaves: Iterable[Any]) -> Any:
    """Return a tree with the structure of `pattern` and the given `leaves`, from left to right."""
    remaining = iter(leaves)
    return tree_map(lambda _: next(remaining), pattern)


def leaves_like(pattern: Any, tree: Any, what: str) -> list[Any]:
    """Return the leaves of `tree`, in the order of `pattern`, which has the same structure.

    Dicts are matched by their keys. If the pattern has a leaf where `tree` has a list of numbers,
    this list is one leaf.

    Raises
    ------
    ValueError
        If the structures differ. The message begins with `what`.
    """
    if pattern is None and tree is None:
        return []
    if isinstance(pattern, dict):
        if not isinstance(tree, dict) or tree.keys() != pattern.keys():
            raise _mismatch(pattern, tree, what)
        return [x for key in pattern for x in leaves_like(pattern[key], tree[key], what)]
    if isinstance(pattern, (list, tuple)):
        if not isinstance(tree, (list, tuple)) or len(tree) != len(pattern):
            raise _mismatch(pattern, tree, what)
        return [x for pair in zip(pattern, tree) for x in leaves_like(*pair, what)]
    if isinstance(tree, dict) or tree is None:
        raise _mismatch(pattern, tree, what)
    return [tree]


def _mismatch(pattern: Any, tree: Any, what: str) -> ValueError:
    single = pattern is not None and not isinstance(pattern, (dict, list, tuple))
    must = "be one number or array, like" if single else "have the same structure as"
    return ValueError(f"{what} must {must} {_kind(pattern)}, got {_kind(tree)}.")


def _kind(tree: Any) -> str:
    """Describe a tree in an error message."""
    if isinstance(tree, dict):
        return f"a dict with keys {', '.join(map(repr, tree))}" if tree else "an empty dict"
    if isinstance(tree, (list, tuple)):
        return f"a {type(tree).__name__} of length {len(tree)}"
    return describe(tree)
