"""Sliders exchange the numbers: another input, another step of a training run, one example."""

import numpy as np
import pytest

import autograd_mini as ag

from . import cases
from .page_reader import shows, state
from .test_steps import Expected, check

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite

LOGITS = [2.0, 1.0, 0.1]


def move(page, slider, to):
    """Drag a slider to one of its positions."""
    page.locator(f"#{slider}").fill(str(to))


def go(page, step):
    page.evaluate(f"location.hash = '#step={step}'")
    page.wait_for_function(
        f"document.querySelector('#position').textContent.includes('step {step} of')"
    )


def check_inputs(page):
    """Each input at both ends and beside the middle: all that is shown is the engine's."""
    for nth, value in enumerate(LOGITS):
        reach = max(2.0, abs(value))
        for position in (0, 9, 16):
            move(page, f"input-{nth}", position)
            tick = float(page.inner_text(f"#input-{nth} + output").replace("−", "-"))
            assert np.isclose(tick, value + reach * (position / 8 - 1))
            logits = [tick if i == nth else z for i, z in enumerate(LOGITS)]
            expected = Expected(lambda logits=logits: cases.softmax_chain(logits))
            for step in (4, 12, 15):
                go(page, step)
                check(page, expected, step - 1)
            loss = float(page.inner_text("#subtitle").split(" ")[2])
            assert np.isclose(loss, expected.trace.result.item(), atol=1e-4)


def test_an_input_moves_and_all_numbers_follow(opened):
    check_inputs(opened(cases.explore(cases.softmax_chain)))


def test_one_input_moves_at_a_time(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=15")
    before = state(page)
    move(page, "input-0", 3)
    move(page, "input-2", 5)
    assert page.input_value("#input-0") == "8", "the other goes back"
    move(page, "input-2", 8)
    assert state(page) == before


WEIGHTS = [[2.0, -1.0], [1.5, -0.25], [1.0, 0.5], [0.5, 0.125]]


def film():
    return ag.explore(frames=[cases.frame(w)[0] for w in WEIGHTS], names={})


def check_film(page):
    """Weights, activations and derivatives of each frame."""
    for at, weights in [*enumerate(WEIGHTS), (0, WEIGHTS[0])]:
        move(page, "film", at)
        assert page.inner_text("#film + output") == str(at + 1)
        result, _ = cases.frame(weights)
        expected = Expected(lambda result=result: (result, {}))
        for step in (1, expected.count - 2, expected.count):
            go(page, step)
            check(page, expected, step - 1)


def test_a_film_shows_each_step_of_the_training(opened):
    check_film(opened(film()))


def check_examples(page):
    """One row of what has a row for each example, and all of what has none."""
    result, names = cases.network()
    expected = Expected(lambda: (result, names))
    go(page, expected.count)
    whole = state(page)
    for example in (1, 3, 4):
        move(page, "example", example)
        cards = state(page)["cards"]
        for t, i in expected.index.items():
            row = example - 1 if t.ndim and len(t.data) == 4 else ...
            assert shows(cards[str(i)]["value"], t.data[row]), t
            if t in expected.trace.adjoints:
                assert shows(cards[str(i)]["gradient"], expected.trace.adjoints[t][row]), t
    move(page, "example", 0)
    assert state(page) == whole


def test_examples_of_a_batch_are_looked_at_one_by_one(opened):
    check_examples(opened(cases.explore(cases.network)))


def gradient_of_z(page):
    return next(c["gradient"] for c in state(page)["cards"].values() if c["label"].startswith("z,"))


def check_hard(page):
    page.click("#views button >> nth=0")
    page.keyboard.press("End")
    page.click("#hard")
    assert gradient_of_z(page) == ["nan", "nan", "nan"]
    assert "not finite" in page.inner_text("#verdict")
    page.click("#views button >> nth=1")
    assert gradient_of_z(page) == ["1", "−1", "0"]
    page.click("#hard")
    assert "agree" in page.inner_text("#verdict")


def test_hard_logits_break_the_chain_and_not_the_node(opened):
    check_hard(opened(cases.explore(cases.fused, compare=True)))


@pytest.mark.parametrize("story", [cases.hundred, cases.overflow])
def test_where_inputs_cannot_be_dragged_there_is_no_slider(opened, story):
    page = opened(cases.explore(story))
    large = story is cases.hundred
    assert page.locator("#controls input").count() == (0 if large else 3)
