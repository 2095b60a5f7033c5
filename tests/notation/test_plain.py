"""Formulas in plain text, and the names that they define."""

import numpy as np

import autograd_mini as ag
from autograd_mini.notation.latex import LaTeX
from autograd_mini.notation.names import Definitions
from autograd_mini.notation.plain import Plain
from autograd_mini.notation.symbolic import symbolic_rules
from autograd_mini.text.format import labels


def leaf(x, name):
    return ag.tensor(x, requires_grad=True, name=name)


def test_plain_node_rule_and_local_derivative():
    y = leaf([2.0], "a") / leaf([3.0], "b")
    names, rules = labels(y.tape()), symbolic_rules(y)
    assert Plain().format_node(y, names).text == "a / b"
    assert Plain().format_rule(rules[1], names, "g").text == "-g · v2 / b"
    assert Plain().format_local(rules[1], names).text == "-v2 / b"


def test_plain_with_definitions_names_the_parts():
    y = ag.log_softmax(leaf([2.0, 1.0], "z"))
    names, rule = labels(y.tape()), symbolic_rules(y)[0]
    formula = Plain(Definitions()).format_rule(rule, names, "g")
    assert formula.text == "g - ŷ · sum(g, axis=-1, keepdims=True)"
    assert formula.where == (("ŷ", "softmax(z)"),)


def test_definitions_give_each_thing_one_name():
    definitions = Definitions(taken=["p"])
    pairs = [("ŷ", "softmax(z)"), ("p", "σ(x)")]
    assert [definitions.give(name, x, x) for name, x in pairs * 2] == ["ŷ", "p_2", "ŷ", "p_2"]
    assert definitions.new() == (("ŷ", "softmax(z)"), ("p_2", "σ(x)"))
    assert definitions.new() == ()


def test_definitions_follow_their_order_in_the_formula():
    y = ag.softmax_cross_entropy(leaf([2.0, 1.0, 0.1], "z"), np.array([0.0, 1.0, 0.0]))
    formula = Plain(Definitions()).format_rule(symbolic_rules(y)[0], labels(y.tape()), "1")
    assert formula.text == "ŷ - y"
    assert formula.where == (("ŷ", "softmax(z)"), ("y", "[0 1 0]"))


def test_definitions_know_how_deep_a_name_is():
    write = LaTeX(Definitions())
    y = ag.gelu(leaf([1.0, 2.0], "x"))
    formula = write.format_rule(symbolic_rules(y)[0], labels(y.tape()), "1")
    depths = [write.definitions.depths[name] for name, _ in formula.where]
    assert 0 in depths
    assert max(depths) > 0
    assert depths[-1] == 0
