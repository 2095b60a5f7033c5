"""The graph: two windows side by side, and groups."""

import pytest

from . import cases

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite

NARROW = {"width": 700, "height": 900}


def test_both_windows_of_a_comparison_follow_the_step(opened):
    page = opened(cases.explore(cases.fused, compare=True), hash="#step=1&view=3", **NARROW)
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
