"""Search: by name, operation, shape and scope, and for derivatives that went wrong."""

import re

import numpy as np
import pytest

from . import cases
from .test_steps import Expected

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite


def count(page, query):
    page.fill("#find", query)
    return int(re.match(r"(\d+) tensors? found", page.text_content("#found-count"))[1])


def adjoints(story):
    return list(Expected(story).trace.adjoints.values())


def check_nan(page):
    wrong = [g for g in adjoints(cases.overflow) if not np.isfinite(g).all()]
    assert 2 < len(wrong) < len(adjoints(cases.overflow))
    assert count(page, "grad:nan") == len(wrong)
    assert count(page, "GRAD:NaN ") == len(wrong)


def test_gradients_that_are_not_finite(opened):
    check_nan(opened(cases.explore(cases.overflow)))


def check_zero(page):
    none = [g for g in adjoints(cases.dead) if not np.any(g)]
    assert 0 < len(none) < len(adjoints(cases.dead))
    assert count(page, "grad:0") == len(none)
    assert count(page, "grad:nan") == 0


def test_gradients_that_are_zero(opened):
    check_zero(opened(cases.explore(cases.dead)))


def test_names_operations_shapes_and_scopes_and_a_click_goes_there(opened):
    page = opened(cases.explore(cases.dead))
    for query, found in {"off": 1, "relu": 1, "(2,)": 5, "units": 2, "W": 1, "zzz": 0}.items():
        assert count(page, query) == found, query
        assert page.locator("#found li button").count() == found, query
    count(page, "relu")
    page.click("#found button")
    assert page.is_hidden("#found")
    assert page.inner_text("#what .doing strong") == "relu"
