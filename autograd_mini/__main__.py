"""The command line: ``python -m autograd_mini`` tells the whole story and writes a page of it.

``explore EXPR`` and ``draw EXPR`` do so for any expression; ``train moons`` trains a network.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import re
import runpy
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import autograd_mini as ag

from .dispatch import coverage
from .expressions import ExpressionError, evaluate, tensors
from .views.drawing import ENDINGS, draw
from .views.page import ENDINGS as PAGES
from .views.page import explore
from .views.table import printed
from .views.terminal import SPELLING
from .views.writing import number, one_line, values

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

#: data set -> sizes of the layers, learning rate, epochs
_TASKS = {"moons": ([2, 16, 16, 2], 0.01, 60), "digits": ([64, 64, 10], 0.005, 40)}
_BATCH = 50
_PROGRESS_LINES = 6


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


# ---- what the user computes ---------------------------------------------------------------------


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


# ---- the story ----------------------------------------------------------------------------------


def _story(output: str | None) -> None:
    """Softmax cross-entropy of three logits: the tape, the gradient, the fused node, the graph."""
    z, y, p, loss = _unfused()
    tape = loss.tape()
    fused_z = ag.tensor(z.data, requires_grad=True, name="z")
    fused = ag.softmax_cross_entropy(fused_z, y)
    gradient = tape.adjoints()[z]
    fused_gradient = fused.tape().adjoints()[fused_z]

    print("Softmax cross-entropy of z = (2, 1, 0.1), where class 2 is the true one.\n")
    print("The tape: values were computed downwards, derivatives upwards.\n")
    print(printed(tape, adjoints=True, width=80))
    print("\nThe gradient is ŷ - y. The fused node SoftmaxCrossEntropy knows that formula;")
    print("the graph of seven operations gets there by the chain rule alone.\n")
    print("class       ŷ       y     ŷ - y     ∂L/∂z: graph     fused")
    difference = p.data - y.data
    for i, row in enumerate(zip(p.data, y.data, difference, gradient, fused_gradient), start=1):
        print("{:<5}{:9.4f}{:8.4f}{:10.4f}{:17.4f}{:10.4f}".format(i, *row))
    print(
        f"\nlargest difference of the graph's gradient from ŷ - y: {_apart(gradient, difference)}"
    )
    print(
        f"largest difference of fused and graph: loss {_apart(fused.data, loss.data)}, "
        f"gradient {_apart(fused_gradient, gradient)}\n"
    )
    if output and not output.lower().endswith(PAGES):
        print(f"The graph is drawn in {draw(loss).save(output)}")
        return
    fused.name = "L"
    page = explore(fused, compare=loss, title="Softmax cross-entropy")
    path = page.save(output or "softmax_cross_entropy.html")
    print(f"Step through it, forward and backward, in a browser: {path}")


def _apart(a: Any, b: Any) -> str:
    return number(np.abs(a - b).max(), digits=2)


def _unfused() -> tuple[ag.Tensor, ag.Tensor, ag.Tensor, ag.Tensor]:
    """z, y, ŷ and L, written out in NumPy."""
    z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
    y = ag.tensor([0.0, 1.0, 0.0], name="y")
    with ag.scope("softmax"):
        e: Any = np.exp(z)
        s = e.sum()
        y_hat = e / s
    with ag.scope("cross-entropy"):
        log_y_hat = np.log(y_hat)
        p = y * log_y_hat
        total = p.sum()
        loss = -total
    for name, t in zip("esŷℓpSL", (e, s, y_hat, log_y_hat, p, total, loss)):
        t.name = name
    return z, y, y_hat, loss


# ---- fused beside unfused -----------------------------------------------------------------------

_LOGITS = {
    "Typical logits": [2.0, 1.0, 0.1],
    "Hard logits: e^1000 overflows, ŷ underflows": [1000.0, 0.0, -1000.0],
}


def _compare() -> None:
    """The report of `check_fused` where the graph is accurate, and where it breaks."""
    y = np.array([0.0, 1.0, 0.0])
    for title, logits in _LOGITS.items():
        z = np.array(logits)
        print(f"{title}: z = {values(z)}, class 2 is the true one.\n")
        print(_by_hand_and_fused(z, y))
        print(f"\n{ag.check_fused(ag.SoftmaxCrossEntropy, z, y)}\n")
    print("The graph that the node is held to shifts its logits by the largest, and yet ln ŷ of an")
    print(
        "underflown ŷ is -inf. Largest differences; an ULP is a unit in the last place, errors are"
    )
    print("with the same graph in extended precision.")


def _by_hand_and_fused(z: Any, y: Any) -> str:
    """Loss and gradient of the seven operations of the story, and of the node."""
    lines = [f"{'':8}{'loss':>10}   ∂L/∂z"]
    for name in ("by hand", "fused"):
        t = ag.tensor(z, requires_grad=True)
        with np.errstate(all="ignore"):
            if name == "fused":
                loss = ag.softmax_cross_entropy(t, y)
            else:
                loss = -np.sum(y * np.log(np.exp(t) / np.sum(np.exp(t))))
            loss.backward()
        lines.append(f"{name:8}{number(loss.item()):>10}   {values(t.grad)}")
    return "\n".join(lines)


# ---- training -----------------------------------------------------------------------------------


def _train(dataset: str, epochs: int | None, seed: int) -> None:
    """Train with the fused node; the accuracy on held-out examples is the last line."""
    from . import data, nn, optim

    x, labels = data.moons(1000, noise=0.1, rng=seed) if dataset == "moons" else data.digits()
    x, labels, x_test, labels_test = data.split(x, labels, rng=seed)
    sizes, rate, default = _TASKS[dataset]
    epochs = epochs or default
    model = nn.MLP(sizes, rng=seed)
    optimizer = optim.Adam(model.parameters(), lr=rate)
    print(f"{dataset}: {len(x)} examples to train on, {len(x_test)} held out\n{model}", flush=True)
    steps = nn.train(model, x, labels, optimizer, epochs=epochs, batch_size=_BATCH, rng=seed)
    for epoch, loss in _some(steps, epochs):
        print(f"epoch {epoch:>{len(str(epochs))}} of {epochs}   loss {loss:.4f}", flush=True)
    print(f"held-out accuracy {nn.accuracy(model, x_test, labels_test):.4f}")


def _some(steps: Iterator[tuple[int, float]], total: int) -> Iterator[tuple[int, float]]:
    """The first, the last, and a few of the epochs between them."""
    every = -(-total // (_PROGRESS_LINES - 1))
    return (step for step in steps if step[0] in (1, total) or step[0] % every == 0)


# ---- the arguments ------------------------------------------------------------------------------


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


if __name__ == "__main__":
    sys.exit(main())
