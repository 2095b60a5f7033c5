"""README.md and the tour stay true. Their snippets run as doctests; here is what else they say."""

import re
import textwrap
from pathlib import Path

import pytest

import autograd_mini as ag
from autograd_mini.exercises import CHAPTERS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
TOUR = (ROOT / "examples" / "tour.md").read_text(encoding="utf-8")
COURSE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README + TOUR, flags=re.S)


def test_every_python_block_is_a_doctest_or_a_quotation():
    source = "".join(p.read_text(encoding="utf-8") for p in Path(ag.__file__).parent.rglob("*.py"))
    for language, text in BLOCKS:
        if language == "python" and ">>>" not in text:
            for line in text.strip().splitlines():
                assert line in source, f"not a line of the library: {line}"


def test_the_lines_of_c_are_lines_of_the_step():
    step = (ROOT / "examples" / "gallery" / "step.c").read_text(encoding="utf-8")
    (text,) = [text for language, text in BLOCKS if language == "c"]
    assert textwrap.indent(text, "    ") in step


@pytest.mark.parametrize("name", ["main-job", "tests"])
def test_the_two_commands_are_the_ones_that_ci_runs(name):
    assert re.search(rf"<!-- {name} -->\n```bash\n[^`]+```", README)
    assert f'bash -euxc "$(readme {name})"' in CI


def test_readme_has_no_other_commands():
    commands = "".join(text for language, text in BLOCKS if language == "bash").split("\n")
    assert [c for c in commands if c and ".venv" not in c] == []


def test_the_commands_that_draw_are_run_by_the_tests():
    """Each is a line of the tour, and its arguments are those of a test."""
    tests = (ROOT / "tests" / "cli" / "test_main.py").read_text(encoding="utf-8")
    assert 'draw "-sum(y*log(exp(z)/sum(exp(z))))" --let z=2,1,0.1 --let y=0,1,0' in TOUR
    for argument in ("-sum(y*log(exp(z)/sum(exp(z))))", "z=2,1,0.1", "y=0,1,0", "out.svg"):
        assert argument in tests


def course_rows(text, start):
    """Return the notebooks and the exercises of each row of a table."""
    rows = [line for line in text.splitlines() if re.match(start, line)]
    return [(re.findall(r"(\d\d_\w+\.ipynb)\)", row), re.findall(r"`(\w+)`", row)) for row in rows]


@pytest.mark.parametrize(("text", "start"), [(README, r"\| \[\d"), (COURSE, r"\| \d")])
def test_course_table_has_each_notebook_and_exercise_once(text, start):
    rows = course_rows(text, start)
    notebooks = [name for names, _ in rows for name in names]
    assert notebooks == sorted(path.name for path in (ROOT / "examples").glob("*.ipynb"))
    assert sorted(name for _, names in rows for name in names) == sorted(
        exercise.name for chapter in CHAPTERS.values() for exercise in chapter
    )
    for names, exercises in rows:  # the notebooks of a row end with its exercises
        texts = "".join((ROOT / "examples" / name).read_text(encoding="utf-8") for name in names)
        assert all(f"exercises.{name}`" in texts for name in exercises)


def test_course_names_the_wheel_of_this_version():
    assert f"`autograd_mini-{ag.__version__}-py3-none-any.whl`" in COURSE


def test_readme_states_the_lengths_of_the_engine():
    for name, lines in re.findall(r"\]\((autograd_mini/core/\w+\.py)\) \| (\d+) \|", README):
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) == int(lines), name
    assert len(README.splitlines()) <= 170
