"""Sliders select the numbers: of an input, of a training step, of one example."""

import pytest

from . import cases
from .checks import check_examples, check_hard, check_inputs, check_recording, move, recording
from .page_reader import state

pytestmark = pytest.mark.slow  # `test_steps`, `test_keys` and others are in the default suite


def test_input_slider_updates_all_numbers(opened):
    check_inputs(opened(cases.explore(cases.softmax_chain)))


def test_reset_restores_every_number(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=15")
    before = state(page)
    assert page.is_disabled("#reset")
    move(page, "input-0", 3)
    move(page, "input-2", -1)
    assert state(page) != before
    page.click("#reset")
    assert page.input_value("#input-0") == "2"
    page.wait_for_timeout(150)  # until the numbers rest
    assert state(page) == before


def test_recording_shows_each_training_step(opened):
    check_recording(opened(recording()))


def test_examples_of_a_batch_are_shown_one_by_one(opened):
    check_examples(opened(cases.explore(cases.network)))


def test_cards_that_wait_follow_the_chosen_example(opened):
    page = opened(cases.explore(cases.network))
    for example, cells in ((1, 5), (0, 20)):
        move(page, "example", example)
        assert page.locator("#stage .card[data-node='6'] .block.value .cell").count() == cells


def test_hard_logits_break_the_graph_but_not_the_node(opened):
    check_hard(opened(cases.explore(cases.fused, compare=True)))


def test_many_inputs_have_no_sliders(opened):
    page = opened(cases.explore(cases.network))
    assert page.locator("#controls input").count() == 1, "only that of the examples"
    assert page.is_visible("#reset")
