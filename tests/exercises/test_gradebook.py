"""Grading of what students hand in: every file gets a result, whatever it does."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograd_mini.exercises import __main__ as command_line
from autograd_mini.exercises import gradebook, submission
from autograd_mini.exercises.gradebook import grade_file
from tests.exercises import solutions

ROOT = Path(__file__).parents[2]

#: an answer to many exercises; each misbehaves in another way
MESSY = """
import os, sys
import numpy as np
from autograd_mini import exercises

print("noise" * 1000)
print("noise", file=sys.stderr)

@exercises.exp_rule.check
def exp_rule(g, y, x):
    print("more noise")
    return y

def log_rule(g, y, x):
    return g / x

def quotient(a, b):
    sys.exit(0)

def two_paths(x, w):
    raise KeyboardInterrupt

def reciprocal_rule(g, y, x):
    return input("a number, please: ")

mul_rule = 3  # not an answer

exercises.matmul_rule.check(lambda g, y, a, b: (a.T @ g, g @ b.T))
exercises.sum_rule.check("not a function")

def sweep(tape):
    os._exit(5)

def softmax_rule(g, y, z):
    while True:
        pass
"""


def notebook(*cells):
    cells = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "markdown", "source": ""}, *cells]})


@pytest.fixture
def write(tmp_path):
    def written(text, name="submission.py"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return written


@pytest.fixture
def load(write, monkeypatch):
    """Return a function that loads a submission in this process."""

    def loaded(text, name="submission.py"):
        monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
        return submission.load(Path(write(text, name)))

    return loaded


def by_exercise(results):
    return {r.exercise: (r.status, r.verdict) for r in results}


@pytest.mark.slow
def test_answers_that_misbehave_are_each_reported(write):
    results = by_exercise(grade_file(write(MESSY), limit=0.4))
    assert list(results) == [
        "quotient", "two_paths", "reciprocal_rule", "exp_rule", "log_rule", "sum_rule",
        "matmul_rule", "softmax_rule", "sweep",
    ]  # fmt: skip
    assert results["log_rule"] == ("right", "")
    assert results["exp_rule"][0] == "wrong"
    assert "g, the gradient of the result" in results["exp_rule"][1]
    assert results["matmul_rule"][0] == "wrong"
    assert "SystemExit" in results["quotient"][1]
    assert "KeyboardInterrupt" in results["two_paths"][1]
    assert "EOFError" in results["reciprocal_rule"][1]
    assert "expected your function" in results["sum_rule"][1]
    assert results["sweep"] == ("crashed", "The process ended with exit status 5.")
    line = MESSY.splitlines().index("        pass") + 1
    status, verdict = results["softmax_rule"]
    assert status == "timeout"
    assert verdict in [
        f"No result within 0.4 s; the code was in line {n}." for n in (line - 1, line)
    ]


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("def exp_rule(:", "a.py", "SyntaxError in line 1"),
        ("x = 1\n1 / 0", "a.py", r"ZeroDivisionError: division by zero (raised in line 2)"),
        ("import sys\n\nsys.exit('bye')", "a.py", "SystemExit: bye (raised in line 3)"),
        ("raise KeyboardInterrupt", "a.py", "KeyboardInterrupt (raised in line 1)"),
        ("\nimport missing_module", "a.py", "No module named 'missing_module' (raised in line 2)"),
        ("from helpers import *", "a.py", "No module named 'helpers'"),
        (b"\xff\xfe\x00", "a.py", "The file cannot be read"),
        ("not a notebook", "a.ipynb", "The file cannot be read"),
        ("[]", "a.ipynb", "it is not a Jupyter notebook"),
        ('{"cells": [3]}', "a.ipynb", "The file cannot be read"),
        (notebook("x = 1", "\n1 / 0"), "a.ipynb", "(raised in line 2 of cell 3)"),
        (notebook("def f(:"), "a.ipynb", "SyntaxError in line 1 in cell 2"),
    ],
)
def test_problem_of_a_file_says_where(load, text, name, problem):
    answers, found = load(text, name)
    assert answers == {}
    assert problem in found


def test_what_was_defined_before_an_error_is_graded(load):
    answers, problem = load("def exp_rule(g, y, x):\n    return g * y\n\nraise SystemExit")
    assert list(answers) == ["exp_rule"]
    assert "SystemExit" in problem


def test_cells_after_an_error_are_run(load):
    text = notebook(
        "%matplotlib inline\n!ls\nx = 2", "1 / 0", "%%bash\nls", "def quotient(a, b): x"
    )
    answers, problem = load(text, "a.ipynb")
    assert list(answers) == ["quotient"]
    assert problem == "ZeroDivisionError: division by zero (raised in line 1 of cell 3)"
    answers["quotient"](1, 2)


@pytest.mark.parametrize(
    "cell",
    [
        "%%time\ndef quotient(a, b): pass",
        "%timeit 1\n!ls\nquotient?\ndef quotient(a, b): pass\n  # comment",
        "def quotient(a, b):\n    %time x = 1\n    return x",
        "x = (7\n% 4)\nassert x == 3\ndef quotient(a, b): pass",
        "text = '''\n!not a command\n'''\nassert '!' in text\ndef quotient(a, b): pass",
    ],
)
def test_commands_of_ipython_are_left_out(load, cell):
    answers, problem = load(notebook(cell), "a.ipynb")
    assert list(answers) == ["quotient"]
    assert problem == ""


def test_checked_answer_counts_before_a_function_of_the_name(load):
    text = """
