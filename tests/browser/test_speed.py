"""Limit the elements that the page draws, and those that a change draws again."""

import numpy as np
import pytest

import autograd_mini as ag

from . import cases
from .checks import go, move

TINTS = 18  # 8 of each sign, zero, and entries that are not finite

#: marks the content of each card, and returns a function that tells which cards were drawn again
MARK = """() => {
  const bodies = [...document.querySelectorAll(".card")].map((card) => card.querySelector(".head"));
  window.drawnAgain = () => bodies.flatMap((body) =>
    body.isConnected ? [] : [body.querySelector(".name").textContent]);
  return bodies.length;
}"""


def two_branches():
    """Two leaves with sliders. Only the last sum depends on both."""
    a, b = (ag.tensor(v, requires_grad=True, name=n) for n, v in (("a", 2.0), ("b", 3.0)))
    p, q = np.exp(a), np.sin(b)
    return cases.named(p + q, p=p, q=q)


@pytest.mark.slow
def test_heat_map_is_drawn_with_a_path_for_each_tint(opened):
    page = opened(cases.explore(cases.heat_maps), hash="#step=1e9")
    counts = page.locator(".map svg").evaluate_all("maps => maps.map((m) => m.childElementCount)")
    assert len(counts) > 4
    assert max(counts) <= TINTS
    squares = page.locator(".map svg").first.evaluate(
        "map => map.viewBox.baseVal.width * map.viewBox.baseVal.height"
    )
    assert squares > 4 * TINTS


@pytest.mark.slow
def test_heat_map_shows_each_tint_of_its_array(opened):
    page = opened(cases.explore(cases.heat_maps), hash="#step=1")
    rows = cases.explore(cases.heat_maps).data["pools"][0][0]
    tint = next(item["tint"] for item in rows if "text" not in item)
    found = page.locator(".card .map svg").first.evaluate(
        """map => {
          const { width, height } = map.viewBox.baseVal;
          const at = map.createSVGPoint();
          const isInside = (path, x, y) =>
            path.isPointInFill(Object.assign(at, { x: x + 0.5, y: y + 0.5 }));
          const letter = (x, y) => [...map.children].filter((path) => isInside(path, x, y))
            .map((path) => path.style.getPropertyValue("--level"))
            .map((level) => String.fromCharCode("i".charCodeAt(0) + Number(level))).join("");
          return Array.from({ length: height }, (_, y) =>
            Array.from({ length: width }, (_, x) => letter(x, y)).join(""));
        }"""
    )
    assert found == tint


def test_slider_draws_only_cards_with_other_numbers(opened):
    page = opened(cases.explore(two_branches), hash="#step=3")
    assert page.evaluate(MARK) == 5
    move(page, "input-0", 1.0)
    assert sorted(page.evaluate("drawnAgain()")) == ["L", "a", "p"]


@pytest.mark.slow
def test_slider_keeps_the_buttons_of_the_steps(opened):
    page = opened(cases.explore(two_branches), hash="#step=3")
    page.evaluate(
        """() => {
          window.changes = 0;
          new MutationObserver((found) => (window.changes += found.length)).observe(
            document.querySelector("#steps"), { subtree: true, childList: true, attributes: true });
        }"""
    )
    move(page, "input-0", 1.0)
    page.wait_for_timeout(200)
    assert page.evaluate("changes") == 0


@pytest.mark.slow
def test_long_page_has_few_elements(opened):
    page = opened(cases.explore(cases.thousand))
    go(page, "2002")
    assert page.evaluate("document.querySelectorAll('*').length") < 6_000
