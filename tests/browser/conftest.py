"""A browser for the tests of the page: Debian's Chromium, driven by Playwright.

A developer without either gets a skip that names what is missing; in CI it is a failure.
What a page asks of the network, and what it says on the console, fails the test that opened it.
"""

import os
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import pytest

from .chromium import Lacking, launched

pytest.register_assert_rewrite("tests.browser.checks")  # as in test files: failures show values
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


@pytest.fixture(scope="package")
def idle(browser):
    """Windows that a test has left and the next goes on with, by their options.

    A window of its own takes longer to open than most tests take.
    """
    return defaultdict(list)


@pytest.fixture
def opened(browser, idle, tmp_path):
    """Opens an exploration, or a page that is already a file, in a window that nobody uses.

    With ``clock``, time stands still there until the test moves it.
    """
    windows, said, asked = [], [], []

    def heard(message):
        if message.type in ("error", "warning"):
            said.append(message.text)

    def failed(error):
        said.append(str(error))

    def open_in_window(
        exploration, hash="", width=1280, height=900, scheme="light", motion="no-preference",
        clock=False,
    ):  # fmt: skip
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

        options = (width, height, scheme, motion)
        page = idle[options].pop() if idle[options] and not clock else new_window(browser, *options)
        windows.append((page, None if clock else options))
        page.route("**/*", route)
        page.on("console", heard)
        page.on("pageerror", failed)
        page.goto(address + hash)
        page.wait_for_selector("html[data-ready]", state="attached")
        if clock:
            page.clock.install()
        return page

    open_in_window.said = said
    yield open_in_window
    for page, options in windows:
        if options is None:  # its clock is there to stay
            page.context.close()
            continue
        page.remove_listener("console", heard)
        page.remove_listener("pageerror", failed)
        as_new(page, *options)
        idle[options].append(page)
    assert said == [], "on the console"
    assert asked == [], "asked of the network"


def new_window(browser, width, height, scheme, motion):
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion=motion
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


def as_new(page, width, height, scheme, motion):
    """A window that shows nothing, as it was before a test changed its size or its preferences."""
    page.unroute_all()
    page.goto("about:blank")
    page.mouse.move(0, 0)
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(media="null", color_scheme=scheme, reduced_motion=motion)


@pytest.fixture
def picture(request):
    """Writes what a page looks like to a folder that git ignores, to be looked at."""

    def write(page, name):
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png")

    return write
