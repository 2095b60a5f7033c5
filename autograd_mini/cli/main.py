"""The commands of ``python -m autograd_mini``: read the arguments and run one of them.

`story` holds the commands that show softmax cross-entropy and train on it; the others are here. An
error is reported in one line.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import re
import runpy
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import autograd_mini as ag

from ..core.dispatch import coverage
from ..text.terminal import SPELLING
from ..views.graph.draw import ENDINGS as PICTURES
from ..views.graph.draw import draw
from ..views.page.explore import ENDINGS as PAGES
from ..views.page.explore import explore
from .expressions import ExpressionError, evaluate, first_line, short, tensors
from .story import TASKS, compare, story, train

_NAME = "autograd-mini"

_DESCRIPTION = """\
Compute the softmax cross-entropy of z = (2, 1, 0.1), where class 1 is the true one. Print the tape,
and the gradient next to ŷ - y. Also print the result of the fused node, one operation that replaces
the whole graph. Write a page that steps through the computation."""

_EXAMPLES = f"""examples:
  {_NAME}                          the example, and the page that steps through it
  {_NAME} -o softmax.png           the same, and the graph in this file
  {_NAME} explore "-sum(y*log(exp(z)/sum(exp(z))))" --let z=2,1,0.1 --let y=0,1,0
                                         a page that steps through forward and backward pass
  {_NAME} draw "log(x) + x*w - sin(w)" --let x=2 --let w=5 -o graph.svg
                                         the graph of an expression of NumPy's functions
  {_NAME} draw train.py:loss       run a script, and draw its variable `loss`
  {_NAME} compare                  the fused node and its graph, for small and for large logits
  {_NAME} train moons              train on two interlocking half circles
  {_NAME} train digits --epochs 5  train on 1,797 handwritten digits
  {_NAME} functions linalg         NumPy's functions with "linalg" in their name, and their rules

