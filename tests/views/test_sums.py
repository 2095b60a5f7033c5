"""Running sums of contributions are exact."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.views.trace import Trace
from tests.cases import leaf

FACTORS = [2.0, -5.0, 0.25, 7.0]


def used(times):
    """Return a leaf, and a sum of `times` products with it."""
    x = leaf([1.0, 3.0], "x")
    terms = [x * factor for factor in FACTORS[:times]]
    return x, sum(terms[1:], terms[0]).sum()


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_a_trace_adds_up_all_contributions_so_far(times):
    x, loss = used(times)
    terms = [c for step in Trace.of(loss).backward for c in step.contributions if c.target is x]
    assert sorted(c.value[0].item() for c in terms) == sorted(FACTORS[:times])
    expected = np.cumsum([c.value for c in terms], axis=0)
    for c, total in zip(terms, expected, strict=True):
        np.testing.assert_array_equal(c.total, total)
    assert [c.open for c in terms] == list(reversed(range(times)))


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_a_page_shows_all_running_sums(times):
    _, loss = used(times)
    data = ag.explore(loss).data
    (tape,), (pool,) = data["tapes"], data["pools"][0]
    at = next(i for i, node in enumerate(tape["nodes"]) if node["name"] == "x")
    gives = [c for step in tape["steps"] for c in step.get("gives", ()) if c["to"] == at]
    values, totals = (
        [[float(row[0].replace("−", "-")) for row in pool[c[key]]["text"]] for c in gives]
        for key in ("value", "total")
    )
    assert len(values) == times
    np.testing.assert_array_equal(totals, np.cumsum(values, axis=0))
