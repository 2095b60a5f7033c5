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


def moons():
    model = nn.MLP([2, 16, 16, 2], rng=0)
    return ag.softmax_cross_entropy(model(RNG.normal(size=(64, 2))), np.arange(64) % 2)


def regression():
    x = np.linspace(-1, 1, 16)[:, None]
    return ag.mse_loss(nn.MLP([1, 4, 1], rng=0)(x), np.sin(3 * x))


def unknown():
    """Return a result with an operation that has no JavaScript."""
    return np.sum(np.linalg.svd(nn.MLP([2, 2], rng=0)(RNG.normal(size=(4, 2))), compute_uv=False))


def recording():
    w = leaf([2.0, -1.0], "w")
    return ag.explore(frames=[((w - t) ** 2).sum() for t in (1.0, 2.0, 3.0)])


#: name -> page, the modules of its features, and the largest size of its script and style
PAGES = {
    "plain": (lambda: ag.explore(product()), ["leaves"], 107_500),
    "story": (lambda: ag.explore(cross_entropy()), ["leaves", "ending"], 110_000),
    "moons": (
        lambda: ag.explore(moons()),
        ["leaves", "train", "sgd", "boundary", "ending"],
        127_500,
    ),
    "regression": (
        lambda: ag.explore(regression()),
        ["leaves", "train", "sgd", "curve"],
        127_500,
    ),
    "compared": (
        lambda: ag.explore(cross_entropy(), compare=True),
        ["leaves", "ending", "compare", "verdict"],
        114_500,
    ),
    "recording": (recording, ["train", "film"], 105_000),
    "cannot train": (lambda: ag.explore(unknown()), ["train"], 104_500),
    "cannot compute": (lambda: ag.explore(unknown(), train=False), [], 93_000),
}


@cache
def page(name):
    return PAGES[name][0]()


@pytest.mark.parametrize("name", PAGES)
def test_page_has_the_features_that_it_needs(name):
    assert bundle.features(page(name).data) == PAGES[name][1]


@pytest.mark.parametrize("name", PAGES)
def test_script_and_style_are_small(name):
    """The files are not minified. The font and the functions of arrays have their own limits."""
    data, html = page(name).data, page(name).html()
    font, style = re.findall("<style>\n(.*?)</style>", html, re.S)
    (script,) = re.findall('<script type="module">(.*?)</script>', html, re.S)
    is_live = "programs" in data
    assert is_live == (bundle.runtime() in script)
    others = [*data["programs"], bundle.runtime()] if is_live else []
    own = len((style + script).encode()) - sum(len(other.encode()) for other in others)
    assert own < PAGES[name][2]
    assert font.count("@font-face") == 1
    assert "url(data:" not in style + script


def test_runtime_is_small():
    assert len(bundle.runtime().encode()) < 30_000


def test_page_without_data_fits_its_reserved_size():
    data = {**page("moons").data, "title": "title " * 100, "subtitle": "subtitle " * 100}
    data["programs"] = ["() => []"]
    assert 0.8 * _SHELL < len(bundle.document(data, "", "").encode()) < _SHELL


def test_pages_contain_all_modules_as_they_are():
    script = "".join(bundle.script(page(name).data) for name in PAGES)
    modules = {m for m in STATIC.glob("*.js") if m.stem not in ("types", "programs")}  # of Python
    assert len(modules) > 15
    for module in modules:
        body = bundle.without_comments(module.read_text("utf-8")).split('.js";\n')[-1]
        assert re.sub("^export ", "", body, flags=re.M) in script, module.name
    assert not re.search("^(import|export) ", script, re.M)
