"""The derivation as formulas: the softmax chain as a textbook has it, and every primitive."""

import re

import numpy as np
import pytest

import autograd_mini as ag

from .test_ops import CASES, TAPE

TEXTBOOK = r"""\begin{aligned}
e &= e^{z} \\
s &= \sum e \\
p &= \frac{e}{s} \\
v_{5} &= \ln p \\
v_{6} &= y \odot v_{5} \\
v_{7} &= \sum v_{6} \\
L &= -v_{7} \\[1ex]
\frac{\partial L}{\partial v_{7}} &= -1 \\
\frac{\partial L}{\partial v_{6}} &= \frac{\partial L}{\partial v_{7}} \\
\frac{\partial L}{\partial v_{5}} &= \frac{\partial L}{\partial v_{6}} \odot y \\
\frac{\partial L}{\partial p} &= \frac{\frac{\partial L}{\partial v_{5}}}{p} \\
\frac{\partial L}{\partial s} &= \sum \frac{\left(-\frac{\partial L}{\partial p}\right) \odot p}{s} \\
\frac{\partial L}{\partial e} &= \frac{\frac{\partial L}{\partial p}}{s} + \frac{\partial L}{\partial s} \\
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
    assert r"c_{4 \times 2} \, W_{1}" in constant  # a matrix of ones is no number


def test_names_are_mathematics():
    x = leaf(1.0, "theta_2") * leaf(2.0, "learning rate") + leaf(3.0, "x_1") * leaf(4.0, "50%")
    text = ag.latex(x)
    for name in (r"\theta_{2}", r"\text{learning rate}", "x_{1}", r"\text{50\%}"):
        assert name in text


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
