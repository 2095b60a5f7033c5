"""The mouse: dragging pans, a pinch zooms at the pointer, and neither is a click."""

import re

import pytest

from . import cases
from .checks import check_drag, check_pinch, check_wheel, scale

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite


@pytest.fixture
def page(opened):
    """Return a page whose graph is larger than its window."""
    page = opened(cases.explore(cases.softmax_chain), hash="#step=4")
    for _ in range(2):
        page.click("#zoom-in")
    return page


def test_pinch_zooms_at_the_pointer(page):
    check_pinch(page)


def test_wheel_alone_does_not_zoom(page):
    check_wheel(page)


def test_drag_pans_and_is_not_a_click(page):
    check_drag(page)


def test_zoom_has_limits(page):
    for _ in range(12):
        page.click("#zoom-in")
    assert scale(page) == 3
    for _ in range(20):
        page.click("#zoom-out")
    assert scale(page) == pytest.approx(0.1)
    page.click("#fit")
    frame, graph = (page.locator(s).bounding_box() for s in ("#stage", "#scene"))
    assert graph["x"] >= frame["x"]
    assert re.match(r"translate\(", page.locator("#scene").evaluate("e => e.style.transform"))
