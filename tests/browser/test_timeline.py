"""The timeline names steps; folded cards show parameters; the legend; names with an underscore."""

import re

import numpy as np
import pytest

import autograd_mini as ag

from . import cases
from .checks import Expected, go
from .checks import step as position

CUT = """() => {
  const frame = document.querySelector("#steps").getBoundingClientRect();
  const isCut = (b) => b.top < frame.bottom && b.bottom > frame.top &&
    (b.top < frame.top - 1 || b.bottom > frame.bottom + 1 || b.right > frame.right + 1);
  return [...document.querySelectorAll("#steps button")]
    .filter((e) => isCut(e.getBoundingClientRect()) || e.scrollWidth > e.clientWidth + 1)
    .map((e) => e.textContent);
}"""


def attention():
    """Return a loss with two scopes, whose parameters have an underscore in their names."""
    rng = np.random.default_rng(0)
    x = ag.tensor(rng.normal(size=(4, 3)), name="x_train")
    q, k, o = (
        ag.tensor(rng.normal(size=(3, 3)), requires_grad=True, name=name)
        for name in ("W_q", "W_k", "W_o")
    )
    with ag.scope("attention"):
        a = ag.softmax((x @ q) @ (x @ k).T) @ x
    with ag.scope("head"):
        loss = ((a @ o) ** 2).mean()
    return cases.named(loss, a=a)


def backward_step(story, name):
    """Return the step that propagates a gradient to the tensor of this name."""
    steps = cases.explore(story).data["tapes"][0]["steps"]
    ways = [s["way"] if s["phase"] == "backward" else "" for s in steps]
    return next(i for i, way in enumerate(ways) if way.endswith(f"→ {name}"))


# ---- the timeline --------------------------------------------------------------------------------


def test_steps_are_named_and_marked(opened):
    expected = Expected(cases.softmax_chain)
    page = opened(cases.explore(cases.softmax_chain))
    labels = page.locator("#steps button").all_text_contents()
    made = [s.tensor for s in expected.forward]
    names = [f"{t.op.name} · {expected.trace.names[t.order]}" for t in made]
    assert labels[1 : len(names) + 1] == names
    terms = [s.contributions for s in expected.backward]
    adding = [i for i, cs in enumerate(terms) if not all(c.is_first for c in cs)]
    marked = [i for i, label in enumerate(labels) if label.endswith("+=")]
    assert marked == [len(names) + 2 + i for i in adding]
    assert page.locator("#steps [aria-current=step]").count() == 1
    assert page.locator("#steps .first-odd").count() == 0


@pytest.mark.slow
def test_first_nan_or_inf_and_scopes_are_marked(opened):
    page = opened(cases.explore(cases.overflow))
    marked = page.locator("#steps button:has(.first-odd)")
    assert marked.all_text_contents() == ["exp · efirst inf", "div · v3first NaN"]
    page = opened(cases.explore(attention))
    scopes = page.locator("#steps .scope").all_text_contents()
    assert scopes == ["attention", "head", "attention"]


def said_about_odd(page):
    return page.locator("#what .odd").all_text_contents()


@pytest.mark.slow
def test_step_right_after_a_change_updates_the_marks(opened):
    """The marks wait until the numbers rest, and a step ends this wait."""
    page = opened(cases.explore(cases.fused, compare=True))
    for button, marks in (("hard", 2), ("reset", 0)):
        page.evaluate(f"""{{
            document.querySelector("#{button}").click();
            document.querySelector("#next").click();
        }}""")
        assert page.locator("#steps .odd").count() == marks


def test_first_inf_and_nan_are_explained_at_their_steps(opened):
    """Also after a slider has moved. The ending claims nothing about a gradient that is NaN."""
    page = opened(cases.explore(cases.softmax_chain))
    page.keyboard.press("End")
    assert "ŷ\u00a0−\u00a0y is right" in page.inner_text("#ledger")
    page.evaluate("location.hash = '#step=0&leaves=0_0_80*0_2_-720'")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    found = {}
    for step in range(16):
        go(page, step)
        found[step] = "".join(said_about_odd(page))
    assert {step: text for step, text in found.items() if text} == {
        4: "The first step with inf: v5[2] = log(0.0000) = −inf.",
        5: "The first step with NaN: v6[2] = 0·(−inf) = nan.",
    }
    page.keyboard.press("End")
    assert "∂L/∂z is not finite" in page.inner_text("#what .lead")
    assert "is right" not in page.inner_text("#ledger")


