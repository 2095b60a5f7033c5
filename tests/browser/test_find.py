"""Search by name, operation, shape and scope, and for gradients that are nan or 0."""

import pytest

from . import cases
from .checks import check_nan, check_zero, count

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite


def test_find_lists_nonfinite_gradients(opened):
    check_nan(opened(cases.searchable(cases.overflow)))


def test_find_lists_zero_gradients(opened):
    check_zero(opened(cases.searchable(cases.dead)))


def test_find_matches_names_operations_shapes_and_scopes(opened):
    page = opened(cases.searchable(cases.dead))
    for query, found in {"off": 1, "relu": 1, "(2,)": 5, "units": 2, "W": 1, "zzz": 0}.items():
        assert count(page, query) == found, query
        assert page.locator("#found li button").count() == found, query
    count(page, "relu")
    page.click("#found button")
    assert page.is_hidden("#found")
    assert page.inner_text("#what .doing strong") == "relu"
