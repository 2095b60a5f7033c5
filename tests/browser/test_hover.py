"""A number that is pointed at lights the numbers it was computed from, and is written out."""

import re

import numpy as np
import pytest

import autograd_mini as ag

from . import cases
from .checks import go, move
from .page_reader import low_contrast

NUMBER = re.compile(r"[−-]?\d+(?:\.\d+)?(?:e[−+-]?\d+)?")


def product():
    """Return a loss of a small matrix product with a bias, and then its parts put together."""
    x = ag.tensor([[0.5, 1.0], [-2.0, 0.25]], requires_grad=True, name="x_train")
    w = ag.tensor([[0.5, 0.2, 1.0], [3.0, -0.3, 0.125]], requires_grad=True, name="W_q")
    h = x @ w + ag.tensor([1.0, 2.0, 4.0], requires_grad=True, name="b")
    m = h.mean(axis=0)
    return cases.named((np.concatenate([m, h[1]]) ** 2).sum(), h=h, m=m)


@pytest.fixture
def page(opened):
    return opened(cases.explore(product), hash="#step=1")


def node(page, name):
    return page.locator(".card").filter(has=page.locator(".name", has_text=name)).first


def cell(place, kind, entry):
    return place.locator(f".{kind} [data-entry='{entry}']")


def lit(place, kind="use"):
    """Return the lit cells of the inspector or of a card, as texts."""
    return place.locator(f".cell.{kind}").all_text_contents()


def written(page):
    return page.inner_text("#entry-line")


def holds(equation):
    """Return whether all sides of an equation with numbers are equal."""
    _, *sides = re.sub(r"\[[\d,]*\]", "", equation).split(" = ")
    values = [
        eval(side.replace("−", "-").replace("·", "*").replace("÷", "/").replace("×", "*"))
        for side in sides
        if not re.search("[a-zA-Z∂]", side)
    ]
    return len(values) > 1 and np.allclose(values, values[0], rtol=2e-3, atol=2e-3)


def test_hover_on_a_product_lights_its_row_and_column(page):
    page.hover(".of-corner [data-entry='1']")
    assert lit(page.locator(".of-left")) == ["0.5000", "1.0000"]
    assert lit(page.locator(".of-top")) == ["0.2000", "−0.3000"]
    assert lit(node(page, "W_q")) == ["0.2000", "−0.3000"], "in the graph too"
    text = written(page)
    assert text.endswith("= 0.5000·0.2000 + 1.0000·(−0.3000) = −0.2000")
    assert text.split(" = ")[0].endswith("[0,1]")
    page.mouse.move(2, 2)
    assert written(page) == ""
    assert page.locator("main :is(.use, .spot)").count() == 0


@pytest.mark.slow
def test_hover_in_the_graph_lights_the_inspector(page):
    cell(page.locator(".card.now"), "value", 4).hover()
    assert lit(page.locator("#numbers"), "spot") == lit(page.locator(".card.now"), "spot")
    assert holds(written(page))


@pytest.mark.slow
def test_products_line_up(page):
    """A row of the result is at the height of its row, and a column below its column."""

    def box(selector, entry):
        return page.locator(f"{selector} [data-entry='{entry}']").first.bounding_box()

    for entry in range(6):
        at = box(".of-corner", entry)
        row, column = divmod(entry, 3)
        assert at["y"] == pytest.approx(box(".of-left", 2 * row)["y"], abs=1)
        assert at["x"] == pytest.approx(box(".of-top", column)["x"], abs=1)


@pytest.mark.slow
def test_wide_product_shows_squares_that_fit(opened):
    page = opened(cases.explore(cases.attention), hash="#step=5")
    product = page.locator(".product.squares")
    assert product.evaluate("(e) => e.scrollWidth <= e.clientWidth")
    product.locator(".of-corner [data-entry='1']").hover()
    assert (len(lit(page.locator(".of-left"))), len(lit(page.locator(".of-top")))) == (8, 8)
    assert holds(written(page))


@pytest.mark.slow
def test_backward_product_is_drawn_transposed(page):
    step = next(
        i
        for i, s in enumerate(cases.explore(product).data["tapes"][0]["steps"])
        if s["phase"] == "backward" and "W_q" in s["way"]
    )
    go(page, step)
    for nth, entry in ((0, 1), (1, 5)):
        place = page.locator(".product").nth(nth)
        place.locator(f".of-corner [data-entry='{entry}']").hover()
        assert holds(written(page))
        rows, columns = lit(place.locator(".of-left")), lit(place.locator(".of-top"))
        assert len(rows) == len(columns) == (3, 2)[nth]
        assert all(number in written(page) for number in rows + columns)


