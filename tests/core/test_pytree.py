"""Trees: mapped, flattened, rebuilt, and matched with another tree of the same structure."""

from collections import namedtuple

import numpy as np
import pytest

from autograd_mini.core.pytree import leaves_like, tree_leaves, tree_map, tree_unflatten

Point = namedtuple("Point", ["x", "y"])
TREE = {"b": [1.0, (2.0, None)], "a": Point(3.0, {})}


def test_tree_map_keeps_the_containers():
    mapped = tree_map(lambda x: x * 10, TREE)
    assert mapped == {"b": [10.0, (20.0, None)], "a": Point(30.0, {})}
    assert list(mapped) == ["b", "a"]
    assert type(mapped["a"]) is Point


def test_tree_leaves_are_in_order_and_none_is_not_a_leaf():
    assert tree_leaves(TREE) == [1.0, 2.0, 3.0]
    assert tree_leaves(None) == []
    assert tree_leaves(5.0) == [5.0]


def test_tree_unflatten_is_the_inverse_of_tree_leaves():
    assert tree_unflatten(TREE, tree_leaves(TREE)) == TREE
    assert tree_unflatten(TREE, "xyz") == {"b": ["x", ("y", None)], "a": Point("z", {})}


def test_leaves_like_matches_dicts_by_their_keys():
    assert leaves_like({"a": 0, "b": 0}, {"b": 2, "a": 1}, "it") == [1, 2]
    assert leaves_like([np.zeros(2), None], [[5, 6], None], "it") == [[5, 6]]


@pytest.mark.parametrize(
    ("pattern", "tree", "message"),
    [
        ({"a": 0}, {"b": 0}, "it must .* keys 'a', got a dict with keys 'b'"),
        ({"a": 0}, [0], "it must .* keys 'a', got a list of length 1"),
        ((0, 0), (0,), "it must .* length 2, got a tuple of length 1"),
        (0.0, {}, "got an empty dict"),
        (0.0, None, "got None"),
    ],
)
def test_leaves_like_of_another_structure_raises(pattern, tree, message):
    with pytest.raises(ValueError, match=message):
        leaves_like(pattern, tree, "it")
