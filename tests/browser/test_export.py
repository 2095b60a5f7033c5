"""Save and copy a step: SVG, PNG, LaTeX and a link, also inside the frame of a notebook."""

import xml.etree.ElementTree as ET

import pytest

from tests.cases import SVG

from . import cases

pytestmark = pytest.mark.slow


def saved(page, kind):
    with page.expect_download() as download:
        page.click(f"#save-{kind}")
    assert download.value.suggested_filename.endswith(f".{kind}")
    return download.value.path().read_bytes()


@pytest.mark.parametrize(
    ("story", "options", "hash"),
    [
        (cases.softmax_chain, {}, "#step=13"),
        (cases.fused, {"compare": True}, "#step=10&view=3"),
        (cases.heat_maps, {}, "#step=4&theme=dark"),
    ],
)
def test_svg_shows_the_texts_of_the_graph(opened, story, options, hash):
    page = opened(cases.explore(story, **options), hash=hash)
    page.click("#save")
    root = ET.fromstring(saved(page, "svg"))
    shown = [t.strip() for t in page.locator(".scene:visible").all_inner_texts()]
    words = "".join(" ".join(shown).split())
    found = "".join("".join(t.text.split()) for t in root.iter(f"{SVG}text"))
    assert sorted(found) == sorted(words)
    width, height = (float(root.get(side)) for side in ("width", "height"))
    for element in root.iter():
        if element.get("x"):
            assert -10 <= float(element.get("x")) <= width
        assert not any("var(" in value or "color(" in value for value in element.attrib.values())
    assert height > 50
    tags = {e.tag.removeprefix(SVG) for e in root.iter()}
    assert "foreignObject" not in tags


def test_svg_shows_the_numbers_of_a_slider(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=7")
    page.locator("#input-0").fill("3")
    page.click("#save")
    root = ET.fromstring(saved(page, "svg"))
    (value,) = page.locator(".card >> nth=0").locator(".value .cell >> nth=0").all_inner_texts()
    assert value != "2.0000"
    assert value in [t.text for t in root.iter(f"{SVG}text")]


def test_png_is_twice_as_large_as_the_graph(opened):
    page = opened(cases.explore(cases.softmax_chain), hash="#step=13")
    page.keyboard.press("s")
    png = saved(page, "png")
    assert png.startswith(b"\x89PNG")
    size = [int.from_bytes(png[at : at + 4], "big") for at in (16, 20)]
    assert size == page.locator("#scene").evaluate("e => [2 * e.offsetWidth, 2 * e.offsetHeight]")


def test_latex_of_a_step_is_that_of_its_formulas(opened):
    exploration = cases.explore(cases.softmax_chain)
    page = opened(exploration, hash="#step=13")
    page.keyboard.press("s")
    page.click("#copy-tex")
    lines = [c["tex"] for c in exploration.data["tapes"][0]["steps"][13]["gives"]]
    assert len(lines) == 2
    copied = page.input_value("#copied")
    assert all(line in copied for line in lines)
    assert copied.startswith(r"\begin{gathered}")
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    page.click("#copy-tex")
    assert page.input_value("#copied") == exploration.data["tapes"][0]["steps"][1]["tex"]


def test_link_opens_the_same_step(opened):
    page = opened(cases.explore(cases.fused, compare=True), hash="#step=4&view=2")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    page.click("#copy-link")
    link = page.input_value("#copied")
    before = page.inner_text("#live")
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.inner_text("#live") == before


def test_frame_of_a_notebook_saves_and_shows_what_to_copy(opened, tmp_path):
    shown = cases.explore(cases.softmax_chain)._repr_html_()
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><html data-ready>{shown}", "utf-8")
    page = opened(path)
    frame = page.frames[1]
    frame.wait_for_selector("html[data-ready]", state="attached")
    frame.click("#next")
    frame.click("#save")
    for kind, start in (("svg", b"<svg"), ("png", b"\x89PNG")):
        with page.expect_download() as download:
            frame.click(f"#save-{kind}")
        assert download.value.path().read_bytes().startswith(start)
    assert not frame.is_visible("#copy-link")
    frame.click("#copy-tex")
    frame.wait_for_function("document.querySelector('#copied-or-not').textContent")
    assert frame.input_value("#copied") == r"e = \exp(z)"
    assert "Ctrl+C" in frame.inner_text("#copied-or-not")
    assert "Clipboard" in opened.said.pop()
    selected = "() => getSelection().toString() || document.activeElement.id"
    assert frame.evaluate(selected) in (r"e = \exp(z)", "copied")
