"""The documentation site: pages agree with the registry, examples run, links lead somewhere."""

import doctest
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
from autograd_mini.exercises import CHAPTERS
from docs import api, exercises, foreign, functions, kinks, packages, sheet

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GUIDES = sorted(DOCS.glob("guides/*.md"))
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
MEGABYTE = 1e6

#: Pages that must exist, besides the notebooks and the guides.
PAGES = [
    "index",
    "search",
    "exercises",
    "guides/tour",
    "migration/from_pytorch",
    "migration/from_jax",
    "migration/from_micrograd",
    "migration/from_autograd",
    "api/index",
    "api/tensor_class",
    "reference/formula_sheet",
    "reference/numpy_functions",
    "reference/kinks",
    "reference/foreign_arrays",
    "benchmarks",
    "comparison",
    "guarantees",
    "teaching",
    "architecture/index",
    "contributing",
    "changelog",
    "source/autograd_mini/core/backward",
]


# ---- hand-written pages --------------------------------------------------------------------------


LONG = {"larger_than_memory"}


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=pytest.mark.slow) if p.stem in LONG else p for p in GUIDES],
    ids=lambda path: path.stem,
)
def test_examples_of_a_guide_run(path):
    if "import dask" in path.read_text(encoding="utf-8"):
        pytest.importorskip("dask.array")
    failed, _ = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert failed == 0


def test_benchmarks_contain_each_fused_node():
    text = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    assert [node.name for node in FUSED if f"| `{node.name}` | 1 of" not in text] == []


# ---- generated pages -----------------------------------------------------------------------------


def test_each_numpy_function_has_one_row():
    rows = re.findall(r"^\| `(np\.[\w.]+)` \|", functions.page(), re.M)
    assert sorted(rows) == sorted(functions.dispatched())
    assert len(rows) > 300


def test_each_refusal_gives_its_reason():
    page = functions.page()
    for name, answer in coverage():
        if name in functions.dispatched() and answer.startswith("refused"):
            row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
            assert answer.removeprefix("refused. ")[:40] in row
    assert "0 are absent" in page or "## Absent" in page


@pytest.mark.parametrize("name", ["np.exp", "np.std", "np.argmax", "np.fft.fft", "np.unique"])
def test_functions_behave_as_their_row_says(name):
    f = functions.dispatched()[name]
    t = ag.tensor([1.0, 2.0], requires_grad=True)
    kind = functions.kind(functions.answers()[name])
    if kind == "refused":
        with pytest.raises(TypeError, match="has no derivative rule"):
            f(t)
    else:
        assert isinstance(f(t), ag.Tensor) == (kind in ("primitive", "composed"))


def test_sheet_contains_all_elementwise_functions():
    page = sheet.page()
    assert len(sheet.elementwise()) > 40
    for f in sheet.elementwise():
        assert f"| `np.{f.__name__}` |" in page
    assert r"| `np.sin` | $y = \sin x$ | $\frac{\partial y}{\partial x} = \cos x$ |" in page
    assert np.matmul not in sheet.elementwise()


def test_sheet_escapes_the_bars_of_absolute_values():
    rows = re.findall(r"^\| `np.*$", sheet.page(), re.M)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)


def test_api_index_contains_each_public_name_once():
    names = re.findall(r"^\| \{py:\w+\}`(\w+) <", api.index(), re.M)
    assert sorted(names) == sorted(ag.__all__)
    assert "More" not in api.groups(), f"name a group in docs/api.py for {api.groups()['More']}"


def test_api_describes_each_public_name():
    text = "\n".join(api.pages().values())
    for name in set(ag.__all__) - {"exercises"}:
        assert re.search(rf"^\.\. auto\w+:: autograd_mini\.{name}$", text, re.M), name


def test_api_describes_the_class_of_a_result():
    assert api.class_of_result(ag.draw).__name__ == "Drawing"
    assert api.class_of_result(ag.tensor) is None


def test_kinks_are_a_table():
    assert kinks.page().count("====================  ===") >= 3


@pytest.mark.slow
def test_foreign_arrays_are_a_current_table():
    """Each function with a derivative has a row, which the double has just been through."""
    rows = dict(re.findall(r"^\| `(.+)` \| (.+) \|$", foreign.page(), re.M))
    run_by = {answer: name for name, answer in coverage() if name in rows}
    for name, answer in coverage():
        if answer.startswith(("primitive", "composed")):
            assert name in rows or answer in run_by or answer.split()[-1] in rows, name
    assert {node.name for node in FUSED} - {"logsumexp"} <= rows.keys()
    assert {answer.split(",")[0] for answer in rows.values()} == {"works"}


