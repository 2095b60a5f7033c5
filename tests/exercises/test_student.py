"""The notebooks for students: no outputs, no solutions, and a cell for each exercise."""

import json
import re
import runpy
import sys
from pathlib import Path

import pytest

from autograd_mini.exercises import CHAPTERS, WrongAnswer, exercise, submission

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = {e.name for chapter in CHAPTERS.values() for e in chapter}


def write_notebooks(folder, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["student.py", str(folder)])
    runpy.run_path(str(EXAMPLES / "student.py"), run_name="__main__")


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    with pytest.MonkeyPatch.context() as monkeypatch:
        write_notebooks(folder, monkeypatch)
    return {p.name: json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.iterdir())}


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_every_notebook_is_written_and_valid(notebooks):
    assert list(notebooks) == [p.name for p in sorted(EXAMPLES.glob("[0-9][0-9]_*.ipynb"))]
    nbformat = pytest.importorskip("nbformat")
    for notebook in notebooks.values():
        nbformat.validate(notebook)


def test_notebooks_have_no_outputs(notebooks):
    cells = [cell for notebook in notebooks.values() for cell in code_cells(notebook)]
    assert len(cells) > 100
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)


def test_cells_of_the_lesson_are_kept(notebooks):
    for name, notebook in notebooks.items():
        original = json.loads((EXAMPLES / name).read_text(encoding="utf-8"))
        sources = ["".join(cell["source"]) for cell in code_cells(original)]
        assert [cell["source"] for cell in code_cells(notebook)][: len(sources)] == sources


def test_every_exercise_has_a_cell_that_is_not_a_solution(notebooks):
    cells = {c["id"]: c["source"] for n in notebooks.values() for c in code_cells(n)}
    assert cells.keys() >= NAMES
    for name in NAMES:
        assert f"exercises.{name}.check" in cells[name]
        namespace = {}
        exec(
            "import numpy as np, autograd_mini as ag; from autograd_mini import exercises",
            namespace,
        )
        with exercise.collect_answers() as answers:
            exec(cells[name], namespace)
        with pytest.raises(WrongAnswer):
            submission.KNOWN[name].check(answers[name])


def test_links_lead_to_other_notebooks_or_the_web(notebooks):
    text = "".join(
        cell["source"]
        for n in notebooks.values()
        for cell in n["cells"]
        if cell["cell_type"] != "code"
    )
    links = set(re.findall(r"\]\(([^)#\s]+)", text))
    assert links
    assert {link for link in links if not link.startswith("https://")} <= set(notebooks)


def test_notebooks_with_outputs_are_not_overwritten(monkeypatch, capsys):
    with pytest.raises(SystemExit) as caught:
        write_notebooks(EXAMPLES, monkeypatch)
    assert caught.value.code == 2
    assert "choose another" in capsys.readouterr().err
