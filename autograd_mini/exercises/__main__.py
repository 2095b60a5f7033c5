"""``python -m autograd_mini.exercises [NAME ...]``: the list of exercises, or what they ask."""

import argparse
import difflib
import sys
from collections.abc import Sequence

from ..text.terminal import spelled
from . import CHAPTERS, overview

_NEXT = """\
What one asks: python -m autograd_mini.exercises exp_rule
A mark lasts for the session: run your answers again, from a notebook or a file, to have it back.
They are answered, and ticked off, in Python or a notebook: from autograd_mini import exercises"""


def main(argv: Sequence[str] | None = None) -> None:
    """Print what the named exercises ask, or the list."""
    parser = argparse.ArgumentParser(
        prog="python -m autograd_mini.exercises",
        description="The list of exercises, or what some of them ask.",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="of an exercise: exp_rule")
    names = parser.parse_args(argv).names
    known = {e.name: e for chapter in CHAPTERS.values() for e in chapter}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Without a name, all are listed."
            parser.error(f"no exercise is called {name}. {hint}")
    asked = "\n\n\n".join(repr(known[name]) for name in names)
    print(spelled(asked or f"{overview()}\n\n{_NEXT}", sys.stdout))


if __name__ == "__main__":
    main()
