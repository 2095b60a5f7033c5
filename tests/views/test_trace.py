"""Trace, formulas and explain: the steps of the backward pass, with its numbers."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.context import Observer, observing
from autograd_mini.notation.plain import Plain
from autograd_mini.notation.symbolic import symbolic_rules
from autograd_mini.text.format import labels
from autograd_mini.views.trace import Trace

RNG = np.random.default_rng(0)


def leaf(x, name=None):
    return ag.tensor(x, requires_grad=True, name=name)


def softmax_chain():
    z, y = leaf([2.0, 1.0, 0.1], "z"), np.array([0.0, 1.0, 0.0])
    e = np.exp(z)
    s = np.sum(e)
    p = e / s
    return -np.sum(y * np.log(p)), {"e": e, "s": s, "p": p}


def network():
    x, w, b = (
        leaf(RNG.normal(size=(4, 3)), "x"),
        leaf(RNG.normal(size=(3, 2)), "w"),
        leaf([0.1, 0.2], "b"),
    )
    h = np.tanh(x @ w + b)
    return np.mean((h + h * x[:, :1]) ** 2) + ag.softmax_cross_entropy(h, [0, 1, 1, 0])


MINE = ag.primitive(np.positive, lambda g, y, x: g * x + x, name="mine", implements=())


@pytest.mark.parametrize("made", [lambda: softmax_chain()[0], network])
def test_trace_has_the_numbers_of_the_backward_pass(made):
    loss = made()
    trace, adjoints = Trace.of(loss), loss.tape().adjoints()
    assert [s.tensor for s in trace.forward] == [t for t in loss.tape() if t.op]
    assert [s.tensor for s in trace.backward] == [
        t for t in reversed(loss.tape()) if t in adjoints and t.op
    ]
    finished = {}
    for step in trace.backward:
        np.testing.assert_array_equal(step.value, adjoints[step.tensor])
        for c in step.contributions:
            assert c.source is step.tensor
            assert c.source.inputs[c.argument] is c.target
            assert c.open >= 0
            assert c.target not in finished
            if c.open == 0:
                finished[c.target] = c.total
    assert set(finished) == {t for t in adjoints if t is not loss}
    for t, total in finished.items():
        np.testing.assert_array_equal(total, adjoints[t])
    assert all(t.grad is None for t in loss.tape() if t.is_leaf)


def test_formulas_of_the_softmax_chain():
    loss, names = softmax_chain()
    trace = Trace.of(loss, {**names, "L": loss, "nothing": 3})
    assert [trace.forward_formula(s.tensor) for s in trace.forward] == [
        "exp(z)", "sum(e)", "e / s", "log(p)", "[0 1 0] · v4", "sum(v5)", "-v6",
    ]  # fmt: skip
    assert [trace.backward_formula(c) for s in trace.backward for c in s.contributions] == [
        "-∂L/∂L", "∂L/∂v6", "∂L/∂v5 · [0 1 0]", "∂L/∂v4 / p", "∂L/∂p / s", "-∂L/∂p · p / s",
        "∂L/∂s", "∂L/∂e · e",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("f", "formulas"),
    [
        (lambda a, b: a + b, ["g", "g"]),
        (lambda a, b: a - b, ["g", "-g"]),
        (lambda a, b: a * b, ["g · b", "g · a"]),
        (lambda a, b: a @ b, ["g @ bᵀ", "aᵀ @ g"]),
        (lambda a, b: np.sin(a), ["g · cos(a)"]),
        (lambda a, b: np.cos(a), ["-g · sin(a)"]),
        (lambda a, b: np.sqrt(a), ["g / (2 · y)"]),
        (lambda a, b: np.square(a), ["g · 2 · a"]),
        (lambda a, b: a**3, ["g · 3 · a^2"]),
        (lambda a, b: np.tanh(a), ["g · (1 - y²)"]),
        (lambda a, b: ag.sigmoid(a), ["g · y · (1 - y)"]),
        (lambda a, b: np.arctan(a), ["g / (1 + a²)"]),
        (lambda a, b: np.linalg.inv(a), ["-yᵀ @ g @ yᵀ"]),
        (lambda a, b: MINE(a), ["g · a + a"]),
    ],
)  # fmt: skip
def test_formula_describes_the_rule(f, formulas):
    a, b = leaf([[1.5, 0.2], [0.1, 2.5]], "a"), leaf([[2.0, 0.5], [0.3, 1.0]], "b")
    y = f(a, b)
    names = {**labels(y.tape()), y.order: "y"}
    found = [Plain().format_rule(rule, names, "g").text for rule in symbolic_rules(y).values()]
    assert found == formulas


def test_formula_that_is_too_long_is_cut():
    x = leaf(RNG.normal(size=40), "x")
    y = np.cumprod(x)
    assert len(Plain().format_rule(symbolic_rules(y)[0], labels(y.tape()), "g").text) < 1500


def test_formula_of_a_broadcast_argument_names_the_sum():
    b = leaf([1.0, 2.0], "b")
    x = leaf(np.ones((3, 2)), "x")
    text = ag.explain(np.sum(x * b))
    assert "To b: ∂v3/∂b = ∂v3/∂v2 · x ((3, 2) → (2,), summed over axis 0) = [3 3]." in text


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_explain_fits_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    x, w = leaf(RNG.normal(size=(5, 3)), "x"), leaf(RNG.normal(size=(3, 2)), "w")
    text = ag.explain((np.tanh(x @ w) ** 2).sum())
    assert max(map(len, text.splitlines())) <= min(80, columns)


def test_explain_has_80_columns_and_a_hanging_indent():
    text = ag.explain(network())
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    paragraphs = [p.splitlines() for p in text.split("\n\n")[1:-1]]
    assert len(paragraphs) >= 10
    for number, (head, *others) in enumerate(paragraphs, start=1):
        indent = " " * len(f"{number}. ")
        assert head.startswith(f"{number}. ")
        assert all(line.startswith(indent) for line in others)


def test_explain_has_one_paragraph_per_node():
    loss, names = softmax_chain()
    text = ag.explain(loss, {**names, "L": loss})
    paragraphs = text.split("\n\n")
    assert len(paragraphs) == 1 + 7 + 1
    assert paragraphs[0] == "The backward pass starts at L = 1.417, with ∂L/∂L = 1."
    joined = " ".join(text.split())
    assert "5. div computed p = e / s = [0.659 0.2424 0.0986]." in joined
    assert "Incoming gradient: ∂L/∂p = [0 -4.125 0]." in joined
    assert "∂L/∂e += ∂L/∂s = [0.0892 0.0892 0.0892]. The sum is [0.0892 -0.2787 0.0892]." in joined
    assert paragraphs[-1] == "Gradients of the leaves: ∂L/∂z = [0.659 -0.7576 0.0986]."


@pytest.mark.parametrize("f", [lambda: ag.tensor(1.0), lambda: ag.tensor(1.0) * 2])
def test_explain_without_a_record_raises(f):
    with pytest.raises(RuntimeError, match="has no gradient"):
        ag.explain(f())


@pytest.mark.parametrize("names", [["w"], "w", 3])
@pytest.mark.parametrize(
    "view",
    [
        *(ag.draw, ag.explore, ag.latex, ag.source, ag.explain),
        lambda loss, names: loss.tape().table(names),
        lambda loss, names: ag.Recorder(names),
    ],
)
def test_names_that_are_not_a_dict_raise(view, names):
    loss = ag.tensor(2.0, requires_grad=True) * 3.0
    with pytest.raises(TypeError, match=r"names must be a dict.* got"):
        view(loss, names=names)


def test_explain_of_several_entries_raises():
    with pytest.raises(ValueError, match=r"has 3 entries"):
        ag.explain(leaf(np.ones(3)) * 2)


def test_explain_escapes_line_breaks_in_names():
    x = leaf(2.0, "a\nb <script>")
    assert r"a\nb <script>" in ag.explain(x * x)


@pytest.mark.slow
def test_explain_of_three_thousand_nodes():
    y = leaf(0.5, "x")
    for _ in range(3_000):
        y = np.sin(y)
    trace = Trace.of(y)
    assert len(trace.backward) == 3_000
    assert trace.backward[-1].contributions[0].open == 0


def named_constants():
    """Return a loss, and the variables that hold its constants."""
    data = np.arange(16.0).reshape(4, 4)
    features, mask, targets = data[:2], np.array([1.0, 0.0]), np.array([[0.0, 1.0], [0.5, 0.5]])
    w = leaf(np.ones((4, 2)))  # too many entries for sliders
    logits = features @ w * mask
    loss = ag.softmax_cross_entropy(logits, targets)
    return loss, {k: v for k, v in locals().items() if k != "loss"}


def test_arrays_have_the_names_of_their_variables():
    loss, names = named_constants()
    rows = loss.tape().table(names, adjoints=True, width=120)
    assert re.search(r"matmul +features, w ", rows)
    assert re.search(r"SoftmaxCrossEntropy +logits, targets ", rows)
    assert "∂v3/∂logits · mask" in rows
    told = ag.explain(loss, names)
    assert "v1 = features @ w" in told
    assert "∂v3/∂w = featuresᵀ @ ∂v3/∂v1" in told  # the rule of a product transposes it
    assert "SoftmaxCrossEntropy(logits, targets)" in told
    derived = ag.latex(loss, names)
    assert "v3 = -sum(targets · log(ŷ)) / 2" in derived.text
    assert "∂v3/∂logits = (ŷ - targets) / 2" in derived.text
    assert r"\text{features}^\top" in str(derived)
    assert "features @ w" in ag.draw(loss, names=names).source
    page = str(ag.explore(loss, names=names).data["tapes"])
    assert r"\\text{features}" in page
    assert r"'name': 'mask'" in page
    opened = str(ag.explore(loss, names=names, compare=True).data["tapes"][0])
    assert r"\\text{features}" in opened
    assert "features @ w" in ag.draw(loss, names=names, unfuse=True).source


def test_names_of_variables_are_for_the_same_array_only():
    """An equal array or a part of it gets no name, and a tensor's name is not used again."""
    loss, names = named_constants()
    w = names["w"]
    w.name = "data"
    other = {"same": names["mask"].copy(), "data": names["mask"], "whole": names["data"]}
    text = ag.explain(loss, {**other, "_hidden": names["targets"]})
    assert not re.search("same|whole|hidden", text)
    assert "mul computed v2 = v1 · [1 0]" in text


