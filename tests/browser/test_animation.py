"""Animated pictures in a browser: what is visible at some moments, on paper, and without motion."""

import pytest

import autograd_mini as ag
from tests.cases import softmax_chain

pytestmark = pytest.mark.slow  # tests/views/test_animation.py is in the default suite

SHOWN = """seconds => {
    for (const animation of document.getAnimations()) {
        animation.pause();
        animation.currentTime = 1000 * seconds;
    }
    const isShown = (e) => !e || (getComputedStyle(e).opacity > 0.5 && isShown(e.parentElement));
    return [...document.querySelectorAll("text")].filter(isShown).map((e) => e.textContent);
}"""


@pytest.fixture
def window(browser):
    page = browser.new_page(viewport={"width": 1592, "height": 400})
    page.emulate_media(reduced_motion="no-preference")
    page.set_content(ag.draw(softmax_chain(), animate=True).svg())
    yield page
    page.close()


def test_values_appear_and_then_gradients(window):
    at = {seconds: window.evaluate(SHOWN, seconds) for seconds in (0, 3.9, 7.4, 8, 13.4, 15, 21)}
    assert "2" in at[0]
    assert not {"11.213", "1.417", "∂L/∂L"} & set(at[0])
    assert "0.659" in at[3.9]
    assert "1.417" in at[7.4]
    assert "∂L/∂L" not in at[7.4]
    assert "∂L/∂L" in at[8]
    assert "-0.3679" in at[13.4], "the first contribution to e"
    assert "+=" not in at[13.4]
    assert {"-0.2787", "+="} <= set(at[15])
    assert "-0.3679" not in at[15]
    assert {"-0.7576", "1.417", "+="} <= set(at[21])


@pytest.mark.parametrize("media", [{"media": "print"}, {"reduced_motion": "reduce"}])
def test_picture_without_motion_is_complete(window, media):
    playing = len(window.evaluate("document.getAnimations()"))
    window.emulate_media(**media)
    assert playing > 40
    assert window.evaluate("document.getAnimations().length") == 0
    shown = window.evaluate(SHOWN, 0)
    still = ag.draw(softmax_chain()).svg()
    window.set_content(still)
    assert shown == window.locator("text").all_text_contents()
