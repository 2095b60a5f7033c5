"""Nothing overlaps or is cut off, from a phone to a wide screen."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import data, nn

from . import cases
from .checks import SIZES, faults, is_empty
from .page_reader import overlaps

FEW_SIZES = SIZES[0], SIZES[2]


def test_page_has_no_faults_at_two_widths(opened):
    page = opened(cases.explore(cases.softmax_chain))
    for (width, height), steps in zip(FEW_SIZES, ([0, 12], [4, 16])):
        page.set_viewport_size({"width": width, "height": height})
        is_empty(overlaps(page, steps))


@pytest.mark.slow
@pytest.mark.parametrize("name", cases.PAGES)
def test_no_overlap_at_any_step(opened, picture, name):
    exploration, report = cases.PAGES[name](), []
    for view, tab in enumerate(exploration.data["tabs"], 1):
        count = len(exploration.data["tapes"][tab["tapes"][0]]["steps"])
        page = opened(exploration, hash=f"#step=0&view={view}")
        report += faults(page, picture, name, SIZES, count, view)
    is_empty(report)


@pytest.mark.slow
def test_single_examples_fit_into_their_cards(opened):
    """The cards are as large as the heat maps of all examples, and as the numbers of each."""
    page = opened(cases.explore(cases.batch, compare=True))
    page.keyboard.press("End")
    for example in ("1", "4"):
        page.get_by_label("example").fill(example)
        assert page.locator("#stage .cell").count() > 20
        is_empty(overlaps(page))


@pytest.mark.slow
def test_sums_of_some_contributions_fit_into_their_cards(opened):
    """They may need more digits than the whole gradient."""
    x = ag.tensor(np.ones((2, 4)), requires_grad=True, name="x")
    last = x * 2.0  # the backward pass goes from the newest node to the oldest
    page = opened(ag.explore((last + x * -0.0012345).sum()))
    for step in range(len(page.locator("#steps button").all())):
        page.evaluate(f"location.hash = '#step={step}'")
        is_empty(overlaps(page, [step]))


@pytest.mark.slow
def test_numbers_of_later_frames_fit_into_their_cards(opened):
    """They have more digits than those of the first frame."""
    w = ag.tensor(np.ones((2, 4)), requires_grad=True, name="w")
    recorder = ag.Recorder()
    for k in range(4):
        recorder.add(((w * 10.0**-k) ** 2).sum())
        w.data -= 0.0012345
    page = opened(ag.explore(frames=recorder), hash="#step=3")
    for frame in range(4):
        page.fill("#recording", str(frame))
        is_empty(overlaps(page))


@pytest.mark.slow
def test_small_gradients_of_a_trained_page_fit_into_their_cards(opened):
    x, labels = data.moons(20, rng=0)
    loss = ag.softmax_cross_entropy(nn.MLP([2, 4, 2], rng=0)(x), labels)
    page = opened(ag.explore(loss), hash="#step=9&fold=0")
    page.click("#train-run")
    page.wait_for_function(
        "() => /step [1-9][0-9][0-9]/.test(document.querySelector('#train-state').innerText)"
    )
    page.wait_for_selector(".card .cell:text-matches('e−[0-9]')")
    page.click("#train-run")
    is_empty(overlaps(page))


@pytest.mark.slow
def test_empty_arrays_and_long_names_are_shown(opened):
    """The cell of an empty array cannot be changed."""
    x = ag.tensor(np.zeros((0, 3)), requires_grad=True, name="x")
    w = ag.tensor(np.ones((3, 2)), requires_grad=True, name="w" * 60)
    page = opened(ag.explore((x @ w).sum() + (w * 2.0).sum()), width=390, height=844)
    assert page.locator("#stage .editable").count() == w.size
    for step in (1, 3):
        page.evaluate(f"location.hash = '#step={step}'")
        page.wait_for_function(
            f"document.querySelector('#position').innerText.includes('step {step}')"
        )
        assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.slow
def test_statistics_fit_after_a_change(opened):
    """All entries become 0: a heat map gets another line, and means become rounding errors."""
    rng = np.random.default_rng(0)
    w = ag.tensor(rng.normal(size=(12, 10)), requires_grad=True, name="w")
    scale = ag.tensor(1.0, requires_grad=True, name="scale")
    page = opened(ag.explore((((w - w.mean(axis=0)) * scale) ** 2).sum()))
    page.keyboard.press("End")
    for value in ("1.5", "-0.5", "0"):
        page.fill("#input-0", value)
        is_empty(overlaps(page))


@pytest.mark.slow
def test_paper_shows_the_step_at_a_readable_size(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=12", width=1040, height=700)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    is_empty(overlaps(page))
    stage, sentence = (page.locator(part).bounding_box() for part in ("#stage", "#what"))
    assert stage["y"] < sentence["y"] + sentence["height"], "next to one another"
    assert sentence["x"] + sentence["width"] <= stage["x"]
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator("#stage").get_attribute("style") == ""


@pytest.mark.slow
def test_forced_colours_mark_the_current_step(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=12")
    page.emulate_media(forced_colors="active")

    def style(selector, name):
        return page.evaluate(
            "([s, name]) => getComputedStyle(document.querySelector(s))[name]", [selector, name]
        )

    others = "#steps button:not([aria-current])"
    assert style("#steps [aria-current]", "backgroundColor") != style(others, "backgroundColor")
    assert style(".card.now", "outlineStyle") == "solid"
    assert style(".card:not(.now)", "outlineStyle") == "none"
    assert style(".way.now", "stroke") != style(".way:not(.now)", "stroke")
    page.emulate_media(forced_colors="none")


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_page_scrolls_only_as_far_as_needed(opened, width):
    page = opened(cases.explore(cases.softmax_chain), width=width)
    page.mouse.wheel(500, 0)
    assert page.evaluate("scrollX") == 0
    frame = page.locator("#stage").bounding_box()
    now = page.locator(".card.now").first.bounding_box()
    assert now["x"] >= frame["x"], "the card of the step must be visible"
    assert now["x"] + now["width"] <= frame["x"] + frame["width"]


@pytest.mark.slow
def test_large_card_is_shown_from_its_top(opened):
    scores = ag.tensor(np.arange(24.0).reshape(8, 3), requires_grad=True, name="scores")
    page = opened(
        ag.explore(ag.softmax_cross_entropy(scores, [0, 1, 2, 0] * 2), compare=True),
        hash="#step=4",
        width=360,
        height=500,
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
    "pixels": ".scene { font-size: 9px }",
    "leaves": "#what .badge { margin-left: 900px }",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", _SPOILT)
def test_misplaced_elements_are_reported(opened, kind):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=12")
    assert overlaps(page) == []
    page.add_style_tag(content=_SPOILT[kind])
    assert any(kind in fault for fault in overlaps(page))
