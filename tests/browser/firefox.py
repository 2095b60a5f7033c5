"""Firefox, driven by Marionette, the protocol that is built into it.

No driver has to be installed. A message is a list in JSON, after its length and a colon.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

from .chromium import Lacking

_PATIENCE = 60.0  # seconds until something must have happened
_KEYS = {"Home": "\ue011", "End": "\ue010", "ArrowLeft": "\ue012", "ArrowRight": "\ue014"}
#: an empty page at the start, and no requests to a network
_PREFERENCES = {
    "marionette.port": 0,
    "browser.startup.page": 0,
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
_ERRORS = """
const found = Services.console.getMessageArray().filter((m) => m instanceof Ci.nsIScriptError
  && m.sourceName.startsWith("file:") && !(m.flags & Ci.nsIScriptError.warningFlag));
Services.console.reset();
return found.map((m) => m.errorMessage);
"""
_RESIZE = """
const { style } = gBrowser.selectedBrowser;
for (const [name, pixels] of Object.entries(arguments[0]))
  for (const end of ["min", "max"]) style.setProperty(`${end}-${name}`, `${pixels}px`);
"""
_FILL = """({ selector, value }) => {
  const input = document.querySelector(selector);
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}"""


@contextmanager
def launched(folder: Path) -> Iterator["Page"]:
    """Start a headless browser, whose profile is in `folder`, and return its only page."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        raise Lacking("no firefox on PATH (apt-get install firefox-esr)")
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in _PREFERENCES.items()]
    (folder / "user.js").write_text("".join(lines), "utf-8")
    arguments = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access"]
    process = subprocess.Popen(
        [program, *arguments, "--profile", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
    )
    try:
        connection = socket.create_connection(("127.0.0.1", _port(folder)), _PATIENCE)
        with connection, connection.makefile("rb") as answers:
            page = Page(connection, answers)
            yield page
            page.send("Marionette:Quit")
        process.wait(_PATIENCE)
    finally:
        process.kill()
        process.wait()


def _port(folder: Path) -> int:
    """Return the port that Firefox has chosen."""
    file, end = folder / "MarionetteActivePort", time.monotonic() + _PATIENCE
    while not file.exists() or not file.read_text("utf-8"):
        if time.monotonic() > end:
            raise TimeoutError("Firefox has not started")
        time.sleep(0.05)
    return int(file.read_text("utf-8"))


class Page:
    """A page with those methods of Playwright's that the checks use."""

    def __init__(self, connection: socket.socket, answers: BinaryIO) -> None:
        self._connection = connection
        self._answers = answers
        self._sent = 0
        self.keyboard = SimpleNamespace(press=self._press)
        self._read()
        self.send("WebDriver:NewSession", capabilities={})

    # ---- the protocol ----------------------------------------------------------------------------

    def _read(self) -> Any:
        length = b""
        while (byte := self._answers.read(1)) != b":":
            length += byte
        return json.loads(self._answers.read(int(length)))

    def send(self, command: str, **parameters: Any) -> Any:
        """Send a command, and return its result."""
        self._sent += 1
        message = json.dumps([0, self._sent, command, parameters]).encode()
        self._connection.sendall(b"%d:%s" % (len(message), message))
        _, number, error, result = self._read()
        assert number == self._sent
        assert error is None, error
        return result

    def _in_browser(self, script: str, *arguments: Any) -> Any:
        """Run a script in the window of the browser, around the page."""
        self.send("Marionette:SetContext", value="chrome")
        try:
            return self.send("WebDriver:ExecuteScript", script=script, args=arguments)["value"]
        finally:
            self.send("Marionette:SetContext", value="content")

    # ---- the window ------------------------------------------------------------------------------

    def goto(self, address: str) -> None:
        """Open a page of `ag.explore`, and wait until it is ready."""
        self.send("WebDriver:Navigate", url="about:blank")
        self.send("WebDriver:Navigate", url=address)
        self.wait_for_function("document.documentElement.dataset.ready === ''")

    def set_viewport_size(self, size: dict[str, int]) -> None:
        self._in_browser(_RESIZE, size)
        self.wait_for_function(f"innerWidth === {size['width']}")
        self.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    def zoom(self, factor: float) -> None:
        """Zoom as the reader does, so that the page has fewer and larger pixels."""
        self._in_browser("ZoomManager.zoom = arguments[0]", factor)
        self.wait_for_function(f"devicePixelRatio === {factor}")

    def prefer(self, name: str, value: int) -> None:
        """Set a preference of the browser."""
        self._in_browser("Services.prefs.setIntPref(...arguments)", name, value)

    def emulate_media(self, media: str) -> None:
        """Show the page as on "screen" or in "print"."""
        override = "" if media == "screen" else media
        self._in_browser(
            "gBrowser.selectedBrowser.browsingContext.mediumOverride = arguments[0]", override
        )
        self.wait_for_function(f"matchMedia('{media}').matches")

    def pdf(self) -> bytes:
        """Print the page on A4 paper, and return the sheets."""
        paper = {"width": 21.0, "height": 29.7}  # in centimetres
        how = {"orientation": "landscape", "background": True, "page": paper}
        return b64decode(self.send("WebDriver:Print", **how)["value"])

    def errors(self) -> list[str]:
        """Return the errors of pages since the last call."""
        found: list[str] = self._in_browser(_ERRORS)
        return found

    def screenshot(self, path: Path) -> None:
        picture = self.send("WebDriver:TakeScreenshot", full=False)["value"]
        path.write_bytes(b64decode(picture))

    # ---- the page --------------------------------------------------------------------------------

    def evaluate(self, script: str, argument: Any = None) -> Any:
        """Return the value of an expression, or the result of a function of one argument."""
        script = re.sub(r"\A(\s*//.*\n)+", "", script).strip().removesuffix(";")
        wrapped = (
            f"const value = (\n{script}\n), [argument, done] = arguments;\n"
            'Promise.resolve(typeof value === "function" ? value(argument) : value)'
            ".then(done, (error) => done({ error: `${error}` }));"
        )
        found = self.send("WebDriver:ExecuteAsyncScript", script=wrapped, args=[argument])["value"]
        assert not (isinstance(found, dict) and "error" in found), found
        return found

    def wait_for_function(self, expression: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < end, expression
            time.sleep(0.02)

    def fill(self, selector: str, value: str) -> None:
        self.evaluate(_FILL, {"selector": selector, "value": value})

    def inner_text(self, selector: str) -> Any:
        return self.evaluate("(s) => document.querySelector(s).innerText", selector)

    def click(self, selector: str) -> None:
        find = {"using": "css selector", "value": selector}
        (element,) = self.send("WebDriver:FindElement", **find)["value"].values()
        self.send("WebDriver:ElementClick", id=element)

    def _press(self, key: str) -> None:
        actions = [{"type": kind, "value": _KEYS.get(key, key)} for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self.send("WebDriver:PerformActions", actions=[keyboard])
