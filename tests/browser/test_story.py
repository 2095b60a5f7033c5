"""The page leads: step 0, questions, and an ending whose lines light their cards."""

import numpy as np
import pytest

import autograd_mini as ag

from . import cases
from .checks import move
from .page_reader import numbers, state

ANSWERS = {
    "where does ŷ - y come from": ("#what", ["cancels", "prediction minus truth"]),
    "why do two contributions add": ("#what", ["used twice", "contributions are added"]),
    "why is a batch divided by N": ("#ledger", ["mean of N losses", "1/N"]),
    "when is ŷ - y wrong": ("#ledger", ["Σy = 1", "Otherwise it is wrong"]),
}


@pytest.fixture
def page(opened):
    return opened(cases.explore(cases.softmax_chain))


def plain(text):
    return " ".join(text.split())


def column(page, nth):
    return numbers([row.split("\t")[nth].strip() for row in table(page)])


def table(page):
    return page.locator(".ending tbody tr").all_inner_texts()


def lit(page):
    return page.eval_on_selector_all(".card.spoken", "cs => cs.map((c) => +c.dataset.node)")


def test_page_opens_with_nothing_computed(page):
    shown = state(page)
    assert page.evaluate("location.hash").startswith("#step=0")
    assert "step 0 of 16" in shown["position"]
    computed = [c["label"] for c in shown["cards"].values() if "not computed" not in c["label"]]
    assert [label.split(",")[0] for label in computed] == ["z", "y"]
    assert all(set(c["gradient"] or "·") == {"·"} for c in shown["cards"].values())
    assert "Three logits; the true class is 1. Press\u00a0→" in shown["lead"]
    assert shown["lead"].strip() in shown["live"]


@pytest.mark.slow
def test_start_button_and_question_lead_to_the_next_step(page):
    page.click("#what button")
    assert "step 1 of" in page.inner_text("#position")
    for _ in range(20):
        if page.locator(".predict").count():
            break
        page.keyboard.press("ArrowRight")
    question = page.inner_text(".predict")
    assert question.startswith("Predict: ")
    page.click(".predict button")
    assert "step 8 of" in page.inner_text("#position")
    assert question not in page.inner_text("#what")


@pytest.mark.slow
def test_ending_answers_the_questions_of_the_story(page):
    page.keyboard.press("End")
    for question, (where, words) in ANSWERS.items():
        text = plain(page.inner_text(where))
        assert all(word in text for word in words), question
    p = ag.softmax(np.array([2.0, 1.0, 0.1]))
    assert np.allclose(column(page, 3), p - [0, 1, 0], atol=6e-5)
    assert np.array_equal(column(page, 4), column(page, 3))


@pytest.mark.slow
def test_ending_follows_a_slider(page):
    page.keyboard.press("End")
    move(page, "input-0", 12)
    z = float(page.inner_text("#input-0 + output"))
    p = ag.softmax(np.array([z, 1.0, 0.1]))
    assert np.allclose(column(page, 1), p, atol=6e-5)
    assert np.allclose(column(page, 4), p - [0, 1, 0], atol=6e-5)


@pytest.mark.slow
def test_line_of_algebra_lights_its_cards(page):
    page.keyboard.press("End")
    nodes = {c["label"].split(",")[0]: int(i) for i, c in state(page)["cards"].items()}
    line = page.locator(".algebra li").nth(1)
    line.hover()
    assert set(lit(page)) == {nodes["e"], nodes["s"], nodes["ŷ"]}
    page.mouse.move(0, 0)
    assert lit(page) == []
    line.focus()
    assert len(lit(page)) == 3


@pytest.mark.slow
def test_text_of_each_step_fits_a_small_window(opened):
    page = opened(cases.explore(cases.softmax_chain), width=1280, height=720)
    for _ in range(17):
        hidden = page.evaluate("what.scrollHeight - what.clientHeight")
        assert hidden <= 1, page.inner_text("#position")
        page.keyboard.press("ArrowRight")
