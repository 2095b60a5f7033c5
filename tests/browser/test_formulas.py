"""Formulas as they stand on the page, in MathML: letter by letter."""

from . import stories
from .reading import state

CHAIN = [
    "e=exp(z)",
    "s=∑e",
    "ŷ=es",
    "v5=lnŷ",
    "v6=y⊙v5",
    "v7=∑v6",
    "L=−v7",
    "∂L∂L=1",
    "∂L∂v7=−1",
    "∂L∂v6=∂L∂v7",
    "∂L∂v5=∂L∂v6⊙y",
    "∂L∂ŷ=∂L∂v5⊙1ŷ",
    "∂L∂e=∂L∂ŷ·1s ∂L∂s=∑(−∂L∂ŷ⊙ŷ·1s)",
    "∂L∂e+=∂L∂s",
    "∂L∂z=∂L∂e⊙e",
]
FUSED = [
    "L=−∑y⊙lnŷ where ŷ=softmax(z) y=[0 1 0]",
    "∂L∂L=1",
    "∂L∂z=ŷ−y where ŷ=softmax(z) y=[0 1 0]",
]
HEAT_MAPS = "∂L∂w=∂L∂v2x⊤ ∂L∂x=w⊤∂L∂v2"


def formulas(page):
    """Those of a step, one letter after the other; an accent is on its letter."""
    text = " ".join(state(page)["formulas"])
    for plain, accented in (("yˆ", "ŷ"), ("\u00a0", " "), ("\u2009", ""), ("  ", " ")):
        text = text.replace(plain, accented)
    return text


def check_chain(page):
    found = []
    for _ in CHAIN:
        found.append(formulas(page))
        page.keyboard.press("ArrowRight")
    assert found == CHAIN


def test_the_chain_reads_as_in_a_textbook(opened):
    check_chain(opened(stories.explore(stories.softmax_chain)))


def check_fused(page):
    for step in FUSED:
        assert formulas(page) == step
        page.keyboard.press("ArrowRight")


def test_the_fused_node_leads_with_prediction_minus_truth(opened):
    page = opened(stories.explore(stories.fused))
    check_fused(page)
    assert page.inner_text(".pill") == "ŷ − y"


def test_a_matrix_times_a_vector(opened):
    page = opened(stories.explore(stories.heat_maps), hash="#step=99")
    assert formulas(page) == HEAT_MAPS


def test_a_formula_is_one_element_and_its_fences_are_as_high_as_what_they_hold(opened):
    page = opened(stories.explore(stories.softmax_chain), hash="#step=13")
    assert page.locator("#what math").count() == 2
    assert page.locator("#what mfrac").count() >= 5
    page.keyboard.press("Home")
    fences = page.locator("#what mo:text-is('(')")
    assert fences.get_attribute("stretchy") == "false"
