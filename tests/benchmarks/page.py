"""Time the page of ``ag.explore``: writing it, opening it, drawing a step, a slider, and training.

A step is timed from the key press until the frame is drawn, and compared with an idle frame. A move
of a slider is timed from its event until the script has updated everything. Its row "all work" also
has style, layout and painting: the time in which the page's thread is busy. A page is open when it
has been drawn for the first time, in a browser that is running.
"""

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np

import autograd_mini as ag
from autograd_mini import data, nn

from ..browser.cases import deep, softmax_chain
from ..browser.chromium import Lacking, launched
from ..browser.inside import with_inside
from ..browser.programs import milliseconds
from .measure import Row

RECORDS = 2_000
_MOST = 3.0  # frames: 50 milliseconds at 60 frames a second
#: records -> seconds in which such a page is to be written, and to open
_SECONDS = {2_000: (1.5, 0.5), 20_000: (8.0, 10.0)}
_READY = "html[data-ready]"

#: promises the milliseconds from the start of the navigation until the page is ready and drawn
_OPENED = """window.opened = new Promise((done) => {
  new MutationObserver((_, observer) => {
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now())));
  }).observe(document, { attributeFilter: ["data-ready"], subtree: true });
});"""

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


def rows(rounds: int = 40) -> list[Row]:
    try:
        with TemporaryDirectory() as folder, launched() as browser:
            return [
                *_whole(browser, Path(folder), rounds),
                _step(browser, Path(folder), rounds),
                _program(browser, rounds),
                *_slider(browser, Path(folder), rounds),
                *_training(browser, Path(folder), rounds),
            ]
    except Lacking as error:
        print(f"page: {error}, not measured", file=sys.stderr)
        return []


def _whole(browser: Any, folder: Path, rounds: int) -> list[Row]:
    """Return the seconds that pages take to be written and to open."""
    _open(browser, ag.explore(softmax_chain()[0]).save(folder / "first.html"))  # warm up
    found = []
    for records, (to_write, to_open) in _SECONDS.items():
        result, names = deep(records)
        path = folder / f"{records}.html"
        start = process_time()  # of the processor: nothing here waits
        ag.explore(result, names=names).save(path)
        took = process_time() - start
        found.append(Row(f"a page of {records:,} records is written", "one second", took, to_write))
        times = [_open(browser, path) for _ in range(min(rounds, 5))]
        found.append(
            Row(f"a page of {records:,} records opens", "one second", median(times), to_open)
        )
    return found


def _open(browser: Any, path: Path) -> float:
    """Return the seconds until a page is drawn, as the page itself measures them."""
    page = browser.new_page()
    page.add_init_script(_OPENED)
    page.goto(path.as_uri())
    milliseconds: float = page.evaluate("opened")
    page.close()
    return milliseconds / 1e3


def _wide_tape() -> tuple[ag.Tensor, str]:
    """Return the result of about 500 nodes with 100,000 numbers, and this size in words.

    All of them depend on a leaf with one entry, which the page gives a slider.
    """
    rng = np.random.default_rng(0)
    x, layers = rng.normal(size=(20, 10)), rng.normal(size=(124, 10, 10)) / 3
    y = ag.tensor(1.0, requires_grad=True, name="gain") * x
    for weights in layers:
        y = np.maximum(y @ ag.tensor(weights, requires_grad=True), 0.1 * y) + x
    loss = ag.softmax_cross_entropy(y, np.arange(20) % 10)
    sizes = [t.size for t in loss.tape() if not t.is_leaf]
    assert len(sizes) == 498
    return loss, f"{len(sizes)} nodes, {sum(sizes):,} numbers"


def _program(browser: Any, rounds: int) -> Row:
    """Return the time in which a page computes all numbers of a tape, forward and backward."""
    loss, size = _wide_tape()
    text = ag.source(loss, language="javascript")
    times = milliseconds(browser, text, text.arguments.values(), rounds)
    return Row(f"a program of {size}", "frame of 16 ms", median(times) / 16, 1.0)


#: milliseconds from the event of a slider until the script is done
_MOVES = """async (rounds) => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  }));
  const slider = document.querySelector("#controls input");
  const times = [];
  for (let i = 0; i < rounds; i++) {
    slider.value = 1 + (i % 20) / 20;
    await drawn();
    const start = performance.now();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    times.push(performance.now() - start);
    await drawn();
  }
  return times;
}"""


def _slider(browser: Any, folder: Path, rounds: int) -> list[Row]:
    """Return the times of a move of a slider, after which all numbers have changed."""
    loss, size = _wide_tape()
    page = browser.new_page()
    page.goto(f"{ag.explore(loss).save(folder / 'slider.html').as_uri()}#step=1e9")
    page.wait_for_selector(_READY, state="attached")
    page.evaluate(_MOVES, 10)  # warm up
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # of the processor
    before = _busy_seconds(session)
    script = median(page.evaluate(_MOVES, rounds))
    work = (_busy_seconds(session) - before) / rounds * 1e3
    page.close()
    return [
        Row(f"a slider moves: {what}, {size}", "frame of 16 ms", took / 16, 1.0)
        for what, took in (("the script", script), ("all work", work))
    ]


def _busy_seconds(session: Any) -> float:
    """Return how long the main thread of a page has been busy."""
    found = session.send("Performance.getMetrics")["metrics"]
    return next(x["value"] for x in found if x["name"] == "TaskDuration")


def _step(browser: Any, folder: Path, rounds: int) -> Row:
    """Return the time of a frame that draws a step, forward and backward."""
    times: dict[str, list[float]] = {"empty": [], "step": []}
    for first in (1, RECORDS + RECORDS // 2):
        page = browser.new_page()
        page.goto(f"{(folder / f'{RECORDS}.html').as_uri()}#step={first}")
        page.wait_for_selector(_READY, state="attached")
        page.evaluate(_TIMES, 3)  # warm up
        for name, found in page.evaluate(_TIMES, rounds).items():
            times[name] += found
        position = page.inner_text("#position").replace(",", "")
        assert f"step {first + 3 + rounds} of" in position, "each key went one step on"
        page.close()
    ratio = median(times["step"]) / median(times["empty"])
    return Row(f"a step of the page, {RECORDS:,} records", "empty frame", ratio, _MOST)


#: milliseconds of each training step: the update, then the forward and the backward pass
_STEPS = """(rounds) => Array.from({ length: rounds }, () => {
  const start = performance.now();
  for (let i = 0; i < 10; i++) inside.sgd.step();
  return (performance.now() - start) / 10;
})"""


def _training(browser: Any, folder: Path, rounds: int) -> list[Row]:
    """Return the time of a training step of a network for two moons."""
    found = []
    for points in (100, 200):
        x, labels = data.moons(points, rng=0)
        loss = ag.softmax_cross_entropy(nn.MLP([2, 16, 16, 2], rng=1)(x), labels)
        path = folder / "training.html"
        path.write_text(with_inside(ag.explore(loss)), "utf-8")
        page = browser.new_page()
        page.goto(path.as_uri())
        page.wait_for_selector(_READY, state="attached")
        page.evaluate(_STEPS, 5)  # warm up
        took = median(page.evaluate(_STEPS, rounds))
        page.close()
        found.append(Row(f"a training step in the page, {points} points", "one ms", took, 2.0))
    return found
