"""In a notebook the page is in a sandboxed frame that may only run its script."""

import pytest

from . import cases
from .checks import Expected, check_cards
from .page_reader import state

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite

REFUSED = {
    "storage": "localStorage.length",
    "the notebook": "parent.document.title",
    "the address of the notebook": "top.location.href",
    "cookies": "document.cookie",
    "another page in place of the notebook": "top.location = 'about:blank'",
}


@pytest.fixture
def notebook(opened, tmp_path):
    """Return a page and the frame inside it."""
    shown = cases.explore(cases.softmax_chain)._repr_html_()
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><html data-ready><title>Mine</title>{shown}", "utf-8")
    page = opened(path)
    frame = page.frames[1]
    frame.wait_for_selector("html[data-ready]", state="attached")
    return page, frame


def test_page_works_inside_a_frame(notebook):
    page, frame = notebook
    expected = Expected(cases.softmax_chain)
    frame.focus("#next")
    for step in range(expected.count):
        page.keyboard.press("ArrowRight")
        check_cards(state(frame), expected, step)
    frame.click("#theme")
    assert frame.get_attribute("html", "data-theme") == "dark"


def test_frame_cannot_reach_its_page(notebook, opened):
    page, frame = notebook
    assert frame.evaluate("origin") == "null"
    for what, code in REFUSED.items():
        tried = f"() => {{ try {{ return [{code}]; }} catch (e) {{ return e.name; }} }}"
        assert frame.evaluate(tried) == "SecurityError", what
    assert page.title() == "Mine"
    assert opened.said.pop().startswith("Unsafe attempt to initiate navigation")


def test_picture_remains_where_frames_are_removed(opened, tmp_path):
    shown = cases.explore(cases.softmax_chain)._repr_html_()
    start, end = shown.index("<iframe"), shown.index("</iframe>") + len("</iframe>")
    path = tmp_path / "stripped.html"
    path.write_text(f"<!doctype html><html data-ready>{shown[:start] + shown[end:]}", "utf-8")
    page = opened(path)
    page.click("summary")
    size = page.locator("details img").evaluate("i => [i.naturalWidth, i.naturalHeight]")
    assert min(size) > 100
