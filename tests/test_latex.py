"""The derivation as formulas: the softmax chain as a textbook has it, and every primitive."""

import re

import numpy as np
import pytest

import autograd_mini as ag

from .test_ops import CASES, TAPE

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


def test_softmax_cross_entropy_reads_like_a_textbook():
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
    assert r"\mathbf{1}_{4 \times 2} \, W_{1}" in constant  # a matrix of ones is no number
    assert r"c_{2}^\top \, W_{1}" in ag.latex((np.array([1.0, 2.0]) @ leaf(np.eye(2), "W1")).sum())


def test_vectors_are_columns_and_indexed():
    a, b = leaf([1.0, 2.0], "alpha"), leaf([3.0, 4.0], "b")
    text = ag.latex(a @ b + a[0] + np.maximum(a, b).sum() / 1)
    assert r"= \alpha^\top \, b" in text
    assert r"= {\alpha}_{\text{0}}" in text
    assert r"= \max\left(\alpha, b\right)" in text
    assert "Ellipsis" not in text
    assert "True" not in text


def test_signs_are_written_once():
    x, y = leaf(2.0, "x"), leaf(3.0, "y")
    text = ag.latex((-x) * (-2.0) + (-3.0) * y + y + (-1.0))
    assert r"\cdot \left(-2\right)" in text
    assert r"= -3 \cdot y" in text
    assert "+ -" not in text
    assert r"\cdot -" not in text


def test_names_are_mathematics():
    x = leaf(1.0, "theta_2") * leaf(2.0, "learning rate") + leaf(3.0, "x_1") * leaf(4.0, "50%")
    text = ag.latex(x)
    for name in (r"\theta_{2}", r"\text{learning rate}", "x_{1}", r"{\text{50}\%}"):
        assert name in text


NAMES = {
    "$": r"{\$}", "a\\b": r"{\text{a}\backslash \text{b}}", "{": r"{\{}", "}}": r"{\}\}}",
    "_": r"{\_}", "x^2": r"{\text{x}{\wedge}\text{2}}", "#1": r"{\#\text{1}}", "&": r"{\&}",
    "a\nb": r"{\text{a}\backslash \text{nb}}", "~": r"{{\sim}}", "😀": r"\text{😀}",
    "\\end{aligned}": r"{\backslash \text{end}\{\text{aligned}\}}", "ŷ": r"\hat{y}",
    "ŷ_2": r"\hat{y}_{2}", "名": r"\text{名}", "θ": "θ", "phi": r"\phi", "loss": r"\text{loss}",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_break_no_formula(name):
    """Nothing in a name is read as a command; what stands in a text is letters alone."""
    text = ag.latex(leaf(3.0, name) ** 2)
    assert text.splitlines()[1].startswith(f"v_{{1}} &= {NAMES[name]}^{{2}}")
    assert text.count("\n") == 3
    for inner in re.findall(r"\\text\{([^}]*)\}", text):
        assert not set(inner) & set("#$%&_^~\\{")


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_every_primitive_has_balanced_formulas(case):
    leaves = [leaf(x) for x in case.inputs]
    with np.errstate(all="ignore"):
        found = ag.latex((case.f(TAPE, *leaves) * case.cotangent).sum())
    for opened, closed in (("{", "}"), (r"\left", r"\right"), (r"\begin", r"\end")):
        bare = re.sub(r"\\[{}]|\\leftarrow|\\rightarrow", "", found)
        assert bare.count(opened) == bare.count(closed)
    assert found.count("&=") == len(found.splitlines()) - 2
    assert found.text.count("\n") + 1 == found.count("&=")
