"""Contributions: which ones a node makes, and how those of a wider dtype are added up."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.tape import contributions
from tests.cases import leaf


def entries(wide, large):
    """Return entries that are inf in a narrower dtype, and whose sums along both axes are not."""
    x = large * np.array([[1, -1, 0], [-1, 1, 0], [0, 0, 0]])
    return (x + np.array([[0, 0, 3], [0, 0, 4], [5, 6, 7]])).astype(wide)


WIDE = {
    "float16 in float32": (np.float16, entries(np.float32, 1e5)),
    "float16 in float64": (np.float16, entries(np.float64, 1e5)),
    "float32 in float64": (np.float32, entries(np.float64, 1e39)),
}


@pytest.mark.parametrize(("shape", "axes"), [((), (0, 1)), ((1,), (0, 1)), ((1, 1), (0, 1)),
                                             ((3, 1), 1), ((3,), 0), ((1, 3), 0)])  # fmt: skip
@pytest.mark.parametrize("what", WIDE)
def test_broadcast_argument_gets_the_rounded_sum(what, shape, axes):
    narrow, factors = WIDE[what]
    x = leaf(np.ones(shape, narrow))
    y = x * factors
    assert y.dtype == factors.dtype
    expected = factors.sum(axis=axes).reshape(shape).astype(narrow)
    assert np.isfinite(expected).all()
    cotangent = np.ones_like(factors)
    y.backward(cotangent)
    for found in (x.grad, ag.gradients(y, x, cotangent).data, y.tape().adjoints(cotangent)[x]):
        assert found.dtype == narrow
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "c", [np.ones(2), np.ones(1), np.ones(()), np.ones((3, 2)), np.ones(3) * 1j, np.array(["a"])],
    ids=["two", "one", "number", "matrix", "complex", "text"],
)  # fmt: skip
def test_contribution_that_does_not_fit_raises(c):
    double = ag.primitive(lambda x: 2 * x, lambda g, y, x: c, name="double")
    x = leaf(np.ones(3))
    with pytest.raises(ValueError, match="a rule of double returned"):
        double(x).backward(np.ones(3))
    assert x.grad is None


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_first_cotangent_has_the_shape_of_the_result(shape):
    x = leaf(np.ones(shape))
    x.backward()
    assert x.grad.shape == shape


def test_rule_of_a_number_gets_an_array():
    """NumPy returns a sum over all axes as a bare number."""
    kinds = []

    def rule(g, y, x):
        kinds.append(type(g))
        return g

    double = ag.primitive(lambda x: 2 * x, rule, name="double")
    x = leaf(3.0)
    (double(x) * np.ones((2, 3))).sum().backward()
    assert kinds == [np.ndarray]
    assert x.grad == 6


def test_contributions_of_a_checkpoint_are_its_own():
    x = leaf([1.0, 2.0])
    y = ag.checkpoint(lambda x: np.sin(x * x) * x)(x)
    (own,) = contributions(y, np.ones(2))
    assert own.node is y
    assert y.inputs[own.argument] is x
    np.testing.assert_array_equal(own.value, ag.gradients(y, x, np.ones(2)).data)


def test_draw_of_a_checkpoint_shows_its_gradient():
    x = ag.tensor([1.0, 2.0], requires_grad=True, name="x")
    loss = ag.checkpoint(lambda x: np.sum(x * x))(x)
    card, *_ = ag.draw(loss).graph.cards
    assert card.name == "x"
    assert [block.role for block in card.blocks] == ["forward", "backward"]
