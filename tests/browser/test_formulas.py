"""Formulas of the page in MathML, letter by letter."""

import numpy as np
import pytest

import autograd_mini as ag

from . import cases
from .checks import check_fused, formulas
from .page_reader import state

HEAT_MAPS = "∂L∂w=∂L∂v2x⊤ ∂L∂x=w⊤∂L∂v2"


@pytest.mark.slow
def test_formula_of_the_fused_node_is_prediction_minus_truth(opened):
    page = opened(cases.explore(cases.fused))
    check_fused(page)
    assert page.inner_text(".pill") == "ŷ − y"


@pytest.mark.slow
def test_formula_of_a_matrix_times_a_vector(opened):
    page = opened(cases.explore(cases.heat_maps), hash="#step=9")
    assert formulas(state(page)) == HEAT_MAPS


@pytest.mark.slow
def test_formula_has_one_element_and_fitting_parentheses(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=13")
    assert page.locator("#what math").count() == 2
    assert page.locator("#what mfrac").count() >= 5
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    fences = page.locator("#what mo:text-is('(')")
    assert fences.get_attribute("stretchy") == "false"


def normed():
    """Return a result with a long rule and gradients with many digits."""
    t = cases.tensors(x=[[1.3, 0.9, -0.7], [-1.2, -0.6, 0.04]], gain=np.ones(3), bias=np.zeros(3))
    return (ag.layer_norm(t["x"], 3, t["gain"], t["bias"]) ** 2).sum()


def weighed():
    x = ag.tensor([0.5, 0.2, 0.4], requires_grad=True, name="x")
    return ag.sigmoid_binary_cross_entropy(x, [0.0, 1.0, 0.5], [2.0, 2.0, 3.0])


@pytest.mark.slow
@pytest.mark.parametrize("result", [normed, weighed])
def test_long_formulas_and_numbers_fit_their_cards(opened, result):
    page = opened(ag.explore(result()))
    for keys in (["Home", "ArrowRight"], ["End", "ArrowLeft"]):
        for key in keys:
            page.keyboard.press(key)
        widths = page.evaluate(
            "[...document.querySelectorAll('article :is(.math, .rule, .ledger)')]"
            ".map((e) => [e.scrollWidth, e.clientWidth, Number(e.style.zoom || 1),"
            " getComputedStyle(e).overflowX === 'auto'])"
        )
        assert all(inner <= outer + 2 or scrolls for inner, outer, _, scrolls in widths), widths
        assert all(0.7 <= zoom <= 1 for *_, zoom, _ in widths)
    assert min(zoom for *_, zoom, _ in widths) < 1, "nothing was scaled"
