"""README.md stays true. Its snippets run as doctests of the file; here is what else it says."""

import re
from pathlib import Path

import pytest

import autograd_mini as ag

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.S)


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
    """Each is a line of README, and its arguments are those of a test."""
    tests = (ROOT / "tests" / "test_main.py").read_text(encoding="utf-8")
    assert 'draw "-sum(y*log(exp(z)/sum(exp(z))))" --let z=2,1,0.1 --let y=0,1,0' in README
    for argument in ("-sum(y*log(exp(z)/sum(exp(z))))", "z=2,1,0.1", "y=0,1,0", "out.svg"):
        assert argument in tests


PACKAGE = Path(ag.__file__).parent
ROOMS = [p for p in PACKAGE.rglob("*.py") if not p.name.startswith("__") or p.name == "__main__.py"]


def test_each_room_is_in_the_table_of_files():
    """By its name; what `ops` and `elsewhere` hold by that of the folder."""
    table = README.split("## How it works, and where")[1].split("\n\n")[2]
    folders = [PACKAGE / "ops", PACKAGE / "elsewhere", PACKAGE / "exercises" / "__main__.py"]
    for room in ROOMS:
        if not any(room.is_relative_to(folder) for folder in folders):
            link = f"](autograd_mini/{room.name})" if room.parent == PACKAGE else f"`{room.stem}`"
            assert link in table, room
    named = {Path(p) for p in re.findall(r"\]\((autograd_mini/[^)]*)\)", table)}
    assert all((ROOT / path).exists() for path in named)
