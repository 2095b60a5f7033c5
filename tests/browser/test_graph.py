"""The graph: dragging, zooming under the pointer, two windows side by side, groups."""

import re

import pytest

from . import cases

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite

NARROW = {"width": 700, "height": 900}


def scrolled(page, nth=0):
    return page.evaluate(f"document.querySelectorAll('.stage')[{nth}].scrollLeft")


def scale(page):
    return float(re.search(r"scale\(([\d.]+)\)", page.get_attribute("#scene", "style"))[1])


def drag(page, box, by):
    """Drag from the middle of a box to the left, or to the right if `by` is negative."""
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - by, y, steps=4)
    page.mouse.up()


def enlarge(page):
    """Zoom in, so that the graph is larger than its window."""
    for _ in range(4):
        page.click("#zoom-in")


def test_drag_moves_the_graph_without_a_click(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=4", **NARROW)
    enlarge(page)
    before, start = page.inner_text("#position"), scrolled(page)
    drag(page, page.locator(".card.now").bounding_box(), -120)
    assert scrolled(page) == start - 120
    assert page.inner_text("#position") == before
    page.locator(".card .cover").nth(0).dispatch_event("click")
    assert page.inner_text("#position") != before, "a click after it does"


def test_zoom_keeps_the_point_under_the_pointer(opened):
    page = opened(cases.explore(cases.softmax_chain), **NARROW)
    first, before = page.locator(".card").nth(2), scale(page)
    at = first.bounding_box()
    page.mouse.move(at["x"] + 1, at["y"] + 1)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    page.wait_for_function(
        f"document.querySelector('#scene').style.transform.match(/scale.([\\d.]+)/)[1] > {before}"
    )
    now = first.bounding_box()
    assert abs(now["x"] - at["x"]) < 4
    assert abs(now["width"] / at["width"] - scale(page) / before) < 0.02


def test_windows_of_a_comparison_move_independently(opened):
    page = opened(cases.explore(cases.fused, compare=True), hash="#step=1&view=3", **NARROW)
    enlarge(page)
    start = scrolled(page, 0), scrolled(page, 1)
    drag(page, page.locator(".stage").nth(0).bounding_box(), 150)
    assert (scrolled(page, 0), scrolled(page, 1)) == (start[0] + 150, start[1])
    page.keyboard.press("End")
    for nth in (0, 1):
        frame = page.locator(".stage").nth(nth).bounding_box()
        now = page.locator(".stage").nth(nth).locator(".card.now").bounding_box()
        assert now["x"] >= frame["x"]
        assert now["x"] + now["width"] <= frame["x"] + frame["width"]


def test_group_button_closes_and_opens_all_groups(opened):
    page = opened(cases.explore(cases.network))
    cards = page.locator(".card").count()
    page.click("#group")
    assert page.get_attribute("#group", "aria-pressed") == "true"
    assert page.locator(".card.stack .op").all_text_contents() == ["► hidden", "► head"]
    page.locator(".card.stack .cover").first.click()
    assert page.get_attribute("#group", "aria-pressed") == "false", "one is open"
    page.click("#group")
    page.click("#group")
    assert page.locator(".card").count() == cards
