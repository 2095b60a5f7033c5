"""Batches: all rows once, in a new order in each loop."""

import numpy as np
import pytest

from autograd_mini import data


def test_batches_hold_each_row_once_with_its_label():
    x, labels = np.arange(20.0).reshape(10, 2), np.arange(10)
    batches = data.batches(x, labels, 4, np.random.default_rng(0))
    found = list(batches)
    assert [len(rows) for rows, _ in found] == [4, 4, 2]
    for rows, row_labels in found:
        np.testing.assert_array_equal(rows, x[row_labels])
    order = np.concatenate([row_labels for _, row_labels in found]).tolist()
    assert sorted(order) == list(range(10))
    assert order != list(range(10))


def test_batches_draw_a_new_order_in_each_loop():
    batches = data.batches(np.arange(50), size=50)
    (first,), (second,) = batches, batches
    assert sorted(first) == sorted(second)
    assert (first != second).any()


@pytest.mark.parametrize(("rows", "size", "expected"), [(6, 3, 2), (7, 3, 3), (2, 5, 1)])
def test_batches_have_a_length(rows, size, expected):
    batches = data.batches(np.zeros(rows), size=size)
    assert len(batches) == len(list(batches)) == expected


def test_batches_of_one_array_are_arrays():
    assert sorted(np.concatenate(list(data.batches([3, 1, 2], size=2)))) == [1, 2, 3]


def test_batches_of_several_arrays_are_tuples():
    x, mask, y = np.arange(5), np.arange(5) * 2, np.arange(5) * 3
    for a, b, c in data.batches((x, mask), y, size=2):
        np.testing.assert_array_equal(b, 2 * a)
        np.testing.assert_array_equal(c, 3 * a)


def test_batches_are_copies():
    x = np.zeros((4, 2))
    for batch in data.batches(x, size=2):
        batch += 1
    assert not x.any()


def test_batches_of_a_seed_are_those_of_its_generator():
    x = np.arange(30)
    ours, theirs, other = (
        np.concatenate(list(data.batches(x, size=7, rng=rng)))
        for rng in (3, np.random.default_rng(3), 4)
    )
    np.testing.assert_array_equal(ours, theirs)
    assert (ours != other).any()


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        (([1, 2], [1]), ValueError, r"shapes \(2,\), \(1,\).*same number of rows"),
        (([],), ValueError, "at least 1"),
        (([1, 2], 32), TypeError, r"shapes \(2,\), \(\).*size by name"),
        (([1, 2], None, 0), ValueError, "size must be at least 1, got 0"),
        (([1, 2], None, 1.5), TypeError, "size must be an integer, got 1.5"),
        (([1, 2], None, np.ones(2)), TypeError, "size must be an integer"),
        (((),), ValueError, "no arrays"),
    ],
)
def test_batches_with_bad_arguments_raise(arguments, kind, text):
    with pytest.raises(kind, match=text):
        data.batches(*arguments)
