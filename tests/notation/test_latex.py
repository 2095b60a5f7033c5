"""Derivations in LaTeX: of the softmax chain, as in a textbook, and of every primitive."""

import io
import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.fused import FUSED as FUSED_NODES
from tests.cases import FEW, MANY, TAPE, every

TEXTBOOK = r"""\begin{aligned}
e &= \exp(z) \\
s &= \sum e \\
p &= \frac{e}{s} \\
v_{5} &= \ln p \\
v_{6} &= y \odot v_{5} \\
v_{7} &= \sum v_{6} \\
L &= -v_{7} \\[3ex]
\frac{\partial L}{\partial v_{7}} &= -1 \\[1.5ex]
\frac{\partial L}{\partial v_{6}} &= \frac{\partial L}{\partial v_{7}} \\[1.5ex]
\frac{\partial L}{\partial v_{5}} &= \frac{\partial L}{\partial v_{6}} \odot y \\[1.5ex]
\frac{\partial L}{\partial p} &= \frac{\partial L}{\partial v_{5}} \odot \frac{1}{p} \\[1.5ex]
\frac{\partial L}{\partial s} &= \sum \left(-\frac{\partial L}{\partial p} \odot p \cdot \frac{1}{s}\right) \\[1.5ex]
\frac{\partial L}{\partial e} &= \frac{\partial L}{\partial p} \cdot \frac{1}{s} + \frac{\partial L}{\partial s} \\[1.5ex]
\frac{\partial L}{\partial z} &= \frac{\partial L}{\partial e} \odot e
\end{aligned}"""  # noqa: E501


def leaf(x, name=None):
    return ag.tensor(x, requires_grad=True, name=name)


def test_latex_of_softmax_cross_entropy_is_the_textbook_one():
    z, y = leaf([2.0, 1.0, 0.1], "z"), ag.tensor([0.0, 1.0, 0.0], name="y")
    e = np.exp(z)
    s = np.sum(e)
    p = e / s
    L = -np.sum(y * np.log(p))
    found = ag.latex(L, locals())
    assert found == TEXTBOOK
    assert found._repr_latex_() == f"$${TEXTBOOK}$$"
    assert "∂L/∂e = ∂L/∂p / s + ∂L/∂s" in repr(found).splitlines()
    assert z.grad is None


def test_matrices_are_multiplied_and_transposed():
    x, w = leaf([[1.0, 2.0]], "x"), leaf([[1.0], [3.0]], "W1")
    text = ag.latex((x @ w).sum())
    assert r"x \, W_{1}" in text
    assert r"W_{1}^\top" in text
    constant = ag.latex((np.ones((4, 2)) @ w).sum())
    assert r"\mathbf{1}_{4 \times 2} \, W_{1}" in constant  # a matrix of ones is not a number
    assert r"c^\top \, W_{1}" in ag.latex((np.array([1.0, 2.0]) @ leaf(np.eye(2), "W1")).sum())


def test_vectors_are_columns_and_indexed():
    a, b = leaf([1.0, 2.0], "alpha"), leaf([3.0, 4.0], "b")
    text = ag.latex(a @ b + a[0] + np.maximum(a, b).sum() / 1)
    assert r"= \alpha^\top \, b" in text
    assert r"= \alpha_{0}" in text
    assert r"= \max\left(\alpha, b\right)" in text
    assert "Ellipsis" not in text
    assert "True" not in text


def test_latex_has_no_double_signs():
    x, y = leaf(2.0, "x"), leaf(3.0, "y")
    text = ag.latex((-x) * (-2.0) + (-3.0) * y + y + (-1.0))
    assert r"= -2 \, v_{2}" in text
    assert r"= -3 \, y" in text
    assert "+ -" not in text
    assert r"\cdot -" not in text


def test_names_are_mathematics():
    x = leaf(1.0, "theta_2") * leaf(2.0, "learning rate") + leaf(3.0, "x_1") * leaf(4.0, "50%")
    text = ag.latex(x)
    for name in (r"\theta_{2}", r"\text{learning rate}", "x_{1}", r"{\text{50}\%}"):
        assert name in text


