"""``python -m autograd_mini.exercises [NAME ...]``: print the list of exercises, or their tasks."""

import argparse
import difflib
import sys
from collections.abc import Sequence

from ..text.terminal import transliterate
from . import CHAPTERS, overview

_NEXT = """\
To print a task: python -m autograd_mini.exercises exp_rule
To answer one, in Python or a notebook: from autograd_mini import exercises
Marks last for one session. To restore them, run your answers again."""


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tasks of the named exercises, or the list."""
    parser = argparse.ArgumentParser(
        prog="python -m autograd_mini.exercises",
        description="Print the list of exercises, or the tasks of some of them.",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="an exercise, such as exp_rule")
    names = parser.parse_args(argv).names
    known = {e.name: e for chapter in CHAPTERS.values() for e in chapter}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Leave out the name to list all."
            parser.error(f"unknown exercise {name!r}. {hint}")
    asked = "\n\n\n".join(repr(known[name]) for name in names)
    print(transliterate(asked or f"{overview()}\n\n{_NEXT}", sys.stdout))


if __name__ == "__main__":
    main()
