"""The page of ``ag.explore``: how long the browser takes to draw a step of a long tape.

From the key that is pressed until the frame is drawn, beside a frame in which nothing happens.
"""

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import autograd_mini as ag

from ..browser.chromium import Lacking, launched
from ..browser.stories import deep
from .measure import Row

RECORDS = 2_000
_MOST = 3.0  # frames: 50 milliseconds at 60 frames a second

#: milliseconds of an empty frame and of one with a step, over rounds in which they take turns
_TIMES = """async (rounds) => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  }));
  const frame = async (work) => {
    await drawn();
    const start = performance.now();
    work();
    await drawn();
    return performance.now() - start;
  };
  const step = () => document.body.dispatchEvent(
    new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  const times = { empty: [], step: [] };
  for (let i = 0; i < rounds; i++) {
    times.empty.push(await frame(() => {}));
    times.step.push(await frame(step));
  }
  return times;
}"""


def frames(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each frame, forward and backward."""
    result, names = deep(RECORDS)
    with TemporaryDirectory() as folder, launched() as browser:
        path = ag.explore(result, names=names).save(Path(folder) / "backprop.html")
        found: dict[str, list[float]] = {"empty": [], "step": []}
        for first in (1, RECORDS + RECORDS // 2):
            page = browser.new_page()
            page.goto(f"{path.as_uri()}#step={first}")
            page.wait_for_selector("html[data-ready]", state="attached")
            page.evaluate(_TIMES, 3)  # warm up
            for name, times in page.evaluate(_TIMES, rounds).items():
                found[name] += times
            page.close()
    return found


def rows(rounds: int = 40) -> list[Row]:
    try:
        times = frames(rounds)
    except Lacking as error:
        print(f"page: {error}, not measured", file=sys.stderr)
        return []
    ratio = median(times["step"]) / median(times["empty"])
    return [Row(f"a step of the page, {RECORDS:,} records", "empty frame", ratio, _MOST)]
