"""Random programs return the same bits when compiled; `fuzz` runs more of them."""

import pytest

from tests.budget import few
from tests.compiler.checks import OLD
from tests.compiler.fuzz import main, run


@pytest.mark.skipif(OLD, reason="there, functions round in another way where they are told to")
@pytest.mark.parametrize("seeds", few([range(4), range(4, 150)], 2))
def test_random_programs_to_the_last_bit(seeds):
    assert sum(map(run, seeds)) > 3 * len(seeds)


def test_the_command_runs_programs_and_counts_them(capsys):
    assert main(["--programs", "2", "--seed", "7"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 programs, ")
    assert " moves, 0 failed, " in said
