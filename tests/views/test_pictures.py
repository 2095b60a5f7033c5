"""Pictures: SVG, PNG, PDF and DOT text are self-contained, and files are written atomically."""

import base64
import os
import re
import runpy
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import graphviz
import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.views.graph import convert, metrics
from autograd_mini.views.graph.draw import ENDINGS, draw
from autograd_mini.views.graph.palette import DARK, LIGHT, STEPS
from tests.budget import few
from tests.cases import SVG, leaf, named, softmax_chain, stages, texts

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
HOSTILE = [
    "<script>alert(1)</script>",
    'a "quote" \'s',
    "&amp;",
    "a\nb",
    "back\\slash",
    "\\N\\G\\E",
    "🎉",
    "]]>-->",
    "]",
    "שלום",
    "\x00\x1b[31m",
    "\ud800",
]


# ---- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_an_svg_is_self_contained(theme):
    svg = draw(softmax_chain(), theme=theme).svg()
    root = ET.fromstring(svg)
    title, desc = root[:2]
    assert (title.tag, desc.tag) == (f"{SVG}title", f"{SVG}desc")
    assert title.text == "The graph of L"
    assert "7 operations" in desc.text
    assert len(list(root.iter(f"{SVG}title"))) == 1
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert not tags & {"script", "foreignObject", "image", "a", "use", "link"}
    addresses = set(re.findall(r"https?://[^\s\"'<]*", svg))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\bon\w+=", svg)
    assert (DARK if theme == "dark" else LIGHT).page in svg
    assert (DARK.page in svg) == (theme != "light")
    assert ("prefers-color-scheme" in svg) == (theme == "auto")
    for word in ("exp", "ŷ", "-4.1249", "∂L/∂ŷ", "1 / s", "softmax", "gradient", "+="):
        assert any(word in text for text in texts(svg))


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_names_with_markup_are_text(direction):
    t = 0.0
    for name in HOSTILE:
        with ag.scope(name):
            t = t + leaf(1.0, name)
    svg = draw(t, direction=direction, max_nodes=100).svg()
    written = texts(svg)
    for name in HOSTILE:
        line = name.encode("unicode_escape").decode() if not name.isprintable() else name
        assert written.count(line) >= 2  # of the tensor and of the scope
    assert not list(ET.fromstring(svg).iter(f"{SVG}script"))
    assert "<script" not in draw(t).html()


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_enough_contrast(palette):
    grounds = [palette.tint(n) for n in range(-STEPS, STEPS + 1)]
    pairs = [(palette.ink, ground) for ground in [*grounds, palette.odd]]
    pairs += [
        (getattr(palette, text), getattr(palette, ground))
        for text in ("forward", "backward", "faint", "ink")
        for ground in ("page", "box", "card")
    ]
    pairs += [(palette.backward, palette.pill), (palette.card, palette.backward)]
    assert min(contrast(*pair) for pair in pairs) >= 4.5


