"""README.md and the tour stay true. Their snippets run as doctests; here is what else they say."""

import re
from pathlib import Path

import pytest

import autograd_mini as ag
from autograd_mini.exercises import CHAPTERS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
TOUR = (ROOT / "examples" / "tour.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README + TOUR, flags=re.S)


def test_every_python_block_is_a_doctest_or_a_quotation():
    source = "".join(p.read_text(encoding="utf-8") for p in Path(ag.__file__).parent.rglob("*.py"))
    for language, text in BLOCKS:
        if language == "python" and ">>>" not in text:
            for line in text.strip().splitlines():
                assert line in source, f"not a line of the library: {line}"


@pytest.mark.parametrize("name", ["main-job", "tests"])
def test_the_two_commands_are_the_ones_that_ci_runs(name):
    assert re.search(rf"<!-- {name} -->\n```bash\n[^`]+```", README)
    assert f'bash -euxc "$(readme {name})"' in CI


def test_every_other_command_is_run_by_ci():
    commands = "".join(text for language, text in BLOCKS if language == "bash").split("\n")
    others = [c for c in commands if c and ".venv" not in c]
    assert others == ["python -m tests.benchmarks"]
    assert "-m tests.benchmarks" in CI


def test_the_commands_that_draw_are_run_by_the_tests():
    """Each is a line of the tour, and its arguments are those of a test."""
    tests = (ROOT / "tests" / "cli" / "test_main.py").read_text(encoding="utf-8")
    assert 'draw "-sum(y*log(exp(z)/sum(exp(z))))" --let z=2,1,0.1 --let y=0,1,0' in TOUR
    for argument in ("-sum(y*log(exp(z)/sum(exp(z))))", "z=2,1,0.1", "y=0,1,0", "out.svg"):
        assert argument in tests


def test_a_course_has_each_notebook_and_each_exercise_once():
    course = README.split("## For a course")[1].split("\n## ")[0]
    weeks = "\n".join(line for line in course.splitlines() if re.match(r"\| \d", line))
    notebooks = re.findall(r"\(examples/(\d\d_\w+\.ipynb)\)", weeks)
    assert notebooks == sorted(path.name for path in (ROOT / "examples").glob("*.ipynb"))
    assert sorted(re.findall(r"`(\w+)`", weeks)) == sorted(
        exercise.name for chapter in CHAPTERS.values() for exercise in chapter
    )
    for week in weeks.splitlines():  # the notebooks of a week end with its exercises
        names = re.findall(r"examples/(\w+\.ipynb)", week)
        texts = [(ROOT / "examples" / name).read_text(encoding="utf-8") for name in names]
        assert all(f"exercises.{name}`" in "".join(texts) for name in re.findall(r"`(\w+)`", week))


def test_what_a_course_hands_out_has_the_name_of_the_wheel():
    assert f"`autograd_mini-{ag.__version__}-py3-none-any.whl`" in README
