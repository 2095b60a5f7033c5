"""Pages of long tapes open, and all their steps can be reached."""

import numpy as np
import pytest

import autograd_mini as ag

from . import cases
from .page_reader import low_contrast


@pytest.mark.slow
@pytest.mark.parametrize("records", [2_000, 10_000])
def test_long_tape_opens_folded(opened, picture, tmp_path, records):
    result, names = cases.deep(records)
    assert sum(t.op is not None for t in result.tape()) == records
    path = ag.explore(result, names=names).save(tmp_path / "long.html")
    assert path.stat().st_size < 2_000_000
    page = opened(path)
    assert low_contrast(page) == []
    picture(page, f"{records} records")
    assert 1 < page.locator(".card").count() <= 60
    page.keyboard.press("End")
    assert f"step {2 * records + 2} of" in page.inner_text("#position").replace(",", "")


@pytest.mark.slow
def test_group_opens_and_closes(opened, picture):
    page = opened(cases.explore(cases.thousand))
    before = page.locator(".card").count()
    stack = page.locator(".card.stack").first
    title = stack.locator(".op").inner_text()
    stack.locator(".cover").focus()
    page.keyboard.press("Enter")
    picture(page, "group open")
    assert page.locator(".card .op").first.inner_text() != title
    if page.is_visible("#up"):
        page.keyboard.press("Escape")
    else:
        page.locator("button.box-title").first.click()
    assert page.locator(".card").count() == before


@pytest.mark.slow
def test_the_slider_steps_and_find_counts(opened):
    page = opened(cases.explore(cases.thousand))
    page.focus("#slider")
    page.keyboard.press("End")
    assert "step 2002 of 2002" in page.inner_text("#position")
    page.focus("#find")
    assert page.locator("#found option").count() == 1001


@pytest.mark.slow
def test_step_with_many_arguments_names_a_few(opened):
    leaves = [ag.tensor([float(i)], requires_grad=True, name=f"w{i}") for i in range(300)]
    page = opened(ag.explore(np.concatenate(leaves).sum()), hash="#step=5")
    assert page.inner_text("#what .badge") == "backward · v300 → w0, w1, w2, …, w299"
    assert page.locator("#numbers .gift").count() == 6
    assert "and 294 more" in page.inner_text("#numbers")