def test_exercises_lists_each_exercise():
    names = re.findall(r"^\| `(\w+)` \|", exercises.page(), re.M)
    assert names == [e.name for chapter in CHAPTERS.values() for e in chapter]


def test_packages_lists_each_package():
    rows = re.findall(r"^\| `(\w+)` \| \w", packages.table(), re.M)
    assert {"core", "ops", "functional", "views", "data", "optim"} <= set(rows)


# ---- project files -------------------------------------------------------------------------------


def test_version_is_in_one_place():
    assert 'dynamic = ["version"]' in PROJECT
    assert "\nversion = " not in PROJECT
    assert f"## [{ag.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\nversion: {ag.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_each_extra_has_a_comment():
    extras = PROJECT.split("[project.optional-dependencies]\n")[1].split("\n[")[0].splitlines()
    starts = [i for i, line in enumerate(extras) if re.match(r"\w+ = \[", line)]
    assert len(starts) >= 5
    assert all(extras[i - 1].startswith("# ") for i in starts)


# ---- the site ------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The links and the anchors of a page, and the files that it loads."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors, self.loads = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        elif tag in ("img", "script", "link", "iframe"):
            self.loads += [found[key] for key in ("src", "href") if found.get(key)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    for needed in ("sphinx", "furo", "myst_nb", "latex2mathml"):
        pytest.importorskip(needed)
    folder = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, "-m", "docs", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def site(folder):
    return {p.relative_to(folder): p.read_text(encoding="utf-8") for p in folder.rglob("*.html")}


@pytest.mark.slow
def test_site_has_its_pages_and_is_small(folder, site):
    names = {path.as_posix() for path in site}
    assert {f"tutorials/{p.stem}.html" for p in ROOT.glob("examples/[0-9]*.ipynb")} <= names
    assert {f"{p.relative_to(DOCS).with_suffix('')}.html" for p in GUIDES} <= names
    assert {f"{page}.html" for page in PAGES} <= names
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 40 * MEGABYTE


@pytest.mark.slow
def test_each_public_name_is_described(site):
    anchors = set().union(*(Page(t).anchors for path, t in site.items() if path.parts[0] == "api"))
    modules = {name for name in ag.__all__ if inspect.ismodule(getattr(ag, name))}
    assert {f"autograd_mini.{name}" for name in set(ag.__all__) - modules} <= anchors
    for name in ("Tensor.backward", "Tensor.cumsum", "Tensor.mT", "nn.MLP", "optim.Adam"):
        assert f"autograd_mini.{name}" in anchors


@pytest.mark.slow
def test_formulas_are_mathml(site):
    for path, text in site.items():
        if path.parts[0] not in ("source", "_modules", "live"):
            prose = re.sub(r"<(pre|code|annotation|script)\b.*?</\1>", "", text, flags=re.S)
            assert "$$" not in prose, path
            assert "\\frac" not in prose, path
            assert "<mi>&</mi>" not in prose, path
    sheet = site[Path("reference/formula_sheet.html")]
    assert sheet.count("<math") > 80
    assert "<mi>arccos</mi><mspace" in sheet
    assert "<mi>arccosh</mi><mo" in sheet
    assert site[Path("tutorials/03_softmax_cross_entropy.html")].count("<math") > 10


@pytest.mark.slow
def test_site_loads_nothing_from_elsewhere(folder, site):
    for path, text in site.items():
        for load in Page(text).loads:
            assert load.startswith("data:") or "//" not in load, (path, load)
    for path in folder.rglob("*.css"):
        style = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", style), path


@pytest.mark.slow
@pytest.mark.parametrize("page", ["index", "tutorials/01_a_tape_by_hand", "tutorials/04_moons"])
def test_live_pages_are_embedded(folder, site, page):
    path = Path(f"{page}.html")
    (frame,) = [load for load in Page(site[path]).loads if "live/" in load]
    live = (folder / path.parent / frame).read_text(encoding="utf-8")
    assert "<script" in live
    assert "default-src 'none'" in live


@pytest.mark.slow
def test_all_links_of_the_site_lead_somewhere(folder, site):
    anchors = {path: Page(text).anchors for path, text in site.items()}
    for path, text in site.items():
        for link in Page(text).links:
            if re.match(r"[a-z][a-z+.-]*:|//", link):
                continue
            file, _, place = unquote(link).partition("#")
            target = Path(os.path.normpath(path.parent / file)) if file else path
            if target.suffix == ".html":
                assert target in anchors, (path, link)
                assert not place or place in anchors[target], (path, link)
            else:
                assert (folder / target).exists(), (path, link)
