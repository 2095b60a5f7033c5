"""The notebooks of examples/ are complete, clean and up to date, and every host shows them."""

import ast
import base64
import re
import shutil

import pytest

import autograd_mini as ag

from .notebooks import (
    EXAMPLES,
    METADATA,
    NOTEBOOKS,
    changes,
    code_cells,
    executed,
    kept,
    read,
    said,
)

INDEX = (EXAMPLES / "README.md").read_text(encoding="utf-8")
LARGEST = 600_000  # bytes
KINDS = {"text/plain", "text/latex", "text/markdown", "image/png"}
#: a machine's folders, an object's address, a terminal's colours
LOCAL = re.compile(
    r"/(home|root|tmp|work|usr|Users|var)/|[A-Z]:\\|site-packages|0x[0-9a-f]{6}|\x1b"
)
SHOWS = re.compile(r"^(print\(|plt\.show\(|ag\.(draw|explore|latex)\()", flags=re.M)

every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def text_of(path):
    return "\n".join("".join(c["source"]) for c in read(path)["cells"] if c["cell_type"] != "code")


def test_notebooks_are_numbered_and_listed():
    assert [int(path.name[:2]) for path in NOTEBOOKS] == list(range(1, len(NOTEBOOKS) + 1))
    assert re.findall(r"\]\((\d\d_\w+\.ipynb)\)", INDEX) == [path.name for path in NOTEBOOKS]


@every
def test_first_cell_has_number_aims_and_minutes(path):
    first, *_ = read(path)["cells"]
    text = "".join(first["source"])
    number = int(path.name[:2])
    title = re.match(rf"# {number} · (.+)\n", text)[1]
    minutes = re.search(r"\b(10|15|20) minutes\b", text)[1]
    assert "**What you will learn:**" in text
    assert re.search(rf"\| {number} \[{title}\]\({path.name}\) \| .* \| {minutes} \|", INDEX)


@every
def test_cells_were_run_in_order_and_have_outputs(path):
    cells = code_cells(read(path))
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        source = "".join(cell["source"])
        last = ast.parse(source).body[-1]
        value = isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call)
        assert cell["outputs"] or not (value or SHOWS.search(source)), source


@every
def test_outputs_have_no_error_warning_or_local_path(path):
    for cell in code_cells(read(path)):
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr"
            assert set(output.get("data", {})) <= KINDS
        text = "\n".join(said(cell))
        assert not LOCAL.search(text), LOCAL.search(text)


@every
def test_notebook_file_is_clean_and_small(path):
    notebook = read(path)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"] == METADATA
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(set(cell["metadata"]) <= {"tags"} for cell in notebook["cells"])
    assert path.stat().st_size < LARGEST


@every
def test_links_of_a_notebook_resolve(path):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(path))
    inside = [link for link in links if not link.startswith("https://")]
    assert inside, "a notebook points to the next one, or to the code"
    for link in inside:
        assert (EXAMPLES / link).exists(), link


@every
def test_cells_are_short(path):
    for cell in code_cells(read(path)):
        assert len("".join(cell["source"]).splitlines()) <= 30


@every
def test_exercises_of_a_notebook_exist(path):
    exercises = pytest.importorskip("autograd_mini.exercises")
    for name in re.findall(r"`exercises\.(\w+)`", text_of(path)):
        assert hasattr(exercises, name), name


def test_each_exercise_is_named_in_its_notebook():
    exercises = pytest.importorskip("autograd_mini.exercises")
    named = {
        name for path in NOTEBOOKS for name in re.findall(r"`exercises\.(\w+)`", text_of(path))
    }
    assert named == {e.name for chapter in exercises.CHAPTERS.values() for e in chapter}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("rsvg-convert"), reason="needs rsvg-convert")
@pytest.mark.filterwarnings("ignore")  # of Jupyter itself
@every
def test_outputs_are_those_of_a_run_today(path):
    assert changes(read(path), executed(path)) == ""


def notebook_that_says(*texts):
    outputs = [{"output_type": "stream", "name": "stdout", "text": text} for text in texts]
    return {"cells": [{"cell_type": "code", "source": "print(x)", "outputs": outputs}]}


def test_changes_show_another_number():
    old, new = notebook_that_says("loss\n", "0.25\n"), notebook_that_says("loss\n0.26\n")
    assert changes(old, old) == ""
    assert {"print(x)", "-0.25", "+0.26"} <= set(changes(old, new).splitlines())


def test_changes_show_a_missing_picture():
    old, new = notebook_that_says(), notebook_that_says()
    old["cells"][0]["outputs"] = [{"output_type": "display_data", "data": {"image/png": "iVBO"}}]
    assert "-<image/png>" in changes(old, new)


def shown(**data):
    return {"output_type": "display_data", "data": data, "metadata": {}}


def test_page_is_saved_as_text():
    x = ag.tensor(2.0, requires_grad=True)
    page = ag.explore(x * x)
    output = kept(shown(**{"text/plain": repr(page), "text/html": page._repr_html_()}))
    assert output["data"] == {"text/plain": repr(page)}


@pytest.mark.skipif(not shutil.which("rsvg-convert"), reason="needs rsvg-convert")
def test_drawing_is_saved_as_png():
    pytest.importorskip("PIL")
    x = ag.tensor(2.0, requires_grad=True, name="x")
    output = kept(shown(**ag.draw(x * x, names={})._repr_mimebundle_()))
    assert set(output["data"]) == {"text/plain", "image/png"}
    assert base64.b64decode(output["data"]["image/png"]).startswith(b"\x89PNG")
    assert output["metadata"]["image/png"]["alt"].startswith("The graph of v1")
    assert 200 < output["metadata"]["image/png"]["width"] < 500


def test_other_output_is_saved_unchanged():
    output = shown(**{"text/plain": "3", "text/latex": "$3$"})
    assert kept(output) == output
