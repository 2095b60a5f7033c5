"""``python -m autograd_mini.exercises [NAME ...]``: print the list of exercises, or their tasks.

``python -m autograd_mini.exercises grade FILE ...`` grades files that students hand in.
"""

import argparse
import difflib
import os
import sys
from collections.abc import Sequence

from ..text.terminal import transliterate
from . import gradebook, overview
from .submission import KNOWN

_NEXT = """\
To print a task: python -m autograd_mini.exercises exp_rule
To answer one, in Python or a notebook: from autograd_mini import exercises
When Python ends, the list forgets which exercises you have passed.
So run your answers again."""


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tasks of the named exercises, or the list; or grade files."""
    argv = sys.argv[1:] if argv is None else argv
    if argv and argv[0] == "grade":
        try:
            sys.exit(gradebook.main(argv[1:]))
        except BrokenPipeError:  # the reader has stopped, as in `... | head`
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (flushed at exit)
            sys.exit(1)
        except KeyboardInterrupt:
            sys.exit(130)
    parser = argparse.ArgumentParser(
        prog="python -m autograd_mini.exercises",
        description="Print the list of exercises, or the tasks of some of them.",
        epilog="To grade files that students hand in: "
        "python -m autograd_mini.exercises grade --help",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="an exercise, such as exp_rule")
    names = parser.parse_args(argv).names
    for name in names:
        if name not in KNOWN:
            near = difflib.get_close_matches(name, [*KNOWN, "grade"], n=1)
            hint = (
                f"Did you mean {near[0]}?" if near else "Leave out the name to list all exercises."
            )
            parser.error(f"unknown exercise {name!r}. {hint}")
    asked = "\n\n\n".join(repr(KNOWN[name]) for name in names)
    print(transliterate(asked or f"{overview()}\n\n{_NEXT}", sys.stdout))


if __name__ == "__main__":
    main()