`python -m autograd_mini` is the same command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status. A bad argument exits with status 2."""
    for stream in (sys.stdout, sys.stderr):  # a console without ∂ shows d instead of a traceback
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors=SPELLING)  # type: ignore[union-attr]  # or it has none
    parser = _parser()
    options = parser.parse_args(_protect_minus(sys.argv[1:] if argv is None else argv))
    if options.command and options.output:
        parser.error(f"-o is not allowed before {options.command}")
    try:
        options.run(options)
        print(end="", flush=True)  # sys.stdout.flush() would fail where stdout is closed
    except BrokenPipeError:  # the reader has stopped, as in `... | head`
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
        print(f"{_NAME}: error: {short(reason, 500)}", file=sys.stderr)
        return 1
    return 0


# ---- commands ------------------------------------------------------------------------------------


def _show(options: argparse.Namespace) -> None:
    """Draw the graph of an expression or a script, or write the page that steps through it."""
    if options.command == "draw":
        view, message = _view(options.what, options.let, draw), "The graph is drawn in"
    else:
        page = partial(explore, title=options.what.strip()[:80])
        view, message = _view(options.what, options.let, page), "Step through it in a browser:"
    print(f"{message} {view.save(options.to)}")


def _functions(options: argparse.Namespace) -> None:
    """Print a line for each NumPy function that a tensor can be passed to."""
    rows = [(f, how) for f, how in coverage() if options.name in f]
    if not rows:
        raise RuntimeError(
            f"no NumPy function whose name contains {options.name!r} accepts tensors"
        )
    width = max(len(f) for f, _ in rows)
    for f, how in rows:
        print(f"{f:{width}}  {how}")
    with_rules = sum(how.startswith(("primitive", "composed")) for _, how in rows)
    print(f"\n{with_rules} of these {len(rows)} functions have derivatives.")


def _view(what: str, assignments: Sequence[tuple[str, str]], make: Callable[..., Any]) -> Any:
    """Return the view that `make` makes of ``EXPR`` or ``FILE.py:NAME`` and its variables."""
    script = re.fullmatch(r"(.+\.py):(.*)", what)
    if script is None:
        if what.endswith(".py"):
            raise ExpressionError(f"which variable of {what}? Write {what}:loss")
        names = tensors(dict(assignments))
        return evaluate(what, names, lambda value: make(value, names=names))
    if assignments:
        raise ExpressionError("--let only sets the variables of an expression, not of a script")
    path, name = script.groups()
    variables = _run(path)
    if name not in variables:
        near = difflib.get_close_matches(name, variables, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ExpressionError(f"{path} has no variable {name!r}.{hint}")
    try:
        return make(variables[name], names=variables)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ExpressionError(first_line(error)) from error


def _run(path: str) -> dict[str, Any]:
    """Run a script as a program, and return its variables."""
    if not Path(path).is_file():
        raise RuntimeError(f"file not found: {path!r}")
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


# ---- arguments -----------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=_NAME,
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=lambda options: story(options.output))
    parser.add_argument("--version", action="version", version=f"{_NAME} {ag.__version__}")
    parser.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        type=partial(_path, PICTURES),
        help="the file to write: a page for .html (default: softmax_cross_entropy.html), a picture "
        f"of the graph for {', '.join(PICTURES[:1] + PICTURES[2:])}",
    )
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="command", prog=_NAME
    )

    def add(name: str, run: Callable[[argparse.Namespace], None], text: str) -> Any:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    explorer = add("explore", _show, "write a page that steps through an expression or a script")
    _add_expression(explorer, PAGES, "backprop.html")
    drawer = add("draw", _show, "draw the graph of an expression or a script")
    _add_expression(drawer, PICTURES, "graph.svg")
    add(
        "compare",
        lambda options: compare(),
        "compare the fused node of softmax cross-entropy with its graph",
    )
    trainer = add(
        "train",
        lambda options: train(options.dataset, options.epochs, options.seed),
        "train a network, and print its accuracy on examples that were not used for training",
    )
    trainer.add_argument("dataset", choices=TASKS, help="the digits come with scikit-learn")
    count = partial(_count, 1)
    trainer.add_argument("--epochs", type=count, metavar="N", help="passes over the examples")
    count = partial(_count, 0)
    trainer.add_argument("--seed", type=count, metavar="N", default=0, help="the random seed")
    lister = add("functions", _functions, "list NumPy's functions, and say which have derivatives")
    lister.add_argument(
        "name", nargs="?", default="", help="list only functions with this text in the name"
    )
    return parser


def _add_expression(command: argparse.ArgumentParser, endings: Sequence[str], default: str) -> None:
    """Add the arguments of a command that shows an expression or a script."""
    command.add_argument(
        "what",
        metavar="EXPR",
        help="an expression of functions of NumPy and of this library; or FILE.py:NAME, a variable "
        "of a script",
    )
    command.add_argument(
        "--let",
        metavar="NAME=NUMBERS",
        type=_assignment,
        action="append",
        default=[],
        help="a tensor: z=2,1,0.1 is a vector, W=1,2;3,4 a matrix, x=2 a number",
    )
    command.add_argument(
        "-o",
        dest="to",
        metavar="PATH",
        type=partial(_path, endings),
        default=default,
        help=f"{', '.join(endings)} (default: {default})",
    )


def _protect_minus(argv: Sequence[str]) -> list[str]:
    """Put a blank before an expression that begins with a minus, so that it is not an option."""
    if not argv or argv[0] not in ("draw", "explore"):
        return list(argv)
    options = ("-o", "-h", "--help", "--let")
    return [
        f" {a}" if a.startswith("-") and a.partition("=")[0] not in options else a for a in argv
    ]


def _assignment(text: str) -> tuple[str, str]:
    name, equals, numbers = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not a name with numbers, such as z=2,1,0.1")
    return name.strip(), numbers


def _path(endings: Sequence[str], text: str) -> str:
    if Path(text).suffix.lower() not in endings:
        raise argparse.ArgumentTypeError(f"{text!r} must end in {', '.join(endings)}")
    return text


def _count(least: int, text: str) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
    return int(text)


class _Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line, with the nearest command or data set."""

    def error(self, message: str) -> NoReturn:
        hint = f"See {_NAME} --help."
        wrong = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if wrong:
            names = [*re.findall(r"\w+", wrong[2]), *TASKS]
            near = difflib.get_close_matches(wrong[1], names, n=1, cutoff=0.7)
            hint = f"Choose from: {wrong[2]}."
            if not re.fullmatch(r"[\w-]+", wrong[1]):
                hint = f"To draw an expression, write `draw` before it; see {_NAME} --help."
            if near:
                hint = f"Did you mean: {'train ' * (near[0] in TASKS)}{near[0]}?"
            message = f"unknown argument '{wrong[1]:.60}'"
        stop = "" if message.endswith((".", "?")) else "."
        self.exit(2, f"{_NAME}: error: {short(message, 500)}{stop} {hint}\n")
