"""Each host shows a drawing as the table of hosts says, with one test per row.

Notebooks need the extra `hosts`, which CI installs for this file.
"""

import base64
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import autograd_mini as ag

ROOT = Path(__file__).parents[1]
CELL = """
import numpy as np
import autograd_mini as ag
z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
loss = -np.log(np.exp(z) / np.exp(z).sum())[1]
"""
pytestmark = pytest.mark.filterwarnings("ignore")  # of the hosts themselves


@pytest.fixture(autouse=True)
def our_package(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def is_the_picture(svg):
    return svg.startswith("<svg") and all(word in svg for word in ("exp", "∂v7/∂z", "-0.7576"))


def pictures(html):
    """Return our SVGs in the images of a page, without those of the host."""
    found = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", html)
    svgs = (base64.b64decode(data).decode() for data in found)
    return [svg for svg in svgs if "<title>" in svg]


def run(folder, *command):
    return subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=300
    )


def test_a_terminal_shows_the_table(tmp_path):
    shown = run(tmp_path, "-c", f"{CELL}\nprint(repr(ag.draw(loss)))")
    assert shown.returncode == 0, shown.stderr
    assert "op" in shown.stdout.splitlines()[0]
    assert "exp" in shown.stdout
    assert '.save("graph.svg")' in shown.stdout


def test_ipython_shows_the_table_and_offers_the_picture():
    shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell()
    shell.run_cell(CELL)
    data, _ = shell.display_formatter.format(ag.draw(shell.user_ns["loss"]))
    assert data["text/plain"].startswith("#")
    assert is_the_picture(data["image/svg+xml"])


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Return a notebook that draws, executed as Jupyter does it."""
    pytest.importorskip("nbconvert")
    pytest.importorskip("ipykernel")
    folder = tmp_path_factory.mktemp("notebook")
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**cell, "source": f"{CELL}ag.draw(loss)"}]
    cells += [{**cell, "id": "b", "source": "ag.draw(loss).show()"}]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    (folder / "x.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    done = run(
        folder, *["-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", "x.ipynb"]
    )
    assert done.returncode == 0, done.stderr
    return folder / "x.ipynb"


def test_jupyter_shows_the_picture(executed):
    done = run(executed.parent, *["-m", "nbconvert", "--to", "html", "x.ipynb"])
    assert done.returncode == 0, done.stderr
    page = executed.with_suffix(".html").read_text(encoding="utf-8")
    assert len(pictures(page)) == 2  # the value of a cell, and show()
    assert all(map(is_the_picture, pictures(page)))


class Stripped(HTMLParser):
    """Return the output without scripts, styles, frames and handlers, as some hosts show it."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def handle_starttag(self, tag, attributes):
        if tag in ("img", "table", "pre", "p", "div"):
            safe = [(k, v) for k, v in attributes if k in ("src", "alt")]
            self.kept.append((tag, dict(safe)))


def test_a_notebook_viewed_where_scripts_are_stripped_keeps_the_picture(executed):
    notebook = json.loads(executed.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        (output,) = cell["outputs"]
        data = {kind: "".join(text) for kind, text in output["data"].items()}
        stripped = Stripped()
        stripped.feed(data["text/html"])
        ((tag, attributes),) = stripped.kept
        assert tag == "img"
        assert attributes["alt"].startswith("The graph of v7")
        assert all(map(is_the_picture, pictures(attributes["src"])))
        assert is_the_picture(data["image/svg+xml"])  # for hosts that drop images with data
        assert data["text/plain"].startswith("#")  # for hosts that show text only


@pytest.mark.slow
def test_marimo_shows_the_picture(tmp_path):
    pytest.importorskip("marimo")
    body = "\n".join(f"    {line}" for line in CELL.strip().splitlines())
    program = "import marimo\n\napp = marimo.App()\n\n\n@app.cell\ndef _():\n"
    program += f"{body}\n    ag.draw(loss)\n    return\n"
    (tmp_path / "x.py").write_text(program, encoding="utf-8")
    done = run(tmp_path, *["-m", "marimo", "export", "html", "x.py", "-o", "x.html"])
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert pictures(page)
    assert is_the_picture(pictures(page)[0])
