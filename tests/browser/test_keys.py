"""The keyboard alone does everything that the mouse does."""

import pytest

from . import cases
from .checks import step

pytestmark = pytest.mark.slow  # the steps are also tried by test_steps

FOCUSED = "document.activeElement.id || document.activeElement.className"
CARD = "document.activeElement.closest('.card')?.dataset.node"


@pytest.fixture
def page(opened):
    return opened(cases.explore(cases.softmax_chain))


def test_arrows_home_and_end(page):
    keys = ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home", "ArrowLeft")
    seen = []
    for key in keys:
        page.keyboard.press(key)
        seen.append(step(page))
    assert seen == [1, 2, 1, 16, 16, 0, 0]
    assert page.is_disabled("#first")
    assert page.is_enabled("#last")


def test_space_plays_and_pauses(opened):
    window = opened(cases.explore(cases.softmax_chain), clock=True)
    window.keyboard.press("Space")
    assert window.get_attribute("#play", "aria-pressed") == "true"
    window.clock.run_for(3_500)
    playing = step(window)
    assert 2 <= playing <= 4
    window.keyboard.press("Space")
    window.clock.run_for(3_500)
    assert step(window) == playing
    window.keyboard.press("Space")
    window.clock.run_for(60_000)
    assert step(window) == 16
    assert window.get_attribute("#play", "aria-pressed") == "false", "stops at the end"
    window.keyboard.press("Space")
    assert step(window) == 0, "and starts again"
    window.keyboard.press("Escape")
    assert window.get_attribute("#play", "aria-pressed") == "false"


def test_find(opened):
    page = opened(cases.searchable(cases.softmax_chain))
    page.keyboard.press("/")
    assert page.evaluate(FOCUSED) == "find"
    page.keyboard.type("v5 · log (3,)")
    assert page.inner_text("#what .doing strong") == "log"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#what .doing strong") == "log", "keys in the field write"
    page.keyboard.press("Escape")
    assert page.evaluate(FOCUSED) != "find"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#what .doing strong") != "log"


def test_help_opens_and_closes(page):
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("ArrowRight")
    assert step(page) == 0, "while it is open, keys do not step"
    page.keyboard.press("Escape")
    assert page.is_hidden("#help")
    page.keyboard.press("ArrowRight")
    assert step(page) == 1


def test_theme(page):
    page.keyboard.press("t")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.keyboard.press("t")
    assert page.get_attribute("html", "data-theme") == "light"


def test_tab_reaches_every_control_and_shows_where_it_is(page):
    reached, outlines = [], []
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(f"{CARD} ?? ({FOCUSED})"))
        outlines.append(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
        if len(reached) > 1 and reached[-1] == reached[0]:
            break
    wanted = {"save", "theme", "keys", "play", "next"}
    wanted |= {str(node) for node in range(9)}
    assert wanted <= set(reached)
    on_page = [style for name, style in zip(reached, outlines) if name]
    assert "none" not in on_page[:20]


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_card_is_chosen(page, key):
    page.focus('.card[data-node="4"] .cover')
    page.keyboard.press(key)
    assert "ŷ" in page.inner_text("#what .badge")
    assert page.get_attribute("#play", "aria-pressed") == "false"
    assert page.evaluate(CARD) == "4", "the focus stays"
