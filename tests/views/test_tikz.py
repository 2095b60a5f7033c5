"""TikZ: pictures compile in an article and in Beamer, whose slides follow the steps."""

import re
import shutil
import subprocess

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.messages import shown
from autograd_mini.views.graph.draw import draw
from autograd_mini.views.graph.tikz_text import formula, name, words
from autograd_mini.views.trace import Trace
from tests.cases import CASES, TAPE, leaf, softmax_chain, stages

needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
HOSTILE = [
    *(
        "<b>",
        "\t",
        "a 'q' \"r\"",
        "&amp;",
        "a\nb",
        "back\\slash",
        "\\N\\G",
        "🎉",
        "]]>-->",
        "]",
        "שלום",
    ),
    *("\x00\x1b[31m", "\ud800", "W_q", "été", "αβ", "x_train_2", "θ_1", "{}%$#^~_", "ŷ_1", "x′"),
    *("a^2", "`k'", "ß", "1_a", "_b", "naïve mean", "v3ᵀ", "x²³", "50% \\end{tikzpicture}"),
]
ARTICLE = r"\documentclass{article}\usepackage{tikz}%s\begin{document}%s\end{document}"
BEAMER = ARTICLE.replace("article", "beamer").replace("%s\\end", r"\frame{%s}\end")


def compiled(text, folder):
    """Compile a document, and return its number of pages."""
    (folder / "paper.tex").write_text(text, encoding="ascii")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "paper.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=100)
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-2000:]
    return int(re.search(r"\((\d+) pages?", log)[1])


def hostile():
    t = 0.0
    for text in HOSTILE:
        with ag.scope(text):
            t = t + leaf(np.nan, text)
    return draw(t, direction="TB", max_nodes=100)


def slides(tikz):
    """Return the first slide of each part."""
    return [int(first) for first in re.findall(r"\[on=(\d+)-\d*\]", tikz)]


def test_picture_is_balanced_and_ascii():
    for drawing in (draw(softmax_chain()), draw(stages()), hostile()):
        tikz = drawing.tikz()
        assert tikz.isascii()
        bare = tikz.replace(r"\{", "").replace(r"\}", "")
        for begin, end in ((r"\begin{", r"\end{"), (r"\ifdefined", r"\fi"), ("{", "}")):
            assert bare.count(begin) == bare.count(end)
        colours = set(re.findall(r"\\definecolor\{(\w+)\}", tikz))
        assert set(re.findall(r"(?:fill|draw|pattern color)=(\w+)", tikz)) <= colours
        sizes = set(re.findall(r"(size [\d.]+)/\.style", tikz))
        assert set(re.findall(r", (size [\d.]+)\]", tikz)) == sizes


def test_picture_names_the_libraries_that_it_needs():
    assert r"% \usetikzlibrary{patterns}" in draw(leaf(np.nan, "x") * 2.0).tikz()
    assert "usetikzlibrary" not in draw(softmax_chain()).tikz()


def test_each_step_is_a_slide():
    loss = softmax_chain()
    trace = Trace.of(loss)
    steps = len(trace.forward) + 1 + len(trace.backward)
    assert set(slides(draw(loss).tikz())) == set(range(2, steps + 2))


def test_earlier_sum_is_shown_until_the_next():
    tikz = draw(softmax_chain()).tikz()
    (temporary,) = re.findall(r"\\ifdefined\\alt\n\\begin\{scope\}\[on=([\d-]+)\]", tikz)
    assert temporary == "14-14"  # e gets a gradient from ŷ, and on the next slide from s
    x = leaf(3.0, "x")
    assert "\n\\ifdefined" not in draw(x * x).tikz()  # both contributions come on one slide


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("W_q", "$W_{q}$"),
        ("ŷ", r"$\hat{y}$"),
        ("y\u0302", r"$\hat{y}$"),
        ("v3", "$v_{3}$"),
        ("theta", r"$\theta$"),
        ("x_train", r"$x_{\mathrm{train}}$"),
        ("x_", r"${\mathrm{x}\_}$"),
        ("a & b", r"\textit{a \& b}"),
    ],
)
def test_name_is_set_in_mathematics(text, tex):
    assert name(text) == tex


def test_formula_and_words_escape_signs():
    assert formula("1 / s").replace(" ", "") == "$1/s$"
    assert formula("v3ᵀ @ g").replace(" ", "") == r"$v_{3}{}^\top@g$"
    assert words("50% of #1") == r"50\% of \#1"
    assert words("cross-entropy") == "cross-entropy"
    assert words("-1.5") == r"\ensuremath{-}1.5"
    assert words("log(ŷ)") == r"log(\ensuremath{\hat{y}})"


def test_save_as_tex_writes_the_picture(tmp_path):
    drawing = draw(softmax_chain())
    assert drawing.save(tmp_path / "x.tex").read_text(encoding="ascii") == drawing.tikz()


@needs_latex
@pytest.mark.slow
def test_picture_compiles_in_beamer_step_by_step(tmp_path):
    loss = leaf([1.0, 2.0], "x").sum() * 3.0
    (tmp_path / "g.tex").write_text(draw(loss, theme="dark").tikz(), encoding="ascii")
    both = draw(loss).tikz() + r"\resizebox{\linewidth}{!}{\input{g.tex}}"
    assert compiled(BEAMER % ("", both), tmp_path) == 1 + 2 + 1 + 2


@needs_latex
@pytest.mark.slow
def test_picture_and_texts_compile_in_an_article(tmp_path):
    """The texts are hostile names, and the formulas of all primitives."""
    names = map(shown, HOSTILE)
    lines = [name(text) + formula(text) + words(text) for text in names]
    for case in {case.op: case for case in CASES}.values():
        inputs = [leaf(x) if x.dtype.kind == "f" else x for x in case.inputs]
        graph = draw(np.sum(case.f(TAPE, *inputs))).graph
        lines += [formula(edge.text) for edge in graph.edges if edge.text]
        lines += [words(note) for card in graph.cards for note in card.notes]
    body = draw(leaf(np.nan, "x_1") * 2.0).tikz() + "\n\n".join(["", *lines])
    assert compiled(ARTICLE % (r"\usetikzlibrary{patterns}", body), tmp_path)