def test_class_indices_share_their_name_with_their_rows():
    y = np.array([1, 0])
    loss = ag.softmax_cross_entropy(leaf(np.ones((2, 2)), name="z"), y)
    text = ag.latex(loss, {"y": y}).text
    assert "y = [[0 1] [1 0]]" in text
    assert "∂v1/∂z = (ŷ - y) / 2" in text


class Startled(Observer):
    """An observer that fails if a view calls it."""

    def recorded(self, op, args, result):
        raise AssertionError(f"{op.name} was recorded")

    def backward_begins(self, tensors, seed):
        raise AssertionError("a backward pass began")

    contributed = backward_begins


VIEWS = {
    "table": lambda y: y.tape().table(adjoints=True, width=200),
    "explain": ag.explain,
    "latex": lambda y: ag.latex(y).text,
    "draw": lambda y: ag.draw(y).svg(),
    "draw, unfused": lambda y: ag.draw(y, unfuse=True).svg(),
    "explore": lambda y: ag.explore(y, compare=True).html(),
    "recorder": lambda y: ag.explore(frames=[y, y]).html(),
}


@pytest.mark.parametrize("view", VIEWS)
def test_views_run_rules_without_observers(view):
    y = ag.softmax_cross_entropy(leaf([2.0, 1.0, 0.1], "z") * 3.0, 1)
    with observing(Startled()):
        shown = VIEWS[view](y)
    assert shown == VIEWS[view](y)


