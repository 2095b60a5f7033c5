"""A browser for the tests of the page: Debian's Chromium, driven by Playwright.

A developer without either gets a skip that names what is missing; in CI it is a failure.
What a page asks of the network, and what it says on the console, fails the test that opened it.
"""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from .chromium import Lacking, launched

PICTURES = Path(__file__).parent / "pictures"


def lacking(what):
    """Skip, since something is not installed; CI never skips."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}: CI must have it, or the page is not tested")
    pytest.skip(f"{what}, which the tests in a browser need")


@pytest.fixture(scope="package")
def browser():
    """One Chromium for all tests here, and no longer.

    Playwright leaves an event loop running in this thread: tests elsewhere could start none.
    """
    with ExitStack() as stack:
        try:
            chromium = stack.enter_context(launched())
        except Lacking as error:
            lacking(str(error))
        yield chromium


@pytest.fixture
def opened(browser, tmp_path):
    """Opens an exploration, or a page that is already a file, in a window of its own."""
    windows, said, asked = [], [], []

    def open_in_window(
        exploration, hash="", width=1280, height=900, scheme="light", motion="no-preference"
    ):
        path = exploration if isinstance(exploration, Path) else tmp_path / "backprop.html"
        if path is not exploration:
            exploration.save(path)
        address = path.as_uri()

        def route(request_route):
            url = request_route.request.url
            if url.split("#")[0] == address:
                request_route.continue_()
            else:
                asked.append(url)
                request_route.abort()

        window = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion=motion,
        )
        windows.append(window)
        window.route("**/*", route)
        page = window.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else 0)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address + hash)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    open_in_window.said = said
    yield open_in_window
    for window in windows:
        window.close()
    assert said == [], "on the console"
    assert asked == [], "asked of the network"


@pytest.fixture
def picture(request):
    """Writes what a page looks like to a folder that git ignores, to be looked at."""

    def write(page, name):
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png")

    return write