@pytest.mark.parametrize(
    ("first", "second", "left", "right"),
    [
        ("x", "x_", "x", r"{\text{x}\_}"),
        ("x_1", "x1", "x_{1}", r"\text{x1}"),
        ("x1", "x_1", "x_{1}", r"{\text{x}\_\text{1}}"),
    ],
)
def test_names_that_would_look_alike_stay_different(first, second, left, right):
    product = leaf(2.0, first) * leaf(3.0, second)
    assert rf"v_{{2}} &= {left} \cdot {right} " in ag.latex(product)
    nodes = ag.explore(product).data["tapes"][0]["nodes"]
    assert [node["tex"] for node in nodes] == [left, right, "v_{2}"]


NAMES = {
    "$": r"{\$}", "a\\b": r"{\text{a}\backslash \text{b}}", "{": r"{\{}", "}}": r"{\}\}}",
    "_": r"{\_}", "x^2": r"{\text{x}{\wedge}\text{2}}", "#1": r"{\#\text{1}}", "&": r"{\&}",
    "<b>": r"{{<}\text{b}{>}}",
    "a\nb": r"{\text{a}\backslash \text{nb}}", "~": r"{{\sim}}", "😀": r"\text{😀}",
    "\\end{aligned}": r"{\backslash \text{end}\{\text{aligned}\}}", "ŷ": r"\hat{y}",
    "ŷ_2": r"\hat{y}_{2}", "名": r"\text{名}", "θ": "θ", "phi": r"\phi", "loss": r"\text{loss}",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_special_characters_in_names_are_escaped(name):
    """No part of a name is read as a command, and a text contains only letters."""
    text = ag.latex(leaf(3.0, name) ** 2)
    assert text.splitlines()[1].startswith(f"v_{{1}} &= {NAMES[name]}^{{2}}")
    assert text.count("\n") == 3
    for inner in re.findall(r"\\text\{([^}]*)\}", text):
        assert not set(inner) & set("#$%&_^~\\{<>")


def check_formulas(case):
    leaves = [leaf(x) for x in case.inputs]
    with np.errstate(all="ignore"):
        found = ag.latex((case.f(TAPE, *leaves) * case.cotangent).sum())
    for opened, closed in (("{", "}"), (r"\left", r"\right"), (r"\begin", r"\end")):
        bare = re.sub(r"\\[{}]|\\leftarrow|\\rightarrow", "", found)
        assert bare.count(opened) == bare.count(closed)
    assert found.count("&=") == len(found.splitlines()) - 2
    constants = re.findall(r"^c(?:_\{\d+\})? &=", found, re.M)  # plain text writes their entries
    assert found.text.count("\n") + 1 == found.count("&=") - len(constants)


@every(FEW)
def test_every_primitive_has_balanced_formulas(case):
    check_formulas(case)


@pytest.mark.slow
@every(MANY)
def test_every_case_has_balanced_formulas(case):
    check_formulas(case)


Z, Y = [[2.0, 1.0, 0.1], [0.0, 3.0, 1.0]], [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
FUSED = {
    "probabilities": (
        lambda z, y: ag.softmax_cross_entropy(z, y),
        [r"\hat{y} &= \operatorname{softmax}(z)", r"L &= -\frac{1}{2} \sum y \odot \ln \hat{y}"],
        [r"\frac{\partial L}{\partial z} &= \frac{\hat{y} - y}{2}"],
    ),
    "weights": (
        lambda z, y: ag.softmax_cross_entropy(z, 3 * y.data),
        [
            r"y &= \text{[[3 0 0] [0 0 3]]}",
            r"\hat{y} &= \operatorname{softmax}(z)",
            r"L &= -\frac{1}{2} \sum y \odot \ln \hat{y}",
        ],
        [r"\frac{\partial L}{\partial z} &= \frac{\hat{y} \odot \sum_{\text{axis 1}} y - y}{2}"],
    ),
    "classes": (
        lambda z, y: ag.softmax_cross_entropy(z, np.array([0, 2])),
        [
            r"y &= \text{[[1 0 0] [0 0 1]]}",
            r"\hat{y} &= \operatorname{softmax}(z)",
            r"L &= -\frac{1}{2} \sum y \odot \ln \hat{y}",
        ],
        [r"\frac{\partial L}{\partial z} &= \frac{\hat{y} - y}{2}"],
    ),
    "one row": (
        lambda z, y: ag.softmax_cross_entropy(z[0], y.data[0], reduction="sum"),
        [
            "v_{1} &= z_{0}",
            r"y &= \text{[1 0 0]}",
            r"\hat{y} &= \operatorname{softmax}(v_{1})",
            r"L &= -\sum y \odot \ln \hat{y}",
        ],
        [r"\frac{\partial L}{\partial v_{1}} &= \hat{y} - y"],
    ),
    "squares": (
        lambda z, y: ag.mse_loss(z, y),
        [r"L &= \frac{1}{6} \sum (z - y)^2"],
        [r"\frac{\partial L}{\partial z} &= \frac{2 \, (z - y)}{6}"],
    ),
    "likelihood": (
        lambda z, y: ag.nll_loss(z, np.array([0, 2])),
        [r"y &= \text{[[1 0 0] [0 0 1]]}", r"L &= -\frac{1}{2} \sum y \odot z"],
        [r"\frac{\partial L}{\partial z} &= \frac{-y}{2}"],
    ),
    "two classes": (
        lambda z, y: ag.sigmoid_binary_cross_entropy(z, y),
        [
            r"\hat{y} &= \sigma(z)",
            r"L &= -\frac{1}{6} \sum (y \odot \ln \hat{y} + (1 - y) \odot \ln (1 - \hat{y}))",
        ],
        [r"\frac{\partial L}{\partial z} &= \frac{\hat{y} - y}{6}"],
    ),
    "normaliser": (
        lambda z, y: ag.logsumexp(z),
        [r"L &= \ln (\sum \exp(z))"],
        [r"\frac{\partial L}{\partial z} &= \operatorname{softmax}(z)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("of", FUSED)
def test_latex_of_a_fused_node_is_the_textbook_one(of):
    f, forward, backward = FUSED[of]
    L = f(leaf(Z, "z"), ag.tensor(Y, name="y"))
    lines = [line.removesuffix(r" \\") for line in ag.latex(L, {"L": L}).splitlines()[1:-1]]
    assert lines[: len(forward)] == [*forward[:-1], forward[-1] + r" \\[3ex]"]
    assert lines[len(forward)].startswith(backward[0])


def test_names_are_defined_once_where_they_first_appear():
    text = ag.latex(ag.gelu(leaf([1.0, 2.0], "x")).sum())
    assert text.count("u &=") == text.count("p &=") == text.count(r"u' =") == 1
    assert r"\quad \text{where } u' = 0.7979 \cdot" in text
    x = leaf([[1.0, 2.0]], "x")
    norm = ag.latex(ag.layer_norm(x, 2, leaf([1.0, 2.0], "gain"), np.zeros(2)).sum())
    assert norm.count(r"\hat{x} &=") == norm.count("s &=") == 1
    assert r"+ 10^{-5}}" in norm
    assert norm.count("where") == 1
    assert norm.text.count("where h = ") == 1


def test_text_has_the_same_formulas():
    z, y = leaf(Z, "z"), ag.tensor(Y, name="y")
    L = ag.softmax_cross_entropy(z, y)
    assert ag.latex(L, {"L": L}).text.splitlines() == [
        "ŷ = softmax(z)",
        "L = -sum(y · log(ŷ)) / 2",
        "∂L/∂z = (ŷ - y) / 2",
    ]


def test_two_predictions_have_two_symbols():
    a, b = leaf([[2.0, 1.0]], "a"), leaf([[0.0, 3.0]], "b")
    y = np.array([[0.5, 0.5]])
    loss = ag.softmax_cross_entropy
    text = ag.latex(loss(a, y) + loss(b, 2 * y) + loss(a, y.copy()))
    assert text.count(r"\operatorname{softmax}") == 2
    assert r"\hat{y} &= \operatorname{softmax}(a)" in text
    assert r"\hat{y}_{2} &= \operatorname{softmax}(b)" in text
    assert r"y &= \text{[[0.5 0.5]]}" in text
    assert r"y_{2} &= \text{[[1 1]]}" in text
    assert "y_{3}" not in text
    assert "ŷ_2 = softmax(b)" in text.text.splitlines()


def test_defined_names_differ_from_the_users():
    y = np.array([[0.0, 1.0]])
    text = ag.latex(ag.softmax_cross_entropy(leaf([[1.0, 2.0]], "ŷ"), y))
    assert r"\hat{y}_{2} &= \operatorname{softmax}(\hat{y})" in text
    both = leaf([[1.0, 2.0]], "y") * leaf([[1.0, 2.0]], "ŷ_2")
    text = ag.latex(ag.softmax_cross_entropy(both + leaf([[1.0, 2.0]], "ŷ"), y))
    assert r"\hat{y}_{3} &= \operatorname{softmax}(v_{4})" in text
    assert r"y_{2} &= \text{[[0 1]]}" in text


def test_each_constant_has_one_symbol():
    x = leaf([1.0, 2.0, 3.0], "x")
    a, b = np.array([1.0, 2.0, 4.0]), np.array([0.5, 2.0, 4.0])
    text = ag.latex((x * a + (x * b) * a.copy() + np.exp(x) * np.float32(b)).sum())
    lines = text.splitlines()
    assert lines[1:6] == [
        r"c &= \text{[1 2 4]} \\",
        r"v_{1} &= x \odot c \\",
        r"c_{2} &= \text{[0.5 2 4]} \\",
        r"v_{2} &= x \odot c_{2} \\",
        r"v_{3} &= v_{2} \odot c \\",
    ]
    assert r"\odot c_{3}" in text  # of another dtype
    assert "c_{4}" not in text
    x, a = leaf(np.ones(9), "x"), np.arange(9.0)
    text = ag.latex((x * a + x * (a + 1)).sum()).text
    assert "v2 = x · float64(9,)#2" in text.splitlines()


def test_failing_definition_leaves_the_name():
    def definition(x):
        raise ValueError

    half = ag.fused(lambda x: x / 2, lambda g, y, x: g / 2, unfused=lambda x: x / 2,
                    display_graph=definition, name="half")  # fmt: skip
    try:
        assert r"\operatorname{half}(x)" in ag.latex(half(leaf(1.0, "x")))
    finally:
        FUSED_NODES.remove(half)


def test_predictions_along_two_axes_have_two_symbols():
    z, y = leaf([[2.0, 1.0], [0.0, 3.0]], "z"), np.full((2, 2), 0.5)
    loss = ag.softmax_cross_entropy
    text = ag.latex(loss(z, y) + loss(z, y, axis=0))
    assert r"\hat{y} &= \operatorname{softmax}(z)" in text
    assert r"\hat{y}_{2} &= \operatorname{softmax}_{\text{axis 0}}(z)" in text


def test_fused_node_without_definition_shows_its_arguments():
    scaled = ag.fused(lambda x, by: x * by, lambda g, y, x, by: g * by, None,
                      unfused=lambda x, by: x * by, name="scaled")  # fmt: skip
    try:
        text = ag.latex(scaled(leaf([1.0, 2.0], "x"), np.array([3.0, 4.0])).sum())
    finally:
        FUSED_NODES.remove(scaled)
    assert text.splitlines()[1:3] == [
        r"\text{by} &= \text{[3 4]} \\",
        r"v_{1} &= \operatorname{scaled}(x, \text{by}) \\",
    ]
    assert r"\frac{\partial v_{2}}{\partial v_{1}} \odot \text{by}" in text
    assert text.count("[3 4]") == 1


def test_terminal_without_greek_letters_gets_words(monkeypatch):
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    text = ag.latex(ag.layer_norm(leaf([[1.0, 2.0]], "x"), 2).sum()).text
    assert "x_hat = (x - mu) / s" in text.splitlines()


def test_sum_of_many_contributions_is_shortened():
    a = ag.tensor([1.0, 2.0], requires_grad=True, name="a")
    many, few = (ag.latex(np.sum(np.stack([a] * n))) for n in (200, 12))
    last = many.split("\n")[-2]
    assert len(last) < 300
    assert r"_{2} + \ldots + " in last
    assert last.endswith("_{199}")
    assert r"\ldots +" not in few
    assert "…" in many.text
