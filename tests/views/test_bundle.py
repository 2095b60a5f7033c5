"""A page has the modules of its script that it needs, and its script and style are small."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.views.page import bundle
from autograd_mini.views.page.data import _SHELL

STATIC = Path(bundle.__file__).parent / "static"
RNG = np.random.default_rng(0)


def leaf(x, name):
    return ag.tensor(x, requires_grad=True, name=name)


def product():
    return np.sum(leaf([1.0, 2.0], "a") * leaf([3.0, 4.0], "b"))


def cross_entropy():
    return ag.softmax_cross_entropy(leaf([2.0, 1.0, 0.1], "z"), np.array([0.0, 1.0, 0.0]))


def moons(*hidden):
    model = nn.MLP([2, *(hidden or (16, 16)), 2], rng=0)
    return ag.softmax_cross_entropy(model(RNG.normal(size=(64, 2))), np.arange(64) % 2)


def logistic():
    return ag.softmax_cross_entropy(
        nn.Linear(2, 2, rng=0)(RNG.normal(size=(8, 2))), np.arange(8) % 2
    )


def scaled_moons():
    """Return the loss of a deep network with a parameter of one number."""
    model, scale = nn.MLP([2, *[4] * 10, 2], rng=0), leaf(1.0, "scale")
    return ag.softmax_cross_entropy(model(RNG.normal(size=(64, 2))) * scale, np.arange(64) % 2)


def line():
    x = np.linspace(-1, 1, 16)[:, None]
    return ag.mse_loss(nn.Linear(1, 1, rng=0)(x), 2 * x)


def regression():
    x = np.linspace(-1, 1, 16)[:, None]
    return ag.mse_loss(nn.MLP([1, 4, 1], rng=0)(x), np.sin(3 * x))


def unknown():
    """Return a result with an operation that has no JavaScript."""
    return np.sum(np.linalg.svd(nn.MLP([2, 2], rng=0)(RNG.normal(size=(4, 2))), compute_uv=False))


def recorded_moons():
    recorder = ag.Recorder()
    for _ in range(2):
        recorder.add(moons())
    return ag.explore(frames=recorder)


def recording():
    w = leaf([2.0, -1.0], "w")
    return ag.explore(frames=[((w - t) ** 2).sum() for t in (1.0, 2.0, 3.0)])


def large():
    x = leaf(0.5, "x")
    for _ in range(45):
        x = np.tanh(x)
    return x


#: name -> page, and the modules of its features
PAGES = {
    "plain": (lambda: ag.explore(product()), ["leaves", "sliders", "link", "reset"]),
    "story": (
        lambda: ag.explore(cross_entropy()),
        ["leaves", "sliders", "link", "ending", "reset"],
    ),
    "moons": (lambda: ag.explore(moons()), ["leaves", "link", "train", "sgd", "boundary"]),
    "deep moons": (
        lambda: ag.explore(moons(*[4] * 10)),
        ["leaves", "train", "sgd", "boundary", "find"],
    ),
    "scaled moons": (
        lambda: ag.explore(scaled_moons()),
        ["leaves", "sliders", "train", "sgd", "boundary", "find"],
    ),
    "logistic": (
        lambda: ag.explore(logistic()),
        ["leaves", "sliders", "link", "train", "sgd", "boundary"],
    ),
    "line": (lambda: ag.explore(line()), ["leaves", "sliders", "link", "train", "sgd", "curve"]),
    "regression": (lambda: ag.explore(regression()), ["leaves", "link", "train", "sgd", "curve"]),
    "compared": (
        lambda: ag.explore(cross_entropy(), compare=True),
        ["leaves", "sliders", "link", "ending", "compare", "verdict", "reset"],
    ),
    "large": (lambda: ag.explore(large()), ["leaves", "sliders", "link", "reset", "find"]),
    "recording": (recording, ["train", "film"]),
    "recorded moons": (recorded_moons, ["train", "film", "boundary"]),
    "cannot train": (lambda: ag.explore(unknown()), ["train", "untrained"]),
    "cannot compute": (lambda: ag.explore(unknown(), train=False), ["batch"]),
}
LARGEST = 100_000  # bytes of script and style, without the programs and the functions they call


@cache
def page(name):
    return PAGES[name][0]()


@pytest.mark.parametrize("name", PAGES)
def test_page_has_the_features_that_it_needs(name):
    assert bundle.features(page(name).data) == PAGES[name][1]


@pytest.mark.parametrize("name", PAGES)
def test_script_and_style_are_small(name):
    """The files are not minified. The font and the functions of arrays are not counted."""
    data, html = page(name).data, page(name).html()
    font, style = re.findall("<style>\n(.*?)</style>", html, re.S)
    (script,) = re.findall('<script type="module">(.*?)</script>', html, re.S)
    functions, own = script.split("const programs = [", 1)
    programs = sum(len(text.encode()) for text in data.get("programs", ()))
    assert len((style + own).encode()) - programs < LARGEST
    assert len(functions.encode()) < 15_000
    assert font.count("@font-face") == 1
    assert "url(data:" not in style + script


def test_page_without_data_fits_its_reserved_size():
    data = {**page("moons").data, "title": "title " * 100, "subtitle": "subtitle " * 100}
    data["programs"] = ["() => []"]
    assert 0.8 * _SHELL < len(bundle.document(data, "", "").encode()) < _SHELL


def test_pages_contain_every_declaration_as_it_is():
    script = "".join(bundle.script(page(name).data) for name in PAGES)
    modules = [m.stem for m in STATIC.glob("*.js")]
    assert len(modules) > 15
    for statement in bundle.statements(*(set(modules) - {"types", "programs"})):  # of Python
        assert statement in script
    assert not re.search("^(import|export) ", script, re.M)


def test_page_has_only_the_declarations_that_it_uses():
    script = bundle.script(page("plain").data)
    assert "function matmul(" not in script
    assert "const multiply = " in script
    assert "function lossCurve(" not in script
