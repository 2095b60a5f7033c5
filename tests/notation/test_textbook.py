"""Formulas as textbooks write them: masks, transposes, inverses, entries, outer products."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from tests.cases import TAPE, every_case
from tests.notation.formulas import GRADIENTS, VALUES, A


def lines(f, *arrays):
    """Return the right-hand side of each line, by what it defines. The loss is the sum of f."""
    leaves = [ag.tensor(a, requires_grad=True, name=n) for a, n in zip(arrays, "xyz")]
    v = f(*leaves)
    loss = np.sum(v)
    text = ag.latex(loss, {"v": v, "L": loss})
    text = re.sub(r" \\\\(\[[\d.]+ex\])?$", "", text, flags=re.M).replace(
        r"\frac{\partial L}{\partial v}", "g"
    )
    return dict(line.split(" &= ", 1) for line in text.splitlines()[1:-1])


def gradient(f, *arrays):
    """Return the gradient of the first argument, with g for that of f."""
    return lines(f, *arrays)[r"\frac{\partial L}{\partial x}"]


@pytest.mark.parametrize(("f", "expected"), VALUES, ids=[text for _, text in VALUES])
def test_value_of_a_primitive_in_textbook_notation(f, expected):
    assert lines(f, A)["v"] == expected


@pytest.mark.parametrize(("f", "expected"), GRADIENTS, ids=[text for _, text in GRADIENTS])
def test_gradient_of_a_primitive_in_textbook_notation(f, expected):
    assert gradient(f, A).split(r" \quad")[0] == expected


def test_outer_product_is_a_column_times_a_row():
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])
    assert lines(lambda x, y: x[:, None] * y, x, y)["v"] == r"v_{2} \, y^\top"


def test_gradient_of_a_matrix_after_a_constant_vector_is_an_outer_product():
    found = lines(lambda x: np.array([1.0, 2.0, 3.0]) @ x, A)
    assert found["c"] == r"\text{[1 2 3]}"
    assert found[r"\frac{\partial L}{\partial x}"] == r"c \, \left(g\right)^\top"


def test_transpose_of_a_constant_keeps_its_name():
    found = lines(lambda x: A @ x, A)
    assert found[r"\frac{\partial L}{\partial x}"] == r"c^\top \, g"


def test_comparison_of_two_tensors_names_the_earlier_first():
    found = lines(np.maximum, A, A.T + 0.5)
    assert r"\mathbf{1}[x < y]" in found[r"\frac{\partial L}{\partial y}"]


def test_stack_of_matrices_is_transposed_in_its_last_two_axes():
    stack = np.stack([A, A.T])
    assert lines(lambda x: np.swapaxes(x, -1, -2), stack)["v"] == r"x^\top"
    assert lines(lambda x: np.transpose(x), stack)["v"] == r"\operatorname{reverse\_axes}(x)"
    assert gradient(lambda x: x @ np.ones((3, 1)), stack) == r"g \, \mathbf{1}_{1 \times 3}"


def test_text_for_terminals_has_the_same_masks_and_entries():
    x = ag.tensor(A, requires_grad=True, name="x")
    text = ag.latex(np.sum(np.maximum(x, 0)[[0, 2]])).text
    assert "([x > 0] + [x = 0] / 2)" in text
    assert "δ[0, 2] · " in text


@every_case
def test_display_rule_computes_what_the_rule_does(case):
    leaves = [ag.tensor(x, requires_grad=True) for x in case.inputs]
    with np.errstate(all="ignore"):
        for t in case.f(TAPE, *leaves).tape():
            g = ag.tensor(np.full(t.shape, 0.75))
            if t.op is None or t.op.unfused is not None:
                continue
            for rule, shown, x in zip(t.op.vjps, t.op.display_rules, t.inputs):
                if getattr(x, "requires_grad", False):
                    found = (np.asarray(f(g, t, *t.inputs, **t.kwargs).data) for f in (rule, shown))
                    np.testing.assert_allclose(*found, rtol=1e-12)
