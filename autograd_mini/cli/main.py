"""TODO: autograd_mini.cli.main."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import re
import runpy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import autograd_mini as ag

from ..core.dispatch import coverage
from ..text.format import one_line
from ..text.terminal import SPELLING
from ..views.graph.draw import ENDINGS, draw
from ..views.page.explore import ENDINGS as PAGES
from ..views.page.explore import explore
from .expressions import ExpressionError, evaluate, tensors
from .story import _TASKS, _compare, _story, _train

_NAME = "autograd-mini"


_USAGE = f"""{_NAME} [-o PATH]
       {_NAME} explore EXPR|FILE.py:NAME [--let NAME=NUMBERS ...] [-o PATH]
       {_NAME} draw EXPR|FILE.py:NAME [--let NAME=NUMBERS ...] [-o PATH]
       {_NAME} compare
       {_NAME} train moons|digits [--epochs N] [--seed N]
       {_NAME} functions [NAME]"""


_EXAMPLES = f"""examples:
  {_NAME}                          the story, and the page that steps through it
  {_NAME} -o softmax.png           the same, with the graph in that file
  {_NAME} explore "-sum(y*log(exp(z)/sum(exp(z))))" --let z=2,1,0.1 --let y=0,1,0
                                   a page that steps through forward and backward
  {_NAME} draw "log(x) + x*w - sin(w)" --let x=2 --let w=5 -o graph.svg
                                   an expression over NumPy's functions, and its graph
  {_NAME} draw train.py:loss       what a script has computed and called `loss`
  {_NAME} compare                  the fused node beside its graph, where that breaks
  {_NAME} train moons              train on two half circles that interlock
  {_NAME} train digits --epochs 5  train on 1,797 handwritten digits
  {_NAME} functions linalg         NumPy's functions on tensors: which have rules, and why not

`python -m autograd_mini` is the same command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the answer is its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process when not given.

    Raises
    ------
    SystemExit
        With status 2 for a bad argument, 0 after ``--help`` and ``--version``.
    """
    for stream in (sys.stdout, sys.stderr):  # a console without ∂ shall show d, not a traceback
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors=SPELLING)  # type: ignore[union-attr]  # or it has none
    parser = _parser()
    options = parser.parse_args(_with_expressions(sys.argv[1:] if argv is None else argv))
    if options.command and options.output:
        parser.error(f"-o is where the story goes; {options.command} draws none")
    try:
        if options.command == "train":
            _train(options.dataset, options.epochs, options.seed)
        elif options.command == "functions":
            _functions(options.name)
        elif options.command == "draw":
            _draw(options.what, options.let, options.to)
        elif options.command == "explore":
            _explore(options.what, options.let, options.to)
        elif options.command == "compare":
            _compare()
        else:
            _story(options.output)
        print(end="", flush=True)  # there is no sys.stdout where it was closed
    except BrokenPipeError:  # whoever read us has seen enough, as in `... | head`
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (the interpreter flushes it at exit)
        return 1
    except KeyboardInterrupt:
        return 130
    except ExpressionError as error:
        parser.error(str(error))
    except (ImportError, OSError, RuntimeError) as error:
        reason = str(error)
        if isinstance(error, OSError) and error.filename:
            reason = f"{error.filename!r}: {error.strerror}"
        print(f"{_NAME}: error: {one_line(reason)}", file=sys.stderr)
        return 1
    return 0


def _functions(name: str) -> None:
    """A line for each of NumPy's functions that a tensor can be passed to."""
    rows = [(f, how) for f, how in coverage() if name in f]
    if not rows:
        raise RuntimeError(f"no function of NumPy that takes tensors has {name!r} in its name")
    width = max(len(f) for f, _ in rows)
    for f, how in rows:
        print(f"{f:{width}}  {how}")
    with_rules = sum(how.startswith(("primitive", "composed")) for _, how in rows)
    print(f"\n{with_rules} of these {len(rows)} functions have derivatives.")


def _draw(what: str, assignments: Sequence[str], path: str) -> None:
    """Draw the graph of an expression, or of what a script has computed."""
    result, names = _computed(what, assignments)
    try:
        drawing = draw(result, names=names)
    except (TypeError, ValueError) as error:
        raise ExpressionError(str(error)) from error
    print(f"The graph is drawn in {drawing.save(path)}")


def _explore(what: str, assignments: Sequence[str], path: str) -> None:
    """Write the page that steps through an expression, or through what a script has computed."""
    result, names = _computed(what, assignments)
    try:
        page = explore(result, names=names, title=what.strip()[:80])
    except (TypeError, ValueError, RuntimeError) as error:
        raise ExpressionError(str(error)) from error
    print(f"Step through it in a browser: {page.save(path)}")


