"""The address: reload, Back and Forward, links, and a page whose script does not run."""

import pytest

import autograd_mini as ag

from . import cases
from .checks import go, step
from .page_reader import state

pytestmark = pytest.mark.slow  # `test_steps` opens links in the default suite


def fold(page):
    return page.locator(".card.stack").count()


def tab(page):
    return page.locator("#views [aria-pressed=true]").inner_text()


def back(page, forward=False):
    page.go_forward() if forward else page.go_back()
    page.wait_for_timeout(30)


def test_back_goes_through_jumps_but_not_through_steps(opened):
    page = opened(cases.explore(cases.softmax_chain))
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    assert step(page) == 16
    page.click("#steps button >> nth=6")
    assert step(page) == 6
    page.keyboard.press("End")
    page.keyboard.press("End")  # not a jump: it is there already
    page.keyboard.press("ArrowLeft")
    for expected in (6, 16, 3):
        back(page)
        assert step(page) == expected
    back(page, forward=True)
    assert step(page) == 16


def test_link_with_only_a_step_keeps_the_folding(opened):
    page = opened(cases.explore(cases.network))
    page.click("#group")
    closed = fold(page)
    go(page, 3)
    assert (step(page), fold(page)) == (3, closed)


def test_back_closes_a_box_and_returns_to_a_tab(opened):
    page = opened(cases.explore(cases.network))
    closed = fold(page)
    page.click("#group")
    assert fold(page) != closed
    back(page)
    assert fold(page) == closed
    page = opened(cases.explore(cases.fused, compare=True))
    page.click("#views button >> nth=2")
    assert tab(page) == "Side by side"
    back(page)
    assert tab(page) == "Unfused graph"
    back(page, forward=True)
    assert tab(page) == "Side by side"


def test_back_keeps_the_settings(opened):
    page = opened(cases.explore(cases.softmax_chain))
    page.keyboard.press("End")
    page.click("#theme")
    page.locator("#input-0").fill("3")
    numbers = page.inner_text("#subtitle")
    back(page)
    assert step(page) == 0
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.inner_text("#subtitle") == numbers


def test_reload_keeps_step_theme_sliders_and_folding(opened):
    page = opened(cases.explore(cases.network), hash="#step=5")
    page.click("#theme")
    page.click("#group")
    page.locator("#example").fill("2")
    page.wait_for_timeout(200)  # until the slider rests
    before, folded = state(page), fold(page)
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert state(page) == before
    assert fold(page) == folded
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.input_value("#example") == "2"


def assert_reload_keeps_the_state(page):
    before = state(page)
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert state(page) == before


def test_reload_keeps_the_numbers(opened):
    page = opened(cases.explore(cases.softmax_chain))
    page.locator("#input-1").fill("2.5")
    page.wait_for_timeout(200)  # until the slider rests
    assert_reload_keeps_the_state(page)
    assert page.input_value("#input-1") == "2.5"


def edit(page, title, number):
    page.locator(f"#stage [title='{title}']").dispatch_event("click")
    page.keyboard.type(number)
    page.keyboard.press("Enter")


def test_reload_keeps_cells_of_a_page_without_sliders(opened):
    page = opened(cases.explore(cases.network), hash="#step=7")
    assert page.locator("#input-0").count() == 0
    edit(page, "Change w1[1,3]", "2.5")
    page.wait_for_timeout(200)  # until the numbers rest
    assert_reload_keeps_the_state(page)
    assert page.text_content("#stage [title='Change w1[1,3]']") == "2.5000"


def test_pasted_link_replaces_earlier_numbers(opened):
    page = opened(cases.explore(cases.softmax_chain))
    page.locator("#input-0").fill("3")
    page.locator("#input-1").fill("2.5")
    page.evaluate("location.hash = '#step=3&leaves=0_2_1.5'")
    page.wait_for_function("document.querySelector('#input-2').value === '1.5'")
    assert [page.input_value(f"#input-{i}") for i in range(3)] == ["2", "1", "1.5"]


def test_address_is_short(opened):
    page = opened(cases.explore(cases.softmax_chain))
    assert page.evaluate("location.hash") == "#step=0&view=1"


BAD = ["#fold=99", "#fold=x.y", "#theme=<b>", "#numbers=-3", "#example=9", "#view=0"]


@pytest.mark.parametrize("hash", BAD)
def test_link_with_bad_values_opens_the_page(opened, hash):
    page = opened(cases.explore(cases.network), hash=hash)
    assert step(page) == 0
    page.keyboard.press("ArrowRight")
    assert step(page) == 1


def test_pasted_link_changes_the_settings(opened):
    page = opened(cases.explore(cases.network))
    page.evaluate("location.hash = '#step=3&theme=dark&example=1'")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert step(page) == 3
    assert page.input_value("#example") == "2"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_without_scripts_shows_picture_and_table(browser, tmp_path, scheme):
    pages = {
        "chain": cases.explore(cases.softmax_chain),
        "frames": ag.explore(frames=[cases.frame([[1.0, 0.5], [0.5, 1.0]])[0]]),
    }
    context = browser.new_context(java_script_enabled=False, color_scheme=scheme)
    page = context.new_page()
    for name, exploration in pages.items():
        page.goto(exploration.save(tmp_path / f"{name}.html").as_uri())
        assert page.is_visible("h1")
        assert page.locator("noscript svg").bounding_box()["height"] > 100
        assert "leaf" in page.inner_text("noscript pre")
        assert not page.is_visible("main")
        assert not page.is_visible("#theme")
    context.close()
