"""Run the file of a student in this process, and grade its answers.

`gradebook` starts this in a process, because the file may do anything: raise, exit, or never end.
Each result is written to a report at once, so that it survives the end of the process.
"""

from __future__ import annotations

import ast
import faulthandler
import json
import linecache
import os
import re
import sys
import tokenize
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path
from types import ModuleType
from typing import Any

from . import CHAPTERS
from .exercise import Exercise, collect_answers
from .grading import WrongAnswer

KNOWN = {e.name: e for chapter in CHAPTERS.values() for e in chapter}


def main() -> None:
    """Grade the file ``argv[1]``: write a line of JSON for each result to the report ``argv[2]``.

    ``argv[3]`` is the time limit in seconds, and the other arguments are exercises to leave out.
    """
    path, report, limit, *left_out = sys.argv[1:]
    sys.argv = [path]
    sys.path[0] = str(Path(path).parent)
    os.chdir(sys.path[0])
    with open(report, "a", encoding="utf-8") as out, open(f"{report}.late", "ab") as late:

        def write(exercise: str | None, status: str, verdict: str = "", message: str = "") -> None:
            fields = {"exercise": exercise, "status": status, "verdict": verdict}
            print(json.dumps({**fields, "message": message or verdict}), file=out, flush=True)

        write(None, "started")
        with _ended_after(float(limit), late):
            answers, problem = load(Path(path))
        write(None, "error" if problem else "ended", problem)
        for name in (name for name in answers if name not in left_out):
            write(name, "started")
            with _ended_after(float(limit), late):
                result = _graded(name, answers[name])
            write(name, *result)
    os._exit(0)  # without waiting for threads of the file


@contextmanager
def _ended_after(seconds: float, late: BufferedWriter) -> Iterator[None]:
    """End the process if the block takes longer, and write where it was to `late`.

    The watchdog is a thread in C, so it also ends code that never returns to the interpreter.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=late)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def load(path: Path) -> tuple[dict[str, Any], str]:
    """Run a script or a notebook; return its answers by exercise, and the first error.

    The answer to an exercise is the last one that the file passed to `check`, or else the function
    of this name. A cell of a notebook that raises does not stop the cells after it.
    """
    module = sys.modules["__main__"] = ModuleType("__main__")
    vars(module).update(__file__=str(path), display=print)
    problem = ""
    with collect_answers() as checked:
        try:
            for name, text in _read(path):
                linecache.cache[name] = (len(text), None, text.splitlines(True), name)
                fault = _run(name, text, vars(module))
                problem = problem or fault
        except (OSError, ValueError, SyntaxError, AttributeError, TypeError) as error:
            problem = f"The file cannot be read: {error}"
    defined = {
        name: x
        for name, x in vars(module).items()
        if name in KNOWN and callable(x) and not isinstance(x, Exercise)
    }
    answers = defined | checked
    return {name: answers[name] for name in KNOWN if name in answers}, problem


def _read(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the code of a script, or of each cell of a notebook, with a name for error messages."""
    if path.suffix != ".ipynb":
        with tokenize.open(path) as file:
            yield str(path), file.read()
        return
    cells = json.loads(path.read_text(encoding="utf-8"))
    cells = cells.get("cells") if isinstance(cells, dict) else None
    if not isinstance(cells, list):
        raise ValueError("it is not a Jupyter notebook of format 4. Save it again with Jupyter")
    for number, cell in enumerate(cells, start=1):
        if cell.get("cell_type") == "code":
            yield f"cell {number}", _as_python("".join(cell.get("source", "")))


def _as_python(text: str) -> str:
    """Replace the commands of IPython in a cell with ``pass``, and keep the number of lines."""
    try:
        ast.parse(text)
    except SyntaxError:
        text = re.sub(r"\A\s*%%(time|timeit|capture|prun)\b.*", "pass", text)
        if text.startswith("%%"):  # a cell in another language
            return ""
        return re.sub(r"^([ \t]*)(?:[%!?].*|[\w.]+\?+\s*)$", r"\1pass", text, flags=re.M)
    return text


def _run(name: str, text: str, namespace: dict[str, Any]) -> str:
    """Run the code. Return what it raised, and where, or nothing."""
    try:
        exec(compile(text, name, "exec", dont_inherit=True), namespace)
    except SyntaxError as error:
        place = f" in {name}" if name.startswith("cell") else ""
        return f"SyntaxError in line {error.lineno}{place}: {error.msg}"
    except BaseException as error:
        own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == name]
        place = f"line {own[-1].lineno}" if own else "the file"
        place += f" of {name}" if name.startswith("cell") else ""
        text = "".join(traceback.format_exception_only(type(error), error)).strip()
        return f"{text.splitlines()[-1]} (raised in {place})"
    return ""


def _graded(name: str, answer: Any) -> tuple[str, str, str]:
    """Return status, verdict and message for one answer."""
    try:
        KNOWN[name].check(answer)
    except WrongAnswer as wrong:
        return "wrong", wrong.verdict, str(wrong).partition("\nFor a hint:")[0]
    except BaseException as error:  # KeyboardInterrupt, or an answer that is not a function
        text = f"{type(error).__name__}: {error}"
        return "wrong", text, text
    return "right", "", ""
