"""Step by step: the numbers in cards, ledger and formula are those of the `Trace`."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.budget import few

from . import cases
from .checks import CHAIN, Expected, check, formulas
from .page_reader import shows, state

STORIES = {
    "softmax chain": cases.softmax_chain,
    "network": cases.network,
    "fused": cases.fused,
    "overflow": cases.overflow,
}
FIRST = 1  # that are tried each time


@pytest.mark.parametrize(
    "name",
    [*STORIES][:FIRST]
    + [pytest.param(name, marks=pytest.mark.slow) for name in [*STORIES][FIRST:]],
)
def test_steps_show_the_numbers_of_the_trace(opened, name):
    expected = Expected(STORIES[name])
    page = opened(cases.explore(STORIES[name]))
    there = []
    for step in range(expected.count):
        page.keyboard.press("ArrowRight")
        there.append(check(page, expected, step))
    page.keyboard.press("ArrowRight")
    end = state(page)
    page.keyboard.press("ArrowRight")
    assert state(page) == end, "the last step stays the last"
    for step in reversed(range(expected.count)):
        page.keyboard.press("ArrowLeft")
        assert state(page) == there[step], f"back at step {step + 1}"
    if name == "softmax chain":
        assert list(map(formulas, there)) == CHAIN, "as in a textbook"


@pytest.mark.slow
def test_last_step_shows_the_gradients_of_backward(opened):
    expected = Expected(cases.softmax_chain)
    page = opened(cases.explore(cases.softmax_chain), hash="#step=999")
    expected.trace.result.backward()
    cards = state(page)["cards"]
    (z,) = [t for t in expected.nodes if t.name == "z"]
    assert shows(cards[str(expected.index[z])]["gradient"], z.grad)


@pytest.mark.slow
def test_buttons_clicks_and_keys_reach_the_same_step(opened):
    expected = Expected(cases.softmax_chain)
    page = opened(cases.explore(cases.softmax_chain))
    for step in (8, 3, expected.count - 1, 0):
        page.click(f'#steps button[data-step="{step + 1}"]')
        check(page, expected, step)
    page.click("#next")
    check(page, expected, 1)
    page.click("#last")
    page.click("#previous")
    check(page, expected, expected.count - 1)
    page.click("#first")
    page.click("#next")
    check(page, expected, 0)


@pytest.mark.slow
def test_click_on_a_card_goes_to_its_steps(opened):
    expected = Expected(cases.softmax_chain)
    page = opened(cases.explore(cases.softmax_chain))
    (e,) = [t for t in expected.nodes if expected.trace.names[t.order] == "ŷ"]
    node = expected.index[e]
    page.click(f'.card[data-node="{node}"]', position={"x": 5, "y": 5})
    check(page, expected, next(i for i, s in enumerate(expected.forward) if s.tensor is e))
    page.click(f'.card[data-node="{node}"]', position={"x": 5, "y": 5})
    shown = state(page)
    assert "receives" in shown["cards"][str(node)]["classes"]
    assert shown["position"].startswith("backward")


@pytest.mark.parametrize("step", few([11, 15, 1], 3))
def test_link_opens_at_its_step(opened, step):
    expected = Expected(cases.softmax_chain)
    page = opened(cases.explore(cases.softmax_chain), hash=f"#step={step}")
    assert expected.count == 15
    check(page, expected, step - 1)


@pytest.mark.slow
def test_link_opens_its_view_and_theme(opened):
    page = opened(cases.explore(cases.fused, compare=True), hash="#step=3&view=2&theme=dark")
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.locator("#views [aria-pressed=true]").inner_text() == "Fused node"
    assert page.inner_text("#what .doing strong") == "SoftmaxCrossEntropy"
    page.click("#views button >> nth=2")
    page.keyboard.press("Home")
    assert page.evaluate("location.hash") == "#step=0&view=3&theme=dark"


@pytest.mark.slow
def test_changed_address_is_followed(opened):
    expected = Expected(cases.softmax_chain)
    page = opened(cases.explore(cases.softmax_chain))
    page.evaluate("location.hash = '#step=12'")
    page.wait_for_selector('[data-step="12"][aria-current="step"]')
    check(page, expected, 11)


@pytest.mark.slow
def test_slider_updates_the_result_in_the_subtitle(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=15")
    before = page.inner_text("#subtitle")
    assert before.startswith("L = 1.417 · ")
    slider = page.locator("#controls input[type=range]").first
    slider.focus()
    slider.press("End")
    assert (
        page.inner_text("#subtitle")
        == f"L = {page.locator('.card').last.locator('.cell').first.inner_text()} · 7 operations"
    )
    slider.press("Home")
    assert page.inner_text("#subtitle").startswith("L = ")
    assert page.inner_text("#subtitle") != before


@pytest.mark.slow
def test_subtitle_counts_the_operations(opened):
    page = opened(cases.explore(cases.fused, compare=True))
    said = []
    for nth in range(3):
        page.click(f"#views button >> nth={nth}")
        said.append(page.inner_text("#subtitle"))
    assert said == [
        "L = 1.417 · 9 operations",
        "L = 1.417 · 1 operation",
        "L = 1.417 · 9 operations and 1",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("fold", [0, 1])
def test_first_and_last_step_mark_all_leaves(opened, fold):
    """Also those whose numbers are not in the column of text, which shows four."""
    loss = ag.mse_loss(ag.nn.MLP([2, 3, 3, 2], rng=0)(np.ones((3, 2))), np.eye(3, 2))
    page = opened(ag.explore(loss, train=False), hash=f"#view=1&fold={fold}")
    for key in ("Home", "End"):
        page.keyboard.press(key)
        marked = page.locator("#stage .card.now").count()
        folded = page.locator("#stage .card.stack").count()
        leaves = page.locator("#stage .card:has(.op:text-is('leaf'))").count()
        assert marked == folded + leaves > 0
        assert page.locator("#numbers figure").count() == 4
