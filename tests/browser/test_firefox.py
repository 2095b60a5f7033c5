"""The page in Firefox: nothing is cut, small or stale there either.

The checks are those of Chromium. Firefox starts once.
"""

import re
import zlib
from contextlib import ExitStack, suppress

import pytest

from . import cases
from .checks import SIZES, check_examples, check_hard, check_inputs, faults, is_empty
from .chromium import Lacking
from .conftest import lacking
from .firefox import launched
from .page_reader import low_contrast, overlaps

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    with ExitStack() as stack:
        try:
            page = stack.enter_context(launched(tmp_path_factory.mktemp("profile")))
        except Lacking as error:
            lacking(str(error))
        yield page


@pytest.fixture
def shown(firefox, tmp_path):
    """Return a function that opens an exploration in Firefox."""

    def show(exploration, hash=""):
        address = exploration.save(tmp_path / "backprop.html").resolve().as_uri()
        firefox.set_viewport_size({"width": 1280, "height": 900})
        firefox.goto(address + hash)
        return firefox

    yield show
    assert firefox.errors() == []


def compared():
    return cases.explore(cases.fused, compare=True)


@pytest.mark.parametrize("name", ["compared", "moons"])
def test_no_overlap_in_firefox_at_any_width(shown, picture, name):
    exploration = cases.PAGES[name]()
    count = len(exploration.data["tapes"][0]["steps"])
    is_empty(faults(shown(exploration), picture, f"firefox {name}", SIZES, count))


def test_zoom_of_200_percent_in_firefox_cuts_nothing(shown, picture):
    page = shown(compared(), hash="#step=12")
    page.zoom(2)
    try:
        picture(page, "firefox zoom")
        is_empty(overlaps(page, [0, 3, 12, 16]))
    finally:
        page.zoom(1)


def test_forced_colours_in_firefox_mark_the_current_step(shown, picture):
    page = shown(compared(), hash="#step=12")
    page.prefer("browser.display.document_color_use", 2)
    try:
        page.wait_for_function("matchMedia('(forced-colors: active)').matches")
        ground = "getComputedStyle(document.querySelector('#steps button{}')).backgroundColor"
        current = page.evaluate(ground.format("[aria-current]"))
        assert current != page.evaluate(ground.format(":not([aria-current])"))
        picture(page, "firefox forced colours")
    finally:
        page.prefer("browser.display.document_color_use", 0)


def test_dark_text_in_firefox_has_enough_contrast(shown, picture):
    page = shown(cases.explore(cases.fused, compare=True, theme="dark"), hash="#step=15&view=3")
    picture(page, "firefox dark")
    assert low_contrast(page) == []


def test_sliders_in_firefox_update_all_numbers(shown):
    check_inputs(shown(cases.explore(cases.softmax_chain)))


def test_examples_in_firefox_are_shown_one_by_one(shown):
    check_examples(shown(cases.explore(cases.network)))


def test_hard_logits_in_firefox_break_only_the_graph(shown):
    check_hard(shown(compared()))


def sheets(pdf):
    """Return the number of sheets of a document, whose objects may be compressed."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S):
        with suppress(zlib.error):  # the last byte of a stream may look like the end of a line
            parts.append(zlib.decompressobj().decompress(stream))
    return sum(len(re.findall(rb"/Type\s*/Page\b", part)) for part in parts)


@pytest.mark.parametrize("name", ["softmax chain", "compared", "moons"])
def test_print_in_firefox_cuts_nothing(shown, picture, name):
    page = shown(cases.PAGES[name](), hash="#step=3")
    assert sheets(page.pdf()) in ((1, 2) if name == "softmax chain" else (1, 2, 3, 4))
    page.set_viewport_size({"width": 1062, "height": 720})  # A4, without its margins
    page.emulate_media("print")
    try:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        picture(page, f"firefox print {name}")
        is_empty(overlaps(page))
        assert not page.evaluate("document.querySelector('.tools').offsetHeight")
        top = "(s) => document.querySelector(s).getBoundingClientRect().top"
        assert page.evaluate(top, "#what") < page.evaluate(top, "#entry"), "next to the graph"
        page.evaluate("dispatchEvent(new Event('afterprint'))")
    finally:
        page.emulate_media("screen")


_SPOIL = """() => {
  const add = (kind, text) =>
    document.head.append(Object.assign(document.createElement(kind), { textContent: text }));
  add("style", ".scene { font-size: 9px }");
  add("script", "throw Error('broken')");
}"""


def test_faults_in_firefox_are_reported(shown):
    page = shown(compared(), hash="#step=12")
    assert overlaps(page) == []
    page.evaluate(_SPOIL)
    assert any("pixels" in fault for fault in overlaps(page))
    assert page.errors() == ["Error: broken"]