def _computed(what: str, assignments: Sequence[str]) -> tuple[Any, Mapping[str, Any]]:
    """The value of ``EXPR`` or of ``FILE.py:NAME``, and the variables that it was computed from."""
    script = re.fullmatch(r"(.+\.py):(.*)", what)
    if script is None:
        if what.endswith(".py"):
            raise ExpressionError(f"which variable of {what}? Write {what}:loss")
        names = tensors(dict(_assignment(text) for text in assignments))
        return evaluate(what, names), names
    if assignments:
        raise ExpressionError("--let gives values to an expression, not to a script")
    names = _run(script[1])
    if script[2] not in names:
        near = difflib.get_close_matches(script[2], names, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ExpressionError(f"{script[1]} leaves no variable {script[2]!r}.{hint}")
    return names[script[2]], names


def _with_expressions(argv: Sequence[str]) -> list[str]:
    """The arguments, so that ``draw -x`` has an expression, not an option: a blank before it."""
    if not argv or argv[0] not in ("draw", "explore"):
        return list(argv)
    options = ("-o", "-h", "--help", "--let")
    return [
        f" {a}" if a.startswith("-") and a.partition("=")[0] not in options else a for a in argv
    ]


def _assignment(text: str) -> tuple[str, str]:
    name, equals, numbers = text.partition("=")
    if not equals:
        raise ExpressionError(f"--let {text}: write a name and numbers, as in --let z=2,1,0.1")
    return name.strip(), numbers


def _run(path: str) -> dict[str, Any]:
    """The variables that a script leaves when it is run as a program."""
    if not Path(path).is_file():
        raise RuntimeError(f"there is no file {path!r}")
    before = sys.argv, sys.path[:]
    sys.argv, sys.path[:0] = [path], [str(Path(path).parent)]
    try:
        return runpy.run_path(path, run_name="__main__")
    except SystemExit as error:
        raise RuntimeError(f"{path} ended with exit({error.code!r})") from error
    except Exception as error:
        raise RuntimeError(f"{path} raised {type(error).__name__}: {error}") from error
    finally:
        sys.argv, sys.path[:] = before


class _Parser(argparse.ArgumentParser):
    """Says what was wrong in one line, and what may have been meant."""

    def error(self, message: str) -> NoReturn:
        hint = f"See {_NAME} --help."
        wrong = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if wrong:
            meant = {
                "compare": "compare",
                "draw": "draw EXPR",
                "explore": "explore EXPR",
                "train": "train",
                **{name: f"train {name}" for name in _TASKS},
            }
            near = difflib.get_close_matches(wrong[1], meant, n=1, cutoff=0.7)
            hint = f"Did you mean: {meant[near[0]]}?" if near else f"There is: {wrong[2]}."
            message = f"there is no '{wrong[1]}'"
        stop = "" if message.endswith((".", "?")) else "."
        self.exit(2, f"{_NAME}: error: {one_line(message)}{stop} {hint}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=_NAME,
        usage=_USAGE,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.description = """\
Shows softmax cross-entropy for z = (2, 1, 0.1) and true class 2: the tape with
its derivatives, the gradient beside ŷ - y, fused beside unfused; and writes a page
that steps through all of it."""
    version = f"{_NAME} {ag.__version__}"
    parser.add_argument("--version", action="version", version=version)
    where = "the page, .html (softmax_cross_entropy.html in this folder); or, for another of "
    where += f"{', '.join(ENDINGS)}, the graph"
    parser.add_argument("-o", "--output", metavar="PATH", type=_drawable, help=where)
    what = "train a network with the fused node; the last line is its accuracy on held-out data"
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="command", prog=_NAME
    )
    what_drawn = "the graph of an expression, or of what a script has computed, as a picture"
    drawing = commands.add_parser("draw", help=what_drawn, description=what_drawn)
    expression = "over NumPy's functions and the library's; or FILE.py:NAME, a variable of a script"
    drawing.add_argument("what", metavar="EXPR", help=expression)
    numbers = "a tensor: z=2,1,0.1 is a vector, W=1,2;3,4 a matrix, x=2 a number"
    drawing.add_argument("--let", metavar="NAME=NUMBERS", action="append", default=[], help=numbers)
    where = f"{', '.join(ENDINGS)} (graph.svg in this folder)"
    drawing.add_argument(
        "-o", dest="to", metavar="PATH", type=_drawable, default="graph.svg", help=where
    )
    what_page = "the page that steps through an expression, or what a script has computed"
    paging = commands.add_parser("explore", help=what_page, description=what_page)
    paging.add_argument("what", metavar="EXPR", help=expression)
    paging.add_argument("--let", metavar="NAME=NUMBERS", action="append", default=[], help=numbers)
    where = ".html (backprop.html in this folder)"
    paging.add_argument(
        "-o", dest="to", metavar="PATH", type=_page, default="backprop.html", help=where
    )
    beside = "the fused node beside its graph, for typical logits and some that break it"
    commands.add_parser("compare", help=beside, description=beside)
    train = commands.add_parser("train", help=what, description=what)
    data_set = "the digits come with scikit-learn"
    train.add_argument("dataset", choices=_TASKS, metavar="moons|digits", help=data_set)
    train.add_argument("--epochs", type=_count(1), metavar="N", help="times through the examples")
    train.add_argument("--seed", type=_count(0), metavar="N", default=0, help="of all randomness")
    what = "what becomes of a tensor in each of NumPy's functions: which have rules, and why not"
    functions = commands.add_parser("functions", help=what, description=what)
    functions.add_argument("name", nargs="?", default="", help="only those with this in the name")
    return parser


def _drawable(path: str) -> str:
    """The type of an argument that is a file a graph can be drawn in."""
    if Path(path).suffix.lower() not in ENDINGS:
        raise argparse.ArgumentTypeError(f"{path!r} must end in {', '.join(ENDINGS)}")
    return path


def _page(path: str) -> str:
    """The type of an argument that is a file a page can be written to."""
    if Path(path).suffix.lower() not in PAGES:
        raise argparse.ArgumentTypeError(f"{path!r} must end in .html")
    return path


def _count(least: int) -> Any:
    """The type of an argument that is a whole number, at least `least`."""

    def count(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
        return int(text)

    return count
