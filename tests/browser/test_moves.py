"""The mouse: dragging pans, a pinch zooms where it points, and neither is taken for a click."""

import re

import pytest

from . import cases
from .test_keys import scale, step

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite


@pytest.fixture
def page(opened):
    """The graph, larger than its window."""
    page = opened(cases.explore(cases.softmax_chain), hash="#step=4")
    for _ in range(4):
        page.click("#zoom-in")
    return page


def middle(page, selector):
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pinch(page, at, by):
    page.mouse.move(*at)
    page.keyboard.down("Control")
    page.mouse.wheel(0, by)
    page.keyboard.up("Control")
    page.wait_for_timeout(50)


def check_pinch(page):
    at, before = middle(page, ".card.now"), scale(page)
    pinch(page, at, -120)
    assert scale(page) > 1.2 * before
    assert middle(page, ".card.now") == pytest.approx(at, abs=2), "what is pointed at stays there"
    pinch(page, at, 120)
    assert scale(page) == pytest.approx(before, rel=1e-3)


def test_a_pinch_zooms_at_the_pointer(page):
    check_pinch(page)


def check_wheel(page):
    before = scale(page)
    page.mouse.move(*middle(page, "#stage"))
    page.mouse.wheel(0, 200)
    page.wait_for_timeout(50)
    assert scale(page) == before


def test_a_wheel_alone_does_not_zoom(page):
    check_wheel(page)


def drag(page, x, y):
    page.mouse.move(*middle(page, ".card.now"))
    page.mouse.down()
    page.mouse.move(*(p + d for p, d in zip(middle(page, ".card.now"), (x, y))), steps=5)
    page.mouse.up()


def check_drag(page):
    before, now = middle(page, ".card.now"), step(page)
    drag(page, -60, 0)
    assert middle(page, ".card.now") == pytest.approx((before[0] - 60, before[1]), abs=3)
    assert step(page) == now, "the end of a drag is no click"
    page.mouse.move(300, 300)
    assert middle(page, ".card.now")[0] == pytest.approx(before[0] - 60, abs=3), "it was let go"


def test_dragging_pans_and_is_no_click(page):
    check_drag(page)


def test_zoom_has_its_ends(page):
    for _ in range(12):
        page.click("#zoom-in")
    assert scale(page) == 3
    for _ in range(20):
        page.click("#zoom-out")
    assert scale(page) == pytest.approx(0.1)
    page.click("#fit")
    room, graph = (page.locator(s).bounding_box() for s in ("#stage", "#scene"))
    assert graph["x"] >= room["x"]
    assert re.match(r"translate\(", page.locator("#scene").evaluate("e => e.style.transform"))
