"""Step by step: the numbers in cards, ledger and formula are those of the `Trace`."""

import numpy as np
import pytest

from autograd_mini.views.trace import Trace

from . import cases
from .page_reader import numbers, shows, sides, state

STORIES = {
    "softmax chain": cases.softmax_chain,
    "network": cases.network,
    "fused": cases.fused,
    "overflow": cases.overflow,
}
FIRST = 2  # that are tried each time


class Expected:
    """What a page has to show at each step, worked out from the trace alone."""

    def __init__(self, story):
        result, names = story()
        self.trace = Trace.of(result, names)
        self.nodes = list(self.trace.tape)
        self.index = {t: i for i, t in enumerate(self.nodes)}
        self.forward, self.backward = self.trace.forward, self.trace.backward
        self.count = len(self.forward) + 1 + len(self.backward)

    def known(self, step):
        """The tensors that have a value."""
        made = {s.tensor for s in self.forward[: step + 1]}
        return {t for t in self.nodes if t.op is None} | made

    def arrived(self, step):
        """For each tensor the contributions so far, in the order in which they came."""
        found = {}
        for s in self.backward[: max(0, step - len(self.forward))]:
            for c in s.contributions:
                found.setdefault(c.target, []).append(c)
        return found

    def sums(self, step):
        """For each tensor that derivatives have reached, the sum of them."""
        found = {self.trace.result: 1.0} if step >= len(self.forward) else {}
        return found | {t: cs[-1].total for t, cs in self.arrived(step).items()}


def check_cards(shown, expected, step):
    known, sums = expected.known(step), expected.sums(step)
    assert set(shown["cards"]) == {str(i) for i in range(len(expected.nodes))}
    for t, i in expected.index.items():
        card, where = shown["cards"][str(i)], f"step {step + 1}, {expected.trace.called[t.order]}"
        if t in known:
            assert shows(card["value"], t.data), where
        else:
            assert set(card["value"]) == {"·"}, where
            assert "ahead" in card["classes"], where
        if t not in expected.trace.adjoints:
            assert card["gradient"] is None, where
        elif t in sums:
            assert shows(card["gradient"], sums[t]), where
        else:
            assert set(card["gradient"]) == {"·"}, f"{where}: a gradient not reached is not 0"


def check_forward(shown, expected, step):
    t = expected.forward[step].tensor
    (figures,) = shown["figures"]
    assert shows(figures[-1], t.data)
    inputs = [a for a in t.inputs if isinstance(a, type(t))]
    assert all(any(shows(f, a.data) for f in figures[:-1]) for a in inputs)
    assert shown["doing"] == t.op.name
    assert shown["ledgers"] == []
    check_entries(shown["entries"], [t.data])


def check_backward(shown, expected, step):
    done = expected.backward[step - len(expected.forward) - 1]
    assert shown["doing"] == done.tensor.op.name
    assert len(shown["figures"]) == len(done.contributions)
    for figures, c in zip(shown["figures"], done.contributions):
        assert shows(figures[0], expected.trace.adjoints[done.tensor]), "upstream"
        assert shows(figures[-1], c.value), "contribution"
        if len(figures) == 3 and figures[1] and np.isfinite(c.value).all():
            product = numbers(figures[0]) * numbers(figures[1])
            assert np.allclose(product, np.ravel(c.value), rtol=1e-3, atol=1e-3)
    check_entries(shown["entries"], [c.total for c in done.contributions])
    check_ledgers(shown, expected, step, list(dict.fromkeys(c.target for c in done.contributions)))


def check_ledgers(shown, expected, step, targets):
    arrived = expected.arrived(step)
    assert len(shown["ledgers"]) == len(targets)
    for ledger, t in zip(shown["ledgers"], targets):
        came = arrived[t]
        assert [row["from"] for row in ledger["rows"]] == [c.source.op.name for c in came]
        assert all(shows(row["cells"], c.value) for row, c in zip(ledger["rows"], came))
        assert shows(ledger["total"], came[-1].total)
        assert ("still open" in ledger["open"]) == (came[-1].open > 0)
        card = shown["cards"][str(expected.index[t])]
        assert "receives" in card["classes"]
        assert card["plus"] == (len(came) > 1)


def check_entries(entries, arrays):
    """The lines with the numbers of one entry: their two sides agree, and are an entry's."""
    for line in entries:
        left, right = sides(line)
        if not np.isfinite(right):
            continue
        assert np.isclose(left, right, rtol=2e-3, atol=2e-3), line
        near = [np.isclose(np.ravel(a), right, rtol=1e-4, atol=6e-5).any() for a in arrays]
        assert any(near), line