def contrast(a, b):
    """Return the contrast ratio of WCAG 2.2."""

    def luminance(color):
        channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return np.dot(linear, [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_every_colour_has_one_meaning():
    assert len(set(LIGHT)) == len(LIGHT)
    tints = [LIGHT.tint(n) for n in range(-STEPS, STEPS + 1) if n]
    assert len({*tints, *LIGHT}) == len(tints) + len(LIGHT)


def test_text_width_is_at_least_that_of_usual_fonts():
    font = pytest.importorskip("matplotlib.ft2font").FT2Font
    fonts = Path(pytest.importorskip("matplotlib").get_data_path()) / "fonts" / "ttf"
    for file in ("DejaVuSans.ttf", "DejaVuSerif-Italic.ttf"):
        face = font(str(fonts / file))
        face.set_size(100, 72)
        for word in ("exp", "-4.1249", "∂L/∂W1", "softmax", "h @ W", "mean -0.0012 · norm 2"):
            drawn = sum(face.load_char(ord(c)).linearHoriAdvance for c in word) / 65536
            assert drawn <= metrics.text_width(word, 100) * 1.02


def test_card_contains_its_content():
    root = ET.fromstring(draw(stages(), softmax_chain(), max_nodes=100).svg())
    frames = [r for r in root.iter(f"{SVG}rect") if r.get("rx") == "7"]
    inner = [
        r
        for r in root.iter(f"{SVG}rect")
        if r.get("stroke-width") == "0.5" or r.get("shape-rendering")
    ]

    def box(r):
        x, y, w, h = (float(r.get(k)) for k in ("x", "y", "width", "height"))
        return x, y, x + w, y + h

    for cell in map(box, inner):
        assert any(
            f[0] <= cell[0] and f[1] <= cell[1] and cell[2] <= f[2] and cell[3] <= f[3]
            for f in map(box, frames)
        )


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("most", [3, 5, 9])
def test_texts_on_edges_do_not_overlap(direction, most):
    """A folded edge may have two counts: of the values, and of the gradients."""
    half = ag.primitive(lambda x, k: x * k, lambda g, y, x, k: g * k, None, name="half")
    x = leaf([1.0, 2.0], "x")
    total = x
    for i in range(6):
        total = total + half(x * float(i), x) * x
    root = ET.fromstring(draw(total.sum(), direction=direction, max_nodes=most).svg())
    found = [r for r in root.iter(f"{SVG}rect") if r.get("rx") in ("7", "8") and r.get("stroke")]
    boxes = [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in found]
    assert any(r.get("rx") == "8" for r in found)
    for i, (x0, y0, w0, h0) in enumerate(boxes):
        for x1, y1, w1, h1 in boxes[i + 1 :]:
            assert x0 + w0 <= x1 or x1 + w1 <= x0 or y0 + h0 <= y1 or y1 + h1 <= y0


@pytest.mark.skipif(shutil.which("rsvg-convert") is None, reason="librsvg is not installed")
def test_an_image_viewer_opens_the_svg():
    svg = draw(softmax_chain(), theme="auto").svg()
    run = subprocess.run(["rsvg-convert"], input=svg.encode(), capture_output=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(b"\x89PNG")


def test_draw_is_deterministic_and_changes_nothing():
    first, second = softmax_chain(), softmax_chain()
    assert draw(first).source == draw(second).source
    assert draw(first).svg() == draw(second).svg()
    assert first.tape()[0].grad is None


GALLERY = Path(__file__).parents[2] / "examples" / "gallery"


def test_the_gallery_is_what_its_script_draws(tmp_path):
    runpy.run_path(str(GALLERY / "make.py"))["main"](tmp_path)
    names = sorted(path.name for path in GALLERY.glob("*.svg"))
    assert names == sorted(path.name for path in tmp_path.iterdir())
    for name in names:
        drawn, kept = ((folder / name).read_text("utf-8") for folder in (tmp_path, GALLERY))
        if name.startswith(("softmax", "micrograd")):
            assert drawn == kept, name
        else:  # the last digits of larger computations are not the same on every machine
            words = [[t for t in texts(svg) if not re.search(r"\d", t)] for svg in (drawn, kept)]
            assert words[0] == words[1], name
            assert len(texts(drawn)) == len(texts(kept)), name


def test_the_dot_text_of_a_small_graph():
    """``python -m tests.views.test_pictures`` writes the expected text."""
    assert golden_source() == GOLDEN.read_text(encoding="utf-8")


GOLDEN = Path(__file__).parent / "golden" / "product.dot"


def golden_source():
    x, w = leaf(3.0, "x"), leaf(-2.0, "w")
    with ag.scope("product"):
        p = named("p", x * w)
    return draw(named("L", p + x)).source


def test_draw_with_an_invalid_argument_raises():
    with pytest.raises(ValueError, match=r"nothing was recorded for 'x' .*Pass the result"):
        draw(ag.tensor(1.0, requires_grad=True, name="x"))
    with pytest.raises(ValueError, match="nothing was recorded"), ag.no_grad():
        draw(ag.tensor(1.0, requires_grad=True) * 2)
    with pytest.raises(ValueError, match="pass a result"):
        draw()
    with pytest.raises(TypeError, match="expected a Tensor, got 3"):
        draw(3)
    for option in ("depth", "max_nodes"):
        with pytest.raises(TypeError, match=f"{option} must be an integer, got '1'"):
            draw(softmax_chain(), **{option: "1"})
    loss = softmax_chain()
    for options, wrong in [
        ({"direction": "up"}, "'LR' or 'TB', got 'up'"),
        ({"theme": "blue"}, "draw: theme must be .auto., .light. or .dark., got .blue."),
        ({"max_nodes": 0}, "max_nodes must be at least 1, got 0"),
        ({"depth": -1}, "depth must be at least 0, got -1"),
    ]:
        with pytest.raises(ValueError, match=wrong):
            draw(loss, **options)


# ---- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.dot", "x.gv", "x.DOT"])
def test_dot_text_needs_no_program(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    drawing = draw(softmax_chain())
    path = drawing.save(tmp_path / name)
    assert path == tmp_path / name
    assert path.read_text(encoding="utf-8") == drawing.source
    assert drawing.save(str(path)) == path  # over the file that is there
    assert os.listdir(tmp_path) == [name]


def size_of(png):
    """Return the width and height in the first chunk of a PNG."""
    return [int.from_bytes(png[i : i + 4], "big") for i in (16, 20)]


@pytest.mark.parametrize("theme", few(["auto", "light", "dark"], 3))
def test_a_png_is_twice_as_large_as_the_svg(theme, tmp_path):
    pytest.importorskip("vl_convert")
    drawing = draw(softmax_chain(), theme=theme)
    png = drawing.save(tmp_path / "x.PNG").read_bytes()
    root = ET.fromstring(drawing.svg())
    assert png.startswith(b"\x89PNG")
    expected = [2 * float(root.get(side)) for side in ("width", "height")]
    assert size_of(png) == pytest.approx(expected, abs=1)


def test_a_png_shows_colours_letters_and_stripes(tmp_path):
    pytest.importorskip("vl_convert")
    image = pytest.importorskip("PIL.Image")
    drawing = draw(named("ŷ", leaf([np.nan, 1.0], "x") * 2.0), theme="dark")
    picture = image.open(drawing.save(tmp_path / "x.png")).convert("RGB")
    colors = {"#{:02x}{:02x}{:02x}".format(*rgb) for _, rgb in picture.getcolors(1 << 24)}
    assert {DARK.page, DARK.card, DARK.odd, DARK.tint(STEPS), DARK.ink, DARK.forward} <= colors


def test_a_png_of_a_long_graph_has_a_bounded_side(tmp_path, monkeypatch):
    pytest.importorskip("vl_convert")
    monkeypatch.setattr(convert, "_MAX_SIDE", 300)
    assert max(size_of(draw(softmax_chain()).save(tmp_path / "x.png").read_bytes())) in (299, 300)


@pytest.mark.parametrize("theme", few(["auto", "light", "dark"], 3))
def test_a_pdf_is_written(theme, tmp_path):
    pytest.importorskip("vl_convert")
    path = draw(softmax_chain(), theme=theme).save(tmp_path / "x.pdf")
    assert path.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_save_without_the_converter_names_the_extra(ending, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(RuntimeError, match=rf"[.]{ending} .*pip install .*\[pictures\]") as info:
        draw(softmax_chain()).save(tmp_path / f"x.{ending}")
    assert "\n" not in str(info.value)
    assert os.listdir(tmp_path) == []


def test_draw_without_graphviz_lacks_only_dot_text(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    drawing = draw(softmax_chain())
    assert "-4.1249" in texts(drawing.save(tmp_path / "x.svg").read_text("utf-8"))
    drawing.save(tmp_path / "x.html")
    for missing in (lambda: drawing.source, drawing.graphviz, lambda: drawing.save("x.dot")):
        with pytest.raises(RuntimeError, match="pip install graphviz") as info:
            missing()
        assert "\n" not in str(info.value)


def test_the_program_dot_is_never_run(tmp_path, monkeypatch):
    def run(*args, **kwargs):
        raise AssertionError(f"a process was started: {args}")

    monkeypatch.setattr(subprocess, "Popen", run)
    drawing = draw(softmax_chain())
    for ending in (".svg", ".html", ".dot"):
        drawing.save(tmp_path / f"x{ending}")


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    path = tmp_path / "x.dot"
    path.write_text("before")
    with pytest.raises(OSError, match="No space left") as info:
        draw(softmax_chain()).save(path)
    assert info.value.filename == str(path)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["x.dot"]


def test_an_unknown_ending_or_a_missing_folder_is_refused(tmp_path):
    drawing = draw(softmax_chain())
    for name in ("x.jpg", "x", ".svg"):
        with pytest.raises(ValueError, match=f"must end in {', '.join(ENDINGS)}"):
            drawing.save(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        drawing.save(tmp_path / "missing" / "x.dot")
    assert os.listdir(tmp_path) == []


# ---- with Graphviz ------------------------------------------------------------------------------


def test_graphviz_returns_a_digraph_with_the_source():
    drawing = draw(softmax_chain(), direction="TB")
    graph = drawing.graphviz()
    assert isinstance(graph, graphviz.Digraph)
    assert graph.source == drawing.source
    assert "rankdir=TB" in graph.source


@needs_dot
@pytest.mark.parametrize(
    ("ending", "magic"), few([("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")], 3)
)
def test_graphviz_renders_the_digraph(ending, magic, tmp_path):
    path = draw(softmax_chain()).graphviz().render(tmp_path / "x", format=ending)
    assert magic in Path(path).read_bytes()[:500]


@needs_dot
def test_names_with_markup_are_text_in_graphviz():
    t = 0.0
    for name in HOSTILE:
        with ag.scope(name):
            t = t + leaf(1.0, name)
    svg = draw(t, max_nodes=100).graphviz().pipe("svg").decode()
    written = " ".join(texts(svg)).replace(" ", "")  # Graphviz writes a line in pieces
    for name in HOSTILE:
        line = name.encode("unicode_escape").decode() if not name.isprintable() else name
        assert written.count(line.replace(" ", "")) >= 2


def test_import_as_binds_the_module_that_writes_dot():
    import autograd_mini.views.graph.graphviz as module

    assert callable(module.digraph)


# ---- hosts --------------------------------------------------------------------------------------


def test_a_terminal_shows_the_table():
    shown = repr(draw(softmax_chain()))
    assert shown.startswith(softmax_chain().tape().table())
    assert shown.endswith('(a drawing: .show() opens it, .save("graph.svg") writes it to a file)')
    assert "\n" not in repr(draw(stages(), stages()))


def test_a_notebook_gets_an_image_the_picture_and_the_table():
    drawing = draw(softmax_chain())
    bundle = drawing._repr_mimebundle_()
    data = re.fullmatch(
        r'<img alt="(.*)" src="data:image/svg\+xml;base64,(.*)">', bundle["text/html"]
    )
    assert base64.b64decode(data[2]).decode() == bundle["image/svg+xml"] == drawing.svg()
    assert data[1].startswith("The graph of L: L in 7 operations")
    assert bundle["text/plain"] == repr(drawing)


def test_save_writes_an_html_page(tmp_path):
    page = draw(softmax_chain(), theme="auto").save(tmp_path / "x.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "<title>The graph of L</title>" in page
    assert "<script" not in page
    assert page.count("prefers-color-scheme:dark") == 2


def test_show_without_a_screen_prints_the_path(monkeypatch, capsys):
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    draw(softmax_chain()).show()
    path = Path(capsys.readouterr().out.removeprefix("The graph is drawn in ").strip())
    assert "-4.1249" in path.read_text("utf-8")
    shutil.rmtree(path.parent)


def test_show_opens_a_browser(monkeypatch, capsys):
    opened = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    draw(softmax_chain()).show()
    assert opened[0].startswith("file:")
    shutil.rmtree(Path(opened[0].removeprefix("file://")).parent)
    assert capsys.readouterr().out == ""


if __name__ == "__main__":
    GOLDEN.write_text(golden_source(), encoding="utf-8")