@pytest.mark.slow
def test_first_nan_of_the_backward_pass_is_explained(opened):
    x = ag.tensor([0.0, 1.0], requires_grad=True, name="x")
    page = opened(ag.explore((np.sqrt(x) * x).sum()), hash="#step=7")
    assert said_about_odd(page) == ["The first step with NaN: ∂v3/∂x[0] = 0·inf = nan."]


@pytest.mark.slow
def test_ending_and_update_have_no_scope(opened):
    page = opened(cases.explore(cases.moons))
    assert page.locator("#steps :is(.update, .end)").count() == 2
    assert page.locator("#steps .forward .scope").count() > 2
    assert page.locator("#steps :is(.start, .update, .end) .scope").count() == 0


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_no_step_of_five_hundred_is_cut(opened, width):
    page = opened(cases.explore(lambda: cases.deep(250)), width=width)
    count = page.locator("#steps button").count()
    assert count == 503
    for step in (1, 250, 333, count - 1):
        go(page, step)
        page.wait_for_timeout(100)
        assert page.evaluate(CUT) == []
        assert page.locator("#steps [aria-current]").is_visible()


@pytest.mark.slow
def test_play_has_a_speed(opened):
    page = opened(cases.explore(cases.softmax_chain), clock=True)
    steps = []
    for _ in range(3):
        page.keyboard.press("Home")
        page.click("#play")
        page.clock.run_for(4_450)
        steps.append(position(page))
        page.click("#play")
        page.click("#speed")
    assert steps == [4, 8, 2]
    assert page.inner_text("#speed-now") == "1×"


# ---- folded cards --------------------------------------------------------------------------------


def chips(page):
    return {
        re.match(r"\w+", text)[0]: text.split()[-1]
        for text in page.locator(".chip:visible").all_text_contents()
    }


@pytest.mark.slow
def test_folded_card_shows_parameters_and_rings_the_one_that_receives(opened):
    expected = Expected(attention)
    page = opened(cases.explore(attention))
    if page.get_attribute("#group", "aria-pressed") == "false":
        page.click("#group")
    assert set(chips(page).values()) == {"·"}
    page.click(f'#steps button[data-step="{backward_step(attention, "W_q")}"]')
    card = page.locator(".card.receives")
    assert card.locator(".lit").all_text_contents() == ["W_q " + chips(page)["W_q"]]
    page.keyboard.press("End")
    gradients = {expected.trace.names[t.order]: g for t, g in expected.trace.adjoints.items()}
    for name, norm in chips(page).items():
        assert float(norm) == pytest.approx(np.linalg.norm(gradients[name]), rel=6e-3)
    assert set(chips(page)) == {"W_q", "W_k", "W_o"}


@pytest.mark.slow
def test_every_folded_card_opens_and_closes(opened):
    def scopes():
        x = ag.tensor([1.0, 2.0], requires_grad=True, name="x")
        for i in range(7):
            with ag.scope(f"layer{i}"):
                x = np.tanh(x * 1.5)
        return cases.named(x.sum())

    page = opened(cases.explore(scopes))
    for level in cases.explore(scopes).data["tapes"][0]["levels"]:
        assert all("opens" in card for card in level["cards"] if "title" in card)
        assert all("closes" in box for box in level["boxes"])
    if page.get_attribute("#group", "aria-pressed") == "false":
        page.click("#group")
    for nth in (0, 2):
        page.locator(".card.stack .cover").nth(nth).click()
    assert page.locator("button.box-title").count()


# ---- the legend, names ---------------------------------------------------------------------------


@pytest.mark.slow
def test_legend_opens_by_key_and_explains_every_symbol(opened):
    page = opened(cases.explore(attention))
    page.keyboard.press("l")
    text = page.inner_text("#legend")
    for symbol in ("·", "()", "+=", "►", "seed", "const", "mul′", "dotted", "hatched", "∂L/∂x"):
        assert symbol in text
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert "legend" in page.inner_text("#help")


@pytest.mark.slow
def test_names_with_an_underscore_get_a_subscript(opened):
    page = opened(cases.explore(attention), hash=f"#step={backward_step(attention, 'W_q')}")
    for place in (".card .name", "#what .badge", "#ledger h2", "#numbers figcaption"):
        found = page.locator(f"{place} sub").all_text_contents()
        assert set(found) & {"q", "train"}, place
    name = page.locator(".card .name", has_text="W_q")
    assert name.locator("sub").text_content() == "q"
    assert name.inner_text() == "W_q", "the raw name is read, searched and copied"