@pytest.mark.slow
def test_every_entry_is_written_out_with_its_numbers(page):
    """Sums, means, broadcasting, slices and parts put together: all equations hold."""
    steps = cases.explore(product).data["tapes"][0]["steps"]
    for step in range(1, len(steps) - 1):
        go(page, step)
        for spot in page.locator("#numbers figure:last-child [data-entry='0']").all():
            spot.hover()
            text = written(page)
            assert spot.text_content() == text.split(" = ")[-1]
            if re.search("[·+÷]", text.replace("+=", "")):
                assert holds(text), text


@pytest.mark.slow
def test_click_pins_and_escape_unpins(page):
    page.click(".of-corner [data-entry='1']")
    page.mouse.move(2, 2)
    text = written(page)
    assert text
    page.keyboard.press("ArrowRight")
    assert written(page) == text, "it stays in another step"
    assert lit(node(page, "W_q")) == ["0.2000", "−0.3000"]
    page.keyboard.press("Escape")
    assert written(page) == ""
    assert "step 2 of" in page.inner_text("#position")
    assert page.is_hidden("#unpin")
    page.keyboard.press("ArrowLeft")
    page.click(".of-corner [data-entry='1']")
    page.click("#unpin")
    assert page.locator("main .spot").count() == 0


@pytest.mark.slow
def test_pinned_entry_shows_the_numbers_of_a_slider(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=2")
    page.click("#numbers [data-entry='0'] >> nth=-1")
    page.mouse.move(2, 2)
    before = written(page)
    move(page, "input-0", 0)
    assert holds(written(page))
    assert written(page) != before


@pytest.mark.slow
def test_arrow_keys_move_between_the_numbers_of_an_array(page):
    page.locator(".of-corner [data-entry='0']").focus()
    assert written(page).endswith(page.locator(".of-corner .spot").text_content())
    for key in ("ArrowRight", "ArrowDown", "Home", "ArrowUp", "ArrowUp", "End"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.dataset.entry") == "2"
    assert page.locator(".of-corner [tabindex='0']").count() == 1, "one tab stop"
    assert "step 1 of" in page.inner_text("#position")
    page.keyboard.press("Enter")
    assert page.is_visible("#unpin")
    page.keyboard.press("Tab")
    assert written(page), "pinned"
    assert page.get_attribute("#entry-line", "role") == "status"


@pytest.mark.slow
def test_values_that_are_not_there_are_not_written(page):
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.locator("#ledger .total [data-entry]").first.click()
    page.keyboard.press("Home")
    page.mouse.move(2, 2)
    assert "no gradient yet" in written(page)


@pytest.mark.slow
def test_empty_array_has_no_entry_to_point_at(opened):
    x = ag.tensor(np.zeros((0, 3)), requires_grad=True, name="x")
    page = opened(ag.explore((x @ np.ones((3, 2))).sum()), hash="#step=1")
    page.hover("#numbers .cell >> text=empty >> nth=0")
    assert written(page) == ""
    page.focus("#numbers .cell >> text=empty >> nth=0")
    assert written(page) == ""
    page.keyboard.press("ArrowRight")
    assert "step 2 of" in page.inner_text("#position")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lit_numbers_have_enough_contrast(opened, scheme):
    page = opened(cases.explore(product), hash="#step=1", scheme=scheme)
    page.click(".of-corner [data-entry='1']")
    assert low_contrast(page) == []
    page.keyboard.press("l")
    assert low_contrast(page) == []


@pytest.mark.slow
def test_square_of_a_heat_map_shows_its_largest_entry(opened):
    result, names = cases.heat_maps()
    page = opened(ag.explore(result, names=names), hash="#step=1")
    w = next(t for t in result.tape() if t.name == "w").data
    box = page.locator(".card .map[data-of^='0 value 0'] svg").bounding_box()
    page.mouse.move(box["x"] + 1.5 * box["width"] / 16, box["y"] + 0.5 * box["height"] / 16)
    block = np.abs(w[:1, 2:5])  # the square in row 0 and column 1 of 16 by 16
    column = 2 + int(block.argmax())
    assert written(page).startswith(f"w[0,{column}] = ")
    number = float(written(page).split(" = ")[-1].replace("−", "-"))
    assert number == pytest.approx(w[0, column], rel=1e-3)
    assert page.locator(".map rect.spot").count() >= 1
    page.mouse.move(2, 2)
    assert page.locator(".map rect").count() == 0


def test_long_number_is_short_on_its_card_and_whole_if_pointed_at(opened):
    x = ag.tensor([2.0, 3.0], requires_grad=True, name="x")
    page = opened(ag.explore((x * -1.2345e-5).sum()), hash="#step=1")
    card = node(page, "v1")
    assert card.locator(".value .cell").all_text_contents() == ["−2e−05", "−4e−05"]
    move(page, "input-0", 4)
    assert card.locator(".value .cell").all_text_contents() == ["−5e−05", "−4e−05"]
    cell(card, "value", 1).hover()
    assert written(page).endswith("= −3.704e−05")
