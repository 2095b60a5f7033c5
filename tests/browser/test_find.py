"""Search by name, operation and shape."""

import pytest

from . import cases

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite


def test_find_lists_all_tensors_and_goes_to_one(opened):
    page = opened(cases.searchable(cases.dead))
    page.focus("#find")
    labels = page.locator("#found option").evaluate_all("(all) => all.map((o) => o.value)")
    assert len(labels) == len(list(cases.dead()[0].tape()))
    (label,) = [label for label in labels if label.startswith("off · relu (2,)")]
    page.fill("#find", label)
    assert page.inner_text("#what .doing strong") == "relu"


def test_small_tapes_have_no_search(opened):
    assert opened(cases.explore(cases.dead)).is_hidden("#find")
