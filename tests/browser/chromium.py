"""Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


class Lacking(Exception):
    """An error that names what is missing and how to install it."""


@contextmanager
def launched() -> Iterator[Any]:
    """Start a headless browser."""
    program = shutil.which("chromium")
    if program is None:
        raise Lacking("no chromium on PATH (apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise Lacking("no playwright (pip install playwright)") from error
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        yield browser
        browser.close()


def idle_window(browser: Any) -> Any:
    """Return an empty window: one that was used before, if there is one. To open one is slow."""
    pages = (page for context in browser.contexts for page in context.pages)
    window = next((page for page in pages if page.url == "about:blank"), None) or browser.new_page()
    window.goto("about:blank")  # without the variables of an earlier test
    return window
