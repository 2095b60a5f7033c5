"""Themes, reduced motion, printing and accessibility."""

import os
from pathlib import Path

import pytest

from . import cases
from .checks import MOVING, check_paper, check_still
from .conftest import lacking
from .page_reader import low_contrast

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite

BOTH = pytest.mark.parametrize("scheme", ["light", "dark"])


def compared():
    return cases.explore(cases.fused, compare=True)


def ground(page):
    return page.evaluate("getComputedStyle(document.documentElement).backgroundColor")


def test_page_follows_the_system_theme_until_changed(opened):
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


def test_requested_theme_is_kept(opened):
    dark = opened(cases.explore(cases.softmax_chain, theme="dark"), scheme="light")
    linked = opened(cases.explore(cases.softmax_chain), hash="#step=1&theme=dark")
    assert ground(dark) == ground(linked)


@BOTH
def test_text_has_enough_contrast(opened, picture, scheme):
    page = opened(compared(), hash="#step=15&view=3", scheme=scheme)
    found = set(low_contrast(page))
    for key in ("Home", "End"):
        page.keyboard.press(key)
        found |= set(low_contrast(page))
    picture(page, f"compared {scheme}")
    page.click("#hard")
    found |= set(low_contrast(page))
    picture(page, f"hard {scheme}")
    assert found == set()


def test_formulas_use_the_font_of_the_page(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=3")
    page.evaluate("document.fonts.ready.then(() => 0)")
    assert page.evaluate("[...document.fonts].map((f) => `${f.family}: ${f.status}`)") == [
        "STIX Two Math: loaded"
    ]
    assert page.evaluate("getComputedStyle(document.querySelector('math')).fontFamily").startswith(
        '"STIX Two Math"'
    )


def test_reduced_motion_disables_animations(opened):
    still = opened(cases.explore(cases.softmax_chain), hash="#step=9", motion="reduce")
    assert still.evaluate(MOVING) == 0
    lively = opened(cases.explore(cases.softmax_chain), hash="#step=9")
    assert lively.evaluate(MOVING) > 0


def test_print_hides_the_controls(opened, picture):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=12")
    page.emulate_media(media="print")
    assert page.is_hidden(".tools")
    assert page.is_hidden("#play")
    assert page.is_visible("#ledger")
    picture(page, "print")


def test_print_fits_on_one_sheet(opened):
    check_paper(opened(cases.explore(cases.softmax_chain), hash="#step=12"))


def test_play_with_reduced_motion_steps_on(opened):
    check_still(opened(cases.explore(cases.softmax_chain), motion="reduce", clock=True))


@pytest.fixture(scope="module")
def axe():
    """Return the script of axe-core from node_modules."""
    path = os.environ.get("AUTOGRAD_MINI_AXE")
    if not path:
        lacking("AUTOGRAD_MINI_AXE names no axe.min.js (npm ci in tests/browser)")
    return Path(path).read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_no_violation(opened, axe, scheme):
    page = opened(compared(), hash="#step=15&view=3", scheme=scheme)
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
    page.click("#keys")
    look("help")
    assert found == {}