def check(page, expected, step):
    shown = state(page)
    assert shown["current"] in ([str(step + 1)], [])
    assert f"step {step + 1} of {expected.count}" in shown["position"]
    assert shown["live"].startswith(f"Step {step + 1} of {expected.count}")
    assert shown["hash"].startswith(f"#step={step + 1}")
    assert all(shown["formulas"])
    check_cards(shown, expected, step)
    backward = step - len(expected.forward)
    if backward < 0:
        check_forward(shown, expected, step)
    elif backward:
        check_backward(shown, expected, step)
    else:
        assert shown["doing"] == "seed"
        assert shows(shown["figures"][0][0], 1.0)
    return shown


@pytest.mark.parametrize(
    "name",
    [*STORIES][:FIRST]
    + [pytest.param(name, marks=pytest.mark.slow) for name in [*STORIES][FIRST:]],
)
def test_every_step_shows_the_numbers_of_the_trace(opened, name):
    expected = Expected(STORIES[name])
    page = opened(cases.explore(STORIES[name]))
    there = []
    for step in range(expected.count):
        there.append(check(page, expected, step))
        page.keyboard.press("ArrowRight")
    assert state(page) == there[-1], "the last step stays the last"
    for step in reversed(range(expected.count - 1)):
        page.keyboard.press("ArrowLeft")
        assert state(page) == there[step], f"back at step {step + 1}"


def test_at_the_end_every_gradient_is_the_one_that_backward_computes(opened):
    expected = Expected(cases.softmax_chain)
    page = opened(cases.explore(cases.softmax_chain), hash="#step=999")
    expected.trace.result.backward()
    cards = state(page)["cards"]
    (z,) = [t for t in expected.nodes if t.name == "z"]
    assert shows(cards[str(expected.index[z])]["gradient"], z.grad)


def test_a_buttons_step_a_click_and_the_keys_agree(opened):
    expected = Expected(cases.softmax_chain)
    page = opened(cases.explore(cases.softmax_chain))
    for step in (8, 3, expected.count - 1, 0):
        page.click(f'#steps button[data-step="{step + 1}"]')
        check(page, expected, step)
    page.click("#next")
    check(page, expected, 1)
    page.click("#last")
    check(page, expected, expected.count - 1)
    page.click("#previous")
    check(page, expected, expected.count - 2)
    page.click("#first")
    check(page, expected, 0)


def test_a_click_on_a_card_goes_to_its_steps(opened):
    expected = Expected(cases.softmax_chain)
    page = opened(cases.explore(cases.softmax_chain))
    (e,) = [t for t in expected.nodes if expected.trace.called[t.order] == "ŷ"]
    node = expected.index[e]
    page.click(f'.card[data-node="{node}"]')
    check(page, expected, next(i for i, s in enumerate(expected.forward) if s.tensor is e))
    page.click(f'.card[data-node="{node}"]')
    shown = state(page)
    assert "receives" in shown["cards"][str(node)]["classes"]
    assert shown["position"].startswith("backward")


@pytest.mark.parametrize(("hash", "step"), [("#step=11", 11), ("#step=999", 15), ("#step=x", 1)])
def test_a_link_opens_at_its_step(opened, hash, step):
    expected = Expected(cases.softmax_chain)
    page = opened(cases.explore(cases.softmax_chain), hash=hash)
    assert expected.count == 15
    check(page, expected, step - 1)


def test_a_link_says_the_view_and_the_theme_too(opened):
    page = opened(cases.explore(cases.fused, compare=True), hash="#step=3&view=2&theme=dark")
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.locator("#views [aria-pressed=true]").inner_text() == "Fused node"
    assert page.inner_text("#what .doing strong") == "SoftmaxCrossEntropy"
    page.click("#views button >> nth=2")
    page.keyboard.press("Home")
    assert page.evaluate("location.hash") == "#step=1&view=3"


def test_an_address_that_is_changed_is_followed(opened):
    expected = Expected(cases.softmax_chain)
    page = opened(cases.explore(cases.softmax_chain))
    page.evaluate("location.hash = '#step=12'")
    page.wait_for_selector('[data-step="12"][aria-current="step"]')
    check(page, expected, 11)


def test_a_slider_changes_what_the_page_says_the_result_is(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=15")
    before = page.inner_text("#subtitle")
    assert before.startswith("L = 1.417 · ")
    slider = page.locator("#controls input[type=range]").first
    slider.focus()
    slider.press("End")
    assert (
        page.inner_text("#subtitle")
        == f"L = {page.locator('.card').last.locator('.cell').first.inner_text()} · 7 operations"
    )
    slider.press("Home")
    assert page.inner_text("#subtitle").startswith("L = ")
    assert page.inner_text("#subtitle") != before


def test_the_page_says_how_many_operations_are_shown(opened):
    page = opened(cases.explore(cases.fused, compare=True))
    said = []
    for nth in range(3):
        page.click(f"#views button >> nth={nth}")
        said.append(page.inner_text("#subtitle"))
    assert said == [
        "L = 1.417 · 9 operations",
        "L = 1.417 · 1 operation",
        "L = 1.417 · 9 operations beside 1",
    ]
