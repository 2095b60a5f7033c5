"""A browser for the tests of the page: Debian's Chromium, driven by Playwright.

If either is missing, the tests are skipped, or fail in CI. A test also fails if its page requests
anything from the network or writes an error or a warning to the console.
"""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from .chromium import Lacking, idle_window, launched

pytest.register_assert_rewrite("tests.browser.checks")  # as in test files: failures show values
PICTURES = Path(__file__).parent / "pictures"


def lacking(what):
    """Skip because something is not installed; fail in CI."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}: CI must have it, or the page is not tested")
    pytest.skip(f"{what}, which the tests in a browser need")


@pytest.fixture(scope="package")
def browser():
    """Return one Chromium for all tests of this package.

    It is closed afterwards, because other tests cannot start an event loop while Playwright's runs.
    """
    with ExitStack() as stack:
        try:
            chromium = stack.enter_context(launched())
        except Lacking as error:
            lacking(str(error))
        yield chromium


@pytest.fixture
def opened(browser, tmp_path):
    """Return a function that opens an exploration, or a file, in an idle window.

    With ``clock``, time stops until the test advances it.
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

        page = browser.new_context().new_page() if clock else idle_window(browser)
        windows.append((page, clock))
        page.set_default_timeout(15_000)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(media="null", color_scheme=scheme, reduced_motion=motion)
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
    for page, clock in windows:
        if clock:  # it is there to stay
            page.context.close()
            continue
        page.remove_listener("console", heard)
        page.remove_listener("pageerror", failed)
        page.unroute_all()
        page.mouse.move(0, 0)
        page.goto("about:blank")
    assert said == [], "on the console"
    assert asked == [], "asked of the network"


@pytest.fixture
def picture(request):
    """Return a function that saves a screenshot to a folder that git ignores."""

    def write(page, name):
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png")

    return write
