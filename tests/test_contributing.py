"""The steps of the contributing guide are applied to a copy of the repository and run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (A [\w ]+) in five steps\n(.*?)(?=^## )", GUIDE, re.M | re.S))
BLOCK = re.compile(r"<!-- (\S+) -->\n```(\w*)\n(.*?)```", re.S)


def follow(folder, path, language, text):
    """Add a block of code to a file, or change it by a diff."""
    file = folder / path
    if language == "diff":
        lines = [(line[0], line[1:]) for line in text.splitlines()]
        old = "\n".join(line for sign, line in lines if sign != "+")
        new = "\n".join(line for sign, line in lines if sign != "-")
        source = file.read_text(encoding="utf-8")
        assert source.count(old) == 1, f"{path} has {source.count(old)} of: {old}"
        file.write_text(source.replace(old, new), encoding="utf-8")
    else:
        before = file.read_text(encoding="utf-8") + "\n\n" if file.exists() else ""
        file.write_text(before + text, encoding="utf-8")


@pytest.fixture
def copy(tmp_path):
    for name in ("autograd_mini", "docs", "tests"):
        unwanted = shutil.ignore_patterns("__pycache__", "node_modules", "pictures")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("title", SECTIONS)
def test_the_steps_lead_to_tests_that_pass(title, copy):
    (*blocks, (run, _, command)) = BLOCK.findall(SECTIONS[title])
    assert run == "run"
    for block in blocks:
        follow(copy, *block)
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    program, *arguments = re.findall(r'"[^"]*"|\S+', command)
    assert program == "python"
    finished = subprocess.run(
        [sys.executable, *(a.strip('"') for a in arguments), "-p", "no:cacheprovider", "-v"],
        cwd=copy, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", finished.stdout)[1]) >= 5
    for file in re.findall(r"tests/\w+\.py", command):
        assert file in finished.stdout, f"nothing of {file} was run"
    checked = [sys.executable, "-m", "ruff", "check", "autograd_mini", "tests"]
    if subprocess.run([*checked[:3], "--version"], capture_output=True).returncode == 0:
        linted = subprocess.run(checked, cwd=copy, capture_output=True, text=True)
        assert linted.returncode == 0, linted.stdout


def test_each_guide_has_five_steps():
    assert list(SECTIONS) == ["A primitive", "A fused node", "A view"]
    for text in SECTIONS.values():
        assert re.findall(r"^(\d)\. \*\*", text, re.M) == list("12345")
