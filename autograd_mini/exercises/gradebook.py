"""Grade files that students hand in, each in its own process and with time limits.

The results are printed as text, as JSON, or as a table of a class.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..text.terminal import transliterate
from .submission import KNOWN

_NAMES = list(KNOWN)
_RUN = "from autograd_mini.exercises import submission; submission.main()"
_EPILOG = """\
A submission is a Python script or a notebook. An answer is a function with the name of an
exercise, or a function that the file passes to `check`. The output has a line for each
answer: right, wrong, timeout (no result within the time limit) or crashed (the process
ended). If the whole file has a problem, the output has a line without an exercise.

exit status: 0 if the answers of all files are right, 1 if one is wrong or a file has a
problem, 2 if the command line is wrong.

The files are executed with your rights. Use a container for files that you do not trust."""


@dataclass(frozen=True)
class Result:
    """The grade of one answer, or a problem of a whole file if `exercise` is None."""

    file: str
    exercise: str | None
    #: right, wrong, timeout or crashed; for a file: error, empty, timeout or crashed
    status: str
    #: the likely mistake in one sentence
    verdict: str = ""
    #: the whole message that the student would see
    message: str = ""


def grade_file(file: str, limit: float = 10.0) -> list[Result]:
    """Run a submission in a new process, and return a result for each exercise that it defines.

    Parameters
    ----------
    file : str
        A Python script or a notebook.
    limit : float
        Seconds for the file to run, and again for each answer.
    """
    results: dict[str | None, Result] = {}
    if not Path(file).is_file():
        folder = "This is a folder. Pass the files in it."
        problem = folder if Path(file).is_dir() else "The file does not exist."
        return [Result(file, None, "error", problem)]
    while True:  # a process that ended early is started again, for the exercises that are left
        graded = [name for name in results if name is not None]
        found, is_complete = _run(file, limit, graded)
        results |= {r.exercise: r for r in found if r.exercise or r.status != "ended"}
        if is_complete or found[-1].exercise is None:
            break
    if not any(results):
        results.setdefault(None, Result(file, None, "empty", "It answers no exercise."))
    order = [*_NAMES, None]
    return sorted(results.values(), key=lambda r: order.index(r.exercise))


def _run(file: str, limit: float, left_out: list[str]) -> tuple[list[Result], bool]:
    """Return the results of one process, and whether it came to its end.

    If it did not, the last result says what ended it.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report")
        report.touch()
        backstop = limit * (len(_NAMES) + 2) + 60  # in case the file turns the watchdog off
        try:
            status = subprocess.run(
                [sys.executable, "-c", _RUN, os.path.abspath(file), str(report), str(limit),
                 *left_out],
                cwd=folder, env=_environment(), timeout=backstop, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            status = None
        lines = report.read_text(encoding="utf-8").splitlines()
        late = Path(f"{report}.late")
        trace = late.read_text(encoding="utf-8", errors="replace") if late.exists() else ""
    results = [Result(file, **json.loads(line)) for line in lines]
    if results and results[-1].status != "started":
        return [r for r in results if r.status != "started"], status == 0
    name = results[-1].exercise if results else None
    if trace or status is None:
        end = Result(file, name, "timeout", f"No result within {limit:g} s{_place(trace, file)}.")
    else:
        end = Result(file, name, "crashed", f"The process ended with exit status {status}.")
    return [*(r for r in results if r.status != "started"), end], False


def _environment() -> dict[str, str]:
    """Return an environment in which the same packages are found, and no window opens."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
        "PYTHONUTF8": "1",
        "MPLBACKEND": "Agg",
        "BROWSER": f'"{sys.executable}" -c pass %s',
    }


def _place(trace: str, file: str) -> str:
    """Return the line of the submission that was running, from a trace of faulthandler."""
    own = rf'File "(?:{re.escape(os.path.abspath(file))}|(cell \d+))", line (\d+)'
    found = re.search(own, trace)
    return (
        f"; the code was in line {found[2]}{f' of {found[1]}' if found[1] else ''}" if found else ""
    )


def _as_text(file: str, results: Sequence[Result]) -> Iterator[str]:
    """Yield a heading, and a line for each result."""
    graded = [r for r in results if r.exercise]
    yield f"{file}: {sum(r.status == 'right' for r in graded)} of {len(graded)} right"
    width = max((len(r.exercise or "file") for r in results), default=0)
    for r in results:
        verdict = " ".join(r.verdict.split())  # on one line
        yield f"  {r.exercise or 'file':{width}}  {r.status:7}  {verdict}".rstrip()


def _as_json(file: str, results: Sequence[Result]) -> Iterator[str]:
    """Yield a JSON object for each result."""
    yield from (json.dumps(asdict(r)) for r in results)


def _row(file: str, results: Sequence[Result]) -> list[object]:
    """Return the row of a file: the number of right answers, each status, and the problem."""
    by_name = {r.exercise: r for r in results}
    statuses = [by_name[name].status if name in by_name else "" for name in _NAMES]
    problem = f"{by_name[None].status}: {by_name[None].verdict}" if None in by_name else ""
    return [file, statuses.count("right"), *statuses, transliterate(problem, sys.stdout)]


def main(argv: Sequence[str]) -> int:
    """Grade the files of the command line, print the results, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m autograd_mini.exercises grade",
        description="Grade the answers in files that students hand in.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a script (.py) or a notebook")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a JSON object for each answer")
    form.add_argument(
        "--csv",
        action="store_true",
        help="print a table: rows are files, columns are exercises",
    )
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=float, default=10.0,
        help="time limit to run the file, and to check each answer (default: 10)",
    )  # fmt: skip
    options = parser.parse_args(argv)
    if not 0 < options.timeout < 1e6:
        parser.error(f"--timeout must be a positive number of seconds, got {options.timeout:g}")
    table = csv.writer(sys.stdout, lineterminator="\n")
    if options.csv:
        table.writerow(["file", "right", *_NAMES, "problem"])
    is_right = True
    for file in options.files:
        results = grade_file(file, options.timeout)
        is_right &= all(r.status == "right" for r in results)
        if options.csv:
            table.writerow(_row(file, results))
        else:
            lines = _as_json(file, results) if options.json else _as_text(file, results)
            print(*(transliterate(line, sys.stdout) for line in lines), sep="\n", flush=True)
    return 0 if is_right else 1
