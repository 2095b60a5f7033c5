"""Light and dark, with less motion, on paper; and what a screen reader is told."""

import os
from pathlib import Path

import pytest

from . import cases
from .checks import MOVING, check_paper, check_still
from .conftest import lacking
from .page_reader import low_contrast

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite

BOTH = pytest.mark.parametrize("scheme", ["light", "dark"])


def beside():
    return cases.explore(cases.fused, compare=True)


def ground(page):
    return page.evaluate("getComputedStyle(document.documentElement).backgroundColor")


def test_the_page_follows_the_system_until_it_is_told_otherwise(opened):
    page = opened(cases.explore(cases.softmax_chain), scheme="dark")
    dark = ground(page)
    page.emulate_media(color_scheme="light")
    light = ground(page)
    assert light != dark
    page.emulate_media(color_scheme="dark")
    page.click("#theme")
    assert ground(page) == light
    page.click("#theme")
    assert ground(page) == dark


def test_a_theme_that_was_asked_for_is_kept(opened):
    dark = opened(cases.explore(cases.softmax_chain, theme="dark"), scheme="light")
    linked = opened(cases.explore(cases.softmax_chain), hash="#step=1&theme=dark")
    assert ground(dark) == ground(linked)


@BOTH
def test_text_stands_out_from_its_ground(opened, picture, scheme):
    page = opened(beside(), hash="#step=15&view=3", scheme=scheme)
    found = set(low_contrast(page))
    for key in ("Home", "End"):
        page.keyboard.press(key)
        found |= set(low_contrast(page))
    picture(page, f"beside {scheme}")
    page.click("#hard")
    found |= set(low_contrast(page))
    picture(page, f"hard {scheme}")
    page.click("#as-table")
    found |= set(low_contrast(page))
    picture(page, f"table {scheme}")
    assert found == set()


def test_formulas_have_the_font_that_the_page_brings(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=3")
    page.evaluate("document.fonts.ready.then(() => 0)")
    assert page.evaluate("[...document.fonts].map((f) => `${f.family}: ${f.status}`)") == [
        "STIX Two Math: loaded"
    ]
    assert page.evaluate("getComputedStyle(document.querySelector('math')).fontFamily").startswith(
        '"STIX Two Math"'
    )


def test_less_motion(opened):
    still = opened(cases.explore(cases.softmax_chain), hash="#step=9", motion="reduce")
    assert still.evaluate(MOVING) == 0
    lively = opened(cases.explore(cases.softmax_chain), hash="#step=9")
    assert lively.evaluate(MOVING) > 0


def test_on_paper_there_are_no_controls(opened, picture):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=12")
    page.emulate_media(media="print")
    assert page.is_hidden("#find")
    assert page.is_hidden("#play")
    assert page.is_visible("#ledger")
    picture(page, "print")


def test_it_prints(opened):
    check_paper(opened(cases.explore(cases.softmax_chain), hash="#step=12"))


def test_playing_with_less_motion(opened):
    check_still(opened(cases.explore(cases.softmax_chain), motion="reduce", clock=True))


@pytest.fixture(scope="module")
def axe():
    """The script of axe-core, from where npm put it."""
    path = os.environ.get("AUTOGRAD_MINI_AXE")
    if not path:
        lacking("AUTOGRAD_MINI_AXE names no axe.min.js (npm ci in tests/browser)")
    return Path(path).read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_no_violation(opened, axe, scheme):
    page = opened(beside(), hash="#step=15&view=3", scheme=scheme)
    page.evaluate(axe)
    found = {}

    def look(where):
        for violation in page.evaluate("axe.run().then((r) => r.violations)"):
            nodes = [node["html"][:120] for node in violation["nodes"][:3]]
            found.setdefault((violation["id"], violation["help"]), f"{where}: {nodes}")

    look("backward")
    page.keyboard.press("End")
    look("the last step")
    page.click("#hard")
    look("hard logits")
    page.keyboard.press("Home")
    look("forward")
    page.click("#as-table")
    look("table")
    page.click("#as-table")
    page.fill("#find", "e")
    look("find")
    page.fill("#find", "")
    page.keyboard.press("Escape")
    page.click("#keys")
    look("help")
    assert found == {}