def test_views_show_nan_inside_debug():
    x = leaf([0.0, 1.0], "x")
    with np.errstate(all="ignore"):
        y = (np.log(x) * x).sum()
    with observing(Startled()):
        text = ag.explain(y)
    assert "∂v3/∂v2 · v1 = [-inf 0]" in text
    assert text.endswith("Gradients of the leaves: ∂v3/∂x = [nan 1].")


@pytest.mark.parametrize("view", [v for v in VIEWS if v != "table"])
def test_views_of_a_leaf_say_that_nothing_was_recorded(view):
    with pytest.raises((ValueError, RuntimeError), match="nothing was recorded for 'x'"):
        VIEWS[view](leaf(1.0, "x"))


def test_incoming_gradient_has_another_letter_than_a_tensor():
    """In a rule, ``gᵀ @ g`` would take a tensor for the gradient."""
    g, w = (ag.tensor(np.eye(2), requires_grad=True, name=name) for name in "gw")
    product = g @ w
    trace = Trace.of(product.sum(), {})
    assert [trace.local_formula(product, i) for i in (0, 1)] == ["ḡ @ wᵀ", "gᵀ @ ḡ"]
    data = ag.explore(product.sum()).data["tapes"][0]
    pills = [edge.get("pill") for edge in data["levels"][0]["edges"]]
    assert pills[:2] == ["ḡ @ wᵀ", "gᵀ @ ḡ"]
    (step,) = (s for s in data["steps"] if s["phase"] == "backward" and len(s["gives"]) == 2)
    local = {each["argument"]: each["local"] for each in step["gives"]}
    assert local == {0: r"\bar{g} \, w^\top", 1: r"g^\top \, \bar{g}"}
    assert data["cotangent"] == "ḡ"
