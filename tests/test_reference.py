"""The reference: its generated pages say what the registry says, and the site is whole."""

import inspect
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.dispatch import coverage
from autograd_mini.core.fused import FUSED
from tests.reference import functions, measured, sheet, start

ROOT = Path(__file__).parent.parent


# ---- the generated pages -------------------------------------------------------------------------


def test_each_numpy_function_that_asks_has_one_row():
    rows = re.findall(r"^\| `(np\.[\w.]+)` \|", functions.page(), re.M)
    assert sorted(rows) == sorted(functions.dispatched())
    assert len(rows) > 300


def test_each_answer_of_the_registry_is_there():
    """Whatever NumPy this is: what it lacks is not in the registry either."""
    page = functions.page()
    for name, answer in coverage():
        if name in functions.dispatched():
            assert f"| `{name}` |" in page
            if answer.startswith("refused"):
                row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
                assert answer.removeprefix("refused. ")[:40] in row
    assert "0 are absent" in page or "## Absent" in page


@pytest.mark.parametrize("name", ["np.exp", "np.std", "np.argmax", "np.fft.fft", "np.unique"])
def test_what_the_page_says_is_what_happens(name):
    f = functions.dispatched()[name]
    t = ag.tensor([1.0, 2.0], requires_grad=True)
    kind = functions.kind(functions.answers()[name])
    if kind == "refused":
        with pytest.raises(TypeError, match="has no derivative rule"):
            f(t)
    else:
        assert isinstance(f(t), ag.Tensor) == (kind in ("primitive", "composed"))


def test_the_sheet_has_the_rules_of_all_elementwise_functions():
    page = sheet.page()
    assert len(sheet.elementwise()) > 40
    for f in sheet.elementwise():
        assert f"| `np.{f.__name__}` |" in page
    assert r"| `np.sin` | $y = \sin x$ | $\frac{\partial y}{\partial x} = \cos x$ |" in page
    assert np.sin in sheet.elementwise()
    assert np.matmul not in sheet.elementwise()


def test_the_first_page_has_each_public_name_once():
    page = start.page()
    rows = re.findall(r"^\| \[`(\w+)`\]", page, re.M)
    assert sorted(rows) == sorted(set(ag.__all__) - {"Tensor"})  # the class of `tensor`
    assert "| [`grad`](autograd_mini.html#grad) | Return a function that computes the grad" in page


def test_what_was_measured_has_the_tables_of_both_its_sources():
    page = measured.page()
    readme = (ROOT / "README.md").read_text(encoding="utf-8").split("## Speed")[1].split("\n## ")[0]
    own = (ROOT / "tests" / "reference" / "measured.md").read_text(encoding="utf-8")
    rows = [line for line in (readme + own).splitlines() if line.startswith("|")]
    assert len(rows) > 60
    assert all(row in page for row in rows)
    assert "](" not in page  # files that the site has not


def test_each_fused_node_was_measured():
    page = measured.page()
    assert [node.name for node in FUSED if f"| `{node.name}` | 1 of" not in page] == []


# ---- the site ------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The links and the places of a page, and what it loads."""

    def __init__(self, text):
        super().__init__()
        self.links, self.places, self.loads = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.places |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        elif tag in ("img", "script", "link", "iframe"):
            self.loads += [found[key] for key in ("src", "href") if found.get(key)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("pdoc")
    pytest.importorskip("latex2mathml")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-W", "error::UserWarning", "-m", "tests.reference", str(folder)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True, timeout=240)
    return {p.relative_to(folder): p.read_text(encoding="utf-8") for p in folder.rglob("*.html")}


@pytest.mark.slow
def test_each_public_name_is_on_the_first_page(site):
    first = Page(site[Path("autograd_mini.html")])
    rooms = {name for name in ag.__all__ if inspect.ismodule(getattr(ag, name))}
    assert set(ag.__all__) - rooms - {"tensor"} <= first.places
    for method in ("backward", "cumsum", "mT"):
        assert f"Tensor.{method}" in first.places
    assert 'def</span>\n        <span class="name">softmax' in site[Path("autograd_mini.html")]


@pytest.mark.slow
def test_formulas_are_mathematics_and_nothing_is_loaded_from_elsewhere(site):
    for path, text in site.items():
        outside_of_code = re.sub(r"<pre.*?</pre>|<code.*?</code>", "", text, flags=re.S)
        assert "$$" not in outside_of_code, path
        for load in Page(text).loads:
            assert load.startswith("data:") or "//" not in load, (path, load)
    assert site[Path("autograd_mini.html")].count("<math") > 15
    assert site[Path("autograd_mini/formula_sheet.html")].count("<math") > 80
    assert site[Path("autograd_mini.html")].count('src="data:image/svg+xml') >= 5


@pytest.mark.slow
def test_all_links_of_the_site_lead_somewhere(site):
    places = {path: Page(text).places for path, text in site.items()}
    for path, text in site.items():
        for link in Page(text).links:
            if "//" in link:
                continue
            file, _, place = unquote(link).partition("#")
            target = Path(os.path.normpath(path.parent / file)) if file else path
            assert target in places, (path, link)
            assert not place or place in places[target], (path, link)


@pytest.mark.slow
def test_examples_stand_there_as_they_were_written(site):
    """pdoc takes what stands behind a bracket for the name of a room: ``(x * x).tape()``."""
    text = re.sub(r"<[^>]+>", "", site[Path("autograd_mini/tape.html")])
    assert "tape = (x * x + x).tape()" in text
    for path, page in site.items():
        assert not re.search(r"[)\]](</\w+>)?<a [^>]*>autograd_mini\.", page), path
