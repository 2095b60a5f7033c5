"""Expressions: one tree, read off a tape, and printed with the parentheses that it needs."""

from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini.notation.expression import (
    IN_PROGRAMS,
    PRECEDENCE,
    Call,
    Constant,
    Name,
    Notation,
    node_expression,
    rule_expression,
)
from autograd_mini.notation.latex import LaTeX
from autograd_mini.notation.numpy import NumPy
from autograd_mini.notation.plain import Plain
from autograd_mini.notation.symbolic import symbolic_rules
from autograd_mini.text.format import labels
from tests.budget import examples

X, Y, Z = map(Name, "xyz")
VALUES = {"x": np.float64(1.7), "y": np.float64(-0.6), "z": np.float64(2.3)}
OPERATIONS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative,
    "square": np.square, "reciprocal": np.reciprocal,
}  # fmt: skip


def value(x):
    if isinstance(x, Name):
        return VALUES[x.text]
    return OPERATIONS[x.op](*map(value, x.args)) if isinstance(x, Call) else x.value


def calls(part):
    binary = st.tuples(st.sampled_from(["add", "sub", "mul", "div"]), st.tuples(part, part))
    unary = st.tuples(st.sampled_from(["neg", "square", "reciprocal"]), st.tuples(part))
    return (binary | unary).map(lambda each: Call(*each))


trees = st.recursive(st.sampled_from([X, Y, Z, Constant(-3.0)]), calls, max_leaves=12)


def evaluated(text):
    try:
        with np.errstate(all="ignore"):
            return eval(text, {"np": np, **VALUES})
    except ZeroDivisionError:  # between two of Python's numbers
        reject()


@given(trees)
@examples(300)
def test_parentheses_of_a_program_keep_every_bit(tree):
    found = evaluated(NumPy().write(tree).text)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(found, value(tree))


@given(trees)
@examples(300)
def test_parentheses_of_a_formula_keep_its_value(tree):
    text = Plain().write(tree).text
    assert "--" not in text
    assert "+ -" not in text
    python = text.replace("·", "*").replace("²", "**2").replace("^", "**")
    with np.errstate(all="ignore"):
        expected = value(tree)
    if np.isfinite(expected) and 1e-6 < abs(expected) < 1e6:
        np.testing.assert_allclose(evaluated(python), expected, rtol=1e-6)


FORMULAS = [
    (Call("sub", [X, Call("sub", [Y, Z])]), ("x - (y - z)", "x - (y - z)", "x - (y - z)")),
    (Call("add", [X, Call("add", [Y, Z])]), ("x + y + z", "x + y + z", "x + (y + z)")),
    (Call("add", [X, Call("neg", [Y])]), ("x - y", "x - y", "x + -y")),
    (Call("mul", [Call("neg", [X]), Y]), ("-x · y", r"-x \cdot y", "-x * y")),
    (Call("mul", [X, Call("neg", [Y])]), ("x · (-y)", r"x \cdot (-y)", "x * -y")),
    (Call("neg", [Call("mul", [X, Y])]), ("-x · y", r"-x \cdot y", "-(x * y)")),
    (Call("div", [Call("add", [X, Y]), Z]), ("(x + y) / z", r"\frac{x + y}{z}", "(x + y) / z")),
    (Call("pow", [Call("neg", [X]), Y]), ("(-x)^y", "(-x)^{y}", "(-x) ** y")),
    (
        Call("square", [Call("div", [X, Y])]),
        ("(x / y)²", r"\left(\frac{x}{y}\right)^2", "np.square(x / y)"),
    ),
    (Call("matmul", [X, Call("transpose", [Y])]), ("x @ yᵀ", r"x \, y^\top", "x @ y.T")),
    (Call("sin", [Call("neg", [X])]), ("sin(-x)", r"\sin (-x)", "np.sin(-x)")),
    (Call("mul", [Constant(1), X]), ("x", "x", "1 * x")),
]  # fmt: skip


@pytest.mark.parametrize(("x", "texts"), FORMULAS, ids=[texts[0] for _, texts in FORMULAS])
def test_an_expression_in_each_notation(x, texts):
    assert tuple(notation.write(x).text for notation in (Plain(), LaTeX(), NumPy())) == texts


def test_operations_bind_alike_in_all_notations():
    for op, (binds, least) in PRECEDENCE.items():
        assert len(IN_PROGRAMS[op][1]) == len(least)
        assert op == "neg" or IN_PROGRAMS[op][0] == binds


def test_a_node_and_its_rules_are_expressions():
    x, w = (ag.tensor([2.0, 3.0], requires_grad=True, name=name) for name in "xw")
    y = x / w
    names = labels(y.tape())
    assert node_expression(y, names) == Call("div", [Name("x", (2,)), Name("w", (2,))], {}, (2,))
    rule = rule_expression(symbolic_rules(y)[0], names, "g")
    assert rule == Call("div", [Name("g", (2,)), Name("w", (2,))], {}, (2,))


def test_a_rule_that_only_arranges_entries_is_its_argument():
    x = ag.tensor([2.0, 3.0], requires_grad=True, name="x")
    y = x.reshape(2, 1)
    assert node_expression(y, labels(y.tape())) == Name("x", (2, 1))


class JavaScript(Notation):
    precedence = IN_PROGRAMS
    templates: ClassVar = {
        **Notation.templates, "mul": "%s * %s", "div": "%s / %s", "equal": "%s === %s",
    }  # fmt: skip

    def constant(self, value, op):
        return self.signed(repr(value))

    def function(self, call, parts):
        return f"Math.{call.op}({', '.join(parts)})"


def test_another_notation_is_a_small_table():
    x = Call("mul", [Call("exp", [Call("neg", [X])]), Call("add", [Y, Constant(-2.0)])])
    assert JavaScript().write(x).text == "Math.exp(-x) * (y + -2.0)"
