"""Nothing overlaps or is cut off, from a phone to a wide screen."""

import numpy as np
import pytest

import autograd_mini as ag

from . import cases
from .page_reader import overlaps

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite

#: width and height of a window
SIZES = [(360, 740), (768, 1024), (1280, 900), (2560, 1440)]
MORE_SIZES = [(414, 896), (600, 960), (900, 700), (1024, 768), (1440, 900), (1920, 1080)]


def compared(**options):
    return cases.explore(cases.fused, compare=True, **options)


def recording():
    recorder = ag.Recorder()
    w = ag.tensor([2.0, -1.0], requires_grad=True, name="w")
    for _ in range(5):
        loss = ((w - 1.0) ** 2).sum()
        recorder.add(loss)
        w.grad = None
        loss.backward()
        w.data -= 0.2 * w.grad
    return ag.explore(frames=recorder)


PAGES = {
    "softmax chain": lambda: cases.explore(cases.softmax_chain),
    "compared": compared,
    "network": lambda: cases.explore(cases.network),
    "heat maps": lambda: cases.explore(cases.heat_maps),
    "overflow": lambda: cases.explore(cases.overflow),
    "recording": recording,
    "a hundred records": lambda: cases.explore(cases.hundred),
}


def faults(page, picture, name, sizes, steps, view=1):
    """Return what is misplaced at these sizes and steps, and where it was first seen."""
    found = {}
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        for step in steps:
            page.evaluate(f"location.hash = '#step={step}&view={view}'")
            page.wait_for_function(
                f"document.querySelector('#position').textContent.includes('step {step} of')"
            )
            for fault in overlaps(page):
                found.setdefault(fault, f"view {view}, {width} wide, step {step}")
        picture(page, f"{name} {view} {width}")
    return [f"{where}: {fault}" for fault, where in found.items()]


def is_empty(report):
    assert not report, "\n".join([f"{len(report)} things", *report[:12]])


@pytest.mark.parametrize("name", ["softmax chain", "network"])
def test_no_overlap_at_any_width(opened, picture, name):
    page = opened(PAGES[name]())
    count = len(PAGES[name]().data["tapes"][0]["steps"])
    is_empty(faults(page, picture, name, SIZES, [0, count // 2, count - 1]))


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_no_overlap_at_any_step(opened, picture, name):
    exploration, report = PAGES[name](), []
    for view, tab in enumerate(exploration.data["tabs"], 1):
        count = len(exploration.data["tapes"][tab["tapes"][0]]["steps"])
        page = opened(exploration, hash=f"#step=0&view={view}")
        steps = [*range(0, count - 1, max(1, count // 16)), count - 1]
        report += faults(page, picture, name, SIZES + MORE_SIZES, steps, view)
    is_empty(report)


@pytest.mark.parametrize("width", [360, 1280])
def test_page_scrolls_only_as_far_as_needed(opened, width):
    page = opened(cases.explore(cases.softmax_chain), width=width)
    page.mouse.wheel(500, 0)
    assert page.evaluate("scrollX") == 0
    frame = page.locator("#stage").bounding_box()
    now = page.locator(".card.now").bounding_box()
    assert now["x"] >= frame["x"], "the card of the step must be visible"
    assert now["x"] + now["width"] <= frame["x"] + frame["width"]


def test_large_card_is_shown_from_its_top(opened):
    scores = ag.tensor(np.arange(18.0).reshape(6, 3), requires_grad=True, name="scores")
    page = opened(
        ag.explore(ag.softmax_cross_entropy(scores, [0, 1, 2] * 2), compare=True),
        hash="#step=4",
        width=360,
        height=740,
    )
    frame = page.locator("#stage").bounding_box()
    now = page.locator("#stage .card.now").bounding_box()
    assert now["height"] > frame["height"], "the card must be larger than its window"
    assert now["y"] == pytest.approx(frame["y"], abs=2)


_SPOILT = {
    "the page is": "main { width: 3000px }",
    "panels": "#timeline { margin-top: -80px }",
    "cards": ".card { width: 400px !important }",
    "is wider than its cell": ".cell { font-size: 30px !important }",
    "the words of": ".card .op { position: relative; left: 300px }",
    "is cut": "#keys { width: 20px; overflow: hidden; white-space: nowrap }",
    "row": "#play { margin-right: -60px }",
    "leaves": "#what .badge { margin-left: 900px }",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", _SPOILT)
def test_misplaced_elements_are_reported(opened, kind):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=12")
    assert overlaps(page) == []
    page.add_style_tag(content=_SPOILT[kind])
    assert any(kind in fault for fault in overlaps(page))
