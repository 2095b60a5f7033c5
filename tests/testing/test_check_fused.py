"""check_fused: a right node, planted bugs, and the options of softmax cross-entropy."""

from itertools import product

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.fused import FUSED
from autograd_mini.testing import fused as equivalence
from tests.budget import few

RNG = np.random.default_rng(1)
X = RNG.uniform(0.5, 1.5, (3, 4))
Y = RNG.uniform(0.5, 1.5, (3, 4))  # weights that do not sum to one


def report_of(*rules, strict=False):
    node = ag.fused(
        lambda x, w: np.tanh(x) * w, *rules, unfused=lambda x, w: np.tanh(x) * w, name="gate"
    )
    FUSED.remove(node)  # the parametrised test of all nodes must not find it
    return ag.check_fused(node, X, Y, strict=strict)


def to_x(g, y, x, w):
    return g * w * (1 - np.tanh(x) ** 2)


def to_w(g, y, x, w):
    return g * np.tanh(x)


def test_right_node_agrees_in_every_row():
    report = report_of(to_x, to_w, strict=True)
    assert report.ok
    assert (report.records, report.graph_records) == (1, 2)
    assert [row.what for row in report.rows] == [
        "value",
        "gradient of x",
        "gradient of w",
        "2nd derivative of x",
        "2nd derivative of w",
    ]
    assert report.time > 0


def test_wrong_rule_is_reported_and_named():
    def wrong(g, y, x, w):
        return g * np.tanh(x) * (1 + 1e-9)

    report = report_of(to_x, wrong)
    assert not report.ok
    assert next(row.what for row in report.rows if not row.agrees) == "gradient of w"
    assert "WRONG" in str(report)
    with pytest.raises(ag.GradcheckError, match=r"gate: .* differ .* gradient of w"):
        report_of(to_x, wrong, strict=True)


def test_node_is_nearer_where_the_graph_overflows():
    for targets in (np.array(1), np.array([0.0, 1.0, 0.0])):
        report = ag.check_fused(ag.SoftmaxCrossEntropy, [1000.0, 0.0, -1000.0], targets)
        assert report.ok
        assert report.rows[0].difference == np.inf
        assert {row.nearer for row in report.rows} == {"node"}
        with ag.debug():  # does not look at the graph that overflows
            assert ag.check_fused(ag.SoftmaxCrossEntropy, [1000.0, 0.0, -1000.0], targets).ok


PRODUCT = {
    "targets": ("indices", "weights", "one row"),
    "weight": (False, True),
    "ignore_index": (False, True),
    "label_smoothing": (0.0, 0.1),
    "reduction": ("mean", "sum", "none"),
    "where": (False, True),
}


@pytest.mark.parametrize("axis", [-1, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("targets", few(PRODUCT["targets"], 3))
@pytest.mark.parametrize("dtype", [np.float64, pytest.param(np.float32, marks=pytest.mark.slow)])
def test_softmax_cross_entropy_agrees_with_all_options(dtype, axis, targets, monkeypatch):
    monkeypatch.setattr(equivalence, "_TIMED", 1)
    rng = np.random.default_rng(0)
    shape, classes, row = ((5, 4), 4, (4,)) if axis == -1 else ((3, 4, 2), 4, (4, 1))
    logits = rng.normal(size=shape).astype(dtype)
    indices = rng.integers(0, 3, np.delete(shape, axis))
    y = indices if targets == "indices" else rng.uniform(size=shape).astype(dtype)
    y = rng.uniform(size=row).astype(dtype) if targets == "one row" else y
    rest = [key for key in PRODUCT if key != "targets"]
    for weighted, ignoring, smoothing, reduction, masked in product(*map(PRODUCT.get, rest)):
        if ignoring and targets != "indices":
            continue
        options = {"axis": axis, "label_smoothing": smoothing, "reduction": reduction}
        options["weight"] = rng.uniform(0.5, 2, classes).astype(dtype) if weighted else None
        options["ignore_index"] = indices.flat[0] if ignoring else None
        options["where"] = np.array([True, True, True, False]).reshape(row) if masked else None
        # cancellation can leave an entry of a gradient without a correct digit
        ag.check_fused(ag.softmax_cross_entropy, logits, y, strict=True, tolerance=2000, **options)


def test_wrong_function_with_options_is_found():
    def doubled(z, y, reduction="mean"):
        return 2 * ag.softmax_cross_entropy(z, y, reduction=reduction)

    doubled.unfused = ag.cross_entropy
    with pytest.raises(ag.GradcheckError, match=r"doubled: .* differ .* value"):
        ag.check_fused(doubled, X, Y, strict=True, reduction="none")


def test_check_fused_without_a_graph_raises():
    with pytest.raises(TypeError, match=r"sigmoid.* has no graph"):
        ag.check_fused(ag.sigmoid, X)


def test_check_fused_of_a_graph_that_loses_the_gradient_raises():
    def sine(x):  # np.sin itself would get a new rule
        return np.sin(x)

    node = ag.fused(sine, lambda g, y, x: g * np.cos(x), unfused=lambda x: np.sin(x.data))
    FUSED.remove(node)
    with pytest.raises(TypeError, match=r"graph .*returned a float64 array .*gradient was lost"):
        ag.check_fused(node, X)