from autograd_mini.exercises import *
def exp_rule_draft(g, y, x): return 1
exp_rule.check(exp_rule_draft)
exp_rule.check(lambda g, y, x: 2)
def log_rule(g, y, x): return 3
"""
    answers, problem = load(text)
    assert problem == ""
    assert {name: f(0, 0, 0) for name, f in answers.items()} == {"exp_rule": 2, "log_rule": 3}


def test_script_runs_as_main(load):
    answers, _ = load('if __name__ == "__main__":\n    def exp_rule(g, y, x): return __file__')
    assert answers["exp_rule"](0, 0, 0).endswith("submission.py")


@pytest.mark.slow
def test_script_runs_in_its_folder(write):
    write("VALUE = 7", "helper.py")
    write("8", "data.txt")
    text = """
import helper
def exp_rule(g, y, x): return g * y if helper.VALUE == 7 else g
number = int(open("data.txt").read())
def log_rule(g, y, x): return g / x if number == 8 else g
"""
    results = by_exercise(grade_file(write(text)))
    assert results == {"exp_rule": ("right", ""), "log_rule": ("right", "")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("while True: pass", "timeout"),
        ("10 ** 10 ** 9", "timeout"),
        ("import os; os._exit(0)", "crashed"),
        ("import faulthandler; faulthandler._sigsegv()", "crashed"),
        ("x = 1", "empty"),
        ("", "empty"),
        ("exp_rule = 3", "empty"),
        ("1 / 0", "error"),
        ("import sys; sys.exit()", "error"),
        (
            "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
            "empty",
        ),
    ],
)
def test_file_that_misbehaves_is_reported(write, text, status):
    (result,) = grade_file(write(text), limit=1.0)
    assert (result.exercise, result.status) == (None, status)
    assert result.verdict


def test_missing_file_is_reported(tmp_path):
    (result,) = grade_file(str(tmp_path / "nobody.py"))
    assert result.status == "error"


# ---- the command --------------------------------------------------------------------------------

#: results of both files: as if their processes had run
RESULTS = {
    "ann.py": [
        gradebook.Result("ann.py", "exp_rule", "right"),
        gradebook.Result("ann.py", "log_rule", "wrong", '∂L/∂x: "no", it\'s\nwrong', "all of it"),
    ],
    "bob.ipynb": [gradebook.Result("bob.ipynb", None, "timeout", "No result within 1 s.")],
    "cleo.py": [gradebook.Result("cleo.py", "sweep", "right")],
}


@pytest.fixture
def command(monkeypatch, capsys):
    monkeypatch.setattr(gradebook, "grade_file", lambda file, limit: RESULTS[file])

    def run(*arguments):
        status = gradebook.main(arguments)
        return status, capsys.readouterr().out

    return run


def test_text_has_a_line_for_each_result(command):
    status, out = command(*RESULTS)
    assert status == 1
    assert out.splitlines()[:2] == ["ann.py: 1 of 2 right", "  exp_rule  right"]
    assert out.splitlines()[2] == """  log_rule  wrong    ∂L/∂x: "no", it's wrong"""
    assert "bob.ipynb: 0 of 0 right\n  file  timeout  No result within 1 s.\n" in out
    assert command("cleo.py")[0] == 0


def test_json_has_an_object_on_each_line(command):
    status, out = command("--json", *RESULTS)
    objects = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert [(o["file"], o["exercise"], o["status"]) for o in objects] == [
        ("ann.py", "exp_rule", "right"),
        ("ann.py", "log_rule", "wrong"),
        ("bob.ipynb", None, "timeout"),
        ("cleo.py", "sweep", "right"),
    ]
    assert objects[1]["message"] == "all of it"


def test_csv_has_a_row_for_each_file(command):
    _, out = command("--csv", *RESULTS)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["file"] for row in rows] == list(RESULTS)
    assert [row["right"] for row in rows] == ["1", "0", "1"]
    assert (rows[0]["exp_rule"], rows[0]["log_rule"], rows[0]["sweep"]) == ("right", "wrong", "")
    assert rows[1]["problem"] == "timeout: No result within 1 s."
    assert len(rows[0]) == 35 + 3


@pytest.mark.parametrize("arguments", [[], ["--json", "--csv", "a.py"], ["a.py", "--timeout", "0"]])
def test_wrong_command_line_exits_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        gradebook.main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m autograd_mini.exercises grade" in capsys.readouterr().err


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, 130), (BrokenPipeError, 1)])
def test_interrupted_command_exits_without_a_traceback(error, status, monkeypatch):
    def interrupted(file, limit):
        raise error

    monkeypatch.setattr(gradebook, "grade_file", interrupted)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with pytest.raises(SystemExit) as caught:
        command_line.main(["grade", "a.py"])
    sys.stdout.close()
    assert caught.value.code == status


def test_help_documents_the_exit_status(capsys):
    with pytest.raises(SystemExit) as caught:
        gradebook.main(["--help"])
    assert caught.value.code == 0
    assert "exit status: 0 if" in capsys.readouterr().out


@pytest.mark.slow
def test_solutions_are_graded_right_by_the_command(tmp_path):
    """From another folder, with an encoding that cannot write ∂."""
    done = subprocess.run(
        [sys.executable, "-m", "autograd_mini.exercises", "grade", "--json", solutions.__file__],
        capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["exercise"] for r in results] == list(submission.KNOWN)
    assert {r["status"] for r in results} == {"right"}


# ---- what students get --------------------------------------------------------------------------


@pytest.mark.slow
def test_wheel_contains_no_solution(tmp_path):
    pytest.importorskip("hatchling")
    from hatchling.builders.wheel import WheelBuilder

    path = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
    assert "autograd_mini/exercises/gradebook.py" in names
    packed = [n for n in names if not n.startswith(("autograd_mini/", "autograd_mini-"))]
    assert packed == []
    assert not [n for n in names if "solution" in n]
