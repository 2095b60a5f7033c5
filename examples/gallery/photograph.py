"""Take a screenshot of the page of a tape: ``python examples/gallery/photograph.py``.

It needs playwright, and a Chromium: the one on the path, or playwright's own.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from make import softmax_chain
from playwright.sync_api import sync_playwright

import autograd_mini as ag

STEP = 14  # a backward step, which adds two contributions


def main(file: Path) -> None:
    result, names = softmax_chain()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        written = ag.explore(result, names=names, theme="light").save(Path(folder) / "page.html")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 860})
        page.goto(f"{written.as_uri()}#step={STEP}")
        page.wait_for_timeout(600)  # until the cards stop moving
        page.screenshot(path=file)
        browser.close()
    print(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "page.png")
