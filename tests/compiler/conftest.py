"""Fixtures of the tests of compiled functions."""

import pytest

from autograd_mini.compiler import jit as compiling


@pytest.fixture
def exact(monkeypatch):
    """Without the rules that only keep results within rounding."""
    monkeypatch.setattr(compiling, "WITHIN_ROUNDING", [])
